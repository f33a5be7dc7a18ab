//! What is asked while the screens are covered, and what counts as use of the app.

use crate::state::AppState;
use tauri::{Manager as _, Runtime, ipc::Invoke};
use tegata_ui_contract::{ErrorCode, UiError};

/// Answered while the screens are covered: what the cover itself is made of, and closing the app.
const COVERED: [&str; 8] = [
    "accounts_list",
    "close_answer",
    "desktop_state",
    "lock_now",
    "lock_open",
    "lock_state",
    "settings_get",
    "start",
];

/// Asked by the screens by themselves when something changes: no sign of a person. `lock_state` is not among them, because
/// the screens ask it at input.
const UNATTENDED: [&str; 13] = [
    "accounts_list",
    "adding_state",
    "consents_list",
    "desktop_state",
    "devices_list",
    "history_list",
    "inbox_list",
    "pairing_state",
    "request_show",
    "self_test_state",
    "settings_get",
    "shown_request",
    "start",
];

/// Hands a command on, or answers that the screens are covered.
pub(crate) fn gated<R: Runtime>(
    handler: impl Fn(Invoke<R>) -> bool + Send + Sync + 'static,
) -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    move |invoke| {
        let command = invoke.message.command();
        if let Some(state) = invoke.message.webview_ref().try_state::<AppState>() {
            if state.desktop.is_covered() && !COVERED.contains(&command) {
                let error = UiError::new(ErrorCode::AppLocked, "the screens are covered");
                invoke.resolver.reject(error);
                return true;
            }
            if !UNATTENDED.contains(&command) {
                state.desktop.use_now();
            }
        }
        handler(invoke)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_name_commands_that_there_are() {
        let commands = tegata_ui_contract::command_names();
        for name in COVERED.iter().chain(&UNATTENDED) {
            assert!(commands.contains(name), "{name}");
        }
    }
}
