//! Accounts.

use crate::{
    state::AppState,
    views::{
        access_error, account_view, approve_view, customize_error, look_of, management_error,
        pin_change_error, pin_weak, replace_key_error,
    },
};
use tauri::State;
use tegata_device::{LocalAccountId, Pin};
use tegata_ui_contract::{
    AccountCustomizeRequest, AccountId, AccountRequest, AccountUnpairRequest, AccountView,
    ApproveView, ErrorCode, KeyReplaceRequest, PinChangeRequest, UiError,
};

#[tauri::command]
pub(crate) fn accounts_list(state: State<'_, AppState>) -> Vec<AccountView> {
    state.device.accounts().iter().map(account_view).collect()
}

#[tauri::command]
pub(crate) async fn account_unlock(
    state: State<'_, AppState>,
    request: AccountRequest,
) -> Result<AccountView, UiError> {
    let id = local_id(&request.id)?;
    let account = state
        .device
        .unlock(&id)
        .await
        .map_err(|error| access_error(&error))?;
    Ok(account_view(&account))
}

#[tauri::command]
pub(crate) async fn account_retry(
    state: State<'_, AppState>,
    request: AccountRequest,
) -> Result<AccountView, UiError> {
    let id = local_id(&request.id)?;
    let account = state
        .device
        .retry(&id)
        .await
        .map_err(|error| access_error(&error))?;
    Ok(account_view(&account))
}

#[tauri::command]
pub(crate) async fn account_customize(
    state: State<'_, AppState>,
    request: AccountCustomizeRequest,
) -> Result<AccountView, UiError> {
    let id = local_id(&request.id)?;
    let account = state.device.customize(&id, look_of(&request)).await;
    Ok(account_view(
        &account.map_err(|error| customize_error(&error))?,
    ))
}

#[tauri::command]
pub(crate) async fn account_unpair(
    state: State<'_, AppState>,
    request: AccountUnpairRequest,
) -> Result<Vec<AccountView>, UiError> {
    let id = local_id(&request.id)?;
    let unpaired = state.device.unpair(&id, request.only_here).await;
    unpaired.map_err(|error| management_error(&error))?;
    Ok(accounts_list(state))
}

#[tauri::command]
pub(crate) async fn pin_change(
    state: State<'_, AppState>,
    request: PinChangeRequest,
) -> Result<AccountView, UiError> {
    let id = local_id(&request.id)?;
    // EXPOSE: one opens the key, the other closes it. One that cannot be a PIN cannot be this one either.
    let old = Pin::typed(request.old.expose()).map_err(pin_weak)?;
    let new = Pin::choose(request.new.expose()).map_err(pin_weak)?;
    let changed = state.device.change_pin(&id, &old, &new).await;
    changed.map_err(|error| pin_change_error(&error))?;
    let account = state.device.account(&id).ok_or_else(unknown)?;
    Ok(account_view(&account))
}

#[tauri::command]
pub(crate) async fn key_replace(
    state: State<'_, AppState>,
    request: KeyReplaceRequest,
) -> Result<ApproveView, UiError> {
    let id = local_id(&request.id)?;
    // EXPOSE: it opens the old key and closes the new one.
    let pin = Pin::typed(request.pin.expose()).map_err(pin_weak)?;
    let asked = state.device.replace_key(&id, pin).await;
    Ok(approve_view(
        &asked.map_err(|error| replace_key_error(&error))?,
    ))
}

pub(super) fn local_id(id: &AccountId) -> Result<LocalAccountId, UiError> {
    LocalAccountId::parse(&id.0).ok_or_else(unknown)
}

fn unknown() -> UiError {
    UiError::new(
        ErrorCode::AccountUnknown,
        "there is no such account on this device",
    )
}
