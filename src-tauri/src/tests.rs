//! The commands, through Tauri's own dispatch, without a display.

use crate::{events::Events, setup, state::AppState};
use serde_json::{Value, json};
use std::sync::Arc;
use tauri::{
    WebviewWindow, WebviewWindowBuilder,
    ipc::{CallbackFn, InvokeBody},
    test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets},
    webview::InvokeRequest,
};
use tegata_device::{
    Device, DeviceConfig, keys::SoftwareApprovalKey, ports::Ports, secret_store::MemoryStore,
    transport::NetworkStack,
};
use tegata_protocol::{SystemClock, SystemRng};

struct Fixture {
    window: WebviewWindow<MockRuntime>,
    _app: tauri::App<MockRuntime>,
    _folder: tempfile::TempDir,
}

fn fixture() -> Fixture {
    tegata_device::transport::install_crypto_provider();
    let folder = tempfile::tempdir().unwrap();
    let rng = SystemRng::new();
    let ports = Ports {
        clock: Arc::new(SystemClock),
        rng: Arc::new(rng.clone()),
        secrets: Arc::new(MemoryStore::default()),
        network: Arc::new(NetworkStack),
        approval: Arc::new(SoftwareApprovalKey::new(rng)),
    };
    let config = DeviceConfig {
        data_dir: folder.path().to_owned(),
        app: "tegata/test".into(),
    };
    let device = Device::open(config, ports).unwrap();
    let app = mock_builder()
        .invoke_handler(setup::handler())
        .build(mock_context(noop_assets()))
        .unwrap();
    tauri::Manager::manage(
        &app,
        AppState::new(device, Arc::new(SystemClock), Events::new(|_| {})),
    );
    let window = WebviewWindowBuilder::new(&app, "main", tauri::WebviewUrl::default())
        .build()
        .unwrap();
    Fixture {
        window,
        _app: app,
        _folder: folder,
    }
}

fn call(fixture: &Fixture, command: &str, body: Value) -> Result<Value, Value> {
    let request = InvokeRequest {
        cmd: command.into(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: "tauri://localhost".parse().unwrap(),
        body: InvokeBody::Json(body),
        headers: tauri::http::HeaderMap::new(),
        invoke_key: INVOKE_KEY.to_string(),
    };
    get_ipc_response(&fixture.window, request).map(|body| body.deserialize::<Value>().unwrap())
}

#[test]
fn every_command_of_the_contract_is_handled() {
    let fixture = fixture();
    for command in tegata_ui_contract::command_names() {
        let answer = call(&fixture, command, json!({}));
        let missing = |text: &Value| text.as_str().is_some_and(|text| text.contains("not found"));
        assert!(
            !answer.as_ref().is_err_and(missing),
            "{command}: {answer:?}"
        );
    }
    let unknown = call(&fixture, "no_such_command", json!({})).unwrap_err();
    assert!(
        unknown.as_str().unwrap().contains("not found"),
        "the check must be able to fail: {unknown}"
    );
}

#[test]
fn every_command_of_the_contract_is_granted_to_the_window_and_nothing_else_is() {
    let capability: Value =
        serde_json::from_str(include_str!("../capabilities/main.json")).unwrap();
    assert_eq!(capability["windows"], json!(["main"]));
    let mut granted: Vec<String> = capability["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p.as_str().unwrap().to_owned())
        .collect();
    let mut expected: Vec<String> = tegata_ui_contract::command_names()
        .iter()
        .map(|name| format!("allow-{}", name.replace('_', "-")))
        .chain([
            "core:event:allow-listen".to_owned(),
            "core:event:allow-unlisten".to_owned(),
        ])
        .collect();
    granted.sort();
    expected.sort();
    assert_eq!(granted, expected);
}

#[test]
fn settings_are_kept() {
    let fixture = fixture();
    let chosen = json!({
        "locale": "ja", "theme": "dark", "notifications": true, "sound": false, "quiet_hours": null,
        "lock_after_minutes": 0, "unknown_clients": "caution", "start_at_login": false, "on_close": "ask",
        "protect_content": false,
    });
    let answer = call(
        &fixture,
        "settings_set",
        json!({"request": {"settings": chosen}}),
    );
    assert_eq!(answer, Ok(chosen.clone()));
    assert_eq!(call(&fixture, "settings_get", json!({})), Ok(chosen));
}

#[test]
fn a_text_that_is_no_invitation_fails_without_asking_anybody() {
    let fixture = fixture();
    let input = json!({"request": {"input": {"form": "link", "link": "hello"}}});
    let answer = call(&fixture, "pairing_start", input).unwrap();
    assert_eq!(answer["stage"], "failed");
    assert_eq!(answer["code"], "invitation_malformed");
    assert_eq!(
        call(&fixture, "pairing_cancel", json!({})).unwrap()["stage"],
        "idle"
    );
    let early = call(&fixture, "pairing_accept", json!({})).unwrap_err();
    assert_eq!(early["code"], "pairing_stage");
}

#[test]
fn a_request_that_is_not_there_is_named_as_such() {
    let fixture = fixture();
    for id in ["", "x", "a.b", "../../etc.passwd"] {
        let answer = call(&fixture, "request_show", json!({"request": {"id": id}})).unwrap_err();
        assert_eq!(answer["code"], "request_unknown", "{id}");
    }
}
