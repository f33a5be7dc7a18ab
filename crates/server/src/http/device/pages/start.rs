//! `/pair/start`: where a pairing that the app began gets its code (device protocol, section 4.1).
//!
//! The app opens this page in the person's browser and names the possession key that it made. Cookies say which sessions this
//! browser has: one for each, sent here and nowhere else, so that two pages of two sessions do not disturb each other. Another
//! program opens the browser without a page that it comes from, so cookies that are `SameSite=Strict` are sent; a link on
//! another site finds no session. `GET` changes nothing. The form carries a token that only the session's secret makes, over the
//! key that the page was opened with: neither another site nor another port of this host can make one, or exchange the key.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use std::sync::Arc;
use tegata_protocol::{
    Secret, Sha256Digest, Thumbprint, bytes::constant_time_eq, device::invitation::InvitationCode,
};

use super::{
    LONGEST_FORM, endpoints, html, language, notice, session_cookie, set_cookie, to_session,
    unavailable,
    view::{Begun, Notice, Page},
};
use crate::{
    app::App,
    domain::{Account, InvitationState, IssuingSession, IssuingSessionId},
    storage::{
        StoreError,
        ops::{BindInvitation, BindInvitationOutcome},
    },
};

/// Before a session's id, in the name of its cookie.
const COOKIE: &str = "tegata-start-";
/// Sessions of one browser that are looked for.
const MOST: usize = 4;

/// A session of this browser.
struct Held {
    session: IssuingSession,
    secret: Secret<String>,
}

/// The cookie by which this page finds a session, as long as its invitation is good.
pub(super) fn cookie(app: &App, id: &str, secret: &str, seconds: i64) -> HeaderValue {
    let name = format!("{COOKIE}{id}");
    set_cookie(app, &name, secret, endpoints::PAIR_START, seconds)
}

/// What the browser keeps of sessions, as it says.
pub(crate) fn kept(headers: &HeaderMap) -> Vec<(IssuingSessionId, Secret<String>)> {
    let all = headers.get_all(header::COOKIE).iter();
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.split_once('='))
        .filter_map(|(id, secret)| {
            let id = IssuingSessionId::parse(id)?;
            Some((id, Secret::new(secret.to_owned())))
        })
        .take(MOST)
        .collect()
}

/// The possession key in the address or the form.
pub(crate) fn key_in(pairs: &[u8]) -> Option<Thumbprint> {
    let mut keys = form_urlencoded::parse(pairs).filter(|(name, _)| name == "jkt");
    let key = keys.next().filter(|_| keys.next().is_none());
    let (_, key) = key?;
    Sha256Digest::from_b64u(&key).ok().map(Thumbprint)
}

/// The page with a button for each account of which this browser has a session whose invitation nobody has used.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(key) = key_in(query.unwrap_or_default().as_bytes()) else {
        return notice(&headers, StatusCode::BAD_REQUEST, Notice::NotBegun);
    };
    match choices(&app, &headers, key).await {
        Ok(choices) if choices.is_empty() => {
            notice(&headers, StatusCode::NOT_FOUND, Notice::NoSession)
        }
        Ok(choices) => {
            let page = Page::Begin(choices);
            html(StatusCode::OK, &page.render(language(&headers)))
        }
        Err(error) => unavailable(&headers, &error),
    }
}

/// Gives the session a code that is bound to the key, and leads back to its page.
pub(super) async fn bind(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some((id, key)) = posted(&headers, &body) else {
        return notice(&headers, StatusCode::BAD_REQUEST, Notice::NotBegun);
    };
    match bind_session(&app, &headers, &body, id, key).await {
        Ok(Ok((id, cookies))) => to_session(&app, id.as_str(), &cookies),
        Ok(Err(refusal)) => notice(&headers, StatusCode::GONE, refusal),
        Err(error) => unavailable(&headers, &error),
    }
}

/// The session and the key in a form that comes from a page of this very server, as far as the browser says.
fn posted(headers: &HeaderMap, body: &[u8]) -> Option<(IssuingSessionId, Thumbprint)> {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if site.is_some_and(|site| site != b"same-origin") || body.len() > LONGEST_FORM {
        return None;
    }
    let id = IssuingSessionId::parse(&field(body, "session")?)?;
    Some((id, key_in(body)?))
}

fn field(body: &[u8], wanted: &str) -> Option<String> {
    let (_, value) = form_urlencoded::parse(body).find(|(name, _)| name == wanted)?;
    Some(value.into_owned())
}

async fn bind_session(
    app: &App,
    headers: &HeaderMap,
    body: &[u8],
    id: IssuingSessionId,
    key: Thumbprint,
) -> Result<Result<(IssuingSessionId, Vec<HeaderValue>), Notice>, StoreError> {
    let held = kept(headers).into_iter().find(|(kept, _)| *kept == id);
    let Some((_, secret)) = held else {
        return Ok(Err(Notice::NoSession));
    };
    let token = field(body, "token").unwrap_or_default();
    if !constant_time_eq(token.as_bytes(), make_token(&secret, key).as_bytes()) {
        return Ok(Err(Notice::NotBegun));
    }
    let code = InvitationCode::make(app.rng());
    let now = app.now();
    let operation = BindInvitation {
        session: id.clone(),
        secret_hash: hash_of(&secret),
        key,
        code_mac: app.keys.invitation_mac(code.expose_canonical()),
        now,
    };
    match app.store.apply(operation).await? {
        BindInvitationOutcome::Bound => {}
        // The session's page says so.
        BindInvitationOutcome::Used | BindInvitationOutcome::Expired => {
            return Ok(Ok((id, Vec::new())));
        }
        BindInvitationOutcome::Unknown => return Ok(Err(Notice::NoSession)),
    }
    let left = i64::from(app.config.lifetimes.invitation);
    // EXPOSE: back to the browser that sent it.
    let cookie = session_cookie(app, id.as_str(), secret.expose(), &code, left);
    Ok(Ok((id, vec![cookie])))
}

/// The sessions of this browser that a device can still be paired with, of each account the newest: nobody could tell two of
/// them apart.
async fn choices(
    app: &App,
    headers: &HeaderMap,
    key: Thumbprint,
) -> Result<Vec<Begun>, StoreError> {
    let now = app.now();
    let mut open: Vec<(Held, Account)> = Vec::new();
    for (id, secret) in kept(headers) {
        let held = app
            .store
            .read(move |reader| {
                let session = reader.issuing_session(&id)?;
                let account = match &session {
                    Some(session) => reader.account(&session.account)?,
                    None => None,
                };
                Ok(session.zip(account))
            })
            .await?;
        let Some((session, account)) = held else {
            continue;
        };
        let held = Held { session, secret };
        if !held.is_open(now) {
            continue;
        }
        // Browsers send the older of two cookies first.
        let same = open.iter_mut().find(|(_, other)| other.id == account.id);
        match same {
            Some((other, _)) if other.session.expires > held.session.expires => {}
            Some((other, _)) => *other = held,
            None => open.push((held, account)),
        }
    }
    let choices = open.into_iter().map(|(held, account)| Begun {
        session: held.session.id.to_string(),
        person: account.display_name,
        key: key.to_string(),
        token: make_token(&held.secret, key),
    });
    Ok(choices.collect())
}

impl Held {
    fn is_open(&self, now: tegata_protocol::UnixTime) -> bool {
        constant_time_eq(&self.session.secret_hash.0, &hash_of(&self.secret).0)
            && self.session.invitation == Some(InvitationState::Open)
            && now < self.session.expires
    }
}

fn hash_of(secret: &Secret<String>) -> Sha256Digest {
    // EXPOSE: only its hash goes on.
    Sha256Digest::of(secret.expose().as_bytes())
}

/// What only a page of the session can have: made of its secret, and of the key that the page was opened with.
fn make_token(secret: &Secret<String>, key: Thumbprint) -> String {
    // EXPOSE: hashed.
    Sha256Digest::of(format!("tegata pair start {} {key}", secret.expose()).as_bytes()).to_string()
}
