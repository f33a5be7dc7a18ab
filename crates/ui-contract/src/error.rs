//! Errors of commands. The screens act on the code and show their own words; `message` is for diagnostics.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a command was not carried out. Nothing was approved, denied or kept, unless the code says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiError {
    /// What the screens act on.
    #[serde(flatten)]
    pub code: ErrorCode,
    /// English, one sentence, without secrets or text from outside.
    pub message: String,
}

/// The closed list of what screens can act on. Add one only together with the screen that acts on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ErrorCode {
    /// No such account.
    AccountUnknown,
    /// The screens are covered; only uncovering them helps.
    AppLocked,
    /// A decision is being sent already, and one key signs one at a time.
    Busy,
    /// The machine's clock is too far off.
    ClockSkew,
    /// The issuer no longer accepts this device.
    DeviceRevoked,
    /// A bug in this app.
    Internal,
    /// Secret or key file is gone.
    KeyLost,
    /// The credential store waits to be unlocked.
    KeyringLocked,
    /// No credential store answers.
    KeyringMissing,
    /// The credential store did not answer in time.
    KeyringTimeout,
    /// The issuer does not let this device manage others yet.
    NotYet {
        /// From when it does.
        from: crate::UnixSeconds,
    },
    /// The issuer does not offer this, or the app cannot do it on this machine.
    NotOffered,
    /// The issuer cannot be reached. An answer that was given is kept and sent again, or asked about.
    Offline,
    /// The pairing is in another stage than the command needs.
    PairingStage,
    /// All PIN tries are used up; the approval key is destroyed.
    PinLocked,
    /// Not acceptable as a new PIN.
    PinWeak {
        /// What is weak about it.
        why: PinWeakness,
    },
    /// The PIN is wrong.
    PinWrong {
        /// Tries left before the approval key is destroyed.
        tries_left: u32,
    },
    /// The request is over.
    RequestClosed {
        /// How it ended.
        how: CloseReason,
    },
    /// The request can only be denied here.
    RequestDenyOnly,
    /// No such request, or none of this device.
    RequestUnknown,
    /// The issuer refused or misbehaved.
    ServerError,
    /// The code has the wrong length or characters. No try was used.
    TransferMalformed,
    /// The code is wrong.
    TransferMismatch {
        /// Tries left before the request ends, over all devices.
        tries_left: u32,
    },
}

/// How a request ended while it was being answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// Time ran out.
    Expired,
    /// Answered on another device.
    Handled,
    /// The account moved to a new device.
    Moved,
    /// The code was wrong for the last time.
    TransferFailed,
    /// Taken back.
    Withdrawn,
}

/// What is weak about a new PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PinWeakness {
    /// Among those that everybody tries first.
    Common,
    /// Characters other than digits.
    NotDigits,
    /// Fewer than six digits.
    TooShort,
    /// More than the app takes.
    TooLong,
}

impl UiError {
    /// Joins a code with a message for diagnostics.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl std::fmt::Display for UiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UiError {}
