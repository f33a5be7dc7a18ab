//! What differs by operating system, behind the same names everywhere: `Notifications`, `Tray`, `Autostart`,
//! `watch_session`, `prepare_process`, `prepare_webview`.
//!
//! Linux is run and tested. macOS and Windows are written against the same crates' own interfaces. Elsewhere all of it is
//! absent and says so.

#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "absent.rs"]
mod system;
#[cfg(target_os = "linux")]
#[path = "linux/mod.rs"]
mod system;
#[cfg(any(target_os = "macos", target_os = "windows"))]
#[path = "native/mod.rs"]
mod system;

pub(crate) use system::{
    Autostart, Notifications, Tray, prepare_process, prepare_webview, watch_session,
};

use std::sync::Arc;

/// A start that nobody asked for just now, at login: the window stays hidden if there is a tray.
pub(crate) const HIDDEN: &str = "--hidden";

/// Whether the window can be kept out of screen recordings.
pub(crate) const CONTENT_PROTECTION: bool = cfg!(any(target_os = "macos", target_os = "windows"));

/// Whether the webview can ask for a camera's pictures.
pub(crate) const CAMERA: bool = cfg!(desktop);

/// Notifications that replace each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// What happened to the devices of an account.
    Devices,
    /// Requests that wait.
    Requests,
}

/// What a notification says. Nothing of it names a request, a client, an account or a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) title: String,
    pub(crate) body: String,
    /// Label of the action that opens the app.
    pub(crate) open: String,
    /// Label of the action that denies, if there is one.
    pub(crate) deny: Option<String>,
    pub(crate) sound: bool,
}

/// What the person pressed on a notification. There is nothing that approves.
#[cfg_attr(mobile, expect(dead_code, reason = "phones have none of ours yet"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressed {
    Deny,
    Open,
}

/// The tray's icon and menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Face {
    pub(crate) icon: crate::desktop::Picture,
    /// How many requests wait; 0: nothing calls for attention.
    pub(crate) waiting: usize,
    /// The same in words.
    pub(crate) waiting_text: String,
    pub(crate) open: String,
    /// Absent where covering the screens would leave no way to uncover them.
    pub(crate) lock: Option<String>,
    pub(crate) quit: String,
}

/// What came of the tray.
#[cfg_attr(mobile, expect(dead_code, reason = "phones have no tray"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TrayEvent {
    Lock,
    Open,
    Quit,
    /// Whether an icon is shown from now on.
    Shown(bool),
}

/// Called from any thread; must not block.
pub(crate) type OnPressed = Arc<dyn Fn(Slot, Pressed) + Send + Sync>;

/// Called from any thread; must not block.
pub(crate) type OnTray = Arc<dyn Fn(TrayEvent) + Send + Sync>;
