//! P-256 keys for ES256 (RFC 7518 section 3.4): the one algorithm of this protocol.

use crate::{
    bytes::{Sha256Digest, append_b64u, decode_b64u, encode_b64u},
    rng::SystemRng,
    secret::Secret,
};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED,
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// RFC 7638 SHA-256 thumbprint of a public key: its only name on the wire, as `kid` and as WebAuthn credential id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thumbprint(pub Sha256Digest);

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Bytes are not a key of the expected form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 key")]
pub struct InvalidKeyError;

/// A signature does not verify. Says nothing about why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignatureError;

/// A P-256 public key; a JWK with exactly `crv`, `kty`, `x`, `y` on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey {
    x: [u8; 32],
    y: [u8; 32],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    crv: String,
    kty: String,
    x: String,
    y: String,
}

impl PublicKey {
    /// From affine coordinates. That the point is on the curve is found out by the first verification, which then fails.
    pub fn from_coordinates(x: [u8; 32], y: [u8; 32]) -> Self {
        Self { x, y }
    }

    /// From the 65-byte uncompressed form `04 ‖ x ‖ y`.
    ///
    /// # Errors
    /// [`InvalidKeyError`] for any other length or first byte.
    pub fn from_uncompressed(bytes: &[u8]) -> Result<Self, InvalidKeyError> {
        let (Some(4), 65) = (bytes.first(), bytes.len()) else {
            return Err(InvalidKeyError);
        };
        let coordinate = |at: usize| bytes[at..at + 32].try_into().map_err(|_| InvalidKeyError);
        Ok(Self {
            x: coordinate(1)?,
            y: coordinate(33)?,
        })
    }

    /// The x coordinate, big-endian.
    pub fn x(&self) -> &[u8; 32] {
        &self.x
    }

    /// The y coordinate, big-endian.
    pub fn y(&self) -> &[u8; 32] {
        &self.y
    }

    /// `04 ‖ x ‖ y`.
    pub fn to_uncompressed(self) -> [u8; 65] {
        let mut out = [4; 65];
        out[1..33].copy_from_slice(&self.x);
        out[33..].copy_from_slice(&self.y);
        out
    }

    /// RFC 7638 with SHA-256.
    pub fn thumbprint(&self) -> Thumbprint {
        let mut text = String::with_capacity(136);
        text.push_str(r#"{"crv":"P-256","kty":"EC","x":""#);
        append_b64u(&self.x, &mut text);
        text.push_str(r#"","y":""#);
        append_b64u(&self.y, &mut text);
        text.push_str(r#""}"#);
        Thumbprint(Sha256Digest::of(text.as_bytes()))
    }

    /// Checks a 64-byte `r ‖ s` signature (JWS).
    ///
    /// # Errors
    /// [`BadSignatureError`] if it does not verify, or if this is not a point on the curve.
    pub fn verify_fixed(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignatureError> {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.to_uncompressed())
            .verify(message, signature)
            .map_err(|_| BadSignatureError)
    }

    /// Checks a strict DER signature (WebAuthn); either of the two equivalent values of `s` is accepted.
    ///
    /// # Errors
    /// [`BadSignatureError`] if it does not verify, or if this is not a point on the curve.
    pub fn verify_der(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignatureError> {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.to_uncompressed())
            .verify(message, signature)
            .map_err(|_| BadSignatureError)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.thumbprint())
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Jwk {
            crv: "P-256".into(),
            kty: "EC".into(),
            x: encode_b64u(&self.x),
            y: encode_b64u(&self.y),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let jwk = Jwk::deserialize(deserializer)?;
        if jwk.crv != "P-256" || jwk.kty != "EC" {
            return Err(de::Error::custom("only EC keys on P-256"));
        }
        let coordinate = |text: &str| -> Result<[u8; 32], D::Error> {
            let bytes = decode_b64u(text).map_err(de::Error::custom)?;
            bytes
                .try_into()
                .map_err(|_| de::Error::custom("a coordinate has 32 bytes"))
        };
        Ok(Self {
            x: coordinate(&jwk.x)?,
            y: coordinate(&jwk.y)?,
        })
    }
}

/// A P-256 private key. ring keeps it and does not wipe it; the PKCS#8 form handed to callers is wiped.
pub struct SigningKey {
    fixed: EcdsaKeyPair,
    der: EcdsaKeyPair,
    public: PublicKey,
    thumbprint: Thumbprint,
    rng: SystemRng,
}

impl SigningKey {
    /// A new key, with its PKCS#8 form for storage.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    pub fn make(rng: &SystemRng) -> (Self, Secret<Vec<u8>>) {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, rng.ring())
            .expect("the operating system provides randomness");
        let key = Self::from_pkcs8(document.as_ref(), rng).expect("ring reads what it wrote");
        (key, Secret::new(document.as_ref().to_vec()))
    }

    /// Reads the PKCS#8 form.
    ///
    /// # Errors
    /// [`InvalidKeyError`] if the bytes are not a P-256 key in PKCS#8 with its public key.
    pub fn from_pkcs8(pkcs8: &[u8], rng: &SystemRng) -> Result<Self, InvalidKeyError> {
        let pair = |algorithm| {
            EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, rng.ring()).map_err(|_| InvalidKeyError)
        };
        let fixed = pair(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let der = pair(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
        let public = PublicKey::from_uncompressed(fixed.public_key().as_ref())?;
        Ok(Self {
            fixed,
            der,
            public,
            thumbprint: public.thumbprint(),
            rng: rng.clone(),
        })
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The name of this key.
    pub fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    /// A 64-byte `r ‖ s` signature (JWS).
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    pub fn sign_fixed(&self, message: &[u8]) -> Vec<u8> {
        self.fixed
            .sign(self.rng.ring(), message)
            .expect("randomness")
            .as_ref()
            .to_vec()
    }

    /// A DER signature (WebAuthn).
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    pub fn sign_der(&self, message: &[u8]) -> Vec<u8> {
        self.der
            .sign(self.rng.ring(), message)
            .expect("randomness")
            .as_ref()
            .to_vec()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.thumbprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprint_matches_an_independent_computation() {
        // The P-256 key of RFC 7515 appendix A.3; thumbprint computed with node:crypto.
        let key: PublicKey = serde_json::from_str(
            r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        )
        .unwrap();
        assert_eq!(
            key.thumbprint().to_string(),
            "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
        );
    }

    #[test]
    fn a_key_survives_storage_and_both_signature_forms_verify() {
        let rng = SystemRng::new();
        let (key, stored) = SigningKey::make(&rng);
        let again = SigningKey::from_pkcs8(stored.expose(), &rng).unwrap();
        assert_eq!(key.public(), again.public());
        assert_eq!(
            key.public().verify_fixed(b"m", &again.sign_fixed(b"m")),
            Ok(())
        );
        assert_eq!(key.public().verify_der(b"m", &again.sign_der(b"m")), Ok(()));
        assert_eq!(
            key.public().verify_der(b"n", &again.sign_der(b"m")),
            Err(BadSignatureError)
        );
        assert_eq!(
            key.public().verify_fixed(b"m", &again.sign_der(b"m")),
            Err(BadSignatureError)
        );
    }

    #[test]
    fn refuses_foreign_members_and_curves_in_a_jwk() {
        let x = encode_b64u(&[1; 32]);
        for bad in [
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{x}","d":"{x}"}}"#),
            format!(r#"{{"kty":"EC","crv":"P-384","x":"{x}","y":"{x}"}}"#),
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}"}}"#),
            r#"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}"#.to_owned(),
        ] {
            assert!(serde_json::from_str::<PublicKey>(&bad).is_err(), "{bad}");
        }
    }
}
