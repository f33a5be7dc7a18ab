//! A check of ID tokens that shares no code with the server: JWKS, ring, and the rules of OpenID Connect Core
//! section 3.1.3.7 as far as they apply to CIBA.

use anyhow::{Context as _, bail, ensure};
use data_encoding::BASE64URL_NOPAD;
use ring::{
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey},
};
use serde_json::Value;
use tegata_protocol::UnixTime;

/// Seconds by which the issuer's clock may be ahead of ours.
const LEEWAY: i64 = 5;

/// What the client expects.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The issuer, exactly.
    pub issuer: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// The access token that came with it, for `at_hash`; `None` when it is not known here.
    pub access_token: Option<&'a str>,
    /// Now.
    pub now: UnixTime,
}

/// Verifies an ID token and answers its claims. `jwks` is the issuer's key set as fetched.
///
/// # Errors
///
/// The first thing that does not hold.
pub fn verify_id_token(
    id_token: &str,
    jwks: &Value,
    expected: Expected<'_>,
) -> anyhow::Result<Value> {
    let (signed, signature) = id_token.rsplit_once('.').context("not a JWS")?;
    let (header, payload) = signed.split_once('.').context("not a JWS")?;
    let header = json_part(header).context("the header")?;
    ensure!(header["alg"] == "ES256", "the algorithm is not ES256");
    // Section 10.1: the key is the one that the header names.
    let key = public_key(jwks, &header["kid"])?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
        .verify(signed.as_bytes(), &decode(signature)?)
        .map_err(|_| anyhow::anyhow!("the signature does not verify"))?;
    let claims = json_part(payload).context("the claims")?;
    // Steps 2 to 5.
    ensure!(
        claims["iss"] == expected.issuer,
        "the issuer is {}",
        claims["iss"]
    );
    ensure!(
        claims["aud"] == expected.client_id
            || claims["aud"] == serde_json::json!([expected.client_id]),
        "the audience is {}",
        claims["aud"]
    );
    // Steps 9 and 10.
    let second = |name: &str| {
        claims[name]
            .as_i64()
            .with_context(|| format!("{name} is missing"))
    };
    ensure!(second("exp")? > expected.now.0, "it has expired");
    ensure!(
        second("iat")? <= expected.now.0 + LEEWAY,
        "it is from the future"
    );
    ensure!(
        second("auth_time")? <= second("iat")?,
        "the person was verified after the token was issued"
    );
    for name in ["sub", "acr", "tegata_evidence"] {
        ensure!(claims[name].is_string(), "{name} is missing");
    }
    ensure!(claims["amr"].is_array(), "amr is missing");
    if let Some(access_token) = expected.access_token {
        check_at_hash(&claims, access_token)?;
    }
    Ok(claims)
}

/// Section 3.1.3.6: the left half of the access token's hash.
fn check_at_hash(claims: &Value, access_token: &str) -> anyhow::Result<()> {
    let hash = digest(&SHA256, access_token.as_bytes());
    let left = hash.as_ref().get(..16).unwrap_or_default();
    ensure!(
        claims["at_hash"] == BASE64URL_NOPAD.encode(left),
        "at_hash is not that of the access token"
    );
    Ok(())
}

fn public_key(jwks: &Value, kid: &Value) -> anyhow::Result<Vec<u8>> {
    let keys = jwks["keys"].as_array().context("no key set")?;
    let Some(key) = keys
        .iter()
        .find(|key| kid.is_string() && key["kid"] == *kid)
    else {
        bail!("the key {kid} is not in the issuer's key set");
    };
    ensure!(
        key["kty"] == "EC" && key["crv"] == "P-256" && key.get("d").is_none(),
        "the key is no public P-256 key"
    );
    let mut point = vec![4];
    for name in ["x", "y"] {
        point.extend(decode(key[name].as_str().unwrap_or_default())?);
    }
    Ok(point)
}

fn json_part(part: &str) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&decode(part)?)?)
}

fn decode(part: &str) -> anyhow::Result<Vec<u8>> {
    BASE64URL_NOPAD
        .decode(part.as_bytes())
        .context("not base64url")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tegata_protocol::{SigningKey, SystemRng};

    use super::*;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn part(value: &Value) -> String {
        BASE64URL_NOPAD.encode(value.to_string().as_bytes())
    }

    fn good_claims() -> Value {
        json!({
            "iss": "http://localhost:1", "aud": "kiosk", "sub": "s", "exp": NOW.0 + 60, "iat": NOW.0,
            "auth_time": NOW.0 - 1, "acr": "a", "amr": ["pin"], "tegata_evidence": "h",
            "at_hash": BASE64URL_NOPAD.encode(&digest(&SHA256, b"access").as_ref()[..16]),
        })
    }

    fn check(header: &Value, claims: &Value) -> anyhow::Result<Value> {
        let (key, _) = SigningKey::make(&SystemRng::new());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = BASE64URL_NOPAD.encode(&key.sign_fixed(signed.as_bytes()));
        let jwks = json!({ "keys": [{
            "kid": "k", "kty": "EC", "crv": "P-256",
            "x": BASE64URL_NOPAD.encode(key.public().x()), "y": BASE64URL_NOPAD.encode(key.public().y()),
        }] });
        let expected = Expected {
            issuer: "http://localhost:1",
            client_id: "kiosk",
            access_token: Some("access"),
            now: NOW,
        };
        verify_id_token(&format!("{signed}.{signature}"), &jwks, expected)
    }

    #[test]
    fn accepts_a_good_token() {
        let claims = good_claims();
        assert_eq!(
            check(&json!({"alg": "ES256", "kid": "k"}), &claims).unwrap(),
            claims
        );
    }

    #[test]
    fn refuses_each_defect_by_its_name() {
        let header = json!({"alg": "ES256", "kid": "k"});
        for (member, value, reason) in [
            ("iss", json!("http://localhost:2"), "issuer"),
            ("aud", json!("other"), "audience"),
            ("aud", json!(["kiosk", "other"]), "audience"),
            ("exp", json!(NOW.0), "expired"),
            ("iat", json!(NOW.0 + 60), "future"),
            ("auth_time", json!(NOW.0 + 1), "verified after"),
            ("acr", Value::Null, "acr"),
            ("amr", json!("pin"), "amr"),
            ("at_hash", json!("x"), "at_hash"),
        ] {
            let mut claims = good_claims();
            claims[member] = value;
            let error = check(&header, &claims).unwrap_err().to_string();
            assert!(error.contains(reason), "{member}: {error}");
        }
        for (header, reason) in [
            (json!({"alg": "none", "kid": "k"}), "algorithm"),
            (json!({"alg": "ES256", "kid": "other"}), "key set"),
            (json!({"alg": "ES256"}), "key set"),
        ] {
            let error = check(&header, &good_claims()).unwrap_err().to_string();
            assert!(error.contains(reason), "{header}: {error}");
        }
    }
}
