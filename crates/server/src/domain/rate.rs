//! How much somebody may still do: buckets that leak at a steady rate, in bounded memory.
//!
//! A bucket is one number, the time at which it will be empty again (the "generic cell rate algorithm"): an action puts
//! that time off, and is refused if it would be further away than the bucket is deep. What is full of nothing is not kept.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

/// Buckets of one kind that are kept at most. When there are more, the half that is nearest to being empty is forgotten.
const MOST: usize = 32_768;

/// How fast buckets leak and how much they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Microseconds in which one action leaks away; 0: nothing is limited.
    interval: i64,
    /// Actions that may come at once.
    burst: i64,
}

impl Rate {
    /// So many actions in so many seconds, and a `burst` at once. 0 actions: no limit.
    pub fn new(actions: u32, seconds: u32, burst: u32) -> Self {
        let interval = (i64::from(seconds) * 1_000_000)
            .checked_div(i64::from(actions))
            .unwrap_or(0);
        Self {
            interval,
            burst: i64::from(burst.max(1)),
        }
    }
}

/// Too much; nothing was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// Seconds after which the same would be let through, at least 1 (`Retry-After`).
    pub retry_after: u32,
}

/// The buckets of one kind, in memory only.
#[derive(Debug)]
pub struct Buckets<K> {
    rate: Rate,
    empty_at: Mutex<HashMap<K, i64>>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// None yet.
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            empty_at: Mutex::default(),
        }
    }

    /// Counts `cost` actions of `key` at `now_millis`.
    ///
    /// # Errors
    /// [`TooMany`] if the bucket does not hold them. What costs more than a whole bucket goes into an empty one.
    pub fn take(&self, key: K, cost: u32, now_millis: i64) -> Result<(), TooMany> {
        if self.rate.interval == 0 || cost == 0 {
            return Ok(());
        }
        let now = now_millis.saturating_mul(1000);
        let cost = i64::from(cost).min(self.rate.burst) * self.rate.interval;
        let depth = self.rate.burst * self.rate.interval;
        let mut buckets = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A time further away than the bucket is deep is a clock that was set back, which says nothing about anybody.
        let empty_at = buckets
            .get(&key)
            .copied()
            .filter(|at| *at - now <= depth)
            .unwrap_or(now)
            .max(now);
        let after = empty_at + cost;
        let over = after - now - depth;
        if over > 0 {
            let seconds = over.saturating_add(999_999) / 1_000_000;
            return Err(TooMany {
                retry_after: u32::try_from(seconds).unwrap_or(u32::MAX),
            });
        }
        if buckets.len() >= MOST {
            forget_half(&mut buckets, now);
        }
        buckets.insert(key, after);
        Ok(())
    }
}

fn forget_half<K: Eq + Hash>(buckets: &mut HashMap<K, i64>, now: i64) {
    buckets.retain(|_, at| *at > now);
    if buckets.len() > MOST / 2 {
        let mut times: Vec<i64> = buckets.values().copied().collect();
        let (_, middle, _) = times.select_nth_unstable(MOST / 2);
        let middle = *middle;
        buckets.retain(|_, at| *at > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_the_rate() {
        let buckets = Buckets::new(Rate::new(60, 60, 3));
        let take = |at| buckets.take("a", 1, at);
        for _ in 0..3 {
            assert_eq!(take(0), Ok(()));
        }
        assert_eq!(take(0), Err(TooMany { retry_after: 1 }));
        assert_eq!(take(999), Err(TooMany { retry_after: 1 }));
        assert_eq!(take(1_000), Ok(()), "refusals were not counted");
        assert_eq!(buckets.take("b", 3, 1_000), Ok(()), "to each their own");
        assert_eq!(
            buckets.take("b", 2, 1_000),
            Err(TooMany { retry_after: 2 }),
            "it says when the same would be let through"
        );
        assert_eq!(buckets.take("b", 2, 3_000), Ok(()));
    }

    #[test]
    fn whoever_keeps_to_the_rate_is_never_refused() {
        let buckets = Buckets::new(Rate::new(1, 5, 1));
        for poll in 0..1_000 {
            assert_eq!(buckets.take((), 1, poll * 5_000), Ok(()), "{poll}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let buckets = Buckets::new(Rate::new(1, 1, 2));
        assert_eq!(buckets.take((), 2, 1_000_000), Ok(()));
        assert_eq!(buckets.take((), 1, 0), Ok(()));
    }

    #[test]
    fn no_limit_is_no_limit() {
        let buckets = Buckets::new(Rate::new(0, 1, 1));
        for _ in 0..1_000 {
            assert_eq!(buckets.take((), 1_000, 0), Ok(()));
        }
    }

    #[test]
    fn a_flood_of_names_stays_in_memory_and_does_not_free_who_was_over() {
        let buckets = Buckets::new(Rate::new(1, 1, 100));
        assert_eq!(buckets.take(0, 100, 0), Ok(()));
        for name in 1..=u32::try_from(MOST).unwrap() * 2 {
            assert_eq!(buckets.take(name, 1, 0), Ok(()));
        }
        assert!(buckets.empty_at.lock().unwrap().len() <= MOST);
        assert!(buckets.take(0, 1, 0).is_err());
    }
}
