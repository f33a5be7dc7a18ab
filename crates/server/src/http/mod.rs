//! The HTTP surface: one router made of the parts' routers, and what holds for all of them.
//!
//! Bodies are limited to [`MAX_BODY`] bytes and answers to [`ANSWER_WITHIN`]; requests that name another host are
//! refused, so that a page elsewhere cannot reach a server on this machine under a name of its own; every answer says
//! that it is not to be stored, framed or sniffed unless its handler says otherwise. Spans name the matched route and
//! never the path, which can hold secrets.
//!
//! Who sent a request is found out before anything else (`proxy`, `caller`).
//!
//! Without TLS one listener on loopback has everything ([`router`]). With it the public listener has everything but the admin
//! interface ([`public_router`]), which this machine reaches through a listener of its own ([`local_router`]).
//!
//! To add a part: a folder with `pub(crate) fn router() -> Router<Arc<App>>`, merged in `public_routes`.

pub(crate) mod admin;
mod banner;
pub(crate) mod caller;
pub mod connections;
pub(crate) mod device;
pub mod metrics;
pub(crate) mod nonce;
pub(crate) mod op;
pub mod openapi;
pub(crate) mod operator;
pub(crate) mod proxy;
pub mod rates;
pub(crate) mod used_proofs;

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use std::{future::Future, io, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior},
};
use tower_http::{
    catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
};
use tracing::Instrument;

use self::connections::{Door, answer};
use crate::{
    app::App,
    delivery, demo, notification,
    tls::{
        Renewal, TlsListener,
        renewal::{self, Hangups},
    },
};

/// Largest body of any request, in bytes; handlers have limits of their own below this.
pub const MAX_BODY: usize = 128 * 1024;

/// Time for an answer to begin; the longest poll is 30 seconds.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(40);

/// How long a stopping server waits for answers under way.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// How often what nobody may ask for any more is dropped.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// How often what was timed is summed up.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// All routes of the server, for a listener that only this machine reaches.
pub fn router(app: Arc<App>) -> Router {
    let routes = public_routes(&app).merge(admin::router(&app));
    finished(app, routes, Reach::Local)
}

/// What the world may reach: everything but the admin interface.
pub fn public_router(app: Arc<App>) -> Router {
    let routes = public_routes(&app);
    finished(app, routes, Reach::Public)
}

/// What only this machine may reach where the rest is public: the admin interface, and the same answer about health.
pub fn local_router(app: Arc<App>) -> Router {
    let health = op::router().with_state(Arc::clone(&app));
    let routes = admin::router(&app).route_service(op::paths::HEALTH, health);
    finished(app, routes, Reach::Local)
}

fn public_routes(app: &App) -> Router<Arc<App>> {
    let mut routes = Router::new()
        .merge(op::router())
        .merge(device::router())
        .merge(operator::router());
    if app.config.automation.is_on() {
        routes = routes.merge(op::automation::router());
    }
    if app.config.registration.enabled {
        routes = routes.merge(op::registration::router());
    }
    if app.config.demo {
        routes.merge(demo::router())
    } else {
        routes
    }
}

/// Who can connect to a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This machine, which also calls the server by names of its own.
    Local,
    /// Everybody.
    Public,
}

/// What holds for all routes.
fn finished(app: Arc<App>, routes: Router<Arc<App>>, reach: Reach) -> Router {
    let unless_set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    routes
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            banner::show,
        ))
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            ANSWER_WITHIN,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            rates::limit,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            metrics::measure,
        ))
        .layer(middleware::from_fn(trace))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            proxy::identify,
        ))
        .layer(middleware::from_fn_with_state(
            (Arc::clone(&app), reach),
            require_known_host,
        ))
        .layer(CatchPanicLayer::new())
        .layer(unless_set(header::CACHE_CONTROL, "no-store"))
        .layer(unless_set(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ))
        .layer(unless_set(header::REFERRER_POLICY, "no-referrer"))
        .layer(unless_set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(unless_set(header::X_FRAME_OPTIONS, "DENY"))
        .with_state(app)
}

/// Serves everything, in the clear, until `shutdown` is ready, then lets answers under way finish for at most ten seconds.
///
/// # Errors
/// What the listener says.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let following = app
        .client_authorities
        .is_followed()
        .then(|| spawn_following(&app, None, &stopping));
    let router = router(Arc::clone(&app));
    let (limits, proxy) = (&app.config.connections, &app.config.proxy);
    let server = answer(listener, Door::Plain, router, limits, proxy, stopping);
    let result = until_stopped(Arc::clone(&app), stop, shutdown, server).await;
    if let Some(following) = following {
        following.abort();
    }
    result
}

/// Serves the same in two parts: to the world over TLS all but the admin interface, whose place is `local`, a listener in
/// the clear on loopback. Certificates and keys are followed when their files change.
///
/// # Errors
/// What the listeners say.
pub async fn serve_tls(
    app: Arc<App>,
    public: TlsListener,
    local: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let (public, renewal, hangups) = public.into_parts();
    // Only ever set here, and a server is served once.
    drop(app.certificate.set(Arc::clone(&renewal)));
    let following = spawn_following(&app, Some((Arc::clone(&renewal), hangups)), &stopping);
    let door = Door::Tls {
        renewal,
        certificates_at: (app.config.tls.mtls_base.as_ref()).map(|base| base.host().to_owned()),
    };
    let (limits, proxy) = (&app.config.connections, &app.config.proxy);
    let (outside, inside) = (
        public_router(Arc::clone(&app)),
        local_router(Arc::clone(&app)),
    );
    let outside = answer(public, door, outside, limits, proxy, stopping.clone());
    let inside = answer(local, Door::Plain, inside, limits, proxy, stopping);
    let servers = async { tokio::try_join!(outside, inside).map(drop) };
    let result = until_stopped(Arc::clone(&app), stop, shutdown, servers).await;
    following.abort();
    result
}

/// Follows the files of certificates in a task of its own.
fn spawn_following(
    app: &Arc<App>,
    own: Option<(Arc<Renewal>, Hangups)>,
    stopping: &watch::Receiver<bool>,
) -> JoinHandle<()> {
    let (renewal, hangups) = own.unzip();
    let keep = renewal::keep(renewal, hangups, Arc::clone(app), stopping.clone());
    tokio::spawn(keep)
}

/// Runs `servers`, which end by themselves only by an error, and what goes on beside them. When `shutdown` is ready everybody is told through `stop`, devices are sent
/// elsewhere, and whoever has not finished after ten seconds is cut off.
async fn until_stopped(
    app: Arc<App>,
    stop: watch::Sender<bool>,
    shutdown: impl Future<Output = ()> + Send + 'static,
    servers: impl Future<Output = io::Result<()>>,
) -> io::Result<()> {
    let mut stopping = stop.subscribe();
    let sweeper = tokio::spawn(sweep(Arc::clone(&app), stopping.clone()));
    let timer = delivery::spawn_timer(&app);
    let notifier = tokio::spawn(notification::run(Arc::clone(&app), stopping.clone()));
    let draining = Arc::clone(&app);
    let stopper = tokio::spawn(async move {
        shutdown.await;
        stop.send_replace(true);
        draining.parked.close();
        draining.delivery.drain(STOP_WITHIN).await;
    });
    let result = tokio::select! {
        result = servers => result,
        () = async {
            drop(stopping.wait_for(|stop| *stop).await);
            tokio::time::sleep(STOP_WITHIN).await;
        } => Ok(()),
    };
    // The servers do not wait for sockets, which have left HTTP behind: a device is told when to come back only while
    // somebody waits for that. Draining ends by itself.
    if result.is_ok() && stopper.await.is_err() {
        tracing::error!("draining the device sockets failed");
    }
    // It stops taking up anything new by itself; what is lost here is tried again after the next start.
    drop(tokio::time::timeout(STOP_WITHIN, notifier).await);
    for task in [sweeper, timer] {
        task.abort();
    }
    result
}

/// Drops what is over, and sums up what was timed.
async fn sweep(app: Arc<App>, mut stopping: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    let mut counts = tokio::time::interval(COUNT_EVERY);
    for interval in [&mut ticks, &mut counts] {
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = counts.tick() => {
                app.metrics.keep_up();
                continue;
            }
            _ = stopping.changed() => return,
        }
        match app.store.sweep(app.now()).await {
            Ok(dropped) => tracing::debug!(dropped, "swept"),
            Err(error) => tracing::warn!(%error, "cannot sweep"),
        }
    }
}

/// One span and one line for each request: method, matched route, status, time.
async fn trace(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let reading = request.method() == Method::GET;
    let span = tracing::info_span!("http.request", method = %request.method(), route);
    async move {
        let start = Instant::now();
        let response = next.run(request).await;
        let (status, millis) = (response.status(), start.elapsed().as_millis());
        // Quiet on success: reading is routine, and some of it is polling.
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), millis, "answered");
        } else if reading && status.is_success() {
            tracing::debug!(status = status.as_u16(), millis, "answered");
        } else {
            tracing::info!(status = status.as_u16(), millis, "answered");
        }
        response
    }
    .instrument(span)
    .await
}

/// Refuses requests whose `Host` is none of the server's names: the issuer's, that of the aliases for clients with
/// certificates, and, where only this machine can connect, this machine's.
async fn require_known_host(
    State((app, reach)): State<(Arc<App>, Reach)>,
    request: Request,
    next: Next,
) -> Response {
    let names = [
        app.issuer.host(),
        app.mtls_base().unwrap_or(&app.issuer).host(),
    ];
    let named = request.headers().get(header::HOST);
    let known = named.is_none_or(|value| {
        value
            .to_str()
            .is_ok_and(|host| is_known_host(host, &names, reach))
    });
    if known {
        next.run(request).await
    } else {
        (
            StatusCode::MISDIRECTED_REQUEST,
            "this server does not go by that name\n",
        )
            .into_response()
    }
}

/// Whether a `Host`, with or without a port, is one of `names` or, where that is enough, this machine.
pub(crate) fn is_known_host(host: &str, names: &[&str], reach: Reach) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.to_ascii_lowercase();
    let here = || {
        name == "localhost"
            || name.ends_with(".localhost")
            || name == "127.0.0.1"
            || name == "[::1]"
    };
    names.contains(&name.as_str()) || (reach == Reach::Local && here())
}

#[cfg(test)]
mod tests;
