//! Other people's public keys: JWK (RFC 7517, RFC 7518 section 6, RFC 8037 section 2) and sets of them.

use ring::signature::{
    ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::{Map, Value};
use tegata_protocol::{
    PublicKey, Sha256Digest, Thumbprint,
    bytes::{decode_b64u, encode_b64u},
    keys::BadSignatureError,
};
use x509_parser::{
    oid_registry::{OID_EC_P256, OID_SIG_ED25519},
    x509::SubjectPublicKeyInfo,
};

use super::Algorithm;

/// Most keys of one set that are looked at.
pub(crate) const MAX_KEYS: usize = 16;

/// Bytes of an RSA modulus: 2048 to 4096 bits. A larger one only costs the verifier.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// Most bytes of an RSA exponent.
const MAX_RSA_EXPONENT: usize = 4;

/// A public key that can verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VerifyingKey {
    /// For `ES256`.
    P256(PublicKey),
    /// For `PS256` and `RS256`: modulus and exponent, big-endian without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// For `EdDSA`.
    Ed25519([u8; 32]),
}

impl VerifyingKey {
    /// The key of one JWK, whatever else the JWK says (`x5c` and the like are passed over); `None` if it is of no kind
    /// that is used here, too small, or not well-formed.
    pub(crate) fn from_jwk(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| decode_b64u(text(name)?).ok();
        match (text("kty")?, text("crv")) {
            ("EC", Some("P-256")) => {
                let bare: Map<String, Value> = ["crv", "kty", "x", "y"]
                    .into_iter()
                    .filter_map(|name| Some((name.to_owned(), jwk.get(name)?.clone())))
                    .collect();
                serde_json::from_value(Value::Object(bare))
                    .ok()
                    .map(Self::P256)
            }
            ("OKP", Some("Ed25519")) => bytes("x")?.try_into().ok().map(Self::Ed25519),
            ("RSA", _) => {
                let (n, e) = (bytes("n")?, bytes("e")?);
                let is_number = |bytes: &[u8]| bytes.first().is_some_and(|&first| first != 0);
                let fits = RSA_MODULUS.contains(&n.len()) && e.len() <= MAX_RSA_EXPONENT;
                (fits && is_number(&n) && is_number(&e)).then_some(Self::Rsa { n, e })
            }
            _ => None,
        }
    }

    /// The members of its JWK that make it what it is, and no others.
    pub(crate) fn to_jwk(&self) -> Map<String, Value> {
        let members = match self {
            Self::P256(key) => vec![
                ("crv", "P-256".to_owned()),
                ("kty", "EC".to_owned()),
                ("x", encode_b64u(key.x())),
                ("y", encode_b64u(key.y())),
            ],
            Self::Rsa { n, e } => vec![
                ("e", encode_b64u(e)),
                ("kty", "RSA".to_owned()),
                ("n", encode_b64u(n)),
            ],
            Self::Ed25519(x) => vec![
                ("crv", "Ed25519".to_owned()),
                ("kty", "OKP".to_owned()),
                ("x", encode_b64u(x)),
            ],
        };
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::String(value)))
            .collect()
    }

    /// Its name: RFC 7638 with SHA-256; for Ed25519 with the members of RFC 8037 section 2.
    pub(crate) fn thumbprint(&self) -> Thumbprint {
        // The members are in the order of their names, without white space, and none needs escaping.
        let canonical = Value::Object(self.to_jwk()).to_string();
        Thumbprint(Sha256Digest::of(canonical.as_bytes()))
    }

    /// The key of a certificate; `None` as for [`Self::from_jwk`].
    pub(crate) fn from_public_key_info(info: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let kind = &info.algorithm.algorithm;
        let bits = &*info.subject_public_key.data;
        if *kind == OID_SIG_ED25519 {
            return bits.try_into().ok().map(Self::Ed25519);
        }
        match info.parsed().ok()? {
            x509_parser::public_key::PublicKey::EC(point) => {
                let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
                (curve == OID_EC_P256)
                    .then(|| PublicKey::from_uncompressed(point.data()).ok())?
                    .map(Self::P256)
            }
            x509_parser::public_key::PublicKey::RSA(key) => {
                let number = |bytes: &[u8]| {
                    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
                    bytes.iter().skip(zeros).copied().collect::<Vec<_>>()
                };
                let (n, e) = (number(key.modulus), number(key.exponent));
                let fits =
                    RSA_MODULUS.contains(&n.len()) && (1..=MAX_RSA_EXPONENT).contains(&e.len());
                fits.then_some(Self::Rsa { n, e })
            }
            _ => None,
        }
    }

    /// Whether the algorithm is one for this kind of key.
    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (Self::P256(_), Algorithm::Es256)
                | (Self::Rsa { .. }, Algorithm::Ps256 | Algorithm::Rs256)
                | (Self::Ed25519(_), Algorithm::EdDsa)
        )
    }

    /// Checks a JWS signature.
    ///
    /// # Errors
    /// [`BadSignatureError`] if it does not verify, or if the algorithm is not for this kind of key.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignatureError> {
        let verified = match (self, algorithm) {
            (Self::P256(key), Algorithm::Es256) => return key.verify_fixed(message, signature),
            (Self::Rsa { n, e }, Algorithm::Ps256) => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PSS_2048_8192_SHA256,
                message,
                signature,
            ),
            (Self::Rsa { n, e }, Algorithm::Rs256) => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
            (Self::Ed25519(key), Algorithm::EdDsa) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature)
            }
            _ => return Err(BadSignatureError),
        };
        verified.map_err(|_| BadSignatureError)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NamedKey {
    key: VerifyingKey,
    kid: Option<String>,
    /// What the JWK says it is for, if it says so.
    algorithm: Option<Algorithm>,
}

/// Why a JWK Set cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidKeySet {
    /// No JSON.
    #[error("is not JSON")]
    NotJson,
    /// No member `keys`, or not an array.
    #[error("has no \"keys\"")]
    NoKeys,
    /// An empty array.
    #[error("is empty")]
    Empty,
    /// A private or symmetric key.
    #[error("holds a private key; register the public ones only")]
    Private,
    /// A key that nothing here can use.
    #[error("holds a key that is none of EC P-256, RSA of 2048 to 4096 bits, OKP Ed25519")]
    Unusable,
    /// More than [`MAX_KEYS`].
    #[error("holds more than {MAX_KEYS} keys")]
    TooMany,
    /// Keys for encryption or other algorithms only.
    #[error("holds no key for ES256, PS256 or EdDSA signatures")]
    NoneSigns,
}

/// The members of a JWK that only its owner may have (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Whether a JWK has more than its public half.
pub(crate) fn is_private(jwk: &Value) -> bool {
    PRIVATE_MEMBERS
        .into_iter()
        .any(|name| jwk.get(name).is_some())
}

/// Somebody's public keys that may have signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeySet(Vec<NamedKey>);

impl KeySet {
    /// Keys with their names and the one algorithm of each, however many there are.
    pub(crate) fn of(keys: impl IntoIterator<Item = (VerifyingKey, String, Algorithm)>) -> Self {
        let named = |(key, kid, algorithm)| NamedKey {
            key,
            kid: Some(kid),
            algorithm: Some(algorithm),
        };
        Self(keys.into_iter().map(named).collect())
    }

    /// The usable signature keys of a JWK Set; others are passed over, and what is no JWK Set has none.
    pub(crate) fn parse(jwks: &str) -> Self {
        Self::read(jwks).unwrap_or_default()
    }

    /// The same; `None` for what is no JWK Set.
    pub(crate) fn read(jwks: &str) -> Option<Self> {
        let set: Value = serde_json::from_str(jwks).ok()?;
        let keys = set.get("keys")?.as_array()?;
        Some(Self(keys.iter().take(MAX_KEYS).filter_map(named).collect()))
    }

    /// Checks a JWK Set that is to be registered: 1 to [`MAX_KEYS`] keys, all public and of kinds that are used here, of
    /// which at least one may sign.
    ///
    /// # Errors
    /// [`InvalidKeySet`]: the first thing that is wrong.
    pub(crate) fn require(jwks: &str) -> Result<Self, InvalidKeySet> {
        let set: Value = serde_json::from_str(jwks).map_err(|_| InvalidKeySet::NotJson)?;
        let keys = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(InvalidKeySet::NoKeys)?;
        if keys.is_empty() {
            return Err(InvalidKeySet::Empty);
        }
        for key in keys {
            if is_private(key) {
                return Err(InvalidKeySet::Private);
            }
            if VerifyingKey::from_jwk(key).is_none() {
                return Err(InvalidKeySet::Unusable);
            }
        }
        if keys.len() > MAX_KEYS {
            return Err(InvalidKeySet::TooMany);
        }
        let set = Self::parse(jwks);
        let signs = Algorithm::FROM_CLIENTS
            .into_iter()
            .any(|algorithm| set.candidates(algorithm, None).next().is_some());
        signs.then_some(set).ok_or(InvalidKeySet::NoneSigns)
    }

    /// The keys that may have made a signature by `algorithm`: if its header names a `kid`, those of that name or of
    /// none.
    pub(crate) fn candidates<'a>(
        &'a self,
        algorithm: Algorithm,
        kid: Option<&'a str>,
    ) -> impl Iterator<Item = &'a VerifyingKey> {
        self.0
            .iter()
            .filter(move |named| {
                named.key.is_for(algorithm)
                    && named.algorithm.is_none_or(|is_for| is_for == algorithm)
                    && (kid.is_none() || named.kid.is_none() || named.kid.as_deref() == kid)
            })
            .map(|named| &named.key)
    }

    /// The P-256 keys that may sign `ES256`.
    pub(crate) fn p256(&self) -> Vec<PublicKey> {
        self.candidates(Algorithm::Es256, None)
            .filter_map(|key| match key {
                VerifyingKey::P256(key) => Some(*key),
                VerifyingKey::Rsa { .. } | VerifyingKey::Ed25519(_) => None,
            })
            .collect()
    }

    /// Whether this is one of them, whatever it signs with.
    pub(crate) fn contains(&self, key: &VerifyingKey) -> bool {
        self.0.iter().any(|named| named.key == *key)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

fn named(jwk: &Value) -> Option<NamedKey> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|value| value != "sig") {
        return None;
    }
    let algorithm = match text("alg") {
        None => None,
        Some(name) => Some(Algorithm::parse(name)?),
    };
    Some(NamedKey {
        key: VerifyingKey::from_jwk(jwk)?,
        kid: text("kid").map(str::to_owned),
        algorithm,
    })
}
