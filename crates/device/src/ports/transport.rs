//! The network: HTTP requests with a body, and one WebSocket.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc};
use tegata_protocol::device::invitation::Issuer;
use tokio::sync::mpsc;

/// How an account reaches its server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSettings {
    /// PEM file with the only certificate authorities that are trusted for this server; the system's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Proxy. Never used for servers on this machine.
    #[serde(default)]
    pub proxy: ProxySetting,
}

/// Which proxy to use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxySetting {
    /// None.
    Direct,
    /// What the environment says (`HTTPS_PROXY`, `NO_PROXY`, or the system's own setting).
    #[default]
    System,
    /// This one: `http://host:port`.
    Url(String),
}

/// HTTP methods of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    /// GET.
    Get,
    /// POST of a JSON body.
    Post,
}

/// One request. `Debug` shows neither headers nor body.
#[derive(Clone)]
pub struct HttpRequest {
    /// Method.
    pub method: HttpMethod,
    /// Absolute URL.
    pub url: String,
    /// Value of the `Tegata-Proof` header.
    pub proof: Option<String>,
    /// JSON; empty for GET.
    pub body: Vec<u8>,
    /// Longest acceptable answer, in bytes.
    pub max_answer: usize,
    /// Seconds until the whole exchange is given up.
    pub timeout_seconds: u64,
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// One answer.
#[derive(Clone)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Value of the `tegata-nonce` header.
    pub nonce: Option<String>,
    /// At most [`HttpRequest::max_answer`] bytes.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// Nothing answers there: no network, no such host, connection refused, closed half-way, out of time.
    #[error("the server cannot be reached: {0}")]
    Offline(String),
    /// The certificate is not acceptable.
    #[error("the server's certificate is not acceptable: {0}")]
    Certificate(String),
    /// The answer is longer than the limit.
    #[error("the answer is too long")]
    TooLong,
    /// Settings that cannot be used, such as an unreadable CA file.
    #[error("the network settings cannot be used: {0}")]
    Settings(String),
    /// Plain HTTP to another machine.
    #[error("plain http is used only on this machine")]
    Insecure,
}

/// A proved or to-be-proved WebSocket, as a pair of channels. Dropping it closes the connection.
#[derive(Debug)]
pub struct Socket {
    /// Text frames to the server.
    pub outgoing: mpsc::Sender<String>,
    /// Text frames from the server; ends when the connection does.
    pub incoming: mpsc::Receiver<Vec<u8>>,
}

/// Exchanges bytes with one server. Follows no redirects.
pub trait Transport: Send + Sync {
    /// One exchange.
    fn request(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;

    /// Opens a WebSocket at a `ws:` or `wss:` URL.
    fn open_socket<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Socket, TransportError>>;
}

/// Makes a [`Transport`] for each server.
pub trait Network: Send + Sync {
    /// A transport to `issuer` with the account's settings.
    ///
    /// # Errors
    /// [`TransportError::Settings`].
    fn transport(
        &self,
        issuer: &Issuer,
        settings: &NetworkSettings,
    ) -> Result<Arc<dyn Transport>, TransportError>;
}
