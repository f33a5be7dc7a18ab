//! How the endpoints answer: JSON, never stored by caches.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;
use tegata_protocol::ciba::{OAuthError, OAuthErrorCode};

use crate::storage::StoreError;

/// An answer that only this client may see, and only once.
pub(super) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    cached(status, body, HeaderValue::from_static("no-store"))
}

/// An answer with a `Cache-Control` of its own.
pub(super) fn cached<T: Serialize>(status: StatusCode, body: &T, cache: HeaderValue) -> Response {
    let json = serde_json::to_vec(body).expect("wire types serialize to JSON");
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, cache);
    response
}

/// An error body (RFC 6749 section 5.2). `description` is for developers and must be of `%x20-21 / %x23-5B / %x5D-7E`.
pub(super) fn error(
    status: StatusCode,
    code: OAuthErrorCode,
    description: impl Into<String>,
) -> Response {
    let mut response = json(
        status,
        &OAuthError {
            error: code,
            error_description: Some(description.into()),
        },
    );
    // For what weighs answers: rate limits.
    response.extensions_mut().insert(code);
    response
}

/// The answer when there is too much to do: come again.
pub(super) fn busy() -> Response {
    let mut response = error(
        StatusCode::SERVICE_UNAVAILABLE,
        OAuthErrorCode::TemporarilyUnavailable,
        "the server is busy, try again in a second",
    );
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The store's trouble is ours: logged here, and the client is told only whether to come again.
pub(super) fn store_error(error: &StoreError, endpoint: &'static str) -> Response {
    match error {
        StoreError::Busy => {
            tracing::warn!(endpoint, "store.busy");
            busy()
        }
        StoreError::Closed
        | StoreError::Corrupt(_)
        | StoreError::Engine(_)
        | StoreError::NewerSchema { .. }
        | StoreError::Panicked => {
            tracing::error!(endpoint, %error, "store.failed");
            self::error(
                StatusCode::INTERNAL_SERVER_ERROR,
                OAuthErrorCode::ServerError,
                "the server cannot answer at present",
            )
        }
    }
}
