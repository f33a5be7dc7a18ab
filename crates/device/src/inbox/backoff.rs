//! Full-jitter back-off: many devices that lost one server do not come back in one moment.

use std::time::Duration;
use tegata_protocol::{Rng, rng::random_below};

/// Longest ceiling, in milliseconds.
const CEILING: u64 = 60_000;

/// Waits between tries: the first uniform in 0 to 1 s, then uniform in 0 to 1, 2, 4 … 60 s.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next wait; at least `floor` where the server asked for one.
    pub(crate) fn next(&mut self, rng: &dyn Rng, floor: Duration) -> Duration {
        let doublings = self.tries.saturating_sub(1).min(6);
        self.tries = self.tries.saturating_add(1);
        let ceiling = (1000u64 << doublings).min(CEILING);
        floor + Duration::from_millis(random_below(rng, ceiling + 1))
    }

    /// After a success.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }
}
