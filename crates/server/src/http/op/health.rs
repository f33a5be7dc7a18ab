//! `GET /health`: live because it answers, ready because the store does.

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use std::sync::Arc;

use super::respond;
use crate::app::App;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// 200 `ready`, or 503 `unavailable` while the store cannot be read. The reason is in the log only.
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    match app.store.read(|reader| reader.value("health")).await {
        Ok(_) => respond::json(StatusCode::OK, &Health { status: "ready" }),
        Err(error) => {
            tracing::error!(%error, "health.unavailable");
            respond::json(
                StatusCode::SERVICE_UNAVAILABLE,
                &Health {
                    status: "unavailable",
                },
            )
        }
    }
}
