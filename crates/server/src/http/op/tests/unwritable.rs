//! A store that reads and can no longer commit: nothing is acknowledged, and nothing of it has happened afterwards.

use super::*;
use crate::http::device::tests::fixture::{Device, World};
use axum::http::StatusCode;
use rusqlite::Connection;
use std::path::Path;

/// Holds the write lock of a running server's store for as long as it lives. As with a folder that has turned read-only,
/// reading goes on and every commit fails; this also works for root, whom file modes do not stop.
struct Unwritable(Connection);

impl Unwritable {
    fn make(data_dir: &Path) -> Self {
        let connection = Connection::open(data_dir.join("tegata.sqlite")).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(connection)
    }

    fn end(self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}

#[tokio::test]
async fn clients_are_acknowledged_nothing_while_the_store_cannot_commit() {
    let bench = Bench::new().await;
    let device = bench.pair("hanako").await;
    let approved = bench.asked().await;
    bench.decided(&device, true).await;

    let lock = Unwritable::make(&bench.app.data_dir);
    let (asked, polled) = tokio::join!(bench.ask(DEFAULTS), bench.poll("kiosk", &approved));
    assert_eq!(asked.error(), (500, "server_error"));
    assert_eq!(polled.error(), (500, "server_error"));
    assert_eq!(bench.get("/jwks").await.status, StatusCode::OK);
    lock.end();

    assert_eq!(bench.open_prompts(&device.0).await, 0, "nobody is asked");
    let tokens = bench.poll("kiosk", &approved).await;
    assert_eq!(
        tokens.status,
        StatusCode::OK,
        "none were given out: {tokens:?}"
    );
    bench.asked().await;
    assert_eq!(bench.open_prompts(&device.0).await, 1);
}

#[tokio::test]
async fn a_device_gets_no_receipt_while_the_store_cannot_commit() {
    let world = World::new().await;
    let device = world.pair("Desk").await;
    let request = world.ask().await;
    let prompt = device.prompt(&world, &request).await;
    let decision = device.sign(&prompt, Device::approve(None));

    let lock = Unwritable::make(&world.app.data_dir);
    let refused = device.decide(&world, &decision).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.code(), "temporarily_unavailable");
    lock.end();

    let still_open = device.prompt(&world, &request).await;
    assert_eq!(still_open.0, prompt.0, "nothing was decided");
    let decided = device.decide(&world, &decision).await;
    assert_eq!(decided.status, StatusCode::OK, "{}", decided.text());
}
