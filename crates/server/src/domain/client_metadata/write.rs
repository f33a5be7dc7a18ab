//! Writing client metadata as a client reads them in answers to its registration.

use serde_json::{Map, Value, json};
use tegata_protocol::ciba::GRANT_TYPE;

use super::{AuthenticationMethod, ClientMetadata, REFRESH_TOKEN};
use crate::domain::ClientKeys;

impl ClientMetadata {
    /// All members that are registered, those with default values too: read again, they are the same metadata.
    pub fn members(&self) -> Map<String, Value> {
        let settings = &self.settings;
        let mut members = Map::new();
        let mut put = |member: &str, value: Value| {
            members.insert(member.to_owned(), value);
        };
        if let Some(name) = &self.name {
            put("client_name", name.as_str().into());
        }
        put("token_endpoint_auth_method", self.method.name().into());
        match (&self.method, settings.assertion_alg) {
            (AuthenticationMethod::ClientSecretJwt, _) => {
                put("token_endpoint_auth_signing_alg", "HS256".into());
            }
            (_, Some(algorithm)) => {
                put("token_endpoint_auth_signing_alg", algorithm.name().into());
            }
            (_, None) => {}
        }
        match &settings.keys {
            Some(ClientKeys::Jwks(text)) => {
                put("jwks", serde_json::from_str(text).unwrap_or_default());
            }
            Some(ClientKeys::JwksUri(address)) => put("jwks_uri", address.as_str().into()),
            None => {}
        }
        put(
            "backchannel_token_delivery_mode",
            json!(settings.delivery.mode()),
        );
        if let Some(endpoint) = settings.delivery.endpoint() {
            put("backchannel_client_notification_endpoint", endpoint.into());
        }
        if let Some(algorithm) = settings.request_alg {
            let algorithm = algorithm.name();
            put(
                "backchannel_authentication_request_signing_alg",
                algorithm.into(),
            );
        }
        put("backchannel_user_code_parameter", settings.user_code.into());
        let mut grants = vec![GRANT_TYPE];
        grants.extend(settings.refresh.then_some(REFRESH_TOKEN));
        put("grant_types", json!(grants));
        put("response_types", json!([]));
        put(
            "id_token_signed_response_alg",
            settings.id_token_alg.name().into(),
        );
        put(
            "tls_client_certificate_bound_access_tokens",
            settings.certificate_bound.into(),
        );
        put("dpop_bound_access_tokens", settings.dpop_bound.into());
        let subjects = match settings.sector {
            Some(_) => "pairwise",
            None => "public",
        };
        put("subject_type", subjects.into());
        if let Some(document) = &settings.sector_identifier_uri {
            put("sector_identifier_uri", document.as_str().into());
        }
        if let Some(scope) = &settings.scope {
            put("scope", scope.as_str().into());
        }
        if !settings.authorization_details_types.is_empty() {
            let types = &settings.authorization_details_types;
            put("authorization_details_types", json!(types));
        }
        // Its serialized form is the member itself.
        if let AuthenticationMethod::TlsClientAuth { name } = &self.method
            && let Ok(Value::Object(named)) = serde_json::to_value(name)
        {
            members.extend(named);
        }
        members
    }
}
