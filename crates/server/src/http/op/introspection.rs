//! `POST /introspect` (RFC 7662): a resource asks what a token stands for.
//!
//! A client learns about its own tokens; a client that is registered as a resource server (`introspection`) about everybody's
//! access tokens. Everybody else learns that a token is not active, whatever it is.

use axum::{body::Body, extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use tegata_protocol::{ClientId, UnixTime, ciba::OAuthErrorCode};

use super::{
    access,
    client_authentication::{ClientAuthenticationError, authenticate},
    form::{Form, FormError},
    issuance::Audience,
    respond,
    sender::is_honoured,
};
use crate::{
    app::App,
    domain::{BackchannelAuthenticationState, Client, Confirmation, TokenKind},
    http::caller::Caller,
    storage::{IssuedToken, StoreError},
};

/// Name of the endpoint in logs.
const ENDPOINT: &str = "introspection";

/// Why nothing is said.
#[derive(Debug, thiserror::Error)]
enum IntrospectionError {
    /// The client did not prove itself.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// The body is no form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `token` is missing.
    #[error("token is missing")]
    TokenMissing,
}

/// What is said of a token (RFC 7662 section 2.2), with `cnf` (RFC 8705 section 3.2), `authorization_details` (RFC 9396
/// section 9.2), `auth_time` and `acr` (RFC 9470 section 6.2).
#[derive(Serialize)]
struct Answer<'a> {
    active: bool,
    iss: &'a str,
    sub: &'a str,
    aud: Audience<'a>,
    client_id: &'a ClientId,
    scope: String,
    exp: UnixTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<UnixTime>,
    /// How to use it at a resource; a refresh token is not used there.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    auth_time: UnixTime,
    acr: &'a str,
    amr: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    authorization_details: &'a [Value],
}

/// Nothing else is said of a token that is unknown, has ended, or is none of the caller's business.
#[derive(Serialize)]
struct Inactive {
    active: bool,
}

/// Answers what a token stands for.
pub(super) async fn post(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Response {
    match introspect(&app, &caller, body).await {
        Ok(response) => response,
        Err(error) => error.response(),
    }
}

async fn introspect(
    app: &App,
    caller: &Caller,
    body: Body,
) -> Result<Response, IntrospectionError> {
    let form = Form::read(&caller.headers, body).await?;
    let client = authenticate(app, caller, &form).await?;
    let token = form
        .value("token")
        .ok_or(IntrospectionError::TokenMissing)?;
    let found = access::find(app, token)
        .await?
        .filter(|(kind, issued)| may_know(client.registration(), *kind, issued))
        .filter(|(kind, issued)| {
            *kind == TokenKind::Refresh
                || is_honoured(app.config.profile, issued.details.confirmation)
        });
    let answer = found
        .as_ref()
        .and_then(|(kind, issued)| describe(app, *kind, issued));
    Ok(answer.unwrap_or_else(|| respond::json(StatusCode::OK, &Inactive { active: false })))
}

fn may_know(client: &Client, kind: TokenKind, issued: &IssuedToken) -> bool {
    issued.client == client.id || (client.settings.introspection && kind == TokenKind::Access)
}

fn describe(app: &App, kind: TokenKind, issued: &IssuedToken) -> Option<Response> {
    let (facts, details) = (&issued.flow.facts, &issued.details);
    let BackchannelAuthenticationState::Redeemed { approval, .. } = &issued.flow.state else {
        return None;
    };
    let token_type = match (kind, details.confirmation) {
        (TokenKind::Refresh, _) => None,
        (TokenKind::Access, Some(Confirmation::Key(_))) => Some("DPoP"),
        (TokenKind::Access, _) => Some("Bearer"),
    };
    let answer = Answer {
        active: true,
        iss: app.issuer.as_str(),
        sub: &facts.sub,
        aud: Audience::of(details.resource(facts), app.issuer.as_str()),
        client_id: &facts.client_id,
        scope: details.scopes(facts).join(" "),
        exp: issued.expires,
        iat: details.issued,
        token_type,
        auth_time: approval.at,
        acr: &approval.acr,
        amr: &approval.amr,
        cnf: details.confirmation,
        authorization_details: details.authorization_details(facts),
    };
    Some(respond::json(StatusCode::OK, &answer))
}

impl IntrospectionError {
    fn response(&self) -> Response {
        match self {
            Self::Client(error) => error.response(ENDPOINT),
            Self::Form(error) => error.response(),
            Self::Store(error) => respond::store_error(error, ENDPOINT),
            Self::TokenMissing => respond::error(
                StatusCode::BAD_REQUEST,
                OAuthErrorCode::InvalidRequest,
                "token is missing",
            ),
        }
    }
}
