//! The keys that sign tokens: what they do, and new ones.

use serde::{Deserialize, Serialize};

use super::AdministrationError;
use crate::{
    config::Config,
    jose::Algorithm,
    keys::{
        TokenKeys,
        tokens::{KeyState, TokenKeyView},
    },
};

/// Which keys to rotate.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Of this algorithm, which must be offered; `None`: of each that has keys.
    pub alg: Option<Algorithm>,
}

/// Rotates the keys, see [`TokenKeys::rotate`], whose new ones it answers. Blocks while keys are drawn.
///
/// # Errors
/// [`AdministrationError::Invalid`] if the algorithm is not offered, [`AdministrationError::Rotation`].
pub fn rotate(
    keys: &TokenKeys,
    config: &Config,
    rotation: Rotation,
) -> Result<Vec<TokenKeyView>, AdministrationError> {
    if let Some(alg) = rotation.alg
        && !config.id_token_algorithms().contains(&alg)
    {
        return Err(AdministrationError::Invalid(format!(
            "{alg} is not offered: add it to tokens.algorithms first"
        )));
    }
    Ok(keys.rotate(rotation.alg)?)
}

/// What the keys of each algorithm do, in one line.
pub fn summary(keys: &[TokenKeyView]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for alg in [
        Algorithm::Es256,
        Algorithm::Ps256,
        Algorithm::EdDsa,
        Algorithm::Rs256,
    ] {
        let of = |wanted: fn(&KeyState) -> bool| {
            keys.iter()
                .filter(|key| key.alg == alg && wanted(&key.state))
                .count()
        };
        let counts = [
            (of(|state| matches!(state, KeyState::Signing)), "signing"),
            (of(|state| matches!(state, KeyState::Next { .. })), "next"),
            (
                of(|state| matches!(state, KeyState::Retiring { .. })),
                "retiring",
            ),
            (
                of(|state| matches!(state, KeyState::Retired { .. })),
                "retired",
            ),
        ];
        let said: Vec<_> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        if !said.is_empty() {
            parts.push(format!("{alg} {}", said.join(", ")));
        }
    }
    parts.join("; ")
}
