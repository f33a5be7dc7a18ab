//! Systems without a desktop: nothing of it is there.

use super::{Face, Note, OnPressed, OnTray, Slot};
use std::io;
use tauri::{AppHandle, Runtime, WebviewWindow};

pub(crate) struct Notifications;

impl Notifications {
    pub(crate) fn start(_: OnPressed) -> Self {
        Self
    }

    pub(crate) fn show(&self, _: Slot, _: Note) {}

    pub(crate) fn withdraw(&self, _: Slot) {}

    pub(crate) async fn available(&self) -> bool {
        false
    }
}

pub(crate) struct Tray;

impl Tray {
    pub(crate) fn start<R: Runtime>(_: &AppHandle<R>, _: Face, _: OnTray) -> Self {
        Self
    }

    pub(crate) fn show(&self, _: Face) {}
}

pub(crate) struct Autostart;

impl Autostart {
    pub(crate) fn locate() -> Self {
        Self
    }

    pub(crate) fn is_available(&self) -> bool {
        false
    }

    pub(crate) fn is_on(&self) -> bool {
        false
    }

    pub(crate) fn set(&self, on: bool) -> io::Result<()> {
        if on {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(())
    }
}

pub(crate) async fn watch_session(_: impl Fn() + Send + Sync + 'static) {}

/// Nothing is to be set here before a webview is made.
pub(crate) fn prepare_process() {}

pub(crate) fn prepare_webview<R: Runtime>(_: &WebviewWindow<R>) {}
