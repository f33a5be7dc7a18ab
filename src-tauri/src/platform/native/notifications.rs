//! Notifications by the system's centre. One thread waits for each answer, since the interface blocks.

use super::super::{Note, OnPressed, Pressed, Slot};
use notify_rust::{Notification, NotificationResponse};
use std::thread;

const OPEN: &str = "open";
const DENY: &str = "deny";

pub(crate) struct Notifications(OnPressed);

impl Notifications {
    pub(crate) fn start(on_pressed: OnPressed) -> Self {
        Self(on_pressed)
    }

    /// Shows a notification.
    pub(crate) fn show(&self, slot: Slot, note: Note) {
        let on_pressed = self.0.clone();
        thread::spawn(move || {
            let shown = build(&note).show().and_then(|shown| {
                shown.wait_for_response(|response: &NotificationResponse| {
                    if let Some(pressed) = read(response, &note) {
                        on_pressed(slot, pressed);
                    }
                })
            });
            if let Err(error) = shown {
                tracing::info!(%error, "notifications.refused");
            }
        });
    }

    /// Cannot be done here: a notification leaves by itself.
    pub(crate) fn withdraw(&self, _: Slot) {}

    /// Whether something on this machine shows notifications.
    #[expect(clippy::unused_async, reason = "other systems have to ask")]
    pub(crate) async fn available(&self) -> bool {
        true
    }
}

fn build(note: &Note) -> Notification {
    let mut notification = Notification::new();
    notification
        .summary(&note.title)
        .body(&note.body)
        .action(OPEN, &note.open);
    if let Some(deny) = &note.deny {
        notification.action(DENY, deny);
    }
    if note.sound {
        notification.sound_name("Default");
    }
    #[cfg(target_os = "windows")]
    notification.app_id("org.tegata.Tegata");
    notification
}

/// macOS tells a button by its label.
fn read(response: &NotificationResponse, note: &Note) -> Option<Pressed> {
    match response {
        NotificationResponse::Default => Some(Pressed::Open),
        NotificationResponse::Action(name) if name == OPEN || *name == note.open => {
            Some(Pressed::Open)
        }
        NotificationResponse::Action(name) if name == DENY || Some(name) == note.deny.as_ref() => {
            Some(Pressed::Deny)
        }
        _ => None,
    }
}
