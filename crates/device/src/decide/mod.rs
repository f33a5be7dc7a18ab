//! Decisions: signed after everything that can be checked here was checked, kept before they are sent, sent with the same
//! bytes until a receipt is here, and never sent by a later process without the person.

mod receipt;
#[cfg(test)]
mod report_tests;
mod resume;
mod send;
mod sign;
#[cfg(test)]
mod tests;

pub(crate) use resume::{put_on_show, resume, settle_noticed};

use crate::{
    device::{Device, metadata_failure},
    error::{AccessError, DecideError},
    inbox::{self, Arrived, SocketCommand},
    live::{InFlight, LiveAccount, Session, lock},
    management,
    metadata::is_over,
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
        // 1. What vouches for the prompt holds still; the request waits, and may be approved here.
        if is_over(&session.metadata().metadata, self.ports().clock.now()) {
            let renewed = inbox::renew_metadata(self, &live, &session).await;
            renewed.map_err(metadata_failure)?;
        }
        let (request, arrived) = self.open_request(&live, key)?;
        if !request.deny_only.is_empty() {
            return Err(DecideError::DenyOnly(
                request.deny_only.into_iter().collect(),
            ));
        }
        if request.unknown_client {
            return Err(DecideError::UnknownClient);
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
        // 4. It is known which approval key the server has.
        if let Err(error) = management::settle_key(self, &live, &session).await {
            in_flight.clear();
            return Err(error);
        }
        // 5. The person, which unlocks the key for this one signature.
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
    /// With [`DenyReason::NotMe`] this is also how a person reports a request that was approved already, here or by another
    /// device of the account: the server takes back what was granted, and the request becomes
    /// [`RequestState::Reported`]. A report may name a request that is no more in the inbox but in the history. A report
    /// that is refused leaves the request as it stood.
    ///
    /// # Errors
    /// [`DecideError`]; [`DecideError::RequestClosed`] also if an approval turns out to have been committed before.
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
        let (arrived, stood) = match (replaces, &in_flight.stood) {
            // The same report again: the same bytes.
            (true, Some(_)) if reason == DenyReason::NotMe => {
                return self.deliver(&live, &session, &mut in_flight).await;
            }
            (true, Some(_)) => return Err(DecideError::Busy),
            (true, None) => (self.find(&live, key)?.1, None),
            (false, _) => {
                let found = self.deniable(&live, &session, key, reason)?;
                self.take_right(&live, &session, &mut in_flight).await?;
                found
            }
        };
        in_flight.unsent = Some(sign::deny(self, &session, &arrived, reason)?);
        in_flight.stood = stood;
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
        let (mut request, arrived) = lock(&live.inbox)
            .find(now, &key.request)
            .ok_or(DecideError::RequestUnknown)?;
        self.settings().apply(&mut request);
        Ok((request, arrived))
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

    /// A request that can be denied: one that waits, or for a report one that was approved; then also how it stands.
    fn deniable(
        &self,
        live: &LiveAccount,
        session: &Session,
        key: &RequestKey,
        reason: DenyReason,
    ) -> Result<(Arrived, Option<RequestState>), DecideError> {
        let reports = reason == DenyReason::NotMe;
        if reports && matches!(self.find(live, key), Err(DecideError::RequestUnknown)) {
            self.recall_approved(live, session, key)?;
        }
        match self.find(live, key)? {
            (request, arrived) if reports && request.state.is_approved() => {
                Ok((arrived, Some(request.state)))
            }
            _ => Ok((self.open_request(live, key)?.1, None)),
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
        if in_flight.stood.is_some() {
            // What was approved can be reported after its time as well.
            return false;
        }
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
