//! The devices of an account, adding another one, and moving to it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AccountId, CodeEntry, RequestId, UnixMillis, UnixSeconds};

/// A device of an account, by the issuer's id for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct DeviceId(pub String);

/// The devices of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DevicesView {
    /// The account.
    pub account: AccountId,
    /// This device first, then in the order of their pairing.
    pub devices: Vec<DeviceView>,
    /// From when this device may add, remove or grade others; absent when it may already.
    pub may_manage_from: Option<UnixSeconds>,
}

/// One device, as its issuer tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeviceView {
    /// Handed back in commands.
    pub id: DeviceId,
    /// The device's own words at pairing, or what it was renamed to.
    pub name: String,
    /// Operating system and app in the device's own words.
    pub platform: String,
    /// When its pairing was confirmed.
    pub paired_at: UnixSeconds,
    /// When the issuer last heard from it; absent when never.
    pub last_seen: Option<UnixSeconds>,
    /// Whether it is this one.
    pub this_device: bool,
    /// Of another device: from when it may manage devices too; absent when it may already. Meanwhile `device_grade` lets it.
    pub may_manage_from: Option<UnixSeconds>,
}

/// Why a device is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RemovalReason {
    /// It is gone, and somebody may have it.
    Lost,
    /// It is not used any more.
    NotUsed,
}

/// What became of asking for a removal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RemovalView {
    /// It waits for an approval here, like any other request.
    Approve {
        /// The request to open. It may take a moment to arrive.
        request: RequestId,
    },
    /// It was this device itself, and it is removed.
    Done,
}

/// Adding another device from this one, or moving to it. There is at most one at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum AddingView {
    /// None is under way.
    Idle,
    /// Waits for an approval here, like any other request.
    Approve {
        /// The account that the other device is to get.
        account: AccountId,
        /// The request to open.
        request: RequestId,
        /// Whether this device is removed when the other one is confirmed.
        moving: bool,
    },
    /// The invitation is being made.
    Making {
        /// Whether this device is removed when the other one is confirmed.
        moving: bool,
    },
    /// Waits for the other device to read the code.
    Invitation {
        /// Drawn by the screen: one path in a square of `qr_size` units, dark on light.
        qr_path: String,
        /// Units on each side of `qr_path`, the quiet zone included.
        qr_size: u32,
        /// `XXXX-XXXX-XXXX`, for typing.
        code: String,
        /// Host of the server, to be typed with it.
        server: String,
        /// Whole seconds that were left at `received_at`.
        expires_in: u32,
        /// When `expires_in` was true, by the machine's clock.
        received_at: UnixMillis,
        /// Whether this device is removed when the other one is confirmed.
        moving: bool,
    },
    /// The other device shows six digits, which are to be typed here.
    Digits {
        /// What the other device calls itself.
        device_name: String,
        /// Tries left; absent before the first.
        tries_left: Option<u32>,
        /// Whether this device is removed when the other one is confirmed.
        moving: bool,
    },
    /// The other device is paired.
    Done {
        /// What the other device calls itself.
        device_name: String,
        /// Whether this device was removed with it.
        moved: bool,
    },
    /// It ended without another device. Nothing changed.
    Failed {
        /// Why.
        why: AddingFailure,
    },
}

/// Why adding a device ended without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AddingFailure {
    /// The digits were wrong for the last time.
    ConfirmationFailed,
    /// The request was denied here.
    Denied,
    /// Time ran out.
    Expired,
    /// The issuer does not let devices add others, or not yet.
    NotOffered,
    /// The issuer could not be reached.
    Offline,
    /// The issuer refused or misbehaved.
    ServerError,
}

/// Renames this device at one account's issuer.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct DeviceRenameRequest {
    /// The account.
    pub account: AccountId,
    /// 1 to 64 characters.
    pub name: String,
}

/// Asks for a device to be removed.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct DeviceRemoveRequest {
    /// The account.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// Why.
    pub reason: RemovalReason,
}

/// Asks to let another device count for as much as this one.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct DeviceGradeRequest {
    /// The account.
    pub account: AccountId,
    /// The other device.
    pub device: DeviceId,
}

/// Starts adding another device.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct AddingStartRequest {
    /// The account that the other device is to get.
    pub account: AccountId,
    /// Whether this device is removed when the other one is confirmed.
    pub moving: bool,
}

/// Carries digits that the other device shows.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct AddingConfirmRequest {
    /// As typed.
    pub digits: CodeEntry,
}
