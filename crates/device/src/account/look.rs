//! What the person chose for an account. Stays on this device: nothing here is ever sent.

use serde::{Deserialize, Serialize};
use tegata_protocol::text;

/// Most code points of a label.
const MAX_LABEL: usize = 64;

/// The person's own name, colour and sign for an account. Lies in the clear part of the account's file, so that it can be
/// shown while the credential store is locked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountLook {
    /// 1 to 64 code points; `None`: the server's name for the account stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Colour.
    pub accent: Accent,
    /// Sign.
    pub icon: AccountIcon,
}

/// Colours that tell accounts apart. How each looks is the screens' business.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accent {
    /// The app's own.
    #[default]
    Pine,
    /// Blue.
    Sea,
    /// Violet.
    Plum,
    /// Red-brown.
    Clay,
    /// Yellow-brown.
    Amber,
    /// Grey.
    Slate,
}

/// Signs that tell accounts apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountIcon {
    /// The first letter of its name.
    #[default]
    Letter,
    /// A bank.
    Bank,
    /// Work.
    Briefcase,
    /// Home.
    Home,
    /// School.
    School,
    /// A shop.
    Shop,
}

impl AccountLook {
    /// Whether nothing was chosen.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The same with its label trimmed, an empty one dropped. `None` if the label is too long, or could not be shown as it
    /// is (`docs/protocol.md` section 7.4).
    #[must_use]
    pub fn tidy(mut self) -> Option<Self> {
        let label = self.label.take().map(|label| label.trim().to_owned());
        self.label = label.filter(|label| !label.is_empty());
        self.label
            .as_deref()
            .is_none_or(|label| is_showable(label, MAX_LABEL))
            .then_some(self)
    }
}

/// Whether a name that a person typed has at most `most` code points, none of which hides or reorders anything.
pub(crate) fn is_showable(name: &str, most: usize) -> bool {
    name.chars().count() <= most && text::inspect(name).defects.is_empty()
}
