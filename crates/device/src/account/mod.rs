//! Accounts on disk: one encrypted file each, locked against a second process, replaced atomically.

mod file;
mod folder;
mod lock;
mod look;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use file::FORMAT;
pub use file::{AccountFileError, AccountHeader};
pub use folder::{AccountFolder, write_atomically};
pub(crate) use folder::{make_new_private_dir, make_private_dir};
pub use lock::FileLock;
pub(crate) use look::is_showable;
pub use look::{Accent, AccountIcon, AccountLook};
pub use state::{
    AccountState, ApprovalSlot, BlockedCount, EarlierKey, MAX_PIN_FAILURES, Standing,
    UnsentDecision, WaitingKey, WaitingStage,
};

use serde::{Deserialize, Serialize};
use std::fmt;
use tegata_protocol::{Rng, bytes::encode_b64u, rng::random_bytes};

/// This device's own name for an account: 22 characters of base64url. Says nothing to anybody else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalAccountId(String);

impl LocalAccountId {
    /// A new one.
    pub fn make(rng: &dyn Rng) -> Self {
        Self(encode_b64u(&random_bytes::<16>(rng)))
    }

    /// Reads one; `None` unless it is 22 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let good = text.len() == 22
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        good.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LocalAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
