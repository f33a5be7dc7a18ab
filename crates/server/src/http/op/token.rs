//! `POST /token` with the CIBA grant (CIBA Core sections 10.1 and 11): a client asks whether there is a result.

use axum::{body::Body, extract::State, http::StatusCode, response::Response};
use std::sync::Arc;
use tegata_protocol::{
    AuthReqId, ClientId, Secret,
    ciba::{GRANT_TYPE, OAuthErrorCode, TokenResponse},
    device::{
        V1,
        decision::Verdict,
        receipt::{ClientReceipt, sign_client_receipt},
    },
};

use super::{
    client_authentication::{AuthenticatedClient, ClientAuthenticationError, authenticate},
    form::{Form, FormError},
    id_token::{Issuance, sign_id_token},
    respond,
};
use crate::{
    app::App,
    domain::{
        Approval, BackchannelAuthentication, PollVerdict, RedemptionError, RequestFacts,
        check_redemption,
    },
    http::caller::Caller,
    storage::{
        StoreError,
        ops::{Redeem, RedeemOutcome},
    },
};

/// Name of the endpoint in logs.
const ENDPOINT: &str = "token";

/// Why there are no tokens (CIBA Core section 11).
#[derive(Debug, thiserror::Error)]
enum TokenError {
    /// `auth_req_id` is missing.
    #[error("auth_req_id is missing")]
    AuthReqIdMissing,
    /// The client did not prove itself.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// The body is no form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// `grant_type` is missing.
    #[error("grant_type is missing")]
    GrantTypeMissing,
    /// Another grant.
    #[error("the grant type is not supported")]
    GrantTypeUnsupported,
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

/// Issues tokens once per approved request, or says where it stands.
pub(super) async fn post(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Response {
    match redeem(&app, &caller, body).await {
        Ok(tokens) => respond::json(StatusCode::OK, &tokens),
        Err(error) => error.response(),
    }
}

async fn redeem(app: &App, caller: &Caller, body: Body) -> Result<TokenResponse, TokenError> {
    let form = Form::read(&caller.headers, body).await?;
    let authenticated = authenticate(app, caller, &form).await?;
    let client = &authenticated.registration().id;
    match form.value("grant_type") {
        None => return Err(TokenError::GrantTypeMissing),
        Some(GRANT_TYPE) => {}
        Some(_) => return Err(TokenError::GrantTypeUnsupported),
    }
    let id = form
        .value("auth_req_id")
        .ok_or(TokenError::AuthReqIdMissing)?;
    let id = AuthReqId::parse(id).map_err(|_| RedemptionError::InvalidGrant)?;
    let found = find(app, &id).await?;
    look(app, client, found.as_ref())?;
    commit(app, &authenticated, &id).await
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
    client: &ClientId,
    found: Option<&BackchannelAuthentication>,
) -> Result<(), TokenError> {
    let retention = i64::from(app.config.lifetimes.retention);
    let verdict = check_redemption(found, client, app.now(), retention);
    if let (Err(RedemptionError::AuthorizationPending), Some(flow)) = (&verdict, found) {
        let now = app.clock.0.now_millis();
        return match app.poll_gate.check(flow.seq, flow.facts.interval, now) {
            PollVerdict::OnTime => Err(RedemptionError::AuthorizationPending.into()),
            PollVerdict::TooFast => Err(TokenError::SlowDown),
        };
    }
    verdict?;
    Ok(())
}

/// Collects it. Of several that come here at once, the store lets one through.
async fn commit(
    app: &App,
    client: &AuthenticatedClient,
    id: &AuthReqId,
) -> Result<TokenResponse, TokenError> {
    let (access_token, access_token_hash) = app
        .store
        .make_access_token(id, app.rng())
        .ok_or(RedemptionError::InvalidGrant)?;
    let now = app.now();
    let lifetime = app.config.lifetimes.access_token;
    let operation = Redeem {
        auth_req_id: id.clone(),
        client: client.registration().id.clone(),
        access_token_hash,
        access_token_expires: now.plus(i64::from(lifetime)),
        assertion: client.assertion(),
        now,
    };
    match app.store.apply(operation).await? {
        RedeemOutcome::Redeemed { flow, approval } => {
            app.poll_gate.forget(flow.seq);
            tracing::info!(
                client = %flow.facts.client_id,
                request = %flow.facts.consent_request_id,
                "backchannel_authentication.redeemed"
            );
            Ok(issue(app, &flow.facts, approval, access_token))
        }
        RedeemOutcome::Refused(error) => Err(error.into()),
        RedeemOutcome::AssertionReplayed => {
            Err(ClientAuthenticationError::AssertionReplayed.into())
        }
    }
}

fn issue(
    app: &App,
    facts: &RequestFacts,
    approval: Approval,
    access_token: Secret<String>,
) -> TokenResponse {
    let scope = facts.scopes.join(" ");
    let issuance = Issuance {
        issuer: app.issuer.as_str(),
        access_token: &access_token,
        now: app.now(),
        lifetime: app.config.lifetimes.id_token,
    };
    let id_token = sign_id_token(&app.keys.id_token, app.rng(), facts, &approval, &issuance);
    let receipt = ClientReceipt {
        v: V1,
        iss: app.issuer.wire().clone(),
        aud: facts.client_id.clone(),
        sub: facts.sub.clone(),
        decision: Verdict::Approve,
        scope: scope.clone(),
        authorization_details: Vec::new(),
        acr: approval.acr,
        amr: approval.amr,
        auth_time: approval.at,
        evidence: approval.evidence,
    };
    TokenResponse {
        access_token,
        token_type: "Bearer".to_owned(),
        expires_in: app.config.lifetimes.access_token,
        scope,
        id_token,
        refresh_token: None,
        authorization_details: Vec::new(),
        client_receipt: Some(sign_client_receipt(&app.keys.receipt, &receipt)),
    }
}

impl TokenError {
    /// The one mapping to the wire: CIBA Core section 11 and RFC 6749 section 5.2. All are 400 but failed client
    /// authentication and our own trouble.
    fn response(&self) -> Response {
        use OAuthErrorCode as C;
        let (code, description) = match self {
            Self::AuthReqIdMissing => (C::InvalidRequest, "auth_req_id is missing"),
            Self::Client(error) => return error.response(ENDPOINT),
            Self::Form(error) => return error.response(),
            Self::GrantTypeMissing => (C::InvalidRequest, "grant_type is missing"),
            Self::GrantTypeUnsupported => (
                C::UnsupportedGrantType,
                "the only grant type is urn:openid:params:grant-type:ciba",
            ),
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
