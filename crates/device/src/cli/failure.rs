//! Failures of commands and their exit codes.

use std::fmt;
use tegata_device::{
    error::{AccessError, DecideError, HistoryError, OpenError},
    pairing::{PairingCause, PairingFailure, PairingRemedy},
    ports::SecretStoreError,
};

/// Why a command ends with another code than 0.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::new(1, text)
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(2, text)
    }

    pub(crate) fn offline(text: impl Into<String>) -> Self {
        Self::new(3, text)
    }

    pub(crate) fn locked(text: impl Into<String>) -> Self {
        Self::new(4, text)
    }

    fn new(code: u8, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::refused(error.to_string())
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        let hint = match &error {
            AccessError::Secret(SecretStoreError::Unavailable(_) | SecretStoreError::TimedOut) => {
                "; unlock or start the credential store, or use --passphrase-file"
            }
            AccessError::Secret(SecretStoreError::Locked) => "; unlock it and try again",
            AccessError::Secret(SecretStoreError::Missing) => {
                "; the account is paired, but nothing can be signed without its secret"
            }
            _ => "",
        };
        Self::locked(format!("{error}{hint}"))
    }
}

impl From<DecideError> for Failure {
    fn from(error: DecideError) -> Self {
        let text = error.to_string();
        match error {
            DecideError::Access(error) => error.into(),
            DecideError::Offline(_) => Self::offline(text),
            DecideError::PinLocked | DecideError::PinWrong { .. } | DecideError::Person(_) => {
                Self::locked(text)
            }
            DecideError::TransferMalformed => Self::usage(text),
            DecideError::RequestClosed { how } => {
                Self::refused(format!("{text}: {}", super::requests::describe_close(&how)))
            }
            DecideError::DenyOnly(reasons) => Self::refused(format!("{text}: {reasons:?}")),
            _ => Self::refused(text),
        }
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Access(error) => error.into(),
            other => Self::refused(other.to_string()),
        }
    }
}

impl From<PairingFailure> for Failure {
    fn from(failure: PairingFailure) -> Self {
        let remedy = match failure.remedy() {
            PairingRemedy::AskOperator => "ask who runs the server",
            PairingRemedy::CheckClock => "set this machine's clock",
            PairingRemedy::CheckConnection => "look at the network and try again",
            PairingRemedy::InstallKeyring => "start a credential store, or use --passphrase-file",
            PairingRemedy::NewInvitation => "get a new invitation",
            PairingRemedy::TryAgain => "try again",
            PairingRemedy::UnlockKeyring => "unlock the credential store and try again",
            PairingRemedy::UpdateApp => "update this program",
            _ => "nothing has to be done",
        };
        let text = format!("{failure} ({remedy})");
        match failure.cause {
            PairingCause::Offline => Self::offline(text),
            PairingCause::InvitationMalformed => Self::usage(text),
            PairingCause::KeyringLocked
            | PairingCause::KeyringMissing
            | PairingCause::KeyringTimeout => Self::locked(text),
            _ => Self::refused(text),
        }
    }
}
