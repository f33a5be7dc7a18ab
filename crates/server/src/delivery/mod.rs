//! Which devices are listening, and how they are told that something changed.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tegata_protocol::DeviceId;
use tokio::sync::watch;

use crate::app::Doorbell;

/// The devices connected to this process. A cache: losing it costs a reconnect.
#[derive(Debug, Default)]
pub struct Registry {
    bells: Mutex<HashMap<DeviceId, watch::Sender<u64>>>,
}

impl Registry {
    /// A receiver that changes whenever the device's bell rings.
    pub fn listen(&self, device: &DeviceId) -> watch::Receiver<u64> {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.retain(|_, bell| bell.receiver_count() > 0);
        bells
            .entry(device.clone())
            .or_insert_with(|| watch::Sender::new(0))
            .subscribe()
    }
}

impl Doorbell for Registry {
    fn ring(&self, devices: &[DeviceId]) {
        let bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        for bell in devices.iter().filter_map(|device| bells.get(device)) {
            bell.send_modify(|rings| *rings = rings.wrapping_add(1));
        }
    }
}
