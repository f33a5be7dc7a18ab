//! The real network: reqwest and tokio-tungstenite over rustls with ring.
//!
//! What it does not do: redirects, cookies, caches, retries. Names under `localhost` are this machine and nothing else.

mod http;
#[cfg(test)]
mod tests;
mod websocket;

use crate::ports::{
    HttpRequest, HttpResponse, Network, NetworkSettings, ProxySetting, Socket, Transport,
    TransportError,
};
use futures_util::future::BoxFuture;
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tegata_protocol::device::invitation::Issuer;

/// Makes ring the process's TLS implementation. Call it once, first, in every `main` and test harness that makes a
/// [`NetworkStack`]; further calls change nothing.
pub fn install_crypto_provider() {
    // An error says that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The network of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct NetworkStack;

impl Network for NetworkStack {
    fn transport(
        &self,
        issuer: &Issuer,
        settings: &NetworkSettings,
    ) -> Result<Arc<dyn Transport>, TransportError> {
        let route = Route::new(issuer, settings)?;
        Ok(Arc::new(ServerTransport {
            client: http::build_client(&route)?,
            route,
        }))
    }
}

/// How one server is reached.
pub(crate) struct Route {
    host: String,
    /// Set for servers on this machine.
    loopback: Option<IpAddr>,
    /// PEM.
    authorities: Option<Vec<u8>>,
    proxy: ProxySetting,
}

impl Route {
    fn new(issuer: &Issuer, settings: &NetworkSettings) -> Result<Self, TransportError> {
        let authorities = match &settings.ca_file {
            None => None,
            Some(path) => Some(fs::read(path).map_err(|error| {
                TransportError::Settings(format!("CA file {}: {error}", path.display()))
            })?),
        };
        let local = issuer.is_local();
        Ok(Self {
            host: issuer.host_name().to_owned(),
            loopback: local.then_some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            authorities,
            proxy: if local {
                ProxySetting::Direct
            } else {
                settings.proxy.clone()
            },
        })
    }

    /// Whether a URL may be asked: at the issuer's host, and in the clear only on this machine.
    fn admits(&self, url: &str) -> Result<url::Url, TransportError> {
        let url = url::Url::parse(url)
            .map_err(|_| TransportError::Settings("an endpoint is not a URL".into()))?;
        let clear = matches!(url.scheme(), "http" | "ws");
        if url.host_str() != Some(self.host.as_str()) || (clear && self.loopback.is_none()) {
            return Err(TransportError::Insecure);
        }
        Ok(url)
    }

    fn loopback_address(&self, url: &url::Url) -> Option<SocketAddr> {
        let port = url.port_or_known_default()?;
        self.loopback.map(|ip| SocketAddr::new(ip, port))
    }
}

struct ServerTransport {
    client: reqwest::Client,
    route: Route,
}

impl Transport for ServerTransport {
    fn request(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let url = self.route.admits(&request.url)?;
            http::exchange(&self.client, url, request).await
        })
    }

    fn open_socket<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Socket, TransportError>> {
        Box::pin(async move {
            let url = self.route.admits(url)?;
            websocket::open(&self.route, &url).await
        })
    }
}
