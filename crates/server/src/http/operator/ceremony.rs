//! Enrolling with a passkey and signing in with it (WebAuthn, by webauthn-rs; the issuer's host is the relying party).
//!
//! Each ceremony is two posts of JSON by the pages' script: `start` answers with the browser's options and remembers what
//! was asked under a cookie, `finish` takes that and verifies the answer. The person is always verified. A ceremony can be
//! finished once, and only by the browser that began it.

use askama::Template;
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::sync::Arc;
use tegata_protocol::{Sha256Digest, rng::random_bytes};
use webauthn_rs::prelude::{
    Passkey, PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid, Webauthn,
    WebauthnBuilder, WebauthnError,
};

use super::{
    guard::{Cookie, Submitted, is_own, language, origin_of},
    memory::{CEREMONY_SECONDS, Ceremony, SESSION_SECONDS},
    texts::{Texts, fill, texts},
    view::{Frame, PageError, Said, html, segment},
};
use crate::{
    app::App,
    delivery::device_info::Language,
    domain::{Operator, OperatorId},
    storage::{
        StoreError, StoreReader,
        ops::{EnrolOperator, EnrolOperatorOutcome, UpdateOperator},
    },
};

#[derive(Template)]
#[template(path = "operator/passkey.html")]
struct PasskeyPage {
    page: Frame,
    lines: Vec<String>,
    /// Where the script posts, if there is something to do.
    ceremony: Option<String>,
    /// `create` or `get`.
    kind: &'static str,
    button: &'static str,
}

/// Why a ceremony came to nothing.
#[derive(Debug, thiserror::Error)]
enum CeremonyError {
    #[error("the request is not from a page of this server, or is no JSON")]
    Foreign,
    #[error("the link is unknown, used or over")]
    Gone,
    #[error("no operator is enrolled")]
    Nobody,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("no ceremony is under way for this browser")]
    NotStarted,
    #[error("somebody else has enrolled under that name meanwhile")]
    Taken,
    #[error("the passkey belongs to no operator")]
    Unknown,
    #[error("webauthn: {0}")]
    Webauthn(#[from] WebauthnError),
    #[error("a stored passkey cannot be read or written")]
    Stored,
}

impl CeremonyError {
    fn respond(&self, language: Language) -> Response {
        let t = texts(language);
        let (status, words) = match self {
            Self::Foreign => (StatusCode::FORBIDDEN, t.refused_form),
            Self::Gone | Self::Taken => (StatusCode::GONE, t.enrol_gone),
            Self::Nobody => (StatusCode::CONFLICT, t.no_operator),
            Self::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, t.try_again),
            Self::Stored => (StatusCode::INTERNAL_SERVER_ERROR, t.try_again),
            Self::NotStarted | Self::Unknown | Self::Webauthn(_) => {
                (StatusCode::UNAUTHORIZED, t.passkey_failed)
            }
        };
        tracing::warn!(reason = %self, "operator.ceremony_failed");
        (status, Json(Failed { message: words })).into_response()
    }
}

/// What the script shows.
#[derive(Serialize)]
struct Failed {
    message: &'static str,
}

/// Where the script goes.
#[derive(Serialize)]
struct Finished {
    next: &'static str,
}

fn webauthn(app: &App) -> Result<Webauthn, WebauthnError> {
    let origin = Url::parse(&origin_of(app)).map_err(|_| WebauthnError::Configuration)?;
    WebauthnBuilder::new(app.issuer.host(), &origin)?
        .rp_name(&app.config.name)
        .build()
}

/// What browsers send with JSON of a page of their own and forms cannot.
fn require_own_json(app: &App, headers: &HeaderMap) -> Result<(), CeremonyError> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes() == b"application/json");
    if is_json && is_own(app, headers) {
        Ok(())
    } else {
        Err(CeremonyError::Foreign)
    }
}

fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// `GET /operator/sign-in`.
pub(super) async fn sign_in(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    sign_in_page(&app, language(&headers), None).await
}

async fn sign_in_page(app: &App, language: Language, said: Option<Said>) -> Response {
    let enrolled = match app.store.read(StoreReader::operators).await {
        Ok(operators) => !operators.is_empty(),
        Err(error) => return PageError::from(error).respond(app, language),
    };
    let t = texts(language);
    let words = if enrolled {
        t.sign_in_words
    } else {
        t.no_operator
    };
    let page = PasskeyPage {
        page: Frame::outside(app, language, t.sign_in, "/operator/sign-in").saying(said),
        lines: vec![words.to_owned()],
        ceremony: enrolled.then(|| "/operator/sign-in".to_owned()),
        kind: "get",
        button: t.sign_in_button,
    };
    html(StatusCode::OK, &page)
}

/// `POST /operator/sign-in/start`.
pub(super) async fn start_sign_in(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let result = async {
        require_own_json(&app, &headers)?;
        let passkeys = passkeys(&app).await?;
        if passkeys.is_empty() {
            return Err(CeremonyError::Nobody);
        }
        let keys: Vec<Passkey> = passkeys.into_iter().map(|(_, key)| key).collect();
        let (options, state) = webauthn(&app)?.start_passkey_authentication(&keys)?;
        let state = Box::new(state);
        let secret = app
            .operators
            .begin(Ceremony::SignIn { state }, app.rng(), app.now());
        let cookie = Cookie::Ceremony.set(&app, &secret, CEREMONY_SECONDS);
        Ok(with_cookie(Json(options).into_response(), cookie))
    };
    result
        .await
        .unwrap_or_else(|error: CeremonyError| error.respond(language(&headers)))
}

async fn passkeys(app: &App) -> Result<Vec<(Operator, Passkey)>, CeremonyError> {
    let operators = app.store.read(StoreReader::operators).await?;
    operators
        .into_iter()
        .map(|operator| {
            let passkey = serde_json::from_str(&operator.credential);
            passkey
                .map(|passkey| (operator, passkey))
                .map_err(|_| CeremonyError::Stored)
        })
        .collect()
}

/// `POST /operator/sign-in/finish`.
pub(super) async fn finish_sign_in(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match signed_in(&app, &headers, &body).await {
        Ok(operator) => enter(&app, &operator),
        Err(error) => error.respond(language(&headers)),
    }
}

async fn signed_in(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Operator, CeremonyError> {
    require_own_json(app, headers)?;
    let secret = Cookie::Ceremony
        .read(app, headers)
        .ok_or(CeremonyError::NotStarted)?;
    let Some(Ceremony::SignIn { state }) = app.operators.take(&secret, app.now()) else {
        return Err(CeremonyError::NotStarted);
    };
    let answer: PublicKeyCredential =
        serde_json::from_slice(body).map_err(|_| CeremonyError::Foreign)?;
    let result = webauthn(app)?.finish_passkey_authentication(&answer, &state)?;
    let known = passkeys(app).await?;
    let (operator, mut passkey) = known
        .into_iter()
        .find(|(_, passkey)| passkey.cred_id() == result.cred_id())
        .ok_or(CeremonyError::Unknown)?;
    if passkey.update_credential(&result) == Some(true) {
        let update = UpdateOperator {
            operator: operator.id.clone(),
            credential: serde_json::to_string(&passkey).map_err(|_| CeremonyError::Stored)?,
        };
        app.store.apply(update).await?;
    }
    Ok(operator)
}

/// The session begins.
fn enter(app: &App, operator: &Operator) -> Response {
    tracing::info!(operator = operator.name, "operator.signed_in");
    let secret = app
        .operators
        .sign_in(operator.id.clone(), app.rng(), app.now());
    let response = Json(Finished { next: "/operator" }).into_response();
    let response = with_cookie(response, Cookie::Ceremony.clear(app));
    with_cookie(response, Cookie::Session.set(app, &secret, SESSION_SECONDS))
}

/// `POST /operator/sign-out`.
pub(super) async fn sign_out(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    submitted: Submitted,
) -> Response {
    if let Some(secret) = Cookie::Session.read(&app, &headers) {
        app.operators.sign_out(&secret);
    }
    tracing::info!(operator = submitted.operator.name, "operator.signed_out");
    let language = submitted.operator.language;
    let said = Said::good(texts(language).signed_out.to_owned());
    let response = sign_in_page(&app, language, Some(said)).await;
    with_cookie(response, Cookie::Session.clear(&app))
}

/// `GET /operator/enrol/{secret}`. It changes nothing, so that previews of the link use nothing up.
pub(super) async fn enrol(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Response {
    let language = language(&headers);
    let t: &Texts = texts(language);
    let (hash, now) = (Sha256Digest::of(secret.as_bytes()), app.now());
    let found = app
        .store
        .read(move |reader| reader.operator_invitation(&hash, now))
        .await;
    let invitation = match found {
        Ok(found) => found,
        Err(error) => return PageError::from(error).respond(&app, language),
    };
    let address = format!("/operator/enrol/{}", segment(&secret));
    let status = if invitation.is_some() {
        StatusCode::OK
    } else {
        StatusCode::GONE
    };
    let lines = match &invitation {
        Some(invitation) => vec![fill(t.enrol_words, &invitation.name)],
        None => vec![t.enrol_gone.to_owned()],
    };
    let page = PasskeyPage {
        page: Frame::outside(&app, language, t.enrol_title, &address),
        lines,
        ceremony: invitation.map(|_| address),
        kind: "create",
        button: t.enrol_button,
    };
    html(status, &page)
}

/// `POST /operator/enrol/{secret}/start`.
pub(super) async fn start_enrolment(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        require_own_json(&app, &headers)?;
        let (hash, now) = (Sha256Digest::of(secret.as_bytes()), app.now());
        let invitation = app
            .store
            .read(move |reader| reader.operator_invitation(&hash, now))
            .await?
            .ok_or(CeremonyError::Gone)?;
        let known = passkeys(&app).await?;
        let exclude = known.iter().map(|(_, key)| key.cred_id().clone()).collect();
        let user = Uuid::from_bytes(random_bytes::<16>(app.rng()));
        let (options, state) = webauthn(&app)?.start_passkey_registration(
            user,
            &invitation.name,
            &invitation.name,
            Some(exclude),
        )?;
        let state = Box::new(state);
        let ceremony = Ceremony::Enrol { state, invitation };
        let secret = app.operators.begin(ceremony, app.rng(), now);
        let cookie = Cookie::Ceremony.set(&app, &secret, CEREMONY_SECONDS);
        Ok(with_cookie(Json(options).into_response(), cookie))
    };
    result
        .await
        .unwrap_or_else(|error: CeremonyError| error.respond(language(&headers)))
}

/// `POST /operator/enrol/{secret}/finish`: uses the link up and signs the new operator in.
pub(super) async fn finish_enrolment(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match enrolled(&app, &secret, &headers, &body).await {
        Ok(operator) => {
            tracing::info!(operator = operator.name, "operator.enrolled");
            enter(&app, &operator)
        }
        Err(error) => error.respond(language(&headers)),
    }
}

async fn enrolled(
    app: &App,
    link: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Operator, CeremonyError> {
    require_own_json(app, headers)?;
    let secret = Cookie::Ceremony
        .read(app, headers)
        .ok_or(CeremonyError::NotStarted)?;
    let now = app.now();
    let Some(Ceremony::Enrol { state, invitation }) = app.operators.take(&secret, now) else {
        return Err(CeremonyError::NotStarted);
    };
    if invitation.hash != Sha256Digest::of(link.as_bytes()) {
        return Err(CeremonyError::NotStarted);
    }
    let answer: RegisterPublicKeyCredential =
        serde_json::from_slice(body).map_err(|_| CeremonyError::Foreign)?;
    let passkey = webauthn(app)?.finish_passkey_registration(&answer, &state)?;
    let operator = Operator {
        id: OperatorId::make(app.rng()),
        name: invitation.name,
        credential: serde_json::to_string(&passkey).map_err(|_| CeremonyError::Stored)?,
        since: now,
    };
    let enrol = EnrolOperator {
        invitation: invitation.hash,
        operator: operator.clone(),
        now,
    };
    match app.store.apply(enrol).await? {
        EnrolOperatorOutcome::Enrolled => Ok(operator),
        EnrolOperatorOutcome::Gone => Err(CeremonyError::Gone),
        EnrolOperatorOutcome::Taken => Err(CeremonyError::Taken),
    }
}
