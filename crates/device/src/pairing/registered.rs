//! Fifth phase: digits are shown; the person types them into the session that issued the invitation.

use super::{KeysMade, PairingCause, PairingFailure};
use crate::{
    error::GatewayError,
    gateway::{ExchangeLimits, Gateway},
    model::AccountSummary,
    ports::TransportError,
};
use std::{fmt, sync::Arc, time::Duration};
use tegata_protocol::{
    UnixTime,
    device::{
        V1,
        pairing::{ConfirmRequest, ConfirmResponse, Reveal},
    },
};

/// Both sides hold the keys; the device is useless until somebody types its digits into the issuing session.
pub struct Registered {
    pub(super) made: KeysMade,
    pub(super) reveal: Reveal,
    pub(super) device_name: String,
    pub(super) gateway: Gateway,
    digits: String,
    expires_at: UnixTime,
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registered")
    }
}

/// Where the confirmation stands.
#[derive(Debug)]
#[non_exhaustive]
pub enum Confirmation {
    /// The account is paired and stored.
    Paired(Box<AccountSummary>),
    /// The digits were not typed yet.
    Waiting {
        /// To go on with.
        registered: Box<Registered>,
        /// Whole seconds left, by the server's count.
        expires_in: u32,
        /// Tries left for the digits.
        tries_left: u8,
    },
}

impl Registered {
    pub(super) fn new(made: KeysMade, reveal: Reveal, digits: String, device_name: String) -> Self {
        let ports = made.offered.device.ports();
        let gateway = Gateway::new(
            made.offered.transport.clone(),
            ports.rng.clone(),
            Arc::clone(&made.possession),
            reveal.device.clone(),
        );
        let offer = &made.offered.offer;
        let expires_at = ports.clock.now().plus(offer.exp.since(offer.iat).max(0));
        Self {
            made,
            reveal,
            device_name,
            gateway,
            digits,
            expires_at,
        }
    }

    /// Six digits, to be shown large. They are typed elsewhere, never compared by eye.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The name under which the issuing session lists this device.
    pub fn device_name(&self) -> &str {
        &self.device_name
    }

    /// Whole seconds until the pairing lapses, by this machine's count.
    pub fn expires_in(&self) -> u32 {
        let now = self.made.offered.device.ports().clock.now();
        u32::try_from(self.expires_at.since(now)).unwrap_or(0)
    }

    /// Asks once; the server may hold the answer for `wait` seconds, at most 25. The server being out of reach counts as
    /// waiting until the pairing lapses.
    ///
    /// # Errors
    /// [`PairingFailure`]; [`PairingCause::InvitationExpired`] when nobody typed the digits in time.
    pub async fn poll(mut self, wait: u8) -> Result<Confirmation, PairingFailure> {
        let request = ConfirmRequest {
            v: V1,
            countersignature: None,
            wait: wait.min(25),
        };
        let url = &self.made.offered.trusted.metadata.endpoints.confirm;
        match self.gateway.post(url, &request, ExchangeLimits::HELD).await {
            Ok(ConfirmResponse::Confirmed { receipt }) => {
                let summary = self.finish(&receipt).await?;
                Ok(Confirmation::Paired(Box::new(summary)))
            }
            Ok(ConfirmResponse::Waiting {
                expires_in,
                tries_left,
            }) => {
                let now = self.made.offered.device.ports().clock.now();
                self.expires_at = now.plus(i64::from(expires_in));
                Ok(self.waiting(tries_left))
            }
            Err(GatewayError::Transport(TransportError::Offline(_))) if self.expires_in() > 0 => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(self.waiting(3))
            }
            Err(error) => Err(error.into()),
            Ok(_) => Err(PairingFailure::new(
                PairingCause::VersionUnsupported,
                "the server answered with a state that this version does not know",
            )),
        }
    }

    fn waiting(self, tries_left: u8) -> Confirmation {
        Confirmation::Waiting {
            expires_in: self.expires_in(),
            registered: Box::new(self),
            tries_left,
        }
    }

    /// Asks until the pairing is confirmed or ends.
    ///
    /// # Errors
    /// [`PairingFailure`].
    pub async fn confirmed(self) -> Result<AccountSummary, PairingFailure> {
        let mut registered = self;
        loop {
            match registered.poll(25).await? {
                Confirmation::Paired(summary) => return Ok(*summary),
                Confirmation::Waiting {
                    registered: again,
                    expires_in,
                    ..
                } => {
                    if expires_in == 0 {
                        return Err(PairingFailure::new(
                            PairingCause::InvitationExpired,
                            "nobody typed the digits in time",
                        ));
                    }
                    registered = *again;
                }
            }
        }
    }
}
