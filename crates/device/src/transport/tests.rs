use super::*;
use crate::ports::HttpMethod;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

/// Answers one request with these bytes; gives the port and what was asked.
async fn answering(answer: Vec<u8>) -> (u16, tokio::task::JoinHandle<String>) {
    install_crypto_provider();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let length = stream.read(&mut head).await.unwrap();
        stream.write_all(&answer).await.unwrap();
        head.truncate(length);
        String::from_utf8(head).unwrap()
    });
    (port, asked)
}

fn transport(issuer: &str) -> Arc<dyn Transport> {
    let issuer = Issuer::parse(issuer).unwrap();
    NetworkStack
        .transport(&issuer, &NetworkSettings::default())
        .unwrap()
}

fn get(url: String) -> HttpRequest {
    HttpRequest {
        method: HttpMethod::Get,
        url,
        proof: None,
        body: Vec::new(),
        max_answer: 64,
        timeout_seconds: 10,
    }
}

#[tokio::test]
async fn names_under_localhost_are_this_machine_and_headers_come_back() {
    let answer = b"HTTP/1.1 200 OK\r\ntegata-nonce: n1\r\ncontent-length: 2\r\n\r\n{}".to_vec();
    let (port, asked) = answering(answer).await;
    let issuer = format!("http://tenant.localhost:{port}");
    let answer = transport(&issuer)
        .request(get(format!("{issuer}/x")))
        .await
        .unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{}"[..]));
    assert_eq!(answer.nonce.as_deref(), Some("n1"));
    assert!(asked.await.unwrap().starts_with("GET /x HTTP/1.1"));
}

#[tokio::test]
async fn redirects_are_answers_and_are_not_followed() {
    let answer = b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    let (port, _) = answering(answer.to_vec()).await;
    let issuer = format!("http://localhost:{port}");
    let answer = transport(&issuer)
        .request(get(format!("{issuer}/x")))
        .await
        .unwrap();
    assert_eq!(answer.status, 302);
}

#[tokio::test]
async fn an_answer_over_the_limit_is_cut_off() {
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 65\r\n\r\n".to_vec();
    answer.extend([b'x'; 65]);
    let (port, _) = answering(answer).await;
    let issuer = format!("http://localhost:{port}");
    let refused = transport(&issuer).request(get(format!("{issuer}/x"))).await;
    assert_eq!(refused.unwrap_err(), TransportError::TooLong);
}

#[tokio::test]
async fn only_the_issuers_host_is_asked_and_never_in_the_clear_elsewhere() {
    install_crypto_provider();
    let remote = transport("https://id.example");
    for url in [
        "http://id.example/x",
        "https://other.example/x",
        "http://localhost/x",
    ] {
        let refused = remote.request(get(url.into())).await;
        assert_eq!(refused.unwrap_err(), TransportError::Insecure, "{url}");
    }
    let refused = remote.open_socket("ws://id.example/x").await;
    assert_eq!(refused.unwrap_err(), TransportError::Insecure);
}

#[tokio::test]
async fn nobody_there_is_offline() {
    install_crypto_provider();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let issuer = format!("http://localhost:{port}");
    let refused = transport(&issuer).request(get(format!("{issuer}/x"))).await;
    assert!(matches!(refused, Err(TransportError::Offline(_))));
    let refused = transport(&issuer)
        .open_socket(&format!("ws://localhost:{port}/x"))
        .await;
    assert!(matches!(refused, Err(TransportError::Offline(_))));
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    install_crypto_provider();
    let issuer = Issuer::parse("https://id.example").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty.pem");
    fs::write(&empty, "no certificate").unwrap();
    for ca_file in [empty, dir.path().join("missing.pem")] {
        let settings = NetworkSettings {
            ca_file: Some(ca_file),
            proxy: ProxySetting::Direct,
        };
        let refused = NetworkStack.transport(&issuer, &settings);
        assert!(matches!(refused, Err(TransportError::Settings(_))));
    }
}

#[tokio::test]
async fn frames_pass_both_ways_and_the_end_is_noticed() {
    install_crypto_provider();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        socket.send(Message::Text("hello".into())).await.unwrap();
        let heard = socket.next().await.unwrap().unwrap();
        socket.close(None).await.unwrap();
        heard
    });
    let mut socket = transport(&format!("http://localhost:{port}"))
        .open_socket(&format!("ws://localhost:{port}/connect"))
        .await
        .unwrap();
    assert_eq!(socket.incoming.recv().await.unwrap(), b"hello");
    socket.outgoing.send("proof".into()).await.unwrap();
    assert_eq!(server.await.unwrap(), Message::Text("proof".into()));
    assert!(socket.incoming.recv().await.is_none());
}

#[tokio::test]
async fn sockets_go_through_a_proxy_that_is_asked_to_connect() {
    install_crypto_provider();
    let (port, asked) = answering(b"HTTP/1.1 403 Forbidden\r\n\r\n".to_vec()).await;
    let settings = NetworkSettings {
        ca_file: None,
        proxy: ProxySetting::Url(format!("http://127.0.0.1:{port}")),
    };
    let issuer = Issuer::parse("https://id.example").unwrap();
    let transport = NetworkStack.transport(&issuer, &settings).unwrap();
    let refused = transport.open_socket("wss://id.example/connect").await;
    assert!(matches!(refused, Err(TransportError::Offline(_))));
    assert!(
        asked
            .await
            .unwrap()
            .starts_with("CONNECT id.example:443 HTTP/1.1")
    );
}
