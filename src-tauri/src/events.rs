//! Tells the screens which views have become stale.

use std::sync::Arc;
use tegata_device::{Changes, Device};
use tegata_ui_contract::UiEvent;

/// Emits events; the window's, or a recorder in tests.
#[derive(Clone)]
pub(crate) struct Events(Arc<dyn Fn(UiEvent) + Send + Sync>);

impl Events {
    pub(crate) fn new(emit: impl Fn(UiEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(emit))
    }

    pub(crate) fn emit(&self, event: UiEvent) {
        (self.0)(event);
    }

    /// Follows the device's changes until the device is gone.
    pub(crate) async fn follow(self, device: Device) {
        let mut changes = device.changes();
        drop(device);
        let mut told = *changes.borrow_and_update();
        while changes.changed().await.is_ok() {
            let now = *changes.borrow_and_update();
            for event in stale(told, now) {
                self.emit(event);
            }
            told = now;
        }
    }
}

fn stale(told: Changes, now: Changes) -> impl Iterator<Item = UiEvent> {
    [
        (told.accounts != now.accounts).then_some(UiEvent::AccountsChanged),
        (told.devices != now.devices).then_some(UiEvent::DevicesChanged),
        (told.history != now.history).then_some(UiEvent::HistoryChanged),
        (told.inbox != now.inbox).then_some(UiEvent::InboxChanged),
        (told.settings != now.settings).then_some(UiEvent::SettingsChanged),
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_told() {
        let before = Changes::default();
        let after = Changes { inbox: 3, ..before };
        assert_eq!(
            stale(before, after).collect::<Vec<_>>(),
            [UiEvent::InboxChanged]
        );
        assert_eq!(stale(after, after).count(), 0);
    }
}
