//! Linux: the session bus for notifications, tray and screen lock; a file for the start at login; WebKit's settings.

mod autostart;
mod notifications;
mod session;
#[cfg(test)]
mod tests;
mod tray;

pub(crate) use autostart::Autostart;
pub(crate) use notifications::Notifications;
pub(crate) use session::watch_session;
pub(crate) use tray::Tray;

use std::time::Duration;
use tauri::{Runtime, WebviewWindow};
use tokio::sync::OnceCell;
use webkit2gtk::{SettingsExt as _, WebViewExt as _};
use zbus::{Connection, connection::Builder};

/// Services of a desktop answer at once or are broken.
const ANSWER: Duration = Duration::from_secs(3);

/// The one connection to the session bus.
async fn session_bus() -> zbus::Result<Connection> {
    static BUS: OnceCell<Connection> = OnceCell::const_new();
    let connect = || async { Builder::session()?.method_timeout(ANSWER).build().await };
    BUS.get_or_try_init(connect).await.cloned()
}

/// Lets pages ask for a camera, which WebKit does not by itself. Who is answered yes is decided where it is asked.
pub(crate) fn prepare_webview<R: Runtime>(window: &WebviewWindow<R>) {
    let done = window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_enable_media_stream(true);
        }
    });
    if let Err(error) = done {
        tracing::warn!(%error, "webview.not_prepared");
    }
}
