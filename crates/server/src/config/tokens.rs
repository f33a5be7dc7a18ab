//! The form of tokens.

use serde::{Deserialize, Serialize};

/// What tokens look like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokensConfig {
    /// The form of access tokens.
    pub access_token_format: AccessTokenFormat,
}

/// The form of access tokens. Both can be revoked; a resource that does not ask learns that of neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// RFC 9068: resources read them by themselves.
    Jwt,
    /// They say nothing: resources ask for what they stand for (RFC 7662).
    #[default]
    Opaque,
}
