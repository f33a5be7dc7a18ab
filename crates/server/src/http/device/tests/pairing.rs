use super::fixture::{Device, World};
use crate::{
    domain::{IssuingSessionId, PairingState},
    http::device::{pairing::confirm_digits, revoke_device},
    storage::ops::ConfirmPairingOutcome,
};
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use tegata_protocol::{
    Sha256Digest,
    device::{
        V1,
        invitation::InvitationCode,
        pairing::{
            ConfirmRequest, ConfirmResponse, PairingReceipt, PairingResponse, RedeemRequest,
            RedeemResponse, sign_countersignature,
        },
        typ,
    },
    jws,
};

/// A device whose keys the server holds and whose digits nobody has typed.
async fn registered(world: &World) -> (IssuingSessionId, Device) {
    let (session, code) = world.invite().await;
    let offer: RedeemResponse = world.redeem(&code).await.json();
    let mut device = Device::new("Desk", &offer.offer);
    let answer = world
        .post(&world.endpoints().pairings, &device.registrations())
        .await;
    device.read_reveal(world, &code, &answer.json::<PairingResponse>().reveal);
    (session, device)
}

async fn confirm(world: &World, device: &Device) -> super::fixture::Answer {
    device
        .post(
            world,
            &world.endpoints().confirm,
            &Device::confirm_request(0),
        )
        .await
}

#[tokio::test]
async fn pairs_with_the_digits_typed_and_keeps_the_countersigned_receipt() {
    let world = World::new().await;
    let (session, device) = registered(&world).await;
    let waiting: ConfirmResponse = confirm(&world, &device).await.json();
    assert_eq!(
        waiting,
        ConfirmResponse::Waiting {
            expires_in: 300,
            tries_left: 3
        }
    );
    let outcome = confirm_digits(&world.app, session, &device.digits())
        .await
        .unwrap();
    assert!(matches!(outcome, ConfirmPairingOutcome::Confirmed { .. }));

    let confirmed: ConfirmResponse = confirm(&world, &device).await.json();
    let ConfirmResponse::Confirmed { receipt } = confirmed else {
        panic!("{confirmed:?}");
    };
    let keys = [*world.app.keys.receipt.public()];
    let payload: PairingReceipt = jws::verify(&receipt, typ::PAIRING_RECEIPT, 8192, &keys).unwrap();
    assert_eq!(payload.approval, *device.approval.public());
    assert_eq!(payload.possession, *device.possession.public());
    assert_eq!(payload.sub, world.account);
    assert_eq!(payload.offer, jws::hash(&device.offer));

    let countersign = |jws: String| ConfirmRequest {
        v: V1,
        countersignature: Some(jws),
        wait: 0,
    };
    let url = world.endpoints().confirm;
    let foreign = sign_countersignature(&device.approval, &device.id(), &receipt);
    let refused = device.post(&world, &url, &countersign(foreign)).await;
    assert_eq!(refused.code(), "assertion_invalid");
    let own = sign_countersignature(&device.possession, &device.id(), &receipt);
    let answer = device.post(&world, &url, &countersign(own.clone())).await;
    assert_eq!(answer.status, StatusCode::OK);
    let id = device.id();
    let stored = world.app.store.read(move |r| r.device(&id)).await.unwrap();
    assert_eq!(stored.unwrap().countersignature, Some(own));
}

#[tokio::test]
async fn a_waiting_device_is_answered_the_moment_the_digits_are_typed() {
    let world = World::new().await;
    let (session, device) = registered(&world).await;
    // A first answer for the nonce, so that the held request is the one below.
    confirm(&world, &device).await;
    let url = world.endpoints().confirm;
    let request = Device::confirm_request(25);
    let held = device.post(&world, &url, &request);
    let digits = device.digits();
    let typed = async {
        while world.app.delivery.gateway.pairings.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        confirm_digits(&world.app, session, &digits).await.unwrap()
    };
    let (answer, _) = tokio::join!(held, typed);
    assert!(matches!(
        answer.json::<ConfirmResponse>(),
        ConfirmResponse::Confirmed { .. }
    ));
}

#[tokio::test]
async fn three_wrong_digits_end_the_pairing_for_good() {
    let world = World::new().await;
    let (session, device) = registered(&world).await;
    let wrong = if device.digits() == "000000" {
        "000001"
    } else {
        "000000"
    };
    let type_in = |digits: String| {
        let session = session.clone();
        let app = &world.app;
        async move { confirm_digits(app, session, &digits).await.unwrap() }
    };
    for tries_left in [2, 1] {
        assert_eq!(
            type_in(wrong.into()).await,
            ConfirmPairingOutcome::WrongCode { tries_left }
        );
        let answer: ConfirmResponse = confirm(&world, &device).await.json();
        assert!(
            matches!(answer, ConfirmResponse::Waiting { tries_left: t, .. } if t == tries_left)
        );
    }
    assert_eq!(type_in(wrong.into()).await, ConfirmPairingOutcome::Failed);
    assert_eq!(
        type_in(device.digits()).await,
        ConfirmPairingOutcome::Failed,
        "the right digits come too late"
    );
    let answer = confirm(&world, &device).await;
    assert_eq!(answer.code(), "confirmation_failed");
    assert_eq!(answer.problem().tries_left, Some(0));
    let pending = device
        .post(&world, &world.endpoints().pending, &json!({"v": 1}))
        .await;
    assert_eq!(pending.code(), "proof_invalid", "the device is useless");
}

#[tokio::test]
async fn of_two_racers_with_one_code_exactly_one_wins() {
    let world = World::new().await;
    for _ in 0..10 {
        let (_, code) = world.invite().await;
        let answers = tokio::join!(world.redeem(&code), world.redeem(&code));
        let won = [&answers.0, &answers.1]
            .iter()
            .filter(|answer| answer.status == StatusCode::OK)
            .count();
        assert_eq!(won, 1);
        for lost in [answers.0, answers.1] {
            if lost.status != StatusCode::OK {
                assert_eq!(lost.code(), "invitation_used");
            }
        }
    }
}

#[tokio::test]
async fn unknown_used_and_expired_codes_are_told_apart_only_to_who_has_the_code() {
    let world = World::new().await;
    let (_, code) = world.invite().await;
    let stranger = InvitationCode::make(world.app.rng());
    assert_eq!(world.redeem(&stranger).await.code(), "invitation_unknown");
    let garbled = RedeemRequest {
        v: V1,
        code: "no code".into(),
    };
    let answer = world.post(&world.endpoints().redeem, &garbled).await;
    assert_eq!(answer.code(), "invitation_unknown");
    world.advance(300);
    let late = world.redeem(&code).await;
    assert_eq!(
        (late.status, late.code().as_str()),
        (StatusCode::GONE, "invitation_expired")
    );
    let (_, code) = world.invite().await;
    assert_eq!(world.redeem(&code).await.status, StatusCode::OK);
    assert_eq!(world.redeem(&code).await.code(), "invitation_used");
}

#[tokio::test]
async fn guessing_codes_is_slowed_down_and_right_ones_pass() {
    let world = World::new().await;
    let (_, code) = world.invite().await;
    let guess = InvitationCode::make(world.app.rng());
    for _ in 0..120 {
        let guess = InvitationCode::make(world.app.rng());
        assert_eq!(world.redeem(&guess).await.code(), "invitation_unknown");
    }
    let garbled = RedeemRequest {
        v: V1,
        code: "no code".into(),
    };
    for refused in [
        world.redeem(&guess).await,
        world.post(&world.endpoints().redeem, &garbled).await,
    ] {
        assert_eq!(refused.code(), "too_many_requests");
        assert!(refused.problem().retry_after.unwrap() <= 61);
    }
    assert_eq!(world.redeem(&code).await.status, StatusCode::OK);
    assert_eq!(world.redeem(&code).await.code(), "invitation_used");
    world.advance(61);
    assert_eq!(world.redeem(&guess).await.code(), "invitation_unknown");
}

#[tokio::test]
async fn the_number_is_committed_to_before_the_keys_and_told_only_after() {
    let world = World::new().await;
    let (_, code) = world.invite().await;
    let answer = world.redeem(&code).await;
    let offer: RedeemResponse = answer.json();
    let mut device = Device::new("Desk", &offer.offer);
    let payload = device.read_offer(&world, &code);
    let id = payload.jti.clone();
    let stored = world.app.store.read(move |r| r.pairing(&id)).await.unwrap();
    let stored = stored.unwrap();
    assert_eq!(stored.state, PairingState::Offered);
    assert_eq!(Sha256Digest::of(&stored.server_nonce), payload.commitment);
    let secret = Sha256Digest(stored.server_nonce).to_b64u();
    let decoded = offer.offer.split('.').nth(1).unwrap();
    let decoded = tegata_protocol::bytes::decode_b64u(decoded).unwrap();
    assert!(!String::from_utf8_lossy(&decoded).contains(&secret));

    // Once keys are in, other keys get no second reveal: nothing can be tried out against the number.
    let answer = world
        .post(&world.endpoints().pairings, &device.registrations())
        .await;
    let reveal = answer.json::<PairingResponse>().reveal;
    device.read_reveal(&world, &code, &reveal);
    let grinder = Device::new("Desk", &offer.offer);
    let second = world
        .post(&world.endpoints().pairings, &grinder.registrations())
        .await;
    assert_eq!(second.code(), "invitation_used");
    // The same keys, whose answer was lost on its way, get the very same reveal.
    let again = world
        .post(&world.endpoints().pairings, &device.registrations())
        .await;
    assert_eq!(again.json::<PairingResponse>().reveal, reveal);
}

#[tokio::test]
async fn registrations_that_do_not_fit_are_refused_and_change_nothing() {
    let world = World::new().await;
    let (_, code) = world.invite().await;
    let offer: RedeemResponse = world.redeem(&code).await.json();
    let device = Device::new("Desk", &offer.offer);
    let url = world.endpoints().pairings;
    let good = device.registrations();

    let mut swapped = good.clone();
    std::mem::swap(&mut swapped.approval, &mut swapped.possession);
    let mut other_nonce = good.clone();
    other_nonce.device_nonce = Sha256Digest([0; 32]);
    let mut twice = good.clone();
    twice.possession = good.approval.clone();
    for (name, bad) in [
        ("swapped", &swapped),
        ("other nonce", &other_nonce),
        ("one key", &twice),
    ] {
        assert_eq!(
            world.post(&url, bad).await.code(),
            "assertion_invalid",
            "{name}"
        );
    }
    let mut extra: Value = serde_json::to_value(&good).unwrap();
    extra["grade"] = "administrator".into();
    assert_eq!(world.post(&url, &extra).await.code(), "malformed_request");
    let mut version: Value = serde_json::to_value(&good).unwrap();
    version["v"] = 2.into();
    assert_eq!(
        world.post(&url, &version).await.code(),
        "version_unsupported"
    );
    let mut stranger: Value = serde_json::to_value(&good).unwrap();
    stranger["pairing"] = "AAAAAAAAAAAAAAAAAAAAAA".into();
    assert_eq!(world.post(&url, &stranger).await.code(), "not_found");
    assert_eq!(world.post(&url, &good).await.status, StatusCode::OK);

    // A key that belongs to a device belongs to no other.
    let (_, code) = world.invite().await;
    let offer: RedeemResponse = world.redeem(&code).await.json();
    let mut thief = Device::new("Thief", &offer.offer);
    thief.approval = device.approval;
    assert_eq!(
        world.post(&url, &thief.registrations()).await.code(),
        "assertion_invalid"
    );
}

#[tokio::test]
async fn a_pairing_lapses_when_nobody_types_the_digits() {
    let world = World::new().await;
    let (session, device) = registered(&world).await;
    world.advance(300);
    assert_eq!(confirm(&world, &device).await.code(), "confirmation_failed");
    assert_eq!(
        confirm_digits(&world.app, session, &device.digits())
            .await
            .unwrap(),
        ConfirmPairingOutcome::Expired
    );
}

#[tokio::test]
async fn bodies_are_json_within_their_limits_and_every_answer_has_a_nonce() {
    let world = World::new().await;
    let url = world.endpoints().redeem;
    let mut form = world.request(Method::POST, &url, b"v=1".to_vec());
    form.headers_mut().insert(
        header::CONTENT_TYPE,
        "application/x-www-form-urlencoded".parse().unwrap(),
    );
    let answer = world.send(form).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (415, "malformed_request")
    );
    assert!(!answer.nonce().is_empty());
    let large = world.request(Method::POST, &url, vec![b' '; 8193]);
    assert_eq!(world.send(large).await.code(), "payload_too_large");
    let broken = world.request(Method::POST, &url, br#"{"v":1,"v":1}"#.to_vec());
    assert_eq!(world.send(broken).await.code(), "malformed_request");
    let connect = world.request(Method::GET, &world.endpoints().connect, Vec::new());
    assert_eq!(world.send(connect).await.code(), "malformed_request");
}

#[tokio::test]
async fn a_revoked_device_learns_so_only_after_proving_its_key() {
    let world = World::new().await;
    let device = world.pair("Desk").await;
    revoke_device(&world.app, device.id()).await.unwrap();
    assert_eq!(confirm(&world, &device).await.code(), "device_revoked");
    let url = world.endpoints().pending;
    let answer = device.post(&world, &url, &json!({"v": 1})).await;
    assert_eq!(answer.code(), "device_revoked");
    let forged = {
        let other = Device::new("Other", &device.offer);
        let proof = device.proof("POST", &url, &answer.nonce(), b"{\"v\":1}");
        tegata_protocol::device::proof::sign_proof(&other.possession, &proof)
    };
    let answer = device
        .send(&world, &url, b"{\"v\":1}".to_vec(), &forged)
        .await;
    assert_eq!(answer.code(), "proof_invalid");
}

#[tokio::test]
async fn a_device_is_described_in_words_that_can_be_shown() {
    let world = World::new().await;
    let (_, code) = world.invite().await;
    let offer: RedeemResponse = world.redeem(&code).await.json();
    let url = world.endpoints().pairings;
    let device = Device::new("Desk", &offer.offer);
    for (member, words) in [
        ("name", "Desk\u{202e}kseD"),
        ("name", "Desk\u{200b}"),
        ("name", "\u{3164}"),
        ("name", "Desk\nPhone"),
        ("name", "De\u{300}\u{301}\u{302}\u{303}sk"),
        ("name", "Desk\u{e000}"),
        ("platform", "li\u{2066}nux"),
        ("app", "test\u{7}/1"),
        ("locale", "e\u{feff}n"),
    ] {
        let mut body: Value = serde_json::to_value(device.registrations()).unwrap();
        body["device"][member] = words.into();
        let answer = world.post(&url, &body).await;
        assert_eq!(answer.code(), "malformed_request", "{member} {words:?}");
    }
    // Nothing was taken by the refusals. A name that looks like another can be shown, and people are warned of it where
    // it is: it is a caution and no defect.
    let alike = Device::new("D\u{435}sk", &offer.offer);
    let answer = world.post(&url, &alike.registrations()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}
