//! Errors of the device as the codes that screens act on.

use super::closed_error;
use std::fmt::Display;
use tegata_device::{
    Health, PinWeakness,
    error::{AccessError, CustomizeError, DecideError, HistoryError},
    management::{AddingError, ManagementError, ReplaceKeyError},
    pin::{PinChangeError, PinError},
};
use tegata_protocol::device::problem::{Problem, ProblemCode};
use tegata_ui_contract::{self as ui, ErrorCode, UiError};

/// Ours: logged, and told as such without its text.
pub(crate) fn internal(error: impl Display) -> UiError {
    tracing::error!(%error, "command.failed");
    UiError::new(
        ErrorCode::Internal,
        "something went wrong inside the app; its log says what",
    )
}

pub(crate) fn access_error(error: &AccessError) -> UiError {
    let code = match error.health() {
        _ if matches!(error, AccessError::Unknown) => ErrorCode::AccountUnknown,
        Health::KeyringLocked => ErrorCode::KeyringLocked,
        Health::KeyringMissing => ErrorCode::KeyringMissing,
        Health::KeyringTimeout => ErrorCode::KeyringTimeout,
        _ => ErrorCode::KeyLost,
    };
    UiError::new(code, error.to_string())
}

pub(crate) fn pin_weak(weakness: PinWeakness) -> UiError {
    let why = match weakness {
        PinWeakness::Common => ui::PinWeakness::Common,
        PinWeakness::NotDigits => ui::PinWeakness::NotDigits,
        PinWeakness::TooShort => ui::PinWeakness::TooShort,
        PinWeakness::TooLong => ui::PinWeakness::TooLong,
    };
    UiError::new(ErrorCode::PinWeak { why }, weakness.to_string())
}

pub(crate) fn decide_error(error: &DecideError) -> UiError {
    let code = match error {
        DecideError::Access(error) => return access_error(error),
        DecideError::Busy => ErrorCode::Busy,
        DecideError::DenyOnly(_) | DecideError::UnknownClient => ErrorCode::RequestDenyOnly,
        DecideError::Offline(_) => ErrorCode::Offline,
        DecideError::PinLocked => ErrorCode::PinLocked,
        DecideError::PinWrong { tries_left } => ErrorCode::PinWrong {
            tries_left: *tries_left,
        },
        DecideError::RequestClosed { how } => ErrorCode::RequestClosed {
            how: closed_error(how),
        },
        DecideError::RequestUnknown => ErrorCode::RequestUnknown,
        DecideError::TransferMalformed => ErrorCode::TransferMalformed,
        DecideError::TransferMismatch { tries_left } => ErrorCode::TransferMismatch {
            tries_left: *tries_left,
        },
        DecideError::RequestState(_) => ErrorCode::Busy,
        DecideError::ServerRefused(problem) => refusal(problem),
        DecideError::Receipt | DecideError::ServerAnswer(_) => ErrorCode::ServerError,
        _ => return internal(error),
    };
    UiError::new(code, error.to_string())
}

pub(crate) fn management_error(error: &ManagementError) -> UiError {
    let code = match error {
        ManagementError::Access(error) => return access_error(error),
        ManagementError::NotOffered => ErrorCode::NotOffered,
        ManagementError::NotYet { from } => ErrorCode::NotYet {
            from: super::seconds(*from),
        },
        ManagementError::Offline(_) => ErrorCode::Offline,
        ManagementError::ServerRefused(problem) => refusal(problem),
        ManagementError::ServerAnswer(_) => ErrorCode::ServerError,
        _ => return internal(error),
    };
    UiError::new(code, error.to_string())
}

pub(crate) fn adding_error(error: &AddingError) -> UiError {
    let code = match error {
        AddingError::Malformed => ErrorCode::TransferMalformed,
        AddingError::Management(error) => return management_error(error),
        _ => ErrorCode::PairingStage,
    };
    UiError::new(code, error.to_string())
}

pub(crate) fn pin_error(error: &PinError) -> UiError {
    let code = match error {
        PinError::Access(error) => return access_error(error),
        PinError::Locked => ErrorCode::PinLocked,
        PinError::Wrong { tries_left } => ErrorCode::PinWrong {
            tries_left: *tries_left,
        },
        _ => return internal(error),
    };
    UiError::new(code, error.to_string())
}

pub(crate) fn pin_change_error(error: &PinChangeError) -> UiError {
    match error {
        PinChangeError::Pin(error) => pin_error(error),
        PinChangeError::Weak(weakness) => pin_weak(*weakness),
        PinChangeError::ChangedMeanwhile => UiError::new(ErrorCode::Busy, error.to_string()),
        _ => internal(error),
    }
}

pub(crate) fn replace_key_error(error: &ReplaceKeyError) -> UiError {
    match error {
        ReplaceKeyError::Busy => UiError::new(ErrorCode::Busy, error.to_string()),
        ReplaceKeyError::Management(error) => management_error(error),
        ReplaceKeyError::Pin(error) => pin_error(error),
        _ => internal(error),
    }
}

pub(crate) fn customize_error(error: &CustomizeError) -> UiError {
    match error {
        CustomizeError::Access(error) => access_error(error),
        _ => internal(error),
    }
}

pub(crate) fn history_error(error: &HistoryError) -> UiError {
    let code = match error {
        HistoryError::Access(error) => return access_error(error),
        HistoryError::NoEntry => ErrorCode::RequestUnknown,
        HistoryError::NoReceipt => ErrorCode::NotOffered,
        _ => return internal(error),
    };
    UiError::new(code, error.to_string())
}

fn refusal(problem: &Problem) -> ErrorCode {
    match problem.code {
        ProblemCode::DeviceRevoked | ProblemCode::DeviceSuspended => ErrorCode::DeviceRevoked,
        _ => ErrorCode::ServerError,
    }
}
