//! The PIN of an account's approval key: tried, counted, changed. There is one way to try a PIN, whatever for, so that no
//! use of it gives more tries than another.

use crate::{
    account::{AccountFileError, AccountState, ApprovalSlot, LocalAccountId, MAX_PIN_FAILURES},
    device::Device,
    error::AccessError,
    keys::{Pin, PinWeakness},
    live::{LiveAccount, Session},
    model::Health,
    ports::{
        AccountSecret, ApprovalKey, ApprovalKeyError, MadeApprovalKey, StoredApprovalKey,
        UnlockedApprovalKey,
    },
};
use tegata_protocol::PublicKey;

/// Why a PIN did not open the approval key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// The account's keys cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The approval key is destroyed: approving takes a new pairing, denying still works.
    #[error(
        "the PIN was wrong too often and the approval key is destroyed; pair this device again"
    )]
    Locked,
    /// The PIN is wrong.
    #[error("the PIN is wrong; {tries_left} tries are left")]
    Wrong {
        /// Tries before the key is destroyed.
        tries_left: u32,
    },
}

/// Why a PIN was not changed; then the old one holds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinChangeError {
    /// The old PIN.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The new PIN may not be chosen. No try was used.
    #[error(transparent)]
    Weak(#[from] PinWeakness),
    /// Another process changed the PIN at the same moment.
    #[error("the PIN was changed elsewhere at the same moment")]
    ChangedMeanwhile,
}

impl From<AccessError> for PinChangeError {
    fn from(error: AccessError) -> Self {
        Self::Pin(error.into())
    }
}

/// What is done with an approval key's stored form and a PIN.
type Attempt<T> = Box<
    dyn FnOnce(
            &dyn ApprovalKey,
            &StoredApprovalKey,
            &PublicKey,
            &AccountSecret,
        ) -> Result<T, ApprovalKeyError>
        + Send,
>;

impl Device {
    /// Finds out whether `pin` is the account's PIN. A wrong one counts as in an approval, and the last one destroys the key.
    ///
    /// # Errors
    /// [`PinError`].
    pub async fn check_pin(&self, id: &LocalAccountId, pin: &Pin) -> Result<(), PinError> {
        let live = self.live(id)?;
        let session = self.session(&live).await?;
        unlock(self, &live, &session, pin.clone()).await?;
        Ok(())
    }

    /// Changes the account's PIN: the approval key is opened with `old`, which counts as in an approval, and closed with `new`.
    /// The key itself stays, and the file holds either form whole at every moment.
    ///
    /// # Errors
    /// [`PinChangeError`].
    pub async fn change_pin(
        &self,
        id: &LocalAccountId,
        old: &Pin,
        new: &Pin,
    ) -> Result<(), PinChangeError> {
        new.check_choice()?;
        let live = self.live(id)?;
        let session = self.session(&live).await?;
        let (old, new) = (old.clone(), new.clone());
        // A key that waits to take this one's place goes under the same PIN.
        let waiting = session
            .read_state()?
            .waiting
            .map(|key| (key.key, key.public));
        let next = waiting.clone();
        let attempt: Attempt<Rewrapped> = Box::new(move |port, stored, public, secret| {
            let current = port.rewrap(stored, public, &old, &new, secret)?;
            let rewrap = |(stored, public): (StoredApprovalKey, PublicKey)| {
                port.rewrap(&stored, &public, &old, &new, secret)
            };
            // The PIN is right: what does not open now is damaged.
            let next = next.map(rewrap).transpose();
            let waiting = next.map_err(|_| ApprovalKeyError::Unreadable)?;
            Ok(Rewrapped { current, waiting })
        });
        let (tried, rewrapped) = try_pin(self, &live, &session, attempt).await?;
        let replaced = session.update(|_, state| {
            let waits = state.waiting.as_ref();
            let same = waits.map(|key| (&key.key, key.public))
                == waiting.as_ref().map(|(key, public)| (key, *public));
            match &mut state.approval_slot {
                ApprovalSlot::Usable { key, failures } if *key == tried.stored && same => {
                    *key = rewrapped.current;
                    *failures = 0;
                    if let (Some(kept), Some(key)) = (&mut state.waiting, rewrapped.waiting) {
                        kept.key = key;
                    }
                    true
                }
                _ => false,
            }
        })?;
        if replaced {
            Ok(())
        } else {
            Err(PinChangeError::ChangedMeanwhile)
        }
    }
}

/// The approval key's stored form under another PIN, and that of the key that waits to take its place.
struct Rewrapped {
    current: StoredApprovalKey,
    waiting: Option<StoredApprovalKey>,
}

/// Opens the approval key, so that the PIN is known to be right, and makes another one under the same PIN. Gives it with the
/// public half of the one that there is.
pub(crate) async fn make_another(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
    pin: Pin,
) -> Result<(PublicKey, MadeApprovalKey), PinError> {
    let attempt: Attempt<MadeApprovalKey> = Box::new(move |port, stored, public, secret| {
        port.unlock(stored, public, &pin, secret)?;
        port.make(&pin, secret)
    });
    let (tried, made) = try_pin(device, live, session, attempt).await?;
    Ok((tried.public, made))
}

/// Unlocks the approval key for one signature.
pub(crate) async fn unlock(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
    pin: Pin,
) -> Result<Box<dyn UnlockedApprovalKey>, PinError> {
    let attempt: Attempt<Box<dyn UnlockedApprovalKey>> =
        Box::new(move |port, stored, public, secret| port.unlock(stored, public, &pin, secret));
    Ok(try_pin(device, live, session, attempt).await?.1)
}

/// One try, with the key that it was made with.
async fn try_pin<T: Send + 'static>(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
    attempt: Attempt<T>,
) -> Result<(Try, T), PinError> {
    // 1. The try is counted before it is made, so that cutting the power saves none.
    let begun = session.update(|_, state| begin_try(device, state))?;
    let Some(begun) = begun else {
        note_locked(device, live);
        return Err(PinError::Locked);
    };
    // 2. The key. The hash takes its time, on a thread that may block.
    let (port, secret) = (device.ports().approval.clone(), session.secret.clone());
    let (tried, failures) = (begun.clone(), begun.failures);
    let result = tokio::task::spawn_blocking(move || {
        attempt(port.as_ref(), &begun.stored, &begun.public, &secret)
    })
    .await;
    // 3. What became of the try, durable before anything else can fail: a right PIN ends the count, and a key that could
    //    not be tried says nothing about the PIN.
    match result {
        Ok(Ok(value)) => {
            count_failures(session, |_| 0)?;
            Ok((tried, value))
        }
        Ok(Err(ApprovalKeyError::PinWrong)) => Err(wrong_pin(device, live, session, failures)?),
        Err(error) => {
            count_failures(session, |failures| failures.saturating_sub(1))?;
            let error = std::io::Error::other(error);
            Err(AccessError::from(AccountFileError::Io(error)).into())
        }
        Ok(Err(ApprovalKeyError::Unreadable)) => {
            count_failures(session, |failures| failures.saturating_sub(1))?;
            let text = "the approval key cannot be read".to_owned();
            Err(AccessError::from(AccountFileError::Damaged(text)).into())
        }
    }
}

/// A try that was counted.
#[derive(Clone)]
pub(crate) struct Try {
    stored: StoredApprovalKey,
    public: PublicKey,
    /// Tries since the last right PIN, with this one.
    pub(crate) failures: u32,
}

/// Counts a try. `None` if there is no key to try any more; a key whose tries are all used up is destroyed here too, for
/// the case that the process ended between the last try and that.
pub(crate) fn begin_try(device: &Device, state: &mut AccountState) -> Option<Try> {
    let ApprovalSlot::Usable { key, failures } = &mut state.approval_slot else {
        return None;
    };
    if *failures >= MAX_PIN_FAILURES {
        destroy_keys(device, state);
        return None;
    }
    *failures += 1;
    Some(Try {
        stored: key.clone(),
        public: state.approval,
        failures: *failures,
    })
}

/// Destroys the approval key, and one that waits to take its place.
pub(crate) fn destroy_keys(device: &Device, state: &mut AccountState) {
    let port = &device.ports().approval;
    if let ApprovalSlot::Usable { key, .. } = &state.approval_slot {
        port.destroy(key);
    }
    state.approval_slot = ApprovalSlot::Destroyed;
    if let Some(waiting) = state.waiting.take() {
        port.destroy(&waiting.key);
    }
}

fn count_failures(session: &Session, count: impl FnOnce(u32) -> u32) -> Result<(), AccessError> {
    session.update(|_, state| {
        if let ApprovalSlot::Usable { failures, .. } = &mut state.approval_slot {
            *failures = count(*failures);
        }
    })
}

fn wrong_pin(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
    failures: u32,
) -> Result<PinError, AccessError> {
    let tries_left = MAX_PIN_FAILURES.saturating_sub(failures);
    if tries_left > 0 {
        return Ok(PinError::Wrong { tries_left });
    }
    session.update(|_, state| destroy_keys(device, state))?;
    note_locked(device, live);
    Ok(PinError::Locked)
}

fn note_locked(device: &Device, live: &LiveAccount) {
    if live.set_health(Health::PinLocked) {
        device.changed(|changes| changes.accounts += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::{PIN, Paired, person};

    const NEW: &str = "730462";

    fn pin(text: &str) -> Pin {
        Pin::typed(text).unwrap()
    }

    async fn approve(paired: &Paired, request: &str, with: &str) -> Result<(), String> {
        paired.server.push(&paired.server.prompt(request, false));
        paired.refresh().await;
        let key = paired.key(request);
        let approved = paired.device.approve(&key, None, &person(with)).await;
        approved.map(|_| ()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn after_a_change_only_the_new_pin_approves_also_in_a_new_process() {
        let mut paired = Paired::new().await;
        let id = paired.account.clone();
        paired
            .device
            .change_pin(&id, &pin(PIN), &pin(NEW))
            .await
            .unwrap();
        paired.restart();
        assert!(approve(&paired, "r1", PIN).await.is_err());
        approve(&paired, "r1", NEW).await.unwrap();
    }

    #[tokio::test]
    async fn a_pin_that_may_not_be_chosen_uses_no_try_and_changes_nothing() {
        let paired = Paired::new().await;
        let before = {
            paired.refresh().await;
            paired.session_state()
        };
        let weak = paired
            .device
            .change_pin(&paired.account, &pin("999999"), &pin("123456"))
            .await;
        assert!(matches!(
            weak,
            Err(PinChangeError::Weak(PinWeakness::Common))
        ));
        assert_eq!(paired.session_state(), before);
    }

    #[tokio::test]
    async fn wrong_pins_are_counted_together_whatever_they_were_typed_for() {
        let paired = Paired::new().await;
        let id = &paired.account;
        let device = &paired.device;
        let wrong = pin("111119");
        for left in (1..MAX_PIN_FAILURES).rev() {
            let tries_left = if left % 2 == 0 {
                match device.check_pin(id, &wrong).await {
                    Err(PinError::Wrong { tries_left }) => tries_left,
                    other => panic!("{other:?}"),
                }
            } else {
                match device.change_pin(id, &wrong, &pin(NEW)).await {
                    Err(PinChangeError::Pin(PinError::Wrong { tries_left })) => tries_left,
                    other => panic!("{other:?}"),
                }
            };
            assert_eq!(tries_left, left);
        }
        assert!(matches!(
            device.check_pin(id, &wrong).await,
            Err(PinError::Locked)
        ));
        assert!(matches!(
            device.check_pin(id, &pin(PIN)).await,
            Err(PinError::Locked)
        ));
        assert_eq!(device.account(id).unwrap().health, Health::PinLocked);
        assert_eq!(
            paired.session_state().approval_slot,
            ApprovalSlot::Destroyed
        );
    }

    #[tokio::test]
    async fn the_right_pin_ends_the_count() {
        let paired = Paired::new().await;
        let id = &paired.account;
        let wrong = paired.device.check_pin(id, &pin("111119")).await;
        assert!(wrong.is_err());
        paired.device.check_pin(id, &pin(PIN)).await.unwrap();
        let ApprovalSlot::Usable { failures, .. } = paired.session_state().approval_slot else {
            panic!("the key is gone");
        };
        assert_eq!(failures, 0);
    }
}
