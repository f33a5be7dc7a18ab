//! When a device comes back (protocol section 6.1): full jitter.

use std::time::Duration;
use tegata_protocol::{Rng, rng::random_below};

/// The longest ceiling, in milliseconds.
const LONGEST: u64 = 60_000;

/// The waits of one device between two seats: uniform in 0 to 1 s, then in 0 to 1, 2, 4 … 60 s.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next wait, on top of what the server asked for.
    pub(super) fn next(&mut self, rng: &dyn Rng, asked: Duration) -> Duration {
        let ceiling = ceiling(self.tries);
        self.tries += 1;
        asked + Duration::from_millis(random_below(rng, ceiling + 1))
    }
}

fn ceiling(tries: u32) -> u64 {
    // The first two are the same; 2^6 s is over the longest already.
    (1000 << tries.saturating_sub(1).min(6)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tegata_protocol::SystemRng;

    #[test]
    fn ceilings_double_after_the_second_wait_up_to_a_minute() {
        let ceilings: Vec<u64> = (0..9).map(ceiling).collect();
        let expected = [1, 1, 2, 4, 8, 16, 32, 60, 60];
        assert_eq!(ceilings, expected.map(|seconds| seconds * 1000));
    }

    #[test]
    fn no_wait_is_shorter_than_what_the_server_asked_for() {
        let asked = Duration::from_secs(7);
        for _ in 0..50 {
            let wait = Backoff::default().next(&SystemRng::new(), asked);
            assert!((asked..=asked + Duration::from_secs(1)).contains(&wait));
        }
    }
}
