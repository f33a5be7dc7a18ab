//! A device that manages devices, grants and its key, against the real server: added, moved to, graded, removed, taken back,
//! tested, reported, its approval key replaced.

use serde_json::json;
use std::{path::Path, time::Duration};
use tegata_device::{
    Device, Health, Pin, RequestKey, RequestState,
    error::DecideError,
    history::HistoryEvent,
    management::{Adding, AddingPhase, ManagementError, Removal},
    self_test::{SelfTestCheck, SelfTestDetail, SelfTestOptions, SelfTestOutcome},
};
use tegata_protocol::{
    PublicKey,
    device::{
        decision::DenyReason,
        evidence::{EvidenceFinding, verify_evidence},
        management::{NoticeKind, RemovalReason},
        prompt::PromptKind,
    },
};
use tegata_tests::{
    in_process::{CLIENT, PIN, TestDevice, World, now},
    programs,
};

/// From when an account's first device manages others.
const DAY: u64 = 86_400;

async fn phase(adding: &Adding, wanted: fn(&AddingPhase) -> bool) -> AddingPhase {
    let mut phases = adding.phases();
    let found = tokio::time::timeout(Duration::from_secs(30), phases.wait_for(wanted)).await;
    found.expect("the phase comes in time").unwrap().clone()
}

/// The one request that waits at a device, approved by its person.
async fn approve(device: &TestDevice) {
    let key = device.only_request().await.unwrap();
    let person = TestDevice::person();
    device.device.approve(&key, None, &person).await.unwrap();
}

/// A device added by another one, up to the digits being typed there.
async fn add(world: &World, from: &TestDevice, moving: bool) -> (TestDevice, AddingPhase) {
    let adding = from
        .device
        .add_device(from.account(), moving)
        .await
        .unwrap();
    approve(from).await;
    let invited = phase(&adding, |phase| matches!(phase, AddingPhase::Invitation(_))).await;
    let AddingPhase::Invitation(invitation) = invited else {
        panic!("{invited:?}");
    };
    let mut new = world.device().unwrap();
    // EXPOSE: the other device reads it from the screen.
    let registered = new.register(invitation.link.expose()).await.unwrap();
    phase(&adding, |phase| matches!(phase, AddingPhase::Digits { .. })).await;
    let wrong = if registered.digits() == "000000" {
        "000001"
    } else {
        "000000"
    };
    let refused = adding.confirm(wrong).await.unwrap();
    assert!(
        matches!(
            refused,
            AddingPhase::Digits {
                tries_left: Some(2),
                ..
            }
        ),
        "{refused:?}"
    );
    let digits = registered.digits().to_owned();
    let done = adding.confirm(&digits).await.unwrap();
    new.account = Some(registered.confirmed().await.unwrap().id);
    (new, done)
}

/// What a device was told of others, oldest first.
async fn told(device: &TestDevice) -> Vec<(NoticeKind, String)> {
    device.refresh().await.unwrap();
    let mut entries = device.device.history(100).await.unwrap();
    entries.reverse();
    let notices = entries.into_iter().filter_map(|entry| match entry.event {
        HistoryEvent::Device { what, device_name } => Some((what, device_name)),
        _ => None,
    });
    notices.collect()
}

async fn names(device: &Device, account: &tegata_device::LocalAccountId) -> Vec<String> {
    let listed = device.devices(account).await.unwrap();
    listed.devices.into_iter().map(|one| one.name).collect()
}

#[tokio::test]
async fn a_second_device_is_added_by_the_first_after_a_day_and_removed_when_it_is_lost() {
    let world = World::start().await.unwrap();
    let first = world.paired_device("hanako").await.unwrap();
    let early = first.device.add_device(first.account(), false).await;
    let from = now(&world).plus(86_400);
    assert!(matches!(early, Err(ManagementError::NotYet { from: at }) if at == from));
    world.advance(DAY);
    let (second, done) = add(&world, &first, false).await;
    assert!(
        matches!(done, AddingPhase::Done { moved: false, .. }),
        "{done:?}"
    );
    let account = first.account();
    let renamed = second.device.rename_device(second.account(), "Phone").await;
    assert_eq!(renamed.unwrap().devices[0].name, "Phone");
    assert_eq!(names(&first.device, account).await, ["Laptop 0", "Phone"]);

    // The second one is lost: the first one says so, and approves.
    let listed = first.device.devices(account).await.unwrap();
    let lost = listed.devices.last().unwrap().id.clone();
    let asked = first
        .device
        .remove_device(account, &lost, RemovalReason::Lost)
        .await;
    let Removal::Approve(request) = asked.unwrap() else {
        panic!("another device is not removed at once");
    };
    first.refresh().await.unwrap();
    let prompt = first.device.request(&request).unwrap().prompt;
    let subject = prompt.device.clone().unwrap();
    assert_eq!(subject.name.as_deref(), Some("Phone"));
    assert!(subject.lost);
    approve(&first).await;
    assert_eq!(names(&first.device, account).await, ["Laptop 0"]);
    assert!(second.refresh().await.is_err());
    let health = second.device.accounts()[0].health;
    assert_eq!(health, Health::DeviceRevoked);
}

#[tokio::test]
async fn a_third_device_is_told_of_what_the_others_do() {
    let world = World::start().await.unwrap();
    let first = world.paired_device("hanako").await.unwrap();
    world.advance(DAY);
    let (second, _) = add(&world, &first, false).await;
    let (third, _) = add(&world, &first, false).await;
    assert_eq!(
        told(&second).await,
        [(NoticeKind::DeviceAdded, "Laptop 2".to_owned())]
    );
    let own = third
        .device
        .devices(third.account())
        .await
        .unwrap()
        .this_device;
    let gone = third
        .device
        .remove_device(third.account(), &own, RemovalReason::NotUsed)
        .await
        .unwrap();
    assert_eq!(gone, Removal::Done);
    assert_eq!(third.device.accounts()[0].health, Health::DeviceRevoked);
    let removed = (NoticeKind::DeviceRemoved, "Laptop 2".to_owned());
    assert_eq!(told(&second).await.last(), Some(&removed));
    assert_eq!(told(&first).await.last(), Some(&removed));
}

#[tokio::test]
async fn a_move_leaves_the_new_device_and_a_history_without_keys() {
    let world = World::start().await.unwrap();
    let old = world.paired_device("hanako").await.unwrap();
    world.advance(DAY);
    let (new, done) = add(&world, &old, true).await;
    assert!(
        matches!(done, AddingPhase::Done { moved: true, .. }),
        "{done:?}"
    );
    assert_eq!(old.device.accounts()[0].health, Health::DeviceRevoked);
    let asked = world.ask(&[]).await.unwrap();
    let key = new.only_request().await.unwrap();
    let code = asked.transfer_code.as_deref();
    let person = TestDevice::person();
    new.device.approve(&key, code, &person).await.unwrap();
    assert_eq!(world.token(&asked).await.unwrap().0, 200);
    // Also after a restart there is nothing to sign with, and everything to read.
    let old = old.restarted().unwrap();
    let history = old.device.history(10).await.unwrap();
    assert!(history.len() >= 2, "{history:?}");
    assert!(old.refresh().await.is_err());
    assert_eq!(old.device.accounts()[0].health, Health::DeviceRevoked);
}

#[tokio::test]
async fn a_grant_that_is_taken_back_ends_its_tokens() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let asked = world.ask(&[]).await.unwrap();
    let key = device.only_request().await.unwrap();
    let code = asked.transfer_code.as_deref();
    let person = TestDevice::person();
    device.device.approve(&key, code, &person).await.unwrap();
    assert_eq!(device.device.check(&key).await.unwrap(), Some(false));
    let (status, tokens) = world.token(&asked).await.unwrap();
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(device.device.check(&key).await.unwrap(), Some(true));
    let token = tokens["access_token"].as_str().unwrap();
    let active = || async {
        let answer = world
            .post_as(CLIENT, "/introspect", &[("token", token)])
            .await;
        answer.unwrap().ok_json().unwrap()["active"].clone()
    };
    assert_eq!(active().await, json!(true));
    let grants = device.device.consents(device.account()).await.unwrap();
    assert_eq!(grants.len(), 1);
    assert_eq!(grants[0].client.id.as_str(), CLIENT);
    let left = device
        .device
        .revoke_consent(device.account(), &grants[0].id)
        .await
        .unwrap();
    assert!(left.is_empty());
    assert_eq!(active().await, json!(false));
}

#[tokio::test]
async fn a_self_test_goes_there_and_back_over_the_socket() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    device.device.connect();
    let test = device.device.self_test(SelfTestOptions::default());
    let mut states = test.states();
    let waits = states.wait_for(|state| {
        let mut lines = state.lines.iter();
        lines.any(|line| matches!(line.outcome, SelfTestOutcome::Answer(_)))
    });
    let state = tokio::time::timeout(Duration::from_secs(30), waits).await;
    let state = state.expect("the test request arrives").unwrap().clone();
    let key = state.lines.iter().find_map(|line| match &line.outcome {
        SelfTestOutcome::Answer(key) => Some(key.clone()),
        _ => None,
    });
    let person = TestDevice::person();
    let answered = device.device.approve(&key.unwrap(), None, &person).await;
    assert!(matches!(
        answered.unwrap().state,
        RequestState::Approved { .. }
    ));
    let ended = states.wait_for(|state| !state.running);
    let ended = tokio::time::timeout(Duration::from_secs(30), ended).await;
    let ended = ended.expect("the self-test ends").unwrap().clone();
    for line in &ended.lines {
        assert!(matches!(line.outcome, SelfTestOutcome::Good(_)), "{line:?}");
        if line.check == SelfTestCheck::Clock {
            let together = SelfTestOutcome::Good(SelfTestDetail::Apart(0));
            assert_eq!(line.outcome, together);
        }
    }
    assert!(!ended.report.contains("hanako") && !ended.report.contains("localhost"));
}

#[tokio::test]
async fn not_me_after_an_approval_tells_the_other_device() {
    let world = World::start().await.unwrap();
    let first = world.paired_device("hanako").await.unwrap();
    world.advance(DAY);
    let (second, _) = add(&world, &first, false).await;
    let asked = world.ask(&[]).await.unwrap();
    let key = first.only_request().await.unwrap();
    second.refresh().await.unwrap();
    let code = asked.transfer_code.as_deref();
    let person = TestDevice::person();
    first.device.approve(&key, code, &person).await.unwrap();
    let reported = first.device.deny(&key, DenyReason::NotMe).await.unwrap();
    assert!(matches!(reported.state, RequestState::Reported { .. }));
    assert_ne!(world.token(&asked).await.unwrap().0, 200);
    let before = second.device.changes().borrow().notices;
    let notice = (NoticeKind::Reported, "Laptop 0".to_owned());
    assert_eq!(told(&second).await, [notice]);
    assert_eq!(second.device.changes().borrow().notices, before + 1);
    let own = first.device.approve(&key, None, &person).await;
    assert!(matches!(
        own,
        Err(DecideError::RequestState(_) | DecideError::RequestClosed { .. })
    ));
}

/// One sign-in from the request to the token.
async fn sign_in(world: &World, device: &TestDevice) -> RequestKey {
    let asked = world.ask(&[]).await.unwrap();
    let key = device.only_request().await.unwrap();
    let code = asked.transfer_code.as_deref();
    let person = TestDevice::person();
    device.device.approve(&key, code, &person).await.unwrap();
    assert_eq!(world.token(&asked).await.unwrap().0, 200);
    key
}

/// The key that decided, by evidence that `tegata verify` accepts, naming the account that it belongs to.
async fn verified(device: &TestDevice, key: &RequestKey, folder: &Path) -> PublicKey {
    let evidence = device.device.evidence(key).await.unwrap();
    let trusted = device.device.accounts()[0].root;
    let report = verify_evidence(&evidence, trusted).unwrap();
    let EvidenceFinding::Decision(finding) = report.finding else {
        panic!("a decision");
    };
    assert!(finding.enrolled.unwrap().countersigned);
    let file = folder.join(format!("{}.json", key.request));
    std::fs::write(&file, serde_json::to_vec(&evidence).unwrap()).unwrap();
    let program = programs::built(programs::DEVICE).unwrap();
    let checked = programs::launch(&program)
        .arg("--data-dir")
        .arg(folder.join("nothing"))
        .arg("verify")
        .arg(&file)
        .args(["--root", &trusted.to_string()])
        .run(Duration::from_secs(30))
        .await;
    let said = checked.unwrap().ok().unwrap();
    assert!(said.contains("receipt verified"), "{said}");
    finding.key
}

#[tokio::test]
async fn a_new_approval_key_takes_the_old_ones_place_and_evidence_of_both_holds() {
    let world = World::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let first = world.paired_device("hanako").await.unwrap();
    let before = sign_in(&world, &first).await;
    world.advance(DAY);
    let (second, _) = add(&world, &first, false).await;

    let pin = Pin::typed(PIN).unwrap();
    let wrong = Pin::typed("111119").unwrap();
    let refused = first.device.replace_key(first.account(), wrong).await;
    assert!(refused.is_err());
    let replaced = first.device.replace_key(first.account(), pin.clone()).await;
    let replaced = replaced.unwrap();
    first.refresh().await.unwrap();
    let prompt = first.device.request(&replaced).unwrap().prompt;
    assert_eq!(prompt.kind, PromptKind::DeviceKey);
    approve(&first).await;

    // At once, and in a later process; then once more.
    let after = sign_in(&world, &first).await;
    let first = first.restarted().unwrap();
    sign_in(&world, &first).await;
    let old = verified(&first, &before, folder.path()).await;
    let new = verified(&first, &after, folder.path()).await;
    assert_ne!(old, new);
    assert_eq!(verified(&first, &replaced, folder.path()).await, old);
    let again = first
        .device
        .replace_key(first.account(), pin)
        .await
        .unwrap();
    approve(&first).await;
    let last = sign_in(&world, &first).await;
    assert_eq!(verified(&first, &again, folder.path()).await, new);
    assert_ne!(verified(&first, &last, folder.path()).await, new);
    assert_eq!(verified(&first, &before, folder.path()).await, old);
    let told = told(&second).await;
    let notice = (NoticeKind::KeyReplaced, "Laptop 0".to_owned());
    assert_eq!(told, [notice.clone(), notice]);
}

#[tokio::test]
async fn what_waits_while_the_key_is_replaced_is_decided_with_the_new_one() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let asked = world.ask(&[]).await.unwrap();
    let waits = device.only_request().await.unwrap();
    let pin = Pin::typed(PIN).unwrap();
    let replaced = device.device.replace_key(device.account(), pin).await;
    let replaced = replaced.unwrap();
    device.refresh().await.unwrap();
    let person = TestDevice::person();
    let done = device.device.approve(&replaced, None, &person).await;
    assert!(matches!(done.unwrap().state, RequestState::Approved { .. }));
    let code = asked.transfer_code.as_deref();
    device.device.approve(&waits, code, &person).await.unwrap();
    assert_eq!(world.token(&asked).await.unwrap().0, 200);
}

#[tokio::test]
async fn a_device_that_was_added_removes_others_only_when_it_may() {
    let world = World::start().await.unwrap();
    let first = world.paired_device("hanako").await.unwrap();
    world.advance(DAY);
    let (second, _) = add(&world, &first, false).await;
    let (third, _) = add(&world, &first, false).await;
    let listed = second.device.devices(second.account()).await.unwrap();
    let from = now(&world).plus(86_400);
    assert_eq!(listed.may_manage_from, Some(from));
    let lost = listed.devices.iter().find(|one| one.name == "Laptop 0");
    let lost = lost.unwrap().id.clone();
    let remove = || {
        let reason = RemovalReason::Lost;
        second.device.remove_device(second.account(), &lost, reason)
    };
    let early = remove().await;
    assert!(matches!(early, Err(ManagementError::NotYet { from: at }) if at == from));

    // The first device, which may, lets it.
    let listed = first.device.devices(first.account()).await.unwrap();
    assert_eq!(listed.may_manage_from, None);
    assert_eq!(listed.devices[1].may_manage_from, Some(from));
    let chosen = listed.devices[1].id.clone();
    let graded = first.device.grade_device(first.account(), &chosen).await;
    let graded = graded.unwrap();
    assert!(remove().await.is_err(), "not approved yet");
    first.refresh().await.unwrap();
    let prompt = first.device.request(&graded).unwrap().prompt;
    assert_eq!(prompt.kind, PromptKind::DeviceGrade);
    approve(&first).await;
    let notice = (NoticeKind::DeviceGraded, "Laptop 1".to_owned());
    assert_eq!(told(&third).await.last(), Some(&notice));
    let Removal::Approve(_) = remove().await.unwrap() else {
        panic!("another device is not removed at once");
    };
    approve(&second).await;
    assert!(first.refresh().await.is_err());
    assert_eq!(first.device.accounts()[0].health, Health::DeviceRevoked);
}
