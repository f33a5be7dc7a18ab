//! The contract between an OpenID Provider and a person's authentication device, and the wire types of CIBA.
//!
//! Everything that both sides must agree on to the byte is here: JSON restrictions, signatures, WebAuthn
//! encodings, and one module per message of the device protocol ([`device`]). `docs/protocol.md` is the
//! normative text; every module names the section it implements.
//!
//! What this crate does **not** do: no network, no storage, no clock of its own, no threads, no run time. Bytes
//! come in, values or errors come out; bytes that are not exactly right are refused.
//!
//! To add a message: add a file under `device/` with its type, its `parse_*` function (bounded, I-JSON first),
//! a `fuzz_*` entry in [`fuzz`], and vectors in `tests/vectors/`.

pub mod bytes;
pub mod ciba;
pub mod device;
pub mod fuzz;
pub mod ids;
pub mod ijson;
pub mod jcs;
pub mod jws;
pub mod keys;
pub mod rng;
pub mod secret;
pub mod text;
pub mod time;
pub mod webauthn;

pub use bytes::{B64, Sha256Digest};
pub use ids::{AccountId, AuthReqId, ClientId, ConsentRequestId, DeviceId, PairingId};
pub use keys::{PublicKey, SigningKey, Thumbprint};
pub use rng::{Rng, SystemRng};
pub use secret::Secret;
pub use time::{Clock, FixedClock, SystemClock, UnixTime};
