//! `serve`: binds, opens the data folder, says that it is ready, and stops when told.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tegata_protocol::{Clock as _, SystemClock, SystemRng};
use tokio::net::TcpListener;

use super::{Context, Failure, arguments::ServeOptions, demo, log, output::say};
use crate::{
    app::{App, StartError, remembered},
    config::Issuer,
    data_folder::DataFolderError,
    http,
    keys::write_private,
    storage::{StoreOptions, sqlite::SqliteReader},
    tls::{Renewal, TlsListener},
};

pub(super) async fn run(context: Context, options: ServeOptions) -> Result<(), Failure> {
    let Context { folder, mut config } = context;
    config.listen = options.listen.unwrap_or(config.listen);
    config.demo |= options.demo;
    if config.demo {
        // Whoever tries the demo wants to see a second device today.
        config.limits.new_device_wait_seconds = 0;
    }
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
    let clock = SystemClock;
    let renewal = config
        .tls
        .files(folder.path())
        .map(|files| Renewal::open(files, clock.now()))
        .transpose()
        .map_err(Failure::usage)?;
    let listener = bind(config.listen, earlier.filter(|_| config.issuer.is_none())).await?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    let demo = config.demo;
    let app = App::open(
        config,
        &folder,
        address.port(),
        Arc::new(clock),
        Arc::new(rng),
    )
    .await
    .map_err(|error| match error {
        StartError::ClientAuthorities(_) | StartError::Folder(DataFolderError::InUse(_)) => {
            Failure::usage(error)
        }
        other => Failure::failed(other),
    })?;
    if demo {
        demo::prepare(&app, &folder).await?;
    }
    // Taken before anybody is told, so that a signal right after the announcement is not lost.
    let stop = stop_signal().map_err(Failure::failed)?;
    let doors = match renewal {
        None => Doors::Plain(listener),
        Some(renewal) => {
            warn_of_another_name(&renewal, &app);
            Doors::Tls(
                TlsListener::new(listener, renewal),
                bind(LOCAL, None).await?,
            )
        }
    };
    let (base, commands) = match &doors {
        Doors::Plain(_) => (format!("http://localhost:{}", address.port()), address),
        Doors::Tls(_, local) => (
            format!("https://{}:{}", app.issuer.host(), address.port()),
            local.local_addr().map_err(Failure::failed)?,
        ),
    };
    folder.announce(commands).map_err(Failure::failed)?;
    if let Some(path) = &options.port_file {
        write_private(path, format!("{base}\n").as_bytes(), true).map_err(Failure::failed)?;
    }
    tracing::info!(issuer = %app.issuer, %address, data_dir = %folder.path().display(), "serving");
    say(&format!("listening on {base}"));
    if demo {
        say(&format!("demo page    {base}/demo"));
    }
    let served = match doors {
        Doors::Plain(listener) => http::serve(app, listener, stop).await,
        Doors::Tls(public, local) => http::serve_tls(app, public, local, stop).await,
    };
    folder.withdraw_announcement();
    tracing::info!("stopped");
    served.map_err(Failure::failed)
}

/// Where a server with TLS is administered: on this machine, at a port that the system chooses.
const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What the server listens on.
enum Doors {
    /// One listener for everything, on loopback.
    Plain(TcpListener),
    /// One for the world, and one for this machine's own commands.
    Tls(TlsListener, TcpListener),
}

fn warn_of_another_name(renewal: &Renewal, app: &App) {
    let bases = [Some(&app.issuer), app.config.tls.mtls_base.as_ref()];
    for host in bases.into_iter().flatten().map(Issuer::host) {
        if !renewal.material().names(host) {
            tracing::error!(
                host,
                "the certificate does not name a host of this server: clients will refuse it there"
            );
        }
    }
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
