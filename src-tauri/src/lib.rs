//! The Tegata app: one window over [`tegata_device`].
//!
//! This crate converts and forwards. What is asked, whether it verifies, what is signed and what is kept are the device's
//! business; what is shown is the screens'. Keys, tokens and the network never enter the webview: it has commands, events
//! and nothing else.

mod commands;
mod events;
mod pairing_session;
mod setup;
mod state;
mod views;

use anyhow::Context as _;
use tauri::Manager as _;
use tracing_subscriber::EnvFilter;

/// Runs the app until its window is closed.
///
/// # Errors
/// If the data folder cannot be opened or there is no display.
#[cfg_attr(mobile, tauri::mobile_entry_point)]
pub fn run() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("TEGATA_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    tegata_device::transport::install_crypto_provider();
    let device = setup::open_device()?;
    tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(
            |app, _arguments, _folder| {
                // A second start brings the first window forward. Its arguments are not looked at.
                if let Some(window) = app.get_webview_window("main") {
                    let _ = window.unminimize();
                    let _ = window.set_focus();
                }
            },
        ))
        .setup(move |app| {
            setup::install(app, &device);
            Ok(())
        })
        .invoke_handler(setup::handler())
        .run(tauri::generate_context!())
        .context("the window cannot be opened")
}

#[cfg(test)]
mod tests;
