//! Follows the device: tray, notifications and protection say what is so.

use super::{
    Desktop,
    attention::{Attention, Change, Waiting},
    guard,
};
use crate::platform::{Notifications, Pressed, Slot, Tray, watch_session};
use chrono::{DateTime, Local, Timelike as _};
use std::{
    future::pending,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tauri::{AppHandle, Runtime};
use tegata_device::{Changes, Settings};

/// How long after the login a desktop may take to show its tray.
const TRAY_COMES_UP: Duration = Duration::from_secs(20);

impl Desktop {
    /// Shows the tray, and begins to follow the device, the time without use and the session.
    pub(crate) fn start<R: Runtime>(&self, app: &AppHandle<R>) {
        let desktop = self.clone();
        let on_pressed = move |slot: Slot, pressed: Pressed| desktop.pressed(slot, pressed);
        let notifications = Notifications::start(Arc::new(on_pressed));
        let desktop = self.clone();
        let face = self.face(&Waiting::of(&self.0.device));
        let tray = Tray::start(app, face, Arc::new(move |event| desktop.tray_event(event)));
        if self.0.notifications.set(notifications).is_err() || self.0.tray.set(tray).is_err() {
            tracing::error!("desktop.started_twice");
        }
        tauri::async_runtime::spawn(self.clone().follow());
        tauri::async_runtime::spawn(self.clone().cover_when_left_alone());
        let desktop = self.clone();
        tauri::async_runtime::spawn(watch_session(move || desktop.session_left()));
    }

    /// After a start that nobody watched: shows the window after all where no tray comes up with the desktop.
    pub(crate) async fn show_without_tray(self) {
        tokio::time::sleep(TRAY_COMES_UP).await;
        if !self.has_tray() {
            self.screen().present();
        }
    }

    async fn cover_when_left_alone(self) {
        loop {
            let settings = || self.0.device.settings().lock_after_minutes;
            let after = || match settings() {
                0 => None,
                minutes => Some(Duration::from_secs(u64::from(minutes) * 60)),
            };
            self.0.lock.is_left_alone(after).await;
            self.cover();
            // Where nothing could be covered, the time begins again.
            self.0.lock.use_now();
        }
    }

    /// Until the device is gone.
    pub(super) async fn follow(self) {
        let mut changes = self.0.device.changes();
        let mut attention = Attention::default();
        // Whatever came before this began is told too: the device connects before there is a window.
        changes.mark_changed();
        let mut told = Changes::default();
        loop {
            let waiting = self.reflect();
            self.tell(attention.note(&waiting), &waiting);
            let first_end = async {
                match waiting.first_end {
                    // The screens count down by the same clock; a moment later it is over for them too.
                    Some(left) => tokio::time::sleep(left + Duration::from_millis(50)).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                changed = changes.changed() => if changed.is_err() {
                    return;
                },
                () = first_end => {}
            }
            let now = *changes.borrow_and_update();
            self.changed(told, now);
            told = now;
        }
    }

    fn changed(&self, told: Changes, now: Changes) {
        if told.settings != now.settings {
            self.settings_changed();
        }
        let notices = told.notices != now.notices;
        if notices && self.0.device.settings().notifications && self.may_disturb() {
            let note = self.devices_note();
            if let Some(notifications) = self.0.notifications.get() {
                notifications.show(Slot::Devices, note);
            }
        }
    }

    /// Brings tray and protection to what is so now.
    pub(super) fn reflect(&self) -> Waiting {
        let waiting = Waiting::of(&self.0.device);
        if let Some(tray) = self.0.tray.get() {
            tray.show(self.face(&waiting));
        }
        let wanted = self.0.device.settings().protect_content;
        let protected = wanted && (!waiting.requests.is_empty() || self.is_covered());
        if self.0.protected.swap(protected, Ordering::SeqCst) != protected {
            self.screen().protect(protected);
        }
        waiting
    }

    fn tell(&self, change: Change, waiting: &Waiting) {
        let Some(notifications) = self.0.notifications.get() else {
            return;
        };
        match change {
            Change::Arrived => {
                let may_disturb = self.may_disturb();
                if may_disturb {
                    self.screen().call();
                }
                if may_disturb && self.0.device.settings().notifications {
                    let note = self.note(waiting);
                    let only = waiting.only().filter(|_| note.deny.is_some());
                    *guard(&self.0.noted) = only.cloned();
                    notifications.show(Slot::Requests, note);
                } else {
                    // What it says is not so any more.
                    notifications.withdraw(Slot::Requests);
                }
            }
            Change::Emptied => notifications.withdraw(Slot::Requests),
            Change::Fewer | Change::None => {}
        }
    }

    /// Neither while the person has the window before them, nor at a time that is to be quiet.
    fn may_disturb(&self) -> bool {
        let settings = self.0.device.settings();
        let minute = minute_of_day(self.0.device.now_millis());
        !is_quiet(&settings, minute) && !self.screen().is_in_use()
    }
}

fn is_quiet(settings: &Settings, minute: u32) -> bool {
    let quiet = settings.quiet_hours;
    quiet.is_some_and(|quiet| quiet.contains(minute))
}

/// By the clock on the wall here.
fn minute_of_day(millis: i64) -> u32 {
    let time = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    let local = time.with_timezone(&Local);
    local.hour() * 60 + local.minute()
}

#[cfg(test)]
mod time_tests {
    use super::*;
    use tegata_device::settings::QuietHours;

    #[test]
    fn a_day_has_1440_minutes_which_pass_one_by_one() {
        let start = 1_795_000_000_000;
        let mut seen = vec![0; 1440];
        for minute in 0..1440 {
            let found = minute_of_day(start + minute * 60_000);
            seen[usize::try_from(found).unwrap()] += 1;
        }
        assert!(seen.iter().all(|times| *times == 1), "{seen:?}");
    }

    #[test]
    fn quiet_hours_are_quiet_over_midnight() {
        let quiet = QuietHours {
            from: 22 * 60,
            to: 7 * 60,
        };
        let mut settings = Settings::default();
        assert!(!is_quiet(&settings, 23 * 60));
        settings.quiet_hours = Some(quiet);
        for (minute, expected) in [(22 * 60, true), (0, true), (419, true), (420, false)] {
            assert_eq!(is_quiet(&settings, minute), expected, "{minute}");
        }
    }
}
