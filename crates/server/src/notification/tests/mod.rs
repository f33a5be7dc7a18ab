//! Clients that are told, over HTTPS, by the real server with its real store.

mod ping;
mod push;
mod schedule;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    response::Response,
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tegata_protocol::DeviceId;
use tokio::{sync::watch, task::JoinHandle, time::Instant};
use tower::ServiceExt;

use super::run;
use crate::{
    app::App,
    config::{Config, RateConfig},
    domain::{Client, Delivery, Limits, Registration},
    egress::tests::receiver::{Received, Receiver},
    http::op::tests::bench::{Bench, SECRET, TestClock, basic},
    storage::views::DueJob,
};

/// A request with the token that its client is called with.
const FORM: &str =
    "scope=openid&login_hint=hanako&client_notification_token=8d67dc78-7faa-4d41-aabd-67707b37.~";

/// Without `[callbacks]`, and a person who may be asked as often as it takes.
fn patient() -> Config {
    Config {
        limits: Limits {
            pending_per_account: 100_000,
            pending_per_client: 100_000,
            per_account_per_minute: 1_000_000,
            per_client_per_ten_minutes: 1_000_000,
            first_wait_seconds: 0,
            ..Limits::default()
        },
        rates: RateConfig::unlimited(),
        ..Config::default()
    }
}

/// The task that tells clients.
struct Worker {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Worker {
    fn start(app: &Arc<App>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(run(Arc::clone(app), stopping));
        Self { stop, task }
    }

    /// Ends it as the end of the process would: what it had begun is over.
    async fn end(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

/// A server whose client `kiosk` is called, and hanako with a device.
pub(super) struct Scene {
    pub(super) bench: Bench,
    config: Config,
    receiver: Receiver,
    device: (DeviceId, Registration),
}

pub(super) fn ping(endpoint: String) -> Delivery {
    Delivery::Ping { endpoint }
}

fn push(endpoint: String) -> Delivery {
    Delivery::Push { endpoint }
}

impl Scene {
    pub(super) async fn new(receiver: Receiver, delivery: impl FnOnce(String) -> Delivery) -> Self {
        Self::with(receiver, delivery, |_| {}).await
    }

    async fn with(
        receiver: Receiver,
        delivery: impl FnOnce(String) -> Delivery,
        change: impl FnOnce(&mut Client),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap().keep();
        let config = Config {
            callbacks: receiver.allowed(&folder),
            ..patient()
        };
        let endpoint = receiver.url("/cb");
        let clock = TestClock::standing();
        let bench = Bench::open(config.clone(), 8480, clock, |kiosk| {
            kiosk.settings.delivery = delivery(endpoint);
            change(kiosk);
        })
        .await;
        let device = bench.pair("hanako").await;
        Self {
            bench,
            config,
            receiver,
            device,
        }
    }

    fn worker(&self) -> Worker {
        Worker::start(&self.bench.app)
    }

    /// The process ends, and another one starts with the same data.
    async fn restarted(self) -> Self {
        Self {
            bench: self.bench.restarted(self.config.clone()).await,
            ..self
        }
    }

    /// An accepted request.
    pub(super) async fn asked(&self) -> String {
        let reply = self.bench.ask(FORM).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        reply.text("auth_req_id").to_owned()
    }

    /// An accepted request whose answer has not been read yet.
    async fn asked_unread(&self) -> Response {
        let request = Request::post("/backchannel-authentication")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, basic("kiosk", SECRET))
            .body(Body::from(FORM))
            .unwrap();
        let response = self.bench.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response
    }

    pub(super) async fn decided(&self, approve: bool) {
        self.bench.decided(&self.device, approve).await;
    }

    /// All jobs, due or not.
    async fn jobs(&self) -> Vec<DueJob> {
        let all = |reader: &dyn crate::storage::StoreReader| reader.due_jobs(i64::MAX, 1000, 1000);
        self.bench.app.store.read(all).await.unwrap()
    }

    /// What is due now.
    async fn due(&self) -> usize {
        let now = self.bench.app.clock.0.now_millis();
        let due = self
            .bench
            .app
            .store
            .read(move |r| r.due_jobs(now, 1000, 1000));
        due.await.unwrap().len()
    }

    /// Moves the clock, and has the task look.
    fn advance(&self, millis: i64) {
        self.bench.advance(millis);
        self.bench.app.notifier.wake();
    }

    /// Waits until nothing is to be told any more.
    async fn all_done(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.jobs().await.is_empty() {
            assert!(Instant::now() < deadline, "{:?}", self.jobs().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Waits until `holds`.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn json(received: &Received) -> Value {
    serde_json::from_slice(&received.body).unwrap()
}

async fn auth_req_id(response: Response) -> String {
    let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
    let json: Value = serde_json::from_slice(&body).unwrap();
    json["auth_req_id"].as_str().unwrap().to_owned()
}
