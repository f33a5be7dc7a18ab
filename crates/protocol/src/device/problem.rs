//! Errors on the device's wire (`docs/protocol.md` section 11): RFC 9457 problems with a stable `type` and `code`.

use super::{decision::Verdict, present};
use crate::{ids::DeviceId, time::UnixTime};
use serde::{Deserialize, Serialize};

/// The stable name of an error. `type` is `urn:tegata:problem:` followed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemCode {
    /// 400: the assertion does not verify, or is of the wrong credential.
    AssertionInvalid,
    /// 403: the key is of a lower kind than the prompt requires.
    AssuranceTooLow,
    /// 403: three wrong digits, or the pairing lapsed. Pair again.
    ConfirmationFailed,
    /// 409: the signature counter did not grow. The request stays pending.
    CounterRegressed,
    /// 409: this device has decided otherwise.
    DecisionConflict,
    /// 400: not the members or values that the prompt calls for.
    DetailInvalid,
    /// 403: told only to who proved the key.
    DeviceRevoked,
    /// 403: told only to who proved the key.
    DeviceSuspended,
    /// 500: ours. Nothing was done.
    Internal,
    /// 410.
    InvitationExpired,
    /// 404.
    InvitationUnknown,
    /// 409.
    InvitationUsed,
    /// 400: not I-JSON, not the members, or another content type.
    MalformedRequest,
    /// 404: unknown here, or not this device's.
    NotFound,
    /// 403: an account's first device manages others only from `not_before` on.
    NotYet,
    /// 413: over a limit of size.
    PayloadTooLarge,
    /// 401: the proof does not fit.
    ProofInvalid,
    /// 401: the proof was used before.
    ProofReplayed,
    /// 409: closed; `how` says how.
    RequestClosed,
    /// 503: try again; nothing was done.
    TemporarilyUnavailable,
    /// 429: `retry_after` says when.
    TooManyRequests,
    /// 422: another code; `tries_left` says how many tries are left.
    TransferMismatch,
    /// 401: prove again with the nonce in the `tegata-nonce` header.
    UseNonce,
    /// 400: another version.
    VersionUnsupported,
}

impl ProblemCode {
    /// The HTTP status that goes with it.
    pub fn status(self) -> u16 {
        match self {
            Self::AssertionInvalid
            | Self::DetailInvalid
            | Self::MalformedRequest
            | Self::VersionUnsupported => 400,
            Self::ProofInvalid | Self::ProofReplayed | Self::UseNonce => 401,
            Self::AssuranceTooLow
            | Self::ConfirmationFailed
            | Self::DeviceRevoked
            | Self::DeviceSuspended
            | Self::NotYet => 403,
            Self::InvitationUnknown | Self::NotFound => 404,
            Self::CounterRegressed
            | Self::DecisionConflict
            | Self::InvitationUsed
            | Self::RequestClosed => 409,
            Self::InvitationExpired => 410,
            Self::PayloadTooLarge => 413,
            Self::TransferMismatch => 422,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::TemporarilyUnavailable => 503,
        }
    }
}

/// How a request was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CloseReason {
    /// Nobody decided in time.
    Expired,
    /// A device decided.
    Handled {
        /// Which.
        device: DeviceId,
        /// Its name, for people.
        device_name: String,
        /// How it decided.
        decision: Verdict,
        /// When, by the server's clock.
        at: UnixTime,
    },
    /// The account's devices moved.
    Moved,
    /// Three wrong codes.
    TransferFailed,
    /// The client or the server took it back.
    Withdrawn,
}

/// `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:tegata:problem:…`
    #[serde(rename = "type")]
    pub type_uri: String,
    /// HTTP status, also inside socket frames.
    pub status: u16,
    /// The stable name.
    pub code: ProblemCode,
    /// One English sentence for developers that says what to do. Never shown to people by apps.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub detail: Option<String>,
    /// With `request_closed`.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub closed: Option<CloseReason>,
    /// With `transfer_mismatch` and `confirmation_failed`.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub tries_left: Option<u32>,
    /// Seconds, with `too_many_requests` and `temporarily_unavailable`.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub retry_after: Option<u32>,
    /// With `not_yet`: from when it is allowed, by the server's clock.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub not_before: Option<UnixTime>,
}

impl Problem {
    /// A problem with nothing but its code.
    ///
    /// # Panics
    /// Never: every code serializes to a string.
    pub fn new(code: ProblemCode) -> Self {
        let name = serde_json::to_value(code).expect("a code is a string");
        Self {
            type_uri: format!("urn:tegata:problem:{}", name.as_str().unwrap_or_default()),
            status: code.status(),
            code,
            detail: None,
            closed: None,
            tries_left: None,
            retry_after: None,
            not_before: None,
        }
    }

    /// The same with a sentence for developers.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_it_writes() {
        let mut problem = Problem::new(ProblemCode::RequestClosed);
        problem.closed = Some(CloseReason::Expired);
        let text = serde_json::to_string(&problem).unwrap();
        assert_eq!(
            text,
            r#"{"type":"urn:tegata:problem:request_closed","status":409,"code":"request_closed","closed":{"how":"expired"}}"#
        );
        assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), problem);
    }
}
