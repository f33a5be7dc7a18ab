//! Sockets over a real loopback connection, with the protocol's own functions playing the device.

use super::{
    SocketLimits,
    socket::{LONGEST_MESSAGE, READ_BUFFER, WRITE_BUFFER},
};
use crate::{
    app::Doorbell,
    config::Config,
    http::device::{
        revoke_device,
        tests::fixture::{Device, World},
    },
};
use futures_util::{SinkExt, StreamExt};
use std::{sync::Arc, time::Duration};
use tegata_protocol::device::{
    V1,
    decision::{DecisionRequest, DenyReason, Verdict},
    delivery::{ByeReason, DeviceFrame, PendingSet, ServerFrame, parse_server_frame},
    management::{DeviceRemove, ManagementAnswer, NoticeKind, RemovalReason},
    problem::{CloseReason, ProblemCode},
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message},
};

/// Until something that must happen has happened.
const DEADLINE: Duration = Duration::from_secs(20);

struct Server {
    world: World,
    address: String,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(limits: SocketLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let world = World::with(Config::default(), address.port(), limits).await;
        let router = world.router.clone();
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            world,
            address: format!("ws://localhost:{}/device/v1/connect", address.port()),
            task,
        }
    }

    /// As the program serves, until the sender says so.
    async fn start_to_be_stopped() -> (Self, oneshot::Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let limits = SocketLimits::default();
        let world = World::with(Config::default(), address.port(), limits).await;
        let (stop, stopped) = oneshot::channel();
        let app = Arc::clone(&world.app);
        let task = tokio::spawn(async move {
            let shutdown = async { stopped.await.unwrap() };
            crate::http::serve(app, listener, shutdown).await.unwrap();
        });
        let address = format!("ws://localhost:{}/device/v1/connect", address.port());
        let server = Self {
            world,
            address,
            task,
        };
        (server, stop)
    }

    async fn connect(&self) -> Socket {
        let (stream, _) = timeout(DEADLINE, connect_async(&self.address))
            .await
            .unwrap()
            .unwrap();
        Socket { stream }
    }

    /// A proved socket and the first pending set.
    async fn proved(&self, device: &Device) -> (Socket, PendingSet) {
        let mut socket = self.connect().await;
        let nonce = socket.hello().await;
        socket.prove(self, device, &nonce).await;
        let set = socket.pending().await;
        (socket, set)
    }
}

struct Socket {
    stream: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
}

impl Socket {
    async fn frame(&mut self) -> ServerFrame {
        self.try_frame().await.expect("a frame")
    }

    /// The next frame; `None` when the server has closed.
    async fn try_frame(&mut self) -> Option<ServerFrame> {
        loop {
            match timeout(DEADLINE, self.stream.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => {
                    return Some(parse_server_frame(text.as_bytes()).unwrap());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    async fn hello(&mut self) -> String {
        match self.frame().await {
            ServerFrame::Hello { nonce, .. } => nonce,
            other => panic!("hello comes first: {other:?}"),
        }
    }

    async fn pending(&mut self) -> PendingSet {
        match self.frame().await {
            ServerFrame::Pending(set) => set,
            other => panic!("the pending set: {other:?}"),
        }
    }

    async fn bye(&mut self) -> (ByeReason, u32) {
        loop {
            match self.frame().await {
                ServerFrame::Bye {
                    reason,
                    retry_after,
                } => {
                    assert!(self.try_frame().await.is_none(), "nothing after bye");
                    return (reason, retry_after);
                }
                ServerFrame::Pending(_) => {}
                other => panic!("bye: {other:?}"),
            }
        }
    }

    async fn send(&mut self, frame: &DeviceFrame) {
        let text = serde_json::to_string(frame).unwrap();
        self.stream.send(Message::Text(text.into())).await.unwrap();
    }

    async fn prove(&mut self, server: &Server, device: &Device, nonce: &str) {
        let url = server.world.endpoints().connect;
        let proof = device.prove("GET", &url, nonce, b"");
        self.send(&DeviceFrame::Proof { proof }).await;
    }

    async fn decide(&mut self, decision: DecisionRequest) -> ServerFrame {
        let decision = Box::new(decision);
        self.send(&DeviceFrame::Decision { decision }).await;
        self.frame().await
    }
}

#[tokio::test]
async fn a_request_reaches_a_connected_device_and_its_decision_is_answered_with_a_receipt() {
    let server = Server::start(SocketLimits::default()).await;
    let world = &server.world;
    let (desk, phone) = (world.pair("Desk").await, world.pair("Phone").await);
    let (mut on_desk, first) = server.proved(&desk).await;
    assert!(first.prompts.is_empty() && first.closed.is_empty());
    assert_eq!(first.notices[0].what, NoticeKind::DeviceAdded);
    let (mut on_phone, _) = server.proved(&phone).await;
    let request = world.ask().await;
    let set = on_desk.pending().await;
    assert_eq!(set.prompts.len(), 1);
    assert_eq!(on_phone.pending().await.prompts.len(), 1);
    let prompt = desk.prompt(world, &request).await;
    assert_eq!(
        set.prompts[0].prompt, prompt.0,
        "the same bytes by every way of delivery"
    );
    on_desk
        .send(&DeviceFrame::Seen {
            request: request.clone(),
        })
        .await;
    let answer = on_desk
        .decide(desk.sign(&prompt, Device::approve(None)))
        .await;
    assert!(matches!(&answer, ServerFrame::Receipt { request: of, .. } if *of == request));
    assert!(on_desk.pending().await.prompts.is_empty());
    let told = on_phone.pending().await;
    assert!(told.prompts.is_empty());
    assert!(matches!(
        &told.closed[0].how,
        CloseReason::Handled { device_name, decision: Verdict::Approve, .. } if device_name == "Desk"
    ));
    let (id, device) = (request.clone(), desk.id());
    let stored = world
        .app
        .store
        .read(move |reader| reader.consent_request(&id, &device))
        .await
        .unwrap();
    assert!(stored.unwrap().seen.is_some());
    // Otherwise, over the socket: the same problem as by POST.
    let other = desk.sign(&prompt, Device::deny(DenyReason::ChangedMind));
    let ServerFrame::Problem { problem, .. } = on_desk.decide(other).await else {
        panic!("a problem");
    };
    assert_eq!(problem.code, ProblemCode::DecisionConflict);
}

#[tokio::test]
async fn redelivery_never_changes_a_byte_and_keeps_the_order() {
    let server = Server::start(SocketLimits::default()).await;
    let world = &server.world;
    let desk = world.pair("Desk").await;
    let first = world.ask().await;
    let (_, before) = server.proved(&desk).await;
    world.advance(30);
    let second = world.ask().await;
    let (mut socket, after) = server.proved(&desk).await;
    assert_eq!(after.prompts.len(), 2);
    assert_eq!(after.prompts[0].prompt, before.prompts[0].prompt);
    assert_eq!(
        (after.prompts[0].expires_in, after.prompts[1].expires_in),
        (90, 120)
    );
    world.app.delivery.ring(&[desk.id()]);
    assert_eq!(socket.pending().await, after);
    assert_eq!(desk.prompt(world, &first).await.0, after.prompts[0].prompt);
    assert_eq!(desk.prompt(world, &second).await.0, after.prompts[1].prompt);
}

#[tokio::test]
async fn nothing_but_a_good_proof_opens_a_socket() {
    let server = Server::start(SocketLimits::default()).await;
    let world = &server.world;
    let desk = world.pair("Desk").await;
    let request = world.ask().await;
    // A decision before the proof.
    let prompt = desk.prompt(world, &request).await;
    let mut socket = server.connect().await;
    socket.hello().await;
    socket
        .send(&DeviceFrame::Seen {
            request: request.clone(),
        })
        .await;
    assert_eq!(socket.bye().await.0, ByeReason::Unproved);
    // A proof for another request, by another key, or over another nonce.
    let url = world.endpoints().connect;
    let stranger = Device::new("Stranger", &desk.offer);
    for defect in ["method", "key", "nonce", "replay"] {
        let mut socket = server.connect().await;
        let nonce = socket.hello().await;
        let proof = match defect {
            "method" => desk.prove("POST", &url, &nonce, b""),
            "key" => tegata_protocol::device::proof::sign_proof(
                &stranger.possession,
                &desk.proof("GET", &url, &nonce, b""),
            ),
            "nonce" => desk.prove("GET", &url, "AAAA", b""),
            _ => {
                let proof = desk.prove("GET", &url, &nonce, b"");
                let mut first = server.connect().await;
                first.hello().await;
                let frame = DeviceFrame::Proof {
                    proof: proof.clone(),
                };
                first.send(&frame).await;
                first.pending().await;
                proof
            }
        };
        socket.send(&DeviceFrame::Proof { proof }).await;
        assert_eq!(socket.bye().await.0, ByeReason::Unproved, "{defect}");
    }
    drop(prompt);
}

#[tokio::test]
async fn a_socket_that_does_not_prove_itself_in_time_is_closed() {
    let limits = SocketLimits {
        proof: Duration::from_millis(50),
        ..SocketLimits::default()
    };
    let server = Server::start(limits).await;
    let mut socket = server.connect().await;
    socket.hello().await;
    assert_eq!(socket.bye().await.0, ByeReason::Unproved);
}

#[tokio::test]
async fn sockets_that_only_wait_are_few_and_do_not_count_once_proved() {
    let limits = SocketLimits {
        unproved: 1,
        ..SocketLimits::default()
    };
    let server = Server::start(limits).await;
    let desk = server.world.pair("Desk").await;
    let (_proved, _) = server.proved(&desk).await;
    let mut waiting = server.connect().await;
    waiting.hello().await;
    let Err(Error::Http(refused)) = connect_async(&server.address).await else {
        panic!("one too many");
    };
    assert_eq!(refused.status(), 503);
    let proof = "a.b.c".to_owned();
    waiting.send(&DeviceFrame::Proof { proof }).await;
    assert_eq!(waiting.bye().await.0, ByeReason::Unproved);
    let free = async {
        while connect_async(&server.address).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, free)
        .await
        .expect("the place is free again");
}

#[tokio::test]
async fn the_newest_socket_of_a_device_closes_the_older() {
    let server = Server::start(SocketLimits::default()).await;
    let desk = server.world.pair("Desk").await;
    let (mut older, _) = server.proved(&desk).await;
    let (mut newer, _) = server.proved(&desk).await;
    assert_eq!(older.bye().await.0, ByeReason::Replaced);
    server.world.ask().await;
    assert_eq!(newer.pending().await.prompts.len(), 1);
}

#[tokio::test]
async fn revoking_a_device_closes_its_socket_at_once() {
    let server = Server::start(SocketLimits::default()).await;
    let desk = server.world.pair("Desk").await;
    let (mut socket, _) = server.proved(&desk).await;
    revoke_device(&server.world.app, desk.id()).await.unwrap();
    assert_eq!(socket.bye().await.0, ByeReason::Revoked);
    let mut again = server.connect().await;
    let nonce = again.hello().await;
    again.prove(&server, &desk, &nonce).await;
    assert_eq!(again.bye().await.0, ByeReason::Revoked);
}

#[tokio::test]
async fn a_removal_closes_the_socket_of_the_device_that_goes_and_rings_for_the_others() {
    let server = Server::start(SocketLimits::default()).await;
    let world = &server.world;
    let desk = world.pair("Desk").await;
    world.advance(86_400);
    let (phone, tablet) = (world.pair("Phone").await, world.pair("Tablet").await);
    let (mut on_phone, _) = server.proved(&phone).await;
    let (mut on_tablet, _) = server.proved(&tablet).await;
    let remove = DeviceRemove {
        v: V1,
        device: phone.id(),
        reason: RemovalReason::NotUsed,
    };
    let url = world.endpoints().device_remove.unwrap();
    let answer: ManagementAnswer = desk.post(world, &url, &remove).await.json();
    let prompt = desk.prompt(world, &answer.request.unwrap()).await;
    let approval = desk.sign(&prompt, Device::approve(None));
    desk.decide(world, &approval).await;
    assert_eq!(on_phone.bye().await.0, ByeReason::Revoked);
    let told = on_tablet.pending().await.notices;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].device_name, "Phone");
    assert_eq!(told[0].what, NoticeKind::DeviceRemoved);
}

#[tokio::test]
async fn an_expired_prompt_brings_a_fresh_set() {
    let server = Server::start(SocketLimits::default()).await;
    let world = &server.world;
    let desk = world.pair("Desk").await;
    let (mut socket, _) = server.proved(&desk).await;
    world.ask().await;
    assert_eq!(socket.pending().await.prompts.len(), 1);
    world.advance(119);
    world.app.delivery.ring_due(world.app.now());
    world.advance(1);
    world.app.delivery.ring_due(world.app.now());
    let set = socket.pending().await;
    assert!(set.prompts.is_empty(), "nothing came a second too early");
    assert_eq!(set.closed[0].how, CloseReason::Expired);
}

#[tokio::test]
async fn a_socket_has_to_prove_itself_again_after_a_while() {
    let limits = SocketLimits {
        reprove: Duration::from_millis(30),
        proof: Duration::from_secs(5),
        ..SocketLimits::default()
    };
    let server = Server::start(limits).await;
    let desk = server.world.pair("Desk").await;
    let (mut socket, _) = server.proved(&desk).await;
    for _ in 0..2 {
        let ServerFrame::Reprove { nonce } = socket.frame().await else {
            panic!("reprove");
        };
        socket.prove(&server, &desk, &nonce).await;
    }
    let ServerFrame::Reprove { .. } = socket.frame().await else {
        panic!("reprove");
    };
    let proof = "a.b.c".to_owned();
    socket.send(&DeviceFrame::Proof { proof }).await;
    loop {
        match socket.frame().await {
            ServerFrame::Reprove { .. } => {}
            ServerFrame::Bye { reason, .. } => {
                assert_eq!(reason, ByeReason::Unproved);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_dropped() {
    let limits = SocketLimits {
        ping: Duration::from_millis(20),
        pong: Duration::from_millis(20),
        ..SocketLimits::default()
    };
    let server = Server::start(limits).await;
    let desk = server.world.pair("Desk").await;
    let (socket, _) = server.proved(&desk).await;
    let mut connected = server.world.app.delivery.connected();
    // Held open and never read from, so that no ping is answered.
    let gone = connected.wait_for(|count| *count == 0);
    timeout(DEADLINE, gone).await.unwrap().unwrap();
    drop(socket);
}

#[tokio::test]
async fn frames_that_the_protocol_does_not_have_close_the_socket() {
    let server = Server::start(SocketLimits::default()).await;
    let desk = server.world.pair("Desk").await;
    let (mut socket, _) = server.proved(&desk).await;
    let text = r#"{"type":"shout"}"#;
    socket.stream.send(Message::text(text)).await.unwrap();
    assert_eq!(socket.bye().await.0, ByeReason::Protocol);
    // A decision with a member too many is answered like the same bytes in a POST.
    let (mut socket, _) = server.proved(&desk).await;
    let request = server.world.ask().await;
    socket.pending().await;
    let prompt = desk.prompt(&server.world, &request).await;
    let decision = desk.sign(&prompt, Device::approve(None));
    let frame = DeviceFrame::Decision {
        decision: Box::new(decision),
    };
    let mut value = serde_json::to_value(&frame).unwrap();
    value["decision"]["detail"]["constraints"] = serde_json::json!({});
    let text = value.to_string();
    socket.stream.send(Message::text(text)).await.unwrap();
    let ServerFrame::Problem { problem, .. } = socket.frame().await else {
        panic!("a problem");
    };
    assert_eq!(problem.code, ProblemCode::DetailInvalid);
}

#[tokio::test]
async fn draining_says_restart_to_everybody_and_waits_for_them() {
    let server = Server::start(SocketLimits::default()).await;
    let desk = server.world.pair("Desk").await;
    let (mut socket, _) = server.proved(&desk).await;
    let drained = server.world.app.delivery.drain(DEADLINE);
    let ((), (reason, retry_after)) = tokio::join!(drained, socket.bye());
    assert_eq!(reason, ByeReason::Restart);
    assert!((1..=20).contains(&retry_after));
    assert_eq!(*server.world.app.delivery.connected().borrow(), 0);
}

#[tokio::test]
async fn a_server_has_told_every_device_when_to_come_back_before_it_ends() {
    let (mut server, stop) = Server::start_to_be_stopped().await;
    let mut sockets = Vec::new();
    for name in ["Desk", "Phone", "Tablet", "Watch"] {
        let device = server.world.pair(name).await;
        sockets.push(server.proved(&device).await.0);
    }
    stop.send(()).unwrap();
    timeout(DEADLINE, &mut server.task).await.unwrap().unwrap();
    assert_eq!(*server.world.app.delivery.connected().borrow(), 0);
    for socket in &mut sockets {
        assert_eq!(socket.bye().await.0, ByeReason::Restart);
    }
}

#[tokio::test]
async fn buffers_are_small_and_long_messages_are_refused() {
    assert_eq!(
        (READ_BUFFER, WRITE_BUFFER, LONGEST_MESSAGE),
        (1024, 0, 8192),
        "an idle socket costs kibibytes, not the 128 KiB of the default"
    );
    let server = Server::start(SocketLimits::default()).await;
    let desk = server.world.pair("Desk").await;
    let (mut socket, _) = server.proved(&desk).await;
    let long = "x".repeat(LONGEST_MESSAGE + 1);
    socket.stream.send(Message::text(long)).await.unwrap();
    assert!(
        socket.try_frame().await.is_none(),
        "closed without reading it"
    );
}
