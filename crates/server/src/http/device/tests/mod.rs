//! The gateway over its real router and a real store, with the protocol's own functions playing the device.

mod decisions;
pub(crate) mod fixture;
mod metadata;
mod pages;
mod pairing;
mod proofs;
