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
