//! Why devices lost their seat or were given none, counted.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::wire_device::ConnectError;

/// How seats were lost, and tries to connect that did not lead to one.
#[derive(Debug, Default)]
pub(super) struct Setbacks {
    /// Told `bye` with `restart` before the socket closed: these know when to come back.
    told: AtomicUsize,
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
    /// A seated device was told that the server restarts.
    pub(super) fn note_told(&self) {
        self.told.fetch_add(1, Relaxed);
    }

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
            ("devices told `bye` with `restart`", &self.told),
            ("tries without a seat: nobody listened", &self.down),
            ("tries without a seat: connection broken", &self.broken),
            ("tries without a seat: too many unproved", &self.crowded),
            ("tries without a seat: bye", &self.bye),
            ("tries without a seat: no seat in time", &self.slow),
        ];
        counts
            .into_iter()
            .map(|(name, count)| (name, count.load(Relaxed)))
            .collect()
    }

    /// Starts counting anew.
    pub(super) fn reset(&self) {
        for count in [
            &self.told,
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
