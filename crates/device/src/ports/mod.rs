//! What the device needs from outside, as traits: a person, a place for one secret per account, a network, an approval
//! key. Clock and randomness are [`tegata_protocol::Clock`] and [`tegata_protocol::Rng`].
//!
//! To add an implementation: implement the trait in a file of its own and hand it to [`crate::Device::open`] in
//! [`Ports`].

mod approval_key;
mod person;
mod secret;
mod transport;

pub use approval_key::{
    ApprovalKey, ApprovalKeyError, MadeApprovalKey, StoredApprovalKey, UnlockedApprovalKey,
};
pub use person::{GivenPin, PersonCheck, PersonCheckError, PinReason};
pub use secret::{AccountSecret, SecretStore, SecretStoreError};
pub use transport::{
    HttpMethod, HttpRequest, HttpResponse, Network, NetworkSettings, ProxySetting, Socket,
    Transport, TransportError,
};

use std::sync::Arc;
use tegata_protocol::{Clock, Rng};

/// Everything that [`crate::Device::open`] is given.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for nonces, ids and jitter. Keys are made with the system's generator, the only one ring accepts.
    pub rng: Arc<dyn Rng>,
    /// The 32-byte secret of each account.
    pub secrets: Arc<dyn SecretStore>,
    /// HTTP and WebSocket.
    pub network: Arc<dyn Network>,
    /// What makes and unlocks approval keys.
    pub approval: Arc<dyn ApprovalKey>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports")
    }
}
