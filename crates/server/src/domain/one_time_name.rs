//! Names that are good once: the `jti` of what somebody else has signed and sent through a client.

use tegata_protocol::{Sha256Digest, UnixTime};

/// A `jti` that must be new, as the store remembers it: used up in the same commit as what it was sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneTimeName {
    /// Hash of kind, issuer and `jti`.
    pub hash: Sha256Digest,
    /// First second in which what has this name is not accepted anyway.
    pub expires: UnixTime,
}

/// What has the name. Equal names of different kinds are different names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A `login_hint_token`.
    LoginHintToken,
    /// A request object (CIBA Core section 7.1.1).
    RequestObject,
}

impl OneTimeName {
    /// The name `jti` that `issuer` gave.
    pub fn new(kind: NameKind, issuer: &str, jti: &str, expires: UnixTime) -> Self {
        let kind = match kind {
            NameKind::LoginHintToken => "login_hint_token",
            NameKind::RequestObject => "request_object",
        };
        let mut bytes = Vec::new();
        for part in [kind, issuer, jti] {
            bytes.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        Self {
            hash: Sha256Digest::of(&bytes),
            expires,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_issuer_and_jti_each_make_another_name() {
        let name = |kind, issuer, jti| OneTimeName::new(kind, issuer, jti, UnixTime(1)).hash;
        let one = name(NameKind::RequestObject, "ab", "c");
        assert_eq!(one, name(NameKind::RequestObject, "ab", "c"));
        for other in [
            name(NameKind::LoginHintToken, "ab", "c"),
            name(NameKind::RequestObject, "a", "bc"),
            name(NameKind::RequestObject, "ab", "d"),
        ] {
            assert_ne!(one, other);
        }
    }
}
