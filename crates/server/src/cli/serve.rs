//! `serve`: binds, opens the data folder, says that it is ready, and stops when told.

use std::{io, net::SocketAddr, sync::Arc};
use tegata_protocol::{SystemClock, SystemRng};
use tokio::net::TcpListener;

use super::{Context, Failure, arguments::ServeOptions, demo, log, output::say};
use crate::{
    app::{App, StartError, remembered},
    data_folder::DataFolderError,
    http,
    keys::write_private,
    storage::{StoreOptions, sqlite::SqliteReader},
};

pub(super) async fn run(context: Context, options: ServeOptions) -> Result<(), Failure> {
    let Context { folder, mut config } = context;
    config.listen = options.listen.unwrap_or(config.listen);
    config.demo |= options.demo;
    let config = config.checked()?;
    log::start(&config)?;
    let rng = SystemRng::new();
    if config.demo && !folder.is_made() {
        folder.make(&rng).map_err(Failure::failed)?;
    }
    let keys = folder.keys(&rng).map_err(Failure::failed)?;
    let earlier = SqliteReader::open(
        &folder.store_path(),
        &StoreOptions::new(keys.locator().clone()),
    )
    .ok()
    .and_then(|reader| remembered(&reader).ok().flatten())
    .and_then(|issuer| issuer.port());
    let listener = bind(config.listen, earlier.filter(|_| config.issuer.is_none())).await?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    let demo = config.demo;
    let app = App::open(
        config,
        &folder,
        address.port(),
        Arc::new(SystemClock),
        Arc::new(rng),
    )
    .await
    .map_err(|error| match error {
        StartError::Folder(DataFolderError::InUse(_)) => Failure::usage(error),
        other => Failure::failed(other),
    })?;
    if demo {
        demo::prepare(&app, &folder).await?;
    }
    // Taken before anybody is told, so that a signal right after the announcement is not lost.
    let stop = stop_signal().map_err(Failure::failed)?;
    folder.announce(address).map_err(Failure::failed)?;
    let base = format!("http://localhost:{}", address.port());
    if let Some(path) = &options.port_file {
        write_private(path, format!("{base}\n").as_bytes(), true).map_err(Failure::failed)?;
    }
    tracing::info!(issuer = %app.issuer, %address, data_dir = %folder.path().display(), "serving");
    say(&format!("listening on {base}"));
    if demo {
        say(&format!("demo page    {base}/demo"));
    }
    let served = http::serve(Arc::clone(&app), listener, stop).await;
    folder.withdraw_announcement();
    tracing::info!("stopped");
    served.map_err(Failure::failed)
}

/// Binds `address`; with port 0, the port of the last start first, because devices have pinned the issuer it made.
async fn bind(address: SocketAddr, earlier: Option<u16>) -> Result<TcpListener, Failure> {
    if address.port() == 0
        && let Some(port) = earlier
        && let Ok(listener) = TcpListener::bind(SocketAddr::new(address.ip(), port)).await
    {
        return Ok(listener);
    }
    TcpListener::bind(address).await.map_err(|error| {
        if error.kind() == io::ErrorKind::AddrInUse {
            Failure::usage(format!(
                "{address} is in use by another program; stop it, or choose another port with --listen"
            ))
        } else {
            Failure::usage(format!("cannot listen on {address}: {error}"))
        }
    })
}

/// Ready when the process is told to stop.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ready when the process is told to stop.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "cannot wait for Ctrl-C; serving until killed");
            std::future::pending::<()>().await;
        }
    })
}
