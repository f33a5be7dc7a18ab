//! Identifiers, each its own type. None of them is ever used in place of another.
//!
//! All are 1–128 characters of `A-Z a-z 0-9 . _ ~ -` (the unreserved characters of RFC 3986), so that they stand in
//! URLs, headers and logs without escaping. [`AuthReqId`] is a capability and redacts itself.

use crate::{bytes::encode_b64u, rng::Rng};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// A string is not an identifier: empty, longer than 128 characters, or with characters that are not unreserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identifier is 1 to 128 characters of A-Z a-z 0-9 . _ ~ -")]
pub struct InvalidIdError;

fn is_valid(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-'))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps an identifier that came from outside.
            ///
            /// # Errors
            /// [`InvalidIdError`] if the text is not 1–128 unreserved characters.
            pub fn parse(text: &str) -> Result<Self, InvalidIdError> {
                if is_valid(text) { Ok(Self(text.to_owned())) } else { Err(InvalidIdError) }
            }

            /// A new one: 16 random bytes as base64url, 22 characters.
            pub fn make(rng: &dyn Rng) -> Self {
                let mut bytes = [0; 16];
                rng.fill(&mut bytes);
                Self(encode_b64u(&bytes))
            }

            /// The wire form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

macro_rules! shown {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

id! {
    /// A paired authentication device, chosen by the server at pairing; `aud` of its prompts.
    DeviceId
}
id! {
    /// An account at the server as devices know it: opaque, never a login name, never the `sub` a client sees.
    AccountId
}
id! {
    /// An OAuth `client_id`.
    ClientId
}
id! {
    /// One question to a person: `jti` of its prompts. Never the `auth_req_id`, which only client and provider know.
    ConsentRequestId
}
id! {
    /// One pairing in progress: `jti` of its offer.
    PairingId
}
id! {
    /// `auth_req_id` of CIBA Core section 7.3: a capability between client and provider, so its `Debug` says nothing
    /// and there is no `Display`.
    AuthReqId
}
shown!(DeviceId, AccountId, ClientId, ConsentRequestId, PairingId);

impl fmt::Debug for AuthReqId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthReqId(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_only_unreserved_characters() {
        assert!(DeviceId::parse("a.B_9~-").is_ok());
        for bad in ["", "a b", "a/b", "é", &"x".repeat(129)] {
            assert_eq!(DeviceId::parse(bad), Err(InvalidIdError), "{bad:?}");
        }
    }

    #[test]
    fn auth_req_id_never_prints_itself() {
        let id = AuthReqId::parse("very-secret").unwrap();
        assert!(!format!("{id:?}").contains("very-secret"));
    }
}
