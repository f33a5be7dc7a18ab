//! A device that the scripted server has paired.

use super::{PIN, TestServer};
use crate::{Device, Pin, RequestKey, ports::GivenPin, secret_store::MemoryStore};
use std::sync::Arc;
use tegata_protocol::ConsentRequestId;

/// A paired device with its folder, its secrets and its server.
pub(crate) struct Paired {
    pub(crate) server: Arc<TestServer>,
    pub(crate) device: Device,
    pub(crate) secrets: Arc<MemoryStore>,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) account: crate::LocalAccountId,
}

impl Paired {
    pub(crate) async fn new() -> Self {
        let server = TestServer::start();
        let folder = tempfile::tempdir().unwrap();
        let secrets = Arc::new(MemoryStore::default());
        let device = server.device(folder.path(), Arc::clone(&secrets));
        server.state.lock().unwrap().confirmed = true;
        let pin = Pin::choose(PIN).unwrap();
        let offered = device
            .read_invitation(&server.link())
            .unwrap()
            .check()
            .await;
        let made = offered.unwrap().accept().make_keys(pin).await.unwrap();
        let account = made.register().await.unwrap().confirmed().await.unwrap();
        Self {
            server,
            device,
            secrets,
            folder,
            account: account.id,
        }
    }

    /// The same folder and secrets in a new process, as far as one test can have one.
    pub(crate) fn restart(&mut self) {
        self.device = self
            .server
            .device(self.folder.path(), Arc::clone(&self.secrets));
    }

    pub(crate) fn key(&self, request: &str) -> RequestKey {
        RequestKey {
            account: self.account.clone(),
            request: ConsentRequestId::parse(request).unwrap(),
        }
    }

    pub(crate) async fn refresh(&self) {
        self.device.refresh(&self.account).await.unwrap();
    }

    pub(crate) fn session_state(&self) -> crate::account::AccountState {
        let live = self.device.live(&self.account).unwrap();
        let session = live.session.try_lock().unwrap().clone().unwrap();
        session.read_state().unwrap()
    }
}

pub(crate) fn person(pin: &str) -> GivenPin {
    GivenPin(Pin::typed(pin).unwrap())
}
