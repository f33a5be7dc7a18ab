//! What all request handlers share.

use std::{path::PathBuf, sync::Arc};
use tegata_protocol::{Clock, DeviceId, Rng, Secret, UnixTime};

use crate::{
    config::{Config, Issuer},
    delivery::Registry,
    demo::DemoState,
    domain::PollGate,
    keys::Keys,
    storage::StoreHandle,
};

/// The server's state, behind one `Arc`. Nothing in it is authoritative but the store.
#[derive(Debug)]
pub struct App {
    /// The configuration as read at start; `issuer` in it is what was configured, see [`App::issuer`].
    pub config: Config,
    /// The issuer in force.
    pub issuer: Issuer,
    /// The data folder.
    pub data_dir: PathBuf,
    /// What is true.
    pub store: StoreHandle,
    /// Time.
    pub clock: SharedClock,
    /// Randomness.
    pub rng: SharedRng,
    /// The server's keys.
    pub keys: Keys,
    /// Enforces polling intervals.
    pub poll_gate: PollGate,
    /// The devices that are connected; also the doorbell.
    pub delivery: Registry,
    /// For the demo consumption page, a client like any other.
    pub demo: DemoState,
    /// For the demo consumption page's own requests. No redirects, ten seconds at most.
    pub http_client: reqwest::Client,
    /// Opens the local admin interface.
    pub admin_token: Secret<String>,
}

impl App {
    /// Now, in whole seconds.
    pub fn now(&self) -> UnixTime {
        self.clock.0.now()
    }

    /// Randomness.
    pub fn rng(&self) -> &dyn Rng {
        self.rng.0.as_ref()
    }
}

/// Tells devices that there is something new. Carries no content and may be lost: a device that hears it fetches its
/// whole pending set.
pub trait Doorbell: Send + Sync {
    /// Rings for each of `devices`. Returns at once; unknown and absent devices are fine.
    fn ring(&self, devices: &[DeviceId]);
}

/// A clock that is shared and can be debug-printed with the rest of [`App`].
#[derive(Clone)]
pub struct SharedClock(
    /// The clock.
    pub Arc<dyn Clock>,
);

impl std::fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// A generator that is shared and can be debug-printed with the rest of [`App`].
#[derive(Clone)]
pub struct SharedRng(
    /// The generator.
    pub Arc<dyn Rng>,
);

impl std::fmt::Debug for SharedRng {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rng")
    }
}
