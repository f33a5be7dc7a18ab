//! A server in a temporary folder whose clock stands, and devices made of nothing but the protocol's functions.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::Duration,
};
use tegata_protocol::{
    AccountId, ClientId, ConsentRequestId, DeviceId, FixedClock, Secret, Sha256Digest, SigningKey,
    SystemRng, Thumbprint, UnixTime,
    bytes::encode_b64u,
    device::{
        V1,
        decision::{Decision, DecisionDetail, DecisionRequest, DenyReason, View},
        delivery::{PendingRequest, PendingSet},
        invitation::InvitationCode,
        metadata::Endpoints,
        pairing::{
            ConfirmRequest, ConfirmResponse, DeviceDescription, KeyKind, Offer, PairingRequest,
            PairingResponse, RedeemRequest, RedeemResponse, Reveal, derive_pairing_digits,
            derive_registration_challenge, parse_offer, parse_reveal,
        },
        problem::Problem,
        prompt::{ExpectedPrompt, Prompt, parse_prompt},
        proof::{NONCE_HEADER, PROOF_HEADER, Proof, sign_proof},
    },
    jws,
    rng::random_bytes,
    webauthn::{
        CredentialRole, ExpectedAssertion, ExpectedRegistration, make_assertion, make_registration,
    },
};
use tower::ServiceExt;

use crate::{
    app::{App, Doorbell},
    config::Config,
    data_folder::DataFolder,
    delivery::{Registry, SocketLimits, prompts::make_prompts},
    domain::{
        Account, BindingMessageUse, Client, ClientAuthentication, ClientSettings, FlowIds, Grade,
        IssuingSessionId, Kind, RegisteredBy, RequestFacts, Terms, Transfer, TransferSource,
    },
    http::device::{endpoints, pairing::confirm_digits},
    storage::ops::{
        ConfirmPairingOutcome, CreateAccount, CreateBackchannelAuthentication, CreateClient,
        CreateInvitation, CreateIssuingSession, CreateOutcome,
    },
};

pub(crate) const RP_ID: &str = "tegata.localhost";
pub(crate) const ORIGIN: &str = "https://tegata.localhost";
pub(crate) const START: UnixTime = UnixTime(1_800_000_000);

/// A server.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) router: Router,
    pub(crate) account: AccountId,
    pub(crate) client: ClientId,
    _folder: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn problem(&self) -> Problem {
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json",
            "{}",
            self.text()
        );
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status.as_u16());
        problem
    }

    /// The problem's code as it stands on the wire.
    pub(crate) fn code(&self) -> String {
        let code = serde_json::to_value(self.problem().code).unwrap();
        code.as_str().unwrap().to_owned()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn nonce(&self) -> String {
        self.headers[NONCE_HEADER].to_str().unwrap().to_owned()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Config::default(), 8480, SocketLimits::default()).await
    }

    /// Without the exemption from budgets that test accounts have.
    pub(crate) async fn for_real_people() -> Self {
        Self::make(Config::default(), 8480, SocketLimits::default(), false).await
    }

    pub(crate) async fn with(config: Config, port: u16, limits: SocketLimits) -> Self {
        Self::make(config, port, limits, true).await
    }

    async fn make(config: Config, port: u16, limits: SocketLimits, test: bool) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(temporary.path().join("data"));
        let rng = SystemRng::new();
        folder.make(&rng).unwrap();
        let clock = Arc::new(FixedClock::at(START));
        let mut app = App::open(config, &folder, port, clock.clone(), Arc::new(rng.clone()))
            .await
            .unwrap();
        Arc::get_mut(&mut app).unwrap().delivery = Registry::with_limits(limits);
        let account = AccountId::make(&rng);
        let client = ClientId::parse("kiosk").unwrap();
        app.store
            .apply(CreateAccount(Account {
                id: account.clone(),
                sub: "sub-1".into(),
                login_name: "hanako".into(),
                display_name: "Hanako <Yamada>".into(),
                test,
                created: START,
                user_code: None,
            }))
            .await
            .unwrap();
        app.store
            .apply(CreateClient(Client {
                id: client.clone(),
                name: "Kiosk".into(),
                authentication: ClientAuthentication::ClientSecretBasic {
                    secret_hash: Sha256Digest([0; 32]),
                },
                registered_by: RegisteredBy::Operator,
                since: START,
                host: None,
                binding_message: BindingMessageUse::Show,
                transfer_code: false,
                settings: ClientSettings::default(),
            }))
            .await
            .unwrap();
        Self {
            router: crate::http::router(Arc::clone(&app)),
            app,
            clock,
            account,
            client,
            _folder: temporary,
        }
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn endpoints(&self) -> Endpoints {
        endpoints::all(&self.app.issuer)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }

    pub(crate) fn request(&self, method: Method, url: &str, body: Vec<u8>) -> Request<Body> {
        let path = url.strip_prefix(self.app.issuer.as_str()).unwrap_or(url);
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.app.issuer.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap()
    }

    /// POST without proof.
    pub(crate) async fn post<T: Serialize>(&self, url: &str, body: &T) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        self.send(self.request(Method::POST, url, body)).await
    }

    /// An issuing session with its invitation.
    pub(crate) async fn invite(&self) -> (IssuingSessionId, InvitationCode) {
        let id = IssuingSessionId::make(self.app.rng());
        let code = InvitationCode::make(self.app.rng());
        let now = self.app.now();
        let session = CreateIssuingSession {
            id: id.clone(),
            account: self.account.clone(),
            grade: Grade::Administrator,
            secret_hash: Sha256Digest([0; 32]),
            page_secret_hash: None,
            expires: now.plus(300),
        };
        self.app.store.apply(session).await.unwrap();
        let invitation = CreateInvitation {
            code_mac: self.app.keys.invitation_mac(code.expose_canonical()),
            session: id.clone(),
            expires: now.plus(300),
            now,
        };
        self.app.store.apply(invitation).await.unwrap();
        (id, code)
    }

    pub(crate) async fn redeem(&self, code: &InvitationCode) -> Answer {
        let request = RedeemRequest {
            v: V1,
            code: code.expose_canonical().to_owned(),
        };
        self.post(&self.endpoints().redeem, &request).await
    }

    /// A paired device.
    pub(crate) async fn pair(&self, name: &str) -> Device {
        self.pair_kind(name, KeyKind::SoftwarePin, "en").await
    }

    pub(crate) async fn pair_kind(&self, name: &str, key: KeyKind, locale: &str) -> Device {
        let (session, code) = self.invite().await;
        let offer: RedeemResponse = self.redeem(&code).await.json();
        let mut device = Device::new(name, &offer.offer);
        device.description.key = key;
        device.description.locale = locale.to_owned();
        let answer = self
            .post(&self.endpoints().pairings, &device.registrations())
            .await;
        device.read_reveal(self, &code, &answer.json::<PairingResponse>().reveal);
        let outcome = confirm_digits(&self.app, session, &device.digits())
            .await
            .unwrap();
        assert!(matches!(outcome, ConfirmPairingOutcome::Confirmed { .. }));
        let confirmed: ConfirmResponse = device
            .post(self, &self.endpoints().confirm, &Device::confirm_request(0))
            .await
            .json();
        let ConfirmResponse::Confirmed { receipt } = confirmed else {
            panic!("confirmed: {confirmed:?}");
        };
        device.pairing_receipt = receipt;
        device
    }

    /// Puts a request to the account's devices.
    pub(crate) async fn ask(&self) -> ConsentRequestId {
        self.ask_with(Transfer::None, &[]).await.0
    }

    pub(crate) async fn ask_with_code(&self, code: &str) -> ConsentRequestId {
        let transfer = Transfer::Code {
            source: TransferSource::Minted,
            hash: self.app.keys.transfer_hash(&self.account, code),
            length: 6,
        };
        self.ask_with(transfer, &[]).await.0
    }

    pub(crate) async fn ask_with(
        &self,
        transfer: Transfer,
        acr_values: &[&str],
    ) -> (ConsentRequestId, FlowIds) {
        let ids = self.app.store.make_flow_ids(self.app.rng());
        let now = self.app.now();
        let facts = RequestFacts {
            consent_request_id: ids.consent_request_id.clone(),
            client_id: self.client.clone(),
            client_name: "Kiosk".into(),
            account: self.account.clone(),
            sub: "sub-1".into(),
            kind: Kind::SignIn,
            scopes: vec!["openid".into(), "profile".into(), "library".into()],
            acr_values: acr_values.iter().map(|&acr| acr.to_owned()).collect(),
            binding_message: Some("Desk 4".into()),
            transfer,
            created: now,
            expires: now.plus(120),
            interval: 5,
            terms: Terms::default(),
        };
        let prompts = make_prompts(&self.app, &facts).await.unwrap();
        let outcome = self
            .app
            .store
            .apply(CreateBackchannelAuthentication {
                seq: ids.seq,
                tag_hash: ids.tag_hash,
                facts,
                prompts,
                assertion: None,
                names: Vec::new(),
                notification: None,
            })
            .await
            .unwrap();
        let CreateOutcome::Created { devices, .. } = outcome else {
            panic!("created: {outcome:?}");
        };
        self.app.delivery.ring(&devices);
        (ids.consent_request_id.clone(), ids)
    }
}

/// An authentication device.
pub(crate) struct Device {
    pub(crate) id: Option<DeviceId>,
    pub(crate) approval: SigningKey,
    pub(crate) possession: SigningKey,
    pub(crate) offer: String,
    pub(crate) own_nonce: Sha256Digest,
    pub(crate) server_nonce: Option<Sha256Digest>,
    pub(crate) description: DeviceDescription,
    pub(crate) pairing_receipt: String,
    pub(crate) counter: Cell<u32>,
    nonce: RefCell<String>,
}

impl Device {
    pub(crate) fn new(name: &str, offer: &str) -> Self {
        let rng = SystemRng::new();
        Self {
            id: None,
            approval: SigningKey::make(&rng).0,
            possession: SigningKey::make(&rng).0,
            offer: offer.to_owned(),
            own_nonce: Sha256Digest(random_bytes(&rng)),
            server_nonce: None,
            description: DeviceDescription {
                name: name.to_owned(),
                platform: "linux".into(),
                app: "test/1".into(),
                locale: "en".into(),
                key: KeyKind::SoftwarePin,
            },
            pairing_receipt: String::new(),
            counter: Cell::new(0),
            nonce: RefCell::new(String::new()),
        }
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.id.clone().unwrap()
    }

    pub(crate) fn read_offer(&self, world: &World, code: &InvitationCode) -> Offer {
        let keys = [*world.app.keys.receipt.public()];
        parse_offer(&self.offer, &keys, world.app.issuer.wire(), code).unwrap()
    }

    pub(crate) fn registrations(&self) -> PairingRequest {
        let make = |key: &SigningKey, role, registered: &[Thumbprint]| {
            let expected = ExpectedRegistration {
                challenge: derive_registration_challenge(
                    &self.offer,
                    self.own_nonce,
                    role,
                    registered,
                ),
                rp_id: RP_ID,
                origin: ORIGIN,
                role,
            };
            make_registration(key, &expected)
        };
        let payload: Offer = {
            let part = self.offer.split('.').nth(1).unwrap();
            serde_json::from_slice(&tegata_protocol::bytes::decode_b64u(part).unwrap()).unwrap()
        };
        PairingRequest {
            v: V1,
            pairing: payload.jti,
            device_nonce: self.own_nonce,
            device: self.description.clone(),
            approval: make(&self.approval, CredentialRole::Approval, &[]),
            possession: make(
                &self.possession,
                CredentialRole::Possession,
                &[self.approval.thumbprint()],
            ),
        }
    }

    pub(crate) fn read_reveal(&mut self, world: &World, code: &InvitationCode, reveal: &str) {
        let offer = self.read_offer(world, code);
        let keys = [*world.app.keys.receipt.public()];
        let (approval, possession) = (self.approval.thumbprint(), self.possession.thumbprint());
        let reveal: Reveal =
            parse_reveal(reveal, &keys, &self.offer, &offer, approval, possession).unwrap();
        self.id = Some(reveal.device);
        self.server_nonce = Some(reveal.server_nonce);
    }

    pub(crate) fn digits(&self) -> String {
        derive_pairing_digits(
            &self.offer,
            self.approval.thumbprint(),
            self.possession.thumbprint(),
            self.own_nonce,
            self.server_nonce.unwrap(),
        )
    }

    pub(crate) fn confirm_request(wait: u8) -> ConfirmRequest {
        ConfirmRequest {
            v: V1,
            countersignature: None,
            wait,
        }
    }

    pub(crate) fn proof(&self, method: &str, url: &str, nonce: &str, body: &[u8]) -> Proof {
        Proof {
            v: V1,
            iss: self.id(),
            htm: method.to_owned(),
            htu: url.to_owned(),
            jti: encode_b64u(&random_bytes::<16>(&SystemRng::new())),
            nonce: nonce.to_owned(),
            body: Sha256Digest::of(body),
        }
    }

    /// A signed proof over the last nonce seen.
    pub(crate) fn prove(&self, method: &str, url: &str, nonce: &str, body: &[u8]) -> String {
        sign_proof(&self.possession, &self.proof(method, url, nonce, body))
    }

    /// POST with this very proof.
    pub(crate) async fn send(
        &self,
        world: &World,
        url: &str,
        body: Vec<u8>,
        proof: &str,
    ) -> Answer {
        let mut request = world.request(Method::POST, url, body);
        request
            .headers_mut()
            .insert(PROOF_HEADER, proof.parse().unwrap());
        let answer = world.send(request).await;
        *self.nonce.borrow_mut() = answer.nonce();
        answer
    }

    /// POST with proof, as devices do it: once more when a fresh nonce is wanted.
    pub(crate) async fn post<T: Serialize>(&self, world: &World, url: &str, body: &T) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        self.post_bytes(world, url, body).await
    }

    pub(crate) async fn post_bytes(&self, world: &World, url: &str, body: Vec<u8>) -> Answer {
        let nonce = self.nonce.borrow().clone();
        let proof = self.prove("POST", url, &nonce, &body);
        let first = self.send(world, url, body.clone(), &proof).await;
        if first.status != StatusCode::UNAUTHORIZED || first.code() != "use_nonce" {
            return first;
        }
        let proof = self.prove("POST", url, &first.nonce(), &body);
        self.send(world, url, body, &proof).await
    }

    pub(crate) async fn pending(&self, world: &World) -> PendingSet {
        let url = world.endpoints().pending;
        self.post(world, &url, &PendingRequest { v: V1 })
            .await
            .json()
    }

    /// The prompt of a request, checked as a device does it.
    pub(crate) async fn prompt(
        &self,
        world: &World,
        request: &ConsentRequestId,
    ) -> (String, Prompt) {
        let keys = [*world.app.keys.prompt.public()];
        let expected = ExpectedPrompt {
            issuer: world.app.issuer.wire(),
            device: &self.id(),
            account: &world.account,
            keys: &keys,
        };
        let set = self.pending(world).await;
        set.prompts
            .into_iter()
            .map(|pending| {
                let prompt = parse_prompt(&pending.prompt, &expected).unwrap();
                (pending.prompt, prompt)
            })
            .find(|(_, prompt)| prompt.jti == *request)
            .expect("the request is pending")
    }

    pub(crate) fn approve(transfer: Option<&str>) -> Decision {
        Decision::Approve {
            view: View {
                app: "test/1".into(),
                locale: "en".into(),
                layout: "sign_in/1".into(),
                notices: vec![],
            },
            transfer: transfer.map(str::to_owned),
        }
    }

    pub(crate) fn deny(reason: DenyReason) -> Decision {
        Decision::Deny { reason }
    }

    /// A signed decision with the next counter.
    pub(crate) fn sign(
        &self,
        (jws, prompt): &(String, Prompt),
        decision: Decision,
    ) -> DecisionRequest {
        self.counter.set(self.counter.get() + 1);
        let role = decision.verdict().role();
        let key = match role {
            CredentialRole::Approval => &self.approval,
            CredentialRole::Possession => &self.possession,
        };
        let detail = DecisionDetail {
            iss: prompt.iss.clone(),
            device: self.id(),
            request: prompt.jti.clone(),
            prompt: jws::hash(jws),
            nonce: prompt.nonce,
            credential: key.thumbprint(),
            decision,
        };
        self.assert(detail, role, key)
    }

    /// An assertion over `detail` as it is.
    pub(crate) fn assert(
        &self,
        detail: DecisionDetail,
        role: CredentialRole,
        key: &SigningKey,
    ) -> DecisionRequest {
        let expected = ExpectedAssertion {
            challenge: detail.challenge(),
            rp_id: RP_ID,
            origin: ORIGIN,
            role,
        };
        let assertion = make_assertion(key, &expected, self.counter.get());
        DecisionRequest {
            v: V1,
            detail,
            assertion,
        }
    }

    pub(crate) async fn decide(&self, world: &World, decision: &DecisionRequest) -> Answer {
        self.post(world, &world.endpoints().decisions, decision)
            .await
    }
}

/// A secret for pages.
pub(crate) fn page_secret() -> Secret<String> {
    Secret::new(encode_b64u(&random_bytes::<32>(&SystemRng::new())))
}
