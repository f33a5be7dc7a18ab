//! The demo's requests and answers.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use qrcode::{EcLevel, QrCode, render::svg};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

use super::{
    DemoSettings, kiosk, pages,
    sign_in::{Progress, SignIn, SignInId},
    texts,
};
use crate::{
    administration::{
        invitations,
        views::{InvitationForm, NewInvitation},
    },
    app::App,
    domain::PairedDevice,
};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Nothing inline and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Why a request is answered with an error page.
#[derive(Debug)]
pub(super) enum DemoError {
    /// Another site's form.
    ForeignForm,
    /// The demo person's account is gone.
    NoPerson,
    /// The demo is off, or there is no such sign-in.
    NotFound,
    /// The sign-in has nothing of the kind.
    NotYet,
    /// Pairing could not be started.
    Unavailable,
}

impl DemoError {
    fn response(&self, headers: &HeaderMap) -> Response {
        let (status, why) = match self {
            Self::ForeignForm => (StatusCode::FORBIDDEN, "403: the form of another site"),
            Self::NoPerson => (
                StatusCode::GONE,
                "410: the demo person has been removed; restart the server",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "404: there is no such sign-in"),
            Self::NotYet => (StatusCode::NOT_FOUND, "404: not there yet"),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "503: try again in a moment",
            ),
        };
        problem(headers, status, why)
    }
}

/// `GET /demo`: the page with the button.
pub(super) async fn start(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match settings(&app) {
        Ok(_) => html(StatusCode::OK, &pages::start(texts::choose(&headers))),
        Err(error) => error.response(&headers),
    }
}

/// `POST /demo/sign-in`: asks the provider, then leads to the sign-in's page (303), or names it in JSON (201) to those
/// who accept only that.
pub(super) async fn sign_in(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match begin(&app, &headers).await {
        Ok(Begun::Started(id)) => {
            let state = format!("/demo/sign-in/{}", id.as_str());
            let page = format!("{state}/page");
            if wants_json(&headers) {
                json(StatusCode::CREATED, &Named { id, state, page })
            } else {
                see_other(&page)
            }
        }
        Ok(Begun::Failed(why)) => problem(&headers, StatusCode::BAD_GATEWAY, &why),
        Err(error) => error.response(&headers),
    }
}

#[derive(Serialize)]
struct Named {
    id: SignInId,
    state: String,
    page: String,
}

enum Begun {
    Started(SignInId),
    Failed(String),
}

async fn begin(app: &Arc<App>, headers: &HeaderMap) -> Result<Begun, DemoError> {
    let settings = settings(app)?.clone();
    require_same_site(app, headers)?;
    match kiosk::start(app, &settings).await {
        Ok((started, sign_in)) => {
            let id = sign_in.id.clone();
            app.demo.remember(sign_in);
            tokio::spawn(kiosk::follow(
                Arc::downgrade(app),
                settings,
                id.clone(),
                started,
            ));
            Ok(Begun::Started(id))
        }
        Err(error) => {
            tracing::warn!(%error, "demo.not_started");
            Ok(Begun::Failed(error.to_string()))
        }
    }
}

#[derive(Serialize)]
struct StateOfSignIn<'a> {
    id: &'a SignInId,
    state: &'static str,
    seconds_left: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// `GET /demo/sign-in/{id}`: how far it is, in JSON.
pub(super) async fn state(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let sign_in = match find(&app, id) {
        Ok(sign_in) => sign_in,
        Err(error) => return error.response(&headers),
    };
    let (signed_in, error) = match &sign_in.progress {
        Progress::Approved(signed_in) => (Some(signed_in), None),
        Progress::Failed(why) => (None, Some(why.as_str())),
        Progress::Denied | Progress::Expired | Progress::Waiting => (None, None),
    };
    let body = StateOfSignIn {
        id: &sign_in.id,
        state: sign_in.progress.name(),
        seconds_left: sign_in.expires.since(app.now()).max(0),
        // EXPOSE: the same as on the page, for whoever drives the demo.
        transfer_code: sign_in
            .transfer_code
            .as_ref()
            .map(|code| code.expose().as_str()),
        claims: signed_in.map(|signed_in| &signed_in.claims),
        // EXPOSE: to be verified again by whoever drives the demo; the page shows its claims anyway.
        id_token: signed_in.map(|signed_in| signed_in.id_token.expose().as_str()),
        evidence: signed_in.map(|_| format!("/demo/sign-in/{}/evidence.json", sign_in.id.as_str())),
        error,
    };
    json(StatusCode::OK, &body)
}

/// `GET /demo/sign-in/{id}/page`: the same for people.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    match find(&app, id) {
        Ok(sign_in) => {
            let paired = is_paired(&app).await;
            let page = pages::sign_in(texts::choose(&headers), &sign_in, app.now(), paired);
            html(StatusCode::OK, &page)
        }
        Err(error) => error.response(&headers),
    }
}

/// Whether a device of the demo person could answer. A client could not know; the page is the demo's own, and nothing but
/// what it says depends on it. If the store does not answer, the page is as for any client.
async fn is_paired(app: &App) -> bool {
    let Ok(settings) = settings(app) else {
        return true;
    };
    let account = settings.account.clone();
    let devices = app
        .store
        .read(move |reader| reader.devices_of(&account))
        .await;
    devices.map_or(true, |devices| devices.iter().any(PairedDevice::is_asked))
}

/// `GET /demo/sign-in/{id}/code.svg`: the transfer code as a QR code.
pub(super) async fn code(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    match find(&app, id).and_then(|sign_in| picture(&sign_in)) {
        Ok(svg) => answer(
            StatusCode::OK,
            HeaderValue::from_static("image/svg+xml"),
            svg,
        ),
        Err(error) => error.response(&headers),
    }
}

fn picture(sign_in: &SignIn) -> Result<String, DemoError> {
    let code = sign_in.transfer_code.as_ref().ok_or(DemoError::NotYet)?;
    // EXPOSE: shown on the kiosk's screen.
    let code = QrCode::with_error_correction_level(code.expose(), EcLevel::M)
        .map_err(|_| DemoError::NotYet)?;
    Ok(code
        .render::<svg::Color<'_>>()
        .min_dimensions(176, 176)
        .quiet_zone(true)
        .build())
}

/// `GET /demo/sign-in/{id}/evidence.json`: what `tegata verify` checks.
pub(super) async fn evidence(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let sign_in = match find(&app, id) {
        Ok(sign_in) => sign_in,
        Err(error) => return error.response(&headers),
    };
    let Progress::Approved(signed_in) = &sign_in.progress else {
        return DemoError::NotYet.response(&headers);
    };
    let mut response = json(StatusCode::OK, &signed_in.evidence);
    response.headers_mut().insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static(r#"attachment; filename="tegata-evidence.json""#),
    );
    response
}

/// `GET /demo/kiosk.css`.
pub(super) async fn style() -> Response {
    let css = include_str!("assets/kiosk.css").to_owned();
    answer(
        StatusCode::OK,
        HeaderValue::from_static("text/css; charset=utf-8"),
        css,
    )
}

/// `GET /demo/kiosk.js`.
pub(super) async fn script() -> Response {
    let js = include_str!("assets/kiosk.js").to_owned();
    answer(
        StatusCode::OK,
        HeaderValue::from_static("text/javascript; charset=utf-8"),
        js,
    )
}

/// `GET /demo/pairing`: the page with the button that starts a pairing; looking at it makes nothing.
pub(super) async fn pairing(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Err(error) = settings(&app) {
        return error.response(&headers);
    }
    let mut response = html(StatusCode::OK, &pages::pairing(texts::choose(&headers)));
    // The button leads to a page under the issuer, which is not the name that this page was opened under if the issuer
    // is a name under localhost.
    let policy = format!("{POLICY} {}", app.issuer);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// `POST /demo/pairing`: leads to a one-time pairing page for the demo person (303).
pub(super) async fn start_pairing(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match invite(&app, &headers).await {
        Ok(url) => see_other(&url),
        Err(error) => error.response(&headers),
    }
}

async fn invite(app: &App, headers: &HeaderMap) -> Result<String, DemoError> {
    let DemoSettings {
        login_name,
        account,
        ..
    } = settings(app)?.clone();
    require_same_site(app, headers)?;
    // The account may have been removed since the start, and the name given to somebody else.
    let name = login_name.clone();
    let named = app
        .store
        .read(move |reader| reader.account_by_login(&name))
        .await
        .map_err(|error| {
            tracing::error!(%error, "demo.no_pairing_page");
            DemoError::Unavailable
        })?;
    if named.is_none_or(|named| named.id != account) {
        return Err(DemoError::NoPerson);
    }
    let invitation = NewInvitation {
        user: login_name,
        page: true,
    };
    match invitations::invite(app, &invitation)
        .await
        .map(|view| view.form)
    {
        Ok(InvitationForm::Page { url }) => Ok(url),
        Ok(InvitationForm::Code { .. }) => Err(DemoError::Unavailable),
        Err(error) => {
            tracing::error!(%error, "demo.no_pairing_page");
            Err(DemoError::Unavailable)
        }
    }
}

fn settings(app: &App) -> Result<&DemoSettings, DemoError> {
    app.demo.settings.get().ok_or(DemoError::NotFound)
}

fn find(app: &App, id: String) -> Result<SignIn, DemoError> {
    settings(app)?;
    app.demo
        .find(&SignInId::from_path(id))
        .ok_or(DemoError::NotFound)
}

/// Whoever lures a browser here must not be able to disturb the person's device. Browsers say where a request comes
/// from, the older ones only in `Origin`; what is no browser says nothing.
fn require_same_site(app: &App, headers: &HeaderMap) -> Result<(), DemoError> {
    let foreign_site = headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|site| site != "same-origin" && site != "none");
    let foreign_origin = headers
        .get_all(header::ORIGIN)
        .iter()
        .any(|origin| !is_own_origin(app, headers.get(header::HOST), origin));
    if foreign_site || foreign_origin {
        return Err(DemoError::ForeignForm);
    }
    Ok(())
}

/// Whether a page of this server sends `origin`: it names the issuer, or the host that the request was sent to, which
/// is this machine (the router refuses other names). `null` names nobody.
fn is_own_origin(app: &App, host: Option<&HeaderValue>, origin: &HeaderValue) -> bool {
    let Some((_, authority)) = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
    else {
        return false;
    };
    authority == app.issuer.authority() || host.is_some_and(|host| host == authority)
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .is_some_and(|accept| accept == "application/json")
}

fn see_other(location: &str) -> Response {
    let mut response = answer(StatusCode::SEE_OTHER, HTML, String::new());
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// What did not work, as a page or in JSON.
fn problem(headers: &HeaderMap, status: StatusCode, why: &str) -> Response {
    if wants_json(headers) {
        json(
            status,
            &serde_json::json!({ "state": "failed", "error": why }),
        )
    } else {
        html(status, &pages::failed(texts::choose(headers), why))
    }
}

fn html(status: StatusCode, page: &str) -> Response {
    let mut response = answer(status, HTML, page.to_owned());
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept-language"));
    response
}

fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let text = serde_json::to_string_pretty(body).expect("plain structures serialize to JSON");
    answer(status, JSON, text)
}

fn answer(status: StatusCode, media_type: HeaderValue, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let fixed: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, NO_STORE),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ),
        (
            header::REFERRER_POLICY,
            // With `no-referrer` a browser would send `Origin: null` with the forms of these pages.
            HeaderValue::from_static("same-origin"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    response.headers_mut().extend(fixed);
    response
}
