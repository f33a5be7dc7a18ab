//! JWS in compact form (RFC 7515 section 7.1), as clients send them.

use serde::Deserialize;
use serde_json::Value;
use tegata_protocol::{bytes::decode_b64u, ijson, keys::BadSignatureError};

use super::{Algorithm, KeySet};

/// Why something is not taken for a JWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CompactError {
    /// `alg` is none of [`Algorithm`]'s, or not one that is allowed here.
    #[error("the algorithm is not allowed")]
    Algorithm,
    /// No I-JSON object with `alg`, a `typ` that does not belong here, or something that wants to be understood (`crit`,
    /// `b64`).
    #[error("the header is not acceptable")]
    Header,
    /// Too long, or not three parts of base64url.
    #[error("not a compact JWS")]
    Malformed,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
    #[serde(default)]
    b64: Option<Value>,
}

/// A JWS whose form and header are good and whose signature has **not** been checked.
#[derive(Debug)]
pub(crate) struct CompactJws<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    payload: Vec<u8>,
    algorithm: Algorithm,
    typ: Option<String>,
    kid: Option<String>,
}

impl<'a> CompactJws<'a> {
    /// Reads a compact JWS of at most `max_len` characters that is signed by one of `allowed`.
    ///
    /// # Errors
    /// [`CompactError`].
    pub(crate) fn parse(
        text: &'a str,
        max_len: usize,
        allowed: &[Algorithm],
    ) -> Result<Self, CompactError> {
        if text.len() > max_len {
            return Err(CompactError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(CompactError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(CompactError::Malformed)?;
        let decode = |part: &str| decode_b64u(part).map_err(|_| CompactError::Malformed);
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
        let header: Header = ijson::parse(&header, max_len).map_err(|_| CompactError::Header)?;
        // `none`, `HS256` with a public key as secret, and every other algorithm end here.
        let algorithm = Algorithm::parse(&header.alg)
            .filter(|algorithm| allowed.contains(algorithm))
            .ok_or(CompactError::Algorithm)?;
        if header.crit.is_some() || header.b64.is_some() {
            return Err(CompactError::Header);
        }
        Ok(Self {
            signed,
            signature,
            payload,
            algorithm,
            typ: header.typ,
            kid: header.kid,
        })
    }

    /// `typ` in lower case and without `application/` (RFC 7515 section 4.1.9), if there is one.
    pub(crate) fn typ(&self) -> Option<String> {
        let typ = self.typ.as_deref()?.to_ascii_lowercase();
        Some(match typ.strip_prefix("application/") {
            Some(rest) => rest.to_owned(),
            None => typ,
        })
    }

    /// What the signer calls the key.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The payload, not checked: enough to find the key, not to believe it.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Checks the signature with whichever of `keys` may have made it.
    ///
    /// # Errors
    /// [`BadSignatureError`] if none of them did.
    pub(crate) fn verify(&self, keys: &KeySet) -> Result<(), BadSignatureError> {
        keys.candidates(self.algorithm, self.kid())
            .any(|key| {
                key.verify(self.algorithm, self.signed.as_bytes(), &self.signature)
                    .is_ok()
            })
            .then_some(())
            .ok_or(BadSignatureError)
    }
}
