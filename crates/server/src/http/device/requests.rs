//! `pending`, `seen` and `receipts`: what a device asks about requests.

use serde::Serialize;
use std::sync::Arc;
use tegata_protocol::{
    ConsentRequestId,
    device::{
        delivery::{KnownRequest, PendingRequest, PendingSet, RequestReference},
        limits,
        problem::ProblemCode,
    },
};

use super::problem::{Refusal, read_json, store_trouble};
use crate::{
    app::App,
    delivery::pending::{close_reason, pending_set, seconds_left},
    domain::{BackchannelAuthenticationState, CloseReason, Kind, PairedDevice},
    storage::{ConsentRequest, ops::MarkSeen},
};

/// An answer without content.
#[derive(Debug, Serialize)]
pub(super) struct Nothing {}

pub(super) async fn pending(
    app: &App,
    device: &PairedDevice,
    body: &[u8],
) -> Result<PendingSet, Refusal> {
    read_json::<PendingRequest>(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    let set = pending_set(app, &device.id)
        .await
        .map_err(|error| store_trouble(&error))?;
    set.ok_or_else(|| Refusal::new(ProblemCode::DeviceRevoked))
}

pub(super) async fn seen(
    app: &App,
    device: &PairedDevice,
    body: &[u8],
) -> Result<Nothing, Refusal> {
    let reference: RequestReference =
        read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    mark_seen(app, device, &reference.request).await?;
    Ok(Nothing {})
}

/// Notes that the device has shown a prompt. A second time is fine and changes nothing.
pub(crate) async fn mark_seen(
    app: &App,
    device: &PairedDevice,
    request: &ConsentRequestId,
) -> Result<(), Refusal> {
    find(app, device, request).await?;
    let operation = MarkSeen {
        request: request.clone(),
        device: device.id.clone(),
        now: app.now(),
    };
    app.store
        .apply(operation)
        .await
        .map_err(|error| store_trouble(&error))?;
    Ok(())
}

pub(super) async fn receipts(
    app: &App,
    device: &PairedDevice,
    body: &[u8],
) -> Result<KnownRequest, Refusal> {
    let reference: RequestReference =
        read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    let found = find(app, device, &reference.request).await?;
    let Some(closed) = closed_at_now(app, &found) else {
        return Ok(KnownRequest::Pending {
            expires_in: seconds_left(app, found.flow.facts.expires),
        });
    };
    let request = reference.request.clone();
    let evidence = app
        .store
        .read(move |reader| reader.evidence(&request))
        .await
        .map_err(|error| store_trouble(&error))?;
    // A device that decided and then reported has two; the last says how it stands.
    let receipt = evidence
        .into_iter()
        .rfind(|record| record.device == device.id)
        .filter(|_| !gives_invitation(app, &found));
    Ok(KnownRequest::Closed {
        closed: close_reason(closed),
        receipt: receipt.map(|record| record.receipt),
        collected: found.collected,
    })
}

/// Whether its receipt still stands for an invitation: then only whoever approved has it, by the answer to that.
fn gives_invitation(app: &App, request: &ConsentRequest) -> bool {
    let flow = &request.flow;
    flow.facts.kind == Kind::DeviceAdd
        && matches!(flow.state, BackchannelAuthenticationState::Approved(_))
        && !flow.is_expired(app.now())
}

/// A request as this device knows it; another's looks like none.
pub(super) async fn find(
    app: &App,
    device: &PairedDevice,
    request: &ConsentRequestId,
) -> Result<ConsentRequest, Refusal> {
    let (request, device) = (request.clone(), device.id.clone());
    let found = app
        .store
        .read(move |reader| reader.consent_request(&request, &device))
        .await
        .map_err(|error| store_trouble(&error))?;
    found.ok_or_else(|| Refusal::new(ProblemCode::NotFound))
}

/// Why it is closed now, expiry included.
pub(super) fn closed_at_now(app: &App, request: &ConsentRequest) -> Option<CloseReason> {
    let expired = app.now() >= request.flow.facts.expires;
    request
        .closed
        .clone()
        .or_else(|| expired.then_some(CloseReason::Expired))
}

/// The device as the store has it now, if it may still act.
pub(crate) async fn reload(app: &App, device: &PairedDevice) -> Result<Arc<PairedDevice>, Refusal> {
    let found = app.store.device(&device.id).await;
    found
        .map_err(|error| store_trouble(&error))?
        .filter(|device| device.is_active())
        .ok_or_else(|| Refusal::new(ProblemCode::DeviceRevoked))
}
