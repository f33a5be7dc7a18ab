//! `[connections]`: how many there may be, and how long they may take to begin.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::ConfigError;

/// Limits of connections, for each listener by itself. All at least 1. Addresses of IPv6 count by their /64 network, which
/// is what one customer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Connections {
    /// Open at once, WebSockets included; further ones wait until the system hands them over.
    pub most: u32,
    /// Of these from one address; more are closed at once. Only where TLS is spoken, and not for proxies that are trusted:
    /// everybody who reaches the server without TLS has the same address.
    pub most_per_address: u32,
    /// TLS handshakes at once; further ones wait.
    pub handshakes: u32,
    /// Of these from one address; more are closed at once.
    pub handshakes_per_address: u32,
    /// Seconds for one handshake.
    pub handshake_seconds: u32,
    /// Seconds for the headers of a request, from when the connection is ready for it: also how long a connection that is
    /// not used stays open.
    pub headers_seconds: u32,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            most: 20_000,
            most_per_address: 1024,
            handshakes: 1024,
            handshakes_per_address: 128,
            handshake_seconds: 10,
            headers_seconds: 60,
        }
    }
}

impl Connections {
    /// The time for one handshake.
    pub fn handshake_within(&self) -> Duration {
        Duration::from_secs(self.handshake_seconds.into())
    }

    /// The time for the headers of one request.
    pub fn headers_within(&self) -> Duration {
        Duration::from_secs(self.headers_seconds.into())
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, value) in [
            ("connections.most", self.most),
            ("connections.most_per_address", self.most_per_address),
            ("connections.handshakes", self.handshakes),
            (
                "connections.handshakes_per_address",
                self.handshakes_per_address,
            ),
            ("connections.handshake_seconds", self.handshake_seconds),
            ("connections.headers_seconds", self.headers_seconds),
        ] {
            if value == 0 {
                return Err(ConfigError::NotAllowed {
                    key,
                    problem: "must be at least 1".to_owned(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn no_limit_is_zero() {
        for key in [
            "most",
            "most_per_address",
            "handshakes",
            "handshakes_per_address",
            "handshake_seconds",
            "headers_seconds",
        ] {
            let error = Config::parse(&format!("[connections]\n{key} = 0")).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
            assert!(Config::parse(&format!("[connections]\n{key} = 1")).is_ok());
        }
    }
}
