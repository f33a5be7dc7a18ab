//! Preferences and facts about the app.

use crate::{
    commands::{accounts::accounts_list, inbox::inbox_list},
    state::AppState,
    views::internal,
};
use tauri::State;
use tegata_device::Settings;
use tegata_ui_contract::{
    AppInfoView, CloseChoice, Language, LockView, SettingsSetRequest, SettingsView, StartView,
    ThemeChoice, UiError, UnknownClients,
};

#[tauri::command]
pub(crate) fn start(state: State<'_, AppState>) -> StartView {
    let system = Settings {
        locale: None,
        ..Settings::default()
    };
    StartView {
        info: AppInfoView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            system_language: Language(system.language()),
        },
        settings: view(&state.device.settings()),
        accounts: accounts_list(state.clone()),
        inbox: inbox_list(state),
        lock: LockView { locked: false },
    }
}

#[tauri::command]
pub(crate) fn settings_get(state: State<'_, AppState>) -> SettingsView {
    view(&state.device.settings())
}

#[tauri::command]
pub(crate) fn settings_set(
    state: State<'_, AppState>,
    request: SettingsSetRequest,
) -> Result<SettingsView, UiError> {
    let mut settings = state.device.settings();
    settings.locale = request.settings.locale.map(|tag| tag.0);
    settings.theme = match request.settings.theme {
        ThemeChoice::Auto => None,
        ThemeChoice::Dark => Some("dark".to_owned()),
        ThemeChoice::Light => Some("light".to_owned()),
    };
    state.device.set_settings(settings).map_err(internal)?;
    Ok(view(&state.device.settings()))
}

fn view(settings: &Settings) -> SettingsView {
    SettingsView {
        locale: settings.locale.clone().map(Language),
        theme: match settings.theme.as_deref() {
            Some("dark") => ThemeChoice::Dark,
            Some("light") => ThemeChoice::Light,
            _ => ThemeChoice::Auto,
        },
        notifications: true,
        sound: false,
        quiet_hours: None,
        lock_after_minutes: 0,
        unknown_clients: UnknownClients::default(),
        start_at_login: false,
        on_close: CloseChoice::default(),
        protect_content: false,
    }
}
