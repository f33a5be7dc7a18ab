//! Cover, closing, and what this machine offers.

use super::accounts::local_id;
use crate::{
    platform::{CAMERA, CONTENT_PROTECTION},
    state::AppState,
    views::{internal, pin_error, pin_weak},
};
use tauri::State;
use tegata_device::{Pin, settings::CloseChoice};
use tegata_ui_contract::{
    self as ui, AskedView, CloseAnswerRequest, DesktopView, ErrorCode, LockView, RequestId,
    UiError, UnlockRequest,
};

#[tauri::command]
pub(crate) async fn desktop_state(state: State<'_, AppState>) -> Result<DesktopView, UiError> {
    Ok(view(&state).await)
}

#[tauri::command]
pub(crate) async fn close_answer(
    state: State<'_, AppState>,
    request: CloseAnswerRequest,
) -> Result<DesktopView, UiError> {
    let choice = request.choice.map(|choice| match choice {
        ui::CloseChoice::Ask => CloseChoice::Ask,
        ui::CloseChoice::Hide => CloseChoice::Hide,
        ui::CloseChoice::Quit => CloseChoice::Quit,
    });
    if choice == Some(CloseChoice::Hide) && !state.desktop.has_tray() {
        return Err(UiError::new(
            ErrorCode::NotOffered,
            "nothing here could bring a hidden window back",
        ));
    }
    if let Some(choice) = choice.filter(|_| request.remember) {
        let mut settings = state.device.settings();
        settings.on_close = choice;
        state.device.set_settings(settings).map_err(internal)?;
    }
    state.desktop.set_close_asked(false);
    match choice {
        Some(CloseChoice::Hide) => state.desktop.screen().hide(),
        Some(CloseChoice::Quit) => state.desktop.screen().quit(),
        Some(CloseChoice::Ask) | None => {}
    }
    Ok(view(&state).await)
}

#[tauri::command]
pub(crate) fn shown_request(state: State<'_, AppState>) -> AskedView {
    let asked = state.desktop.take_asked();
    AskedView {
        request: asked.map(|key| RequestId(key.to_string())),
    }
}

#[tauri::command]
pub(crate) fn lock_state(state: State<'_, AppState>) -> LockView {
    LockView {
        locked: state.desktop.is_covered(),
    }
}

#[tauri::command]
pub(crate) fn lock_now(state: State<'_, AppState>) -> LockView {
    state.desktop.cover();
    lock_state(state)
}

#[tauri::command]
pub(crate) async fn lock_open(
    state: State<'_, AppState>,
    request: UnlockRequest,
) -> Result<LockView, UiError> {
    let id = local_id(&request.account)?;
    // EXPOSE: the PIN shows who the person is.
    let pin = Pin::typed(request.pin.expose()).map_err(pin_weak)?;
    let checked = state.device.check_pin(&id, &pin).await;
    checked.map_err(|error| pin_error(&error))?;
    state.desktop.uncover();
    if let Some(link) = state.desktop.take_link() {
        state.open_link(link);
    }
    Ok(lock_state(state))
}

async fn view(state: &AppState) -> DesktopView {
    let desktop = &state.desktop;
    DesktopView {
        tray: desktop.has_tray(),
        autostart: desktop.autostart().is_available(),
        notifications: desktop.has_notifications().await,
        content_protection: CONTENT_PROTECTION,
        camera: CAMERA,
        close_asked: desktop.is_close_asked(),
    }
}
