//! The contract as both sides see it: committed TypeScript, literal JSON, names of commands and events.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::json;
use tegata_ui_contract::{
    COMMANDS, ConsentRequestView, ErrorCode, PairingInput, PairingView, RequestApproveRequest,
    RequestStateView, UiError, UiEvent, UnixSeconds, command_names, export_bindings,
};

fn committed_dir() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/generated")
}

fn file_names(dir: &Path) -> BTreeSet<String> {
    fs::read_dir(dir)
        .expect("the folder exists")
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

#[test]
fn committed_typescript_is_what_the_types_generate() {
    let fresh = tempfile::tempdir().expect("a temporary folder");
    export_bindings(fresh.path()).expect("bindings are written");
    let committed = committed_dir();
    assert_eq!(
        file_names(fresh.path()),
        file_names(&committed),
        "other files than generated: run `cargo xtask gen`"
    );
    for name in file_names(fresh.path()) {
        let expected = fs::read_to_string(fresh.path().join(&name)).expect("readable");
        let found = fs::read_to_string(committed.join(&name)).expect("readable");
        assert!(found == expected, "{name} is stale: run `cargo xtask gen`");
    }
}

#[test]
fn every_type_that_is_used_is_declared() {
    let fresh = tempfile::tempdir().expect("a temporary folder");
    export_bindings(fresh.path()).expect("bindings are written");
    let contract = fs::read_to_string(fresh.path().join("contract.ts")).expect("readable");
    let commands = fs::read_to_string(fresh.path().join("commands.ts")).expect("readable");
    let used = commands.split("contract.").skip(1).map(|rest| {
        rest.chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
    });
    for name in used {
        assert!(
            contract.contains(&format!("export type {name} =")),
            "{name} is not declared"
        );
    }
    assert!(!contract.contains("bigint"), "JSON has no bigint");
}

#[test]
fn command_names_are_unique_and_complete() {
    let unique: BTreeSet<_> = command_names().iter().collect();
    assert_eq!(
        unique.len(),
        command_names().len(),
        "a command is listed twice"
    );
    assert_eq!(
        COMMANDS.iter().map(|c| c.name).collect::<Vec<_>>(),
        command_names()
    );
}

#[test]
fn event_names_are_their_wire_form() {
    for event in UiEvent::ALL {
        assert_eq!(
            serde_json::to_value(event).expect("serializable"),
            json!(event.name())
        );
    }
}

#[test]
fn errors_cross_as_code_message_and_what_the_code_carries() {
    let error = UiError::new(ErrorCode::PinWrong { tries_left: 3 }, "the PIN is wrong");
    let literal = json!({"code": "pin_wrong", "tries_left": 3, "message": "the PIN is wrong"});
    assert_eq!(serde_json::to_value(&error).expect("serializable"), literal);
    assert_eq!(
        serde_json::from_value::<UiError>(literal).expect("readable"),
        error
    );
}

#[test]
fn states_cross_with_their_tag() {
    let state: RequestStateView = serde_json::from_value(json!({
        "state": "handled", "device_name": "Pixel 9", "decision": "approve", "at": 1_795_000_000
    }))
    .expect("readable");
    assert!(
        matches!(state, RequestStateView::Handled { .. }),
        "got {state:?}"
    );
    assert_eq!(
        serde_json::to_value(RequestStateView::Reported { at: UnixSeconds(7) })
            .expect("serializable"),
        json!({"state": "reported", "at": 7})
    );
    assert_eq!(
        serde_json::to_value(PairingView::SetPin).expect("serializable"),
        json!({"stage": "set_pin"})
    );
}

#[test]
fn what_the_screens_send_is_read_and_never_printed() {
    let approve: RequestApproveRequest = serde_json::from_value(json!({
        "id": "r1", "transfer": "427905", "pin": "493817"
    }))
    .expect("readable");
    let link: PairingInput =
        serde_json::from_value(json!({"form": "link", "link": "https://op.example/pair#v=1"}))
            .expect("readable");
    let printed = format!("{approve:?} {link:?}");
    for secret in ["427905", "493817", "op.example"] {
        assert!(!printed.contains(secret), "{secret} is in {printed}");
    }
}

#[test]
fn a_request_round_trips_through_literal_json() {
    let literal = json!({
        "id": "r1",
        "facts": {
            "account": "a1", "account_name": "hanako",
            "issuer": {"name": "Kawabe Bank", "host": "id.kawabe.example"},
            "provider": null,
            "client": {"name": "Kawabe Cloud", "registered_by": "self", "since": 1, "host": null},
            "kind": "sign_in", "scopes": [{"name": "openid", "description": null}],
            "details": [{"kind": "payment", "label": null,
                         "leaves": [{"path": "/amount", "label": "Amount", "value": "1.00"}]}],
            "resources": [], "observed": {"time": 2, "first_request": true},
            "claimed": {"place": "Osaka", "device": null, "address": null},
            "actors": [{"name": "Assistant", "vouched_by": "Kawabe Cloud"}], "claims": ["email"],
            "access_seconds": 300, "renewable_until": null, "device": null,
            "binding_message": "Desk 4", "cautions": ["first_request"]
        },
        "transfer": {"kind": "code", "alphabet": "0123456789", "length": 6},
        "expires_in": 108, "received_at": 3, "lifetime": 120,
        "deny_only": "too_long", "state": {"state": "pending", "again": true}
    });
    let view: ConsentRequestView = serde_json::from_value(literal.clone()).expect("readable");
    assert_eq!(serde_json::to_value(view).expect("serializable"), literal);
}
