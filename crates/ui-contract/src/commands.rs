//! The table of commands and the list of events.
//!
//! A command is called with one argument named `request`, of the type that the table gives (none where it gives `()`),
//! and is answered with the other type or a [`UiError`](crate::UiError). The TypeScript command map is generated from
//! the same table, so no call site can choose its own types.

use serde::{Deserialize, Serialize};
use ts_rs::{Config, TS};

use crate::{
    AccountId, AccountView, AppInfoView, CodeEntry, ConsentRequestView, DenialReason,
    HistoryEntryView, InboxView, PairingInput, PairingView, PinEntry, RequestId, SettingsView,
};

/// Starts a pairing, ending one that is under way.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct PairingStartRequest {
    /// What the person brought.
    pub input: PairingInput,
}

/// Carries a PIN and nothing else.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct PinRequest {
    /// As typed.
    pub pin: PinEntry,
}

/// Names an account.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct AccountRequest {
    /// The account.
    pub id: AccountId,
}

/// Names a consent request or a blocked message.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct RequestRequest {
    /// The request.
    pub id: RequestId,
}

/// Approves one request, by this person, now.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct RequestApproveRequest {
    /// The request.
    pub id: RequestId,
    /// The code from the other screen, if and only if the request asks for one.
    pub transfer: Option<CodeEntry>,
    /// What unlocks the approval key for this one signature.
    pub pin: PinEntry,
}

/// Denies one request. Never asks for verification.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct RequestDenyRequest {
    /// The request.
    pub id: RequestId,
    /// Why.
    pub reason: DenialReason,
}

/// Replaces the preferences.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct SettingsSetRequest {
    /// All of them.
    pub settings: SettingsView,
}

/// Says which views have become stale; carries nothing else. The event's name is the wire form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UiEvent {
    /// `accounts_list`.
    AccountsChanged,
    /// `history_list`.
    HistoryChanged,
    /// `inbox_list` and every `request_show`.
    InboxChanged,
    /// `pairing_state`.
    PairingChanged,
    /// `settings_get`.
    SettingsChanged,
}

impl UiEvent {
    /// Every event.
    pub const ALL: [Self; 5] = [
        Self::AccountsChanged,
        Self::HistoryChanged,
        Self::InboxChanged,
        Self::PairingChanged,
        Self::SettingsChanged,
    ];

    /// The name to emit it under.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountsChanged => "accounts_changed",
            Self::HistoryChanged => "history_changed",
            Self::InboxChanged => "inbox_changed",
            Self::PairingChanged => "pairing_changed",
            Self::SettingsChanged => "settings_changed",
        }
    }
}

/// One command of the table.
#[derive(Clone, Copy, Debug)]
pub struct CommandSpec {
    /// The name it is invoked by.
    pub name: &'static str,
    /// What it does, from the table.
    pub docs: &'static str,
    pub(crate) request: fn(&Config) -> String,
    pub(crate) response: fn(&Config) -> String,
}

macro_rules! commands {
    ($($(#[doc = $docs:literal])+ $name:ident($request:ty) -> $response:ty;)+) => {
        /// Every command, in the order of the table.
        pub const COMMANDS: &[CommandSpec] = &[$(CommandSpec {
            name: stringify!($name),
            docs: concat!($($docs),+),
            request: <$request as TS>::name,
            response: <$response as TS>::name,
        }),+];

        /// The names of [`COMMANDS`], for the shell's build manifest and its capability files.
        pub const fn command_names() -> &'static [&'static str] {
            &[$(stringify!($name)),+]
        }
    };
}

commands! {
    /// Facts about the app.
    app_info(()) -> AppInfoView;
    /// The preferences.
    settings_get(()) -> SettingsView;
    /// Replaces the preferences and answers with what holds now.
    settings_set(SettingsSetRequest) -> SettingsView;

    /// Paired accounts in the order they were added.
    accounts_list(()) -> Vec<AccountView>;
    /// Asks the credential store to unlock itself, which may open a window of the operating system.
    account_unlock(AccountRequest) -> AccountView;
    /// Tries again at once to open the account's keys and to connect.
    account_retry(AccountRequest) -> AccountView;

    /// The stage of the pairing.
    pairing_state(()) -> PairingView;
    /// Starts a pairing. Bad input is a `failed` stage, never an error.
    pairing_start(PairingStartRequest) -> PairingView;
    /// The person recognised issuer and account: from `confirm` to `set_pin`.
    pairing_accept(()) -> PairingView;
    /// Sets the PIN and goes on: from `set_pin` to `working`. A weak PIN is an error and leaves the stage.
    pairing_set_pin_and_continue(PinRequest) -> PairingView;
    /// Ends the pairing in any stage and puts it back to `idle`.
    pairing_cancel(()) -> PairingView;

    /// What is waiting, oldest first.
    inbox_list(()) -> InboxView;
    /// One request as it stands now; also after it closed, until it leaves the history.
    request_show(RequestRequest) -> ConsentRequestView;
    /// Approves. Answers once the server has confirmed, or with state `sending`.
    request_approve(RequestApproveRequest) -> ConsentRequestView;
    /// Denies. Answers once the server has confirmed, or with state `sending`.
    request_deny(RequestDenyRequest) -> ConsentRequestView;
    /// Takes a closed request or a blocked message off the inbox; the history keeps it.
    request_dismiss(RequestRequest) -> InboxView;

    /// What happened, newest first, at most 200 entries.
    history_list(()) -> Vec<HistoryEntryView>;
}
