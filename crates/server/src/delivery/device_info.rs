//! What a device told about itself in pairing, as it is kept in `Registration::device_info`.

use serde::{Deserialize, Serialize};
use tegata_protocol::device::pairing::{DeviceDescription, KeyKind};

use crate::domain::PairedDevice;

/// `acr` of an approval by a software key that a PIN unlocks.
pub const ACR_SOFTWARE_PIN: &str = "urn:tegata:acr:software-pin";
/// `acr` of an approval by a key that hardware holds and that verifies the person.
pub const ACR_HARDWARE: &str = "urn:tegata:acr:hardware";

/// The strongest kind of key that a device can be taken to have. Registrations are accepted with self attestation only,
/// which proves that a key is held and nothing about what holds it: until this server verifies an attestation of hardware,
/// "hardware" is the device's own word, and must reach neither an ID token nor a receipt.
const STRONGEST_ATTESTED: KeyKind = KeyKind::SoftwarePin;

/// Facts beside the name, by the device's own word except for the kind of its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Such as `linux`.
    pub platform: String,
    /// Name and version of the app.
    pub app: String,
    /// BCP 47 tag of the language in which prompts are wanted.
    pub locale: String,
    /// Kind of its approval key as far as the server has seen it attested, whatever the device said in pairing.
    pub key: KeyKind,
}

impl DeviceInfo {
    /// From the pairing request.
    pub fn from_description(description: &DeviceDescription) -> Self {
        Self {
            platform: description.platform.clone(),
            app: description.app.clone(),
            locale: description.locale.clone(),
            key: description.key.min(STRONGEST_ATTESTED),
        }
    }

    /// Reads what was stored; a device whose facts do not read back counts as the weakest kind, in English.
    pub fn of(device: &PairedDevice) -> Self {
        let stored: Option<Self> = serde_json::from_str(&device.registration.device_info).ok();
        let mut info = stored.unwrap_or_else(|| Self {
            platform: String::new(),
            app: String::new(),
            locale: "en".to_owned(),
            key: KeyKind::SoftwarePin,
        });
        // Devices that paired when their own word was stored.
        info.key = info.key.min(STRONGEST_ATTESTED);
        info
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

    /// The one in this language of two texts.
    pub fn choose<'a>(self, english: &'a str, japanese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Japanese => japanese,
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
