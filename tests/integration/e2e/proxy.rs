//! A proxy between device and server that can lose answers: a decision that passes while it is losing never arrives, and
//! nothing after it on that connection either.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tegata_tests::processes::wait_until;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::world::LIMIT;

/// Longest head of an HTTP request that is looked at.
const LONGEST_HEAD: usize = 16 * 1024;

/// A proxy in front of a server on this machine. Ends with the test's run time.
pub(crate) struct LosingProxy {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    losing: AtomicBool,
    lost: AtomicUsize,
    server_port: std::sync::OnceLock<u16>,
}

/// What kind of bytes a connection carries from the device to the server.
enum Traffic {
    Decision,
    Other,
    WebSocket,
}

impl LosingProxy {
    /// Listens on a port of the system's choice. It forwards once it knows the server's.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((device, _)) = listener.accept().await {
                tokio::spawn(forward(Arc::clone(&shared), device));
            }
        });
        Self { port, state }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn forward_to(&self, server_port: u16) {
        self.state.server_port.set(server_port).unwrap();
    }

    /// From now on decisions get lost, or pass again.
    pub(crate) fn lose_decisions(&self, losing: bool) {
        self.state.losing.store(losing, Ordering::SeqCst);
    }

    /// Waits until a decision has got lost: the device has signed it and sent it off.
    pub(crate) async fn await_loss(&self) {
        wait_until("a decision gets lost", LIMIT, async || {
            Ok((self.state.lost.load(Ordering::SeqCst) > 0).then_some(()))
        })
        .await
        .unwrap();
    }
}

/// Either side closing ends the other; errors are such an end.
async fn forward(state: Arc<State>, device: TcpStream) {
    let Some(port) = state.server_port.get() else {
        return;
    };
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).await else {
        return;
    };
    let (from_device, mut to_device) = device.into_split();
    let (mut from_server, to_server) = server.into_split();
    tokio::select! {
        _ = tokio::io::copy(&mut from_server, &mut to_device) => {}
        _ = upstream(&state, from_device, to_server) => {}
    }
}

async fn upstream(
    state: &State,
    mut device: impl AsyncRead + Unpin,
    mut server: impl AsyncWrite + Unpin,
) -> std::io::Result<()> {
    loop {
        let head = read_head(&mut device).await?;
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        match traffic(&text) {
            Traffic::Decision if state.losing.load(Ordering::SeqCst) => {
                return swallow(state, &mut device).await;
            }
            Traffic::WebSocket => {
                server.write_all(&head).await?;
                break;
            }
            Traffic::Decision | Traffic::Other => {
                server.write_all(&head).await?;
                let mut body = vec![0; content_length(&text)];
                device.read_exact(&mut body).await?;
                server.write_all(&body).await?;
            }
        }
    }
    loop {
        let (frame, payload) = read_frame(&mut device).await?;
        let is_decision = String::from_utf8_lossy(&payload).contains("clientDataJSON");
        if is_decision && state.losing.load(Ordering::SeqCst) {
            return swallow(state, &mut device).await;
        }
        server.write_all(&frame).await?;
    }
}

/// Loses everything from here on and leaves the connection open, as a network that died does.
async fn swallow(state: &State, device: &mut (impl AsyncRead + Unpin)) -> std::io::Result<()> {
    state.lost.fetch_add(1, Ordering::SeqCst);
    tokio::io::copy(device, &mut tokio::io::sink()).await?;
    Ok(())
}

fn traffic(head: &str) -> Traffic {
    if head.contains("upgrade: websocket") {
        Traffic::WebSocket
    } else if head
        .lines()
        .next()
        .unwrap_or_default()
        .contains("/decisions ")
    {
        Traffic::Decision
    } else {
        Traffic::Other
    }
}

fn content_length(head: &str) -> usize {
    let value = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    value.map_or(0, |value| value.trim().parse().unwrap_or(0))
}

/// The head of a request, with the empty line that ends it.
async fn read_head(device: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST_HEAD {
        head.push(device.read_u8().await?);
    }
    Ok(head)
}

/// One masked frame of a WebSocket (RFC 6455 section 5.2), as it came and unmasked.
async fn read_frame(device: &mut (impl AsyncRead + Unpin)) -> std::io::Result<(Vec<u8>, Vec<u8>)> {
    let mut frame = vec![0; 2];
    device.read_exact(&mut frame).await?;
    let short = usize::from(frame[1] & 0x7f);
    let extended = match short {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mut length_bytes = vec![0; extended];
    device.read_exact(&mut length_bytes).await?;
    let length = length_bytes
        .iter()
        .fold(if extended == 0 { short } else { 0 }, |sum, byte| {
            sum * 256 + usize::from(*byte)
        });
    let mut mask = [0; 4];
    device.read_exact(&mut mask).await?;
    let mut payload = vec![0; length];
    device.read_exact(&mut payload).await?;
    for part in [length_bytes.as_slice(), &mask, &payload] {
        frame.extend(part);
    }
    for (byte, key) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
    Ok((frame, payload))
}
