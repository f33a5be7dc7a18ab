//! Tokens for what was approved: the one place that collects the result of a request, or refreshes it, and makes the whole
//! answer. The token endpoint calls it for those who ask, and whatever pushes results calls it for those who are told.
//!
//! What does **not** happen here: authentication of the client, reading of forms, and mapping to the wire.

use serde::Serialize;
use serde_json::Value;
use tegata_protocol::{
    AuthReqId, ClientId, Secret, UnixTime,
    ciba::TokenResponse,
    device::{V1, decision::Verdict, receipt::ClientReceipt},
};

use super::{
    id_token::{Issuance, Pushed, algorithm_for, sign_id_token},
    sender::{BindingError, binding},
    token_signatures::sign_access_token,
};
use crate::{
    app::{App, Doorbell},
    config::AccessTokenFormat,
    domain::{
        Approval, BackchannelAuthentication, Client, ClientAssertion, Confirmation, FlowSeq,
        Located, NewToken, RedemptionError, RequestFacts, Sender, TokenDetails,
    },
    simulation::sign_receipt_for_client,
    storage::{
        IssuedToken, StoreError,
        ops::{Redeem, RedeemOutcome, Refresh, RefreshOutcome},
    },
};

/// Why no tokens are issued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssuanceError {
    /// The client's assertion was used before.
    #[error("the client assertion was used before")]
    AssertionReplayed,
    /// There is nothing to bind them to.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The request has no result for this client.
    #[error(transparent)]
    Redemption(#[from] RedemptionError),
    /// The refresh token is good for nothing: unknown, expired, revoked, used, or another client's or sender's.
    #[error("the refresh token is good for nothing")]
    RefreshToken,
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who is to get tokens.
#[derive(Debug, Clone)]
pub(super) struct Collector<'a> {
    /// The authenticated client.
    pub(super) client: &'a Client,
    /// What it authenticated with, if that is good for one request only.
    pub(super) assertion: Option<ClientAssertion>,
    /// What it has proved to hold.
    pub(super) sender: Sender,
}

/// Collects the result of the request `found`, which `auth_req_id` names. Of several that come at once, the store lets one
/// through. `narrowed`: what the access token shall have less of; the rest of it is filled in here.
///
/// # Errors
/// [`IssuanceError`].
pub(super) async fn redeem(
    app: &App,
    collector: &Collector<'_>,
    auth_req_id: &AuthReqId,
    found: &BackchannelAuthentication,
    narrowed: TokenDetails,
) -> Result<TokenResponse, IssuanceError> {
    collect(app, collector, auth_req_id, found, narrowed, false).await
}

/// Collects for a push client (CIBA Core section 10.3.1) what it is then sent together with its `auth_req_id`; the ID token
/// says to which request it belongs. Until the answer has been delivered, and as long as nobody has taken the approval back,
/// this may be called again, for instance after a crash: tokens issued before, which nobody has seen, stop working.
///
/// # Errors
/// [`IssuanceError`].
pub(crate) async fn redeem_for_push(
    app: &App,
    client: &Client,
    auth_req_id: &AuthReqId,
) -> Result<TokenResponse, IssuanceError> {
    let id = auth_req_id.clone();
    let found = app
        .store
        .read(move |reader| reader.backchannel_authentication(&id))
        .await?
        .ok_or(RedemptionError::InvalidGrant)?;
    let collector = Collector {
        client,
        assertion: None,
        sender: Sender::from(found.facts.terms.confirmation),
    };
    let whole = TokenDetails::default();
    collect(app, &collector, auth_req_id, &found, whole, true).await
}

async fn collect(
    app: &App,
    collector: &Collector<'_>,
    auth_req_id: &AuthReqId,
    found: &BackchannelAuthentication,
    narrowed: TokenDetails,
    push: bool,
) -> Result<TokenResponse, IssuanceError> {
    let client = collector.client;
    let now = app.now();
    let confirmation = binding(app.config.profile, client, &collector.sender)?;
    let access_token = DrawnAccessToken::draw(app, found.seq, confirmation, narrowed, now);
    let refresh_token = found.facts.terms.refresh_until.map(|until| {
        let bound = bound_beyond_authentication(client, confirmation);
        draw_refresh_token(app, found.seq, bound, now, until)
    });
    let (refresh_token, new_refresh_token) = refresh_token.unzip();
    let operation = Redeem {
        auth_req_id: auth_req_id.clone(),
        client: client.id.clone(),
        sender: collector.sender,
        access_token: access_token.new.clone(),
        refresh_token: new_refresh_token,
        push,
        assertion: collector.assertion.clone(),
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
            // The device that approved tells the person that it was collected.
            app.delivery.ring(std::slice::from_ref(&approval.device));
            let receipt = client_receipt(app, &flow.facts, &approval);
            let issued = Issued {
                client,
                facts: &flow.facts,
                approval: &approval,
                refresh_token,
                pushed: push.then_some(auth_req_id),
            };
            Ok(TokenResponse {
                client_receipt: Some(receipt),
                ..issued.answer(app, access_token, now)
            })
        }
        RedeemOutcome::Refused(error) => Err(error.into()),
        RedeemOutcome::AssertionReplayed => Err(IssuanceError::AssertionReplayed),
    }
}

/// Exchanges a refresh token, once (RFC 6749 section 6). `found`: what was read under it, which may have been exchanged since;
/// without it the exchange can only fail, and a token that was used before ends all of its family.
///
/// # Errors
/// [`IssuanceError`].
pub(super) async fn refresh(
    app: &App,
    collector: &Collector<'_>,
    token: Located,
    found: Option<&IssuedToken>,
    narrowed: TokenDetails,
) -> Result<TokenResponse, IssuanceError> {
    let client = collector.client;
    let now = app.now();
    let confirmation = binding(app.config.profile, client, &collector.sender)?;
    let access_token = DrawnAccessToken::draw(app, token.seq, confirmation, narrowed, now);
    let bound = found.and_then(|found| found.details.confirmation);
    let until = found.map_or(now, |found| found.expires);
    let (refresh_token, new_refresh_token) = draw_refresh_token(app, token.seq, bound, now, until);
    let operation = Refresh {
        token,
        client: client.id.clone(),
        sender: collector.sender,
        access_token: access_token.new.clone(),
        refresh_token: new_refresh_token,
        assertion: collector.assertion.clone(),
        now,
    };
    match app.store.apply(operation).await? {
        RefreshOutcome::Refreshed { flow, approval } => {
            let issued = Issued {
                client,
                facts: &flow.facts,
                approval: &approval,
                refresh_token: Some(refresh_token),
                pushed: None,
            };
            Ok(issued.answer(app, access_token, now))
        }
        RefreshOutcome::Reused { flow, ended } => {
            if ended > 0 {
                tracing::warn!(
                    client = %flow.facts.client_id,
                    request = %flow.facts.consent_request_id,
                    ended,
                    "refresh_token.reused"
                );
            }
            Err(IssuanceError::RefreshToken)
        }
        RefreshOutcome::Refused => Err(IssuanceError::RefreshToken),
        RefreshOutcome::AssertionReplayed => Err(IssuanceError::AssertionReplayed),
    }
}

/// To what a refresh token is bound beside its client. A client that authenticates by certificate holds one whenever it
/// refreshes, and can renew it (RFC 8705 section 7.1); a DPoP key may change likewise (RFC 9449 section 5). Whoever
/// authenticates otherwise shows the same certificate again.
fn bound_beyond_authentication(
    client: &Client,
    confirmation: Option<Confirmation>,
) -> Option<Confirmation> {
    confirmation.filter(|confirmation| {
        matches!(confirmation, Confirmation::Certificate(_))
            && !client.authentication.is_by_certificate()
    })
}

fn draw_refresh_token(
    app: &App,
    seq: FlowSeq,
    confirmation: Option<Confirmation>,
    now: UnixTime,
    expires: UnixTime,
) -> (Secret<String>, NewToken) {
    let (text, hash) = app.keys.locator().make_refresh_token(seq, app.rng());
    let details = TokenDetails {
        issued: Some(now),
        confirmation,
        ..TokenDetails::default()
    };
    let new = NewToken {
        hash,
        expires,
        details,
    };
    (text, new)
}

/// An access token that is not stored yet, and so not written out.
struct DrawnAccessToken {
    text: AccessTokenText,
    new: NewToken,
}

enum AccessTokenText {
    Opaque(Secret<String>),
    /// To be signed, under this `jti`.
    Jwt(String),
}

/// RFC 9068 section 2.2, with `cnf` (RFC 7800) and `authorization_details` (RFC 9396 section 9.1).
#[derive(Serialize)]
struct AccessTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Audience<'a>,
    client_id: &'a ClientId,
    scope: String,
    iat: UnixTime,
    exp: UnixTime,
    jti: &'a str,
    auth_time: UnixTime,
    acr: &'a str,
    amr: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    authorization_details: &'a [Value],
}

/// `aud` of an access token: its resources, or this server.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Audience<'a> {
    One(&'a str),
    Several(&'a [String]),
}

impl<'a> Audience<'a> {
    pub(super) fn of(resource: &'a [String], issuer: &'a str) -> Self {
        match resource {
            [] => Self::One(issuer),
            [one] => Self::One(one),
            several => Self::Several(several),
        }
    }
}

impl DrawnAccessToken {
    fn draw(
        app: &App,
        seq: FlowSeq,
        confirmation: Option<Confirmation>,
        narrowed: TokenDetails,
        now: UnixTime,
    ) -> Self {
        let locator = app.keys.locator();
        let (text, hash) = match app.config.tokens.access_token_format {
            AccessTokenFormat::Opaque => {
                let (text, hash) = locator.make_access_token(seq, app.rng());
                (AccessTokenText::Opaque(text), hash)
            }
            AccessTokenFormat::Jwt => {
                let (jti, hash) = locator.make_jwt_id(seq, app.rng());
                (AccessTokenText::Jwt(jti), hash)
            }
        };
        let details = TokenDetails {
            issued: Some(now),
            confirmation,
            ..narrowed
        };
        let expires = now.plus(i64::from(app.config.lifetimes.access_token));
        Self {
            text,
            new: NewToken {
                hash,
                expires,
                details,
            },
        }
    }

    /// What the client gets.
    fn write(self, app: &App, facts: &RequestFacts, approval: &Approval) -> Secret<String> {
        let jti = match self.text {
            AccessTokenText::Opaque(text) => return text,
            AccessTokenText::Jwt(jti) => jti,
        };
        let NewToken {
            expires, details, ..
        } = &self.new;
        let claims = AccessTokenClaims {
            iss: app.issuer.as_str(),
            sub: &facts.sub,
            aud: Audience::of(details.resource(facts), app.issuer.as_str()),
            client_id: &facts.client_id,
            scope: details.scopes(facts).join(" "),
            iat: details.issued.unwrap_or(*expires),
            exp: *expires,
            jti: &jti,
            auth_time: approval.at,
            acr: &approval.acr,
            amr: &approval.amr,
            cnf: details.confirmation,
            authorization_details: details.authorization_details(facts),
        };
        sign_access_token(app, &claims)
    }
}

/// What has been committed, to be told to the client.
struct Issued<'a> {
    client: &'a Client,
    facts: &'a RequestFacts,
    approval: &'a Approval,
    refresh_token: Option<Secret<String>>,
    pushed: Option<&'a AuthReqId>,
}

impl Issued<'_> {
    /// The answer without a receipt. The ID token of a refresh says the same of person and authentication as the first
    /// (OpenID Connect Core section 12.2), since both say what was stored.
    fn answer(self, app: &App, access_token: DrawnAccessToken, now: UnixTime) -> TokenResponse {
        let (facts, approval) = (self.facts, self.approval);
        let details = access_token.new.details.clone();
        let access_token = access_token.write(app, facts, approval);
        let issuance = Issuance {
            issuer: app.issuer.as_str(),
            algorithm: algorithm_for(app, self.client),
            access_token: &access_token,
            pushed: self.pushed.map(|auth_req_id| Pushed {
                auth_req_id,
                refresh_token: self.refresh_token.as_ref(),
            }),
            now,
            lifetime: app.config.lifetimes.id_token,
        };
        let id_token = sign_id_token(&app.keys.tokens, app.rng(), facts, approval, &issuance);
        let is_dpop = matches!(details.confirmation, Some(Confirmation::Key(_)));
        TokenResponse {
            access_token,
            token_type: if is_dpop { "DPoP" } else { "Bearer" }.to_owned(),
            expires_in: app.config.lifetimes.access_token,
            scope: details.scopes(facts).join(" "),
            id_token,
            refresh_token: self.refresh_token,
            authorization_details: details.authorization_details(facts).to_vec(),
            client_receipt: None,
        }
    }
}

/// What the client may keep of the evidence. It says what was approved, however little of it the access token has.
fn client_receipt(app: &App, facts: &RequestFacts, approval: &Approval) -> String {
    let receipt = ClientReceipt {
        v: V1,
        iss: app.issuer.wire().clone(),
        aud: facts.client_id.clone(),
        sub: facts.sub.clone(),
        decision: Verdict::Approve,
        scope: facts.scopes.join(" "),
        authorization_details: facts.terms.authorization_details.clone(),
        acr: approval.acr.clone(),
        amr: approval.amr.clone(),
        auth_time: approval.at,
        evidence: approval.evidence,
    };
    sign_receipt_for_client(&app.keys, &receipt)
}
