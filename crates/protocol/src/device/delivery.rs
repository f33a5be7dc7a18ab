//! Delivery (`docs/protocol.md` section 6): frames of the socket, and the bodies of its fallbacks.
//!
//! The server speaks first (`hello` with a nonce), the device answers with a proof over it within ten seconds, and nothing
//! travels before. From then on every delivery is the whole pending set.

use super::{
    V1,
    decision::DecisionRequest,
    limits,
    management::Notice,
    present,
    problem::{CloseReason, Problem},
};
use crate::{
    ids::ConsentRequestId,
    ijson::{self, IJsonError},
};
use serde::{Deserialize, Serialize};

/// One pending request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingPrompt {
    /// `consent-prompt+jwt`, byte-identical at every delivery.
    pub prompt: String,
    /// Whole seconds left, rounded down, by the server's clock. A device counts from the arrival; where this and `exp`
    /// disagree, this counts.
    pub expires_in: u32,
}

/// One request that closed lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedNotice {
    /// Which.
    pub request: ConsentRequestId,
    /// How.
    #[serde(flatten)]
    pub how: CloseReason,
    /// Whether the client has collected what this device approved; absent for everything else.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub collected: Option<bool>,
}

/// The whole pending set of a device, oldest first, and what closed in the last ten minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSet {
    /// At most [`limits::PENDING_PER_ACCOUNT`].
    pub prompts: Vec<PendingPrompt>,
    /// Closed lately.
    pub closed: Vec<ClosedNotice>,
    /// What happened to the account's devices in the last seven days, oldest first, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// A frame from the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServerFrame {
    /// The server is closing; the device reconnects after `retry_after` seconds, with jitter.
    Bye {
        /// Why: `replaced`, `revoked`, `restart`, `unproved`, `protocol`.
        reason: ByeReason,
        /// Seconds.
        retry_after: u32,
    },
    /// First frame.
    Hello {
        /// Version.
        v: V1,
        /// To be proved over.
        nonce: String,
    },
    /// The whole pending set.
    Pending(PendingSet),
    /// A decision or `seen` was refused.
    Problem {
        /// Which request.
        request: ConsentRequestId,
        /// Why.
        problem: Box<Problem>,
    },
    /// A decision was committed.
    Receipt {
        /// Which request.
        request: ConsentRequestId,
        /// `consent-receipt+jwt`.
        receipt: String,
    },
    /// Prove again over this nonce, within ten seconds.
    Reprove {
        /// To be proved over.
        nonce: String,
    },
}

/// Why the server closes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ByeReason {
    /// A frame that the protocol does not have.
    Protocol,
    /// This device opened a newer socket.
    Replaced,
    /// The server is going down.
    Restart,
    /// The device was revoked.
    Revoked,
    /// No good proof within ten seconds, or twelve hours have passed.
    Unproved,
}

/// A frame from the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeviceFrame {
    /// A decision.
    Decision {
        /// The same as the body of POST `decisions`.
        decision: Box<DecisionRequest>,
    },
    /// Answer to `hello` and `reprove`.
    Proof {
        /// `tegata-proof+jwt` with `htm` `GET` and `htu` the `connect` endpoint.
        proof: String,
    },
    /// The prompt was put before the person.
    Seen {
        /// Which.
        request: ConsentRequestId,
    },
}

/// POST `pending`, with proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingRequest {
    /// Version.
    pub v: V1,
}

/// POST `seen` and POST `receipts`, with proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestReference {
    /// Version.
    pub v: V1,
    /// Which.
    pub request: ConsentRequestId,
}

/// Answer of POST `receipts`: what the server knows of a request. A device asks this after a restart before it ever sends
/// a decision again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum KnownRequest {
    /// Closed.
    Closed {
        /// How.
        closed: CloseReason,
        /// This device's receipt, if it was the one that decided.
        #[serde(
            default,
            deserialize_with = "present",
            skip_serializing_if = "Option::is_none"
        )]
        receipt: Option<String>,
        /// Whether the client has collected what this device approved; absent for everything else.
        #[serde(
            default,
            deserialize_with = "present",
            skip_serializing_if = "Option::is_none"
        )]
        collected: Option<bool>,
    },
    /// Not decided.
    Pending {
        /// Whole seconds left.
        expires_in: u32,
    },
}

/// Answer of POST `decisions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionResponse {
    /// `consent-receipt+jwt`.
    pub receipt: String,
}

/// Reads a frame from a device: at most 8 KiB.
///
/// # Errors
/// [`IJsonError`].
pub fn parse_device_frame(text: &[u8]) -> Result<DeviceFrame, IJsonError> {
    ijson::parse_exact(text, limits::MESSAGE)
}

/// Reads a frame from the server: at most 384 KiB.
///
/// # Errors
/// [`IJsonError`].
pub fn parse_server_frame(text: &[u8]) -> Result<ServerFrame, IJsonError> {
    ijson::parse_shaped(text, limits::SERVER_FRAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_read_as_they_write() {
        let nonce = "n".to_owned();
        let hello = ServerFrame::Hello { v: V1, nonce };
        let text = serde_json::to_string(&hello).unwrap();
        assert_eq!(text, r#"{"type":"hello","v":1,"nonce":"n"}"#);
        assert_eq!(parse_server_frame(text.as_bytes()).unwrap(), hello);
        let pending = ServerFrame::Pending(PendingSet {
            prompts: vec![PendingPrompt {
                prompt: "a.b.c".into(),
                expires_in: 9,
            }],
            closed: vec![ClosedNotice {
                request: ConsentRequestId::parse("r").unwrap(),
                how: CloseReason::Expired,
                collected: None,
            }],
            notices: Vec::new(),
        });
        let text = serde_json::to_string(&pending).unwrap();
        assert_eq!(
            text,
            r#"{"type":"pending","prompts":[{"prompt":"a.b.c","expires_in":9}],"closed":[{"request":"r","how":"expired"}]}"#
        );
        assert_eq!(parse_server_frame(text.as_bytes()).unwrap(), pending);
    }
}
