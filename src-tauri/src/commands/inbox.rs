//! Consent requests.

use crate::{
    state::AppState,
    views::{Names, decide_error, inbox_view, management_error, request_view},
};
use tauri::State;
use tegata_device::{Pin, RequestKey, RequestSnapshot, error::DecideError, ports::GivenPin};
use tegata_protocol::device::decision::DenyReason;
use tegata_ui_contract::{
    CodeEntry, ConsentRequestView, DenialReason, ErrorCode, InboxView, RequestApproveRequest,
    RequestDenyRequest, RequestId, RequestRequest, UiError,
};

#[tauri::command]
pub(crate) fn inbox_list(state: State<'_, AppState>) -> InboxView {
    inbox_view(&state.device.inbox(), &names(&state))
}

#[tauri::command]
pub(crate) fn request_show(
    state: State<'_, AppState>,
    request: RequestRequest,
) -> Result<ConsentRequestView, UiError> {
    let key = request_key(&request.id)?;
    let snapshot = find(&state, &key)?;
    state.device.mark_seen(&key);
    Ok(request_view(&snapshot, &names(&state)))
}

#[tauri::command]
pub(crate) async fn request_approve(
    state: State<'_, AppState>,
    request: RequestApproveRequest,
) -> Result<ConsentRequestView, UiError> {
    let key = request_key(&request.id)?;
    // What these screens could not show whole is not approved through them.
    let shown = request_view(&find(&state, &key)?, &names(&state));
    if shown.deny_only.is_some() {
        return Err(UiError::new(
            ErrorCode::RequestDenyOnly,
            "this request can only be denied here",
        ));
    }
    // EXPOSE: the PIN verifies the person and unlocks the key. One that cannot be a PIN cannot be this one either, and
    // uses up no try.
    let pin = Pin::typed(request.pin.expose()).map_err(crate::views::pin_weak)?;
    // EXPOSE: the code is what is signed.
    let transfer = request.transfer.as_ref().map(CodeEntry::expose);
    let person = GivenPin(pin);
    let decided = state.device.approve(&key, transfer, &person).await;
    answer(&state, &key, decided)
}

#[tauri::command]
pub(crate) async fn request_deny(
    state: State<'_, AppState>,
    request: RequestDenyRequest,
) -> Result<ConsentRequestView, UiError> {
    let key = request_key(&request.id)?;
    let reason = match request.reason {
        DenialReason::ChangedMind => DenyReason::ChangedMind,
        DenialReason::NotMe => DenyReason::NotMe,
        DenialReason::WrongDetails => DenyReason::WrongDetails,
    };
    let decided = state.device.deny(&key, reason).await;
    answer(&state, &key, decided)
}

#[tauri::command]
pub(crate) fn request_dismiss(
    state: State<'_, AppState>,
    request: RequestRequest,
) -> Result<InboxView, UiError> {
    state.device.dismiss(&request_key(&request.id)?);
    Ok(inbox_view(&state.device.inbox(), &names(&state)))
}

#[tauri::command]
pub(crate) async fn request_check(
    state: State<'_, AppState>,
    request: RequestRequest,
) -> Result<ConsentRequestView, UiError> {
    let key = request_key(&request.id)?;
    let checked = state.device.check(&key).await;
    checked.map_err(|error| management_error(&error))?;
    Ok(request_view(&find(&state, &key)?, &names(&state)))
}

/// A decision that was signed and could not be sent is shown as being sent, which it is.
fn answer(
    state: &AppState,
    key: &RequestKey,
    decided: Result<RequestSnapshot, DecideError>,
) -> Result<ConsentRequestView, UiError> {
    let snapshot = match decided {
        Ok(snapshot) => snapshot,
        Err(DecideError::Offline(_)) => find(state, key)?,
        Err(error) => return Err(decide_error(&error)),
    };
    Ok(request_view(&snapshot, &names(state)))
}

fn names(state: &AppState) -> Names {
    Names::of(state.device.accounts())
}

fn find(state: &AppState, key: &RequestKey) -> Result<RequestSnapshot, UiError> {
    state.device.request(key).ok_or_else(unknown)
}

fn request_key(id: &RequestId) -> Result<RequestKey, UiError> {
    RequestKey::parse(&id.0).ok_or_else(unknown)
}

fn unknown() -> UiError {
    UiError::new(
        ErrorCode::RequestUnknown,
        "there is no such request on this device",
    )
}
