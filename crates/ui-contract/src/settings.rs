//! Preferences and facts about the app.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::CloseChoice;

/// What the person can choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SettingsView {
    /// Language of the screens and of the text that issuers send; absent: the operating system's.
    pub locale: Option<Language>,
    /// Light or dark.
    pub theme: ThemeChoice,
    /// Whether a notification without any detail is shown when something arrives.
    pub notifications: bool,
    /// Whether it comes with a sound.
    pub sound: bool,
    /// When notifications stay silent and unseen; requests still arrive.
    pub quiet_hours: Option<QuietHours>,
    /// Minutes without use after which the screens are covered; 0: never. At most 1440.
    pub lock_after_minutes: u32,
    /// What to do with clients that registered themselves.
    pub unknown_clients: UnknownClients,
    /// Whether the app starts when the person logs in.
    pub start_at_login: bool,
    /// What closing the window means.
    pub on_close: CloseChoice,
    /// Whether the window is kept out of screen recordings while a request or a PIN is open.
    pub protect_content: bool,
}

/// A time of day by this machine's clock, from one minute of the day to another, over midnight if need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QuietHours {
    /// Minutes since midnight, below 1440.
    pub from: u32,
    /// Minutes since midnight, below 1440.
    pub to: u32,
}

/// What to do with requests of clients whose name is their own words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UnknownClients {
    /// Show them with a caution.
    #[default]
    Caution,
    /// Show them so that they can only be denied.
    DenyOnly,
}

/// A language by its BCP 47 tag. Which ones the screens exist in is known to the screens alone: they choose the nearest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct Language(pub String);

/// Choice of appearance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// The operating system's.
    #[default]
    Auto,
    /// Always dark.
    Dark,
    /// Always light.
    Light,
}

/// Facts about the app and its machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AppInfoView {
    /// Version of the app.
    pub version: String,
    /// The operating system's.
    pub system_language: Language,
}
