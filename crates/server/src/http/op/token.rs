//! `POST /token`: a client asks whether there is a result (CIBA Core sections 10.1 and 11), or exchanges a refresh token
//! (RFC 6749 section 6). Which tokens it then gets is decided in [`super::issuance`].
//!
//! To add a grant: an arm in `answer`, and what the grant reads in a function of its own.

use axum::{body::Body, extract::State, http::StatusCode, response::Response};
use std::sync::Arc;
use tegata_protocol::{
    AuthReqId,
    ciba::{GRANT_TYPE, OAuthErrorCode, TokenDeliveryMode, TokenResponse},
};

use super::{
    client_authentication::{AuthenticatedClient, ClientAuthenticationError, authenticate},
    dpop::{self, DpopError},
    form::{Form, FormError},
    issuance::{self, Collector, IssuanceError},
    long_poll::Wait,
    narrowing::{self, NarrowingError},
    paths, respond,
    sender::{BindingError, binding, sender},
};
use crate::{
    app::App,
    domain::{
        BackchannelAuthentication, PollVerdict, RedemptionError, TokenKind, check_redemption,
    },
    http::caller::Caller,
    storage::StoreError,
};

/// `grant_type` of RFC 6749 section 6.
pub(crate) const REFRESH_GRANT: &str = "refresh_token";

/// Name of the endpoint in logs.
const ENDPOINT: &str = "token";

/// Why there are no tokens (CIBA Core section 11).
#[derive(Debug, thiserror::Error)]
enum TokenError {
    /// `auth_req_id` is missing.
    #[error("auth_req_id is missing")]
    AuthReqIdMissing,
    /// There is nothing to bind tokens to.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The client did not prove itself.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// The DPoP proof does not hold.
    #[error(transparent)]
    Dpop(#[from] DpopError),
    /// The body is no form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// `grant_type` is missing.
    #[error("grant_type is missing")]
    GrantTypeMissing,
    /// Another grant.
    #[error("the grant type is not supported")]
    GrantTypeUnsupported,
    /// It wants what was not granted.
    #[error(transparent)]
    Narrowing(#[from] NarrowingError),
    /// The client is told of results, and does not ask.
    #[error("push clients do not ask")]
    PushClient,
    /// The client is not registered for refresh tokens.
    #[error("the client is not registered for refresh tokens")]
    RefreshNotAllowed,
    /// The refresh token is good for nothing.
    #[error("the refresh token is good for nothing")]
    RefreshToken,
    /// `refresh_token` is missing.
    #[error("refresh_token is missing")]
    RefreshTokenMissing,
    /// The request has no result for this client.
    #[error(transparent)]
    Redemption(#[from] RedemptionError),
    /// Still pending, and polled before the interval had passed.
    #[error("polled too fast")]
    SlowDown,
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<IssuanceError> for TokenError {
    fn from(error: IssuanceError) -> Self {
        match error {
            IssuanceError::AssertionReplayed => ClientAuthenticationError::AssertionReplayed.into(),
            IssuanceError::Binding(error) => error.into(),
            IssuanceError::Redemption(error) => error.into(),
            IssuanceError::RefreshToken => Self::RefreshToken,
            IssuanceError::Store(error) => error.into(),
        }
    }
}

/// Issues tokens once per approved request or refresh token, or says where the request stands.
pub(super) async fn post(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Response {
    let mut followed = None;
    let mut response = match answer(&app, &caller, body, &mut followed).await {
        Ok(tokens) => respond::json(StatusCode::OK, &tokens),
        Err(error) => error.response(&app),
    };
    if let Some(wait) = followed {
        wait.applied(&mut response);
    }
    if dpop::is_tried(&app, &caller) {
        dpop::supply_nonce(&app, &mut response);
    }
    response
}

/// `followed`: set to how long the answer may be waited for, if the server goes along with it.
async fn answer(
    app: &App,
    caller: &Caller,
    body: Body,
    followed: &mut Option<Wait>,
) -> Result<TokenResponse, TokenError> {
    let form = Form::read(&caller.headers, body).await?;
    let client = authenticate(app, caller, &form).await?;
    let grant = form.value("grant_type");
    let grant = grant.ok_or(TokenError::GrantTypeMissing)?;
    match grant {
        GRANT_TYPE => redeem(app, caller, &client, &form, followed).await,
        REFRESH_GRANT => refresh(app, caller, &client, &form).await,
        _ => Err(TokenError::GrantTypeUnsupported),
    }
}

fn collector<'a>(
    app: &App,
    caller: &Caller,
    client: &'a AuthenticatedClient,
) -> Result<Collector<'a>, DpopError> {
    Ok(Collector {
        client: client.registration(),
        assertion: client.assertion(),
        sender: sender(app, caller, client, paths::TOKEN)?,
    })
}

/// The CIBA grant.
async fn redeem(
    app: &App,
    caller: &Caller,
    client: &AuthenticatedClient,
    form: &Form,
    followed: &mut Option<Wait>,
) -> Result<TokenResponse, TokenError> {
    let collector = collector(app, caller, client)?;
    // 1. A client of this grant, with all that its tokens need: what is missing is said at the first poll.
    if client.registration().settings.delivery.mode() == TokenDeliveryMode::Push {
        return Err(TokenError::PushClient);
    }
    binding(app.config.profile, collector.client, &collector.sender)?;
    // 2. The request, and whether it has a result.
    let id = form
        .value("auth_req_id")
        .ok_or(TokenError::AuthReqIdMissing)?;
    let id = AuthReqId::parse(id).map_err(|_| RedemptionError::InvalidGrant)?;
    let found = find(app, &id).await?;
    let wait = Wait::of(collector.client, &caller.headers);
    let found = match look(app, &collector, found.as_ref()) {
        Err(TokenError::Redemption(RedemptionError::AuthorizationPending)) => {
            let pending = found.ok_or(RedemptionError::InvalidGrant)?;
            await_result(app, &collector, &pending, &id, wait, followed).await?
        }
        verdict => {
            verdict?;
            *followed = Some(wait);
            found.ok_or(RedemptionError::InvalidGrant)?
        }
    };
    if found.facts.terms.delivery == TokenDeliveryMode::Push {
        return Err(TokenError::PushClient);
    }
    // 3. How much of it.
    let details = narrowing::read(form, &found.facts)?;
    Ok(issuance::redeem(app, &collector, &id, &found, details).await?)
}

/// The refresh grant (RFC 6749 section 6).
async fn refresh(
    app: &App,
    caller: &Caller,
    client: &AuthenticatedClient,
    form: &Form,
) -> Result<TokenResponse, TokenError> {
    let collector = collector(app, caller, client)?;
    // 1. A client of this grant.
    if !collector.client.settings.refresh {
        return Err(TokenError::RefreshNotAllowed);
    }
    binding(app.config.profile, collector.client, &collector.sender)?;
    // 2. The token. One that opens and is not stored any more may have been used: the exchange finds out.
    let token = form
        .value("refresh_token")
        .ok_or(TokenError::RefreshTokenMissing)?;
    let token = app.keys.locator().open_refresh_token(token);
    let token = token.ok_or(TokenError::RefreshToken)?;
    let now = app.now();
    let found = app
        .store
        .read(move |reader| reader.token(TokenKind::Refresh, &token, now))
        .await?;
    let mine = found.filter(|found| found.client == collector.client.id);
    // 3. How much of it; what is refused for that leaves the token as it was.
    let details = match &mine {
        Some(found) => {
            let facts = &found.flow.facts;
            let scopes = narrowing::scopes(form, facts)?;
            let mut details = narrowing::read(form, facts)?;
            details.scopes = scopes;
            details
        }
        None => crate::domain::TokenDetails::default(),
    };
    Ok(issuance::refresh(app, &collector, token, mine.as_ref(), details).await?)
}

/// Waits for the result of a pending request, if the client wants to and there is a place to. Whether there is one then is
/// looked up again: of what wakes a poll, not everything is a result.
async fn await_result(
    app: &App,
    collector: &Collector<'_>,
    pending: &BackchannelAuthentication,
    id: &AuthReqId,
    wait: Wait,
    followed: &mut Option<Wait>,
) -> Result<BackchannelAuthentication, TokenError> {
    let Some(place) = wait.park(&app.parked, pending) else {
        return Err(RedemptionError::AuthorizationPending.into());
    };
    *followed = Some(wait);
    // The decision may have come before the place was taken, and would wake nobody.
    let mut found = find(app, id).await?;
    if found
        .as_ref()
        .is_some_and(|flow| flow.is_pending(app.now()))
    {
        place.wait(wait.duration(pending, app.now())).await;
        found = find(app, id).await?;
    }
    let retention = i64::from(app.config.lifetimes.retention);
    let (client, sender) = (&collector.client.id, &collector.sender);
    check_redemption(found.as_ref(), client, sender, app.now(), retention)?;
    Ok(found.ok_or(RedemptionError::InvalidGrant)?)
}

async fn find(app: &App, id: &AuthReqId) -> Result<Option<BackchannelAuthentication>, StoreError> {
    let id = id.clone();
    app.store
        .read(move |reader| reader.backchannel_authentication(&id))
        .await
}

/// Whether there is something to collect, without collecting it. Only polls of pending requests count against the
/// interval: a result is never held back.
fn look(
    app: &App,
    collector: &Collector<'_>,
    found: Option<&BackchannelAuthentication>,
) -> Result<(), TokenError> {
    let retention = i64::from(app.config.lifetimes.retention);
    let (client, sender) = (&collector.client.id, &collector.sender);
    let verdict = check_redemption(found, client, sender, app.now(), retention);
    if let (Err(RedemptionError::AuthorizationPending), Some(flow)) = (&verdict, found) {
        // Clients must not overlap polls; of one that does, the earlier is answered now.
        app.parked.wake(flow.seq);
        let now = app.clock.0.now_millis();
        return match app.poll_gate.check(flow.seq, flow.facts.interval, now) {
            PollVerdict::OnTime => Err(RedemptionError::AuthorizationPending.into()),
            PollVerdict::TooFast => Err(TokenError::SlowDown),
        };
    }
    verdict?;
    Ok(())
}

impl TokenError {
    /// The one mapping to the wire: CIBA Core section 11 and RFC 6749 section 5.2. All are 400 but failed client
    /// authentication and our own trouble.
    fn response(&self, app: &App) -> Response {
        use OAuthErrorCode as C;
        let (code, description) = match self {
            Self::AuthReqIdMissing => (C::InvalidRequest, "auth_req_id is missing"),
            Self::Binding(error) => (C::InvalidRequest, error.description()),
            Self::Client(error) => return error.response(ENDPOINT),
            Self::Dpop(error) => return error.token_response(app),
            Self::Form(error) => return error.response(),
            Self::GrantTypeMissing => (C::InvalidRequest, "grant_type is missing"),
            Self::GrantTypeUnsupported => (
                C::UnsupportedGrantType,
                "the grant types are urn:openid:params:grant-type:ciba and refresh_token",
            ),
            Self::Narrowing(error) => error.code_and_description(),
            Self::PushClient => (
                C::UnauthorizedClient,
                "results are pushed to this client, and it may not ask for them",
            ),
            Self::RefreshNotAllowed => (
                C::UnauthorizedClient,
                "this client is not registered for refresh tokens",
            ),
            Self::RefreshToken => (
                C::InvalidGrant,
                "the refresh token is unknown, used, expired, or another client's",
            ),
            Self::RefreshTokenMissing => (C::InvalidRequest, "refresh_token is missing"),
            Self::Redemption(error) => match error {
                RedemptionError::AccessDenied => (C::AccessDenied, "the request was not approved"),
                RedemptionError::AuthorizationPending => {
                    (C::AuthorizationPending, "nobody has decided yet")
                }
                RedemptionError::ExpiredToken => (C::ExpiredToken, "the request has expired"),
                RedemptionError::InvalidGrant => (
                    C::InvalidGrant,
                    "the auth_req_id is unknown, used, or another client's",
                ),
            },
            Self::SlowDown => (C::SlowDown, "polled before the interval had passed"),
            Self::Store(error) => return respond::store_error(error, ENDPOINT),
        };
        tracing::debug!(endpoint = ENDPOINT, reason = %self, "token.refused");
        respond::error(StatusCode::BAD_REQUEST, code, description)
    }
}
