//! Decisions: signed after everything that can be checked here was checked, kept before they are sent, sent with the same
//! bytes until a receipt is here, and never sent by a later process without the person.

mod resume;
mod send;
mod sign;
#[cfg(test)]
mod tests;

pub(crate) use resume::{put_on_show, resume};

use crate::{
    device::Device,
    error::{AccessError, DecideError},
    inbox::{Arrived, SocketCommand},
    live::{InFlight, LiveAccount, Session, lock},
    model::{RequestKey, RequestSnapshot, RequestState},
    ports::PersonCheck,
};
use std::sync::Arc;
use tegata_protocol::device::{
    decision::{DenyReason, Verdict},
    prompt::Transfer,
};

impl Device {
    /// Approves. `transfer` is the code as typed, if and only if the prompt asks for one; `person` is asked for the PIN once
    /// everything else is in order. Returns once a verified receipt is stored, or with state
    /// [`RequestState::Sending`] when the server cannot be reached now: then the same bytes are sent again at the next
    /// connection of this process, and by no other.
    ///
    /// # Errors
    /// [`DecideError`].
    pub async fn approve(
        &self,
        key: &RequestKey,
        transfer: Option<&str>,
        person: &dyn PersonCheck,
    ) -> Result<RequestSnapshot, DecideError> {
        let live = self.live(&key.account)?;
        let session = self.session(&live).await?;
        // 1. The request waits, and may be approved here.
        let (request, arrived) = self.open_request(&live, key)?;
        if !request.deny_only.is_empty() {
            return Err(DecideError::DenyOnly(
                request.deny_only.into_iter().collect(),
            ));
        }
        // 2. The code has the form that the prompt asks for; its value is the server's to compare.
        let transfer = match (request.prompt.transfer, transfer) {
            (Transfer::None, None) => None,
            (Transfer::Code { alphabet, length }, Some(typed)) => Some(
                alphabet
                    .canonical(typed, usize::from(length))
                    .ok_or(DecideError::TransferMalformed)?,
            ),
            _ => return Err(DecideError::TransferMalformed),
        };
        // 3. No other decision of this account is in flight, here or in another process.
        let mut in_flight = live.deciding.try_lock().map_err(|_| DecideError::Busy)?;
        self.take_right(&live, &session, &mut in_flight).await?;
        // 4. The person, which unlocks the key for this one signature.
        let signed = sign::approve(self, &session, &live, &arrived, transfer, person).await;
        let unsent = match signed {
            Ok(unsent) => unsent,
            Err(error) => {
                in_flight.clear();
                return Err(error);
            }
        };
        in_flight.unsent = Some(unsent);
        self.show_sending(&live, key, Verdict::Approve);
        self.deliver(&live, &session, &mut in_flight).await
    }

    /// Denies: no PIN, the possession key signs. Returns like [`Device::approve`]. A denial takes the place of an approval
    /// that is still being sent and that the server has not confirmed.
    ///
    /// # Errors
    /// [`DecideError`].
    pub async fn deny(
        &self,
        key: &RequestKey,
        reason: DenyReason,
    ) -> Result<RequestSnapshot, DecideError> {
        let live = self.live(&key.account)?;
        let session = self.session(&live).await?;
        let mut in_flight = live.deciding.try_lock().map_err(|_| DecideError::Busy)?;
        let replaces = in_flight
            .unsent
            .as_ref()
            .is_some_and(|unsent| unsent.decision.detail.request == key.request);
        let arrived = if replaces {
            self.find(&live, key)?.1
        } else {
            let (_, arrived) = self.open_request(&live, key)?;
            self.take_right(&live, &session, &mut in_flight).await?;
            arrived
        };
        in_flight.unsent = Some(sign::deny(self, &session, &arrived, reason)?);
        self.show_sending(&live, key, Verdict::Deny);
        self.deliver(&live, &session, &mut in_flight).await
    }

    /// Tells the server that a request was put before the person: over the socket when one is open, else by POST in the
    /// background. Best effort and never required. Outside a tokio run time nothing is sent without a socket.
    pub fn mark_seen(&self, key: &RequestKey) {
        let Ok(live) = self.live(&key.account) else {
            return;
        };
        let request = key.request.clone();
        let socket = lock(&live.socket).clone();
        if let Some(socket) = socket {
            // A full or closing channel loses nothing that anybody needs.
            let _ = socket.try_send(SocketCommand::Seen { request });
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let device = self.clone();
            runtime.spawn(async move { send::post_seen(&device, &live, request).await });
        }
    }

    fn find(
        &self,
        live: &LiveAccount,
        key: &RequestKey,
    ) -> Result<(RequestSnapshot, Arrived), DecideError> {
        let now = self.ports().clock.now_millis();
        lock(&live.inbox)
            .find(now, &key.request)
            .ok_or(DecideError::RequestUnknown)
    }

    fn open_request(
        &self,
        live: &LiveAccount,
        key: &RequestKey,
    ) -> Result<(RequestSnapshot, Arrived), DecideError> {
        let (request, arrived) = self.find(live, key)?;
        match request.state {
            RequestState::Pending | RequestState::PendingAgain => Ok((request, arrived)),
            RequestState::Closed(how) => Err(DecideError::RequestClosed { how }),
            other => Err(DecideError::RequestState(Box::new(other))),
        }
    }

    /// Takes the right to have a decision in flight. One that was left behind is settled with the server first.
    async fn take_right(
        &self,
        live: &LiveAccount,
        session: &Session,
        in_flight: &mut InFlight,
    ) -> Result<(), DecideError> {
        if in_flight.unsent.is_some() && !self.is_over(live, in_flight) {
            return Err(DecideError::Busy);
        }
        in_flight.clear();
        let right = session
            .folder()
            .try_decide(&session.id)
            .map_err(|error| AccessError::from(crate::account::AccountFileError::Io(error)))?;
        let right = right.ok_or(DecideError::Busy)?;
        // The right is ours, so the process that signed this has ended, or has given it up.
        if let Some(unsent) = session.read_state()?.unsent {
            resume::ask(self, live, session, &unsent).await?;
        }
        in_flight.right = Some(right);
        Ok(())
    }

    /// Whether the request of a decision in flight has been over for so long that sending it makes no sense.
    fn is_over(&self, live: &LiveAccount, in_flight: &InFlight) -> bool {
        let now = self.ports().clock.now_millis();
        in_flight.unsent.as_ref().is_none_or(|unsent| {
            lock(&live.inbox)
                .find(now, &unsent.decision.detail.request)
                .is_none_or(|(request, _)| {
                    request.received_at_millis + i64::from(request.expires_in) * 1000 <= now
                })
        })
    }

    fn show_sending(&self, live: &Arc<LiveAccount>, key: &RequestKey, verdict: Verdict) {
        lock(&live.inbox).set_state(&key.request, RequestState::Sending { verdict });
        self.changed(|changes| changes.inbox += 1);
    }
}
