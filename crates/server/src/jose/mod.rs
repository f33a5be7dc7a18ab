//! JSON Object Signing and Encryption as OAuth uses it: what other people's libraries sign and verify.
//!
//! The device protocol has its own, stricter JWS (`tegata_protocol::jws`): one algorithm, one form of header. Client
//! assertions, request objects and hints are made by libraries that are not ours, so headers here may hold members that
//! mean nothing to us, keys come in three kinds, and a `kid` is whatever a client calls its key.
//!
//! What this does **not** do: encryption, symmetric algorithms but for clients' own secrets. Every signature is checked by ring.
//!
//! To add an algorithm: a variant of [`Algorithm`], its key in `key`, its line in both directions there, and vectors
//! from another implementation in the tests.

mod algorithm;
mod compact;
mod key;
mod remote;

pub use algorithm::Algorithm;
pub(crate) use compact::{CompactError, CompactJws, SecretJws};
pub(crate) use key::{KeySet, MAX_KEYS, VerifyingKey, is_private};
pub use remote::RemoteKeys;
pub(crate) use remote::{MAX_SET, RemoteKeysError};

#[cfg(test)]
mod tests;
