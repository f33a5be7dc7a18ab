//! Where account secrets are kept: the operating system's credential store, a file under a passphrase, or memory.
//!
//! To add one: implement [`crate::ports::SecretStore`] in a file here. Calls into other people's stores belong on a
//! detached thread with a time limit, as in the keyring's file: a credential store can hang for minutes.

mod keyring;
#[cfg(any(test, feature = "testing"))]
mod memory;
mod passphrase;
#[cfg(test)]
mod tests;

pub use keyring::{DEFAULT_KEYRING_LABEL, KEYRING_LABEL_VARIABLE, KeyringStore};
#[cfg(any(test, feature = "testing"))]
pub use memory::MemoryStore;
pub use passphrase::PassphraseStore;
