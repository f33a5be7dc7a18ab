//! The load generator's HTTP: one connection, one request at a time, nothing that a benchmark does not need.
//!
//! No pool, no redirects, no TLS, no decompression: what is left costs little, and it is clear which connection a
//! request goes over.

use anyhow::{Context as _, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Request,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
    header,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// Media type of the forms that clients send.
pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Media type of what devices and operators send.
pub const JSON: (&str, &str) = ("content-type", "application/json");

/// One HTTP/1.1 keep-alive connection to a loopback server. Needs a tokio run time, on which it has a task of its own.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    host: String,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// A connection that is opened by its first request.
    pub fn to(address: SocketAddr) -> Self {
        Self {
            address,
            host: format!("localhost:{}", address.port()),
            sender: None,
        }
    }

    /// A connection that is open.
    ///
    /// # Errors
    /// Nobody listens at `address`.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let mut connection = Self::to(address);
        connection.sender = Some(connection.connect().await?);
        Ok(connection)
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.address)
            .await
            .with_context(|| format!("nobody listens at {}", self.address))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends when the sender is dropped or the server closes; what went wrong is the request's error.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// Sends a request and waits for the whole answer. `headers` are those besides `Host` and `Content-Length`. If the
    /// server had closed the idle connection, it is opened again, once; a request that may have arrived is never sent
    /// twice.
    ///
    /// # Errors
    /// Nobody listens, or the connection ended before the answer did. A refusal is an answer and no error.
    pub async fn send(
        &mut self,
        method: &str,
        path_and_query: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> anyhow::Result<Answer> {
        let body = body.into();
        let mut reopened = false;
        loop {
            let mut sender = if let Some(sender) = self.sender.take() {
                sender
            } else {
                reopened = true;
                self.connect().await?
            };
            let ready = sender.ready().await;
            let answer = match ready {
                Ok(()) => {
                    let request = self.request(method, path_and_query, headers, body.clone())?;
                    sender.send_request(request).await
                }
                Err(error) => Err(error),
            };
            match answer {
                Ok(response) => {
                    let (parts, body) = response.into_parts();
                    let body = body.collect().await?.to_bytes();
                    self.sender = Some(sender);
                    return Ok(Answer {
                        status: parts.status.as_u16(),
                        headers: parts.headers,
                        body,
                    });
                }
                // hyper says so of requests that were not sent.
                Err(error) if !reopened && (error.is_canceled() || error.is_closed()) => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("{method} {path_and_query}"));
                }
            }
        }
    }

    fn request(
        &self,
        method: &str,
        path_and_query: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(method)
            .uri(path_and_query)
            .header(header::HOST, &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(request.body(Full::new(body))?)
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON, whatever the status.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("HTTP {} with no JSON", self.status))
    }

    /// The body of a success as JSON.
    ///
    /// # Errors
    /// The status is not 2xx, shown with the body; or it is not JSON.
    pub fn ok_json(&self) -> anyhow::Result<Value> {
        if !(200..300).contains(&self.status) {
            bail!(
                "HTTP {}: {}",
                self.status,
                String::from_utf8_lossy(&self.body)
            );
        }
        self.json()
    }
}
