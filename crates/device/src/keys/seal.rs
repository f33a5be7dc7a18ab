//! AES-256-GCM under keys that HKDF-SHA-256 derives from an account's secret, one label per use.

use crate::ports::AccountSecret;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
};
use tegata_protocol::{Rng, Secret, rng::random_bytes};

/// Bytes do not open under this key and context: damaged, of another account, or the secret is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed data does not open")]
pub struct SealError;

/// Seals and opens under one derived key.
pub struct Sealer(LessSafeKey);

impl Sealer {
    /// The key that `label` derives from the account's secret.
    pub fn derive(secret: &AccountSecret, label: &str) -> Self {
        // EXPOSE: the derivation reads the secret.
        Self::from_key_material(secret.expose(), label)
    }

    /// The key that `label` derives from other key material, such as the output of a password hash.
    ///
    /// # Panics
    /// Never: 32 bytes are within what HKDF gives, and are a key of AES-256.
    pub fn from_key_material(material: &[u8], label: &str) -> Self {
        let key = derive_bytes(material, label);
        // EXPOSE: ring takes the key as bytes.
        let key = UnboundKey::new(&AES_256_GCM, key.expose()).expect("32 bytes are a key");
        Self(LessSafeKey::new(key))
    }

    /// Nonce, ciphertext and tag. `context` must be given again to open.
    ///
    /// # Panics
    /// Never: plaintexts here are far below the limit of AES-GCM.
    pub fn seal(&self, rng: &dyn Rng, context: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random_bytes(rng);
        let mut out = plaintext.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut out,
            )
            .expect("the plaintext is short");
        out.splice(0..0, nonce);
        out
    }

    /// The plaintext.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut buffer = ciphertext.to_vec();
        let length = self
            .0
            .open_in_place(nonce, Aad::from(context), &mut buffer)
            .map_err(|_| SealError)?
            .len();
        buffer.truncate(length);
        Ok(Secret::new(buffer))
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

/// 32 bytes that `label` derives from `material`.
pub(crate) fn derive_bytes(material: &[u8], label: &str) -> Secret<[u8; 32]> {
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"tegata device 1").extract(material);
    let info = [label.as_bytes()];
    let okm = prk
        .expand(&info, hkdf::HKDF_SHA256)
        .expect("32 bytes are within the limit of HKDF");
    let mut out = [0; 32];
    okm.fill(&mut out)
        .expect("the length is that of the algorithm");
    Secret::new(out)
}
