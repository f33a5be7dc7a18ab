//! The folder of accounts: `accounts/{id}/{account.json, history.log, lock, deciding}`.

use super::{
    AccountFileError, AccountHeader, AccountState, FileLock, LocalAccountId,
    file::{self, parse_header},
};
use crate::ports::AccountSecret;
use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};
use tegata_protocol::Rng;

/// Where accounts lie.
#[derive(Debug, Clone)]
pub struct AccountFolder {
    root_dir: PathBuf,
}

impl AccountFolder {
    /// The folder below a data folder; made if it is not there, readable by its owner alone.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let root_dir = data_dir.join("accounts");
        make_private_dir(&root_dir)?;
        Ok(Self { root_dir })
    }

    fn dir(&self, id: &LocalAccountId) -> PathBuf {
        self.root_dir.join(id.as_str())
    }

    fn account_path(&self, id: &LocalAccountId) -> PathBuf {
        self.dir(id).join("account.json")
    }

    /// Where the account's history lies.
    pub(crate) fn history_path(&self, id: &LocalAccountId) -> PathBuf {
        self.dir(id).join("history.log")
    }

    /// Every account whose header can be read, by the time of pairing; and those folders that cannot be.
    ///
    /// # Errors
    /// What the file system says about the folder itself.
    pub fn list(&self) -> io::Result<(Vec<AccountHeader>, Vec<PathBuf>)> {
        let (mut headers, mut unreadable) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(&self.root_dir)? {
            let dir = entry?.path();
            let path = dir.join("account.json");
            // A folder without a file is a pairing that never came to its end, or a removal that did not.
            if !path.exists() {
                continue;
            }
            match fs::read(&path).map(|bytes| parse_header(&bytes)) {
                Ok(Ok(header)) => headers.push(header),
                _ => unreadable.push(dir),
            }
        }
        headers.sort_by(|a, b| (a.paired_at, &a.id).cmp(&(b.paired_at, &b.id)));
        Ok((headers, unreadable))
    }

    /// Reads an account.
    ///
    /// # Errors
    /// [`AccountFileError`].
    pub fn read(
        &self,
        id: &LocalAccountId,
        secret: &AccountSecret,
    ) -> Result<(AccountHeader, AccountState), AccountFileError> {
        file::parse(&fs::read(self.account_path(id))?, secret)
    }

    /// Writes a new account.
    ///
    /// # Errors
    /// What the file system says; then nothing is left.
    pub fn create(
        &self,
        rng: &dyn Rng,
        secret: &AccountSecret,
        header: &AccountHeader,
        state: &AccountState,
    ) -> Result<(), AccountFileError> {
        make_private_dir(&self.dir(&header.id))?;
        let _lock = FileLock::wait(&self.dir(&header.id).join("lock"))?;
        let bytes = file::encode(rng, secret, header, state);
        write_atomically(&self.account_path(&header.id), &bytes)?;
        Ok(())
    }

    /// Reads, changes and writes an account under its lock. What `change` gives is returned after the file is durable.
    ///
    /// # Errors
    /// [`AccountFileError`]; then nothing was changed.
    pub fn update<T>(
        &self,
        rng: &dyn Rng,
        id: &LocalAccountId,
        secret: &AccountSecret,
        change: impl FnOnce(&mut AccountHeader, &mut AccountState) -> T,
    ) -> Result<T, AccountFileError> {
        let _lock = FileLock::wait(&self.dir(id).join("lock"))?;
        let (mut header, mut state) = self.read(id, secret)?;
        let before = (header.clone(), state.clone());
        let value = change(&mut header, &mut state);
        if before != (header.clone(), state.clone()) {
            let bytes = file::encode(rng, secret, &header, &state);
            write_atomically(&self.account_path(id), &bytes)?;
        }
        Ok(value)
    }

    /// Takes the right to have a decision in flight for this account; `None` while another process has it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn try_decide(&self, id: &LocalAccountId) -> io::Result<Option<FileLock>> {
        FileLock::try_take(&self.dir(id).join("deciding"))
    }

    /// Deletes an account with its history.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove(&self, id: &LocalAccountId) -> io::Result<()> {
        // The file first: without it the folder is no account, whatever happens to the rest.
        match fs::remove_file(self.account_path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        match fs::remove_dir_all(self.dir(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Replaces a file so that a reader sees the old or the new content and nothing between, also after a power cut. Mode
/// 0600 on Unix.
///
/// # Errors
/// What the file system says; then the old content stands.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path
        .parent()
        .ok_or_else(|| io::Error::other("a file lies in a folder"))?;
    // `tempfile` makes files that their owner alone can read.
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_dir(dir)
}

#[cfg(unix)]
fn sync_dir(dir: &Path) -> io::Result<()> {
    fs::File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes a folder that its owner alone can enter.
pub(crate) fn make_private_dir(dir: &Path) -> io::Result<()> {
    private_dir().recursive(true).create(dir)
}

/// The same; fails if there is anything of that name already.
pub(crate) fn make_new_private_dir(dir: &Path) -> io::Result<()> {
    private_dir().create(dir)
}

fn private_dir() -> fs::DirBuilder {
    #[cfg(unix)]
    {
        let mut builder = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
    }
    // Below the person's own data, what is made there is theirs alone already.
    #[cfg(not(unix))]
    fs::DirBuilder::new()
}
