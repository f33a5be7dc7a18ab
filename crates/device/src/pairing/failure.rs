//! Why a pairing ended without an account, and what the person can do.

use crate::{
    error::GatewayError,
    ports::{SecretStoreError, TransportError},
};
use serde::Serialize;
use std::fmt;
use tegata_protocol::device::{
    invitation::InvitationError, metadata::MetadataError, problem::ProblemCode,
};

/// A pairing that ended without an account. Nothing was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairingFailure {
    /// Why.
    pub cause: PairingCause,
    /// English, for logs and terminals; without codes or keys.
    pub detail: String,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PairingCause {
    /// This account of this server is paired here already.
    AlreadyPaired,
    /// The server has no page where an app can begin a pairing.
    BrowserNotOffered,
    /// This machine's clock is wrong, or the server's metadata is out of date.
    ClockSkew,
    /// Three wrong digits, or the issuing session said no.
    ConfirmationFailed,
    /// Something that should not happen, such as an unwritable data folder.
    Internal,
    /// The invitation lapsed, or the digits were not typed in time.
    InvitationExpired,
    /// Neither a link nor a code.
    InvitationMalformed,
    /// The server does not know the code.
    InvitationUnknown,
    /// The code was used before, possibly by somebody else.
    InvitationUsed,
    /// The server's answers do not belong to the identity in the invitation.
    IssuerUntrusted,
    /// The credential store is locked.
    KeyringLocked,
    /// There is no credential store.
    KeyringMissing,
    /// The credential store did not answer.
    KeyringTimeout,
    /// The server cannot be reached.
    Offline,
    /// The server refused or answered something that the protocol does not have.
    ServerError,
    /// Server and app have no version in common.
    VersionUnsupported,
}

/// What the person can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PairingRemedy {
    /// Ask who runs the server.
    AskOperator,
    /// Look at the network and try again.
    CheckConnection,
    /// Set the clock.
    CheckClock,
    /// Install or start a credential store, or use a passphrase file.
    InstallKeyring,
    /// Get a new invitation.
    NewInvitation,
    /// Nothing: it is fine as it is.
    Nothing,
    /// Try again as it is.
    TryAgain,
    /// Unlock the credential store and try again.
    UnlockKeyring,
    /// Update the app.
    UpdateApp,
}

impl PairingFailure {
    pub(crate) fn new(cause: PairingCause, detail: impl fmt::Display) -> Self {
        Self {
            cause,
            detail: detail.to_string(),
        }
    }

    /// What the person can do.
    pub fn remedy(&self) -> PairingRemedy {
        match self.cause {
            PairingCause::AlreadyPaired => PairingRemedy::Nothing,
            PairingCause::ClockSkew => PairingRemedy::CheckClock,
            PairingCause::BrowserNotOffered
            | PairingCause::ConfirmationFailed
            | PairingCause::InvitationExpired
            | PairingCause::InvitationMalformed
            | PairingCause::InvitationUnknown
            | PairingCause::InvitationUsed => PairingRemedy::NewInvitation,
            PairingCause::Internal => PairingRemedy::TryAgain,
            PairingCause::IssuerUntrusted | PairingCause::ServerError => PairingRemedy::AskOperator,
            PairingCause::KeyringLocked => PairingRemedy::UnlockKeyring,
            PairingCause::KeyringMissing | PairingCause::KeyringTimeout => {
                PairingRemedy::InstallKeyring
            }
            PairingCause::Offline => PairingRemedy::CheckConnection,
            PairingCause::VersionUnsupported => PairingRemedy::UpdateApp,
        }
    }
}

impl fmt::Display for PairingFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for PairingFailure {}

impl From<InvitationError> for PairingFailure {
    fn from(error: InvitationError) -> Self {
        let cause = match error {
            InvitationError::Version => PairingCause::VersionUnsupported,
            _ => PairingCause::InvitationMalformed,
        };
        Self::new(cause, error)
    }
}

impl From<MetadataError> for PairingFailure {
    fn from(error: MetadataError) -> Self {
        let cause = match error {
            MetadataError::Response(_) => PairingCause::ServerError,
            MetadataError::Expired => PairingCause::ClockSkew,
            MetadataError::Critical => PairingCause::VersionUnsupported,
            _ => PairingCause::IssuerUntrusted,
        };
        Self::new(cause, error)
    }
}

impl From<tegata_protocol::device::pairing::PairingError> for PairingFailure {
    fn from(error: tegata_protocol::device::pairing::PairingError) -> Self {
        Self::new(PairingCause::IssuerUntrusted, error)
    }
}

impl From<SecretStoreError> for PairingFailure {
    fn from(error: SecretStoreError) -> Self {
        let cause = match error {
            SecretStoreError::Locked
            | SecretStoreError::Missing
            | SecretStoreError::WrongPassphrase => PairingCause::KeyringLocked,
            SecretStoreError::TimedOut => PairingCause::KeyringTimeout,
            SecretStoreError::Unavailable(_) => PairingCause::KeyringMissing,
        };
        Self::new(cause, error)
    }
}

impl From<TransportError> for PairingFailure {
    fn from(error: TransportError) -> Self {
        let cause = match error {
            TransportError::Offline(_) => PairingCause::Offline,
            TransportError::Certificate(_) | TransportError::Insecure => {
                PairingCause::IssuerUntrusted
            }
            TransportError::TooLong => PairingCause::ServerError,
            TransportError::Settings(_) => PairingCause::Internal,
        };
        Self::new(cause, error)
    }
}

impl From<GatewayError> for PairingFailure {
    fn from(error: GatewayError) -> Self {
        let cause = match &error {
            GatewayError::Transport(error) => return error.clone().into(),
            GatewayError::Answer(_) => PairingCause::ServerError,
            GatewayError::Refused(problem) => match problem.code {
                ProblemCode::ConfirmationFailed => PairingCause::ConfirmationFailed,
                ProblemCode::InvitationExpired | ProblemCode::NotFound => {
                    PairingCause::InvitationExpired
                }
                ProblemCode::InvitationUnknown => PairingCause::InvitationUnknown,
                ProblemCode::InvitationUsed => PairingCause::InvitationUsed,
                ProblemCode::VersionUnsupported => PairingCause::VersionUnsupported,
                ProblemCode::DeviceRevoked | ProblemCode::DeviceSuspended => {
                    PairingCause::ConfirmationFailed
                }
                _ => PairingCause::ServerError,
            },
        };
        Self::new(cause, error)
    }
}
