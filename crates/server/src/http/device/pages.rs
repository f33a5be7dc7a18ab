//! The pairing pages: one that a scanned invitation opens in a browser, and the one-time page that stands in for an
//! administrator's terminal. Plain HTML that works without script; a script of its own adds a button that copies the
//! link. And what a browser asks of any server: its first page and an icon.
//!
//! `GET /pair/session/{id}/{secret}` shows a button and changes nothing, so that previews of the address use nothing up;
//! its POST consumes the secret, moves the session into a cookie and issues the invitation. The secret is in the path and
//! the code in the cookie; neither is logged.
//!
//! `/pair/start` ([`start`]) is what the app opens in the browser where such a session is, to be paired with it.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use std::sync::Arc;
use tegata_protocol::{
    Secret, Sha256Digest,
    bytes::{constant_time_eq, encode_b64u},
    device::invitation::{InvitationCode, format_begun, format_link},
    rng::random_bytes,
};

use super::{
    endpoints,
    pairing::{canonical_digits, confirm_digits},
};
use crate::{
    app::App,
    delivery::device_info::Language,
    domain::{InvitationState, IssuingSession, IssuingSessionId, PairingState},
    storage::{
        StoreError,
        ops::{
            ConfirmPairingOutcome, CreateInvitation, CreateInvitationOutcome, OpenPairingPage,
            OpenPairingPageOutcome,
        },
    },
};
use view::{Notice, Page, SessionView};

pub(crate) mod start;
mod texts;
mod view;

/// The kiosk's look, and what only these pages have.
const STYLE: &str = concat!(
    include_str!("../../demo/assets/kiosk.css"),
    include_str!("pages/style.css")
);
pub(crate) const STYLE_PATH: &str = "/pair/style.css";
const SCRIPT: &str = include_str!("pages/session.js");
const SCRIPT_PATH: &str = "/pair/session.js";
const ICON: &str = include_str!("pages/icon.svg");
/// What the first page says outside demo mode.
const FIRST_PAGE: &str =
    "This is tegata-server, a CIBA OpenID provider. There is nothing to see here.\n";
pub(crate) const COOKIE: &str = "tegata-pairing";
/// Nothing inline, nothing from elsewhere, no framing.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
/// The longest form that is read.
pub(crate) const LONGEST_FORM: usize = 1024;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(first_page))
        .route("/favicon.ico", get(async || file(ICON, "image/svg+xml")))
        .route("/pair", get(landing))
        .route(
            STYLE_PATH,
            get(async || file(STYLE, "text/css; charset=utf-8")),
        )
        .route(
            SCRIPT_PATH,
            get(async || file(SCRIPT, "text/javascript; charset=utf-8")),
        )
        .route(endpoints::PAIR_START, get(start::show).post(start::bind))
        .route("/pair/session/{id}", get(show).post(type_digits))
        .route("/pair/session/{id}/{secret}", get(before).post(open))
}

/// Leads on to the kiosk in demo mode, and otherwise says what this is.
async fn first_page(State(app): State<Arc<App>>) -> Response {
    if app.config.demo {
        Redirect::to("/demo").into_response()
    } else {
        FIRST_PAGE.into_response()
    }
}

fn file(text: &'static str, media_type: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// What a scanned QR code opens in a browser. The code is in the fragment, which never leaves the browser.
async fn landing(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let page = Page::Landing {
        host: app.issuer.authority().to_owned(),
    };
    html(StatusCode::OK, &page.render(language(&headers)))
}

async fn before(
    State(app): State<Arc<App>>,
    Path((id, _)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if IssuingSessionId::parse(&id).is_none() {
        return notice(&headers, StatusCode::NOT_FOUND, Notice::Unknown);
    }
    let page = Page::Start {
        host: app.issuer.authority().to_owned(),
    };
    html(StatusCode::OK, &page.render(language(&headers)))
}

async fn open(
    State(app): State<Arc<App>>,
    Path((id, page_secret)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match open_session(&app, &id, &page_secret).await {
        Ok(Ok(cookies)) => to_session(&app, &id, &cookies),
        Ok(Err(refusal)) => notice(&headers, StatusCode::GONE, refusal),
        Err(error) => unavailable(&headers, &error),
    }
}

/// Leads on to a session's page, with its cookies.
fn to_session(app: &App, id: &str, cookies: &[HeaderValue]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    let to = app.issuer.endpoint(&format!("/pair/session/{id}"));
    if let Ok(to) = HeaderValue::from_str(&to) {
        headers.insert(header::LOCATION, to);
    }
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie.clone());
    }
    protect(response)
}

/// Consumes the address and issues the invitation; the cookies that hold the session from here on.
async fn open_session(
    app: &Arc<App>,
    id: &str,
    page_secret: &str,
) -> Result<Result<Vec<HeaderValue>, Notice>, StoreError> {
    let Some(session) = IssuingSessionId::parse(id) else {
        return Ok(Err(Notice::Unknown));
    };
    let secret = Secret::new(encode_b64u(&random_bytes::<32>(app.rng())));
    let now = app.now();
    let operation = OpenPairingPage {
        session: session.clone(),
        page_secret_hash: Sha256Digest::of(page_secret.as_bytes()),
        // EXPOSE: only its hash is stored.
        new_secret_hash: Sha256Digest::of(secret.expose().as_bytes()),
        now,
    };
    match app.store.apply(operation).await? {
        OpenPairingPageOutcome::Opened { .. } => {}
        OpenPairingPageOutcome::Used => return Ok(Err(Notice::Used)),
        OpenPairingPageOutcome::Expired => return Ok(Err(Notice::Expired)),
        OpenPairingPageOutcome::Unknown => return Ok(Err(Notice::Unknown)),
    }
    let code = InvitationCode::make(app.rng());
    let lifetime = app.config.lifetimes.invitation;
    let operation = CreateInvitation {
        code_mac: app.keys.invitation_mac(code.expose_canonical()),
        session,
        expires: now.plus(i64::from(lifetime)),
        now,
    };
    match app.store.apply(operation).await? {
        CreateInvitationOutcome::Created => {}
        CreateInvitationOutcome::NoSession => return Ok(Err(Notice::Expired)),
        CreateInvitationOutcome::Taken => return Ok(Err(Notice::Used)),
    }
    // EXPOSE: for the browser alone.
    let secret = secret.expose();
    Ok(Ok(vec![
        session_cookie(app, id, secret, &code, i64::from(lifetime)),
        start::cookie(app, id, secret, i64::from(lifetime)),
    ]))
}

/// The cookie that holds a session and its code at the session's own page. The invitation is good for so many seconds.
fn session_cookie(
    app: &App,
    id: &str,
    secret: &str,
    code: &InvitationCode,
    seconds: i64,
) -> HeaderValue {
    let life = seconds.saturating_add(i64::from(app.config.lifetimes.pairing));
    let path = format!("/pair/session/{id}");
    set_cookie(
        app,
        COOKIE,
        &format!("{secret}.{}", code.expose_canonical()),
        &path,
        life,
    )
}

/// The browser keeps it; no script can read it and no other site can send it.
fn set_cookie(app: &App, name: &str, value: &str, path: &str, life: i64) -> HeaderValue {
    let path = app.issuer.endpoint(path);
    let path = url::Url::parse(&path).map_or_else(|_| "/".to_owned(), |url| url.path().to_owned());
    let secure = if app.issuer.is_https() {
        "; Secure"
    } else {
        ""
    };
    let text =
        format!("{name}={value}; Path={path}; Max-Age={life}; HttpOnly; SameSite=Strict{secure}");
    let mut header = HeaderValue::from_str(&text).expect("base64url is good in a header");
    header.set_sensitive(true);
    header
}

async fn show(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match held(&app, &id, &headers).await {
        Ok(Some(session)) => render(&app, &headers, StatusCode::OK, session, None).await,
        Ok(None) => notice(&headers, StatusCode::NOT_FOUND, Notice::Unknown),
        Err(error) => unavailable(&headers, &error),
    }
}

async fn type_digits(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (session, code) = match held(&app, &id, &headers).await {
        Ok(Some(held)) => held,
        Ok(None) => return notice(&headers, StatusCode::NOT_FOUND, Notice::Unknown),
        Err(error) => return unavailable(&headers, &error),
    };
    let typed = typed_digits(&body);
    if canonical_digits(&typed).is_none() {
        let said = Some(Notice::NotSixDigits);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return render(&app, &headers, status, (session, code), said).await;
    }
    let outcome = match confirm_digits(&app, session.id.clone(), &typed).await {
        Ok(outcome) => outcome,
        Err(error) => return unavailable(&headers, &error),
    };
    let said = match outcome {
        ConfirmPairingOutcome::Confirmed { device_name, .. } => {
            let demo = app.config.demo;
            let page = Page::Done { device_name, demo };
            return html(StatusCode::OK, &page.render(language(&headers)));
        }
        ConfirmPairingOutcome::WrongCode { tries_left } => Notice::WrongDigits { tries_left },
        ConfirmPairingOutcome::NotReady if session.invitation == Some(InvitationState::Used) => {
            Notice::NoDigitsYet
        }
        ConfirmPairingOutcome::NotReady => Notice::NoDeviceYet,
        ConfirmPairingOutcome::Failed => {
            return notice(&headers, StatusCode::GONE, Notice::Failed);
        }
        ConfirmPairingOutcome::Expired => {
            return notice(&headers, StatusCode::GONE, Notice::Expired);
        }
        ConfirmPairingOutcome::Unknown => {
            return notice(&headers, StatusCode::GONE, Notice::Used);
        }
    };
    render(
        &app,
        &headers,
        StatusCode::UNPROCESSABLE_ENTITY,
        (session, code),
        Some(said),
    )
    .await
}

/// What a person typed, from the form of the page; empty if the form is too long or has no digits.
pub(crate) fn typed_digits(body: &[u8]) -> String {
    form_urlencoded::parse(body)
        .find(|(name, _)| name == "digits")
        .map(|(_, value)| value.into_owned())
        .filter(|_| body.len() <= LONGEST_FORM)
        .unwrap_or_default()
}

/// The session's secret and the invitation's code, as the cookie keeps them.
pub(crate) fn kept(headers: &HeaderMap) -> Option<(&str, InvitationCode)> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let (secret, code) = cookies
        .split(';')
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .and_then(|(_, value)| value.split_once('.'))?;
    Some((secret, InvitationCode::parse(code).ok()?))
}

/// The session whose secret the cookie holds, with the code that it issued.
async fn held(
    app: &App,
    id: &str,
    headers: &HeaderMap,
) -> Result<Option<(IssuingSession, InvitationCode)>, StoreError> {
    let (Some((secret, code)), Some(id)) = (kept(headers), IssuingSessionId::parse(id)) else {
        return Ok(None);
    };
    let presented = Sha256Digest::of(secret.as_bytes());
    let session = app
        .store
        .read(move |reader| reader.issuing_session(&id))
        .await?;
    let session = session.filter(|session| constant_time_eq(&session.secret_hash.0, &presented.0));
    Ok(session.map(|session| (session, code)))
}

async fn render(
    app: &App,
    headers: &HeaderMap,
    status: StatusCode,
    (session, code): (IssuingSession, InvitationCode),
    said: Option<Notice>,
) -> Response {
    let found = match session.pairing.clone() {
        Some(pairing) => app.store.read(move |reader| reader.pairing(&pairing)).await,
        None => Ok(None),
    };
    let account = session.account.clone();
    let account = app.store.read(move |reader| reader.account(&account)).await;
    let (pairing, account) = match (found, account) {
        (Ok(pairing), Ok(Some(account))) => (pairing, account),
        (Ok(_), Ok(None)) => return notice(headers, StatusCode::GONE, Notice::Unknown),
        (Err(error), _) | (_, Err(error)) => return unavailable(headers, &error),
    };
    let now = app.now();
    let over = match &pairing {
        Some(pairing) => now >= pairing.expires,
        None => now >= session.expires,
    };
    let device = match pairing.map(|pairing| pairing.state) {
        Some(PairingState::Confirmed { .. }) => {
            let demo = app.config.demo;
            return notice(headers, StatusCode::OK, Notice::Confirmed { demo });
        }
        // Not by digits: somebody else had the code.
        Some(PairingState::Failed { tries: 0..=2 }) if session.bound.is_some() => {
            return notice(headers, StatusCode::GONE, Notice::Foreign);
        }
        Some(PairingState::Failed { .. }) => {
            return notice(headers, StatusCode::GONE, Notice::Failed);
        }
        _ if over => return notice(headers, StatusCode::GONE, Notice::Expired),
        Some(PairingState::Submitted { registration, .. }) => Some(registration.device_name),
        _ => None,
    };
    let root = app.keys.root.thumbprint();
    let view = SessionView {
        person: account.display_name,
        host: app.issuer.authority().to_owned(),
        root: root.to_string(),
        is_begun: session.bound.is_some(),
        link: match session.bound {
            Some(_) => format_begun(app.issuer.wire(), &code, &root),
            None => format_link(app.issuer.wire(), &code, &root),
        },
        code: code.expose_grouped(),
        minutes_left: session.expires.since(now).saturating_add(59) / 60,
        redeemed: session.invitation == Some(InvitationState::Used),
        device,
        notice: said,
    };
    let page = Page::Session(Box::new(view));
    html(status, &page.render(language(headers)))
}

fn notice(headers: &HeaderMap, status: StatusCode, notice: Notice) -> Response {
    html(status, &Page::Notice(notice).render(language(headers)))
}

fn unavailable(headers: &HeaderMap, error: &StoreError) -> Response {
    tracing::warn!(%error, "the store did not answer a pairing page");
    notice(headers, StatusCode::SERVICE_UNAVAILABLE, Notice::TryAgain)
}

fn html(status: StatusCode, page: &str) -> Response {
    let mut response = (status, page.to_owned()).into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    protect(response)
}

fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The first of the server's languages that the browser names.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let named = accepted.split(',').find_map(|range| {
        let primary = range.trim().split(['-', ';']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "ja" => Some(Language::Japanese),
            "en" => Some(Language::English),
            _ => None,
        }
    });
    named.unwrap_or(Language::English)
}
