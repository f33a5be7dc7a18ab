//! The facade.

mod upkeep;

use crate::{
    account::{AccountFolder, AccountLook, LocalAccountId},
    error::{AccessError, CustomizeError, DecideError, GatewayError, OpenError},
    inbox::{self, FetchError},
    live::{LiveAccount, lock},
    metadata::MetadataFetchError,
    model::{AccountSummary, Changes, Connection, InboxSnapshot, RequestKey, RequestSnapshot},
    pairing::{Invited, PairingFailure},
    ports::Ports,
    settings::{Settings, SettingsError},
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tegata_protocol::SystemRng;
use tokio::{runtime::Handle, sync::watch};

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
    accounts: Mutex<Vec<Arc<LiveAccount>>>,
    /// The run time of the connections, while there are any: whoever lists the accounts may be on a thread without one.
    connected: Mutex<Option<Handle>>,
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
        let device = Self {
            inner: Arc::new(Inner {
                config,
                ports,
                folder,
                system_rng: SystemRng::new(),
                settings: Mutex::new(settings),
                changes: watch::Sender::new(Changes::default()),
                accounts: Mutex::new(Vec::new()),
                connected: Mutex::new(None),
            }),
        };
        device.sync_accounts()?;
        Ok(device)
    }

    /// Grows when something became stale.
    pub fn changes(&self) -> watch::Receiver<Changes> {
        self.inner.changes.subscribe()
    }

    /// Starts one connection loop per account, on the current tokio run time. Calling it again changes nothing. Accounts
    /// that are paired later are connected too.
    ///
    /// # Panics
    /// Outside a tokio run time.
    pub fn connect(&self) {
        *lock(&self.inner.connected) = Some(Handle::current());
        for live in self.live_accounts() {
            self.spawn(&live);
        }
    }

    /// Ends every connection loop. What is in flight stays on disk.
    pub fn disconnect(&self) {
        *lock(&self.inner.connected) = None;
        for live in self.live_accounts() {
            if let Some(task) = lock(&live.task).take() {
                task.abort();
            }
            *lock(&live.socket) = None;
            let since = self.inner.ports.clock.now();
            live.set_connection(Connection::Offline { since });
        }
        self.changed(|changes| changes.accounts += 1);
    }

    /// Paired accounts in the order of their pairing, those included that another process has paired since.
    pub fn accounts(&self) -> Vec<AccountSummary> {
        if let Err(error) = self.sync_accounts() {
            tracing::warn!(%error, "the accounts cannot be listed");
        }
        let live = self.live_accounts();
        live.iter().map(|live| live.summary()).collect()
    }

    /// One account.
    pub fn account(&self, id: &LocalAccountId) -> Option<AccountSummary> {
        let live = self.live(id).ok()?;
        Some(live.summary())
    }

    /// Asks the credential store for the account's secret, giving the person two minutes to answer its prompt, then
    /// connects.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn unlock(&self, id: &LocalAccountId) -> Result<AccountSummary, AccessError> {
        let live = self.live(id)?;
        let secret = match self.inner.ports.secrets.unlock(id).await {
            Ok(secret) => secret,
            Err(error) => {
                let error = AccessError::from(error);
                self.note_access(&live, &error);
                return Err(error);
            }
        };
        let mut slot = live.session.lock().await;
        self.open_session(&live, &mut slot, secret)?;
        drop(slot);
        live.wake.notify_one();
        Ok(live.summary())
    }

    /// Opens the account's keys again and connects at once.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn retry(&self, id: &LocalAccountId) -> Result<AccountSummary, AccessError> {
        let live = self.live(id)?;
        *live.session.lock().await = None;
        self.session(&live).await?;
        live.wake.notify_one();
        Ok(live.summary())
    }

    /// Replaces what the person chose for an account. Stays here: nothing of it is ever sent.
    ///
    /// # Errors
    /// [`CustomizeError`].
    pub async fn customize(
        &self,
        id: &LocalAccountId,
        look: AccountLook,
    ) -> Result<AccountSummary, CustomizeError> {
        let look = look.tidy().ok_or(CustomizeError::Label)?;
        let live = self.live(id)?;
        let session = self.session(&live).await?;
        let header = session.update(|header, _| {
            header.look = look;
            header.clone()
        })?;
        *lock(&live.header) = header;
        self.changed(|changes| changes.accounts += 1);
        Ok(live.summary())
    }

    /// Forgets an account on this machine: its file, its history, its secret. The server is not told.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn remove(&self, id: &LocalAccountId) -> Result<(), AccessError> {
        let live = self.live(id)?;
        if let Some(task) = lock(&live.task).take() {
            task.abort();
        }
        self.inner
            .folder
            .remove(id)
            .map_err(crate::account::AccountFileError::from)?;
        lock(&self.inner.accounts).retain(|live| live.id() != *id);
        self.changed(|changes| {
            changes.accounts += 1;
            changes.inbox += 1;
            changes.history += 1;
        });
        Ok(self.inner.ports.secrets.remove(id).await?)
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

    /// Reads a server's host typed by hand, for a pairing that is to go on with [`Invited::begin`]. Sends nothing.
    ///
    /// # Errors
    /// [`PairingFailure`].
    pub fn read_server(&self, server: &str) -> Result<Invited, PairingFailure> {
        Invited::from_server(self.clone(), server)
    }

    /// Everything that waits or has just closed, over all accounts, oldest account first.
    pub fn inbox(&self) -> InboxSnapshot {
        let now = self.inner.ports.clock.now_millis();
        let mut snapshot = InboxSnapshot::default();
        for live in self.live_accounts() {
            lock(&live.inbox).snapshot(now, &mut snapshot);
        }
        let settings = self.settings();
        for request in &mut snapshot.requests {
            settings.apply(request);
        }
        snapshot
    }

    /// One request as it stands now.
    pub fn request(&self, key: &RequestKey) -> Option<RequestSnapshot> {
        let live = self.live(&key.account).ok()?;
        let now = self.inner.ports.clock.now_millis();
        let (mut request, _) = lock(&live.inbox).find(now, &key.request)?;
        self.settings().apply(&mut request);
        Some(request)
    }

    /// Fetches the pending set once by POST, for callers without a connection loop. Also settles what an earlier process
    /// left undecided, by asking the server what it knows.
    ///
    /// # Errors
    /// [`DecideError::Access`], [`DecideError::Offline`], [`DecideError::ServerRefused`],
    /// [`DecideError::ServerAnswer`].
    pub async fn refresh(&self, id: &LocalAccountId) -> Result<(), DecideError> {
        let live = self.live(id)?;
        let session = self.session(&live).await?;
        inbox::renew_metadata(self, &live, &session)
            .await
            .map_err(metadata_failure)?;
        if let Err(error) = crate::decide::resume(self, &live, &session).await {
            tracing::info!(%error, "a decision is not settled yet");
        }
        inbox::fetch_pending(self, &live, &session)
            .await
            .map_err(|error| match error {
                FetchError::Access(error) => error.into(),
                FetchError::Gateway(GatewayError::Transport(error)) => DecideError::Offline(error),
                FetchError::Gateway(GatewayError::Refused(problem)) => {
                    DecideError::ServerRefused(problem)
                }
                FetchError::Gateway(GatewayError::Answer(text)) => DecideError::ServerAnswer(text),
            })?;
        if let Err(error) = crate::decide::settle_noticed(self, &live, &session).await {
            tracing::info!(%error, "a request that this device closed is not settled yet");
        }
        if let Err(error) = crate::management::settle_key(self, &live, &session).await {
            tracing::info!(%error, "it is not known yet which approval key the server has");
        }
        inbox::countersign(&session).await;
        Ok(())
    }

    /// Takes a closed request or a blocked message off the inbox; the history keeps it.
    pub fn dismiss(&self, key: &RequestKey) {
        if let Ok(live) = self.live(&key.account) {
            let now = self.inner.ports.clock.now_millis();
            lock(&live.inbox).dismiss(now, &key.request);
            self.changed(|changes| changes.inbox += 1);
        }
    }

    /// Preferences.
    pub fn settings(&self) -> Settings {
        lock(&self.inner.settings).clone()
    }

    /// Replaces the preferences.
    ///
    /// # Errors
    /// [`SettingsError`]; then the old ones stand.
    pub fn set_settings(&self, settings: Settings) -> Result<(), SettingsError> {
        settings.write(&self.inner.config.data_dir)?;
        *lock(&self.inner.settings) = settings;
        self.changed(|changes| {
            changes.settings += 1;
            changes.inbox += 1;
        });
        Ok(())
    }

    /// A word for the credential store in use, for diagnostics.
    pub fn secret_store_name(&self) -> &'static str {
        self.inner.ports.secrets.name()
    }

    /// Finds out whether the credential store can keep a secret.
    ///
    /// # Errors
    /// [`AccessError::Secret`].
    pub async fn probe_secrets(&self) -> Result<(), AccessError> {
        Ok(self.inner.ports.secrets.probe().await?)
    }

    /// Where the data lies.
    pub fn data_dir(&self) -> &std::path::Path {
        &self.inner.config.data_dir
    }

    /// Milliseconds by this device's clock, for countdowns.
    pub fn now_millis(&self) -> i64 {
        self.inner.ports.clock.now_millis()
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.inner.ports
    }

    pub(crate) fn folder(&self) -> &AccountFolder {
        &self.inner.folder
    }

    pub(crate) fn system_rng(&self) -> &SystemRng {
        &self.inner.system_rng
    }

    pub(crate) fn app(&self) -> &str {
        &self.inner.config.app
    }

    pub(crate) fn changed(&self, change: impl FnOnce(&mut Changes)) {
        self.inner.changes.send_modify(change);
    }

    pub(crate) fn live_accounts(&self) -> Vec<Arc<LiveAccount>> {
        lock(&self.inner.accounts).clone()
    }

    pub(crate) fn live(&self, id: &LocalAccountId) -> Result<Arc<LiveAccount>, AccessError> {
        let accounts = self.live_accounts();
        let found = accounts.into_iter().find(|live| live.id() == *id);
        found.ok_or(AccessError::Unknown)
    }
}

pub(crate) fn metadata_failure(error: MetadataFetchError) -> DecideError {
    match error {
        MetadataFetchError::Transport(error) => DecideError::Offline(error),
        other => DecideError::ServerAnswer(format!("its metadata has expired: {other}")),
    }
}
