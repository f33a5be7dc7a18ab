//! A server with TLS, asked by rustls, reqwest and a device's WebSocket.

use futures_util::StreamExt as _;
use rcgen::KeyPair;
use rustls::{
    CipherSuite, ProtocolVersion,
    crypto::ring::{self, cipher_suite},
    version::TLS12,
};
use std::{sync::Arc, time::Duration};
use tegata_protocol::device::delivery::{ServerFrame, parse_server_frame};
use tokio::{
    io::AsyncReadExt as _,
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::{Connector, connect_async_tls_with_config, tungstenite::Message};

use super::{
    authority::RSA_KEY,
    server::{DEADLINE, NOW, Server, health},
};
use crate::tls::Look;

#[tokio::test]
async fn https_is_answered_and_plain_http_is_not() {
    let server = Server::start().await;
    let well_known = server.url("/.well-known/openid-configuration");
    let answer = server.client().get(&well_known).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert!(answer.text().await.unwrap().contains(&server.url("/token")));

    let plain = server
        .app
        .http_client
        .get(format!("http://localhost:{}/health", server.port));
    assert!(plain.send().await.is_err(), "plain HTTP");
    let untrusting = server.app.http_client.get(server.url("/health"));
    assert!(
        untrusting.send().await.is_err(),
        "an authority nobody knows"
    );
}

#[tokio::test]
async fn the_admin_interface_is_on_the_local_listener_alone() {
    let server = Server::start().await;
    // EXPOSE: the test is the operator.
    let token = format!("Bearer {}", server.app.admin_token.expose());
    let status = async |client: &reqwest::Client, url: String| {
        let request = client.get(url).header("authorization", &token);
        request.send().await.unwrap().status().as_u16()
    };
    let (public, local) = (server.client(), &server.app.http_client);
    assert_eq!(status(&public, server.url("/admin/v1/users")).await, 404);
    assert_eq!(status(&public, server.url("/health")).await, 200);
    for (path, expected) in [
        ("/admin/v1/users", 200),
        ("/health", 200),
        ("/.well-known/openid-configuration", 404),
        ("/.well-known/tegata-device", 404),
        ("/jwks", 404),
    ] {
        let url = format!("{}{path}", server.local);
        assert_eq!(status(local, url).await, expected, "{path}");
    }
    let unopened = local.get(format!("{}/admin/v1/users", server.local));
    assert_eq!(unopened.send().await.unwrap().status().as_u16(), 401);
}

#[tokio::test]
async fn a_devices_socket_is_greeted_over_wss_and_does_not_keep_the_server_from_stopping() {
    let server = Server::start().await;
    let url = format!("wss://localhost:{}/device/v1/connect", server.port);
    let mut config = Arc::unwrap_or_clone(server.offering(ring::DEFAULT_CIPHER_SUITES));
    config.alpn_protocols.clear();
    let connector = Connector::Rustls(Arc::new(config));
    let (mut socket, _) = connect_async_tls_with_config(url, None, false, Some(connector))
        .await
        .unwrap();
    let Some(Ok(Message::Text(text))) = timeout(DEADLINE, socket.next()).await.unwrap() else {
        panic!("a greeting");
    };
    let frame = parse_server_frame(text.as_bytes()).unwrap();
    assert!(matches!(frame, ServerFrame::Hello { .. }), "{frame:?}");
    server.stop.send(()).unwrap();
    timeout(DEADLINE, server.task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn new_connections_see_a_new_certificate_and_open_ones_go_on() {
    let server = Server::start().await;
    // One client, which would resume its session if the server still knew it.
    let client = server.offering(ring::DEFAULT_CIPHER_SUITES);
    let mut open = server.connect(Arc::clone(&client)).await.unwrap();
    assert!(health(&mut open).await.starts_with("HTTP/1.1 200"));
    let before = open.get_ref().1.peer_certificates().unwrap().to_vec();

    std::fs::write(&server.files.certificate, "garbage").unwrap();
    assert!(matches!(server.renewal.reload(NOW), Look::Refused(_)));
    let meanwhile = server.connect(Arc::clone(&client)).await.unwrap();
    assert_eq!(meanwhile.get_ref().1.peer_certificates().unwrap(), before);

    server.authority.renew(&server.files);
    assert!(matches!(server.renewal.reload(NOW), Look::Renewed));
    let mut new = server.connect(client).await.unwrap();
    assert!(health(&mut new).await.starts_with("HTTP/1.1 200"));
    assert_ne!(new.get_ref().1.peer_certificates().unwrap(), before);
    assert!(health(&mut open).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn http_1_1_is_what_a_client_gets_that_would_rather_have_http_2() {
    let server = Server::start().await;
    let config = server.offering(ring::DEFAULT_CIPHER_SUITES);
    let stream = server.connect(Arc::clone(&config)).await.unwrap();
    let (_, tls) = stream.get_ref();
    assert_eq!(tls.alpn_protocol(), Some(&b"http/1.1"[..]));
    let mut only_h2 = Arc::unwrap_or_clone(config);
    only_h2.alpn_protocols = vec![b"h2".to_vec()];
    assert!(server.connect(Arc::new(only_h2)).await.is_err());
}

/// Conformance: FAPI-CIBA-7.9-tls
/// Conformance: FAPI-CIBA-7.9-tls
#[tokio::test]
async fn tls_1_2_is_spoken_with_rsa_and_aes_gcm_and_with_nothing_else() {
    let rsa = KeyPair::from_pem(RSA_KEY).unwrap();
    let server = Server::start_with(&rsa, |_, _| {}).await;
    for suite in ring::ALL_CIPHER_SUITES {
        let version = suite.version().version;
        let name = suite.suite();
        let allowed = version == ProtocolVersion::TLSv1_3
            || name == CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
            || name == CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384;
        let connected = server.connect(server.offering(&[*suite])).await;
        assert_eq!(connected.is_ok(), allowed, "{name:?}");
        if let Ok(stream) = connected {
            assert_eq!(stream.get_ref().1.protocol_version(), Some(version));
        }
    }
}

/// Conformance: FAPI-CIBA-7.9-tls
/// Conformance: FAPI-CIBA-7.9-tls
#[tokio::test]
async fn tls_1_3_is_all_there_is_with_a_key_that_is_not_rsa() {
    let server = Server::start().await;
    let tls12: Vec<_> = ring::ALL_CIPHER_SUITES
        .iter()
        .filter(|suite| suite.version() == &TLS12)
        .copied()
        .collect();
    assert!(server.connect(server.offering(&tls12)).await.is_err());
    let tls13 = [cipher_suite::TLS13_AES_128_GCM_SHA256];
    assert!(server.connect(server.offering(&tls13)).await.is_ok());
}

#[tokio::test]
async fn a_client_that_says_nothing_holds_a_place_only_for_a_time() {
    let within = Duration::from_secs(1);
    let server = Server::limited(|limits| {
        limits.handshakes = 1;
        limits.handshake_seconds = 1;
    })
    .await;
    let start = Instant::now();
    let mut silent = TcpStream::connect(("127.0.0.1", server.port))
        .await
        .unwrap();
    let second = server.connect(server.offering(ring::DEFAULT_CIPHER_SUITES));
    timeout(DEADLINE, second).await.unwrap().unwrap();
    assert!(start.elapsed() >= within, "the only place was taken");
    let end = timeout(DEADLINE, silent.read(&mut [0])).await.unwrap();
    assert!(
        matches!(end, Ok(0) | Err(_)),
        "the silent one is sent away: {end:?}"
    );
}
