//! The facade.

use crate::{
    account::{AccountFolder, AccountHeader, AccountState, LocalAccountId, Standing},
    error::{AccessError, DecideError, GatewayError, OpenError},
    history::Record,
    inbox::{self, FetchError},
    live::{LiveAccount, Session, lock},
    model::{AccountSummary, Changes, Health, InboxSnapshot, RequestKey, RequestSnapshot},
    pairing::{Invited, PairingCause, PairingFailure},
    ports::{AccountSecret, Ports},
    settings::Settings,
};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use tegata_protocol::{
    AccountId, SystemRng,
    device::{invitation::Issuer, problem::ProblemCode},
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
    accounts: Mutex<Vec<Arc<LiveAccount>>>,
    connected: AtomicBool,
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
                connected: AtomicBool::new(false),
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
        self.inner.connected.store(true, Ordering::SeqCst);
        for live in self.live_accounts() {
            self.spawn(&live);
        }
    }

    /// Ends every connection loop. What is in flight stays on disk.
    pub fn disconnect(&self) {
        self.inner.connected.store(false, Ordering::SeqCst);
        for live in self.live_accounts() {
            if let Some(task) = lock(&live.task).take() {
                task.abort();
            }
            *lock(&live.socket) = None;
        }
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

    /// Everything that waits or has just closed, over all accounts, oldest account first.
    pub fn inbox(&self) -> InboxSnapshot {
        let now = self.inner.ports.clock.now_millis();
        let mut snapshot = InboxSnapshot::default();
        for live in self.live_accounts() {
            lock(&live.inbox).snapshot(now, &mut snapshot);
        }
        snapshot
    }

    /// One request as it stands now.
    pub fn request(&self, key: &RequestKey) -> Option<RequestSnapshot> {
        let live = self.live(&key.account).ok()?;
        let now = self.inner.ports.clock.now_millis();
        let found = lock(&live.inbox).find(now, &key.request);
        found.map(|(request, _)| request)
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
        if crate::metadata::is_ageing(&session.metadata().metadata, self.inner.ports.clock.now())
            && let Err(error) = inbox::refresh_metadata(self, &session).await
        {
            tracing::info!(%error, "metadata could not be renewed");
        }
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
            })
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
    /// What the file system says; then the old ones stand.
    pub fn set_settings(&self, settings: Settings) -> std::io::Result<()> {
        settings.write(&self.inner.config.data_dir)?;
        *lock(&self.inner.settings) = settings;
        self.changed(|changes| changes.settings += 1);
        Ok(())
    }

    /// A word for the credential store in use, for diagnostics.
    pub fn secret_store_name(&self) -> &'static str {
        self.inner.ports.secrets.name()
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

    /// Takes over what lies on disk: another process may have paired or removed an account.
    fn sync_accounts(&self) -> std::io::Result<()> {
        let (headers, unreadable) = self.inner.folder.list()?;
        for dir in unreadable {
            tracing::warn!(folder = %dir.display(), "an account's file cannot be read");
        }
        let now = self.inner.ports.clock.now();
        let mut added = Vec::new();
        {
            let mut accounts = lock(&self.inner.accounts);
            accounts.retain(|live| {
                let stays = headers.iter().any(|header| header.id == live.id());
                if let (false, Some(task)) = (stays, lock(&live.task).take()) {
                    task.abort();
                }
                stays
            });
            for header in headers {
                match accounts.iter().find(|live| live.id() == header.id) {
                    Some(live) => *lock(&live.header) = header,
                    None => {
                        let live = Arc::new(LiveAccount::new(header, now));
                        accounts.push(Arc::clone(&live));
                        added.push(live);
                    }
                }
            }
        }
        if self.inner.connected.load(Ordering::SeqCst) {
            for live in added {
                self.spawn(&live);
            }
        }
        Ok(())
    }

    fn spawn(&self, live: &Arc<LiveAccount>) {
        let mut task = lock(&live.task);
        if task.is_none() {
            let running = tokio::spawn(inbox::run(self.clone(), Arc::clone(live)));
            *task = Some(running.abort_handle());
        }
    }

    /// Pairings of the same account that are of no use any more and make way for a new one.
    pub(crate) async fn unusable_pairings(
        &self,
        issuer: &Issuer,
        account: &AccountId,
    ) -> Result<Vec<LocalAccountId>, PairingFailure> {
        let mut replaced = Vec::new();
        for live in self.live_accounts() {
            let header = lock(&live.header).clone();
            if header.issuer != *issuer || header.account != *account {
                continue;
            }
            // What went wrong is in the health.
            let _ = self.session(&live).await;
            match live.summary().health {
                Health::KeyLost
                | Health::PinLocked
                | Health::DeviceRevoked
                | Health::IssuerChanged => replaced.push(header.id),
                _ => {
                    return Err(PairingFailure::new(
                        PairingCause::AlreadyPaired,
                        "this account of this server is paired on this device already",
                    ));
                }
            }
        }
        Ok(replaced)
    }

    /// Writes and opens a new account.
    pub(crate) async fn add_account(
        &self,
        header: &AccountHeader,
        state: &AccountState,
        secret: &AccountSecret,
    ) -> Result<(), AccessError> {
        let rng = self.inner.ports.rng.as_ref();
        self.inner.folder.create(rng, secret, header, state)?;
        let now = self.inner.ports.clock.now();
        let live = Arc::new(LiveAccount::new(header.clone(), now));
        let session = {
            let mut slot = live.session.lock().await;
            self.open_session(&live, &mut slot, secret.clone())
        };
        let recorded =
            session.and_then(|session| self.record(&session, &Record::Paired { at: now }));
        if let Err(error) = recorded {
            // Nothing may be left of a pairing that did not come to its end.
            let _ = self.inner.folder.remove(&header.id);
            return Err(error);
        }
        lock(&self.inner.accounts).push(Arc::clone(&live));
        self.changed(|changes| changes.accounts += 1);
        Ok(())
    }

    /// The server has the countersignature: the pairing is complete, and the account is connected.
    pub(crate) fn mark_countersigned(&self, id: &LocalAccountId, secret: &AccountSecret) {
        let rng = self.inner.ports.rng.as_ref();
        let marked = self
            .inner
            .folder
            .update(rng, id, secret, |_, state| state.countersigned = true);
        if let Err(error) = marked {
            tracing::warn!(%error, "the countersignature will be sent again");
        }
    }

    /// Connects an account that was just paired, if the device is connected.
    pub(crate) fn connect_new(&self, id: &LocalAccountId) {
        if self.inner.connected.load(Ordering::SeqCst)
            && let Ok(live) = self.live(id)
        {
            self.spawn(&live);
        }
    }

    /// Keeps and shows what the server says of this device, if `code` says anything of it.
    pub(crate) fn set_standing(&self, live: &LiveAccount, session: &Session, code: ProblemCode) {
        let (standing, health) = match code {
            ProblemCode::DeviceRevoked => (Standing::Revoked, Health::DeviceRevoked),
            ProblemCode::DeviceSuspended => (Standing::Suspended, Health::DeviceSuspended),
            _ => return,
        };
        self.write_standing(live, session, standing, health);
    }

    /// The server accepted this device: a hold is over.
    pub(crate) fn note_accepted(&self, live: &LiveAccount, session: &Session) {
        if lock(&live.status).health == Health::DeviceSuspended {
            self.write_standing(live, session, Standing::Active, Health::Ok);
        }
    }

    fn write_standing(
        &self,
        live: &LiveAccount,
        session: &Session,
        standing: Standing,
        health: Health,
    ) {
        if let Err(error) = session.update(|_, state| state.standing = standing) {
            tracing::warn!(%error, "the device's standing could not be kept");
        }
        if live.set_health(health) {
            self.changed(|changes| changes.accounts += 1);
        }
    }
}
