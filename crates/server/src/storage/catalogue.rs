//! Clients, accounts and devices in memory: every request asks for them, and they seldom change.
//!
//! A copy is good for one *version*, a number that the writer raises after each commit that changed any of them and
//! before it answers. Whoever reads notes the version first and keeps the copy under that number, so a copy that was read
//! beside such a commit is never given out: what is acknowledged is seen.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tegata_protocol::{AccountId, ClientId, DeviceId};

use super::{Op, Outcome, ops::DecideOutcome};
use crate::domain::{Account, Client, PairedDevice};

/// Copies of each kind; when there are more, all are dropped, which costs a read each.
const MOST: usize = 4096;

/// The name under which an account is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AccountName {
    /// Its login name.
    Login(String),
    /// Its `sub`.
    Sub(String),
}

/// The copies.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    version: AtomicU64,
    copies: Mutex<Copies>,
}

#[derive(Debug, Default)]
pub(super) struct Copies {
    version: u64,
    pub(super) clients: Copied<ClientId, Client>,
    pub(super) accounts: Copied<AccountName, Account>,
    pub(super) devices: Copied<DeviceId, PairedDevice>,
    pub(super) devices_of: Copied<AccountId, Vec<PairedDevice>>,
}

#[derive(Debug)]
pub(super) struct Copied<K, V>(HashMap<K, Arc<V>>);

impl<K, V> Default for Copied<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V> Copied<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<Arc<V>> {
        self.0.get(key).cloned()
    }

    pub(super) fn keep(&mut self, key: K, copy: &Arc<V>) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(key, Arc::clone(copy));
    }
}

impl Catalogue {
    /// To be called by the writer after a commit of something for which [`changes`] holds, before anybody is answered.
    pub(super) fn changed(&self) {
        self.version.fetch_add(1, Ordering::SeqCst);
    }

    /// The version that is to be noted before anything is read.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// Looks among the copies of the present version.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Copies) -> Option<T>) -> Option<T> {
        let copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        (copies.version == self.version()).then(|| look(&copies))?
    }

    /// Keeps what was read after `version` was noted.
    pub(super) fn keep(&self, version: u64, keep: impl FnOnce(&mut Copies)) {
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        if version != self.version() {
            return;
        }
        if copies.version != version {
            *copies = Copies {
                version,
                ..Copies::default()
            };
        }
        keep(&mut copies);
    }
}

/// Whether what came of an operation for which [`changes`] does not hold changed one all the same: an approval that revokes a
/// device, replaces its key or lets it do more.
pub(super) fn has_changed(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Decide(outcome) if matches!(
        &**outcome,
        DecideOutcome::Recorded { carried_out: Some(carried_out), .. }
            if carried_out.revoked.is_some() || carried_out.changed
    ))
}

/// Whether carrying out `op` can change a client, an account or a device in anything but what decisions and sightings
/// write all the time: counters, suspicion, and when a device was last seen.
pub(super) fn changes(op: &Op) -> bool {
    match op {
        Op::CreateAccount(_)
        | Op::DeleteAccount(_)
        | Op::SetUserCode(_)
        | Op::CreateClient(_)
        | Op::ReplaceClient(_)
        | Op::DeleteClient(_)
        | Op::AskSimulatedDevice(_)
        | Op::SuspendClient(_)
        | Op::ConfirmPairing(_)
        | Op::RenameDevice(_)
        | Op::Countersign(_)
        | Op::RevokeDevice(_) => true,
        Op::CheckUserCode(_)
        | Op::CreateIssuingSession(_)
        | Op::OpenPairingPage(_)
        | Op::CreateInvitation(_)
        | Op::BindInvitation(_)
        | Op::RedeemInvitation(_)
        | Op::SubmitRegistration(_)
        | Op::TouchDevice(_)
        | Op::CountApproval(_)
        | Op::CountPossession(_)
        | Op::CreateBackchannelAuthentication(_)
        | Op::AskDevice(_)
        | Op::TakeInvitation(_)
        | Op::RevokeGrant(_)
        | Op::MarkSeen(_)
        | Op::Withdraw(_)
        | Op::Decide(_)
        | Op::Redeem(_)
        | Op::Refresh(_)
        | Op::RevokeToken(_)
        | Op::TakeJob(_)
        | Op::KeepResponse(_)
        | Op::EndAttempt(_)
        | Op::SetValue(_)
        | Op::InviteOperator(_)
        | Op::EnrolOperator(_)
        | Op::UpdateOperator(_)
        | Op::RemoveOperator(_)
        | Op::Sweep(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> Arc<Account> {
        Arc::new(Account {
            id: AccountId::parse("a").unwrap(),
            sub: name.to_owned(),
            login_name: name.to_owned(),
            display_name: name.to_owned(),
            test: false,
            created: tegata_protocol::UnixTime(0),
            user_code: None,
        })
    }

    fn login(name: &str) -> AccountName {
        AccountName::Login(name.to_owned())
    }

    #[test]
    fn a_copy_that_was_read_beside_a_change_is_never_given_out() {
        let catalogue = Catalogue::default();
        let seen = |name| catalogue.look(|copies| copies.accounts.get(&login(name)));
        let noted = catalogue.version();
        catalogue.changed();
        catalogue.keep(noted, |copies| {
            copies.accounts.keep(login("a"), &account("old"));
        });
        assert_eq!(seen("a"), None);
        let noted = catalogue.version();
        catalogue.keep(noted, |copies| {
            copies.accounts.keep(login("a"), &account("new"));
        });
        assert_eq!(seen("a"), Some(account("new")));
        catalogue.changed();
        assert_eq!(seen("a"), None, "the change may have been to this one");
        let noted = catalogue.version();
        catalogue.keep(noted, |copies| {
            copies.accounts.keep(login("b"), &account("b"));
        });
        assert_eq!(seen("a"), None, "what was kept before is gone");
        assert!(seen("b").is_some());
    }

    #[test]
    fn only_so_many_copies_are_kept() {
        let catalogue = Catalogue::default();
        for number in 0..=MOST {
            catalogue.keep(0, |copies| {
                copies
                    .accounts
                    .keep(login(&number.to_string()), &account("x"));
            });
        }
        let kept = catalogue.look(|copies| Some(copies.accounts.0.len()));
        assert_eq!(kept, Some(1));
    }
}
