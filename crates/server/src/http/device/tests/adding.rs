//! Adding a device by another, and moving to one.

use super::fixture::{Answer, Device, World};
use crate::{
    domain::{BackchannelAuthenticationState as S, Grade, PairedDevice, Transfer},
    http::device::pairing::{canonical_digits, confirm_digits},
    storage::ops::{ConfirmPairingOutcome, RevokeDevice},
};
use axum::http::StatusCode;
use tegata_protocol::{
    ConsentRequestId, Sha256Digest,
    device::{
        V1,
        decision::{DecisionRequest, DenyReason},
        delivery::{KnownRequest, RequestReference},
        invitation::{InvitationCode, parse_invitation},
        management::{
            AddingState, DeviceAdd, DeviceConfirm, DeviceRemove, Invitation, InvitationRequest,
            ManagementAnswer, NoticeKind, RemovalReason,
        },
        pairing::{ConfirmResponse, ConfirmedBy, PairingReceipt, PairingResponse, RedeemResponse},
        problem::CloseReason,
        prompt::PromptKind,
        receipt::evidence_hash,
        typ,
    },
    jws,
};

const DAY: u64 = 86_400;

/// A device that may manage others.
pub(super) async fn desk(world: &World) -> Device {
    let desk = world.pair("Desk").await;
    world.advance(DAY);
    desk
}

async fn ask(world: &World, device: &Device, moving: bool) -> Answer {
    let url = world.endpoints().device_add.unwrap();
    device.post(world, &url, &DeviceAdd { v: V1, moving }).await
}

pub(super) async fn asked(world: &World, device: &Device, moving: bool) -> ConsentRequestId {
    let answer: ManagementAnswer = ask(world, device, moving).await.json();
    answer.request.unwrap()
}

async fn approval(world: &World, device: &Device, request: &ConsentRequestId) -> DecisionRequest {
    let prompt = device.prompt(world, request).await;
    device.sign(&prompt, Device::approve(None))
}

/// An addition that the device has asked for and approved.
pub(super) async fn approved(world: &World, device: &Device, moving: bool) -> ConsentRequestId {
    let request = asked(world, device, moving).await;
    let approval = approval(world, device, &request).await;
    assert_eq!(device.decide(world, &approval).await.status, StatusCode::OK);
    request
}

pub(super) async fn take(world: &World, device: &Device, request: &ConsentRequestId) -> Answer {
    let kept = request.clone();
    let evidence = world.app.store.read(move |reader| reader.evidence(&kept));
    let evidence = evidence.await.unwrap();
    let receipt = evidence.first().map_or(Sha256Digest([0; 32]), |record| {
        evidence_hash(&record.receipt)
    });
    take_with(world, device, request, receipt).await
}

async fn take_with(
    world: &World,
    device: &Device,
    request: &ConsentRequestId,
    receipt: Sha256Digest,
) -> Answer {
    let url = world.endpoints().device_invitation.unwrap();
    let request = InvitationRequest {
        v: V1,
        request: request.clone(),
        receipt,
    };
    device.post(world, &url, &request).await
}

pub(super) async fn confirm(
    world: &World,
    device: &Device,
    request: &ConsentRequestId,
    digits: Option<&str>,
    known: Option<&str>,
) -> Answer {
    let url = world.endpoints().device_confirm.unwrap();
    let confirm = DeviceConfirm {
        v: V1,
        request: request.clone(),
        digits: digits.map(str::to_owned),
        known: known.map(str::to_owned),
    };
    device.post(world, &url, &confirm).await
}

async fn state(world: &World, device: &Device, request: &ConsentRequestId) -> AddingState {
    confirm(world, device, request, None, None).await.json()
}

fn code_of(invitation: &Invitation) -> InvitationCode {
    InvitationCode::parse(&invitation.code).unwrap()
}

/// A device that used the invitation and shows digits.
pub(super) async fn join(world: &World, invitation: &Invitation, name: &str) -> Device {
    let code = code_of(invitation);
    let offer: RedeemResponse = world.redeem(&code).await.json();
    let mut device = Device::new(name, &offer.offer);
    let answer = world
        .post(&world.endpoints().pairings, &device.registrations())
        .await;
    device.read_reveal(world, &code, &answer.json::<PairingResponse>().reveal);
    device
}

pub(super) async fn stored(world: &World, device: &Device) -> PairedDevice {
    let id = device.id();
    let found = world.app.store.read(move |reader| reader.device(&id)).await;
    found.unwrap().unwrap()
}

pub(super) async fn notices(world: &World, device: &Device) -> Vec<(NoticeKind, String)> {
    let told = device.pending(world).await.notices;
    told.into_iter()
        .map(|notice| (notice.what, notice.device_name))
        .collect()
}

#[tokio::test]
async fn a_device_adds_another_with_an_approval_and_the_digits() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let tablet = world.pair("Tablet").await;
    let request = asked(&world, &desk, false).await;
    assert!(tablet.pending(&world).await.prompts.is_empty());
    let prompt = desk.prompt(&world, &request).await;
    assert_eq!(prompt.1.kind, PromptKind::DeviceAdd);
    assert!(!prompt.1.device.as_ref().unwrap().moving);
    let early = take(&world, &desk, &request).await;
    assert_eq!(early.code(), "not_found", "nothing is approved");
    let approval = desk.sign(&prompt, Device::approve(None));
    desk.decide(&world, &approval).await;
    let none = confirm(&world, &desk, &request, None, None).await;
    assert_eq!(none.code(), "not_found", "no invitation was taken");
    let invitation: Invitation = take(&world, &desk, &request).await.json();
    assert_eq!(invitation.expires_in, 300);
    parse_invitation(&invitation.link).unwrap();
    assert_eq!(state(&world, &desk, &request).await, AddingState::Invited);
    let offer: RedeemResponse = world.redeem(&code_of(&invitation)).await.json();
    assert_eq!(state(&world, &desk, &request).await, AddingState::Used);
    let early = confirm(&world, &desk, &request, Some("123456"), None).await;
    assert_eq!(early.json::<AddingState>(), AddingState::Used, "no try");
    let mut phone = Device::new("Phone", &offer.offer);
    let answer = world
        .post(&world.endpoints().pairings, &phone.registrations())
        .await;
    let reveal = answer.json::<PairingResponse>().reveal;
    phone.read_reveal(&world, &code_of(&invitation), &reveal);
    let registered = |tries_left| AddingState::Registered {
        device_name: "Phone".to_owned(),
        tries_left,
    };
    assert_eq!(state(&world, &desk, &request).await, registered(3));
    let typed = confirm(&world, &desk, &request, Some("12345"), None).await;
    assert_eq!(typed.code(), "malformed_request", "costs no try");
    let wrong = if phone.digits() == "000000" {
        "000001"
    } else {
        "000000"
    };
    let typed = confirm(&world, &desk, &request, Some(wrong), None).await;
    assert_eq!(typed.json::<AddingState>(), registered(2));
    let digits = format!(" {} ", phone.digits());
    let typed = confirm(&world, &desk, &request, Some(&digits), None).await;
    let device_name = "Phone".to_owned();
    let confirmed = AddingState::Confirmed { device_name };
    assert_eq!(typed.json::<AddingState>(), confirmed);
    assert_eq!(state(&world, &desk, &request).await, confirmed);
    // Graded as what confirmed it, and told in its receipt and to the others.
    assert_eq!(stored(&world, &phone).await.grade, Grade::Device);
    let answer: ConfirmResponse = phone
        .post(
            &world,
            &world.endpoints().confirm,
            &Device::confirm_request(0),
        )
        .await
        .json();
    let ConfirmResponse::Confirmed { receipt } = answer else {
        panic!("{answer:?}");
    };
    let keys = [*world.app.keys.receipt.public()];
    let receipt: PairingReceipt = jws::verify(&receipt, typ::PAIRING_RECEIPT, 8192, &keys).unwrap();
    assert_eq!(receipt.confirmed_by, ConfirmedBy::Device);
    let added = [(NoticeKind::DeviceAdded, "Phone".to_owned())];
    assert_eq!(notices(&world, &tablet).await, added);
    let told = notices(&world, &desk).await;
    assert!(!told.contains(&added[0]), "it did it itself: {told:?}");
    assert!(stored(&world, &desk).await.is_active());
}

/// Attack: the invitation is taken a second time, by whoever else could.
#[tokio::test]
async fn an_approved_addition_is_good_for_one_invitation() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let tablet = world.pair("Tablet").await;
    let request = approved(&world, &desk, false).await;
    let foreign = take(&world, &tablet, &request).await;
    assert_eq!(foreign.code(), "not_found");
    take(&world, &desk, &request).await.json::<Invitation>();
    let again = take(&world, &desk, &request).await;
    assert_eq!(again.code(), "invitation_used");
    // At once.
    let request = approved(&world, &desk, false).await;
    let answers = tokio::join!(
        take(&world, &desk, &request),
        take(&world, &desk, &request),
        take(&world, &desk, &request),
        take(&world, &desk, &request)
    );
    let answers = [answers.0, answers.1, answers.2, answers.3];
    let won = answers.iter().filter(|one| one.status == StatusCode::OK);
    assert_eq!(won.count(), 1);
    // Late.
    let request = approved(&world, &desk, false).await;
    world.advance(121);
    let late = take(&world, &desk, &request).await;
    assert_eq!(late.code(), "invitation_expired");
}

/// Attack: the possession key alone waits for an approval and is quicker than the device that made it.
#[tokio::test]
async fn a_possession_key_alone_takes_no_invitation_after_an_approval() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let request = asked(&world, &desk, false).await;
    let approval = approval(&world, &desk, &request).await;
    let decided: serde_json::Value = desk.decide(&world, &approval).await.json();
    let guessed = take_with(&world, &desk, &request, Sha256Digest([0; 32])).await;
    assert_eq!(guessed.code(), "not_found");
    let url = world.endpoints().receipts;
    let reference = RequestReference {
        v: V1,
        request: request.clone(),
    };
    let known = desk.post(&world, &url, &reference).await.json();
    let KnownRequest::Closed { receipt, .. } = known else {
        panic!("{known:?}");
    };
    assert_eq!(receipt, None, "told to whoever approved, and nobody else");
    // Whoever approved has it by the answer, a second time too if that was lost.
    let again: serde_json::Value = desk.decide(&world, &approval).await.json();
    assert_eq!(again, decided);
    let receipt = decided["receipt"].as_str().unwrap();
    let taken = take_with(&world, &desk, &request, evidence_hash(receipt)).await;
    assert_eq!(taken.status, StatusCode::OK);
    let known = desk.post(&world, &url, &reference).await.json();
    let KnownRequest::Closed { receipt: later, .. } = known else {
        panic!("{known:?}");
    };
    assert_eq!(
        later.as_deref(),
        Some(receipt),
        "it is good for nothing more"
    );
}

#[tokio::test]
async fn what_was_not_approved_gives_no_invitation() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let tablet = world.pair("Tablet").await;
    let request = asked(&world, &desk, false).await;
    let prompt = desk.prompt(&world, &request).await;
    let denial = desk.sign(&prompt, Device::deny(DenyReason::ChangedMind));
    assert_eq!(desk.decide(&world, &denial).await.status, StatusCode::OK);
    let denied = take(&world, &desk, &request).await;
    assert_eq!(denied.code(), "request_closed");
    let request = asked(&world, &desk, false).await;
    world.advance(120);
    let expired = take(&world, &desk, &request).await;
    assert_eq!(expired.problem().closed, Some(CloseReason::Expired));
    // An approval of something else is no addition.
    let remove = DeviceRemove {
        v: V1,
        device: tablet.id(),
        reason: RemovalReason::NotUsed,
    };
    let url = world.endpoints().device_remove.unwrap();
    let answer: ManagementAnswer = desk.post(&world, &url, &remove).await.json();
    let request = answer.request.unwrap();
    let approval = approval(&world, &desk, &request).await;
    assert_eq!(desk.decide(&world, &approval).await.status, StatusCode::OK);
    assert_eq!(take(&world, &desk, &request).await.code(), "not_found");
}

/// Attack: digits come from a device that has not asked.
#[tokio::test]
async fn digits_count_only_from_the_device_that_asked_and_three_wrong_ones_end_it() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let tablet = world.pair("Tablet").await;
    let request = approved(&world, &desk, false).await;
    let invitation: Invitation = take(&world, &desk, &request).await.json();
    let phone = join(&world, &invitation, "Phone").await;
    for digits in [Some(phone.digits()), None] {
        let foreign = confirm(&world, &tablet, &request, digits.as_deref(), None).await;
        assert_eq!(foreign.code(), "not_found");
    }
    let wrong = if phone.digits() == "000000" {
        "000001"
    } else {
        "000000"
    };
    for _ in 0..3 {
        confirm(&world, &desk, &request, Some(wrong), None).await;
    }
    let ended = AddingState::Ended { failed: true };
    assert_eq!(state(&world, &desk, &request).await, ended);
    let right = confirm(&world, &desk, &request, Some(&phone.digits()), None).await;
    assert_eq!(right.json::<AddingState>(), ended, "for good");
}

#[tokio::test]
async fn an_invitation_that_nobody_used_ends_by_itself() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let request = approved(&world, &desk, false).await;
    let invitation: Invitation = take(&world, &desk, &request).await.json();
    world.advance(300);
    let ended = AddingState::Ended { failed: false };
    assert_eq!(state(&world, &desk, &request).await, ended);
    let late = world.redeem(&code_of(&invitation)).await;
    assert_eq!(late.code(), "invitation_expired");
}

#[tokio::test]
async fn a_question_is_held_until_something_changes() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let request = approved(&world, &desk, false).await;
    let invitation: Invitation = take(&world, &desk, &request).await.json();
    // A first answer for the nonce, so that the held request is the one below.
    state(&world, &desk, &request).await;
    let held = confirm(&world, &desk, &request, None, Some("invited"));
    let used = async {
        while world.app.delivery.gateway.pairings.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        world.redeem(&code_of(&invitation)).await
    };
    let (answer, _) = tokio::join!(held, used);
    assert_eq!(answer.json::<AddingState>(), AddingState::Used);
    let other = confirm(&world, &desk, &request, None, Some("invited")).await;
    assert_eq!(other.json::<AddingState>(), AddingState::Used, "at once");
}

#[tokio::test]
async fn a_move_ends_the_old_device_and_starts_the_new_one_in_one_commit() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let tablet = world.pair("Tablet").await;
    let request = asked(&world, &desk, true).await;
    let prompt = desk.prompt(&world, &request).await;
    assert!(prompt.1.device.as_ref().unwrap().moving);
    let approval = desk.sign(&prompt, Device::approve(None));
    desk.decide(&world, &approval).await;
    let invitation: Invitation = take(&world, &desk, &request).await.json();
    let phone = join(&world, &invitation, "Phone").await;
    let (pending, ids) = world.ask_with(Transfer::None, &[]).await;
    let late = desk.prompt(&world, &pending).await;
    let on_tablet = tablet.prompt(&world, &pending).await;
    assert!(stored(&world, &desk).await.is_active(), "not before");
    let digits = phone.digits();
    // Two posts of the right digits at once: one commit.
    let (one, other) = tokio::join!(
        confirm(&world, &desk, &request, Some(&digits), None),
        confirm(&world, &desk, &request, Some(&digits), None)
    );
    let confirmed = AddingState::Confirmed {
        device_name: "Phone".to_owned(),
    };
    for answer in [one, other] {
        if answer.status == StatusCode::OK {
            assert_eq!(answer.json::<AddingState>(), confirmed);
        } else {
            assert_eq!(answer.code(), "device_revoked");
        }
    }
    let (old, new) = (stored(&world, &desk).await, stored(&world, &phone).await);
    assert!(!old.is_active() && new.is_active());
    // What was pending at the old one is closed, and no longer its own.
    let decision = desk.sign(&late, Device::approve(None));
    let refused = desk.decide(&world, &decision).await;
    assert_eq!(refused.code(), "device_revoked");
    let closed = tablet.pending(&world).await.closed;
    let moved = closed.iter().find(|one| one.request == pending).unwrap();
    assert_eq!(moved.how, CloseReason::Moved);
    let decision = tablet.sign(&on_tablet, Device::approve(None));
    let refused = tablet.decide(&world, &decision).await;
    assert_eq!(refused.problem().closed, Some(CloseReason::Moved));
    let id = ids.auth_req_id.clone();
    let flow = world
        .app
        .store
        .read(move |reader| reader.backchannel_authentication(&id))
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(flow.state, S::Withdrawn { moved: true, .. }));
    assert_eq!(
        notices(&world, &tablet).await,
        [
            (NoticeKind::DeviceAdded, "Phone".to_owned()),
            (NoticeKind::DeviceRemoved, "Desk".to_owned())
        ]
    );
    assert_eq!(notices(&world, &phone).await, [], "it is what is new");
    // It came beside the old one, and need not wait as a first device does.
    asked(&world, &phone, false).await;
    let next = world.ask().await;
    phone.prompt(&world, &next).await;
}

/// Attack: a device that is removed goes on with what it had begun.
#[tokio::test]
async fn with_the_device_that_asked_ends_what_it_began() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let tablet = world.pair("Tablet").await;
    let request = approved(&world, &desk, false).await;
    let begun = approved(&world, &desk, false).await;
    let invitation: Invitation = take(&world, &desk, &request).await.json();
    let phone = join(&world, &invitation, "Phone").await;
    let unused = approved(&world, &desk, false).await;
    let unused: Invitation = take(&world, &desk, &unused).await.json();
    let remove = DeviceRemove {
        v: V1,
        device: desk.id(),
        reason: RemovalReason::Lost,
    };
    let url = world.endpoints().device_remove.unwrap();
    let answer: ManagementAnswer = tablet.post(&world, &url, &remove).await.json();
    let removal = answer.request.unwrap();
    let removal = approval(&world, &tablet, &removal).await;
    assert_eq!(tablet.decide(&world, &removal).await.status, StatusCode::OK);
    for request in [&request, &begun] {
        assert_eq!(take(&world, &desk, request).await.code(), "device_revoked");
    }
    let typed = confirm(&world, &desk, &request, Some(&phone.digits()), None).await;
    assert_eq!(typed.code(), "device_revoked");
    let late = world.redeem(&code_of(&unused)).await;
    assert_eq!(late.code(), "invitation_expired");
    let over = phone
        .post(
            &world,
            &world.endpoints().confirm,
            &Device::confirm_request(0),
        )
        .await;
    assert_eq!(over.code(), "confirmation_failed");
}

/// Attack: steps that were under way when the device was revoked, and are committed after that.
#[tokio::test]
async fn a_revoked_device_confirms_nothing_even_with_its_digits_under_way() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let request = approved(&world, &desk, false).await;
    let invitation: Invitation = take(&world, &desk, &request).await.json();
    let (app, asked, id) = (&world.app, request.clone(), desk.id());
    let now = app.now();
    let adding = app
        .store
        .read(move |reader| reader.adding(&asked, &id, now))
        .await;
    let session = adding.unwrap().unwrap().session;
    // For the requests that follow it is still the second before.
    let revoke = RevokeDevice {
        device: desk.id(),
        now: now.plus(1),
    };
    app.store.apply(revoke).await.unwrap();
    let phone = join(&world, &invitation, "Phone").await;
    let digits = canonical_digits(&phone.digits()).unwrap();
    let outcome = confirm_digits(app, session, &digits).await.unwrap();
    assert_eq!(outcome, ConfirmPairingOutcome::Failed);
}

#[tokio::test]
async fn not_me_about_an_addition_ends_it() {
    let world = World::new().await;
    let desk = desk(&world).await;
    let tablet = world.pair("Tablet").await;
    let request = asked(&world, &desk, false).await;
    let prompt = desk.prompt(&world, &request).await;
    let approval = desk.sign(&prompt, Device::approve(None));
    desk.decide(&world, &approval).await;
    let invitation: Invitation = take(&world, &desk, &request).await.json();
    let phone = join(&world, &invitation, "Phone").await;
    let report = desk.sign(&prompt, Device::deny(DenyReason::NotMe));
    assert_eq!(desk.decide(&world, &report).await.status, StatusCode::OK);
    let typed = confirm(&world, &desk, &request, Some(&phone.digits()), None).await;
    let ended = AddingState::Ended { failed: false };
    assert_eq!(typed.json::<AddingState>(), ended);
    assert_eq!(
        notices(&world, &tablet).await,
        [(NoticeKind::Reported, "Desk".to_owned())]
    );
}

#[tokio::test]
async fn a_first_device_adds_none_before_its_day_is_over() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    for moving in [false, true] {
        let refused = ask(&world, &desk, moving).await;
        assert_eq!(refused.code(), "not_yet");
    }
}
