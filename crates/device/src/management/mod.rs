//! What a paired device manages at its server (`docs/protocol.md` section 6.4): the account's devices, what was granted, and
//! tests of delivery. Servers need not offer any of it.
//!
//! What concerns other devices comes back as a request that the person decides here like any other. What concerns this device
//! alone happens at once.

mod adding;
mod replacing;
mod retire;
#[cfg(test)]
mod tests;

pub use adding::{Adding, AddingError, AddingFailure, AddingInvitation, AddingPhase};
pub use replacing::ReplaceKeyError;
pub(crate) use replacing::{conclude_key, note_asked, note_over, note_signed, settle_key};

use crate::{
    account::{LocalAccountId, is_showable},
    device::Device,
    error::{AccessError, GatewayError, code_name},
    gateway::ExchangeLimits,
    inbox,
    live::{LiveAccount, Session, lock},
    model::RequestKey,
    ports::TransportError,
};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use tegata_protocol::{
    ConsentRequestId, DeviceId, UnixTime,
    device::{
        V1,
        delivery::{KnownRequest, RequestReference},
        management::{
            ConsentRevoke, DeviceGrade, DeviceList, DeviceRemove, DeviceRename, Grant, GrantList,
            ListedDevice, ManagementAnswer, ManagementRequest, RemovalReason,
        },
        metadata::Endpoints,
        problem::{Problem, ProblemCode},
    },
};

/// Most code points of a device's name.
const MAX_NAME: usize = 64;

/// The devices of an account, by the server's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDevices {
    /// The server's name for this device.
    pub this_device: DeviceId,
    /// Those not revoked: this device first, then in the order of pairing. Names and platforms are the devices' own words.
    /// Those with `may_manage_from` cannot add, remove and grade others yet; [`Device::grade_device`] lets them.
    pub devices: Vec<ListedDevice>,
    /// From when this device may add, remove and grade others, by the server's clock; `None`: it may.
    pub may_manage_from: Option<UnixTime>,
}

/// What became of asking for a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// It happens when the person approves this request, here. It may take a moment to arrive.
    Approve(RequestKey),
    /// It was this device, which is revoked and has no keys any more.
    Done,
}

/// Why something was not managed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagementError {
    /// The account's keys cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A name that servers do not take.
    #[error("a device's name has 1 to 64 characters that can be shown")]
    Name,
    /// The server does not offer this.
    #[error("the server does not offer this")]
    NotOffered,
    /// A device that is new to the account manages others only after a while.
    #[error("the server lets this device manage others only later")]
    NotYet {
        /// From when, by the server's clock.
        from: UnixTime,
    },
    /// The server cannot be reached.
    #[error("the server cannot be reached")]
    Offline(TransportError),
    /// The server refused.
    #[error("the server refused: {}", code_name(.0.code))]
    ServerRefused(Box<Problem>),
    /// The server's answer is not understood.
    #[error("the server's answer is not understood: {0}")]
    ServerAnswer(String),
}

impl From<GatewayError> for ManagementError {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::Transport(error) => Self::Offline(error),
            GatewayError::Refused(problem) => match (problem.code, problem.not_before) {
                (ProblemCode::NotYet, Some(from)) => Self::NotYet { from },
                _ => Self::ServerRefused(problem),
            },
            GatewayError::Answer(text) => Self::ServerAnswer(text),
        }
    }
}

/// An account that something is managed for.
#[derive(Clone)]
struct Managed {
    device: Device,
    live: Arc<LiveAccount>,
    session: Arc<Session>,
}

impl Managed {
    async fn open(device: &Device, id: &LocalAccountId) -> Result<Self, ManagementError> {
        let live = device.live(id)?;
        let session = device.session(&live).await?;
        Ok(Self {
            device: device.clone(),
            live,
            session,
        })
    }

    /// The URL of an endpoint. Metadata that does not have it may be older than the endpoint, and is asked for again.
    async fn url(
        &self,
        endpoint: fn(&Endpoints) -> &Option<String>,
    ) -> Result<String, ManagementError> {
        // What goes wrong here shows in what is asked next.
        let _ = inbox::renew_metadata(&self.device, &self.live, &self.session).await;
        let known = || endpoint(&self.session.metadata().metadata.endpoints).clone();
        if known().is_none() {
            let _ = inbox::refresh_metadata(&self.device, &self.session).await;
        }
        known().ok_or(ManagementError::NotOffered)
    }

    async fn post<Q: Serialize, A: DeserializeOwned>(
        &self,
        endpoint: fn(&Endpoints) -> &Option<String>,
        body: &Q,
        bounds: ExchangeLimits,
    ) -> Result<A, ManagementError> {
        let url = self.url(endpoint).await?;
        let answer = self.session.gateway.post(&url, body, bounds).await;
        Ok(answer.map_err(|error| self.noted(error))?)
    }

    /// Keeps what an error says of this device.
    fn noted(&self, error: GatewayError) -> GatewayError {
        if let Some(code) = error.code() {
            self.device.set_standing(&self.live, &self.session, code);
        }
        error
    }

    fn key(&self, request: ConsentRequestId) -> RequestKey {
        RequestKey {
            account: self.session.id.clone(),
            request,
        }
    }

    fn listed(&self, list: DeviceList) -> AccountDevices {
        AccountDevices {
            this_device: self.session.device.clone(),
            devices: list.devices,
            may_manage_from: list.may_manage_from,
        }
    }
}

impl Device {
    /// The devices of an account.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn devices(&self, id: &LocalAccountId) -> Result<AccountDevices, ManagementError> {
        let managed = Managed::open(self, id).await?;
        let request = ManagementRequest { v: V1 };
        let list = managed
            .post(|all| &all.devices, &request, ExchangeLimits::PENDING)
            .await?;
        Ok(managed.listed(list))
    }

    /// Renames this device at the account's server.
    ///
    /// # Errors
    /// [`ManagementError`]; [`ManagementError::Name`] unless it has 1 to 64 code points that can be shown.
    pub async fn rename_device(
        &self,
        id: &LocalAccountId,
        name: &str,
    ) -> Result<AccountDevices, ManagementError> {
        let name = name.trim();
        if name.is_empty() || !is_showable(name, MAX_NAME) {
            return Err(ManagementError::Name);
        }
        let managed = Managed::open(self, id).await?;
        let request = DeviceRename {
            v: V1,
            name: name.to_owned(),
        };
        let list = managed
            .post(|all| &all.device_rename, &request, ExchangeLimits::PENDING)
            .await?;
        let header = managed.session.update(|header, _| {
            name.clone_into(&mut header.device_name);
            header.clone()
        })?;
        *lock(&managed.live.header) = header;
        self.changed(|changes| {
            changes.accounts += 1;
            changes.devices += 1;
        });
        Ok(managed.listed(list))
    }

    /// Asks for a device to be removed: this one at once, after which its keys are wiped and the account stays as a revoked
    /// one; another one by an approval here.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn remove_device(
        &self,
        id: &LocalAccountId,
        device: &DeviceId,
        reason: RemovalReason,
    ) -> Result<Removal, ManagementError> {
        let managed = Managed::open(self, id).await?;
        let request = DeviceRemove {
            v: V1,
            device: device.clone(),
            reason,
        };
        let answer: Result<ManagementAnswer, _> = managed
            .post(|all| &all.device_remove, &request, ExchangeLimits::SHORT)
            .await;
        let own = *device == managed.session.device;
        match answer {
            // Revoked is revoked, whoever was first.
            Err(ManagementError::ServerRefused(problem))
                if own && problem.code == ProblemCode::DeviceRevoked => {}
            Ok(_) if own => {}
            Ok(answer) => {
                let request = answer.request.ok_or_else(|| {
                    ManagementError::ServerAnswer("no request to be approved".into())
                })?;
                return Ok(Removal::Approve(managed.key(request)));
            }
            Err(error) => return Err(error),
        }
        self.retire(&managed.live, &managed.session).await?;
        Ok(Removal::Done)
    }

    /// Asks to let another device of the account, which may not manage others yet, count for as much as this one. It happens
    /// when the person approves the request that comes of it, here.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn grade_device(
        &self,
        id: &LocalAccountId,
        device: &DeviceId,
    ) -> Result<RequestKey, ManagementError> {
        let managed = Managed::open(self, id).await?;
        let request = DeviceGrade {
            v: V1,
            device: device.clone(),
        };
        let answer: ManagementAnswer = managed
            .post(|all| &all.device_grade, &request, ExchangeLimits::SHORT)
            .await?;
        let none = || ManagementError::ServerAnswer("no request to be approved".into());
        Ok(managed.key(answer.request.ok_or_else(none)?))
    }

    /// Ends a pairing: the server revokes this device, then keys and history are forgotten here. With `only_here` the server
    /// is not told, and goes on asking this device.
    ///
    /// # Errors
    /// [`ManagementError`]; then the account is as it was.
    pub async fn unpair(
        &self,
        id: &LocalAccountId,
        only_here: bool,
    ) -> Result<(), ManagementError> {
        if !only_here {
            let own = Managed::open(self, id).await?.session.device.clone();
            self.remove_device(id, &own, RemovalReason::NotUsed).await?;
        }
        Ok(self.remove(id).await?)
    }

    /// What was granted for an account and is still good, newest first. The words of clients are their own.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn consents(&self, id: &LocalAccountId) -> Result<Vec<Grant>, ManagementError> {
        let managed = Managed::open(self, id).await?;
        let request = ManagementRequest { v: V1 };
        let list: GrantList = managed
            .post(|all| &all.consents, &request, ExchangeLimits::PENDING)
            .await?;
        Ok(list.consents)
    }

    /// Takes a grant back: its tokens end at the server. Asks for no PIN, and gives what is still good.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn revoke_consent(
        &self,
        id: &LocalAccountId,
        consent: &ConsentRequestId,
    ) -> Result<Vec<Grant>, ManagementError> {
        let managed = Managed::open(self, id).await?;
        let request = ConsentRevoke {
            v: V1,
            consent: consent.clone(),
        };
        let list: GrantList = managed
            .post(|all| &all.consent_revoke, &request, ExchangeLimits::PENDING)
            .await?;
        Ok(list.consents)
    }

    /// Asks the server for a test request, which arrives like any other and grants nothing.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn send_test(&self, id: &LocalAccountId) -> Result<RequestKey, ManagementError> {
        let managed = Managed::open(self, id).await?;
        let request = ManagementRequest { v: V1 };
        let answer: ManagementAnswer = managed
            .post(|all| &all.test, &request, ExchangeLimits::SHORT)
            .await?;
        let none = || ManagementError::ServerAnswer("no test request".into());
        Ok(managed.key(answer.request.ok_or_else(none)?))
    }

    /// Asks whether the client has collected the answer to a request that was approved here. `None`: the server does not say.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn check(&self, key: &RequestKey) -> Result<Option<bool>, ManagementError> {
        let managed = Managed::open(self, &key.account).await?;
        let question = RequestReference {
            v: V1,
            request: key.request.clone(),
        };
        let url = managed
            .session
            .metadata()
            .metadata
            .endpoints
            .receipts
            .clone();
        let answer: Result<KnownRequest, _> = managed
            .session
            .gateway
            .post(&url, &question, ExchangeLimits::SHORT)
            .await;
        let collected = match answer.map_err(|error| managed.noted(error))? {
            KnownRequest::Closed { collected, .. } => collected,
            _ => None,
        };
        lock(&managed.live.inbox).set_collected(&key.request, collected);
        self.changed(|changes| changes.inbox += 1);
        Ok(collected)
    }
}
