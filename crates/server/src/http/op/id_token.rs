//! ID tokens (OpenID Connect Core section 2).

use serde::Serialize;
use tegata_protocol::{
    AuthReqId, ClientId, Rng, Secret, Sha256Digest, SigningKey, UnixTime, bytes::encode_b64u, jws,
    rng::random_bytes,
};

use crate::domain::{Approval, RequestFacts};

#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a ClientId,
    exp: UnixTime,
    iat: UnixTime,
    jti: String,
    auth_time: UnixTime,
    acr: &'a str,
    amr: &'a [String],
    at_hash: String,
    #[serde(
        rename = "urn:openid:params:jwt:claim:auth_req_id",
        skip_serializing_if = "Option::is_none"
    )]
    auth_req_id: Option<&'a str>,
    #[serde(
        rename = "urn:openid:params:jwt:claim:rt_hash",
        skip_serializing_if = "Option::is_none"
    )]
    rt_hash: Option<String>,
    /// Hash of the consent receipt, which the client receipt carries too.
    tegata_evidence: Sha256Digest,
}

/// What an ID token is issued with, beyond the request and its approval.
pub(super) struct Issuance<'a> {
    /// `iss`.
    pub(super) issuer: &'a str,
    /// The access token of the same response.
    pub(super) access_token: &'a Secret<String>,
    /// Of what is pushed, to what it belongs.
    pub(super) pushed: Option<Pushed<'a>>,
    /// `iat`.
    pub(super) now: UnixTime,
    /// Seconds.
    pub(super) lifetime: u32,
}

/// What a pushed ID token also says (CIBA Core section 10.3.1).
pub(super) struct Pushed<'a> {
    /// The request that was made.
    pub(super) auth_req_id: &'a AuthReqId,
    /// The refresh token of the same response, if there is one.
    pub(super) refresh_token: Option<&'a Secret<String>>,
}

/// Signs the ID token of an approved request: everything about the person and the approval comes from what was stored.
pub(super) fn sign_id_token(
    key: &SigningKey,
    rng: &dyn Rng,
    facts: &RequestFacts,
    approval: &Approval,
    issuance: &Issuance<'_>,
) -> Secret<String> {
    let token = IdToken {
        iss: issuance.issuer,
        sub: &facts.sub,
        aud: &facts.client_id,
        exp: issuance.now.plus(i64::from(issuance.lifetime)),
        iat: issuance.now,
        jti: encode_b64u(&random_bytes::<16>(rng)),
        auth_time: approval.at,
        acr: &approval.acr,
        amr: &approval.amr,
        at_hash: at_hash(issuance.access_token),
        auth_req_id: issuance
            .pushed
            .as_ref()
            .map(|pushed| pushed.auth_req_id.as_str()),
        rt_hash: issuance
            .pushed
            .as_ref()
            .and_then(|pushed| pushed.refresh_token.map(at_hash)),
        tegata_evidence: approval.evidence,
    };
    Secret::new(jws::sign(key, "JWT", &token))
}

/// The left half of SHA-256 of a token's characters (OpenID Connect Core section 3.1.3.6).
fn at_hash(token: &Secret<String>) -> String {
    // EXPOSE: hashed.
    let digest = Sha256Digest::of(token.expose().as_bytes());
    let (left, _) = digest.0.split_at(16);
    encode_b64u(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance: OIDC-2-id-token
    #[test]
    fn at_hash_is_the_left_half_of_sha_256() {
        // Access token of OpenID Connect Core appendix A.4, whose ID token has this at_hash.
        let token = Secret::new("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y".to_owned());
        assert_eq!(at_hash(&token), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
