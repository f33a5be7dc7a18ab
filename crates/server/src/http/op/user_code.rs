//! `user_code` at the backchannel authentication endpoint (CIBA Core sections 7.1.2 and 13).
//!
//! It is asked of clients that are registered for it, for people who have one: whoever has none is asked without. Other
//! clients' is passed over.

use tegata_protocol::Secret;

use crate::{
    app::App,
    domain::{Account, Client, UserCodeVerdict},
    storage::{
        StoreError,
        ops::{CheckUserCode, CheckUserCodeOutcome},
    },
};

/// Why a request is refused for its code. The texts are sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum UserCodeError {
    /// It is not the person's, or too many were wrong lately: clients are not told which.
    #[error("user_code is wrong")]
    Invalid,
    /// There is none.
    #[error("user_code is required for this person")]
    Missing,
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Holds the request to the person's code. A wrong one counts, so this is the last thing that is looked at.
///
/// # Errors
/// [`UserCodeError`].
pub(super) async fn require(
    app: &App,
    client: &Client,
    account: &Account,
    sent: Option<&Secret<String>>,
) -> Result<(), UserCodeError> {
    if !client.settings.user_code || account.user_code.is_none() {
        return Ok(());
    }
    // EXPOSE: for its keyed hash.
    let code = sent.ok_or(UserCodeError::Missing)?.expose();
    let check = CheckUserCode {
        account: account.id.clone(),
        hash: app.keys.user_code_hash(&account.id, code),
        now: app.now(),
    };
    match app.store.apply(check).await? {
        CheckUserCodeOutcome::Judged(UserCodeVerdict::Right) | CheckUserCodeOutcome::NotSet => {
            Ok(())
        }
        CheckUserCodeOutcome::Judged(verdict) => {
            tracing::warn!(client = %client.id, account = %account.id, ?verdict, "user_code.refused");
            Err(UserCodeError::Invalid)
        }
    }
}
