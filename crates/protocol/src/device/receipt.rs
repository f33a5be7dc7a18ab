//! Receipts (`docs/protocol.md` section 9): the server's signature under what it committed.

use super::{
    V1,
    decision::{DecisionDetail, Verdict},
    invitation::Issuer,
    limits, present, typ,
};
use crate::{
    bytes::Sha256Digest,
    ids::{ClientId, ConsentRequestId},
    jws::{self, JwsError, UnverifiedJws},
    keys::{PublicKey, SigningKey},
    time::UnixTime,
    webauthn::AuthenticationResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Payload of `consent-receipt+jwt`, for the deciding device: everything that a stranger needs to check the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentReceipt {
    /// Version.
    pub v: V1,
    /// Issuer.
    pub iss: Issuer,
    /// The request.
    pub request: ConsentRequestId,
    /// Hash of the prompt JWS.
    pub prompt: Sha256Digest,
    /// What was signed.
    pub detail: DecisionDetail,
    /// The key that signed.
    pub credential: PublicKey,
    /// The signature.
    pub assertion: AuthenticationResponse,
    /// Authentication context class reached; absent for a denial.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub acr: Option<String>,
    /// RFC 8176 method values; empty for a denial.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// When it was committed; `auth_time` of the ID token.
    pub committed_at: UnixTime,
    /// `report` for a `not_me` after an approval.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub effect: Option<ReceiptEffect>,
}

/// What a decision did beyond deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReceiptEffect {
    /// Stored as a report: what was granted has been revoked.
    Report,
}

/// Payload of `client-receipt+jwt`: what the client may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientReceipt {
    /// Version.
    pub v: V1,
    /// Issuer.
    pub iss: Issuer,
    /// The client.
    pub aud: ClientId,
    /// The person as this client knows them.
    pub sub: String,
    /// The decision.
    pub decision: Verdict,
    /// Granted scopes.
    pub scope: String,
    /// Granted authorization details.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<Value>,
    /// Authentication context class reached.
    pub acr: String,
    /// Methods.
    pub amr: Vec<String>,
    /// When it was committed.
    pub auth_time: UnixTime,
    /// [`evidence_hash`] of the consent receipt, which the ID token carries too.
    pub evidence: Sha256Digest,
}

/// Signs a consent receipt.
pub fn sign_receipt(key: &SigningKey, receipt: &ConsentReceipt) -> String {
    jws::sign(key, typ::RECEIPT, receipt)
}

/// Signs a client receipt.
pub fn sign_client_receipt(key: &SigningKey, receipt: &ClientReceipt) -> String {
    jws::sign(key, typ::CLIENT_RECEIPT, receipt)
}

/// Signs the consent receipt of a simulated decision. `key` MUST be one that signs no real receipt.
pub fn sign_test_receipt(key: &SigningKey, receipt: &ConsentReceipt) -> String {
    jws::sign(key, typ::TEST_RECEIPT, receipt)
}

/// Signs the client receipt of a simulated decision. `key` MUST be one that signs no real receipt.
pub fn sign_test_client_receipt(key: &SigningKey, receipt: &ClientReceipt) -> String {
    jws::sign(key, typ::TEST_CLIENT_RECEIPT, receipt)
}

/// Whether a JWS says of itself that it is a receipt of a simulated decision. Nothing is verified: such a receipt is worth
/// nothing, whoever signed it.
pub fn is_simulated(receipt_jws: &str) -> bool {
    [typ::TEST_RECEIPT, typ::TEST_CLIENT_RECEIPT]
        .iter()
        .any(|typ| UnverifiedJws::parse(receipt_jws, typ, limits::RECEIPT).is_ok())
}

/// Checks a consent receipt's signature and form.
///
/// # Errors
/// [`JwsError`].
pub fn parse_receipt(receipt_jws: &str, keys: &[PublicKey]) -> Result<ConsentReceipt, JwsError> {
    jws::verify(receipt_jws, typ::RECEIPT, limits::RECEIPT, keys)
}

/// Checks a client receipt's signature and form.
///
/// # Errors
/// [`JwsError`].
pub fn parse_client_receipt(
    receipt_jws: &str,
    keys: &[PublicKey],
) -> Result<ClientReceipt, JwsError> {
    jws::verify(receipt_jws, typ::CLIENT_RECEIPT, limits::RECEIPT, keys)
}

/// The name of a piece of evidence: hash of the consent receipt JWS, which covers prompt, detail and assertion.
pub fn evidence_hash(receipt_jws: &str) -> Sha256Digest {
    jws::hash(receipt_jws)
}
