//! The history.

use super::{
    request::{Names, blocked_view, facts_view, state_view},
    seconds,
};
use tegata_device::{
    AccountSummary, RequestState,
    history::{HistoryEntry, HistoryEvent},
};
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
        _ => return None,
    };
    Some(ui::HistoryEntryView {
        id: ui::HistoryEntryId(entry.id.clone()),
        at: seconds(entry.at),
        event,
    })
}

/// Whether an entry is of the outcome that is looked for, and has the words somewhere in what is shown of it.
pub(crate) fn matches(entry: &ui::HistoryEntryView, wanted: &ui::HistoryListRequest) -> bool {
    let of_kind = wanted
        .outcome
        .is_none_or(|filter| filter == kind(&entry.event));
    let words = wanted.text.trim().to_lowercase();
    of_kind && (words.is_empty() || text(&entry.event).to_lowercase().contains(&words))
}

fn kind(event: &ui::HistoryEventView) -> ui::HistoryFilter {
    match event {
        ui::HistoryEventView::Blocked { .. } | ui::HistoryEventView::Device { .. } => {
            ui::HistoryFilter::Security
        }
        ui::HistoryEventView::Request { outcome, .. } => match outcome {
            ui::RequestStateView::Approved { .. } => ui::HistoryFilter::Approved,
            ui::RequestStateView::Denied { .. } | ui::RequestStateView::Reported { .. } => {
                ui::HistoryFilter::Denied
            }
            _ => ui::HistoryFilter::Ended,
        },
        ui::HistoryEventView::Paired { .. } => ui::HistoryFilter::Ended,
    }
}

/// Everything of an event that a person reads, a line each.
fn text(event: &ui::HistoryEventView) -> String {
    let of_party = |party: &ui::PartyView| [party.name.clone(), party.host.clone()];
    let mut lines = Vec::new();
    match event {
        ui::HistoryEventView::Blocked { blocked } => {
            lines.push(blocked.account_name.clone());
            lines.extend(of_party(&blocked.issuer));
        }
        ui::HistoryEventView::Device {
            device_name,
            account_name,
            issuer,
            ..
        } => {
            lines.extend([device_name.clone(), account_name.clone()]);
            lines.extend(of_party(issuer));
        }
        ui::HistoryEventView::Paired {
            account_name,
            issuer,
        } => {
            lines.push(account_name.clone());
            lines.extend(of_party(issuer));
        }
        ui::HistoryEventView::Request { facts, receipt, .. } => {
            lines.push(facts.account_name.clone());
            lines.extend(of_party(&facts.issuer));
            lines.extend(facts.provider.iter().flat_map(of_party));
            lines.push(facts.client.name.clone());
            lines.extend(facts.client.host.clone());
            lines.extend(facts.actors.iter().map(|actor| actor.name.clone()));
            for scope in &facts.scopes {
                lines.push(scope.name.clone());
                lines.extend(scope.description.clone());
            }
            for detail in &facts.details {
                lines.push(detail.kind.clone());
                lines.extend(detail.label.clone());
                for leaf in &detail.leaves {
                    lines.extend(leaf.label.clone());
                    lines.push(leaf.value.clone());
                }
            }
            lines.extend(facts.resources.iter().cloned());
            lines.extend(facts.claims.iter().cloned());
            let claimed = &facts.claimed;
            let words = [
                &facts.binding_message,
                &claimed.place,
                &claimed.device,
                &claimed.address,
            ];
            lines.extend(words.into_iter().flatten().cloned());
            lines.extend(receipt.iter().map(|receipt| receipt.sha256.clone()));
        }
    }
    lines.join("\n")
}
