//! An account in memory: its opened keys, its inbox, its connection.

use crate::{
    account::{
        AccountFileError, AccountFolder, AccountHeader, AccountState, ApprovalSlot, FileLock,
        LocalAccountId, Standing, UnsentDecision,
    },
    error::AccessError,
    gateway::Gateway,
    inbox::{AccountInbox, SocketCommand},
    keys::Sealer,
    metadata::TrustedMetadata,
    model::{AccountSummary, Connection, Health, RequestState},
    ports::{AccountSecret, Ports},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tegata_protocol::{
    DeviceId, PublicKey, SigningKey, SystemRng, UnixTime,
    device::{invitation::Issuer, metadata::verify_metadata},
};
use tokio::sync::{Notify, mpsc};

/// Locks without caring whether another holder panicked: every value here is consistent between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One account of this process.
pub(crate) struct LiveAccount {
    pub(crate) header: Mutex<AccountHeader>,
    pub(crate) status: Mutex<Status>,
    pub(crate) inbox: Mutex<AccountInbox>,
    /// The opened account; `None` until its secret was had.
    pub(crate) session: tokio::sync::Mutex<Option<Arc<Session>>>,
    /// Held while a decision is being made or exchanged.
    pub(crate) deciding: tokio::sync::Mutex<InFlight>,
    /// Set while a proved socket is open.
    pub(crate) socket: Mutex<Option<mpsc::Sender<SocketCommand>>>,
    /// Ends a wait of the connection loop.
    pub(crate) wake: Notify,
    pub(crate) task: Mutex<Option<tokio::task::AbortHandle>>,
}

/// What this process knows of the account's state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Status {
    pub(crate) connection: Connection,
    pub(crate) health: Health,
}

/// A signed decision without a receipt, and the right to have one.
#[derive(Default)]
pub(crate) struct InFlight {
    pub(crate) unsent: Option<UnsentDecision>,
    pub(crate) right: Option<FileLock>,
    /// For a report: how the request stood before, and stands again if the report is refused.
    pub(crate) stood: Option<RequestState>,
}

impl InFlight {
    pub(crate) fn clear(&mut self) {
        self.unsent = None;
        self.right = None;
        self.stood = None;
    }
}

impl LiveAccount {
    pub(crate) fn new(header: AccountHeader, now: UnixTime) -> Self {
        Self {
            header: Mutex::new(header),
            status: Mutex::new(Status {
                connection: Connection::Offline { since: now },
                health: Health::Unknown,
            }),
            inbox: Mutex::new(AccountInbox::default()),
            session: tokio::sync::Mutex::new(None),
            deciding: tokio::sync::Mutex::new(InFlight::default()),
            socket: Mutex::new(None),
            wake: Notify::new(),
            task: Mutex::new(None),
        }
    }

    pub(crate) fn id(&self) -> LocalAccountId {
        lock(&self.header).id.clone()
    }

    pub(crate) fn summary(&self) -> AccountSummary {
        let header = lock(&self.header).clone();
        let status = *lock(&self.status);
        AccountSummary {
            id: header.id,
            issuer: header.issuer,
            issuer_name: header.issuer_name,
            account_name: header.account_name,
            root: header.root,
            device_name: header.device_name,
            paired_at: header.paired_at,
            connection: status.connection,
            health: status.health,
            look: header.look,
        }
    }

    /// Sets the health; true if that is news.
    pub(crate) fn set_health(&self, health: Health) -> bool {
        let mut status = lock(&self.status);
        let news = status.health != health;
        status.health = health;
        news
    }

    /// Sets the connection; true if that is news. Offline keeps its first moment.
    pub(crate) fn set_connection(&self, connection: Connection) -> bool {
        let mut status = lock(&self.status);
        let both_offline = matches!(
            (status.connection, connection),
            (Connection::Offline { .. }, Connection::Offline { .. })
        );
        if both_offline || status.connection == connection {
            return false;
        }
        status.connection = connection;
        true
    }
}

/// An opened account. What can change while it is open, as the approval key, is read from its file when it is needed:
/// another process of this device may have changed it.
pub(crate) struct Session {
    pub(crate) id: LocalAccountId,
    pub(crate) issuer: Issuer,
    pub(crate) account: tegata_protocol::AccountId,
    pub(crate) device: DeviceId,
    pub(crate) secret: AccountSecret,
    pub(crate) possession: Arc<SigningKey>,
    pub(crate) gateway: Gateway,
    pub(crate) metadata: RwLock<Arc<TrustedMetadata>>,
    pub(crate) root: PublicKey,
    /// Milliseconds of the last fetch of metadata, so that unknown keys cannot make the device ask without end.
    pub(crate) refreshed_at: Mutex<i64>,
    folder: AccountFolder,
    rng: Arc<dyn tegata_protocol::Rng>,
}

impl Session {
    /// Opens an account with its secret.
    pub(crate) fn open(
        folder: &AccountFolder,
        id: &LocalAccountId,
        secret: AccountSecret,
        ports: &Ports,
        system_rng: &SystemRng,
    ) -> Result<(Self, AccountState), AccessError> {
        let (header, state) = folder.read(id, &secret)?;
        let damaged = |what: &str| AccountFileError::Damaged(what.into());
        let possession = if state.is_retired() {
            // The device is over and its keys are wiped. The account opens for its history; what this key signs is nobody's.
            SigningKey::make(system_rng).0
        } else {
            open_possession(&secret, id, &state, system_rng)?
        };
        let metadata = verify_metadata(&state.metadata_jws, &state.root)
            .map_err(|error| damaged(&error.to_string()))?;
        let transport = ports
            .network
            .transport(&header.issuer, &state.network)
            .map_err(|error| damaged(&error.to_string()))?;
        let possession = Arc::new(possession);
        let session = Self {
            id: id.clone(),
            issuer: header.issuer,
            account: header.account,
            device: state.device.clone(),
            secret,
            gateway: Gateway::new(
                transport,
                ports.rng.clone(),
                Arc::clone(&possession),
                state.device.clone(),
            ),
            possession,
            metadata: RwLock::new(Arc::new(TrustedMetadata {
                metadata,
                jws: state.metadata_jws.clone(),
                root: state.root,
            })),
            root: state.root,
            refreshed_at: Mutex::new(i64::MIN),
            folder: folder.clone(),
            rng: ports.rng.clone(),
        };
        Ok((session, state))
    }

    pub(crate) fn metadata(&self) -> Arc<TrustedMetadata> {
        let guard = self.metadata.read();
        Arc::clone(&guard.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_metadata(&self, metadata: TrustedMetadata) {
        let guard = self.metadata.write();
        *guard.unwrap_or_else(PoisonError::into_inner) = Arc::new(metadata);
    }

    /// The account's state as it is on disk now.
    pub(crate) fn read_state(&self) -> Result<AccountState, AccessError> {
        Ok(self.folder.read(&self.id, &self.secret)?.1)
    }

    /// Changes the account's file under its lock; durable on return.
    pub(crate) fn update<T>(
        &self,
        change: impl FnOnce(&mut AccountHeader, &mut AccountState) -> T,
    ) -> Result<T, AccessError> {
        let value = self
            .folder
            .update(self.rng.as_ref(), &self.id, &self.secret, change)?;
        Ok(value)
    }

    pub(crate) fn folder(&self) -> &AccountFolder {
        &self.folder
    }

    pub(crate) fn rng(&self) -> &dyn tegata_protocol::Rng {
        self.rng.as_ref()
    }
}

/// The possession key, read into memory for as long as the account is open.
fn open_possession(
    secret: &AccountSecret,
    id: &LocalAccountId,
    state: &AccountState,
    system_rng: &SystemRng,
) -> Result<SigningKey, AccountFileError> {
    let damaged = |what: &str| AccountFileError::Damaged(what.into());
    // EXPOSE: the private key is read.
    let pkcs8 = Sealer::derive(secret, "possession")
        .open(id.as_str().as_bytes(), &state.possession_sealed.0)?;
    let possession = SigningKey::from_pkcs8(pkcs8.expose(), system_rng)
        .map_err(|_| damaged("the possession key cannot be read"))?;
    if *possession.public() == state.possession {
        Ok(possession)
    } else {
        Err(damaged("the possession key is another one"))
    }
}

/// The health that an account's state on disk implies.
pub(crate) fn health_of(state: &AccountState) -> Health {
    match (state.standing, &state.approval_slot) {
        (Standing::Revoked, _) => Health::DeviceRevoked,
        (Standing::Suspended, _) => Health::DeviceSuspended,
        (Standing::Active, ApprovalSlot::Destroyed) => Health::PinLocked,
        (Standing::Active, ApprovalSlot::Usable { .. }) => Health::Ok,
    }
}
