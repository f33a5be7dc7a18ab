//! Pairing.

use crate::state::AppState;
use tauri::State;
use tegata_ui_contract::{PairingStartRequest, PairingView, PinRequest, UiError};

#[tauri::command]
pub(crate) fn pairing_state(state: State<'_, AppState>) -> PairingView {
    state.pairing.view()
}

#[tauri::command]
pub(crate) fn pairing_start(
    state: State<'_, AppState>,
    request: PairingStartRequest,
) -> PairingView {
    state.pairing.start(&request.input)
}

#[tauri::command]
pub(crate) fn pairing_accept(state: State<'_, AppState>) -> Result<PairingView, UiError> {
    state.pairing.accept()
}

#[tauri::command]
pub(crate) fn pairing_set_pin_and_continue(
    state: State<'_, AppState>,
    request: PinRequest,
) -> Result<PairingView, UiError> {
    // EXPOSE: the PIN protects the key that is about to be made.
    state.pairing.set_pin(request.pin.expose())
}

#[tauri::command]
pub(crate) fn pairing_cancel(state: State<'_, AppState>) -> PairingView {
    state.pairing.cancel()
}
