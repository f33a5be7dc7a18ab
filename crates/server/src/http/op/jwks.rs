//! JWK Sets (RFC 7517 section 5): `GET /jwks` with the keys that sign tokens, those that will, and those whose tokens may
//! still be valid. Root, prompt and receipt keys are not in it: they sign no tokens.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode},
    response::Response,
};
use serde_json::json;
use std::sync::Arc;

use super::respond;
use crate::{app::App, keys::tokens::JWKS_MAX_AGE};

/// The JWK Set. Caches may keep it for as long as a new key is published before it signs.
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    let set = json!({ "keys": app.keys.tokens.jwks() });
    let cache = HeaderValue::from_str(&format!("public, max-age={JWKS_MAX_AGE}"))
        .expect("a number is of header characters");
    respond::cached(StatusCode::OK, &set, cache)
}
