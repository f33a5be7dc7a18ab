//! `aud` of a JWT (RFC 7519 section 4.1.3).

use serde::Deserialize;

/// One name, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    /// A string.
    One(String),
    /// An array of strings.
    Many(Vec<String>),
}

impl Audience {
    /// Whether it is or has `name`, compared exactly.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }
}
