//! When a client is told of a result, and when that is tried again.

use tegata_protocol::{Rng, UnixTime, ciba::TokenDeliveryMode, rng::random_below};

use super::{BackchannelAuthentication, backchannel_authentication::COLLECTION_GRACE_SECONDS};

/// Seconds after a decision, or after the expiry, for which a push is tried.
pub const PUSH_FOR_SECONDS: i64 = 600;

/// Seconds after the end of a request at which a push client is told of it: a decision of the last second is committed by
/// then.
pub const EXPIRY_PUSH_AFTER_SECONDS: i64 = 2;

/// The wait after the first failure; each further one doubles it.
const FIRST_WAIT_MILLIS: u64 = 1_000;

/// The longest wait, before chance is added.
const LONGEST_WAIT_MILLIS: u64 = 300_000;

/// Until when a client is told of a decision made at `at`: pinging ends when the result can no longer be collected.
pub fn notify_until(flow: &BackchannelAuthentication, at: UnixTime) -> UnixTime {
    match flow.facts.terms.delivery {
        TokenDeliveryMode::Push => at.plus(PUSH_FOR_SECONDS),
        _ => flow.facts.expires.max(at.plus(COLLECTION_GRACE_SECONDS)),
    }
}

/// Milliseconds to wait after so many failures (at least one): twice as long each time up to five minutes, and up to half
/// of that more by chance, so that those who failed together do not come back together.
pub fn back_off_millis(failures: u32, rng: &dyn Rng) -> i64 {
    let doubled = 2_u64.saturating_pow(failures.saturating_sub(1));
    let wait = FIRST_WAIT_MILLIS
        .saturating_mul(doubled)
        .min(LONGEST_WAIT_MILLIS);
    i64::try_from(wait + random_below(rng, wait / 2)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tegata_protocol::SystemRng;

    #[test]
    fn waits_grow_to_five_minutes_and_chance_adds_at_most_half() {
        let rng = SystemRng::new();
        for (failures, base) in [
            (1, 1_000),
            (2, 2_000),
            (5, 16_000),
            (9, 256_000),
            (10, 300_000),
        ] {
            let wait = back_off_millis(failures, &rng);
            assert!((base..base * 3 / 2).contains(&wait), "{failures}: {wait}");
        }
        assert!(back_off_millis(u32::MAX, &rng) < 450_000);
    }
}
