//! What the facade does behind its methods: accounts that come and go, loops, standing.

use super::Device;
use crate::{
    account::{AccountHeader, AccountState, LocalAccountId, Standing},
    error::AccessError,
    history::Record,
    inbox,
    live::{LiveAccount, Session, lock},
    model::Health,
    pairing::{PairingCause, PairingFailure},
    ports::AccountSecret,
};
use std::sync::Arc;
use tegata_protocol::{
    AccountId,
    device::{invitation::Issuer, problem::ProblemCode},
};

impl Device {
    /// Takes over what lies on disk: another process may have paired or removed an account.
    pub(super) fn sync_accounts(&self) -> std::io::Result<()> {
        let now = self.inner.ports.clock.now();
        let mut added = Vec::new();
        {
            // The list stands still while the folder is read: an account that is being added is in both or in neither.
            let mut accounts = lock(&self.inner.accounts);
            let (headers, unreadable) = self.inner.folder.list()?;
            for dir in unreadable {
                tracing::warn!(folder = %dir.display(), "an account's file cannot be read");
            }
            accounts.retain(|live| {
                let stays = headers.iter().any(|header| header.id == live.id());
                if let (false, Some(task)) = (stays, lock(&live.task).take()) {
                    task.abort();
                }
                stays
            });
            for header in headers {
                if let Some(live) = accounts.iter().find(|live| live.id() == header.id) {
                    *lock(&live.header) = header;
                } else {
                    let live = Arc::new(LiveAccount::new(header, now));
                    accounts.push(Arc::clone(&live));
                    added.push(live);
                }
            }
        }
        for live in added {
            self.spawn(&live);
        }
        Ok(())
    }

    /// Connects an account if the device is connected and the account is not.
    pub(super) fn spawn(&self, live: &Arc<LiveAccount>) {
        let Some(run_time) = lock(&self.inner.connected).clone() else {
            return;
        };
        let mut task = lock(&live.task);
        if task.is_none() {
            let running = run_time.spawn(inbox::run(self.clone(), Arc::clone(live)));
            *task = Some(running.abort_handle());
        }
    }

    /// Pairings of the same account that are of no use any more and make way for a new one.
    pub(crate) async fn unusable_pairings(
        &self,
        issuer: &Issuer,
        account: &AccountId,
    ) -> Result<Vec<LocalAccountId>, PairingFailure> {
        let mut replaced = Vec::new();
        for live in self.live_accounts() {
            let header = lock(&live.header).clone();
            if header.issuer != *issuer || header.account != *account {
                continue;
            }
            // What went wrong is in the health.
            let _ = self.session(&live).await;
            match live.summary().health {
                Health::KeyLost
                | Health::PinLocked
                | Health::DeviceRevoked
                | Health::IssuerChanged => replaced.push(header.id),
                _ => {
                    return Err(PairingFailure::new(
                        PairingCause::AlreadyPaired,
                        "this account of this server is paired on this device already",
                    ));
                }
            }
        }
        Ok(replaced)
    }

    /// Writes and opens a new account.
    pub(crate) async fn add_account(
        &self,
        header: &AccountHeader,
        state: &AccountState,
        secret: &AccountSecret,
    ) -> Result<(), AccessError> {
        let rng = self.inner.ports.rng.as_ref();
        let now = self.inner.ports.clock.now();
        let live = Arc::new(LiveAccount::new(header.clone(), now));
        let session = {
            let mut slot = live.session.lock().await;
            {
                // Together, or whoever reads the folder meanwhile adds the account once more.
                let mut accounts = lock(&self.inner.accounts);
                self.inner.folder.create(rng, secret, header, state)?;
                accounts.push(Arc::clone(&live));
            }
            self.open_session(&live, &mut slot, secret.clone())
        };
        let recorded =
            session.and_then(|session| self.record(&session, &Record::Paired { at: now }));
        if let Err(error) = recorded {
            // Nothing may be left of a pairing that did not come to its end.
            let mut accounts = lock(&self.inner.accounts);
            accounts.retain(|live| live.id() != header.id);
            let _ = self.inner.folder.remove(&header.id);
            return Err(error);
        }
        self.changed(|changes| changes.accounts += 1);
        Ok(())
    }

    /// The server has the countersignature: the pairing is complete, and the account is connected.
    pub(crate) fn mark_countersigned(&self, id: &LocalAccountId, secret: &AccountSecret) {
        let rng = self.inner.ports.rng.as_ref();
        let marked = self
            .inner
            .folder
            .update(rng, id, secret, |_, state| state.countersigned = true);
        if let Err(error) = marked {
            tracing::warn!(%error, "the countersignature will be sent again");
        }
    }

    /// Connects an account that was just paired, if the device is connected.
    pub(crate) fn connect_new(&self, id: &LocalAccountId) {
        if let Ok(live) = self.live(id) {
            self.spawn(&live);
        }
    }

    /// Keeps and shows what the server says of this device, if `code` says anything of it.
    pub(crate) fn set_standing(&self, live: &LiveAccount, session: &Session, code: ProblemCode) {
        let (standing, health) = match code {
            ProblemCode::DeviceRevoked => (Standing::Revoked, Health::DeviceRevoked),
            ProblemCode::DeviceSuspended => (Standing::Suspended, Health::DeviceSuspended),
            _ => return,
        };
        self.write_standing(live, session, standing, health);
    }

    /// The server accepted this device: a hold is over.
    pub(crate) fn note_accepted(&self, live: &LiveAccount, session: &Session) {
        if lock(&live.status).health == Health::DeviceSuspended {
            self.write_standing(live, session, Standing::Active, Health::Ok);
        }
    }

    fn write_standing(
        &self,
        live: &LiveAccount,
        session: &Session,
        standing: Standing,
        health: Health,
    ) {
        if let Err(error) = session.update(|_, state| state.standing = standing) {
            tracing::warn!(%error, "the device's standing could not be kept");
        }
        if live.set_health(health) {
            self.changed(|changes| changes.accounts += 1);
        }
    }
}

#[cfg(test)]
mod tests;
