//! Start-up: the device with this machine's ports, the window, the commands.

use crate::{commands, events::Events, state::AppState};
use anyhow::Context as _;
use std::{path::PathBuf, sync::Arc};
use tauri::{App, Emitter as _, Manager as _, Runtime, ipc::Invoke};
use tegata_device::{
    Device, DeviceConfig,
    keys::SoftwareApprovalKey,
    ports::Ports,
    secret_store::{DEFAULT_KEYRING_LABEL, KEYRING_LABEL_VARIABLE, KeyringStore},
    transport::NetworkStack,
};
use tegata_protocol::{SystemClock, SystemRng};

/// Every command of the contract. `every_command_of_the_contract_is_handled` holds the two together.
pub(crate) fn handler<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        commands::accounts::account_retry,
        commands::accounts::account_unlock,
        commands::accounts::accounts_list,
        commands::history::history_list,
        commands::inbox::inbox_list,
        commands::inbox::request_approve,
        commands::inbox::request_deny,
        commands::inbox::request_dismiss,
        commands::inbox::request_show,
        commands::pairing::pairing_accept,
        commands::pairing::pairing_cancel,
        commands::pairing::pairing_set_pin_and_continue,
        commands::pairing::pairing_start,
        commands::pairing::pairing_state,
        commands::settings::start,
        commands::settings::settings_get,
        commands::settings::settings_set,
    ]
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

/// Hands the device to the commands, connects it, and tells the window what becomes stale.
pub(crate) fn install<R: Runtime>(app: &App<R>, device: &Device) {
    let handle = app.handle().clone();
    let events = Events::new(move |event| {
        if let Err(error) = handle.emit(event.name(), ()) {
            tracing::error!(%error, "event.not_emitted");
        }
    });
    app.manage(AppState::new(
        device.clone(),
        Arc::new(SystemClock),
        events.clone(),
    ));
    let connecting = device.clone();
    tauri::async_runtime::spawn(async move { connecting.connect() });
    tauri::async_runtime::spawn(events.follow(device.clone()));
}
