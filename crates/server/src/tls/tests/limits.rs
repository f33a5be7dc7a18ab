//! How many connections there may be, and how long they may take.

use futures_util::{SinkExt as _, StreamExt as _};
use rustls::crypto::ring;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::{Connector, client_async_tls_with_config};

use super::server::{DEADLINE, Server, health, rest};

async fn dial(server: &Server) -> TcpStream {
    TcpStream::connect(("127.0.0.1", server.port))
        .await
        .unwrap()
}

/// Asks for as long as there is no room.
async fn until_served(server: &Server) {
    let start = Instant::now();
    loop {
        let config = server.offering(ring::DEFAULT_CIPHER_SUITES);
        if let Ok(mut stream) = server.connect(config).await {
            assert!(health(&mut stream).await.starts_with("HTTP/1.1 200"));
            return;
        }
        assert!(start.elapsed() < DEADLINE, "no room was made");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_address_does_not_take_all_handshakes() {
    use super::server::shake_hands;
    use tokio::net::TcpSocket;

    let server = Server::limited(|limits| {
        limits.handshakes = 3;
        limits.handshakes_per_address = 2;
    })
    .await;
    let silent = [dial(&server).await, dial(&server).await];
    let mut third = dial(&server).await;
    let said = timeout(DEADLINE, rest(&mut third)).await.unwrap();
    assert!(said.is_empty(), "it is sent away at once");
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let stream = socket.connect(([127, 0, 0, 1], server.port).into());
    let config = server.offering(ring::DEFAULT_CIPHER_SUITES);
    let mut other = shake_hands(config, stream.await.unwrap(), "localhost")
        .await
        .unwrap();
    assert!(health(&mut other).await.starts_with("HTTP/1.1 200"));
    drop(silent);
    until_served(&server).await;
}

#[tokio::test]
async fn a_socket_keeps_its_place_until_it_is_closed() {
    let server = Server::limited(|limits| limits.most_per_address = 1).await;
    let mut config = Arc::unwrap_or_clone(server.offering(ring::DEFAULT_CIPHER_SUITES));
    config.alpn_protocols.clear();
    let connector = Connector::Rustls(Arc::new(config));
    let url = format!("wss://localhost:{}/device/v1/connect", server.port);
    let stream = dial(&server).await;
    let (mut socket, _) = client_async_tls_with_config(url, stream, None, Some(connector))
        .await
        .unwrap();
    assert!(socket.next().await.unwrap().is_ok(), "a greeting");
    for _ in 0..3 {
        let said = timeout(DEADLINE, rest(&mut dial(&server).await)).await;
        assert!(said.unwrap().is_empty(), "sent away");
    }
    socket.close(None).await.unwrap();
    drop(socket.flush().await);
    drop(socket);
    until_served(&server).await;
}

#[tokio::test]
async fn a_trusted_proxy_has_as_many_connections_as_there_are() {
    let key = rcgen::KeyPair::generate().unwrap();
    let server = Server::start_with(&key, |config, _| {
        config.connections.most_per_address = 1;
        config.proxy.addresses = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..4 {
        let config = server.offering(ring::DEFAULT_CIPHER_SUITES);
        let mut stream = server.connect(config).await.unwrap();
        assert!(health(&mut stream).await.starts_with("HTTP/1.1 200"));
        open.push(stream);
    }
}

#[tokio::test]
async fn headers_that_do_not_come_in_time_end_their_connection() {
    let server = Server::limited(|limits| limits.headers_seconds = 1).await;
    let config = server.offering(ring::DEFAULT_CIPHER_SUITES);
    let start = Instant::now();
    let mut slow = server.connect(Arc::clone(&config)).await.unwrap();
    slow.write_all(b"GET /health HTTP/1.1\r\nhost: local")
        .await
        .unwrap();
    let mut idle = server.connect(config).await.unwrap();
    assert!(health(&mut idle).await.starts_with("HTTP/1.1 200"));
    for stream in [&mut slow, &mut idle] {
        let said = timeout(DEADLINE, rest(stream)).await.unwrap();
        assert!(!said.starts_with(b"HTTP/1.1 200"), "no answer");
    }
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn when_all_places_are_taken_the_next_waits_for_one() {
    let server = Server::limited(|limits| {
        limits.most = 1;
        limits.handshake_seconds = 1;
    })
    .await;
    let start = Instant::now();
    let _silent = dial(&server).await;
    let config = server.offering(ring::DEFAULT_CIPHER_SUITES);
    let mut next = timeout(DEADLINE, server.connect(config))
        .await
        .unwrap()
        .unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1), "it had to wait");
    assert!(health(&mut next).await.starts_with("HTTP/1.1 200"));
}
