//! `[proxy]`: who may speak for others.

use axum::http::HeaderName;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

use super::ConfigError;

/// A reverse proxy that ends TLS in front of this server. What it says of a sender counts only if the connection comes from
/// one of its addresses; from anybody else the headers are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProxyConfig {
    /// Its addresses. Every program that can connect from one of them is trusted.
    pub addresses: Vec<IpAddr>,
    /// The header with the client's certificate, whose key the proxy has seen used. The proxy MUST set it or remove it in
    /// every request. URL-encoded PEM, or the byte sequence of RFC 9440.
    pub client_certificate_header: Option<String>,
    /// The header with the sender's address: a list to which every proxy adds the one that it was reached from.
    pub address_header: Option<String>,
}

impl ProxyConfig {
    /// Whether what comes from `address` may speak for others.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.addresses
            .iter()
            .any(|trusted| trusted.to_canonical() == address)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let not = |key, problem: &str| {
            Err(ConfigError::NotAllowed {
                key,
                problem: problem.to_owned(),
            })
        };
        for (key, header) in [
            (
                "proxy.client_certificate_header",
                &self.client_certificate_header,
            ),
            ("proxy.address_header", &self.address_header),
        ] {
            let Some(header) = header else { continue };
            if HeaderName::from_bytes(header.as_bytes()).is_err() {
                return not(key, "must be the name of a header");
            }
            if self.addresses.is_empty() {
                return not(
                    key,
                    "is believed only from proxy.addresses, and there are none",
                );
            }
        }
        if self.addresses.iter().any(IpAddr::is_unspecified) {
            return not("proxy.addresses", "must be addresses of the proxy itself");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_header_is_believed_from_named_addresses_alone() {
        let proxy = ProxyConfig {
            addresses: vec!["10.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()],
            ..ProxyConfig::default()
        };
        for (address, trusted) in [
            ("10.0.0.1", true),
            ("::ffff:10.0.0.1", true),
            ("fd00::1", true),
            ("10.0.0.2", false),
            ("::1", false),
        ] {
            assert_eq!(proxy.trusts(address.parse().unwrap()), trusted, "{address}");
        }
    }

    #[test]
    fn headers_without_addresses_and_bad_names_are_refused() {
        for (text, key) in [
            ("address_header = \"x-forwarded-for\"", "address_header"),
            (
                "client_certificate_header = \"client-cert\"",
                "client_certificate_header",
            ),
            (
                "addresses = [\"::1\"]\naddress_header = \"x forwarded\"",
                "address_header",
            ),
            ("addresses = [\"0.0.0.0\"]", "addresses"),
            ("addresses = [\"proxy.example\"]", "addresses"),
        ] {
            let error = Config::parse(&format!("[proxy]\n{text}")).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
        }
    }
}
