//! The history.

use super::{
    request::{Names, blocked_view, facts_view, state_view},
    seconds,
};
use tegata_device::{
    AccountSummary, RequestState,
    history::{Exported, HistoryEntry, HistoryEvent},
};
use tegata_protocol::device::management::NoticeKind;
use tegata_ui_contract as ui;

/// `None` for an event that these screens do not know.
pub(crate) fn history_view(
    entry: &HistoryEntry,
    names: &Names,
    accounts: &[AccountSummary],
) -> Option<ui::HistoryEntryView> {
    let account = entry.account.as_str();
    let event = match &entry.event {
        HistoryEvent::Blocked(blocked) => ui::HistoryEventView::Blocked {
            blocked: blocked_view(blocked, names),
        },
        HistoryEvent::Paired => {
            let summary = accounts
                .iter()
                .find(|summary| summary.id == entry.account)?;
            ui::HistoryEventView::Paired {
                account_name: summary.account_name.clone(),
                issuer: super::account::issuer_view(summary),
            }
        }
        HistoryEvent::Request {
            key,
            prompt,
            outcome,
            receipt,
        } => ui::HistoryEventView::Request {
            request: ui::RequestId(key.to_string()),
            facts: facts_view(prompt, account, names),
            outcome: state_view(outcome),
            receipt: receipt.as_ref().and_then(|hash| {
                let (RequestState::Approved { at }
                | RequestState::Denied { at, .. }
                | RequestState::Reported { at }) = outcome
                else {
                    return None;
                };
                Some(ui::ReceiptView {
                    sha256: hash.to_string(),
                    committed_at: seconds(*at),
                })
            }),
        },
        HistoryEvent::Device { what, device_name } => {
            let summary = accounts
                .iter()
                .find(|summary| summary.id == entry.account)?;
            ui::HistoryEventView::Device {
                notice: match what {
                    NoticeKind::DeviceAdded => ui::DeviceNotice::Added,
                    NoticeKind::DeviceRemoved => ui::DeviceNotice::Removed,
                    NoticeKind::DeviceGraded => ui::DeviceNotice::Graded,
                    NoticeKind::KeyReplaced => ui::DeviceNotice::KeyReplaced,
                    NoticeKind::Reported => ui::DeviceNotice::Reported,
                    _ => return None,
                },
                device_name: device_name.clone(),
                account_name: summary.account_name.clone(),
                issuer: super::account::issuer_view(summary),
            }
        }
        _ => return None,
    };
    Some(ui::HistoryEntryView {
        id: ui::HistoryEntryId(entry.id.clone()),
        at: seconds(entry.at),
        event,
    })
}

pub(crate) fn export_view(exported: &Exported) -> ui::ExportView {
    ui::ExportView {
        path: exported.path.display().to_string(),
        entries: u32::try_from(exported.entries).unwrap_or(u32::MAX),
    }
}
