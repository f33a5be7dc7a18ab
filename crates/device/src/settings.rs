//! Preferences of this device, in `settings.json`; none of them secret.

use crate::account::write_atomically;
use serde::{Deserialize, Serialize};
use std::{fs, io, path::Path};
use tegata_protocol::ijson;

/// What the person can choose for all accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The name under which servers list this device, for pairings to come; at most 64 code points.
    pub device_name: String,
    /// BCP 47 tag of the language in which prompts are wanted; `None` for the system's.
    pub locale: Option<String>,
    /// How the window looks; the core only keeps it.
    pub theme: Option<String>,
    /// How new pairings reach their server.
    pub network: crate::ports::NetworkSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            device_name: host_name(),
            locale: None,
            theme: None,
            network: crate::ports::NetworkSettings::default(),
        }
    }
}

impl Settings {
    /// Reads them; defaults where there is no file or it is not understood, because preferences must never keep
    /// somebody from answering.
    pub(crate) fn read(data_dir: &Path) -> Self {
        let bytes = fs::read(data_dir.join("settings.json")).unwrap_or_default();
        ijson::parse(&bytes, 64 * 1024).unwrap_or_default()
    }

    /// Writes them.
    pub(crate) fn write(&self, data_dir: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        write_atomically(&data_dir.join("settings.json"), &bytes)
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
