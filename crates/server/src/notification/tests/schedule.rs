//! When it is tried again, and until when.

use super::*;
use crate::{egress::tests::receiver::answer, storage::ops::Sweep};
use std::sync::atomic::{AtomicUsize, Ordering};
use tegata_protocol::ClientId;
use tokio::sync::Semaphore;

/// Answers these statuses one after another, and the last one for ever.
async fn answering_in_turn(statuses: &'static [u16]) -> Receiver {
    let turn = Arc::new(AtomicUsize::new(0));
    Receiver::start(move |_| {
        let turn = turn.fetch_add(1, Ordering::SeqCst);
        async move { answer(statuses[turn.min(statuses.len() - 1)]) }
    })
    .await
}

/// Conformance: CIBA-10.2-retry
#[tokio::test]
async fn answers_of_5xx_are_tried_again_after_one_second_and_then_after_two() {
    let scene = Scene::new(answering_in_turn(&[503, 500, 200]).await, ping).await;
    let worker = scene.worker();
    scene.asked().await;
    scene.decided(true).await;
    let failed = |count| {
        let notifier = Arc::clone(&scene.bench.app.notifier);
        let is_at = move || notifier.statistics().pings.failed == count;
        async move { until("the attempt fails", is_at).await }
    };
    let rescheduled = async || {
        let deadline = Instant::now() + Duration::from_secs(20);
        while scene.due().await > 0 {
            assert!(Instant::now() < deadline, "the next attempt is stored");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    failed(1).await;
    rescheduled().await;
    scene.bench.advance(999);
    assert_eq!(scene.due().await, 0, "not before a second has passed");
    scene.advance(501);
    failed(2).await;
    rescheduled().await;
    scene.bench.advance(1_999);
    assert_eq!(scene.due().await, 0, "not before two more have");
    scene.advance(1_001);
    scene.receiver.received(3).await;
    scene.all_done().await;
    worker.end().await;
    let statistics = scene.bench.app.notifier.statistics().pings;
    assert_eq!((statistics.failed, statistics.delivered), (2, 1));
    let bodies: Vec<_> = scene.receiver.so_far().iter().map(json).collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn failures_outlive_the_process_and_end_with_the_result() {
    let scene = Scene::new(Receiver::answering(502).await, ping).await;
    let worker = scene.worker();
    scene.asked().await;
    scene.decided(true).await;
    scene.receiver.received(1).await;
    worker.end().await;
    assert_eq!(scene.jobs().await[0].attempts, 1);
    let scene = scene.restarted().await;
    let worker = scene.worker();
    scene.advance(1_500);
    scene.receiver.received(2).await;
    // The result can be collected for as long as the request lives, and no ping is of use after that.
    let until_then = scene.jobs().await[0].until.0 - scene.bench.now().0;
    assert!((100..=120).contains(&until_then), "{until_then}");
    scene.advance(until_then * 1000);
    scene.all_done().await;
    worker.end().await;
    assert_eq!(scene.receiver.so_far().len(), 2);
    assert_eq!(scene.bench.app.notifier.statistics().pings.abandoned, 1);
}

#[tokio::test]
async fn a_client_that_cannot_be_reached_is_tried_again() {
    let receiver = Receiver::answering(204).await;
    let gone = Receiver::answering(204).await;
    let unreachable = gone.url("/cb");
    drop(gone);
    let scene = Scene::new(receiver, move |_| ping(unreachable)).await;
    let worker = scene.worker();
    scene.asked().await;
    scene.decided(true).await;
    let notifier = Arc::clone(&scene.bench.app.notifier);
    until("the attempt fails", move || {
        notifier.statistics().pings.failed == 1
    })
    .await;
    worker.end().await;
    let jobs = scene.jobs().await;
    assert_eq!((jobs.len(), jobs[0].attempts), (1, 1));
}

/// Conformance: CIBA-10.2-retry
#[tokio::test]
async fn a_client_that_does_not_answer_in_time_is_tried_again() {
    let receiver = Receiver::start(|_| std::future::pending()).await;
    let scene = Scene::new(receiver, ping).await;
    let worker = scene.worker();
    let id = scene.asked().await;
    scene.decided(true).await;
    scene.receiver.received(1).await;
    let notifier = Arc::clone(&scene.bench.app.notifier);
    until("the attempt is given up", move || {
        notifier.statistics().pings.failed == 1
    })
    .await;
    worker.end().await;
    scene.bench.advance(31_000);
    let worker = scene.worker();
    let again = scene.receiver.received(2).await;
    assert_eq!(json(&again[1])["auth_req_id"], id);
    worker.task.abort();
}

#[tokio::test]
async fn a_client_that_does_not_answer_holds_up_no_other() {
    let gate = Arc::new(Semaphore::new(0));
    let closed = Arc::clone(&gate);
    let receiver = Receiver::start(move |one| {
        let gate = Arc::clone(&closed);
        async move {
            if one.path == "/cb" {
                drop(gate.acquire().await);
            }
            answer(204)
        }
    })
    .await;
    let scene = Scene::new(receiver, ping).await;
    let kiosk = ClientId::parse("kiosk").unwrap();
    let mut quick = (*scene.bench.app.store.client(&kiosk).await.unwrap().unwrap()).clone();
    quick.id = ClientId::parse("quick").unwrap();
    // Another host, which has calls of its own.
    let endpoint = scene
        .receiver
        .url("/quick")
        .replace("localhost", "127.0.0.1");
    quick.settings.delivery = ping(endpoint);
    let create = crate::storage::ops::CreateClient(quick);
    scene.bench.app.store.apply(create).await.unwrap();
    for _ in 0..10 {
        scene.asked().await;
        scene.decided(true).await;
    }
    let as_quick = basic("quick", SECRET);
    let asked = scene
        .bench
        .post("/backchannel-authentication", &as_quick, FORM)
        .await;
    assert_eq!(asked.status, StatusCode::OK, "{asked:?}");
    scene.decided(true).await;
    let worker = scene.worker();
    until("the quick one is told", || {
        scene
            .receiver
            .so_far()
            .iter()
            .any(|one| one.path == "/quick")
    })
    .await;
    let slow = |scene: &Scene| {
        let all = scene.receiver.so_far();
        all.iter().filter(|one| one.path == "/cb").count()
    };
    until("four are under way", || slow(&scene) == 4).await;
    gate.add_permits(1000);
    scene.all_done().await;
    worker.end().await;
    assert_eq!(slow(&scene), 10);
}

#[tokio::test]
async fn what_can_be_told_to_nobody_any_more_is_swept() {
    let scene = Scene::new(Receiver::answering(204).await, push).await;
    scene.asked().await;
    assert_eq!(scene.jobs().await.len(), 1);
    let sweep = |at: i64| Sweep {
        now: scene.bench.now().plus(at),
    };
    scene.bench.app.store.apply(sweep(4000)).await.unwrap();
    assert_eq!(scene.jobs().await.len(), 1, "left for a while");
    let swept = scene.bench.app.store.apply(sweep(5000)).await.unwrap();
    assert_eq!((swept.dropped, scene.jobs().await.len()), (2, 0));
}
