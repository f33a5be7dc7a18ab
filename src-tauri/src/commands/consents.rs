//! What was granted.

use super::accounts::local_id;
use crate::{
    state::AppState,
    views::{consent_view, management_error},
};
use tauri::State;
use tegata_device::{LocalAccountId, management::ManagementError};
use tegata_protocol::{ConsentRequestId, device::management::Grant};
use tegata_ui_contract::{AccountRequest, ConsentRevokeRequest, ConsentView, ErrorCode, UiError};

#[tauri::command]
pub(crate) async fn consents_list(
    state: State<'_, AppState>,
    request: AccountRequest,
) -> Result<Vec<ConsentView>, UiError> {
    let id = local_id(&request.id)?;
    answer(&id, state.device.consents(&id).await)
}

#[tauri::command]
pub(crate) async fn consent_revoke(
    state: State<'_, AppState>,
    request: ConsentRevokeRequest,
) -> Result<Vec<ConsentView>, UiError> {
    let id = local_id(&request.account)?;
    let consent = ConsentRequestId::parse(&request.consent.0)
        .map_err(|_| UiError::new(ErrorCode::ServerError, "there is no such grant"))?;
    answer(&id, state.device.revoke_consent(&id, &consent).await)
}

fn answer(
    id: &LocalAccountId,
    grants: Result<Vec<Grant>, ManagementError>,
) -> Result<Vec<ConsentView>, UiError> {
    let grants = grants.map_err(|error| management_error(&error))?;
    Ok(grants.iter().map(|grant| consent_view(id, grant)).collect())
}
