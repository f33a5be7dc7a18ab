//! Discovery: what this server is, for clients (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2, CIBA Core
//! section 4).
//!
//! Only what is built is said. `response_types_supported` is left out: there is no authorization endpoint, and RFC 8414
//! section 3.2 wants members without elements omitted.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode},
    response::Response,
};
use serde::Serialize;
use std::sync::Arc;
use tegata_protocol::ciba::{GRANT_TYPE, TokenDeliveryMode};

use super::{paths, respond};
use crate::{app::App, config::Issuer, delivery::device_info::ACR_SOFTWARE_PIN, jose::Algorithm};

#[derive(Serialize)]
struct ProviderMetadata {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    backchannel_authentication_endpoint: String,
    backchannel_token_delivery_modes_supported: [TokenDeliveryMode; 1],
    backchannel_user_code_parameter_supported: bool,
    grant_types_supported: [&'static str; 1],
    scopes_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 2],
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 3],
    acr_values_supported: [&'static str; 1],
    claims_supported: [&'static str; 11],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    /// Not a registered member: where authentication devices find the gateway's signed metadata.
    tegata_device_metadata: String,
}

impl ProviderMetadata {
    fn new(issuer: &Issuer) -> Self {
        Self {
            issuer: issuer.as_str().to_owned(),
            token_endpoint: issuer.endpoint(paths::TOKEN),
            jwks_uri: issuer.endpoint(paths::JWKS),
            backchannel_authentication_endpoint: issuer.endpoint(paths::BACKCHANNEL_AUTHENTICATION),
            backchannel_token_delivery_modes_supported: [TokenDeliveryMode::Poll],
            backchannel_user_code_parameter_supported: false,
            grant_types_supported: [GRANT_TYPE],
            scopes_supported: ["openid"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["ES256"],
            token_endpoint_auth_methods_supported: ["client_secret_basic", "private_key_jwt"],
            token_endpoint_auth_signing_alg_values_supported: Algorithm::FROM_CLIENTS
                .map(Algorithm::name),
            acr_values_supported: [ACR_SOFTWARE_PIN],
            claims_supported: [
                "iss",
                "sub",
                "aud",
                "exp",
                "iat",
                "jti",
                "auth_time",
                "acr",
                "amr",
                "at_hash",
                "tegata_evidence",
            ],
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            tegata_device_metadata: issuer.endpoint(paths::DEVICE_METADATA),
        }
    }
}

/// The document.
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    respond::cached(
        StatusCode::OK,
        &ProviderMetadata::new(&app.issuer),
        HeaderValue::from_static("public, max-age=300"),
    )
}
