//! The OpenID Provider's endpoints: discovery, keys, health, backchannel authentication and token (CIBA Core 1.0), revocation,
//! introspection, userinfo, registration, the automation hook, and an authorization endpoint that only says that there is no
//! browser flow.
//!
//! What is **not** here: callbacks to clients (ping and push), which are `notification`'s; encrypted requests and tokens.
//!
//! To add an endpoint: its path in [`paths`], a file with its handler, its error enum and that enum's one mapping to the
//! wire, a line in [`router`], and its member in [`discovery`] with the golden file of the tests. To add a way in which
//! clients authenticate: a file beside [`client_assertion`] and an arm in [`client_authentication`].

mod access;
mod audience;
pub(crate) mod authentication_request;
mod authorization;
pub(crate) mod automation;
mod backchannel_authentication;
pub(crate) mod client_assertion;
pub(crate) mod client_authentication;
pub(crate) mod client_certificate;
mod client_keys;
mod discovery;
pub(crate) mod dpop;
pub(crate) mod form;
mod health;
pub(crate) mod hints;
mod id_token;
mod introspection;
pub(crate) mod issuance;
mod jwks;
pub(crate) mod long_poll;
mod narrowing;
pub(crate) mod parameters;
pub(crate) mod paths;
mod protected;
pub(crate) mod registration;
pub(crate) mod request_object;
mod respond;
mod revocation;
mod sender;
pub(crate) mod subject;
mod token;
mod token_signatures;
mod user_code;
mod userinfo;

#[cfg(test)]
pub(crate) mod tests;

use axum::{
    Router,
    routing::{get, post},
};
use std::sync::Arc;

use crate::app::App;

/// The provider's routes.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route(paths::OPENID_CONFIGURATION, get(discovery::show))
        .route(paths::OAUTH_AUTHORIZATION_SERVER, get(discovery::show))
        .route(paths::JWKS, get(jwks::show))
        .route(paths::AUTHORIZATION, get(authorization::show))
        .route(paths::HEALTH, get(health::show))
        .route(
            paths::BACKCHANNEL_AUTHENTICATION,
            post(backchannel_authentication::post),
        )
        .route(paths::TOKEN, post(token::post))
        .route(paths::REVOCATION, post(revocation::post))
        .route(paths::INTROSPECTION, post(introspection::post))
        .route(paths::USERINFO, get(userinfo::show).post(userinfo::show))
}
