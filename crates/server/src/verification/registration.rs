//! The two registrations of a pairing (device protocol, section 4.3) and that of a new approval key (4.6), each verified twice,
//! in production as in the tests.
//!
//! The second verification, by webauthn-rs-core, is nearly all of the two milliseconds of processor time that a pairing
//! takes, and is no differential twin: it is where hardware attestation will be checked, it finds points that are not on
//! the curve before anything is stored, and above all it makes the credential that is stored, which
//! [`super::WebauthnRsVerifier`] needs if the operator switches to it later. A pairing happens once in the life of a device, and another key seldom;
//! decisions, which happen all the time, are verified once, by the one verifier that is configured.

use serde_json::json;
use std::time::Duration;
use tegata_protocol::{
    PublicKey, Sha256Digest, Thumbprint,
    device::pairing::derive_registration_challenge,
    webauthn::{
        AttestationError, CredentialRole, ExpectedRegistration, RegistrationResponse,
        verify_registration,
    },
};
use url::Url;
use webauthn_rs_core::{WebauthnCore, proto::RegistrationState};
use webauthn_rs_proto::RegisterPublicKeyCredential;

/// What the registrations must fit.
#[derive(Debug, Clone, Copy)]
pub struct RegistrationInput<'a> {
    /// The offer, a JWS.
    pub offer: &'a str,
    /// The device's own 32 bytes.
    pub device_nonce: Sha256Digest,
    /// rpId of the signed metadata.
    pub rp_id: &'a str,
    /// Origin of the signed metadata.
    pub origin: &'a str,
    /// Made first.
    pub approval: &'a RegistrationResponse,
    /// Made last.
    pub possession: &'a RegistrationResponse,
}

/// Two credentials whose holder has proved to hold their keys.
#[derive(Debug, Clone)]
pub struct VerifiedDevice {
    /// The approval credential.
    pub approval: VerifiedCredential,
    /// The possession credential.
    pub possession: VerifiedCredential,
}

/// One verified credential.
#[derive(Debug, Clone)]
pub struct VerifiedCredential {
    /// Its key.
    pub key: PublicKey,
    /// The key's thumbprint, which is the credential's id.
    pub thumbprint: Thumbprint,
    /// The credential as webauthn-rs-core returned it, JSON text.
    pub credential: String,
}

/// Why a registration is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// By the protocol's strict parser.
    #[error("{role:?} registration: {source}")]
    Strict {
        /// Which of the two.
        role: CredentialRole,
        /// Why.
        source: AttestationError,
    },
    /// By webauthn-rs-core.
    #[error("{role:?} registration: {reason}")]
    Library {
        /// Which of the two.
        role: CredentialRole,
        /// Why.
        reason: String,
    },
    /// Both registrations are of one key.
    #[error("the two registrations are of one key")]
    SameKey,
}

/// Verifies both registrations, approval first, possession over it. Takes milliseconds of processor time.
///
/// # Errors
/// [`RegistrationError`], by the first check that fails.
pub fn verify_registrations(
    input: &RegistrationInput<'_>,
) -> Result<VerifiedDevice, RegistrationError> {
    // 1. Approval: nothing registered before it; the person was verified.
    let approval = verify_one(input, CredentialRole::Approval, input.approval, &[])?;
    // 2. Possession: covers the approval key.
    let registered = [approval.thumbprint];
    let possession = verify_one(
        input,
        CredentialRole::Possession,
        input.possession,
        &registered,
    )?;
    // 3. Two credentials are two keys.
    if approval.key == possession.key {
        return Err(RegistrationError::SameKey);
    }
    Ok(VerifiedDevice {
        approval,
        possession,
    })
}

/// Verifies the registration of an approval key that is to take another one's place, over `challenge` of section 4.6. Takes a
/// millisecond of processor time.
///
/// # Errors
/// [`RegistrationError`], by the first check that fails.
pub fn verify_approval_key(
    challenge: Sha256Digest,
    (rp_id, origin): (&str, &str),
    response: &RegistrationResponse,
) -> Result<VerifiedCredential, RegistrationError> {
    let expected = ExpectedRegistration {
        challenge,
        rp_id,
        origin,
        role: CredentialRole::Approval,
    };
    verify_registered(&expected, response)
}

fn verify_one(
    input: &RegistrationInput<'_>,
    role: CredentialRole,
    response: &RegistrationResponse,
    registered: &[Thumbprint],
) -> Result<VerifiedCredential, RegistrationError> {
    let expected = ExpectedRegistration {
        challenge: derive_registration_challenge(input.offer, input.device_nonce, role, registered),
        rp_id: input.rp_id,
        origin: input.origin,
        role,
    };
    verify_registered(&expected, response)
}

fn verify_registered(
    expected: &ExpectedRegistration<'_>,
    response: &RegistrationResponse,
) -> Result<VerifiedCredential, RegistrationError> {
    let role = expected.role;
    // 1. The protocol's strictness: exact client data, flags by role, credential id equal to the key's thumbprint.
    let strict = verify_registration(response, expected)
        .map_err(|source| RegistrationError::Strict { role, source })?;
    // 2. The library's whole ceremony, on the same bytes: among others that the point is on the curve.
    let credential = register(expected, response)
        .map_err(|reason| RegistrationError::Library { role, reason })?;
    Ok(VerifiedCredential {
        key: strict.public_key,
        thumbprint: strict.public_key.thumbprint(),
        credential,
    })
}

fn register(
    expected: &ExpectedRegistration<'_>,
    response: &RegistrationResponse,
) -> Result<String, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let core = webauthn(expected.rp_id, expected.origin).map_err(|error| text(&error))?;
    // A possession credential verifies nobody, which the library accepts only under this name.
    let policy = match expected.role {
        CredentialRole::Approval => "required",
        CredentialRole::Possession => "discouraged",
    };
    let state: RegistrationState = serde_json::from_value(json!({
        "policy": policy,
        "exclude_credentials": [],
        "challenge": expected.challenge,
        "credential_algorithms": ["ES256"],
        "require_resident_key": false,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": false,
    }))
    .map_err(|error| text(&error))?;
    let response: RegisterPublicKeyCredential = serde_json::to_value(response)
        .and_then(serde_json::from_value)
        .map_err(|error| text(&error))?;
    let credential = core
        .register_credential(&response, &state, None)
        .map_err(|error| text(&error))?;
    serde_json::to_string(&credential).map_err(|error| text(&error))
}

/// The library for one relying party. It is never asked for a challenge, so its time limit means nothing.
pub(super) fn webauthn(rp_id: &str, origin: &str) -> Result<WebauthnCore, url::ParseError> {
    let origins = vec![Url::parse(origin)?];
    Ok(WebauthnCore::new_unsafe_experts_only(
        "Tegata",
        rp_id,
        origins,
        Duration::from_mins(5),
        None,
        None,
    ))
}
