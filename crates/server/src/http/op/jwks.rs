//! JWK Sets (RFC 7517 section 5): `GET /jwks` with the keys that sign ID tokens, and reading those of others.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode},
    response::Response,
};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use tegata_protocol::{PublicKey, Thumbprint};

use super::respond;
use crate::app::App;

/// Most keys of one set that are looked at.
pub(crate) const MAX_KEYS: usize = 16;

#[derive(Serialize)]
struct JwkSet {
    keys: [IdTokenKey; 1],
}

#[derive(Serialize)]
struct IdTokenKey {
    #[serde(flatten)]
    key: PublicKey,
    kid: Thumbprint,
    alg: &'static str,
    r#use: &'static str,
}

/// The JWK Set (RFC 7517 section 5). Root, prompt and receipt keys are not in it: they sign no ID tokens.
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    let key = &app.keys.id_token;
    let set = JwkSet {
        keys: [IdTokenKey {
            key: *key.public(),
            kid: key.thumbprint(),
            alg: "ES256",
            r#use: "sig",
        }],
    };
    respond::cached(
        StatusCode::OK,
        &set,
        HeaderValue::from_static("public, max-age=300"),
    )
}

/// The keys of somebody's JWK Set that may have made an ES256 signature: if the signature's header names a `kid`, those
/// of that name or of none. Keys of other kinds are passed over; what is no JWK Set has none.
pub(crate) fn es256_keys(jwks: &str, kid: Option<&str>) -> Vec<PublicKey> {
    let set: Value = serde_json::from_str(jwks).unwrap_or_default();
    let text = |jwk: &Value, name: &str| jwk.get(name).and_then(Value::as_str).map(str::to_owned);
    set.get("keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(MAX_KEYS)
        .filter(|jwk| {
            text(jwk, "use").is_none_or(|value| value == "sig")
                && text(jwk, "alg").is_none_or(|value| value == "ES256")
                && (kid.is_none() || text(jwk, "kid").is_none_or(|name| Some(&*name) == kid))
        })
        .filter_map(p256_key)
        .collect()
}

/// The public key of one JWK, whatever else the JWK says; `None` if it is no EC key on P-256.
pub(crate) fn p256_key(jwk: &Value) -> Option<PublicKey> {
    let bare: serde_json::Map<String, Value> = ["crv", "kty", "x", "y"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), jwk.get(name)?.clone())))
        .collect();
    serde_json::from_value(Value::Object(bare)).ok()
}
