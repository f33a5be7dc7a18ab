//! The facade.

use crate::{
    account::{AccountFolder, AccountHeader, AccountState, LocalAccountId},
    error::{AccessError, DecideError, HistoryError, OpenError},
    history::HistoryEntry,
    model::{
        AccountSummary, Changes, Connection, Health, InboxSnapshot, RequestKey, RequestSnapshot,
    },
    pairing::{Invited, PairingFailure},
    ports::{AccountSecret, PersonCheck, Ports},
    settings::Settings,
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tegata_protocol::{
    AccountId, SystemRng,
    device::{decision::DenyReason, evidence::EvidenceFile, invitation::Issuer},
};
use tokio::sync::watch;

/// Where data lies and how the device introduces itself.
#[derive(Debug, Clone)]
pub struct DeviceConfig {
    /// Folder of this device's data; made if it is not there.
    pub data_dir: PathBuf,
    /// Name and version of the app, such as `tegata/0.1.0`.
    pub app: String,
}

impl DeviceConfig {
    /// `data_dir`, or `TEGATA_DEVICE_DATA`, or the operating system's place for an application's data.
    ///
    /// # Errors
    /// [`OpenError::NoDataFolder`].
    pub fn locate(data_dir: Option<PathBuf>, app: &str) -> Result<Self, OpenError> {
        let data_dir = data_dir
            .or_else(|| std::env::var_os("TEGATA_DEVICE_DATA").map(PathBuf::from))
            .or_else(|| {
                directories::ProjectDirs::from("", "", "tegata-device")
                    .map(|dirs| dirs.data_dir().to_owned())
            })
            .ok_or(OpenError::NoDataFolder)?;
        Ok(Self {
            data_dir,
            app: app.to_owned(),
        })
    }
}

/// The authentication device. Cheap to clone; every clone is the same device.
#[derive(Clone)]
pub struct Device {
    inner: Arc<Inner>,
}

struct Inner {
    config: DeviceConfig,
    ports: Ports,
    folder: AccountFolder,
    system_rng: SystemRng,
    settings: Mutex<Settings>,
    changes: watch::Sender<Changes>,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Device")
    }
}

impl Device {
    /// Opens the data folder. Touches neither the credential store nor the network.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn open(config: DeviceConfig, ports: Ports) -> Result<Self, OpenError> {
        let folder = AccountFolder::open(&config.data_dir)?;
        let settings = Settings::read(&config.data_dir);
        Ok(Self {
            inner: Arc::new(Inner {
                config,
                ports,
                folder,
                system_rng: SystemRng::new(),
                settings: Mutex::new(settings),
                changes: watch::Sender::new(Changes::default()),
            }),
        })
    }

    /// Grows when something became stale.
    pub fn changes(&self) -> watch::Receiver<Changes> {
        self.inner.changes.subscribe()
    }

    /// Starts one connection loop per account, on the current tokio run time. Calling it again changes nothing. Accounts
    /// that are paired later are connected too.
    pub fn connect(&self) {}

    /// Paired accounts in the order of their pairing.
    pub fn accounts(&self) -> Vec<AccountSummary> {
        let headers = self.inner.folder.list().map(|(headers, _)| headers);
        headers
            .unwrap_or_default()
            .into_iter()
            .map(|header| AccountSummary {
                id: header.id,
                issuer: header.issuer,
                issuer_name: header.issuer_name,
                account_name: header.account_name,
                root: header.root,
                device_name: header.device_name,
                paired_at: header.paired_at,
                connection: Connection::Connecting,
                health: Health::Unknown,
            })
            .collect()
    }

    /// One account.
    pub fn account(&self, id: &LocalAccountId) -> Option<AccountSummary> {
        self.accounts()
            .into_iter()
            .find(|account| account.id == *id)
    }

    /// Asks the credential store for the account's secret, giving the person two minutes to answer its prompt, then
    /// connects.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn unlock(&self, id: &LocalAccountId) -> Result<AccountSummary, AccessError> {
        self.inner.ports.secrets.unlock(id).await?;
        self.account(id).ok_or(AccessError::Unknown)
    }

    /// Tries the account's keys and its connection again at once.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn retry(&self, id: &LocalAccountId) -> Result<AccountSummary, AccessError> {
        self.inner.ports.secrets.load(id).await?;
        self.account(id).ok_or(AccessError::Unknown)
    }

    /// Forgets an account on this machine: its file, its history, its secret. The server is not told.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn remove(&self, id: &LocalAccountId) -> Result<(), AccessError> {
        self.inner
            .folder
            .remove(id)
            .map_err(crate::account::AccountFileError::from)?;
        self.inner.ports.secrets.remove(id).await?;
        Ok(())
    }

    /// Reads a pasted, scanned or opened link. Sends nothing.
    ///
    /// # Errors
    /// [`PairingFailure`].
    pub fn read_invitation(&self, link: &str) -> Result<Invited, PairingFailure> {
        Invited::from_link(self.clone(), link)
    }

    /// Reads a code typed by hand with the server's host. Sends nothing.
    ///
    /// # Errors
    /// [`PairingFailure`].
    pub fn read_code(&self, server: &str, code: &str) -> Result<Invited, PairingFailure> {
        Invited::from_code(self.clone(), server, code)
    }

    /// Everything that waits or has just closed, over all accounts, oldest first.
    pub fn inbox(&self) -> InboxSnapshot {
        InboxSnapshot::default()
    }

    /// One request as it stands now.
    pub fn request(&self, key: &RequestKey) -> Option<RequestSnapshot> {
        self.inbox()
            .requests
            .into_iter()
            .find(|request| request.key == *key)
    }

    /// Fetches the pending set once by POST, for callers without a connection loop. Also settles what an earlier process
    /// left undecided, by asking the server what it knows.
    ///
    /// # Errors
    /// [`DecideError::Access`], [`DecideError::Offline`], [`DecideError::ServerRefused`].
    pub async fn refresh(&self, id: &LocalAccountId) -> Result<(), DecideError> {
        self.inner
            .ports
            .secrets
            .load(id)
            .await
            .map_err(AccessError::from)?;
        Ok(())
    }

    /// Tells the server that a request was put before the person. Best effort; never required.
    pub fn mark_seen(&self, _key: &RequestKey) {}

    /// Approves. `transfer` is the code as typed, if and only if the prompt asks for one; `person` is asked for the PIN once
    /// everything else is in order. Returns once a verified receipt is stored.
    ///
    /// # Errors
    /// [`DecideError`].
    pub async fn approve(
        &self,
        key: &RequestKey,
        transfer: Option<&str>,
        person: &dyn PersonCheck,
    ) -> Result<RequestSnapshot, DecideError> {
        let _ = (transfer, person);
        self.refresh(&key.account).await?;
        Err(DecideError::RequestUnknown)
    }

    /// Denies: no PIN, the possession key signs. Returns once a verified receipt is stored.
    ///
    /// # Errors
    /// [`DecideError`].
    pub async fn deny(
        &self,
        key: &RequestKey,
        reason: DenyReason,
    ) -> Result<RequestSnapshot, DecideError> {
        let _ = reason;
        self.refresh(&key.account).await?;
        Err(DecideError::RequestUnknown)
    }

    /// Takes a closed request or a blocked message off the inbox; the history keeps it.
    pub fn dismiss(&self, _key: &RequestKey) {}

    /// What happened, newest first, at most `limit` entries. Accounts whose secret cannot be had are left out.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn history(&self, _limit: usize) -> Result<Vec<HistoryEntry>, HistoryError> {
        std::future::ready(Ok(Vec::new())).await
    }

    /// The evidence of a decision made here, complete for `tegata verify`.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn evidence(&self, _key: &RequestKey) -> Result<EvidenceFile, HistoryError> {
        std::future::ready(Err(HistoryError::NoReceipt)).await
    }

    /// Preferences.
    pub fn settings(&self) -> Settings {
        self.inner
            .settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Replaces the preferences.
    ///
    /// # Errors
    /// What the file system says; then the old ones stand.
    pub fn set_settings(&self, settings: Settings) -> std::io::Result<()> {
        settings.write(&self.inner.config.data_dir)?;
        *self
            .inner
            .settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = settings;
        self.inner
            .changes
            .send_modify(|changes| changes.settings += 1);
        Ok(())
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.inner.ports
    }

    pub(crate) fn system_rng(&self) -> &SystemRng {
        &self.inner.system_rng
    }

    pub(crate) fn app(&self) -> &str {
        &self.inner.config.app
    }

    pub(crate) async fn unusable_pairings(
        &self,
        _issuer: &Issuer,
        _account: &AccountId,
    ) -> Result<Vec<LocalAccountId>, PairingFailure> {
        std::future::ready(Ok(Vec::new())).await
    }

    pub(crate) fn add_account(
        &self,
        header: &AccountHeader,
        state: &AccountState,
        secret: &AccountSecret,
    ) -> Result<(), AccessError> {
        self.inner
            .folder
            .create(self.inner.ports.rng.as_ref(), secret, header, state)?;
        self.inner
            .changes
            .send_modify(|changes| changes.accounts += 1);
        Ok(())
    }

    pub(crate) fn mark_countersigned(&self, id: &LocalAccountId, secret: &AccountSecret) {
        let rng = self.inner.ports.rng.as_ref();
        let _ = self
            .inner
            .folder
            .update(rng, id, secret, |_, state| state.countersigned = true);
    }
}
