//! Discovery: what this server is, for clients (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2, CIBA Core
//! section 4).
//!
//! Everything is read from what the configuration offers, so that the document cannot promise what the endpoints refuse.
//! `response_types_supported` is left out: nothing is answered through a browser, and RFC 8414 section 3.2 wants members
//! without elements omitted.

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

/// What ID tokens and userinfo say.
const CLAIMS: [&str; 13] = [
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
    "name",
    "preferred_username",
];

/// What pushed ID tokens say besides (CIBA Core section 10.3.1).
const PUSH_CLAIMS: [&str; 2] = [
    "urn:openid:params:jwt:claim:auth_req_id",
    "urn:openid:params:jwt:claim:rt_hash",
];

/// The members in the order of the specifications that define them.
#[derive(Serialize)]
struct ProviderMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    revocation_endpoint: String,
    introspection_endpoint: String,
    backchannel_authentication_endpoint: String,
    backchannel_token_delivery_modes_supported: Vec<TokenDeliveryMode>,
    backchannel_authentication_request_signing_alg_values_supported: Vec<Algorithm>,
    backchannel_user_code_parameter_supported: bool,
    grant_types_supported: [&'static str; 2],
    scopes_supported: [&'static str; 2],
    subject_types_supported: [&'static str; 2],
    id_token_signing_alg_values_supported: Vec<Algorithm>,
    #[serde(flatten)]
    token_endpoint_auth: TokenEndpointAuth,
    #[serde(flatten)]
    revocation_endpoint_auth: RevocationEndpointAuth,
    #[serde(flatten)]
    introspection_endpoint_auth: IntrospectionEndpointAuth,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dpop_signing_alg_values_supported: Vec<Algorithm>,
    tls_client_certificate_bound_access_tokens: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    mtls_endpoint_aliases: Option<Aliases>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_details_types_supported: Vec<String>,
    acr_values_supported: [&'static str; 1],
    claims_supported: Vec<&'static str>,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    /// Not a registered member: where authentication devices find the gateway's signed metadata.
    tegata_device_metadata: String,
}

/// How clients authenticate at an endpoint; `private_key_jwt` and `client_secret_jwt` have algorithms.
#[derive(Clone)]
struct Authentication {
    methods: Vec<&'static str>,
    algorithms: Vec<&'static str>,
}

macro_rules! endpoint_authentication {
    ($name:ident, $methods:literal, $algorithms:literal) => {
        #[derive(Serialize)]
        struct $name {
            #[serde(rename = $methods)]
            methods: Vec<&'static str>,
            #[serde(rename = $algorithms, skip_serializing_if = "Vec::is_empty")]
            algorithms: Vec<&'static str>,
        }

        impl From<Authentication> for $name {
            fn from(all: Authentication) -> Self {
                Self {
                    methods: all.methods,
                    algorithms: all.algorithms,
                }
            }
        }
    };
}

endpoint_authentication!(
    TokenEndpointAuth,
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported"
);
endpoint_authentication!(
    RevocationEndpointAuth,
    "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported"
);
endpoint_authentication!(
    IntrospectionEndpointAuth,
    "introspection_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_signing_alg_values_supported"
);

/// Where clients that use a certificate find the same endpoints (RFC 8705 section 5).
#[derive(Serialize)]
struct Aliases {
    #[serde(rename = "token_endpoint")]
    token: String,
    #[serde(rename = "revocation_endpoint")]
    revocation: String,
    #[serde(rename = "introspection_endpoint")]
    introspection: String,
    #[serde(rename = "userinfo_endpoint")]
    userinfo: String,
    #[serde(rename = "backchannel_authentication_endpoint")]
    backchannel_authentication: String,
}

impl Aliases {
    fn below(base: &Issuer) -> Self {
        Self {
            token: base.endpoint(paths::TOKEN),
            revocation: base.endpoint(paths::REVOCATION),
            introspection: base.endpoint(paths::INTROSPECTION),
            userinfo: base.endpoint(paths::USERINFO),
            backchannel_authentication: base.endpoint(paths::BACKCHANNEL_AUTHENTICATION),
        }
    }
}

impl ProviderMetadata {
    fn of(app: &App) -> Self {
        let (issuer, config) = (&app.issuer, &app.config);
        let offered = config.offered();
        let mut algorithms: Vec<_> = offered
            .client_algorithms
            .iter()
            .map(|algorithm| algorithm.name())
            .collect();
        if offered
            .authentication_methods
            .contains(&"client_secret_jwt")
        {
            algorithms.push("HS256");
        }
        let authentication = Authentication {
            methods: offered.authentication_methods,
            algorithms,
        };
        let mut claims = CLAIMS.to_vec();
        if offered.delivery_modes.contains(&TokenDeliveryMode::Push) {
            claims.extend(PUSH_CLAIMS);
        }
        Self {
            issuer: issuer.as_str().to_owned(),
            authorization_endpoint: issuer.endpoint(paths::AUTHORIZATION),
            token_endpoint: issuer.endpoint(paths::TOKEN),
            userinfo_endpoint: issuer.endpoint(paths::USERINFO),
            jwks_uri: issuer.endpoint(paths::JWKS),
            registration_endpoint: config
                .registration
                .enabled
                .then(|| issuer.endpoint(paths::REGISTRATION)),
            revocation_endpoint: issuer.endpoint(paths::REVOCATION),
            introspection_endpoint: issuer.endpoint(paths::INTROSPECTION),
            backchannel_authentication_endpoint: issuer.endpoint(paths::BACKCHANNEL_AUTHENTICATION),
            backchannel_token_delivery_modes_supported: offered.delivery_modes,
            backchannel_authentication_request_signing_alg_values_supported: offered
                .client_algorithms
                .clone(),
            backchannel_user_code_parameter_supported: true,
            grant_types_supported: [GRANT_TYPE, "refresh_token"],
            scopes_supported: ["openid", "profile"],
            subject_types_supported: ["public", "pairwise"],
            id_token_signing_alg_values_supported: offered.id_token_algorithms,
            token_endpoint_auth: authentication.clone().into(),
            revocation_endpoint_auth: authentication.clone().into(),
            introspection_endpoint_auth: authentication.into(),
            dpop_signing_alg_values_supported: if offered.dpop {
                offered.client_algorithms
            } else {
                Vec::new()
            },
            tls_client_certificate_bound_access_tokens: offered.certificates,
            mtls_endpoint_aliases: app.mtls_base().map(Aliases::below),
            authorization_details_types_supported: offered.authorization_details_types,
            // No device proves that its key is in hardware, so nothing reaches the value for that.
            acr_values_supported: [ACR_SOFTWARE_PIN],
            claims_supported: claims,
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
        &ProviderMetadata::of(&app),
        HeaderValue::from_static("public, max-age=300"),
    )
}
