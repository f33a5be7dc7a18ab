//! A client's server: HTTPS with a certificate by an authority of its own, which notes what it is sent.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, Method},
    response::Response,
    serve::Listener,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use std::{
    future::Future,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::config::CallbacksConfig;

/// Names that its certificate is for.
const NAMES: [&str; 3] = ["localhost", "client.example", "127.0.0.1"];

/// What it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Runs until it is dropped.
pub(crate) struct Receiver {
    port: u16,
    authority: String,
    received: watch::Receiver<Vec<Received>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// Answers what `answer` says, which is asked after the request has been noted.
    pub(crate) async fn start<F, R>(answer: F) -> Self
    where
        F: Fn(Received) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response> + Send + 'static,
    {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(NAMES.map(str::to_owned)).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap(),
            )
            .unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = tcp.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let door = Door {
            tcp,
            tls: TlsAcceptor::from(Arc::new(config)),
            connections: Arc::clone(&connections),
        };
        let (sender, received) = watch::channel(Vec::new());
        let sender = Arc::new(sender);
        let router = Router::new().fallback(move |request: Request| {
            let (sender, answer) = (Arc::clone(&sender), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let one = Received {
                    method: parts.method,
                    path: parts.uri.path().to_owned(),
                    headers: parts.headers,
                    body: to_bytes(body, 1 << 20).await.unwrap().to_vec(),
                };
                sender.send_modify(|all| all.push(one.clone()));
                answer(one).await
            }
        });
        let task = tokio::spawn(async move { axum::serve(door, router).await.unwrap() });
        Self {
            port,
            authority: authority.pem(),
            received,
            connections,
            task,
        }
    }

    /// Answers everything with this status.
    pub(crate) async fn answering(status: u16) -> Self {
        Self::start(move |_| async move { answer(status) }).await
    }

    /// Its URL under `localhost`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Allows a server to call it; writes the authority's file into `folder`.
    pub(crate) fn allowed(&self, folder: &Path) -> CallbacksConfig {
        let file = folder.join("clients-ca.pem");
        std::fs::write(&file, &self.authority).unwrap();
        CallbacksConfig {
            allow: ["localhost", "127.0.0.1"]
                .map(|peer| peer.parse().unwrap())
                .into(),
            ports: vec![443, self.port],
            authorities: Some(file),
        }
    }

    /// How many connections it has accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What it has been sent by now.
    pub(crate) fn so_far(&self) -> Vec<Received> {
        self.received.borrow().clone()
    }

    /// Waits until it has been sent this many requests; all of them.
    pub(crate) async fn received(&self, count: usize) -> Vec<Received> {
        let mut received = self.received.clone();
        let enough = received.wait_for(|all| all.len() >= count);
        let enough = timeout(Duration::from_secs(20), enough).await;
        enough.expect("too few calls came").unwrap().clone()
    }
}

/// An empty answer.
pub(crate) fn answer(status: u16) -> Response {
    Response::builder()
        .status(status)
        .body(Body::empty())
        .unwrap()
}

struct Door {
    tcp: TcpListener,
    tls: TlsAcceptor,
    connections: Arc<AtomicUsize>,
}

impl Listener for Door {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            self.connections.fetch_add(1, Ordering::SeqCst);
            // Whoever does not trust the certificate goes away.
            if let Ok(stream) = self.tls.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
