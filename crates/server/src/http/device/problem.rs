//! Answers of the gateway: JSON, or a problem (RFC 9457), each with the next nonce.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::ops::{Deref, DerefMut};
use tegata_protocol::{
    device::{
        problem::{Problem, ProblemCode},
        proof::NONCE_HEADER,
    },
    ijson::{self, IJsonError},
};

use crate::{
    app::App,
    http::nonce::{self, NonceUse},
    storage::StoreError,
};

/// A problem on its way to the device; boxed, so that good answers do not carry its size.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Problem>);

impl Refusal {
    /// A problem with nothing but its code.
    pub(crate) fn new(code: ProblemCode) -> Self {
        Self(Box::new(Problem::new(code)))
    }

    /// The same with a sentence for developers.
    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// The wire's type.
    pub(crate) fn into_problem(self) -> Box<Problem> {
        self.0
    }
}

impl Deref for Refusal {
    type Target = Problem;

    fn deref(&self) -> &Problem {
        &self.0
    }
}

impl DerefMut for Refusal {
    fn deref_mut(&mut self) -> &mut Problem {
        &mut self.0
    }
}

/// Makes the answer.
pub(crate) fn respond<T: Serialize>(app: &App, result: Result<T, Refusal>) -> Response {
    let (status, media_type, body) = match result {
        Ok(value) => (
            StatusCode::OK,
            "application/json",
            serde_json::to_vec(&value),
        ),
        Err(problem) => (
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            "application/problem+json",
            serde_json::to_vec(&*problem),
        ),
    };
    let Ok(body) = body else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(nonce) = HeaderValue::from_str(&nonce::make(app, NonceUse::Device)) {
        headers.insert(NONCE_HEADER, nonce);
    }
    response
}

/// The store's trouble, as devices are told: nothing but whether to try again.
pub(crate) fn store_trouble(error: &StoreError) -> Refusal {
    tracing::warn!(%error, "the store did not answer a device's request");
    match error {
        StoreError::Busy | StoreError::Closed | StoreError::Engine(_) => {
            let mut problem = Refusal::new(ProblemCode::TemporarilyUnavailable);
            problem.retry_after = Some(1);
            problem
        }
        _ => Refusal::new(ProblemCode::Internal),
    }
}

/// Reads a body of at most `limit` bytes; what is not I-JSON or not a `T` is refused with `shape`.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(
    body: &[u8],
    limit: usize,
    shape: ProblemCode,
) -> Result<T, Refusal> {
    ijson::parse(body, limit).map_err(|error| refuse_json(body, &error, shape))
}

/// Why a body was refused.
pub(super) fn refuse_json(body: &[u8], error: &IJsonError, shape: ProblemCode) -> Refusal {
    let code = match error {
        IJsonError::TooLong(_) => ProblemCode::PayloadTooLarge,
        IJsonError::Shape(_) if names_another_version(body) => ProblemCode::VersionUnsupported,
        _ => shape,
    };
    Refusal::new(code).with_detail(error.to_string())
}

/// A decision that cannot be read.
pub(crate) fn detail_invalid(error: &IJsonError) -> Refusal {
    Refusal::new(ProblemCode::DetailInvalid).with_detail(error.to_string())
}

fn names_another_version(body: &[u8]) -> bool {
    let value: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    value
        .as_ref()
        .and_then(|value| value.get("v"))
        .and_then(serde_json::Value::as_u64)
        .is_some_and(|version| version != 1)
}
