//! The OpenID Provider's endpoints.

use axum::Router;
use std::sync::Arc;

use crate::app::App;

/// The provider's routes.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
}
