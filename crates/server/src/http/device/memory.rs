//! What the gateway remembers between requests, in memory and bounded. None of it is authoritative.

use std::{
    collections::HashSet,
    sync::{Mutex, OnceLock, PoisonError},
};
use tegata_protocol::{Sha256Digest, Thumbprint};
use tokio::sync::watch;

/// Proofs remembered in one span; each takes some fifty bytes.
const PROOFS: usize = 100_000;
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
    current: HashSet<Sha256Digest>,
    previous: HashSet<Sha256Digest>,
    since: i64,
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
    /// More proofs than can be remembered.
    Full,
}

impl GatewayMemory {
    /// When this process first made or saw a nonce, in milliseconds; `now` if it is this moment.
    pub(super) fn started(&self, now: i64) -> i64 {
        *self.started.get_or_init(|| now)
    }

    /// Uses up a verified proof. `span` is how long nonces live, in milliseconds.
    pub(super) fn use_proof(&self, key: &Thumbprint, jti: &str, now: i64, span: i64) -> ProofUse {
        let mut bytes = key.0.0.to_vec();
        bytes.extend(jti.as_bytes());
        let name = Sha256Digest::of(&bytes);
        let mut used = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(used.since) >= span {
            used.previous = std::mem::take(&mut used.current);
            used.since = now;
        }
        if used.current.contains(&name) || used.previous.contains(&name) {
            ProofUse::Replayed
        } else if used.current.len() >= PROOFS {
            ProofUse::Full
        } else {
            used.current.insert(name);
            ProofUse::First
        }
    }

    /// Seconds for which no codes are looked at, if too many wrong ones came in.
    pub(super) fn guessing_pause(&self, now: i64) -> Option<u32> {
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.saturating_sub(guesses.since);
        if age >= GUESS_WINDOW_MILLIS {
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
