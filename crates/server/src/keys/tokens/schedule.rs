//! What each key does, by its time and that of its successor.

use serde::{Deserialize, Serialize};
use tegata_protocol::UnixTime;

use crate::{config::Lifetimes, jose::Algorithm};

/// Seconds for which caches may keep the JWK Set (`max-age` of `/jwks`).
pub const JWKS_MAX_AGE: i64 = 300;

/// Seconds for which a new key is published before it signs: every cached JWK Set has it by then.
pub const OVERLAP: i64 = JWKS_MAX_AGE + 60;

/// Seconds that a key stays published after the last token that it signed has expired: for clients whose clocks are slow.
pub(super) const MARGIN: i64 = 300;

/// What a key's state follows from.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) alg: Algorithm,
    pub(super) signs_from: UnixTime,
    pub(super) published_until: Option<UnixTime>,
}

/// How long things live that keys have signed, in seconds.
#[derive(Clone, Copy)]
pub(super) struct Spans {
    /// The longest-lived token.
    longest: i64,
    /// An ID token as a hint, after its issue.
    hint: i64,
}

impl Spans {
    pub(super) fn of(lifetimes: &Lifetimes) -> Self {
        Self {
            longest: i64::from(lifetimes.id_token.max(lifetimes.access_token)),
            hint: i64::from(lifetimes.id_token_hint),
        }
    }
}

/// What a key does at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum KeyState {
    /// Published, and will sign.
    Next {
        /// When.
        signs_from: UnixTime,
    },
    /// Signs.
    Signing,
    /// Signs no longer; published while something that it signed can be valid.
    Retiring {
        /// First second in which it is not.
        until: UnixTime,
    },
    /// Not published; recognizes old ID tokens of ours.
    Retired {
        /// First second in which it does not.
        until: UnixTime,
    },
    /// Good for nothing; dropped at the next rotation.
    Forgotten,
}

impl Spans {
    /// Until when a key is published whose successor signs from `replaced` on.
    pub(super) fn published_until(self, replaced: UnixTime) -> UnixTime {
        replaced.plus(self.longest + MARGIN)
    }
}

impl KeyState {
    pub(super) const fn is_published(self) -> bool {
        matches!(
            self,
            Self::Next { .. } | Self::Signing | Self::Retiring { .. }
        )
    }
}

/// What the key at `index` does at `now`, among all keys.
pub(super) fn state(all: &[Times], index: usize, now: UnixTime, spans: Spans) -> KeyState {
    let Some(this) = all.get(index) else {
        return KeyState::Forgotten;
    };
    if this.signs_from > now {
        return KeyState::Next {
            signs_from: this.signs_from,
        };
    }
    let successor = all
        .iter()
        .filter(|other| other.alg == this.alg && other.signs_from > this.signs_from)
        .map(|other| other.signs_from)
        .min()
        .filter(|from| *from <= now);
    let Some(replaced) = successor else {
        return KeyState::Signing;
    };
    let until = spans.published_until(replaced);
    let until = this.published_until.map_or(until, |said| said.max(until));
    let recognized_until = replaced.plus(spans.hint).max(until);
    if now < until {
        KeyState::Retiring { until }
    } else if now < recognized_until {
        KeyState::Retired {
            until: recognized_until,
        }
    } else {
        KeyState::Forgotten
    }
}
