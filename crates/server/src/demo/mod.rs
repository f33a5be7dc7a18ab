//! The demo consumption page: a client like any other, over real CIBA.

use axum::Router;
use std::sync::Arc;

use crate::app::App;

/// What the demo page keeps in memory.
#[derive(Debug, Default)]
pub struct DemoState {}

/// The demo's routes.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
}
