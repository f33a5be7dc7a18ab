//! The decision (`docs/protocol.md` section 8): what exactly is signed, and the part of its check that needs no storage.

use super::{V1, invitation::Issuer, limits, present};
use crate::{
    bytes::Sha256Digest,
    ids::{ConsentRequestId, DeviceId},
    ijson::{self, IJsonError},
    jcs,
    keys::{PublicKey, Thumbprint},
    webauthn::{
        AssertionError, AuthenticationResponse, CredentialRole, ExpectedAssertion,
        VerifiedAssertion, verify_assertion,
    },
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a person denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenyReason {
    /// The person started it, and does not want it any more.
    ChangedMind,
    /// The person did not start it. After an approval it is a report.
    NotMe,
    /// The person started something, but not this.
    WrongDetails,
}

/// Approved or denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Approved.
    Approve,
    /// Denied.
    Deny,
}

impl Verdict {
    /// The credential that has to sign.
    pub fn role(self) -> CredentialRole {
        match self {
            Self::Approve => CredentialRole::Approval,
            Self::Deny => CredentialRole::Possession,
        }
    }
}

/// How the prompt was shown. A stored diagnostic, not proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Name and version of the app.
    pub app: String,
    /// Language of the screen.
    pub locale: String,
    /// Which layout showed it, such as `sign_in/1`.
    pub layout: String,
    /// Cautions that were shown.
    pub notices: Vec<String>,
}

/// The person's answer. Its `Debug` leaves the code out.
#[derive(Clone, PartialEq, Eq)]
pub enum Decision {
    /// Approved.
    Approve {
        /// How it was shown.
        view: View,
        /// The code in canonical form, if and only if the prompt asks for one.
        transfer: Option<String>,
    },
    /// Denied.
    Deny {
        /// Why.
        reason: DenyReason,
    },
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approve { .. } => f.write_str("Approve"),
            Self::Deny { reason } => write!(f, "Deny({reason:?})"),
        }
    }
}

impl Decision {
    /// Approved or denied.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Approve { .. } => Verdict::Approve,
            Self::Deny { .. } => Verdict::Deny,
        }
    }
}

/// The object whose JCS hash is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawDetail", into = "RawDetail")]
pub struct DecisionDetail {
    /// Issuer.
    pub iss: Issuer,
    /// The deciding device.
    pub device: DeviceId,
    /// The request.
    pub request: ConsentRequestId,
    /// Hash of the prompt JWS.
    pub prompt: Sha256Digest,
    /// Nonce of the prompt.
    pub nonce: Sha256Digest,
    /// The signing key.
    pub credential: Thumbprint,
    /// The answer.
    pub decision: Decision,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDetail {
    typ: String,
    v: V1,
    iss: Issuer,
    device: DeviceId,
    request: ConsentRequestId,
    prompt: Sha256Digest,
    nonce: Sha256Digest,
    credential: Thumbprint,
    decision: Verdict,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    view: Option<View>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    transfer: Option<String>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    reason: Option<DenyReason>,
}

/// `typ` of a decision detail, registered in `docs/protocol.md` section 2.4.
pub const DECISION_TYP: &str = "tegata.decision";

impl TryFrom<RawDetail> for DecisionDetail {
    type Error = &'static str;

    fn try_from(raw: RawDetail) -> Result<Self, Self::Error> {
        if raw.typ != DECISION_TYP {
            return Err("`typ` is not `tegata.decision`");
        }
        let decision = match (raw.decision, raw.view, raw.transfer, raw.reason) {
            (Verdict::Approve, Some(view), transfer, None) => Decision::Approve { view, transfer },
            (Verdict::Deny, None, None, Some(reason)) => Decision::Deny { reason },
            (Verdict::Approve, ..) => return Err("an approval has `view` and no `reason`"),
            (Verdict::Deny, ..) => {
                return Err("a denial has `reason`, no `view` and no `transfer`");
            }
        };
        Ok(Self {
            iss: raw.iss,
            device: raw.device,
            request: raw.request,
            prompt: raw.prompt,
            nonce: raw.nonce,
            credential: raw.credential,
            decision,
        })
    }
}

impl From<DecisionDetail> for RawDetail {
    fn from(detail: DecisionDetail) -> Self {
        let verdict = detail.decision.verdict();
        let (view, transfer, reason) = match detail.decision {
            Decision::Approve { view, transfer } => (Some(view), transfer, None),
            Decision::Deny { reason } => (None, None, Some(reason)),
        };
        Self {
            typ: DECISION_TYP.into(),
            v: V1,
            iss: detail.iss,
            device: detail.device,
            request: detail.request,
            prompt: detail.prompt,
            nonce: detail.nonce,
            credential: detail.credential,
            decision: verdict,
            view,
            transfer,
            reason,
        }
    }
}

impl DecisionDetail {
    /// The challenge that the assertion signs.
    pub fn challenge(&self) -> Sha256Digest {
        jcs::derive_challenge(self)
    }
}

/// POST `decisions`, or the same inside a socket frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// Version.
    pub v: V1,
    /// What was signed.
    pub detail: DecisionDetail,
    /// The signature.
    pub assertion: AuthenticationResponse,
}

/// Reads a decision of at most 4 KiB. An unknown, missing or extra member anywhere is an error.
///
/// # Errors
/// [`IJsonError`]; on the wire `detail_invalid`.
pub fn parse_decision(body: &[u8]) -> Result<DecisionRequest, IJsonError> {
    ijson::parse_exact(body, limits::DECISION)
}

/// What the server stored when it signed the prompt, against which a decision is held.
#[derive(Debug, Clone)]
pub struct StoredPrompt<'a> {
    /// This server.
    pub iss: &'a Issuer,
    /// The device that the prompt was for.
    pub device: &'a DeviceId,
    /// The request.
    pub request: &'a ConsentRequestId,
    /// Hash of the stored prompt JWS.
    pub prompt: Sha256Digest,
    /// Its nonce.
    pub nonce: Sha256Digest,
    /// Whether the prompt asks for a code.
    pub asks_code: bool,
    /// rpId of the signed metadata.
    pub rp_id: &'a str,
    /// Origin of the signed metadata.
    pub origin: &'a str,
}

/// Why a decision is refused before storage is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecisionError {
    /// A member does not equal what was stored, or `transfer` is there when it must not be or the reverse:
    /// `detail_invalid`.
    #[error("the detail does not fit the prompt")]
    Detail,
    /// `assertion_invalid`.
    #[error(transparent)]
    Assertion(#[from] AssertionError),
}

/// The steps that compare the posted members with the stored ones (`docs/protocol.md` section 8.3, step 4).
///
/// # Errors
/// [`DecisionError::Detail`].
pub fn check_detail(
    detail: &DecisionDetail,
    stored: &StoredPrompt<'_>,
) -> Result<(), DecisionError> {
    let equal = detail.iss == *stored.iss
        && detail.device == *stored.device
        && detail.request == *stored.request
        && detail.prompt == stored.prompt
        && detail.nonce == stored.nonce;
    let transfer_fits = match &detail.decision {
        Decision::Approve { transfer, .. } => transfer.is_some() == stored.asks_code,
        Decision::Deny { .. } => true,
    };
    if equal && transfer_fits {
        Ok(())
    } else {
        Err(DecisionError::Detail)
    }
}

/// [`check_detail`], then the assertion by the key whose role fits the verdict (steps 4 and 5).
///
/// # Errors
/// [`DecisionError`].
pub fn verify_decision(
    request: &DecisionRequest,
    stored: &StoredPrompt<'_>,
    approval: &PublicKey,
    possession: &PublicKey,
) -> Result<VerifiedAssertion, DecisionError> {
    check_detail(&request.detail, stored)?;
    let role = request.detail.decision.verdict().role();
    let key = match role {
        CredentialRole::Approval => approval,
        CredentialRole::Possession => possession,
    };
    if request.detail.credential != key.thumbprint() {
        return Err(AssertionError::Credential.into());
    }
    let challenge = request.detail.challenge();
    let expected = ExpectedAssertion {
        challenge,
        rp_id: stored.rp_id,
        origin: stored.origin,
        role,
    };
    Ok(verify_assertion(&request.assertion, key, &expected)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn detail() -> Value {
        json!({
            "typ": "tegata.decision", "v": 1, "iss": "https://id.example", "device": "d1", "request": "r1",
            "prompt": Sha256Digest::of(b"p"), "nonce": Sha256Digest::of(b"n"), "credential": Sha256Digest::of(b"k"),
            "decision": "deny", "reason": "not_me",
        })
    }

    #[test]
    fn round_trips_the_literal_form() {
        let parsed: DecisionDetail = serde_json::from_value(detail()).unwrap();
        assert_eq!(serde_json::to_value(&parsed).unwrap(), detail());
        assert_eq!(
            parsed.decision,
            Decision::Deny {
                reason: DenyReason::NotMe
            }
        );
    }

    #[test]
    fn refuses_extra_missing_and_foreign_members() {
        let with = |name: &str, value: Value| {
            let mut d = detail();
            d[name] = value;
            serde_json::from_value::<DecisionDetail>(d).is_ok()
        };
        assert!(!with("constraints", json!({})));
        assert!(!with("transfer", json!("123456")));
        assert!(!with("decision", json!("approve")));
        assert!(!with("decision", json!("Deny")));
        assert!(!with("typ", json!("tegata.pairing")));
        assert!(!with("v", json!(2)));
        assert!(!with("transfer", Value::Null), "null is not absent");
        let mut without = detail();
        without.as_object_mut().unwrap().remove("reason");
        assert!(serde_json::from_value::<DecisionDetail>(without).is_err());
    }
}
