//! Accounts, clients, kept values and tidying.

use tegata_protocol::{AccountId, ClientId, Sha256Digest, UnixTime};

use crate::domain::{Account, Client, UserCodeVerdict, debug_without_content};

/// Makes an account.
#[derive(Debug, Clone)]
pub struct CreateAccount(
    /// The account; id, `sub` and login name must all be new.
    pub Account,
);

/// Of [`CreateAccount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateAccountOutcome {
    /// Done.
    Created,
    /// The login name, id or `sub` is taken.
    Taken,
}

/// Deletes an account with its devices, pairings and open requests; evidence stays. `false`: there was none.
#[derive(Debug, Clone)]
pub struct DeleteAccount {
    /// Which.
    pub account: AccountId,
    /// Its open requests end as withdrawn at this time.
    pub now: UnixTime,
}

/// Gives a person a `user_code`, or takes it away; wrong tries of before are forgotten. `false`: there is no such account.
#[derive(Clone)]
pub struct SetUserCode {
    /// Whose.
    pub account: AccountId,
    /// Keyed hash of the code; `None`: no code is asked.
    pub hash: Option<Sha256Digest>,
}

debug_without_content!(SetUserCode { account });

/// Compares a `user_code` that a client sent, and counts it if it is wrong.
#[derive(Clone)]
pub struct CheckUserCode {
    /// Whose it should be.
    pub account: AccountId,
    /// Keyed hash of what was sent.
    pub hash: Sha256Digest,
    /// Now.
    pub now: UnixTime,
}

debug_without_content!(CheckUserCode { account, now });

/// Of [`CheckUserCode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckUserCodeOutcome {
    /// The account has a code, and this is what was made of the one that was sent.
    Judged(UserCodeVerdict),
    /// The account has none, or is gone.
    NotSet,
}

/// Registers a client.
#[derive(Debug, Clone)]
pub struct CreateClient(
    /// The client; its id must be new.
    pub Client,
);

/// Of [`CreateClient`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateClientOutcome {
    /// Done.
    Created,
    /// The id is taken.
    Taken,
}

/// Stores a client anew under its id, all of it; what it has asked stays. `false`: there was none.
#[derive(Debug, Clone)]
pub struct ReplaceClient(
    /// The client.
    pub Client,
);

/// Deletes a client; its open requests end as withdrawn. `false`: there was none.
#[derive(Debug, Clone)]
pub struct DeleteClient {
    /// Which.
    pub client: ClientId,
    /// Its open requests end as withdrawn at this time.
    pub now: UnixTime,
}

/// Keeps a value under a name.
#[derive(Clone)]
pub struct SetValue {
    /// Its name.
    pub name: String,
    /// The value; replaces an earlier one.
    pub value: Vec<u8>,
}

debug_without_content!(SetValue { name });

/// Drops what nobody may ask for any more: undecided requests past their retention, used `jti`s and names, invitations, issuing
/// sessions, unfinished pairings and access tokens past their end. Bounded work per call.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// Now.
    pub now: UnixTime,
}

/// Of [`Sweep`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepOutcome {
    /// Rows dropped.
    pub dropped: usize,
    /// Of one kind of rows as many were dropped as one sweep drops at most: there may be more.
    pub is_full: bool,
}
