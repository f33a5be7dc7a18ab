//! One WebSocket from its first frame to its last: hello, proof, pending sets, decisions, re-proof.

use super::{
    connection::{renew_aside, settle_aside},
    receive,
};
use crate::{
    device::Device,
    live::{LiveAccount, Session, lock},
    metadata::{is_ageing, is_over},
    model::Connection,
    ports::{Socket, TransportError},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tegata_protocol::{
    ConsentRequestId,
    device::{
        decision::DecisionRequest,
        delivery::{ByeReason, DeviceFrame, ServerFrame, parse_server_frame},
        problem::{Problem, ProblemCode},
    },
};
use tokio::sync::{mpsc, oneshot};

/// Longest wait for the next frame of the opening.
const OPENING: Duration = Duration::from_secs(10);

/// Longest wait between looks at what is undone while a connection is open and silent.
const LOOK: Duration = Duration::from_secs(30);

/// What the rest of the device asks an open socket to do.
#[derive(Debug)]
pub(crate) enum SocketCommand {
    /// Send a decision and answer with what the server says.
    Decide {
        decision: Box<DecisionRequest>,
        reply: oneshot::Sender<Result<String, Box<Problem>>>,
    },
    /// Say that a request was put before the person.
    Seen { request: ConsentRequestId },
}

/// How a socket ended.
#[derive(Debug)]
pub(crate) enum SocketEnd {
    /// The server said goodbye.
    Bye {
        reason: ByeReason,
        retry_after: Duration,
    },
    /// It could not be opened, or broke.
    Lost(TransportError),
    /// The server refused this device.
    Refused(Box<Problem>),
    /// The account's file failed.
    Access(crate::error::AccessError),
    /// Somebody asked for a new connection.
    Woken,
}

/// Opens a socket and serves it until it ends.
pub(crate) async fn serve(
    device: &Device,
    live: &Arc<LiveAccount>,
    session: &Arc<Session>,
) -> SocketEnd {
    let url = session.metadata().metadata.websocket_url();
    let mut socket = match session.gateway.transport().open_socket(&url).await {
        Ok(socket) => socket,
        Err(error) => return SocketEnd::Lost(error),
    };
    // 1. The server speaks first; nothing before.
    let nonce = match tokio::time::timeout(OPENING, next_frame(&mut socket)).await {
        Ok(Ok(ServerFrame::Hello { nonce, .. })) => nonce,
        Ok(Ok(ServerFrame::Bye {
            reason,
            retry_after,
        })) => return bye(reason, retry_after),
        Ok(Ok(_)) => return lost("the first frame was not a greeting"),
        Ok(Err(end)) => return end,
        Err(_) => return lost("no greeting in time"),
    };
    // 2. The proof over its nonce.
    if let Err(end) = prove(session, &socket, &nonce).await {
        return end;
    }
    // 3. The whole pending set says that the proof was accepted.
    let mut waiting: HashMap<ConsentRequestId, Reply> = HashMap::new();
    let opening = tokio::time::timeout(OPENING, next_frame(&mut socket)).await;
    let first = match opening {
        Ok(Ok(frame)) => frame,
        Ok(Err(end)) => return end,
        Err(_) => return lost("the proof was not answered in time"),
    };
    if !matches!(first, ServerFrame::Pending(_) | ServerFrame::Bye { .. }) {
        return lost("the proof was not answered with the pending set");
    }
    if let Some(end) = on_frame(device, live, session, &socket, first, &mut waiting).await {
        return end;
    }
    if live.set_connection(Connection::Online) {
        device.changed(|changes| changes.accounts += 1);
    }
    let (send, mut commands) = mpsc::channel(8);
    *lock(&live.socket) = Some(send);
    let end = serve_open(
        device,
        live,
        session,
        &mut socket,
        &mut commands,
        &mut waiting,
    )
    .await;
    *lock(&live.socket) = None;
    end
}

type Reply = oneshot::Sender<Result<String, Box<Problem>>>;

async fn serve_open(
    device: &Device,
    live: &Arc<LiveAccount>,
    session: &Arc<Session>,
    socket: &mut Socket,
    commands: &mut mpsc::Receiver<SocketCommand>,
    waiting: &mut HashMap<ConsentRequestId, Reply>,
) -> SocketEnd {
    loop {
        // A connection can outlive the metadata that it was opened with: renewed in time, or ended.
        let clock = &device.ports().clock;
        let trusted = session.metadata();
        if is_over(&trusted.metadata, clock.now()) {
            return SocketEnd::Woken;
        }
        if is_ageing(&trusted.metadata, clock.now()) {
            renew_aside(device, live, session);
        }
        let now = clock.now_millis();
        let next = lock(&live.inbox).next_moment(now);
        let wait = next.map_or(LOOK, |at| {
            Duration::from_millis(u64::try_from(at - now).unwrap_or(0).max(1)).min(LOOK)
        });
        tokio::select! {
            frame = next_frame(socket) => {
                let frame = match frame {
                    Ok(frame) => frame,
                    Err(end) => return end,
                };
                if let Some(end) = on_frame(device, live, session, socket, frame, waiting).await {
                    return end;
                }
            }
            command = commands.recv() => {
                let frame = match command {
                    Some(SocketCommand::Decide { decision, reply }) => {
                        waiting.insert(decision.detail.request.clone(), reply);
                        DeviceFrame::Decision { decision }
                    }
                    Some(SocketCommand::Seen { request }) => DeviceFrame::Seen { request },
                    None => return SocketEnd::Woken,
                };
                if let Err(end) = send(socket, &frame).await {
                    return end;
                }
            }
            () = live.wake.notified() => return SocketEnd::Woken,
            () = tokio::time::sleep(wait) => {
                if next.is_some_and(|at| at <= device.ports().clock.now_millis()) {
                    device.tick(live, session);
                }
                // A decision that could not be delivered is tried again although the connection seems to work.
                let noticed = !lock(&live.inbox).noticed().is_empty();
                if noticed || live.deciding.try_lock().is_ok_and(|d| d.unsent.is_some()) {
                    settle_aside(device, live, session);
                }
            }
        }
    }
}

/// Handles one frame; `Some` ends the socket.
async fn on_frame(
    device: &Device,
    live: &Arc<LiveAccount>,
    session: &Arc<Session>,
    socket: &Socket,
    frame: ServerFrame,
    waiting: &mut HashMap<ConsentRequestId, Reply>,
) -> Option<SocketEnd> {
    match frame {
        ServerFrame::Pending(set) => {
            if let Err(error) = receive(device, live, session, set).await {
                return Some(SocketEnd::Access(error));
            }
            if !lock(&live.inbox).noticed().is_empty() {
                settle_aside(device, live, session);
            }
        }
        ServerFrame::Receipt { request, receipt } => {
            if let Some(reply) = waiting.remove(&request) {
                // Nobody waits any more if the decision went on by POST meanwhile.
                let _ = reply.send(Ok(receipt));
            }
        }
        ServerFrame::Problem { request, problem } => {
            let refused = matches!(
                problem.code,
                ProblemCode::DeviceRevoked | ProblemCode::DeviceSuspended
            );
            let ended = refused.then(|| SocketEnd::Refused(problem.clone()));
            if let Some(reply) = waiting.remove(&request) {
                let _ = reply.send(Err(problem));
            }
            return ended;
        }
        ServerFrame::Reprove { nonce } => return prove(session, socket, &nonce).await.err(),
        ServerFrame::Bye {
            reason,
            retry_after,
        } => return Some(bye(reason, retry_after)),
        ServerFrame::Hello { .. } => return Some(lost("a second greeting")),
        // A frame of a later version that this one did not ask for.
        _ => {}
    }
    None
}

async fn next_frame(socket: &mut Socket) -> Result<ServerFrame, SocketEnd> {
    let Some(text) = socket.incoming.recv().await else {
        return Err(lost("the connection was closed"));
    };
    parse_server_frame(&text).map_err(|error| lost(&error.to_string()))
}

async fn prove(session: &Session, socket: &Socket, nonce: &str) -> Result<(), SocketEnd> {
    let htu = session.metadata().metadata.endpoints.connect.clone();
    let proof = session.gateway.prove("GET", &htu, nonce, b"");
    send(socket, &DeviceFrame::Proof { proof }).await
}

async fn send(socket: &Socket, frame: &DeviceFrame) -> Result<(), SocketEnd> {
    let text = serde_json::to_string(frame).map_err(|error| lost(&error.to_string()))?;
    socket
        .outgoing
        .send(text)
        .await
        .map_err(|_| lost("the connection was closed"))
}

fn lost(text: &str) -> SocketEnd {
    SocketEnd::Lost(TransportError::Offline(text.to_owned()))
}

fn bye(reason: ByeReason, retry_after: u32) -> SocketEnd {
    SocketEnd::Bye {
        reason,
        retry_after: Duration::from_secs(u64::from(retry_after.min(3600))),
    }
}
