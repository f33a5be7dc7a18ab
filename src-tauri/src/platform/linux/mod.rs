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

use gtk::{pango::FontDescription, prelude::GtkSettingsExt as _};
use std::{fs, path::Path, time::Duration};
use tauri::{Runtime, WebviewWindow};
use tokio::sync::OnceCell;
use webkit2gtk::{SettingsExt as _, WebViewExt as _, glib};
use zbus::{Connection, connection::Builder};

/// Services of a desktop answer at once or are broken.
const ANSWER: Duration = Duration::from_secs(3);

/// The one connection to the session bus.
async fn session_bus() -> zbus::Result<Connection> {
    static BUS: OnceCell<Connection> = OnceCell::const_new();
    let connect = || async { Builder::session()?.method_timeout(ANSWER).build().await };
    BUS.get_or_try_init(connect).await.cloned()
}

/// WebKit's own switch for drawing pages without OpenGL. Whoever has set it, to `0` or to `1`, has decided.
const DRAW_ON_CPU: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";

/// Has pages drawn on the CPU alone where there is no graphics hardware. OpenGL would then be Mesa's software driver, which
/// first compiles a program for each way of drawing.
///
/// To be called before there is any other thread: it changes the environment, by which WebKit's processes are told.
pub(crate) fn prepare_process() {
    if std::env::var_os(DRAW_ON_CPU).is_none() && !has_graphics_hardware(Path::new("/dev")) {
        // Fails only for names that are none. Without it, pages are drawn all the same.
        let _ = glib::setenv(DRAW_ON_CPU, "1", false);
    }
}

/// Whether a driver of the kernel, or NVIDIA's, offers to draw for programs.
fn has_graphics_hardware(dev: &Path) -> bool {
    let offers = |folder: &Path, prefix: &str| {
        fs::read_dir(folder).is_ok_and(|mut nodes| {
            nodes.any(|node| {
                node.is_ok_and(|node| node.file_name().to_string_lossy().starts_with(prefix))
            })
        })
    };
    offers(&dev.join("dri"), "renderD") || offers(dev, "nvidiactl")
}

/// Gives pages the font that the desktop writes with, whatever its size there.
fn follow_font(desktop: &gtk::Settings, settings: &webkit2gtk::Settings) {
    if let Some(family) = desktop.gtk_font_name().and_then(|name| family(&name)) {
        settings.set_sans_serif_font_family(&family);
    }
}

/// The family in what the desktop calls its font: `Cantarell` in `Cantarell Bold 11`.
fn family(font: &str) -> Option<String> {
    let family = FontDescription::from_string(font).family()?;
    Some(family.into())
}

/// Lets pages ask for a camera, which WebKit does not by itself. Who is answered yes is decided where it is asked. Has
/// `sans-serif` be the desktop's font, which WebKit takes twice as long to find by the name `system-ui`.
pub(crate) fn prepare_webview<R: Runtime>(window: &WebviewWindow<R>) {
    let done = window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_enable_media_stream(true);
            if let Some(desktop) = gtk::Settings::default() {
                follow_font(&desktop, &settings);
                desktop
                    .connect_gtk_font_name_notify(move |desktop| follow_font(desktop, &settings));
            }
        }
    });
    if let Err(error) = done {
        tracing::warn!(%error, "webview.not_prepared");
    }
}
