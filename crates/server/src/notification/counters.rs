//! What became of attempts, for an operator's metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Since the start of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotificationStatistics {
    /// Pings.
    pub pings: NotificationsOfMode,
    /// Pushes, of tokens and of errors.
    pub pushes: NotificationsOfMode,
}

/// Of one mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotificationsOfMode {
    /// Clients that answered 2xx.
    pub delivered: u64,
    /// Clients that answered 3xx or 4xx; they are not told again.
    pub refused: u64,
    /// Attempts that failed otherwise and are made again.
    pub failed: u64,
    /// Results that clients were not told in time.
    pub abandoned: u64,
}

impl NotificationsOfMode {
    /// Each number with its name.
    pub(crate) fn named(&self) -> [(&'static str, u64); 4] {
        [
            ("delivered", self.delivered),
            ("refused", self.refused),
            ("failed", self.failed),
            ("abandoned", self.abandoned),
        ]
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) pings: OfMode,
    pub(super) pushes: OfMode,
}

#[derive(Debug, Default)]
pub(super) struct OfMode {
    pub(super) delivered: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) abandoned: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self) -> NotificationStatistics {
        NotificationStatistics {
            pings: self.pings.read(),
            pushes: self.pushes.read(),
        }
    }

    pub(super) fn of(&self, is_push: bool) -> &OfMode {
        if is_push { &self.pushes } else { &self.pings }
    }
}

impl OfMode {
    fn read(&self) -> NotificationsOfMode {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        NotificationsOfMode {
            delivered: read(&self.delivered),
            refused: read(&self.refused),
            failed: read(&self.failed),
            abandoned: read(&self.abandoned),
        }
    }
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
