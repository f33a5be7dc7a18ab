//! Issuing sessions, invitations and pairings (device protocol, section 4).

use serde::{Deserialize, Serialize};
use std::fmt;
use tegata_protocol::{
    AccountId, DeviceId, PairingId, PublicKey, Rng, Sha256Digest, Thumbprint, UnixTime,
    bytes::encode_b64u, rng::random_bytes,
};

/// Names an issuing session. Not a secret: the session's secret is a second value, stored as a hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IssuingSessionId(String);

impl IssuingSessionId {
    /// A new one, 22 characters.
    pub fn make(rng: &dyn Rng) -> Self {
        Self(encode_b64u(&random_bytes::<16>(rng)))
    }

    /// Wraps text from outside; `None` if it is not 22 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == 22
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        valid.then(|| Self(text.to_owned()))
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IssuingSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of session confirmed a device. No device is graded above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Grade {
    /// The administrator's terminal, or a one-time page that it made.
    Administrator,
    /// Another device of the account, by an approval.
    Device,
    /// No session at all: a simulated device, which no person holds.
    Simulated,
}

/// A session that may issue an invitation and confirm the pairing that comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuingSession {
    /// Its name.
    pub id: IssuingSessionId,
    /// For whom it pairs.
    pub account: AccountId,
    /// What it is.
    pub grade: Grade,
    /// SHA-256 of the session's secret, which is in no QR code and no link.
    pub secret_hash: Sha256Digest,
    /// After this it can do nothing.
    pub expires: UnixTime,
    /// The invitation it issued, if it has.
    pub invitation: Option<InvitationState>,
    /// The possession key that the invitation is bound to, if it is: no other device pairs with it.
    pub bound: Option<Thumbprint>,
    /// The pairing that redeemed its invitation, if one has.
    pub pairing: Option<PairingId>,
}

/// A single-use invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The session that issued it.
    pub session: IssuingSessionId,
    /// For whom.
    pub account: AccountId,
    /// Whether it can still be redeemed. Expiry is computed from `expires`.
    pub state: InvitationState,
    /// Last second in which it can be redeemed.
    pub expires: UnixTime,
}

/// Whether an invitation has been consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationState {
    /// Not redeemed.
    Open,
    /// Redeemed by the first valid post.
    Used,
}

/// What a device registered: texts for people, keys, and the two WebAuthn credentials as the verifier stored them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The device's name for itself, for people; already checked and bounded by the gateway.
    pub device_name: String,
    /// The other facts that the device told about itself (platform, application, locale), as JSON text.
    pub device_info: String,
    /// RFC 7638 thumbprint of the possession key: `kid` of proofs.
    pub possession_thumbprint: Thumbprint,
    /// The possession key.
    pub possession_key: PublicKey,
    /// The possession credential as the registration verifier returned it, JSON text.
    pub possession_credential: String,
    /// RFC 7638 thumbprint of the approval key.
    pub approval_thumbprint: Thumbprint,
    /// The approval key.
    pub approval_key: PublicKey,
    /// The approval credential as the registration verifier returned it, JSON text.
    pub approval_credential: String,
}

/// A pairing in progress or done.
#[derive(Clone, PartialEq, Eq)]
pub struct Pairing {
    /// `jti` of the offer.
    pub id: PairingId,
    /// The session that must confirm it.
    pub session: IssuingSessionId,
    /// Whose device it will be.
    pub account: AccountId,
    /// The offer, a JWS.
    pub offer: String,
    /// SHA-256 of the offer's ASCII.
    pub offer_hash: Sha256Digest,
    /// What the offer committed to; secret until the registrations are in.
    pub server_nonce: [u8; 32],
    /// Last second in which it can go on. Expiry is computed from this.
    pub expires: UnixTime,
    /// How far it is.
    pub state: PairingState,
}

debug_without_content!(Pairing {
    id,
    session,
    account,
    expires,
    state
});

/// How far a pairing is (device protocol, sections 4.2 to 4.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairingState {
    /// The offer is out; no keys yet.
    Offered,
    /// Keys are stored, the reveal is out; waiting for the six digits.
    Submitted {
        /// The device it will become.
        device: DeviceId,
        /// What it registered.
        registration: Box<Registration>,
        /// The reveal, a JWS.
        reveal: String,
        /// Wrong digits so far, 0 to 2.
        tries: u8,
    },
    /// The digits were typed: the device is active.
    Confirmed {
        /// The device it became.
        device: DeviceId,
    },
    /// The third wrong code ended it, or a device whose key the invitation was not bound to, or the end of the device that began
    /// it.
    Failed {
        /// Wrong digits, 3 if they ended it.
        tries: u8,
    },
}
