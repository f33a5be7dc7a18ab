//! Certificates that are renewed while the server runs.
//!
//! The files are looked at every few seconds and, on Unix, when the process gets SIGHUP. A new pair takes the place of the
//! old one for connections that begin afterwards; those that are open live on. A pair that cannot be used changes
//! nothing, and the log says why.

use std::sync::Arc;
use tegata_protocol::UnixTime;
use tokio::{
    sync::watch,
    time::{Duration, MissedTickBehavior, interval},
};

use super::{Material, TlsError, TlsFiles, followed::Followed};
use crate::app::App;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The pair in force, and what takes its place.
#[derive(Debug)]
pub struct Renewal {
    files: TlsFiles,
    pair: Followed<Material>,
}

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
        let paths = vec![files.certificate.clone(), files.key.clone()];
        let pair = Followed::open(paths, || Material::load(&files))?;
        let material = pair.in_force();
        if !material.is_valid_at(now) {
            tracing::error!(error = %material.not_now(&files, now), "clients will refuse this server");
        }
        Ok(Arc::new(Self { files, pair }))
    }

    /// The pair in force.
    pub fn material(&self) -> Arc<Material> {
        self.pair.in_force()
    }

    /// Reads the files if they have changed, and if two looks in a row have found them the same: certificate and key are
    /// two files, and whoever renews them writes one after the other. What was refused for a reason that passes (not valid
    /// yet, not readable) is tried again from time to time though nothing has changed.
    pub fn look(&self, now: UnixTime) -> Look {
        self.pair.look(now, || self.load(now))
    }

    /// Reads the files, whether or not they seem to have changed. What is not valid at `now` is not put in force.
    pub fn reload(&self, now: UnixTime) -> Look {
        self.pair.reload(|| self.load(now))
    }

    fn load(&self, now: UnixTime) -> Result<Material, TlsError> {
        let material = Material::load(&self.files)?;
        if material.is_valid_at(now) {
            Ok(material)
        } else {
            Err(material.not_now(&self.files, now))
        }
    }
}

/// Keeps in force what is in the files, until the server stops: the clients' authorities, and the server's own pair if it
/// has one. `hangups`: when somebody says that they have changed.
pub(crate) async fn keep(
    renewal: Option<Arc<Renewal>>,
    mut hangups: Option<Hangups>,
    app: Arc<App>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let told = tokio::select! {
            _ = ticks.tick() => false,
            () = next(hangups.as_mut()) => true,
            _ = stopping.changed() => return,
        };
        let (renewal, app) = (renewal.clone(), Arc::clone(&app));
        // Files can be on a disk that takes its time.
        let looking = tokio::task::spawn_blocking(move || {
            let (now, authorities) = (app.now(), &app.client_authorities);
            if let Some(renewal) = renewal {
                let look = if told {
                    renewal.reload(now)
                } else {
                    renewal.look(now)
                };
                say(&look, &renewal);
            }
            match if told {
                authorities.reload()
            } else {
                authorities.look(now)
            } {
                Look::Nothing => {}
                Look::Renewed => tracing::info!("the new authorities of clients are in force"),
                Look::Refused(error) => {
                    tracing::error!(%error, "the new authorities of clients are refused; the earlier ones stay in force");
                }
            }
        });
        if let Err(error) = looking.await {
            tracing::error!(%error, "cannot look at certificate and key");
        }
    }
}

async fn next(hangups: Option<&mut Hangups>) {
    match hangups {
        Some(hangups) => hangups.next().await,
        None => std::future::pending().await,
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
