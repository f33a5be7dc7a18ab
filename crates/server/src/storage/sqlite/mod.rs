//! The store on SQLite: one file, WAL, `synchronous=FULL`, one writing connection.
//!
//! To add a column or table: a new entry at the end of `schema::MIGRATIONS`; existing entries never change.

mod accounts;
mod approved;
mod checkpoint;
mod decisions;
mod devices;
mod evidence;
mod flows;
mod grants;
mod issuing;
mod management;
mod notices;
mod notifications;
mod operators;
mod pairings;
mod reader;
mod rows;
mod schema;
mod simulation;
mod tokens;

pub use reader::SqliteReader;

use rusqlite::{Connection, Transaction, TransactionBehavior, config::DbConfig};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use checkpoint::Checkpointer;

use super::{
    Counters, Op, Outcome, Store, StoreError, StoreOptions, handle::panicked, ops::Answer,
};
use crate::domain::FlowSeq;

/// Memory for the writer's pages in KiB: the ends of all tables, and the accounts and devices that are about.
const CACHE_KIB: i64 = 16_384;

/// Statements kept prepared by each connection: more than there are.
const STATEMENTS: usize = 128;

/// Keeps statements as they were prepared. Without the guarantee SQLite plans a statement anew each time that a value
/// bound to it might lead to another plan, which took a quarter of the writer's time.
fn prepare_once(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// The writing side.
#[derive(Debug)]
pub struct SqliteStore {
    // Ends before the connection, which then is the last and tidies up the log.
    checkpointer: Checkpointer,
    connection: Connection,
    path: PathBuf,
    options: StoreOptions,
    counters: Arc<Counters>,
    /// Called after each operation and before it is committed, so that a panic in one can be tried out.
    #[cfg(test)]
    after_each: fn(&Op),
}

impl SqliteStore {
    /// Opens the database at `path`, making it if there is none and bringing an older schema up to date.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] if a newer program wrote it; [`StoreError::Engine`] if it cannot be opened for
    /// writing, naming the path.
    pub fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let at_path = |error: StoreError| match error {
            StoreError::Engine(what) => StoreError::Engine(format!("{}: {what}", path.display())),
            other => other,
        };
        let open = || {
            let mut connection = Connection::open(path)?;
            connection.busy_timeout(Duration::from_secs(5))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            // The log is moved by the checkpointer.
            connection.pragma_update(None, "wal_autocheckpoint", 0)?;
            connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
            prepare_once(&connection)?;
            schema::migrate(&mut connection)?;
            let counters = Arc::new(Counters::default());
            let checkpointer = Checkpointer::start(path, Arc::clone(&counters), checkpoint::SIZES)?;
            Ok((connection, counters, checkpointer))
        };
        let (connection, counters, checkpointer) = open().map_err(at_path)?;
        Ok(Self {
            checkpointer,
            connection,
            path: path.to_owned(),
            options,
            counters,
            #[cfg(test)]
            after_each: |_| {},
        })
    }

    /// Limits the size of the database, so that a full disk can be tried out.
    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: i64) {
        self.connection
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .expect("the pragma exists");
    }

    /// See the field.
    #[cfg(test)]
    pub(super) fn call_after_each(&mut self, call: fn(&Op)) {
        self.after_each = call;
    }

    /// Carries out one operation. A panic in it is its error: whatever it wrote is undone with the transaction or savepoint
    /// that it is part of, like that of any other operation that fails.
    fn run(&self, c: &Connection, op: &Op) -> Answer {
        let run = || {
            let answer = run(c, &self.options, op);
            #[cfg(test)]
            (self.after_each)(op);
            answer
        };
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
    }

    /// Carries out all of `ops` in one commit; the first error among them, if there is one, and then nothing is stored.
    fn commit_all(&self, ops: &[Op]) -> Result<Vec<Answer>, StoreError> {
        let transaction = self.begin()?;
        let answers = ops
            .iter()
            .map(|op| self.run(&transaction, op).map(Ok))
            .collect::<Result<_, _>>()?;
        transaction.commit()?;
        Ok(answers)
    }

    /// Begins a commit. The connection is this value's own, and its methods that write are called one after another.
    fn begin(&self) -> Result<Transaction<'_>, StoreError> {
        Ok(Transaction::new_unchecked(
            &self.connection,
            TransactionBehavior::Immediate,
        )?)
    }

    /// Carries out those of `ops` that do not fail in one commit.
    fn commit_each(&self, ops: &[Op]) -> Result<Vec<Answer>, StoreError> {
        let mut transaction = self.begin()?;
        let mut answers = Vec::with_capacity(ops.len());
        for op in ops {
            let savepoint = transaction.savepoint()?;
            let answer = self.run(&savepoint, op);
            match &answer {
                Ok(_) => savepoint.commit()?,
                // SQLite answers a full disk by undoing the whole transaction: then nothing of the batch is left.
                Err(error) if savepoint.is_autocommit() => return Err(error.clone()),
                Err(_) => drop(savepoint),
            }
            answers.push(answer);
        }
        transaction.commit()?;
        Ok(answers)
    }
}

impl Store for SqliteStore {
    type Reader = SqliteReader;

    fn apply(&mut self, ops: Vec<Op>) -> Vec<Answer> {
        // 1. All together. Refusals are outcomes: an error, or a panic, is the store's own trouble, and rare.
        // 2. Only then each in a savepoint, which costs as much again as a short operation, so that those that fail undo
        //    themselves alone.
        let answers = self
            .commit_all(&ops)
            .or_else(|_| self.commit_each(&ops))
            .unwrap_or_else(|error| vec![Err(error); ops.len()]);
        let stored = answers.iter().filter(|answer| answer.is_ok()).count();
        if stored > 0 {
            self.counters
                .committed(u64::try_from(stored).unwrap_or(u64::MAX));
            self.checkpointer.committed(&self.connection, stored);
        }
        answers
    }

    fn reader(&self) -> Result<SqliteReader, StoreError> {
        SqliteReader::open(&self.path, &self.options)
    }

    fn last_seq(&self) -> Result<FlowSeq, StoreError> {
        // AUTOINCREMENT's table remembers the highest number even after its row was swept.
        let last: Option<i64> = self.connection.query_row(
            "SELECT max(coalesce((SELECT max(seq) FROM flow), 0),
                        coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'flow'), 0))",
            [],
            |row| row.get(0),
        )?;
        Ok(FlowSeq(last.unwrap_or(0)))
    }

    fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }
}

fn run(c: &Connection, options: &StoreOptions, op: &Op) -> Answer {
    Ok(match op {
        Op::CreateAccount(op) => Outcome::CreateAccount(Box::new(accounts::create_account(c, op)?)),
        Op::DeleteAccount(op) => Outcome::DeleteAccount(Box::new(accounts::delete_account(c, op)?)),
        Op::SetUserCode(op) => Outcome::SetUserCode(Box::new(accounts::set_user_code(c, op)?)),
        Op::CheckUserCode(op) => {
            Outcome::CheckUserCode(Box::new(accounts::check_user_code(c, op)?))
        }
        Op::CreateClient(op) => Outcome::CreateClient(Box::new(accounts::create_client(c, op)?)),
        Op::ReplaceClient(op) => Outcome::ReplaceClient(Box::new(accounts::replace_client(c, op)?)),
        Op::DeleteClient(op) => Outcome::DeleteClient(Box::new(accounts::delete_client(c, op)?)),
        Op::CreateIssuingSession(op) => {
            Outcome::CreateIssuingSession(Box::new(issuing::create_session(c, op)?))
        }
        Op::OpenPairingPage(op) => Outcome::OpenPairingPage(Box::new(issuing::open_page(c, op)?)),
        Op::CreateInvitation(op) => {
            Outcome::CreateInvitation(Box::new(issuing::create_invitation(c, op)?))
        }
        Op::BindInvitation(op) => {
            Outcome::BindInvitation(Box::new(issuing::bind_invitation(c, op)?))
        }
        Op::RedeemInvitation(op) => {
            Outcome::RedeemInvitation(Box::new(issuing::redeem_invitation(c, op)?))
        }
        Op::SubmitRegistration(op) => {
            Outcome::SubmitRegistration(Box::new(pairings::submit(c, op)?))
        }
        Op::ConfirmPairing(op) => {
            Outcome::ConfirmPairing(Box::new(pairings::confirm(c, options, op)?))
        }
        Op::Countersign(op) => Outcome::Countersign(Box::new(devices::countersign(c, op)?)),
        Op::RevokeDevice(op) => Outcome::RevokeDevice(Box::new(devices::revoke(c, op)?)),
        Op::TouchDevice(op) => Outcome::TouchDevice(Box::new(devices::touch(c, op)?)),
        Op::CountApproval(op) => Outcome::CountApproval(Box::new(devices::count_approval(c, op)?)),
        Op::CountPossession(op) => {
            Outcome::CountPossession(Box::new(devices::count_possession(c, op)?))
        }
        Op::CreateBackchannelAuthentication(op) => {
            Outcome::CreateBackchannelAuthentication(Box::new(flows::create(c, options, op)?))
        }
        Op::AskSimulatedDevice(op) => {
            Outcome::AskSimulatedDevice(Box::new(simulation::ask(c, options, op)?))
        }
        Op::AskDevice(op) => Outcome::AskDevice(Box::new(management::ask(c, options, op)?)),
        Op::RenameDevice(op) => Outcome::RenameDevice(Box::new(management::rename(c, op)?)),
        Op::TakeInvitation(op) => {
            Outcome::TakeInvitation(Box::new(management::take_invitation(c, options, op)?))
        }
        Op::RevokeGrant(op) => Outcome::RevokeGrant(Box::new(grants::revoke(c, options, op)?)),
        Op::MarkSeen(op) => Outcome::MarkSeen(Box::new(flows::mark_seen(c, options, op)?)),
        Op::Withdraw(op) => Outcome::Withdraw(Box::new(decisions::withdraw(c, options, op)?)),
        Op::Decide(op) => Outcome::Decide(Box::new(decisions::decide(c, options, op)?)),
        Op::Redeem(op) => Outcome::Redeem(Box::new(decisions::redeem(c, options, op)?)),
        Op::Refresh(op) => Outcome::Refresh(Box::new(tokens::refresh(c, op)?)),
        Op::RevokeToken(op) => Outcome::RevokeToken(Box::new(tokens::revoke(c, op)?)),
        Op::TakeJob(op) => Outcome::TakeJob(Box::new(notifications::take(c, op)?)),
        Op::KeepResponse(op) => {
            Outcome::KeepResponse(Box::new(notifications::keep_response(c, op)?))
        }
        Op::EndAttempt(op) => Outcome::EndAttempt(Box::new(notifications::end(c, op)?)),
        Op::SetValue(op) => {
            accounts::set_value(c, op)?;
            Outcome::SetValue(Box::new(()))
        }
        Op::InviteOperator(op) => Outcome::InviteOperator(Box::new(operators::invite(c, op)?)),
        Op::EnrolOperator(op) => Outcome::EnrolOperator(Box::new(operators::enrol(c, op)?)),
        Op::UpdateOperator(op) => Outcome::UpdateOperator(Box::new(operators::update(c, op)?)),
        Op::RemoveOperator(op) => Outcome::RemoveOperator(Box::new(operators::remove(c, op)?)),
        Op::SuspendClient(op) => {
            Outcome::SuspendClient(Box::new(operators::suspend_client(c, op)?))
        }
        Op::Sweep(op) => Outcome::Sweep(Box::new(flows::sweep(c, options, op)?)),
    })
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error.to_string())
    }
}
