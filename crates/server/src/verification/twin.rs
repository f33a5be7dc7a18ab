//! Decisions verified by webauthn-rs-core.
//!
//! The library is more lenient than the protocol: it accepts `crossOrigin: true` and a `topOrigin` in assertions, client
//! data in any JSON serialization, an origin that differs in case or by a trailing slash, UV in a denial, and backup flags
//! that did not change since registration. Those checks are made here before the library is asked.

use serde::Serialize;
use serde_json::{Value, json};
use tegata_protocol::{
    Sha256Digest,
    device::decision::{DecisionError, DecisionRequest, StoredPrompt, check_detail},
    webauthn::{
        AssertionError, Ceremony, ClientDataError, CredentialRole, Flags, VerifiedAssertion,
        encode_client_data, parse_assertion_data,
    },
};
use webauthn_rs_core::proto::AuthenticationState;
use webauthn_rs_proto::PublicKeyCredential;

use super::{ApprovalVerifier, registration::webauthn};
use crate::domain::Registration;

/// webauthn-rs-core with the checks that it leaves to the relying party.
#[derive(Debug, Clone, Copy)]
pub struct WebauthnRsVerifier;

impl ApprovalVerifier for WebauthnRsVerifier {
    fn verify(
        &self,
        request: &DecisionRequest,
        stored: &StoredPrompt<'_>,
        registration: &Registration,
    ) -> Result<VerifiedAssertion, DecisionError> {
        // 1. Detail and credential.
        check_detail(&request.detail, stored)?;
        let role = request.detail.decision.verdict().role();
        let (thumbprint, credential) = match role {
            CredentialRole::Approval => (
                registration.approval_thumbprint,
                &registration.approval_credential,
            ),
            CredentialRole::Possession => (
                registration.possession_thumbprint,
                &registration.possession_credential,
            ),
        };
        let assertion = &request.assertion;
        let named = [request.detail.credential, assertion.id, assertion.raw_id];
        if named.iter().any(|name| *name != thumbprint) {
            return Err(AssertionError::Credential.into());
        }
        // 2. Exact form, which implies crossOrigin false and no topOrigin.
        let challenge = request.detail.challenge();
        let client_data = encode_client_data(Ceremony::Get, challenge, stored.origin);
        if assertion.response.client_data_json.0 != client_data {
            return Err(AssertionError::ClientData(ClientDataError::Serialization).into());
        }
        let data = parse_assertion_data(&assertion.response.authenticator_data.0)
            .map_err(AssertionError::from)?;
        let flags = match role {
            CredentialRole::Approval => Flags::UP | Flags::UV,
            CredentialRole::Possession => Flags::UP,
        };
        if data.flags.0 != flags {
            return Err(AssertionError::Flags.into());
        }
        // 3. The library's ceremony.
        let counter = authenticate(
            assertion,
            challenge,
            (stored.rp_id, stored.origin),
            role,
            credential,
        )
        .map_err(|_| AssertionError::Signature)?;
        Ok(VerifiedAssertion::from_other_verifier(counter, thumbprint))
    }
}

/// The library alone; the signature counter. `credential` has the counter of its registration, so that the stored
/// counter stays the caller's to compare.
pub(super) fn authenticate<A: Serialize>(
    assertion: &A,
    challenge: Sha256Digest,
    (rp_id, origin): (&str, &str),
    role: CredentialRole,
    credential: &str,
) -> Result<u32, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let core = webauthn(rp_id, origin).map_err(|error| text(&error))?;
    let credential: Value = serde_json::from_str(credential).map_err(|error| text(&error))?;
    let policy = match role {
        CredentialRole::Approval => "required",
        CredentialRole::Possession => "discouraged",
    };
    let state: AuthenticationState = serde_json::from_value(json!({
        "credentials": [credential],
        "policy": policy,
        "challenge": challenge,
        "appid": null,
        "allow_backup_eligible_upgrade": false,
    }))
    .map_err(|error| text(&error))?;
    let response: PublicKeyCredential = serde_json::to_value(assertion)
        .and_then(serde_json::from_value)
        .map_err(|error| text(&error))?;
    let result = core
        .authenticate_credential(&response, &state)
        .map_err(|error| text(&error))?;
    Ok(result.counter())
}
