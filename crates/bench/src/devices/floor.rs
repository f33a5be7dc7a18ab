//! What a connection costs by itself: a process that holds connections and does nothing else.
//!
//! The benchmark starts its own program again for this (`tegata-bench acceptor`), since memory of a thread cannot be told
//! from that of the others.

use anyhow::{Context as _, bail};
use axum::{
    Router,
    extract::ws::{WebSocket, WebSocketUpgrade},
    routing::get,
};
use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime,
    time::timeout,
};
use tokio_tungstenite::{client_async_with_config, tungstenite::protocol::WebSocketConfig};

use crate::cpu;

/// Bytes that the WebSocket reads at once: what the server's do.
const READ_BUFFER: usize = 1024;
/// For all connections to be open.
const OPEN_WITHIN: Duration = Duration::from_mins(1);

/// What holds the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A task for each, which reads.
    Tcp,
    /// axum's WebSocket with buffers as small as the server's, and nothing behind it.
    WebSocket,
}

/// Accepts and holds connections until standard input ends. For the benchmark's own child: the address is the first line
/// of its output.
///
/// # Errors
/// No socket can be had.
pub fn accept(websocket: bool) -> anyhow::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(io::stdout(), "{}", listener.local_addr()?)?;
        let holding = async {
            if websocket {
                let hold = |upgrade: WebSocketUpgrade| async {
                    let upgrade = upgrade.read_buffer_size(READ_BUFFER).write_buffer_size(0);
                    upgrade.on_upgrade(hold_websocket)
                };
                axum::serve(listener, Router::new().route("/", get(hold))).await
            } else {
                loop {
                    tokio::spawn(hold(listener.accept().await?.0));
                }
            }
        };
        // The input ends with the process that started this one.
        let ended = tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
        tokio::select! {
            result = holding => result?,
            result = ended => drop(result??),
        }
        Ok(())
    })
}

async fn hold(mut stream: TcpStream) {
    // Says that it is held, which is what the other end waits for; then nothing comes until that end is dropped.
    if stream.write_all(&[1]).await.is_ok() {
        drop(stream.read_u8().await);
    }
}

async fn hold_websocket(mut socket: WebSocket) {
    while let Some(Ok(_)) = socket.recv().await {}
}

/// Resident bytes for each of `connections` in a process that only holds them, on `core`.
///
/// # Errors
/// The process does not start, or takes no connections.
pub(super) async fn bytes_per_connection(
    kind: Kind,
    connections: usize,
    core: usize,
) -> anyhow::Result<f64> {
    let mut acceptor = Acceptor::start(kind, core)?;
    let pid = acceptor.child.id();
    let address = acceptor.address()?;
    let before = cpu::resident_bytes(pid)?;
    let opening = async {
        let mut tcp = Vec::new();
        let mut websockets = Vec::new();
        for _ in 0..connections {
            let mut stream = TcpStream::connect(address).await?;
            match kind {
                Kind::Tcp => {
                    stream.read_u8().await?;
                    tcp.push(stream);
                }
                Kind::WebSocket => {
                    let config = WebSocketConfig::default()
                        .read_buffer_size(READ_BUFFER)
                        .write_buffer_size(0);
                    let url = format!("ws://{address}/");
                    let opened = client_async_with_config(url, stream, Some(config)).await?;
                    websockets.push(opened.0);
                }
            }
        }
        anyhow::Ok((tcp, websockets))
    };
    let held = timeout(OPEN_WITHIN, opening).await??;
    let after = cpu::resident_bytes(pid)?;
    drop(held);
    Ok(after.saturating_sub(before) as f64 / connections as f64)
}

/// The child; killed when dropped.
struct Acceptor {
    child: Child,
}

impl Acceptor {
    fn start(kind: Kind, core: usize) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("acceptor");
        if kind == Kind::WebSocket {
            command.arg("--websocket");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let own = cpu::cores()?;
        cpu::pin(&[core])?;
        let child = command.spawn();
        cpu::pin(&own)?;
        Ok(Self { child: child? })
    }

    fn address(&mut self) -> anyhow::Result<SocketAddr> {
        let output = self.child.stdout.take().context("no output")?;
        let mut line = String::new();
        if BufReader::new(output).read_line(&mut line)? == 0 {
            bail!("the acceptor ended at once");
        }
        Ok(line.trim().parse()?)
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        // Both fail only if it has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
