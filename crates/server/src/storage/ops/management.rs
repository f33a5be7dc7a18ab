//! What a device manages for its account (device protocol, section 6.4).

use tegata_protocol::{ConsentRequestId, DeviceId, Sha256Digest, UnixTime};

use super::NewPrompt;
use crate::domain::{CloseReason, FlowSeq, IssuingSessionId, RequestFacts};

/// Puts a question of the server's own to one device. What is allowed is evaluated inside.
#[derive(Debug, Clone)]
pub struct AskDevice {
    /// Its row, from [`crate::storage::StoreHandle::make_flow_ids`].
    pub seq: FlowSeq,
    /// SHA-256 of the tag in an `auth_req_id` that nobody is given.
    pub tag_hash: Sha256Digest,
    /// What is asked.
    pub facts: RequestFacts,
    /// The prompt for the device that is asked, which is the one that wants it.
    pub prompt: NewPrompt,
}

/// Of [`AskDevice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskDeviceOutcome {
    /// Stored; ring for the device.
    Asked,
    /// The asking device is revoked.
    DeviceRevoked,
    /// The device that the question is about is not an active one of the account, or may manage others already.
    NoSuchDevice,
    /// The asking device is too new.
    NotYet {
        /// From when it may.
        from: UnixTime,
    },
    /// Another key is the asking device's by now, or the new one is registered already.
    KeyRefused,
    /// Too many are pending or were put lately, or it was tested just now.
    TooMany {
        /// Seconds after which it can be asked again.
        retry_after: i64,
    },
}

/// Gives a device another name. `false`: there is no such active device.
#[derive(Debug, Clone)]
pub struct RenameDevice {
    /// Which.
    pub device: DeviceId,
    /// Its name, checked.
    pub name: String,
}

/// Makes the issuing session and the invitation of an approved question to add a device: approved → redeemed, once.
#[derive(Debug, Clone)]
pub struct TakeInvitation {
    /// The question.
    pub request: ConsentRequestId,
    /// The device that approved it and may confirm the pairing.
    pub device: DeviceId,
    /// Hash of the receipt of that approval, by the word of who wants the invitation.
    pub receipt: Sha256Digest,
    /// The session.
    pub session: IssuingSessionId,
    /// SHA-256 of the session's secret, which nobody is given: the device proves itself instead.
    pub secret_hash: Sha256Digest,
    /// Keyed hash of the code.
    pub code_mac: Sha256Digest,
    /// End of session and invitation.
    pub expires: UnixTime,
    /// Now.
    pub now: UnixTime,
}

/// Of [`TakeInvitation`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeInvitationOutcome {
    /// Made.
    Taken,
    /// It was taken before.
    Used,
    /// Approved too long ago.
    Expired,
    /// Closed without an approval.
    Closed(CloseReason),
    /// Not decided, not such a question, not this device's, or not the receipt of its approval.
    Unknown,
}

/// Ends all tokens of a request of the account that `device` belongs to; how many there were. Tokens that are being pushed
/// are not pushed any more.
#[derive(Debug, Clone)]
pub struct RevokeGrant {
    /// Which request granted them.
    pub request: ConsentRequestId,
    /// Whose wish it is.
    pub device: DeviceId,
}
