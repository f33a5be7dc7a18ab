//! The devices of an account, and adding another one.

use super::accounts::local_id;
use crate::{
    state::AppState,
    views::{
        adding_error, adding_view, approve_view, devices_view, management_error, removal_reason,
        removal_view,
    },
};
use tauri::State;
use tegata_protocol::DeviceId;
use tegata_ui_contract::{
    self as ui, AccountRequest, AddingConfirmRequest, AddingStartRequest, AddingView, ApproveView,
    DeviceGradeRequest, DeviceRemoveRequest, DeviceRenameRequest, DevicesView, ErrorCode,
    RemovalView, UiError,
};

#[tauri::command]
pub(crate) async fn devices_list(
    state: State<'_, AppState>,
    request: AccountRequest,
) -> Result<DevicesView, UiError> {
    let id = local_id(&request.id)?;
    let devices = state.device.devices(&id).await;
    Ok(devices_view(
        &id,
        &devices.map_err(|error| management_error(&error))?,
    ))
}

#[tauri::command]
pub(crate) async fn device_rename(
    state: State<'_, AppState>,
    request: DeviceRenameRequest,
) -> Result<DevicesView, UiError> {
    let id = local_id(&request.account)?;
    let devices = state.device.rename_device(&id, &request.name).await;
    Ok(devices_view(
        &id,
        &devices.map_err(|error| management_error(&error))?,
    ))
}

#[tauri::command]
pub(crate) async fn device_remove(
    state: State<'_, AppState>,
    request: DeviceRemoveRequest,
) -> Result<RemovalView, UiError> {
    let id = local_id(&request.account)?;
    let device = device_id(&request.device)?;
    let reason = removal_reason(request.reason);
    let removal = state.device.remove_device(&id, &device, reason).await;
    Ok(removal_view(
        &removal.map_err(|error| management_error(&error))?,
    ))
}

#[tauri::command]
pub(crate) async fn device_grade(
    state: State<'_, AppState>,
    request: DeviceGradeRequest,
) -> Result<ApproveView, UiError> {
    let id = local_id(&request.account)?;
    let device = device_id(&request.device)?;
    let asked = state.device.grade_device(&id, &device).await;
    Ok(approve_view(
        &asked.map_err(|error| management_error(&error))?,
    ))
}

fn device_id(id: &ui::DeviceId) -> Result<DeviceId, UiError> {
    DeviceId::parse(&id.0)
        .map_err(|_| UiError::new(ErrorCode::ServerError, "there is no such device"))
}

#[tauri::command]
pub(crate) async fn adding_state(state: State<'_, AppState>) -> Result<AddingView, UiError> {
    Ok(state.adding.view(adding_view).await)
}

#[tauri::command]
pub(crate) async fn adding_start(
    state: State<'_, AppState>,
    request: AddingStartRequest,
) -> Result<AddingView, UiError> {
    let id = local_id(&request.account)?;
    let started = state.adding.start(&id, request.moving).await;
    started.map_err(|error| management_error(&error))?;
    Ok(state.adding.view(adding_view).await)
}

#[tauri::command]
pub(crate) async fn adding_confirm(
    state: State<'_, AppState>,
    request: AddingConfirmRequest,
) -> Result<AddingView, UiError> {
    // EXPOSE: the digits are what the server compares.
    let confirmed = state.adding.confirm(request.digits.expose()).await;
    confirmed.map_err(|error| adding_error(&error))?;
    Ok(state.adding.view(adding_view).await)
}

#[tauri::command]
pub(crate) async fn adding_cancel(state: State<'_, AppState>) -> Result<AddingView, UiError> {
    state.adding.cancel().await;
    Ok(AddingView::Idle)
}
