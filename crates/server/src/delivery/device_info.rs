//! What a device told about itself in pairing, as it is kept in `Registration::device_info`.

use serde::{Deserialize, Serialize};
use tegata_protocol::device::pairing::{DeviceDescription, KeyKind};

use crate::domain::PairedDevice;

/// `acr` of an approval by a software key that a PIN unlocks.
pub const ACR_SOFTWARE_PIN: &str = "urn:tegata:acr:software-pin";
/// `acr` of an approval by a key that hardware holds and that verifies the person.
pub const ACR_HARDWARE: &str = "urn:tegata:acr:hardware";

/// Facts beside the name, all by the device's own word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Such as `linux`.
    pub platform: String,
    /// Name and version of the app.
    pub app: String,
    /// BCP 47 tag of the language in which prompts are wanted.
    pub locale: String,
    /// Kind of its approval key, claimed once, in pairing.
    pub key: KeyKind,
}

impl DeviceInfo {
    /// From the pairing request.
    pub fn from_description(description: &DeviceDescription) -> Self {
        Self {
            platform: description.platform.clone(),
            app: description.app.clone(),
            locale: description.locale.clone(),
            key: description.key,
        }
    }

    /// Reads what was stored; a device whose facts do not read back counts as the weakest kind, in English.
    pub fn of(device: &PairedDevice) -> Self {
        serde_json::from_str(&device.registration.device_info).unwrap_or_else(|_| Self {
            platform: String::new(),
            app: String::new(),
            locale: "en".to_owned(),
            key: KeyKind::SoftwarePin,
        })
    }

    /// The stored form.
    ///
    /// # Panics
    /// Never: strings are JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings are JSON")
    }

    /// The language of the server's words to this device: `ja` or `en`.
    pub fn language(&self) -> Language {
        let primary = self.locale.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("ja") {
            Language::Japanese
        } else {
            Language::English
        }
    }
}

/// The languages that the server writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `en`
    English,
    /// `ja`
    Japanese,
}

impl Language {
    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }
}

/// `acr` and `amr` (RFC 8176) that an approval with a key of this kind reaches.
pub fn authentication_context(key: KeyKind) -> (&'static str, &'static [&'static str]) {
    match key {
        KeyKind::Hardware => (ACR_HARDWARE, &["hwk", "user"]),
        // A kind that this version does not know is worth no more than the weakest it knows.
        _ => (ACR_SOFTWARE_PIN, &["pin", "swk", "user"]),
    }
}
