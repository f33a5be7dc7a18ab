use super::fixture::{Answer, Device, World};
use axum::http::{Method, StatusCode, header};
use futures_util::future::poll_immediate;
use serde_json::json;
use tegata_protocol::{
    DeviceId, SystemRng,
    device::{
        delivery::PendingSet,
        proof::{PROOF_HEADER, sign_proof},
    },
};

const BODY: &[u8] = br#"{"v":1}"#;

async fn fresh_nonce(world: &World, device: &Device) -> String {
    device
        .post(world, &world.endpoints().pending, &json!({"v": 1}))
        .await
        .nonce()
}

async fn send(world: &World, device: &Device, proof: &str) -> Answer {
    let url = world.endpoints().pending;
    device.send(world, &url, BODY.to_vec(), proof).await
}

#[tokio::test]
async fn a_request_without_proof_is_told_to_use_a_nonce() {
    let world = World::new().await;
    let answer = world
        .post(&world.endpoints().pending, &json!({"v": 1}))
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNAUTHORIZED, "use_nonce")
    );
    assert!(!answer.nonce().is_empty());
}

#[tokio::test]
async fn clients_are_answered_while_devices_wait_for_their_turn() {
    let world = World::new().await;
    let device = world.pair("Desk").await;
    let turns = world.app.delivery.gateway.proof_turns.take_all().unwrap();
    let (url, body) = (world.endpoints().pending, json!({"v": 1}));
    let device_waits = device.post(&world, &url, &body);
    tokio::pin!(device_waits);
    assert!(poll_immediate(device_waits.as_mut()).await.is_none());
    // A client's request goes all the way to the store and back.
    let mut asks = world.request(
        Method::POST,
        "/backchannel-authentication",
        b"scope=openid&login_hint=hanako".to_vec(),
    );
    let headers = asks.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        "application/x-www-form-urlencoded".parse().unwrap(),
    );
    // Its secret is not known to the tests: it is refused by what the store says about it.
    headers.insert(header::AUTHORIZATION, "Basic a2lvc2s6eA==".parse().unwrap());
    let answer = world.send(asks).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text());
    assert!(answer.text().contains("invalid_client"));
    world.ask().await;
    assert!(poll_immediate(device_waits.as_mut()).await.is_none());
    drop(turns);
    let set: PendingSet = device_waits.await.json();
    assert_eq!(set.prompts.len(), 1);
}

#[tokio::test]
async fn a_proof_fits_one_request_and_is_used_once() {
    let world = World::new().await;
    let device = world.pair("Desk").await;
    let url = world.endpoints().pending;
    let nonce = fresh_nonce(&world, &device).await;
    let good = device.proof("POST", &url, &nonce, BODY);
    let signed = sign_proof(&device.possession, &good);
    assert_eq!(send(&world, &device, &signed).await.status, StatusCode::OK);
    assert_eq!(
        send(&world, &device, &signed).await.code(),
        "proof_replayed"
    );

    let mut other_body = good.clone();
    other_body.body = tegata_protocol::Sha256Digest::of(b"{}");
    let mut other_url = good.clone();
    other_url.htu = world.endpoints().seen;
    let mut other_method = good.clone();
    other_method.htm = "GET".into();
    let mut other_device = good.clone();
    other_device.iss = DeviceId::make(&SystemRng::new());
    for (name, proof) in [
        ("body", &other_body),
        ("url", &other_url),
        ("method", &other_method),
        ("device", &other_device),
    ] {
        let signed = sign_proof(&device.possession, proof);
        let answer = send(&world, &device, &signed).await;
        assert_eq!(answer.code(), "proof_invalid", "{name}");
    }
    let other_key = sign_proof(&device.approval, &good);
    assert_eq!(
        send(&world, &device, &other_key).await.code(),
        "proof_invalid"
    );
    let garbage = send(&world, &device, "a.b.c").await;
    assert_eq!(garbage.code(), "proof_invalid");
}

#[tokio::test]
async fn an_unknown_key_and_a_wrong_signature_look_the_same() {
    let world = World::new().await;
    let device = world.pair("Desk").await;
    let url = world.endpoints().pending;
    let nonce = fresh_nonce(&world, &device).await;
    let proof = device.proof("POST", &url, &nonce, BODY);
    let stranger = Device::new("Stranger", &device.offer);
    let unknown = send(&world, &device, &sign_proof(&stranger.possession, &proof)).await;
    let mut signed = sign_proof(&device.possession, &proof);
    let flipped = if signed.pop() == Some('A') { 'Q' } else { 'A' };
    signed.push(flipped);
    let wrong = send(&world, &device, &signed).await;
    assert_eq!(unknown.status, wrong.status);
    assert_eq!(unknown.text(), wrong.text());
}

#[tokio::test]
async fn nonces_are_ours_and_live_five_minutes() {
    let world = World::new().await;
    let device = world.pair("Desk").await;
    let url = world.endpoints().pending;
    let nonce = fresh_nonce(&world, &device).await;
    world.advance(299);
    let proof = device.prove("POST", &url, &nonce, BODY);
    assert_eq!(send(&world, &device, &proof).await.status, StatusCode::OK);
    world.advance(1);
    let proof = device.prove("POST", &url, &nonce, BODY);
    assert_eq!(send(&world, &device, &proof).await.code(), "use_nonce");
    for foreign in ["", "AAAA", &"A".repeat(43)] {
        let proof = device.prove("POST", &url, foreign, BODY);
        assert_eq!(send(&world, &device, &proof).await.code(), "use_nonce");
    }
}

#[tokio::test]
async fn two_proofs_in_one_request_are_none() {
    let world = World::new().await;
    let device = world.pair("Desk").await;
    let url = world.endpoints().pending;
    let nonce = fresh_nonce(&world, &device).await;
    let mut request = world.request(Method::POST, &url, BODY.to_vec());
    for _ in 0..2 {
        let proof = device.prove("POST", &url, &nonce, BODY);
        request
            .headers_mut()
            .append(PROOF_HEADER, proof.parse().unwrap());
    }
    assert_eq!(world.send(request).await.code(), "proof_invalid");
}
