//! What the server counts, as Prometheus reads it: requests by route, flows by outcome, the store, devices.
//!
//! `GET /metrics` is part of the local admin interface and never of the public listener; it is opened by the admin token,
//! or by `metrics.token` of the configuration. Labels are routes, methods, statuses and outcomes: nothing that names a
//! person, a client or a request.
//!
//! To add a number: a method here, or a line in `Metrics::render` if something else counts already.

use axum::{
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics::{Key, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use std::{sync::Arc, time::Duration};
use tegata_protocol::bytes::constant_time_eq;
use tokio::time::Instant;

use crate::{app::App, storage::StoreError};

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

const REQUESTS: &str = "tegata_http_requests_total";
const SECONDS: &str = "tegata_http_request_seconds";
const LIMITED: &str = "tegata_rate_limited_total";
const CALLBACKS: &str = "tegata_callbacks_total";
const FLOWS: &str = "tegata_flows_total";
const CONNECTED: &str = "tegata_devices_connected";
const PENDING: &str = "tegata_requests_pending";

/// Upper bounds of the latencies in seconds; the last covers the longest poll.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// What has been counted since the server started.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let recorder = PrometheusBuilder::new()
            .set_buckets(&BUCKETS)
            .expect("there are buckets")
            .build_recorder();
        for (name, unit, text) in [
            (
                REQUESTS,
                Unit::Count,
                "Requests by route, method and status",
            ),
            (
                LIMITED,
                Unit::Count,
                "Requests that were over a rate limit, by whose",
            ),
            (
                CALLBACKS,
                Unit::Count,
                "Callbacks to clients by mode and outcome; of failed ones another attempt follows",
            ),
            (
                FLOWS,
                Unit::Count,
                "Backchannel authentications by what became of them, as committed",
            ),
        ] {
            recorder.describe_counter(name.into(), Some(unit), text.into());
        }
        recorder.describe_histogram(
            SECONDS.into(),
            Some(Unit::Seconds),
            "Time until an answer began, by route".into(),
        );
        recorder.describe_gauge(CONNECTED.into(), None, "Devices with an open socket".into());
        recorder.describe_gauge(
            PENDING.into(),
            None,
            "Requests that nobody has decided".into(),
        );
        let handle = recorder.handle();
        Self { recorder, handle }
    }
}

impl Metrics {
    fn count(&self, name: &'static str, labels: Vec<Label>) {
        let key = Key::from_parts(name, labels);
        self.recorder.register_counter(&key, &METADATA).increment(1);
    }

    /// A request was answered.
    fn answered(&self, route: &str, method: &str, status: u16, took: Duration) {
        let route = Label::new("route", route.to_owned());
        let key = Key::from_parts(SECONDS, vec![route.clone()]);
        self.recorder
            .register_histogram(&key, &METADATA)
            .record(took.as_secs_f64());
        let labels = vec![
            route,
            Label::new("method", method.to_owned()),
            Label::new("status", status.to_string()),
        ];
        self.count(REQUESTS, labels);
    }

    /// Somebody was over a rate limit: `whose` is `address`, `client` or `person`.
    pub(crate) fn limited(&self, whose: &'static str) {
        self.count(LIMITED, vec![Label::from_static_parts("limit", whose)]);
    }

    /// Everything as text, in Prometheus' exposition format.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot say how many requests are pending.
    pub(crate) async fn render(&self, app: &App) -> Result<String, StoreError> {
        let now = app.now();
        let counts = app
            .store
            .read_long(move |reader| reader.counts(now))
            .await?;
        let gauge = |name: &'static str, value: f64| {
            let key = Key::from_static_name(name);
            self.recorder.register_gauge(&key, &METADATA).set(value);
        };
        gauge(PENDING, f64::from(counts.pending));
        let connected = *app.delivery.connected().borrow();
        gauge(
            CONNECTED,
            f64::from(u32::try_from(connected).unwrap_or(u32::MAX)),
        );
        let total = |name: &'static str, labels: Vec<Label>, value: u64| {
            let key = Key::from_parts(name, labels);
            self.recorder
                .register_counter(&key, &METADATA)
                .absolute(value);
        };
        for (outcome, number) in app.store.flow_statistics().named() {
            let label = Label::from_static_parts("outcome", outcome);
            total(FLOWS, vec![label], number);
        }
        let called = app.notifier.statistics();
        for (mode, called) in [("ping", called.pings), ("push", called.pushes)] {
            for (outcome, number) in called.named() {
                let labels = vec![
                    Label::from_static_parts("mode", mode),
                    Label::from_static_parts("outcome", outcome),
                ];
                total(CALLBACKS, labels, number);
            }
        }
        let store = app.store.statistics();
        for (name, number) in [
            ("tegata_store_operations_total", store.operations),
            ("tegata_store_commits_total", store.commits),
            ("tegata_store_checkpoints_total", store.checkpoints),
            (
                "tegata_store_checkpoint_syncs_total",
                store.checkpoint_syncs,
            ),
        ] {
            total(name, Vec::new(), number);
        }
        self.keep_up();
        Ok(self.handle.render())
    }

    /// Adds the latencies that were timed since last time to their buckets. Until then each is kept by itself, so this MUST be
    /// called every few seconds, whether or not anybody reads the numbers.
    pub(crate) fn keep_up(&self) {
        self.handle.run_upkeep();
    }
}

/// The middleware that counts and times every request.
pub(crate) async fn measure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let method = match request.method().as_str() {
        known @ ("DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT") => known.to_owned(),
        // A stranger must not be able to make labels.
        _ => "other".to_owned(),
    };
    let start = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    app.metrics
        .answered(&route, &method, status, start.elapsed());
    response
}

/// `GET /metrics`.
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response {
    let presented = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let own = app.config.metrics.token.as_ref();
    let opens = |token: &str| {
        // EXPOSE: compared in constant time.
        constant_time_eq(token.as_bytes(), app.admin_token.expose().as_bytes())
            || own.is_some_and(|own| constant_time_eq(token.as_bytes(), own.expose().as_bytes()))
    };
    if !presented.is_some_and(opens) {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    }
    match app.metrics.render(&app).await {
        Ok(text) => (
            [(
                header::CONTENT_TYPE,
                "text/plain; version=0.0.4; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "the store did not answer a scrape");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

#[cfg(test)]
mod tests;
