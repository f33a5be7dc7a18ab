//! The authentication device without a window: accounts, pairing, inbox, verification, decisions, history.
//!
//! [`Device`] is what the app's window and the `tegata` terminal device both use. What it needs from outside comes through
//! [`ports`]: person, secret store, network, approval key, clock, randomness. The protocol itself, to the byte, is
//! `tegata_protocol`'s; this crate decides when which message is sent, and keeps what has to be kept.
//!
//! What it does **not** do: no window, no words for people beyond English diagnostics, no push service. It never decides by
//! itself: nothing is approved or denied, and after a restart nothing is sent, without the person.
//!
//! To add a secret store, a transport or a kind of approval key: implement the trait of [`ports`] in one file and hand it to
//! [`Device::open`].

pub mod account;
pub mod calendar;
mod decide;
mod device;
pub mod error;
mod gateway;
pub mod history;
mod inbox;
pub mod keys;
mod live;
pub mod management;
mod metadata;
pub mod model;
pub mod pairing;
pub mod pin;
pub mod ports;
pub mod secret_store;
pub mod self_test;
pub mod settings;
#[cfg(test)]
mod test_server;
pub mod transport;

pub use account::{AccountLook, LocalAccountId};
pub use device::{Device, DeviceConfig};
pub use keys::{Pin, PinWeakness};
pub use model::{
    AccountSummary, BlockReason, BlockedMessage, Changes, Connection, Health, InboxSnapshot,
    RequestKey, RequestSnapshot, RequestState,
};
pub use settings::Settings;
