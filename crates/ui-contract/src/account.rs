//! Paired accounts: who runs them, whether they can be reached, whether their keys can be used.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AccountId, UnixSeconds};

/// An organisation as the person should recognise it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PartyView {
    /// Name from its own signed metadata.
    pub name: String,
    /// Host in ASCII (`xn--` where needed), with the port when it is not the default one.
    pub host: String,
}

/// One paired account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AccountView {
    /// Handed back in commands.
    pub id: AccountId,
    /// The account's name as its issuer told it at pairing.
    pub name: String,
    /// Who runs the account.
    pub issuer: PartyView,
    /// Thumbprint (RFC 7638, SHA-256, base64url) of the root key pinned at pairing.
    pub root_fingerprint: String,
    /// What the issuer calls this device.
    pub device_name: String,
    /// When the pairing was confirmed.
    pub paired_at: UnixSeconds,
    /// Whether requests can arrive now.
    pub connection: ConnectionView,
    /// Whether requests can be answered now.
    pub health: AccountHealth,
    /// The person's own name for it, which never leaves this device; absent: none was given.
    pub label: Option<String>,
    /// The person's own colour for it.
    pub accent: Accent,
    /// The person's own sign for it.
    pub icon: AccountIcon,
}

/// Colours that tell accounts apart. Never the only sign of anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
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

/// Replaces what the person chose for an account. Stays on this device.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct AccountCustomizeRequest {
    /// The account.
    pub id: AccountId,
    /// At most 64 characters; absent: the issuer's name for it stands.
    pub label: Option<String>,
    /// Colour.
    pub accent: Accent,
    /// Sign.
    pub icon: AccountIcon,
}

/// Ends a pairing.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct AccountUnpairRequest {
    /// The account.
    pub id: AccountId,
    /// Forget it here although the issuer cannot be told, and would go on asking this device.
    pub only_here: bool,
}

/// Changes the PIN that protects an account's approval key.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct PinChangeRequest {
    /// The account.
    pub id: AccountId,
    /// The PIN until now. A wrong one counts as it does in an approval.
    pub old: crate::PinEntry,
    /// The PIN from now on.
    pub new: crate::PinEntry,
}

/// The connection to an account's issuer. Being offline is a state and never an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ConnectionView {
    /// Being opened or being proved.
    Connecting,
    /// No connection; it is retried by itself.
    Offline {
        /// When it was last known to work.
        since: UnixSeconds,
    },
    /// Open and proved.
    Online,
}

/// Whether an account's keys can be used. None of the bad states means *not paired*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AccountHealth {
    /// This machine's clock is too far from the issuer's to tell whether a request is still open.
    ClockSkew {
        /// How far, in whole seconds, either way.
        seconds: u32,
    },
    /// The issuer no longer accepts this device. Only pairing again helps.
    DeviceRevoked,
    /// The issuer put this device on hold.
    DeviceSuspended,
    /// The issuer's identity changed without a chain from the pinned root. Only pairing again helps.
    IssuerChanged,
    /// Secret or key file is gone or unreadable. Only pairing again helps.
    KeyLost,
    /// The operating system's credential store waits to be unlocked.
    KeyringLocked,
    /// No credential store answers on this machine.
    KeyringMissing,
    /// The credential store did not answer within five seconds.
    KeyringTimeout,
    /// Everything works.
    Ok,
    /// All PIN tries were used up and the approval key was destroyed. Denying still works; approving needs pairing.
    PinLocked,
}
