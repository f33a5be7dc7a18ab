//! How many calls are under way: so many in all, so many to one host.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Hosts that are remembered before those without calls are forgotten.
const REMEMBERED: usize = 256;

/// Gives turns.
#[derive(Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    per_host: usize,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _host: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl Turns {
    pub(super) fn new(all: usize, per_host: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all)),
            per_host,
            hosts: Mutex::default(),
        }
    }

    /// Waits for a turn: the host's first, so that whoever waits for a slow host takes nobody else's.
    pub(super) async fn take(&self, host: &str) -> Turn {
        // The semaphores are never closed.
        let of_host = self.of_host(host).acquire_owned().await.ok();
        let of_all = Arc::clone(&self.all).acquire_owned().await.ok();
        Turn {
            _host: of_host,
            _all: of_all,
        }
    }

    fn of_host(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= REMEMBERED {
            // Whoever has a turn or waits for one holds on to the host's.
            hosts.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let turns = hosts
            .entry(host.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(self.per_host)));
        Arc::clone(turns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hosts_without_calls_are_forgotten_and_the_others_keep_their_limit() {
        let turns = Turns::new(1000, 1);
        let kept = turns.take("kept").await;
        for number in 0..REMEMBERED {
            drop(turns.take(&number.to_string()).await);
        }
        assert!(turns.hosts.lock().unwrap().len() < REMEMBERED);
        assert_eq!(turns.of_host("kept").available_permits(), 0);
        drop(kept);
        assert_eq!(turns.of_host("kept").available_permits(), 1);
    }
}
