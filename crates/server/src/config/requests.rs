//! What requests may carry: types of `authorization_details`, issuers of `login_hint_token`s.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};
use tegata_protocol::text;

use super::{Config, ConfigError, ScopeTexts};
use crate::jose::KeySet;

/// Most characters of a label or title, of a pointer, and of a type's name.
const LONGEST: usize = 128;

/// A type of `authorization_details` (RFC 9396 section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailTypeConfig {
    /// File with the JSON Schema that objects of this type must fit; relative to the data folder.
    pub schema: PathBuf,
    /// What it is, in words; without, its name is shown.
    #[serde(default)]
    pub title: Option<ScopeTexts>,
    /// What its members are, in words, by JSON Pointer (RFC 6901) from the object; `*` stands for any index of an array.
    #[serde(default)]
    pub labels: BTreeMap<String, ScopeTexts>,
}

/// Somebody whose `login_hint_token`s are believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HintIssuerConfig {
    /// `iss` of the tokens.
    pub issuer: String,
    /// Its public keys, a JWK Set as text. MUST be there unless `jwks_file` is.
    #[serde(default)]
    pub jwks: Option<String>,
    /// File with them; relative to the data folder.
    #[serde(default)]
    pub jwks_file: Option<PathBuf>,
}

impl Config {
    /// Checks what can be checked without reading files.
    pub(super) fn check_requests(&self) -> Result<(), ConfigError> {
        for (name, detail) in &self.authorization_details {
            let not = |problem: &str| ConfigError::NotAllowed {
                key: "authorization_details",
                problem: format!("{name}: {problem}"),
            };
            if !is_showable(name) {
                return Err(not("a type is named by 1 to 128 characters on one line"));
            }
            let mut texts = detail.title.iter().chain(detail.labels.values());
            if texts.any(|words| !is_showable(&words.en) || !is_showable(&words.ja)) {
                return Err(not(
                    "titles and labels are 1 to 128 characters on one line, in both languages",
                ));
            }
            if let Some(pointer) = detail
                .labels
                .keys()
                .find(|pointer| !pointer.starts_with('/') || !is_showable(pointer))
            {
                return Err(not(&format!(
                    "{pointer:?} is no JSON pointer such as \"/amount\""
                )));
            }
        }
        for (index, hint) in self.hint_issuers.iter().enumerate() {
            let not = |problem: String| ConfigError::NotAllowed {
                key: "hint_issuers",
                problem: format!("{}: {problem}", hint.issuer),
            };
            if hint.issuer.is_empty() {
                return Err(not("the issuer must not be empty".to_owned()));
            }
            let twice = self
                .hint_issuers
                .iter()
                .take(index)
                .any(|other| other.issuer == hint.issuer);
            if twice {
                return Err(not("is there twice".to_owned()));
            }
            match (&hint.jwks, &hint.jwks_file) {
                (Some(jwks), None) => {
                    KeySet::require(jwks)
                        .map_err(|problem| not(format!("the JWK Set {problem}")))?;
                }
                (None, Some(_)) => {}
                (None, None) | (Some(_), Some(_)) => {
                    return Err(not("set either jwks or jwks_file".to_owned()));
                }
            }
        }
        Ok(())
    }
}

/// Short, and a device can show it whole and unaltered.
fn is_showable(words: &str) -> bool {
    (1..=LONGEST).contains(&words.chars().count()) && text::inspect(words).defects.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Config::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_type_has_a_schema_and_words_that_devices_can_show() {
        let config = Config::parse(
            "[authorization_details.payment]\nschema = \"payment.json\"\ntitle = { en = \"Payment\", ja = \"支払い\" }\n\
             [authorization_details.payment.labels]\n\"/amount\" = { en = \"Amount\", ja = \"金額\" }",
        )
        .unwrap();
        let detail = &config.authorization_details["payment"];
        assert_eq!(detail.labels["/amount"].ja, "金額");
        for (more, word) in [
            (
                "title = { en = \"a\\nb\", ja = \"x\" }",
                "titles and labels",
            ),
            ("title = { en = \"\", ja = \"x\" }", "titles and labels"),
            (
                "labels = { amount = { en = \"a\", ja = \"x\" } }",
                "pointer",
            ),
            ("sample = 1", "sample"),
        ] {
            let error = refused(&format!(
                "[authorization_details.payment]\nschema = \"payment.json\"\n{more}"
            ));
            assert!(error.contains(word), "{error}");
        }
        assert!(refused("[authorization_details.payment]").contains("schema"));
    }

    #[test]
    fn a_hint_issuer_has_its_keys_once() {
        let with =
            |more: &str| format!("[[hint_issuers]]\nissuer = \"https://hints.example\"\n{more}");
        let file = with("jwks_file = \"hints.json\"");
        assert!(Config::parse(&file).is_ok());
        assert!(refused(&format!("{file}\n{file}")).contains("twice"));
        assert!(refused(&with("")).contains("either jwks or jwks_file"));
        assert!(refused(&with("jwks = \"{}\"\njwks_file = \"a\"")).contains("either"));
        assert!(refused(&with("jwks = \"{}\"")).contains("JWK Set"));
    }
}
