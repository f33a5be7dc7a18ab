//! What happened, kept for good: an append-only, encrypted log per account.

use crate::{
    account::LocalAccountId,
    model::{BlockReason, BlockedMessage, RequestKey, RequestState},
};
use serde::{Deserialize, Serialize};
use tegata_protocol::{ConsentRequestId, Sha256Digest, UnixTime, device::prompt::Prompt};

/// One line of the history as it is shown.
#[derive(Debug, Clone)]
pub struct HistoryEntry {
    /// Stable for the life of the entry: `{account}.{line}`.
    pub id: String,
    /// The account.
    pub account: LocalAccountId,
    /// When it was written, by this machine's clock.
    pub at: UnixTime,
    /// What happened.
    pub event: HistoryEvent,
}

/// What happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum HistoryEvent {
    /// A message failed verification.
    Blocked(BlockedMessage),
    /// The account was paired.
    Paired,
    /// A request came to its end.
    Request {
        /// Its name.
        key: RequestKey,
        /// What was asked.
        prompt: Box<Prompt>,
        /// How it ended.
        outcome: RequestState,
        /// Hash of the receipt, if this device decided.
        receipt: Option<Sha256Digest>,
    },
}

/// A line as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Record {
    /// A message failed verification.
    Blocked {
        id: ConsentRequestId,
        at: UnixTime,
        reason: BlockReason,
    },
    /// The account was paired.
    Paired { at: UnixTime },
}
