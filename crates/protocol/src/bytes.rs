//! Byte strings on the wire: base64url without padding (RFC 4648 section 5), and SHA-256 digests.

use data_encoding::BASE64URL_NOPAD;
use ring::digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use std::fmt;

/// Encodes as base64url without padding.
pub fn encode_b64u(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Appends the same to `out`.
pub(crate) fn append_b64u(bytes: &[u8], out: &mut String) {
    BASE64URL_NOPAD.encode_append(bytes, out);
}

/// A base64url string was padded, held white space or foreign characters, or had non-zero trailing bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding")]
pub struct DecodeB64uError;

/// Decodes base64url, refusing padding, white space and non-zero trailing bits.
///
/// # Errors
/// [`DecodeB64uError`] for anything that [`encode_b64u`] would not have written.
pub fn decode_b64u(text: &str) -> Result<Vec<u8>, DecodeB64uError> {
    BASE64URL_NOPAD
        .decode(text.as_bytes())
        .map_err(|_| DecodeB64uError)
}

/// Bytes that are base64url on the wire. The length is the caller's to bound.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct B64(pub Vec<u8>);

impl fmt::Debug for B64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "B64({} bytes)", self.0.len())
    }
}

impl Serialize for B64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode_b64u(&self.0))
    }
}

impl<'de> Deserialize<'de> for B64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor(|text: &str| decode_b64u(text).map(B64)))
    }
}

/// Decodes a text without making a string of it first.
struct TextVisitor<F>(F);

impl<T, F: FnOnce(&str) -> Result<T, DecodeB64uError>> de::Visitor<'_> for TextVisitor<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64url without padding")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

/// A SHA-256 digest (or another 32-byte value such as a nonce); 43 characters of base64url on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256Digest(pub [u8; 32]);

impl Sha256Digest {
    /// Characters of the wire form.
    pub(crate) const TEXT_LEN: usize = 43;

    /// The SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(out)
    }

    /// Reads 43 characters of base64url.
    ///
    /// # Errors
    /// [`DecodeB64uError`] if the text is not base64url of exactly 32 bytes.
    pub fn from_b64u(text: &str) -> Result<Self, DecodeB64uError> {
        let mut out = [0; 32];
        // 43 characters are the only number that stands for 32 bytes.
        if text.len() != Self::TEXT_LEN {
            return Err(DecodeB64uError);
        }
        let decoded = BASE64URL_NOPAD.decode_mut(text.as_bytes(), &mut out);
        decoded.map(|_| Self(out)).map_err(|_| DecodeB64uError)
    }

    /// The wire form.
    pub fn to_b64u(self) -> String {
        encode_b64u(&self.0)
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_b64u())
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_b64u())
    }
}

impl Serialize for Sha256Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; Self::TEXT_LEN];
        BASE64URL_NOPAD.encode_mut(&self.0, &mut text);
        serializer.serialize_str(std::str::from_utf8(&text).map_err(ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Sha256Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor(Self::from_b64u))
    }
}

/// Compares in time that depends on the lengths alone.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    let mut difference = u8::from(a.len() != b.len());
    for (x, y) in a.iter().zip(b) {
        difference |= x ^ y;
    }
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_the_encoder_never_writes() {
        for bad in ["QQ==", "Q", "QR", "Q Q", "QQ\n", "+/+/", "あ"] {
            assert_eq!(decode_b64u(bad), Err(DecodeB64uError), "{bad:?}");
        }
        assert_eq!(decode_b64u("QQ").unwrap(), b"A");
        assert_eq!(decode_b64u("").unwrap(), b"");
    }

    #[test]
    fn constant_time_eq_agrees_with_eq() {
        assert!(constant_time_eq(b"abc", b"abc"));
        assert!(!constant_time_eq(b"abc", b"abd"));
        assert!(!constant_time_eq(b"abc", b"ab"));
    }
}
