//! The table of commands and the list of events.
//!
//! A command is called with one argument named `request`, of the type that the table gives (none where it gives `()`),
//! and is answered with the other type or a [`UiError`](crate::UiError). The TypeScript command map is generated from
//! the same table, so no call site can choose its own types.

use serde::{Deserialize, Serialize};
use ts_rs::{Config, TS};

use crate::{
    AccountCustomizeRequest, AccountId, AccountUnpairRequest, AccountView, AddingConfirmRequest,
    AddingStartRequest, AddingView, AppInfoView, CloseAnswerRequest, CodeEntry, ConsentRequestView,
    ConsentRevokeRequest, ConsentView, DenialReason, DesktopView, DeviceGradeRequest,
    DeviceRemoveRequest, DeviceRenameRequest, DevicesView, ExportView, HistoryEntryRequest,
    HistoryListRequest, HistoryPageView, InboxView, LockView, PairingInput, PairingView,
    PinChangeRequest, PinEntry, RemovalView, RequestId, SelfTestView, SettingsView, UnlockRequest,
    VerificationView,
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

/// What the first picture is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StartView {
    /// Facts about the app.
    pub info: AppInfoView,
    /// `settings_get`.
    pub settings: SettingsView,
    /// `accounts_list`.
    pub accounts: Vec<AccountView>,
    /// `inbox_list`; empty while the screens are covered.
    pub inbox: InboxView,
    /// `lock_state`.
    pub lock: LockView,
}

/// Asks to replace the approval key of an account's pairing.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct KeyReplaceRequest {
    /// The account.
    pub id: AccountId,
    /// The PIN; it protects the new key as well.
    pub pin: PinEntry,
}

/// A request that now waits for an approval here, like any other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ApproveView {
    /// The request to open. It may take a moment to arrive.
    pub request: RequestId,
}

/// The request that the person asked for from outside the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AskedView {
    /// Absent when nothing was asked for.
    pub request: Option<RequestId>,
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
    /// `adding_state` and every `devices_list`.
    DevicesChanged,
    /// `desktop_state`.
    DesktopChanged,
    /// `lock_state`.
    LockChanged,
    /// `self_test_state`.
    SelfTestChanged,
    /// `settings_get`.
    SettingsChanged,
    /// The person asked for one request from outside the window, by a notification or the tray: `shown_request` says which.
    RequestAsked,
}

impl UiEvent {
    /// Every event.
    pub const ALL: [Self; 10] = [
        Self::AccountsChanged,
        Self::HistoryChanged,
        Self::InboxChanged,
        Self::PairingChanged,
        Self::DevicesChanged,
        Self::DesktopChanged,
        Self::LockChanged,
        Self::SelfTestChanged,
        Self::SettingsChanged,
        Self::RequestAsked,
    ];

    /// The name to emit it under.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountsChanged => "accounts_changed",
            Self::HistoryChanged => "history_changed",
            Self::InboxChanged => "inbox_changed",
            Self::PairingChanged => "pairing_changed",
            Self::DevicesChanged => "devices_changed",
            Self::DesktopChanged => "desktop_changed",
            Self::LockChanged => "lock_changed",
            Self::SelfTestChanged => "self_test_changed",
            Self::SettingsChanged => "settings_changed",
            Self::RequestAsked => "request_asked",
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
    /// All that the first picture needs, in one answer. Also while the screens are covered.
    start(()) -> StartView;
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

    /// Replaces what the person chose for an account: name, colour, sign.
    account_customize(AccountCustomizeRequest) -> AccountView;
    /// Ends a pairing: tells the issuer, then forgets keys and history here.
    account_unpair(AccountUnpairRequest) -> Vec<AccountView>;
    /// Changes the PIN of an account's approval key.
    pin_change(PinChangeRequest) -> AccountView;
    /// Makes a new approval key and asks to put it in the place of the old one, by an approval here with the old key.
    key_replace(KeyReplaceRequest) -> ApproveView;

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

    /// Asks the issuer how an approved request stands: whether the client has collected the answer.
    request_check(RequestRequest) -> ConsentRequestView;
    /// The request that the person asked for from outside the window, once; nothing after that.
    shown_request(()) -> AskedView;

    /// What happened, newest first, a page at a time.
    history_list(HistoryListRequest) -> HistoryPageView;
    /// Checks an entry's evidence now.
    history_verify(HistoryEntryRequest) -> VerificationView;
    /// Writes an entry's evidence file, for `tegata verify`, where the person's downloads are.
    history_export(HistoryEntryRequest) -> ExportView;
    /// Writes evidence of every entry that has one, with a list, where the person's downloads are.
    history_export_all(HistoryListRequest) -> ExportView;

    /// The devices of an account, asked from its issuer.
    devices_list(AccountRequest) -> DevicesView;
    /// Renames this device.
    device_rename(DeviceRenameRequest) -> DevicesView;
    /// Asks for a device to be removed: another one by an approval here, this one at once.
    device_remove(DeviceRemoveRequest) -> RemovalView;
    /// Asks to let another device count for as much as this one, by an approval here.
    device_grade(DeviceGradeRequest) -> ApproveView;
    /// Where adding a device stands.
    adding_state(()) -> AddingView;
    /// Starts adding a device, ending what is under way.
    adding_start(AddingStartRequest) -> AddingView;
    /// Confirms the other device by its digits: from `digits` to `done`.
    adding_confirm(AddingConfirmRequest) -> AddingView;
    /// Ends it in any stage and puts it back to `idle`.
    adding_cancel(()) -> AddingView;

    /// What was granted for an account and is still good, newest first, asked from its issuer.
    consents_list(AccountRequest) -> Vec<ConsentView>;
    /// Takes a grant back. Needs no PIN.
    consent_revoke(ConsentRevokeRequest) -> Vec<ConsentView>;

    /// Where the self-test stands.
    self_test_state(()) -> SelfTestView;
    /// Begins a self-test, ending one that is under way.
    self_test_start(()) -> SelfTestView;

    /// What this machine offers, and whether it is asked what closing means.
    desktop_state(()) -> DesktopView;
    /// The person's answer to what closing means.
    close_answer(CloseAnswerRequest) -> DesktopView;
    /// Whether the screens are covered.
    lock_state(()) -> LockView;
    /// Covers the screens now.
    lock_now(()) -> LockView;
    /// Uncovers them.
    lock_open(UnlockRequest) -> LockView;
}
