//! A scripted server in process, made of the protocol's own functions: what a real one answers, and on demand what it must
//! never answer.

pub(crate) mod management;
mod paired;

pub(crate) use paired::{Paired, person};

use crate::{
    Device, DeviceConfig,
    keys::{Argon2Parameters, SoftwareApprovalKey},
    ports::{
        HttpMethod, HttpRequest, HttpResponse, Network, NetworkSettings, Ports, Socket, Transport,
        TransportError,
    },
    secret_store::MemoryStore,
};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tegata_protocol::{
    AccountId, Clock, ConsentRequestId, DeviceId, FixedClock, PairingId, PublicKey, Sha256Digest,
    SigningKey, SystemRng, UnixTime,
    device::{
        V1,
        decision::{Decision, DecisionRequest, DenyReason, StoredPrompt, Verdict, verify_decision},
        delivery::{ClosedNotice, KnownRequest, PendingPrompt, PendingSet, RequestReference},
        invitation::{InvitationCode, Issuer, format_link},
        management::AddingState,
        metadata::{
            Capabilities, Endpoints, Metadata, MetadataKey, MetadataLimits, MetadataResponse,
            sign_metadata,
        },
        pairing::{
            ConfirmRequest, ConfirmResponse, ConfirmedBy, KeyKind, Offer, OfferedAccount,
            PairingReceipt, PairingResponse, RedeemRequest, RedeemResponse, Reveal,
            derive_pairing_digits, derive_registration_challenge, parse_pairing_request,
            verify_countersignature,
        },
        problem::{CloseReason, Problem, ProblemCode},
        prompt::{Prompt, PromptKind, Transfer, sign_prompt},
        proof::{ExpectedProof, verify_proof},
        receipt::{ConsentReceipt, ReceiptEffect, parse_receipt, sign_receipt},
        typ,
    },
    jws,
    webauthn::{CredentialRole, ExpectedRegistration, verify_registration},
};
use tokio::sync::{mpsc, watch};

pub(crate) const START: UnixTime = UnixTime(1_800_000_000);
pub(crate) const PIN: &str = "482913";
pub(crate) const RP_ID: &str = "tegata.localhost";
pub(crate) const ORIGIN: &str = "https://tegata.localhost";

type Hook = Box<dyn Fn(&HttpRequest, HttpResponse) -> Result<HttpResponse, TransportError> + Send>;

/// The server and its clock.
pub(crate) struct TestServer {
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) issuer: Issuer,
    pub(crate) root: SigningKey,
    pub(crate) key: SigningKey,
    pub(crate) code: InvitationCode,
    pub(crate) state: Mutex<State>,
    pub(crate) hook: Mutex<Option<Hook>>,
    pub(crate) socket: Mutex<Option<Socket>>,
    /// Where the addition of another device stands.
    pub(crate) adding: watch::Sender<AddingState>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) asked: Vec<String>,
    pub(crate) seq: u64,
    pub(crate) offer: Option<(String, Offer)>,
    pub(crate) keys: Option<(PublicKey, PublicKey)>,
    pub(crate) digits: Option<String>,
    pub(crate) confirmed: bool,
    pub(crate) pairing_receipt: Option<String>,
    pub(crate) countersigned: bool,
    pub(crate) pending: PendingSet,
    /// Every prompt that was ever pushed.
    pub(crate) prompts: Vec<String>,
    pub(crate) posted: Vec<DecisionRequest>,
    pub(crate) receipts: Vec<(ConsentRequestId, String)>,
    pub(crate) managed: management::Managed,
}

const SERVER_NONCE: Sha256Digest = Sha256Digest([7; 32]);
const FRESH: &str = "fresh-nonce";

fn answer(status: u16, value: &Value) -> HttpResponse {
    HttpResponse {
        status,
        nonce: Some(FRESH.into()),
        body: serde_json::to_vec(value).unwrap(),
    }
}

pub(crate) fn problem(problem: &Problem) -> HttpResponse {
    answer(problem.status, &json!(problem))
}

/// Approved by a device; the one under test is `device-1`.
pub(crate) fn handled(device: &str) -> CloseReason {
    CloseReason::Handled {
        device: DeviceId::parse(device).unwrap(),
        device_name: "some device".into(),
        decision: Verdict::Approve,
        at: START,
    }
}

impl TestServer {
    pub(crate) fn start() -> Arc<Self> {
        let rng = SystemRng::new();
        Arc::new(Self {
            clock: Arc::new(FixedClock::at(START)),
            issuer: Issuer::parse("http://localhost:4455").unwrap(),
            root: SigningKey::make(&rng).0,
            key: SigningKey::make(&rng).0,
            code: InvitationCode::make(&rng),
            state: Mutex::new(State {
                seq: 1,
                ..State::default()
            }),
            hook: Mutex::new(None),
            socket: Mutex::new(None),
            adding: watch::Sender::new(AddingState::Invited),
        })
    }

    pub(crate) fn link(&self) -> String {
        format_link(&self.issuer, &self.code, &self.root.thumbprint())
    }

    /// From now on alters what the server says.
    pub(crate) fn alter(
        &self,
        hook: impl Fn(&HttpRequest, HttpResponse) -> Result<HttpResponse, TransportError>
        + Send
        + 'static,
    ) {
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }

    pub(crate) fn behave(&self) {
        *self.hook.lock().unwrap() = None;
    }

    pub(crate) fn metadata(&self) -> Metadata {
        let (seq, other) = {
            let state = self.state.lock().unwrap();
            (state.seq, state.managed.receipt_key)
        };
        let at = |path: &str| format!("{}/device/v1/{path}", self.issuer);
        let key = MetadataKey {
            jwk: *self.key.public(),
            nbf: START,
            exp: START.plus(90 * 86_400),
        };
        let mut receipt_keys = vec![key.clone()];
        receipt_keys.extend(other.map(|jwk| MetadataKey { jwk, ..key.clone() }));
        Metadata {
            v: V1,
            iss: self.issuer.clone(),
            seq,
            iat: START,
            exp: START.plus(30 * 86_400),
            name: "Test server".into(),
            rp_id: RP_ID.into(),
            origin: ORIGIN.into(),
            endpoints: self.with_management(Endpoints {
                redeem: at("invitations/redeem"),
                pairings: at("pairings"),
                confirm: at("confirm"),
                connect: at("connect"),
                pending: at("pending"),
                decisions: at("decisions"),
                seen: at("seen"),
                receipts: at("receipts"),
                ..Endpoints::default()
            }),
            prompt_keys: vec![key],
            receipt_keys,
            capabilities: Capabilities {
                kinds: vec![PromptKind::SignIn],
                delivery: vec!["websocket".into(), "pending".into()],
            },
            limits: MetadataLimits {
                pending_per_account: 5,
                transfer_tries: 3,
            },
            crit: Vec::new(),
        }
    }

    pub(crate) fn prompt(&self, request: &str, transfer: bool) -> Prompt {
        let transfer = if transfer {
            json!({"kind": "code", "alphabet": "digits", "length": 6})
        } else {
            json!({"kind": "none"})
        };
        let now = self.clock.now();
        serde_json::from_value(json!({
            "v": 1, "iss": self.issuer, "aud": "device-1", "sub": "account-1", "jti": request,
            "iat": now, "exp": now.plus(120), "nonce": Sha256Digest::of(request.as_bytes()),
            "kind": "sign_in", "locale": "en",
            "client": { "id": "kiosk", "name": "Kiosk", "registered_by": "operator", "since": START,
                "confidential": true },
            "access_token_lifetime": 300,
            "context": { "observed": { "time": now, "first_request": false } },
            "transfer": transfer, "require": { "key": "software_pin" },
        }))
        .unwrap()
    }

    /// Puts a signed prompt among the pending ones.
    pub(crate) fn push(&self, prompt: &Prompt) -> String {
        let jws = sign_prompt(&self.key, prompt);
        self.push_jws(&jws);
        jws
    }

    pub(crate) fn push_jws(&self, jws: &str) {
        let mut state = self.state.lock().unwrap();
        state.prompts.push(jws.to_owned());
        state.pending.prompts.push(PendingPrompt {
            prompt: jws.to_owned(),
            expires_in: 120,
        });
    }

    pub(crate) fn close(&self, request: &str, how: CloseReason) {
        let mut state = self.state.lock().unwrap();
        state.pending.prompts.clear();
        let request = ConsentRequestId::parse(request).unwrap();
        state.pending.closed.push(ClosedNotice {
            request,
            how,
            collected: None,
        });
    }

    pub(crate) fn device(
        self: &Arc<Self>,
        dir: &std::path::Path,
        secrets: Arc<MemoryStore>,
    ) -> Device {
        let cheap = Argon2Parameters {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        };
        let ports = Ports {
            clock: self.clock.clone(),
            rng: Arc::new(SystemRng::new()),
            secrets,
            network: Arc::new(TestNetwork(Arc::clone(self))),
            approval: Arc::new(SoftwareApprovalKey::with_cost(SystemRng::new(), cheap)),
        };
        let config = DeviceConfig {
            data_dir: dir.to_owned(),
            app: "tegata/test".into(),
        };
        Device::open(config, ports).unwrap()
    }

    /// The server's end of the next socket that the device opens.
    pub(crate) fn script_socket(&self) -> (mpsc::Sender<Vec<u8>>, mpsc::Receiver<String>) {
        let (outgoing, from_device) = mpsc::channel(8);
        let (to_device, incoming) = mpsc::channel(8);
        *self.socket.lock().unwrap() = Some(Socket { outgoing, incoming });
        (to_device, from_device)
    }

    fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let path = request.url.trim_start_matches(self.issuer.as_str());
        self.state.lock().unwrap().asked.push(path.to_owned());
        if request.method == HttpMethod::Get {
            let response: MetadataResponse = sign_metadata(&self.root, &self.metadata());
            return answer(200, &json!(response));
        }
        match path.trim_start_matches("/device/v1/") {
            "invitations/redeem" => return self.redeem(&request.body),
            "pairings" => return self.pair(&request.body),
            _ => {}
        }
        let possession = self.state.lock().unwrap().keys.unwrap().1;
        let expected = ExpectedProof {
            htm: "POST",
            htu: &request.url,
            body: &request.body,
        };
        let device = DeviceId::parse("device-1").unwrap();
        let proof = request.proof.as_deref().unwrap();
        if verify_proof(proof, &possession, &device, &expected, |nonce| {
            nonce == FRESH
        })
        .is_err()
        {
            return problem(&Problem::new(ProblemCode::UseNonce));
        }
        if self.state.lock().unwrap().managed.revoked {
            return problem(&Problem::new(ProblemCode::DeviceRevoked));
        }
        match path.trim_start_matches("/device/v1/") {
            "confirm" => self.confirm(&request.body),
            "pending" => answer(200, &json!(self.state.lock().unwrap().pending)),
            "decisions" => self.decide(&request.body),
            "receipts" => self.known(&request.body),
            other => self.manage(other, request),
        }
    }

    fn redeem(&self, body: &[u8]) -> HttpResponse {
        let request: RedeemRequest = serde_json::from_slice(body).unwrap();
        if request.code != self.code.expose_canonical() {
            return problem(&Problem::new(ProblemCode::InvitationUnknown));
        }
        let mut state = self.state.lock().unwrap();
        if state.offer.is_some() {
            return problem(&Problem::new(ProblemCode::InvitationUsed));
        }
        let now = self.clock.now();
        let offer = Offer {
            v: V1,
            iss: self.issuer.clone(),
            jti: PairingId::parse("pairing-1").unwrap(),
            invitation: self.code.digest(),
            account: OfferedAccount {
                id: AccountId::parse("account-1").unwrap(),
                name: "hanako".into(),
            },
            commitment: Sha256Digest::of(&SERVER_NONCE.0),
            iat: now,
            exp: now.plus(300),
        };
        let offer_jws = jws::sign(&self.key, typ::OFFER, &offer);
        state.offer = Some((offer_jws.clone(), offer));
        answer(200, &json!(RedeemResponse { offer: offer_jws }))
    }

    fn pair(&self, body: &[u8]) -> HttpResponse {
        let request = parse_pairing_request(body).unwrap();
        let mut state = self.state.lock().unwrap();
        let (offer_jws, offer) = state.offer.clone().unwrap();
        let check = |response, role, registered: &[_]| {
            let expected = ExpectedRegistration {
                challenge: derive_registration_challenge(
                    &offer_jws,
                    request.device_nonce,
                    role,
                    registered,
                ),
                rp_id: RP_ID,
                origin: ORIGIN,
                role,
            };
            verify_registration(response, &expected).unwrap().public_key
        };
        let approval = check(&request.approval, CredentialRole::Approval, &[]);
        let covered = [approval.thumbprint()];
        let possession = check(&request.possession, CredentialRole::Possession, &covered);
        state.keys = Some((approval, possession));
        let (approval, possession) = (approval.thumbprint(), possession.thumbprint());
        state.digits = Some(derive_pairing_digits(
            &offer_jws,
            approval,
            possession,
            request.device_nonce,
            SERVER_NONCE,
        ));
        let reveal = Reveal {
            v: V1,
            iss: offer.iss,
            offer: jws::hash(&offer_jws),
            server_nonce: SERVER_NONCE,
            device: DeviceId::parse("device-1").unwrap(),
            approval,
            possession,
            iat: self.clock.now(),
        };
        let reveal = jws::sign(&self.key, typ::REVEAL, &reveal);
        answer(200, &json!(PairingResponse { reveal }))
    }

    fn confirm(&self, body: &[u8]) -> HttpResponse {
        let request: ConfirmRequest = serde_json::from_slice(body).unwrap();
        let mut state = self.state.lock().unwrap();
        if !state.confirmed {
            return answer(
                200,
                &json!(ConfirmResponse::Waiting {
                    expires_in: 200,
                    tries_left: 3
                }),
            );
        }
        let (offer_jws, offer) = state.offer.clone().unwrap();
        let (approval, possession) = state.keys.unwrap();
        let receipt = PairingReceipt {
            v: V1,
            iss: self.issuer.clone(),
            sub: offer.account.id,
            device: DeviceId::parse("device-1").unwrap(),
            offer: jws::hash(&offer_jws),
            approval,
            possession,
            key: KeyKind::SoftwarePin,
            confirmed_by: ConfirmedBy::Administrator,
            iat: state.managed.replaced_at.unwrap_or(START),
        };
        let text = state
            .pairing_receipt
            .get_or_insert_with(|| jws::sign(&self.key, typ::PAIRING_RECEIPT, &receipt))
            .clone();
        if let Some(countersignature) = &request.countersignature {
            if verify_countersignature(countersignature, &text, &receipt).is_err() {
                return problem(&Problem::new(ProblemCode::AssertionInvalid));
            }
            state.countersigned = true;
        }
        answer(200, &json!(ConfirmResponse::Confirmed { receipt: text }))
    }

    pub(crate) fn decide(&self, body: &[u8]) -> HttpResponse {
        let decision = tegata_protocol::device::decision::parse_decision(body).unwrap();
        let mut state = self.state.lock().unwrap();
        state.posted.push(decision.clone());
        let request = decision.detail.request.clone();
        let keys = [*self.key.public()];
        let mut effect = None;
        for (_, text) in state.receipts.iter().filter(|(id, _)| *id == request) {
            let earlier = parse_receipt(text, &keys).unwrap();
            if earlier.detail == decision.detail {
                return answer(200, &json!({ "receipt": text }));
            }
            let reason = DenyReason::NotMe;
            if earlier.detail.decision.verdict() == Verdict::Deny
                || decision.detail.decision != (Decision::Deny { reason })
            {
                let mut conflict = Problem::new(ProblemCode::DecisionConflict);
                conflict.closed = Some(handled("device-1"));
                return problem(&conflict);
            }
            effect = Some(ReceiptEffect::Report);
        }
        let found = |jws: &&String| jws::hash(jws) == decision.detail.prompt;
        let Some(prompt_jws) = state.prompts.iter().find(found).cloned() else {
            return problem(&Problem::new(ProblemCode::NotFound));
        };
        let prompt: Prompt = jws::verify(&prompt_jws, typ::PROMPT, 65_536, &keys).unwrap();
        let (approval, possession) = state.keys.unwrap();
        let stored = StoredPrompt {
            iss: &self.issuer,
            device: &prompt.aud,
            request: &prompt.jti,
            prompt: jws::hash(&prompt_jws),
            nonce: prompt.nonce,
            asks_code: matches!(prompt.transfer, Transfer::Code { .. }),
            rp_id: RP_ID,
            origin: ORIGIN,
        };
        let verified = verify_decision(&decision, &stored, &approval, &possession);
        let Ok(verified) = verified else {
            return problem(&Problem::new(ProblemCode::AssertionInvalid));
        };
        let verdict = decision.detail.decision.verdict();
        if verdict == Verdict::Approve {
            if verified.counter() <= state.managed.counter {
                return problem(&Problem::new(ProblemCode::CounterRegressed));
            }
            state.managed.counter = verified.counter();
        }
        let credential = match verdict {
            Verdict::Approve => approval,
            Verdict::Deny => possession,
        };
        let receipt = ConsentReceipt {
            v: V1,
            iss: self.issuer.clone(),
            request: request.clone(),
            prompt: decision.detail.prompt,
            detail: decision.detail,
            credential,
            assertion: decision.assertion,
            acr: None,
            amr: Vec::new(),
            committed_at: self.clock.now(),
            effect,
        };
        let receipt = sign_receipt(&self.key, &receipt);
        state.receipts.push((request, receipt.clone()));
        if verdict == Verdict::Approve {
            state.carry_out(&prompt, self.clock.now());
        }
        answer(200, &json!({ "receipt": receipt }))
    }

    fn known(&self, body: &[u8]) -> HttpResponse {
        let question: RequestReference = serde_json::from_slice(body).unwrap();
        let state = self.state.lock().unwrap();
        let receipt = state
            .receipts
            .iter()
            .rfind(|(id, _)| *id == question.request);
        let known = match receipt {
            Some((_, receipt)) => KnownRequest::Closed {
                closed: handled("device-1"),
                receipt: Some(receipt.clone()),
                collected: state.managed.collected,
            },
            None => KnownRequest::Pending { expires_in: 100 },
        };
        answer(200, &json!(known))
    }
}

struct TestNetwork(Arc<TestServer>);

impl Network for TestNetwork {
    fn transport(
        &self,
        _issuer: &Issuer,
        _settings: &NetworkSettings,
    ) -> Result<Arc<dyn Transport>, TransportError> {
        Ok(Arc::new(Self(Arc::clone(&self.0))))
    }
}

impl Transport for TestNetwork {
    fn request(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let mut moves = self.0.adding.subscribe();
            let response = loop {
                let response = self.0.respond(&request);
                if response.status != 200 || !self.0.holds(&request) {
                    break response;
                }
                moves.changed().await.unwrap();
            };
            let hook = self.0.hook.lock().unwrap();
            match &*hook {
                Some(hook) => hook(&request, response),
                None => Ok(response),
            }
        })
    }

    fn open_socket<'a>(&'a self, _url: &'a str) -> BoxFuture<'a, Result<Socket, TransportError>> {
        let socket = self.0.socket.lock().unwrap().take();
        let refused = TransportError::Offline("no socket is scripted".into());
        Box::pin(std::future::ready(socket.ok_or(refused)))
    }
}
