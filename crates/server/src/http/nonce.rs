//! Stateless nonces for proofs, of devices and of clients (RFC 9449 section 8): the time and some randomness, authenticated. Good for the configured time and never
//! longer than the protocol's five minutes.

use tegata_protocol::{
    bytes::{constant_time_eq, decode_b64u, encode_b64u},
    device::proof::NONCE_SECONDS,
    rng::random_bytes,
};

use crate::app::App;

/// For which kind of proof a nonce is; one is never taken for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NonceUse {
    /// A device's proof.
    Device,
    /// A client's DPoP proof.
    Dpop,
}

impl NonceUse {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Device => b"tegata nonce",
            Self::Dpop => b"tegata DPoP nonce",
        }
    }
}

/// A fresh nonce: base64url of 8 bytes of time in milliseconds, 8 random bytes, and 16 bytes of their keyed hash.
pub(crate) fn make(app: &App, nonce_use: NonceUse) -> String {
    let now = app.clock.0.now_millis();
    // The moment of the first nonce is noted here too.
    app.delivery.gateway.started(now);
    let mut nonce = now.to_be_bytes().to_vec();
    nonce.extend(random_bytes::<8>(app.rng()));
    let tag = app.keys.nonce_mac(&[nonce_use.label(), &nonce]);
    nonce.extend(tag.0.iter().take(16));
    encode_b64u(&nonce)
}

/// Whether this server made `nonce` for this use, in the last minutes and since it was started: what was used before a restart is no
/// longer remembered, so nonces of before are not accepted.
pub(crate) fn is_fresh(app: &App, nonce_use: NonceUse, nonce: &str) -> bool {
    let Some(bytes) = decode_b64u(nonce).ok().filter(|bytes| bytes.len() == 32) else {
        return false;
    };
    let (signed, tag) = bytes.split_at(16);
    let expected = app.keys.nonce_mac(&[nonce_use.label(), signed]);
    if !constant_time_eq(&expected.0[..16], tag) {
        return false;
    }
    let (time, _) = signed.split_at(8);
    let Ok(time) = time.try_into().map(i64::from_be_bytes) else {
        return false;
    };
    let now = app.clock.0.now_millis();
    let age = now.saturating_sub(time);
    time >= app.delivery.gateway.started(now) && (0..lifetime_millis(app)).contains(&age)
}

/// How long a nonce is good, in milliseconds.
pub(crate) fn lifetime_millis(app: &App) -> i64 {
    i64::from(app.config.lifetimes.nonce).min(NONCE_SECONDS) * 1000
}
