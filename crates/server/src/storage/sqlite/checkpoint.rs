//! Moves what was committed from the log into the database, on a thread of its own: the writer does not wait for it.
//!
//! The log is kept, not cut: overwriting a file that is there costs the disk less than growing one. It begins anew once
//! everything in it has been moved, which under a steady load never happens while the writer goes on. So when the log has
//! grown to [`Sizes::full`], the writer moves the little that is left since the thread's last pass itself; that bounds the file.

use rusqlite::Connection;
use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use super::rows::Result;
use crate::storage::{Counters, StoreError};

/// How many pages of 4 KiB the log may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Pages that are not moved yet and worth a pass of the thread.
    pass: i64,
    /// From which on the log shall begin anew.
    full: i64,
    /// What the writer moves itself without anybody noticing.
    little: i64,
    /// From which on the writer moves whatever there is.
    most: i64,
}

/// 8, 64, 4 and 256 MiB.
pub(super) const SIZES: Sizes = Sizes {
    pass: 2048,
    full: 16_384,
    little: 1024,
    most: 65_536,
};

/// Commits, and operations, after which the writer looks how long the log is.
const LOOK_COMMITS: u32 = 16;
const LOOK_OPERATIONS: usize = 256;

/// The thread, and what the writer knows of it.
#[derive(Debug)]
pub(super) struct Checkpointer {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
    sizes: Sizes,
    commits: u32,
    operations: usize,
}

/// The log in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Log {
    length: i64,
    moved: i64,
}

impl Checkpointer {
    /// Starts the thread for the database at `path`, which has a writing connection already.
    ///
    /// # Errors
    /// [`StoreError::Engine`] if the database cannot be opened once more or no thread can be started.
    pub(super) fn start(path: &Path, counters: Arc<Counters>, sizes: Sizes) -> Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        // A connection that has not looked at the file does not know that there is a log.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let (wake, woken) = sync_channel(1);
        let of_thread = Arc::clone(&counters);
        let thread = std::thread::Builder::new()
            .name("store-log".to_owned())
            .spawn(move || move_when_woken(&connection, &woken, &of_thread))
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(Self {
            wake: Some(wake),
            thread: Some(thread),
            counters,
            sizes,
            commits: 0,
            operations: 0,
        })
    }

    /// To be called after each commit, outside of a transaction, with the writing connection. What goes wrong here is
    /// logged and tried again: what was committed is safe in the log.
    pub(super) fn committed(&mut self, connection: &Connection, operations: usize) {
        self.commits += 1;
        self.operations += operations;
        if self.commits < LOOK_COMMITS && self.operations < LOOK_OPERATIONS {
            return;
        }
        (self.commits, self.operations) = (0, 0);
        if let Err(error) = self.look(connection) {
            tracing::warn!(%error, "the store's log cannot be moved into the database");
        }
    }

    fn look(&self, connection: &Connection) -> Result<()> {
        // 1. How long it is; nothing is moved.
        let log = checkpoint(connection, "NOOP")?;
        let (sizes, left) = (&self.sizes, log.length - log.moved);
        // 2. Full and nearly moved, or nobody moves it: the writer does. While the thread is at it this does nothing.
        if log.length >= sizes.full && (left <= sizes.little || log.length >= sizes.most) {
            return move_pages(connection, &self.counters);
        }
        // 3. Otherwise the thread. It is woken already if the channel is full.
        if (left >= sizes.pass || log.length >= sizes.full)
            && let Some(wake) = &self.wake
        {
            let _ = wake.try_send(());
        }
        Ok(())
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that moves the store's log ended by a panic");
        }
    }
}

fn move_when_woken(connection: &Connection, woken: &Receiver<()>, counters: &Counters) {
    while woken.recv().is_ok() {
        if let Err(error) = move_pages(connection, counters) {
            tracing::warn!(%error, "the store's log cannot be moved into the database");
        }
    }
}

/// Moves what no reader needs in the log any more, without waiting for anybody.
fn move_pages(connection: &Connection, counters: &Counters) -> Result<()> {
    let before = checkpoint(connection, "NOOP")?;
    let after = checkpoint(connection, "PASSIVE")?;
    if after.moved > before.moved {
        // SQLite syncs the log before it moves pages. If nothing was written meanwhile, all are moved, and it syncs the
        // database and then the log's new head. The lengths above are those of the beginning.
        let now = checkpoint(connection, "NOOP")?;
        let all = now.length == after.moved || now.moved < after.moved;
        counters.checkpointed(if all { 3 } else { 1 });
    }
    Ok(())
}

fn checkpoint(connection: &Connection, mode: &str) -> Result<Log> {
    let log = connection
        .prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?
        .query_row([], |row| {
            Ok(Log {
                length: row.get(1)?,
                moved: row.get(2)?,
            })
        })?;
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Locator,
        storage::{Operation as _, Store as _, StoreOptions, ops::SetValue, sqlite::SqliteStore},
    };

    #[test]
    fn the_log_begins_anew_however_much_is_written_without_a_pause() {
        const SMALL: Sizes = Sizes {
            pass: 64,
            full: 512,
            little: 64,
            most: 2048,
        };
        const COMMITS: u8 = 250;
        const VALUES: usize = 8;
        const PAGES: usize = 8;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tegata.sqlite");
        let options = StoreOptions::new(Locator::new(&[7; 32]));
        let mut store = SqliteStore::open(&path, options).unwrap();
        store.checkpointer = Checkpointer::start(&path, store.counters(), SMALL).unwrap();
        for commit in 0..COMMITS {
            let ops = (0..VALUES).map(|number| {
                SetValue {
                    name: number.to_string(),
                    // Another one each time: SQLite does not write what is there already.
                    value: vec![commit; PAGES * 4096],
                }
                .into_op()
            });
            let answers = store.apply(ops.collect());
            assert!(answers.iter().all(Result::is_ok));
        }
        let log = std::fs::metadata(folder.path().join("tegata.sqlite-wal")).unwrap();
        let written = u64::from(COMMITS) * u64::try_from(VALUES * PAGES * 4096).unwrap();
        assert!(
            log.len() < written / 2,
            "{} bytes of log for {written}",
            log.len()
        );
        let statistics = store.counters().read();
        assert_eq!(statistics.operations, 250 * 8);
        assert!(statistics.checkpoints > 0);
        assert!(statistics.checkpoint_syncs >= statistics.checkpoints);
    }
}
