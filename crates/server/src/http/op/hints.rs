//! Whom a hint names: steps 4 and 5 of CIBA Core section 7.2.
//!
//! `login_hint` is a login name or a subject of this server; `id_token_hint` an ID token of this server for the same client;
//! `login_hint_token` a JWT by an issuer that the operator has named, whose `sub_id` is a subject identifier (RFC 9493):
//! `iss_sub` with this server as issuer, `opaque` with a subject of this server as id, or `account` with
//! `acct:LOGIN@HOST` and this server's host. Subjects are those that the asking client knows.
//!
//! To add a format of `sub_id`: a line in [`person_of`].

use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use tegata_protocol::{UnixTime, ijson};

use super::{
    audience::Audience,
    authentication_request::{Hint, LoginHint},
    client_assertion::MAX_JTI,
    form,
    subject::account_named,
};
use crate::{
    app::App,
    domain::{Account, Client, NameKind, OneTimeName, account::is_login_name},
    jose::{Algorithm, CompactJws},
    storage::{AccountName, StoreError},
};

/// Longest `id_token_hint` and `login_hint_token`, in characters.
pub(crate) const MAX_TOKEN: usize = 8 * 1024;

/// Seconds by which `iat` may lie in the future, since clocks differ.
const LEEWAY: i64 = 60;

/// The person, and the name of the token that named them if that is good once.
pub(super) struct Found {
    pub(super) account: Arc<Account>,
    pub(super) name: Option<OneTimeName>,
}

/// Why nobody is found.
#[derive(Debug, thiserror::Error)]
pub(super) enum HintError {
    /// `login_hint_token` has expired.
    #[error("the login_hint_token has expired")]
    Expired,
    /// The token is not one to go by.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The hint is good and names nobody here.
    #[error("the hint names nobody")]
    Unknown,
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a token is no hint. All are `invalid_request`; the texts are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// `aud` is somebody else.
    #[error(
        "aud of the hint does not fit: the client's id of an id_token_hint, the issuer of a login_hint_token"
    )]
    Audience,
    /// Claims are missing or of the wrong type.
    #[error(
        "the hint lacks a claim, or has one of another type: iss, aud, exp and iat, sub or sub_id"
    )]
    Claims,
    /// Not a JWS of the right kind.
    #[error("the hint is not a JWT of the right type, signed with ES256, PS256 or EdDSA")]
    Form,
    /// Nobody whose word counts.
    #[error("iss of the hint is not known here")]
    Issuer,
    /// Issued too long ago, or in the future.
    #[error("the hint was issued too long ago, or in the future")]
    Issued,
    /// Not signed by `iss`.
    #[error("the signature of the hint does not verify")]
    Signature,
}

/// Finds the person that `hint` of `client` names.
///
/// # Errors
/// [`HintError`].
pub(super) async fn find(app: &App, client: &Client, hint: &Hint) -> Result<Found, HintError> {
    let (person, name) = match hint {
        Hint::Login(hint) => (hint.clone(), None),
        Hint::IdToken(token) => (id_token(app, client, token)?, None),
        Hint::LoginToken(token) => login_token(app, token)?,
    };
    let account = match person {
        LoginHint::IssSub { iss, sub } if iss == app.issuer.as_str() => {
            account_of_sub(app, client, &sub).await?
        }
        LoginHint::Opaque(sub) => account_of_sub(app, client, &sub).await?,
        LoginHint::LoginName(name) => app.store.account(AccountName::Login(name)).await?,
        LoginHint::IssSub { .. } | LoginHint::Nobody => None,
    };
    let account = account.ok_or(HintError::Unknown)?;
    Ok(Found { account, name })
}

/// The person whom this server calls `sub` towards `client`.
async fn account_of_sub(
    app: &App,
    client: &Client,
    sub: &str,
) -> Result<Option<Arc<Account>>, StoreError> {
    match account_named(&app.keys, &client.settings, sub) {
        Some(name) => app.store.account(name).await,
        None => Ok(None),
    }
}

#[derive(Deserialize)]
struct IdTokenClaims {
    iss: String,
    sub: String,
    aud: Audience,
    iat: i64,
}

/// Whom an ID token of ours is about (CIBA Core section 7.1): signed by us, for this client, expired or not, not too old.
fn id_token(app: &App, client: &Client, token: &str) -> Result<LoginHint, TokenError> {
    let algorithms = [
        Algorithm::Es256,
        Algorithm::Ps256,
        Algorithm::EdDsa,
        Algorithm::Rs256,
    ];
    let jws = CompactJws::parse(token, MAX_TOKEN, &algorithms).map_err(|_| TokenError::Form)?;
    // Access tokens and whatever else these keys sign say what they are.
    if jws.typ().is_some_and(|typ| typ != "jwt") {
        return Err(TokenError::Form);
    }
    jws.verify(&app.keys.tokens.published())
        .map_err(|_| TokenError::Signature)?;
    let claims: IdTokenClaims =
        ijson::parse(jws.payload(), MAX_TOKEN).map_err(|_| TokenError::Claims)?;
    if claims.iss != app.issuer.as_str() {
        return Err(TokenError::Issuer);
    }
    if !claims.aud.has(client.id.as_str()) {
        return Err(TokenError::Audience);
    }
    let age = app.now().0 - claims.iat;
    if age < -LEEWAY || age > i64::from(app.config.lifetimes.id_token_hint) {
        return Err(TokenError::Issued);
    }
    Ok(LoginHint::IssSub {
        iss: claims.iss,
        sub: claims.sub,
    })
}

#[derive(Deserialize)]
struct LoginTokenClaims {
    iss: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    #[serde(default)]
    jti: Option<String>,
    sub_id: Value,
}

/// Whom a `login_hint_token` is about.
fn login_token(app: &App, token: &str) -> Result<(LoginHint, Option<OneTimeName>), HintError> {
    let jws = CompactJws::parse(token, MAX_TOKEN, &Algorithm::FROM_CLIENTS)
        .map_err(|_| TokenError::Form)?;
    if jws.typ().is_some_and(|typ| typ != "jwt") {
        return Err(TokenError::Form.into());
    }
    let claims: LoginTokenClaims =
        ijson::parse(jws.payload(), MAX_TOKEN).map_err(|_| TokenError::Claims)?;
    let keys = app
        .hint_issuers
        .keys(&claims.iss)
        .ok_or(TokenError::Issuer)?;
    jws.verify(keys).map_err(|_| TokenError::Signature)?;
    if !claims.aud.has(app.issuer.as_str()) {
        return Err(TokenError::Audience.into());
    }
    let now = app.now().0;
    if claims.iat > now + LEEWAY || claims.iat > claims.exp {
        return Err(TokenError::Issued.into());
    }
    if claims.exp <= now {
        return Err(HintError::Expired);
    }
    let person = person_of(&claims.sub_id, app.issuer.host()).ok_or(TokenError::Claims)?;
    let name = match claims.jti {
        None => None,
        Some(jti) if jti.is_empty() || jti.chars().count() > MAX_JTI => {
            return Err(TokenError::Claims.into());
        }
        Some(jti) => {
            let expires = UnixTime(claims.exp);
            Some(OneTimeName::new(
                NameKind::LoginHintToken,
                &claims.iss,
                &jti,
                expires,
            ))
        }
    };
    Ok((person, name))
}

/// Whom a subject identifier (RFC 9493 section 3) names at the server of `host`; `None` if it is none.
pub(crate) fn person_of(sub_id: &Value, host: &str) -> Option<LoginHint> {
    let text = |name: &str| sub_id.get(name)?.as_str().map(str::to_owned);
    Some(match text("format")?.as_str() {
        "iss_sub" => LoginHint::IssSub {
            iss: text("iss")?,
            sub: text("sub")?,
        },
        "opaque" => LoginHint::Opaque(text("id")?),
        "account" => text("uri")?
            .strip_prefix("acct:")
            .and_then(|uri| uri.rsplit_once('@'))
            .filter(|(_, at)| *at == host)
            // RFC 7565: what is no user name's character is percent-encoded, and `+` is one.
            .and_then(|(user, _)| form::decode(&user.replace('+', "%2B")))
            .filter(|user| is_login_name(user))
            .map_or(LoginHint::Nobody, LoginHint::LoginName),
        _ => LoginHint::Nobody,
    })
}
