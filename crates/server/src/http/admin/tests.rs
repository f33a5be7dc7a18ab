use crate::{
    config::{Config, ProxyConfig},
    delivery::SocketLimits,
    domain::{BindingMessageUse, Client, ClientAuthentication, ClientSettings, RegisteredBy},
    http::{
        caller::Peer,
        device::tests::fixture::{Answer, World},
    },
    storage::ops::CreateClient,
};
use axum::{
    extract::ConnectInfo,
    http::{Method, StatusCode, header},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::time::Duration;
use tegata_protocol::{
    ClientId, Sha256Digest,
    device::delivery::{DeviceFrame, PendingSet, ServerFrame, parse_server_frame},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Until something that must happen has happened.
const DEADLINE: Duration = Duration::from_secs(20);

async fn admin(world: &World, method: Method, path: &str, body: &str) -> Answer {
    let mut request = world.request(method, &format!("/admin/v1{path}"), body.into());
    let token = format!("Bearer {}", world.app.admin_token.expose());
    request
        .headers_mut()
        .insert(header::AUTHORIZATION, token.parse().unwrap());
    world.send(request).await
}

async fn frame(socket: &mut Socket) -> ServerFrame {
    loop {
        let message = timeout(DEADLINE, socket.next()).await;
        if let Message::Text(text) = message.expect("a frame in time").unwrap().unwrap() {
            return parse_server_frame(text.as_bytes()).unwrap();
        }
    }
}

async fn pending(socket: &mut Socket) -> PendingSet {
    match frame(socket).await {
        ServerFrame::Pending(set) => set,
        other => panic!("the pending set: {other:?}"),
    }
}

#[tokio::test]
async fn removing_a_client_tells_the_devices_that_it_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let world = World::with(Config::default(), port, SocketLimits::default()).await;
    let router = world.router.clone();
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let device = world.pair("Desk").await;
    let url = world.endpoints().connect;
    let address = format!("ws://localhost:{port}/device/v1/connect");
    let (mut socket, _) = connect_async(address).await.unwrap();
    let ServerFrame::Hello { nonce, .. } = frame(&mut socket).await else {
        panic!("hello comes first");
    };
    let proof = DeviceFrame::Proof {
        proof: device.prove("GET", &url, &nonce, b""),
    };
    let proof = serde_json::to_string(&proof).unwrap();
    socket.send(Message::Text(proof.into())).await.unwrap();
    assert_eq!(pending(&mut socket).await, PendingSet::default());
    let request = world.ask().await;
    assert_eq!(pending(&mut socket).await.prompts.len(), 1);

    let removed = admin(&world, Method::DELETE, "/clients/kiosk", "").await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let told = pending(&mut socket).await;
    assert!(told.prompts.is_empty());
    assert_eq!(told.closed[0].request, request);
    server.abort();
}

#[tokio::test]
async fn only_the_devices_that_a_removed_client_asked_are_told() {
    let mut world = World::new().await;
    let device = world.pair("Desk").await;
    world.ask().await;
    let other = Client {
        id: ClientId::parse("other").unwrap(),
        name: "Other".to_owned(),
        authentication: ClientAuthentication::ClientSecretBasic {
            secret_hash: Sha256Digest([0; 32]),
        },
        registered_by: RegisteredBy::Operator,
        since: world.app.now(),
        host: None,
        binding_message: BindingMessageUse::Show,
        transfer_code: false,
        settings: ClientSettings::default(),
    };
    world.client = other.id.clone();
    world.app.store.apply(CreateClient(other)).await.unwrap();
    let desk = super::desk(&world.app);
    assert_eq!(desk.remove_client("other").await.unwrap(), []);
    assert_eq!(desk.remove_client("kiosk").await.unwrap(), [device.id()]);
}

#[tokio::test]
async fn a_clients_host_is_a_host_name() {
    let world = World::new().await;
    let add = async |host: &str| {
        let client = json!({ "host": host, "binding_message": "show", "transfer_code": false });
        let answer = admin(&world, Method::POST, "/clients", &client.to_string()).await;
        answer.status
    };
    for host in ["kiosk.example", "a.b-c.example", "localhost"] {
        assert_eq!(add(host).await, StatusCode::CREATED, "{host}");
    }
    for host in [
        "",
        "https://kiosk.example",
        "kiosk.example:443",
        "kiosk.example/",
        "kiosk.example/path",
        "kiosk.example?x",
        "kiosk.example#x",
        "you@kiosk.example",
        "Kiosk.example",
        "192.0.2.1",
        "[2001:db8::1]",
        "kiosk .example",
        "bücher.example",
        "kiosk.example\n",
        "evil.example (verified)",
    ] {
        assert_eq!(add(host).await, StatusCode::BAD_REQUEST, "{host:?}");
    }
}

#[tokio::test]
async fn whom_a_proxy_brings_finds_no_admin_interface() {
    let config = Config {
        proxy: ProxyConfig {
            addresses: vec!["127.0.0.1".parse().unwrap()],
            address_header: Some("x-forwarded-for".to_owned()),
            ..ProxyConfig::default()
        },
        ..Config::default()
    };
    let world = World::with(config, 8480, SocketLimits::default()).await;
    let ask = async |forwarded: Option<&str>| {
        let mut request = world.request(Method::GET, "/admin/v1/users", Vec::new());
        request.extensions_mut().insert(ConnectInfo(Peer {
            address: "127.0.0.1:40000".parse().unwrap(),
            certificate: None,
        }));
        let token = format!("Bearer {}", world.app.admin_token.expose());
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, token.parse().unwrap());
        if let Some(address) = forwarded {
            headers.insert("x-forwarded-for", address.parse().unwrap());
        }
        world.send(request).await.status
    };
    assert_eq!(ask(None).await, StatusCode::OK, "this machine");
    assert_eq!(ask(Some("192.0.2.7")).await, StatusCode::NOT_FOUND);
}
