//! What the device shows of itself: accounts, requests, changes. Snapshots, cheap to take and never live.

use crate::account::{AccountLook, LocalAccountId};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, sync::Arc};
use tegata_protocol::{
    ConsentRequestId, Thumbprint, UnixTime,
    device::{
        decision::{DenyReason, Verdict},
        invitation::Issuer,
        problem::CloseReason,
        prompt::{DenyOnlyReason, Prompt},
    },
};

/// A consent request or a blocked message, in one account: `{account}.{request}` as text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestKey {
    /// The account.
    pub account: LocalAccountId,
    /// The request, or the name that the device gave to a blocked message.
    pub request: ConsentRequestId,
}

impl RequestKey {
    /// Reads the text form; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (account, request) = text.split_once('.')?;
        Some(Self {
            account: LocalAccountId::parse(account)?,
            request: ConsentRequestId::parse(request).ok()?,
        })
    }
}

impl fmt::Display for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.account, self.request)
    }
}

/// One paired account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountSummary {
    /// This device's own name for it.
    pub id: LocalAccountId,
    /// The server.
    pub issuer: Issuer,
    /// The server's name by its own metadata; shown beside the host, never instead of it.
    pub issuer_name: String,
    /// The account's name as it was offered.
    pub account_name: String,
    /// Thumbprint of the pinned root key.
    pub root: Thumbprint,
    /// The name under which the server lists this device.
    pub device_name: String,
    /// When the pairing was confirmed, by the server's clock.
    pub paired_at: UnixTime,
    /// Whether requests can arrive now.
    pub connection: Connection,
    /// Whether requests can be answered now.
    pub health: Health,
    /// What the person chose for it.
    pub look: AccountLook,
}

/// The connection of one account. Offline is a state, never an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Connection {
    /// Being opened or proved.
    Connecting,
    /// None; it is retried by itself once [`crate::Device::connect`] was called.
    Offline {
        /// Since when, by this machine's clock.
        since: UnixTime,
    },
    /// Open and proved.
    Online,
}

/// Whether the account's keys can be used. None of the bad states means *not paired*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Health {
    /// This machine's clock is too far from the server's; whole seconds, either way.
    ClockSkew {
        /// How far.
        seconds: u32,
    },
    /// The server no longer accepts this device.
    DeviceRevoked,
    /// The server put this device on hold.
    DeviceSuspended,
    /// The server's root is not the pinned one.
    IssuerChanged,
    /// Secret or file is gone or does not open.
    KeyLost,
    /// The credential store waits to be unlocked, or the passphrase is wrong.
    KeyringLocked,
    /// No credential store answers on this machine.
    KeyringMissing,
    /// The credential store did not answer within five seconds.
    KeyringTimeout,
    /// Everything works.
    Ok,
    /// All tries were used up and the approval key was destroyed. Denying still works.
    PinLocked,
    /// Nothing has asked for the account's keys yet; [`crate::Device::retry`] does.
    Unknown,
}

/// Everything that waits or has just closed, oldest first.
#[derive(Debug, Clone, Default)]
pub struct InboxSnapshot {
    /// Verified requests, oldest first; new ones never move those that are there.
    pub requests: Vec<RequestSnapshot>,
    /// Messages that failed verification, oldest first.
    pub blocked: Vec<BlockedMessage>,
}

/// One verified request.
#[derive(Debug, Clone)]
pub struct RequestSnapshot {
    /// Its name.
    pub key: RequestKey,
    /// What is asked, whole.
    pub prompt: Arc<Prompt>,
    /// Whole seconds that were left at `received_at`, by the server's count.
    pub expires_in: u32,
    /// When `expires_in` was true: milliseconds by this machine's clock.
    pub received_at_millis: i64,
    /// Seconds that the request lives in all; at least 1.
    pub lifetime: u32,
    /// Not empty: it can only be denied.
    pub deny_only: BTreeSet<DenyOnlyReason>,
    /// Whether it can only be denied because its client registered itself and [`crate::Settings::unknown_clients`] says so.
    pub unknown_client: bool,
    /// For what was approved: whether the client has collected the answer, when [`crate::Device::check`] last asked. `None`:
    /// not known.
    pub collected: Option<bool>,
    /// Where it stands.
    pub state: RequestState,
}

impl RequestSnapshot {
    /// Whether this device may approve it as far as its content goes; its state is another matter.
    #[must_use]
    pub fn can_be_approved(&self) -> bool {
        self.deny_only.is_empty() && !self.unknown_client
    }
}

/// Where a request stands. All but the first four are final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequestState {
    /// Waits for the person.
    Pending,
    /// An earlier answer got lost with the app that gave it; the server knows nothing of it. Waits for the person again.
    PendingAgain,
    /// An answer was signed and is being sent; nothing has happened yet.
    Sending {
        /// Which.
        verdict: Verdict,
    },
    /// The app ended before an answer was confirmed; the server has to be asked first, and nothing is sent by itself.
    NeedsCheck {
        /// Which answer it was.
        verdict: Verdict,
    },
    /// Approved here, with a verified receipt.
    Approved {
        /// Committed by the server at.
        at: UnixTime,
    },
    /// Denied here, with a verified receipt.
    Denied {
        /// The reason given.
        reason: DenyReason,
        /// Committed by the server at.
        at: UnixTime,
    },
    /// Approved first, here or by another device of the account, and then reported from here as not the person's own, with
    /// a verified receipt: what was granted was taken back.
    Reported {
        /// Committed by the server at.
        at: UnixTime,
    },
    /// Closed without a decision of this device.
    Closed(CloseReason),
}

impl RequestState {
    /// Whether the person can still answer.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Pending | Self::PendingAgain)
    }

    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Approved { .. } | Self::Denied { .. } | Self::Reported { .. } | Self::Closed(_)
        )
    }

    /// Whether it was approved, by whichever device of the account, so that it can be reported as not the person's own.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        matches!(
            self,
            Self::Approved { .. }
                | Self::Closed(CloseReason::Handled {
                    decision: Verdict::Approve,
                    ..
                })
        )
    }
}

/// A message that failed verification: a security event, never a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedMessage {
    /// The device's own name for it.
    pub id: ConsentRequestId,
    /// The account that it arrived for.
    pub account: LocalAccountId,
    /// When, by this machine's clock.
    pub at: UnixTime,
    /// What did not verify.
    pub reason: BlockReason,
}

/// What did not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BlockReason {
    /// Signature absent, broken, or by a key that the pinned root does not vouch for.
    BadSignature,
    /// Signed, and not in the form that this version accepts.
    Malformed,
    /// Signed, for another device, account or server.
    NotForThisDevice,
    /// Signed, and over already.
    OutOfTime,
    /// A request that was here before, signed anew with other content.
    Replayed,
}

/// Counters that grow when something became stale. Watch them with [`crate::Device::changes`]; a reader that was late
/// sees only that it is late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// [`crate::Device::accounts`].
    pub accounts: u64,
    /// [`crate::Device::devices`] and the phase of an addition that is under way.
    pub devices: u64,
    /// [`crate::Device::history`].
    pub history: u64,
    /// [`crate::Device::inbox`].
    pub inbox: u64,
    /// Grows by one for each thing that a server told about the account's devices for the first time: worth a notification.
    /// The history has it.
    pub notices: u64,
    /// [`crate::Device::settings`].
    pub settings: u64,
}
