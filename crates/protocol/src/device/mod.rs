//! The device protocol: one module per group of messages, in the order in which they travel.
//!
//! Every `parse_*` function takes bytes or text from outside, bounds it, checks I-JSON, checks the signature where there
//! is one, and gives a value that is valid by construction.

pub mod decision;
pub mod delivery;
pub mod evidence;
pub mod invitation;
pub mod management;
pub mod metadata;
pub mod pairing;
pub mod problem;
pub mod prompt;
pub mod proof;
pub mod receipt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The version of the protocol that this crate speaks.
pub const VERSION: u8 = 1;

/// `typ` header values. A JWS of one type is never accepted as another.
pub mod typ {
    /// Server metadata, signed by the root key.
    pub const METADATA: &str = "tegata-metadata+jwt";
    /// Pairing offer, signed by a receipt key.
    pub const OFFER: &str = "pairing-offer+jwt";
    /// Pairing reveal, signed by a receipt key.
    pub const REVEAL: &str = "pairing-reveal+jwt";
    /// Pairing receipt, signed by a receipt key.
    pub const PAIRING_RECEIPT: &str = "pairing-receipt+jwt";
    /// The device's countersignature under a pairing receipt, by its possession key.
    pub const COUNTERSIGNATURE: &str = "pairing-countersignature+jwt";
    /// Proof of possession of a request or a connection.
    pub const PROOF: &str = "tegata-proof+jwt";
    /// Consent prompt, signed by a prompt key.
    pub const PROMPT: &str = "consent-prompt+jwt";
    /// Receipt to the deciding device, signed by a receipt key.
    pub const RECEIPT: &str = "consent-receipt+jwt";
    /// Receipt to the client, signed by a receipt key.
    pub const CLIENT_RECEIPT: &str = "client-receipt+jwt";
    /// Receipt of a simulated device's decision, signed by a key that signs no real receipt. Refused as a receipt.
    pub const TEST_RECEIPT: &str = "consent-receipt-test+jwt";
    /// Receipt to the client of a simulated device's decision, by the same key. Refused as a receipt.
    pub const TEST_CLIENT_RECEIPT: &str = "client-receipt-test+jwt";
}

/// Limits in bytes or characters. What is over is refused with 413 or `detail_invalid`, never cut.
pub mod limits {
    /// A prompt JWS.
    pub const PROMPT: usize = 64 * 1024;
    /// A decision body.
    pub const DECISION: usize = 4 * 1024;
    /// Metadata, response included.
    pub const METADATA: usize = 32 * 1024;
    /// A pairing request: two registrations.
    pub const PAIRING: usize = 32 * 1024;
    /// Every other body, proof or JWS.
    pub const MESSAGE: usize = 8 * 1024;
    /// A receipt JWS: it carries the detail and the assertion.
    pub const RECEIPT: usize = 16 * 1024;
    /// An evidence file: prompt, receipt, metadata, pairing receipt and countersignature.
    pub const EVIDENCE: usize = 256 * 1024;
    /// A frame from server to device: at most five prompts and the close notices.
    pub const SERVER_FRAME: usize = 384 * 1024;
    /// A binding message, in code points.
    pub const BINDING_MESSAGE: usize = 140;
    /// Leaves of `authorization_details`.
    pub const DETAIL_LEAVES: usize = 64;
    /// Pending consent requests per account.
    pub const PENDING_PER_ACCOUNT: usize = 5;
    /// Pending consent requests per client and account.
    pub const PENDING_PER_CLIENT: usize = 2;
    /// Seconds by which clocks may disagree where a device's clock is used at all (metadata validity).
    pub const LEEWAY_SECONDS: i64 = 300;
}

/// The member `v`. Always 1; another value does not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct V1;

impl Serialize for V1 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(VERSION)
    }
}

impl<'de> Deserialize<'de> for V1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if u8::deserialize(deserializer)? == VERSION {
            Ok(Self)
        } else {
            Err(de::Error::custom("only version 1 is understood"))
        }
    }
}

/// Reads an optional member that is there: `null` is not the same as absent, and is refused.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
