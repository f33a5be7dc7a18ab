//! A decision that has no receipt: sent again by the process that signed it, and by a later one only asked about.

use super::{receipt::verify_receipt, send::is_passing};
use crate::{
    account::{AccountState, UnsentDecision},
    device::Device,
    error::{DecideError, GatewayError},
    gateway::ExchangeLimits,
    history::outcome,
    inbox::{ClosedRequest, restore},
    live::{LiveAccount, Session, lock},
    management,
    model::RequestState,
};
use std::sync::Arc;
use tegata_protocol::{
    ConsentRequestId,
    device::{
        V1,
        delivery::{KnownRequest, RequestReference},
        problem::{CloseReason, ProblemCode},
    },
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
    if let Some(arrived) = restore(session, state, &unsent.prompt_jws, clock.now()) {
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

/// Asks what the server knows of the request of a decision without a receipt, and settles the decision by that.
pub(super) async fn ask(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
    unsent: &UnsentDecision,
) -> Result<(), DecideError> {
    let request = &unsent.decision.detail.request;
    let known = look_up(device, live, session, request, &unsent.prompt_jws).await?;
    let ended = settle(device, live, session, request, &unsent.prompt_jws, known)?;
    session.update(|_, state| {
        state.unsent = None;
        management::conclude_key(device, state, request, ended.as_ref());
    })?;
    Ok(())
}

/// Asks about requests that this device has closed by the server's word, although nothing here knows of it: another process
/// of this device decided, or the answer to a decision got lost.
pub(crate) async fn settle_noticed(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
) -> Result<(), DecideError> {
    let noticed = lock(&live.inbox).noticed();
    for (request, prompt_jws) in noticed {
        let known = look_up(device, live, session, &request, &prompt_jws).await?;
        let ended = settle(device, live, session, &request, &prompt_jws, known)?;
        session.update(|_, state| {
            management::conclude_key(device, state, &request, ended.as_ref());
        })?;
    }
    Ok(())
}

/// What the server knows of a request.
enum Known {
    Closed(CloseReason),
    Decided {
        outcome: RequestState,
        receipt: String,
    },
    Pending {
        expires_in: u32,
    },
}

async fn look_up(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
    request: &ConsentRequestId,
    prompt_jws: &str,
) -> Result<Known, DecideError> {
    let question = RequestReference {
        v: V1,
        request: request.clone(),
    };
    let url = session.metadata().metadata.endpoints.receipts.clone();
    let answer: Result<KnownRequest, GatewayError> = session
        .gateway
        .post(&url, &question, ExchangeLimits::SHORT)
        .await;
    match answer {
        Ok(KnownRequest::Pending { expires_in }) => Ok(Known::Pending { expires_in }),
        Ok(KnownRequest::Closed {
            receipt: Some(receipt),
            ..
        }) => {
            let content = verify_receipt(device, session, request, prompt_jws, &receipt)?;
            Ok(Known::Decided {
                outcome: outcome(&content),
                receipt,
            })
        }
        Ok(KnownRequest::Closed { closed, .. }) => Ok(Known::Closed(closed)),
        Err(GatewayError::Refused(problem)) if problem.code == ProblemCode::NotFound => {
            Ok(Known::Closed(CloseReason::Withdrawn))
        }
        Err(GatewayError::Refused(problem)) => {
            if !is_passing(problem.code) {
                device.set_standing(live, session, problem.code);
            }
            Err(DecideError::ServerRefused(problem))
        }
        Ok(_) => Err(DecideError::ServerAnswer(
            "a state that is not known here".into(),
        )),
        Err(GatewayError::Transport(error)) => Err(DecideError::Offline(error)),
        Err(GatewayError::Answer(text)) => Err(DecideError::ServerAnswer(text)),
    }
}

/// Shows and keeps what the server knows, and gives how the request ended. One that the server never got a decision on waits
/// for the person again.
fn settle(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
    request: &ConsentRequestId,
    prompt_jws: &str,
    known: Known,
) -> Result<Option<RequestState>, DecideError> {
    let ended = match known {
        Known::Pending { expires_in } => {
            let now = device.ports().clock.now_millis();
            lock(&live.inbox).ask_again(now, request, expires_in);
            None
        }
        Known::Decided { outcome, receipt } => {
            device.keep_receipt(session, prompt_jws, receipt)?;
            lock(&live.inbox).set_state(request, outcome.clone());
            Some(outcome)
        }
        Known::Closed(how) => {
            let ended = ClosedRequest {
                prompt_jws: prompt_jws.into(),
                how: how.clone(),
            };
            device.record_closed(session, &[ended]);
            let ended = RequestState::Closed(how);
            lock(&live.inbox).set_state(request, ended.clone());
            Some(ended)
        }
    };
    device.changed(|changes| changes.inbox += 1);
    Ok(ended)
}
