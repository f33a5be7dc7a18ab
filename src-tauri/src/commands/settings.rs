//! Preferences and facts about the app.

use crate::{state::AppState, views::internal};
use tauri::State;
use tegata_device::Settings;
use tegata_ui_contract::{
    AppInfoView, CloseChoice, Language, LocaleChoice, SettingsSetRequest, SettingsView,
    ThemeChoice, UiError, UnknownClients,
};

#[tauri::command]
pub(crate) fn app_info() -> AppInfoView {
    let system = Settings {
        locale: None,
        ..Settings::default()
    }
    .language();
    AppInfoView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        system_language: if system.starts_with("ja") {
            Language::Ja
        } else {
            Language::En
        },
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
    settings.locale = match request.settings.locale {
        LocaleChoice::Auto => None,
        LocaleChoice::En => Some("en".to_owned()),
        LocaleChoice::Ja => Some("ja".to_owned()),
    };
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
        locale: match settings.locale.as_deref() {
            Some("en") => LocaleChoice::En,
            Some("ja") => LocaleChoice::Ja,
            _ => LocaleChoice::Auto,
        },
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
