//! Errors of the use-cases. Each says what a caller can act on; texts of other libraries stay inside.

use crate::{
    account::AccountFileError,
    model::{Health, RequestState},
    pin::PinError,
    ports::{PersonCheckError, SecretStoreError, TransportError},
};
use tegata_protocol::device::{
    problem::{CloseReason, Problem, ProblemCode},
    prompt::DenyOnlyReason,
};

/// Why the device cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No home folder, and none was named.
    #[error("there is no folder for data; name one with --data-dir or TEGATA_DEVICE_DATA")]
    NoDataFolder,
    /// The file system.
    #[error("the data folder cannot be used: {0}")]
    Io(#[from] std::io::Error),
}

/// Why an account's keys cannot be used. Never means that the account is not paired, but for [`AccessError::Unknown`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The file.
    #[error(transparent)]
    File(#[from] AccountFileError),
    /// The credential store.
    #[error(transparent)]
    Secret(#[from] SecretStoreError),
    /// No such account on this device.
    #[error("there is no such account on this device")]
    Unknown,
}

impl AccessError {
    /// The account's health that follows from it.
    pub fn health(&self) -> Health {
        match self {
            Self::File(_) | Self::Unknown => Health::KeyLost,
            Self::Secret(error) => match error {
                SecretStoreError::Locked | SecretStoreError::WrongPassphrase => {
                    Health::KeyringLocked
                }
                SecretStoreError::Missing => Health::KeyLost,
                SecretStoreError::TimedOut => Health::KeyringTimeout,
                SecretStoreError::Unavailable(_) => Health::KeyringMissing,
            },
        }
    }
}

/// Why an account's look was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CustomizeError {
    /// The account.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The label.
    #[error("a label has at most 64 characters that can be shown")]
    Label,
}

/// Why the server did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// No answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Refused, with a stable code.
    #[error("the server refused: {}", code_name(.0.code))]
    Refused(Box<Problem>),
    /// An answer that the protocol does not have.
    #[error("the server's answer is not understood: {0}")]
    Answer(String),
}

impl GatewayError {
    /// The problem code, if the server gave one.
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Refused(problem) => Some(problem.code),
            _ => None,
        }
    }
}

/// The wire name of a problem code.
pub(crate) fn code_name(code: ProblemCode) -> String {
    Problem::new(code)
        .type_uri
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Why a decision was not made or not confirmed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecideError {
    /// The account's keys cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Another decision of this account is being sent, here or in another process.
    #[error("another decision of this account is being sent")]
    Busy,
    /// The prompt can only be denied.
    #[error("this request can only be denied")]
    DenyOnly(Vec<DenyOnlyReason>),
    /// The server cannot be reached. Whether it took a decision that was signed before is not known; that is sent again by
    /// itself, with the same bytes, while this process lives and the request is open.
    #[error("the server cannot be reached")]
    Offline(TransportError),
    /// No PIN was given.
    #[error(transparent)]
    Person(#[from] PersonCheckError),
    /// The approval key is destroyed: approving takes a new pairing, denying still works.
    #[error(
        "the PIN was wrong too often and the approval key is destroyed; pair this device again"
    )]
    PinLocked,
    /// The PIN is wrong.
    #[error("the PIN is wrong; {tries_left} tries are left")]
    PinWrong {
        /// Tries before the key is destroyed.
        tries_left: u32,
    },
    /// The server's receipt does not fit the decision. Kept for the next look at what the server knows.
    #[error("the server's receipt does not fit the decision")]
    Receipt,
    /// Its client registered itself, and the person chose that such requests can only be denied.
    #[error("requests of clients that registered themselves can only be denied, by your setting")]
    UnknownClient,
    /// The request is over.
    #[error("the request is closed")]
    RequestClosed {
        /// How.
        how: CloseReason,
    },
    /// The request waits for nothing now, for example because it has to be checked with the server first.
    #[error("the request cannot be decided now")]
    RequestState(Box<RequestState>),
    /// No such request here.
    #[error("there is no such request on this device")]
    RequestUnknown,
    /// The server refused.
    #[error("the server refused: {}", code_name(.0.code))]
    ServerRefused(Box<Problem>),
    /// The server's answer is not understood.
    #[error("the server's answer is not understood: {0}")]
    ServerAnswer(String),
    /// The code does not have the length or the characters that the prompt asks for; no try was used.
    #[error("the code has the wrong length or characters")]
    TransferMalformed,
    /// The code is wrong.
    #[error("the code is wrong; {tries_left} tries are left")]
    TransferMismatch {
        /// Tries over all devices.
        tries_left: u32,
    },
}

impl From<PinError> for DecideError {
    fn from(error: PinError) -> Self {
        match error {
            PinError::Access(error) => Self::Access(error),
            PinError::Locked => Self::PinLocked,
            PinError::Wrong { tries_left } => Self::PinWrong { tries_left },
        }
    }
}

/// Why the history cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The account.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The file system.
    #[error("the history cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// A line is missing, damaged or in another's place.
    #[error("line {line} of the history is damaged or missing")]
    Damaged {
        /// Counted from 1.
        line: u64,
    },
    /// No such entry.
    #[error("there is no such entry in the history")]
    NoEntry,
    /// This device did not decide, or has no receipt for it.
    #[error("there is no receipt for this request in the history")]
    NoReceipt,
}
