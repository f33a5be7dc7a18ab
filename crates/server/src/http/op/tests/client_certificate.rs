//! Certificates of an authority made here and self-signed ones, as the transport hands them on.

use super::{super::client_authentication::authenticate, bench::TestClock, *};
use crate::{
    config::{Config, ProxyConfig, TlsConfig},
    domain::{CertificateName, Client, ClientAuthentication, ClientSettings},
    http::{
        caller::{Caller, ClientCertificate, Peer},
        op::form::Form,
    },
    storage::ops::CreateClient,
};
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, PKCS_ED25519, PublicKeyData as _, SanType, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tegata_protocol::{ClientId, bytes::encode_b64u};

const PATH: &str = "/backchannel-authentication";

pub(super) const RSA_KEY: &str = include_str!("../../../tls/tests/rsa-key.pem");

pub(super) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// What the certificate of a client called `kiosk` says.
fn params() -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "JP");
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Example, Inc.");
    params.distinguished_name.push(DnType::CommonName, "kiosk");
    params.subject_alt_names = vec![
        SanType::DnsName("kiosk.example".try_into().unwrap()),
        SanType::URI("https://kiosk.example/Client".try_into().unwrap()),
        SanType::IpAddress("192.0.2.7".parse().unwrap()),
        SanType::Rfc822Name("Kiosk@kiosk.example".try_into().unwrap()),
    ];
    params
}

pub(super) fn shown(chain: &[CertificateDer<'_>]) -> Option<ClientCertificate> {
    ClientCertificate::of(chain)
}

/// A server whose clients' authority is known, and that authority.
struct Vouched {
    bench: Bench,
    authority: CertifiedIssuer<'static, KeyPair>,
    _folder: tempfile::TempDir,
}

impl Vouched {
    async fn new() -> Self {
        Self::with(ProxyConfig::default()).await
    }

    async fn with(proxy: ProxyConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (authority, file) = (authority(), folder.path().join("authorities.pem"));
        std::fs::write(&file, authority.pem()).unwrap();
        let config = Config {
            tls: TlsConfig {
                client_authorities: Some(file),
                ..TlsConfig::default()
            },
            proxy,
            ..Config::default()
        };
        let bench = Bench::open(config, 8480, TestClock::standing(), |_| {}).await;
        Self {
            bench,
            authority,
            _folder: folder,
        }
    }

    fn certify(&self, params: &CertificateParams) -> Option<ClientCertificate> {
        let key = KeyPair::generate().unwrap();
        shown(&[params.signed_by(&key, &self.authority).unwrap().into()])
    }

    async fn register(&self, id: &str, name: CertificateName) {
        register(
            &self.bench,
            id,
            ClientAuthentication::TlsClientAuth { name },
        )
        .await;
    }
}

async fn register(bench: &Bench, id: &str, authentication: ClientAuthentication) {
    register_with(bench, id, authentication, ClientSettings::default()).await;
}

async fn register_with(
    bench: &Bench,
    id: &str,
    authentication: ClientAuthentication,
    settings: ClientSettings,
) {
    let other = ClientId::parse("other").unwrap();
    let other = bench.app.store.client(&other).await.unwrap().unwrap();
    let client = Client {
        id: ClientId::parse(id).unwrap(),
        authentication,
        settings,
        ..Client::clone(&other)
    };
    bench.app.store.apply(CreateClient(client)).await.unwrap();
}

/// A request over a connection with this certificate.
async fn ask(bench: &Bench, certificate: Option<ClientCertificate>, form: &str) -> Reply {
    send(bench, certificate, Request::post(PATH), form).await
}

async fn send(
    bench: &Bench,
    certificate: Option<ClientCertificate>,
    request: axum::http::request::Builder,
    form: &str,
) -> Reply {
    let peer = Peer {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 1)),
        certificate,
    };
    let request = request
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ConnectInfo(peer))
        .body(Body::from(form.to_owned()))
        .unwrap();
    bench.send(request).await
}

fn form(id: &str) -> String {
    format!("{DEFAULTS}&client_id={id}")
}

/// Conformance: RFC8705-2.1
#[tokio::test]
async fn a_certificate_by_an_authority_authenticates_the_client_with_its_name_and_no_other() {
    let server = Vouched::new().await;
    let text = str::to_owned;
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let good = [
        CertificateName::SubjectDn(text("cn=Kiosk, o=Example\\2c Inc., c=jp")),
        CertificateName::SanDns(text("KIOSK.example")),
        CertificateName::SanUri(text("HTTPS://Kiosk.example/Client")),
        CertificateName::SanIp(ip("192.0.2.7")),
        CertificateName::SanEmail(text("Kiosk@KIOSK.example")),
    ];
    let bad = [
        CertificateName::SubjectDn(text("CN=kiosk,C=JP")),
        CertificateName::SubjectDn(text("C=JP,O=Example\\, Inc.,CN=kiosk")),
        CertificateName::SubjectDn(text("not a name")),
        CertificateName::SanDns(text("example")),
        CertificateName::SanDns(text("*.example")),
        CertificateName::SanDns(text("kiosk")),
        CertificateName::SanUri(text("https://kiosk.example/client")),
        CertificateName::SanIp(ip("192.0.2.8")),
        CertificateName::SanIp(ip("::ffff:192.0.2.7")),
        CertificateName::SanEmail(text("kiosk@kiosk.example")),
        CertificateName::SanEmail(text("kiosk.example")),
        CertificateName::SanDns(text("192.0.2.7")),
    ];
    let certificate = server.certify(&params());
    for (at, name) in good.into_iter().enumerate() {
        let id = format!("good-{at}");
        server.register(&id, name.clone()).await;
        let reply = ask(&server.bench, certificate.clone(), &form(&id)).await;
        assert_eq!(reply.status, StatusCode::OK, "{name:?}: {reply:?}");
    }
    for (at, name) in bad.into_iter().enumerate() {
        let id = format!("bad-{at}");
        server.register(&id, name.clone()).await;
        let reply = ask(&server.bench, certificate.clone(), &form(&id)).await;
        assert_eq!(reply.error(), (401, "invalid_client"), "{name:?}");
    }
}

/// Conformance: RFC8705-2.1
#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_at_present_is_refused() {
    let server = Vouched::new().await;
    let name = CertificateName::SanDns("kiosk.example".to_owned());
    server.register("till", name).await;
    let with = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = params();
        change(&mut params);
        server.certify(&params)
    };
    let key = KeyPair::generate().unwrap();
    let stranger = authority();
    let foreign = params().signed_by(&key, &stranger).unwrap().der().clone();
    let alone = params().self_signed(&key).unwrap().der().clone();
    let garbage = CertificateDer::from(vec![0x30, 0]);
    for (what, certificate) in [
        ("none", None),
        ("self-signed", shown(&[alone])),
        (
            "of another authority",
            shown(std::slice::from_ref(&foreign)),
        ),
        (
            "of another authority, which is sent along",
            shown(&[foreign, stranger.der().clone()]),
        ),
        (
            "over",
            with(&|params| params.not_after = date_time_ymd(2027, 1, 14)),
        ),
        (
            "not valid yet",
            with(&|params| params.not_before = date_time_ymd(2027, 1, 16)),
        ),
        (
            "for servers",
            with(&|params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }),
        ),
        (
            "of nobody",
            with(&|params| params.subject_alt_names.clear()),
        ),
        ("garbage", shown(&[garbage])),
    ] {
        let reply = ask(&server.bench, certificate, &form("till")).await;
        assert_eq!(reply.error(), (401, "invalid_client"), "{what}");
        assert!(!reply.headers.contains_key("www-authenticate"), "{what}");
    }
    let for_clients = with(&|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let reply = ask(&server.bench, for_clients, &form("till")).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
}

/// Conformance: RFC8705-2.1
#[tokio::test]
async fn an_intermediate_authority_vouches_if_its_certificate_is_sent_along() {
    let server = Vouched::new().await;
    let name = CertificateName::SanDns("kiosk.example".to_owned());
    server.register("till", name).await;
    let mut between = CertificateParams::new(Vec::new()).unwrap();
    between.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    between
        .distinguished_name
        .push(DnType::CommonName, "between");
    let between =
        CertifiedIssuer::signed_by(between, KeyPair::generate().unwrap(), &server.authority)
            .unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = params().signed_by(&key, &between).unwrap().der().clone();
    let whole = shown(&[leaf.clone(), between.der().clone()]);
    let reply = ask(&server.bench, whole, &form("till")).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let reply = ask(&server.bench, shown(&[leaf]), &form("till")).await;
    assert_eq!(reply.error(), (401, "invalid_client"));
}

/// Conformance: RFC8705-2.1
#[tokio::test]
async fn without_authorities_nobody_is_vouched_for() {
    let bench = Bench::new().await;
    let name = CertificateName::SanDns("kiosk.example".to_owned());
    register(&bench, "till", ClientAuthentication::TlsClientAuth { name }).await;
    let key = KeyPair::generate().unwrap();
    let leaf = params().signed_by(&key, &authority()).unwrap();
    let reply = ask(&bench, shown(&[leaf.into()]), &form("till")).await;
    assert_eq!(reply.error(), (401, "invalid_client"));
}

pub(super) fn jwk(key: &KeyPair) -> serde_json::Value {
    let raw = key.der_bytes();
    if key.is_compatible(&PKCS_ED25519) {
        return json!({ "kty": "OKP", "crv": "Ed25519", "x": encode_b64u(raw) });
    }
    if raw.len() == 65 {
        let (x, y) = (encode_b64u(&raw[1..33]), encode_b64u(&raw[33..]));
        return json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
    }
    // SEQUENCE { INTEGER n, INTEGER e }: 2048 bits, 65537.
    let (n, e) = (encode_b64u(&raw[9..265]), encode_b64u(&raw[267..]));
    json!({ "kty": "RSA", "n": n, "e": e })
}

/// Conformance: RFC8705-2.2
#[tokio::test]
async fn a_self_signed_certificate_authenticates_the_client_that_registered_its_key() {
    let bench = Bench::new().await;
    let keys = [
        KeyPair::generate().unwrap(),
        KeyPair::from_pem(RSA_KEY).unwrap(),
        KeyPair::generate_for(&PKCS_ED25519).unwrap(),
    ];
    let certificates: Vec<_> = keys
        .iter()
        .map(|key| shown(&[params().self_signed(key).unwrap().into()]))
        .collect();
    for (at, key) in keys.iter().enumerate() {
        let jwks = json!({ "keys": [jwk(key)] }).to_string();
        let settings = ClientSettings::with_jwks(jwks);
        let method = ClientAuthentication::SelfSignedTlsClientAuth;
        register_with(&bench, &format!("self-{at}"), method, settings).await;
    }
    for at in 0..keys.len() {
        for (with, certificate) in certificates.iter().enumerate() {
            let reply = ask(&bench, certificate.clone(), &form(&format!("self-{at}"))).await;
            if at == with {
                assert_eq!(reply.status, StatusCode::OK, "{at}: {reply:?}");
            } else {
                let swapped = (401, "invalid_client");
                assert_eq!(reply.error(), swapped, "{with} instead of {at}");
            }
        }
    }
    let reply = ask(&bench, None, &form("self-0")).await;
    assert_eq!(reply.error(), (401, "invalid_client"));
    // The same key, certified anew and long ago: the key is what is registered.
    let mut other = CertificateParams::new(Vec::new()).unwrap();
    other.not_after = date_time_ymd(2000, 1, 1);
    let renewed = shown(&[other.self_signed(&keys[0]).unwrap().into()]);
    let reply = ask(&bench, renewed, &form("self-0")).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
}

/// Conformance: RFC8705-2-client-id
#[tokio::test]
async fn with_a_certificate_the_client_id_must_be_said() {
    let server = Vouched::new().await;
    let name = CertificateName::SanDns("kiosk.example".to_owned());
    server.register("till", name).await;
    let certificate = server.certify(&params());
    for form in [
        DEFAULTS.to_owned(),
        form("nobody"),
        form(""),
        form("a%20b%0A"),
    ] {
        let reply = ask(&server.bench, certificate.clone(), &form).await;
        assert_eq!(reply.error(), (401, "invalid_client"), "{form}");
    }
    let reply = ask(&server.bench, certificate, &form("till")).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
}

/// Conformance: AUTH-one-method
#[tokio::test]
async fn a_certificate_beside_another_method_proves_nothing_and_is_kept_in_mind() {
    let server = Vouched::new().await;
    let name = CertificateName::SanDns("kiosk.example".to_owned());
    server.register("till", name).await;
    let (bench, certificate) = (&server.bench, server.certify(&params()));
    // A client with a secret is not authenticated by whatever certificate it shows.
    let reply = ask(bench, certificate.clone(), &form("kiosk")).await;
    assert_eq!(reply.error(), (401, "invalid_client"));
    // One with a certificate is not by a secret, and two methods are too many.
    let basic_till = Request::post(PATH).header("authorization", basic("till", SECRET));
    let reply = send(bench, certificate.clone(), basic_till, DEFAULTS).await;
    assert_eq!(reply.error(), (401, "invalid_client"));
    let secret = format!("{}&client_secret=x", form("till"));
    let reply = ask(bench, certificate.clone(), &secret).await;
    assert_eq!(reply.error(), (401, "invalid_client"));
    let basic_kiosk = || Request::post(PATH).header("authorization", basic("kiosk", SECRET));
    let reply = send(bench, certificate.clone(), basic_kiosk(), &secret).await;
    assert_eq!(reply.error(), (400, "invalid_request"));
    // The client's own method, with a certificate shown beside it.
    let reply = send(bench, certificate.clone(), basic_kiosk(), DEFAULTS).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let mut headers = HeaderMap::new();
    let authorization = basic("kiosk", SECRET).try_into().unwrap();
    headers.insert("authorization", authorization);
    let caller = Caller {
        address: Ipv4Addr::LOCALHOST.into(),
        certificate: certificate.clone(),
        headers,
    };
    let form = Form::parse(DEFAULTS.as_bytes()).unwrap();
    let client = authenticate(&bench.app, &caller, &form).await.unwrap();
    assert_eq!(client.certificate(), certificate.as_ref());
}

/// Conformance: RFC8705-2.1
#[tokio::test]
async fn only_a_trusted_proxy_shows_certificates_for_others() {
    let proxy = |address: &str| ProxyConfig {
        addresses: vec![address.parse().unwrap()],
        client_certificate_header: Some("client-cert".to_owned()),
        address_header: None,
    };
    for (trusted, accepted) in [("127.0.0.1", true), ("192.0.2.1", false)] {
        let server = Vouched::with(proxy(trusted)).await;
        let name = CertificateName::SanDns("kiosk.example".to_owned());
        server.register("till", name).await;
        let certificate = server.certify(&params()).unwrap();
        let header = data_encoding::BASE64.encode(&certificate.chain[0]);
        let request = Request::post(PATH).header("client-cert", format!(":{header}:"));
        let reply = send(&server.bench, None, request, &form("till")).await;
        if accepted {
            assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        } else {
            assert_eq!(reply.error(), (401, "invalid_client"));
        }
    }
}

/// Conformance: RFC8705-5
#[tokio::test]
async fn the_endpoints_for_certificates_have_another_name_where_one_is_configured() {
    let plain = Bench::new().await;
    assert_eq!(plain.app.mtls_base(), None, "no certificate can come in");
    let proxied = |text: &str| {
        Config::parse(&format!(
            "issuer = \"https://id.example\"\n[proxy]\naddresses = [\"127.0.0.1\"]\n\
             client_certificate_header = \"client-cert\"\n{text}"
        ))
        .unwrap()
    };
    let same = Bench::open(proxied(""), 1, TestClock::standing(), |_| {}).await;
    assert_eq!(same.app.mtls_base(), Some(&same.app.issuer));
    let config = proxied("[tls]\nmtls_base = \"https://mtls.id.example\"");
    let other = Bench::open(config, 1, TestClock::standing(), |_| {}).await;
    let base = other.app.mtls_base().unwrap().as_str();
    assert_eq!(base, "https://mtls.id.example");
    for (host, status) in [
        ("mtls.id.example", 200),
        ("id.example:443", 200),
        ("evil.example", 421),
    ] {
        let request = Request::get("/health").header("host", host);
        let reply = other.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status.as_u16(), status, "{host}");
    }
}
