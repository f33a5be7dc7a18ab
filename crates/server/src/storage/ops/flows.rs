//! Backchannel authentications: accepted, shown, decided, collected.

use std::fmt;
use tegata_protocol::{
    AuthReqId, ClientId, ConsentRequestId, DeviceId, Sha256Digest, Thumbprint, UnixTime,
};

use super::NewNotification;
use crate::domain::{
    Admission, Approval, BackchannelAuthentication, ClientAssertion, CloseReason, DenialReason,
    FlowSeq, NewToken, OneTimeName, RedemptionError, Registration, RequestFacts, Sender,
    debug_without_content,
};

/// Accepts a backchannel authentication. Caps and budgets are evaluated inside; over budget it is stored without
/// prompts, which the client must not be able to tell.
#[derive(Debug, Clone)]
pub struct CreateBackchannelAuthentication {
    /// Its row, from [`crate::storage::StoreHandle::make_flow_ids`].
    pub seq: FlowSeq,
    /// SHA-256 of the tag in its `auth_req_id`.
    pub tag_hash: Sha256Digest,
    /// What is asked.
    pub facts: RequestFacts,
    /// One signed prompt per active device of the account; those for devices revoked meanwhile are dropped.
    pub prompts: Vec<NewPrompt>,
    /// What the client authenticated with, if that is good for one request only: used up with the request.
    pub assertion: Option<ClientAssertion>,
    /// Names of what came with the request and is good once: used up with it.
    pub names: Vec<OneTimeName>,
    /// How the client is told of the result; `None` for poll clients.
    pub notification: Option<NewNotification>,
}

/// A prompt for one device.
#[derive(Clone)]
pub struct NewPrompt {
    /// For whom.
    pub device: DeviceId,
    /// The prompt, a JWS.
    pub jws: String,
    /// Its nonce.
    pub nonce: [u8; 32],
}

debug_without_content!(NewPrompt { device });

/// Of [`CreateBackchannelAuthentication`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// Stored.
    Created {
        /// Whether anybody is asked.
        admission: Admission,
        /// Whose doorbell to ring; empty if silent.
        devices: Vec<DeviceId>,
    },
    /// The transfer code is that of another pending request of the account, or was its binding message within the
    /// hour: mint another, or refuse the binding message. Nothing was stored.
    TransferCodeTaken,
    /// The account or the client is gone. Nothing was stored.
    Gone,
    /// The client's assertion was used before. Nothing was stored.
    AssertionReplayed,
    /// One of the names was used before. Nothing was stored.
    NameUsed,
}

/// Puts a pending request to the simulated device of its account, which is made if it is not there. `false`: the request is
/// not pending, or client and account were not both made for tests; nothing was stored.
#[derive(Debug, Clone)]
pub struct AskSimulatedDevice {
    /// Which request.
    pub request: ConsentRequestId,
    /// What the device is registered with, if it is not there yet.
    pub registration: Registration,
    /// The prompt for it, unless it has one.
    pub prompt: NewPrompt,
    /// Now.
    pub now: UnixTime,
}

/// Notes that a device has shown a prompt. `false`: it was noted before, or that device has no such prompt.
#[derive(Debug, Clone)]
pub struct MarkSeen {
    /// Which request.
    pub request: ConsentRequestId,
    /// Which device.
    pub device: DeviceId,
    /// Now.
    pub now: UnixTime,
}

/// Takes a pending request back.
#[derive(Debug, Clone)]
pub struct Withdraw {
    /// Which.
    pub request: ConsentRequestId,
    /// Now.
    pub now: UnixTime,
}

/// Of [`Withdraw`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WithdrawOutcome {
    /// Done.
    Withdrawn {
        /// Whose doorbell to ring.
        devices: Vec<DeviceId>,
    },
    /// It is no longer pending.
    NotPending,
    /// No such request.
    Unknown,
}

/// A decision whose proof, detail, assertion and assurance the gateway has verified.
#[derive(Clone)]
pub struct Decide {
    /// Which request.
    pub request: ConsentRequestId,
    /// Which device.
    pub device: DeviceId,
    /// The credential that signed.
    pub credential: Thumbprint,
    /// The signature counter in the assertion.
    pub counter: u32,
    /// `SHA-256(JCS(detail))`: two decisions are the same if these are equal.
    pub challenge: Sha256Digest,
    /// Which way.
    pub verdict: Verdict,
    /// The decision's detail, JSON as canonicalized for the challenge.
    pub detail: String,
    /// The assertion as received, JSON.
    pub assertion: String,
    /// The consent receipt, a JWS that names `now` as commit time; released only if this decision is the one stored.
    pub receipt: String,
    /// The receipt that says that it is a report, for a "not me": only the commit knows whether an approval came first.
    /// `None` for every other decision, which is never a report.
    pub report_receipt: Option<String>,
    /// The pairing receipt that names the new approval key, for an approval of [`crate::domain::Subject::ReplaceKey`].
    pub pairing_receipt: Option<String>,
    /// Now.
    pub now: UnixTime,
}

debug_without_content!(Decide {
    request,
    device,
    credential,
    counter,
    verdict,
    now
});

/// Which way a decision went.
#[derive(Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Approve {
        /// Keyed hash of the transfer code typed, canonical; `None` if the prompt asked for none.
        transfer: Option<Sha256Digest>,
        /// `acr` reached.
        acr: String,
        /// `amr` reached.
        amr: Vec<String>,
    },
    /// No.
    Deny {
        /// Why.
        reason: DenialReason,
    },
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approve { acr, .. } => write!(f, "Approve({acr})"),
            Self::Deny { reason } => write!(f, "Deny({reason:?})"),
        }
    }
}

/// Of [`Decide`], in the order in which the checks are made (device protocol, section 8.3).
#[derive(Clone, PartialEq, Eq)]
pub enum DecideOutcome {
    /// No such request, or this device was never sent it.
    Unknown,
    /// The device is revoked.
    DeviceRevoked,
    /// The credential that signed is none of the device's, any more: its approval key was replaced.
    ForeignKey,
    /// The very same decision, or the very same report, was stored before.
    AlreadyRecorded {
        /// The receipt of then.
        receipt: String,
    },
    /// This device decided otherwise before.
    Conflict {
        /// How the request was closed.
        reason: CloseReason,
        /// The device now says "not me": stored as a report, and what was granted is revoked. The receipt of that.
        reported: Option<String>,
        /// Whose doorbell to ring.
        devices: Vec<DeviceId>,
    },
    /// The request is closed.
    Closed {
        /// How.
        reason: CloseReason,
        /// The device says "not me" about an approval: stored as a report, and what was granted is revoked. The receipt
        /// of that.
        reported: Option<String>,
        /// Whose doorbell to ring.
        devices: Vec<DeviceId>,
    },
    /// The counter did not grow: the device is now suspect, the request still pending.
    CounterRegressed,
    /// Wrong transfer code; counted.
    TransferMismatch {
        /// Tries left for this request, 2 or 1.
        tries_left: u8,
    },
    /// The third wrong transfer code ended the request.
    TransferFailed {
        /// Whose doorbell to ring.
        devices: Vec<DeviceId>,
    },
    /// This decision is the one.
    Recorded {
        /// The receipt, as passed in.
        receipt: String,
        /// Whose doorbell to ring: all other devices that were sent the prompt.
        devices: Vec<DeviceId>,
        /// Of a question of the server's own: what its decision did in the same commit.
        carried_out: Option<CarriedOut>,
    },
}

/// What the decision of a question of the server's own did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CarriedOut {
    /// This device is revoked: close its socket.
    pub revoked: Option<DeviceId>,
    /// A device has another approval key, or may do more.
    pub changed: bool,
    /// Whose doorbell to ring.
    pub told: Vec<DeviceId>,
}

/// Without receipts: they hold what was typed.
impl fmt::Debug for DecideOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = |f: &mut fmt::Formatter<'_>, name, reason, reported: bool, devices| {
            f.debug_struct(name)
                .field("reason", reason)
                .field("reported", &reported)
                .field("devices", devices)
                .finish()
        };
        match self {
            Self::Unknown => f.write_str("Unknown"),
            Self::DeviceRevoked => f.write_str("DeviceRevoked"),
            Self::ForeignKey => f.write_str("ForeignKey"),
            Self::AlreadyRecorded { .. } => f.write_str("AlreadyRecorded"),
            Self::Conflict {
                reason,
                reported,
                devices,
            } => closed(f, "Conflict", reason, reported.is_some(), devices),
            Self::Closed {
                reason,
                reported,
                devices,
            } => closed(f, "Closed", reason, reported.is_some(), devices),
            Self::CounterRegressed => f.write_str("CounterRegressed"),
            Self::TransferMismatch { tries_left } => write!(f, "TransferMismatch({tries_left})"),
            Self::TransferFailed { devices } => write!(f, "TransferFailed({devices:?})"),
            Self::Recorded { devices, .. } => write!(f, "Recorded({devices:?})"),
        }
    }
}

/// Collects the result of an approved request: approved → redeemed, once.
#[derive(Debug, Clone)]
pub struct Redeem {
    /// What the client presented.
    pub auth_req_id: AuthReqId,
    /// The authenticated client.
    pub client: ClientId,
    /// What it has proved to hold.
    pub sender: Sender,
    /// The access token to store.
    pub access_token: NewToken,
    /// The refresh token to store, if one goes with it.
    pub refresh_token: Option<NewToken>,
    /// The server collects for a push client. Then a request that has been redeemed is redeemed again, and its tokens take
    /// the place of those issued before: nobody has seen those, if the server stopped before it could deliver them. Not
    /// if they were ended meanwhile.
    pub push: bool,
    /// What the client authenticated with, if that is good for one request only: used up with the result.
    pub assertion: Option<ClientAssertion>,
    /// Now.
    pub now: UnixTime,
}

/// Of [`Redeem`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedeemOutcome {
    /// Issue the tokens; nobody else will be told this again.
    Redeemed {
        /// The request as approved.
        flow: Box<BackchannelAuthentication>,
        /// The approval in it.
        approval: Approval,
    },
    /// Nothing to issue.
    Refused(RedemptionError),
    /// The client's assertion was used before. Nothing was stored.
    AssertionReplayed,
}
