//! Consent requests, exactly as their prompts say.

use super::{account::issuer_view, seconds};
use serde_json::Value;
use std::collections::HashMap;
use tegata_device::{
    AccountSummary, BlockReason, BlockedMessage, Health, InboxSnapshot, RequestSnapshot,
    RequestState,
};
use tegata_protocol::{
    device::{
        decision::{DenyReason, Verdict},
        management::SubjectDevice,
        problem::CloseReason,
        prompt::{
            DenyOnlyReason, DetailLabel, Prompt, PromptClient, PromptKind, PromptScope,
            RegisteredBy, Transfer, detail_leaves,
        },
    },
    text::{CodeAlphabet, TextCaution},
};
use tegata_ui_contract as ui;

/// What a request's view needs to know of its account.
pub(crate) struct Names(HashMap<String, AccountSummary>);

impl Names {
    pub(crate) fn of(accounts: Vec<AccountSummary>) -> Self {
        Self(
            accounts
                .into_iter()
                .map(|account| (account.id.as_str().to_owned(), account))
                .collect(),
        )
    }

    fn account(&self, id: &str) -> (String, ui::PartyView) {
        self.0.get(id).map_or_else(
            || {
                (
                    String::new(),
                    ui::PartyView {
                        name: String::new(),
                        host: String::new(),
                    },
                )
            },
            |account| (account.account_name.clone(), issuer_view(account)),
        )
    }

    fn pin_locked(&self, id: &str) -> bool {
        self.0
            .get(id)
            .is_some_and(|account| matches!(account.health, Health::PinLocked | Health::KeyLost))
    }
}

pub(crate) fn inbox_view(inbox: &InboxSnapshot, names: &Names) -> ui::InboxView {
    ui::InboxView {
        requests: inbox
            .requests
            .iter()
            .map(|request| request_view(request, names))
            .collect(),
        blocked: inbox
            .blocked
            .iter()
            .map(|blocked| blocked_view(blocked, names))
            .collect(),
    }
}

pub(crate) fn request_view(request: &RequestSnapshot, names: &Names) -> ui::ConsentRequestView {
    let prompt = request.prompt.as_ref();
    let account = request.key.account.as_str();
    ui::ConsentRequestView {
        id: ui::RequestId(request.key.to_string()),
        facts: facts_view(prompt, account, names),
        transfer: transfer_view(prompt.transfer),
        expires_in: request.expires_in,
        received_at: ui::UnixMillis(u64::try_from(request.received_at_millis).unwrap_or_default()),
        lifetime: request.lifetime.max(1),
        deny_only: deny_only(request, names.pin_locked(account)),
        state: open_state_view(request),
    }
}

pub(super) fn facts_view(prompt: &Prompt, account: &str, names: &Names) -> ui::RequestFactsView {
    let (account_name, issuer) = names.account(account);
    let claimed = &prompt.context.claimed;
    ui::RequestFactsView {
        account: ui::AccountId(account.to_owned()),
        account_name,
        issuer,
        provider: prompt.provider.as_ref().map(|provider| ui::PartyView {
            name: provider.name.clone(),
            host: provider.id.clone(),
        }),
        client: client_view(&prompt.client),
        kind: match prompt.kind {
            PromptKind::DeviceAdd => ui::RequestKind::DeviceAdd,
            PromptKind::DeviceGrade => ui::RequestKind::DeviceGrade,
            PromptKind::DeviceKey => ui::RequestKind::DeviceKey,
            PromptKind::DeviceRemove => ui::RequestKind::DeviceRemove,
            PromptKind::SignIn => ui::RequestKind::SignIn,
            PromptKind::Test => ui::RequestKind::Test,
            _ => ui::RequestKind::Grant,
        },
        scopes: prompt.scopes.iter().map(scope_view).collect(),
        details: details_of(&prompt.authorization_details, &prompt.labels),
        resources: prompt.resource.clone(),
        observed: ui::ObservedContextView {
            time: seconds(prompt.context.observed.time),
            first_request: prompt.context.observed.first_request,
        },
        claimed: ui::ClaimedContextView {
            place: claimed.place.clone(),
            device: claimed.device.clone(),
            address: claimed.address.clone(),
        },
        actors: prompt
            .actor
            .iter()
            .map(|actor| ui::ActorView {
                name: actor.name.clone(),
                vouched_by: actor.vouched_by.clone(),
            })
            .collect(),
        claims: prompt.claims.clone(),
        access_seconds: prompt.access_token_lifetime,
        renewable_until: prompt.refresh.map(seconds),
        device: prompt.device.as_ref().map(subject_view),
        binding_message: prompt.binding_message.clone(),
        cautions: cautions(prompt),
    }
}

pub(super) fn client_view(client: &PromptClient) -> ui::ClientView {
    ui::ClientView {
        name: client.name.clone(),
        registered_by: match client.registered_by {
            RegisteredBy::Operator => ui::RegisteredBy::Operator,
            RegisteredBy::Itself => ui::RegisteredBy::Itself,
        },
        since: seconds(client.since),
        host: client.host.clone(),
    }
}

pub(super) fn scope_view(scope: &PromptScope) -> ui::ScopeView {
    ui::ScopeView {
        name: scope.name.clone(),
        description: Some(scope.description.clone()).filter(|text| !text.is_empty()),
    }
}

fn subject_view(device: &SubjectDevice) -> ui::SubjectDeviceView {
    ui::SubjectDeviceView {
        name: device.name.clone(),
        platform: device.platform.clone(),
        paired_at: device.paired_at.map(seconds),
        moving: device.moving,
        lost: device.lost,
        old_key: device.old_key.clone(),
        new_key: device.new_key.clone(),
    }
}

/// Authorization details, each reduced to its leaves.
pub(super) fn details_of(details: &[Value], labels: &[DetailLabel]) -> Vec<ui::DetailView> {
    let leaves = detail_leaves(details, labels);
    let of = |index: usize| {
        let prefix = format!("/{index}");
        let root = format!("{prefix}/type");
        let label = labels.iter().find(|label| label.pointer == root);
        let inside = |pointer: &str| {
            pointer
                .strip_prefix(&prefix)
                .filter(|rest| rest.is_empty() || rest.starts_with('/'))
                .map(str::to_owned)
        };
        ui::DetailView {
            kind: details[index]
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            label: label.map(|label| label.text.clone()),
            leaves: leaves
                .iter()
                .filter_map(|leaf| Some((inside(&leaf.pointer)?, leaf)))
                .filter(|(path, _)| path != "/type")
                .map(|(path, leaf)| ui::LeafView {
                    path,
                    label: leaf.label.clone(),
                    value: leaf.value.clone(),
                })
                .collect(),
        }
    };
    (0..details.len()).map(of).collect()
}

fn cautions(prompt: &Prompt) -> Vec<ui::Caution> {
    let found = prompt.text_findings().cautions;
    let mut cautions = Vec::new();
    if prompt.client.registered_by == RegisteredBy::Itself {
        cautions.push(ui::Caution::SelfRegistered);
    }
    if found.contains(&TextCaution::MixedAlphabets) {
        cautions.push(ui::Caution::MixedScripts);
    }
    if prompt.context.observed.first_request {
        cautions.push(ui::Caution::FirstRequest);
    }
    if !prompt.authorization_details.is_empty() {
        cautions.push(ui::Caution::UnknownDetailType);
    }
    cautions
}

fn transfer_view(transfer: Transfer) -> ui::TransferView {
    match transfer {
        Transfer::None => ui::TransferView::None,
        Transfer::Code { alphabet, length } => ui::TransferView::Code {
            alphabet: match alphabet {
                CodeAlphabet::Digits => "0123456789".to_owned(),
                _ => "0123456789ABCDEFGHJKMNPQRSTVWXYZ".to_owned(),
            },
            length: u32::from(length),
        },
    }
}

/// The reason to be shown, by what the person can do about it.
fn deny_only(request: &RequestSnapshot, key_unavailable: bool) -> Option<ui::DenyOnlyReason> {
    let reasons = &request.deny_only;
    let unsupported = [
        DenyOnlyReason::Kind,
        DenyOnlyReason::CriticalMember,
        DenyOnlyReason::UnknownMember,
    ];
    if key_unavailable {
        Some(ui::DenyOnlyReason::ApprovalKeyUnavailable)
    } else if unsupported.iter().any(|reason| reasons.contains(reason)) {
        Some(ui::DenyOnlyReason::NotSupported)
    } else if reasons.contains(&DenyOnlyReason::Text) {
        Some(ui::DenyOnlyReason::TextNotShowable)
    } else if !reasons.is_empty() {
        Some(ui::DenyOnlyReason::AssuranceTooLow)
    } else if request.unknown_client {
        Some(ui::DenyOnlyReason::UnknownClient)
    } else {
        None
    }
}

/// With what is known of the answer's way to the client.
fn open_state_view(request: &RequestSnapshot) -> ui::RequestStateView {
    match state_view(&request.state) {
        ui::RequestStateView::Approved { at, .. } => ui::RequestStateView::Approved {
            at,
            collected: request.collected,
        },
        other => other,
    }
}

pub(super) fn state_view(state: &RequestState) -> ui::RequestStateView {
    match state {
        RequestState::Approved { at } => ui::RequestStateView::Approved {
            at: seconds(*at),
            collected: None,
        },
        RequestState::Denied { reason, at } => ui::RequestStateView::Denied {
            reason: reason_view(*reason),
            at: seconds(*at),
        },
        RequestState::Reported { at } => ui::RequestStateView::Reported { at: seconds(*at) },
        RequestState::Sending { verdict } => ui::RequestStateView::Sending {
            decision: decision_view(*verdict),
        },
        RequestState::NeedsCheck { .. } => ui::RequestStateView::NeedsCheck,
        RequestState::Closed(how) => match how {
            CloseReason::Handled {
                device_name,
                decision,
                at,
                ..
            } => ui::RequestStateView::Handled {
                device_name: device_name.clone(),
                decision: decision_view(*decision),
                at: seconds(*at),
            },
            CloseReason::Expired => ui::RequestStateView::Expired,
            CloseReason::Moved => ui::RequestStateView::Moved,
            CloseReason::TransferFailed => ui::RequestStateView::TransferFailed,
            _ => ui::RequestStateView::Withdrawn,
        },
        state => ui::RequestStateView::Pending {
            again: matches!(state, RequestState::PendingAgain),
        },
    }
}

/// How a request ended, for a command that came too late.
pub(crate) fn closed_error(how: &CloseReason) -> ui::CloseReason {
    match how {
        CloseReason::Expired => ui::CloseReason::Expired,
        CloseReason::Handled { .. } => ui::CloseReason::Handled,
        CloseReason::Moved => ui::CloseReason::Moved,
        CloseReason::TransferFailed => ui::CloseReason::TransferFailed,
        _ => ui::CloseReason::Withdrawn,
    }
}

fn decision_view(verdict: Verdict) -> ui::Decision {
    match verdict {
        Verdict::Approve => ui::Decision::Approve,
        Verdict::Deny => ui::Decision::Deny,
    }
}

fn reason_view(reason: DenyReason) -> ui::DenialReason {
    match reason {
        DenyReason::ChangedMind => ui::DenialReason::ChangedMind,
        DenyReason::NotMe => ui::DenialReason::NotMe,
        DenyReason::WrongDetails => ui::DenialReason::WrongDetails,
    }
}

pub(super) fn blocked_view(blocked: &BlockedMessage, names: &Names) -> ui::BlockedRequestView {
    let account = blocked.account.as_str();
    let (account_name, issuer) = names.account(account);
    ui::BlockedRequestView {
        id: ui::RequestId(format!("{account}.{}", blocked.id)),
        account: ui::AccountId(account.to_owned()),
        account_name,
        issuer,
        at: seconds(blocked.at),
        reason: match blocked.reason {
            BlockReason::BadSignature => ui::BlockReason::BadSignature,
            BlockReason::NotForThisDevice => ui::BlockReason::NotForThisDevice,
            BlockReason::OutOfTime => ui::BlockReason::OutOfTime,
            BlockReason::Replayed => ui::BlockReason::Replayed,
            _ => ui::BlockReason::Malformed,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_whose_answer_was_lost_waits_again_and_says_so() {
        for (state, again) in [
            (RequestState::Pending, false),
            (RequestState::PendingAgain, true),
        ] {
            let shown = state_view(&state);
            assert_eq!(shown, ui::RequestStateView::Pending { again }, "{state:?}");
        }
    }

    #[test]
    fn a_reported_approval_is_shown_as_reported() {
        let at = tegata_protocol::UnixTime(1_795_000_000);
        assert_eq!(
            state_view(&RequestState::Reported { at }),
            ui::RequestStateView::Reported { at: seconds(at) }
        );
    }
}
