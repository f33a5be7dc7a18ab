//! Consent requests as they are put to the person: what is asked, by whom, what is known and what is only claimed.
//!
//! A [`ConsentRequestView`] exists only for a prompt whose signature was verified. What did not verify becomes a
//! [`BlockedRequestView`], which has no content to show and no way to be approved.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AccountId, PartyView, RequestId, UnixMillis, UnixSeconds};

/// What is waiting, oldest first. The order never changes while a request stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InboxView {
    /// Verified requests, oldest first, including those just closed that the person has not left yet.
    pub requests: Vec<ConsentRequestView>,
    /// Messages that failed verification and were not acknowledged yet, oldest first.
    pub blocked: Vec<BlockedRequestView>,
}

/// A verified request with its state and its time left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConsentRequestView {
    /// Handed back in commands.
    pub id: RequestId,
    /// What is asked.
    pub facts: RequestFactsView,
    /// Whether and how a code from the other screen is asked for.
    pub transfer: TransferView,
    /// Whole seconds that were left at `received_at`, as the issuer counted them.
    pub expires_in: u32,
    /// When `expires_in` was true, by the machine's clock.
    pub received_at: UnixMillis,
    /// Whole seconds that the request lives in all, for the countdown's bar. Never 0.
    pub lifetime: u32,
    /// Set when the request may be denied and nothing else.
    pub deny_only: Option<DenyOnlyReason>,
    /// Where the request stands.
    pub state: RequestStateView,
}

/// What a prompt says, complete and unaltered. Also what the history keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RequestFactsView {
    /// The account that is asked for.
    pub account: AccountId,
    /// The account's name as its issuer told it.
    pub account_name: String,
    /// Who runs the account and signed the prompt.
    pub issuer: PartyView,
    /// Another provider that asks through the issuer: shown first, and everything else is then its claim.
    pub provider: Option<PartyView>,
    /// The client that asks.
    pub client: ClientView,
    /// What kind of question it is.
    pub kind: RequestKind,
    /// Permissions that are asked for.
    pub scopes: Vec<ScopeView>,
    /// Authorization details (RFC 9396), all of them, in document order.
    pub details: Vec<DetailView>,
    /// Resources (RFC 8707) that the permissions are for.
    pub resources: Vec<String>,
    /// What the issuer saw itself.
    pub observed: ObservedContextView,
    /// What the client says about the other screen.
    pub claimed: ClaimedContextView,
    /// Who acts for the person, from the person outward; empty when nobody stands between.
    pub actors: Vec<ActorView>,
    /// What the client will learn about the person, by the names of claims.
    pub claims: Vec<String>,
    /// Whole seconds that one access lasts.
    pub access_seconds: u32,
    /// Until when access can be renewed without asking again; absent: it cannot.
    pub renewable_until: Option<UnixSeconds>,
    /// The device that a question about devices is about; there if and only if `kind` is such a question.
    pub device: Option<SubjectDeviceView>,
    /// The client's own words, unverified. Absent when they serve as the code.
    pub binding_message: Option<String>,
    /// What deserves a second look, in the order to be shown.
    pub cautions: Vec<Caution>,
}

/// The kinds of question that this version shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Adding another device to the account.
    DeviceAdd,
    /// Counting another device's answers for as much as this one's.
    DeviceGrade,
    /// Replacing this device's approval key.
    DeviceKey,
    /// Removing another device from the account.
    DeviceRemove,
    /// Permissions beyond knowing who the person is.
    Grant,
    /// Signing in.
    SignIn,
    /// A test sent on purpose; approving has no effect.
    Test,
}

/// The client that asks, as its registration says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ClientView {
    /// Registered name.
    pub name: String,
    /// Whose word the name is.
    pub registered_by: RegisteredBy,
    /// When it was registered.
    pub since: UnixSeconds,
    /// Host in ASCII, only if the client proved that it controls it.
    pub host: Option<String>,
}

/// Who registered a client, and so whose word its name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RegisteredBy {
    /// The operator of the issuer.
    Operator,
    /// The client itself: the name is its own words.
    #[serde(rename = "self")]
    #[ts(rename = "self")]
    Itself,
}

/// One link of the chain between the person and who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ActorView {
    /// Its name.
    pub name: String,
    /// Whose word the name is.
    pub vouched_by: String,
}

/// The device that a question about devices is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SubjectDeviceView {
    /// Its name as the issuer tells it; absent for one that is yet to come.
    pub name: Option<String>,
    /// Operating system and app in its own words.
    pub platform: Option<String>,
    /// When it was paired.
    pub paired_at: Option<UnixSeconds>,
    /// Whether this device is removed when the other one is confirmed.
    pub moving: bool,
    /// Whether it is said to be lost.
    pub lost: bool,
    /// Thumbprint of the key that is replaced.
    pub old_key: Option<String>,
    /// Thumbprint of the key that replaces it.
    pub new_key: Option<String>,
}

/// One permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ScopeView {
    /// The scope value.
    pub name: String,
    /// Plain words for it, from the issuer.
    pub description: Option<String>,
}

/// One authorization detail, reduced to its leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DetailView {
    /// Its `type`, verbatim.
    pub kind: String,
    /// The issuer's plain words for the type. Decorates, never replaces.
    pub label: Option<String>,
    /// Every leaf in document order, `type` left out.
    pub leaves: Vec<LeafView>,
}

/// One leaf of an authorization detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LeafView {
    /// JSON pointer from the detail's root (RFC 6901).
    pub path: String,
    /// The issuer's plain words for the member. Decorates, never replaces.
    pub label: Option<String>,
    /// The value as text, complete. `null`, booleans and empty containers as their JSON words.
    pub value: String,
}

/// What the issuer saw itself and vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ObservedContextView {
    /// When the client asked.
    pub time: UnixSeconds,
    /// Whether this client never asked this account before.
    pub first_request: bool,
}

/// What the client says about the screen in front of the person. Nobody checked it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ClaimedContextView {
    /// Place in words.
    pub place: Option<String>,
    /// Device or browser in words.
    pub device: Option<String>,
    /// Network address.
    pub address: Option<String>,
}

/// Something about a request that deserves a second look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Caution {
    /// This client never asked this account before.
    FirstRequest,
    /// A name or message mixes letters of alphabets that look alike.
    MixedScripts,
    /// The client registered itself, so its name is its own words.
    SelfRegistered,
    /// This version has no special view for an authorization detail and lists its members.
    UnknownDetailType,
}

/// Whether a code from the other screen is asked for. The expected value is known to the server alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TransferView {
    /// A code is asked for.
    Code {
        /// Characters that can occur, each once, upper case.
        alphabet: String,
        /// Exact number of characters.
        length: u32,
    },
    /// No code.
    None,
}

/// Why a request can only be denied here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DenyOnlyReason {
    /// The approval key cannot be used (see the account's health).
    ApprovalKeyUnavailable,
    /// More assurance is required than this device's key gives.
    AssuranceTooLow,
    /// It asks in a way that this version does not know.
    NotSupported,
    /// The client registered itself, and the person chose that such requests can only be denied.
    UnknownClient,
    /// Text would have to be altered to be shown safely.
    TextNotShowable,
    /// More details than can be shown safely.
    TooLong,
}

/// Where a request stands. All but the first three are final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RequestStateView {
    /// Waits for the person.
    Pending {
        /// An earlier answer was lost with the app that gave it, and the server knows nothing of it.
        again: bool,
    },
    /// An answer was signed and is on its way; nothing has happened yet.
    Sending {
        /// The answer.
        decision: Decision,
    },
    /// The app ended before an answer was confirmed: the server is being asked, and nothing is sent by itself.
    NeedsCheck,
    /// Approved here, and the server confirmed it.
    Approved {
        /// When the server committed it.
        at: UnixSeconds,
        /// Whether the client has collected it; absent: not known. `request_check` asks.
        collected: Option<bool>,
    },
    /// Denied here, and the server confirmed it.
    Denied {
        /// The reason given.
        reason: DenialReason,
        /// When the server committed it.
        at: UnixSeconds,
    },
    /// Approved first, here or on another device of the account, and then reported from here as not the person's own:
    /// the issuer took back what was granted.
    Reported {
        /// When the server committed the report.
        at: UnixSeconds,
    },
    /// Time ran out. Nothing was approved.
    Expired,
    /// Answered on another device of the account.
    Handled {
        /// The issuer's name for that device.
        device_name: String,
        /// The answer.
        decision: Decision,
        /// When the server committed it.
        at: UnixSeconds,
    },
    /// The account moved to a new device.
    Moved,
    /// The code was wrong for the last time. Nothing was approved.
    TransferFailed,
    /// Taken back by the client or the issuer. Nothing was approved.
    Withdrawn,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Yes, after verification of the person.
    Approve,
    /// No.
    Deny,
}

/// Why the person says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DenialReason {
    /// The person started it and does not want it any more.
    ChangedMind,
    /// The person did not start it. Mutes the client.
    NotMe,
    /// The person started something else than what is shown.
    WrongDetails,
}

/// A message for an account that failed verification. Its content is not known and must not be guessed at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BlockedRequestView {
    /// Handed back in commands.
    pub id: RequestId,
    /// The account it arrived for.
    pub account: AccountId,
    /// The account's name.
    pub account_name: String,
    /// The issuer that the account is paired with, which need not be who sent it.
    pub issuer: PartyView,
    /// When it arrived.
    pub at: UnixSeconds,
    /// What did not verify.
    pub reason: BlockReason,
}

/// What did not verify about a blocked message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum BlockReason {
    /// Signature absent, broken, or by a key that does not chain to the pinned root.
    BadSignature,
    /// Signed, but for another device, account or issuer.
    NotForThisDevice,
    /// Signed, but over already or dated in the future.
    OutOfTime,
    /// Signed, but not in the form that this version accepts.
    Malformed,
    /// Seen before with other content.
    Replayed,
}
