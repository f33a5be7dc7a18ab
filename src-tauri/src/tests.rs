//! The commands, through Tauri's own dispatch, without a display.

use crate::{
    browser::Browser,
    desktop::{AppScreen, Desktop, Picture, Screen},
    events::Events,
    platform::Autostart,
    setup,
    state::AppState,
};
use serde_json::{Value, json};
use std::sync::Arc;
use tauri::{
    WebviewWindow, WebviewWindowBuilder,
    ipc::{CallbackFn, InvokeBody},
    test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets},
    webview::InvokeRequest,
};
use tegata_device::{
    Device, DeviceConfig,
    keys::SoftwareApprovalKey,
    ports::{Network, Ports},
    secret_store::MemoryStore,
    transport::NetworkStack,
};
use tegata_protocol::{SystemClock, SystemRng};

pub(crate) struct Fixture {
    window: WebviewWindow<MockRuntime>,
    app: tauri::App<MockRuntime>,
    folder: tempfile::TempDir,
}

impl Fixture {
    pub(crate) fn state(&self) -> tauri::State<'_, AppState> {
        tauri::Manager::state(&self.app)
    }
}

fn fixture() -> Fixture {
    build(None, Arc::new(NetworkStack), no_browser())
}

pub(crate) fn fixture_with(screen: Box<dyn Screen>) -> Fixture {
    build(Some(screen), Arc::new(NetworkStack), no_browser())
}

/// With the network and the browser of a test's own.
pub(crate) fn fixture_between(network: Arc<dyn Network>, browser: Browser) -> Fixture {
    build(None, network, browser)
}

fn no_browser() -> Browser {
    Browser::new(|_| Box::pin(async { Err(std::io::ErrorKind::NotFound.into()) }))
}

fn build(screen: Option<Box<dyn Screen>>, network: Arc<dyn Network>, browser: Browser) -> Fixture {
    tegata_device::transport::install_crypto_provider();
    let folder = tempfile::tempdir().unwrap();
    let rng = SystemRng::new();
    let ports = Ports {
        clock: Arc::new(SystemClock),
        rng: Arc::new(rng.clone()),
        secrets: Arc::new(MemoryStore::default()),
        network,
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
    let events = Events::new(|_| {});
    let desktop = Desktop::new(
        device.clone(),
        events.clone(),
        screen.unwrap_or_else(|| Box::new(AppScreen(app.handle().clone()))),
        Autostart::in_folder(&folder.path().join("autostart")),
        Picture::default(),
    );
    let state = AppState::new(device, Arc::new(SystemClock), events, desktop, browser);
    tauri::Manager::manage(&app, state);
    let window = WebviewWindowBuilder::new(&app, "main", tauri::WebviewUrl::default())
        .build()
        .unwrap();
    Fixture {
        window,
        app,
        folder,
    }
}

pub(crate) fn call(fixture: &Fixture, command: &str, body: Value) -> Result<Value, Value> {
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
        "locale": "ja", "theme": "dark", "notifications": false, "sound": true,
        "quiet_hours": {"from": 1320, "to": 420}, "lock_after_minutes": 5, "unknown_clients": "deny_only",
        "start_at_login": true, "on_close": "hide", "protect_content": false,
    });
    let answer = call(
        &fixture,
        "settings_set",
        json!({"request": {"settings": chosen}}),
    );
    assert_eq!(answer, Ok(chosen.clone()));
    assert_eq!(call(&fixture, "settings_get", json!({})), Ok(chosen));
    let entries = std::fs::read_dir(fixture.folder.path().join("autostart"));
    assert_eq!(entries.unwrap().count(), 1, "the app starts at login");
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

#[test]
fn another_key_or_grade_needs_an_account_that_is_here_and_a_pin_that_can_be_one() {
    let fixture = fixture();
    let id = "AAAAAAAAAAAAAAAAAAAAAA";
    let asked = |command: &str, body: Value| call(&fixture, command, json!({"request": body}));
    let key = asked("key_replace", json!({"id": id, "pin": "482915"}));
    assert_eq!(key.unwrap_err()["code"], "account_unknown");
    let key = asked("key_replace", json!({"id": id, "pin": "48"}));
    assert_eq!(key.unwrap_err()["code"], "pin_weak");
    let grade = asked("device_grade", json!({"account": id, "device": "device-2"}));
    assert_eq!(grade.unwrap_err()["code"], "account_unknown");
    let grade = asked("device_grade", json!({"account": id, "device": "a b"}));
    assert_eq!(grade.unwrap_err()["code"], "server_error");
}

#[test]
fn why_no_other_key_was_asked_for_is_told_like_the_neighbouring_errors() {
    use tegata_device::{
        management::{ManagementError, ReplaceKeyError},
        pin::PinError,
    };
    let told = |error: ReplaceKeyError| json!(crate::views::replace_key_error(&error));
    let wrong = told(PinError::Wrong { tries_left: 4 }.into());
    assert_eq!(
        (&wrong["code"], &wrong["tries_left"]),
        (&json!("pin_wrong"), &json!(4))
    );
    assert_eq!(told(PinError::Locked.into())["code"], "pin_locked");
    assert_eq!(told(ReplaceKeyError::Busy)["code"], "busy");
    assert_eq!(
        told(ManagementError::NotOffered.into())["code"],
        "not_offered"
    );
}

#[test]
fn a_log_filter_that_cannot_be_read_is_as_good_as_none() {
    use tracing::Level;
    let usual = crate::log_filter(None);
    assert!(usual.would_enable("tegata_device", &Level::WARN));
    assert!(!usual.would_enable("tegata_device", &Level::INFO));
    assert_eq!(crate::log_filter(Some("tegata_device=loud")), usual);
    let wanted = crate::log_filter(Some("warn,tegata_device=debug"));
    assert!(wanted.would_enable("tegata_device::inbox", &Level::DEBUG));
    assert!(!wanted.would_enable("zbus", &Level::INFO));
}
