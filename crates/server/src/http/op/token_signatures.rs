//! With which keys tokens are signed, and with which they verify.

use serde::Serialize;
use serde_json::json;
use tegata_protocol::{Secret, jws};

use crate::{app::App, jose::KeySet};

/// Signs an access token.
pub(super) fn sign_access_token(app: &App, claims: &impl Serialize) -> Secret<String> {
    Secret::new(jws::sign(&app.keys.id_token, ACCESS_TOKEN_TYPE, claims))
}

/// `typ` of JWT access tokens (RFC 9068 section 2.1).
pub(super) const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The keys by which a token of ours is known.
pub(super) fn verifying_keys(app: &App) -> KeySet {
    KeySet::parse(&json!({ "keys": [app.keys.id_token.public()] }).to_string())
}
