//! Whose `login_hint_token`s are believed, with their keys.

use std::{fs, path::Path};

use crate::{
    config::{Config, ConfigError},
    jose::KeySet,
};

/// The issuers that the configuration names.
#[derive(Debug, Default)]
pub struct HintIssuers(Vec<(String, KeySet)>);

impl HintIssuers {
    /// Reads the keys that `config` names. Relative paths start at `data_dir`.
    ///
    /// # Errors
    /// [`ConfigError::NotAllowed`] for a file that cannot be read or has no keys that verify.
    pub fn load(config: &Config, data_dir: &Path) -> Result<Self, ConfigError> {
        let mut issuers = Vec::new();
        for described in &config.hint_issuers {
            let not = |problem: String| ConfigError::NotAllowed {
                key: "hint_issuers",
                problem: format!("{}: {problem}", described.issuer),
            };
            let jwks = match (&described.jwks, &described.jwks_file) {
                (Some(jwks), _) => jwks.clone(),
                (None, Some(file)) => {
                    let path = data_dir.join(file);
                    fs::read_to_string(&path)
                        .map_err(|error| not(format!("{}: {error}", path.display())))?
                }
                (None, None) => return Err(not("set either jwks or jwks_file".to_owned())),
            };
            let keys =
                KeySet::require(&jwks).map_err(|problem| not(format!("the JWK Set {problem}")))?;
            issuers.push((described.issuer.clone(), keys));
        }
        Ok(Self(issuers))
    }

    /// The keys of `issuer`, if it is believed.
    pub(crate) fn keys(&self, issuer: &str) -> Option<&KeySet> {
        let mut issuers = self.0.iter();
        issuers
            .find(|(known, _)| known == issuer)
            .map(|(_, keys)| keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HintIssuerConfig;

    #[test]
    fn keys_come_from_the_file_that_is_named_and_must_verify() {
        let folder = tempfile::tempdir().unwrap();
        let named = |file: &str| Config {
            hint_issuers: vec![HintIssuerConfig {
                issuer: "https://hints.example".to_owned(),
                jwks: None,
                jwks_file: Some(file.into()),
            }],
            ..Config::default()
        };
        let load = |file: &str| HintIssuers::load(&named(file), folder.path());
        assert!(
            load("missing.json")
                .unwrap_err()
                .to_string()
                .contains("missing.json")
        );
        fs::write(folder.path().join("empty.json"), r#"{"keys":[]}"#).unwrap();
        assert!(
            load("empty.json")
                .unwrap_err()
                .to_string()
                .contains("is empty")
        );
        let (key, _) = tegata_protocol::SigningKey::make(&tegata_protocol::SystemRng::new());
        let jwks = serde_json::json!({ "keys": [key.public()] }).to_string();
        fs::write(folder.path().join("keys.json"), jwks).unwrap();
        let issuers = load("keys.json").unwrap();
        assert!(issuers.keys("https://hints.example").is_some());
        assert!(issuers.keys("https://other.example").is_none());
    }
}
