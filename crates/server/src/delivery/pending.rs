//! The whole pending set of a device, as it goes over the wire.

use tegata_protocol::{
    DeviceId, UnixTime,
    device::{
        decision::Verdict,
        delivery::{ClosedNotice, PendingPrompt, PendingSet},
        problem::CloseReason,
    },
};

use crate::{
    app::App,
    domain::{self, Decision},
    storage::StoreError,
};

/// Reads what a device must be sent now: open prompts oldest first with their whole seconds left, rounded down, and what
/// closed in the last ten minutes. `None` if the device is gone or revoked. Asks the timer to ring when the next of these
/// prompts expires.
///
/// # Errors
/// [`StoreError`].
pub async fn pending_set(app: &App, device: &DeviceId) -> Result<Option<PendingSet>, StoreError> {
    let id = device.clone();
    let now = app.now();
    let stored = app
        .store
        .read(move |reader| reader.pending(&id, now))
        .await?;
    let Some(stored) = stored else {
        return Ok(None);
    };
    let requests = stored.prompts.iter().map(|prompt| &prompt.request);
    app.delivery.note_delivered(requests, now);
    if let Some(next) = stored.prompts.iter().map(|prompt| prompt.expires).min() {
        app.delivery.note_due(device, next);
    }
    let prompts = stored.prompts.into_iter().map(|prompt| PendingPrompt {
        prompt: prompt.prompt,
        expires_in: seconds_left(app, prompt.expires),
    });
    let closed = stored.closed.into_iter().map(|closure| ClosedNotice {
        request: closure.request,
        how: close_reason(closure.reason),
        collected: closure.collected,
    });
    Ok(Some(PendingSet {
        prompts: prompts.collect(),
        closed: closed.collect(),
        notices: stored.notices,
    }))
}

/// Whole seconds until `expires`, rounded down, by the server's clock; 0 if it is over.
pub fn seconds_left(app: &App, expires: UnixTime) -> u32 {
    let millis = expires.0.saturating_mul(1000) - app.clock.0.now_millis();
    u32::try_from(millis.div_euclid(1000)).unwrap_or(0)
}

/// The wire form of a close reason.
pub fn close_reason(reason: domain::CloseReason) -> CloseReason {
    match reason {
        domain::CloseReason::Expired => CloseReason::Expired,
        domain::CloseReason::Handled {
            device,
            device_name,
            decision,
            at,
        } => CloseReason::Handled {
            device,
            device_name,
            decision: match decision {
                Decision::Approve => Verdict::Approve,
                Decision::Deny => Verdict::Deny,
            },
            at,
        },
        domain::CloseReason::Moved => CloseReason::Moved,
        domain::CloseReason::TransferFailed => CloseReason::TransferFailed,
        domain::CloseReason::Withdrawn => CloseReason::Withdrawn,
    }
}
