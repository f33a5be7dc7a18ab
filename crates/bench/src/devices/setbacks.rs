//! Why devices were not given a seat, counted.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::wire_device::ConnectError;

/// Tries to connect that did not lead to a seat.
#[derive(Debug, Default)]
pub(super) struct Setbacks {
    /// Nobody listened, and nobody could be expected to.
    down: AtomicUsize,
    /// The connection failed although the server was listening.
    broken: AtomicUsize,
    /// HTTP 503: too many sockets that have yet to prove themselves.
    crowded: AtomicUsize,
    /// `bye` instead of a seat.
    bye: AtomicUsize,
    /// No seat in time.
    slow: AtomicUsize,
    /// Anything else.
    foreign: AtomicUsize,
    example: Mutex<Option<String>>,
}

impl Setbacks {
    /// No seat in time.
    pub(super) fn note_slow(&self) {
        self.slow.fetch_add(1, Relaxed);
    }

    /// Counts a failed try; `listening` says whether it could be expected to succeed.
    pub(super) fn note(&self, error: &ConnectError, listening: bool) {
        let count = match error {
            ConnectError::Lost(_) if !listening => &self.down,
            ConnectError::Lost(_) => &self.broken,
            ConnectError::Status(status) if status.as_u16() == 503 => &self.crowded,
            ConnectError::Bye { .. } => &self.bye,
            ConnectError::Status(_) | ConnectError::Protocol(_) => &self.foreign,
        };
        count.fetch_add(1, Relaxed);
        if matches!(error, ConnectError::Protocol(_) | ConnectError::Status(_)) {
            let mut example = self.example.lock().unwrap_or_else(PoisonError::into_inner);
            example.get_or_insert_with(|| error.to_string());
        }
    }

    /// The first of the rare ones, in words.
    pub(super) fn example(&self) -> Option<String> {
        self.example
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// All counts with their names.
    pub(super) fn counts(&self) -> Vec<(&'static str, usize)> {
        let counts = [
            ("nobody listened", &self.down),
            ("connection broken", &self.broken),
            ("too many unproved", &self.crowded),
            ("bye", &self.bye),
            ("no seat in time", &self.slow),
        ];
        counts
            .into_iter()
            .map(|(name, count)| (name, count.load(Relaxed)))
            .collect()
    }

    /// Starts counting anew.
    pub(super) fn reset(&self) {
        for count in [
            &self.down,
            &self.broken,
            &self.crowded,
            &self.bye,
            &self.slow,
            &self.foreign,
        ] {
            count.store(0, Relaxed);
        }
    }
}
