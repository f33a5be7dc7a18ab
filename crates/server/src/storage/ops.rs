//! Every write, as data: parameters and outcome side by side.
//!
//! Times are passed in; the store has no clock. `StoreHandle::apply` takes any of the parameter types and returns its
//! own outcome type.

use tegata_protocol::{
    AccountId, AuthReqId, ClientId, ConsentRequestId, DeviceId, PairingId, Secret, Sha256Digest,
    Thumbprint, UnixTime,
};

use super::StoreError;
use crate::domain::{
    Account, Admission, Approval, BackchannelAuthentication, Client, CloseReason, DenialReason,
    FlowSeq, Grade, IssuingSessionId, RedemptionError, Registration, RequestFacts,
};

/// An operation that can be sent to the store, with the type of what comes back.
pub trait Operation: Send + 'static {
    /// What the store answers.
    type Outcome: Send + 'static;

    /// Wraps it for a batch.
    fn into_op(self) -> Op;

    /// Unwraps the outcome of the same operation; `None` for any other, which a store never returns.
    fn from_outcome(outcome: Outcome) -> Option<Self::Outcome>;
}

macro_rules! operations {
    ($($name:ident => $outcome:ty),* $(,)?) => {
        /// One write.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Op {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name(Box<$name>),)*
        }

        /// What came of one write.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Outcome {
            $(#[doc = concat!("Of [`", stringify!($name), "`].")] $name(Box<$outcome>),)*
        }

        $(
            impl Operation for $name {
                type Outcome = $outcome;

                fn into_op(self) -> Op {
                    Op::$name(Box::new(self))
                }

                fn from_outcome(outcome: Outcome) -> Option<Self::Outcome> {
                    match outcome {
                        Outcome::$name(inner) => Some(*inner),
                        _ => None,
                    }
                }
            }
        )*
    };
}

operations! {
    CreateAccount => CreateAccountOutcome,
    DeleteAccount => bool,
    CreateClient => CreateClientOutcome,
    DeleteClient => bool,
    UseAssertion => UseAssertionOutcome,
    CreateIssuingSession => CreateIssuingSessionOutcome,
    OpenPairingPage => OpenPairingPageOutcome,
    CreateInvitation => CreateInvitationOutcome,
    RedeemInvitation => RedeemInvitationOutcome,
    SubmitRegistration => SubmitRegistrationOutcome,
    ConfirmPairing => ConfirmPairingOutcome,
    Countersign => bool,
    RevokeDevice => RevokeDeviceOutcome,
    TouchDevice => bool,
    CountPossession => CountPossessionOutcome,
    CreateBackchannelAuthentication => CreateOutcome,
    MarkSeen => bool,
    Withdraw => WithdrawOutcome,
    Decide => DecideOutcome,
    Redeem => RedeemOutcome,
    SetValue => (),
    Sweep => SweepOutcome,
}

/// Makes an account.
#[derive(Debug, Clone)]
pub struct CreateAccount(
    /// The account; id, `sub` and login name must all be new.
    pub Account,
);

/// Of [`CreateAccount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateAccountOutcome {
    /// Done.
    Created,
    /// The login name, id or `sub` is taken.
    Taken,
}

/// Deletes an account with its devices, pairings and open requests; evidence stays. `false`: there was none.
#[derive(Debug, Clone)]
pub struct DeleteAccount {
    /// Which.
    pub account: AccountId,
    /// Its open requests end as withdrawn at this time.
    pub now: UnixTime,
}

/// Registers a client.
#[derive(Debug, Clone)]
pub struct CreateClient(
    /// The client; its id must be new.
    pub Client,
);

/// Of [`CreateClient`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateClientOutcome {
    /// Done.
    Created,
    /// The id is taken.
    Taken,
}

/// Deletes a client; its open requests end as withdrawn. `false`: there was none.
#[derive(Debug, Clone)]
pub struct DeleteClient {
    /// Which.
    pub client: ClientId,
    /// Its open requests end as withdrawn at this time.
    pub now: UnixTime,
}

/// Uses up the `jti` of a client assertion (RFC 7523 section 3, point 7).
#[derive(Debug, Clone)]
pub struct UseAssertion {
    /// Whose assertion.
    pub client: ClientId,
    /// Its `jti`.
    pub jti: String,
    /// Its `exp`; remembered until then, so the caller must refuse assertions that live too long.
    pub expires: UnixTime,
}

/// Of [`UseAssertion`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UseAssertionOutcome {
    /// First use.
    Fresh,
    /// Seen before.
    Replayed,
}

/// Starts a session that may issue one invitation and confirm its pairing.
#[derive(Debug, Clone)]
pub struct CreateIssuingSession {
    /// Its name.
    pub id: IssuingSessionId,
    /// For whom.
    pub account: AccountId,
    /// What kind of session it is.
    pub grade: Grade,
    /// SHA-256 of the session's secret.
    pub secret_hash: Sha256Digest,
    /// SHA-256 of the secret in the address of a one-time pairing page, if there is one.
    pub page_secret_hash: Option<Sha256Digest>,
    /// Its end.
    pub expires: UnixTime,
}

/// Of [`CreateIssuingSession`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateIssuingSessionOutcome {
    /// Done.
    Created,
    /// No such account.
    NoAccount,
}

/// Opens a one-time pairing page: consumes the secret in its address and gives the session a new secret, which the page
/// keeps. The second call with the same address finds it used.
#[derive(Debug, Clone)]
pub struct OpenPairingPage {
    /// The session that the address names.
    pub session: IssuingSessionId,
    /// SHA-256 of the secret in the address.
    pub page_secret_hash: Sha256Digest,
    /// SHA-256 of the secret that the page will use from here on.
    pub new_secret_hash: Sha256Digest,
    /// Now.
    pub now: UnixTime,
}

/// Of [`OpenPairingPage`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenPairingPageOutcome {
    /// The page may issue the invitation and confirm.
    Opened {
        /// For whom.
        account: AccountId,
    },
    /// The address was right once.
    Used,
    /// The session is over.
    Expired,
    /// No such session, or not this secret.
    Unknown,
}

/// Issues the session's invitation; a session issues one.
#[derive(Debug, Clone)]
pub struct CreateInvitation {
    /// Keyed hash of the code.
    pub code_mac: Sha256Digest,
    /// The issuing session; the caller has checked its secret.
    pub session: IssuingSessionId,
    /// End of the invitation.
    pub expires: UnixTime,
    /// Now.
    pub now: UnixTime,
}

/// Of [`CreateInvitation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateInvitationOutcome {
    /// Done.
    Created,
    /// No such session, or it is over.
    NoSession,
    /// The session has issued its invitation, or the code exists.
    Taken,
}

/// Consumes an invitation and starts the pairing (section 2, step 2). Read the invitation first to build the offer.
#[derive(Debug, Clone)]
pub struct RedeemInvitation {
    /// Keyed hash of the posted code.
    pub code_mac: Sha256Digest,
    /// `jti` of the offer.
    pub pairing: PairingId,
    /// The offer, a JWS.
    pub offer: String,
    /// SHA-256 of the offer's ASCII.
    pub offer_hash: Sha256Digest,
    /// What the offer commits to.
    pub server_nonce: [u8; 32],
    /// End of the pairing.
    pub expires: UnixTime,
    /// Now.
    pub now: UnixTime,
}

/// Of [`RedeemInvitation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedeemInvitationOutcome {
    /// The pairing is stored and the code consumed.
    Redeemed,
    /// No invitation has this code.
    Unknown,
    /// Somebody redeemed it before.
    Used,
    /// Its time is over.
    Expired,
}

/// Stores what the device registered (step 3). Offered → submitted.
#[derive(Debug, Clone)]
pub struct SubmitRegistration {
    /// Which pairing.
    pub pairing: PairingId,
    /// The id of the device it will become.
    pub device: DeviceId,
    /// What it registered; verified.
    pub registration: Registration,
    /// The reveal, a JWS.
    pub reveal: String,
    /// The six digits that the device will show and the issuing session must type.
    pub confirmation_code: Secret<String>,
    /// The pairing receipt, a JWS, released only by the confirmation.
    pub pairing_receipt: String,
    /// Now.
    pub now: UnixTime,
}

/// Of [`SubmitRegistration`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmitRegistrationOutcome {
    /// Stored.
    Submitted,
    /// The pairing already has registrations or is over; nothing changed.
    NotOffered,
    /// One of the keys belongs to a pairing or device already.
    KeyInUse,
    /// Its time is over.
    Expired,
    /// No such pairing.
    Unknown,
}

/// Confirms a pairing with the digits typed into its issuing session (step 4). The caller has checked the session's
/// secret.
#[derive(Debug, Clone)]
pub struct ConfirmPairing {
    /// The issuing session.
    pub session: IssuingSessionId,
    /// What was typed, digits only.
    pub code: Secret<String>,
    /// Now.
    pub now: UnixTime,
}

/// Of [`ConfirmPairing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmPairingOutcome {
    /// The device is active and its receipt stored, in this commit.
    Confirmed {
        /// The new device.
        device: DeviceId,
        /// Its name, for people.
        device_name: String,
        /// The account's other active devices, which are to be told at once.
        others: Vec<DeviceId>,
    },
    /// Wrong digits; counted.
    WrongCode {
        /// Tries left, 2 or 1.
        tries_left: u8,
    },
    /// The third wrong code, or an earlier one, ended the pairing.
    Failed,
    /// No device has sent its keys yet; nothing was counted.
    NotReady,
    /// Its time is over.
    Expired,
    /// No such session or pairing.
    Unknown,
}

/// Stores the device's countersignature of its pairing receipt (step 5); the caller has verified it. `false`: no such
/// device, or it has one.
#[derive(Debug, Clone)]
pub struct Countersign {
    /// The device.
    pub device: DeviceId,
    /// The countersignature, a JWS.
    pub jws: String,
}

/// Revokes a device for good.
#[derive(Debug, Clone)]
pub struct RevokeDevice {
    /// Which.
    pub device: DeviceId,
    /// Now.
    pub now: UnixTime,
}

/// Of [`RevokeDevice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeDeviceOutcome {
    /// Done.
    Revoked,
    /// It was revoked before.
    AlreadyRevoked,
    /// No such device.
    Unknown,
}

/// Notes that a device was there. Lazy: stored at most once a minute. `false`: nothing was stored.
#[derive(Debug, Clone)]
pub struct TouchDevice {
    /// Which.
    pub device: DeviceId,
    /// Now.
    pub now: UnixTime,
}

/// Stores a signature counter of the possession key outside a decision.
#[derive(Debug, Clone)]
pub struct CountPossession {
    /// Which device.
    pub device: DeviceId,
    /// The counter in its signature.
    pub counter: u32,
}

/// Of [`CountPossession`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountPossessionOutcome {
    /// It grew and is stored.
    Counted,
    /// It did not grow: the device is marked suspect.
    Regressed,
    /// No such active device.
    Unknown,
}

/// Accepts a backchannel authentication. Caps and budgets are evaluated inside; over budget it is stored without
/// prompts, which the client must not be able to tell.
#[derive(Debug, Clone)]
pub struct CreateBackchannelAuthentication {
    /// Its row, from [`super::StoreHandle::make_flow_ids`].
    pub seq: FlowSeq,
    /// SHA-256 of the tag in its `auth_req_id`.
    pub tag_hash: Sha256Digest,
    /// What is asked.
    pub facts: RequestFacts,
    /// One signed prompt per active device of the account; those for devices revoked meanwhile are dropped.
    pub prompts: Vec<NewPrompt>,
}

/// A prompt for one device.
#[derive(Debug, Clone)]
pub struct NewPrompt {
    /// For whom.
    pub device: DeviceId,
    /// The prompt, a JWS.
    pub jws: String,
    /// Its nonce.
    pub nonce: [u8; 32],
}

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
#[derive(Debug, Clone)]
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
    /// Now.
    pub now: UnixTime,
}

/// Which way a decision went.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Of [`Decide`], in the order in which the checks are made (device protocol, section 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecideOutcome {
    /// No such request, or this device was never sent it.
    Unknown,
    /// The device is revoked.
    DeviceRevoked,
    /// The very same decision was stored before.
    AlreadyRecorded {
        /// The receipt of then.
        receipt: String,
    },
    /// This device decided otherwise before.
    Conflict {
        /// How the request was closed.
        reason: CloseReason,
        /// The device now says "not me": stored as a report, and what was granted is revoked.
        reported: bool,
        /// Whose doorbell to ring.
        devices: Vec<DeviceId>,
    },
    /// The request is closed.
    Closed {
        /// How.
        reason: CloseReason,
        /// The device says "not me" about an approval: stored as a report, and what was granted is revoked.
        reported: bool,
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
    },
}

/// Collects the result of an approved request: approved → redeemed, once.
#[derive(Debug, Clone)]
pub struct Redeem {
    /// What the client presented.
    pub auth_req_id: AuthReqId,
    /// The authenticated client.
    pub client: ClientId,
    /// Hash of the access token to store, from [`super::StoreHandle::make_access_token`].
    pub access_token_hash: Sha256Digest,
    /// End of the access token.
    pub access_token_expires: UnixTime,
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
}

/// Keeps a value under a name.
#[derive(Debug, Clone)]
pub struct SetValue {
    /// Its name.
    pub name: String,
    /// The value; replaces an earlier one.
    pub value: Vec<u8>,
}

/// Drops what nobody may ask for any more: undecided requests past their retention, used `jti`s, invitations, issuing
/// sessions, unfinished pairings and access tokens past their end. Bounded work per call.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// Now.
    pub now: UnixTime,
}

/// Of [`Sweep`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepOutcome {
    /// Rows dropped.
    pub dropped: usize,
}

/// The answer to one operation of a batch.
pub type Answer = Result<Outcome, StoreError>;
