//! Issuing sessions, invitations, pairings and devices (device protocol, section 4).

use tegata_protocol::{AccountId, DeviceId, PairingId, Secret, Sha256Digest, Thumbprint, UnixTime};

use crate::domain::{FlowSeq, Grade, IssuingSessionId, Registration, debug_without_content};

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

/// Replaces the code of a session's open invitation by a new one that only the device with one possession key can pair with
/// (device protocol, section 4.1). The code that it had is good for nothing from then on.
#[derive(Debug, Clone)]
pub struct BindInvitation {
    /// The issuing session.
    pub session: IssuingSessionId,
    /// SHA-256 of its secret, by the word of who wants this.
    pub secret_hash: Sha256Digest,
    /// The possession key of the device to come.
    pub key: Thumbprint,
    /// Keyed hash of the new code.
    pub code_mac: Sha256Digest,
    /// Now.
    pub now: UnixTime,
}

/// Of [`BindInvitation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindInvitationOutcome {
    /// Done.
    Bound,
    /// A device has used the invitation.
    Used,
    /// Its time is over.
    Expired,
    /// No such session, not its secret, or it has issued no invitation.
    Unknown,
}

/// Consumes an invitation and starts the pairing (device protocol, section 4.2). Read the invitation first to build the offer.
#[derive(Clone)]
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

debug_without_content!(RedeemInvitation {
    pairing,
    expires,
    now
});

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
    /// One of the keys belongs, or belonged, to a pairing or device already.
    KeyInUse,
    /// The invitation was bound to another possession key: the pairing is over.
    ForeignKey,
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
        /// The device that was moved from: close its socket.
        moved: Option<Moved>,
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

/// What a move left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Revoked in the same commit.
    pub from: DeviceId,
    /// Requests that were pending at it, closed in the same commit.
    pub closed: Vec<FlowSeq>,
}

/// Stores the device's countersignature of its pairing receipt (step 5); the caller has verified it. `false`: no such
/// device, or it has one.
#[derive(Debug, Clone)]
pub struct Countersign {
    /// The device.
    pub device: DeviceId,
    /// The pairing receipt that it is about. If the device has another one by now, nothing is stored.
    pub receipt: String,
    /// The countersignature, a JWS.
    pub jws: String,
}

/// Revokes a device for good. What it approved is taken back: requests that were not collected yet, and tokens.
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

/// Stores a signature counter of the approval key of an approval that was refused because the key is of too low a kind,
/// after its signature had been verified. The same approval again is as good as the first time.
#[derive(Debug, Clone)]
pub struct CountApproval {
    /// Which device.
    pub device: DeviceId,
    /// The approval key that signed.
    pub credential: Thumbprint,
    /// The counter in its signature.
    pub counter: u32,
    /// `SHA-256(JCS(detail))`, which says whether it is the same approval.
    pub challenge: Sha256Digest,
}

/// Stores a signature counter of the possession key outside a decision.
#[derive(Debug, Clone)]
pub struct CountPossession {
    /// Which device.
    pub device: DeviceId,
    /// The counter in its signature.
    pub counter: u32,
}

/// Of [`CountPossession`] and [`CountApproval`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountPossessionOutcome {
    /// It grew and is stored, or was stored for this very approval.
    Counted,
    /// It did not grow: the device is marked suspect.
    Regressed,
    /// No such active device.
    Unknown,
    /// The key that signed is not the device's any more.
    ForeignKey,
}
