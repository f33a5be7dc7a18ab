//! Sending a signed decision: the same bytes, over the socket when one is open, else by POST, until a receipt is here.

use crate::{
    device::Device,
    error::{AccessError, DecideError, GatewayError},
    gateway::ExchangeLimits,
    history::{Record, outcome},
    inbox::{Backoff, ClosedRequest, SocketCommand},
    live::{InFlight, LiveAccount, Session, lock},
    model::{RequestSnapshot, RequestState},
    ports::TransportError,
};
use serde::de::IgnoredAny;
use std::{sync::Arc, time::Duration};
use tegata_protocol::{
    ConsentRequestId,
    device::{
        V1,
        decision::{DecisionRequest, Verdict},
        delivery::{DecisionResponse, RequestReference},
        metadata::Metadata,
        problem::{CloseReason, Problem, ProblemCode},
        receipt::{ConsentReceipt, parse_receipt},
    },
    jws,
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
                    let verified = verify_receipt(self, session, &unsent.decision, &receipt)?;
                    self.keep_receipt(session, &unsent.prompt_jws, receipt)?;
                    in_flight.clear();
                    return self.conclude(live, &request, outcome(&verified));
                }
                Err(GatewayError::Transport(TransportError::Offline(_))) => {}
                Err(GatewayError::Refused(problem)) if is_passing(problem.code) => {}
                Err(GatewayError::Refused(problem)) => {
                    let error =
                        self.settle_refusal(live, session, &unsent.prompt_jws, &request, *problem)?;
                    in_flight.clear();
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

    /// The receipt goes into the history before the decision stops being unsent.
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
        self.record(session, &record)?;
        session.update(|_, state| state.unsent = None)
    }

    /// The server refused for good: the decision is dropped, and the request stands as the answer says.
    pub(super) fn settle_refusal(
        &self,
        live: &LiveAccount,
        session: &Session,
        prompt_jws: &str,
        request: &ConsentRequestId,
        problem: Problem,
    ) -> Result<DecideError, DecideError> {
        session.update(|_, state| state.unsent = None)?;
        self.set_standing(live, session, problem.code);
        let closed = |how: CloseReason| {
            let ended = ClosedRequest {
                prompt_jws: prompt_jws.into(),
                how: how.clone(),
            };
            self.record_closed(session, &[ended]);
            (
                RequestState::Closed(how.clone()),
                DecideError::RequestClosed { how },
            )
        };
        let (state, error) = match (problem.code, problem.closed.clone(), problem.tries_left) {
            (ProblemCode::RequestClosed, Some(how), _) => closed(how),
            (ProblemCode::NotFound, ..) => closed(CloseReason::Withdrawn),
            (ProblemCode::TransferMismatch, _, Some(0) | None) => {
                let (state, _) = closed(CloseReason::TransferFailed);
                (state, DecideError::TransferMismatch { tries_left: 0 })
            }
            (ProblemCode::TransferMismatch, _, Some(tries_left)) => (
                RequestState::Pending,
                DecideError::TransferMismatch { tries_left },
            ),
            _ => (
                RequestState::Pending,
                DecideError::ServerRefused(Box::new(problem)),
            ),
        };
        lock(&live.inbox).set_state(request, state);
        self.changed(|changes| changes.inbox += 1);
        Ok(error)
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

/// A receipt is the server's, and for exactly what was signed here.
pub(super) fn verify_receipt(
    device: &Device,
    session: &Session,
    decision: &DecisionRequest,
    receipt_jws: &str,
) -> Result<ConsentReceipt, DecideError> {
    let trusted = session.metadata();
    let keys = Metadata::valid_at(&trusted.metadata.receipt_keys, device.ports().clock.now());
    let receipt = parse_receipt(receipt_jws, &keys).map_err(|_| DecideError::Receipt)?;
    let credential = match decision.detail.decision.verdict() {
        Verdict::Approve => session.approval,
        Verdict::Deny => *session.possession.public(),
    };
    // The assertion may be that of an earlier try with the same detail, which the server stored first.
    let fits = receipt.iss == session.issuer
        && receipt.request == decision.detail.request
        && receipt.prompt == decision.detail.prompt
        && receipt.detail == decision.detail
        && receipt.credential == credential;
    if fits {
        Ok(receipt)
    } else {
        Err(DecideError::Receipt)
    }
}

/// Whether a prompt is the one that a receipt is about.
pub(super) fn is_about(receipt: &ConsentReceipt, prompt_jws: &str) -> bool {
    receipt.prompt == jws::hash(prompt_jws)
}
