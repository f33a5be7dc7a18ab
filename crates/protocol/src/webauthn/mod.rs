//! The parts of WebAuthn Level 3 that this protocol uses, as encoders and bounded parsers.
//!
//! An approval is a WebAuthn assertion and a pairing key is a WebAuthn credential, so that any FIDO2 library can check
//! them. Only what the protocol emits is accepted: ES256, `packed` self attestation, device-bound keys, no extensions.
//! What this module does not do: hardware attestation with certificates (the server leaves that to webauthn-rs-core).

mod assertion;
mod attestation;
mod authenticator_data;
mod cbor;
mod client_data;
mod cose;

pub use assertion::{
    AssertionError, AuthenticationResponse, AuthenticatorAssertionResponse, ExpectedAssertion,
    VerifiedAssertion, make_assertion, verify_assertion,
};
pub use attestation::{
    AttestationError, AuthenticatorAttestationResponse, ExpectedRegistration,
    MAX_ATTESTATION_OBJECT, RegistrationResponse, VerifiedRegistration, make_registration,
    verify_registration,
};
pub use authenticator_data::{
    AuthenticatorData, AuthenticatorDataError, Flags, encode_assertion_data, parse_assertion_data,
    parse_registration_data,
};
pub use cbor::{CborError, CborValue, parse_cbor};
pub use client_data::{
    Ceremony, ClientData, ClientDataError, MAX_CLIENT_DATA, encode_client_data, parse_client_data,
};
pub use cose::{encode_cose_key, parse_cose_key};

use serde::{Deserialize, Serialize};

/// AAGUID of Tegata's software authenticator: says which code holds the key, proves nothing.
pub const SOFTWARE_AAGUID: [u8; 16] = [
    0x7e, 0x9a, 0x7a, 0x00, 0x50, 0x57, 0x4b, 0x1e, 0x8c, 0x0d, 0x54, 0x65, 0x67, 0x61, 0x74, 0x61,
];

/// `type` of every credential (WebAuthn section 5.8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CredentialType {
    /// The only one there is.
    #[serde(rename = "public-key")]
    PublicKey,
}

/// What a credential is for; the two are never used in each other's place (`docs/protocol.md` section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialRole {
    /// Approves; unusable without verifying the person, each time.
    Approval,
    /// Proves that this is the device, and denies; silent.
    Possession,
}
