//! JWK Sets (RFC 7517 section 5): `GET /jwks` with the keys that sign ID tokens.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode},
    response::Response,
};
use serde::Serialize;
use std::sync::Arc;
use tegata_protocol::{PublicKey, Thumbprint};

use super::respond;
use crate::app::App;

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
