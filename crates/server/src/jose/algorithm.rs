//! The signature algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1).

use serde::{Deserialize, Serialize};
use std::fmt;

/// An asymmetric JWS algorithm. `none` and the symmetric ones are not among them, so nothing that is parsed to this type
/// can be confused with them.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    #[default]
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PSS with SHA-256, keys of 2048 to 4096 bits.
    #[serde(rename = "PS256")]
    Ps256,
    /// EdDSA on Ed25519; also called `Ed25519` (RFC 9864 section 2.2), which is read as the same.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256. FAPI forbids it (FAPI-CIBA section 7.10).
    #[serde(rename = "RS256")]
    Rs256,
}

impl Algorithm {
    /// With what clients may sign what they send: assertions and request objects.
    pub const FROM_CLIENTS: [Self; 3] = [Self::Es256, Self::Ps256, Self::EdDsa];

    /// `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of an `alg`, which is compared exactly; `None` for every other.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDsa);
        }
        [Self::Es256, Self::Ps256, Self::EdDsa, Self::Rs256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
