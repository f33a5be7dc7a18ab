//! `user_code` (CIBA Core sections 7.1 and 7.1.2): a secret that the person knows and types at the consumption device, so
//! that nobody else can have them asked. RFC 8628 calls something else by this name.

use serde::{Deserialize, Serialize};
use tegata_protocol::UnixTime;

/// Wrong codes within [`WINDOW_SECONDS`] that lock an account's code.
pub const WRONG_TRIES: usize = 5;

/// Seconds after which a wrong code no longer counts.
pub const WINDOW_SECONDS: i64 = 900;

/// Seconds for which a locked code answers nobody, whoever knows it.
pub const LOCK_SECONDS: i64 = 900;

/// Characters of a code.
const LENGTH: std::ops::RangeInclusive<usize> = 6..=64;

/// Whether `text` can be somebody's code: 6 to 64 characters, none of them a control character, no white space around them.
pub fn is_user_code(text: &str) -> bool {
    LENGTH.contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(char::is_control)
}

/// The wrong codes that clients sent for one account; the default is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserCodeTries {
    wrong: Vec<UnixTime>,
    locked_until: Option<UnixTime>,
}

/// What is made of a code. Clients are not told [`Self::Locked`] from [`Self::Wrong`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserCodeVerdict {
    /// Too many were wrong lately; this one was not looked at.
    Locked,
    /// It is the person's.
    Right,
    /// It is not, and counts.
    Wrong,
}

impl UserCodeTries {
    /// Judges one more code at `now`.
    pub fn judge(&mut self, is_right: bool, now: UnixTime) -> UserCodeVerdict {
        if self.locked_until.is_some_and(|until| now < until) {
            return UserCodeVerdict::Locked;
        }
        self.locked_until = None;
        if is_right {
            self.wrong.clear();
            return UserCodeVerdict::Right;
        }
        self.wrong.retain(|at| now.since(*at) < WINDOW_SECONDS);
        self.wrong.push(now);
        if self.wrong.len() >= WRONG_TRIES {
            self.wrong.clear();
            self.locked_until = Some(now.plus(LOCK_SECONDS));
        }
        UserCodeVerdict::Wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    #[test]
    fn the_fifth_wrong_code_locks_out_the_right_one_too_for_a_quarter_of_an_hour() {
        let mut tries = UserCodeTries::default();
        for second in 0..5 {
            assert_eq!(tries.judge(false, NOW.plus(second)), UserCodeVerdict::Wrong);
        }
        let locked = NOW.plus(4);
        for after in [0, 1, 899] {
            assert_eq!(
                tries.judge(true, locked.plus(after)),
                UserCodeVerdict::Locked
            );
        }
        assert_eq!(tries.judge(true, locked.plus(900)), UserCodeVerdict::Right);
    }

    #[test]
    fn the_right_code_clears_the_count_and_old_wrong_ones_are_forgotten() {
        let mut tries = UserCodeTries::default();
        for _ in 0..3 {
            for _ in 0..4 {
                assert_eq!(tries.judge(false, NOW), UserCodeVerdict::Wrong);
            }
            assert_eq!(tries.judge(true, NOW), UserCodeVerdict::Right);
        }
        for round in 0..20 {
            let at = NOW.plus(round * 225);
            assert_eq!(tries.judge(false, at), UserCodeVerdict::Wrong, "{round}");
        }
    }

    #[test]
    fn codes_have_six_to_sixty_four_characters_that_can_be_typed() {
        for good in ["123456", "correct horse", "ひらがなだよ"] {
            assert!(is_user_code(good), "{good}");
        }
        for bad in ["", "12345", " 123456", "123456 ", "123\u{7}456"] {
            assert!(!is_user_code(bad), "{bad:?}");
        }
        assert!(is_user_code(&"x".repeat(64)) && !is_user_code(&"x".repeat(65)));
    }

    proptest! {
        #[test]
        fn never_more_than_five_codes_are_looked_at_in_a_quarter_of_an_hour(steps in prop::collection::vec(0_i64..400, 1..60)) {
            let mut tries = UserCodeTries::default();
            let mut now = NOW;
            let mut looked_at: Vec<UnixTime> = Vec::new();
            for step in steps {
                now = now.plus(step);
                if tries.judge(false, now) == UserCodeVerdict::Wrong {
                    looked_at.push(now);
                }
                let lately = looked_at.iter().filter(|at| now.since(**at) < WINDOW_SECONDS).count();
                prop_assert!(lately <= WRONG_TRIES);
            }
        }
    }
}
