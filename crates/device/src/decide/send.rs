//! Sending a signed decision: the same bytes, over the socket when one is open, else by POST, until a receipt is here.

use super::{receipt::verify_receipt, resume};
use crate::{
    account::UnsentDecision,
    device::Device,
    error::{AccessError, DecideError, GatewayError},
    gateway::ExchangeLimits,
    history::{Record, outcome},
    inbox::{Backoff, ClosedRequest, SocketCommand},
    live::{InFlight, LiveAccount, Session, lock},
    management,
    model::{RequestSnapshot, RequestState},
    ports::TransportError,
};
use serde::de::IgnoredAny;
use std::{sync::Arc, time::Duration};
use tegata_protocol::{
    ConsentRequestId,
    device::{
        V1,
        decision::DecisionRequest,
        delivery::{DecisionResponse, RequestReference},
        problem::{CloseReason, Problem, ProblemCode},
    },
};
use tokio::sync::oneshot;

/// Tries within one call; after them the decision waits for the next connection.
const TRIES: u32 = 3;
/// Longest wait for an answer on the socket.
const SOCKET_ANSWER: Duration = Duration::from_secs(10);

impl Device {
    /// Sends what is in flight and settles it by the answer.
    pub(super) async fn deliver(
        &self,
        live: &Arc<LiveAccount>,
        session: &Session,
        in_flight: &mut InFlight,
    ) -> Result<RequestSnapshot, DecideError> {
        let Some(unsent) = in_flight.unsent.clone() else {
            return Err(DecideError::RequestUnknown);
        };
        let request = unsent.decision.detail.request.clone();
        let mut backoff = Backoff::default();
        for attempt in 0..TRIES {
            if attempt > 0 {
                let wait = backoff.next(session.rng(), Duration::ZERO);
                tokio::time::sleep(wait).await;
            }
            match exchange(live, session, &unsent.decision).await {
                Ok(receipt) => {
                    let verified =
                        verify_receipt(self, session, &request, &unsent.prompt_jws, &receipt)?;
                    if verified.detail != unsent.decision.detail {
                        return Err(DecideError::Receipt);
                    }
                    self.keep_receipt(session, &unsent.prompt_jws, receipt)?;
                    let outcome = outcome(&verified);
                    session.update(|_, state| {
                        state.unsent = None;
                        management::conclude_key(self, state, &request, Some(&outcome));
                    })?;
                    in_flight.clear();
                    let concluded = self.conclude(live, &request, outcome);
                    self.settle_replacement(live, session).await;
                    return concluded;
                }
                Err(GatewayError::Transport(TransportError::Offline(_))) => {}
                Err(GatewayError::Refused(problem)) if is_passing(problem.code) => {}
                Err(GatewayError::Refused(problem)) => {
                    let stood = in_flight.stood.clone();
                    let error = if is_decided_here(session, &problem) {
                        // An earlier answer of this device was committed, and only its answer got lost.
                        resume::ask(self, live, session, &unsent).await?;
                        refusal(*problem)
                    } else {
                        self.settle_refusal(live, session, &unsent, stood, *problem)?
                    };
                    in_flight.clear();
                    self.settle_replacement(live, session).await;
                    return Err(error);
                }
                Err(GatewayError::Transport(error)) => return Err(DecideError::Offline(error)),
                Err(GatewayError::Answer(text)) => return Err(DecideError::ServerAnswer(text)),
            }
        }
        let now = self.ports().clock.now_millis();
        let found = lock(&live.inbox).find(now, &request);
        found
            .map(|(snapshot, _)| snapshot)
            .ok_or(DecideError::RequestUnknown)
    }

    /// A decision about the approval key that is known now: goes on with its replacement. A failure changes nothing about the
    /// decision, and is tried again at the next connection, and before the next approval.
    async fn settle_replacement(&self, live: &LiveAccount, session: &Session) {
        if let Err(error) = management::settle_key(self, live, session).await {
            tracing::info!(%error, "it is not known yet which approval key the server has");
        }
    }

    /// Shows how a request ended, or stands again.
    pub(super) fn conclude(
        &self,
        live: &LiveAccount,
        request: &ConsentRequestId,
        state: RequestState,
    ) -> Result<RequestSnapshot, DecideError> {
        let now = self.ports().clock.now_millis();
        let found = {
            let mut inbox = lock(&live.inbox);
            inbox.set_state(request, state);
            inbox.find(now, request)
        };
        self.changed(|changes| changes.inbox += 1);
        found
            .map(|(snapshot, _)| snapshot)
            .ok_or(DecideError::RequestUnknown)
    }

    /// Writes a verified receipt into the history; the caller then drops the decision that it confirms.
    pub(super) fn keep_receipt(
        &self,
        session: &Session,
        prompt_jws: &str,
        receipt: String,
    ) -> Result<(), AccessError> {
        let record = Record::Decided {
            at: self.ports().clock.now(),
            prompt: prompt_jws.to_owned(),
            receipt,
            metadata: session.metadata().jws.clone(),
        };
        self.record(session, &record)
    }

    /// The server refused for good: the decision is dropped, and the request stands as the answer says. A refused report
    /// changes nothing: the request goes on as it `stood`.
    fn settle_refusal(
        &self,
        live: &LiveAccount,
        session: &Session,
        unsent: &UnsentDecision,
        stood: Option<RequestState>,
        problem: Problem,
    ) -> Result<DecideError, DecideError> {
        self.set_standing(live, session, problem.code);
        let ended = match (problem.code, &problem.closed, problem.tries_left) {
            (ProblemCode::RequestClosed, Some(how), _) => Some(how.clone()),
            (ProblemCode::NotFound, ..) => Some(CloseReason::Withdrawn),
            (ProblemCode::TransferMismatch, _, Some(0) | None) => Some(CloseReason::TransferFailed),
            _ => None,
        };
        session.update(|_, state| {
            state.unsent = None;
            let ended = ended.clone().map(RequestState::Closed);
            let request = &unsent.decision.detail.request;
            management::conclude_key(self, state, request, ended.as_ref());
        })?;
        let state = match (stood, ended) {
            (Some(stood), _) => stood,
            (None, Some(how)) => {
                let ended = ClosedRequest {
                    prompt_jws: unsent.prompt_jws.as_str().into(),
                    how: how.clone(),
                };
                self.record_closed(session, &[ended]);
                RequestState::Closed(how)
            }
            (None, None) => RequestState::Pending,
        };
        lock(&live.inbox).set_state(&unsent.decision.detail.request, state);
        self.changed(|changes| changes.inbox += 1);
        Ok(refusal(problem))
    }
}

/// Whether the server says that this device itself closed the request by another decision.
fn is_decided_here(session: &Session, problem: &Problem) -> bool {
    problem.code == ProblemCode::DecisionConflict
        || (problem.code == ProblemCode::RequestClosed
            && matches!(&problem.closed, Some(CloseReason::Handled { device, .. }) if *device == session.device))
}

/// A refusal as the caller is told of it.
fn refusal(problem: Problem) -> DecideError {
    match (problem.code, problem.closed.clone(), problem.tries_left) {
        (ProblemCode::RequestClosed | ProblemCode::DecisionConflict, Some(how), _) => {
            DecideError::RequestClosed { how }
        }
        (ProblemCode::NotFound, ..) => DecideError::RequestClosed {
            how: CloseReason::Withdrawn,
        },
        (ProblemCode::TransferMismatch, _, tries_left) => DecideError::TransferMismatch {
            tries_left: tries_left.unwrap_or(0),
        },
        _ => DecideError::ServerRefused(Box::new(problem)),
    }
}

/// Whether the same bytes may succeed later.
pub(super) fn is_passing(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::Internal | ProblemCode::TemporarilyUnavailable
    )
}

/// One exchange: over the socket if there is one and it answers, else by POST with proof.
pub(super) async fn exchange(
    live: &LiveAccount,
    session: &Session,
    decision: &DecisionRequest,
) -> Result<String, GatewayError> {
    let socket = lock(&live.socket).clone();
    if let Some(socket) = socket {
        let (reply, answer) = oneshot::channel();
        let command = SocketCommand::Decide {
            decision: Box::new(decision.clone()),
            reply,
        };
        if socket.send(command).await.is_ok()
            && let Ok(Ok(answer)) = tokio::time::timeout(SOCKET_ANSWER, answer).await
        {
            return answer.map_err(GatewayError::Refused);
        }
    }
    let url = session.metadata().metadata.endpoints.decisions.clone();
    let answer: DecisionResponse = session
        .gateway
        .post(&url, decision, ExchangeLimits::SHORT)
        .await?;
    Ok(answer.receipt)
}

/// Reports a request as seen, by POST.
pub(super) async fn post_seen(device: &Device, live: &Arc<LiveAccount>, request: ConsentRequestId) {
    let Ok(session) = device.session(live).await else {
        return;
    };
    let url = session.metadata().metadata.endpoints.seen.clone();
    let body = RequestReference { v: V1, request };
    let answer: Result<IgnoredAny, _> = session
        .gateway
        .post(&url, &body, ExchangeLimits::SHORT)
        .await;
    if let Err(error) = answer {
        tracing::debug!(%error, "not reported as seen");
    }
}
