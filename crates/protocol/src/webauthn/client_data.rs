//! Client data (WebAuthn section 5.8.1), in the one serialization that this protocol accepts.

use crate::{
    bytes::Sha256Digest,
    ijson::{self, IJsonError},
};
use serde::{Deserialize, Serialize};

/// Longest `clientDataJSON`, in bytes.
pub const MAX_CLIENT_DATA: usize = 1024;

/// `type` of client data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ceremony {
    /// A registration.
    #[serde(rename = "webauthn.create")]
    Create,
    /// An assertion.
    #[serde(rename = "webauthn.get")]
    Get,
}

/// The four members, in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientData {
    /// Registration or assertion.
    #[serde(rename = "type")]
    pub ceremony: Ceremony,
    /// The challenge that was signed.
    pub challenge: Sha256Digest,
    /// The constant origin of the signed metadata.
    pub origin: String,
    /// Always false.
    #[serde(rename = "crossOrigin")]
    pub cross_origin: bool,
}

/// Client data is not what the protocol writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientDataError {
    /// Not I-JSON, too long, or other members.
    #[error("unacceptable client data: {0}")]
    Json(#[from] IJsonError),
    /// `crossOrigin` is true.
    #[error("made in a cross-origin frame")]
    CrossOrigin,
    /// The right members, but not in the exact serialization.
    #[error("not in the exact serialization")]
    Serialization,
}

/// `{"type":…,"challenge":…,"origin":…,"crossOrigin":false}`, without white space.
///
/// # Panics
/// Never: four strings and a boolean are JSON.
pub fn encode_client_data(ceremony: Ceremony, challenge: Sha256Digest, origin: &str) -> Vec<u8> {
    let data = ClientData {
        ceremony,
        challenge,
        origin: origin.to_owned(),
        cross_origin: false,
    };
    serde_json::to_vec(&data).expect("client data is JSON")
}

/// Reads client data and checks that it is byte for byte what [`encode_client_data`] writes.
///
/// # Errors
/// [`ClientDataError`].
pub fn parse_client_data(bytes: &[u8]) -> Result<ClientData, ClientDataError> {
    let data: ClientData = ijson::parse(bytes, MAX_CLIENT_DATA)?;
    if data.cross_origin {
        return Err(ClientDataError::CrossOrigin);
    }
    if encode_client_data(data.ceremony, data.challenge, &data.origin) == bytes {
        Ok(data)
    } else {
        Err(ClientDataError::Serialization)
    }
}
