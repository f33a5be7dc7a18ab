//! What reads return beyond the domain's own values.

use tegata_protocol::{
    AccountId, ClientId, ConsentRequestId, DeviceId, Sha256Digest, UnixTime,
    device::management::{AddingState, Notice},
};

use crate::domain::{
    BackchannelAuthentication, CloseReason, Decision, FlowSeq, IssuingSessionId, Pairing,
    Registration, RequestFacts, TokenDetails, debug_without_content,
};

/// A request as one device knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConsentRequest {
    /// The request and its state.
    pub flow: BackchannelAuthentication,
    /// The prompt for this device, a JWS, byte-identical in every delivery.
    pub prompt: String,
    /// The prompt's nonce.
    pub nonce: [u8; 32],
    /// When the device reported that it was shown.
    pub seen: Option<UnixTime>,
    /// Why it is closed at the time of the read, `None` while it is open. Expiry is not considered: ask `flow`.
    pub closed: Option<CloseReason>,
    /// Whether the client has collected what this device approved; `None` of everything else.
    pub collected: Option<bool>,
}

debug_without_content!(ConsentRequest { flow, seen, closed });

/// A client that is to be told of a result.
#[derive(Clone, PartialEq, Eq)]
pub struct DueJob {
    /// Of which request.
    pub seq: FlowSeq,
    /// How often it has been tried.
    pub attempts: u32,
    /// When to give up.
    pub until: UnixTime,
    /// Whom.
    pub client: ClientId,
    /// Where.
    pub endpoint: String,
    /// With what, sealed.
    pub sealed: Vec<u8>,
    /// The whole result is pushed; otherwise the client is told to ask for it.
    pub is_push: bool,
    /// The token response that was issued to be pushed, sealed.
    pub response: Option<Vec<u8>>,
}

debug_without_content!(DueJob {
    seq,
    attempts,
    until,
    client,
    is_push
});

/// A pairing whose device has sent its keys, whatever became of it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmittedPairing {
    /// The pairing.
    pub pairing: Pairing,
    /// The device it becomes or became.
    pub device: DeviceId,
    /// What it registered.
    pub registration: Registration,
    /// Wrong digits so far, 0 to 3.
    pub tries: u8,
}

/// The whole of what a device is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingSet {
    /// Open prompts, oldest first.
    pub prompts: Vec<PendingPrompt>,
    /// Requests of this device that closed within the last ten minutes, oldest first.
    pub closed: Vec<Closure>,
    /// What happened to the account's devices in the last week, oldest first.
    pub notices: Vec<Notice>,
}

/// One open prompt.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingPrompt {
    /// Which request.
    pub request: ConsentRequestId,
    /// The prompt, a JWS.
    pub prompt: String,
    /// Its end; devices are sent the whole seconds left, floored.
    pub expires: UnixTime,
}

debug_without_content!(PendingPrompt { request, expires });

/// One request that is no longer open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// Which request.
    pub request: ConsentRequestId,
    /// Why.
    pub reason: CloseReason,
    /// Whether the client has collected what this device approved; `None` of everything else.
    pub collected: Option<bool>,
}

/// What an account has granted, as long as its tokens are good.
#[derive(Clone, PartialEq, Eq)]
pub struct GrantRecord {
    /// What was asked and granted.
    pub facts: RequestFacts,
    /// When it was approved.
    pub granted_at: UnixTime,
    /// When the last of its tokens ends.
    pub expires: UnixTime,
    /// Whether that is a refresh token.
    pub is_renewable: bool,
}

debug_without_content!(GrantRecord {
    facts,
    granted_at,
    expires,
    is_renewable
});

/// How the pairing of an approved addition stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adding {
    /// The session that confirms it.
    pub session: IssuingSessionId,
    /// How it stands, as the device is told.
    pub state: AddingState,
}

/// One decision in an account's history.
#[derive(Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Which request.
    pub request: ConsentRequestId,
    /// Who asked.
    pub client: ClientId,
    /// Who decided.
    pub device: DeviceId,
    /// Which way.
    pub decision: Decision,
    /// When.
    pub at: UnixTime,
    /// The receipt, a JWS.
    pub receipt: String,
}

debug_without_content!(HistoryEntry {
    request,
    client,
    device,
    decision,
    at
});

/// One row of the append-only evidence.
#[derive(Clone, PartialEq, Eq)]
pub struct EvidenceRecord {
    /// Whether it decided the request or only reported about it afterwards.
    pub kind: EvidenceKind,
    /// The device that signed.
    pub device: DeviceId,
    /// The prompt that was shown, a JWS.
    pub prompt: String,
    /// The decision's detail, JSON as canonicalized for the challenge.
    pub detail: String,
    /// The assertion as received, JSON.
    pub assertion: String,
    /// The receipt, a JWS; that of a report says so.
    pub receipt: String,
    /// When it was committed.
    pub at: UnixTime,
    /// The chain's value at this row.
    pub chain: Sha256Digest,
}

debug_without_content!(EvidenceRecord {
    kind,
    device,
    at,
    chain
});

/// What a row of evidence did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceKind {
    /// It decided the request.
    Decision,
    /// It says that an earlier approval was not the person's.
    Report,
}

/// Which part of a list to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Rows before it.
    pub offset: u32,
    /// Rows in it at most.
    pub limit: u32,
}

/// How many there are of what an operator looks after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// People.
    pub accounts: u32,
    /// Those of them that were made for tests.
    pub test_accounts: u32,
    /// Devices that are not revoked.
    pub devices: u32,
    /// Clients.
    pub clients: u32,
    /// Requests that can still be decided.
    pub pending: u32,
}

/// A request with what is known about its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRecord {
    /// The request and its state.
    pub flow: BackchannelAuthentication,
    /// Who was asked; `None` if that person is gone.
    pub login_name: Option<String>,
    /// Devices that have a prompt of it. 0: nobody was disturbed, or it is long over.
    pub asked: u32,
    /// When a device first said that it was shown.
    pub seen: Option<UnixTime>,
    /// The device that decided, with the name that it had.
    pub decided_by: Option<(DeviceId, String)>,
    /// Attempts so far of a callback that is still to be made; `None` if none is.
    pub callback_attempts: Option<u32>,
}

/// What a valid token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// To whom it was issued.
    pub client: ClientId,
    /// Whose data it opens.
    pub account: AccountId,
    /// The approval behind it.
    pub flow: BackchannelAuthentication,
    /// In what it differs from that.
    pub details: TokenDetails,
    /// First second in which it no longer works.
    pub expires: UnixTime,
}
