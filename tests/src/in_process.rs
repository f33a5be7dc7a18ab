//! The real server and the real device core in one process, under one clock that tests move.
//!
//! The server listens on a loopback port that the system picks, stores in SQLite in a temporary folder, and stops when
//! the [`World`] is dropped. Devices keep their files in the same temporary folder and their secrets in memory; their
//! network is the real one, behind a [`Wire`] with which a test can alter what the server says.

use crate::{
    http::{Answer, Http},
    wire::Wire,
};
use anyhow::{Context as _, ensure};
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tegata_device::{
    Device, DeviceConfig, LocalAccountId, Pin, RequestKey,
    keys::{Argon2Parameters, SoftwareApprovalKey},
    pairing::Registered,
    ports::{GivenPin, Ports},
    secret_store::MemoryStore,
};
use tegata_protocol::{Clock as _, FixedClock, SystemRng, UnixTime};
use tegata_server::{app::App, config::Config, data_folder::DataFolder, http::serve};
use tokio::{net::TcpListener, sync::oneshot};

/// The PIN of every device here.
pub const PIN: &str = "481592";

/// Where every clock starts: 2027-01-15T08:00:00Z.
pub const START: UnixTime = UnixTime(1_800_000_000);

/// The demo client's id.
pub const CLIENT: &str = "kiosk";

/// A server, its clock, and everything that a test asks of it.
pub struct World {
    /// Moves server and devices together.
    pub clock: Arc<FixedClock>,
    /// The server's insides, for looking.
    pub app: Arc<App>,
    /// The issuer.
    pub issuer: String,
    /// The client of tests.
    pub http: Http,
    secrets: Mutex<Vec<(String, String)>>,
    devices: AtomicU32,
    folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
}

/// An acknowledged backchannel authentication request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The client's capability.
    pub auth_req_id: String,
    /// What the consumption device shows.
    pub transfer_code: Option<String>,
    /// Seconds between polls.
    pub interval: u64,
}

impl World {
    /// A server with one test account `hanako` and one client [`CLIENT`] that uses minted transfer codes.
    ///
    /// # Errors
    /// The server does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(Config::default()).await
    }

    /// The same with a configuration.
    ///
    /// # Errors
    /// The server does not start.
    pub async fn start_with(config: Config) -> anyhow::Result<Self> {
        tegata_device::transport::install_crypto_provider();
        let folder = scratch_folder()?;
        let data = DataFolder::at(folder.path().join("server"));
        let rng = SystemRng::new();
        data.make(&rng)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let clock = Arc::new(FixedClock::at(START));
        let app = App::open(config, &data, port, clock.clone(), Arc::new(rng)).await?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = Arc::clone(&app);
        tokio::spawn(serve(serving, listener, async move {
            // Dropping the world is as good as telling.
            drop(stopped.await);
        }));
        let world = Self {
            clock,
            issuer: format!("http://localhost:{port}"),
            app,
            http: Http::make()?,
            secrets: Mutex::default(),
            devices: AtomicU32::new(0),
            folder,
            stop: Some(stop),
        };
        world.add_user("hanako", true).await?;
        world
            .add_client(CLIENT, json!({"transfer_code": true}))
            .await?;
        Ok(world)
    }

    /// Moves every clock.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    async fn admin(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        // EXPOSE: the test is the operator.
        let token = format!("Bearer {}", self.app.admin_token.expose());
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/json"),
        ];
        self.http
            .post(
                &format!("{}/admin/v1{path}", self.issuer),
                &headers,
                body.to_string(),
            )
            .await
    }

    /// Adds a person. Budgets do not hold for test accounts.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn add_user(&self, login_name: &str, test: bool) -> anyhow::Result<()> {
        let body = json!({"login_name": login_name, "display_name": null, "test": test});
        self.admin("/users", &body).await?.ok_json().map(drop)
    }

    /// Registers a client; `settings` override the defaults.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn add_client(&self, client_id: &str, settings: Value) -> anyhow::Result<()> {
        let mut body = json!({
            "client_id": client_id, "name": "Kawabe Kiosk", "host": null,
            "binding_message": "show", "transfer_code": false,
        });
        for (name, value) in settings.as_object().context("settings are an object")? {
            body[name] = value.clone();
        }
        let client = self.admin("/clients", &body).await?.ok_json()?;
        let secret = client["client_secret"]
            .as_str()
            .context("no secret")?
            .to_owned();
        self.secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((client_id.to_owned(), secret));
        Ok(())
    }

    fn authorization(&self, client_id: &str) -> anyhow::Result<String> {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, secret) = secrets
            .iter()
            .find(|(id, _)| id == client_id)
            .context("no such client")?;
        Ok(format!(
            "Basic {}",
            BASE64.encode(format!("{client_id}:{secret}").as_bytes())
        ))
    }

    /// Makes an invitation: its link, and the issuing session to be confirmed with.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn invite(&self, login_name: &str) -> anyhow::Result<Invited> {
        let body = json!({"user": login_name, "page": false});
        let view = self.admin("/invitations", &body).await?.ok_json()?;
        let text = |pointer: &str| {
            view.pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .context("a text is missing")
        };
        Ok(Invited {
            session: text("/session")?,
            link: text("/form/link")?,
            code: text("/form/code")?,
            secret: text("/form/secret")?,
        })
    }

    /// Types digits into the issuing session and answers its progress.
    ///
    /// # Errors
    /// The server refuses in another way than by the digits.
    pub async fn confirm(&self, invited: &Invited, digits: &str) -> anyhow::Result<Value> {
        let path = format!("/invitations/{}/confirm", invited.session);
        self.admin(&path, &json!({"secret": invited.secret, "code": digits}))
            .await?
            .json()
    }

    /// Revokes a device, as an operator.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn revoke(&self, device_id: &str) -> anyhow::Result<()> {
        let answer = self
            .admin(&format!("/devices/{device_id}/revoke"), &json!({}))
            .await?;
        ensure!(
            answer.status < 300,
            "HTTP {}: {}",
            answer.status,
            answer.text
        );
        Ok(())
    }

    /// A device that is not paired.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub fn device(&self) -> anyhow::Result<TestDevice> {
        let number = self.devices.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.path().join(format!("device-{number}"));
        TestDevice::open(
            folder,
            Arc::new(MemoryStore::default()),
            self.clock.clone(),
            format!("Laptop {number}"),
        )
    }

    /// A device paired with `login_name`.
    ///
    /// # Errors
    /// The pairing fails.
    pub async fn paired_device(&self, login_name: &str) -> anyhow::Result<TestDevice> {
        let mut device = self.device()?;
        let invited = self.invite(login_name).await?;
        let registered = device.register(&invited.link).await?;
        let progress = self.confirm(&invited, registered.digits()).await?;
        ensure!(
            progress["state"] == "confirmed",
            "not confirmed: {progress}"
        );
        device.account = Some(registered.confirmed().await?.id);
        Ok(device)
    }

    /// Sends a form as a client.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn post_as(
        &self,
        client_id: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Answer> {
        let authorization = self.authorization(client_id)?;
        let headers = [("authorization", authorization.as_str())];
        self.http
            .post_form(&format!("{}{path}", self.issuer), &headers, fields)
            .await
    }

    /// Asks for `hanako`'s approval as [`CLIENT`].
    ///
    /// # Errors
    /// The server refuses.
    pub async fn ask(&self, further: &[(&str, &str)]) -> anyhow::Result<Asked> {
        self.ask_as(CLIENT, "hanako", further).await
    }

    /// Asks for a person's approval.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn ask_as(
        &self,
        client_id: &str,
        hint: &str,
        further: &[(&str, &str)],
    ) -> anyhow::Result<Asked> {
        let mut fields = vec![("scope", "openid"), ("login_hint", hint)];
        fields.extend(further);
        let body = self
            .post_as(client_id, "/backchannel-authentication", &fields)
            .await?
            .ok_json()?;
        Ok(Asked {
            auth_req_id: body["auth_req_id"]
                .as_str()
                .context("no auth_req_id")?
                .to_owned(),
            transfer_code: body["transfer_code"].as_str().map(str::to_owned),
            interval: body["interval"].as_u64().context("no interval")?,
        })
    }

    /// Asks for the tokens of a request: status and body.
    ///
    /// # Errors
    /// Nobody answers, or without JSON.
    pub async fn token(&self, asked: &Asked) -> anyhow::Result<(u16, Value)> {
        let fields = [
            ("grant_type", tegata_protocol::ciba::GRANT_TYPE),
            ("auth_req_id", asked.auth_req_id.as_str()),
        ];
        let answer = self.post_as(CLIENT, "/token", &fields).await?;
        Ok((answer.status, answer.json()?))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have stopped by itself.
            let _ = stop.send(());
        }
    }
}

/// An invitation and its issuing session.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The issuing session.
    pub session: String,
    /// Its secret.
    pub secret: String,
    /// For the device.
    pub link: String,
    /// For the device, typed.
    pub code: String,
}

/// A device with its files, its secrets and its wire.
pub struct TestDevice {
    /// The device core.
    pub device: Device,
    /// Its secrets.
    pub secrets: Arc<MemoryStore>,
    /// Its network.
    pub wire: Wire,
    /// The paired account.
    pub account: Option<LocalAccountId>,
    folder: std::path::PathBuf,
    clock: Arc<FixedClock>,
    name: String,
}

impl TestDevice {
    fn open(
        folder: std::path::PathBuf,
        secrets: Arc<MemoryStore>,
        clock: Arc<FixedClock>,
        name: String,
    ) -> anyhow::Result<Self> {
        let wire = Wire::default();
        let rng = SystemRng::new();
        // What a try costs an attacker is the device crate's own test; here hundreds of keys are made.
        let cost = Argon2Parameters {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
        };
        let ports = Ports {
            clock: clock.clone(),
            rng: Arc::new(rng.clone()),
            secrets: secrets.clone(),
            network: Arc::new(wire.clone()),
            approval: Arc::new(SoftwareApprovalKey::with_cost(rng, cost)),
        };
        let config = DeviceConfig {
            data_dir: folder.clone(),
            app: "tegata/test".into(),
        };
        let device = Device::open(config, ports)?;
        let mut settings = device.settings();
        settings.device_name.clone_from(&name);
        settings.locale = Some("en".into());
        device.set_settings(settings)?;
        Ok(Self {
            device,
            secrets,
            wire,
            account: None,
            folder,
            clock,
            name,
        })
    }

    /// The device as a process started again would see it: same files, same secrets, nothing in memory.
    ///
    /// # Errors
    /// Its folder cannot be read.
    pub fn restarted(self) -> anyhow::Result<Self> {
        let Self {
            secrets,
            account,
            folder,
            clock,
            name,
            device,
            ..
        } = self;
        drop(device);
        let mut again = Self::open(folder, secrets, clock, name)?;
        again.account = account;
        Ok(again)
    }

    /// Another process over the same files and secrets, beside this one.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn reopened(&self) -> anyhow::Result<Self> {
        let (secrets, clock) = (Arc::clone(&self.secrets), Arc::clone(&self.clock));
        let mut again = Self::open(self.folder.clone(), secrets, clock, self.name.clone())?;
        again.account.clone_from(&self.account);
        Ok(again)
    }

    /// Pairs up to the six digits.
    ///
    /// # Errors
    /// The pairing fails.
    pub async fn register(&self, link: &str) -> anyhow::Result<Registered> {
        let offered = self.device.read_invitation(link)?.check().await?;
        let pin = Pin::choose(PIN)?;
        Ok(offered.accept().make_keys(pin).await?.register().await?)
    }

    /// The paired account.
    ///
    /// # Panics
    /// If it is not paired.
    pub fn account(&self) -> &LocalAccountId {
        self.account.as_ref().expect("the device is paired")
    }

    /// Fetches what is pending.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn refresh(&self) -> anyhow::Result<()> {
        Ok(self.device.refresh(self.account()).await?)
    }

    /// Fetches, and answers the one request that is open.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub async fn only_request(&self) -> anyhow::Result<RequestKey> {
        self.refresh().await?;
        let open: Vec<_> = self
            .device
            .inbox()
            .requests
            .into_iter()
            .filter(|r| r.state.is_open())
            .collect();
        ensure!(open.len() == 1, "{} open requests", open.len());
        Ok(open[0].key.clone())
    }

    /// The person who knows the PIN.
    ///
    /// # Panics
    /// Never: the PIN is one.
    pub fn person() -> GivenPin {
        GivenPin(Pin::typed(PIN).expect("a PIN"))
    }
}

/// A temporary folder; in memory where the system has one, because what a disk survives is tested elsewhere.
fn scratch_folder() -> std::io::Result<tempfile::TempDir> {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir())
    } else {
        tempfile::tempdir()
    }
}

/// Waits until `condition` holds, for at most ten seconds of real time. For what real tasks do beside the test; time that
/// matters to the product is moved with [`World::advance`].
///
/// # Errors
/// It did not hold in time.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) -> anyhow::Result<()> {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited
        .await
        .with_context(|| format!("did not happen in time: {what}"))
}

/// The clock's time, for expectations.
pub fn now(world: &World) -> UnixTime {
    world.clock.now()
}
