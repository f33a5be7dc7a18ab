//! JWS in compact form (RFC 7515 section 7.1), as clients send them.

use ring::hmac;
use serde::Deserialize;
use serde_json::Value;
use tegata_protocol::{Secret, bytes::decode_b64u, ijson, keys::BadSignatureError};

use super::{Algorithm, KeySet, VerifyingKey};

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
    #[serde(default)]
    jwk: Option<Value>,
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
    jwk: Option<Value>,
}

/// The parts of a compact JWS.
struct Parts<'a> {
    signed: &'a str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str, max_len: usize) -> Result<Self, CompactError> {
        if text.len() > max_len {
            return Err(CompactError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(CompactError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(CompactError::Malformed)?;
        let decode = |part: &str| decode_b64u(part).map_err(|_| CompactError::Malformed);
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
        let header: Header = ijson::parse(&header, max_len).map_err(|_| CompactError::Header)?;
        Ok(Self {
            signed,
            header,
            payload,
            signature,
        })
    }

    fn require_understood(&self) -> Result<(), CompactError> {
        if self.header.crit.is_some() || self.header.b64.is_some() {
            return Err(CompactError::Header);
        }
        Ok(())
    }
}

/// `typ` in lower case and without `application/` (RFC 7515 section 4.1.9).
fn plain_typ(typ: &str) -> String {
    let typ = typ.to_ascii_lowercase();
    match typ.strip_prefix("application/") {
        Some(rest) => rest.to_owned(),
        None => typ,
    }
}

/// A JWS by `HS256` (RFC 7518 section 3.2), for secrets of clients alone, whose form and header are good and which has
/// **not** been checked. Never read with a public key as secret: no other type has this algorithm.
#[derive(Debug)]
pub(crate) struct SecretJws<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    payload: Vec<u8>,
    typ: Option<String>,
}

impl<'a> SecretJws<'a> {
    /// Reads a compact JWS of at most `max_len` characters.
    ///
    /// # Errors
    /// [`CompactError`].
    pub(crate) fn parse(text: &'a str, max_len: usize) -> Result<Self, CompactError> {
        let parts = Parts::of(text, max_len)?;
        if parts.header.alg != "HS256" {
            return Err(CompactError::Algorithm);
        }
        parts.require_understood()?;
        Ok(Self {
            signed: parts.signed,
            signature: parts.signature,
            payload: parts.payload,
            typ: parts.header.typ,
        })
    }

    /// As [`CompactJws::typ`].
    pub(crate) fn typ(&self) -> Option<String> {
        self.typ.as_deref().map(plain_typ)
    }

    /// The payload, not checked.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Checks, in constant time, that whoever has `secret` made it. The octets of its characters are the key (OpenID
    /// Connect Core section 10.1).
    ///
    /// # Errors
    /// [`BadSignatureError`].
    pub(crate) fn verify(&self, secret: &Secret<String>) -> Result<(), BadSignatureError> {
        // EXPOSE: becomes a ring key.
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        hmac::verify(&key, self.signed.as_bytes(), &self.signature).map_err(|_| BadSignatureError)
    }
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
        let parts = Parts::of(text, max_len)?;
        // `none`, `HS256` with a public key as secret, and every other algorithm end here.
        let algorithm = Algorithm::parse(&parts.header.alg)
            .filter(|algorithm| allowed.contains(algorithm))
            .ok_or(CompactError::Algorithm)?;
        parts.require_understood()?;
        Ok(Self {
            signed: parts.signed,
            signature: parts.signature,
            payload: parts.payload,
            algorithm,
            typ: parts.header.typ,
            kid: parts.header.kid,
            jwk: parts.header.jwk,
        })
    }

    /// `alg`.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `typ` in lower case and without `application/` (RFC 7515 section 4.1.9), if there is one.
    pub(crate) fn typ(&self) -> Option<String> {
        self.typ.as_deref().map(plain_typ)
    }

    /// What the signer calls the key.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key that the signer says is its own (RFC 7515 section 4.1.3): worth something only where anybody's key will do.
    pub(crate) fn jwk(&self) -> Option<&Value> {
        self.jwk.as_ref()
    }

    /// The payload, not checked: enough to find the key, not to believe it.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Checks the signature with this one key.
    ///
    /// # Errors
    /// [`BadSignatureError`] if it did not make it.
    pub(crate) fn verify_by(&self, key: &VerifyingKey) -> Result<(), BadSignatureError> {
        key.verify(self.algorithm, self.signed.as_bytes(), &self.signature)
    }

    /// Checks the signature with whichever of `keys` may have made it.
    ///
    /// # Errors
    /// [`BadSignatureError`] if none of them did.
    pub(crate) fn verify(&self, keys: &KeySet) -> Result<(), BadSignatureError> {
        keys.candidates(self.algorithm, self.kid())
            .any(|key| self.verify_by(key).is_ok())
            .then_some(())
            .ok_or(BadSignatureError)
    }
}
