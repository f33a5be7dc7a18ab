//! What commands share.

use crate::{events::Events, pairing_session::PairingSession};
use std::sync::Arc;
use tegata_device::Device;
use tegata_protocol::Clock;

pub(crate) struct AppState {
    pub(crate) device: Device,
    pub(crate) pairing: PairingSession,
}

impl AppState {
    pub(crate) fn new(device: Device, clock: Arc<dyn Clock>, events: Events) -> Self {
        Self {
            pairing: PairingSession::new(device.clone(), clock, events),
            device,
        }
    }
}
