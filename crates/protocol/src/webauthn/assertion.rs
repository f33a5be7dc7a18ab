//! Assertions: how a decision is signed, and how it is checked (WebAuthn section 7.2, the steps that apply).

use super::{
    CredentialRole, CredentialType,
    authenticator_data::{
        AuthenticatorDataError, Flags, encode_assertion_data, parse_assertion_data,
    },
    client_data::{Ceremony, ClientDataError, encode_client_data, parse_client_data},
};
use crate::{
    bytes::{B64, Sha256Digest},
    keys::{PublicKey, SigningKey, Thumbprint},
};
use serde::{Deserialize, Serialize};

/// `AuthenticationResponseJSON` (WebAuthn section 5.1), which FIDO2 libraries take as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AuthenticationResponse {
    /// The credential id: the thumbprint of the signing key.
    pub id: Thumbprint,
    /// The same again, as WebAuthn has it.
    pub raw_id: Thumbprint,
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub credential_type: CredentialType,
    /// What was signed, and the signature.
    pub response: AuthenticatorAssertionResponse,
    /// Always empty.
    #[serde(default)]
    pub client_extension_results: NoExtensions,
}

/// `AuthenticatorAssertionResponseJSON`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AuthenticatorAssertionResponse {
    /// Exactly what [`encode_client_data`] writes.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: B64,
    /// Exactly 37 bytes.
    pub authenticator_data: B64,
    /// Strict DER.
    pub signature: B64,
}

/// `clientExtensionResults`: an empty object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoExtensions {}

/// What an assertion must fit.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedAssertion<'a> {
    /// Computed by the verifier, never taken from the device.
    pub challenge: Sha256Digest,
    /// From the signed metadata.
    pub rp_id: &'a str,
    /// From the signed metadata.
    pub origin: &'a str,
    /// Approve takes [`CredentialRole::Approval`] (UP and UV), deny takes [`CredentialRole::Possession`] (UP alone).
    pub role: CredentialRole,
}

/// An assertion that fits. Only [`verify_assertion`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedAssertion {
    counter: u32,
    credential: Thumbprint,
}

impl VerifiedAssertion {
    /// For verifiers outside this crate that check the same things with another library.
    pub fn from_other_verifier(counter: u32, credential: Thumbprint) -> Self {
        Self {
            counter,
            credential,
        }
    }

    /// The signature counter, which the caller compares with the stored one.
    pub fn counter(&self) -> u32 {
        self.counter
    }

    /// The key that signed.
    pub fn credential(&self) -> Thumbprint {
        self.credential
    }
}

/// Why an assertion is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssertionError {
    /// `id` or `rawId` is not the key's thumbprint.
    #[error("made with another credential")]
    Credential,
    /// Client data that the protocol does not write.
    #[error(transparent)]
    ClientData(#[from] ClientDataError),
    /// `type` is not `webauthn.get`.
    #[error("not an assertion")]
    Ceremony,
    /// Another challenge: the device signed something else.
    #[error("signed another challenge")]
    Challenge,
    /// Another origin.
    #[error("made for another origin")]
    Origin,
    /// Malformed authenticator data.
    #[error(transparent)]
    AuthenticatorData(#[from] AuthenticatorDataError),
    /// Another rpId.
    #[error("made for another relying party")]
    RpId,
    /// UP, UV, BE or BS is not as the role demands.
    #[error("flags do not fit the role")]
    Flags,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
}

/// Signs `challenge` as the credential of `key`. `counter` must have been persisted before the result leaves the device.
/// For [`CredentialRole::Approval`] the caller has verified the person, which is what unlocked `key`.
pub fn make_assertion(
    key: &SigningKey,
    expected: &ExpectedAssertion<'_>,
    counter: u32,
) -> AuthenticationResponse {
    let client_data = encode_client_data(Ceremony::Get, expected.challenge, expected.origin);
    let data = encode_assertion_data(expected.rp_id, Flags(role_flags(expected.role)), counter);
    let signature = key.sign_der(&signed_bytes(&data, &client_data));
    AuthenticationResponse {
        id: key.thumbprint(),
        raw_id: key.thumbprint(),
        credential_type: CredentialType::PublicKey,
        response: AuthenticatorAssertionResponse {
            client_data_json: B64(client_data),
            authenticator_data: B64(data),
            signature: B64(signature),
        },
        client_extension_results: NoExtensions {},
    }
}

/// Checks an assertion by `key`. The counter is left to the caller, who knows the stored one.
///
/// # Errors
/// The first [`AssertionError`] in the order of the steps.
pub fn verify_assertion(
    response: &AuthenticationResponse,
    key: &PublicKey,
    expected: &ExpectedAssertion<'_>,
) -> Result<VerifiedAssertion, AssertionError> {
    // Steps 5 to 7: the credential is the one the caller looked up.
    let credential = key.thumbprint();
    if response.id != credential || response.raw_id != credential {
        return Err(AssertionError::Credential);
    }
    // Steps 8 to 10: client data, exactly as this protocol writes it.
    let client_data = parse_client_data(&response.response.client_data_json.0)?;
    // Step 11.
    if client_data.ceremony != Ceremony::Get {
        return Err(AssertionError::Ceremony);
    }
    // Step 12.
    if client_data.challenge != expected.challenge {
        return Err(AssertionError::Challenge);
    }
    // Steps 13 and 14; crossOrigin and topOrigin were refused by the parser.
    if client_data.origin != expected.origin {
        return Err(AssertionError::Origin);
    }
    // Step 15.
    let data = parse_assertion_data(&response.response.authenticator_data.0)?;
    if data.rp_id_hash != Sha256Digest::of(expected.rp_id.as_bytes()) {
        return Err(AssertionError::RpId);
    }
    // Steps 16 to 19: UP and UV as the role demands, BE and BS zero for device-bound keys.
    if data.flags.0 != role_flags(expected.role) {
        return Err(AssertionError::Flags);
    }
    // Steps 20 and 21.
    let signed = signed_bytes(
        &response.response.authenticator_data.0,
        &response.response.client_data_json.0,
    );
    key.verify_der(&signed, &response.response.signature.0)
        .map_err(|_| AssertionError::Signature)?;
    // Step 22, the counter, is the caller's. Steps 23 onwards do not apply: no extensions, no attestation here.
    Ok(VerifiedAssertion {
        counter: data.counter,
        credential,
    })
}

pub(super) fn role_flags(role: CredentialRole) -> u8 {
    match role {
        CredentialRole::Approval => Flags::UP | Flags::UV,
        CredentialRole::Possession => Flags::UP,
    }
}

pub(super) fn signed_bytes(authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
    let mut signed = authenticator_data.to_vec();
    signed.extend(Sha256Digest::of(client_data).0);
    signed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SystemRng;

    fn expected(role: CredentialRole) -> ExpectedAssertion<'static> {
        ExpectedAssertion {
            challenge: Sha256Digest::of(b"decision"),
            rp_id: "tegata.localhost",
            origin: "https://tegata.localhost",
            role,
        }
    }

    #[test]
    fn verifies_only_in_the_role_challenge_origin_and_rp_it_was_made_for() {
        let (key, _) = SigningKey::make(&SystemRng::new());
        let approval = expected(CredentialRole::Approval);
        let made = make_assertion(&key, &approval, 7);
        let verdict = |e: &ExpectedAssertion<'_>| {
            verify_assertion(&made, key.public(), e).map(|v| v.counter())
        };
        assert_eq!(verdict(&approval), Ok(7));
        assert_eq!(
            verdict(&expected(CredentialRole::Possession)),
            Err(AssertionError::Flags)
        );
        let other = ExpectedAssertion {
            challenge: Sha256Digest::of(b"x"),
            ..approval
        };
        assert_eq!(verdict(&other), Err(AssertionError::Challenge));
        let other = ExpectedAssertion {
            origin: "https://tegata.localhost/",
            ..approval
        };
        assert_eq!(verdict(&other), Err(AssertionError::Origin));
        let other = ExpectedAssertion {
            rp_id: "localhost",
            ..approval
        };
        assert_eq!(verdict(&other), Err(AssertionError::RpId));
        let (stranger, _) = SigningKey::make(&SystemRng::new());
        assert_eq!(
            verify_assertion(&made, stranger.public(), &approval),
            Err(AssertionError::Credential)
        );
    }

    #[test]
    fn an_altered_signature_or_counter_fails() {
        let (key, _) = SigningKey::make(&SystemRng::new());
        let approval = expected(CredentialRole::Approval);
        let mut made = make_assertion(&key, &approval, 7);
        made.response.authenticator_data.0[36] = 8;
        assert_eq!(
            verify_assertion(&made, key.public(), &approval),
            Err(AssertionError::Signature)
        );
        made.response.authenticator_data.0.push(0);
        assert_eq!(
            verify_assertion(&made, key.public(), &approval),
            Err(AssertionError::AuthenticatorData(
                AuthenticatorDataError::Length
            ))
        );
    }
}
