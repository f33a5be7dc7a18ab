//! The data folder: who may use it, and what lies where in it.
//!
//! ```text
//! keys.json            keys, made once, mode 0600
//! tegata-server.toml   configuration, unless --config names another
//! tegata.sqlite        the store (with -wal and -shm while open)
//! lock                 held by the one process that uses the folder
//! server.json          local address and pid of the running server
//! admin-token          opens the local admin interface, new at each start, mode 0600
//! demo-client-secret   in demo mode only, mode 0600
//! ```

use fs4::{FileExt, TryLockError};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tegata_protocol::{Rng, Secret, SystemRng, bytes::encode_b64u, rng::random_bytes};

use crate::{
    config,
    keys::{Keys, KeysError, write_private},
    storage::{StoreError, StoreOptions, sqlite::SqliteStore},
};

/// A data folder cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// It is in use.
    #[error(
        "{0} is in use by another tegata-server; stop that one first, or use another --data-dir"
    )]
    InUse(PathBuf),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// `init` has not been run.
    #[error("{0} is not a data folder yet; run `tegata-server init` first")]
    NotMade(PathBuf),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Paths in a data folder. Holding this value gives no right to use them; [`DataFolder::lock`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder {
    path: PathBuf,
}

/// The folder is ours until this is dropped.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// What a running server says about itself in `server.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningServer {
    /// Where this machine's commands reach it, in the clear; with TLS not where the world does.
    pub address: SocketAddr,
    /// Its process id.
    pub pid: u32,
}

impl DataFolder {
    /// The folder at `path`, whether or not it has been made.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key file.
    pub fn keys_path(&self) -> PathBuf {
        self.path.join("keys.json")
    }

    /// The configuration file that is read unless another is named.
    pub fn config_path(&self) -> PathBuf {
        self.path.join("tegata-server.toml")
    }

    /// The store's file.
    pub fn store_path(&self) -> PathBuf {
        self.path.join("tegata.sqlite")
    }

    /// The demo client's secret, in demo mode.
    pub fn demo_secret_path(&self) -> PathBuf {
        self.path.join("demo-client-secret")
    }

    fn server_path(&self) -> PathBuf {
        self.path.join("server.json")
    }

    fn token_path(&self) -> PathBuf {
        self.path.join("admin-token")
    }

    /// Whether `init` has been run.
    pub fn is_made(&self) -> bool {
        self.keys_path().is_file()
    }

    /// Makes the folder (mode 0700), keys, store and a commented configuration file.
    ///
    /// # Errors
    /// [`DataFolderError`]; existing keys are never overwritten, an existing configuration file is left alone.
    pub fn make(&self, rng: &SystemRng) -> Result<Keys, DataFolderError> {
        fs::create_dir_all(&self.path).map_err(|source| self.io(source))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&self.path, fs::Permissions::from_mode(0o700))
                .map_err(|source| self.io(source))?;
        }
        let _lock = self.lock()?;
        let keys = Keys::make(&self.keys_path(), rng)?;
        drop(SqliteStore::open(
            &self.store_path(),
            StoreOptions::new(keys.locator().clone()),
        )?);
        match write_private(&self.config_path(), config::DEFAULT_FILE.as_bytes(), false) {
            Ok(()) | Err(KeysError::Exists(_)) => Ok(keys),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the folder for this process.
    ///
    /// # Errors
    /// [`DataFolderError::InUse`] if another process has it, [`DataFolderError::Io`] if the lock file cannot be written.
    pub fn lock(&self) -> Result<FolderLock, DataFolderError> {
        let path = self.path.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| DataFolderError::Io {
                path: path.clone(),
                source,
            })?;
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataFolderError::InUse(self.path.clone())),
            Err(TryLockError::Error(source)) => Err(DataFolderError::Io { path, source }),
        }
    }

    /// Adds to the key file what an older version did not write, for whoever holds the lock.
    ///
    /// # Errors
    /// [`DataFolderError::NotMade`] or [`DataFolderError::Keys`].
    pub fn complete_keys(
        &self,
        _lock: &FolderLock,
        rng: &SystemRng,
    ) -> Result<(), DataFolderError> {
        if !self.is_made() {
            return Err(DataFolderError::NotMade(self.path.clone()));
        }
        Ok(Keys::complete(&self.keys_path(), rng)?)
    }

    /// Reads the keys.
    ///
    /// # Errors
    /// [`DataFolderError::NotMade`] or [`DataFolderError::Keys`].
    pub fn keys(&self, rng: &SystemRng) -> Result<Keys, DataFolderError> {
        if !self.is_made() {
            return Err(DataFolderError::NotMade(self.path.clone()));
        }
        Ok(Keys::read(&self.keys_path(), rng)?)
    }

    /// Tells other commands where to reach the server.
    ///
    /// # Errors
    /// [`DataFolderError::Keys`] if the file cannot be written.
    ///
    /// # Panics
    /// Never: an address and a number serialize.
    pub fn announce(&self, address: SocketAddr) -> Result<(), DataFolderError> {
        let running = RunningServer {
            address,
            pid: std::process::id(),
        };
        let json = serde_json::to_vec(&running).expect("an address and a number serialize");
        Ok(write_private(&self.server_path(), &json, true)?)
    }

    /// Takes the announcement back. A missing file is fine.
    pub fn withdraw_announcement(&self) {
        for path in [self.server_path(), self.token_path()] {
            if let Err(error) = fs::remove_file(&path)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(path = %path.display(), %error, "cannot be removed");
            }
        }
    }

    /// The server that announced itself, if any. It may have been killed since: the lock tells.
    pub fn announced(&self) -> Option<RunningServer> {
        serde_json::from_slice(&fs::read(self.server_path()).ok()?).ok()
    }

    /// A new token for the admin interface, written for other commands to read.
    ///
    /// # Errors
    /// [`DataFolderError::Keys`] if the file cannot be written.
    pub fn make_admin_token(&self, rng: &dyn Rng) -> Result<Secret<String>, DataFolderError> {
        let token = Secret::new(encode_b64u(&random_bytes::<32>(rng)));
        // EXPOSE: written to the file that only this user can read.
        write_private(&self.token_path(), token.expose().as_bytes(), true)?;
        Ok(token)
    }

    /// The token of the running server.
    ///
    /// # Errors
    /// [`DataFolderError::Io`] if it cannot be read.
    pub fn admin_token(&self) -> Result<Secret<String>, DataFolderError> {
        let path = self.token_path();
        fs::read_to_string(&path)
            .map(Secret::new)
            .map_err(|source| DataFolderError::Io { path, source })
    }

    fn io(&self, source: io::Error) -> DataFolderError {
        DataFolderError::Io {
            path: self.path.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(scratch.path());
        let lock = folder.lock().unwrap();
        let error = folder.lock().unwrap_err();
        assert!(matches!(error, DataFolderError::InUse(_)), "{error}");
        drop(lock);
        folder.lock().unwrap();
    }

    #[test]
    fn making_it_twice_keeps_the_first_keys() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(scratch.path().join("new/data"));
        let rng = SystemRng::new();
        assert!(matches!(
            folder.keys(&rng),
            Err(DataFolderError::NotMade(_))
        ));
        let made = folder.make(&rng).unwrap();
        assert!(folder.make(&rng).is_err());
        assert_eq!(
            folder.keys(&rng).unwrap().root.thumbprint(),
            made.root.thumbprint()
        );
        assert_eq!(
            config::Config::load(Some(&folder.config_path())).unwrap(),
            config::Config::default()
        );
    }

    #[test]
    fn an_announcement_can_be_read_and_taken_back() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(scratch.path());
        assert_eq!(folder.announced(), None);
        let address = "127.0.0.1:8480".parse().unwrap();
        folder.announce(address).unwrap();
        assert_eq!(
            folder.announced(),
            Some(RunningServer {
                address,
                pid: std::process::id()
            })
        );
        let token = folder.make_admin_token(&SystemRng::new()).unwrap();
        assert_eq!(folder.admin_token().unwrap(), token);
        folder.withdraw_announcement();
        assert_eq!(folder.announced(), None);
        assert!(folder.admin_token().is_err());
    }
}
