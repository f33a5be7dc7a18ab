//! Accounts.

use crate::{
    state::AppState,
    views::{access_error, account_view},
};
use tauri::State;
use tegata_device::LocalAccountId;
use tegata_ui_contract::{AccountRequest, AccountView, ErrorCode, UiError};

#[tauri::command]
pub(crate) fn accounts_list(state: State<'_, AppState>) -> Vec<AccountView> {
    state.device.accounts().iter().map(account_view).collect()
}

#[tauri::command]
pub(crate) async fn account_unlock(
    state: State<'_, AppState>,
    request: AccountRequest,
) -> Result<AccountView, UiError> {
    let id = local_id(&request)?;
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
    let id = local_id(&request)?;
    let account = state
        .device
        .retry(&id)
        .await
        .map_err(|error| access_error(&error))?;
    Ok(account_view(&account))
}

fn local_id(request: &AccountRequest) -> Result<LocalAccountId, UiError> {
    LocalAccountId::parse(&request.id.0).ok_or_else(|| {
        UiError::new(
            ErrorCode::AccountUnknown,
            "there is no such account on this device",
        )
    })
}
