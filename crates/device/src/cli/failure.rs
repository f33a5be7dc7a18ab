//! Failures of commands and their exit codes.

use super::{screen::utc, words};
use std::fmt;
use tegata_device::{
    error::{AccessError, CustomizeError, DecideError, HistoryError, OpenError},
    management::{AddingError, ManagementError, ReplaceKeyError},
    pairing::{PairingCause, PairingFailure, PairingRemedy},
    pin::{PinChangeError, PinError},
    ports::SecretStoreError,
    settings::SettingsError,
};
use tegata_protocol::device::problem::ProblemCode;

/// What to do without a credential store.
const NO_STORE: &str = "use --passphrase-file FILE, or start a credential store";

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

    /// The same failure, with more to say.
    pub(crate) fn and(mut self, more: &str) -> Self {
        self.text = format!("{}; {more}", self.text);
        self
    }

    /// The same exit code with other words.
    pub(crate) fn reworded(&self, text: impl Into<String>) -> Self {
        Self::new(self.code, text)
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
                return Self::locked(format!("{NO_STORE} ({error})"));
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
            DecideError::PinWrong { tries_left } => Self::locked(format!(
                "the PIN is wrong; {}",
                words::tries_left(tries_left)
            )),
            DecideError::PinLocked | DecideError::Person(_) => Self::locked(text),
            DecideError::TransferMismatch { tries_left: 0 } => Self::refused(
                "the code was wrong for the last time; the request has ended, start again at the other screen",
            ),
            DecideError::TransferMismatch { tries_left } => Self::refused(format!(
                "the code is wrong; {}",
                words::tries_left(tries_left)
            )),
            DecideError::ServerRefused(problem) => {
                Self::refused(words::problem(problem.code).map_or(text, str::to_owned))
            }
            DecideError::TransferMalformed => Self::usage(text),
            DecideError::RequestClosed { how } => {
                Self::refused(format!("{text}: {}", super::requests::describe_close(&how)))
            }
            DecideError::DenyOnly(reasons) => {
                let reasons: Vec<_> = reasons.into_iter().map(words::deny_only).collect();
                Self::refused(format!("{text}: {}", reasons.join("; ")))
            }
            _ => Self::refused(text),
        }
    }
}

impl From<PinError> for Failure {
    fn from(error: PinError) -> Self {
        DecideError::from(error).into()
    }
}

impl From<PinChangeError> for Failure {
    fn from(error: PinChangeError) -> Self {
        match error {
            PinChangeError::Pin(error) => error.into(),
            other => Self::locked(other.to_string()),
        }
    }
}

impl From<ManagementError> for Failure {
    fn from(error: ManagementError) -> Self {
        let text = error.to_string();
        match error {
            ManagementError::Access(error) => error.into(),
            ManagementError::Name => Self::usage(text),
            ManagementError::NotYet { from } => Self::refused(format!(
                "the server lets this device manage others only from {} on",
                utc(from)
            )),
            ManagementError::Offline(_) => Self::offline(text),
            ManagementError::ServerRefused(problem) => {
                Self::refused(words::problem(problem.code).map_or(text, str::to_owned))
            }
            _ => Self::refused(text),
        }
    }
}

impl From<ReplaceKeyError> for Failure {
    fn from(error: ReplaceKeyError) -> Self {
        match error {
            ReplaceKeyError::Pin(error) => error.into(),
            ReplaceKeyError::Management(ManagementError::ServerRefused(problem))
                if problem.code == ProblemCode::AssuranceTooLow =>
            {
                Self::refused("the server takes no weaker key than the one that there is")
            }
            ReplaceKeyError::Management(error) => error.into(),
            other => Self::refused(other.to_string()),
        }
    }
}

impl From<CustomizeError> for Failure {
    fn from(error: CustomizeError) -> Self {
        match error {
            CustomizeError::Access(error) => error.into(),
            other => Self::usage(other.to_string()),
        }
    }
}

impl From<AddingError> for Failure {
    fn from(error: AddingError) -> Self {
        match error {
            AddingError::Management(error) => error.into(),
            other => Self::usage(other.to_string()),
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let text = error.to_string();
        match error {
            SettingsError::Invalid(_) => Self::usage(text),
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
            PairingRemedy::InstallKeyring => NO_STORE,
            PairingRemedy::NewInvitation => "get a new invitation",
            PairingRemedy::TryAgain => "try again",
            PairingRemedy::UnlockKeyring => "unlock the credential store and try again",
            PairingRemedy::UpdateApp => "update this program",
            _ => "nothing has to be done",
        };
        let text = match failure.cause {
            PairingCause::InvitationUsed => {
                "this invitation has been used already; get a new one".to_owned()
            }
            PairingCause::InvitationExpired => {
                "this invitation has lapsed, or the digits were not typed in time; get a new one"
                    .to_owned()
            }
            PairingCause::InvitationUnknown => {
                "the server does not know this invitation; look at what was typed, or get a new one"
                    .to_owned()
            }
            PairingCause::ConfirmationFailed => {
                "the digits were wrong three times, or the pairing was refused; get a new invitation"
                    .to_owned()
            }
            PairingCause::InvitationMalformed => failure.to_string(),
            PairingCause::KeyringMissing | PairingCause::KeyringTimeout => {
                format!("{remedy} ({failure})")
            }
            _ => format!("{failure} ({remedy})"),
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_wrong_code_is_said_to_be_the_last() {
        for (tries_left, words) in [
            (2, "2 tries are left"),
            (1, "1 try is left"),
            (0, "wrong for the last time"),
        ] {
            let failure = Failure::from(DecideError::TransferMismatch { tries_left });
            assert_eq!(failure.exit_code(), 1);
            assert!(failure.to_string().contains(words), "{failure}");
        }
    }

    #[test]
    fn an_invitation_that_was_used_is_named_in_plain_words() {
        let failure = Failure::from(PairingFailure {
            cause: PairingCause::InvitationUsed,
            detail: "the server refused: invitation_used".into(),
        });
        assert_eq!(
            failure.to_string(),
            "this invitation has been used already; get a new one"
        );
    }
}
