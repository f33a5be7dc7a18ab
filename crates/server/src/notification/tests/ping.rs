//! Pings: what is sent, when, and how often.

use super::*;
use crate::{
    egress::tests::receiver::answer,
    storage::ops::{TakeJob, Withdraw, WithdrawOutcome},
};
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// Conformance: CIBA-10.2-post, CIBA-10.2-accepted
#[tokio::test]
async fn a_ping_is_the_auth_req_id_alone_with_the_clients_token_and_the_client_then_asks() {
    let receiver = Receiver::start(|_| async {
        // Bodies are not looked at.
        Response::new(Body::from("<html>"))
    })
    .await;
    let scene = Scene::new(receiver, ping).await;
    let worker = scene.worker();
    let id = scene.asked().await;
    scene.decided(true).await;
    let all = scene.receiver.received(1).await;
    assert_eq!(all[0].method, "POST");
    assert_eq!(all[0].path, "/cb");
    assert_eq!(all[0].header("content-type"), "application/json");
    assert_eq!(
        all[0].header("authorization"),
        "Bearer 8d67dc78-7faa-4d41-aabd-67707b37.~"
    );
    assert_eq!(
        String::from_utf8(all[0].body.clone()).unwrap(),
        format!("{{\"auth_req_id\":\"{id}\"}}")
    );
    scene.all_done().await;
    let tokens = scene.bench.poll("kiosk", &id).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    worker.end().await;
    assert_eq!(scene.receiver.so_far().len(), 1);
    let statistics = scene.bench.app.notifier.statistics();
    assert_eq!(
        (statistics.pings.delivered, statistics.pings.failed),
        (1, 0)
    );
    let app = &scene.bench.app;
    let exported = app.metrics.render(app).await.unwrap();
    for line in [
        r#"tegata_callbacks_total{mode="ping",outcome="delivered"} 1"#,
        r#"tegata_callbacks_total{mode="ping",outcome="failed"} 0"#,
        r#"tegata_callbacks_total{mode="push",outcome="delivered"} 0"#,
    ] {
        assert!(exported.contains(line), "{line}\n{exported}");
    }
}

/// Conformance: CIBA-10.2-both
#[tokio::test]
async fn denials_and_withdrawals_are_pinged_too() {
    let scene = Scene::new(Receiver::answering(204).await, ping).await;
    let worker = scene.worker();
    let denied = scene.asked().await;
    scene.decided(false).await;
    scene.receiver.received(1).await;
    let withdrawn = scene.asked().await;
    let request = scene.bench.newest(&scene.device.0).await;
    let now = scene.bench.now();
    let outcome = scene.bench.app.store.apply(Withdraw { request, now }).await;
    assert!(matches!(outcome, Ok(WithdrawOutcome::Withdrawn { .. })));
    let all = scene.receiver.received(2).await;
    for (one, id) in all.iter().zip([denied, withdrawn]) {
        assert_eq!(json(one)["auth_req_id"], id);
        let reply = scene.bench.poll("kiosk", &id).await;
        assert_eq!(reply.error(), (400, "access_denied"));
    }
    worker.end().await;
}

#[tokio::test]
async fn nobody_is_pinged_about_requests_that_end_undecided_or_belong_to_poll_clients() {
    let scene = Scene::new(Receiver::answering(204).await, ping).await;
    scene.asked().await;
    let other = basic("other", SECRET);
    let asked = scene
        .bench
        .post("/backchannel-authentication", &other, FORM)
        .await;
    assert_eq!(asked.status, StatusCode::OK);
    scene.decided(true).await;
    scene.bench.advance(1_000_000);
    assert_eq!(scene.jobs().await, []);
}

#[tokio::test]
async fn ping_and_push_clients_must_send_a_notification_token() {
    let scene = Scene::new(Receiver::answering(204).await, ping).await;
    for form in [
        "scope=openid&login_hint=hanako",
        "scope=openid&login_hint=hanako&client_notification_token=",
        "scope=openid&login_hint=hanako&client_notification_token=a%20b",
    ] {
        let reply = scene.bench.ask(form).await;
        assert_eq!(reply.error(), (400, "invalid_request"), "{form}");
    }
    assert_eq!(scene.bench.open_prompts(&scene.device.0).await, 0);
}

/// Conformance: CIBA-10.2-once
#[tokio::test]
async fn a_ping_waits_until_its_request_has_been_answered() {
    let scene = Scene::new(Receiver::answering(204).await, ping).await;
    let worker = scene.worker();
    let unread = scene.asked_unread().await;
    assert!(unread.headers().contains_key("content-length"));
    scene.decided(true).await;
    // One that is asked and decided later, and answered, goes first.
    let later = scene.asked().await;
    scene.decided(true).await;
    let all = scene.receiver.received(1).await;
    assert_eq!(json(&all[0])["auth_req_id"], later);
    let earlier = auth_req_id(unread).await;
    let all = scene.receiver.received(2).await;
    assert_eq!(json(&all[1])["auth_req_id"], earlier);
    // A client that goes away without reading counts as answered.
    drop(scene.asked_unread().await);
    scene.decided(false).await;
    scene.receiver.received(3).await;
    worker.end().await;
}

/// Conformance: CIBA-10.2-redirect, CIBA-10.2-no-retry
#[tokio::test]
async fn answers_of_3xx_and_4xx_are_final() {
    for status in [302, 307, 400, 401, 403, 404, 408, 410, 429] {
        let receiver = Receiver::start(move |_| async move {
            let mut answer = answer(status);
            let elsewhere = "https://localhost/elsewhere".parse().unwrap();
            answer.headers_mut().insert("location", elsewhere);
            answer
        })
        .await;
        let scene = Scene::new(receiver, ping).await;
        let worker = scene.worker();
        let id = scene.asked().await;
        scene.decided(true).await;
        scene.receiver.received(1).await;
        scene.all_done().await;
        worker.end().await;
        assert_eq!(scene.receiver.so_far().len(), 1, "{status}");
        let statistics = scene.bench.app.notifier.statistics().pings;
        assert_eq!(
            (statistics.refused, statistics.delivered),
            (1, 0),
            "{status}"
        );
        let tokens = scene.bench.poll("kiosk", &id).await;
        assert_eq!(tokens.status, StatusCode::OK, "the client can still ask");
    }
}

/// Conformance: CIBA-10.2-retry, CIBA-10.2-accepted
#[tokio::test]
async fn what_was_decided_before_a_crash_is_pinged_after_it() {
    let scene = Scene::new(Receiver::answering(204).await, ping).await;
    let decided = scene.asked().await;
    scene.decided(true).await;
    // This one is taken, and then the process ends.
    let begun = scene.asked().await;
    scene.decided(false).await;
    let job = scene.jobs().await.pop().unwrap();
    let take = TakeJob {
        seq: job.seq,
        attempts: 0,
        lost_at_millis: scene.bench.app.clock.0.now_millis() + 30_000,
    };
    assert!(scene.bench.app.store.apply(take.clone()).await.unwrap());
    let again = scene.bench.app.store.apply(take).await.unwrap();
    assert!(!again, "it is taken once");
    let scene = scene.restarted().await;
    let worker = scene.worker();
    let all = scene.receiver.received(1).await;
    assert_eq!(json(&all[0])["auth_req_id"], decided);
    assert_eq!(
        all[0].header("authorization"),
        "Bearer 8d67dc78-7faa-4d41-aabd-67707b37.~"
    );
    scene.advance(30_000);
    let all = scene.receiver.received(2).await;
    assert_eq!(json(&all[1])["auth_req_id"], begun);
    scene.all_done().await;
    worker.end().await;
    let scene = scene.restarted().await;
    assert_eq!(scene.jobs().await, [], "and never again");
}

/// Conformance: CIBA-10.2-once
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_tasks_and_a_polling_client_each_outcome_is_pinged_once_and_collected_once() {
    const ROUNDS: usize = 500;
    let scene = Arc::new(Scene::new(Receiver::answering(204).await, ping).await);
    let workers = [scene.worker(), scene.worker()];
    let mut collected = 0;
    for round in 0..ROUNDS {
        let id = scene.asked().await;
        let approve = round % 2 == 0;
        let mut racing = JoinSet::new();
        for racer in 0..2 {
            let (scene, id) = (Arc::clone(&scene), id.clone());
            racing.spawn(async move {
                if racer == 0 {
                    scene.decided(approve).await;
                }
                scene.bench.poll("kiosk", &id).await.status == StatusCode::OK
            });
        }
        let won = racing
            .join_all()
            .await
            .into_iter()
            .filter(|won| *won)
            .count();
        assert!(won <= 1, "round {round}");
        collected += won;
    }
    assert_eq!(collected, ROUNDS / 2);
    scene.receiver.received(ROUNDS).await;
    scene.all_done().await;
    for worker in workers {
        worker.end().await;
    }
    let mut times = BTreeMap::new();
    for one in scene.receiver.so_far() {
        *times
            .entry(json(&one)["auth_req_id"].to_string())
            .or_insert(0) += 1;
    }
    assert_eq!(times.len(), ROUNDS);
    assert!(times.values().all(|count| *count == 1), "one ping each");
}
