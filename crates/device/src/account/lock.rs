//! Advisory locks, so that the app and the terminal never write one account at the same time.

use fs4::{FileExt, TryLockError};
use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

/// Held until dropped, or until the process ends.
#[derive(Debug)]
pub struct FileLock(File);

impl FileLock {
    /// Waits for the lock. Holders keep it for one read and write of a small file.
    ///
    /// # Errors
    /// What the file system says.
    pub fn wait(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        FileExt::lock(&file)?;
        Ok(Self(file))
    }

    /// Takes the lock if nobody holds it; `None` if somebody does.
    ///
    /// # Errors
    /// What the file system says.
    pub fn try_take(path: &Path) -> io::Result<Option<Self>> {
        let file = open(path)?;
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing the file would release it as well; a failure here changes nothing.
        let _ = FileExt::unlock(&self.0);
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
