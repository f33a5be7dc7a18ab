//! Random-looking identifiers that carry where their row is.
//!
//! `auth_req_id` is 43 characters: base64url of 32 bytes, a masked 16-byte locator and a 16-byte random tag. The mask is
//! a keyed hash of the tag, so nobody outside can read the row number, and the table needs no index on random text.
//! Only SHA-256 of the tag is stored. `ConsentRequestId` and access tokens are made in the same way under other labels.

use ring::hmac;
use tegata_protocol::{
    AuthReqId, ConsentRequestId, Rng, Secret, Sha256Digest,
    bytes::{decode_b64u, encode_b64u},
    rng::random_bytes,
};

/// The number of a backchannel authentication's row: grows with time, never leaves the server unmasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowSeq(pub i64);

/// Everything that names one new backchannel authentication.
#[derive(Debug, Clone)]
pub struct FlowIds {
    /// Its row.
    pub seq: FlowSeq,
    /// For the client only.
    pub auth_req_id: AuthReqId,
    /// SHA-256 of the tag in `auth_req_id`: what is stored.
    pub tag_hash: Sha256Digest,
    /// For devices: `jti` of the prompts.
    pub consent_request_id: ConsentRequestId,
}

/// Seals and opens locators. Holds the masking key; cheap to clone.
#[derive(Clone)]
pub struct Locator(hmac::Key);

impl std::fmt::Debug for Locator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Locator(redacted)")
    }
}

/// An opened identifier: where the row is, and the hash to compare with what is stored there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// The row that the identifier claims.
    pub seq: FlowSeq,
    /// SHA-256 of its tag; compare in constant time.
    pub tag_hash: Sha256Digest,
}

const AUTH_REQ_ID: &[u8] = b"tegata auth_req_id";
const CONSENT_REQUEST_ID: &[u8] = b"tegata consent_request_id";
const ACCESS_TOKEN: &[u8] = b"tegata access_token";
const JWT_ID: &[u8] = b"tegata jti";
const REFRESH_TOKEN: &[u8] = b"tegata refresh_token";

impl Locator {
    /// From a 32-byte key, kept for as long as identifiers made with it shall be understood.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The identifiers of the new row `seq`.
    ///
    /// # Panics
    /// Never: base64url is made of unreserved characters.
    pub fn make_flow_ids(&self, seq: FlowSeq, rng: &dyn Rng) -> FlowIds {
        let (auth_req_id, tag_hash) = self.seal(AUTH_REQ_ID, seq, rng);
        let (consent_request_id, _) = self.seal(CONSENT_REQUEST_ID, seq, rng);
        FlowIds {
            seq,
            auth_req_id: AuthReqId::parse(&auth_req_id)
                .expect("base64url is made of unreserved characters"),
            tag_hash,
            consent_request_id: ConsentRequestId::parse(&consent_request_id)
                .expect("base64url is made of unreserved characters"),
        }
    }

    /// A new opaque access token for row `seq`, and the hash to store.
    pub fn make_access_token(&self, seq: FlowSeq, rng: &dyn Rng) -> (Secret<String>, Sha256Digest) {
        let (token, hash) = self.seal(ACCESS_TOKEN, seq, rng);
        (Secret::new(token), hash)
    }

    /// The name (`jti`) of a new access token for row `seq` that is a JWT, and the hash to store. Resources log such names,
    /// so a name is no token: it opens under its own label only.
    pub fn make_jwt_id(&self, seq: FlowSeq, rng: &dyn Rng) -> (String, Sha256Digest) {
        self.seal(JWT_ID, seq, rng)
    }

    /// A new refresh token for row `seq`, and the hash to store.
    pub fn make_refresh_token(
        &self,
        seq: FlowSeq,
        rng: &dyn Rng,
    ) -> (Secret<String>, Sha256Digest) {
        let (token, hash) = self.seal(REFRESH_TOKEN, seq, rng);
        (Secret::new(token), hash)
    }

    /// Opens an `auth_req_id`; `None` if it was not made here.
    pub fn open_auth_req_id(&self, id: &AuthReqId) -> Option<Located> {
        self.open(AUTH_REQ_ID, id.as_str())
    }

    /// Opens a consent request id; `None` if it was not made here.
    pub fn open_consent_request_id(&self, id: &ConsentRequestId) -> Option<Located> {
        self.open(CONSENT_REQUEST_ID, id.as_str())
    }

    /// Opens an access token; `None` if it was not made here.
    pub fn open_access_token(&self, token: &str) -> Option<Located> {
        self.open(ACCESS_TOKEN, token)
    }

    /// Opens the name of a JWT access token; `None` if it was not made here.
    pub fn open_jwt_id(&self, id: &str) -> Option<Located> {
        self.open(JWT_ID, id)
    }

    /// Opens a refresh token; `None` if it was not made here. One that opens was issued once, whether or not it is still
    /// known: nobody else can make one.
    pub fn open_refresh_token(&self, token: &str) -> Option<Located> {
        self.open(REFRESH_TOKEN, token)
    }

    fn seal(&self, label: &[u8], seq: FlowSeq, rng: &dyn Rng) -> (String, Sha256Digest) {
        let tag = random_bytes::<16>(rng);
        let mut locator = [0_u8; 16];
        locator[8..].copy_from_slice(&seq.0.to_be_bytes());
        let mut sealed = [0_u8; 32];
        sealed[..16].copy_from_slice(&self.mask(label, &tag, locator));
        sealed[16..].copy_from_slice(&tag);
        (encode_b64u(&sealed), Sha256Digest::of(&tag))
    }

    fn open(&self, label: &[u8], text: &str) -> Option<Located> {
        let sealed: [u8; 32] = decode_b64u(text).ok()?.try_into().ok()?;
        let tag: [u8; 16] = sealed[16..].try_into().ok()?;
        let locator = self.mask(label, &tag, sealed[..16].try_into().ok()?);
        // The upper half is zero in every locator made here, which turns away nearly all guesses before any read.
        if locator[..8] != [0; 8] {
            return None;
        }
        let seq = FlowSeq(i64::from_be_bytes(locator[8..].try_into().ok()?));
        Some(Located {
            seq,
            tag_hash: Sha256Digest::of(&tag),
        })
    }

    fn mask(&self, label: &[u8], tag: &[u8; 16], mut locator: [u8; 16]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(label);
        context.update(&[0]);
        context.update(tag);
        for (byte, mask) in locator.iter_mut().zip(context.sign().as_ref()) {
            *byte ^= mask;
        }
        locator
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tegata_protocol::SystemRng;

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let (locator, rng) = (Locator::new(&[7; 32]), SystemRng::new());
        let ids = locator.make_flow_ids(FlowSeq(41), &rng);
        let opened = locator.open_auth_req_id(&ids.auth_req_id).unwrap();
        assert_eq!((opened.seq, opened.tag_hash), (FlowSeq(41), ids.tag_hash));
        assert_eq!(ids.auth_req_id.as_str().len(), 43);
        assert_eq!(
            locator
                .open_consent_request_id(&ids.consent_request_id)
                .unwrap()
                .seq,
            FlowSeq(41)
        );

        let as_auth_req_id = AuthReqId::parse(ids.consent_request_id.as_str()).unwrap();
        assert_eq!(
            locator.open_auth_req_id(&as_auth_req_id),
            None,
            "labels keep the kinds apart"
        );
        let (jti, _) = locator.make_jwt_id(FlowSeq(41), &rng);
        let (refresh, _) = locator.make_refresh_token(FlowSeq(41), &rng);
        assert!(locator.open_jwt_id(&jti).is_some());
        assert_eq!(locator.open_access_token(&jti), None, "a name is no token");
        assert_eq!(locator.open_refresh_token(&jti), None);
        assert!(locator.open_refresh_token(refresh.expose()).is_some());
        assert_eq!(locator.open_access_token(refresh.expose()), None);
        assert_eq!(
            Locator::new(&[8; 32]).open_auth_req_id(&ids.auth_req_id),
            None,
            "another key opens nothing"
        );
    }

    /// Conformance: CIBA-7.3-entropy
    #[test]
    fn neighbouring_rows_have_unrelated_identifiers() {
        let (locator, rng) = (Locator::new(&[7; 32]), SystemRng::new());
        let (a, b) = (
            locator.make_flow_ids(FlowSeq(1), &rng),
            locator.make_flow_ids(FlowSeq(1), &rng),
        );
        let same = a
            .auth_req_id
            .as_str()
            .bytes()
            .zip(b.auth_req_id.as_str().bytes())
            .filter(|(x, y)| x == y)
            .count();
        assert!(
            same < 15,
            "the visible part does not depend on the row number alone: {same} of 43 equal"
        );
    }

    /// Conformance: CIBA-7.3-entropy
    #[test]
    fn chance_is_in_every_bit_of_an_identifier() {
        let (locator, rng) = (Locator::new(&[7; 32]), SystemRng::new());
        let (mut ones, mut zeros) = ([0_u8; 32], [0_u8; 32]);
        for _ in 0..100 {
            let id = locator.make_flow_ids(FlowSeq(1), &rng).auth_req_id;
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            assert!(id.as_str().len() == 43 && id.as_str().bytes().all(is_allowed));
            for (at, byte) in decode_b64u(id.as_str()).unwrap().into_iter().enumerate() {
                ones[at] |= byte;
                zeros[at] |= !byte;
            }
        }
        // That one of 256 bits stays the same by chance happens once in 2^91 runs.
        assert_eq!((ones, zeros), ([0xff; 32], [0xff; 32]));
    }
}
