//! Pushes: tokens, errors, and what a crash must not lose.

use super::*;
use crate::{
    domain::backchannel_authentication::BackchannelAuthenticationState,
    http::op::issuance::redeem_for_push,
    storage::ops::{
        DecideOutcome, DeleteAccount, EndAttempt, KeepResponse, SuspendClient, TakeJob,
    },
};
use tegata_protocol::{
    AccountId, AuthReqId, ClientId, Sha256Digest,
    bytes::{decode_b64u, encode_b64u},
};

/// The claims of a token that its own tests have verified.
fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&decode_b64u(payload).unwrap()).unwrap()
}

fn half_hash(token: &Value) -> String {
    let digest = Sha256Digest::of(token.as_str().unwrap().as_bytes());
    encode_b64u(&digest.0[..16])
}

async fn works(scene: &Scene, access_token: &Value) -> bool {
    let (token, now) = (access_token.as_str().unwrap().to_owned(), scene.bench.now());
    let found = scene
        .bench
        .app
        .store
        .read(move |r| r.access_token(&token, now));
    found.await.unwrap().is_some()
}

/// Conformance: CIBA-10.3-push, CIBA-10.3-id-token
#[tokio::test]
async fn a_push_is_the_token_response_with_the_auth_req_id_and_an_id_token_that_names_both() {
    let receiver = Receiver::answering(204).await;
    let scene = Scene::with(receiver, push, |kiosk| kiosk.settings.refresh = true).await;
    let worker = scene.worker();
    let id = scene.asked().await;
    scene.decided(true).await;
    let all = scene.receiver.received(1).await;
    assert_eq!(
        all[0].header("authorization"),
        "Bearer 8d67dc78-7faa-4d41-aabd-67707b37.~"
    );
    assert_eq!(all[0].header("content-type"), "application/json");
    let pushed = json(&all[0]);
    assert_eq!(pushed["auth_req_id"], id);
    assert_eq!(pushed["token_type"], "Bearer");
    assert!(pushed["expires_in"].is_number());
    let id_token = claims(&pushed["id_token"]);
    assert_eq!(id_token["at_hash"], half_hash(&pushed["access_token"]));
    assert_eq!(id_token["urn:openid:params:jwt:claim:auth_req_id"], id);
    let rt_hash = &id_token["urn:openid:params:jwt:claim:rt_hash"];
    assert_eq!(*rt_hash, half_hash(&pushed["refresh_token"]));
    assert!(works(&scene, &pushed["access_token"]).await);
    scene.all_done().await;
    worker.end().await;
    let asked = scene.bench.poll("kiosk", &id).await;
    assert_eq!(asked.error(), (400, "unauthorized_client"));
}

/// What the device that approved is told, in both places.
async fn collected(scene: &Scene, id: &str) -> Option<bool> {
    let store = &scene.bench.app.store;
    let id = AuthReqId::parse(id).unwrap();
    let found = store.read(move |reader| reader.backchannel_authentication(&id));
    let flow = found.await.unwrap().unwrap();
    let (BackchannelAuthenticationState::Approved(approval)
    | BackchannelAuthenticationState::Redeemed { approval, .. }) = flow.state
    else {
        panic!("{:?}", flow.state);
    };
    let (device, request) = (approval.device, flow.facts.consent_request_id);
    let set = crate::delivery::pending::pending_set(&scene.bench.app, &device);
    let notice = set.await.unwrap().unwrap().closed[0].collected;
    let found = store.read(move |reader| reader.consent_request(&request, &device));
    assert_eq!(found.await.unwrap().unwrap().collected, notice);
    notice
}

#[tokio::test]
async fn of_a_push_it_is_known_only_while_it_is_sent_that_it_has_not_arrived() {
    let scene = Scene::new(Receiver::answering(503).await, push).await;
    let worker = scene.worker();
    let id = scene.asked().await;
    scene.decided(true).await;
    scene.receiver.received(1).await;
    worker.end().await;
    assert_eq!(collected(&scene, &id).await, Some(false));
    let job = scene.jobs().await.pop().unwrap();
    let given_up = EndAttempt {
        seq: job.seq,
        attempts: job.attempts,
        next_at_millis: None,
    };
    assert!(scene.bench.app.store.apply(given_up).await.unwrap());
    assert_eq!(collected(&scene, &id).await, None);
}

/// Conformance: CIBA-12-errors
#[tokio::test]
async fn denials_expiry_and_failures_are_pushed_as_errors() {
    let receiver = Receiver::answering(200).await;
    let scene = Scene::with(receiver, push, |kiosk| kiosk.transfer_code = true).await;
    let worker = scene.worker();
    let denied = scene.asked().await;
    scene.decided(false).await;
    scene.receiver.received(1).await;
    let failed = scene.asked().await;
    for _ in 0..3 {
        let outcome = scene.bench.decide(&scene.device, true, Some("wrong")).await;
        assert!(matches!(
            outcome,
            DecideOutcome::TransferMismatch { .. } | DecideOutcome::TransferFailed { .. }
        ));
    }
    scene.receiver.received(2).await;
    let expired = scene.asked().await;
    scene.advance(121_000);
    scene.advance(1_000);
    let all = scene.receiver.received(3).await;
    scene.all_done().await;
    worker.end().await;
    let expected = [
        (denied, "access_denied"),
        (failed, "transaction_failed"),
        (expired, "expired_token"),
    ];
    for (one, (id, code)) in all.iter().zip(expected) {
        let body = json(one);
        assert_eq!(
            (&body["auth_req_id"], &body["error"]),
            (&id.into(), &code.into())
        );
        assert_eq!(body.as_object().unwrap().len(), 3, "{body}");
    }
}

/// Conformance: CIBA-10.3-redirect
#[tokio::test]
async fn redirects_of_pushes_are_not_followed() {
    let receiver = Receiver::start(|_| async {
        let mut answer = crate::egress::tests::receiver::answer(307);
        let location = "/elsewhere".parse().unwrap();
        answer.headers_mut().insert("location", location);
        answer
    })
    .await;
    let scene = Scene::new(receiver, push).await;
    let worker = scene.worker();
    scene.asked().await;
    scene.decided(true).await;
    scene.receiver.received(1).await;
    scene.all_done().await;
    worker.end().await;
    let paths: Vec<_> = scene
        .receiver
        .so_far()
        .into_iter()
        .map(|one| one.path)
        .collect();
    assert_eq!(paths, ["/cb"]);
}

#[tokio::test]
async fn a_push_that_fails_is_repeated_with_the_same_tokens_also_after_a_crash() {
    let scene = Scene::new(Receiver::answering(503).await, push).await;
    let worker = scene.worker();
    scene.asked().await;
    scene.decided(true).await;
    scene.receiver.received(1).await;
    worker.end().await;
    let stored = scene.jobs().await.pop().unwrap().response.unwrap();
    let first = scene.receiver.so_far()[0].body.clone();
    let access_token = json(&scene.receiver.so_far()[0])["access_token"].clone();
    let in_clear = access_token.as_str().unwrap().as_bytes();
    assert!(!stored.windows(in_clear.len()).any(|part| part == in_clear));
    let scene = scene.restarted().await;
    let worker = scene.worker();
    scene.advance(1_500);
    let all = scene.receiver.received(2).await;
    assert_eq!(all[1].body, first);
    assert!(works(&scene, &access_token).await);
    worker.end().await;
}

#[tokio::test]
async fn a_crash_between_issuing_and_keeping_loses_nothing() {
    let scene = Scene::new(Receiver::answering(204).await, push).await;
    let id = scene.asked().await;
    scene.decided(true).await;
    // As an attempt does, up to where the process ends.
    let job = scene.jobs().await.pop().unwrap();
    let take = TakeJob {
        seq: job.seq,
        attempts: 0,
        lost_at_millis: scene.bench.app.clock.0.now_millis() + 30_000,
    };
    assert!(scene.bench.app.store.apply(take).await.unwrap());
    let kiosk = ClientId::parse("kiosk").unwrap();
    let client = scene.bench.app.store.client(&kiosk).await.unwrap().unwrap();
    let id = AuthReqId::parse(&id).unwrap();
    let unseen = redeem_for_push(&scene.bench.app, &client, &id)
        .await
        .unwrap();
    let unseen = Value::from(unseen.access_token.expose().clone());
    drop(client);
    let scene = scene.restarted().await;
    let worker = scene.worker();
    scene.advance(30_000);
    let pushed = json(&scene.receiver.received(1).await[0]);
    assert!(works(&scene, &pushed["access_token"]).await);
    assert!(!works(&scene, &unseen).await, "nobody has seen those");
    scene.all_done().await;
    worker.end().await;
}

#[tokio::test]
async fn what_has_been_told_to_have_expired_is_told_nothing_else() {
    let scene = Scene::new(Receiver::answering(503).await, push).await;
    let worker = scene.worker();
    scene.asked().await;
    scene.advance(122_000);
    scene.receiver.received(1).await;
    worker.end().await;
    // A decision that was under way when the time ran out.
    let job = scene.jobs().await.pop().unwrap();
    assert_eq!(job.attempts, 1);
    scene.bench.advance(-122_000);
    scene.decided(true).await;
    let after = scene.jobs().await.pop().unwrap();
    assert_eq!(
        (after.attempts, after.until),
        (1, job.until),
        "the plan stands"
    );
}

async fn forgotten(scene: &Scene) {
    let forget = DeleteAccount {
        account: AccountId::parse("id-hanako").unwrap(),
        now: scene.bench.now(),
    };
    assert!(scene.bench.app.store.apply(forget).await.unwrap());
}

#[tokio::test]
async fn tokens_that_have_ended_before_they_were_delivered_are_not_pushed() {
    let scene = Scene::new(Receiver::answering(503).await, push).await;
    let worker = scene.worker();
    scene.asked().await;
    scene.decided(true).await;
    scene.receiver.received(1).await;
    worker.end().await;
    assert!(scene.jobs().await.pop().unwrap().response.is_some());
    forgotten(&scene).await;
    let worker = scene.worker();
    scene.advance(1_500);
    let pushed = json(&scene.receiver.received(2).await[1]);
    assert_eq!(pushed["error"], "access_denied", "{pushed}");
    assert!(pushed.get("access_token").is_none());
    worker.end().await;
}

#[tokio::test]
async fn tokens_that_end_while_they_are_issued_are_not_kept() {
    let scene = Scene::new(Receiver::answering(204).await, push).await;
    let id = AuthReqId::parse(&scene.asked().await).unwrap();
    scene.decided(true).await;
    let (app, job) = (&scene.bench.app, scene.jobs().await.pop().unwrap());
    let take = TakeJob {
        seq: job.seq,
        attempts: 0,
        lost_at_millis: app.clock.0.now_millis() + 30_000,
    };
    assert!(app.store.apply(take).await.unwrap());
    let client = app.store.client(&job.client).await.unwrap().unwrap();
    redeem_for_push(app, &client, &id).await.unwrap();
    let keep = KeepResponse {
        seq: job.seq,
        attempts: 1,
        sealed: vec![1],
    };
    assert!(app.store.apply(keep.clone()).await.unwrap());
    forgotten(&scene).await;
    assert!(!app.store.apply(keep).await.unwrap());
}

#[tokio::test]
async fn a_suspended_client_is_told_when_that_is_lifted() {
    let scene = Scene::new(Receiver::answering(204).await, push).await;
    scene.asked().await;
    scene.decided(true).await;
    let suspend = |suspended| {
        scene.bench.app.store.apply(SuspendClient {
            client: ClientId::parse("kiosk").unwrap(),
            suspended,
        })
    };
    assert!(suspend(true).await.unwrap());
    let worker = scene.worker();
    let notifier = Arc::clone(&scene.bench.app.notifier);
    until("the attempt is put off", || {
        notifier.statistics().pushes.failed == 1
    })
    .await;
    assert!(scene.receiver.so_far().is_empty());
    assert!(suspend(false).await.unwrap());
    scene.advance(1_500);
    let pushed = json(&scene.receiver.received(1).await[0]);
    assert!(works(&scene, &pushed["access_token"]).await);
    worker.end().await;
}
