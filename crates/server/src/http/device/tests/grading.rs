//! Who waits before it manages others, and how it is let do so earlier (device protocol, section 4.6).

use super::{
    adding::{approved, confirm, desk, join, notices, stored, take},
    fixture::{Answer, Device, START, World},
};
use crate::storage::ops::RevokeDevice;
use axum::http::StatusCode;
use tegata_protocol::{
    ConsentRequestId, DeviceId, UnixTime,
    device::{
        V1,
        decision::{Decision, DecisionRequest, DenyReason},
        management::{
            DeviceAdd, DeviceGrade, DeviceList, DeviceRemove, Invitation, ManagementAnswer,
            ManagementRequest, NoticeKind, RemovalReason,
        },
        pairing::KeyKind,
        prompt::{Prompt, PromptKind},
    },
    webauthn::CredentialRole,
};

const DAY: u64 = 86_400;

/// A device that `by` added, or moved to.
async fn added(world: &World, by: &Device, name: &str, moving: bool) -> Device {
    let request = approved(world, by, moving).await;
    let invitation: Invitation = take(world, by, &request).await.json();
    let device = join(world, &invitation, name).await;
    let typed = confirm(world, by, &request, Some(&device.digits()), None).await;
    assert_eq!(typed.status, StatusCode::OK, "{}", typed.text());
    device
}

async fn grade(world: &World, by: &Device, target: &DeviceId) -> Answer {
    let url = world.endpoints().device_grade.unwrap();
    let device = target.clone();
    by.post(world, &url, &DeviceGrade { v: V1, device }).await
}

async fn remove(world: &World, by: &Device, target: &DeviceId) -> Answer {
    let request = DeviceRemove {
        v: V1,
        device: target.clone(),
        reason: RemovalReason::NotUsed,
    };
    let url = world.endpoints().device_remove.unwrap();
    by.post(world, &url, &request).await
}

async fn list(world: &World, device: &Device) -> DeviceList {
    let url = world.endpoints().devices.unwrap();
    device
        .post(world, &url, &ManagementRequest { v: V1 })
        .await
        .json()
}

/// From when each listed device may manage others, the asking one first.
async fn waits(world: &World, device: &Device) -> Vec<Option<UnixTime>> {
    let listed = list(world, device).await;
    assert_eq!(listed.may_manage_from, listed.devices[0].may_manage_from);
    listed
        .devices
        .iter()
        .map(|one| one.may_manage_from)
        .collect()
}

fn request_in(answer: &Answer) -> ConsentRequestId {
    let answer: ManagementAnswer = answer.json();
    answer.request.expect("something to decide")
}

async fn asked_to_grade(world: &World, by: &Device, target: &Device) -> (String, Prompt) {
    let request = request_in(&grade(world, by, &target.id()).await);
    by.prompt(world, &request).await
}

async fn graded(world: &World, by: &Device, target: &Device) {
    let prompt = asked_to_grade(world, by, target).await;
    let approval = by.sign(&prompt, Device::approve(None));
    let decided = by.decide(world, &approval).await;
    assert_eq!(decided.status, StatusCode::OK, "{}", decided.text());
}

/// Attack: somebody is talked into adding a stranger's device, which then takes the account over at once.
#[tokio::test]
async fn a_device_that_another_confirmed_waits_a_day_before_it_manages_others() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let phone = added(&world, &desk, "Phone", false).await;
    let from = world.app.now().plus(86_400);
    assert_eq!(waits(&world, &phone).await, [Some(from), None]);
    assert_eq!(waits(&world, &desk).await, [None, Some(from)]);
    let add = DeviceAdd {
        v: V1,
        moving: false,
    };
    let add_url = world.endpoints().device_add.unwrap();
    world.advance(DAY - 1);
    for refused in [
        remove(&world, &phone, &desk.id()).await,
        phone.post(&world, &add_url, &add).await,
        grade(&world, &phone, &desk.id()).await,
    ] {
        // Grading the other one fails for a second reason, which is found first.
        if refused.code() != "not_found" {
            assert_eq!(refused.code(), "not_yet");
            assert_eq!(refused.problem().not_before, Some(from));
        }
    }
    // What is about itself waits for nothing.
    let url = world.endpoints().test.unwrap();
    request_in(&phone.post(&world, &url, &ManagementRequest { v: V1 }).await);
    assert!(stored(&world, &desk).await.is_active());
    world.advance(1);
    assert_eq!(waits(&world, &phone).await, [None, None]);
    request_in(&remove(&world, &phone, &desk.id()).await);
}

#[tokio::test]
async fn a_device_that_was_moved_to_may_do_what_the_old_one_was_allowed() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let tablet = added(&world, &desk, "Tablet", false).await;
    let phone = added(&world, &desk, "Phone", true).await;
    // Since when the old one waited, which is over.
    assert_eq!(stored(&world, &phone).await.waits_since, Some(START));
    assert_eq!(waits(&world, &phone).await[0], None);
    request_in(&remove(&world, &phone, &tablet.id()).await);
    // A chain of moves is no way round the wait of a device that was added.
    world.advance(DAY);
    let added_later = added(&world, &phone, "Laptop", false).await;
    assert!(stored(&world, &added_later).await.waits_since.is_some());
    let refused = approved_or_code(&world, &added_later).await;
    assert_eq!(refused, "not_yet");
}

/// What a device that asks to move gets.
async fn approved_or_code(world: &World, device: &Device) -> String {
    let url = world.endpoints().device_add.unwrap();
    let request = DeviceAdd {
        v: V1,
        moving: true,
    };
    device.post(world, &url, &request).await.code()
}

/// The order of commits counts, not that of seconds.
#[tokio::test]
async fn whoever_comes_in_the_second_in_which_the_last_device_ended_is_the_first() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let removed = remove(&world, &desk, &desk.id()).await;
    assert_eq!(removed.status, StatusCode::OK);
    let tablet = world.pair("Tablet").await;
    let from = world.app.now().plus(86_400);
    assert_eq!(waits(&world, &tablet).await, [Some(from)]);
    let phone = world.pair("Phone").await;
    assert_eq!(stored(&world, &phone).await.waits_since, None);
}

#[tokio::test]
async fn a_device_is_graded_in_the_commit_of_an_approval_and_the_others_are_told() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let tablet = world.pair("Tablet").await;
    let phone = added(&world, &desk, "Phone", false).await;
    let unknown = DeviceId::parse("no-such-device").unwrap();
    for pointless in [&unknown, &desk.id(), &tablet.id()] {
        let refused = grade(&world, &desk, pointless).await;
        assert_eq!(refused.code(), "not_found", "{pointless}");
    }
    // Who waits grades nobody, also not itself.
    assert_eq!(grade(&world, &phone, &phone.id()).await.code(), "not_found");
    let (jws, prompt) = asked_to_grade(&world, &desk, &phone).await;
    assert_eq!(prompt.kind, PromptKind::DeviceGrade);
    let subject = prompt.device.clone().unwrap();
    assert_eq!(subject.id, Some(phone.id()));
    assert_eq!(subject.name.as_deref(), Some("Phone"));
    assert_eq!(subject.platform.as_deref(), Some("linux, test/1"));
    assert_eq!(subject.paired_at, Some(START.plus(86_400)));
    assert!(prompt.deny_only_reasons(KeyKind::SoftwarePin).is_empty());
    assert!(stored(&world, &phone).await.waits_since.is_some(), "asked");
    let approval = desk.sign(&(jws, prompt), Device::approve(None));
    let decided = desk.decide(&world, &approval).await;
    assert_eq!(decided.status, StatusCode::OK, "{}", decided.text());
    assert_eq!(waits(&world, &phone).await, [None, None, None]);
    let told = (NoticeKind::DeviceGraded, "Phone".to_owned());
    assert!(notices(&world, &tablet).await.contains(&told));
    for device in [&desk, &phone] {
        assert!(!notices(&world, device).await.contains(&told));
    }
    // Once is enough.
    let again = grade(&world, &desk, &phone.id()).await;
    assert_eq!(again.code(), "not_found");
    request_in(&remove(&world, &phone, &desk.id()).await);
}

#[tokio::test]
async fn a_first_device_can_be_graded_by_one_that_came_beside_it() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    let phone = world.pair("Phone").await;
    assert_eq!(
        waits(&world, &phone).await,
        [None, Some(START.plus(86_400))]
    );
    graded(&world, &phone, &desk).await;
    assert_eq!(waits(&world, &desk).await, [None, None]);
}

#[tokio::test]
async fn a_denied_grading_changes_nothing_and_one_of_a_device_that_ended_does_nothing() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let phone = added(&world, &desk, "Phone", false).await;
    let prompt = asked_to_grade(&world, &desk, &phone).await;
    let denial = desk.sign(&prompt, Device::deny(DenyReason::ChangedMind));
    assert_eq!(desk.decide(&world, &denial).await.status, StatusCode::OK);
    assert!(stored(&world, &phone).await.waits_since.is_some());
    let prompt = asked_to_grade(&world, &desk, &phone).await;
    let revoke = RevokeDevice {
        device: phone.id(),
        now: world.app.now(),
    };
    world.app.store.apply(revoke).await.unwrap();
    let approval = desk.sign(&prompt, Device::approve(None));
    assert_eq!(desk.decide(&world, &approval).await.status, StatusCode::OK);
    let stored = stored(&world, &phone).await;
    assert!(!stored.is_active() && stored.waits_since.is_some());
    let told = notices(&world, &desk).await;
    assert!(
        told.iter()
            .all(|(what, _)| *what != NoticeKind::DeviceGraded)
    );
}

/// An approval with everything as it should be but the key.
fn forge(by: &Device, prompt: &(String, Prompt)) -> DecisionRequest {
    let mut detail = by.sign(prompt, Device::approve(None)).detail;
    detail.credential = by.possession.thumbprint();
    by.assert(detail, CredentialRole::Possession, &by.possession)
}

/// Attack: whoever has a device without its PIN lets another one do what it likes.
#[tokio::test]
async fn a_possession_key_alone_grades_no_device() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let phone = added(&world, &desk, "Phone", false).await;
    let prompt = asked_to_grade(&world, &desk, &phone).await;
    let refused = desk.decide(&world, &forge(&desk, &prompt)).await;
    assert_eq!(refused.code(), "assertion_invalid");
    let foreign = phone.sign(&prompt, Device::approve(None));
    assert_eq!(phone.decide(&world, &foreign).await.code(), "not_found");
    assert!(stored(&world, &phone).await.waits_since.is_some());
}

/// Property (section 4.6): whatever is proved by possession keys, in whatever order, approval keys and grades stay what they are.
#[tokio::test]
async fn no_sequence_of_possession_proofs_changes_an_approval_key_or_a_grade() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let phone = added(&world, &desk, "Phone", false).await;
    let before = [
        stored(&world, &desk).await.registration,
        stored(&world, &phone).await.registration,
    ];
    let grades = [
        stored(&world, &desk).await.waits_since,
        stored(&world, &phone).await.waits_since,
    ];
    let endpoints = world.endpoints();
    let decide = async |by: &Device, number: u64| {
        let pending = by.pending(&world).await.prompts;
        for one in pending {
            let claims = one.prompt.split('.').nth(1).unwrap();
            let bytes = tegata_protocol::bytes::decode_b64u(claims).unwrap();
            let prompt: Prompt = serde_json::from_slice(&bytes).unwrap();
            let known = (one.prompt, prompt);
            let decision = if number.is_multiple_of(2) {
                forge(by, &known)
            } else {
                let reason = if number.is_multiple_of(3) {
                    DenyReason::NotMe
                } else {
                    DenyReason::ChangedMind
                };
                by.sign(&known, Decision::Deny { reason })
            };
            by.decide(&world, &decision).await;
        }
    };
    // Drawn by a generator that starts at the same number each time, so that what fails once fails again.
    let mut state = 1_u64;
    for _ in 0..160 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let (by, other) = if state >> 63 == 0 {
            (&desk, &phone)
        } else {
            (&phone, &desk)
        };
        match (state >> 40) % 6 {
            0 => {
                grade(&world, by, &other.id()).await;
            }
            1 => {
                let new = super::keys::Replacement::of(&world, by);
                super::keys::post(&world, by, &new).await;
            }
            2 => {
                remove(&world, by, &other.id()).await;
            }
            3 => {
                let url = endpoints.device_add.clone().unwrap();
                let add = DeviceAdd {
                    v: V1,
                    moving: true,
                };
                by.post(&world, &url, &add).await;
            }
            4 => {
                by.post(&world, &endpoints.confirm, &Device::confirm_request(0))
                    .await;
            }
            _ => decide(by, state >> 50).await,
        }
        world.advance(state >> 58);
    }
    for (index, device) in [&desk, &phone].into_iter().enumerate() {
        let now = stored(&world, device).await;
        assert_eq!(now.registration, before[index]);
        assert_eq!(now.waits_since, grades[index]);
        assert!(now.is_active());
    }
}
