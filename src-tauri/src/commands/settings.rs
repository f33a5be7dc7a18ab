//! Preferences and facts about the app.

use crate::{
    commands::{accounts::accounts_list, desktop::lock_state, inbox::inbox_list},
    state::AppState,
    views::internal,
};
use tauri::State;
use tegata_device::{Settings, settings as kept};
use tegata_ui_contract::{
    AppInfoView, CloseChoice, ErrorCode, InboxView, Language, QuietHours, SettingsSetRequest,
    SettingsView, StartView, ThemeChoice, UiError, UnknownClients,
};

#[tauri::command]
pub(crate) fn start(state: State<'_, AppState>) -> StartView {
    let system = Settings {
        locale: None,
        ..Settings::default()
    };
    let lock = lock_state(state.clone());
    StartView {
        info: AppInfoView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            system_language: Language(system.language()),
        },
        settings: settings_get(state.clone()),
        accounts: accounts_list(state.clone()),
        inbox: if lock.locked {
            InboxView {
                requests: Vec::new(),
                blocked: Vec::new(),
            }
        } else {
            inbox_list(state)
        },
        lock,
    }
}

#[tauri::command]
pub(crate) fn settings_get(state: State<'_, AppState>) -> SettingsView {
    let starts = state.desktop.autostart().is_on();
    view(&state.device.settings(), starts)
}

#[tauri::command]
pub(crate) fn settings_set(
    state: State<'_, AppState>,
    request: SettingsSetRequest,
) -> Result<SettingsView, UiError> {
    let chosen = request.settings;
    let autostart = state.desktop.autostart();
    if chosen.start_at_login != autostart.is_on() {
        if !autostart.is_available() {
            return Err(UiError::new(
                ErrorCode::NotOffered,
                "the app cannot start itself here",
            ));
        }
        autostart.set(chosen.start_at_login).map_err(internal)?;
    }
    let settings = merged(state.device.settings(), chosen);
    state.device.set_settings(settings).map_err(internal)?;
    Ok(settings_get(state))
}

/// The preferences that the screens know put into those that are kept.
fn merged(mut settings: Settings, chosen: SettingsView) -> Settings {
    settings.locale = chosen.locale.map(|tag| tag.0);
    settings.theme = match chosen.theme {
        ThemeChoice::Auto => None,
        ThemeChoice::Dark => Some("dark".to_owned()),
        ThemeChoice::Light => Some("light".to_owned()),
    };
    settings.notifications = chosen.notifications;
    settings.sound = chosen.sound;
    settings.quiet_hours = chosen.quiet_hours.map(|quiet| kept::QuietHours {
        from: quiet.from,
        to: quiet.to,
    });
    settings.lock_after_minutes = chosen.lock_after_minutes;
    settings.unknown_clients = match chosen.unknown_clients {
        UnknownClients::Caution => kept::UnknownClients::Caution,
        UnknownClients::DenyOnly => kept::UnknownClients::DenyOnly,
    };
    settings.start_at_login = chosen.start_at_login;
    settings.on_close = match chosen.on_close {
        CloseChoice::Ask => kept::CloseChoice::Ask,
        CloseChoice::Hide => kept::CloseChoice::Hide,
        CloseChoice::Quit => kept::CloseChoice::Quit,
    };
    settings.protect_content = chosen.protect_content;
    settings
}

/// `starts`: what the operating system has, whoever changed it there.
fn view(settings: &Settings, starts: bool) -> SettingsView {
    SettingsView {
        locale: settings.locale.clone().map(Language),
        theme: match settings.theme.as_deref() {
            Some("dark") => ThemeChoice::Dark,
            Some("light") => ThemeChoice::Light,
            _ => ThemeChoice::Auto,
        },
        notifications: settings.notifications,
        sound: settings.sound,
        quiet_hours: settings.quiet_hours.map(|quiet| QuietHours {
            from: quiet.from,
            to: quiet.to,
        }),
        lock_after_minutes: settings.lock_after_minutes,
        unknown_clients: match settings.unknown_clients {
            kept::UnknownClients::Caution => UnknownClients::Caution,
            kept::UnknownClients::DenyOnly => UnknownClients::DenyOnly,
        },
        start_at_login: starts,
        on_close: match settings.on_close {
            kept::CloseChoice::Ask => CloseChoice::Ask,
            kept::CloseChoice::Hide => CloseChoice::Hide,
            kept::CloseChoice::Quit => CloseChoice::Quit,
        },
        protect_content: settings.protect_content,
    }
}
