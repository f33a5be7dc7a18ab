//! Start-up: the device with this machine's ports, the window, the commands.

use crate::{
    browser::Browser,
    commands,
    desktop::{AppScreen, Closing, Desktop, Picture},
    events::Events,
    gate::gated,
    links::link_among,
    platform::{Autostart, HIDDEN, prepare_webview},
    state::AppState,
};
use anyhow::Context as _;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tauri::{
    App, AppHandle, Emitter as _, Manager as _, RunEvent, Runtime, Webview, Window, WindowEvent,
    ipc::Invoke, webview::PermissionKind,
};
use tegata_device::{
    Device, DeviceConfig,
    keys::SoftwareApprovalKey,
    ports::Ports,
    secret_store::{DEFAULT_KEYRING_LABEL, KEYRING_LABEL_VARIABLE, KeyringStore},
    transport::NetworkStack,
};
use tegata_protocol::{SystemClock, SystemRng};

/// How long the end of the app may wait for notifications to be withdrawn.
const LEAVE: Duration = Duration::from_millis(500);

/// Every command of the contract. `every_command_of_the_contract_is_handled` holds the two together.
pub(crate) fn handler<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    gated(tauri::generate_handler![
        commands::accounts::account_customize,
        commands::accounts::account_retry,
        commands::accounts::account_unlock,
        commands::accounts::account_unpair,
        commands::accounts::accounts_list,
        commands::accounts::key_replace,
        commands::accounts::pin_change,
        commands::consents::consent_revoke,
        commands::consents::consents_list,
        commands::desktop::close_answer,
        commands::desktop::desktop_state,
        commands::desktop::lock_now,
        commands::desktop::lock_open,
        commands::desktop::lock_state,
        commands::desktop::shown_request,
        commands::devices::adding_cancel,
        commands::devices::adding_confirm,
        commands::devices::adding_start,
        commands::devices::adding_state,
        commands::devices::device_grade,
        commands::devices::device_remove,
        commands::devices::device_rename,
        commands::devices::devices_list,
        commands::history::history_export,
        commands::history::history_export_all,
        commands::history::history_list,
        commands::history::history_verify,
        commands::inbox::inbox_list,
        commands::inbox::request_approve,
        commands::inbox::request_check,
        commands::inbox::request_deny,
        commands::inbox::request_dismiss,
        commands::inbox::request_show,
        commands::pairing::pairing_accept,
        commands::pairing::pairing_cancel,
        commands::pairing::pairing_set_pin_and_continue,
        commands::pairing::pairing_start,
        commands::pairing::pairing_state,
        commands::self_test::self_test_start,
        commands::self_test::self_test_state,
        commands::settings::settings_get,
        commands::settings::settings_set,
        commands::settings::start,
    ])
}

/// The device of this machine: system clock and generator, the operating system's credential store, the real network.
pub(crate) fn open_device() -> anyhow::Result<Device> {
    let config = DeviceConfig::locate(
        None::<PathBuf>,
        concat!("tegata/", env!("CARGO_PKG_VERSION")),
    )?;
    let label =
        std::env::var(KEYRING_LABEL_VARIABLE).unwrap_or_else(|_| DEFAULT_KEYRING_LABEL.to_owned());
    let rng = SystemRng::new();
    let ports = Ports {
        clock: Arc::new(SystemClock),
        rng: Arc::new(rng.clone()),
        secrets: Arc::new(KeyringStore::new(&label)),
        network: Arc::new(NetworkStack),
        approval: Arc::new(SoftwareApprovalKey::new(rng)),
    };
    Device::open(config, ports).context("the app's data folder cannot be opened")
}

/// Hands the device to the commands, shows the window, and begins to be a part of the desktop.
pub(crate) fn install<R: Runtime>(app: &App<R>, device: &Device) {
    let handle = app.handle().clone();
    let events = Events::new(move |event| {
        if let Err(error) = handle.emit(event.name(), ()) {
            tracing::error!(%error, "event.not_emitted");
        }
    });
    let desktop = Desktop::new(
        device.clone(),
        events.clone(),
        Box::new(AppScreen(app.handle().clone())),
        Autostart::locate(),
        icon(app),
    );
    let clock = Arc::new(SystemClock);
    let state = AppState::new(
        device.clone(),
        clock,
        events.clone(),
        desktop.clone(),
        Browser::of_this_machine(),
    );
    app.manage(state);
    if let Some(window) = app.get_webview_window("main") {
        prepare_webview(&window);
    }
    let hidden = std::env::args().any(|argument| argument == HIDDEN);
    if !hidden {
        desktop.screen().present();
    }
    tauri::async_runtime::spawn(events.follow(device.clone()));
    desktop.start(app.handle());
    if hidden {
        tauri::async_runtime::spawn(desktop.show_without_tray());
    }
    if let Some(link) = link_among(std::env::args().skip(1)) {
        app.state::<AppState>().open_link(link);
    }
}

/// The app's own icon, as large as a tray may want it.
fn icon<R: Runtime>(app: &App<R>) -> Picture {
    let icon = app.default_window_icon();
    let square = icon.filter(|icon| icon.width() == icon.height());
    square.map_or_else(Picture::default, |icon| Picture {
        side: icon.width(),
        rgba: icon.rgba().to_vec(),
    })
}

/// What happens to the window.
pub(crate) fn on_window_event<R: Runtime>(window: &Window<R>, event: &WindowEvent) {
    let Some(state) = window.try_state::<AppState>() else {
        return;
    };
    match event {
        WindowEvent::CloseRequested { api, .. } => match state.desktop.close() {
            Closing::Ask => api.prevent_close(),
            Closing::Hide => {
                api.prevent_close();
                state.desktop.screen().hide();
            }
            Closing::Quit => {}
        },
        WindowEvent::Focused(true) => state.desktop.use_now(),
        _ => {}
    }
}

/// What happens to the app as a whole.
#[cfg_attr(
    target_os = "linux",
    expect(
        clippy::needless_pass_by_value,
        reason = "on other systems it brings the addresses that were opened"
    )
)]
pub(crate) fn on_run_event<R: Runtime>(app: &AppHandle<R>, event: RunEvent) {
    let Some(state) = app.try_state::<AppState>() else {
        return;
    };
    match event {
        RunEvent::Exit => {
            // Whatever is not withdrawn in time stays on the screen. A time limit needs the run time around it.
            let leave = async { tokio::time::timeout(LEAVE, state.desktop.leave()).await };
            drop(tauri::async_runtime::block_on(leave));
        }
        #[cfg(any(target_os = "macos", mobile))]
        RunEvent::Opened { urls } => {
            if let Some(link) = link_among(urls.into_iter().map(String::from)) {
                state.open_link(link);
            }
        }
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => state.desktop.open(None),
        _ => {}
    }
}

/// A camera for the app's own pages, to scan a code, and nothing else.
pub(crate) fn permitted<R: Runtime>(webview: &Webview<R>, kind: PermissionKind) -> bool {
    let own = webview
        .url()
        .is_ok_and(|url| url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost"));
    own && matches!(kind, PermissionKind::Camera)
}
