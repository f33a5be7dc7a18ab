//! What must be known again after a restart and yet be of no use to whoever reads the database: encrypted by a key of the
//! key file (AES-256-GCM).
//!
//! Each purpose and each request has a key of its own, derived from the one in the file, and both are bound to the text:
//! what was sealed for one opens for no other.

use ring::{aead, hmac};
use tegata_protocol::{Rng, rng::random_bytes};
use zeroize::Zeroizing;

use crate::domain::FlowSeq;

/// Seals and opens.
pub struct SealingKey(hmac::Key);

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(redacted)")
    }
}

/// What a sealed text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// How a client is notified of a request's result.
    Notification,
    /// The token response that is to be pushed.
    PushedResponse,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Notification => b"tegata notification\0",
            Self::PushedResponse => b"tegata pushed response\0",
        }
    }
}

impl SealingKey {
    /// From the key in the key file, which must be for SHA-256.
    pub fn new(key: hmac::Key) -> Self {
        Self(key)
    }

    /// Nonce, ciphertext and tag.
    ///
    /// # Panics
    /// Never: AES-256-GCM takes texts up to 64 GiB.
    pub fn seal(&self, purpose: Purpose, seq: FlowSeq, text: &[u8], rng: &dyn Rng) -> Vec<u8> {
        let nonce = random_bytes::<{ aead::NONCE_LEN }>(rng);
        let mut sealed = nonce.to_vec();
        let mut text = Zeroizing::new(text.to_vec());
        let tag = self
            .key(purpose, seq)
            .seal_in_place_separate_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::from(seq.0.to_be_bytes()),
                text.as_mut_slice(),
            )
            .expect("AES-256-GCM takes texts up to 64 GiB");
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// The text; `None` if it was sealed otherwise, or with another key.
    pub fn open(
        &self,
        purpose: Purpose,
        seq: FlowSeq,
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = sealed.split_at_checked(aead::NONCE_LEN)?;
        let mut text = Zeroizing::new(rest.to_vec());
        let length = self
            .key(purpose, seq)
            .open_in_place(
                aead::Nonce::try_assume_unique_for_key(nonce).ok()?,
                aead::Aad::from(seq.0.to_be_bytes()),
                text.as_mut_slice(),
            )
            .ok()?
            .len();
        text.truncate(length);
        Some(text)
    }

    fn key(&self, purpose: Purpose, seq: FlowSeq) -> aead::LessSafeKey {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(purpose.label());
        context.update(&seq.0.to_be_bytes());
        let key = aead::UnboundKey::new(&aead::AES_256_GCM, context.sign().as_ref());
        aead::LessSafeKey::new(key.expect("SHA-256 gives the 32 bytes that AES-256 takes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tegata_protocol::SystemRng;

    #[test]
    fn what_is_sealed_opens_for_its_request_and_purpose_alone() {
        let key = |byte| SealingKey::new(hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]));
        let (other, key, rng) = (key(8), key(7), SystemRng::new());
        let sealed = key.seal(Purpose::Notification, FlowSeq(1), b"a token", &rng);
        assert!(!sealed.windows(7).any(|part| part == b"a token"));
        let open = |key: &SealingKey, purpose, seq, sealed: &[u8]| {
            key.open(purpose, FlowSeq(seq), sealed)
                .map(|text| text.to_vec())
        };
        assert_eq!(
            open(&key, Purpose::Notification, 1, &sealed).unwrap(),
            b"a token"
        );
        assert_eq!(open(&key, Purpose::Notification, 2, &sealed), None);
        assert_eq!(open(&key, Purpose::PushedResponse, 1, &sealed), None);
        assert_eq!(open(&other, Purpose::Notification, 1, &sealed), None);
        for length in 0..sealed.len() {
            assert_eq!(
                open(&key, Purpose::Notification, 1, &sealed[..length]),
                None
            );
        }
        assert_ne!(
            sealed,
            key.seal(Purpose::Notification, FlowSeq(1), b"a token", &rng)
        );
    }
}
