//! A server with three clients, two people and, on demand, devices.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use data_encoding::BASE64;
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU32, Ordering},
};
use tegata_protocol::{
    AccountId, ClientId, Clock, ConsentRequestId, DeviceId, PairingId, Rng, Secret, Sha256Digest,
    SigningKey, SystemClock, SystemRng, UnixTime,
};
use tower::ServiceExt;

use crate::{
    app::App,
    config::Config,
    data_folder::DataFolder,
    domain::{
        Account, BindingMessageUse, Client, ClientAuthentication, ClientSettings, DenialReason,
        Grade, IssuingSessionId, RegisteredBy, Registration, Transfer,
    },
    storage::ops::{
        ConfirmPairing, CreateAccount, CreateClient, CreateInvitation, CreateIssuingSession,
        Decide, DecideOutcome, RedeemInvitation, SubmitRegistration, Verdict,
    },
};

/// The secret of `kiosk` and `other`; it must be form-encoded to get through.
pub(crate) const SECRET: &str = "s+c%r:t";

/// A request that is accepted.
pub(crate) const DEFAULTS: &str = "scope=openid&login_hint=hanako";

/// Headers that answers may carry; any other fails the test.
const ALLOWED_HEADERS: [&str; 13] = [
    "allow",
    "cache-control",
    "content-length",
    "content-security-policy",
    "content-type",
    "dpop-nonce",
    "preference-applied",
    "referrer-policy",
    "retry-after",
    "www-authenticate",
    "x-content-type-options",
    "x-fapi-interaction-id",
    "x-frame-options",
];

/// A clock that the tests move, standing still between two moves or running.
pub(crate) struct TestClock {
    stands_at: Option<UnixTime>,
    moved_millis: AtomicI64,
}

impl TestClock {
    /// Stands still.
    pub(crate) fn standing() -> Arc<Self> {
        Arc::new(Self {
            stands_at: Some(UnixTime(1_800_000_000)),
            moved_millis: AtomicI64::new(0),
        })
    }

    /// Runs with the system's clock: for programs that keep to the polling interval by themselves.
    pub(crate) fn running() -> Arc<Self> {
        Arc::new(Self {
            stands_at: None,
            moved_millis: AtomicI64::new(0),
        })
    }
}

impl Clock for TestClock {
    fn now_millis(&self) -> i64 {
        let base = self
            .stands_at
            .map_or_else(|| SystemClock.now_millis(), |at| at.0 * 1000);
        base + self.moved_millis.load(Ordering::SeqCst)
    }
}

/// See the module's text. Clients: `kiosk` and `other` with [`SECRET`], `keyed` with [`Bench::key`].
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<TestClock>,
    pub(crate) app: Arc<App>,
    pub(crate) key: SigningKey,
    rng: SystemRng,
    pub(crate) router: Router,
    counter: AtomicU32,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) fn text(&self, member: &str) -> &str {
        self.json[member]
            .as_str()
            .unwrap_or_else(|| panic!("no {member}: {self:?}"))
    }

    /// Status and error code; asserts the form of an error answer.
    pub(crate) fn error(&self) -> (u16, &str) {
        let members: Vec<_> = self.json.as_object().unwrap().keys().collect();
        assert_eq!(members, ["error", "error_description"], "{self:?}");
        let description = self.text("error_description");
        assert!(
            description
                .bytes()
                .all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)),
            "only the characters of RFC 6749 section 5.2: {description}"
        );
        assert_eq!(self.headers[header::CACHE_CONTROL], "no-store");
        (self.status.as_u16(), self.text("error"))
    }
}

/// `Authorization` for id and secret as a client has to send them.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    let encode =
        |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let joined = format!("{}:{}", encode(id), encode(secret));
    format!("Basic {}", BASE64.encode(joined.as_bytes()))
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// `change`: applied to the registration of `kiosk`.
    pub(crate) async fn with(change: impl FnOnce(&mut Client)) -> Self {
        Self::open(Config::default(), 8480, TestClock::standing(), change).await
    }

    /// A server that goes by `http://localhost:PORT`.
    pub(crate) async fn open(
        config: Config,
        port: u16,
        clock: Arc<TestClock>,
        change: impl FnOnce(&mut Client),
    ) -> Self {
        Self::drawing_from(Arc::new(SystemRng::new()), config, port, clock, change).await
    }

    /// [`Bench::open`] with a generator of the test's own.
    pub(crate) async fn drawing_from(
        draws: Arc<dyn Rng>,
        config: Config,
        port: u16,
        clock: Arc<TestClock>,
        change: impl FnOnce(&mut Client),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rng = SystemRng::new();
        let data = DataFolder::at(folder.path());
        data.make(&rng).unwrap();
        let shared = Arc::<TestClock>::clone(&clock);
        let app = App::open(config, &data, port, shared, draws).await.unwrap();
        let (key, _) = SigningKey::make(&rng);
        let bench = Self {
            folder,
            clock,
            router: crate::http::router(Arc::clone(&app)),
            app,
            key,
            rng,
            counter: AtomicU32::new(1),
        };
        for name in ["hanako", "taro"] {
            bench.add_account(name).await;
        }
        let mut kiosk = bench.secret_client("kiosk");
        change(&mut kiosk);
        let mut jwk = serde_json::to_value(bench.key.public()).unwrap();
        jwk["use"] = "sig".into();
        let keyed = Client {
            authentication: ClientAuthentication::PrivateKeyJwt,
            settings: ClientSettings::with_jwks(serde_json::json!({ "keys": [jwk] }).to_string()),
            ..bench.secret_client("keyed")
        };
        for client in [kiosk, bench.secret_client("other"), keyed] {
            bench.app.store.apply(CreateClient(client)).await.unwrap();
        }
        bench
    }

    /// The same server started again with another configuration.
    pub(crate) async fn restarted(self, config: Config) -> Self {
        let Self {
            folder,
            clock,
            app,
            key,
            rng,
            router,
            counter,
        } = self;
        let port = app.issuer.port().unwrap();
        drop((app, router));
        let data = DataFolder::at(folder.path());
        let shared = Arc::<TestClock>::clone(&clock);
        let draws = Arc::new(SystemRng::new());
        let app = App::open(config, &data, port, shared, draws).await.unwrap();
        Self {
            folder,
            clock,
            router: crate::http::router(Arc::clone(&app)),
            app,
            key,
            rng,
            counter,
        }
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.app.now()
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.clock.moved_millis.fetch_add(millis, Ordering::SeqCst);
    }

    async fn add_account(&self, name: &str) {
        let account = Account {
            id: AccountId::parse(&format!("id-{name}")).unwrap(),
            sub: format!("sub-{name}"),
            login_name: name.to_owned(),
            display_name: name.to_owned(),
            test: false,
            created: self.now(),
            user_code: None,
        };
        self.app.store.apply(CreateAccount(account)).await.unwrap();
    }

    pub(crate) fn secret_client(&self, id: &str) -> Client {
        Client {
            id: ClientId::parse(id).unwrap(),
            name: format!("Client {id}"),
            authentication: ClientAuthentication::ClientSecretBasic {
                secret_hash: Sha256Digest::of(SECRET.as_bytes()),
            },
            registered_by: RegisteredBy::Operator,
            since: self.now(),
            host: None,
            binding_message: BindingMessageUse::Show,
            transfer_code: false,
            settings: ClientSettings::default(),
        }
    }

    /// Sends a request as it is and asserts that no unexpected header comes back.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for name in parts.headers.keys() {
            assert!(
                ALLOWED_HEADERS.contains(&name.as_str()),
                "unexpected header {name}"
            );
        }
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            json: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// A form post; `authorization` is left out if empty.
    pub(crate) async fn post(&self, path: &str, authorization: &str, form: &str) -> Reply {
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if !authorization.is_empty() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        self.send(request.body(Body::from(form.to_owned())).unwrap())
            .await
    }

    /// Backchannel authentication by `kiosk`.
    pub(crate) async fn ask(&self, form: &str) -> Reply {
        self.post("/backchannel-authentication", &basic("kiosk", SECRET), form)
            .await
    }

    /// The `auth_req_id` of an accepted request of `kiosk` for hanako.
    pub(crate) async fn asked(&self) -> String {
        let reply = self.ask(DEFAULTS).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        reply.text("auth_req_id").to_owned()
    }

    /// A poll by `client`, which has [`SECRET`].
    pub(crate) async fn poll(&self, client: &str, auth_req_id: &str) -> Reply {
        let form = format!(
            "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id={auth_req_id}"
        );
        self.post("/token", &basic(client, SECRET), &form).await
    }

    /// A paired device of `account`, with keys that nobody holds: decisions are stored as if the gateway had verified
    /// them.
    pub(crate) async fn pair(&self, account: &str) -> (DeviceId, Registration) {
        let store = &self.app.store;
        let (now, expires) = (self.now(), self.now().plus(300));
        let session = IssuingSessionId::make(&self.rng);
        let code_mac = Sha256Digest::of(session.as_str().as_bytes());
        let create = CreateIssuingSession {
            id: session.clone(),
            account: AccountId::parse(&format!("id-{account}")).unwrap(),
            grade: Grade::Administrator,
            secret_hash: code_mac,
            page_secret_hash: None,
            expires,
        };
        store.apply(create).await.unwrap();
        let invite = CreateInvitation {
            code_mac,
            session: session.clone(),
            expires,
            now,
        };
        store.apply(invite).await.unwrap();
        let pairing = PairingId::make(&self.rng);
        let redeem = RedeemInvitation {
            code_mac,
            pairing: pairing.clone(),
            offer: "offer".to_owned(),
            offer_hash: Sha256Digest::of(pairing.as_str().as_bytes()),
            server_nonce: [9; 32],
            expires,
            now,
        };
        store.apply(redeem).await.unwrap();
        let (possession, _) = SigningKey::make(&self.rng);
        let (approval, _) = SigningKey::make(&self.rng);
        let registration = Registration {
            device_name: "Laptop".to_owned(),
            device_info: "{}".to_owned(),
            possession_thumbprint: possession.thumbprint(),
            possession_key: *possession.public(),
            possession_credential: "{}".to_owned(),
            approval_thumbprint: approval.thumbprint(),
            approval_key: *approval.public(),
            approval_credential: "{}".to_owned(),
        };
        let device = DeviceId::make(&self.rng);
        let code = Secret::new("123456".to_owned());
        let submit = SubmitRegistration {
            pairing,
            device: device.clone(),
            registration: registration.clone(),
            reveal: "reveal".to_owned(),
            confirmation_code: code.clone(),
            pairing_receipt: "receipt".to_owned(),
            now,
        };
        store.apply(submit).await.unwrap();
        store
            .apply(ConfirmPairing { session, code, now })
            .await
            .unwrap();
        (device, registration)
    }

    /// How many prompts the device has open.
    pub(crate) async fn open_prompts(&self, device: &DeviceId) -> usize {
        let (device, now) = (device.clone(), self.now());
        let pending = self
            .app
            .store
            .read(move |r| r.pending(&device, now))
            .await
            .unwrap()
            .expect("an active device");
        pending.prompts.len()
    }

    /// The device's newest open request.
    pub(crate) async fn newest(&self, device: &DeviceId) -> ConsentRequestId {
        let (id, now) = (device.clone(), self.now());
        let pending = self
            .app
            .store
            .read(move |r| r.pending(&id, now))
            .await
            .unwrap()
            .expect("an active device");
        let newest = pending.prompts.last().expect("an open request");
        newest.request.clone()
    }

    /// Decides the device's newest open request. `transfer`: the code that was typed.
    pub(crate) async fn decide(
        &self,
        device: &(DeviceId, Registration),
        approve: bool,
        transfer: Option<&str>,
    ) -> DecideOutcome {
        let request = self.newest(&device.0).await;
        self.decide_on(device, request, approve, transfer).await
    }

    /// Decides a request of the device.
    pub(crate) async fn decide_on(
        &self,
        (device, registration): &(DeviceId, Registration),
        request: ConsentRequestId,
        approve: bool,
        transfer: Option<&str>,
    ) -> DecideOutcome {
        let now = self.now();
        let account = AccountId::parse("id-hanako").unwrap();
        let counter = self.counter.fetch_add(1, Ordering::SeqCst);
        let decide = Decide {
            device: device.clone(),
            credential: if approve {
                registration.approval_thumbprint
            } else {
                registration.possession_thumbprint
            },
            counter,
            challenge: Sha256Digest::of(format!("{request} {counter}").as_bytes()),
            verdict: if approve {
                Verdict::Approve {
                    transfer: transfer.map(|code| self.app.keys.transfer_hash(&account, code)),
                    acr: "urn:tegata:acr:software-pin".to_owned(),
                    amr: vec!["pin".to_owned(), "pop".to_owned()],
                }
            } else {
                Verdict::Deny {
                    reason: DenialReason::ChangedMind,
                }
            },
            request,
            detail: "{}".to_owned(),
            assertion: "{}".to_owned(),
            receipt: "consent receipt".to_owned(),
            report_receipt: None,
            pairing_receipt: None,
            now,
        };
        self.app.store.apply(decide).await.unwrap()
    }

    /// [`Bench::decide`], asserting that it counts.
    pub(crate) async fn decided(&self, device: &(DeviceId, Registration), approve: bool) {
        let outcome = self.decide(device, approve, None).await;
        assert!(
            matches!(outcome, DecideOutcome::Recorded { .. }),
            "{outcome:?}"
        );
    }

    /// The transfer that an accepted request asks for.
    pub(crate) async fn transfer_of(&self, auth_req_id: &str) -> Transfer {
        let id = tegata_protocol::AuthReqId::parse(auth_req_id).unwrap();
        let flow = self
            .app
            .store
            .read(move |r| r.backchannel_authentication(&id))
            .await
            .unwrap();
        flow.unwrap().facts.transfer
    }
}
