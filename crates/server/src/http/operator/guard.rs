//! Who may see a page and who sent a form: the session's cookie, the form's token, the browser's own word on where a
//! request comes from, and the language.

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Query, Request, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::sync::Arc;
use tegata_protocol::{Secret, bytes::constant_time_eq};

use super::view::PageError;
use crate::{app::App, delivery::device_info::Language, http::device::pages, storage::StoreReader};

/// The longest form that is read, in bytes.
const LONGEST_FORM: usize = 4096;

const LANGUAGE: &str = "tegata-language";

/// A cookie of these pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cookie {
    /// Who is signed in.
    Session,
    /// The ceremony that is under way.
    Ceremony,
}

impl Cookie {
    /// Its name: where there is TLS, one that no other host and no plain connection can set.
    fn name(self, app: &App) -> &'static str {
        match (self, app.issuer.is_https()) {
            (Self::Session, true) => "__Host-tegata-operator",
            (Self::Session, false) => "tegata-operator",
            (Self::Ceremony, true) => "__Host-tegata-ceremony",
            (Self::Ceremony, false) => "tegata-ceremony",
        }
    }

    /// Its value in a request.
    pub(super) fn read(self, app: &App, headers: &HeaderMap) -> Option<Secret<String>> {
        cookie(headers, self.name(app)).map(Secret::new)
    }

    /// `Set-Cookie` that sets it for so many seconds.
    pub(super) fn set(self, app: &App, value: &Secret<String>, seconds: i64) -> HeaderValue {
        // EXPOSE: the browser keeps it; no script can read it and no other site can send it.
        self.header(app, value.expose(), seconds)
    }

    /// `Set-Cookie` that removes it.
    pub(super) fn clear(self, app: &App) -> HeaderValue {
        self.header(app, "", 0)
    }

    fn header(self, app: &App, value: &str, seconds: i64) -> HeaderValue {
        let secure = if app.issuer.is_https() {
            "; Secure"
        } else {
            ""
        };
        let name = self.name(app);
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        let mut header = HeaderValue::from_str(&text).expect("base64url is good in a header");
        header.set_sensitive(true);
        header
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter();
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

/// The language that was chosen, or the first of ours that the browser names. Browsers tell the choice to these pages alone.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    match cookie(headers, LANGUAGE).as_deref() {
        Some("en") => Language::English,
        Some("ja") => Language::Japanese,
        _ => pages::language(headers),
    }
}

/// The switch.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    to: String,
    back: String,
}

/// `GET /operator/language`: remembers the choice, which is no secret and changes nothing else, and goes back.
pub(super) async fn choose_language(
    State(app): State<Arc<App>>,
    Query(choice): Query<Choice>,
) -> Response {
    // Only ever to a page of ours.
    let ours = choice.back == "/operator" || choice.back.starts_with("/operator/");
    let plain = choice
        .back
        .bytes()
        .all(|b| b.is_ascii_graphic() && b != b'\\');
    let back = if ours && plain {
        choice.back.as_str()
    } else {
        "/operator"
    };
    let mut response = Redirect::to(back).into_response();
    let tag = if choice.to == "ja" { "ja" } else { "en" };
    let secure = if app.issuer.is_https() {
        "; Secure"
    } else {
        ""
    };
    let text = format!(
        "{LANGUAGE}={tag}; Path=/operator; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}"
    );
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Whether a request that changes something comes from a page of this very server, as far as the browser says.
pub(super) fn is_own(app: &App, headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    match header("sec-fetch-site") {
        Some(site) => site == b"same-origin",
        None => header("origin").is_none_or(|origin| origin == origin_of(app).as_bytes()),
    }
}

/// The origin of the server's pages.
pub(super) fn origin_of(app: &App) -> String {
    url::Url::parse(app.issuer.as_str()).map_or_else(
        |_| app.issuer.as_str().to_owned(),
        |url| url.origin().ascii_serialization(),
    )
}

/// An operator with a session. Others are sent to sign in.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    pub(super) name: String,
    pub(super) csrf: Secret<String>,
    pub(super) language: Language,
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let language = language(&parts.headers);
        let to_sign_in = || Redirect::to("/operator/sign-in").into_response();
        let secret = Cookie::Session
            .read(app, &parts.headers)
            .ok_or_else(to_sign_in)?;
        let session = app
            .operators
            .session(&secret, app.now())
            .ok_or_else(to_sign_in)?;
        // Whoever was removed is out at once.
        let operators = app
            .store
            .read(StoreReader::operators)
            .await
            .map_err(|error| PageError::from(error).respond(app, language))?;
        let found = operators
            .into_iter()
            .find(|operator| operator.id == session.operator)
            .ok_or_else(to_sign_in)?;
        Ok(Self {
            name: found.name,
            csrf: session.csrf,
            language,
        })
    }
}

/// A form that an operator sent from a page of their own session.
#[derive(Debug)]
pub(super) struct Submitted {
    pub(super) operator: SignedIn,
    values: Vec<(String, String)>,
}

impl Submitted {
    /// A field, trimmed; empty if there is none.
    pub(super) fn value(&self, name: &str) -> String {
        let found = self.values.iter().find(|(field, _)| field == name);
        found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    }
}

impl FromRequest<Arc<App>> for Submitted {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let operator = SignedIn::from_request_parts(&mut parts, app).await?;
        let forged = || PageError::Forged.respond(app, operator.language);
        if !is_own(app, &parts.headers) {
            return Err(forged());
        }
        let body = to_bytes(body, LONGEST_FORM).await.map_err(|_| forged())?;
        let values: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        let token = values.iter().find(|(name, _)| name == "csrf");
        // EXPOSE: compared in constant time.
        let expected = operator.csrf.expose().as_bytes();
        if !token.is_some_and(|(_, token)| constant_time_eq(token.as_bytes(), expected)) {
            return Err(forged());
        }
        Ok(Self { operator, values })
    }
}
