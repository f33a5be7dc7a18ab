//! Everything that crosses between the Rust side of the app and its screens.
//!
//! The screens own no state: they ask with a *command*, are answered with a *view*, and are told by an *event* which
//! views have become stale. This crate holds those three vocabularies, the errors of commands, and the generator of
//! the TypeScript that the screens are written against ([`export_bindings`]). A test regenerates it and compares.
//!
//! It decides nothing, reads nothing and keeps nothing: converting the device's own types into views is the shell's
//! work. Keys, tokens, prompts and expected transfer codes have no type here and therefore no way to the screens.
//!
//! To add a command: write its request type (if it takes anything) and its view, list the types in `bindings.rs`, add
//! one line to the `commands!` table in `commands.rs`, and run `cargo xtask gen`. The shell must then handle it and
//! grant it in a capability, or its build fails.

mod account;
mod bindings;
mod commands;
mod consents;
mod desktop;
mod devices;
mod error;
mod history;
mod ids;
mod pairing;
mod request;
mod secret;
mod self_test;
mod settings;

pub use account::{
    Accent, AccountCustomizeRequest, AccountHealth, AccountIcon, AccountUnpairRequest, AccountView,
    ConnectionView, PartyView, PinChangeRequest,
};
pub use bindings::export_bindings;
pub use commands::{
    AccountRequest, ApproveView, AskedView, COMMANDS, CommandSpec, KeyReplaceRequest,
    PairingStartRequest, PinRequest, RequestApproveRequest, RequestDenyRequest, RequestRequest,
    SettingsSetRequest, StartView, UiEvent, command_names,
};
pub use consents::{ConsentId, ConsentRevokeRequest, ConsentView};
pub use desktop::{CloseAnswerRequest, CloseChoice, DesktopView, LockView, UnlockRequest};
pub use devices::{
    AddingConfirmRequest, AddingFailure, AddingStartRequest, AddingView, DeviceGradeRequest,
    DeviceId, DeviceRemoveRequest, DeviceRenameRequest, DeviceView, DevicesView, RemovalReason,
    RemovalView,
};
pub use error::{CloseReason, ErrorCode, PinWeakness, UiError};
pub use history::{
    DeviceNotice, ExportView, HistoryEntryRequest, HistoryEntryView, HistoryEventView,
    HistoryFilter, HistoryListRequest, HistoryPageView, ReceiptView, VerificationView,
};
pub use ids::{AccountId, HistoryEntryId, RequestId, UnixMillis, UnixSeconds};
pub use pairing::{PairingFailure, PairingInput, PairingStep, PairingView, Remedy};
pub use request::{
    ActorView, BlockReason, BlockedRequestView, Caution, ClaimedContextView, ClientView,
    ConsentRequestView, Decision, DenialReason, DenyOnlyReason, DetailView, InboxView, LeafView,
    ObservedContextView, RegisteredBy, RequestFactsView, RequestKind, RequestStateView, ScopeView,
    SubjectDeviceView, TransferView,
};
pub use secret::{CodeEntry, PinEntry};
pub use self_test::{
    SelfTestCheck, SelfTestDetail, SelfTestLine, SelfTestOutcome, SelfTestTrouble, SelfTestView,
};
pub use settings::{AppInfoView, Language, QuietHours, SettingsView, ThemeChoice, UnknownClients};
