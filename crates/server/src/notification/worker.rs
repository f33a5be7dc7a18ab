//! The task that looks for what is due.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tegata_protocol::ClientId;
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until},
};

use super::attempt::attempt;
use crate::{app::App, domain::FlowSeq, storage::views::DueJob};

/// The longest time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Attempts at once.
const AT_ONCE: usize = 64;

/// Of those, for one client.
const PER_CLIENT: usize = 4;

/// Tells clients until it is told to stop, and then finishes what it has begun.
pub(crate) async fn run(app: Arc<App>, mut stopping: watch::Receiver<bool>) {
    let mut attempts = JoinSet::new();
    let under_way = Arc::new(UnderWay::default());
    loop {
        while let Some(ended) = attempts.try_join_next() {
            report(ended);
        }
        let next_look = begin_due(&app, &under_way, &mut attempts).await;
        tokio::select! {
            () = app.notifier.wake.notified() => {}
            () = sleep_until(next_look) => {}
            // An error means that the sender is gone, which is as good as being told.
            _ = stopping.wait_for(|stop| *stop) => break,
        }
    }
    while let Some(ended) = attempts.join_next().await {
        report(ended);
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "an attempt to notify a client ended by a panic");
    }
}

/// Begins what is due and may begin; when to look again.
async fn begin_due(
    app: &Arc<App>,
    under_way: &Arc<UnderWay>,
    attempts: &mut JoinSet<()>,
) -> Instant {
    let mut next_look = Instant::now() + LOOK_EVERY;
    let now = app.clock.0.now_millis();
    let due = app
        .store
        .read(move |reader| reader.due_jobs(now, PER_CLIENT, AT_ONCE))
        .await;
    let due = match due {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(%error, "cannot look for clients to notify");
            return next_look;
        }
    };
    // There may be more than was read.
    under_way.want_more(due.len() >= PER_CLIENT);
    for job in due {
        if let Some(until) = app.notifier.unanswered.until(job.seq) {
            next_look = next_look.min(until);
            continue;
        }
        if let Some(place) = under_way.enter(&job) {
            let app = Arc::clone(app);
            attempts.spawn(async move {
                let is_settled = attempt(&app, job).await;
                // What is as due as before waits for the next look: a store that fails must not be asked without end.
                if place.leave() && is_settled {
                    app.notifier.wake();
                }
            });
        }
    }
    next_look
}

/// What is being attempted.
#[derive(Debug, Default)]
struct UnderWay(Mutex<Attempts>);

#[derive(Debug, Default)]
struct Attempts {
    requests: HashSet<FlowSeq>,
    clients: HashMap<ClientId, usize>,
    wants_more: bool,
}

/// One of the places, until it is dropped.
struct Place {
    under_way: Arc<UnderWay>,
    seq: FlowSeq,
    client: ClientId,
}

impl UnderWay {
    fn with<T>(&self, change: impl FnOnce(&mut Attempts) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn want_more(&self, wants_more: bool) {
        self.with(|attempts| attempts.wants_more = wants_more);
    }

    /// `None` if the job is being attempted already, or there is no place for it now.
    fn enter(self: &Arc<Self>, job: &DueJob) -> Option<Place> {
        let entered = self.with(|attempts| {
            let of_client = attempts.clients.get(&job.client).copied().unwrap_or(0);
            if attempts.requests.len() >= AT_ONCE || of_client >= PER_CLIENT {
                attempts.wants_more = true;
                return false;
            }
            let is_new = attempts.requests.insert(job.seq);
            if is_new {
                attempts.clients.insert(job.client.clone(), of_client + 1);
            }
            is_new
        });
        entered.then(|| Place {
            under_way: Arc::clone(self),
            seq: job.seq,
            client: job.client.clone(),
        })
    }
}

impl Place {
    /// Gives the place up; whether somebody waits for one.
    fn leave(self) -> bool {
        let under_way = Arc::clone(&self.under_way);
        drop(self);
        under_way.with(|attempts| attempts.wants_more)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.under_way.with(|attempts| {
            attempts.requests.remove(&self.seq);
            if let Some(count) = attempts.clients.get_mut(&self.client) {
                *count -= 1;
                if *count == 0 {
                    attempts.clients.remove(&self.client);
                }
            }
        });
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::{
        egress::tests::receiver::Receiver,
        notification::tests::{Scene, ping},
    };
    use tegata_protocol::UnixTime;
    use tokio::time::timeout;

    fn job(seq: i64, client: &str) -> DueJob {
        DueJob {
            seq: FlowSeq(seq),
            attempts: 0,
            until: UnixTime(0),
            client: ClientId::parse(client).unwrap(),
            endpoint: String::new(),
            sealed: Vec::new(),
            is_push: false,
            response: None,
        }
    }

    #[tokio::test]
    async fn a_store_that_fails_is_not_asked_again_before_the_next_look() {
        let scene = Scene::new(Receiver::answering(204).await, ping).await;
        for _ in 0..PER_CLIENT {
            scene.asked().await;
            scene.decided(true).await;
        }
        let app = &scene.bench.app;
        rusqlite::Connection::open(app.data_dir.join("tegata.sqlite"))
            .unwrap()
            .execute_batch(
                "CREATE TRIGGER full BEFORE UPDATE ON job BEGIN SELECT raise(ABORT, 'full'); END",
            )
            .unwrap();
        // A request's answer that has not left yet would put its job off.
        while timeout(Duration::from_millis(300), app.notifier.wake.notified())
            .await
            .is_ok()
        {}
        let mut attempts = JoinSet::new();
        begin_due(app, &Arc::default(), &mut attempts).await;
        assert_eq!(attempts.len(), PER_CLIENT);
        attempts.join_all().await;
        let woken = timeout(Duration::from_millis(100), app.notifier.wake.notified()).await;
        assert!(woken.is_err(), "it would go on without a pause");
    }

    #[test]
    fn a_request_is_attempted_once_at_a_time_and_a_client_has_few_places() {
        let under_way = Arc::new(UnderWay::default());
        let first = under_way.enter(&job(1, "a")).unwrap();
        assert!(under_way.enter(&job(1, "a")).is_none(), "under way");
        let others: Vec<_> = (2..=4)
            .filter_map(|seq| under_way.enter(&job(seq, "a")))
            .collect();
        assert_eq!(others.len(), PER_CLIENT - 1);
        assert!(under_way.enter(&job(5, "a")).is_none(), "no place left");
        assert!(under_way.enter(&job(6, "b")).is_some(), "another client's");
        assert!(first.leave(), "somebody waits");
        assert!(under_way.enter(&job(5, "a")).is_some());
        drop(others);
        assert!(
            under_way.with(|attempts| attempts.requests.is_empty() && attempts.clients.is_empty())
        );
    }
}
