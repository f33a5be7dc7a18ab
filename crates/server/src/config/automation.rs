//! The automation hook's options.

use serde::{Deserialize, Serialize};
use tegata_protocol::Secret;

use super::{ConfigError, Issuer};

/// Shortest key, in characters.
const SHORTEST_KEY: usize = 32;

/// The hook through which a test suite decides requests of test clients to test accounts. Off unless it has a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AutomationConfig {
    /// What calls of the hook must name; at least 32 characters.
    pub key: Option<Secret<String>>,
    /// Have the hook also where the issuer is not `localhost` or a name under it.
    pub allow_public: bool,
}

impl AutomationConfig {
    /// Whether there is a hook.
    pub const fn is_on(&self) -> bool {
        self.key.is_some()
    }

    /// Checks the key's length, and that a hook which the world can reach is wanted.
    pub(super) fn check(&self, issuer: Option<&Issuer>) -> Result<(), ConfigError> {
        let Some(key) = &self.key else {
            return Ok(());
        };
        let not = |problem: String| ConfigError::NotAllowed {
            key: "automation.key",
            problem,
        };
        // EXPOSE: for its length.
        if key.expose().chars().count() < SHORTEST_KEY {
            return Err(not(format!("must be at least {SHORTEST_KEY} characters")));
        }
        match issuer {
            Some(issuer) if !issuer.is_local() && !self.allow_public => Err(not(format!(
                "{issuer} is not on this machine alone, so whoever learns the key could decide for all test accounts \
                 from anywhere. Set automation.allow_public = true if that is wanted, as it is for a public test suite"
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const KEY: &str = "key = \"0123456789abcdef0123456789abcdef\"";

    #[test]
    fn a_short_key_and_a_public_hook_that_nobody_asked_for_are_refused() {
        let parse = |text: &str| Config::parse(text);
        let error = |text: &str| parse(text).unwrap_err().to_string();
        assert!(!parse("").unwrap().automation.is_on());
        assert!(
            parse(&format!("[automation]\n{KEY}"))
                .unwrap()
                .automation
                .is_on()
        );
        let short = error("[automation]\nkey = \"0123456789abcdef0123456789abcde\"");
        assert!(
            short.contains("automation.key")
                && short.contains("32")
                && !short.contains("0123456789"),
            "{short}"
        );
        let local = format!("issuer = \"http://id.localhost:8480\"\n[automation]\n{KEY}");
        parse(&local).unwrap();
        let public = format!("issuer = \"https://id.example\"\n[automation]\n{KEY}");
        let refused = error(&public);
        assert!(
            refused.contains("allow_public") && refused.contains("https://id.example"),
            "{refused}"
        );
        parse(&format!("{public}\nallow_public = true")).unwrap();
    }

    #[test]
    fn the_key_is_in_no_debug_output() {
        let config = Config::parse(&format!("[automation]\n{KEY}")).unwrap();
        assert!(!format!("{config:?}").contains("0123456789abcdef"));
    }
}
