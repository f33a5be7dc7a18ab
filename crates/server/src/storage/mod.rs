//! What is true: accounts, clients, devices, requests, evidence.
//!
//! The unit of writing is a batch of operations ([`Op`]), each with an outcome of its own; nothing is answered before
//! the batch is committed. [`StoreHandle`] is what the rest of the server holds: it sends single operations to one
//! writer thread, which batches whatever is waiting, and reads on separate connections.
//!
//! "Not found" is a value, an error is the store's own trouble. Domain rules are evaluated by `domain` inside the
//! commit; the store never decides by itself.
//!
//! To add an operation: its parameters and outcome in [`ops`], one line in `operations!`, its implementation under
//! `sqlite/`, and a test in `tests.rs`, which is written against the traits.

mod catalogue;
pub mod handle;
pub mod ops;
pub mod sqlite;
pub mod statistics;
pub mod views;

pub use catalogue::AccountName;
pub use handle::{StoreHandle, StoreOptions};
pub use ops::{Op, Operation, Outcome};
pub use statistics::{Counters, FlowStatistics, StoreStatistics};
pub use views::{
    Adding, Closure, ConsentRequest, Counts, DueJob, EvidenceRecord, FlowRecord, GrantRecord,
    HistoryEntry, IssuedToken, PendingPrompt, PendingSet, Slice, SubmittedPairing,
};

use std::{path::Path, sync::Arc};
use tegata_protocol::{
    AccountId, AuthReqId, ClientId, ConsentRequestId, DeviceId, PairingId, Sha256Digest,
    Thumbprint, UnixTime,
};

use crate::domain::{
    Account, BackchannelAuthentication, Client, FlowSeq, Invitation, IssuingSession,
    IssuingSessionId, Located, Operator, OperatorInvitation, PairedDevice, Pairing, TokenKind,
};

/// The store's own trouble. Callers answer `server_error` or 503 and tell the peer nothing more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// More is waiting than the writer takes; try again in a moment. Nothing was stored.
    #[error("the store is busy")]
    Busy,
    /// The writer has stopped. Whether the operation was stored is unknown.
    #[error("the store is closed")]
    Closed,
    /// Something stored does not read back as what was written.
    #[error("the store holds something it should not: {0}")]
    Corrupt(String),
    /// The engine refused: disk full, folder read-only, file damaged. Nothing of the batch was stored.
    #[error("the store cannot be used: {0}")]
    Engine(String),
    /// The database was written by a newer version of this program.
    #[error(
        "the database has schema {found}, this program knows schemas up to {supported}: use a newer tegata-server"
    )]
    NewerSchema {
        /// Version in the file.
        found: i64,
        /// Newest version known here.
        supported: i64,
    },
    /// The store panicked while it carried out the operation; nothing of it was stored.
    #[error("the store failed internally")]
    Panicked,
}

/// A store that writes. One value, owned by one thread.
pub trait Store: Send + 'static {
    /// What reads beside it.
    type Reader: StoreReader;

    /// Carries out `ops` in one commit and returns as many outcomes, in order. An operation that fails, or panics, undoes
    /// itself alone; if the commit fails, every outcome is that error and nothing is stored.
    fn apply(&mut self, ops: Vec<Op>) -> Vec<Result<Outcome, StoreError>>;

    /// A new reading connection to the same data.
    ///
    /// # Errors
    /// [`StoreError::Engine`] if it cannot be opened.
    fn reader(&self) -> Result<Self::Reader, StoreError>;

    /// The highest row number that a backchannel authentication has ever had, 0 if there was none.
    ///
    /// # Errors
    /// [`StoreError::Engine`] if it cannot be read.
    fn last_seq(&self) -> Result<FlowSeq, StoreError>;

    /// What this store counts as it works.
    fn counters(&self) -> Arc<Counters>;
}

/// Reads. Every method sees all that was acknowledged before it was called.
pub trait StoreReader: Send + 'static {
    /// An account by its opaque id.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read; so for every method here.
    fn account(&self, id: &AccountId) -> Result<Option<Account>, StoreError>;
    /// An account by login name.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn account_by_login(&self, login_name: &str) -> Result<Option<Account>, StoreError>;
    /// An account by `sub` (`login_hint` in `iss_sub` form).
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn account_by_sub(&self, sub: &str) -> Result<Option<Account>, StoreError>;
    /// All accounts by login name.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn accounts(&self) -> Result<Vec<Account>, StoreError>;
    /// A client.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError>;
    /// All clients by id.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn clients(&self) -> Result<Vec<Client>, StoreError>;
    /// An issuing session, with the invitation and pairing that came of it.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn issuing_session(&self, id: &IssuingSessionId) -> Result<Option<IssuingSession>, StoreError>;
    /// The invitation of a code, by the code's keyed hash.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn invitation(&self, code_mac: &Sha256Digest) -> Result<Option<Invitation>, StoreError>;
    /// A pairing by the `jti` of its offer.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn pairing(&self, id: &PairingId) -> Result<Option<Pairing>, StoreError>;
    /// A pairing by the hash of its offer.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn pairing_by_offer(&self, offer_hash: &Sha256Digest) -> Result<Option<Pairing>, StoreError>;
    /// The pairing in which this possession key was registered, confirmed or not, until it is swept.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn pairing_by_possession(
        &self,
        key: &Thumbprint,
    ) -> Result<Option<SubmittedPairing>, StoreError>;
    /// Whether the account has decided on a request of this client before, or has one of it pending.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn has_asked(&self, account: &AccountId, client: &ClientId) -> Result<bool, StoreError>;
    /// A device, active or revoked. Devices exist from confirmation on.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn device(&self, id: &DeviceId) -> Result<Option<PairedDevice>, StoreError>;
    /// A device by the thumbprint of its possession key (`kid` of a proof).
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn device_by_possession(&self, key: &Thumbprint) -> Result<Option<PairedDevice>, StoreError>;
    /// All devices of an account, active and revoked, oldest first.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn devices_of(&self, account: &AccountId) -> Result<Vec<PairedDevice>, StoreError>;
    /// All devices, oldest first.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn devices(&self) -> Result<Vec<PairedDevice>, StoreError>;
    /// The request behind an `auth_req_id`; `None` if there is none or the tag does not fit.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn backchannel_authentication(
        &self,
        id: &AuthReqId,
    ) -> Result<Option<BackchannelAuthentication>, StoreError>;
    /// A request as one device knows it; `None` also if that device was never sent it.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn consent_request(
        &self,
        id: &ConsentRequestId,
        device: &DeviceId,
    ) -> Result<Option<ConsentRequest>, StoreError>;
    /// Everything a device must be sent at `now`: open prompts oldest first, and what closed lately with why. `None` if the
    /// device is revoked or there is none.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn pending(&self, device: &DeviceId, now: UnixTime) -> Result<Option<PendingSet>, StoreError>;
    /// The decisions of an account, newest first, at most `limit`.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn history(&self, account: &AccountId, limit: u32) -> Result<Vec<HistoryEntry>, StoreError>;
    /// The evidence rows of one request, oldest first.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn evidence(&self, id: &ConsentRequestId) -> Result<Vec<EvidenceRecord>, StoreError>;
    /// Recomputes the hash chain over all evidence, and follows each account's own; the number of rows.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] naming the first row or account that does not fit.
    fn verify_evidence_chain(&self) -> Result<u64, StoreError>;
    /// What the account of a device has granted and is good at `now`, newest first, at most `limit`.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn grants(
        &self,
        device: &DeviceId,
        now: UnixTime,
        limit: usize,
    ) -> Result<Vec<GrantRecord>, StoreError>;
    /// How the pairing stands at `now` that came of an addition which `device` approved; `None` if there is none.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn adding(
        &self,
        request: &ConsentRequestId,
        device: &DeviceId,
        now: UnixTime,
    ) -> Result<Option<Adding>, StoreError>;
    /// What an opaque access token stands for; `None` if unknown, revoked or expired at `now`.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn access_token(&self, token: &str, now: UnixTime) -> Result<Option<IssuedToken>, StoreError>;
    /// What the token that was opened to `at` stands for; `None` if unknown, revoked or expired at `now`. Whoever opened it
    /// must know that the label was the one for `kind`.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn token(
        &self,
        kind: TokenKind,
        at: &Located,
        now: UnixTime,
    ) -> Result<Option<IssuedToken>, StoreError>;
    /// Whether there is an account that was made for tests.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn has_test_accounts(&self) -> Result<bool, StoreError>;
    /// Which clients are to be told of results at `now_millis`, longest due first: `most` in all, `per_client` of each.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn due_jobs(
        &self,
        now_millis: i64,
        per_client: usize,
        most: usize,
    ) -> Result<Vec<DueJob>, StoreError>;
    /// A value kept under a name, such as `metadata_seq`.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// All operators by name.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn operators(&self) -> Result<Vec<Operator>, StoreError>;
    /// The link that enrols an operator, by the hash of its secret, if it is good at `now`.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn operator_invitation(
        &self,
        hash: &Sha256Digest,
        now: UnixTime,
    ) -> Result<Option<OperatorInvitation>, StoreError>;
    /// How many there are of everything. Grows with what is stored, as the lists below do.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn counts(&self, now: UnixTime) -> Result<Counts, StoreError>;
    /// People whose login name or name has `search` in it, by login name.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn accounts_like(&self, search: &str, slice: Slice) -> Result<Vec<Account>, StoreError>;
    /// Clients whose id or name has `search` in it, by id.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn clients_like(&self, search: &str, slice: Slice) -> Result<Vec<Client>, StoreError>;
    /// Devices whose name or owner's login name has `search` in it, newest first, each with its owner's login name.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn devices_like(
        &self,
        search: &str,
        slice: Slice,
    ) -> Result<Vec<(PairedDevice, String)>, StoreError>;
    /// Requests, newest first: all of them, or those that can be decided at `open_at`.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn newest_flows(
        &self,
        open_at: Option<UnixTime>,
        slice: Slice,
    ) -> Result<Vec<FlowRecord>, StoreError>;
    /// One request with what is known about its way.
    ///
    /// # Errors
    /// See [`StoreReader::account`].
    fn flow(&self, id: &ConsentRequestId) -> Result<Option<FlowRecord>, StoreError>;
    /// Copies a consistent state of the whole store into a new file.
    ///
    /// # Errors
    /// [`StoreError::Engine`] if `target` exists or cannot be written.
    fn backup(&self, target: &Path) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests;
