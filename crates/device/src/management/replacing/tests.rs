use super::*;
use crate::{
    Health, RequestState,
    account::{AccountState, ApprovalSlot, MAX_PIN_FAILURES},
    error::DecideError,
    model::RequestSnapshot,
    ports::{HttpRequest, HttpResponse, PersonCheck, PersonCheckError, PinReason, TransportError},
    test_server::{PIN, Paired, person},
};
use futures_util::future::BoxFuture;
use std::time::Duration;
use tegata_protocol::{
    SigningKey, SystemRng,
    device::{
        decision::DenyReason,
        evidence::{EvidenceFinding, verify_evidence},
        management::SubjectDevice,
        pairing::{ConfirmResponse, PairingReceipt},
        problem::{CloseReason, ProblemCode},
        prompt::{DenyOnlyReason, Prompt, PromptKind},
        typ,
    },
    jws,
};

const NEW_PIN: &str = "730462";

fn pin(text: &str) -> Pin {
    Pin::typed(text).unwrap()
}

async fn ask(paired: &Paired) -> RequestKey {
    let device = &paired.device;
    let key = device.replace_key(&paired.account, pin(PIN)).await.unwrap();
    paired.refresh().await;
    key
}

async fn approve(paired: &Paired, key: &RequestKey) -> Result<RequestSnapshot, DecideError> {
    paired.device.approve(key, None, &person(PIN)).await
}

/// An ordinary request, approved with the key that the device has.
async fn decides(paired: &Paired, request: &str) {
    paired.server.push(&paired.server.prompt(request, false));
    paired.refresh().await;
    let done = approve(paired, &paired.key(request)).await.unwrap();
    assert!(matches!(done.state, RequestState::Approved { .. }));
}

fn server_key(paired: &Paired) -> PublicKey {
    paired.server.state.lock().unwrap().keys.unwrap().0
}

fn stage(state: &AccountState) -> Option<WaitingStage> {
    state.waiting.as_ref().map(|waiting| waiting.stage)
}

/// What the server says at `path` is lost from now on.
fn cut(paired: &Paired, path: &'static str) {
    paired.server.alter(move |request, answer| {
        if request.url.ends_with(path) {
            return Err(TransportError::Offline("cut".into()));
        }
        Ok(answer)
    });
}

/// As if the server had never heard of the approval.
fn unhear(paired: &Paired, old: PublicKey) {
    let mut state = paired.server.state.lock().unwrap();
    let possession = state.keys.unwrap().1;
    state.keys = Some((old, possession));
    state.receipts.clear();
    state.posted.clear();
    state.pairing_receipt = None;
    state.managed.replaced_at = None;
    state.managed.counter = 0;
}

/// The new key is in its place everywhere, and the old private one nowhere.
fn assert_replaced(paired: &Paired, before: &AccountState) {
    let state = paired.session_state();
    assert_ne!(state.approval, before.approval);
    assert_eq!(state.approval, server_key(paired));
    assert_ne!(state.approval_slot, before.approval_slot);
    assert_eq!(state.approval_counter, 0);
    assert_eq!((&state.waiting, &state.unsent), (&None, &None));
    assert_eq!(state.possession, before.possession);
    assert!(state.countersigned && paired.server.state.lock().unwrap().countersigned);
    let earlier = state.earlier.last().unwrap();
    assert_eq!(earlier.public, before.approval);
    assert_eq!(earlier.pairing_receipt, before.pairing_receipt);
    assert_eq!(earlier.countersignature, before.countersignature);
}

async fn signed_by(paired: &Paired, request: &RequestKey) -> PublicKey {
    let evidence = paired.device.evidence(request).await.unwrap();
    let report = verify_evidence(&evidence, paired.server.root.thumbprint()).unwrap();
    let EvidenceFinding::Decision(finding) = report.finding else {
        panic!("a decision");
    };
    assert!(finding.enrolled.unwrap().countersigned);
    finding.key
}

#[tokio::test]
async fn a_new_key_takes_the_old_ones_place_and_everything_before_stays_verifiable() {
    let mut paired = Paired::new().await;
    decides(&paired, "r1").await;
    paired.server.push(&paired.server.prompt("r2", false));
    paired.refresh().await;
    let denied = paired.key("r2");
    let reason = DenyReason::ChangedMind;
    paired.device.deny(&denied, reason).await.unwrap();
    let before = paired.session_state();
    paired.server.clock.advance(Duration::from_mins(1));

    let key = ask(&paired).await;
    assert_eq!(stage(&paired.session_state()), Some(WaitingStage::Asked));
    let shown = paired.device.request(&key).unwrap();
    assert_eq!(shown.prompt.kind, PromptKind::DeviceKey);
    assert!(shown.can_be_approved());
    let done = approve(&paired, &key).await.unwrap();
    assert!(matches!(done.state, RequestState::Approved { .. }));
    assert_replaced(&paired, &before);
    assert_eq!(paired.session_state().approval_counter, 0);

    paired.restart();
    decides(&paired, "r3").await;
    assert_eq!(paired.session_state().approval_counter, 1);
    let new = paired.session_state().approval;
    assert_eq!(signed_by(&paired, &paired.key("r1")).await, before.approval);
    assert_eq!(signed_by(&paired, &denied).await, before.possession);
    assert_eq!(signed_by(&paired, &key).await, before.approval);
    assert_eq!(signed_by(&paired, &paired.key("r3")).await, new);
    let history = paired.device.history(10).await.unwrap();
    let mut checked = 0;
    for entry in history {
        if let Ok(found) = paired.device.verify_entry(&entry.id).await {
            assert!(found.prompt && found.receipt && found.decision, "{entry:?}");
            checked += 1;
        }
    }
    assert_eq!(checked, 4);
    // What the earlier key approved can be reported as well.
    let reported = paired
        .device
        .deny(&paired.key("r1"), DenyReason::NotMe)
        .await;
    assert!(matches!(
        reported.unwrap().state,
        RequestState::Reported { .. }
    ));
}

#[tokio::test]
async fn replacing_twice_keeps_both_earlier_keys() {
    let paired = Paired::new().await;
    decides(&paired, "r1").await;
    let first = paired.session_state();
    for _ in 0..2 {
        let before = paired.session_state();
        let key = ask(&paired).await;
        approve(&paired, &key).await.unwrap();
        assert_replaced(&paired, &before);
    }
    assert_eq!(paired.session_state().earlier.len(), 2);
    assert_eq!(signed_by(&paired, &paired.key("r1")).await, first.approval);
}

#[tokio::test]
async fn a_wrong_pin_counts_and_the_last_one_destroys_both_keys() {
    let paired = Paired::new().await;
    ask(&paired).await;
    assert!(paired.session_state().waiting.is_some());
    let posts = || {
        let asked = paired.server.state.lock().unwrap().asked.clone();
        let posts = asked.iter().filter(|path| path.ends_with("/devices/key"));
        posts.count()
    };
    let before = posts();
    for left in (0..MAX_PIN_FAILURES).rev() {
        let device = &paired.device;
        match device.replace_key(&paired.account, pin("111119")).await {
            Err(ReplaceKeyError::Pin(PinError::Wrong { tries_left })) => {
                assert_eq!(tries_left, left);
            }
            Err(ReplaceKeyError::Pin(PinError::Locked)) => assert_eq!(left, 0),
            other => panic!("{other:?}"),
        }
    }
    let state = paired.session_state();
    assert_eq!(state.approval_slot, ApprovalSlot::Destroyed);
    assert_eq!(state.waiting, None);
    assert_eq!(paired.device.accounts()[0].health, Health::PinLocked);
    assert_eq!(posts(), before, "nothing was posted without the PIN");
}

#[tokio::test]
async fn what_the_server_does_not_offer_costs_no_try() {
    let paired = Paired::new().await;
    paired.server.state.lock().unwrap().managed.bare = true;
    paired.server.state.lock().unwrap().seq = 2;
    paired.server.clock.advance(Duration::from_hours(600));
    let device = &paired.device;
    let refused = device.replace_key(&paired.account, pin("111119")).await;
    assert!(
        matches!(
            refused,
            Err(ReplaceKeyError::Management(ManagementError::NotOffered))
        ),
        "{refused:?}"
    );
    let ApprovalSlot::Usable { failures, .. } = paired.session_state().approval_slot else {
        panic!("usable");
    };
    assert_eq!(failures, 0);
}

#[tokio::test]
async fn a_key_that_the_server_refuses_is_dropped() {
    let paired = Paired::new().await;
    paired.server.alter(|request, answer| {
        let refused = tegata_protocol::device::problem::Problem::new(ProblemCode::TooManyRequests);
        let asks = request.url.ends_with("/devices/key");
        Ok(if asks {
            crate::test_server::problem(&refused)
        } else {
            answer
        })
    });
    let device = &paired.device;
    let refused = device.replace_key(&paired.account, pin(PIN)).await;
    assert!(
        matches!(
            refused,
            Err(ReplaceKeyError::Management(ManagementError::ServerRefused(
                _
            )))
        ),
        "{refused:?}"
    );
    assert_eq!(paired.session_state().waiting, None);
}

#[tokio::test]
async fn a_kill_before_the_post_leaves_a_key_that_is_dropped_in_time() {
    let mut paired = Paired::new().await;
    cut(&paired, "/devices/key");
    let device = &paired.device;
    let lost = device.replace_key(&paired.account, pin(PIN)).await;
    assert!(lost.is_err());
    // Nobody heard of it.
    paired.server.state.lock().unwrap().pending.prompts.clear();
    paired.restart();
    paired.server.behave();
    paired.refresh().await;
    assert_eq!(stage(&paired.session_state()), Some(WaitingStage::Asked));
    decides(&paired, "r1").await;
    paired.server.state.lock().unwrap().pending.prompts.clear();
    paired.server.clock.advance(Duration::from_secs(151));
    paired.refresh().await;
    assert_eq!(paired.session_state().waiting, None);
    decides(&paired, "r2").await;
}

#[tokio::test]
async fn a_kill_before_the_answer_leaves_a_question_that_is_known_by_its_keys() {
    let mut paired = Paired::new().await;
    let before = {
        paired.refresh().await;
        paired.session_state()
    };
    cut(&paired, "/devices/key");
    let device = &paired.device;
    let lost = device.replace_key(&paired.account, pin(PIN)).await;
    assert!(lost.is_err());
    paired.restart();
    paired.server.behave();
    paired.refresh().await;
    let key = paired.key("key-1");
    let waiting = paired.session_state().waiting.unwrap();
    assert_eq!(waiting.request.as_ref(), Some(&key.request));
    approve(&paired, &key).await.unwrap();
    assert_replaced(&paired, &before);
}

/// Approved while the decision cannot be delivered, or its answer cannot; then a new process.
async fn killed_while_deciding(server_gets_it: bool) -> (Paired, AccountState, RequestKey) {
    let mut paired = Paired::new().await;
    let key = ask(&paired).await;
    let before = paired.session_state();
    cut(&paired, "/decisions");
    let sending = approve(&paired, &key).await.unwrap();
    assert!(matches!(sending.state, RequestState::Sending { .. }));
    assert_eq!(stage(&paired.session_state()), Some(WaitingStage::Signed));
    if !server_gets_it {
        unhear(&paired, before.approval);
    }
    paired.restart();
    paired.server.behave();
    (paired, before, key)
}

#[tokio::test(start_paused = true)]
async fn a_kill_before_the_server_heard_of_the_approval_lets_the_person_decide_again() {
    let (paired, before, key) = killed_while_deciding(false).await;
    paired.refresh().await;
    let shown = paired.device.request(&key).unwrap();
    assert_eq!(shown.state, RequestState::PendingAgain);
    // The lost approval may still come to somebody's ears: its key is not given up for another.
    let device = &paired.device;
    let again = device.replace_key(&paired.account, pin(PIN)).await;
    assert!(matches!(again, Err(ReplaceKeyError::Busy)), "{again:?}");
    approve(&paired, &key).await.unwrap();
    assert_replaced(&paired, &before);
}

#[tokio::test(start_paused = true)]
async fn a_signed_approval_whose_request_ended_is_settled_by_the_key_that_the_server_has() {
    let (paired, before, _) = killed_while_deciding(false).await;
    paired.refresh().await;
    paired.server.close("key-1", CloseReason::Expired);
    paired.refresh().await;
    let state = paired.session_state();
    assert_eq!((state.waiting, state.approval), (None, before.approval));
    decides(&paired, "r1").await;
}

#[tokio::test(start_paused = true)]
async fn a_kill_after_the_commit_is_found_out_and_the_new_key_goes_into_its_place() {
    let (paired, before, key) = killed_while_deciding(true).await;
    paired.refresh().await;
    let shown = paired.device.request(&key).unwrap();
    assert!(matches!(shown.state, RequestState::Approved { .. }));
    assert_replaced(&paired, &before);
    decides(&paired, "r1").await;
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_was_not_found_out_yet_is_found_out_before_the_next_approval() {
    let (paired, before, _) = killed_while_deciding(true).await;
    let server = &paired.server;
    server.push(&server.prompt("r1", false));
    // Delivered, and nothing else was asked.
    let live = paired.device.live(&paired.account).unwrap();
    let session = paired.device.session(&live).await.unwrap();
    let set = server.state.lock().unwrap().pending.clone();
    crate::inbox::receive(&paired.device, &live, &session, set)
        .await
        .unwrap();
    approve(&paired, &paired.key("r1")).await.unwrap();
    let state = paired.session_state();
    assert_eq!(state.approval, server_key(&paired));
    assert_ne!(state.approval, before.approval);
    let signed = signed_by(&paired, &paired.key("r1")).await;
    assert_eq!(signed, state.approval);
}

#[tokio::test]
async fn a_kill_before_the_new_pairing_receipt_is_made_up_for_and_nothing_is_approved_meanwhile() {
    let mut paired = Paired::new().await;
    let key = ask(&paired).await;
    let before = paired.session_state();
    cut(&paired, "/confirm");
    let done = approve(&paired, &key).await.unwrap();
    assert!(matches!(done.state, RequestState::Approved { .. }));
    let state = paired.session_state();
    assert_eq!(stage(&state), Some(WaitingStage::Over));
    assert_eq!((state.approval, state.unsent), (before.approval, None));
    paired.restart();
    paired.server.push(&paired.server.prompt("r1", false));
    paired.refresh().await;
    let refused = approve(&paired, &paired.key("r1")).await;
    assert!(
        matches!(refused, Err(DecideError::Offline(_))),
        "{refused:?}"
    );
    let device = &paired.device;
    let again = device.replace_key(&paired.account, pin(PIN)).await;
    assert!(matches!(again, Err(ReplaceKeyError::Busy)), "{again:?}");
    paired.server.behave();
    paired.refresh().await;
    assert_replaced(&paired, &before);
    approve(&paired, &paired.key("r1")).await.unwrap();
}

#[tokio::test]
async fn a_kill_before_the_countersignature_is_made_up_for() {
    let mut paired = Paired::new().await;
    let key = ask(&paired).await;
    let before = paired.session_state();
    paired.server.alter(|request, answer| {
        let mut parts = request.body.windows(18);
        if parts.any(|part| part == b"\"countersignature\"") {
            return Err(TransportError::Offline("cut".into()));
        }
        Ok(answer)
    });
    approve(&paired, &key).await.unwrap();
    assert!(!paired.session_state().countersigned);
    paired.server.state.lock().unwrap().countersigned = false;
    paired.restart();
    paired.server.behave();
    paired.refresh().await;
    assert_replaced(&paired, &before);
}

#[tokio::test]
async fn a_replacement_that_did_nothing_leaves_the_old_key() {
    let paired = Paired::new().await;
    let key = ask(&paired).await;
    let before = paired.session_state();
    cut(&paired, "/confirm");
    approve(&paired, &key).await.unwrap();
    unhear(&paired, before.approval);
    paired.server.state.lock().unwrap().managed.counter = 1;
    paired.server.behave();
    paired.refresh().await;
    let state = paired.session_state();
    assert_eq!((state.waiting, state.approval), (None, before.approval));
    assert_eq!(state.pairing_receipt, before.pairing_receipt);
    decides(&paired, "r1").await;
}

/// Alters the pairing receipt that the server gives, and signs it by `key`.
fn forge(paired: &Paired, key: SigningKey, change: fn(&mut PairingReceipt)) {
    let own = *paired.server.key.public();
    let alter = move |request: &HttpRequest, answer: HttpResponse| {
        if !request.url.ends_with("/confirm") {
            return Ok(answer);
        }
        let Ok(ConfirmResponse::Confirmed { receipt }) = serde_json::from_slice(&answer.body)
        else {
            return Ok(answer);
        };
        let mut content: PairingReceipt =
            jws::verify(&receipt, typ::PAIRING_RECEIPT, 65_536, &[own]).unwrap();
        change(&mut content);
        let receipt = jws::sign(&key, typ::PAIRING_RECEIPT, &content);
        let body = serde_json::to_vec(&ConfirmResponse::Confirmed { receipt }).unwrap();
        Ok(HttpResponse { body, ..answer })
    };
    paired.server.alter(alter);
}

#[tokio::test]
async fn a_pairing_receipt_that_is_not_what_was_approved_replaces_nothing() {
    let paired = Paired::new().await;
    let key = ask(&paired).await;
    let before = paired.session_state();
    let rng = SystemRng::new();
    forge(&paired, SigningKey::make(&rng).0, |_| {});
    approve(&paired, &key).await.unwrap();
    assert_eq!(stage(&paired.session_state()), Some(WaitingStage::Over));
    let server_key = || {
        let (_, pkcs8) = SigningKey::make(&rng);
        // EXPOSE: a key of this test.
        SigningKey::from_pkcs8(pkcs8.expose(), &rng).unwrap()
    };
    let changes: [fn(&mut PairingReceipt); 4] = [
        |receipt| receipt.sub = tegata_protocol::AccountId::parse("account-2").unwrap(),
        |receipt| receipt.device = tegata_protocol::DeviceId::parse("device-2").unwrap(),
        |receipt| receipt.possession = receipt.approval,
        |receipt| receipt.approval = receipt.possession,
    ];
    for change in changes {
        // By a key that the metadata names.
        let stranger = server_key();
        let public = *stranger.public();
        paired.server.state.lock().unwrap().managed.receipt_key = Some(public);
        paired.server.state.lock().unwrap().seq += 1;
        paired.server.clock.advance(Duration::from_secs(61));
        forge(&paired, stranger, change);
        paired.refresh().await;
        let state = paired.session_state();
        assert_eq!(stage(&state), Some(WaitingStage::Over));
        assert_eq!(state.approval, before.approval);
    }
    paired.server.behave();
    paired.refresh().await;
    assert_replaced(&paired, &before);
}

#[tokio::test]
async fn a_question_about_other_keys_can_only_be_denied() {
    let paired = Paired::new().await;
    let other = *SigningKey::make(&SystemRng::new()).0.public();
    let own = server_key(&paired);
    let subject = |old: PublicKey, new: PublicKey| SubjectDevice {
        old_key: Some(old.thumbprint().to_string()),
        new_key: Some(new.thumbprint().to_string()),
        ..SubjectDevice::default()
    };
    ask(&paired).await;
    let waiting = paired.session_state().waiting.unwrap().public;
    for (request, device) in [
        ("k1", subject(own, other)),
        ("k2", subject(other, waiting)),
        ("k3", subject(waiting, own)),
    ] {
        let prompt = Prompt {
            kind: PromptKind::DeviceKey,
            device: Some(device),
            ..paired.server.prompt(request, false)
        };
        paired.server.push(&prompt);
        paired.refresh().await;
        let key = paired.key(request);
        let shown = paired.device.request(&key).unwrap();
        assert!(shown.deny_only.contains(&DenyOnlyReason::Kind), "{request}");
        let refused = approve(&paired, &key).await;
        assert!(matches!(refused, Err(DecideError::DenyOnly(_))));
        let reason = DenyReason::NotMe;
        paired.device.deny(&key, reason).await.unwrap();
    }
    assert!(paired.session_state().waiting.is_some());
}

#[tokio::test]
async fn asking_again_takes_the_earlier_questions_key_away() {
    let paired = Paired::new().await;
    let first = ask(&paired).await;
    let before = paired.session_state();
    let second = ask(&paired).await;
    assert_ne!(first, second);
    let shown = paired.device.request(&first).unwrap();
    assert!(shown.deny_only.contains(&DenyOnlyReason::Kind));
    assert!(approve(&paired, &first).await.is_err());
    assert_ne!(paired.session_state().waiting, before.waiting);
    approve(&paired, &second).await.unwrap();
    assert_replaced(&paired, &before);
}

/// Asks for another key while the PIN is being typed.
struct Hasty<'a>(&'a Paired);

impl PersonCheck for Hasty<'_> {
    fn ask_pin(&self, _: PinReason) -> BoxFuture<'_, Result<Pin, PersonCheckError>> {
        Box::pin(async {
            let device = &self.0.device;
            let again = device.replace_key(&self.0.account, pin(PIN)).await;
            again.unwrap();
            Ok(pin(PIN))
        })
    }
}

#[tokio::test]
async fn a_question_whose_key_is_gone_when_the_pin_was_typed_is_not_signed() {
    let paired = Paired::new().await;
    let key = ask(&paired).await;
    let refused = paired.device.approve(&key, None, &Hasty(&paired)).await;
    assert!(
        matches!(&refused, Err(DecideError::DenyOnly(why)) if *why == [DenyOnlyReason::Kind]),
        "{refused:?}"
    );
    assert!(paired.server.state.lock().unwrap().posted.is_empty());
    assert_eq!(paired.session_state().approval_counter, 0);
}

#[tokio::test]
async fn a_question_that_was_denied_or_has_ended_drops_the_new_key() {
    let paired = Paired::new().await;
    let before = {
        paired.refresh().await;
        paired.session_state()
    };
    let key = ask(&paired).await;
    let reason = DenyReason::ChangedMind;
    paired.device.deny(&key, reason).await.unwrap();
    assert_eq!(paired.session_state().waiting, None);
    for how in [CloseReason::Expired, CloseReason::Withdrawn] {
        let key = ask(&paired).await;
        paired.server.close(key.request.as_str(), how);
        paired.refresh().await;
        assert_eq!(paired.session_state().waiting, None);
    }
    // Unnoticed, because this process ended.
    let mut paired = paired;
    ask(&paired).await;
    paired.server.state.lock().unwrap().pending.prompts.clear();
    paired.restart();
    paired.server.clock.advance(Duration::from_secs(151));
    paired.refresh().await;
    let state = paired.session_state();
    assert_eq!((state.waiting, state.approval), (None, before.approval));
    decides(&paired, "r1").await;
}

#[tokio::test]
async fn another_pin_covers_the_key_that_waits_too() {
    let paired = Paired::new().await;
    let key = ask(&paired).await;
    let before = paired.session_state();
    let device = &paired.device;
    device
        .change_pin(&paired.account, &pin(PIN), &pin(NEW_PIN))
        .await
        .unwrap();
    assert_ne!(paired.session_state().waiting, before.waiting);
    device.approve(&key, None, &person(NEW_PIN)).await.unwrap();
    assert_replaced(&paired, &before);
    let old = device.check_pin(&paired.account, &pin(PIN)).await;
    assert!(matches!(old, Err(PinError::Wrong { .. })));
    let new = device.check_pin(&paired.account, &pin(NEW_PIN)).await;
    new.unwrap();
}

#[tokio::test]
async fn another_process_goes_on_with_the_key_that_this_one_put_in_place() {
    let paired = Paired::new().await;
    let other = paired
        .server
        .device(paired.folder.path(), std::sync::Arc::clone(&paired.secrets));
    paired.server.push(&paired.server.prompt("r1", false));
    other.refresh(&paired.account).await.unwrap();
    let key = ask(&paired).await;
    approve(&paired, &key).await.unwrap();
    let done = other.approve(&paired.key("r1"), None, &person(PIN)).await;
    assert!(matches!(done.unwrap().state, RequestState::Approved { .. }));
    let state = paired.session_state();
    let signed = signed_by(&paired, &paired.key("r1")).await;
    assert_eq!(signed, state.approval);
}

#[tokio::test]
async fn only_a_program_that_knows_of_it_opens_a_file_with_more_than_one_key() {
    let paired = Paired::new().await;
    let version = || {
        let path = paired.folder.path().join("accounts");
        let path = path.join(paired.account.as_str()).join("account.json");
        let text = std::fs::read(path).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        value["header"]["version"].as_u64().unwrap()
    };
    assert_eq!(version(), 1);
    let key = ask(&paired).await;
    assert_eq!(version(), 2);
    let reason = DenyReason::ChangedMind;
    paired.device.deny(&key, reason).await.unwrap();
    assert_eq!(version(), 1, "nothing is there that could be lost");
    let key = ask(&paired).await;
    approve(&paired, &key).await.unwrap();
    assert_eq!(version(), 2);
}

#[tokio::test]
async fn removing_this_device_destroys_the_key_that_waits() {
    let paired = Paired::new().await;
    ask(&paired).await;
    let own = crate::test_server::management::id("device-1");
    let reason = tegata_protocol::device::management::RemovalReason::NotUsed;
    let device = &paired.device;
    device
        .remove_device(&paired.account, &own, reason)
        .await
        .unwrap();
    let _ = device.history(1).await.unwrap();
    assert_eq!(paired.session_state().waiting, None);
}
