//! Tokens after an approval: how they are bound, narrowed, refreshed, revoked and shown.

mod binding;
mod dpop;
mod issuance;
mod refresh;
mod resources;

use super::{bench::TestClock, *};
use crate::{
    config::{AccessTokenFormat, Config, RateConfig, TokensConfig},
    delivery::prompts::make_prompts,
    domain::{Client, DenialReason, Kind, Limits, Registration, RequestFacts, Terms, Transfer},
    http::caller::{ClientCertificate, Peer},
    storage::ops::{
        CreateBackchannelAuthentication, CreateOutcome, Decide, DecideOutcome, Verdict,
    },
};
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use tegata_protocol::{
    AccountId, AuthReqId, ClientId, ConsentRequestId, DeviceId, Sha256Digest, bytes::encode_b64u,
    ciba::TokenDeliveryMode,
};

const GRANT: &str = "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba";

/// A server with a person whose device approves whatever `kiosk` asks, as often as it likes.
struct Desk {
    bench: Bench,
    device: (DeviceId, Registration),
}

/// Nobody looks at more of a certificate than its bytes here.
fn certificate(name: &str) -> ClientCertificate {
    let der = CertificateDer::from(name.as_bytes().to_vec());
    ClientCertificate::of(&[der]).unwrap()
}

/// `x5t#S256` of [`certificate`].
fn thumbprint(name: &str) -> String {
    encode_b64u(&Sha256Digest::of(name.as_bytes()).0)
}

/// A configuration with JWT access tokens.
fn jwt() -> Config {
    Config {
        tokens: TokensConfig {
            access_token_format: AccessTokenFormat::Jwt,
            ..TokensConfig::default()
        },
        ..Config::default()
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The payload of a JWS, whoever signed it.
fn payload(jws: &str) -> Value {
    let payload = jws.split('.').nth(1).unwrap();
    serde_json::from_slice(&tegata_protocol::bytes::decode_b64u(payload).unwrap()).unwrap()
}

impl Desk {
    async fn new(change: impl FnOnce(&mut Client)) -> Self {
        Self::open(Config::default(), change).await
    }

    async fn open(config: Config, change: impl FnOnce(&mut Client)) -> Self {
        let config = Config {
            limits: Limits {
                per_account_per_minute: 1_000_000,
                per_client_per_ten_minutes: 1_000_000,
                first_wait_seconds: 0,
                ..Limits::default()
            },
            rates: RateConfig::unlimited(),
            ..config
        };
        let bench = Bench::open(config, 8480, TestClock::standing(), change).await;
        let device = bench.pair("hanako").await;
        Self { bench, device }
    }

    /// A client that gets refresh tokens.
    async fn refreshing() -> Self {
        Self::new(|kiosk| kiosk.settings.refresh = true).await
    }

    /// The `auth_req_id` of what `form` asks for and the person has approved.
    async fn approved(&self, form: &str) -> String {
        let reply = self.bench.ask(form).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        self.bench.decided(&self.device, true).await;
        reply.text("auth_req_id").to_owned()
    }

    /// [`Desk::approved`] for a request with these terms, as if the backchannel endpoint had taken them.
    async fn approved_on(&self, scopes: &[&str], terms: Terms) -> String {
        let app = &self.bench.app;
        let ids = app.store.make_flow_ids(app.rng());
        let facts = RequestFacts {
            consent_request_id: ids.consent_request_id,
            client_id: ClientId::parse("kiosk").unwrap(),
            client_name: "Client kiosk".to_owned(),
            account: AccountId::parse("id-hanako").unwrap(),
            sub: "sub-hanako".to_owned(),
            kind: Kind::Grant,
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            acr_values: Vec::new(),
            binding_message: None,
            transfer: Transfer::None,
            created: app.now(),
            expires: app.now().plus(120),
            interval: 5,
            terms,
        };
        let create = CreateBackchannelAuthentication {
            seq: ids.seq,
            tag_hash: ids.tag_hash,
            prompts: make_prompts(app, &facts).await.unwrap(),
            facts,
            assertion: None,
            names: Vec::new(),
            notification: None,
        };
        let outcome = app.store.apply(create).await.unwrap();
        assert!(
            matches!(outcome, CreateOutcome::Created { .. }),
            "{outcome:?}"
        );
        self.bench.decided(&self.device, true).await;
        ids.auth_req_id.as_str().to_owned()
    }

    /// The tokens of an approved request of `kiosk` for `scope`.
    async fn tokens(&self, scope: &str) -> Reply {
        let form = format!("scope={}&login_hint=hanako", encoded(scope));
        let id = self.approved(&form).await;
        let reply = self.bench.poll("kiosk", &id).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        reply
    }

    async fn request_of(&self, auth_req_id: &str) -> ConsentRequestId {
        let id = AuthReqId::parse(auth_req_id).unwrap();
        let store = &self.bench.app.store;
        let read = store.read(move |r| r.backchannel_authentication(&id)).await;
        read.unwrap().unwrap().facts.consent_request_id
    }

    /// The person says that the approval of this request was not theirs.
    async fn report(&self, request: ConsentRequestId) {
        let (device, registration) = &self.device;
        let report = Decide {
            challenge: Sha256Digest::of(request.as_str().as_bytes()),
            request,
            device: device.clone(),
            credential: registration.possession_thumbprint,
            counter: 1_000_000,
            verdict: Verdict::Deny {
                reason: DenialReason::NotMe,
            },
            detail: "{}".to_owned(),
            assertion: "{}".to_owned(),
            receipt: "receipt".to_owned(),
            report_receipt: Some("report".to_owned()),
            pairing_receipt: None,
            now: self.bench.now(),
        };
        let outcome = self.bench.app.store.apply(report).await.unwrap();
        let reported = matches!(
            &outcome,
            DecideOutcome::Conflict {
                reported: Some(_),
                ..
            }
        );
        assert!(reported, "{outcome:?}");
    }

    async fn kiosk(&self, path: &str, form: &str) -> Reply {
        self.bench.post(path, &basic("kiosk", SECRET), form).await
    }

    /// A post by `kiosk` over a connection with this certificate.
    async fn with_certificate(&self, path: &str, form: &str, name: &str) -> Reply {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, basic("kiosk", SECRET))
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.send(request, Some(name)).await
    }

    async fn send(&self, mut request: Request<Body>, name: Option<&str>) -> Reply {
        let peer = Peer {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000)),
            certificate: name.map(certificate),
        };
        request.extensions_mut().insert(ConnectInfo(peer));
        self.bench.send(request).await
    }

    /// `kiosk` refreshes; `more`: further parameters.
    async fn refresh(&self, token: &str, more: &str) -> Reply {
        let form = format!("grant_type=refresh_token&refresh_token={token}{more}");
        self.kiosk("/token", &form).await
    }

    async fn introspect(&self, token: &str) -> Value {
        let reply = self.kiosk("/introspect", &format!("token={token}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
        reply.json
    }

    async fn is_active(&self, token: &str) -> bool {
        self.introspect(token).await["active"] == true
    }

    /// The answer of `/userinfo` to this `Authorization`, over a connection with this certificate.
    async fn userinfo(&self, authorization: &str, name: Option<&str>) -> Reply {
        let request = Request::get("/userinfo")
            .header(header::AUTHORIZATION, authorization)
            .body(Body::empty())
            .unwrap();
        self.send(request, name).await
    }
}
