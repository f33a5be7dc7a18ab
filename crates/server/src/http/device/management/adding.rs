//! Adding a device, or moving to one: the question, the invitation that its approval is good for, and the digits.

use std::{sync::Arc, time::Duration};
use tegata_protocol::{
    ConsentRequestId, Sha256Digest,
    device::{
        invitation::{InvitationCode, format_link},
        limits,
        management::{
            AddingState, DeviceAdd, DeviceConfirm, Invitation, InvitationRequest, ManagementAnswer,
        },
        problem::ProblemCode,
    },
    rng::random_bytes,
};
use tokio::time::{Instant, timeout_at};

use super::ask as put;
use crate::{
    app::App,
    delivery::pending::close_reason,
    domain::{IssuingSessionId, Kind, PairedDevice, Subject},
    http::device::{
        pairing::{LONGEST_WAIT, canonical_digits, confirm_digits},
        problem::{Refusal, read_json, store_trouble},
    },
    storage::{
        Adding,
        ops::{TakeInvitation, TakeInvitationOutcome},
    },
};

/// POST `device_add`.
pub(super) async fn ask(
    app: &Arc<App>,
    device: &PairedDevice,
    body: &[u8],
) -> Result<ManagementAnswer, Refusal> {
    let request: DeviceAdd = read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    let subject = Subject::AddDevice {
        moving: request.moving,
    };
    put(app, device, Kind::DeviceAdd, Some(subject)).await
}

/// POST `device_invitation`: the invitation of an approved addition, once.
pub(super) async fn invite(
    app: &Arc<App>,
    device: &PairedDevice,
    body: &[u8],
) -> Result<Invitation, Refusal> {
    let request: InvitationRequest =
        read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    let code = InvitationCode::make(app.rng());
    let now = app.now();
    let operation = TakeInvitation {
        request: request.request,
        device: device.id.clone(),
        receipt: request.receipt,
        session: IssuingSessionId::make(app.rng()),
        // Of a secret that is told to nobody: this session is confirmed by the device's proof alone.
        secret_hash: Sha256Digest::of(&random_bytes::<32>(app.rng())),
        code_mac: app.keys.invitation_mac(code.expose_canonical()),
        expires: now.plus(i64::from(app.config.lifetimes.invitation)),
        now,
    };
    let outcome = app
        .store
        .apply(operation)
        .await
        .map_err(|error| store_trouble(&error))?;
    match outcome {
        TakeInvitationOutcome::Taken => Ok(Invitation {
            link: format_link(app.issuer.wire(), &code, &app.keys.root.thumbprint()),
            code: code.expose_grouped(),
            expires_in: app.config.lifetimes.invitation,
        }),
        TakeInvitationOutcome::Used => Err(Refusal::new(ProblemCode::InvitationUsed)),
        TakeInvitationOutcome::Expired => Err(Refusal::new(ProblemCode::InvitationExpired)),
        TakeInvitationOutcome::Closed(reason) => {
            let mut refusal = Refusal::new(ProblemCode::RequestClosed);
            refusal.closed = Some(close_reason(reason));
            Err(refusal)
        }
        TakeInvitationOutcome::Unknown => Err(Refusal::new(ProblemCode::NotFound)),
    }
}

/// POST `device_confirm`: how the pairing stands, held back for a while as long as that is known; or the digits.
pub(super) async fn confirm(
    app: &Arc<App>,
    device: &PairedDevice,
    body: &[u8],
) -> Result<AddingState, Refusal> {
    let request: DeviceConfirm = read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    // Subscribed before the state is read, so that no change is missed.
    let mut changes = app.delivery.gateway.pairings.subscribe();
    let deadline = Instant::now() + Duration::from_secs(u64::from(LONGEST_WAIT));
    let mut typed = request.digits;
    loop {
        changes.mark_unchanged();
        let found = read(app, device, &request.request).await?;
        if let Some(typed) = typed.take() {
            // What is not six digits costs no try.
            let digits = canonical_digits(&typed).ok_or_else(|| {
                Refusal::new(ProblemCode::MalformedRequest)
                    .with_detail("`digits` are the six digits that the other device shows.")
            })?;
            confirm_digits(app, found.session, &digits)
                .await
                .map_err(|error| store_trouble(&error))?;
            return Ok(read(app, device, &request.request).await?.state);
        }
        if request.known.as_deref() != Some(name_of(&found.state)) {
            return Ok(found.state);
        }
        let held = timeout_at(deadline, changes.changed()).await;
        if !matches!(held, Ok(Ok(()))) {
            return Ok(read(app, device, &request.request).await?.state);
        }
    }
}

async fn read(
    app: &App,
    device: &PairedDevice,
    request: &ConsentRequestId,
) -> Result<Adding, Refusal> {
    let (request, device, now) = (request.clone(), device.id.clone(), app.now());
    let found = app
        .store
        .read(move |reader| reader.adding(&request, &device, now))
        .await
        .map_err(|error| store_trouble(&error))?;
    found.ok_or_else(|| Refusal::new(ProblemCode::NotFound))
}

/// A state as `known` names it.
fn name_of(state: &AddingState) -> &'static str {
    match state {
        AddingState::Invited => "invited",
        AddingState::Used => "used",
        AddingState::Registered { .. } => "registered",
        AddingState::Confirmed { .. } => "confirmed",
        AddingState::Ended { .. } => "ended",
    }
}
