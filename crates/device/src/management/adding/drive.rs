//! What drives an addition: the approval, the invitation, and how the pairing stands.

use super::{AddingFailure, AddingInvitation, AddingPhase, Shared};
use crate::{
    error::HistoryError, gateway::ExchangeLimits, history::newest_of, inbox::Backoff,
    live::LiveAccount, management::ManagementError, model::RequestState, ports::TransportError,
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tegata_protocol::{
    Secret, Sha256Digest, UnixTime,
    device::{
        V1,
        decision::Verdict,
        management::{AddingState, DeviceConfirm, Invitation, InvitationRequest},
        problem::{CloseReason, ProblemCode},
        receipt::evidence_hash,
    },
};

/// Longest wait for the approval: more than any request lives.
const APPROVAL: Duration = Duration::from_mins(15);
/// Wait before a question is asked again whose answer was not held although nothing had changed.
const UNHELD: Duration = Duration::from_secs(1);
/// Seconds after the invitation's end until a server out of reach ends the addition.
const GRACE: i64 = 600;
/// Tries to take the invitation.
const TRIES: u32 = 4;

/// Whether an error ends the addition.
pub(super) enum GaveUp {
    Yes(AddingFailure),
    NotYet,
}

impl GaveUp {
    pub(super) fn of(error: &ManagementError) -> Self {
        match error {
            ManagementError::Offline(TransportError::Offline(_)) => Self::NotYet,
            ManagementError::ServerRefused(problem) => match problem.code {
                ProblemCode::Internal
                | ProblemCode::TemporarilyUnavailable
                | ProblemCode::TooManyRequests => Self::NotYet,
                ProblemCode::ConfirmationFailed => Self::Yes(AddingFailure::ConfirmationFailed),
                ProblemCode::InvitationExpired | ProblemCode::RequestClosed => {
                    Self::Yes(AddingFailure::Expired)
                }
                _ => Self::Yes(AddingFailure::ServerError),
            },
            ManagementError::NotOffered | ManagementError::NotYet { .. } => {
                Self::Yes(AddingFailure::NotOffered)
            }
            ManagementError::Offline(_) => Self::Yes(AddingFailure::Offline),
            _ => Self::Yes(AddingFailure::ServerError),
        }
    }
}

/// Drives an addition to its end.
pub(super) async fn drive(shared: Arc<Shared>) {
    let result = match tokio::time::timeout(APPROVAL, shared.approved()).await {
        Ok(Ok(receipt)) => shared.invite_and_confirm(receipt).await,
        Ok(Err(why)) => Err(why),
        Err(_) => Err(AddingFailure::Expired),
    };
    if let Err(why) = result {
        shared.set(AddingPhase::Failed(why));
    }
}

impl Shared {
    /// Waits until the request is approved here; the hash of the receipt.
    async fn approved(&self) -> Result<Sha256Digest, AddingFailure> {
        let mut changes = self.managed.device.changes();
        let mut arrived = false;
        loop {
            changes.mark_unchanged();
            let shown = self.managed.device.request(&self.request);
            arrived |= shown.is_some();
            let state = match shown {
                Some(request) => Some(request.state),
                // Taken off the inbox: the history has it.
                None if arrived => newest_of(&self.managed.session, &self.request.request)
                    .map_err(|_| AddingFailure::ServerError)?
                    .map(|(_, _, state)| state),
                None => None,
            };
            match state {
                // Its bell may come before the answer to the decision, which alone brings the receipt.
                Some(state) if state.is_approved() => {
                    if let Some(receipt) = self.receipt().await? {
                        return Ok(receipt);
                    }
                }
                Some(
                    RequestState::Denied { .. }
                    | RequestState::Reported { .. }
                    | RequestState::Closed(CloseReason::Handled {
                        decision: Verdict::Deny,
                        ..
                    }),
                ) => return Err(AddingFailure::Denied),
                Some(RequestState::Closed(_)) => return Err(AddingFailure::Expired),
                _ => {}
            }
            // The device that sends them is held here.
            let _ = changes.changed().await;
        }
    }

    /// The hash of the approval's receipt, if it is kept by now.
    async fn receipt(&self) -> Result<Option<Sha256Digest>, AddingFailure> {
        match self.managed.device.evidence(&self.request).await {
            Ok(evidence) => Ok(evidence.receipt.as_deref().map(evidence_hash)),
            Err(HistoryError::NoReceipt) => Ok(None),
            Err(_) => Err(AddingFailure::ServerError),
        }
    }

    async fn invite_and_confirm(&self, receipt: Sha256Digest) -> Result<(), AddingFailure> {
        self.set(AddingPhase::Making);
        let invitation = self.take_invitation(receipt).await?;
        let clock = &self.managed.device.ports().clock;
        let ends_at = clock.now().plus(i64::from(invitation.expires_in));
        self.set(AddingPhase::Invitation(AddingInvitation {
            link: Secret::new(invitation.link),
            code: Secret::new(invitation.code),
            server: self.managed.session.issuer.host().to_owned(),
            expires_in: invitation.expires_in,
            received_at_millis: clock.now_millis(),
        }));
        self.follow(ends_at).await
    }

    async fn take_invitation(&self, receipt: Sha256Digest) -> Result<Invitation, AddingFailure> {
        let body = InvitationRequest {
            v: V1,
            request: self.request.request.clone(),
            receipt,
        };
        let mut backoff = Backoff::default();
        for _ in 1..TRIES {
            let answer = self
                .managed
                .post(|all| &all.device_invitation, &body, ExchangeLimits::SHORT)
                .await;
            match answer {
                Ok(invitation) => return Ok(invitation),
                Err(error) => {
                    if let GaveUp::Yes(why) = GaveUp::of(&error) {
                        return Err(why);
                    }
                }
            }
            let wait = backoff.next(self.managed.session.rng(), Duration::ZERO);
            tokio::time::sleep(wait).await;
        }
        Err(AddingFailure::Offline)
    }

    /// Asks how the pairing stands until it ends. The server holds each answer while nothing changes.
    async fn follow(&self, ends_at: UnixTime) -> Result<(), AddingFailure> {
        let mut known = "invited";
        let mut backoff = Backoff::default();
        while !self.phase.borrow().is_final() {
            let body = self.question(None, Some(known));
            let answer = self
                .managed
                .post(|all| &all.device_confirm, &body, ExchangeLimits::HELD)
                .await;
            let wait = match answer {
                Ok(state) => {
                    backoff.reset();
                    let name = state_name(&state);
                    self.apply(state).await;
                    let unheld = name == known;
                    known = name;
                    if unheld { UNHELD } else { Duration::ZERO }
                }
                Err(error) if self.has_moved(&error) => {
                    let device_name = self.other_name();
                    self.apply(AddingState::Confirmed { device_name }).await;
                    Duration::ZERO
                }
                Err(error) => {
                    if let GaveUp::Yes(why) = GaveUp::of(&error) {
                        return Err(why);
                    }
                    if self.managed.device.ports().clock.now().since(ends_at) > GRACE {
                        return Err(AddingFailure::Offline);
                    }
                    backoff.next(self.managed.session.rng(), UNHELD)
                }
            };
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    pub(super) fn question(&self, digits: Option<String>, known: Option<&str>) -> DeviceConfirm {
        DeviceConfirm {
            v: V1,
            request: self.request.request.clone(),
            digits,
            known: known.map(str::to_owned),
        }
    }

    /// Whether an error says that the move has happened: this device is revoked in the commit that its digits led to.
    pub(super) fn has_moved(&self, error: &ManagementError) -> bool {
        let revoked = matches!(error, ManagementError::ServerRefused(problem)
            if problem.code == ProblemCode::DeviceRevoked);
        revoked && self.moving && self.tried.load(Ordering::SeqCst)
    }

    fn other_name(&self) -> String {
        match &*self.phase.borrow() {
            AddingPhase::Digits { device_name, .. } => device_name.clone(),
            _ => String::new(),
        }
    }

    /// Takes the server's word for how it stands.
    pub(super) async fn apply(&self, state: AddingState) {
        let tried = self.tried.load(Ordering::SeqCst);
        let phase = match state {
            AddingState::Invited | AddingState::Used => return,
            AddingState::Registered {
                device_name,
                tries_left,
            } => AddingPhase::Digits {
                device_name,
                tries_left: tried.then_some(tries_left),
            },
            AddingState::Confirmed { device_name } => {
                if self.moving {
                    let live: &LiveAccount = &self.managed.live;
                    let retired = self
                        .managed
                        .device
                        .retire(live, &self.managed.session)
                        .await;
                    if let Err(error) = retired {
                        tracing::warn!(%error, "the keys of a device that was moved away from are still here");
                    }
                }
                AddingPhase::Done {
                    device_name,
                    moved: self.moving,
                }
            }
            AddingState::Ended { failed: true } => {
                AddingPhase::Failed(AddingFailure::ConfirmationFailed)
            }
            AddingState::Ended { failed: false } => AddingPhase::Failed(AddingFailure::Expired),
        };
        self.set(phase);
    }

    /// Goes on to a phase. What is final stays.
    pub(super) fn set(&self, phase: AddingPhase) {
        let news = self.phase.send_if_modified(|now| {
            let news = !now.is_final() && *now != phase;
            if news {
                *now = phase;
            }
            news
        });
        if news {
            self.managed.device.changed(|changes| changes.devices += 1);
        }
    }
}

fn state_name(state: &AddingState) -> &'static str {
    match state {
        AddingState::Invited => "invited",
        AddingState::Used => "used",
        AddingState::Registered { .. } => "registered",
        AddingState::Confirmed { .. } => "confirmed",
        AddingState::Ended { .. } => "ended",
    }
}
