//! Where TLS begins: the listener, and one connection's handshake.

use std::{io, sync::Arc};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::{Renewal, renewal::Hangups};

/// A TCP listener whose connections shake hands with the certificate that is in force when they begin. What limits their
/// number is in [`crate::http::connections`].
#[derive(Debug)]
pub struct TlsListener {
    tcp: TcpListener,
    renewal: Arc<Renewal>,
    hangups: Hangups,
}

impl TlsListener {
    /// Listens with the certificates that `renewal` keeps. On Unix, SIGHUP no longer ends this process: it is what makes
    /// [`crate::http::serve_tls`] read the files again.
    ///
    /// # Panics
    /// Outside of a tokio run time.
    pub fn new(tcp: TcpListener, renewal: Arc<Renewal>) -> Self {
        Self {
            tcp,
            renewal,
            hangups: Hangups::new(),
        }
    }

    /// Its parts: where connections come from, what they begin with, and who says that files have changed.
    pub(crate) fn into_parts(self) -> (TcpListener, Arc<Renewal>, Hangups) {
        (self.tcp, self.renewal, self.hangups)
    }
}

/// Agrees on TLS with a client. `certificates_at`: the one name at which it is asked for a certificate; `None`: everywhere.
///
/// # Errors
/// Whatever the client sent instead, after it was told why by an alert.
pub(crate) async fn shake_hands(
    renewal: &Renewal,
    certificates_at: Option<&str>,
    stream: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let begun = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await?;
    let ask = certificates_at.is_none_or(|name| {
        let called = begun.client_hello();
        called
            .server_name()
            .is_some_and(|called| called.eq_ignore_ascii_case(name))
    });
    // Not before the client has spoken: it may have taken its time.
    let material = renewal.material();
    begun.into_stream(material.config(ask)).await
}
