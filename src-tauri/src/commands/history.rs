//! The history.

use super::accounts::local_id;
use crate::{
    state::AppState,
    views::{Names, export_view, history_error, history_view, internal},
};
use directories::UserDirs;
use std::path::PathBuf;
use tauri::State;
use tegata_device::history::{HistoryQuery, OutcomeKind};
use tegata_ui_contract::{
    ExportView, HistoryEntryRequest, HistoryFilter, HistoryListRequest, HistoryPageView, UiError,
    VerificationView,
};

/// As many as the contract promises at most.
const PAGE: usize = 50;

#[tauri::command]
pub(crate) async fn history_list(
    state: State<'_, AppState>,
    request: HistoryListRequest,
) -> Result<HistoryPageView, UiError> {
    let query = query(request)?;
    let page = state.device.history_page(&query, PAGE).await;
    let page = page.map_err(|error| history_error(&error))?;
    let accounts = state.device.accounts();
    let names = Names::of(accounts.clone());
    let entries = page.entries.iter();
    Ok(HistoryPageView {
        entries: entries
            .filter_map(|entry| history_view(entry, &names, &accounts))
            .collect(),
        more: page.more,
    })
}

#[tauri::command]
pub(crate) async fn history_verify(
    state: State<'_, AppState>,
    request: HistoryEntryRequest,
) -> Result<VerificationView, UiError> {
    let found = state.device.verify_entry(&request.id.0).await;
    let found = found.map_err(|error| history_error(&error))?;
    Ok(VerificationView {
        prompt: found.prompt,
        decision: found.decision,
        receipt: found.receipt,
    })
}

#[tauri::command]
pub(crate) async fn history_export(
    state: State<'_, AppState>,
    request: HistoryEntryRequest,
) -> Result<ExportView, UiError> {
    let folder = downloads()?;
    let exported = state.device.export_entry(&request.id.0, &folder).await;
    Ok(export_view(
        &exported.map_err(|error| history_error(&error))?,
    ))
}

#[tauri::command]
pub(crate) async fn history_export_all(
    state: State<'_, AppState>,
    request: HistoryListRequest,
) -> Result<ExportView, UiError> {
    let (query, folder) = (query(request)?, downloads()?);
    let exported = state.device.export_history(&query, &folder).await;
    Ok(export_view(
        &exported.map_err(|error| history_error(&error))?,
    ))
}

fn query(request: HistoryListRequest) -> Result<HistoryQuery, UiError> {
    let account = request.account.as_ref().map(local_id).transpose()?;
    Ok(HistoryQuery {
        text: request.text,
        account,
        outcome: request.outcome.map(|filter| match filter {
            HistoryFilter::Approved => OutcomeKind::Approved,
            HistoryFilter::Denied => OutcomeKind::Denied,
            HistoryFilter::Ended => OutcomeKind::Ended,
            HistoryFilter::Security => OutcomeKind::Security,
        }),
        after: request.after.map(|id| id.0),
    })
}

/// Where the person's downloads go: the system's folder for it, else one of that name, else the home folder.
fn downloads() -> Result<PathBuf, UiError> {
    let dirs = UserDirs::new().ok_or_else(|| internal("the person has no home folder"))?;
    let home = dirs.home_dir();
    let named = home.join("Downloads");
    let folder = dirs.download_dir().map_or(named, PathBuf::from);
    Ok(if folder.is_dir() {
        folder
    } else {
        home.to_owned()
    })
}
