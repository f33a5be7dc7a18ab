//! What happened on this device, newest first.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    BlockedRequestView, HistoryEntryId, PartyView, RequestFactsView, RequestStateView, UnixSeconds,
};

/// One line of the history, complete: there is no second command for its detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryEntryView {
    /// Stable for the life of the entry.
    pub id: HistoryEntryId,
    /// When it happened.
    pub at: UnixSeconds,
    /// What happened.
    pub event: HistoryEventView,
}

/// What a history entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "lists are short and mostly of the large variant"
)]
pub enum HistoryEventView {
    /// A message was blocked.
    Blocked {
        /// What is known about it.
        blocked: BlockedRequestView,
    },
    /// An account was added.
    Paired {
        /// The account's name.
        account_name: String,
        /// Who runs it.
        issuer: PartyView,
    },
    /// A request came to its end.
    Request {
        /// What was asked, as it was shown.
        facts: RequestFactsView,
        /// How it ended.
        outcome: RequestStateView,
        /// The issuer's signed receipt, if this device decided.
        receipt: Option<ReceiptView>,
    },
}

/// A verified receipt for a decision made here. The file itself stays on the Rust side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReceiptView {
    /// SHA-256 of the receipt, base64url: the name under which evidence can be found again.
    pub sha256: String,
    /// When the issuer committed the decision.
    pub committed_at: UnixSeconds,
}
