//! `[registration]`: whether clients may register themselves.

use serde::{Deserialize, Serialize};
use tegata_protocol::Secret;

use super::ConfigError;

/// Fewest characters of an initial access token.
const SHORTEST_TOKEN: usize = 16;

/// Dynamic client registration (RFC 7591). Off by default: an operator registers clients.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistrationConfig {
    /// Clients may register themselves, and read, change and delete what they registered (RFC 7592).
    pub enabled: bool,
    /// What a client must present as bearer token to register; at least 16 characters that a header can hold.
    pub initial_access_token: Option<Secret<String>>,
    /// Without an initial access token anybody may register. In demo mode that is so anyway.
    pub open: bool,
}

impl RegistrationConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        // EXPOSE: looked at for its form.
        let is_good = |token: &Secret<String>| {
            token.expose().len() >= SHORTEST_TOKEN
                && token.expose().bytes().all(|byte| byte.is_ascii_graphic())
        };
        if self
            .initial_access_token
            .as_ref()
            .is_some_and(|token| !is_good(token))
        {
            return Err(ConfigError::NotAllowed {
                key: "registration.initial_access_token",
                problem: format!("must be at least {SHORTEST_TOKEN} visible ASCII characters"),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn an_initial_access_token_is_not_guessed_and_not_shown() {
        for wrong in ["", "short", "fifteen-letters", "sixteen letters and blanks"] {
            let text = format!("[registration]\ninitial_access_token = \"{wrong}\"");
            let error = Config::parse(&text).unwrap_err().to_string();
            assert!(
                error.contains("registration.initial_access_token"),
                "{error}"
            );
            assert!(wrong.is_empty() || !error.contains(wrong), "{error}");
        }
        let good = "[registration]\nenabled = true\ninitial_access_token = \"sixteen-letters!\"";
        let config = Config::parse(good).unwrap();
        assert!(!format!("{config:?}").contains("sixteen"));
    }
}
