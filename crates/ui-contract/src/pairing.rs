//! Pairing, one stage at a time. Opening a link never pairs: every stage but `checking` and `working` waits for the
//! person.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AccountId, CodeEntry, PartyView, UnixMillis};

/// What the person brought to start with.
#[derive(Debug, Serialize, Deserialize, TS)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum PairingInput {
    /// Server and code, typed by hand.
    Code {
        /// Host, with port when needed, as typed.
        server: String,
        /// `XXXX-XXXX-XXXX`, as typed.
        code: CodeEntry,
    },
    /// The server alone: the code comes from the person's browser on this machine, which is opened at a page of the server. Its
    /// link back is then handed in as a [`PairingInput::Link`].
    Browser {
        /// Host, with port when needed, as typed; or the host of the stage `code`, whose root is then kept to.
        server: String,
    },
    /// A whole link, pasted or opened.
    Link {
        /// The link as it came.
        link: CodeEntry,
    },
}

/// The stage that a pairing is in. There is at most one pairing at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum PairingView {
    /// None is under way.
    Idle,
    /// The issuer is being asked about the invitation.
    Checking,
    /// A link was opened that names the issuer alone: waits for the code. Starting with that server and the code goes on,
    /// and holds the issuer to the root key that the link named. Nothing was sent.
    Code {
        /// Host in ASCII, with the port when it is not the default one.
        host: String,
    },
    /// The browser was opened, and the app waits for its link. The person may type the code instead, as in the stage `code`.
    Browser {
        /// Host in ASCII, with the port when it is not the default one.
        host: String,
    },
    /// Waits for the person to recognise issuer and account.
    Confirm {
        /// Who invites, host in ASCII.
        issuer: PartyView,
        /// The account to be added.
        account_name: String,
        /// Thumbprint of the root key about to be pinned.
        root_fingerprint: String,
        /// Set when the invitation did not name the root, so that nothing but the person's comparison tells that the
        /// key is the issuer's.
        first_use: bool,
    },
    /// Waits for a PIN to be chosen.
    SetPin,
    /// Keys are being made and registered.
    Working {
        /// The step under way.
        step: PairingStep,
    },
    /// Waits for the digits to be typed into the issuing session. They are never compared by eye.
    Digits {
        /// Six ASCII digits.
        digits: String,
        /// What the issuer calls this device, which the other page shows.
        device_name: String,
        /// Whole seconds that were left at `received_at`.
        expires_in: u32,
        /// When `expires_in` was true, by the machine's clock.
        received_at: UnixMillis,
    },
    /// Paired.
    Done {
        /// The new account.
        account: AccountId,
        /// Its name.
        account_name: String,
        /// Who runs it.
        issuer: PartyView,
    },
    /// Ended without a pairing. Nothing was kept.
    Failed {
        /// What went wrong.
        code: PairingFailure,
        /// What the person can do.
        remedy: Remedy,
    },
}

/// Steps of the working stage, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PairingStep {
    /// Making keys and protecting them with the PIN.
    MakingKeys,
    /// Registering the keys with the issuer.
    Registering,
}

/// Why a pairing ended without an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PairingFailure {
    /// This account of this issuer is paired on this device already.
    AlreadyPaired,
    /// The digits were wrong for the last time, or the issuing session said no.
    ConfirmationFailed,
    /// The issuer has no page where an app can begin a pairing.
    BrowserNotOffered,
    /// No browser could be opened on this machine.
    BrowserNotOpened,
    /// Something that should not happen in this app.
    Internal,
    /// Time ran out before the invitation was confirmed.
    InvitationExpired,
    /// Neither a link nor a code that this app knows.
    InvitationMalformed,
    /// The issuer does not know the code.
    InvitationUnknown,
    /// The code was used before, possibly by somebody else.
    InvitationUsed,
    /// What the issuer answered does not belong to the identity in the invitation.
    IssuerUntrusted,
    /// The credential store is locked.
    KeyringLocked,
    /// No credential store answers on this machine.
    KeyringMissing,
    /// The credential store did not answer within five seconds.
    KeyringTimeout,
    /// The issuer could not be reached.
    Offline,
    /// The issuer refused or misbehaved.
    ServerError,
    /// Issuer and app have no version in common.
    VersionUnsupported,
}

/// What a person can do about a failed pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Ask who runs the issuer.
    AskOperator,
    /// Look at the network and try again.
    CheckConnection,
    /// Install or start a credential store.
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
