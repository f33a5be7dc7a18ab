//! `GET` and `POST /userinfo` (OpenID Connect Core section 5.3): who the person behind an access token is. It is also what a
//! FAPI client meets as a resource: JSON, `Date` (which the transport sets), and `x-fapi-interaction-id` (FAPI 1 Baseline
//! section 6.2.1).
//!
//! Pages elsewhere cannot read it: there are no CORS headers.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    response::Response,
};
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use tegata_protocol::{Rng, rng::random_bytes};

use super::{
    dpop, paths,
    protected::{AccessError, Credentials, admit},
    respond,
};
use crate::{app::App, http::caller::Caller};

/// Name of the endpoint in logs.
const ENDPOINT: &str = "userinfo";

const INTERACTION_ID: HeaderName = HeaderName::from_static("x-fapi-interaction-id");

/// The claims that an account has (OpenID Connect Core section 5.1), and what was granted (RFC 9396).
#[derive(Serialize)]
struct UserInfo<'a> {
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    authorization_details: &'a [Value],
}

/// Shows the person's claims.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    method: Method,
    caller: Caller,
    body: Body,
) -> Response {
    // A body of a GET means nothing (RFC 6750 section 2.2).
    let body = if method == Method::POST {
        body
    } else {
        Body::empty()
    };
    let mut response = match claims(&app, &caller, &method, body).await {
        Ok(response) => response,
        Err(error) => error.response(&app, &caller, ENDPOINT),
    };
    if dpop::is_tried(&app, &caller) {
        dpop::supply_nonce(&app, &mut response);
    }
    let id = interaction_id(&caller.headers, app.rng());
    response.headers_mut().insert(INTERACTION_ID, id);
    response
}

async fn claims(
    app: &App,
    caller: &Caller,
    method: &Method,
    body: Body,
) -> Result<Response, AccessError> {
    let credentials = Credentials::read(&caller.headers, body).await?;
    let issued = admit(
        app,
        caller,
        method.as_str(),
        paths::USERINFO,
        &credentials,
        "openid",
    )
    .await?;
    let id = issued.account.clone();
    let account = app
        .store
        .read(move |reader| reader.account(&id))
        .await?
        .ok_or(AccessError::Invalid)?;
    let (facts, details) = (&issued.flow.facts, &issued.details);
    let profile = details.scopes(facts).iter().any(|scope| scope == "profile");
    let info = UserInfo {
        sub: &facts.sub,
        name: profile.then_some(account.display_name.as_str()),
        preferred_username: profile.then_some(account.login_name.as_str()),
        authorization_details: details.authorization_details(facts),
    };
    Ok(respond::json(StatusCode::OK, &info))
}

/// The caller's if it is a UUID, otherwise a new one (RFC 9562 section 5.4).
fn interaction_id(headers: &HeaderMap, rng: &dyn Rng) -> HeaderValue {
    let given = headers.get(&INTERACTION_ID);
    if let Some(given) = given.filter(|value| is_uuid(value.as_bytes())) {
        return given.clone();
    }
    let mut bytes = random_bytes::<16>(rng);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            text.push('-');
        }
        HEXLOWER.encode_append(&[*byte], &mut text);
    }
    HeaderValue::try_from(text).expect("hexadecimal digits and hyphens")
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
