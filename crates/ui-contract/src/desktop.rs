//! What the app does on a desktop beside showing its screens.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AccountId, PinEntry};

/// What this machine offers, and what waits for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DesktopView {
    /// Whether an icon of the app is shown that can bring a hidden window back.
    pub tray: bool,
    /// Whether the app can start itself at login.
    pub autostart: bool,
    /// Whether notifications can be shown.
    pub notifications: bool,
    /// Whether the window can be kept out of screen recordings.
    pub content_protection: bool,
    /// Whether pictures of a camera can be asked for.
    pub camera: bool,
    /// The person closed the window, and no choice of theirs says what that means.
    pub close_asked: bool,
}

/// What closing the window means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CloseChoice {
    /// Ask each time.
    #[default]
    Ask,
    /// Keep running in the tray, so that requests still arrive. Where there is no tray it is asked.
    Hide,
    /// End the app.
    Quit,
}

/// The person's answer to `close_asked`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
pub struct CloseAnswerRequest {
    /// Absent: stay open.
    pub choice: Option<CloseChoice>,
    /// Keep it as a preference.
    pub remember: bool,
}

/// Whether the screens are covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LockView {
    /// While covered, nothing but this view, preferences and the accounts' names can be had; `app_locked` otherwise.
    pub locked: bool,
}

/// Uncovers the screens.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct UnlockRequest {
    /// The account whose PIN it is. Wrong tries count as they do in an approval.
    pub account: AccountId,
    /// As typed.
    pub pin: PinEntry,
}
