//! The file: read member by member, so that one that is not understood costs no other, and written with what was not
//! understood still in it.

use super::{Settings, SettingsError};
use crate::account::write_atomically;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::{fs, io, path::Path};
use tegata_protocol::ijson;

/// Longest file, in bytes.
const MAX_FILE: usize = 64 * 1024;

/// Each member by its name in the file.
macro_rules! take_members {
    ($settings:ident from $others:ident: $($member:ident),+) => {$(
        take(&mut $settings, &mut $others, stringify!($member), |settings, value| {
            settings.$member = value;
        });
    )+};
}

impl Settings {
    /// Reads them; the default of every member that is missing or not understood, because preferences must never keep
    /// somebody from answering.
    pub(crate) fn read(data_dir: &Path) -> Self {
        let bytes = fs::read(data_dir.join("settings.json")).unwrap_or_default();
        let mut others: Map<String, Value> = ijson::parse(&bytes, MAX_FILE).unwrap_or_default();
        let mut settings = Self::default();
        take_members!(settings from others: device_name, locale, theme, network, notifications, sound, quiet_hours,
            lock_after_minutes, unknown_clients, start_at_login, on_close, protect_content);
        settings.others = others;
        settings
    }

    /// Checks and writes them. A value that an earlier reading did not understand stays in the file for as long as the
    /// person has not chosen another than the default.
    pub(crate) fn write(&self, data_dir: &Path) -> Result<(), SettingsError> {
        self.check()?;
        let plain = |settings: &Self| {
            let alone = Self {
                others: Map::new(),
                ..settings.clone()
            };
            match serde_json::to_value(alone) {
                Ok(Value::Object(members)) => Ok(members),
                Ok(_) => Err(io::Error::other("preferences are an object")),
                Err(error) => Err(io::Error::other(error)),
            }
        };
        let (mut members, defaults) = (plain(self)?, plain(&Self::default())?);
        for (name, value) in &self.others {
            if members.get(name) == defaults.get(name) {
                members.insert(name.clone(), value.clone());
            }
        }
        let bytes = serde_json::to_vec_pretty(&members).map_err(io::Error::other)?;
        Ok(write_atomically(&data_dir.join("settings.json"), &bytes)?)
    }
}

/// Moves a member from `others` into its place, if it is understood and can be.
fn take<T: DeserializeOwned>(
    settings: &mut Settings,
    others: &mut Map<String, Value>,
    name: &str,
    set: impl FnOnce(&mut Settings, T),
) {
    let Some(value) = others.get(name).cloned() else {
        return;
    };
    if let Ok(value) = serde_json::from_value(value) {
        let before = settings.clone();
        set(settings, value);
        if settings.check().is_ok() {
            others.remove(name);
        } else {
            *settings = before;
        }
    }
}
