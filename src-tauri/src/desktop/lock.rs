//! Whether the screens are covered: by hand, after a time without use, and when the person leaves the session.
//!
//! Use is what the person does in the window: a command that screens do not give by themselves, the window getting the
//! focus, and `lock_state`, which the screens ask at input, now and then. There is one timer, and none while covered or when
//! no time is set.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

struct Slot {
    covered: bool,
    used: Instant,
}

/// The cover.
pub(crate) struct Lock {
    slot: Mutex<Slot>,
    changed: Notify,
}

impl Lock {
    pub(crate) fn new(covered: bool) -> Self {
        let used = Instant::now();
        Self {
            slot: Mutex::new(Slot { covered, used }),
            changed: Notify::new(),
        }
    }

    pub(crate) fn is_covered(&self) -> bool {
        self.slot().covered
    }

    /// The person did something.
    pub(crate) fn use_now(&self) {
        self.slot().used = Instant::now();
    }

    /// Covers or uncovers; whether that changed anything.
    pub(crate) fn set(&self, covered: bool) -> bool {
        let mut slot = self.slot();
        let changed = slot.covered != covered;
        slot.covered = covered;
        slot.used = Instant::now();
        drop(slot);
        if changed {
            self.changed.notify_one();
        }
        changed
    }

    /// The time without use that covers may be another one now.
    pub(crate) fn reconsider(&self) {
        self.changed.notify_one();
    }

    /// Waits until the screens have to be covered, by a time without use of `after` each time that it is asked.
    pub(crate) async fn is_left_alone(&self, after: impl Fn() -> Option<Duration>) {
        loop {
            let after = if self.is_covered() { None } else { after() };
            let Some(after) = after else {
                self.changed.notified().await;
                continue;
            };
            let due = self.slot().used + after;
            if due <= Instant::now() {
                return;
            }
            tokio::select! {
                () = sleep_until(due) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const AFTER: Duration = Duration::from_mins(5);

    #[tokio::test(start_paused = true)]
    async fn the_time_counts_from_the_last_use() {
        let lock = Arc::new(Lock::new(false));
        let start = Instant::now();
        let user = lock.clone();
        tokio::spawn(async move {
            tokio::time::advance(AFTER / 2).await;
            user.use_now();
        });
        lock.is_left_alone(|| Some(AFTER)).await;
        assert_eq!(start.elapsed(), AFTER + AFTER / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_time_or_while_covered_nothing_runs_out() {
        let lock = Lock::new(true);
        let day = Duration::from_hours(24);
        let covered = tokio::time::timeout(day, lock.is_left_alone(|| Some(AFTER)));
        assert!(covered.await.is_err());
        assert!(lock.set(false));
        let never = tokio::time::timeout(day, lock.is_left_alone(|| None));
        assert!(never.await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_that_is_set_later_holds_at_once() {
        let lock = Arc::new(Lock::new(false));
        let start = Instant::now();
        let after = Arc::new(Mutex::new(None));
        let (setter, set) = (lock.clone(), after.clone());
        tokio::spawn(async move {
            tokio::time::sleep(AFTER / 3).await;
            *set.lock().unwrap() = Some(AFTER);
            setter.reconsider();
        });
        lock.is_left_alone(|| *after.lock().unwrap()).await;
        assert_eq!(start.elapsed(), AFTER);
    }

    #[tokio::test]
    async fn covering_twice_is_no_change() {
        let lock = Lock::new(false);
        assert!(lock.set(true));
        assert!(!lock.set(true));
        assert!(lock.is_covered());
        assert!(lock.set(false));
    }
}
