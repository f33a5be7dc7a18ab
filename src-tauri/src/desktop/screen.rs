//! The window, as far as the desktop has to do with it.

use tauri::{AppHandle, Manager as _, Runtime, WebviewWindow};

/// The one window and the life of the app.
pub(crate) trait Screen: Send + Sync {
    /// Shows the window before others.
    fn present(&self);

    /// Takes the window off the screen; the app goes on.
    fn hide(&self);

    /// Whether the person has the window before them.
    fn is_in_use(&self) -> bool;

    /// Whether the window is on the screen at all.
    fn is_shown(&self) -> bool;

    /// Asks for attention without taking it.
    fn call(&self);

    /// Keeps the window out of screen recordings, or no longer.
    fn protect(&self, on: bool);

    /// Ends the app.
    fn quit(&self);
}

/// The real one.
pub(crate) struct AppScreen<R: Runtime>(pub(crate) AppHandle<R>);

impl<R: Runtime> AppScreen<R> {
    fn with(&self, act: impl FnOnce(&WebviewWindow<R>) -> tauri::Result<()>) {
        let Some(window) = self.0.get_webview_window("main") else {
            return;
        };
        if let Err(error) = act(&window) {
            tracing::warn!(%error, "window.refused");
        }
    }

    fn asks(&self, about: impl FnOnce(&WebviewWindow<R>) -> tauri::Result<bool>) -> bool {
        let window = self.0.get_webview_window("main");
        window.is_some_and(|window| about(&window).unwrap_or(false))
    }
}

impl<R: Runtime> Screen for AppScreen<R> {
    fn present(&self) {
        self.with(|window| {
            window.show()?;
            #[cfg(desktop)]
            window.unminimize()?;
            window.set_focus()
        });
    }

    fn hide(&self) {
        self.with(WebviewWindow::hide);
    }

    fn is_in_use(&self) -> bool {
        self.asks(|window| Ok(window.is_visible()? && window.is_focused()?))
    }

    fn is_shown(&self) -> bool {
        self.asks(WebviewWindow::is_visible)
    }

    fn call(&self) {
        // On a phone the notification does.
        #[cfg(desktop)]
        self.with(|window| {
            window.request_user_attention(Some(tauri::UserAttentionType::Informational))
        });
    }

    fn protect(&self, on: bool) {
        self.with(|window| window.set_content_protected(on));
    }

    fn quit(&self) {
        self.0.exit(0);
    }
}
