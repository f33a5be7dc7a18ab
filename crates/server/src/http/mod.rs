//! The HTTP surface: one router made of the parts' routers, and what holds for all of them.
//!
//! Bodies are limited to [`MAX_BODY`] bytes and answers to [`ANSWER_WITHIN`]; requests that name another host are
//! refused, so that a page elsewhere cannot reach a server on this machine under a name of its own; every answer says
//! that it is not to be stored, framed or sniffed unless its handler says otherwise. Spans name the matched route and
//! never the path, which can hold secrets.
//!
//! To add a part: a folder with `pub(crate) fn router() -> Router<Arc<App>>`, merged in [`router`].

pub(crate) mod admin;
pub(crate) mod device;
pub(crate) mod op;

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
    time::{Instant, MissedTickBehavior},
};
use tower_http::{
    catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
};
use tracing::Instrument;

use crate::{app::App, delivery, demo};

/// Largest body of any request, in bytes; handlers have limits of their own below this.
pub const MAX_BODY: usize = 128 * 1024;

/// Time for an answer to begin; the longest poll is 30 seconds.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(40);

/// How long a stopping server waits for answers under way.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// How often what nobody may ask for any more is dropped.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// All routes of the server.
pub fn router(app: Arc<App>) -> Router {
    let mut routes = Router::new()
        .merge(op::router())
        .merge(device::router())
        .merge(admin::router(&app));
    if app.config.demo {
        routes = routes.merge(demo::router());
    }
    let unless_set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    routes
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            ANSWER_WITHIN,
        ))
        .layer(middleware::from_fn(trace))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
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

/// Serves until `shutdown` is ready, then lets answers under way finish for at most ten seconds.
///
/// # Errors
/// What the listener says.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let sweeper = tokio::spawn(sweep(Arc::clone(&app), stopping.clone()));
    let timer = delivery::spawn_timer(&app);
    let draining = Arc::clone(&app);
    let stopper = tokio::spawn(async move {
        shutdown.await;
        stop.send_replace(true);
        draining.delivery.drain(STOP_WITHIN).await;
    });
    let (mut graceful, mut hard) = (stopping.clone(), stopping);
    let server = axum::serve(listener, router(app)).with_graceful_shutdown(async move {
        // An error means that the sender is gone, which is as good as being told.
        drop(graceful.wait_for(|stop| *stop).await);
    });
    let result = tokio::select! {
        result = server => result,
        () = async {
            drop(hard.wait_for(|stop| *stop).await);
            tokio::time::sleep(STOP_WITHIN).await;
        } => Ok(()),
    };
    for task in [sweeper, timer, stopper] {
        task.abort();
    }
    result
}

async fn sweep(app: Arc<App>, mut stopping: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
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

/// Refuses requests whose `Host` is neither the issuer's nor this machine.
async fn require_known_host(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST);
    let known = named.is_none_or(|value| {
        value
            .to_str()
            .is_ok_and(|host| is_known_host(host, app.issuer.host()))
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

pub(crate) fn is_known_host(host: &str, issuer: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.to_ascii_lowercase();
    name == issuer
        || name == "localhost"
        || name.ends_with(".localhost")
        || name == "127.0.0.1"
        || name == "[::1]"
}

#[cfg(test)]
mod tests;
