//! Which proofs of possession have been used, in memory and bounded for each key: a key that is busy uses up its own share.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};
use tegata_protocol::{Sha256Digest, Thumbprint};

/// How many proofs are remembered in one span of time; each takes some fifty bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Of one key.
    pub(crate) of_one_key: usize,
    /// Of all keys: beyond it a key gets no more than `in_a_crowd`.
    pub(crate) of_all: usize,
    /// What every key may use however many others are busy.
    pub(crate) in_a_crowd: usize,
}

/// Whether a proof was used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProofUse {
    /// It was not, as far as this process knows.
    First,
    /// It was.
    Replayed,
    /// More proofs of this key than are remembered. It counts as not used.
    Full,
}

/// The proofs that were used lately.
#[derive(Debug, Default)]
pub(crate) struct UsedProofs(Mutex<Spans>);

/// Two spans of proofs: together they cover at least one span of time, which is all that proofs live.
#[derive(Debug, Default)]
struct Spans {
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

    fn is_full_for(&self, key: &Thumbprint, bounds: Bounds) -> bool {
        let share = if self.total < bounds.of_all {
            bounds.of_one_key
        } else {
            bounds.in_a_crowd
        };
        self.of(key).is_some_and(|proofs| proofs.len() >= share)
    }

    fn insert(&mut self, key: &Thumbprint, jti: Sha256Digest) {
        self.of_keys.entry(*key).or_default().insert(jti);
        self.total += 1;
    }
}

impl UsedProofs {
    /// Uses up a verified proof of `key`. `now` and `span`, the longest that a proof lives, are in milliseconds.
    pub(crate) fn take(
        &self,
        bounds: Bounds,
        key: &Thumbprint,
        jti: &str,
        now: i64,
        span: i64,
    ) -> ProofUse {
        let jti = Sha256Digest::of(jti.as_bytes());
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(used.since) >= span {
            used.previous = std::mem::take(&mut used.current);
            used.since = now;
        }
        if used.current.has(key, &jti) || used.previous.has(key, &jti) {
            ProofUse::Replayed
        } else if used.current.is_full_for(key, bounds) {
            ProofUse::Full
        } else {
            used.current.insert(key, jti);
            ProofUse::First
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        of_one_key: 100,
        of_all: 10_000,
        in_a_crowd: 16,
    };

    #[test]
    fn a_proof_is_remembered_for_at_least_as_long_as_it_lives() {
        let used = UsedProofs::default();
        let key = Thumbprint(Sha256Digest([1; 32]));
        let use_at = |jti, now| used.take(BOUNDS, &key, jti, now, 300_000);
        assert_eq!(use_at("a", 1_000_000), ProofUse::First);
        assert_eq!(use_at("a", 1_000_001), ProofUse::Replayed);
        assert_eq!(use_at("b", 1_299_999), ProofUse::First);
        assert_eq!(use_at("b", 1_300_000), ProofUse::Replayed);
        assert_eq!(use_at("b", 1_599_998), ProofUse::Replayed);
        let other = Thumbprint(Sha256Digest([2; 32]));
        let by_other = used.take(BOUNDS, &other, "b", 1_599_998, 300_000);
        assert_eq!(by_other, ProofUse::First);
    }

    #[test]
    fn a_busy_key_uses_up_its_own_share_and_no_other() {
        let used = UsedProofs::default();
        let key = |n: u32| Thumbprint(Sha256Digest::of(&n.to_be_bytes()));
        let use_of = |n, jti: usize| used.take(BOUNDS, &key(n), &jti.to_string(), 1, 300_000);
        for jti in 0..BOUNDS.of_one_key {
            assert_eq!(use_of(0, jti), ProofUse::First);
        }
        assert_eq!(use_of(0, BOUNDS.of_one_key), ProofUse::Full);
        assert_eq!(use_of(0, 0), ProofUse::Replayed, "and is still remembered");
        assert_eq!(use_of(1, 0), ProofUse::First);
        // As many busy keys as fill everything: a quiet one still gets through, and not without end.
        for n in 2..102 {
            for jti in 0..BOUNDS.of_one_key {
                use_of(n, jti);
            }
        }
        for jti in 0..BOUNDS.in_a_crowd {
            assert_eq!(use_of(200, jti), ProofUse::First);
        }
        assert_eq!(use_of(200, BOUNDS.in_a_crowd), ProofUse::Full);
    }
}
