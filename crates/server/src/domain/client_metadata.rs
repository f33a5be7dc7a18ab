//! What a client says about itself when it is registered (RFC 7591 section 2), and the one conversion of it to and from
//! what is stored. The operator's commands, the admin interface and dynamic registration all use it.
//!
//! Members: OAuth Dynamic Client Registration (RFC 7591), CIBA Core section 4, OpenID Connect Registration section 2, RFC
//! 8705 sections 2.1.2 and 3.4, RFC 9396 section 10, RFC 9449 section 5.2. A member that is not known here is ignored, and so
//! is one that is `null`; one that is known and cannot be kept to is an error that names it. Nothing that the provider does
//! not offer ([`Offered`]) is accepted.
//!
//! What is **not** here: fetching. A sector document must be fetched and shown to [`lists`] before a client is registered
//! that has one, see [`ClientMetadata::sector_document`].
//!
//! To add a member: read it in the step of [`ClientMetadata::parse`] where it belongs, write it in `write`, and add it to the
//! property test's members.

mod members;
mod read;
mod write;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use tegata_protocol::ciba::TokenDeliveryMode;

use super::{CertificateName, Client, ClientAuthentication, ClientKeys, ClientSettings, Delivery};
use crate::jose::Algorithm;
use members::Members;
use read::{
    algorithm, read_assertion_alg, read_bindings, read_delivery, read_details_types, read_grants,
    read_keys, read_method, read_name, read_scope, read_sector, require_fitting,
};

/// `grant_types` value of clients that get refresh tokens (RFC 7591 section 2).
pub const REFRESH_TOKEN: &str = "refresh_token";

/// What the provider offers to clients and demands of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// `token_endpoint_auth_method` values.
    pub authentication_methods: Vec<&'static str>,
    /// How clients may learn of results.
    pub delivery_modes: Vec<TokenDeliveryMode>,
    /// With what clients may sign assertions and requests.
    pub client_algorithms: Vec<Algorithm>,
    /// With what ID tokens can be signed; `ES256` is for clients that do not say.
    pub id_token_algorithms: Vec<Algorithm>,
    /// Types of `authorization_details`.
    pub authorization_details_types: Vec<String>,
    /// Tokens may be bound by DPoP.
    pub dpop: bool,
    /// Clients can show certificates: their tokens may be bound to them.
    pub certificates: bool,
    /// All tokens are bound to certificates, whatever the client says.
    pub binds_to_certificates: bool,
    /// All requests must be signed, so that a client without keys could never ask.
    pub wants_signed_requests: bool,
    /// Addresses may be `http` on this machine: in demo mode alone.
    pub local_http: bool,
}

/// How a client wants to authenticate; its secret, if it needs one, is not the client's to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthenticationMethod {
    /// `client_secret_basic`.
    ClientSecretBasic,
    /// `client_secret_post`.
    ClientSecretPost,
    /// `client_secret_jwt`.
    ClientSecretJwt,
    /// `private_key_jwt`.
    PrivateKeyJwt,
    /// `self_signed_tls_client_auth`.
    SelfSignedTlsClientAuth,
    /// `tls_client_auth`.
    TlsClientAuth {
        /// What its certificate must name.
        name: CertificateName,
    },
}

/// Client metadata that the provider can keep to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientMetadata {
    /// `client_name`; `None`: the client is called by its id.
    pub name: Option<String>,
    /// `token_endpoint_auth_method`.
    pub method: AuthenticationMethod,
    /// Everything else. What is no client metadata has its default.
    pub settings: ClientSettings,
}

/// A member cannot be kept to (`invalid_client_metadata`, RFC 7591 section 3.2.2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member} {problem}")]
pub struct MetadataError {
    /// Its name.
    pub member: &'static str,
    /// What is wrong with it, to stand after the name. Holds no values, and no character that an error body may not hold.
    pub problem: String,
}

impl MetadataError {
    fn new(member: &'static str, problem: impl Into<String>) -> Self {
        Self {
            member,
            problem: problem.into(),
        }
    }

    fn not_offered<'a>(member: &'static str, offered: impl IntoIterator<Item = &'a str>) -> Self {
        let offered: Vec<_> = offered.into_iter().collect();
        if offered.is_empty() {
            return Self::new(member, "has a value that this provider does not offer");
        }
        Self::new(member, format!("must be one of {}", offered.join(", ")))
    }
}

type Result<T> = std::result::Result<T, MetadataError>;

impl AuthenticationMethod {
    /// `token_endpoint_auth_method`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::TlsClientAuth { .. } => "tls_client_auth",
        }
    }

    /// Whether the client proves in every request that it holds the private half of a registered key.
    const fn proves_keys(&self) -> bool {
        matches!(self, Self::PrivateKeyJwt | Self::SelfSignedTlsClientAuth)
    }
}

impl From<&ClientAuthentication> for AuthenticationMethod {
    fn from(stored: &ClientAuthentication) -> Self {
        match stored {
            ClientAuthentication::ClientSecretBasic { .. } => Self::ClientSecretBasic,
            ClientAuthentication::ClientSecretPost { .. } => Self::ClientSecretPost,
            ClientAuthentication::ClientSecretJwt { .. } => Self::ClientSecretJwt,
            ClientAuthentication::PrivateKeyJwt => Self::PrivateKeyJwt,
            ClientAuthentication::SelfSignedTlsClientAuth => Self::SelfSignedTlsClientAuth,
            ClientAuthentication::TlsClientAuth { name } => {
                Self::TlsClientAuth { name: name.clone() }
            }
        }
    }
}

impl From<&Client> for ClientMetadata {
    fn from(client: &Client) -> Self {
        Self {
            name: Some(client.name.clone()),
            method: (&client.authentication).into(),
            settings: client.settings.clone(),
        }
    }
}

impl ClientMetadata {
    /// Reads the members of client metadata.
    ///
    /// # Errors
    /// [`MetadataError`]: the first member, in the order of the steps, that cannot be kept to.
    pub fn parse(members: &Map<String, Value>, offered: &Offered) -> Result<Self> {
        let members = Members::of(members);
        // 1. What people read.
        let name = read_name(&members)?;
        // 2. Keys, which several of the following need.
        let keys = read_keys(&members, offered)?;
        // 3. How the client authenticates, and with what algorithm.
        let method = read_method(&members, offered)?;
        let assertion_alg = read_assertion_alg(&members, &method, offered)?;
        // 4. How it signs requests.
        let request_alg = algorithm(
            &members,
            "backchannel_authentication_request_signing_alg",
            &offered.client_algorithms,
        )?;
        let signs = method == AuthenticationMethod::PrivateKeyJwt
            || request_alg.is_some()
            || offered.wants_signed_requests;
        match &keys {
            Some(keys) if signs => require_fitting(keys, offered, &[assertion_alg, request_alg])?,
            None if signs || method.proves_keys() => {
                return Err(MetadataError::new(
                    "jwks",
                    "or jwks_uri must be registered by clients that sign or have a self-signed certificate",
                ));
            }
            _ => {}
        }
        // 5. How it learns of results, and by which grants it gets tokens.
        let delivery = read_delivery(&members, offered)?;
        let refresh = read_grants(&members, &delivery)?;
        // 6. What its tokens are.
        let id_token_alg = algorithm(
            &members,
            "id_token_signed_response_alg",
            &offered.id_token_algorithms,
        )?
        .unwrap_or_default();
        let (certificate_bound, dpop_bound) = read_bindings(&members, offered)?;
        // 7. By what name it knows people.
        let is_proved = method.proves_keys() || request_alg.is_some();
        let (sector, sector_identifier_uri) =
            read_sector(&members, offered, keys.as_ref(), &delivery, is_proved)?;
        // 8. What it may ask for.
        let scope = read_scope(&members)?;
        let authorization_details_types = read_details_types(&members, offered)?;
        Ok(Self {
            name,
            method,
            settings: ClientSettings {
                keys,
                delivery,
                assertion_alg,
                request_alg,
                user_code: members
                    .flag("backchannel_user_code_parameter")?
                    .unwrap_or(false),
                id_token_alg,
                certificate_bound,
                dpop_bound,
                sector,
                sector_identifier_uri,
                scope,
                authorization_details_types,
                refresh,
                ..ClientSettings::default()
            },
        })
    }

    /// The sector document that must be fetched before the client is registered, and the address that it must list (CIBA
    /// Core section 4, OpenID Connect Registration section 5): see [`lists`].
    pub fn sector_document(&self) -> Option<(&str, &str)> {
        let document = self.settings.sector_identifier_uri.as_deref()?;
        Some((document, sector_address(&self.settings)?))
    }

    /// Every address that the provider would call for this client, by the member that has it.
    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let settings = &self.settings;
        let keys = match &settings.keys {
            Some(ClientKeys::JwksUri(address)) => Some(("jwks_uri", address.as_str())),
            Some(ClientKeys::Jwks(_)) | None => None,
        };
        let endpoint = settings.delivery.endpoint();
        let endpoint = endpoint.map(|it| ("backchannel_client_notification_endpoint", it));
        let document = settings.sector_identifier_uri.as_deref();
        let document = document.map(|it| ("sector_identifier_uri", it));
        keys.into_iter().chain(endpoint).chain(document)
    }
}

/// Whether a sector document, a JSON array of addresses, has `address` among them, compared as they stand.
pub fn lists(document: &[u8], address: &str) -> bool {
    let listed: Vec<String> = serde_json::from_slice(document).unwrap_or_default();
    listed.iter().any(|one| one == address)
}

/// What shows to which sector a client belongs: where its tokens go if they are sent, else where its keys are.
fn sector_address(settings: &ClientSettings) -> Option<&str> {
    match (&settings.delivery, &settings.keys) {
        (Delivery::Push { endpoint }, _) => Some(endpoint),
        (_, Some(ClientKeys::JwksUri(address))) => Some(address),
        (_, Some(ClientKeys::Jwks(_)) | None) => None,
    }
}
