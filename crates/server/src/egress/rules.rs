//! Which URLs may be called, and which addresses of their hosts.

use reqwest::Url;
use std::net::IpAddr;
use url::Host;

use super::{
    EgressError, Refusal,
    address::{self, Network, Peer},
};
use crate::config::CallbacksConfig;

/// What a URL that is to be called must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallUrlError {
    /// It has a fragment.
    #[error("the URL has a fragment")]
    Fragment,
    /// It is no absolute URL with a host.
    #[error("this is no absolute URL with a host")]
    Malformed,
    /// It names a port that is not allowed.
    #[error("the URL names a port that is not allowed")]
    Port,
    /// It is not `https`.
    #[error("the URL is not https")]
    Scheme,
    /// It names a user or a password.
    #[error("the URL has a user or a password")]
    Userinfo,
}

/// `[callbacks]`, ready for use.
#[derive(Debug)]
pub(super) struct Rules {
    networks: Vec<Network>,
    hosts: Vec<String>,
    ports: Vec<u16>,
    demo: bool,
}

impl Rules {
    pub(super) fn new(config: &CallbacksConfig, demo: bool) -> Self {
        let mut rules = Self {
            networks: Vec::new(),
            hosts: Vec::new(),
            ports: config.ports.clone(),
            demo,
        };
        for peer in &config.allow {
            match &peer.0 {
                Peer::Host(name) => rules.hosts.push(name.clone()),
                Peer::Network(network) => rules.networks.push(*network),
            }
        }
        rules
    }

    /// A URL that may be called, if its host leads where it may.
    pub(super) fn url(&self, text: &str) -> Result<Url, EgressError> {
        let url = Url::parse(text).map_err(|_| CallUrlError::Malformed)?;
        let host = url.host().ok_or(CallUrlError::Malformed)?;
        let (local, named) = match host {
            Host::Domain(name) => (is_local_name(name), self.names(name)),
            Host::Ipv4(address) => (address.is_loopback(), false),
            Host::Ipv6(address) => (address.is_loopback(), false),
        };
        let local = local && self.demo;
        // 1. The scheme.
        if !(url.scheme() == "https" || (url.scheme() == "http" && local)) {
            return Err(CallUrlError::Scheme.into());
        }
        // 2. Nothing that is not sent or that would be sent as a credential.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(CallUrlError::Userinfo.into());
        }
        if url.fragment().is_some() {
            return Err(CallUrlError::Fragment.into());
        }
        // 3. The port.
        let port = url.port_or_known_default().unwrap_or(0);
        if !(local || named || self.ports.contains(&port)) {
            return Err(CallUrlError::Port.into());
        }
        // 4. An address instead of a name is not resolved, so it is looked at here.
        let literal = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        if let Some(address) = literal
            && !(local || self.permits(address))
        {
            return Err(EgressError::Forbidden);
        }
        Ok(url)
    }

    /// The addresses of `host` to connect to: all that were found, or none.
    pub(super) fn admit(&self, host: &str, found: &[IpAddr]) -> Result<Vec<IpAddr>, Refusal> {
        if found.is_empty() {
            return Err(Refusal::Unresolved);
        }
        let admitted = if self.names(host) {
            true
        } else if self.demo && is_local_name(host) {
            found.iter().all(IpAddr::is_loopback)
        } else {
            found.iter().all(|address| self.permits(*address))
        };
        if admitted {
            Ok(found.to_vec())
        } else {
            Err(Refusal::Forbidden)
        }
    }

    fn permits(&self, address: IpAddr) -> bool {
        let carried = address::carried(address);
        let allowed = |network: &Network| network.contains(address) || network.contains(carried);
        address::is_public(address) || self.networks.iter().any(allowed)
    }

    fn names(&self, host: &str) -> bool {
        let host = without_dot(host);
        self.hosts
            .iter()
            .any(|name| host.eq_ignore_ascii_case(name))
    }
}

/// Names that are this machine's own (RFC 6761 section 6.3).
fn is_local_name(host: &str) -> bool {
    let host = without_dot(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}
