//! A decision that has no receipt: sent again by the process that signed it, and by a later one only asked about.

use super::send::{is_about, is_passing};
use crate::{
    account::{AccountState, UnsentDecision},
    device::Device,
    error::{DecideError, GatewayError},
    gateway::ExchangeLimits,
    history::outcome,
    inbox::{ClosedRequest, restore},
    live::{LiveAccount, Session, lock},
    model::RequestState,
};
use std::sync::Arc;
use tegata_protocol::device::{
    V1,
    delivery::{KnownRequest, RequestReference},
    metadata::Metadata,
    problem::{CloseReason, ProblemCode},
    receipt::parse_receipt,
};

/// Shows a decision that an earlier process left, when the account is opened.
pub(crate) fn put_on_show(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
    state: &AccountState,
) {
    let Some(unsent) = &state.unsent else {
        return;
    };
    let clock = &device.ports().clock;
    let verdict = unsent.decision.detail.decision.verdict();
    if let Some(arrived) = restore(session, &unsent.prompt_jws, clock.now()) {
        lock(&live.inbox).restore(clock.now_millis(), arrived, verdict);
        device.changed(|changes| changes.inbox += 1);
    }
}

/// Goes on with a decision without a receipt. What this process signed is sent again; what an earlier one signed is asked
/// about, and never sent.
pub(crate) async fn resume(
    device: &Device,
    live: &Arc<LiveAccount>,
    session: &Session,
) -> Result<(), DecideError> {
    // Somebody is deciding right now, and goes on by themselves.
    let Ok(mut in_flight) = live.deciding.try_lock() else {
        return Ok(());
    };
    if in_flight.unsent.is_some() && !device.is_over(live, &in_flight) {
        device.deliver(live, session, &mut in_flight).await?;
        return Ok(());
    }
    in_flight.clear();
    let Some(unsent) = session.read_state()?.unsent else {
        return Ok(());
    };
    let right = session.folder().try_decide(&session.id);
    let right = right.map_err(|error| {
        crate::error::AccessError::from(crate::account::AccountFileError::Io(error))
    })?;
    // Another process is at it.
    let Some(right) = right else {
        return Ok(());
    };
    in_flight.right = Some(right);
    let result = ask(device, live, session, &unsent).await;
    in_flight.clear();
    result
}

/// Asks what the server knows of a request, and settles the decision by that.
pub(super) async fn ask(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
    unsent: &UnsentDecision,
) -> Result<(), DecideError> {
    let request = unsent.decision.detail.request.clone();
    let question = RequestReference {
        v: V1,
        request: request.clone(),
    };
    let url = session.metadata().metadata.endpoints.receipts.clone();
    let answer: Result<KnownRequest, GatewayError> = session
        .gateway
        .post(&url, &question, ExchangeLimits::SHORT)
        .await;
    let closed = |how: CloseReason| {
        let ended = ClosedRequest {
            prompt_jws: unsent.prompt_jws.as_str().into(),
            how: how.clone(),
        };
        device.record_closed(session, &[ended]);
        RequestState::Closed(how)
    };
    let state = match answer {
        Ok(KnownRequest::Pending { expires_in }) => {
            // The server never got it. It is dropped, and the person is asked again.
            session.update(|_, state| state.unsent = None)?;
            let now = device.ports().clock.now_millis();
            lock(&live.inbox).ask_again(now, &request, expires_in);
            device.changed(|changes| changes.inbox += 1);
            return Ok(());
        }
        Ok(KnownRequest::Closed {
            receipt: Some(receipt),
            ..
        }) => {
            let trusted = session.metadata();
            let keys =
                Metadata::valid_at(&trusted.metadata.receipt_keys, device.ports().clock.now());
            let content = parse_receipt(&receipt, &keys).map_err(|_| DecideError::Receipt)?;
            if content.request != request || !is_about(&content, &unsent.prompt_jws) {
                return Err(DecideError::Receipt);
            }
            device.keep_receipt(session, &unsent.prompt_jws, receipt)?;
            outcome(&content)
        }
        Ok(KnownRequest::Closed { closed: how, .. }) => {
            session.update(|_, state| state.unsent = None)?;
            closed(how)
        }
        Err(GatewayError::Refused(problem)) if problem.code == ProblemCode::NotFound => {
            session.update(|_, state| state.unsent = None)?;
            closed(CloseReason::Withdrawn)
        }
        Err(GatewayError::Refused(problem)) => {
            if !is_passing(problem.code) {
                device.set_standing(live, session, problem.code);
            }
            return Err(DecideError::ServerRefused(problem));
        }
        Ok(_) => {
            return Err(DecideError::ServerAnswer(
                "a state that is not known here".into(),
            ));
        }
        Err(GatewayError::Transport(error)) => return Err(DecideError::Offline(error)),
        Err(GatewayError::Answer(text)) => return Err(DecideError::ServerAnswer(text)),
    };
    lock(&live.inbox).set_state(&request, state);
    device.changed(|changes| changes.inbox += 1);
    Ok(())
}
