//! `Tegata-Proof`: every request of a device is signed by its possession key (`docs/protocol.md` section 5).
//!
//! There are no bearer secrets. A proof is never interchangeable with an OAuth DPoP proof: another `typ`, another header.

use super::{V1, limits, typ};
use crate::{
    bytes::Sha256Digest,
    ids::DeviceId,
    jws::{self, JwsError, UnverifiedJws},
    keys::{PublicKey, SigningKey, Thumbprint},
};
use serde::{Deserialize, Serialize};

/// Header of requests that carries the proof.
pub const PROOF_HEADER: &str = "tegata-proof";
/// Header of every answer that carries the next nonce.
pub const NONCE_HEADER: &str = "tegata-nonce";
/// How long a nonce is good, in seconds.
pub const NONCE_SECONDS: i64 = 300;

/// Payload of `tegata-proof+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Version.
    pub v: V1,
    /// The device.
    pub iss: DeviceId,
    /// HTTP method, upper case; `GET` for a WebSocket.
    pub htm: String,
    /// The endpoint's URL exactly as the signed metadata has it.
    pub htu: String,
    /// Unique for this proof; 16 random bytes as base64url.
    pub jti: String,
    /// The server's nonce.
    pub nonce: String,
    /// SHA-256 of the request body; of nothing for a WebSocket.
    pub body: Sha256Digest,
}

/// Why a proof is refused. All but [`ProofError::Nonce`] are `proof_invalid` on the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The JWS.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Another device, method, URL or body.
    #[error("the proof is for another request")]
    Binding,
    /// The nonce is missing, old or not ours: `use_nonce`.
    #[error("the proof needs a fresh nonce")]
    Nonce,
}

/// What a proof must fit.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedProof<'a> {
    /// HTTP method.
    pub htm: &'a str,
    /// The endpoint's URL.
    pub htu: &'a str,
    /// The request body.
    pub body: &'a [u8],
}

/// Signs a proof.
pub fn sign_proof(key: &SigningKey, proof: &Proof) -> String {
    jws::sign(key, typ::PROOF, proof)
}

/// The thumbprint of the key that claims to have signed, with which the server finds the device.
///
/// # Errors
/// [`ProofError::Jws`].
pub fn peek_kid(proof_jws: &str) -> Result<Thumbprint, ProofError> {
    Ok(UnverifiedJws::parse(proof_jws, typ::PROOF, limits::MESSAGE)?.kid())
}

/// Checks a proof by the possession key of `device`. The nonce is checked by `is_fresh`, last, so that only a holder of
/// the key learns that its nonce is old. Replay of `jti` is the caller's to refuse.
///
/// # Errors
/// [`ProofError`].
pub fn verify_proof(
    proof_jws: &str,
    key: &PublicKey,
    device: &DeviceId,
    expected: &ExpectedProof<'_>,
    is_fresh: impl FnOnce(&str) -> bool,
) -> Result<Proof, ProofError> {
    let proof: Proof = jws::verify(proof_jws, typ::PROOF, limits::MESSAGE, &[*key])?;
    let bound = proof.iss == *device
        && proof.htm == expected.htm
        && proof.htu == expected.htu
        && proof.body == Sha256Digest::of(expected.body)
        && proof.jti.len() <= 64;
    if !bound {
        return Err(ProofError::Binding);
    }
    if is_fresh(&proof.nonce) {
        Ok(proof)
    } else {
        Err(ProofError::Nonce)
    }
}
