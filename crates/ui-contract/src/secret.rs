//! What a person types and nobody else may read: it is never printed and is wiped when dropped.

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zeroize::Zeroize;

/// A PIN as typed. `Debug` prints no digit; dropping wipes the memory.
#[derive(Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct PinEntry(String);

/// A transfer code, an invitation code or a pairing link as typed or pasted. `Debug` prints none of it; dropping
/// wipes the memory.
#[derive(Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct CodeEntry(String);

impl PinEntry {
    /// Takes over what was typed.
    pub fn new(typed: String) -> Self {
        Self(typed)
    }

    /// The typed characters, unchecked. EXPOSE: only for the verification of the person.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl CodeEntry {
    /// Takes over what was typed.
    pub fn new(typed: String) -> Self {
        Self(typed)
    }

    /// The typed characters, unchecked and not canonical. EXPOSE: only for redeeming or answering with the code.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for PinEntry {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Drop for CodeEntry {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for PinEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinEntry(..)")
    }
}

impl fmt::Debug for CodeEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeEntry(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_nothing_that_was_typed() {
        let pin = PinEntry::new("493817".to_owned());
        let code = CodeEntry::new("427905".to_owned());
        assert_eq!(format!("{pin:?} {code:?}"), "PinEntry(..) CodeEntry(..)");
        assert_eq!(pin.expose(), "493817");
        assert_eq!(code.expose(), "427905");
    }
}
