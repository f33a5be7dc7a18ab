//! One 32-byte secret per account, kept by the operating system or under a passphrase.

use crate::account::LocalAccountId;
use futures_util::future::BoxFuture;
use tegata_protocol::Secret;

/// The secret of one account. Labels derive the file key, the possession wrap and the pepper from it.
pub type AccountSecret = Secret<[u8; 32]>;

/// Why a secret cannot be had or kept. None of these means *not paired*.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretStoreError {
    /// The store waits to be unlocked, or the person refused to.
    #[error("the credential store is locked")]
    Locked,
    /// The store answers and holds no such secret.
    #[error("the credential store has no secret for this account")]
    Missing,
    /// The store did not answer in time.
    #[error("the credential store did not answer in time")]
    TimedOut,
    /// There is no store, or it failed.
    #[error("no credential store is available: {0}")]
    Unavailable(String),
    /// The passphrase does not open it.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
}

/// Keeps account secrets. Every method answers within five seconds, [`SecretStore::unlock`] within two minutes.
pub trait SecretStore: Send + Sync {
    /// A word for it in diagnostics, such as `keyring`.
    fn name(&self) -> &'static str;

    /// Finds out whether secrets can be kept here, by keeping one for a moment.
    fn probe(&self) -> BoxFuture<'_, Result<(), SecretStoreError>>;

    /// Reads the secret of an account.
    fn load<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<AccountSecret, SecretStoreError>>;

    /// Keeps the secret of an account, replacing one that is there.
    fn store<'a>(
        &'a self,
        account: &'a LocalAccountId,
        secret: &'a AccountSecret,
    ) -> BoxFuture<'a, Result<(), SecretStoreError>>;

    /// Forgets the secret of an account; one that is not there is forgotten already.
    fn remove<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<(), SecretStoreError>>;

    /// Like [`SecretStore::load`], giving the person time to answer the store's own prompt.
    fn unlock<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<AccountSecret, SecretStoreError>>;
}
