//! Connections: accepted, limited in number and in time, agreed upon, served and let go.
//!
//! What `axum::serve` does, and what it does not: places for connections and handshakes, in all and for each address; a time
//! limit for handshakes and for the headers of requests; who is at the other end (`Peer`). The protocol is HTTP/1.1, and a
//! connection may leave it for a WebSocket, which keeps its place until it is closed.

mod places;

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    serve::Listener,
};
use hyper::{body::Incoming, server::conn::http1, service::Service as _};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

use self::places::{Kept, Place, Places};
use super::caller::{ClientCertificate, Peer};
use crate::{
    config::{Connections, ProxyConfig},
    tls::{Renewal, listener::shake_hands},
};

/// Most bytes that are read ahead on one connection: headers must fit, bodies are read as handlers take them.
const READ_AHEAD: usize = 64 * 1024;

/// How connections to one listener begin.
pub(crate) enum Door {
    /// In the clear, from this machine.
    Plain,
    /// With TLS.
    Tls {
        /// What keeps the certificate.
        renewal: Arc<Renewal>,
        /// The one name at which clients are asked for a certificate; `None`: always.
        certificates_at: Option<String>,
    },
}

/// Answers what comes to a listener until it is told to stop, then finishes what it has begun. Whoever drops it cuts off
/// whatever is under way, but for WebSockets.
pub(super) async fn answer(
    mut listener: TcpListener,
    door: Door,
    router: Router,
    limits: &Connections,
    proxy: &ProxyConfig,
    mut stopping: watch::Receiver<bool>,
) -> io::Result<()> {
    let each = |most: u32| matches!(door, Door::Tls { .. }).then_some(most);
    let open = Places::new(limits.most, each(limits.most_per_address));
    let shaking = Places::new(limits.handshakes, each(limits.handshakes_per_address));
    let how = Arc::new(How {
        door,
        router,
        shake_within: limits.handshake_within(),
        headers_within: limits.headers_within(),
        stopping: stopping.clone(),
    });
    let mut connections = JoinSet::new();
    loop {
        // Nothing is accepted that there is no room for: the system keeps it waiting.
        let next = async {
            let room = (open.room().await, shaking.room().await);
            (Listener::accept(&mut listener).await, room)
        };
        let ((stream, address), room) = tokio::select! {
            next = next => next,
            Some(_) = connections.join_next() => continue,
            () = told(&mut stopping) => break,
        };
        let from = (!proxy.trusts(address.ip())).then(|| address.ip());
        let places = (open.take(room.0, from), shaking.take(room.1, from));
        let (Some(place), Some(handshake)) = places else {
            tracing::debug!(%address, "too many connections from one address");
            continue;
        };
        connections.spawn(Arc::clone(&how).serve(stream, address, place, handshake));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// Ready when the server is to stop.
async fn told(stopping: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, which is as good as being told.
    drop(stopping.wait_for(|stop| *stop).await);
}

/// What connections of one listener have in common.
struct How {
    door: Door,
    router: Router,
    shake_within: Duration,
    headers_within: Duration,
    stopping: watch::Receiver<bool>,
}

impl How {
    async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        place: Place,
        handshake: Place,
    ) {
        // Answers are small, and somebody waits for them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection has gone");
            return;
        }
        let mut peer = Peer {
            address,
            certificate: None,
        };
        match &self.door {
            Door::Plain => {
                drop(handshake);
                self.converse(Kept::new(stream, place), peer).await;
            }
            Door::Tls {
                renewal,
                certificates_at,
            } => {
                let mut stopping = self.stopping.clone();
                let shaken = tokio::select! {
                    shaken = timeout(
                        self.shake_within,
                        shake_hands(renewal, certificates_at.as_deref(), stream),
                    ) => shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
                    () = told(&mut stopping) => return,
                };
                drop(handshake);
                match shaken {
                    Ok(stream) => {
                        let chain = stream.get_ref().1.peer_certificates();
                        peer.certificate = chain.and_then(ClientCertificate::of);
                        self.converse(Kept::new(stream, place), peer).await;
                    }
                    Err(error) => tracing::debug!(%error, "no TLS with a client"),
                }
            }
        }
    }

    /// HTTP until the other end leaves, or takes too long with the headers of a request, or the server stops.
    async fn converse<S>(&self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let router = TowerToHyperService::new(self.router.clone());
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer.clone()));
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.headers_within)
            .max_buf_size(READ_AHEAD)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let mut stopping = self.stopping.clone();
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = told(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection has ended");
        }
    }
}
