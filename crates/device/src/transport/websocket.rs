//! WebSocket connections, direct or through an HTTP proxy.

use super::{Route, http::CONNECT};
use crate::ports::{ProxySetting, Socket, TransportError};
use futures_util::{SinkExt as _, StreamExt as _};
use std::{sync::Arc, time::Duration};
use tegata_protocol::device::limits;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{Error, Message, protocol::WebSocketConfig},
};

/// Silence after which the device asks whether the server is still there.
const PING_AFTER: Duration = Duration::from_secs(45);
/// Further silence after which the connection is given up.
const PONG_WITHIN: Duration = Duration::from_secs(20);

pub(super) async fn open(route: &Route, url: &url::Url) -> Result<Socket, TransportError> {
    let offline = |text: String| TransportError::Offline(text);
    let connect = async {
        let stream = connect(route, url).await?;
        let connector = match &route.authorities {
            Some(pem) => Some(Connector::Rustls(private_tls(pem)?)),
            None => None,
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(4096)
            .write_buffer_size(0)
            .max_message_size(Some(limits::SERVER_FRAME))
            .max_frame_size(Some(limits::SERVER_FRAME));
        let (stream, _) =
            client_async_tls_with_config(url.as_str(), stream, Some(config), connector)
                .await
                .map_err(|error| named(&error))?;
        Ok(stream)
    };
    let stream = tokio::time::timeout(CONNECT, connect)
        .await
        .map_err(|_| offline("no connection in time".into()))??;
    let (outgoing, from_app) = mpsc::channel(8);
    let (to_app, incoming) = mpsc::channel(8);
    tokio::spawn(pump(stream, from_app, to_app));
    Ok(Socket { outgoing, incoming })
}

/// Carries frames until either side ends. A silent connection is asked with a ping and then given up.
async fn pump(
    mut stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    mut from_app: mpsc::Receiver<String>,
    to_app: mpsc::Sender<Vec<u8>>,
) {
    let mut asked = false;
    loop {
        let silence = if asked { PONG_WITHIN } else { PING_AFTER };
        tokio::select! {
            frame = stream.next() => {
                asked = false;
                match frame {
                    Some(Ok(Message::Text(text))) => {
                        if to_app.send(text.as_bytes().to_vec()).await.is_err() {
                            break;
                        }
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    _ => break,
                }
            }
            frame = from_app.recv() => match frame {
                Some(text) => {
                    if stream.send(Message::Text(text.into())).await.is_err() {
                        break;
                    }
                }
                None => break,
            },
            () = to_app.closed() => break,
            () = tokio::time::sleep(silence) => {
                if asked || stream.send(Message::Ping(Vec::new().into())).await.is_err() {
                    break;
                }
                asked = true;
            }
        }
    }
    // The other side may be gone already.
    let _ = stream.close(None).await;
}

async fn connect(route: &Route, url: &url::Url) -> Result<TcpStream, TransportError> {
    let failed = |error: std::io::Error| TransportError::Offline(error.to_string());
    let stream = if let Some(address) = route.loopback_address(url) {
        TcpStream::connect(address).await.map_err(failed)?
    } else {
        let port = url.port_or_known_default().unwrap_or(443);
        match proxy_for(route)? {
            Some(proxy) => through_proxy(&proxy, &route.host, port).await?,
            None => TcpStream::connect((route.host.as_str(), port))
                .await
                .map_err(failed)?,
        }
    };
    stream.set_nodelay(true).map_err(failed)?;
    Ok(stream)
}

/// The proxy to use. `System` follows `HTTPS_PROXY` unless `NO_PROXY` names the host.
fn proxy_for(route: &Route) -> Result<Option<url::Url>, TransportError> {
    let text = match &route.proxy {
        ProxySetting::Direct => return Ok(None),
        ProxySetting::Url(text) => text.clone(),
        ProxySetting::System => {
            let read = |names: [&str; 2]| names.iter().find_map(|name| std::env::var(name).ok());
            let excluded = read(["NO_PROXY", "no_proxy"]).unwrap_or_default();
            let named = excluded.split(',').map(str::trim).any(|entry| {
                let entry = entry.trim_start_matches('.');
                entry == "*"
                    || (!entry.is_empty()
                        && (route.host == entry || route.host.ends_with(&format!(".{entry}"))))
            });
            match read(["HTTPS_PROXY", "https_proxy"]) {
                Some(text) if !text.is_empty() && !named => text,
                _ => return Ok(None),
            }
        }
    };
    url::Url::parse(&text)
        .map(Some)
        .map_err(|_| TransportError::Settings("the proxy is not a URL".into()))
}

/// `CONNECT host:port` (RFC 9110 section 9.3.6).
async fn through_proxy(
    proxy: &url::Url,
    host: &str,
    port: u16,
) -> Result<TcpStream, TransportError> {
    let failed = |error: std::io::Error| TransportError::Offline(format!("proxy: {error}"));
    if proxy.scheme() != "http" {
        return Err(TransportError::Settings(
            "WebSockets go through http proxies only".into(),
        ));
    }
    let proxy_host = proxy.host_str().unwrap_or_default();
    let proxy_port = proxy.port_or_known_default().unwrap_or(80);
    let mut stream = TcpStream::connect((proxy_host, proxy_port))
        .await
        .map_err(failed)?;
    let mut head = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if !proxy.username().is_empty() {
        let pair = format!("{}:{}", proxy.username(), proxy.password().unwrap_or(""));
        let pair = data_encoding::BASE64.encode(pair.as_bytes());
        head.push_str("Proxy-Authorization: Basic ");
        head.push_str(&pair);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.map_err(failed)?;
    // Byte by byte, because what follows the empty line is not the proxy's any more.
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= 8192 {
            return Err(TransportError::TooLong);
        }
        answer.push(stream.read_u8().await.map_err(failed)?);
    }
    if answer.starts_with(b"HTTP/1.1 200") || answer.starts_with(b"HTTP/1.0 200") {
        Ok(stream)
    } else {
        Err(TransportError::Offline("the proxy refused".into()))
    }
}

/// TLS that trusts the authorities of a PEM file and no others.
fn private_tls(pem: &[u8]) -> Result<Arc<rustls::ClientConfig>, TransportError> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let settings = |text: String| TransportError::Settings(text);
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| settings(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| settings(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| settings(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn named(error: &Error) -> TransportError {
    match error {
        Error::Tls(tls) => TransportError::Certificate(tls.to_string()),
        Error::Http(answer) => TransportError::Offline(format!("status {}", answer.status())),
        other => TransportError::Offline(other.to_string()),
    }
}
