//! `[tokens]` and `[dpop]`: the form of tokens, by what they are signed, and what proofs of possession need.

use serde::{Deserialize, Serialize};

use super::{Config, ConfigError};
use crate::jose::Algorithm;

/// How tokens are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokensConfig {
    /// The form of access tokens.
    pub access_token_format: AccessTokenFormat,
    /// The algorithms of ID tokens that clients can be registered for. MUST have `ES256`, which clients get that ask for
    /// none. `RS256` is not among the default ones: it is the weakest, and for clients that know nothing else.
    pub algorithms: Vec<Algorithm>,
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self {
            access_token_format: AccessTokenFormat::default(),
            algorithms: vec![Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa],
        }
    }
}

/// The form of access tokens. Both can be revoked; a resource that does not ask learns that of neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// RFC 9068: resources read them by themselves.
    Jwt,
    /// They say nothing: resources ask for what they stand for (RFC 7662).
    #[default]
    Opaque,
}

/// DPoP (RFC 9449).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DpopConfig {
    /// Proofs must be over a nonce of this server (RFC 9449 section 8). Default: yes, since a proof that was made ahead of
    /// time or that a clock makes new again is good for nothing then; it costs a client one more request in five minutes.
    pub require_nonce: bool,
}

impl Default for DpopConfig {
    fn default() -> Self {
        Self {
            require_nonce: true,
        }
    }
}

impl Config {
    /// The algorithms by which ID tokens are signed for clients that are registered for them: what is configured and the
    /// profile allows. Metadata, registration and issuance all ask here.
    pub fn id_token_algorithms(&self) -> Vec<Algorithm> {
        let configured = self.tokens.algorithms.iter().copied();
        configured
            .filter(|algorithm| self.profile.may_sign(*algorithm))
            .collect()
    }

    /// # Errors
    /// [`ConfigError::NotAllowed`].
    pub(super) fn check_tokens(&self) -> Result<(), ConfigError> {
        let algorithms = &self.tokens.algorithms;
        let not = |problem: &str| ConfigError::NotAllowed {
            key: "tokens.algorithms",
            problem: problem.to_owned(),
        };
        if !algorithms.contains(&Algorithm::Es256) {
            return Err(not(
                "must have \"ES256\", which clients get that ask for none",
            ));
        }
        let is_twice =
            |(at, one): (usize, &Algorithm)| algorithms.iter().skip(at + 1).any(|o| o == one);
        if algorithms.iter().enumerate().any(is_twice) {
            return Err(not("names an algorithm twice"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Profile;

    #[test]
    fn offers_what_is_configured_and_the_profile_allows() {
        let with = |text: &str| Config::parse(&format!("[tokens]\nalgorithms = {text}"));
        let all = with(r#"["ES256", "RS256", "PS256", "EdDSA"]"#).unwrap();
        assert_eq!(all.id_token_algorithms().len(), 4);
        let fapi = Config {
            profile: Profile::FapiCiba,
            ..all
        };
        let strong = [Algorithm::Es256, Algorithm::Ps256];
        assert_eq!(fapi.id_token_algorithms(), strong);
        let default = Config::default().id_token_algorithms();
        assert!(!default.contains(&Algorithm::Rs256), "only if configured");
        for bad in [
            "[]",
            r#"["PS256"]"#,
            r#"["ES256", "ES256"]"#,
            r#"["ES256", "none"]"#,
        ] {
            let error = with(bad).unwrap_err().to_string();
            assert!(error.contains("tokens.algorithms"), "{bad}: {error}");
        }
    }
}
