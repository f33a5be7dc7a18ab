//! The operator's view: pages under `/operator`, rendered here, for whoever has enrolled a passkey by a one-time link
//! that `tegata-server operator invite` prints. They are always served and good for nothing before that.
//!
//! Everything but the passkey ceremony works without script. Nothing that a client wrote for a person to read is shown, no
//! binding message, no details of a request, no code, and what is done is logged with the operator's name. What this
//! module does **not** do: anything that [`crate::administration`] cannot; register clients; change the configuration.
//!
//! To add a page: a file with its handlers and template, a line in [`router`], and if it is in the menu a [`view::Section`].

mod ceremony;
mod clients;
mod devices;
mod guard;
mod log;
mod memory;
mod moments;
mod overview;
mod people;
mod requests;
mod texts;
mod view;

pub(crate) use guard::language;
pub(crate) use memory::OperatorMemory;

use axum::{
    Router,
    http::{HeaderValue, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::sync::Arc;

use crate::app::App;

const STYLE: &str = include_str!("assets/operator.css");
const SCRIPT: &str = include_str!("assets/operator.js");

/// Nothing inline, nothing from elsewhere, no framing.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Rows of a list on one page.
const ROWS: u32 = 50;

/// The pages.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/operator", get(overview::show))
        .route(
            "/operator/operator.css",
            get(async || file(STYLE, "text/css; charset=utf-8")),
        )
        .route(
            "/operator/operator.js",
            get(async || file(SCRIPT, "text/javascript; charset=utf-8")),
        )
        .route("/operator/language", get(guard::choose_language))
        .route("/operator/sign-in", get(ceremony::sign_in))
        .route("/operator/sign-in/start", post(ceremony::start_sign_in))
        .route("/operator/sign-in/finish", post(ceremony::finish_sign_in))
        .route("/operator/sign-out", post(ceremony::sign_out))
        .route("/operator/enrol/{secret}", get(ceremony::enrol))
        .route(
            "/operator/enrol/{secret}/start",
            post(ceremony::start_enrolment),
        )
        .route(
            "/operator/enrol/{secret}/finish",
            post(ceremony::finish_enrolment),
        )
        .route("/operator/people", get(people::list).post(people::add))
        .route("/operator/people/{login_name}", get(people::show))
        .route("/operator/people/{login_name}/invite", post(people::invite))
        .route("/operator/people/{login_name}/remove", post(people::remove))
        .route("/operator/devices", get(devices::list))
        .route(
            "/operator/devices/{device_id}/revoke",
            post(devices::revoke),
        )
        .route("/operator/clients", get(clients::list))
        .route("/operator/clients/{client_id}", get(clients::show))
        .route(
            "/operator/clients/{client_id}/suspend",
            post(clients::suspend),
        )
        .route(
            "/operator/clients/{client_id}/resume",
            post(clients::resume),
        )
        .route(
            "/operator/clients/{client_id}/remove",
            post(clients::remove),
        )
        .route("/operator/requests", get(requests::list))
        .route("/operator/requests/{request_id}", get(requests::show))
        .route("/operator/log", get(log::show))
        .layer(middleware::map_response(protect))
}

fn file(text: &'static str, media_type: &'static str) -> Response {
    ([(header::CONTENT_TYPE, media_type)], text).into_response()
}

async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        // Browsers send an Origin that says nothing to servers that want no referrer at all, and it is checked here.
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests;
