//! What the gateway remembers between requests, in memory and bounded. None of it is authoritative.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, OnceLock, PoisonError},
    thread,
};
use tegata_protocol::Thumbprint;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::http::used_proofs::{Bounds, ProofUse, UsedProofs};

/// How many proofs of devices are remembered: a key may use more than a device needs, so that it locks out only itself.
const PROOFS: Bounds = Bounds {
    of_one_key: 1000,
    of_all: 100_000,
    in_a_crowd: 16,
};
/// Wrong codes in one window, over everybody. Codes have 60 bits: this is about load, the codes protect themselves.
const GUESSES: u32 = 120;
/// The window in milliseconds.
const GUESS_WINDOW_MILLIS: i64 = 60_000;

/// Proofs that are verified at once: half of the processors, at least one. When all devices come back at the same time, after
/// a restart or an outage, they wait for one another, and the other half, and nearly all reading connections, are left to
/// clients.
#[derive(Debug)]
pub(crate) struct ProofTurns(Semaphore);

impl Default for ProofTurns {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self(Semaphore::new((processors / 2).max(1)))
    }
}

impl ProofTurns {
    /// Waits until it is this proof's turn, in the order of arrival. `None` never happens: the turns are not closed.
    pub(crate) async fn take(&self) -> Option<SemaphorePermit<'_>> {
        self.0.acquire().await.ok()
    }

    /// Takes every turn that is free.
    #[cfg(test)]
    pub(crate) fn take_all(&self) -> Option<SemaphorePermit<'_>> {
        let free = u32::try_from(self.0.available_permits()).ok()?;
        self.0.try_acquire_many(free).ok()
    }
}

/// The gateway's memory.
#[derive(Debug, Default)]
pub(crate) struct GatewayMemory {
    /// See the type.
    pub(crate) proof_turns: ProofTurns,
    started: OnceLock<i64>,
    proofs: UsedProofs,
    guesses: Mutex<Guesses>,
    /// Changes whenever a pairing was confirmed or ended, for those that wait.
    pub(super) pairings: watch::Sender<u64>,
    /// Held while metadata is signed, so that one change takes one `seq`.
    pub(super) signing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Guesses {
    wrong: u32,
    since: i64,
}

impl GatewayMemory {
    /// When this process first made or saw a nonce, in milliseconds; `now` if it is this moment.
    pub(crate) fn started(&self, now: i64) -> i64 {
        *self.started.get_or_init(|| now)
    }

    /// Uses up a verified proof. `span` is how long nonces live, in milliseconds.
    pub(super) fn use_proof(&self, key: &Thumbprint, jti: &str, now: i64, span: i64) -> ProofUse {
        self.proofs.take(PROOFS, key, jti, now, span)
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
