//! Polls that are held until there is a result.

use super::{bench::TestClock, *};
use crate::{app::App, config::Config};
use axum::{body::Body, http::Request};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time::Instant};

/// Polls as `kiosk` with these preferences, in a task of its own.
fn poll(bench: &Arc<Bench>, id: &str, prefer: &'static str) -> JoinHandle<Reply> {
    let form = format!("grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id={id}");
    let mut request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic("kiosk", SECRET));
    if !prefer.is_empty() {
        request = request.header("prefer", prefer);
    }
    let request = request.body(Body::from(form)).unwrap();
    let bench = Arc::clone(bench);
    tokio::spawn(async move { bench.send(request).await })
}

async fn held(app: &App, count: usize) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while app.parked.count() != count {
        assert!(Instant::now() < deadline, "{count} polls are held");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn applied(reply: &Reply) -> Option<&str> {
    let header = reply.headers.get("preference-applied")?;
    Some(header.to_str().unwrap())
}

/// Conformance: CIBA-10.1-long-poll
#[tokio::test]
async fn a_held_poll_is_answered_by_the_decision() {
    let bench = Arc::new(Bench::new().await);
    let device = bench.pair("hanako").await;
    for (approve, status, prefer) in [(true, 200, "wait=30"), (false, 400, "wait=600")] {
        let id = bench.asked().await;
        let held_poll = poll(&bench, &id, prefer);
        held(&bench.app, 1).await;
        bench.decided(&device, approve).await;
        let reply = held_poll.await.unwrap();
        assert_eq!(reply.status.as_u16(), status, "{reply:?}");
        assert_eq!(applied(&reply), Some("wait=30"));
        assert_eq!(bench.app.parked.count(), 0);
    }
}

/// Conformance: CIBA-10.1-long-poll
#[tokio::test]
async fn polls_are_held_at_most_as_long_as_the_client_asks_or_is_registered_for() {
    let bench = Arc::new(Bench::with(|kiosk| kiosk.settings.long_poll = 600).await);
    let id = bench.asked().await;
    let by_registration = poll(&bench, &id, "");
    held(&bench.app, 1).await;
    bench.app.parked.close();
    let reply = by_registration.await.unwrap();
    assert_eq!(reply.error(), (400, "authorization_pending"), "at shutdown");
    assert_eq!(applied(&reply), None, "nothing was preferred");

    let bench = Arc::new(Bench::with(|kiosk| kiosk.settings.long_poll = 30).await);
    let id = bench.asked().await;
    let reply = poll(&bench, &id, "wait=0").await.unwrap();
    assert_eq!(reply.error(), (400, "authorization_pending"));
    bench.advance(5_000);
    let started = Instant::now();
    let reply = poll(&bench, &id, "wait=1").await.unwrap();
    assert_eq!(reply.error(), (400, "authorization_pending"));
    assert_eq!(applied(&reply), Some("wait=1"));
    assert!((1..10).contains(&started.elapsed().as_secs()));
}

#[tokio::test]
async fn a_held_poll_ends_with_its_request() {
    let config = Config::default();
    let bench = Bench::open(config, 8480, TestClock::running(), |_| {}).await;
    let bench = Arc::new(bench);
    let reply = bench.ask(&format!("{DEFAULTS}&requested_expiry=1")).await;
    let id = reply.text("auth_req_id").to_owned();
    let reply = poll(&bench, &id, "wait=30").await.unwrap();
    assert_eq!(reply.error(), (400, "expired_token"));
}

#[tokio::test]
async fn the_interval_counts_from_when_a_poll_was_sent_and_a_later_poll_ends_the_earlier() {
    let bench = Arc::new(Bench::new().await);
    let device = bench.pair("hanako").await;
    let id = bench.asked().await;
    let first = poll(&bench, &id, "wait=30");
    held(&bench.app, 1).await;
    let second = poll(&bench, &id, "wait=30").await.unwrap();
    assert_eq!(second.error(), (400, "slow_down"));
    assert_eq!(first.await.unwrap().error(), (400, "authorization_pending"));
    bench.advance(5_000);
    let third = poll(&bench, &id, "wait=30");
    held(&bench.app, 1).await;
    bench.advance(5_000);
    let fourth = poll(&bench, &id, "wait=30");
    assert_eq!(third.await.unwrap().error(), (400, "authorization_pending"));
    held(&bench.app, 1).await;
    bench.decided(&device, true).await;
    assert_eq!(fourth.await.unwrap().status.as_u16(), 200);
}

#[tokio::test]
async fn nobody_elses_poll_disturbs_or_is_held() {
    let bench = Arc::new(Bench::new().await);
    let id = bench.asked().await;
    let held_poll = poll(&bench, &id, "wait=30");
    held(&bench.app, 1).await;
    let stranger = bench.poll("other", &id).await;
    assert_eq!(stranger.error(), (400, "invalid_grant"));
    assert_eq!(bench.app.parked.count(), 1);
    held_poll.abort();
    held(&bench.app, 0).await;
}
