//! The device's end of the WebSocket (protocol section 6.1).

use futures_util::{SinkExt as _, StreamExt as _};
use std::{io, net::SocketAddr};
use tegata_protocol::device::{
    delivery::{ByeReason, PendingSet, ServerFrame},
    limits,
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, http::StatusCode, protocol::WebSocketConfig},
};

/// Bytes that a socket reads at once.
const READ_BUFFER: usize = 1024;

/// Why a device was not given its seat.
#[derive(Debug)]
pub enum ConnectError {
    /// Nobody listens there, or the connection broke before the device was seated.
    Lost(io::Error),
    /// The upgrade was refused with this status; 503 when too many sockets have yet to prove themselves.
    Status(StatusCode),
    /// The server closed the socket and said why.
    Bye {
        /// Why.
        reason: ByeReason,
        /// Seconds to stay away.
        retry_after: u32,
    },
    /// Something that is not in the protocol.
    Protocol(anyhow::Error),
}

impl std::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost(error) => write!(f, "no connection: {error}"),
            Self::Status(status) => write!(f, "the server refuses the socket: {status}"),
            Self::Bye { reason, .. } => write!(f, "the server closed the socket: {reason:?}"),
            Self::Protocol(error) => write!(f, "not the protocol: {error:#}"),
        }
    }
}

impl std::error::Error for ConnectError {}

impl From<tungstenite::Error> for ConnectError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Io(error) => Self::Lost(error),
            tungstenite::Error::Http(answer) => Self::Status(answer.status()),
            tungstenite::Error::ConnectionClosed
            | tungstenite::Error::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake
                | tungstenite::error::ProtocolError::HandshakeIncomplete,
            ) => Self::Lost(io::ErrorKind::ConnectionReset.into()),
            other => Self::Protocol(other.into()),
        }
    }
}

impl ConnectError {
    pub(super) fn of_frame(frame: &ServerFrame) -> Self {
        match frame {
            ServerFrame::Bye {
                reason,
                retry_after,
            } => Self::Bye {
                reason: *reason,
                retry_after: *retry_after,
            },
            _ => Self::Protocol(anyhow::anyhow!("a frame out of its place")),
        }
    }
}

/// A proved socket. Its buffers are small, so that thousands fit into the load generator.
#[derive(Debug)]
pub struct DeviceSocket {
    stream: WebSocketStream<TcpStream>,
    pub(super) first: PendingSet,
}

impl DeviceSocket {
    /// Connects and upgrades; nothing is proved yet.
    pub(super) async fn open(address: SocketAddr, connect: &str) -> Result<Self, ConnectError> {
        let stream = TcpStream::connect(address)
            .await
            .map_err(ConnectError::Lost)?;
        stream.set_nodelay(true).map_err(ConnectError::Lost)?;
        let url = connect.replacen("http", "ws", 1);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(limits::SERVER_FRAME))
            .max_frame_size(Some(limits::SERVER_FRAME));
        let (stream, _) = client_async_with_config(url, stream, Some(config)).await?;
        Ok(Self {
            stream,
            first: PendingSet::default(),
        })
    }

    /// The pending set that came with the seat. A second call gives an empty one.
    pub fn take_first(&mut self) -> PendingSet {
        std::mem::take(&mut self.first)
    }

    /// The next frame. Pings are answered on the way, so an idle device MUST wait here, too.
    ///
    /// # Errors
    /// The socket has closed, or something came that is no frame of the protocol.
    pub async fn next(&mut self) -> anyhow::Result<ServerFrame> {
        Ok(self.receive().await?)
    }

    pub(super) async fn receive(&mut self) -> Result<ServerFrame, ConnectError> {
        loop {
            let message = match self.stream.next().await {
                Some(message) => message?,
                None => return Err(ConnectError::Lost(io::ErrorKind::ConnectionReset.into())),
            };
            match message {
                // Without the checks of I-JSON that a device makes: they would be the load generator's work.
                Message::Text(text) => {
                    return serde_json::from_str(&text)
                        .map_err(|error| ConnectError::Protocol(error.into()));
                }
                // A ping's answer is written by the next read.
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => {
                    return Err(ConnectError::Lost(io::ErrorKind::ConnectionReset.into()));
                }
                other => {
                    return Err(ConnectError::Protocol(anyhow::anyhow!(
                        "not a text frame but {} bytes",
                        other.len()
                    )));
                }
            }
        }
    }

    /// Sends one text frame.
    ///
    /// # Errors
    /// The socket has closed.
    pub async fn send(&mut self, text: String) -> anyhow::Result<()> {
        Ok(self.write(text).await?)
    }

    pub(super) async fn write(&mut self, text: String) -> Result<(), ConnectError> {
        Ok(self.stream.send(Message::Text(text.into())).await?)
    }
}
