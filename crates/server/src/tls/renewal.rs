//! Certificates that are renewed while the server runs.
//!
//! The files are looked at every few seconds and, on Unix, when the process gets SIGHUP. A new pair takes the place of the
//! old one for connections that begin afterwards; those that are open live on. A pair that cannot be used changes
//! nothing, and the log says why.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tegata_protocol::UnixTime;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::{Material, TlsError, TlsFiles};
use crate::app::App;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The pair in force, and what takes its place.
#[derive(Debug)]
pub struct Renewal {
    files: TlsFiles,
    in_force: watch::Sender<Arc<Material>>,
    looked: Mutex<Looked>,
}

/// What the files looked like.
#[derive(Debug, Clone, Copy)]
struct Looked {
    /// When they were read the last time, with or without success.
    read: Stamp,
    /// The last time that somebody looked.
    last: Stamp,
}

/// What tells that files have changed, without reading them. `None` for a file that is not there.
type Stamp = [Option<(SystemTime, u64, u64)>; 2];

/// What came of a look at the files.
#[derive(Debug)]
pub enum Look {
    /// They are those that were read last, or are still being written.
    Nothing,
    /// They are in force now.
    Renewed,
    /// They cannot be used; those in force still are.
    Refused(TlsError),
}

impl Renewal {
    /// Reads the first pair. One that is not valid at `now` is served all the same, and the log says so.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(files: TlsFiles, now: UnixTime) -> Result<Arc<Self>, TlsError> {
        let stamp = stamp(&files);
        let material = Material::load(&files)?;
        if !material.is_valid_at(now) {
            tracing::error!(error = %material.not_now(&files), "clients will refuse this server");
        }
        Ok(Arc::new(Self {
            files,
            in_force: watch::Sender::new(Arc::new(material)),
            looked: Mutex::new(Looked {
                read: stamp,
                last: stamp,
            }),
        }))
    }

    /// The pair in force.
    pub fn material(&self) -> Arc<Material> {
        Arc::clone(&self.in_force.borrow())
    }

    /// Reads the files if they have changed, and if two looks in a row have found them the same: certificate and key are
    /// two files, and whoever renews them writes one after the other.
    pub fn look(&self, now: UnixTime) -> Look {
        let found = stamp(&self.files);
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let settled = looked.last == found;
        looked.last = found;
        let new = looked.read != found;
        drop(looked);
        if new && settled {
            self.reload(now)
        } else {
            Look::Nothing
        }
    }

    /// Reads the files, whether or not they seem to have changed. What is not valid at `now` is not put in force.
    pub fn reload(&self, now: UnixTime) -> Look {
        // Before they are read: what is written meanwhile is a change again.
        let found = stamp(&self.files);
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Looked {
            read: found,
            last: found,
        };
        match Material::load(&self.files) {
            Ok(material) if material.is_valid_at(now) => {
                self.in_force.send_replace(Arc::new(material));
                Look::Renewed
            }
            Ok(material) => Look::Refused(material.not_now(&self.files)),
            Err(error) => Look::Refused(error),
        }
    }
}

/// Keeps the pair in force the one in the files, until the server stops.
pub(crate) async fn keep(
    renewal: Arc<Renewal>,
    mut hangups: Hangups,
    app: Arc<App>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let told = tokio::select! {
            _ = ticks.tick() => false,
            () = hangups.next() => true,
            _ = stopping.changed() => return,
        };
        let (renewal, now) = (Arc::clone(&renewal), app.now());
        // Files can be on a disk that takes its time.
        let looking = tokio::task::spawn_blocking(move || {
            let look = if told {
                renewal.reload(now)
            } else {
                renewal.look(now)
            };
            say(&look, &renewal);
        });
        if let Err(error) = looking.await {
            tracing::error!(%error, "cannot look at certificate and key");
        }
    }
}

fn say(look: &Look, renewal: &Renewal) {
    match look {
        Look::Nothing => {}
        Look::Renewed => {
            let material = renewal.material();
            tracing::info!(
                subject = material.subject(),
                until = material.until_date(),
                "the new certificate is in force"
            );
        }
        Look::Refused(error) => {
            let until = renewal.material().until_date();
            tracing::error!(%error, until, "the new certificate is refused; the earlier one stays in force");
        }
    }
}

fn stamp(files: &TlsFiles) -> Stamp {
    [stamp_of(&files.certificate), stamp_of(&files.key)]
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

/// SIGHUP, where there is such a thing. From when this is made on it no longer ends the process.
#[derive(Debug)]
pub(crate) struct Hangups {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangups {
    pub(super) fn new() -> Self {
        Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())
                .inspect_err(|error| tracing::warn!(%error, "SIGHUP is not listened to"))
                .ok(),
        }
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
