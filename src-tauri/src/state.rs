//! What commands share.

use crate::{
    adding_session::AddingSession, browser::Browser, desktop::Desktop, events::Events,
    pairing_session::PairingSession,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tegata_device::{
    Device,
    self_test::{SelfTest, SelfTestOptions},
};
use tegata_protocol::Clock;
use tegata_ui_contract::{CodeEntry, UiEvent};

pub(crate) struct AppState {
    pub(crate) device: Device,
    pub(crate) pairing: PairingSession,
    pub(crate) adding: AddingSession,
    pub(crate) desktop: Desktop,
    events: Events,
    self_test: Mutex<Option<SelfTest>>,
}

impl AppState {
    pub(crate) fn new(
        device: Device,
        clock: Arc<dyn Clock>,
        events: Events,
        desktop: Desktop,
        browser: Browser,
    ) -> Self {
        Self {
            pairing: PairingSession::new(device.clone(), clock, events.clone(), browser),
            adding: AddingSession::new(device.clone()),
            device,
            desktop,
            events,
            self_test: Mutex::new(None),
        }
    }

    /// The self-test of this start of the app, if there was one.
    pub(crate) fn self_test(&self) -> MutexGuard<'_, Option<SelfTest>> {
        self.self_test
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a self-test, ending one that is under way, and tells the screens as it goes on. On the tokio run time.
    pub(crate) fn start_self_test(&self, options: SelfTestOptions) {
        let test = self.device.self_test(options);
        let (mut states, events) = (test.states(), self.events.clone());
        *self.self_test() = Some(test);
        tauri::async_runtime::spawn(async move {
            while states.changed().await.is_ok() {
                states.borrow_and_update();
                events.emit(UiEvent::SelfTestChanged);
            }
        });
    }

    /// A link was opened outside the window, by whoever made it: pairing decides what it is worth, and asks the person before
    /// anything is agreed to. Covered screens take it when they are uncovered.
    pub(crate) fn open_link(&self, link: CodeEntry) {
        if self.desktop.is_covered() {
            self.desktop.keep_link(link);
        } else {
            self.pairing.open_link(link);
        }
        self.desktop.open(None);
    }
}
