//! ID tokens (OpenID Connect Core section 2, CIBA Core section 10.3.1).

use ring::digest::{SHA256, SHA512, digest};
use serde::Serialize;
use tegata_protocol::{
    AuthReqId, ClientId, Rng, Secret, Sha256Digest, UnixTime, bytes::encode_b64u, rng::random_bytes,
};

use crate::{
    app::App,
    domain::{Approval, Client, RequestFacts},
    jose::Algorithm,
    keys::TokenKeys,
};

#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a ClientId,
    exp: UnixTime,
    iat: UnixTime,
    jti: String,
    auth_time: UnixTime,
    /// What was reached, whether or not the client asked for any.
    acr: &'a str,
    amr: &'a [String],
    at_hash: String,
    /// Hash of the consent receipt, which the client receipt carries too.
    tegata_evidence: Sha256Digest,
    #[serde(
        rename = "urn:openid:params:jwt:claim:auth_req_id",
        skip_serializing_if = "Option::is_none"
    )]
    auth_req_id: Option<&'a AuthReqId>,
    #[serde(
        rename = "urn:openid:params:jwt:claim:rt_hash",
        skip_serializing_if = "Option::is_none"
    )]
    rt_hash: Option<String>,
}

/// What an ID token is issued with, beyond the request and its approval.
pub(super) struct Issuance<'a> {
    /// `iss`.
    pub(super) issuer: &'a str,
    /// `alg`, see [`algorithm_for`].
    pub(super) algorithm: Algorithm,
    /// The access token of the same response.
    pub(super) access_token: &'a Secret<String>,
    /// If the token is pushed to the client and not collected.
    pub(super) pushed: Option<Pushed<'a>>,
    /// `iat`.
    pub(super) now: UnixTime,
    /// Seconds.
    pub(super) lifetime: u32,
}

/// What ties a pushed ID token to the rest of the push (CIBA Core section 10.3.1): nothing else tells the client that the
/// tokens are for its request.
pub(super) struct Pushed<'a> {
    /// The request.
    pub(super) auth_req_id: &'a AuthReqId,
    /// The refresh token of the same push, if there is one.
    pub(super) refresh_token: Option<&'a Secret<String>>,
}

/// By what the ID tokens of `client` are signed: by what it is registered for, unless that is no longer offered.
pub(super) fn algorithm_for(app: &App, client: &Client) -> Algorithm {
    let registered = client.settings.id_token_alg;
    if app.config.id_token_algorithms().contains(&registered) {
        registered
    } else {
        tracing::warn!(
            client = %client.id, alg = %registered,
            "id_token.algorithm_not_offered: its ID tokens are signed by ES256, which it may refuse"
        );
        Algorithm::Es256
    }
}

/// Signs the ID token of an approved request: everything about the person and the approval comes from what was stored.
pub(super) fn sign_id_token(
    keys: &TokenKeys,
    rng: &dyn Rng,
    facts: &RequestFacts,
    approval: &Approval,
    issuance: &Issuance<'_>,
) -> Secret<String> {
    let hash = |token| left_half_hash(issuance.algorithm, token);
    let pushed = issuance.pushed.as_ref();
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
        at_hash: hash(issuance.access_token),
        tegata_evidence: approval.evidence,
        auth_req_id: pushed.map(|pushed| pushed.auth_req_id),
        rt_hash: pushed.and_then(|pushed| pushed.refresh_token).map(hash),
    };
    keys.sign(issuance.algorithm, "JWT", &token)
}

/// `at_hash` and `rt_hash`: the left half of the token's hash by the hash function of the ID token's `alg` (OpenID Connect
/// Core section 3.1.3.6). That of EdDSA on Ed25519 is SHA-512 (RFC 8032 section 5.1).
fn left_half_hash(algorithm: Algorithm, token: &Secret<String>) -> String {
    let function = match algorithm {
        Algorithm::Es256 | Algorithm::Ps256 | Algorithm::Rs256 => &SHA256,
        Algorithm::EdDsa => &SHA512,
    };
    // EXPOSE: hashed.
    let digest = digest(function, token.expose().as_bytes());
    let (left, _) = digest.as_ref().split_at(digest.as_ref().len() / 2);
    encode_b64u(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance: OIDC-2-id-token
    #[test]
    fn at_hash_is_the_left_half_of_the_algorithms_hash() {
        // Access token of OpenID Connect Core appendix A.4, whose ID token has this at_hash.
        let token = Secret::new("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y".to_owned());
        for algorithm in [Algorithm::Es256, Algorithm::Ps256, Algorithm::Rs256] {
            assert_eq!(left_half_hash(algorithm, &token), "77QmUPtjPfzWtF2AnpK9RQ");
        }
        // The same token, by Python's hashlib.
        assert_eq!(
            left_half_hash(Algorithm::EdDsa, &token),
            "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM"
        );
    }
}
