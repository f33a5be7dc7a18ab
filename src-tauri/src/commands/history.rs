//! The history.

use crate::{
    state::AppState,
    views::{Names, history_view, internal, matches},
};
use tauri::State;
use tegata_ui_contract::{ErrorCode, HistoryListRequest, HistoryPageView, UiError};

/// As many as the contract promises at most.
const PAGE: usize = 50;

/// Words longer than this are no search.
const TEXT: usize = 200;

#[tauri::command]
pub(crate) async fn history_list(
    state: State<'_, AppState>,
    request: HistoryListRequest,
) -> Result<HistoryPageView, UiError> {
    if request.text.chars().count() > TEXT {
        return Err(UiError::new(ErrorCode::Internal, "the text is too long"));
    }
    let entries = state.device.history(usize::MAX).await.map_err(internal)?;
    let accounts = state.device.accounts();
    let names = Names::of(accounts.clone());
    let mut after = entries.iter();
    if let Some(last) = &request.after {
        after.find(|entry| entry.id == last.0);
    }
    let mut found = after
        .filter(|entry| {
            let wanted = request.account.as_ref();
            wanted.is_none_or(|account| account.0 == entry.account.as_str())
        })
        .filter_map(|entry| history_view(entry, &names, &accounts))
        .filter(|entry| matches(entry, &request));
    let entries = found.by_ref().take(PAGE).collect();
    Ok(HistoryPageView {
        entries,
        more: found.next().is_some(),
    })
}
