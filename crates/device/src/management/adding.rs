//! Adding another device from this one, or moving to it: request, approval here, invitation, digits of the other device, done.
//!
//! One task drives it. It waits on what the inbox says and on answers that the server holds, never on a timer.

mod drive;

use super::{Managed, ManagementError};
use crate::{account::LocalAccountId, device::Device, gateway::ExchangeLimits, model::RequestKey};
use drive::{GaveUp, drive};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tegata_protocol::{
    Secret,
    device::{
        V1,
        decision::DenyReason,
        management::{DeviceAdd, ManagementAnswer},
    },
};
use tokio::sync::watch;

/// Where adding a device stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddingPhase {
    /// Waits for an approval here, like any other request, which may take a moment to arrive.
    Approve {
        /// The request.
        request: RequestKey,
    },
    /// The invitation is being made.
    Making,
    /// Waits for the other device to read the invitation.
    Invitation(AddingInvitation),
    /// The other device shows six digits: [`Adding::confirm`].
    Digits {
        /// What it calls itself.
        device_name: String,
        /// Tries left; `None` before the first.
        tries_left: Option<u32>,
    },
    /// The other device is paired.
    Done {
        /// What it calls itself.
        device_name: String,
        /// Whether this device was revoked with it; then its keys are wiped.
        moved: bool,
    },
    /// It ended without another device, and nothing changed.
    Failed(AddingFailure),
}

impl AddingPhase {
    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed(_))
    }
}

/// An invitation to be shown to the other device. Its `Debug` names the server alone.
#[derive(Clone, PartialEq, Eq)]
pub struct AddingInvitation {
    /// The link, for a QR code.
    pub link: Secret<String>,
    /// The code alone, `XXXX-XXXX-XXXX`, to be typed.
    pub code: Secret<String>,
    /// Host of the server, to be typed with it.
    pub server: String,
    /// Whole seconds that were left at `received_at_millis`.
    pub expires_in: u32,
    /// When `expires_in` was true, by this machine's clock.
    pub received_at_millis: i64,
}

impl fmt::Debug for AddingInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddingInvitation")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// Why adding a device ended without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddingFailure {
    /// The digits were wrong for the last time.
    #[error("the digits were wrong for the last time")]
    ConfirmationFailed,
    /// The request was denied here.
    #[error("the request was denied")]
    Denied,
    /// Time ran out.
    #[error("time ran out")]
    Expired,
    /// The server does not offer all of it.
    #[error("the server does not offer this")]
    NotOffered,
    /// The server could not be reached.
    #[error("the server cannot be reached")]
    Offline,
    /// The server refused or misbehaved.
    #[error("the server refused")]
    ServerError,
}

/// Why digits were not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddingError {
    /// Not six digits. No try was used.
    #[error("the other device shows six digits")]
    Malformed,
    /// There is nothing to be confirmed now.
    #[error("no device waits for its digits")]
    Phase,
    /// The server, or the account. Whether a try was used is in the phase.
    #[error(transparent)]
    Management(#[from] ManagementError),
}

/// An addition under way. Dropping it leaves it alone; [`Adding::cancel`] ends it.
pub struct Adding {
    shared: Arc<Shared>,
    task: tokio::task::AbortHandle,
}

impl fmt::Debug for Adding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adding")
            .field("phase", &self.phase())
            .finish_non_exhaustive()
    }
}

struct Shared {
    managed: Managed,
    request: RequestKey,
    moving: bool,
    phase: watch::Sender<AddingPhase>,
    /// Whether digits were sent: then a device that is revoked has moved.
    tried: AtomicBool,
}

impl Device {
    /// Asks the server to add another device to an account, or with `moving` to move to one, on the current tokio run time.
    /// [`Changes::devices`](crate::Changes::devices) grows with each phase.
    ///
    /// # Errors
    /// [`ManagementError`].
    ///
    /// # Panics
    /// Outside a tokio run time.
    pub async fn add_device(
        &self,
        id: &LocalAccountId,
        moving: bool,
    ) -> Result<Adding, ManagementError> {
        let managed = Managed::open(self, id).await?;
        // What comes after the approval has to be there before the person is asked for it.
        managed.url(|all| &all.device_invitation).await?;
        managed.url(|all| &all.device_confirm).await?;
        let body = DeviceAdd { v: V1, moving };
        let answer: ManagementAnswer = managed
            .post(|all| &all.device_add, &body, ExchangeLimits::SHORT)
            .await?;
        let none = || ManagementError::ServerAnswer("no request to be approved".into());
        let request = managed.key(answer.request.ok_or_else(none)?);
        let phase = AddingPhase::Approve {
            request: request.clone(),
        };
        let shared = Arc::new(Shared {
            managed,
            request,
            moving,
            phase: watch::Sender::new(phase),
            tried: AtomicBool::new(false),
        });
        let task = tokio::spawn(drive(Arc::clone(&shared))).abort_handle();
        self.changed(|changes| changes.devices += 1);
        Ok(Adding { shared, task })
    }
}

impl Adding {
    /// The account.
    pub fn account(&self) -> &LocalAccountId {
        &self.shared.request.account
    }

    /// Whether this device is revoked when the other one is confirmed.
    pub fn is_moving(&self) -> bool {
        self.shared.moving
    }

    /// Where it stands.
    pub fn phase(&self) -> AddingPhase {
        self.shared.phase.borrow().clone()
    }

    /// Where it stands, to be watched.
    pub fn phases(&self) -> watch::Receiver<AddingPhase> {
        self.shared.phase.subscribe()
    }

    /// Confirms the other device by the six digits that it shows: full-width ones and spaces are taken as typed. Wrong ones
    /// leave the phase with a try less, or end it.
    ///
    /// # Errors
    /// [`AddingError`].
    pub async fn confirm(&self, digits: &str) -> Result<AddingPhase, AddingError> {
        let digits = read_digits(digits).ok_or(AddingError::Malformed)?;
        if !matches!(self.phase(), AddingPhase::Digits { .. }) {
            return Err(AddingError::Phase);
        }
        let shared = &self.shared;
        shared.tried.store(true, Ordering::SeqCst);
        let body = shared.question(Some(digits), None);
        let answer = shared
            .managed
            .post(|all| &all.device_confirm, &body, ExchangeLimits::HELD)
            .await;
        match answer {
            Ok(state) => shared.apply(state).await,
            Err(error) => match GaveUp::of(&error) {
                GaveUp::Yes(why) if !shared.has_moved(&error) => {
                    shared.set(AddingPhase::Failed(why));
                }
                // The other question is answered too, and settles it.
                _ => return Err(error.into()),
            },
        }
        Ok(self.phase())
    }

    /// Ends it, whatever the phase: the person asked for that, so a request that still waits is denied as not wanted any more.
    /// An invitation that was shown lapses by itself.
    pub async fn cancel(self) {
        self.task.abort();
        let device = &self.shared.managed.device;
        let request = &self.shared.request;
        let waits = device
            .request(request)
            .is_some_and(|one| one.state.is_open());
        if waits && let Err(error) = device.deny(request, DenyReason::ChangedMind).await {
            tracing::info!(%error, "a request that is not wanted any more lapses by itself");
        }
        device.changed(|changes| changes.devices += 1);
    }
}

/// Six digits as typed.
fn read_digits(typed: &str) -> Option<String> {
    let mut digits = String::new();
    for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let value = match c {
            '0'..='9' => u32::from(c) - 0x30,
            '\u{ff10}'..='\u{ff19}' => u32::from(c) - 0xff10,
            _ => return None,
        };
        digits.push(char::from_digit(value, 10)?);
    }
    (digits.len() == 6).then_some(digits)
}
