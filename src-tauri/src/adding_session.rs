//! The one addition of a device that may be under way.

use std::sync::Arc;
use tegata_device::{
    Device, LocalAccountId,
    management::{Adding, AddingError, ManagementError},
};
use tokio::sync::RwLock;

/// Cheap to clone; every clone is the same session.
#[derive(Clone)]
pub(crate) struct AddingSession {
    device: Device,
    slot: Arc<RwLock<Option<Adding>>>,
}

impl AddingSession {
    pub(crate) fn new(device: Device) -> Self {
        let slot = Arc::new(RwLock::new(None));
        Self { device, slot }
    }

    /// What `look` makes of the addition under way.
    pub(crate) async fn view<T>(&self, look: impl FnOnce(Option<&Adding>) -> T) -> T {
        look(self.slot.read().await.as_ref())
    }

    /// Begins anew.
    pub(crate) async fn start(
        &self,
        id: &LocalAccountId,
        moving: bool,
    ) -> Result<(), ManagementError> {
        self.cancel().await;
        let adding = self.device.add_device(id, moving).await?;
        let replaced = self.slot.write().await.replace(adding);
        if let Some(replaced) = replaced {
            replaced.cancel().await;
        }
        Ok(())
    }

    /// Confirms the other device by its digits.
    pub(crate) async fn confirm(&self, digits: &str) -> Result<(), AddingError> {
        match self.slot.read().await.as_ref() {
            Some(adding) => adding.confirm(digits).await.map(drop),
            None => Err(AddingError::Phase),
        }
    }

    /// Ends what is under way. What has ended is only put away.
    pub(crate) async fn cancel(&self) {
        let ended = self.slot.write().await.take();
        if let Some(adding) = ended {
            adding.cancel().await;
        }
    }
}
