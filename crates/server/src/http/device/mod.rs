//! The device gateway's endpoints.

use axum::Router;
use std::sync::Arc;

use crate::app::App;

/// The gateway's routes.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
}
