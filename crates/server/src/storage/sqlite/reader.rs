//! The reading side: a read-only connection of its own.

use rusqlite::{Connection, OpenFlags, backup::Backup};
use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    time::Duration,
};
use tegata_protocol::{
    AccountId, AuthReqId, ClientId, ConsentRequestId, DeviceId, PairingId, Sha256Digest,
    Thumbprint, UnixTime,
};

use super::{
    accounts, devices, evidence, flows, grants, issuing, management, notifications, operators,
    pairings, rows::Result, simulation, tokens,
};
use crate::{
    domain::{
        Account, BackchannelAuthentication, Client, Invitation, IssuingSession, IssuingSessionId,
        Located, Locator, Operator, OperatorInvitation, PairedDevice, Pairing, TokenKind,
    },
    storage::{
        StoreError, StoreOptions, StoreReader,
        views::{
            Adding, ConsentRequest, Counts, DueJob, EvidenceRecord, FlowRecord, GrantRecord,
            HistoryEntry, IssuedToken, PendingSet, Slice, SubmittedPairing,
        },
    },
};

/// Reads beside the writer.
#[derive(Debug)]
pub struct SqliteReader {
    connection: Connection,
    locator: Locator,
}

impl SqliteReader {
    /// Opens the database at `path` for reading only, whether or not a server has it open.
    ///
    /// # Errors
    /// [`StoreError::Engine`] if it cannot be opened.
    pub fn open(path: &Path, options: &StoreOptions) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        super::prepare_once(&connection)?;
        Ok(Self {
            connection,
            locator: options.locator.clone(),
        })
    }

    /// Reads in one transaction, so that all statements of one read see the same moment. A read of one statement needs
    /// none.
    fn snapshot<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let transaction = self.connection.unchecked_transaction()?;
        let result = read(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }
}

impl StoreReader for SqliteReader {
    fn account(&self, id: &AccountId) -> Result<Option<Account>> {
        accounts::account_where(&self.connection, "id", id.as_str())
    }

    fn account_by_login(&self, login_name: &str) -> Result<Option<Account>> {
        accounts::account_where(&self.connection, "login_name", login_name)
    }

    fn account_by_sub(&self, sub: &str) -> Result<Option<Account>> {
        accounts::account_where(&self.connection, "sub", sub)
    }

    fn accounts(&self) -> Result<Vec<Account>> {
        accounts::accounts(&self.connection)
    }

    fn client(&self, id: &ClientId) -> Result<Option<Client>> {
        accounts::client(&self.connection, id)
    }

    fn clients(&self) -> Result<Vec<Client>> {
        accounts::clients(&self.connection)
    }

    fn issuing_session(&self, id: &IssuingSessionId) -> Result<Option<IssuingSession>> {
        issuing::issuing_session(&self.connection, id)
    }

    fn invitation(&self, code_mac: &Sha256Digest) -> Result<Option<Invitation>> {
        issuing::invitation(&self.connection, code_mac)
    }

    fn pairing(&self, id: &PairingId) -> Result<Option<Pairing>> {
        pairings::pairing_where(&self.connection, "p.id", id.as_str())
    }

    fn pairing_by_offer(&self, offer_hash: &Sha256Digest) -> Result<Option<Pairing>> {
        pairings::pairing_where(&self.connection, "p.offer_hash", offer_hash.0)
    }

    fn pairing_by_possession(&self, key: &Thumbprint) -> Result<Option<SubmittedPairing>> {
        self.snapshot(|c| pairings::by_possession(c, key))
    }

    fn grants(&self, device: &DeviceId, now: UnixTime, limit: usize) -> Result<Vec<GrantRecord>> {
        self.snapshot(|c| grants::of_device(c, device, now, limit))
    }

    fn adding(
        &self,
        request: &ConsentRequestId,
        device: &DeviceId,
        now: UnixTime,
    ) -> Result<Option<Adding>> {
        self.snapshot(|c| management::adding(c, &self.locator, request, device, now))
    }

    fn has_asked(&self, account: &AccountId, client: &ClientId) -> Result<bool> {
        self.snapshot(|c| flows::has_asked(c, account, client))
    }

    fn device(&self, id: &DeviceId) -> Result<Option<PairedDevice>> {
        devices::device(&self.connection, id)
    }

    fn device_by_possession(&self, key: &Thumbprint) -> Result<Option<PairedDevice>> {
        devices::device_by_possession(&self.connection, key)
    }

    fn devices_of(&self, account: &AccountId) -> Result<Vec<PairedDevice>> {
        devices::devices_of(&self.connection, account)
    }

    fn devices(&self) -> Result<Vec<PairedDevice>> {
        devices::devices(&self.connection)
    }

    fn backchannel_authentication(
        &self,
        id: &AuthReqId,
    ) -> Result<Option<BackchannelAuthentication>> {
        let loaded = flows::by_auth_req_id(&self.connection, &self.locator, id)?;
        Ok(loaded.map(|loaded| loaded.flow))
    }

    fn consent_request(
        &self,
        id: &ConsentRequestId,
        device: &DeviceId,
    ) -> Result<Option<ConsentRequest>> {
        self.snapshot(
            |c| match flows::by_consent_request_id(c, &self.locator, id)? {
                Some(loaded) => flows::consent_request(c, &loaded, device),
                None => Ok(None),
            },
        )
    }

    fn pending(&self, device: &DeviceId, now: UnixTime) -> Result<Option<PendingSet>> {
        self.snapshot(|c| flows::pending(c, device, now))
    }

    fn history(&self, account: &AccountId, limit: u32) -> Result<Vec<HistoryEntry>> {
        self.snapshot(|c| evidence::history(c, account, limit))
    }

    fn evidence(&self, id: &ConsentRequestId) -> Result<Vec<EvidenceRecord>> {
        self.snapshot(
            |c| match flows::by_consent_request_id(c, &self.locator, id)? {
                Some(loaded) => evidence::of_flow(c, loaded.flow.seq),
                None => Ok(Vec::new()),
            },
        )
    }

    fn has_test_accounts(&self) -> Result<bool> {
        simulation::has_test_accounts(&self.connection)
    }

    fn verify_evidence_chain(&self) -> Result<u64> {
        self.snapshot(evidence::verify_chain)
    }

    fn access_token(&self, token: &str, now: UnixTime) -> Result<Option<IssuedToken>> {
        match self.locator.open_access_token(token) {
            Some(at) => self.token(TokenKind::Access, &at, now),
            None => Ok(None),
        }
    }

    fn token(&self, kind: TokenKind, at: &Located, now: UnixTime) -> Result<Option<IssuedToken>> {
        self.snapshot(|c| tokens::find(c, kind, at, now))
    }

    fn due_jobs(&self, now_millis: i64, per_client: usize, most: usize) -> Result<Vec<DueJob>> {
        notifications::due(&self.connection, now_millis, per_client, most)
    }

    fn value(&self, name: &str) -> Result<Option<Vec<u8>>> {
        accounts::value(&self.connection, name)
    }

    fn operators(&self) -> Result<Vec<Operator>> {
        operators::operators(&self.connection)
    }

    fn operator_invitation(
        &self,
        hash: &Sha256Digest,
        now: UnixTime,
    ) -> Result<Option<OperatorInvitation>> {
        operators::invitation(&self.connection, hash, now)
    }

    fn counts(&self, now: UnixTime) -> Result<Counts> {
        operators::counts(&self.connection, now)
    }

    fn accounts_like(&self, search: &str, slice: Slice) -> Result<Vec<Account>> {
        operators::accounts_like(&self.connection, search, slice)
    }

    fn clients_like(&self, search: &str, slice: Slice) -> Result<Vec<Client>> {
        operators::clients_like(&self.connection, search, slice)
    }

    fn devices_like(&self, search: &str, slice: Slice) -> Result<Vec<(PairedDevice, String)>> {
        operators::devices_like(&self.connection, search, slice)
    }

    fn newest_flows(&self, open_at: Option<UnixTime>, slice: Slice) -> Result<Vec<FlowRecord>> {
        self.snapshot(|c| operators::newest_flows(c, open_at, slice))
    }

    fn flow(&self, id: &ConsentRequestId) -> Result<Option<FlowRecord>> {
        self.snapshot(|c| operators::flow(c, &self.locator, id))
    }

    fn backup(&self, target: &Path) -> Result<()> {
        let at_target =
            |error: io::Error| StoreError::Engine(format!("{}: {error}", target.display()));
        // 1. A new file that is only its owner's. Whatever has the name already, a link to nowhere included, is refused.
        let file = create_private(target).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                StoreError::Engine(format!("{} exists already", target.display()))
            }
            _ => at_target(error),
        })?;
        // 2. The copy, 3. on the disk. Half of one is not left behind.
        let copied = copy_into(&self.connection, target)
            .and_then(|()| file.sync_all().map_err(at_target))
            .and_then(|()| sync_folder_of(target).map_err(at_target));
        if copied.is_err()
            && let Err(error) = std::fs::remove_file(target)
        {
            tracing::warn!(%error, "cannot remove an unfinished backup");
        }
        copied
    }
}

fn create_private(target: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(target)
}

fn copy_into(source: &Connection, target: &Path) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(target, flags)?;
    Backup::new(source, &mut copy)?.run_to_completion(1024, Duration::from_millis(1), None)?;
    copy.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Makes the new name itself last.
fn sync_folder_of(target: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = target
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
