//! Replacing an account's approval key (`docs/protocol.md` section 4.6).
//!
//! The order, in which the process may end between any two steps. What a later one finds in the account's file says how to
//! go on, and at every moment a private key that the server takes approvals from is in the file:
//!
//! 1. The new key is made under the PIN and written beside the old one: stage `asked`. *Ended here*: nobody knows of it; it is
//!    dropped when the time of a question is over.
//! 2. Its registration is posted. *Ended here, or the answer lost*: the question arrives and is known by its two keys.
//! 3. The name of the question is written. It can only be denied unless it names the key that the device has and the one that
//!    waits, which is checked when it is shown, before the PIN is asked for, and under the lock of the file before it is signed.
//! 4. The old key signs the approval; stage `signed` is written together with it, before it is sent. *Ended here*: the server
//!    is asked at `receipts`, as for every decision. Until that is settled, no other key is made.
//! 5. The receipt is verified and written into the history; then stage `over` takes the place of the decision. *Ended between
//!    the two*: asked again at `receipts`. A question that ended otherwise is `over` too if an approval was signed: whether that
//!    was committed is for the next step to find out. Otherwise the new key is dropped.
//! 6. The server is asked at `confirm` for the pairing receipt, at every connection and before any approval, until it is here
//!    and verifies. If it names the old key, nothing was replaced, and the new key is dropped. If it names the new one:
//! 7. In one write the new key becomes the current one, with a counter of 0, and the old private key is gone. Its public half
//!    stays with the pairing receipt that names it. *Ended before*: asked at `confirm` again. *Ended after*: step 8 is undone.
//! 8. The countersignature is posted, at every connection until the server has it.

mod progress;
#[cfg(test)]
mod tests;

pub(crate) use progress::{conclude_key, note_asked, note_over, note_signed, settle_key};

use super::{Managed, ManagementError};
use crate::{
    account::{AccountState, LocalAccountId, WaitingKey, WaitingStage},
    decide,
    device::Device,
    error::{AccessError, GatewayError},
    gateway::ExchangeLimits,
    keys::Pin,
    live::lock,
    model::RequestKey,
    pin::{self, PinError},
};
use tegata_protocol::{
    PublicKey,
    device::{
        V1,
        management::{DeviceKey, ManagementAnswer, derive_approval_key_challenge},
    },
    webauthn::{CredentialRole, ExpectedRegistration},
};

/// Why no other approval key was asked for. Then the one that there is stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplaceKeyError {
    /// An earlier replacement was approved and is not settled, or another process replaced the key at the same moment.
    #[error("the approval key is being replaced already; try again in a moment")]
    Busy,
    /// As for everything that is managed.
    #[error(transparent)]
    Management(#[from] ManagementError),
    /// The PIN. A wrong one counts as in an approval.
    #[error(transparent)]
    Pin(#[from] PinError),
}

impl From<AccessError> for ReplaceKeyError {
    fn from(error: AccessError) -> Self {
        Self::Management(error.into())
    }
}

impl Device {
    /// Makes another approval key under the same PIN, and asks the server to put it in the place of the one that there is. It
    /// happens when the person approves the request that comes of it, here and with the old key. Asking again takes an
    /// earlier question's key away, which then can only be denied.
    ///
    /// # Errors
    /// [`ReplaceKeyError`].
    pub async fn replace_key(
        &self,
        id: &LocalAccountId,
        pin: Pin,
    ) -> Result<RequestKey, ReplaceKeyError> {
        let managed = Managed::open(self, id).await?;
        let (live, session) = (&managed.live, &managed.session);
        // 1. What the server does not offer costs no try, and what is undone of an earlier replacement is done.
        let url = managed.url(|all| &all.device_key).await?;
        let undone = decide::resume(self, live, session).await;
        if let Err(error) = undone.and(settle_key(self, live, session).await) {
            tracing::info!(%error, "an earlier replacement of the approval key is not settled");
        }
        // 2. The PIN, and the new key.
        let (old, made) = pin::make_another(self, live, session, pin).await?;
        let trusted = session.metadata();
        let approval = made.key.register(&ExpectedRegistration {
            challenge: derive_approval_key_challenge(
                &session.issuer,
                &session.device,
                old.thumbprint(),
            ),
            rp_id: &trusted.metadata.rp_id,
            origin: &trusted.metadata.origin,
            role: CredentialRole::Approval,
        });
        let (new, kind) = (made.key.public(), self.ports().approval.kind());
        let waiting = WaitingKey {
            public: new,
            kind,
            key: made.stored,
            made_at: self.ports().clock.now(),
            request: None,
            stage: WaitingStage::Asked,
        };
        // 3. Durable before anybody hears of it.
        let kept = session.update(|_, state| {
            let kept = keep(self, state, old, waiting);
            lock(&live.inbox).judge(state);
            kept
        })?;
        if !kept {
            return Err(ReplaceKeyError::Busy);
        }
        self.changed(|changes| changes.inbox += 1);
        // 4. The question.
        let body = DeviceKey {
            v: V1,
            key: kind,
            approval,
        };
        let answer: Result<ManagementAnswer, _> = session
            .gateway
            .post(&url, &body, ExchangeLimits::SHORT)
            .await;
        let answer = match answer.map_err(|error| managed.noted(error)) {
            Ok(answer) => answer,
            Err(error) => {
                // A refusal says that nothing was done; no answer says nothing, and the question may be on its way.
                if matches!(error, GatewayError::Refused(_)) {
                    session.update(|_, state| {
                        if is_asked(state, new) {
                            progress::drop_waiting(self, state);
                        }
                    })?;
                }
                return Err(ManagementError::from(error).into());
            }
        };
        let request = answer
            .request
            .ok_or_else(|| ManagementError::ServerAnswer("no request to be approved".into()))?;
        session.update(|_, state| {
            if let Some(waiting) = state.waiting.as_mut().filter(|key| key.public == new) {
                waiting.request = Some(request.clone());
            }
        })?;
        Ok(managed.key(request))
    }
}

/// Keeps a new key, dropping an earlier one that nobody approved. False if the device's key is another one by now, or an
/// earlier replacement may have been committed.
fn keep(device: &Device, state: &mut AccountState, old: PublicKey, new: WaitingKey) -> bool {
    let decided = state
        .waiting
        .as_ref()
        .is_some_and(|key| key.stage != WaitingStage::Asked);
    if decided || state.approval != old || state.approval_slot.is_destroyed() {
        device.ports().approval.destroy(&new.key);
        return false;
    }
    progress::drop_waiting(device, state);
    state.waiting = Some(new);
    true
}

fn is_asked(state: &AccountState, key: PublicKey) -> bool {
    let mut waiting = state.waiting.iter();
    waiting.any(|waiting| waiting.public == key && waiting.stage == WaitingStage::Asked)
}
