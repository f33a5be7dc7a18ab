//! Accepts connections and shakes hands, so many at once and for so long.

use axum::serve::Listener;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{Renewal, renewal::Hangups};

/// Limits of handshakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandshakeLimits {
    /// For one handshake.
    pub within: Duration,
    /// At the same time; further connections wait until the system accepts them.
    pub at_once: usize,
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self {
            within: Duration::from_secs(10),
            at_once: 1024,
        }
    }
}

/// A connection that has shaken hands, and whose it is.
type Connection = (TlsStream<TcpStream>, SocketAddr);

/// A TCP listener that gives connections once TLS is agreed upon. Each begins with the certificate that is in force when it
/// is accepted; a handshake that fails or takes too long ends its connection and nothing else.
#[derive(Debug)]
pub struct TlsListener {
    tcp: TcpListener,
    renewal: Arc<Renewal>,
    hangups: Option<Hangups>,
    limits: HandshakeLimits,
    handshakes: JoinSet<Option<Connection>>,
}

impl TlsListener {
    /// Listens with the certificates that `renewal` keeps. On Unix, SIGHUP no longer ends this process: it is what makes
    /// [`crate::http::serve_tls`] read the files again.
    ///
    /// # Panics
    /// Outside of a tokio run time.
    pub fn new(tcp: TcpListener, renewal: Arc<Renewal>) -> Self {
        Self::with_limits(tcp, renewal, HandshakeLimits::default())
    }

    /// The same with other limits.
    ///
    /// # Panics
    /// Outside of a tokio run time.
    pub fn with_limits(tcp: TcpListener, renewal: Arc<Renewal>, limits: HandshakeLimits) -> Self {
        Self {
            tcp,
            renewal,
            hangups: Some(Hangups::new()),
            limits,
            handshakes: JoinSet::new(),
        }
    }

    /// What keeps its certificates.
    pub fn renewal(&self) -> &Arc<Renewal> {
        &self.renewal
    }

    /// The hangups since this was made; they are there once.
    pub(crate) fn take_hangups(&mut self) -> Option<Hangups> {
        self.hangups.take()
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    /// Can be dropped and called again: handshakes under way go on in tasks of their own, which end with the listener.
    async fn accept(&mut self) -> Connection {
        loop {
            tokio::select! {
                Some(done) = self.handshakes.join_next() => {
                    if let Ok(Some(connection)) = done {
                        return connection;
                    }
                }
                (stream, address) = Listener::accept(&mut self.tcp),
                    if self.handshakes.len() < self.limits.at_once =>
                {
                    let acceptor = TlsAcceptor::from(self.renewal.material().config());
                    let within = self.limits.within;
                    self.handshakes.spawn(shake_hands(acceptor, stream, address, within));
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    address: SocketAddr,
    within: Duration,
) -> Option<Connection> {
    // A handshake is several small messages that somebody waits for.
    let shaken = timeout(within, async {
        stream.set_nodelay(true)?;
        acceptor.accept(stream).await
    })
    .await
    .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    shaken
        .map(|stream| (stream, address))
        .inspect_err(|error| tracing::debug!(%error, "no TLS with a client"))
        .ok()
}
