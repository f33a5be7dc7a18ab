//! A private key that signs tokens by one algorithm. ring signs everything; only the drawing of RSA keys, which ring does
//! not do, is another crate's.

use ring::{
    rsa::PublicKeyComponents,
    signature::{
        Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    },
};
use rsa::{
    RsaPrivateKey,
    pkcs8::EncodePrivateKey as _,
    rand_core::{CryptoRng, Error as RandError, RngCore},
};
use tegata_protocol::{Rng as _, Secret, SigningKey, SystemRng};

use crate::jose::{Algorithm, VerifyingKey};

/// Bits of a new RSA key: as hard to break as P-256 and Ed25519 are (NIST SP 800-57 part 1, table 2), and a third of a
/// 2048-bit key's signatures a second is still hundreds.
const RSA_BITS: usize = 3072;

/// The private key of one algorithm.
pub(super) enum Signer {
    P256(Box<SigningKey>),
    Ed25519(Ed25519KeyPair),
    /// For `PS256` or `RS256`, and never for both: what is signed by one padding says nothing about the other.
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding, SystemRng),
}

impl Signer {
    /// Draws a key, in PKCS#8. An RSA key takes a second, and at times several: its primes are found by chance.
    pub(super) fn draw(algorithm: Algorithm, rng: &SystemRng) -> Secret<Vec<u8>> {
        match algorithm {
            Algorithm::Es256 => SigningKey::make(rng).1,
            Algorithm::EdDsa => {
                let document = Ed25519KeyPair::generate_pkcs8(rng.ring())
                    .expect("the operating system provides randomness");
                Secret::new(document.as_ref().to_vec())
            }
            Algorithm::Ps256 | Algorithm::Rs256 => draw_rsa(rng),
        }
    }

    /// Reads what [`Signer::draw`] made; `None` if it is something else.
    pub(super) fn read(algorithm: Algorithm, pkcs8: &[u8], rng: &SystemRng) -> Option<Self> {
        let rsa = |padding| {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
            Some(Self::Rsa(Box::new(pair), padding, rng.clone()))
        };
        match algorithm {
            Algorithm::Es256 => SigningKey::from_pkcs8(pkcs8, rng)
                .ok()
                .map(|key| Self::P256(Box::new(key))),
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).ok().map(Self::Ed25519),
            Algorithm::Ps256 => rsa(&RSA_PSS_SHA256),
            Algorithm::Rs256 => rsa(&RSA_PKCS1_SHA256),
        }
    }

    /// The public half.
    pub(super) fn public(&self) -> VerifyingKey {
        match self {
            Self::P256(key) => VerifyingKey::P256(*key.public()),
            Self::Ed25519(pair) => {
                let mut key = [0; 32];
                key.copy_from_slice(pair.public_key().as_ref());
                VerifyingKey::Ed25519(key)
            }
            Self::Rsa(pair, ..) => {
                let PublicKeyComponents { n, e } = pair.public().into();
                VerifyingKey::Rsa { n, e }
            }
        }
    }

    /// A JWS signature (RFC 7518 section 3, RFC 8037 section 3.1).
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(key) => key.sign_fixed(message),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair, padding, rng) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*padding, rng.ring(), message, &mut signature)
                    .expect("the operating system provides randomness");
                signature
            }
        }
    }
}

fn draw_rsa(rng: &SystemRng) -> Secret<Vec<u8>> {
    loop {
        let key = RsaPrivateKey::new(&mut Draws(rng), RSA_BITS).expect("3072 bits make a key");
        let pkcs8 = key
            .to_pkcs8_der()
            .expect("a key of two primes is written in PKCS#8");
        // ring's own checks are the ones that count.
        if RsaKeyPair::from_pkcs8(pkcs8.as_bytes()).is_ok() {
            return Secret::new(pkcs8.as_bytes().to_vec());
        }
    }
}

/// The system's generator, as the crate that draws RSA keys wants it.
struct Draws<'a>(&'a SystemRng);

impl RngCore for Draws<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_ne_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_ne_bytes(bytes)
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        self.0.fill(out);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), RandError> {
        self.0.fill(out);
        Ok(())
    }
}

impl CryptoRng for Draws<'_> {}
