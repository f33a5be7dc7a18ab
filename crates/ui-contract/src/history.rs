//! What happened on this device, newest first.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    BlockedRequestView, HistoryEntryId, PartyView, RequestFactsView, RequestId, RequestStateView,
    UnixSeconds,
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
    /// Another device was added to the account, or one was removed.
    Device {
        /// Which.
        notice: DeviceNotice,
        /// The device's name, as the issuer tells it.
        device_name: String,
        /// The account's name.
        account_name: String,
        /// Who runs it.
        issuer: PartyView,
    },
    /// A request came to its end.
    Request {
        /// The request, for reporting an approval that was not the person's own.
        request: RequestId,
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

/// What an issuer told about the account's other devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DeviceNotice {
    /// It was added.
    Added,
    /// It was removed.
    Removed,
    /// It counts for as much as another one from now on.
    Graded,
    /// It replaced its approval key.
    KeyReplaced,
    /// It reported an approval as not the person's own.
    Reported,
}

/// Looks through the history, newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
pub struct HistoryListRequest {
    /// Words that an entry must contain somewhere in what is shown of it; empty: all. At most 200 characters.
    pub text: String,
    /// One account; absent: all.
    pub account: Option<crate::AccountId>,
    /// One kind of outcome; absent: all.
    pub outcome: Option<HistoryFilter>,
    /// Only entries that come after this one in the list; absent: from the newest.
    pub after: Option<HistoryEntryId>,
}

/// Kinds of outcome to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HistoryFilter {
    /// Approved here.
    Approved,
    /// Denied here, or reported.
    Denied,
    /// Ended otherwise.
    Ended,
    /// Blocked, and what happened to devices.
    Security,
}

/// Part of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryPageView {
    /// At most 50.
    pub entries: Vec<HistoryEntryView>,
    /// Whether more come after them.
    pub more: bool,
}

/// Names an entry.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct HistoryEntryRequest {
    /// The entry.
    pub id: HistoryEntryId,
}

/// What a check of an entry's evidence found, made now from what is kept, without the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VerificationView {
    /// The question was signed by the issuer whose root is pinned.
    pub prompt: bool,
    /// The answer was signed by this device's key, over exactly that question.
    pub decision: bool,
    /// The issuer's receipt belongs to both.
    pub receipt: bool,
}

/// Where an export went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExportView {
    /// Path of the new file or folder, as text.
    pub path: String,
    /// How many entries it holds.
    pub entries: u32,
}
