//! What the server itself asks of one device: whether it works, and what a person wants done about devices (device
//! protocol, section 6.4).
//!
//! Such a question is stored like a client's request and decided like one. No client stands behind it: nothing is collected,
//! nobody is notified, and no budget is spent. What an approval does is done in its commit.
//!
//! To add a question: a [`super::Kind`], a [`Subject`] if it is about something, and what its approval does in the store.

use serde::{Deserialize, Serialize};
use tegata_protocol::{
    ClientId, DeviceId, PublicKey, Thumbprint, UnixTime, device::pairing::KeyKind,
};

use super::PairedDevice;

/// In the place of a client's id. No client can be registered with it.
const OWN_CLIENT: &str = "~server";

/// Seconds for which a question of the server's own can be decided.
pub const OWN_QUESTION_SECONDS: i64 = 120;

/// Questions about devices that may be pending at once at one device, and tests likewise.
pub const PENDING_OWN_QUESTIONS: i64 = 2;

/// Seconds between two tests of one device.
pub const TEST_PAUSE_SECONDS: i64 = 5;

/// Questions that one device may be put within [`OWN_QUESTION_WINDOW_SECONDS`], tests and questions about devices each: what
/// is decided stays in the evidence for ever, and whoever has only a possession key can ask and deny.
pub const OWN_QUESTIONS_IN_WINDOW: i64 = 20;

/// See [`OWN_QUESTIONS_IN_WINDOW`].
pub const OWN_QUESTION_WINDOW_SECONDS: i64 = 3600;

/// Seconds for which devices are told what happened to the account's devices.
pub const NOTICE_SECONDS: i64 = 7 * 86_400;

/// In the place of a client's id.
///
/// # Panics
/// Never: it is made of unreserved characters.
pub fn own_client_id() -> ClientId {
    ClientId::parse(OWN_CLIENT).expect("unreserved characters")
}

/// What a question about devices is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Subject {
    /// To add a device.
    AddDevice {
        /// The asking device is revoked in the commit that confirms the other one.
        moving: bool,
    },
    /// To remove a device, as it was when that was asked.
    RemoveDevice {
        /// Which.
        device: DeviceId,
        /// Its name.
        name: String,
        /// Its platform and app, in its own words.
        platform: String,
        /// When it was paired.
        paired_at: UnixTime,
        /// It is said to be lost.
        lost: bool,
    },
    /// To let a device count for as much as the asking one, as it was when that was asked.
    GradeDevice {
        /// Which.
        device: DeviceId,
        /// Its name.
        name: String,
        /// Its platform and app, in its own words.
        platform: String,
        /// When it was paired.
        paired_at: UnixTime,
    },
    /// To replace the asking device's approval key.
    ReplaceKey(Box<KeyReplacement>),
}

/// A new approval key, registered and verified, that waits for an approval by the old one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyReplacement {
    /// The key that it replaces.
    pub old: Thumbprint,
    /// The new key.
    pub new: Thumbprint,
    /// The same.
    pub key: PublicKey,
    /// The new credential as the registration verifier returned it, JSON text.
    pub credential: String,
    /// Its kind, by the device's own word.
    pub kind: KeyKind,
}

/// From when `device` may add, remove and grade others; `None` if it may at `now`.
///
/// One that came when its account had no other waits for `wait` seconds, and so does one that another device confirmed: neither
/// whoever got hold of the first invitation nor whoever talked a person into adding a device must be able to make the account
/// theirs before its owner can have noticed. Which ones wait was settled in the commit that confirmed them
/// ([`PairedDevice::waits_since`]), so that no two times of one second have to be told apart here.
pub fn may_manage_from(device: &PairedDevice, wait: i64, now: UnixTime) -> Option<UnixTime> {
    let from = device.waits_since?.plus(wait);
    (now < from).then_some(from)
}
