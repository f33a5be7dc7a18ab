//! Devices of an account, additions, grants.

use super::{
    request::{client_view, details_of, scope_view},
    seconds,
};
use crate::qr;
use tegata_device::{
    LocalAccountId, RequestKey,
    management::{AccountDevices, Adding, AddingFailure, AddingInvitation, AddingPhase, Removal},
};
use tegata_protocol::device::management::{Grant, RemovalReason};
use tegata_ui_contract as ui;

pub(crate) fn devices_view(account: &LocalAccountId, devices: &AccountDevices) -> ui::DevicesView {
    ui::DevicesView {
        account: ui::AccountId(account.as_str().to_owned()),
        devices: devices
            .devices
            .iter()
            .map(|device| ui::DeviceView {
                id: ui::DeviceId(device.id.as_str().to_owned()),
                name: device.name.clone(),
                platform: device.platform.clone(),
                paired_at: seconds(device.paired_at),
                last_seen: device.last_seen.map(seconds),
                this_device: device.id == devices.this_device,
                may_manage_from: device.may_manage_from.map(seconds),
            })
            .collect(),
        may_manage_from: devices.may_manage_from.map(seconds),
    }
}

pub(crate) fn approve_view(request: &RequestKey) -> ui::ApproveView {
    ui::ApproveView {
        request: ui::RequestId(request.to_string()),
    }
}

pub(crate) fn removal_view(removal: &Removal) -> ui::RemovalView {
    match removal {
        Removal::Approve(request) => ui::RemovalView::Approve {
            request: ui::RequestId(request.to_string()),
        },
        Removal::Done => ui::RemovalView::Done,
    }
}

pub(crate) fn removal_reason(reason: ui::RemovalReason) -> RemovalReason {
    match reason {
        ui::RemovalReason::Lost => RemovalReason::Lost,
        ui::RemovalReason::NotUsed => RemovalReason::NotUsed,
    }
}

pub(crate) fn adding_view(adding: Option<&Adding>) -> ui::AddingView {
    let Some(adding) = adding else {
        return ui::AddingView::Idle;
    };
    let moving = adding.is_moving();
    match adding.phase() {
        AddingPhase::Approve { request } => ui::AddingView::Approve {
            account: ui::AccountId(adding.account().as_str().to_owned()),
            request: ui::RequestId(request.to_string()),
            moving,
        },
        AddingPhase::Making => ui::AddingView::Making { moving },
        AddingPhase::Invitation(invitation) => invitation_view(&invitation, moving),
        AddingPhase::Digits {
            device_name,
            tries_left,
        } => ui::AddingView::Digits {
            device_name,
            tries_left,
            moving,
        },
        AddingPhase::Done { device_name, moved } => ui::AddingView::Done { device_name, moved },
        AddingPhase::Failed(why) => ui::AddingView::Failed {
            why: failure_view(why),
        },
        _ => ui::AddingView::Failed {
            why: ui::AddingFailure::ServerError,
        },
    }
}

fn invitation_view(invitation: &AddingInvitation, moving: bool) -> ui::AddingView {
    // EXPOSE: the other device reads link or code from this screen.
    let (link, code) = (invitation.link.expose(), invitation.code.expose());
    let (qr_path, qr_size) = qr::path(link).unwrap_or_default();
    ui::AddingView::Invitation {
        qr_path,
        qr_size,
        code: code.clone(),
        server: invitation.server.clone(),
        expires_in: invitation.expires_in,
        received_at: ui::UnixMillis(
            u64::try_from(invitation.received_at_millis).unwrap_or_default(),
        ),
        moving,
    }
}

fn failure_view(why: AddingFailure) -> ui::AddingFailure {
    match why {
        AddingFailure::ConfirmationFailed => ui::AddingFailure::ConfirmationFailed,
        AddingFailure::Denied => ui::AddingFailure::Denied,
        AddingFailure::Expired => ui::AddingFailure::Expired,
        AddingFailure::NotOffered => ui::AddingFailure::NotOffered,
        AddingFailure::Offline => ui::AddingFailure::Offline,
        _ => ui::AddingFailure::ServerError,
    }
}

pub(crate) fn consent_view(account: &LocalAccountId, grant: &Grant) -> ui::ConsentView {
    ui::ConsentView {
        id: ui::ConsentId(grant.id.as_str().to_owned()),
        account: ui::AccountId(account.as_str().to_owned()),
        client: client_view(&grant.client),
        scopes: grant.scopes.iter().map(scope_view).collect(),
        details: details_of(&grant.authorization_details, &[]),
        granted_at: seconds(grant.granted_at),
        expires_at: seconds(grant.expires_at),
        renewable: grant.renewable,
    }
}
