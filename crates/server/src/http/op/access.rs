//! What a token that somebody presents stands for.
//!
//! An opaque token and the `jti` of a JWT each say where their row is, under labels of their own. What is stored there counts:
//! a JWT that has been revoked is refused here, although its signature verifies.

use serde::Deserialize;

use super::token_signatures::{ACCESS_TOKEN_TYPE, verifying_keys};
use crate::{
    app::App,
    domain::{Located, TokenKind},
    jose::{Algorithm, CompactJws},
    storage::{IssuedToken, StoreError},
};

/// Longest token that is looked at, in characters: authorization details can be long.
const MAX_TOKEN: usize = 64 * 1024;

/// With what the server may have signed.
const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Es256,
    Algorithm::Ps256,
    Algorithm::EdDsa,
    Algorithm::Rs256,
];

/// A token by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presented {
    /// Issued here, whatever became of it.
    Token(TokenKind, Located),
    /// Signed here, and no access token: an ID token or the like.
    OtherJwt,
    /// Not issued here.
    Unknown,
}

#[derive(Deserialize)]
struct Named {
    jti: String,
}

/// Finds out what `token` is, without asking what became of it.
pub(super) fn open(app: &App, token: &str) -> Presented {
    let locator = app.keys.locator();
    if let Some(at) = locator.open_access_token(token) {
        return Presented::Token(TokenKind::Access, at);
    }
    if let Some(at) = locator.open_refresh_token(token) {
        return Presented::Token(TokenKind::Refresh, at);
    }
    let Ok(jws) = CompactJws::parse(token, MAX_TOKEN, &ALGORITHMS) else {
        return Presented::Unknown;
    };
    if jws.verify(&verifying_keys(app)).is_err() {
        return Presented::Unknown;
    }
    if jws.typ().as_deref() != Some(ACCESS_TOKEN_TYPE) {
        return Presented::OtherJwt;
    }
    serde_json::from_slice::<Named>(jws.payload())
        .ok()
        .and_then(|named| locator.open_jwt_id(&named.jti))
        .map_or(Presented::Unknown, |at| {
            Presented::Token(TokenKind::Access, at)
        })
}

/// What `token` stands for now, and what it is good for; `None` if it is unknown, revoked or expired.
pub(super) async fn find(
    app: &App,
    token: &str,
) -> Result<Option<(TokenKind, IssuedToken)>, StoreError> {
    let Presented::Token(kind, at) = open(app, token) else {
        return Ok(None);
    };
    let now = app.now();
    let found = app
        .store
        .read(move |reader| reader.token(kind, &at, now))
        .await?;
    Ok(found.map(|issued| (kind, issued)))
}
