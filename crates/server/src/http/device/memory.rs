//! What the gateway remembers between requests, in memory and bounded. None of it is authoritative.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, OnceLock, PoisonError},
};
use tegata_protocol::{Sha256Digest, Thumbprint};
use tokio::sync::watch;

/// Proofs of one key that are remembered in one span: more than a device needs, so that it locks out only itself.
const PROOFS_OF_ONE_KEY: usize = 1000;
/// Proofs of all keys in one span beyond which a key gets no more than [`PROOFS_IN_A_CROWD`]; each takes some fifty bytes.
const PROOFS: usize = 100_000;
/// What every key may use in a span however many others are busy.
const PROOFS_IN_A_CROWD: usize = 16;
/// Wrong codes in one window, over everybody. Codes have 60 bits: this is about load, the codes protect themselves.
const GUESSES: u32 = 120;
/// The window in milliseconds.
const GUESS_WINDOW_MILLIS: i64 = 60_000;

/// The gateway's memory.
#[derive(Debug, Default)]
pub(crate) struct GatewayMemory {
    started: OnceLock<i64>,
    proofs: Mutex<UsedProofs>,
    guesses: Mutex<Guesses>,
    /// Changes whenever a pairing was confirmed or ended, for those that wait.
    pub(super) pairings: watch::Sender<u64>,
    /// Held while metadata is signed, so that one change takes one `seq`.
    pub(super) signing: tokio::sync::Mutex<()>,
}

/// Two spans of proofs: together they cover at least one span of time, which is all that nonces live.
#[derive(Debug, Default)]
struct UsedProofs {
    current: Span,
    previous: Span,
    since: i64,
}

/// The proofs of one span, by key.
#[derive(Debug, Default)]
struct Span {
    of_keys: HashMap<Thumbprint, HashSet<Sha256Digest>>,
    total: usize,
}

impl Span {
    fn of(&self, key: &Thumbprint) -> Option<&HashSet<Sha256Digest>> {
        self.of_keys.get(key)
    }

    fn has(&self, key: &Thumbprint, jti: &Sha256Digest) -> bool {
        self.of(key).is_some_and(|proofs| proofs.contains(jti))
    }

    fn is_full_for(&self, key: &Thumbprint) -> bool {
        let share = if self.total < PROOFS {
            PROOFS_OF_ONE_KEY
        } else {
            PROOFS_IN_A_CROWD
        };
        self.of(key).is_some_and(|proofs| proofs.len() >= share)
    }

    fn insert(&mut self, key: &Thumbprint, jti: Sha256Digest) {
        self.of_keys.entry(*key).or_default().insert(jti);
        self.total += 1;
    }
}

#[derive(Debug, Default)]
struct Guesses {
    wrong: u32,
    since: i64,
}

/// Whether a proof was used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProofUse {
    First,
    Replayed,
    /// More proofs of this key than are remembered.
    Full,
}

impl GatewayMemory {
    /// When this process first made or saw a nonce, in milliseconds; `now` if it is this moment.
    pub(super) fn started(&self, now: i64) -> i64 {
        *self.started.get_or_init(|| now)
    }

    /// Uses up a verified proof. `span` is how long nonces live, in milliseconds.
    pub(super) fn use_proof(&self, key: &Thumbprint, jti: &str, now: i64, span: i64) -> ProofUse {
        let jti = Sha256Digest::of(jti.as_bytes());
        let mut used = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(used.since) >= span {
            used.previous = std::mem::take(&mut used.current);
            used.since = now;
        }
        if used.current.has(key, &jti) || used.previous.has(key, &jti) {
            ProofUse::Replayed
        } else if used.current.is_full_for(key) {
            ProofUse::Full
        } else {
            used.current.insert(key, jti);
            ProofUse::First
        }
    }

    /// Seconds for which wrong codes are not told that they are wrong, if too many came in.
    pub(super) fn guessing_pause(&self, now: i64) -> Option<u32> {
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.saturating_sub(guesses.since);
        if !(0..GUESS_WINDOW_MILLIS).contains(&age) {
            *guesses = Guesses {
                wrong: 0,
                since: now,
            };
        }
        let left = GUESS_WINDOW_MILLIS.saturating_sub(age).max(0) / 1000 + 1;
        (guesses.wrong >= GUESSES).then(|| u32::try_from(left).unwrap_or(1))
    }

    /// Counts a wrong code.
    pub(super) fn note_wrong_code(&self) {
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        guesses.wrong = guesses.wrong.saturating_add(1);
    }

    /// Wakes everybody who waits for a pairing.
    pub(super) fn pairing_changed(&self) {
        self.pairings
            .send_modify(|changes| *changes = changes.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_remembered_for_at_least_as_long_as_its_nonce_lives() {
        let memory = GatewayMemory::default();
        let key = Thumbprint(Sha256Digest([1; 32]));
        let use_at = |jti, now| memory.use_proof(&key, jti, now, 300_000);
        assert_eq!(use_at("a", 1_000_000), ProofUse::First);
        assert_eq!(use_at("a", 1_000_001), ProofUse::Replayed);
        assert_eq!(use_at("b", 1_299_999), ProofUse::First);
        assert_eq!(use_at("b", 1_300_000), ProofUse::Replayed);
        assert_eq!(use_at("b", 1_599_998), ProofUse::Replayed);
        let other = Thumbprint(Sha256Digest([2; 32]));
        assert_eq!(
            memory.use_proof(&other, "b", 1_599_998, 300_000),
            ProofUse::First
        );
    }

    #[test]
    fn a_busy_key_uses_up_its_own_share_and_no_other() {
        let memory = GatewayMemory::default();
        let key = |n: u32| Thumbprint(Sha256Digest::of(&n.to_be_bytes()));
        let use_of = |n, jti: usize| memory.use_proof(&key(n), &jti.to_string(), 1, 300_000);
        for jti in 0..PROOFS_OF_ONE_KEY {
            assert_eq!(use_of(0, jti), ProofUse::First);
        }
        assert_eq!(use_of(0, PROOFS_OF_ONE_KEY), ProofUse::Full);
        assert_eq!(use_of(0, 0), ProofUse::Replayed, "and is still remembered");
        assert_eq!(use_of(1, 0), ProofUse::First);
        // As many busy keys as fill everything: a quiet one still gets through, and not without end.
        for n in 2..102 {
            for jti in 0..PROOFS_OF_ONE_KEY {
                use_of(n, jti);
            }
        }
        for jti in 0..PROOFS_IN_A_CROWD {
            assert_eq!(use_of(200, jti), ProofUse::First);
        }
        assert_eq!(use_of(200, PROOFS_IN_A_CROWD), ProofUse::Full);
    }

    #[test]
    fn guessing_pauses_after_many_wrong_codes_and_goes_on_after_a_minute() {
        let memory = GatewayMemory::default();
        assert_eq!(memory.guessing_pause(1_000_000), None);
        for _ in 0..GUESSES {
            memory.note_wrong_code();
        }
        assert!(
            memory
                .guessing_pause(1_010_000)
                .is_some_and(|seconds| seconds <= 51)
        );
        assert_eq!(memory.guessing_pause(1_060_000), None);
    }
}
