//! What the server itself asks of one device: whether it works, and what a person wants done about devices (device
//! protocol, section 6.4).
//!
//! Such a question is stored like a client's request and decided like one. No client stands behind it: nothing is collected,
//! nobody is notified, and no budget is spent. What an approval does is done in its commit.
//!
//! To add a question: a [`super::Kind`], a [`Subject`] if it is about something, and what its approval does in the store.

use serde::{Deserialize, Serialize};
use tegata_protocol::{ClientId, DeviceId, UnixTime};

use super::{DeviceState, PairedDevice};

/// In the place of a client's id. No client can be registered with it.
const OWN_CLIENT: &str = "~server";

/// Seconds for which a question of the server's own can be decided.
pub const OWN_QUESTION_SECONDS: i64 = 120;

/// Questions about devices that may be pending at once at one device, and tests likewise.
pub const PENDING_OWN_QUESTIONS: i64 = 2;

/// Seconds between two tests of one device.
pub const TEST_PAUSE_SECONDS: i64 = 5;

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
}

/// From when `device` may add and remove others; `None` if it may at `now`. `all` are the account's devices, oldest first.
///
/// A device that came when the account had no other waits for `wait` seconds: whoever got hold of the first invitation must
/// not be able to make the account theirs before its owner can have noticed.
pub fn may_manage_from(
    device: &PairedDevice,
    all: &[PairedDevice],
    wait: i64,
    now: UnixTime,
) -> Option<UnixTime> {
    let stood = |other: &PairedDevice| match other.state {
        DeviceState::Active => true,
        // A device that was moved from was there until this one came.
        DeviceState::Revoked { at } => at >= device.paired_at,
    };
    let mut earlier = all.iter().take_while(|other| other.id != device.id);
    let is_first = !earlier.any(|other| !other.is_simulated() && stood(other));
    let from = device.paired_at.plus(wait);
    (is_first && now < from).then_some(from)
}
