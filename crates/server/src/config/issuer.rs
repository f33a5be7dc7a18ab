//! The issuer as the operator configures it.

use serde::{Deserialize, Serialize};
use std::fmt;
use tegata_protocol::device::invitation;

/// An issuer identifier that devices accept: `https`, or `http` on localhost by name; never an IP address; no query,
/// fragment, user or trailing slash. The rules are those of [`invitation::Issuer`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer(invitation::Issuer);

/// A text is no issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be an issuer: it must be https, or http on localhost, with a host name (never an IP address; on this \
     machine use http://localhost:PORT), and without user, query, fragment or trailing slash"
)]
pub struct InvalidIssuerError(String);

impl Issuer {
    /// Checks an issuer.
    ///
    /// # Errors
    /// [`InvalidIssuerError`], saying what an issuer must be.
    pub fn parse(text: &str) -> Result<Self, InvalidIssuerError> {
        invitation::Issuer::parse(text)
            .map(Self)
            .map_err(|_| InvalidIssuerError(text.to_owned()))
    }

    /// `http://localhost:PORT`, what a server on this machine is called unless configured otherwise.
    ///
    /// # Panics
    /// Never: such an issuer is valid.
    pub fn localhost(port: u16) -> Self {
        let text = if port == 80 {
            "http://localhost".to_owned()
        } else {
            format!("http://localhost:{port}")
        };
        Self::parse(&text).expect("a local issuer is valid")
    }

    /// The issuer as it stands in tokens.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host name, ASCII, without the port.
    pub fn host(&self) -> &str {
        self.0.host_name()
    }

    /// Host and, unless it is the scheme's own, port: what a person types beside an invitation code.
    pub fn authority(&self) -> &str {
        self.0.host()
    }

    /// Whether it is reached through TLS.
    pub fn is_https(&self) -> bool {
        self.as_str().starts_with("https://")
    }

    /// Whether the host is this machine by name: `localhost` or a name under it.
    pub fn is_local(&self) -> bool {
        self.host() == "localhost" || self.host().ends_with(".localhost")
    }

    /// The URL of `path`, which begins with a slash, under the issuer.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.as_str())
    }

    /// The port in the issuer, if it names one.
    pub fn port(&self) -> Option<u16> {
        self.authority()
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok())
    }

    /// The same as the wire's type.
    pub fn wire(&self) -> &invitation::Issuer {
        &self.0
    }
}

impl TryFrom<String> for Issuer {
    type Error = InvalidIssuerError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.as_str().to_owned()
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_localhost_and_never_an_ip_address() {
        for good in [
            "https://id.example.com",
            "http://localhost:1",
            "http://a.localhost:1",
            "https://e.org/t",
        ] {
            assert_eq!(Issuer::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "http://127.0.0.1:1",
            "https://[::1]",
            "http://example.com",
            "https://e.org/",
            "https://e.org?x",
            "https://e.org#x",
            "https://u@e.org",
            "e.org",
        ] {
            assert!(Issuer::parse(bad).is_err(), "{bad}");
        }
        for (issuer, local) in [
            ("http://localhost:1", true),
            ("https://a.localhost", true),
            ("https://id.example", false),
            ("https://localhost.example", false),
            ("https://notlocalhost", false),
        ] {
            assert_eq!(Issuer::parse(issuer).unwrap().is_local(), local, "{issuer}");
        }
        assert_eq!(Issuer::localhost(80).as_str(), "http://localhost");
        let local = Issuer::localhost(8480);
        assert_eq!(
            (local.authority(), local.host(), local.port()),
            ("localhost:8480", "localhost", Some(8480))
        );
    }
}
