//! The asynchronous face of a store: one writer thread, a few readers.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    thread::JoinHandle,
};
use tegata_protocol::{
    AccountId, AuthReqId, ClientId, DeviceId, Rng, Secret, Sha256Digest, UnixTime,
};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{
    AccountName, Counters, Op, Operation, Outcome, Store, StoreError, StoreReader, StoreStatistics,
    catalogue::{self, Catalogue},
    ops::{ConfirmPairingOutcome, DecideOutcome, Sweep, WithdrawOutcome},
    statistics::{FlowCounters, FlowEvent, FlowStatistics},
};
use crate::domain::{Account, Client, FlowIds, FlowSeq, Locator, PairedDevice};

/// Most sweeps in one run. With a run a minute this keeps up with more than a thousand requests a second.
const SWEEPS: usize = 200;

/// Most operations in one commit.
const BATCH: usize = 512;

/// What a store is opened with.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Masks row numbers in identifiers; the same for the life of the data.
    pub locator: Locator,
    /// The budgets of the device protocol's section 11.3.
    pub limits: crate::domain::Limits,
    /// Seconds for which an expired request is remembered as expired.
    pub retention: i64,
    /// Operations that may wait for the writer before callers get [`StoreError::Busy`].
    pub queue: usize,
}

impl StoreOptions {
    /// The defaults with this locator: default limits, 24 hours of retention, 4096 waiting operations.
    pub fn new(locator: Locator) -> Self {
        Self {
            locator,
            limits: crate::domain::Limits::default(),
            retention: 86_400,
            queue: 4096,
        }
    }
}

type Waiting = (Op, oneshot::Sender<Result<Outcome, StoreError>>);

/// What the server holds of its store. Cheap to clone; the writer stops when the last clone is gone.
#[derive(Clone)]
pub struct StoreHandle {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Option<mpsc::Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
    readers: Readers,
    permits: Arc<Semaphore>,
    long: Arc<Semaphore>,
    next_seq: AtomicI64,
    locator: Locator,
    counters: Arc<Counters>,
    flows: Arc<FlowCounters>,
    catalogue: Arc<Catalogue>,
    listener: Listener,
}

/// Whom the writer tells of requests that were settled.
type Listener = Arc<OnceLock<Box<dyn Fn(FlowSeq) + Send + Sync>>>;

type Readers = Arc<Mutex<Vec<Box<dyn StoreReader>>>>;

impl std::fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreHandle")
    }
}

/// Reading connections, and so reads at once.
const READERS: usize = 4;

impl StoreHandle {
    /// Starts the writer thread for `store`.
    ///
    /// # Errors
    /// [`StoreError::Engine`] if the readers cannot be opened or the thread cannot be started.
    pub fn start<S: Store>(store: S, options: &StoreOptions) -> Result<Self, StoreError> {
        let mut readers: Vec<Box<dyn StoreReader>> = Vec::new();
        for _ in 0..READERS {
            readers.push(Box::new(store.reader()?));
        }
        let counters = store.counters();
        let catalogue = Arc::new(Catalogue::default());
        let listener = Listener::default();
        let flows = Arc::new(FlowCounters::default());
        let next_seq = AtomicI64::new(store.last_seq()?.0 + 1);
        let (sender, receiver) = mpsc::channel(options.queue);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn({
                let (catalogue, listener) = (Arc::clone(&catalogue), Arc::clone(&listener));
                let (flows, locator) = (Arc::clone(&flows), options.locator.clone());
                move || write_until_closed(store, receiver, &catalogue, &locator, &listener, &flows)
            })
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(Self {
            inner: Arc::new(Inner {
                writer: Some(sender),
                thread: Some(thread),
                readers: Arc::new(Mutex::new(readers)),
                permits: Arc::new(Semaphore::new(READERS)),
                long: Arc::new(Semaphore::new(1)),
                next_seq,
                locator: options.locator.clone(),
                counters,
                flows,
                catalogue,
                listener,
            }),
        })
    }

    /// Has `tell` called for each request that was decided or withdrawn, after the commit and whoever asked for it. It must not
    /// wait: the writer does meanwhile. Counts once; later calls change nothing.
    pub fn when_settled(&self, tell: impl Fn(FlowSeq) + Send + Sync + 'static) {
        drop(self.inner.listener.set(Box::new(tell)));
    }

    /// Sends one operation and waits until it is committed. Once sent it is carried out even if the caller goes away.
    ///
    /// # Errors
    /// [`StoreError`]: `Busy` if too much is waiting, otherwise what the store said. Never after the commit.
    pub async fn apply<O: Operation>(&self, operation: O) -> Result<O::Outcome, StoreError> {
        let writer = self.inner.writer.as_ref().ok_or(StoreError::Closed)?;
        let (sender, receiver) = oneshot::channel();
        writer
            .try_send((operation.into_op(), sender))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
            })?;
        let outcome = receiver.await.map_err(|_| StoreError::Closed)??;
        O::from_outcome(outcome)
            .ok_or_else(|| StoreError::Corrupt("outcome of another operation".to_owned()))
    }

    /// Drops what nobody may ask for any more: one [`Sweep`] after another while there is more, other operations between
    /// them, a bounded number so that a run comes to an end. The number of rows dropped.
    ///
    /// # Errors
    /// As [`StoreHandle::apply`]; what was dropped before stays dropped.
    pub async fn sweep(&self, now: UnixTime) -> Result<usize, StoreError> {
        let mut dropped = 0;
        for _ in 0..SWEEPS {
            let outcome = self.apply(Sweep { now }).await?;
            dropped += outcome.dropped;
            if !outcome.is_full {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(dropped)
    }

    /// Reads a little, at once, on the thread that asks: a few rows by their keys, which takes some microseconds, less
    /// than handing it to another thread. The writer is never waited for, and no more reads run at once than there are
    /// connections. Whatever grows with what is stored goes to [`StoreHandle::read_long`].
    ///
    /// # Errors
    /// What `read` returns; [`StoreError::Panicked`] if it panicked.
    pub async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn StoreReader) -> Result<T, StoreError> + Send + 'static,
    {
        let _permit = self
            .inner
            .permits
            .acquire()
            .await
            .map_err(|_| StoreError::Closed)?;
        with_reader(&self.inner.readers, read)
    }

    /// Reads much: lists of everything, a backup, a check of all evidence. Off the asynchronous threads, and one such
    /// read at a time, so that the short ones find a connection.
    ///
    /// # Errors
    /// As [`StoreHandle::read`].
    pub async fn read_long<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn StoreReader) -> Result<T, StoreError> + Send + 'static,
    {
        let turn = Arc::clone(&self.inner.long)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closed)?;
        let permit = Arc::clone(&self.inner.permits)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closed)?;
        let readers = Arc::clone(&self.inner.readers);
        let task = tokio::task::spawn_blocking(move || {
            let (_turn, _permit) = (turn, permit);
            with_reader(&readers, read)
        });
        task.await.unwrap_or(Err(StoreError::Closed))
    }

    /// A client, perhaps from memory; never older than what was acknowledged before this was called. So for the three
    /// methods that follow.
    ///
    /// # Errors
    /// As [`StoreHandle::read`].
    pub async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        let catalogue = &self.inner.catalogue;
        if let Some(copy) = catalogue.look(|copies| copies.clients.get(id)) {
            return Ok(Some(copy));
        }
        let version = catalogue.version();
        let key = id.clone();
        let found = self.read(move |reader| reader.client(&key)).await?;
        Ok(found.map(|client| {
            let client = Arc::new(client);
            catalogue.keep(version, |copies| copies.clients.keep(id.clone(), &client));
            client
        }))
    }

    /// An account by one of the names that clients know.
    ///
    /// # Errors
    /// As [`StoreHandle::read`].
    pub async fn account(&self, name: AccountName) -> Result<Option<Arc<Account>>, StoreError> {
        let catalogue = &self.inner.catalogue;
        if let Some(copy) = catalogue.look(|copies| copies.accounts.get(&name)) {
            return Ok(Some(copy));
        }
        let version = catalogue.version();
        let key = name.clone();
        let read = self.read(move |reader| match &key {
            AccountName::Login(login) => reader.account_by_login(login),
            AccountName::Sub(sub) => reader.account_by_sub(sub),
        });
        Ok(read.await?.map(|account| {
            let account = Arc::new(account);
            catalogue.keep(version, |copies| copies.accounts.keep(name, &account));
            account
        }))
    }

    /// A device, active or revoked. Its counters, its suspicion and when it was last seen may be older.
    ///
    /// # Errors
    /// As [`StoreHandle::read`].
    pub async fn device(&self, id: &DeviceId) -> Result<Option<Arc<PairedDevice>>, StoreError> {
        let catalogue = &self.inner.catalogue;
        if let Some(copy) = catalogue.look(|copies| copies.devices.get(id)) {
            return Ok(Some(copy));
        }
        let version = catalogue.version();
        let key = id.clone();
        let found = self.read(move |reader| reader.device(&key)).await?;
        Ok(found.map(|device| {
            let device = Arc::new(device);
            catalogue.keep(version, |copies| copies.devices.keep(id.clone(), &device));
            device
        }))
    }

    /// The devices of an account, active and revoked, oldest first, with the same reservation.
    ///
    /// # Errors
    /// As [`StoreHandle::read`].
    pub async fn devices_of(
        &self,
        account: &AccountId,
    ) -> Result<Arc<Vec<PairedDevice>>, StoreError> {
        let catalogue = &self.inner.catalogue;
        if let Some(copy) = catalogue.look(|copies| copies.devices_of.get(account)) {
            return Ok(copy);
        }
        let version = catalogue.version();
        let key = account.clone();
        let found = self.read(move |reader| reader.devices_of(&key)).await?;
        let devices = Arc::new(found);
        catalogue.keep(version, |copies| {
            copies.devices_of.keep(account.clone(), &devices);
        });
        Ok(devices)
    }

    /// What the store has done since it was opened.
    pub fn statistics(&self) -> StoreStatistics {
        self.inner.counters.read()
    }

    /// What became of requests since it was opened.
    pub fn flow_statistics(&self) -> FlowStatistics {
        self.inner.flows.read()
    }

    /// Identifiers for a new backchannel authentication. Numbers that are never used leave gaps, which is fine.
    pub fn make_flow_ids(&self, rng: &dyn Rng) -> FlowIds {
        let seq = FlowSeq(self.inner.next_seq.fetch_add(1, Ordering::Relaxed));
        self.inner.locator.make_flow_ids(seq, rng)
    }

    /// A new access token for the request behind `auth_req_id`, with the hash to pass to [`super::ops::Redeem`]. `None`
    /// if the `auth_req_id` was not made here.
    pub fn make_access_token(
        &self,
        auth_req_id: &AuthReqId,
        rng: &dyn Rng,
    ) -> Option<(Secret<String>, Sha256Digest)> {
        let located = self.inner.locator.open_auth_req_id(auth_req_id)?;
        Some(self.inner.locator.make_access_token(located.seq, rng))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Readers first, so that the writer's connection is the last and can tidy up its log. The writer ends when its
        // channel does; joining makes sure that the file is closed before the folder's lock is let go.
        lock(&self.readers).clear();
        drop(self.writer.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer ended by a panic");
        }
    }
}

/// Reads on a connection that is free: there is one for whoever has a permit.
fn with_reader<T>(
    readers: &Readers,
    read: impl FnOnce(&dyn StoreReader) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let reader = lock(readers).pop().ok_or(StoreError::Closed)?;
    let result = catch_unwind(AssertUnwindSafe(|| read(reader.as_ref())));
    lock(readers).push(reader);
    result.unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
}

fn lock(readers: &Readers) -> std::sync::MutexGuard<'_, Vec<Box<dyn StoreReader>>> {
    readers.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_until_closed<S: Store>(
    mut store: S,
    mut receiver: mpsc::Receiver<Waiting>,
    catalogue: &Catalogue,
    locator: &Locator,
    listener: &Listener,
    flows: &FlowCounters,
) {
    let mut waiting: Vec<Waiting> = Vec::with_capacity(BATCH);
    while let Some(first) = receiver.blocking_recv() {
        waiting.push(first);
        // Under load, on few cores, whoever has more to write gets to say so before a commit is spent on one operation.
        // With nothing else to run this returns at once.
        std::thread::yield_now();
        while waiting.len() < BATCH
            && let Ok(next) = receiver.try_recv()
        {
            waiting.push(next);
        }
        let (ops, answers): (Vec<Op>, Vec<_>) = waiting.drain(..).unzip();
        let count = ops.len();
        let deciding: Vec<_> = ops.iter().map(|op| decided_by(op, locator)).collect();
        let approvals: Vec<bool> = ops.iter().map(FlowEvent::approves).collect();
        let changes_catalogue = ops.iter().any(catalogue::changes);
        let outcomes = catch_unwind(AssertUnwindSafe(|| store.apply(ops)))
            .unwrap_or_else(|panic| vec![Err(panicked(panic.as_ref())); count]);
        let has_changed = |answer: &Result<Outcome, StoreError>| {
            answer.as_ref().is_ok_and(catalogue::has_changed)
        };
        if changes_catalogue || outcomes.iter().any(has_changed) {
            catalogue.changed();
        }
        for (((answer, outcome), seq), approves) in
            (answers.into_iter().zip(outcomes).zip(deciding)).zip(approvals)
        {
            let event = outcome.as_ref().ok();
            if let Some(event) = event.and_then(|outcome| FlowEvent::of(approves, outcome)) {
                flows.note(event);
            }
            let settled: Vec<FlowSeq> = match &outcome {
                Ok(outcome) if settles(outcome) => seq.into_iter().collect(),
                Ok(outcome) => closed_by_move(outcome),
                Err(_) => Vec::new(),
            };
            // A caller that went away does not need its answer; the operation is stored all the same.
            drop(answer.send(outcome));
            if let Some(tell) = listener.get() {
                settled.into_iter().for_each(tell);
            }
        }
    }
}

/// The request that an operation may settle.
fn decided_by(op: &Op, locator: &Locator) -> Option<FlowSeq> {
    let request = match op {
        Op::Decide(op) => &op.request,
        Op::Withdraw(op) => &op.request,
        _ => return None,
    };
    Some(locator.open_consent_request_id(request)?.seq)
}

/// Whether it did.
fn settles(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Decide(outcome) => matches!(
            **outcome,
            DecideOutcome::Recorded { .. } | DecideOutcome::TransferFailed { .. }
        ),
        Outcome::Withdraw(outcome) => matches!(**outcome, WithdrawOutcome::Withdrawn { .. }),
        _ => false,
    }
}

/// Requests that a move closed.
fn closed_by_move(outcome: &Outcome) -> Vec<FlowSeq> {
    match outcome {
        Outcome::ConfirmPairing(outcome) => match &**outcome {
            ConfirmPairingOutcome::Confirmed {
                moved: Some(moved), ..
            } => moved.closed.clone(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The error for a caught panic, which is logged here.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> StoreError {
    let what = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(what, "the store panicked");
    StoreError::Panicked
}
