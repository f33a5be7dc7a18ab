//! What a store has done since it was opened, as numbers that only grow.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    Op, Outcome,
    ops::{CreateOutcome, DecideOutcome, RedeemOutcome, Verdict, WithdrawOutcome},
};
use crate::domain::Admission;

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

/// What became of requests since the store was opened, as it was committed. Requests whose time ran out are not among
/// these: nothing is stored when that happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlowStatistics {
    /// Somebody was asked.
    pub asked: u64,
    /// Accepted without disturbing anybody: over budget, or without a device.
    pub silent: u64,
    /// Approved.
    pub approved: u64,
    /// Denied.
    pub denied: u64,
    /// Ended by the third wrong transfer code.
    pub transfer_failed: u64,
    /// Taken back by the operator.
    pub withdrawn: u64,
    /// Tokens were issued.
    pub redeemed: u64,
}

impl FlowStatistics {
    /// Each number with its name.
    pub fn named(&self) -> [(&'static str, u64); 7] {
        [
            ("asked", self.asked),
            ("silent", self.silent),
            ("approved", self.approved),
            ("denied", self.denied),
            ("transfer_failed", self.transfer_failed),
            ("withdrawn", self.withdrawn),
            ("redeemed", self.redeemed),
        ]
    }
}

/// What one committed operation did to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlowEvent {
    Asked,
    Silent,
    Approved,
    Denied,
    TransferFailed,
    Withdrawn,
    Redeemed,
}

impl FlowEvent {
    /// Of an operation that says which way it decides, and its outcome.
    pub(super) fn of(approves: bool, outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::CreateBackchannelAuthentication(outcome) => match **outcome {
                CreateOutcome::Created {
                    admission: Admission::Prompted,
                    ..
                } => Some(Self::Asked),
                CreateOutcome::Created { .. } => Some(Self::Silent),
                _ => None,
            },
            Outcome::Decide(outcome) => match **outcome {
                DecideOutcome::Recorded {
                    carried_out: Some(_),
                    ..
                } => None,
                DecideOutcome::Recorded { .. } if approves => Some(Self::Approved),
                DecideOutcome::Recorded { .. } => Some(Self::Denied),
                DecideOutcome::TransferFailed { .. } => Some(Self::TransferFailed),
                _ => None,
            },
            Outcome::Withdraw(outcome) => {
                matches!(**outcome, WithdrawOutcome::Withdrawn { .. }).then_some(Self::Withdrawn)
            }
            Outcome::Redeem(outcome) => {
                matches!(**outcome, RedeemOutcome::Redeemed { .. }).then_some(Self::Redeemed)
            }
            _ => None,
        }
    }

    /// Whether `op` approves.
    pub(super) fn approves(op: &Op) -> bool {
        matches!(op, Op::Decide(decide) if matches!(decide.verdict, Verdict::Approve { .. }))
    }
}

/// Counts what became of requests, behind the store's handle.
#[derive(Debug, Default)]
pub(super) struct FlowCounters([AtomicU64; 7]);

impl FlowCounters {
    pub(super) fn note(&self, event: FlowEvent) {
        let [
            asked,
            silent,
            approved,
            denied,
            transfer_failed,
            withdrawn,
            redeemed,
        ] = &self.0;
        let counter = match event {
            FlowEvent::Asked => asked,
            FlowEvent::Silent => silent,
            FlowEvent::Approved => approved,
            FlowEvent::Denied => denied,
            FlowEvent::TransferFailed => transfer_failed,
            FlowEvent::Withdrawn => withdrawn,
            FlowEvent::Redeemed => redeemed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> FlowStatistics {
        let [
            asked,
            silent,
            approved,
            denied,
            transfer_failed,
            withdrawn,
            redeemed,
        ] = self.0.each_ref().map(|count| count.load(Ordering::Relaxed));
        FlowStatistics {
            asked,
            silent,
            approved,
            denied,
            transfer_failed,
            withdrawn,
            redeemed,
        }
    }
}
