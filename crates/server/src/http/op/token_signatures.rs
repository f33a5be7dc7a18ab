//! With which keys access tokens are signed, and with which tokens of ours verify.

use serde::Serialize;
use tegata_protocol::Secret;

use crate::{
    app::App,
    jose::{Algorithm, KeySet},
};

/// Signs an access token. By ES256, whatever the client: it is for resources to read, and those are not the client's.
pub(super) fn sign_access_token(app: &App, claims: &impl Serialize) -> Secret<String> {
    app.keys
        .tokens
        .sign(Algorithm::Es256, ACCESS_TOKEN_TYPE, claims)
}

/// `typ` of JWT access tokens (RFC 9068 section 2.1).
pub(super) const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The keys by which a token of ours is known.
pub(super) fn verifying_keys(app: &App) -> KeySet {
    app.keys.tokens.published()
}
