//! The end of this device at one server: its keys are wiped, and what happened stays readable.

use crate::{
    account::Standing,
    device::Device,
    error::AccessError,
    live::{LiveAccount, Session, lock},
    model::Health,
    pin::destroy_keys,
};
use tegata_protocol::{B64, device::problem::CloseReason};

impl Device {
    /// Wipes the keys of an account whose device the server has revoked, and closes what waits.
    pub(super) async fn retire(
        &self,
        live: &LiveAccount,
        session: &Session,
    ) -> Result<(), AccessError> {
        session.update(|_, state| {
            destroy_keys(self, state);
            state.possession_sealed = B64(Vec::new());
            state.standing = Standing::Revoked;
            state.unsent = None;
        })?;
        let ended = lock(&live.inbox).close_open(&CloseReason::Moved);
        self.record_closed(session, &ended);
        // The opened account holds the possession key; the next one to open it finds none.
        *live.session.lock().await = None;
        live.set_health(Health::DeviceRevoked);
        live.wake.notify_one();
        self.changed(|changes| {
            changes.accounts += 1;
            changes.devices += 1;
            changes.inbox += 1;
        });
        Ok(())
    }
}
