//! The one door through which the server calls addresses that clients gave: notification endpoints, `jwks_uri`, sector
//! documents. What is behind it must not become reachable for whoever can register a client.
//!
//! Each call goes through the same steps: 1. the form of the URL ([`Egress::require_url`]); 2. a turn, of which a host and
//! the whole server have only so many; 3. the host's addresses, all of which must be public or allowed by `[callbacks]`,
//! and which are then the ones connected to; 4. TLS in the host's name; 5. an answer within limits of time and size. No
//! redirect is followed, no proxy is used, and nothing but the status of a POST is of interest.
//!
//! What this does **not** do: try again, know clients, or keep what it fetched.
//!
//! To forbid another range: a line in `address`. To call in another way: a method here that goes through `Egress::send`.

mod address;
mod rules;
mod turns;

#[cfg(test)]
pub(crate) mod tests;

use reqwest::{Method, RequestBuilder, StatusCode, Url, header};
use std::{
    error::Error,
    fmt::Debug,
    fs,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tegata_protocol::Secret;
use tokio::time::timeout;

pub use address::{AllowedPeer, InvalidPeerError};
pub use rules::CallUrlError;

use crate::config::Config;
use rules::Rules;
use turns::Turns;

/// Most bytes of an ignored body that are read so that the connection can be used again; with more it is closed.
const IGNORED_BODY: usize = 16 * 1024;

/// How long an ignored body is waited for.
const IGNORED_BODY_WITHIN: Duration = Duration::from_secs(1);

/// How long a connection that nothing is sent on is kept.
const IDLE: Duration = Duration::from_secs(30);

/// Such connections to one host.
const IDLE_PER_HOST: usize = 4;

/// Limits of time and number.
#[derive(Debug, Clone)]
pub struct EgressLimits {
    /// To resolve the host, connect, and finish the TLS handshake.
    pub connect: Duration,
    /// For everything, waiting for a turn included.
    pub total: Duration,
    /// Calls to one host at once.
    pub per_host: usize,
    /// Calls at once.
    pub all: usize,
}

impl Default for EgressLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(10),
            per_host: 4,
            all: 256,
        }
    }
}

/// Finds the addresses of a host. What it says is checked before it is used.
pub trait Resolver: Debug + Send + Sync {
    /// All addresses of `host`, a name and never an IP literal.
    fn resolve(&self, host: &str) -> Resolving;
}

/// What a [`Resolver`] is working on.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// The operating system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str) -> Resolving {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Why there is no answer. Texts name no URL: paths can hold secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EgressError {
    /// Too many calls are under way, to this host or in all.
    #[error("too many calls are under way")]
    Busy,
    /// The bearer token cannot be sent in a header.
    #[error("the token cannot be sent in a header")]
    Credential,
    /// The connection failed, TLS included; with the innermost reason.
    #[error("no connection: {0}")]
    Connection(String),
    /// The host has an address that must not be called.
    #[error("the host has an address that must not be called")]
    Forbidden,
    /// The answer to a GET is not 200.
    #[error("answered {0}")]
    Status(StatusCode),
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The answer is larger than was asked for.
    #[error("the answer is too large")]
    TooLarge,
    /// The host has no address.
    #[error("the host has no address")]
    Unresolved,
    /// The URL's form.
    #[error(transparent)]
    Url(#[from] CallUrlError),
}

/// The guard cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EgressStartError {
    /// The file with further authorities cannot be read.
    #[error("callbacks.authorities: {0}")]
    Authorities(io::Error),
    /// It holds no certificates, or the system has no usable TLS set-up.
    #[error("no TLS for callbacks: {0}")]
    Client(#[from] reqwest::Error),
}

/// The guard.
#[derive(Debug)]
pub struct Egress {
    client: reqwest::Client,
    rules: Arc<Rules>,
    turns: Turns,
    limits: EgressLimits,
}

impl Egress {
    /// By `[callbacks]` and `demo` of `config`, with the system's resolver. Relative files start at `data_dir`.
    ///
    /// # Errors
    /// [`EgressStartError`], with a text for the operator.
    pub fn open(config: &Config, data_dir: &Path) -> Result<Self, EgressStartError> {
        let limits = EgressLimits::default();
        Self::with(config, data_dir, Arc::new(SystemResolver), limits)
    }

    /// The same with another resolver and other limits.
    ///
    /// # Errors
    /// As [`Egress::open`].
    pub fn with(
        config: &Config,
        data_dir: &Path,
        resolver: Arc<dyn Resolver>,
        limits: EgressLimits,
    ) -> Result<Self, EgressStartError> {
        // Whoever installs a provider first wins, and all of ours are ring.
        drop(rustls::crypto::ring::default_provider().install_default());
        let rules = Arc::new(Rules::new(&config.callbacks, config.demo));
        let guard = Guard {
            rules: Arc::clone(&rules),
            resolver,
        };
        let mut builder = reqwest::Client::builder()
            .dns_resolver(guard)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // Of the other versions one sends requests again by itself.
            .http1_only()
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .user_agent(concat!("tegata-server/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = &config.callbacks.authorities {
            let pem = fs::read(data_dir.join(file)).map_err(EgressStartError::Authorities)?;
            builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(&pem)?);
        }
        Ok(Self {
            client: builder.build()?,
            rules,
            turns: Turns::new(limits.all, limits.per_host),
            limits,
        })
    }

    /// Whether `url` has a form that may be called at all; for registration. Where its host leads to is seen at each call.
    ///
    /// # Errors
    /// [`EgressError::Url`]; [`EgressError::Forbidden`] if the host is an address that must not be called.
    pub fn require_url(&self, url: &str) -> Result<(), EgressError> {
        self.rules.url(url).map(drop)
    }

    /// Fetches a document of at most `most` bytes.
    ///
    /// # Errors
    /// [`EgressError`]; [`EgressError::Status`] for every answer but 200.
    pub async fn get(&self, url: &str, most: usize) -> Result<Vec<u8>, EgressError> {
        let url = self.rules.url(url)?;
        let fetch = async {
            let mut response = self.send(&url, Method::GET, |request| request).await?;
            if response.status() != StatusCode::OK {
                return Err(EgressError::Status(response.status()));
            }
            let announced = response.content_length().unwrap_or(0);
            if usize::try_from(announced).map_or(true, |length| length > most) {
                return Err(EgressError::TooLarge);
            }
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(named)? {
                if body.len() + chunk.len() > most {
                    return Err(EgressError::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(body)
        };
        self.in_turn(&url, fetch).await
    }

    /// Posts JSON with a bearer token and returns the status, whatever it is. The answer's body is ignored.
    ///
    /// # Errors
    /// [`EgressError`] if there is no status.
    pub async fn post_json(
        &self,
        url: &str,
        bearer: &Secret<String>,
        body: Vec<u8>,
    ) -> Result<StatusCode, EgressError> {
        let url = self.rules.url(url)?;
        // EXPOSE: sent to the client that it came from, over TLS.
        let bearer = format!("Bearer {}", bearer.expose());
        let mut bearer =
            header::HeaderValue::try_from(bearer).map_err(|_| EgressError::Credential)?;
        bearer.set_sensitive(true);
        let post = async {
            let request = |request: RequestBuilder| {
                request
                    .header(header::AUTHORIZATION, bearer)
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(body)
            };
            let response = self.send(&url, Method::POST, request).await?;
            let status = response.status();
            // Whether or not it can be read to its end: the answer has been given.
            drop(timeout(IGNORED_BODY_WITHIN, discard(response)).await);
            Ok(status)
        };
        self.in_turn(&url, post).await
    }

    /// Waits for a turn and then for `call`, both within the limit of time.
    async fn in_turn<T>(
        &self,
        url: &Url,
        call: impl Future<Output = Result<T, EgressError>>,
    ) -> Result<T, EgressError> {
        let host = url.host_str().unwrap_or_default();
        timeout(self.limits.total, async {
            let turn = timeout(self.limits.total / 2, self.turns.take(host)).await;
            let _turn = turn.map_err(|_| EgressError::Busy)?;
            call.await
        })
        .await
        .unwrap_or(Err(EgressError::Timeout))
    }

    async fn send(
        &self,
        url: &Url,
        method: Method,
        finish: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<reqwest::Response, EgressError> {
        finish(self.client.request(method, url.clone()))
            .send()
            .await
            .map_err(named)
    }
}

/// Reads what is left of a small body.
async fn discard(mut response: reqwest::Response) {
    let mut left = IGNORED_BODY;
    while let Ok(Some(chunk)) = response.chunk().await {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// Between the HTTP client and the resolver: what is not admitted is never connected to.
#[derive(Debug, Clone)]
struct Guard {
    rules: Arc<Rules>,
    resolver: Arc<dyn Resolver>,
}

impl reqwest::dns::Resolve for Guard {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let this = self.clone();
        Box::pin(async move {
            let host = name.as_str();
            let found = this.resolver.resolve(host).await.map_err(|error| {
                tracing::debug!(%error, "callback.unresolved");
                Refusal::Unresolved
            })?;
            let admitted = this.rules.admit(host, &found)?;
            let addresses = admitted.into_iter().map(|ip| SocketAddr::new(ip, 0));
            let addresses: reqwest::dns::Addrs = Box::new(addresses);
            Ok(addresses)
        })
    }
}

/// Why [`Guard`] gives no address; found again among the causes of the HTTP client's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("an address must not be called")]
    Forbidden,
    #[error("no address")]
    Unresolved,
}

fn named(error: reqwest::Error) -> EgressError {
    let mut cause: &dyn Error = &error;
    let mut innermost = None;
    while let Some(next) = cause.source() {
        match next.downcast_ref() {
            Some(Refusal::Forbidden) => return EgressError::Forbidden,
            Some(Refusal::Unresolved) => return EgressError::Unresolved,
            None => {}
        }
        innermost = Some(next.to_string());
        cause = next;
    }
    if error.is_timeout() {
        return EgressError::Timeout;
    }
    EgressError::Connection(innermost.unwrap_or_else(|| error.without_url().to_string()))
}
