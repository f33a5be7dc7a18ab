//! A server with TLS on loopback, and clients of it.

use rcgen::KeyPair;
use rustls::{
    ClientConfig, SupportedCipherSuite,
    client::ResolvesClientCert,
    crypto::ring,
    pki_types::ServerName,
    version::{TLS12, TLS13},
};
use std::{io, path::Path, sync::Arc, time::Duration};
use tegata_protocol::{FixedClock, SystemRng, UnixTime};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::authority::{Authority, files_in};
use crate::{
    app::App,
    config::{Config, Connections, Issuer, TlsConfig},
    data_folder::DataFolder,
    http::serve_tls,
    tls::{Renewal, TlsFiles, TlsListener},
};

pub(super) const NOW: UnixTime = UnixTime(1_800_000_000);

/// Until something that must happen has happened.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// A server for `https://localhost:PORT`.
pub(super) struct Server {
    pub(super) authority: Authority,
    pub(super) files: TlsFiles,
    pub(super) renewal: Arc<Renewal>,
    pub(super) app: Arc<App>,
    pub(super) port: u16,
    pub(super) local: String,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) task: JoinHandle<io::Result<()>>,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::start_with(&KeyPair::generate().unwrap(), |_, _| {}).await
    }

    /// `change`: applied to the configuration; it is given the scratch folder.
    pub(super) async fn start_with(key: &KeyPair, change: impl FnOnce(&mut Config, &Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(folder.path().join("data"));
        let rng = SystemRng::new();
        data.make(&rng).unwrap();
        let (authority, files) = (Authority::make(), files_in(folder.path()));
        authority.write(&files, key);
        let renewal = Renewal::open(files.clone(), NOW).unwrap();
        let public = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let local = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = public.local_addr().unwrap().port();
        let mut config = Config {
            issuer: Some(Issuer::parse(&format!("https://localhost:{port}")).unwrap()),
            tls: TlsConfig {
                certificate: Some(files.certificate.clone()),
                key: Some(files.key.clone()),
                ..TlsConfig::default()
            },
            ..Config::default()
        };
        change(&mut config, folder.path());
        let clock = Arc::new(FixedClock::at(NOW));
        let app = App::open(config, &data, port, clock, Arc::new(rng))
            .await
            .unwrap();
        let (stop, stopped) = oneshot::channel();
        Self {
            local: format!("http://{}", local.local_addr().unwrap()),
            task: tokio::spawn(serve_tls(
                Arc::clone(&app),
                TlsListener::new(public, Arc::clone(&renewal)),
                local,
                async move { stopped.await.unwrap() },
            )),
            authority,
            files,
            renewal,
            app,
            port,
            stop,
            _folder: folder,
        }
    }

    pub(super) async fn limited(change: impl FnOnce(&mut Connections)) -> Self {
        let key = KeyPair::generate().unwrap();
        Self::start_with(&key, |config, _| change(&mut config.connections)).await
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// A client that trusts the authority and nobody else.
    pub(super) fn client(&self) -> reqwest::Client {
        let root = reqwest::Certificate::from_der(&self.authority.der()).unwrap();
        reqwest::Client::builder()
            .tls_certs_only([root])
            .no_proxy()
            .build()
            .unwrap()
    }

    /// What TLS clients offer: these suites, and the versions that they belong to.
    pub(super) fn offering(&self, suites: &[SupportedCipherSuite]) -> Arc<ClientConfig> {
        let provider = rustls::crypto::CryptoProvider {
            cipher_suites: suites.to_vec(),
            ..ring::default_provider()
        };
        let mut versions = Vec::new();
        for version in [&TLS12, &TLS13] {
            if suites.iter().any(|suite| suite.version() == version) {
                versions.push(version);
            }
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&versions)
            .unwrap()
            .with_root_certificates(self.authority.roots())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config)
    }

    /// The same, with a certificate if the server asks for one.
    pub(super) fn offering_certificate(
        &self,
        suites: &[SupportedCipherSuite],
        certificate: Arc<dyn ResolvesClientCert>,
    ) -> Arc<ClientConfig> {
        let mut config = Arc::unwrap_or_clone(self.offering(suites));
        config.client_auth_cert_resolver = certificate;
        Arc::new(config)
    }

    pub(super) async fn connect(
        &self,
        config: Arc<ClientConfig>,
    ) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        shake_hands(config, stream, "localhost").await
    }
}

/// Calls the server by this name.
pub(super) async fn shake_hands(
    config: Arc<ClientConfig>,
    stream: TcpStream,
    name: &'static str,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name).unwrap();
    TlsConnector::from(config).connect(name, stream).await
}

/// What the other end says until it closes the connection, or breaks it.
pub(super) async fn rest(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Vec<u8> {
    let mut rest = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        rest.extend_from_slice(&buffer[..read]);
    }
    rest
}

/// Asks on an open connection, which stays open.
pub(super) async fn health(stream: &mut TlsStream<TcpStream>) -> String {
    stream
        .write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let read = stream.read_buf(&mut answer).await.unwrap();
        assert!(read > 0, "the connection was closed");
    }
    String::from_utf8(answer).unwrap()
}
