//! Preferences of this device, in `settings.json`; none of them secret.

mod file;
#[cfg(test)]
mod tests;

use crate::{account::is_showable, model::RequestSnapshot, ports::NetworkSettings};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fs;
use tegata_protocol::device::prompt::RegisteredBy;

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// What the person can choose for all accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// The name under which servers list this device, for pairings to come; 1 to 64 code points.
    pub device_name: String,
    /// BCP 47 tag of the language in which prompts are wanted; `None` for the system's.
    pub locale: Option<String>,
    /// How the window looks; the core only keeps it.
    pub theme: Option<String>,
    /// How new pairings reach their server.
    pub network: NetworkSettings,
    /// Whether the window tells of what arrives, without any detail.
    pub notifications: bool,
    /// Whether it makes a sound.
    pub sound: bool,
    /// When it does neither.
    pub quiet_hours: Option<QuietHours>,
    /// Minutes without use after which the screens are covered, at most 1440; 0: never.
    pub lock_after_minutes: u32,
    /// What to do with requests of clients that registered themselves.
    pub unknown_clients: UnknownClients,
    /// Whether the app starts when the person logs in.
    pub start_at_login: bool,
    /// What closing the window means.
    pub on_close: CloseChoice,
    /// Whether the window is kept out of screen recordings while a request or a PIN is open.
    pub protect_content: bool,
    /// What another version wrote and this one does not understand, handed on as it is.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// A time of day by this machine's clock, in minutes since midnight, from one up to another, over midnight if need be. The
/// same minute twice is the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// First minute, below 1440.
    pub from: u32,
    /// The minute after the last one, below 1440.
    pub to: u32,
}

/// What to do with requests of clients whose name is their own words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownClients {
    /// Show them with a caution.
    #[default]
    Caution,
    /// They can only be denied here.
    DenyOnly,
}

/// What closing the window means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseChoice {
    /// Ask each time.
    #[default]
    Ask,
    /// Keep running out of sight.
    Hide,
    /// End the app.
    Quit,
}

/// Why preferences were not taken; then the old ones stand.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A value that cannot be.
    #[error("not acceptable: {0}")]
    Invalid(&'static str),
    /// The file system.
    #[error("the preferences cannot be written: {0}")]
    Io(#[from] std::io::Error),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            device_name: host_name(),
            locale: None,
            theme: None,
            network: NetworkSettings::default(),
            notifications: true,
            sound: false,
            quiet_hours: None,
            lock_after_minutes: 0,
            unknown_clients: UnknownClients::default(),
            start_at_login: false,
            on_close: CloseChoice::default(),
            protect_content: true,
            others: Map::new(),
        }
    }
}

impl QuietHours {
    /// Whether a minute of the day is quiet.
    #[must_use]
    pub fn contains(&self, minute: u32) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl Settings {
    /// The first value that cannot be, in words for developers.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > 64);
        let quiet = self.quiet_hours;
        let wrong = if self.device_name.trim().is_empty() || !is_showable(&self.device_name, 64) {
            "a device's name has 1 to 64 characters that can be shown"
        } else if long(&self.locale) || long(&self.theme) {
            "a language tag or theme has at most 64 bytes"
        } else if quiet.is_some_and(|quiet| quiet.from >= DAY || quiet.to >= DAY) {
            "a day has 1440 minutes, counted from 0"
        } else if self.lock_after_minutes > DAY {
            "the screens are covered after at most 1440 minutes"
        } else {
            return Ok(());
        };
        Err(SettingsError::Invalid(wrong))
    }

    /// Adds what these preferences make of a request.
    pub(crate) fn apply(&self, request: &mut RequestSnapshot) {
        request.unknown_client = self.unknown_clients == UnknownClients::DenyOnly
            && request.prompt.client.registered_by == RegisteredBy::Itself;
    }

    /// The language tag to ask prompts in: the chosen one, or the environment's, or `en`.
    pub fn language(&self) -> String {
        self.locale.clone().unwrap_or_else(|| {
            let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
            let tag = set.unwrap_or_default();
            let tag = tag.split(['_', '.', '@']).next().unwrap_or_default();
            match tag {
                "" | "C" | "POSIX" => "en".into(),
                tag => tag.chars().take(16).collect(),
            }
        })
    }
}

/// The host name where the system tells it in a file or the environment, else a plain word.
fn host_name() -> String {
    let from_file = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = from_file
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .unwrap_or_default();
    let name: String = name.trim().chars().take(64).collect();
    if name.is_empty() {
        "Tegata device".into()
    } else {
        name
    }
}
