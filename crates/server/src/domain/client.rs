//! OAuth clients (relying parties).

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use tegata_protocol::{
    ClientId, Sha256Digest, Thumbprint, UnixTime,
    ciba::{Scope, TokenDeliveryMode},
    text,
};

use crate::jose::Algorithm;

/// Longest time for which a poll may be held, in seconds (CIBA Core section 10.1).
pub const LONGEST_POLL: u32 = 30;

/// A registered client. Everything a prompt says about a client comes from here, never from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub id: ClientId,
    /// Shown to the person.
    pub name: String,
    /// How it proves itself at the endpoints.
    pub authentication: ClientAuthentication,
    /// Who vouches for the name.
    pub registered_by: RegisteredBy,
    /// When it was registered.
    pub since: UnixTime,
    /// A host that the client has proved control of, in plain ASCII.
    pub host: Option<String>,
    /// What its `binding_message` is for.
    pub binding_message: BindingMessageUse,
    /// The server mints a transfer code for each of its requests and returns it as `transfer_code`.
    pub transfer_code: bool,
    /// What else it is registered for; the default is a poll client without keys.
    pub settings: ClientSettings,
}

/// How a client authenticates (OpenID Connect Core section 9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_basic`. The secret is 32 random bytes as base64url, so a plain hash suffices.
    ClientSecretBasic {
        /// SHA-256 of the secret's characters.
        secret_hash: Sha256Digest,
    },
    /// `client_secret_post`, with the same kind of secret.
    ClientSecretPost {
        /// SHA-256 of the secret's characters.
        secret_hash: Sha256Digest,
    },
    /// `client_secret_jwt` (HS256). The secret is computed from the server's own key and this salt, so that none is stored.
    ClientSecretJwt {
        /// Random, drawn at registration.
        salt: Sha256Digest,
    },
    /// `private_key_jwt` with [`ClientSettings::keys`].
    PrivateKeyJwt,
    /// `self_signed_tls_client_auth` (RFC 8705 section 2.2): the certificate's key is one of [`ClientSettings::keys`].
    SelfSignedTlsClientAuth,
    /// `tls_client_auth` (RFC 8705 section 2.1): a certificate by a trusted authority with this name.
    TlsClientAuth {
        /// What the certificate must name.
        name: CertificateName,
    },
}

/// The one name by which a certificate is known to be a client's (RFC 8705 section 2.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CertificateName {
    /// `tls_client_auth_subject_dn`: the subject's distinguished name as RFC 4514 writes it.
    #[serde(rename = "tls_client_auth_subject_dn")]
    SubjectDn(String),
    /// `tls_client_auth_san_dns`.
    #[serde(rename = "tls_client_auth_san_dns")]
    SanDns(String),
    /// `tls_client_auth_san_email`.
    #[serde(rename = "tls_client_auth_san_email")]
    SanEmail(String),
    /// `tls_client_auth_san_ip`.
    #[serde(rename = "tls_client_auth_san_ip")]
    SanIp(IpAddr),
    /// `tls_client_auth_san_uri`.
    #[serde(rename = "tls_client_auth_san_uri")]
    SanUri(String),
}

/// What a client is registered for beyond how it authenticates and is shown. Stored as one document; a member that is
/// missing has its default, so that one can be added without touching what is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientSettings {
    /// Its public keys: for assertions, request objects and self-signed certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<ClientKeys>,
    /// How it learns of results.
    pub delivery: Delivery,
    /// `token_endpoint_auth_signing_alg`; `None`: any that the server takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion_alg: Option<Algorithm>,
    /// `backchannel_authentication_request_signing_alg`: its requests MUST be signed, with this. `None`: they may be, with
    /// any that the server takes, if it has keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_alg: Option<Algorithm>,
    /// `backchannel_user_code_parameter`: its requests may carry a `user_code`.
    pub user_code: bool,
    /// `id_token_signed_response_alg`.
    pub id_token_alg: Algorithm,
    /// `tls_client_certificate_bound_access_tokens` (RFC 8705 section 3.4).
    pub certificate_bound: bool,
    /// `dpop_bound_access_tokens` (RFC 9449 section 5.2).
    pub dpop_bound: bool,
    /// The sector of its pairwise subjects (OpenID Connect Core section 8.1), a host; `None`: public subjects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
    /// `sector_identifier_uri`: the document that gives the sector and lists the client's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// `scope`: the values that it may ask for, separated by spaces; `None`: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// `authorization_details_types` (RFC 9396 section 10); empty: it may use none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<String>,
    /// It gets refresh tokens (`grant_types` has `refresh_token`).
    pub refresh: bool,
    /// Seconds, 0 to 30, for which its polls of pending requests are held unless they say otherwise (`Prefer: wait`).
    pub long_poll: u32,
    /// It is a resource server: introspection tells it about every client's access tokens (RFC 7662 section 4).
    pub introspection: bool,
    /// Made for tests: the automation hook may decide its requests.
    pub test: bool,
    /// The operator has suspended it: it is refused as if it were not there, its tokens do not work, and it is told nothing,
    /// all until that is lifted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// If it registered itself: SHA-256 of its registration access token (RFC 7592 section 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_token_hash: Option<Sha256Digest>,
}

impl ClientSettings {
    /// Of a client with this JWK Set (RFC 7517) as JSON text.
    pub fn with_jwks(jwks: String) -> Self {
        Self {
            keys: Some(ClientKeys::Jwks(jwks)),
            ..Self::default()
        }
    }

    /// Whether it may ask for this scope (RFC 7591 section 2, `scope`).
    pub fn may_ask(&self, scope: &Scope) -> bool {
        let Some(registered) = &self.scope else {
            return true;
        };
        scope
            .values()
            .iter()
            .all(|value| registered.split(' ').any(|known| known == value))
    }
}

/// Whether people can be shown this name: 1 to 64 characters, not blank, all visible and where they stand.
pub fn is_shown(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 64 && text::inspect(name).defects.is_empty()
}

/// Where a client's public keys are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKeys {
    /// Here: a JWK Set as JSON text.
    Jwks(String),
    /// At this address, `https`.
    JwksUri(String),
}

/// How a client learns of results (`backchannel_token_delivery_mode`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Delivery {
    /// It asks.
    #[default]
    Poll,
    /// It is told to ask.
    Ping {
        /// `backchannel_client_notification_endpoint`.
        endpoint: String,
    },
    /// It is sent the tokens.
    Push {
        /// `backchannel_client_notification_endpoint`.
        endpoint: String,
    },
}

impl Delivery {
    /// The mode alone.
    pub fn mode(&self) -> TokenDeliveryMode {
        match self {
            Self::Poll => TokenDeliveryMode::Poll,
            Self::Ping { .. } => TokenDeliveryMode::Ping,
            Self::Push { .. } => TokenDeliveryMode::Push,
        }
    }

    /// Where the client is called; `None` if it never is.
    pub fn endpoint(&self) -> Option<&str> {
        match self {
            Self::Poll => None,
            Self::Ping { endpoint } | Self::Push { endpoint } => Some(endpoint),
        }
    }
}

/// What a token is bound to: only who proves to have it may use the token. Serializes as `cnf` (RFC 7800 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// A TLS client certificate: SHA-256 of its DER (RFC 8705 section 3.1).
    #[serde(rename = "x5t#S256")]
    Certificate(Sha256Digest),
    /// A DPoP key (RFC 9449 section 6).
    #[serde(rename = "jkt")]
    Key(Thumbprint),
}

impl ClientAuthentication {
    /// Whether it is by a TLS client certificate.
    pub const fn is_by_certificate(&self) -> bool {
        matches!(
            self,
            Self::SelfSignedTlsClientAuth | Self::TlsClientAuth { .. }
        )
    }

    /// `token_endpoint_auth_method`.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::ClientSecretBasic { .. } => "client_secret_basic",
            Self::ClientSecretPost { .. } => "client_secret_post",
            Self::ClientSecretJwt { .. } => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::TlsClientAuth { .. } => "tls_client_auth",
        }
    }
}

/// Who registered a client; a self-registered name is shown as the client's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisteredBy {
    /// The operator of the server.
    Operator,
    /// The client itself.
    #[serde(rename = "self")]
    SelfRegistered,
}

/// What a client's `binding_message` is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindingMessageUse {
    /// Shown on the device as the client's own words.
    Show,
    /// It is the transfer code: typed into the device, never shown there.
    Transfer,
    /// Refused with `invalid_binding_message`.
    Refuse,
}
