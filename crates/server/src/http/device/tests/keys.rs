//! Replacing an approval key (device protocol, section 4.6).

use super::{
    adding::{desk, notices, stored},
    fixture::{Answer, Device, ORIGIN, RP_ID, World},
};
use crate::{config::Config, delivery::SocketLimits, verification::VerifierKind};
use axum::http::StatusCode;
use tegata_protocol::{
    Sha256Digest, SigningKey, SystemRng,
    device::{
        V1,
        decision::DenyReason,
        management::{
            DeviceKey, ManagementAnswer, ManagementRequest, NoticeKind,
            derive_approval_key_challenge,
        },
        pairing::{
            ConfirmRequest, ConfirmResponse, KeyKind, PairingReceipt, RedeemResponse,
            sign_countersignature,
        },
        prompt::{Prompt, PromptKind},
        typ,
    },
    jws,
    webauthn::{CredentialRole, ExpectedRegistration, make_registration},
};

/// A new approval key with its registration.
pub(super) struct Replacement {
    pub(super) key: SigningKey,
    pub(super) request: DeviceKey,
}

impl Replacement {
    /// As a device makes it that wants to replace the key that it has.
    pub(super) fn of(world: &World, device: &Device) -> Self {
        let key = SigningKey::make(&SystemRng::new()).0;
        let request = registered(world, device, &key, CredentialRole::Approval, None);
        Self { key, request }
    }
}

fn registered(
    world: &World,
    device: &Device,
    key: &SigningKey,
    role: CredentialRole,
    challenge: Option<Sha256Digest>,
) -> DeviceKey {
    let issuer = world.app.issuer.wire();
    let old = device.approval.thumbprint();
    let challenge =
        challenge.unwrap_or_else(|| derive_approval_key_challenge(issuer, &device.id(), old));
    let expected = ExpectedRegistration {
        challenge,
        rp_id: RP_ID,
        origin: ORIGIN,
        role,
    };
    DeviceKey {
        v: V1,
        key: KeyKind::SoftwarePin,
        approval: make_registration(key, &expected),
    }
}

async fn send(world: &World, device: &Device, request: &DeviceKey) -> Answer {
    let url = world.endpoints().device_key.unwrap();
    device.post(world, &url, request).await
}

pub(super) async fn post(world: &World, device: &Device, new: &Replacement) -> Answer {
    send(world, device, &new.request).await
}

async fn asked(world: &World, device: &Device, new: &Replacement) -> (String, Prompt) {
    let answer: ManagementAnswer = post(world, device, new).await.json();
    device.prompt(world, &answer.request.unwrap()).await
}

async fn receipt_of(world: &World, device: &Device) -> (String, PairingReceipt) {
    let url = world.endpoints().confirm;
    let answer: ConfirmResponse = device
        .post(world, &url, &Device::confirm_request(0))
        .await
        .json();
    let ConfirmResponse::Confirmed { receipt } = answer else {
        panic!("{answer:?}");
    };
    let keys = [*world.app.keys.receipt.public()];
    let read = jws::verify(&receipt, typ::PAIRING_RECEIPT, 8192, &keys).unwrap();
    (receipt, read)
}

async fn countersign(world: &World, device: &Device, receipt: &str) -> Answer {
    let jws = sign_countersignature(&device.possession, &device.id(), receipt);
    let request = ConfirmRequest {
        countersignature: Some(jws),
        ..Device::confirm_request(0)
    };
    device
        .post(world, &world.endpoints().confirm, &request)
        .await
}

/// Whether the device decides with the key that it has.
async fn decides(world: &World, device: &Device) -> Answer {
    let request = world.ask().await;
    let prompt = device.prompt(world, &request).await;
    let approval = device.sign(&prompt, Device::approve(None));
    device.decide(world, &approval).await
}

async fn replaces(world: &World) {
    let mut desk = desk(world).await;
    let tablet = world.pair("Tablet").await;
    let (old_receipt, old) = receipt_of(world, &desk).await;
    let signed = countersign(world, &desk, &old_receipt).await;
    assert_eq!(signed.status, StatusCode::OK);
    desk.counter.set(40);
    assert_eq!(decides(world, &desk).await.status, StatusCode::OK);
    // A copy in memory, as sockets use it.
    let remembered = async || {
        let found = world.app.store.device(&desk.id()).await.unwrap().unwrap();
        found.registration.approval_thumbprint
    };
    assert_eq!(remembered().await, desk.approval.thumbprint());
    let waiting = world.ask().await;
    let new = Replacement::of(world, &desk);
    let (jws, prompt) = asked(world, &desk, &new).await;
    assert_eq!(prompt.kind, PromptKind::DeviceKey);
    let subject = prompt.device.clone().unwrap();
    let named = [subject.old_key.clone(), subject.new_key.clone()];
    let expected = [desk.approval.thumbprint(), new.key.thumbprint()];
    assert_eq!(named, expected.map(|key| Some(key.to_string())));
    assert!(prompt.deny_only_reasons(KeyKind::SoftwarePin).is_empty());
    // Asked is not done.
    assert_eq!(receipt_of(world, &desk).await.0, old_receipt);
    world.advance(1);
    let late = desk.prompt(world, &waiting).await;
    let late = desk.sign(&late, Device::approve(None));
    let approval = desk.sign(&(jws, prompt), Device::approve(None));
    let decided = desk.decide(world, &approval).await;
    assert_eq!(decided.status, StatusCode::OK, "{}", decided.text());

    assert_eq!(remembered().await, new.key.thumbprint());
    // The old key decides nothing from then on, also not what it signed before.
    assert_eq!(desk.decide(world, &late).await.code(), "assertion_invalid");
    let after = decides(world, &desk).await;
    assert_eq!(after.code(), "assertion_invalid");
    desk.approval = new.key;
    // Its counter starts again, and what was pending is decided by the new one.
    desk.counter.set(0);
    let prompt = desk.prompt(world, &waiting).await;
    let approval = desk.sign(&prompt, Device::approve(None));
    let decided = desk.decide(world, &approval).await;
    assert_eq!(decided.status, StatusCode::OK, "{}", decided.text());
    // The possession key stays what it is, and so does its counter.
    desk.counter.set(41);
    let request = world.ask().await;
    let prompt = desk.prompt(world, &request).await;
    let denial = desk.sign(&prompt, Device::deny(DenyReason::ChangedMind));
    assert_eq!(desk.decide(world, &denial).await.status, StatusCode::OK);

    let (receipt, read) = receipt_of(world, &desk).await;
    let expected = PairingReceipt {
        approval: *desk.approval.public(),
        iat: old.iat.plus(86_401),
        ..old
    };
    assert_eq!(read, expected);
    assert_eq!(stored(world, &desk).await.countersignature, None);
    let stale = countersign(world, &desk, &old_receipt).await;
    assert_eq!(stale.code(), "assertion_invalid");
    let signed = countersign(world, &desk, &receipt).await;
    assert_eq!(signed.status, StatusCode::OK);
    assert!(stored(world, &desk).await.countersignature.is_some());
    let told = (NoticeKind::KeyReplaced, "Desk".to_owned());
    assert!(notices(world, &tablet).await.contains(&told));
    assert!(!notices(world, &desk).await.contains(&told));
    // And again, by the new one, for which the name that it has by now is kept.
    let new = Replacement::of(world, &desk);
    let prompt = asked(world, &desk, &new).await;
    let approval = desk.sign(&prompt, Device::approve(None));
    assert_eq!(desk.decide(world, &approval).await.status, StatusCode::OK);
    desk.approval = new.key;
    assert_eq!(decides(world, &desk).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_approval_by_the_old_key_puts_the_new_one_in_its_place() {
    replaces(&World::new().await).await;
}

#[tokio::test]
async fn the_other_verifier_knows_the_new_credential_as_well() {
    let config = Config {
        approval_verifier: VerifierKind::WebauthnRs,
        ..Config::default()
    };
    replaces(&World::with(config, 8480, SocketLimits::default()).await).await;
}

/// Attack: whoever has a device without its PIN puts a key of their own in the place of the approval key.
#[tokio::test]
async fn a_possession_key_alone_replaces_no_approval_key() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let new = Replacement::of(&world, &desk);
    let prompt = asked(&world, &desk, &new).await;
    for key in [&desk.possession, &new.key] {
        let mut detail = desk.sign(&prompt, Device::approve(None)).detail;
        detail.credential = key.thumbprint();
        let forged = desk.assert(detail, CredentialRole::Approval, key);
        let refused = desk.decide(&world, &forged).await;
        assert_eq!(refused.code(), "assertion_invalid");
    }
    let old = desk.approval.thumbprint();
    let kept = stored(&world, &desk).await.registration;
    assert_eq!(kept.approval_thumbprint, old);
    assert_eq!(decides(&world, &desk).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_new_key_is_one_that_nobody_has_registered() {
    let world = World::new().await;
    let mut desk = desk(&world).await;
    let phone = world.pair("Phone").await;
    let (role, first) = (CredentialRole::Approval, desk.approval.thumbprint());
    for taken in [
        &desk.approval,
        &desk.possession,
        &phone.approval,
        &phone.possession,
    ] {
        let request = registered(&world, &desk, taken, role, None);
        let refused = send(&world, &desk, &request).await;
        assert_eq!(refused.code(), "assertion_invalid");
    }
    let new = Replacement::of(&world, &desk);
    let prompt = asked(&world, &desk, &new).await;
    let approval = desk.sign(&prompt, Device::approve(None));
    assert_eq!(desk.decide(&world, &approval).await.status, StatusCode::OK);
    let old = std::mem::replace(&mut desk.approval, new.key);
    assert_eq!(old.thumbprint(), first);
    // Neither comes the old one back, here or with another device.
    for device in [&desk, &phone] {
        let request = registered(&world, device, &old, role, None);
        let refused = send(&world, device, &request).await;
        assert_eq!(refused.code(), "assertion_invalid");
    }
    let (_, code) = world.invite().await;
    let offer: RedeemResponse = world.redeem(&code).await.json();
    let mut thief = Device::new("Thief", &offer.offer);
    thief.approval = old;
    let refused = world
        .post(&world.endpoints().pairings, &thief.registrations())
        .await;
    assert_eq!(refused.code(), "assertion_invalid");
}

#[tokio::test]
async fn a_registration_that_is_not_over_this_device_and_its_key_is_refused() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let phone = world.pair("Phone").await;
    let key = SigningKey::make(&SystemRng::new()).0;
    let issuer = world.app.issuer.wire();
    let challenges = [
        derive_approval_key_challenge(issuer, &phone.id(), desk.approval.thumbprint()),
        derive_approval_key_challenge(issuer, &desk.id(), phone.approval.thumbprint()),
        Sha256Digest([7; 32]),
    ];
    for challenge in challenges {
        let role = CredentialRole::Approval;
        let request = registered(&world, &desk, &key, role, Some(challenge));
        let refused = send(&world, &desk, &request).await;
        assert_eq!(refused.code(), "assertion_invalid");
    }
    // A key that verifies nobody.
    let request = registered(&world, &desk, &key, CredentialRole::Possession, None);
    let refused = send(&world, &desk, &request).await;
    assert_eq!(refused.code(), "assertion_invalid");
    assert!(
        desk.pending(&world).await.prompts.is_empty(),
        "nothing asked"
    );
}

#[tokio::test]
async fn a_new_key_is_of_no_lower_kind_than_the_old_one() {
    let world = World::new().await;
    let strong = world.pair_kind("Desk", KeyKind::Hardware, "en").await;
    let new = Replacement::of(&world, &strong);
    let refused = post(&world, &strong, &new).await;
    assert_eq!(refused.code(), "assurance_too_low");
    let weak = world.pair("Phone").await;
    let mut new = Replacement::of(&world, &weak);
    new.request.key = KeyKind::Hardware;
    let prompt = asked(&world, &weak, &new).await;
    let approval = weak.sign(&prompt, Device::approve(None));
    assert_eq!(weak.decide(&world, &approval).await.status, StatusCode::OK);
    assert_eq!(receipt_of(&world, &weak).await.1.key, KeyKind::Hardware);
}

/// Attack: a stolen possession key grows the evidence for ever, by questions that it asks and denies.
#[tokio::test]
async fn so_many_questions_in_an_hour_and_no_more_of_tests_and_about_devices_each() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let url = world.endpoints().test.unwrap();
    let deny = async |answer: Answer| {
        let answer: ManagementAnswer = answer.json();
        let prompt = desk.prompt(&world, &answer.request.unwrap()).await;
        let denial = desk.sign(&prompt, Device::deny(DenyReason::ChangedMind));
        assert_eq!(desk.decide(&world, &denial).await.status, StatusCode::OK);
    };
    let test = async || desk.post(&world, &url, &ManagementRequest { v: V1 }).await;
    for _ in 0..20 {
        deny(test().await).await;
        world.advance(5);
    }
    let refused = test().await;
    assert_eq!(refused.code(), "too_many_requests");
    assert_eq!(refused.problem().retry_after, Some(3500));
    for _ in 0..20 {
        let new = Replacement::of(&world, &desk);
        deny(post(&world, &desk, &new).await).await;
    }
    let new = Replacement::of(&world, &desk);
    let refused = post(&world, &desk, &new).await;
    assert_eq!(refused.problem().retry_after, Some(3600));
    world.advance(3499);
    assert_eq!(test().await.problem().retry_after, Some(1));
    world.advance(1);
    deny(test().await).await;
}
