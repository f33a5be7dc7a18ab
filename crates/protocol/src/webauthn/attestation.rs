//! Registrations with `packed` self attestation (WebAuthn sections 7.1 and 8.2).

use super::{
    CredentialRole, CredentialType, SOFTWARE_AAGUID,
    assertion::{NoExtensions, role_flags, signed_bytes},
    authenticator_data::{
        AuthenticatorDataError, Flags, encode_registration_data, parse_registration_data,
    },
    cbor::{CborError, CborValue, parse_cbor, write_bytes, write_head, write_text},
    client_data::{Ceremony, ClientDataError, encode_client_data, parse_client_data},
};
use crate::{
    bytes::{B64, Sha256Digest},
    keys::{PublicKey, SigningKey, Thumbprint},
};
use serde::{Deserialize, Serialize};

/// Longest attestation object, in bytes.
pub const MAX_ATTESTATION_OBJECT: usize = 8192;

/// `RegistrationResponseJSON` (WebAuthn section 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RegistrationResponse {
    /// The credential id: the thumbprint of the new key.
    pub id: Thumbprint,
    /// The same again, as WebAuthn has it.
    pub raw_id: Thumbprint,
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub credential_type: CredentialType,
    /// The attestation.
    pub response: AuthenticatorAttestationResponse,
    /// Always empty.
    #[serde(default)]
    pub client_extension_results: NoExtensions,
}

/// `AuthenticatorAttestationResponseJSON`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AuthenticatorAttestationResponse {
    /// Exactly what [`encode_client_data`] writes.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: B64,
    /// CBOR, at most [`MAX_ATTESTATION_OBJECT`] bytes.
    pub attestation_object: B64,
}

/// What a registration must fit.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedRegistration<'a> {
    /// Computed by the verifier.
    pub challenge: Sha256Digest,
    /// From the signed metadata.
    pub rp_id: &'a str,
    /// From the signed metadata.
    pub origin: &'a str,
    /// Which credential this is to become; decides the UV flag.
    pub role: CredentialRole,
}

/// A registration whose self attestation verifies: whoever made it holds the private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedRegistration {
    /// The new credential's key.
    pub public_key: PublicKey,
    /// The counter to start from.
    pub counter: u32,
    /// The kind of authenticator, by its own word.
    pub aaguid: [u8; 16],
}

/// Why a registration is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttestationError {
    /// The attestation object is not CBOR of the accepted subset.
    #[error("unacceptable attestation object: {0}")]
    Object(CborError),
    /// Not `packed` self attestation with ES256.
    #[error("only packed self attestation is understood here")]
    Format,
    /// Client data that the protocol does not write.
    #[error(transparent)]
    ClientData(#[from] ClientDataError),
    /// Malformed authenticator data.
    #[error(transparent)]
    AuthenticatorData(#[from] AuthenticatorDataError),
    /// Another ceremony, challenge, origin or relying party.
    #[error("made for something else")]
    Binding,
    /// UP, UV, BE or BS is not as the role demands.
    #[error("flags do not fit the role")]
    Flags,
    /// The credential id is not the thumbprint of the key.
    #[error("the credential id is not the key's thumbprint")]
    CredentialId,
    /// The attestation signature does not verify.
    #[error("the attestation does not verify")]
    Signature,
}

impl From<CborError> for AttestationError {
    fn from(error: CborError) -> Self {
        Self::Object(error)
    }
}

/// Makes the registration of `key` with counter 0.
pub fn make_registration(
    key: &SigningKey,
    expected: &ExpectedRegistration<'_>,
) -> RegistrationResponse {
    let client_data = encode_client_data(Ceremony::Create, expected.challenge, expected.origin);
    let flags = Flags(role_flags(expected.role));
    let data = encode_registration_data(expected.rp_id, flags, 0, &SOFTWARE_AAGUID, key.public());
    let signature = key.sign_der(&signed_bytes(&data, &client_data));
    // Keys in CTAP2 canonical order: shorter first.
    let mut object = Vec::with_capacity(data.len() + signature.len() + 48);
    write_head(&mut object, 5, 3);
    write_text(&mut object, "fmt");
    write_text(&mut object, "packed");
    write_text(&mut object, "attStmt");
    write_head(&mut object, 5, 2);
    write_text(&mut object, "alg");
    object.push(0x26);
    write_text(&mut object, "sig");
    write_bytes(&mut object, &signature);
    write_text(&mut object, "authData");
    write_bytes(&mut object, &data);
    RegistrationResponse {
        id: key.thumbprint(),
        raw_id: key.thumbprint(),
        credential_type: CredentialType::PublicKey,
        response: AuthenticatorAttestationResponse {
            client_data_json: B64(client_data),
            attestation_object: B64(object),
        },
        client_extension_results: NoExtensions {},
    }
}

/// Checks a registration with packed self attestation.
///
/// # Errors
/// The first [`AttestationError`] in the order of the steps.
pub fn verify_registration(
    response: &RegistrationResponse,
    expected: &ExpectedRegistration<'_>,
) -> Result<VerifiedRegistration, AttestationError> {
    // Section 7.1, steps 5 to 10: client data.
    let client_data = parse_client_data(&response.response.client_data_json.0)?;
    if client_data.ceremony != Ceremony::Create
        || client_data.challenge != expected.challenge
        || client_data.origin != expected.origin
    {
        return Err(AttestationError::Binding);
    }
    // Step 12: the attestation object has exactly its three members.
    let object = parse_cbor(&response.response.attestation_object.0)?;
    let three = matches!(&object, CborValue::Map(entries) if entries.len() == 3);
    let (Some(CborValue::Text(format)), Some(statement), Some(CborValue::Bytes(data)), true) = (
        object.named("fmt"),
        object.named("attStmt"),
        object.named("authData"),
        three,
    ) else {
        return Err(AttestationError::Format);
    };
    // Steps 13 to 16.
    let parsed = parse_registration_data(data)?;
    if parsed.rp_id_hash != Sha256Digest::of(expected.rp_id.as_bytes()) {
        return Err(AttestationError::Binding);
    }
    if parsed.flags.0 != role_flags(expected.role) | Flags::AT {
        return Err(AttestationError::Flags);
    }
    // Steps 18 to 24: packed self attestation (section 8.2: no x5c, alg equal to the key's).
    let two = matches!(statement, CborValue::Map(entries) if entries.len() == 2);
    let (Some(CborValue::Integer(-7)), Some(CborValue::Bytes(signature)), true, "packed") = (
        statement.named("alg"),
        statement.named("sig"),
        two,
        format.as_str(),
    ) else {
        return Err(AttestationError::Format);
    };
    let attested = parsed.attested.ok_or(AttestationError::Format)?;
    let key = attested.public_key;
    let signed = signed_bytes(data, &response.response.client_data_json.0);
    key.verify_der(&signed, signature)
        .map_err(|_| AttestationError::Signature)?;
    // Step 25, narrowed: an id is the thumbprint of its key, so it cannot be another account's.
    let thumbprint = key.thumbprint();
    if attested.credential_id != thumbprint.0.0
        || response.id != thumbprint
        || response.raw_id != thumbprint
    {
        return Err(AttestationError::CredentialId);
    }
    Ok(VerifiedRegistration {
        public_key: key,
        counter: parsed.counter,
        aaguid: attested.aaguid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SystemRng;

    #[test]
    fn a_registration_verifies_only_for_what_it_was_made_for() {
        let (key, _) = SigningKey::make(&SystemRng::new());
        let expected = ExpectedRegistration {
            challenge: Sha256Digest::of(b"pairing"),
            rp_id: "tegata.localhost",
            origin: "https://tegata.localhost",
            role: CredentialRole::Approval,
        };
        let made = make_registration(&key, &expected);
        let verified = verify_registration(&made, &expected).unwrap();
        assert_eq!(verified.public_key, *key.public());
        assert_eq!(verified.aaguid, SOFTWARE_AAGUID);
        let other = ExpectedRegistration {
            role: CredentialRole::Possession,
            ..expected
        };
        assert_eq!(
            verify_registration(&made, &other),
            Err(AttestationError::Flags)
        );
        let other = ExpectedRegistration {
            challenge: Sha256Digest::of(b"x"),
            ..expected
        };
        assert_eq!(
            verify_registration(&made, &other),
            Err(AttestationError::Binding)
        );
        let mut altered = made;
        let last = altered.response.attestation_object.0.len() - 1;
        altered.response.attestation_object.0[last] ^= 1;
        assert!(verify_registration(&altered, &expected).is_err());
    }
}
