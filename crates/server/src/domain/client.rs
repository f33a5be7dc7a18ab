//! OAuth clients (relying parties).

use serde::{Deserialize, Serialize};
use tegata_protocol::{ClientId, Sha256Digest, UnixTime};

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
    /// `private_key_jwt` with the keys of this JWK Set (RFC 7517), as JSON text.
    PrivateKeyJwt {
        /// The JWK Set.
        jwks: String,
    },
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
