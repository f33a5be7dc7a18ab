//! Pairwise subjects (OpenID Connect Core section 8.1): one person is somebody else in each sector.
//!
//! A subject is the person's `sub` sealed under the sector, always to the same text, and not a hash: hints and userinfo
//! lead back to the account without a search, without a table that is written when somebody is first seen, and without one
//! that must be swept or can be lost. The price: whoever steals the key file can link subjects. Whoever steals the store
//! cannot.

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use tegata_protocol::{
    Sha256Digest,
    bytes::{constant_time_eq, decode_b64u, encode_b64u},
};

use super::mac;

/// Longest subject that is looked at, in characters (OpenID Connect Core section 2: 255 at most).
const MAX_SUBJECT: usize = 255;

/// Seals and opens pairwise subjects.
pub struct Pairwise(hmac::Key);

impl Pairwise {
    pub(super) fn new(key: hmac::Key) -> Self {
        Self(key)
    }

    /// What the person with `sub` is called in `sector`; the same at every call. 28 bytes more than `sub`, as base64url.
    ///
    /// # Panics
    /// Never: a subject is far shorter than what the cipher takes.
    pub fn seal(&self, sector: &str, sub: &str) -> String {
        let nonce = self.nonce(sector, sub);
        let mut text = sub.as_bytes().to_vec();
        self.cipher(sector)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(sector.as_bytes()),
                &mut text,
            )
            .expect("a subject is short");
        let mut sealed = nonce.to_vec();
        sealed.append(&mut text);
        encode_b64u(&sealed)
    }

    /// The `sub` behind a pairwise subject of `sector`; `None` for what was not made here or for another sector.
    pub fn open(&self, sector: &str, subject: &str) -> Option<String> {
        if subject.len() > MAX_SUBJECT {
            return None;
        }
        let sealed = decode_b64u(subject).ok()?;
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = text.to_vec();
        let opened = self
            .cipher(sector)
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(sector.as_bytes()),
                &mut text,
            )
            .ok()?;
        let sub = str::from_utf8(opened).ok()?;
        constant_time_eq(&self.nonce(sector, sub), nonce).then(|| sub.to_owned())
    }

    /// The cipher of one sector.
    fn cipher(&self, sector: &str) -> LessSafeKey {
        let Sha256Digest(key) = mac(&self.0, &[b"seal", sector.as_bytes()]);
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).expect("32 bytes are a key"))
    }

    /// The nonce is made from what is sealed, so that no two subjects of a sector share one (as in RFC 5297), and the same
    /// person gets the same subject.
    fn nonce(&self, sector: &str, sub: &str) -> [u8; NONCE_LEN] {
        let digest = mac(&self.0, &[b"nonce", sector.as_bytes(), sub.as_bytes()]);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(digest.0.split_at(NONCE_LEN).0);
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairwise(byte: u8) -> Pairwise {
        Pairwise::new(hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]))
    }

    /// Conformance: OIDC-8.1-pairwise
    #[test]
    fn a_subject_is_the_same_within_a_sector_another_in_the_next_and_leads_back() {
        let keys = pairwise(7);
        let sub = "wWfMIDd2aNLF8tsmLrCzSQ";
        let [one, other] = ["one.example", "other.example"].map(|sector| keys.seal(sector, sub));
        assert_eq!(one, keys.seal("one.example", sub));
        assert_ne!(one, other);
        assert_ne!(one, keys.seal("one.example", "AWfMIDd2aNLF8tsmLrCzSQ"));
        assert!(one.len() <= MAX_SUBJECT && one.is_ascii());
        assert_eq!(keys.open("one.example", &one).as_deref(), Some(sub));
        assert_eq!(keys.open("other.example", &one), None, "another sector's");
        assert_eq!(pairwise(8).open("one.example", &one), None, "another key's");
        for bad in ["", sub, "AAAA", &"A".repeat(256)] {
            assert_eq!(keys.open("one.example", bad), None, "{bad}");
        }
        let shared = one.bytes().zip(other.bytes()).filter(|(a, b)| a == b);
        assert!(shared.count() < 15, "the two cannot be linked");
    }

    /// Subjects are kept by clients for years: the form must never change. Computed with node:crypto.
    #[test]
    fn the_form_is_pinned() {
        let subject = pairwise(7).seal("one.example", "wWfMIDd2aNLF8tsmLrCzSQ");
        assert_eq!(
            subject,
            "OuESuqrCiZcA8docpVWOpRvHMMOtXWmpookjTXah_y8AHf06mIShOzXtV8TqRNZCvTA"
        );
    }
}
