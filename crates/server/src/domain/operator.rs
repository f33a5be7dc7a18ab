//! The people who run the server, as far as the operator's pages know them.

use std::fmt;
use tegata_protocol::{Rng, Sha256Digest, UnixTime, bytes::encode_b64u, rng::random_bytes};

/// Seconds for which the link that enrols an operator is good.
pub const ENROLMENT_SECONDS: i64 = 15 * 60;

/// Names an operator; not a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OperatorId(String);

impl OperatorId {
    /// A new one, 22 characters.
    pub fn make(rng: &dyn Rng) -> Self {
        Self(encode_b64u(&random_bytes::<16>(rng)))
    }

    /// Wraps what was made before; `None` if it is not 22 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == 22
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        valid.then(|| Self(text.to_owned()))
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Somebody who may use the operator's pages: one passkey under one name. Who has two passkeys is listed twice.
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    /// Its name in the store.
    pub id: OperatorId,
    /// What logs and pages call them; unique, 1 to 64 characters.
    pub name: String,
    /// The passkey as webauthn-rs stores it: JSON, public keys only.
    pub credential: String,
    /// When they enrolled.
    pub since: UnixTime,
}

debug_without_content!(Operator { id, name, since });

/// A link that enrols an operator, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorInvitation {
    /// SHA-256 of the link's secret. The secret itself is stored nowhere.
    pub hash: Sha256Digest,
    /// Whom it enrols.
    pub name: String,
    /// First second in which it is good for nothing.
    pub expires: UnixTime,
}

/// Whether `name` can be an operator's: 1 to 64 characters, none of them a control character, not blank.
pub fn is_operator_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 64 && !name.chars().any(char::is_control)
}
