//! The keys that sign tokens, for `tegata-server keys`.

use axum::{
    Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

use super::{Result, parse};
use crate::{administration::keys, app::App, storage::StoreError};

pub(super) async fn list(State(app): State<Arc<App>>) -> Response {
    Json(app.keys.tokens.list()).into_response()
}

pub(super) async fn rotate(State(app): State<Arc<App>>, body: Bytes) -> Result<Response> {
    let rotation: keys::Rotation = parse(&body)?;
    let rotated =
        tokio::task::spawn_blocking(move || keys::rotate(&app.keys.tokens, &app.config, rotation));
    let new = rotated.await.unwrap_or(Err(StoreError::Panicked.into()))?;
    Ok(Json(new).into_response())
}
