//! The app beside its window: tray, notifications, cover, what closing means, and what is asked for from outside.
//!
//! [`Desktop`] holds what of that has state. Nothing here ticks: it waits for changes of the device, and once for the end of
//! the first request and of the time without use.

mod attention;
mod closing;
mod follow;
mod lock;
mod picture;
mod screen;
#[cfg(test)]
mod tests;

pub(crate) use closing::Closing;
pub(crate) use picture::Picture;
pub(crate) use screen::{AppScreen, Screen};

use crate::{
    events::Events,
    platform::{Autostart, Face, Note, Notifications, Pressed, Slot, Tray, TrayEvent},
    words::{Counted, Word, Words},
};
use attention::Waiting;
use lock::Lock;
use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tegata_device::{Device, Health, RequestKey};
use tegata_protocol::device::decision::DenyReason;
use tegata_ui_contract::{CodeEntry, UiEvent};

/// Cheap to clone; every clone is the same.
#[derive(Clone)]
pub(crate) struct Desktop(Arc<Inner>);

pub(crate) struct Inner {
    device: Device,
    events: Events,
    screen: Box<dyn Screen>,
    autostart: Autostart,
    lock: Lock,
    notifications: OnceLock<Notifications>,
    tray: OnceLock<Tray>,
    tray_shown: AtomicBool,
    close_asked: AtomicBool,
    protected: AtomicBool,
    asked: Mutex<Option<RequestKey>>,
    link: Mutex<Option<CodeEntry>>,
    /// The request that the notification on the screen can deny.
    noted: Mutex<Option<RequestKey>>,
    icon: Picture,
}

impl Desktop {
    /// Covered at once if the person wants it covered after a time: whoever starts the app need not be them.
    pub(crate) fn new(
        device: Device,
        events: Events,
        screen: Box<dyn Screen>,
        autostart: Autostart,
        icon: Picture,
    ) -> Self {
        let covered = device.settings().lock_after_minutes > 0 && can_be_uncovered(&device);
        Self(Arc::new(Inner {
            device,
            events,
            screen,
            autostart,
            lock: Lock::new(covered),
            notifications: OnceLock::new(),
            tray: OnceLock::new(),
            tray_shown: AtomicBool::new(false),
            close_asked: AtomicBool::new(false),
            protected: AtomicBool::new(false),
            asked: Mutex::new(None),
            link: Mutex::new(None),
            noted: Mutex::new(None),
            icon,
        }))
    }

    pub(crate) fn screen(&self) -> &dyn Screen {
        self.0.screen.as_ref()
    }

    pub(crate) fn autostart(&self) -> &Autostart {
        &self.0.autostart
    }

    pub(crate) fn has_tray(&self) -> bool {
        self.0.tray_shown.load(Ordering::SeqCst)
    }

    /// Whether something on this machine shows notifications.
    pub(crate) async fn has_notifications(&self) -> bool {
        match self.0.notifications.get() {
            Some(notifications) => notifications.available().await,
            None => false,
        }
    }

    pub(crate) fn is_covered(&self) -> bool {
        self.0.lock.is_covered()
    }

    /// The person did something in the window.
    pub(crate) fn use_now(&self) {
        self.0.lock.use_now();
    }

    /// Covers the screens, unless nothing could uncover them again.
    pub(crate) fn cover(&self) {
        if can_be_uncovered(&self.0.device) && self.0.lock.set(true) {
            self.0.events.emit(UiEvent::LockChanged);
            self.reflect();
        }
    }

    /// The person has shown who they are.
    pub(crate) fn uncover(&self) {
        if self.0.lock.set(false) {
            self.0.events.emit(UiEvent::LockChanged);
            self.reflect();
        }
    }

    /// Covers the screens as the session is left, if the person wants them covered at all.
    pub(crate) fn session_left(&self) {
        if self.0.device.settings().lock_after_minutes > 0 {
            self.cover();
        }
    }

    /// Preferences are other ones.
    pub(crate) fn settings_changed(&self) {
        self.0.lock.reconsider();
        self.reflect();
    }

    /// What is to be done as the person closes the window.
    pub(crate) fn close(&self) -> Closing {
        let choice = self.0.device.settings().on_close;
        let asked = self.is_close_asked();
        let closing = closing::closing(choice, self.has_tray(), asked);
        if closing == Closing::Ask {
            self.set_close_asked(true);
        }
        closing
    }

    pub(crate) fn is_close_asked(&self) -> bool {
        self.0.close_asked.load(Ordering::SeqCst)
    }

    pub(crate) fn set_close_asked(&self, asked: bool) {
        if self.0.close_asked.swap(asked, Ordering::SeqCst) != asked {
            self.0.events.emit(UiEvent::DesktopChanged);
        }
    }

    /// Shows the window, on this request if there is one.
    pub(crate) fn open(&self, request: Option<RequestKey>) {
        let is_one = request.is_some();
        if is_one {
            *guard(&self.0.asked) = request;
        }
        self.screen().present();
        if is_one {
            self.0.events.emit(UiEvent::RequestAsked);
        }
    }

    /// The request that was asked for, once.
    pub(crate) fn take_asked(&self) -> Option<RequestKey> {
        guard(&self.0.asked).take()
    }

    /// Keeps an opened link until the screens are uncovered.
    pub(crate) fn keep_link(&self, link: CodeEntry) {
        *guard(&self.0.link) = Some(link);
    }

    pub(crate) fn take_link(&self) -> Option<CodeEntry> {
        guard(&self.0.link).take()
    }

    /// The person pressed something on a notification.
    pub(crate) fn pressed(&self, slot: Slot, pressed: Pressed) {
        let waiting = Waiting::of(&self.0.device);
        match pressed {
            Pressed::Open if slot == Slot::Requests => self.open(waiting.only().cloned()),
            Pressed::Open => self.open(None),
            Pressed::Deny => self.deny(waiting.only().cloned()),
        }
    }

    /// Denies the one request that waits, if it is the one that the notification was about; else opens the window.
    fn deny(&self, request: Option<RequestKey>) {
        let noted = guard(&self.0.noted).take();
        let same = request.filter(|request| !self.is_covered() && noted.as_ref() == Some(request));
        let Some(request) = same else {
            return self.open(None);
        };
        let desktop = self.clone();
        tauri::async_runtime::spawn(async move {
            let device = &desktop.0.device;
            if let Err(error) = device.deny(&request, DenyReason::ChangedMind).await {
                tracing::warn!(%error, "notification.not_denied");
                desktop.open(Some(request));
            }
        });
    }

    /// What came of the tray. A hidden window whose tray has gone could not be found again, and is shown.
    pub(crate) fn tray_event(&self, event: TrayEvent) {
        match event {
            TrayEvent::Lock => self.cover(),
            TrayEvent::Open => self.open(Waiting::of(&self.0.device).only().cloned()),
            TrayEvent::Quit => self.screen().quit(),
            TrayEvent::Shown(shown) => {
                if self.0.tray_shown.swap(shown, Ordering::SeqCst) == shown {
                    return;
                }
                if !shown && !self.screen().is_shown() {
                    self.screen().present();
                }
                self.0.events.emit(UiEvent::DesktopChanged);
            }
        }
    }

    /// Withdraws what would be left on the screen by an app that has ended.
    pub(crate) async fn leave(&self) {
        if let Some(notifications) = self.0.notifications.get() {
            notifications.withdraw(Slot::Requests);
            notifications.withdraw(Slot::Devices);
            notifications.available().await;
        }
    }

    fn words(&self) -> Words {
        Words::of(&self.0.device.settings().language())
    }

    fn face(&self, waiting: &Waiting) -> Face {
        let words = self.words();
        let count = waiting.requests.len();
        let can_lock = !self.is_covered() && can_be_uncovered(&self.0.device);
        Face {
            icon: self.0.icon.with_count(count),
            waiting: count,
            waiting_text: words.count(Counted::Waiting, count),
            open: words.say(Word::Open),
            lock: can_lock.then(|| words.say(Word::Lock)),
            quit: words.say(Word::Quit),
        }
    }

    fn note(&self, waiting: &Waiting) -> Note {
        let words = self.words();
        let deny = waiting.only().is_some() && !self.is_covered();
        Note {
            title: words.say(Word::NoteTitle),
            body: words.count(Counted::NoteBody, waiting.requests.len()),
            open: words.say(Word::NoteOpen),
            deny: deny.then(|| words.say(Word::Deny)),
            sound: self.0.device.settings().sound,
        }
    }

    fn devices_note(&self) -> Note {
        let words = self.words();
        Note {
            title: words.say(Word::DevicesTitle),
            body: words.say(Word::DevicesBody),
            open: words.say(Word::NoteOpen),
            deny: None,
            sound: self.0.device.settings().sound,
        }
    }
}

/// Whether some account's PIN can be tried. Without one a cover would be for good, and there is nothing to approve under it.
fn can_be_uncovered(device: &Device) -> bool {
    let accounts = device.accounts();
    let lost = |health| matches!(health, Health::KeyLost | Health::PinLocked);
    accounts.iter().any(|account| !lost(account.health))
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
