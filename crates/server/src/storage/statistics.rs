//! What a store has done since it was opened, as numbers that only grow.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one opened store. The store counts, whoever wants to know takes a [`StoreStatistics`].
#[derive(Debug, Default)]
pub struct Counters {
    operations: AtomicU64,
    commits: AtomicU64,
    checkpoints: AtomicU64,
    checkpoint_syncs: AtomicU64,
}

/// What a store had done at one moment. Subtract two of them with [`StoreStatistics::since`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStatistics {
    /// Operations that were committed, whatever their outcome; those that failed are not counted.
    pub operations: u64,
    /// Commits of one or more operations. Each that changed something waited for one sync of the disk.
    pub commits: u64,
    /// Times that pages were moved from the log to the database.
    pub checkpoints: u64,
    /// Syncs of the disk beside those of the commits: of the log before its pages are moved, of the database after it,
    /// and of the log's head when it is begun anew.
    pub checkpoint_syncs: u64,
}

impl Counters {
    /// Counts a commit of so many operations.
    pub fn committed(&self, operations: u64) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.operations.fetch_add(operations, Ordering::Relaxed);
    }

    /// Counts a checkpoint that moved pages, with so many syncs.
    pub fn checkpointed(&self, syncs: u64) {
        self.checkpoints.fetch_add(1, Ordering::Relaxed);
        self.checkpoint_syncs.fetch_add(syncs, Ordering::Relaxed);
    }

    /// The numbers now. They are read one after the other, so a commit may lie between them.
    pub fn read(&self) -> StoreStatistics {
        StoreStatistics {
            operations: self.operations.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
            checkpoints: self.checkpoints.load(Ordering::Relaxed),
            checkpoint_syncs: self.checkpoint_syncs.load(Ordering::Relaxed),
        }
    }
}

impl StoreStatistics {
    /// What was done between `earlier` and this.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            operations: self.operations.saturating_sub(earlier.operations),
            commits: self.commits.saturating_sub(earlier.commits),
            checkpoints: self.checkpoints.saturating_sub(earlier.checkpoints),
            checkpoint_syncs: self
                .checkpoint_syncs
                .saturating_sub(earlier.checkpoint_syncs),
        }
    }
}
