//! Pairing (`docs/protocol.md` section 4): offer with commitment, registrations, reveal, six digits, receipt.

use super::{
    V1,
    invitation::{InvitationCode, Issuer},
    limits, present, typ,
};
use crate::{
    bytes::Sha256Digest,
    ids::{AccountId, DeviceId, PairingId},
    ijson::{self, IJsonError},
    jcs,
    jws::{self, JwsError},
    keys::{PublicKey, SigningKey, Thumbprint},
    time::UnixTime,
    webauthn::{CredentialRole, RegistrationResponse},
};
use serde::{Deserialize, Serialize};

/// POST `invitations/redeem`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedeemRequest {
    /// Version.
    pub v: V1,
    /// Twelve characters, canonical.
    pub code: String,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedeemResponse {
    /// `pairing-offer+jwt`.
    pub offer: String,
}

/// The account that the invitation is for, as the app shows it before anything else is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedAccount {
    /// Opaque id; `sub` of prompts.
    pub id: AccountId,
    /// Login name or address, shown to the person; at most 128 code points.
    pub name: String,
}

/// Payload of `pairing-offer+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Version.
    pub v: V1,
    /// Issuer.
    pub iss: Issuer,
    /// Names the pairing in the next request.
    pub jti: PairingId,
    /// SHA-256 of the canonical code.
    pub invitation: Sha256Digest,
    /// The account.
    pub account: OfferedAccount,
    /// SHA-256 of `server_nonce`, which is revealed only after the device has committed to its keys.
    pub commitment: Sha256Digest,
    /// Signed at.
    pub iat: UnixTime,
    /// The pairing must be confirmed by then.
    pub exp: UnixTime,
}

/// The object whose JCS hash a registration signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairingChallenge<'a> {
    typ: &'static str,
    v: V1,
    offer: Sha256Digest,
    device_nonce: Sha256Digest,
    role: CredentialRole,
    registered: &'a [Thumbprint],
}

/// The challenge of a registration in `role`. `registered` are the thumbprints registered before it, in order; possession
/// comes last and so covers all.
pub fn derive_registration_challenge(
    offer_jws: &str,
    device_nonce: Sha256Digest,
    role: CredentialRole,
    registered: &[Thumbprint],
) -> Sha256Digest {
    jcs::derive_challenge(&PairingChallenge {
        typ: "tegata.pairing",
        v: V1,
        offer: jws::hash(offer_jws),
        device_nonce,
        role,
        registered,
    })
}

/// What a device says of itself. Shown in lists of devices as its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceDescription {
    /// A name the person gave or the host name; at most 64 code points.
    pub name: String,
    /// `linux`, `macos`, `windows`, `android`, `ios`, `web`.
    pub platform: String,
    /// Name and version of the app, such as `tegata/0.1.0`.
    pub app: String,
    /// BCP 47 tag of the language in which prompts are wanted.
    pub locale: String,
    /// What kind of approval key it has, by its own word.
    pub key: KeyKind,
}

/// The kind of an approval key. A self-attested claim, made once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyKind {
    /// Software key, unlocked by a PIN.
    SoftwarePin,
    /// Key that hardware holds and that verifies the person.
    Hardware,
}

/// POST `pairings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairingRequest {
    /// Version.
    pub v: V1,
    /// `jti` of the offer.
    pub pairing: PairingId,
    /// 32 bytes of the device's own.
    pub device_nonce: Sha256Digest,
    /// The device.
    pub device: DeviceDescription,
    /// Registered first.
    pub approval: RegistrationResponse,
    /// Registered last.
    pub possession: RegistrationResponse,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingResponse {
    /// `pairing-reveal+jwt`.
    pub reveal: String,
}

/// Payload of `pairing-reveal+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reveal {
    /// Version.
    pub v: V1,
    /// Issuer.
    pub iss: Issuer,
    /// Hash of the offer JWS.
    pub offer: Sha256Digest,
    /// Opens the commitment.
    pub server_nonce: Sha256Digest,
    /// The name this device will have.
    pub device: DeviceId,
    /// Thumbprint as stored.
    pub approval: Thumbprint,
    /// Thumbprint as stored.
    pub possession: Thumbprint,
    /// Signed at.
    pub iat: UnixTime,
}

/// Why a reveal or an offer is refused: the device stops, and shows no digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PairingError {
    /// The JWS.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// The body around it.
    #[error("unacceptable message: {0}")]
    Body(#[from] IJsonError),
    /// Another issuer, another code, another offer.
    #[error("belongs to another pairing")]
    Binding,
    /// The nonce does not open the commitment.
    #[error("the server's number does not fit its commitment")]
    Commitment,
    /// The thumbprints are not those that were sent.
    #[error("the server stored other keys than this device's")]
    Keys,
    /// The countersignature does not name the receipt.
    #[error("the countersignature is for something else")]
    Countersignature,
}

/// Checks an offer against the code that was posted.
///
/// # Errors
/// [`PairingError::Jws`], [`PairingError::Binding`].
pub fn parse_offer(
    offer_jws: &str,
    receipt_keys: &[PublicKey],
    issuer: &Issuer,
    code: &InvitationCode,
) -> Result<Offer, PairingError> {
    let offer: Offer = jws::verify(offer_jws, typ::OFFER, limits::MESSAGE, receipt_keys)?;
    if offer.iss != *issuer
        || offer.invitation != code.digest()
        || offer.account.name.chars().count() > 128
    {
        return Err(PairingError::Binding);
    }
    Ok(offer)
}

/// Checks a reveal against the offer and the device's own keys.
///
/// # Errors
/// [`PairingError`].
pub fn parse_reveal(
    reveal_jws: &str,
    receipt_keys: &[PublicKey],
    offer_jws: &str,
    offer: &Offer,
    approval: Thumbprint,
    possession: Thumbprint,
) -> Result<Reveal, PairingError> {
    let reveal: Reveal = jws::verify(reveal_jws, typ::REVEAL, limits::MESSAGE, receipt_keys)?;
    if reveal.iss != offer.iss || reveal.offer != jws::hash(offer_jws) {
        return Err(PairingError::Binding);
    }
    if Sha256Digest::of(&reveal.server_nonce.0) != offer.commitment {
        return Err(PairingError::Commitment);
    }
    if reveal.approval != approval || reveal.possession != possession {
        return Err(PairingError::Keys);
    }
    Ok(reveal)
}

#[derive(Serialize)]
struct PairingCodeInput {
    typ: &'static str,
    v: V1,
    offer: Sha256Digest,
    possession: Thumbprint,
    approval: Thumbprint,
    device_nonce: Sha256Digest,
    server_nonce: Sha256Digest,
}

/// The six digits: first 8 bytes, big-endian, of `SHA-256(JCS(…))`, modulo 10^6, with leading zeros.
pub fn derive_pairing_digits(
    offer_jws: &str,
    approval: Thumbprint,
    possession: Thumbprint,
    device_nonce: Sha256Digest,
    server_nonce: Sha256Digest,
) -> String {
    let digest = jcs::derive_challenge(&PairingCodeInput {
        typ: "tegata.pairing-code",
        v: V1,
        offer: jws::hash(offer_jws),
        possession,
        approval,
        device_nonce,
        server_nonce,
    });
    let mut first = [0; 8];
    first.copy_from_slice(&digest.0[..8]);
    format!("{:06}", u64::from_be_bytes(first) % 1_000_000)
}

/// POST `confirm`, with proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// Version.
    pub v: V1,
    /// `pairing-countersignature+jwt`, once the receipt is there.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub countersignature: Option<String>,
    /// Seconds that the server may hold the answer while nothing changes, 0 to 25.
    #[serde(default)]
    pub wait: u8,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConfirmResponse {
    /// The digits have not been typed yet.
    Waiting {
        /// Whole seconds until the pairing lapses.
        expires_in: u32,
        /// Tries left for the digits.
        tries_left: u8,
    },
    /// The device is active.
    Confirmed {
        /// `pairing-receipt+jwt`.
        receipt: String,
    },
}

/// Who typed the digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConfirmedBy {
    /// An administrator's session, at a terminal or a one-time page.
    Administrator,
    /// Another device of the account, by an approval.
    Device,
    /// The person's own re-authenticated session.
    Session,
}

/// Payload of `pairing-receipt+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingReceipt {
    /// Version.
    pub v: V1,
    /// Issuer.
    pub iss: Issuer,
    /// The account.
    pub sub: AccountId,
    /// The device.
    pub device: DeviceId,
    /// Hash of the offer JWS.
    pub offer: Sha256Digest,
    /// The approval key.
    pub approval: PublicKey,
    /// The possession key.
    pub possession: PublicKey,
    /// Kind of approval key, by the device's own word.
    pub key: KeyKind,
    /// Who confirmed; no device is graded above that session.
    pub confirmed_by: ConfirmedBy,
    /// Confirmed at.
    pub iat: UnixTime,
}

/// Payload of `pairing-countersignature+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countersignature {
    /// Version.
    pub v: V1,
    /// The device.
    pub iss: DeviceId,
    /// Hash of the pairing receipt JWS.
    pub receipt: Sha256Digest,
}

/// Countersigns a pairing receipt with the possession key.
pub fn sign_countersignature(key: &SigningKey, device: &DeviceId, receipt_jws: &str) -> String {
    let payload = Countersignature {
        v: V1,
        iss: device.clone(),
        receipt: jws::hash(receipt_jws),
    };
    jws::sign(key, typ::COUNTERSIGNATURE, &payload)
}

/// Checks a countersignature under `receipt_jws` by the possession key that the receipt names.
///
/// # Errors
/// [`PairingError::Jws`], [`PairingError::Countersignature`].
pub fn verify_countersignature(
    countersignature: &str,
    receipt_jws: &str,
    receipt: &PairingReceipt,
) -> Result<(), PairingError> {
    let payload: Countersignature = jws::verify(
        countersignature,
        typ::COUNTERSIGNATURE,
        limits::MESSAGE,
        &[receipt.possession],
    )?;
    if payload.receipt == jws::hash(receipt_jws) && payload.iss == receipt.device {
        Ok(())
    } else {
        Err(PairingError::Countersignature)
    }
}

/// Reads a `pairings` body.
///
/// # Errors
/// [`IJsonError`].
pub fn parse_pairing_request(body: &[u8]) -> Result<PairingRequest, IJsonError> {
    let request: PairingRequest = ijson::parse_exact(body, limits::PAIRING)?;
    let d = &request.device;
    let short = [&d.platform, &d.app, &d.locale]
        .iter()
        .all(|text| text.chars().count() <= 64);
    if !short || d.name.is_empty() || d.name.chars().count() > 64 {
        return Err(IJsonError::Shape(
            "a member of `device` is empty or longer than 64 code points".into(),
        ));
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_depend_on_every_input_and_keep_leading_zeros() {
        let t = |text: &[u8]| Thumbprint(Sha256Digest::of(text));
        let n = |text: &[u8]| Sha256Digest::of(text);
        let base = derive_pairing_digits("o", t(b"a"), t(b"p"), n(b"d"), n(b"s"));
        assert_eq!(base.len(), 6);
        for other in [
            derive_pairing_digits("x", t(b"a"), t(b"p"), n(b"d"), n(b"s")),
            derive_pairing_digits("o", t(b"x"), t(b"p"), n(b"d"), n(b"s")),
            derive_pairing_digits("o", t(b"a"), t(b"x"), n(b"d"), n(b"s")),
            derive_pairing_digits("o", t(b"a"), t(b"p"), n(b"x"), n(b"s")),
            derive_pairing_digits("o", t(b"a"), t(b"p"), n(b"d"), n(b"x")),
        ] {
            assert_ne!(base, other);
        }
        let short = (0..200u32)
            .map(|i| derive_pairing_digits("o", t(b"a"), t(b"p"), n(b"d"), n(&i.to_be_bytes())))
            .all(|digits| digits.len() == 6);
        assert!(short);
    }
}
