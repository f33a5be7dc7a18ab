//! ID tokens (OpenID Connect Core section 2).

use serde::Serialize;
use tegata_protocol::{
    ClientId, Rng, Secret, Sha256Digest, SigningKey, UnixTime, bytes::encode_b64u, jws,
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
    /// Hash of the consent receipt, which the client receipt carries too.
    tegata_evidence: Sha256Digest,
}

/// What an ID token is issued with, beyond the request and its approval.
pub(super) struct Issuance<'a> {
    /// `iss`.
    pub(super) issuer: &'a str,
    /// The access token of the same response.
    pub(super) access_token: &'a Secret<String>,
    /// `iat`.
    pub(super) now: UnixTime,
    /// Seconds.
    pub(super) lifetime: u32,
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
        tegata_evidence: approval.evidence,
    };
    Secret::new(jws::sign(key, "JWT", &token))
}

/// The left half of SHA-256 of the access token's characters (OpenID Connect Core section 3.1.3.6).
fn at_hash(access_token: &Secret<String>) -> String {
    // EXPOSE: hashed.
    let digest = Sha256Digest::of(access_token.expose().as_bytes());
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
