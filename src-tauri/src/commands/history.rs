//! The history.

use crate::{
    state::AppState,
    views::{Names, history_view, internal},
};
use tauri::State;
use tegata_ui_contract::{HistoryEntryView, UiError};

/// As many as the contract promises at most.
const ENTRIES: usize = 200;

#[tauri::command]
pub(crate) async fn history_list(
    state: State<'_, AppState>,
) -> Result<Vec<HistoryEntryView>, UiError> {
    let entries = state.device.history(ENTRIES).await.map_err(internal)?;
    let accounts = state.device.accounts();
    let names = Names::of(accounts.clone());
    Ok(entries
        .iter()
        .filter_map(|entry| history_view(entry, &names, &accounts))
        .collect())
}
