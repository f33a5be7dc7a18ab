//! How a pairing failed.

use tegata_device::pairing::{PairingCause, PairingFailure, PairingRemedy};
use tegata_ui_contract::{self as ui, PairingView};

pub(crate) fn failed_view(failure: &PairingFailure) -> PairingView {
    let code = match failure.cause {
        PairingCause::AlreadyPaired => ui::PairingFailure::AlreadyPaired,
        PairingCause::BrowserNotOffered => ui::PairingFailure::BrowserNotOffered,
        PairingCause::ConfirmationFailed => ui::PairingFailure::ConfirmationFailed,
        PairingCause::InvitationExpired => ui::PairingFailure::InvitationExpired,
        PairingCause::InvitationMalformed => ui::PairingFailure::InvitationMalformed,
        PairingCause::InvitationUnknown => ui::PairingFailure::InvitationUnknown,
        PairingCause::InvitationUsed => ui::PairingFailure::InvitationUsed,
        PairingCause::IssuerUntrusted | PairingCause::ClockSkew => {
            ui::PairingFailure::IssuerUntrusted
        }
        PairingCause::KeyringLocked => ui::PairingFailure::KeyringLocked,
        PairingCause::KeyringMissing => ui::PairingFailure::KeyringMissing,
        PairingCause::KeyringTimeout => ui::PairingFailure::KeyringTimeout,
        PairingCause::Offline => ui::PairingFailure::Offline,
        PairingCause::ServerError => ui::PairingFailure::ServerError,
        PairingCause::VersionUnsupported => ui::PairingFailure::VersionUnsupported,
        _ => ui::PairingFailure::Internal,
    };
    let remedy = match failure.remedy() {
        PairingRemedy::AskOperator => ui::Remedy::AskOperator,
        PairingRemedy::CheckConnection => ui::Remedy::CheckConnection,
        PairingRemedy::InstallKeyring => ui::Remedy::InstallKeyring,
        PairingRemedy::NewInvitation => ui::Remedy::NewInvitation,
        PairingRemedy::Nothing => ui::Remedy::Nothing,
        PairingRemedy::UnlockKeyring => ui::Remedy::UnlockKeyring,
        PairingRemedy::UpdateApp => ui::Remedy::UpdateApp,
        _ => ui::Remedy::TryAgain,
    };
    PairingView::Failed { code, remedy }
}
