//! The gateway over its real router and a real store, with the protocol's own functions playing the device.

mod adding;
mod decisions;
pub(crate) mod fixture;
mod grading;
mod grants;
mod keys;
mod management;
mod metadata;
mod pages;
mod pairing;
mod proofs;
mod start;
