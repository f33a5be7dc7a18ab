//! The Tegata app: one window over [`tegata_device`].
//!
//! This crate converts and forwards. What is asked, whether it verifies, what is signed and what is kept are the device's
//! business; what is shown is the screens'. Keys, tokens and the network never enter the webview: it has commands, events
//! and nothing else.

mod adding_session;
mod browser;
mod commands;
mod desktop;
mod events;
mod gate;
mod links;
mod log_file;
mod pairing_session;
mod platform;
mod qr;
mod setup;
mod state;
mod views;
mod words;

use anyhow::Context as _;
use log_file::LogFile;
use std::path::Path;
#[cfg(desktop)]
use tauri::Manager as _;
use tauri::webview::PermissionResponse;
use tegata_device::Device;
use tracing_subscriber::{
    Layer as _, filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Runs the app until it is ended.
///
/// # Errors
/// If the data folder cannot be opened or there is no display.
pub fn run() -> anyhow::Result<()> {
    platform::prepare_process();
    tegata_device::transport::install_crypto_provider();
    let device = setup::open_device()?;
    start_log(device.data_dir());
    let app = builder(device.clone())
        .build(tauri::generate_context!())
        .context("the window cannot be opened")?;
    // This is the only instance now, and there is no window yet: the first picture can show what has come of it.
    tauri::async_runtime::spawn(async move { device.connect() });
    app.run(setup::on_run_event);
    Ok(())
}

/// What a phone's system calls in the place of a `main`.
#[cfg(mobile)]
#[tauri::mobile_entry_point]
fn run_on_phone() {
    if let Err(error) = run() {
        tracing::error!(%error, "app.not_started");
    }
}

fn builder(device: Device) -> tauri::Builder<tauri::Wry> {
    let builder = tauri::Builder::default();
    #[cfg(desktop)]
    let builder = with_one_window(builder, device.data_dir());
    builder
        .setup(move |app| {
            setup::install(app, &device);
            Ok(())
        })
        .on_window_event(setup::on_window_event)
        .on_permission_request(|webview, kind| {
            if setup::permitted(&webview, kind) {
                PermissionResponse::Allow
            } else {
                PermissionResponse::Deny
            }
        })
        .invoke_handler(setup::handler())
}

/// One instance, whose window is where it was. Phones see to both themselves.
#[cfg(desktop)]
fn with_one_window(
    builder: tauri::Builder<tauri::Wry>,
    data_dir: &Path,
) -> tauri::Builder<tauri::Wry> {
    use tauri_plugin_window_state::StateFlags;
    let window_state = data_dir.join("window.json");
    builder
        .plugin(tauri_plugin_single_instance::init(
            |app, arguments, _folder| {
                // A second start brings the first window forward, and hands on a link if it was started with one.
                if let Some(state) = app.try_state::<state::AppState>() {
                    match links::link_among(arguments.into_iter().skip(1)) {
                        Some(link) => state.open_link(link),
                        None => state.desktop.open(None),
                    }
                }
            },
        ))
        .plugin(
            tauri_plugin_window_state::Builder::new()
                .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
                .with_filename(window_state.to_string_lossy())
                .build(),
        )
}

/// By level and target, as in `warn,tegata_device=debug`. What cannot be read is as good as nothing.
fn log_filter(wanted: Option<&str>) -> Targets {
    let wanted = wanted.and_then(|text| text.parse().ok());
    wanted.unwrap_or_else(|| Targets::new().with_default(tracing::Level::WARN))
}

/// To standard error, and to a file, so that there is something to send when somebody asks for help.
fn start_log(data_dir: &Path) {
    let filter = log_filter(std::env::var("TEGATA_LOG").ok().as_deref());
    let terminal = fmt::layer()
        .with_writer(std::io::stderr)
        .with_filter(filter.clone());
    let file = LogFile::open(&data_dir.join("logs")).map(|log| {
        fmt::layer()
            .with_ansi(false)
            .with_writer(log)
            .with_filter(filter)
    });
    let problem = file.as_ref().err().map(ToString::to_string);
    tracing_subscriber::registry()
        .with(terminal)
        .with(file.ok())
        .init();
    if let Some(error) = problem {
        tracing::warn!(%error, "log.no_file");
    }
}

#[cfg(test)]
mod tests;
