//! `[rates]` and `[metrics]`.

use serde::{Deserialize, Serialize};
use tegata_protocol::Secret;

/// How often anybody may come. A rate of 0 is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateConfig {
    /// Refusals that one address may get in a minute.
    pub address_per_minute: u32,
    /// Refusals that one address may get at once.
    pub address_burst: u32,
    /// Requests, polls apart, that one client may make in a minute.
    pub client_per_minute: u32,
    /// Requests, polls apart, that one client may make at once.
    pub client_burst: u32,
    /// Requests that one client may make about one person in a minute.
    pub person_per_minute: u32,
    /// What a failed authentication costs an address; any other refusal costs 1.
    pub failed_authentication: u32,
}

impl Default for RateConfig {
    fn default() -> Self {
        Self {
            address_per_minute: 600,
            address_burst: 1000,
            client_per_minute: 6000,
            client_burst: 2000,
            person_per_minute: 30,
            failed_authentication: 5,
        }
    }
}

impl RateConfig {
    /// No limits at all.
    pub fn unlimited() -> Self {
        Self {
            address_per_minute: 0,
            client_per_minute: 0,
            person_per_minute: 0,
            ..Self::default()
        }
    }
}

/// Who may read the metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// A bearer token that opens `GET /metrics` beside the admin token; at least 16 characters.
    pub token: Option<Secret<String>>,
}

impl MetricsConfig {
    /// Whether there is a token that could be guessed.
    pub(super) fn is_too_short(&self) -> bool {
        // EXPOSE: for its length.
        self.token
            .as_ref()
            .is_some_and(|token| token.expose().len() < 16)
    }
}
