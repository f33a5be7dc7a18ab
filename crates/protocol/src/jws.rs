//! JSON Web Signature (RFC 7515), compact form, ES256 only, with the header rules of `docs/protocol.md` section 2.3.
//!
//! A header is exactly `alg`, `kid`, `typ`: `alg` is `ES256`, `typ` is compared exactly with the one the caller expects,
//! and `kid` is the RFC 7638 thumbprint of the signing key. A header with any other member (`jwk`, `jku`, `x5u`, `x5c`,
//! `crit`, `b64`, …) is refused: critical members live in the signed payload.

use crate::{
    bytes::{Sha256Digest, append_b64u, decode_b64u},
    ijson::{self, IJsonError},
    keys::{PublicKey, SigningKey, Thumbprint},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Longest protected header, in bytes of JSON.
pub const MAX_HEADER: usize = 512;

/// Why a JWS is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// Longer than the caller's limit, in characters.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// Not three base64url parts, or a signature that is not 64 bytes.
    #[error("not a compact JWS")]
    Malformed,
    /// The header is not exactly `alg`, `kid`, `typ`, or not I-JSON.
    #[error("unacceptable header")]
    Header,
    /// `alg` is not `ES256`.
    #[error("the algorithm is not ES256")]
    Algorithm,
    /// `typ` is not what belongs here.
    #[error("the type is not the expected one")]
    Type,
    /// No acceptable key has this `kid`.
    #[error("signed by a key that is not known here")]
    UnknownKey,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// The payload is not I-JSON or not the expected object.
    #[error("unacceptable payload: {0}")]
    Payload(#[from] IJsonError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: Thumbprint,
    typ: String,
}

/// Signs `payload` (serialized as JSON) under `typ`.
///
/// # Panics
/// If `payload` cannot be JSON; types of this crate can.
pub fn sign<T: Serialize>(key: &SigningKey, typ: &str, payload: &T) -> String {
    let header = Header {
        alg: "ES256".into(),
        kid: key.thumbprint(),
        typ: typ.into(),
    };
    let header = serde_json::to_vec(&header).expect("a header is JSON");
    let payload = serde_json::to_vec(payload).expect("wire types serialize to JSON");
    // Four characters for three bytes, and 88 for the signature with both dots.
    let mut out = String::with_capacity((header.len() + payload.len()) / 3 * 4 + 96);
    append_b64u(&header, &mut out);
    out.push('.');
    append_b64u(&payload, &mut out);
    let signature = key.sign_fixed(out.as_bytes());
    out.push('.');
    append_b64u(&signature, &mut out);
    out
}

/// A JWS whose form and header are good and whose signature has **not** been checked. It gives out only the `kid`, which
/// is what finding the key takes.
#[derive(Debug, Clone)]
pub struct UnverifiedJws<'a> {
    text: &'a str,
    kid: Thumbprint,
    payload: Vec<u8>,
    signature: Vec<u8>,
    signed_len: usize,
}

impl<'a> UnverifiedJws<'a> {
    /// Reads a compact JWS of at most `max_len` characters whose `typ` is `typ`.
    ///
    /// # Errors
    /// Every [`JwsError`] but those about key, signature and payload.
    pub fn parse(text: &'a str, typ: &str, max_len: usize) -> Result<Self, JwsError> {
        if text.len() > max_len {
            return Err(JwsError::TooLong(max_len));
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwsError::Malformed);
        };
        let signed_len = header.len() + 1 + payload.len();
        let decode = |part: &str| decode_b64u(part).map_err(|_| JwsError::Malformed);
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
        if signature.len() != 64 {
            return Err(JwsError::Malformed);
        }
        let kid = match kid_of_written(&header, typ) {
            Some(kid) => kid,
            None => kid_of_any(&header, typ)?,
        };
        Ok(Self {
            text,
            kid,
            payload,
            signature,
            signed_len,
        })
    }

    /// The thumbprint of the key that claims to have signed.
    pub fn kid(&self) -> Thumbprint {
        self.kid
    }

    /// Checks the signature with `key`, whose thumbprint must be the `kid`, and only then reads the payload, by
    /// [`ijson::parse_shaped`].
    ///
    /// # Errors
    /// [`JwsError::UnknownKey`] if `key` is not the one named, [`JwsError::Signature`], or [`JwsError::Payload`].
    pub fn verify<T: DeserializeOwned + Serialize>(self, key: &PublicKey) -> Result<T, JwsError> {
        self.check_signature(key)?;
        Ok(ijson::parse_shaped(&self.payload, self.payload.len())?)
    }

    /// [`Self::verify`], reading the payload by [`ijson::parse_exact`].
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_exact<T: DeserializeOwned + Serialize>(
        self,
        key: &PublicKey,
    ) -> Result<T, JwsError> {
        self.check_signature(key)?;
        Ok(ijson::parse_exact(&self.payload, self.payload.len())?)
    }

    fn check_signature(&self, key: &PublicKey) -> Result<(), JwsError> {
        if key.thumbprint() != self.kid {
            return Err(JwsError::UnknownKey);
        }
        self.check_signature_by(key)
    }

    /// For a key that is known to be the one named.
    fn check_signature_by(&self, key: &PublicKey) -> Result<(), JwsError> {
        let (signed, _) = self.text.as_bytes().split_at(self.signed_len);
        key.verify_fixed(signed, &self.signature)
            .map_err(|_| JwsError::Signature)
    }

    /// The payload **without** checking the signature, for messages that carry their own key and are checked right
    /// after. The caller must call [`Self::verify`] before acting on anything in it.
    ///
    /// # Errors
    /// [`JwsError::Payload`].
    pub fn peek<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        Ok(ijson::parse(&self.payload, self.payload.len())?)
    }
}

/// The `kid` of a header that is byte for byte what [`sign`] writes for `typ`: this is nearly every header that arrives.
fn kid_of_written(header: &[u8], typ: &str) -> Option<Thumbprint> {
    let rest = header.strip_prefix(br#"{"alg":"ES256","kid":""#)?;
    let (kid, rest) = rest.split_at_checked(Sha256Digest::TEXT_LEN)?;
    let written_typ = rest.strip_prefix(br#"","typ":""#)?.strip_suffix(br#""}"#)?;
    if written_typ != typ.as_bytes() {
        return None;
    }
    let kid = Sha256Digest::from_b64u(std::str::from_utf8(kid).ok()?);
    kid.ok().map(Thumbprint)
}

/// The same of a header in any serialization, and why it is refused.
fn kid_of_any(header: &[u8], typ: &str) -> Result<Thumbprint, JwsError> {
    // `alg` first, so that a token of another algorithm is named as such whatever else it carries.
    let value: serde_json::Value =
        ijson::parse(header, MAX_HEADER).map_err(|_| JwsError::Header)?;
    if value.get("alg").and_then(serde_json::Value::as_str) != Some("ES256") {
        return Err(JwsError::Algorithm);
    }
    let header: Header = serde_json::from_value(value).map_err(|_| JwsError::Header)?;
    if header.typ != typ {
        return Err(JwsError::Type);
    }
    Ok(header.kid)
}

/// [`UnverifiedJws::parse`], find the key among `keys` by `kid`, and [`UnverifiedJws::verify`].
///
/// # Errors
/// Any [`JwsError`].
pub fn verify<T: DeserializeOwned + Serialize>(
    text: &str,
    typ: &str,
    max_len: usize,
    keys: &[PublicKey],
) -> Result<T, JwsError> {
    let payload = verified_payload(text, typ, max_len, keys)?;
    Ok(ijson::parse_shaped(&payload, payload.len())?)
}

/// [`verify`], reading the payload by [`ijson::parse_exact`].
///
/// # Errors
/// Any [`JwsError`].
pub fn verify_exact<T: DeserializeOwned + Serialize>(
    text: &str,
    typ: &str,
    max_len: usize,
    keys: &[PublicKey],
) -> Result<T, JwsError> {
    let payload = verified_payload(text, typ, max_len, keys)?;
    Ok(ijson::parse_exact(&payload, payload.len())?)
}

fn verified_payload(
    text: &str,
    typ: &str,
    max_len: usize,
    keys: &[PublicKey],
) -> Result<Vec<u8>, JwsError> {
    let jws = UnverifiedJws::parse(text, typ, max_len)?;
    let key = keys.iter().find(|key| key.thumbprint() == jws.kid());
    jws.check_signature_by(key.ok_or(JwsError::UnknownKey)?)?;
    Ok(jws.payload)
}

/// The hash by which other messages name a JWS: SHA-256 of its ASCII characters.
pub fn hash(text: &str) -> Sha256Digest {
    Sha256Digest::of(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::encode_b64u;
    use crate::rng::SystemRng;
    use serde_json::{Value, json};

    fn compact(key: &SigningKey, header: &Value, payload: &str) -> String {
        let signed = format!(
            "{}.{}",
            encode_b64u(header.to_string().as_bytes()),
            encode_b64u(payload.as_bytes())
        );
        let signature = encode_b64u(&key.sign_fixed(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    #[test]
    fn verifies_what_it_signed_and_nothing_altered() {
        let (key, _) = SigningKey::make(&SystemRng::new());
        let text = sign(&key, "x+jwt", &json!({"a": 1}));
        let keys = [*key.public()];
        assert_eq!(
            verify::<Value>(&text, "x+jwt", 4096, &keys).unwrap(),
            json!({"a": 1})
        );
        assert_eq!(
            verify::<Value>(&text, "X+jwt", 4096, &keys),
            Err(JwsError::Type)
        );
        assert_eq!(
            verify::<Value>(&text, "x+jwt", 10, &keys),
            Err(JwsError::TooLong(10))
        );
        assert_eq!(
            verify::<Value>(&text, "x+jwt", 4096, &[]),
            Err(JwsError::UnknownKey)
        );
        let (head, rest) = text.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let altered = format!("{head}.{}.{signature}", encode_b64u(b"{\"a\":2}"));
        assert_eq!(
            verify::<Value>(&altered, "x+jwt", 4096, &keys),
            Err(JwsError::Signature)
        );
    }

    #[test]
    fn refuses_headers_that_bring_keys_or_critical_members() {
        let (key, _) = SigningKey::make(&SystemRng::new());
        let kid = key.thumbprint().to_string();
        let keys = [*key.public()];
        let try_header = |header: Value| {
            verify::<Value>(&compact(&key, &header, "{}"), "x+jwt", 4096, &keys).map(drop)
        };
        assert_eq!(
            try_header(json!({"alg":"ES256","kid":kid,"typ":"x+jwt"})),
            Ok(())
        );
        for name in ["jwk", "jku", "x5u", "x5c", "crit", "b64", "cty"] {
            let mut header = json!({"alg":"ES256","kid":kid,"typ":"x+jwt"});
            header[name] = json!([]);
            assert_eq!(try_header(header), Err(JwsError::Header), "{name}");
        }
        for alg in ["none", "HS256", "es256", "ES384", "RS256"] {
            assert_eq!(
                try_header(json!({"alg":alg,"kid":kid,"typ":"x+jwt"})),
                Err(JwsError::Algorithm)
            );
        }
        assert_eq!(
            try_header(json!({"alg":"ES256","typ":"x+jwt"})),
            Err(JwsError::Header)
        );
    }

    #[test]
    fn a_payload_with_duplicate_names_is_refused_even_if_signed() {
        let (key, _) = SigningKey::make(&SystemRng::new());
        let header = json!({"alg":"ES256","kid":key.thumbprint(),"typ":"x+jwt"});
        let text = compact(&key, &header, r#"{"a":1,"a":2}"#);
        let verdict = verify::<Value>(&text, "x+jwt", 4096, &[*key.public()]);
        assert!(matches!(
            verdict,
            Err(JwsError::Payload(IJsonError::DuplicateName(_)))
        ));
    }
}
