//! The FAPI-CIBA profile as its certification suite takes it: poll and ping clients, each with a certificate and with
//! `private_key_jwt`, through whole flows; and every fault by itself, with its exact answer and nothing stored.

mod advertised;
mod clients;
mod flows;
mod proofs;
mod requests;

use super::{
    bench::TestClock,
    client_assertion::{self, signed_part},
    client_certificate::{RSA_KEY, authority, jwk, shown},
    request_object::{self, with},
    *,
};
use crate::{
    config::{AssertionAudience, Config, DetailTypeConfig, Profile, RateConfig, TlsConfig},
    domain::{
        CertificateName, Client, ClientAuthentication, ClientSettings, Delivery, Limits,
        Registration,
    },
    egress::tests::receiver::Receiver,
    http::caller::{ClientCertificate, Peer},
    storage::ops::CreateClient,
};
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use ring::{
    hmac,
    signature::{self, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair},
};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tegata_protocol::{
    ClientId, DeviceId, Sha256Digest, SigningKey, SystemRng,
    bytes::{decode_b64u, encode_b64u},
};
use tokio::sync::watch;

const BACKCHANNEL: &str = "/backchannel-authentication";
const GRANT: &str = "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba";
const NOTIFICATION_TOKEN: &str = "8d67dc78-7faa-4d41-aabd-67707b37.~";

/// The four kinds of clients that are certified, by how they learn of results and how they authenticate.
const CLIENTS: [&str; 4] = ["poll-mtls", "poll-jwt", "ping-mtls", "ping-jwt"];

const REFUSED: (u16, &str) = (401, "invalid_client");
const FAULTY: (u16, &str) = (400, "invalid_request");

/// A server that keeps to the profile, with [`CLIENTS`] and some that the profile does not admit, and a person's device.
struct Fapi {
    bench: Bench,
    device: (DeviceId, Registration),
    authority: CertifiedIssuer<'static, KeyPair>,
    certificates: BTreeMap<String, ClientCertificate>,
    rsa: RsaKeyPair,
    /// The clients' public keys: P-256, RSA, Ed25519.
    keys: Vec<Value>,
    ed25519: Ed25519KeyPair,
    receiver: Receiver,
    _folder: tempfile::TempDir,
}

/// What a caller shows to prove who it is.
#[derive(Clone, Default)]
struct Proof {
    certificate: Option<ClientCertificate>,
    authorization: Option<String>,
    form: String,
}

/// Of the configuration, what no profile changes.
fn config(folder: &tempfile::TempDir, receiver: &Receiver) -> Config {
    let schema = folder.path().join("payment.json");
    std::fs::write(&schema, r#"{ "required": ["value"] }"#).unwrap();
    let text = format!(
        "[authorization_details.payment]\nschema = {:?}\ntitle = {{ en = \"Payment\", ja = \"支払い\" }}",
        schema.display().to_string()
    );
    let authorization_details: BTreeMap<String, DetailTypeConfig> =
        Config::parse(&text).unwrap().authorization_details;
    Config {
        authorization_details,
        callbacks: receiver.allowed(folder.path()),
        tls: TlsConfig {
            client_authorities: Some(folder.path().join("authorities.pem")),
            ..TlsConfig::default()
        },
        limits: Limits {
            pending_per_account: 100_000,
            pending_per_client: 100_000,
            per_account_per_minute: 1_000_000,
            per_client_per_ten_minutes: 1_000_000,
            first_wait_seconds: 0,
            ..Limits::default()
        },
        rates: RateConfig::unlimited(),
        ..Config::default()
    }
}

impl Fapi {
    async fn new() -> Self {
        Self::with(|config| config.profile = Profile::FapiCiba).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let (folder, authority) = (tempfile::tempdir().unwrap(), authority());
        std::fs::write(folder.path().join("authorities.pem"), authority.pem()).unwrap();
        let receiver = Receiver::answering(204).await;
        let mut config = config(&folder, &receiver);
        change(&mut config);
        let bench = Bench::open(config, 8480, TestClock::standing(), |_| {}).await;
        let device = bench.pair("hanako").await;
        let rsa = KeyPair::from_pem(RSA_KEY).unwrap();
        let mut fapi = Self {
            rsa: RsaKeyPair::from_pkcs8(&rsa.serialize_der()).unwrap(),
            ed25519: Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap(),
            bench,
            device,
            authority,
            certificates: BTreeMap::new(),
            keys: Vec::new(),
            receiver,
            _folder: folder,
        };
        let mut keys = [
            serde_json::to_value(fapi.bench.key.public()).unwrap(),
            jwk(&rsa),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": encode_b64u(fapi.ed25519.public_key().as_ref()) }),
        ];
        for (key, kid) in keys.iter_mut().zip(["p256", "rsa", "ed25519"]) {
            key["kid"] = kid.into();
        }
        let jwks = json!({ "keys": keys }).to_string();
        fapi.keys = keys.to_vec();
        let secret_hash = Sha256Digest::of(SECRET.as_bytes());
        for id in CLIENTS {
            fapi.add(id, &jwks, |_| {}).await;
        }
        let methods = [
            (
                "basic",
                ClientAuthentication::ClientSecretBasic { secret_hash },
            ),
            (
                "post",
                ClientAuthentication::ClientSecretPost { secret_hash },
            ),
            (
                "secret-jwt",
                ClientAuthentication::ClientSecretJwt { salt: secret_hash },
            ),
        ];
        for (id, method) in methods {
            fapi.add(id, &jwks, |client| client.authentication = method)
                .await;
        }
        fapi.add("push-jwt", &jwks, |client| {
            client.settings.delivery = Delivery::Push {
                endpoint: "https://push.example/cb".to_owned(),
            };
        })
        .await;
        fapi.add("edwards-jwt", &jwks, |client| {
            client.settings.id_token_alg = crate::jose::Algorithm::EdDsa;
        })
        .await;
        fapi
    }

    /// The same server with another profile.
    async fn restarted(self, profile: Profile) -> Self {
        let config = Config {
            profile,
            ..self.bench.app.config.clone()
        };
        Self {
            bench: self.bench.restarted(config).await,
            ..self
        }
    }

    /// A client whose name says what it is.
    async fn add(&mut self, id: &str, jwks: &str, change: impl FnOnce(&mut Client)) {
        let mut client = self.bench.secret_client(id);
        client.authentication = if id.ends_with("-mtls") {
            ClientAuthentication::TlsClientAuth {
                name: CertificateName::SanDns(format!("{id}.example")),
            }
        } else {
            ClientAuthentication::PrivateKeyJwt
        };
        client.settings = ClientSettings {
            authorization_details_types: vec!["payment".to_owned()],
            ..ClientSettings::with_jwks(jwks.to_owned())
        };
        if id.starts_with("ping-") {
            client.settings.delivery = Delivery::Ping {
                endpoint: self.receiver.url(&format!("/{id}")),
            };
        }
        change(&mut client);
        self.bench
            .app
            .store
            .apply(CreateClient(client))
            .await
            .unwrap();
        let certificate = self.certify(id, |_| {});
        self.certificates.insert(id.to_owned(), certificate);
    }

    /// A certificate by the authority that the server knows, for `NAME.example`.
    fn certify(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> ClientCertificate {
        certified(name, &self.authority, change)
    }

    /// `id` as it has to prove itself.
    fn proof(&self, id: &str) -> Proof {
        if id.ends_with("-mtls") {
            return Proof {
                certificate: Some(self.certificates[id].clone()),
                form: format!("client_id={id}"),
                ..Proof::default()
            };
        }
        let header = json!({ "alg": "ES256" });
        self.by_assertion(id, &self.signed(&header, &self.assertion(id)))
    }

    /// `id` with this assertion, and with its certificate, to which its tokens are bound.
    fn by_assertion(&self, id: &str, assertion: &str) -> Proof {
        Proof {
            certificate: Some(self.certificates[id].clone()),
            form: format!(
                "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
                 &client_assertion={assertion}"
            ),
            ..Proof::default()
        }
    }

    /// The claims of a good assertion.
    fn assertion(&self, id: &str) -> Value {
        let claims = with(
            client_assertion::claims(&self.bench),
            "iss",
            Value::from(id),
        );
        with(claims, "sub", Value::from(id))
    }

    /// The claims of a good request object.
    fn request(&self, id: &str) -> Value {
        let claims = with(request_object::claims(&self.bench), "iss", Value::from(id));
        let claims = with(claims, "binding_message", json!("Desk 4"));
        if id.starts_with("ping-") || id.starts_with("push-") {
            let token = json!(NOTIFICATION_TOKEN);
            with(claims, "client_notification_token", token)
        } else {
            claims
        }
    }

    /// `request=` and the request object of these claims.
    fn object(&self, claims: &Value) -> String {
        self.object_by(&json!({ "alg": "ES256", "kid": "p256" }), claims)
    }

    fn object_by(&self, header: &Value, claims: &Value) -> String {
        format!("request={}", self.signed(header, claims))
    }

    /// A JWS as the header's `alg` has it: by the clients' key of that kind, or under their public key as if it were a secret.
    fn signed(&self, header: &Value, claims: &Value) -> String {
        let signed = signed_part(header, claims);
        let bytes = signed.as_bytes();
        let by_rsa = |padding: &'static dyn signature::RsaEncoding| {
            let mut made = vec![0; self.rsa.public().modulus_len()];
            self.rsa
                .sign(padding, SystemRng::new().ring(), bytes, &mut made)
                .unwrap();
            made
        };
        let signature = match header["alg"].as_str().unwrap() {
            "ES256" => self.bench.key.sign_fixed(bytes),
            "PS256" => by_rsa(&RSA_PSS_SHA256),
            "RS256" => by_rsa(&RSA_PKCS1_SHA256),
            "EdDSA" | "Ed25519" => self.ed25519.sign(bytes).as_ref().to_vec(),
            "HS256" => {
                let public = self.bench.key.public().to_uncompressed();
                let key = hmac::Key::new(hmac::HMAC_SHA256, &public);
                hmac::sign(&key, bytes).as_ref().to_vec()
            }
            "none" => Vec::new(),
            other => panic!("nobody signs by {other}"),
        };
        format!("{signed}.{}", encode_b64u(&signature))
    }

    async fn post(&self, path: &str, proof: &Proof, more: &str) -> Reply {
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(value) = &proof.authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let form = [proof.form.as_str(), more];
        let form: Vec<_> = form.into_iter().filter(|part| !part.is_empty()).collect();
        let request = request.body(Body::from(form.join("&"))).unwrap();
        self.send(request, proof.certificate.clone()).await
    }

    async fn send(
        &self,
        mut request: Request<Body>,
        certificate: Option<ClientCertificate>,
    ) -> Reply {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
        request.extensions_mut().insert(ConnectInfo(Peer {
            address,
            certificate,
        }));
        self.bench.send(request).await
    }

    /// Sends what must be refused, and looks that nothing has changed by it.
    async fn refuses(&self, what: &str, path: &str, with: (&Proof, &str), expected: (u16, &str)) {
        let before = self.stored();
        let reply = self.post(path, with.0, with.1).await;
        assert_eq!(reply.error(), expected, "{what}: {reply:?}");
        assert_eq!(self.stored(), before, "{what} changes nothing");
    }

    /// Every row of every table.
    fn stored(&self) -> Vec<String> {
        let store = Connection::open(self.bench.app.data_dir.join("tegata.sqlite")).unwrap();
        let mut tables = store
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            .unwrap();
        let names = tables.query_map([], |row| row.get(0)).unwrap();
        let names: Vec<String> = names.map(Result::unwrap).collect();
        let mut all = Vec::new();
        for name in names {
            let mut rows = store.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
            let columns = rows.column_count();
            let mut rows = rows.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let row: Vec<_> = (0..columns)
                    .map(|at| format!("{:?}", row.get_ref_unwrap(at)))
                    .collect();
                all.push(format!("{name}: {}", row.join(" ")));
            }
        }
        all
    }

    /// The `auth_req_id` of a good request.
    async fn asked(&self, id: &str) -> String {
        let request = self.object(&self.request(id));
        let reply = self.post(BACKCHANNEL, &self.proof(id), &request).await;
        assert_eq!(reply.status, StatusCode::OK, "{id}: {reply:?}");
        reply.text("auth_req_id").to_owned()
    }

    /// The `auth_req_id` of a good request that the person has approved.
    async fn approved(&self, id: &str) -> String {
        let asked = self.asked(id).await;
        self.bench.decided(&self.device, true).await;
        asked
    }

    async fn collect(&self, proof: &Proof, auth_req_id: &str) -> Reply {
        let form = format!("{GRANT}&auth_req_id={auth_req_id}");
        self.post("/token", proof, &form).await
    }

    async fn userinfo(&self, token: &str, certificate: Option<&ClientCertificate>) -> Reply {
        let request = Request::get("/userinfo")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        self.send(request, certificate.cloned()).await
    }
}

/// A certificate for `NAME.example`.
fn certified(
    name: &str,
    by: &CertifiedIssuer<'static, KeyPair>,
    change: impl FnOnce(&mut CertificateParams),
) -> ClientCertificate {
    let mut params = CertificateParams::new(vec![format!("{name}.example")]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    shown(&[params.signed_by(&key, by).unwrap().into()]).unwrap()
}
