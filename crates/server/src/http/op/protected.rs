//! Access to what is protected by access tokens: how a token is presented (RFC 6750 section 2, RFC 9449 section 7.1), what it
//! must be, and how refusals are answered (RFC 6750 section 3).
//!
//! A token in the address is not looked at: addresses are logged (RFC 6750 section 2.3).

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use tegata_protocol::{Secret, ciba::OAuthErrorCode};

use super::{
    access,
    dpop::{self, DpopError},
    form::{Form, FormError, is_form},
    respond, sender,
};
use crate::{
    app::App,
    domain::{Confirmation, Sender, TokenKind},
    http::caller::Caller,
    storage::{IssuedToken, StoreError},
};

/// Why something protected is not shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum AccessError {
    /// The DPoP proof does not hold.
    #[error(transparent)]
    Dpop(#[from] DpopError),
    /// The token does not reach that far.
    #[error("the access token lacks the scope {0}")]
    InsufficientScope(&'static str),
    /// No token of this server, or one that has ended.
    #[error("the access token is unknown, revoked or expired")]
    Invalid,
    /// A bound token without the certificate or key that it is bound to, or by the wrong scheme.
    #[error("the access token is bound to a certificate or key that was not used")]
    NotHeld,
    /// A token for other resources.
    #[error("the access token is for another resource")]
    OtherAudience,
    /// A token in two places, or a header or form that cannot be read.
    #[error("the request is malformed: {0}")]
    Malformed(&'static str),
    /// No token.
    #[error("there is no access token")]
    Missing,
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FormError> for AccessError {
    fn from(_: FormError) -> Self {
        Self::Malformed("the form cannot be read")
    }
}

/// How a token was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Bearer,
    Dpop,
}

impl Scheme {
    fn parse(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("bearer") {
            Some(Self::Bearer)
        } else if name.eq_ignore_ascii_case("dpop") {
            Some(Self::Dpop)
        } else {
            None
        }
    }

    /// The scheme by which a caller tries, for the challenge.
    fn tried(caller: &Caller) -> Self {
        caller
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| Self::parse(value.split(' ').next().unwrap_or_default()))
            .unwrap_or(Self::Bearer)
    }
}

/// A token as it was presented.
pub(super) struct Credentials {
    pub(super) scheme: Scheme,
    pub(super) token: Secret<String>,
}

impl Credentials {
    /// Reads them from the `Authorization` header or, if there is none there, from a form (RFC 6750 section 2.2).
    ///
    /// # Errors
    /// [`AccessError::Missing`], [`AccessError::Malformed`].
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, AccessError> {
        let in_form = if is_form(headers) {
            let form = Form::read(headers, body).await?;
            form.value("access_token").map(str::to_owned)
        } else {
            None
        };
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let in_header = values.next();
        if values.next().is_some() || (in_header.is_some() && in_form.is_some()) {
            return Err(AccessError::Malformed(
                "the access token must be presented once",
            ));
        }
        if let Some(token) = in_form {
            return Ok(Self {
                scheme: Scheme::Bearer,
                token: Secret::new(token),
            });
        }
        let value = in_header.ok_or(AccessError::Missing)?;
        let malformed = || AccessError::Malformed("the Authorization header cannot be read");
        let value = value.to_str().map_err(|_| malformed())?;
        let (scheme, token) = value.split_once(' ').ok_or_else(malformed)?;
        // Somebody else's scheme is no access token.
        let scheme = Scheme::parse(scheme).ok_or(AccessError::Missing)?;
        let token = token.trim_start_matches(' ');
        if token.is_empty() || token.contains(' ') {
            return Err(malformed());
        }
        Ok(Self {
            scheme,
            token: Secret::new(token.to_owned()),
        })
    }
}

/// Lets the holder of a token through to a resource of this server at `path` that needs `scope`.
///
/// # Errors
/// [`AccessError`].
pub(super) async fn admit(
    app: &App,
    caller: &Caller,
    method: &str,
    path: &str,
    credentials: &Credentials,
    scope: &'static str,
) -> Result<IssuedToken, AccessError> {
    // 1. A token that works.
    // EXPOSE: looked up.
    let found = access::find(app, credentials.token.expose()).await?;
    let Some((TokenKind::Access, issued)) = found else {
        return Err(AccessError::Invalid);
    };
    // 2. Held by who presents it, and presented as what it is: a bound token must not pass for one that is not.
    let scheme = match issued.details.confirmation {
        Some(Confirmation::Key(_)) => Scheme::Dpop,
        Some(Confirmation::Certificate(_)) | None => Scheme::Bearer,
    };
    let mut sender = Sender {
        certificate: sender::certificate(caller),
        key: None,
    };
    if scheme == Scheme::Dpop && credentials.scheme == scheme {
        let url = app.issuer.endpoint(path);
        // EXPOSE: hashed, for comparison with the proof.
        let token = credentials.token.expose();
        sender.key = dpop::prove(app, caller, method, &url, Some(token))?;
    }
    let held = issued
        .details
        .confirmation
        .is_none_or(|confirmation| sender.holds(&confirmation));
    let honoured = sender::is_honoured(app.config.profile, issued.details.confirmation);
    if credentials.scheme != scheme || !held || !honoured {
        return Err(AccessError::NotHeld);
    }
    // 3. For this server.
    let (facts, details) = (&issued.flow.facts, &issued.details);
    let resource = details.resource(facts);
    if !resource.is_empty() && !resource.iter().any(|one| one == app.issuer.as_str()) {
        return Err(AccessError::OtherAudience);
    }
    // 4. Reaching far enough.
    if !details.scopes(facts).iter().any(|one| one == scope) {
        return Err(AccessError::InsufficientScope(scope));
    }
    Ok(issued)
}

impl AccessError {
    /// The answer: a status, a challenge for each scheme that is offered and, unless no token was presented at all, the error in
    /// the body and in the challenge for the scheme that was tried.
    pub(super) fn response(&self, app: &App, caller: &Caller, endpoint: &'static str) -> Response {
        use OAuthErrorCode as C;
        let (status, code, name, description) = match self {
            Self::Store(error) => return respond::store_error(error, endpoint),
            Self::Dpop(error) => return error.resource_response(app),
            Self::Missing => {
                let mut response = respond::json(StatusCode::UNAUTHORIZED, &serde_json::json!({}));
                add_challenges(app, &mut response, bearer(""), dpop::offer(app));
                return response;
            }
            Self::Malformed(description) => (
                StatusCode::BAD_REQUEST,
                C::InvalidRequest,
                "invalid_request",
                *description,
            ),
            Self::InsufficientScope(_) => (
                StatusCode::FORBIDDEN,
                C::InsufficientScope,
                "insufficient_scope",
                "the access token does not reach that far",
            ),
            Self::Invalid => (
                StatusCode::UNAUTHORIZED,
                C::InvalidToken,
                "invalid_token",
                "the access token is unknown, revoked or expired",
            ),
            Self::NotHeld => (
                StatusCode::UNAUTHORIZED,
                C::InvalidToken,
                "invalid_token",
                "the access token is bound to a certificate or key that was not used",
            ),
            Self::OtherAudience => (
                StatusCode::UNAUTHORIZED,
                C::InvalidToken,
                "invalid_token",
                "the access token is for another resource",
            ),
        };
        tracing::info!(endpoint, reason = %self, "access.refused");
        let mut response = respond::error(status, code, description);
        let (bearer, dpop) = match Scheme::tried(caller) {
            Scheme::Bearer => {
                let scope = match self {
                    Self::InsufficientScope(scope) => format!(r#", scope="{scope}""#),
                    _ => String::new(),
                };
                let error =
                    format!(r#", error="{name}", error_description="{description}"{scope}"#);
                (bearer(&error), dpop::offer(app))
            }
            Scheme::Dpop => (bearer(""), dpop::challenge(app, name, description)),
        };
        add_challenges(app, &mut response, bearer, dpop);
        response
    }
}

/// The challenge for bearer tokens, with these parameters after the realm.
fn bearer(parameters: &str) -> HeaderValue {
    HeaderValue::try_from(format!(r#"Bearer realm="tegata"{parameters}"#))
        .expect("parameters are plain text of this program")
}

fn add_challenges(app: &App, response: &mut Response, bearer: HeaderValue, dpop: HeaderValue) {
    let headers = response.headers_mut();
    headers.append(header::WWW_AUTHENTICATE, bearer);
    if app.config.profile.offers_dpop() {
        headers.append(header::WWW_AUTHENTICATE, dpop);
    }
}
