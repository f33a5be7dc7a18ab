//! The real provider over TLS with a private authority, clients registered with it, and the programs of libraries that
//! nobody here wrote.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tegata_protocol::{
    AccountId, ClientId, Clock as _, Sha256Digest, SystemClock, SystemRng, bytes::encode_b64u,
};
use tegata_server::{
    app::App,
    config::Config,
    data_folder::DataFolder,
    domain::{
        Account, BindingMessageUse, Client, ClientAuthentication, ClientSettings, RegisteredBy,
    },
    http::serve_tls,
    storage::ops::{CreateAccount, CreateClient},
    tls::{Renewal, TlsListener},
};
use tegata_tests::{
    folders::write_private,
    http::Http,
    processes::{Launch, Program},
    programs,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

/// How long a program may take for one step.
const LIMIT: Duration = Duration::from_mins(1);

/// Every client's secret; of the form that the server itself draws.
pub(crate) const SECRET: &str = "nMZ0B8tq1H8pZ3m0sV3kM4m9tL1yQ0pY2bW7xC5dE6f";

/// Opens the automation hook.
const HOOK: &str = "a-key-of-the-automation-hook-for-tests-alone";

/// A provider for `https://localhost:PORT` with the test account `hanako`.
pub(crate) struct Provider {
    pub(crate) app: Arc<App>,
    pub(crate) issuer: String,
    authority: CertifiedIssuer<'static, KeyPair>,
    http: Http,
    task: JoinHandle<io::Result<()>>,
    folder: TempDir,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A certificate and its key, as files.
pub(crate) struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    /// The public key: x and y, 32 bytes each.
    point: Vec<u8>,
}

impl Certificate {
    /// As the programs read it.
    pub(crate) fn settings(&self) -> Value {
        json!({ "cert": self.cert, "key": self.key })
    }
}

/// The public and the private half of a client's key.
pub(crate) struct Keys {
    pub(crate) private: Value,
    /// A JWK Set.
    pub(crate) jwks: String,
}

impl Provider {
    /// Starts it with further settings, TOML.
    pub(crate) async fn start(further: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        issue(&authority, folder.path(), "own", "localhost");
        let public = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let local = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = public.local_addr().unwrap().port();
        let issuer = format!("https://localhost:{port}");
        let text = format!(
            "issuer = {issuer:?}\ninterval = 1\n{further}\n\
             [tls]\ncertificate = \"{folder}/own-cert.pem\"\nkey = \"{folder}/own-key.pem\"\n\
             client_authorities = \"{folder}/ca.pem\"\n\
             [callbacks]\nallow = [\"localhost\"]\nauthorities = \"{folder}/ca.pem\"\n\
             [automation]\nkey = {HOOK:?}\n",
            folder = folder.path().display(),
        );
        let file = folder.path().join("tegata-server.toml");
        fs::write(&file, text).unwrap();
        let config = Config::load(Some(&file)).unwrap();
        let data = DataFolder::at(folder.path().join("server"));
        let rng = SystemRng::new();
        data.make(&rng).unwrap();
        let files = config.tls.files(data.path()).unwrap();
        let renewal = Renewal::open(files, SystemClock.now()).unwrap();
        let app = App::open(config, &data, port, Arc::new(SystemClock), Arc::new(rng))
            .await
            .unwrap();
        let task = tokio::spawn(serve_tls(
            Arc::clone(&app),
            TlsListener::new(public, renewal),
            local,
            std::future::pending(),
        ));
        let provider = Self {
            app,
            issuer,
            http: Http::trusting(authority.der()).unwrap(),
            authority,
            task,
            folder,
        };
        let account = Account {
            id: AccountId::parse("account-of-hanako").unwrap(),
            sub: "subject-of-hanako".to_owned(),
            login_name: "hanako".to_owned(),
            display_name: "Hanako".to_owned(),
            test: true,
            created: SystemClock.now(),
            user_code: None,
        };
        provider
            .app
            .store
            .apply(CreateAccount(account))
            .await
            .unwrap();
        provider
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A certificate of the authority for a name, as server and as client.
    pub(crate) fn certificate(&self, name: &str) -> Certificate {
        issue(
            &self.authority,
            self.folder.path(),
            &format!("for-{name}"),
            name,
        )
    }

    /// A certificate that nobody vouches for.
    pub(crate) fn self_signed(&self, name: &str) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let certificate = named(name).self_signed(&key).unwrap();
        write(
            self.folder.path(),
            &format!("self-{name}"),
            &certificate,
            &key,
        )
    }

    /// Keys made by jose.
    pub(crate) async fn keys(&self, algorithm: &str) -> Keys {
        let script = programs::checkout().join("tests/js/interop/make-keys.mjs");
        let made = Launch::new("node")
            .arg(script)
            .arg(algorithm)
            .run(LIMIT)
            .await;
        let made: Value = serde_json::from_str(&made.unwrap().ok().unwrap()).unwrap();
        Keys {
            jwks: json!({ "keys": [made["public"]] }).to_string(),
            private: made["private"].clone(),
        }
    }

    /// Registers a client for tests.
    pub(crate) async fn register(
        &self,
        id: &str,
        authentication: ClientAuthentication,
        settings: ClientSettings,
    ) {
        let client = Client {
            id: ClientId::parse(id).unwrap(),
            name: format!("Client {id}"),
            authentication,
            registered_by: RegisteredBy::Operator,
            since: SystemClock.now(),
            host: None,
            binding_message: BindingMessageUse::Show,
            transfer_code: false,
            settings: ClientSettings {
                test: true,
                ..settings
            },
        };
        self.app.store.apply(CreateClient(client)).await.unwrap();
    }

    /// What every program is told, with `further` members.
    pub(crate) fn settings(&self, client: &str, further: &Value) -> Value {
        let mut all = json!({
            "issuer": self.issuer, "client_id": client, "ca": self.path("ca.pem"), "secret": SECRET,
            "method": "client_secret_basic", "sub": "subject-of-hanako",
            "parameters": { "scope": "openid", "login_hint": "hanako", "binding_message": "Desk 4" },
        });
        let members = all.as_object_mut().unwrap();
        members.extend(further.as_object().unwrap().clone());
        all
    }

    /// Starts a Node program.
    pub(crate) fn node(&self, script: &str, settings: &Value) -> Flow<'_> {
        assert!(
            programs::checkout()
                .join("tests/js/node_modules/undici")
                .is_dir(),
            "the client libraries are not installed; run `cargo xtask test`"
        );
        let script = programs::checkout().join("tests/js/interop").join(script);
        self.run(Launch::new("node").arg(script), settings)
    }

    /// Starts a Python program.
    pub(crate) fn python(&self, script: &str, settings: &Value) -> Flow<'_> {
        let python = programs::python().unwrap();
        let script = programs::checkout().join("tests/python").join(script);
        self.run(Launch::new(python).arg(script), settings)
    }

    fn run(&self, launch: Launch, settings: &Value) -> Flow<'_> {
        let file = self.path("settings.json");
        write_private(&file, settings.to_string().as_bytes()).unwrap();
        let launch = launch
            .arg(file)
            .env("REQUESTS_CA_BUNDLE", self.path("ca.pem"));
        Flow {
            provider: self,
            program: launch.with_input().start().unwrap(),
        }
    }
}

/// A program that signs somebody in.
pub(crate) struct Flow<'a> {
    provider: &'a Provider,
    program: Program,
}

impl Flow<'_> {
    async fn said(&mut self, event: &str) -> Value {
        self.program
            .line(event, LIMIT, |line| {
                let value: Value = serde_json::from_str(line).ok()?;
                (value["event"] == event).then_some(value)
            })
            .await
            .unwrap()
    }

    /// Waits until it listens for callbacks; the port.
    pub(crate) async fn listening(&mut self) -> u64 {
        self.said("listening").await["port"].as_u64().unwrap()
    }

    /// Lets it go on.
    pub(crate) fn go(&mut self) {
        self.program.write("go\n").unwrap();
    }

    /// Waits until its request is accepted, and decides it through the automation hook, as a test suite does.
    pub(crate) async fn decide(&mut self, action: &str) -> Value {
        let accepted = self.said("accepted").await;
        let id = accepted["auth_req_id"].as_str().unwrap();
        let url = format!(
            "{}/ciba-sim?auth_req_id={id}&action={action}&key={HOOK}",
            self.provider.issuer
        );
        let answer = self
            .provider
            .http
            .post(&url, &[], String::new())
            .await
            .unwrap();
        assert_eq!(answer.status, 204, "{answer:?}");
        accepted
    }

    /// What it says in the end, after it has ended well.
    pub(crate) async fn ends(self, event: &str) -> Value {
        let printed = self.program.finish(LIMIT).await.unwrap().ok().unwrap();
        printed
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|value| value["event"] == event)
            .unwrap_or_else(|| panic!("no {event}: {printed}"))
    }

    /// An approved sign-in: what was verified.
    pub(crate) async fn signs_in(mut self) -> Value {
        self.decide("allow").await;
        let tokens = self.ends("tokens").await;
        assert!(tokens["claims"]["sub"].is_string(), "{tokens}");
        tokens
    }
}

/// The JWK Set of a self-signed certificate's key, which rcgen makes on P-256.
pub(crate) fn certificate_keys(certificate: &Certificate) -> String {
    // SubjectPublicKeyInfo ends with the uncompressed point: 0x04, x, y.
    let [x, y] = [0..32, 32..64].map(|range| encode_b64u(&certificate.point[range]));
    json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig" }] }).to_string()
}

/// By secret in the header.
pub(crate) fn basic() -> ClientAuthentication {
    ClientAuthentication::ClientSecretBasic {
        secret_hash: Sha256Digest::of(SECRET.as_bytes()),
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn issue(
    authority: &CertifiedIssuer<'_, KeyPair>,
    folder: &Path,
    file: &str,
    name: &str,
) -> Certificate {
    let key = KeyPair::generate().unwrap();
    let certificate = named(name).signed_by(&key, authority).unwrap();
    write(folder, file, &certificate, &key)
}

fn write(
    folder: &Path,
    name: &str,
    certificate: &rcgen::Certificate,
    key: &KeyPair,
) -> Certificate {
    let files = ["cert", "key"].map(|kind| folder.join(format!("{name}-{kind}.pem")));
    fs::write(&files[0], certificate.pem()).unwrap();
    write_private(&files[1], key.serialize_pem().as_bytes()).unwrap();
    let [cert, file] = files;
    Certificate {
        cert,
        key: file,
        // The first byte says that both coordinates follow.
        point: key.public_key_raw()[1..].to_vec(),
    }
}
