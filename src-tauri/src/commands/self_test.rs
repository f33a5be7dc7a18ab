//! The self-test.

use crate::{state::AppState, views::self_test_view};
use tauri::State;
use tegata_device::self_test::{SelfTestDetail, SelfTestOptions, SelfTestOutcome, SelfTestTrouble};
use tegata_ui_contract::{SelfTestView, UiError};

#[tauri::command]
pub(crate) fn self_test_state(state: State<'_, AppState>) -> SelfTestView {
    let test = state.self_test();
    test.as_ref().map_or_else(SelfTestView::default, |test| {
        self_test_view(&test.state(), &state.device.accounts())
    })
}

#[tauri::command]
pub(crate) async fn self_test_start(state: State<'_, AppState>) -> Result<SelfTestView, UiError> {
    let notifications = if !state.device.settings().notifications {
        SelfTestOutcome::Warning(SelfTestTrouble::NotificationsOff)
    } else if state.desktop.has_notifications().await {
        SelfTestOutcome::Good(SelfTestDetail::Nothing)
    } else {
        SelfTestOutcome::Warning(SelfTestTrouble::NotificationsMissing)
    };
    state.start_self_test(SelfTestOptions {
        notifications: Some(notifications),
        ..SelfTestOptions::default()
    });
    Ok(self_test_state(state))
}
