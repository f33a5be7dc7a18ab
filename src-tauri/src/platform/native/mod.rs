//! macOS and Windows: the notifications, tray and start at login of the system.
//!
//! What neither crate below offers there: taking a notification back, and being told that the screen is locked. The cover
//! comes after the time without use alone.

mod notifications;
mod tray;

pub(crate) use notifications::Notifications;
pub(crate) use tray::Tray;

use super::HIDDEN;
use auto_launch::{AutoLaunch, AutoLaunchBuilder, MacOSLaunchMode};
use std::io;
use tauri::{Runtime, WebviewWindow};

/// The system's own list of what starts at login.
pub(crate) struct Autostart(Option<AutoLaunch>);

impl Autostart {
    pub(crate) fn locate() -> Self {
        let program = std::env::current_exe().ok();
        let entry = program.as_deref().and_then(|program| {
            AutoLaunchBuilder::new()
                .set_app_name("Tegata")
                .set_app_path(program.to_str()?)
                .set_macos_launch_mode(MacOSLaunchMode::LaunchAgent)
                .set_args(&[HIDDEN])
                .build()
                .ok()
        });
        Self(entry)
    }

    pub(crate) fn is_available(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn is_on(&self) -> bool {
        let entry = self.0.as_ref();
        entry.is_some_and(|entry| entry.is_enabled().unwrap_or(false))
    }

    /// Adds the app to the list, or takes it off.
    pub(crate) fn set(&self, on: bool) -> io::Result<()> {
        let done = match &self.0 {
            None if on => return Err(io::ErrorKind::Unsupported.into()),
            Some(entry) if on => entry.enable(),
            Some(entry) if self.is_on() => entry.disable(),
            _ => Ok(()),
        };
        done.map_err(io::Error::other)
    }
}

/// Neither crate tells; nothing is watched.
pub(crate) async fn watch_session(_: impl Fn() + Send + Sync + 'static) {}

/// Nothing is to be set here before a webview is made.
pub(crate) fn prepare_process() {}

/// These webviews let pages ask for a camera by themselves.
pub(crate) fn prepare_webview<R: Runtime>(_: &WebviewWindow<R>) {}
