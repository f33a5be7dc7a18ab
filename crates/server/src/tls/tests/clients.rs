//! Clients that show certificates: what is asked, what counts, and what does not outlive a handshake.

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use rustls::{
    HandshakeKind, SignatureScheme,
    client::ResolvesClientCert,
    crypto::ring::{self, sign::any_supported_type},
    pki_types::PrivateKeyDer,
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tegata_protocol::{ClientId, bytes::encode_b64u};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use super::{
    authority::RSA_KEY,
    server::{Server, health, rest, shake_hands},
};
use crate::{
    config::Issuer,
    domain::{BindingMessageUse, Client, ClientAuthentication, ClientSettings, RegisteredBy},
    storage::ops::CreateClient,
};

/// A client's certificate and a key, its own or not, and how often somebody has asked for them.
#[derive(Debug)]
struct Shown {
    pair: Arc<CertifiedKey>,
    asked: AtomicUsize,
}

impl Shown {
    /// A self-signed certificate of `key`, shown by somebody who has `used`.
    fn new(key: &KeyPair, used: &KeyPair) -> Arc<Self> {
        let params = CertificateParams::new(vec!["client.example".to_owned()]).unwrap();
        let certificate = params.self_signed(key).unwrap();
        let used = PrivateKeyDer::try_from(used.serialize_der()).unwrap();
        let used = any_supported_type(&used).unwrap();
        Arc::new(Self {
            pair: Arc::new(CertifiedKey::new(vec![certificate.der().clone()], used)),
            asked: AtomicUsize::new(0),
        })
    }

    fn own(key: &KeyPair) -> Arc<Self> {
        Self::new(key, key)
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Some(Arc::clone(&self.pair))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Registers `client`, which authenticates by the certificate of this P-256 key.
async fn register(server: &Server, key: &KeyPair) {
    let raw = rcgen::PublicKeyData::der_bytes(key);
    let (x, y) = (encode_b64u(&raw[1..33]), encode_b64u(&raw[33..]));
    let jwk = serde_json::json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
    let client = Client {
        id: ClientId::parse("client").unwrap(),
        name: "Client".to_owned(),
        authentication: ClientAuthentication::SelfSignedTlsClientAuth,
        registered_by: RegisteredBy::Operator,
        since: server.app.now(),
        host: None,
        binding_message: BindingMessageUse::Show,
        transfer_code: false,
        settings: ClientSettings::with_jwks(serde_json::json!({ "keys": [jwk] }).to_string()),
    };
    server.app.store.apply(CreateClient(client)).await.unwrap();
}

/// The status of an answer.
fn code(answer: &[u8]) -> &str {
    std::str::from_utf8(&answer[9..12]).unwrap()
}

/// The status of a request by `client` for somebody who is not there: 400, once the client is known to be itself.
async fn status(stream: &mut TlsStream<TcpStream>) -> u16 {
    let form = "scope=openid&login_hint=nobody&client_id=client";
    let request = format!(
        "POST /backchannel-authentication HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\nconnection: close\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    code(&rest(stream).await).parse().unwrap()
}

/// Conformance: RFC8705-2.2
#[tokio::test]
async fn a_certificate_is_asked_for_and_not_required_and_reaches_client_authentication() {
    let rsa = KeyPair::from_pem(RSA_KEY).unwrap();
    let server = Server::start_with(&rsa, |_, _| {}).await;
    let key = KeyPair::generate().unwrap();
    register(&server, &key).await;
    let [right, wrong] = [&key, &KeyPair::generate().unwrap()].map(Shown::own);
    for version in [&TLS12, &TLS13] {
        let suites: Vec<_> = ring::DEFAULT_CIPHER_SUITES
            .iter()
            .filter(|suite| suite.version() == version)
            .copied()
            .collect();
        let mut without = server.connect(server.offering(&suites)).await.unwrap();
        assert_eq!(status(&mut without).await, 401, "no certificate");
        for (shown, expected) in [(&right, 400), (&wrong, 401)] {
            let config = server.offering_certificate(&suites, shown.clone());
            let mut stream = server.connect(config).await.unwrap();
            let found = stream.get_ref().1.protocol_version();
            assert_eq!(found, Some(version.version));
            assert_eq!(status(&mut stream).await, expected);
        }
    }
}

#[tokio::test]
async fn every_kind_of_key_that_can_be_proved_will_do() {
    let rsa = KeyPair::from_pem(RSA_KEY).unwrap();
    let server = Server::start_with(&rsa, |_, _| {}).await;
    let keys = [
        KeyPair::generate().unwrap(),
        KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
        KeyPair::generate_for(&PKCS_ED25519).unwrap(),
        rsa,
    ];
    for key in &keys {
        for version in [&TLS12, &TLS13] {
            let suites: Vec<_> = ring::DEFAULT_CIPHER_SUITES
                .iter()
                .filter(|suite| suite.version() == version)
                .copied()
                .collect();
            let shown = Shown::own(key);
            let config = server.offering_certificate(&suites, shown.clone());
            let mut stream = server.connect(config).await.unwrap();
            let answer = health(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            assert_eq!(shown.asked.load(Ordering::SeqCst), 1);
        }
    }
}

/// Conformance: RFC8705-2.2
#[tokio::test]
async fn whoever_shows_a_certificate_without_its_key_is_sent_away() {
    let rsa = KeyPair::from_pem(RSA_KEY).unwrap();
    let server = Server::start_with(&rsa, |_, _| {}).await;
    let key = KeyPair::generate().unwrap();
    register(&server, &key).await;
    let thief = Shown::new(&key, &KeyPair::generate().unwrap());
    for version in [&TLS12, &TLS13] {
        let suites: Vec<_> = ring::DEFAULT_CIPHER_SUITES
            .iter()
            .filter(|suite| suite.version() == version)
            .copied()
            .collect();
        let config = server.offering_certificate(&suites, thief.clone());
        // In TLS 1.3 the client is told after it has finished.
        if let Ok(mut stream) = server.connect(config).await {
            let error = stream.read(&mut [0]).await.unwrap_err();
            assert!(error.to_string().contains("alert"), "{error}");
        }
    }
    assert_eq!(thief.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn no_session_is_resumed_so_that_every_certificate_was_proved_anew() {
    let rsa = KeyPair::from_pem(RSA_KEY).unwrap();
    let server = Server::start_with(&rsa, |_, _| {}).await;
    for version in [&TLS12, &TLS13] {
        let suites: Vec<_> = ring::DEFAULT_CIPHER_SUITES
            .iter()
            .filter(|suite| suite.version() == version)
            .copied()
            .collect();
        let shown = Shown::own(&KeyPair::generate().unwrap());
        // One configuration, whose memory of sessions is shared.
        let config = server.offering_certificate(&suites, shown.clone());
        for times in 1..=3 {
            let mut stream = server.connect(Arc::clone(&config)).await.unwrap();
            assert!(health(&mut stream).await.starts_with("HTTP/1.1 200"));
            let (_, tls) = stream.get_ref();
            assert_eq!(tls.handshake_kind(), Some(HandshakeKind::Full));
            assert_eq!(tls.tls13_tickets_received(), 0);
            assert_eq!(shown.asked.load(Ordering::SeqCst), times);
        }
    }
}

/// Conformance: RFC8705-5
#[tokio::test]
async fn with_a_name_of_their_own_certificates_are_asked_for_there_alone() {
    let key = KeyPair::generate().unwrap();
    let base = Issuer::parse("https://mtls.localhost").unwrap();
    let server = Server::start_with(&key, |config, _| {
        config.tls.mtls_base = Some(base);
    })
    .await;
    let client = KeyPair::generate().unwrap();
    register(&server, &client).await;
    for (name, asked, expected) in [("localhost", 0, 401), ("mtls.localhost", 1, 400)] {
        let shown = Shown::own(&client);
        let config = server.offering_certificate(ring::DEFAULT_CIPHER_SUITES, shown.clone());
        let stream = TcpStream::connect(("127.0.0.1", server.port)).await;
        let mut stream = shake_hands(config, stream.unwrap(), name).await.unwrap();
        assert_eq!(status(&mut stream).await, expected, "{name}");
        assert_eq!(shown.asked.load(Ordering::SeqCst), asked, "{name}");
    }
}

#[tokio::test]
async fn a_chain_longer_than_anybody_needs_is_refused() {
    let server = Server::start().await;
    let key = KeyPair::generate().unwrap();
    let shown = Arc::unwrap_or_clone(Shown::own(&key).pair.clone());
    for (length, accepted) in [(8, true), (9, false)] {
        let leaf = shown.cert[0].clone();
        let pair = CertifiedKey::new(vec![leaf; length], Arc::clone(&shown.key));
        let shown = Arc::new(Shown {
            pair: Arc::new(pair),
            asked: AtomicUsize::new(0),
        });
        let config = server.offering_certificate(ring::DEFAULT_CIPHER_SUITES, shown);
        let mut stream = server.connect(config).await.unwrap();
        if accepted {
            assert!(health(&mut stream).await.starts_with("HTTP/1.1 200"));
        } else {
            assert!(stream.read(&mut [0]).await.is_err());
        }
    }
}

#[tokio::test]
async fn the_public_listener_goes_by_the_issuers_name_and_not_by_this_machines() {
    let key = KeyPair::generate().unwrap();
    let server = Server::start_with(&key, |config, _| {
        config.issuer = Some(Issuer::parse("https://mtls.localhost").unwrap());
    })
    .await;
    for (host, expected) in [
        ("mtls.localhost", "200"),
        ("localhost", "421"),
        ("127.0.0.1", "421"),
        ("[::1]", "421"),
        ("other.localhost", "421"),
    ] {
        let config = server.offering(ring::DEFAULT_CIPHER_SUITES);
        let mut stream = server.connect(config).await.unwrap();
        let request = format!("GET /health HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(code(&rest(&mut stream).await), expected, "{host}");
    }
}
