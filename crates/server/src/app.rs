//! What all request handlers share.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tegata_protocol::{Clock, DeviceId, Rng, Secret, SystemRng, UnixTime};

use crate::{
    administration::registrar::Registrar,
    authorization_details::DetailTypes,
    config::{Config, ConfigError, Issuer},
    data_folder::{DataFolder, DataFolderError, FolderLock},
    delivery::Registry,
    demo::DemoState,
    domain::{AssertionMemory, PollGate},
    egress::{Egress, EgressStartError},
    hint_issuers::HintIssuers,
    http::{
        metrics::Metrics, op::long_poll::Parked, operator::OperatorMemory, rates::Rates,
        used_proofs::UsedProofs,
    },
    jose::RemoteKeys,
    keys::Keys,
    notification::Notifier,
    storage::{
        StoreError, StoreHandle, StoreOptions, StoreReader, ops::SetValue, sqlite::SqliteStore,
    },
    tls::{ClientAuthorities, Renewal, TlsError},
};

/// The server's state, behind one `Arc`. Nothing in it is authoritative but the store.
#[derive(Debug)]
pub struct App {
    /// The configuration as read at start; `issuer` in it is what was configured, see [`App::issuer`].
    pub config: Config,
    /// The issuer in force.
    pub issuer: Issuer,
    /// The data folder.
    pub data_dir: PathBuf,
    /// What is true.
    pub store: StoreHandle,
    /// Time.
    pub clock: SharedClock,
    /// What clients may ask for in `authorization_details`.
    pub detail_types: DetailTypes,
    /// Whose `login_hint_token`s are believed.
    pub hint_issuers: HintIssuers,
    /// Randomness.
    pub rng: SharedRng,
    /// The server's keys.
    pub keys: Keys,
    /// Who vouches for clients' certificates.
    pub client_authorities: ClientAuthorities,
    /// Clients' keys that are elsewhere.
    pub remote_keys: RemoteKeys,
    /// Which client assertions were used.
    pub assertions: AssertionMemory,
    /// Which DPoP proofs were used.
    pub(crate) dpop_proofs: UsedProofs,
    /// Enforces polling intervals.
    pub poll_gate: PollGate,
    /// Polls that wait for a decision.
    pub parked: Arc<Parked>,
    /// Tells clients of results.
    pub notifier: Arc<Notifier>,
    /// How often anybody may come.
    pub rates: Rates,
    /// What has been counted.
    pub metrics: Metrics,
    /// Who is signed in at the operator's pages.
    pub(crate) operators: OperatorMemory,
    /// The certificate in force, once the server serves one.
    pub(crate) certificate: OnceLock<Arc<Renewal>>,
    /// The devices that are connected; also the doorbell.
    pub delivery: Registry,
    /// Held while a simulated device decides: one at a time, so that its counter grows.
    pub simulation: tokio::sync::Mutex<()>,
    /// For the demo consumption page, a client like any other.
    pub demo: DemoState,
    /// For the demo consumption page's own requests. No redirects, ten seconds at most.
    pub http_client: reqwest::Client,
    /// Calls addresses that clients gave.
    pub egress: Arc<Egress>,
    /// Opens the local admin interface.
    pub admin_token: Secret<String>,
    /// Keeps other processes out of the data folder. Last, so that it is dropped after the store.
    _lock: FolderLock,
}

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file that the configuration names cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Clients' addresses cannot be called.
    #[error(transparent)]
    Egress(#[from] EgressStartError),
    /// The file with clients' authorities cannot be used.
    #[error("tls.client_authorities: {0}")]
    ClientAuthorities(#[from] TlsError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    /// The HTTP client cannot be made.
    #[error("no HTTP client: {0}")]
    HttpClient(#[from] reqwest::Error),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The name under which the store remembers the issuer.
const ISSUER: &str = "issuer";

impl App {
    /// Takes the data folder (which `init` has made) and puts everything together. `port` is the one that the listener
    /// got; without a configured issuer it makes `http://localhost:PORT`.
    ///
    /// # Errors
    /// [`StartError`], with a text for the operator.
    pub async fn open(
        config: Config,
        folder: &DataFolder,
        port: u16,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Arc<Self>, StartError> {
        let authorities = config.tls.client_authorities_file(folder.path());
        let client_authorities = ClientAuthorities::open(authorities)?;
        let system = SystemRng::new();
        // Whatever is wrong with the folder is said before that it is in use.
        folder.keys(&system)?;
        let lock = folder.lock()?;
        folder.complete_keys(&lock, &system)?;
        let mut keys = folder.keys(&system)?;
        keys.tokens.go_by(Arc::clone(&clock), &config.lifetimes);
        let egress = Egress::open(&config, folder.path())?;
        let detail_types = DetailTypes::load(&config, folder.path())?;
        let hint_issuers = HintIssuers::load(&config, folder.path())?;
        let store = open_store(&config, folder, &keys)?;
        let issuer = config
            .issuer
            .clone()
            .unwrap_or_else(|| Issuer::localhost(port));
        if let Some(earlier) = store.read(remembered).await?
            && earlier != issuer
        {
            tracing::warn!(%earlier, now = %issuer, "the issuer has changed: devices that paired before will refuse it");
        }
        let remember = SetValue {
            name: ISSUER.to_owned(),
            value: issuer.as_str().as_bytes().to_vec(),
        };
        store.apply(remember).await?;
        let admin_token = folder.make_admin_token(&system)?;
        let (parked, notifier) = (Arc::<Parked>::default(), Arc::<Notifier>::default());
        store.when_settled({
            let (parked, notifier) = (Arc::clone(&parked), Arc::clone(&notifier));
            move |seq| {
                parked.wake(seq);
                notifier.wake();
            }
        });
        Ok(Arc::new(Self {
            rates: Rates::new(&config.rates),
            metrics: Metrics::default(),
            operators: OperatorMemory::default(),
            certificate: OnceLock::new(),
            config,
            issuer,
            data_dir: folder.path().to_owned(),
            store,
            clock: SharedClock(clock),
            detail_types,
            hint_issuers,
            rng: SharedRng(rng),
            keys,
            client_authorities,
            remote_keys: RemoteKeys::default(),
            assertions: AssertionMemory::default(),
            dpop_proofs: UsedProofs::default(),
            poll_gate: PollGate::default(),
            parked,
            notifier,
            delivery: Registry::default(),
            simulation: tokio::sync::Mutex::default(),
            demo: DemoState::default(),
            http_client: http_client()?,
            egress: Arc::new(egress),
            admin_token,
            _lock: lock,
        }))
    }

    /// What it takes to register a client here.
    pub fn registrar(&self) -> Registrar<'_> {
        Registrar {
            offered: self.config.offered(),
            keys: &self.keys,
            egress: &self.egress,
        }
    }

    /// Now, in whole seconds.
    pub fn now(&self) -> UnixTime {
        self.clock.0.now()
    }

    /// What the endpoints for clients with certificates begin with (RFC 8705 section 5); `None` if no certificate can reach
    /// this server.
    pub fn mtls_base(&self) -> Option<&Issuer> {
        self.config
            .takes_client_certificates()
            .then(|| self.config.tls.mtls_base.as_ref().unwrap_or(&self.issuer))
    }

    /// Randomness.
    pub fn rng(&self) -> &dyn Rng {
        self.rng.0.as_ref()
    }
}

/// Opens the store of a data folder with the limits of `config`. The caller holds the folder's lock.
///
/// # Errors
/// [`StoreError`].
pub fn open_store(
    config: &Config,
    folder: &DataFolder,
    keys: &Keys,
) -> Result<StoreHandle, StoreError> {
    let options = StoreOptions {
        limits: config.limits,
        retention: i64::from(config.lifetimes.retention),
        ..StoreOptions::new(keys.locator().clone())
    };
    StoreHandle::start(
        SqliteStore::open(&folder.store_path(), options.clone())?,
        &options,
    )
}

/// The issuer of the last start. Devices have pinned it, so a server without a fixed port tries to get it again.
///
/// # Errors
/// [`StoreError`].
pub fn remembered(reader: &dyn StoreReader) -> Result<Option<Issuer>, StoreError> {
    let stored = reader.value(ISSUER)?;
    Ok(stored.and_then(|bytes| Issuer::parse(&String::from_utf8(bytes).ok()?).ok()))
}

/// The one kind of HTTP client that is used here: no redirects, no proxies, ten seconds at most.
///
/// # Errors
/// Whatever reqwest says; only if the system has no usable TLS set-up.
pub fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    // Whoever installs a provider first wins, and all of ours are ring.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
}

/// Tells devices that there is something new. Carries no content and may be lost: a device that hears it fetches its
/// whole pending set.
pub trait Doorbell: Send + Sync {
    /// Rings for each of `devices`. Returns at once; unknown and absent devices are fine.
    fn ring(&self, devices: &[DeviceId]);
}

/// A clock that is shared and can be debug-printed with the rest of [`App`].
#[derive(Clone)]
pub struct SharedClock(
    /// The clock.
    pub Arc<dyn Clock>,
);

impl std::fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// A generator that is shared and can be debug-printed with the rest of [`App`].
#[derive(Clone)]
pub struct SharedRng(
    /// The generator.
    pub Arc<dyn Rng>,
);

impl std::fmt::Debug for SharedRng {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rng")
    }
}
