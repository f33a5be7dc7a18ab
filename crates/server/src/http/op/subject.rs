//! What people are called to clients (OpenID Connect Core section 8): by their `sub`, or by another one in each sector.

use crate::{
    domain::{Account, ClientSettings},
    keys::Keys,
    storage::AccountName,
};

/// `sub` of `account` in everything that a client of these settings is sent.
pub(crate) fn subject_for(keys: &Keys, settings: &ClientSettings, account: &Account) -> String {
    match &settings.sector {
        Some(sector) => keys.pairwise.seal(sector, &account.sub),
        None => account.sub.clone(),
    }
}

/// Under which name the account is found that a client of these settings calls `subject`, in a hint or a token. `None`:
/// this client was never told that name; that it is somebody's elsewhere does not count.
pub(crate) fn account_named(
    keys: &Keys,
    settings: &ClientSettings,
    subject: &str,
) -> Option<AccountName> {
    let sub = match &settings.sector {
        Some(sector) => keys.pairwise.open(sector, subject)?,
        None => subject.to_owned(),
    };
    Some(AccountName::Sub(sub))
}
