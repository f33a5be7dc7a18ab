//! `POST /revoke` (RFC 7009): a client ends tokens that it does not need any more.
//!
//! An access token ends alone. With a refresh token, also with one that was used, all tokens of the request end. What is
//! unknown has ended already. There is no need for `token_type_hint`: a token says of itself what it is.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use std::sync::Arc;
use tegata_protocol::ciba::OAuthErrorCode;

use super::{
    access::{self, Presented},
    client_authentication::{ClientAuthenticationError, authenticate},
    form::{Form, FormError},
    respond,
};
use crate::{
    app::App,
    http::caller::Caller,
    storage::{
        StoreError,
        ops::{RevokeToken, RevokeTokenOutcome},
    },
};

/// Name of the endpoint in logs.
const ENDPOINT: &str = "revocation";

/// Why nothing was revoked (RFC 7009 section 2.2.1).
#[derive(Debug, thiserror::Error)]
enum RevocationError {
    /// The client did not prove itself.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// The body is no form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Another client's token.
    #[error("the token was issued to another client")]
    Foreign,
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `token` is missing.
    #[error("token is missing")]
    TokenMissing,
    /// An ID token or the like, which cannot be revoked.
    #[error("tokens of this type cannot be revoked")]
    TypeUnsupported,
}

/// Revokes, or says why not.
pub(super) async fn post(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Response {
    match revoke(&app, &caller, body).await {
        Ok(()) => {
            let mut response = Response::new(Body::empty());
            let no_store = HeaderValue::from_static("no-store");
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, no_store);
            response
        }
        Err(error) => error.response(),
    }
}

async fn revoke(app: &App, caller: &Caller, body: Body) -> Result<(), RevocationError> {
    let form = Form::read(&caller.headers, body).await?;
    let client = authenticate(app, caller, &form).await?;
    let token = form.value("token").ok_or(RevocationError::TokenMissing)?;
    let (kind, token) = match access::open(app, token) {
        Presented::Token(kind, at) => (kind, at),
        Presented::OtherJwt => return Err(RevocationError::TypeUnsupported),
        Presented::Unknown => return Ok(()),
    };
    let operation = RevokeToken {
        token,
        kind,
        client: client.registration().id.clone(),
        assertion: client.assertion(),
    };
    match app.store.apply(operation).await? {
        RevokeTokenOutcome::Ended(ended) => {
            tracing::info!(client = %client.registration().id, ?kind, ended, "token.revoked");
            Ok(())
        }
        RevokeTokenOutcome::Foreign => Err(RevocationError::Foreign),
        RevokeTokenOutcome::AssertionReplayed => {
            Err(ClientAuthenticationError::AssertionReplayed.into())
        }
    }
}

impl RevocationError {
    fn response(&self) -> Response {
        use OAuthErrorCode as C;
        let (code, description) = match self {
            Self::Client(error) => return error.response(ENDPOINT),
            Self::Form(error) => return error.response(),
            Self::Foreign => (C::InvalidRequest, "the token was issued to another client"),
            Self::Store(error) => return respond::store_error(error, ENDPOINT),
            Self::TokenMissing => (C::InvalidRequest, "token is missing"),
            Self::TypeUnsupported => (
                C::UnsupportedTokenType,
                "only access tokens and refresh tokens can be revoked",
            ),
        };
        tracing::info!(endpoint = ENDPOINT, reason = %self, "revocation.refused");
        respond::error(StatusCode::BAD_REQUEST, code, description)
    }
}
