//! Files that are read again while the server runs: when they change, when somebody says so, and, if what was wrong with them
//! may pass by itself, after a while.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::SystemTime,
};
use tegata_protocol::UnixTime;

use super::{TlsError, material::Passing, renewal::Look};

/// Looks between two attempts at files that are refused for a passing reason: the first comes with the next look, and the
/// distance doubles up to this. With a look every five seconds, about five minutes.
const LONGEST_PAUSE: u32 = 64;

/// What is made of some files, and what takes its place.
#[derive(Debug)]
pub(super) struct Followed<T> {
    paths: Vec<PathBuf>,
    in_force: RwLock<Arc<T>>,
    looked: Mutex<Looked>,
}

#[derive(Debug)]
struct Looked {
    /// What the files looked like when they were read the last time, with or without success.
    read: Stamp,
    /// The same the last time that somebody looked.
    last: Stamp,
    /// If they were refused, and may not be another time.
    retry: Option<Retry>,
}

#[derive(Debug, Clone, Copy)]
struct Retry {
    when: Passing,
    /// Looks until the next attempt.
    left: u32,
    /// Looks from then to the one after.
    pause: u32,
}

impl Retry {
    /// Counts one look; whether it is time to try.
    fn is_due(&mut self, now: UnixTime) -> bool {
        if let Passing::At(opens) = self.when {
            return now >= opens;
        }
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }
}

/// What tells that files have changed, without reading them. `None` for a file that is not there.
type Stamp = Vec<Option<(SystemTime, u64, u64)>>;

impl<T> Followed<T> {
    /// Begins with what `load` makes of the files.
    ///
    /// # Errors
    /// Those of `load`.
    pub(super) fn open(
        paths: Vec<PathBuf>,
        load: impl FnOnce() -> Result<T, TlsError>,
    ) -> Result<Self, TlsError> {
        // Before they are read: what is written meanwhile is a change.
        let stamp = stamp(&paths);
        Ok(Self {
            in_force: RwLock::new(Arc::new(load()?)),
            looked: Mutex::new(Looked {
                read: stamp.clone(),
                last: stamp,
                retry: None,
            }),
            paths,
        })
    }

    /// What is in force.
    pub(super) fn in_force(&self) -> Arc<T> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files if they have changed and two looks in a row have found them the same, since whoever renews several
    /// writes one after the other; or if it is time to try again what was refused.
    pub(super) fn look(&self, now: UnixTime, load: impl FnOnce() -> Result<T, TlsError>) -> Look {
        let found = stamp(&self.paths);
        let due = {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            let settled = looked.last == found;
            let changed = looked.read != found;
            looked.last = found;
            if changed {
                settled
            } else {
                looked.retry.as_mut().is_some_and(|retry| retry.is_due(now))
            }
        };
        if due {
            self.reload(load)
        } else {
            Look::Nothing
        }
    }

    /// Reads the files, whether or not they seem to have changed.
    pub(super) fn reload(&self, load: impl FnOnce() -> Result<T, TlsError>) -> Look {
        let found = stamp(&self.paths);
        let loaded = load();
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let again = looked.retry.filter(|_| looked.read == found);
        looked.retry = loaded.as_ref().err().and_then(|error| {
            let pause = again.map_or(1, |retry| retry.pause);
            Some(Retry {
                when: error.passing()?,
                left: pause,
                pause: pause.saturating_mul(2).min(LONGEST_PAUSE),
            })
        });
        looked.read.clone_from(&found);
        looked.last = found;
        match loaded {
            Ok(new) => {
                *self
                    .in_force
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                Look::Renewed
            }
            Err(error) => Look::Refused(error),
        }
    }
}

fn stamp(paths: &[PathBuf]) -> Stamp {
    paths.iter().map(|path| stamp_of(path)).collect()
}

/// Time of change, length and, where files have one, number.
fn stamp_of(path: &Path) -> Option<(SystemTime, u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = 0;
    Some((metadata.modified().ok()?, metadata.len(), number))
}
