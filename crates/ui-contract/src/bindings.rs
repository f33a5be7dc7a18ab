//! Writes the TypeScript of the contract: `contract.ts` with every type, `commands.ts` with the command map.

use std::{fmt::Write as _, fs, io, path::Path};

use ts_rs::{Config, TS};

use crate::{
    Accent, AccountCustomizeRequest, AccountHealth, AccountIcon, AccountId, AccountRequest,
    AccountUnpairRequest, AccountView, ActorView, AddingConfirmRequest, AddingFailure,
    AddingStartRequest, AddingView, AppInfoView, ApproveView, AskedView, BlockReason,
    BlockedRequestView, COMMANDS, Caution, ClaimedContextView, ClientView, CloseAnswerRequest,
    CloseChoice, CloseReason, CodeEntry, ConnectionView, ConsentId, ConsentRequestView,
    ConsentRevokeRequest, ConsentView, Decision, DenialReason, DenyOnlyReason, DesktopView,
    DetailView, DeviceGradeRequest, DeviceId, DeviceNotice, DeviceRemoveRequest,
    DeviceRenameRequest, DeviceView, DevicesView, ErrorCode, ExportView, HistoryEntryId,
    HistoryEntryRequest, HistoryEntryView, HistoryEventView, HistoryFilter, HistoryListRequest,
    HistoryPageView, InboxView, KeyReplaceRequest, Language, LeafView, LockView,
    ObservedContextView, PairingFailure, PairingInput, PairingStartRequest, PairingStep,
    PairingView, PartyView, PinChangeRequest, PinEntry, PinRequest, PinWeakness, QuietHours,
    ReceiptView, RegisteredBy, Remedy, RemovalReason, RemovalView, RequestApproveRequest,
    RequestDenyRequest, RequestFactsView, RequestId, RequestKind, RequestRequest, RequestStateView,
    ScopeView, SelfTestCheck, SelfTestDetail, SelfTestLine, SelfTestOutcome, SelfTestTrouble,
    SelfTestView, SettingsSetRequest, SettingsView, StartView, SubjectDeviceView, ThemeChoice,
    TransferView, UiError, UiEvent, UnixMillis, UnixSeconds, UnknownClients, UnlockRequest,
    VerificationView,
};

const HEADER: &str = "// Generated from crates/ui-contract by `cargo xtask gen`. Do not edit.\n";

/// Writes `contract.ts` and `commands.ts` into `dir`, which is created if needed. Equal types give equal bytes.
///
/// # Errors
///
/// Whatever the file system says about creating `dir` or writing into it.
pub fn export_bindings(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    // JSON carries these integers as numbers, so that is what they are in TypeScript too.
    let config = Config::new().with_large_int("number");
    fs::write(dir.join("contract.ts"), contract(&config))?;
    fs::write(dir.join("commands.ts"), commands(&config))
}

macro_rules! declare {
    ($config:expr; $($type:ty),+ $(,)?) => {
        [$(declaration::<$type>($config)),+].concat()
    };
}

fn contract(config: &Config) -> String {
    let types = declare!(config;
        AccountId, RequestId, HistoryEntryId, UnixSeconds, UnixMillis, PinEntry, CodeEntry,
        PartyView, AccountView, ConnectionView, AccountHealth,
        InboxView, ConsentRequestView, RequestFactsView, RequestKind, ClientView, RegisteredBy,
        ScopeView, DetailView, LeafView, ObservedContextView, ClaimedContextView, Caution,
        TransferView, DenyOnlyReason, RequestStateView, Decision, DenialReason,
        BlockedRequestView, BlockReason,
        PairingInput, PairingView, PairingStep, PairingFailure, Remedy,
        HistoryEntryView, HistoryEventView, ReceiptView,
        SettingsView, Language, ThemeChoice, AppInfoView,
        PairingStartRequest, PinRequest, AccountRequest, RequestRequest, RequestApproveRequest,
        RequestDenyRequest, SettingsSetRequest,
        UiEvent, UiError, ErrorCode, CloseReason, PinWeakness,
        Accent, AccountCustomizeRequest, AccountIcon, AccountUnpairRequest, ActorView, AddingConfirmRequest, AddingFailure, AddingStartRequest, AddingView, ApproveView, AskedView, StartView, CloseAnswerRequest, CloseChoice, ConsentId, ConsentRevokeRequest, ConsentView, DesktopView, DeviceId, DeviceGradeRequest, DeviceNotice, DeviceRemoveRequest, DeviceRenameRequest, DeviceView, DevicesView, ExportView, HistoryEntryRequest, HistoryFilter, HistoryListRequest, HistoryPageView, KeyReplaceRequest, LockView, PinChangeRequest, QuietHours, RemovalReason, RemovalView, SelfTestCheck, SelfTestDetail, SelfTestLine, SelfTestOutcome, SelfTestTrouble, SelfTestView, SubjectDeviceView, UnknownClients, UnlockRequest, VerificationView,
    );
    let trimmed: Vec<_> = types.lines().map(str::trim_end).collect();
    format!("{HEADER}{}\n", trimmed.join("\n"))
}

fn declaration<T: TS>(config: &Config) -> String {
    let docs = T::docs().unwrap_or_default();
    format!("\n{docs}export {}\n", T::decl(config))
}

fn commands(config: &Config) -> String {
    let mut out = format!("{HEADER}\nimport type * as contract from \"./contract\";\n\n");
    out.push_str(
        "/** Every command with what it takes (`null`: nothing) and what it answers. */\n",
    );
    out.push_str("export interface Commands {\n");
    for command in COMMANDS {
        writeln!(
            out,
            "  /**{} */\n  {}: {{ request: {}; response: {} }};",
            command.docs,
            command.name,
            qualified(&(command.request)(config)),
            qualified(&(command.response)(config)),
        )
        .expect("writing to a String cannot fail");
    }
    out.push_str(
        "}\n\n/** Every event, none of which carries anything. */\nexport const EVENTS = [\n",
    );
    for event in UiEvent::ALL {
        writeln!(out, "  \"{}\",", event.name()).expect("writing to a String cannot fail");
    }
    out.push_str("] as const satisfies readonly contract.UiEvent[];\n");
    out
}

/// Puts `contract.` before the one type name in `name`; leaves `null` alone.
fn qualified(name: &str) -> String {
    if name == "null" {
        return name.to_owned();
    }
    match name
        .strip_prefix("Array<")
        .and_then(|rest| rest.strip_suffix('>'))
    {
        Some(inner) => format!("Array<contract.{inner}>"),
        None => format!("contract.{name}"),
    }
}
