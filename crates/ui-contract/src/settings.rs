//! Preferences and facts about the app.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the person can choose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SettingsView {
    /// Language of the screens and of the text that issuers send.
    pub locale: LocaleChoice,
    /// Light or dark.
    pub theme: ThemeChoice,
}

/// Choice of language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LocaleChoice {
    /// The operating system's, or English where there is no translation.
    #[default]
    Auto,
    /// English.
    En,
    /// Japanese.
    Ja,
}

/// A language that the screens exist in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    En,
    /// Japanese.
    Ja,
}

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
    /// What [`LocaleChoice::Auto`] comes to on this machine.
    pub system_language: Language,
}
