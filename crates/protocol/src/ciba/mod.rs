//! Wire types of OpenID Connect Client-Initiated Backchannel Authentication Core 1.0.

use crate::{device::limits, ids::AuthReqId, secret::Secret, text};
use serde::{Deserialize, Serialize};

/// `grant_type` of the token request (CIBA Core section 10.1).
pub const GRANT_TYPE: &str = "urn:openid:params:grant-type:ciba";

/// `client_assertion_type` of RFC 7523 section 2.2.
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a client learns the result (CIBA Core section 5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TokenDeliveryMode {
    /// The client is told to ask.
    Ping,
    /// The client asks.
    #[default]
    Poll,
    /// The client is sent the result.
    Push,
}

/// `error` of OAuth 2.0 and CIBA. Each variant's wire string is its name in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OAuthErrorCode {
    /// Token endpoint 400 (CIBA 11): the person denied. Backchannel 403 (CIBA 13): refused by policy.
    AccessDenied,
    /// Token endpoint 400 (CIBA 11): not decided yet.
    AuthorizationPending,
    /// Backchannel 400 (CIBA 13): the `login_hint_token` has expired.
    ExpiredLoginHintToken,
    /// Token endpoint 400 (CIBA 11): `auth_req_id` has expired.
    ExpiredToken,
    /// Resource 403 (RFC 6750 section 3.1): the token does not reach that far.
    InsufficientScope,
    /// Backchannel 400 (RFC 9396 section 5).
    InvalidAuthorizationDetails,
    /// Backchannel 400 (CIBA 13).
    InvalidBindingMessage,
    /// 401 (RFC 6749 section 5.2).
    InvalidClient,
    /// Registration 400 (RFC 7591 section 3.2.2).
    InvalidClientMetadata,
    /// Token endpoint 400, resource 401 (RFC 9449 sections 5 and 7).
    InvalidDpopProof,
    /// Token endpoint 400 (RFC 6749 section 5.2): unknown, used or another client's `auth_req_id`.
    InvalidGrant,
    /// 400 (RFC 6749 section 5.2).
    InvalidRequest,
    /// 400 (RFC 6749 section 5.2).
    InvalidScope,
    /// 400 (RFC 8707 section 2): `resource` names nothing here.
    InvalidTarget,
    /// Resource 401 (RFC 6750 section 3.1).
    InvalidToken,
    /// Backchannel 400 (CIBA 13).
    InvalidUserCode,
    /// Backchannel 400 (CIBA 13).
    MissingUserCode,
    /// 500: ours.
    ServerError,
    /// Token endpoint 400 (CIBA 11): polled before `interval` has passed.
    SlowDown,
    /// 503: overloaded; 429: too many requests; see `Retry-After`.
    TemporarilyUnavailable,
    /// Push error (CIBA 12): the request failed for another reason than the person's.
    TransactionFailed,
    /// 400 (RFC 6749 section 5.2): the client may not use this grant.
    UnauthorizedClient,
    /// Backchannel 400 (CIBA 13): the hint names nobody.
    UnknownUserId,
    /// Token endpoint 400 (RFC 6749 section 5.2).
    UnsupportedGrantType,
    /// Revocation 400 (RFC 7009 section 2.2.1).
    UnsupportedTokenType,
    /// Token endpoint 400, resource 401 (RFC 9449 sections 8 and 9): the proof needs the nonce of `DPoP-Nonce`.
    UseDpopNonce,
}

/// Error body (RFC 6749 section 5.2): `error_description` holds only `%x20-21 / %x23-5B / %x5D-7E`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthError {
    /// The code.
    pub error: OAuthErrorCode,
    /// For developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// Acknowledgement (CIBA Core section 7.3), with the member that carries a transfer code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BackchannelAuthenticationResponse {
    /// The capability to collect the result.
    pub auth_req_id: AuthReqId,
    /// Seconds, positive.
    pub expires_in: u32,
    /// Seconds between polls, at least 1; always sent to clients that may poll, and never to push clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
    /// Six digits to be shown on the consumption device, once, to clients that are registered for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_code: Option<Secret<String>>,
}

/// Successful token response (OIDC Core section 3.1.3.3), with the client's receipt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenResponse {
    /// Opaque to clients.
    pub access_token: Secret<String>,
    /// `Bearer`, or `DPoP` for a token that is bound to a DPoP key.
    pub token_type: String,
    /// Seconds.
    pub expires_in: u32,
    /// Granted scope.
    pub scope: String,
    /// ID token.
    pub id_token: Secret<String>,
    /// For more access tokens, if the client is registered for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret<String>>,
    /// What was granted, if it was asked for (RFC 9396 section 7).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<serde_json::Value>,
    /// `client-receipt+jwt`, with the tokens of an approval; not with refreshed ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_receipt: Option<String>,
}

/// A `scope` that contains `openid`: 1 to 32 distinct values of RFC 6749 section 3.3, each at most 128 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(Vec<String>);

/// Not an acceptable scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// `openid` is missing (CIBA Core section 7.1).
    #[error("scope must contain openid")]
    NoOpenId,
    /// Empty, doubled, too many or with characters that scopes do not have.
    #[error("scope is malformed")]
    Malformed,
}

impl Scope {
    /// Reads a `scope` parameter.
    ///
    /// # Errors
    /// [`ScopeError`].
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let values: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let allowed = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let good = |value: &String| (1..=128).contains(&value.len()) && value.bytes().all(allowed);
        let mut distinct = values.clone();
        distinct.sort();
        distinct.dedup();
        if values.len() > 32 || distinct.len() != values.len() || !values.iter().all(good) {
            return Err(ScopeError::Malformed);
        }
        if values.iter().any(|value| value == "openid") {
            Ok(Self(values))
        } else {
            Err(ScopeError::NoOpenId)
        }
    }

    /// The values, in the client's order.
    pub fn values(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0.join(" ")
    }
}

/// A `binding_message` that every device can show whole and unaltered: 1 to 140 code points, no defect and no caution by
/// [`text::inspect`]. Its `Debug` says nothing: it is never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct BindingMessage(String);

/// To be answered with `invalid_binding_message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("binding_message must be 1 to 140 plain characters on one line")]
pub struct BindingMessageError;

impl BindingMessage {
    /// Reads a `binding_message` parameter.
    ///
    /// # Errors
    /// [`BindingMessageError`].
    pub fn parse(message: &str) -> Result<Self, BindingMessageError> {
        let length = message.chars().count();
        let blank = message.trim().is_empty();
        if blank || length > limits::BINDING_MESSAGE || !text::inspect(message).is_clean() {
            return Err(BindingMessageError);
        }
        Ok(Self(message.to_owned()))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical code if these words can serve as transfer code: 6 to 8 characters of Crockford's alphabet.
    pub fn as_transfer_code(&self) -> Option<String> {
        let length = self.0.len();
        let canonical = text::CodeAlphabet::Crockford.canonical(&self.0, length)?;
        ((6..=8).contains(&length) && canonical == self.0).then_some(canonical)
    }
}

impl std::fmt::Debug for BindingMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BindingMessage(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_must_hold_openid_and_nothing_strange() {
        assert!(Scope::parse("openid profile").is_ok());
        assert_eq!(Scope::parse("profile"), Err(ScopeError::NoOpenId));
        for bad in [
            "",
            "openid  a",
            "openid openid",
            "openid \"",
            "openid\ta",
            "openid é",
        ] {
            assert_eq!(Scope::parse(bad), Err(ScopeError::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn only_exact_codes_serve_as_transfer_code() {
        let code = |text| BindingMessage::parse(text).unwrap().as_transfer_code();
        assert_eq!(code("W7R2K9").as_deref(), Some("W7R2K9"));
        assert_eq!(code("w7r2k9"), None);
        assert_eq!(code("W7R2"), None);
        assert_eq!(code("Desk 4"), None);
    }

    #[test]
    fn binding_messages_that_would_need_altering_are_refused() {
        assert!(BindingMessage::parse("窓口4番").is_ok());
        for bad in [
            "",
            " ",
            "a\u{202e}b",
            "a\nb",
            &"x".repeat(141),
            "see https://evil.example",
            "p\u{430}ypal",
        ] {
            assert_eq!(
                BindingMessage::parse(bad),
                Err(BindingMessageError),
                "{bad:?}"
            );
        }
    }
}
