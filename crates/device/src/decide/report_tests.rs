//! Answers that cross: a denial over a lost approval, reports of what was approved, receipts that another process earned.

use crate::{
    RequestSnapshot, RequestState,
    account::{AccountState, ApprovalSlot},
    error::DecideError,
    history::HistoryEvent,
    keys::Pin,
    ports::{
        HttpResponse, PersonCheck, PersonCheckError, PinReason, StoredApprovalKey, TransportError,
    },
    test_server::{PIN, Paired, handled, person, problem},
};
use futures_util::future::BoxFuture;
use std::{sync::Arc, time::Duration};
use tegata_protocol::{
    FixedClock, SigningKey, SystemRng,
    device::{
        decision::{DenyReason, Verdict},
        evidence::verify_evidence,
        problem::{CloseReason, Problem, ProblemCode},
        receipt::{ConsentReceipt, parse_receipt, sign_receipt},
    },
    webauthn::{CredentialRole, ExpectedAssertion, make_assertion},
};

async fn with_request() -> Paired {
    let paired = Paired::new().await;
    paired.server.push(&paired.server.prompt("r1", false));
    paired.refresh().await;
    paired
}

type Answered = Result<RequestSnapshot, DecideError>;

async fn approve(paired: &Paired) -> Answered {
    let key = paired.key("r1");
    paired.device.approve(&key, None, &person(PIN)).await
}

async fn deny(paired: &Paired, reason: DenyReason) -> Answered {
    paired.device.deny(&paired.key("r1"), reason).await
}

fn cut(paired: &Paired, path: &'static str) {
    paired.server.alter(move |request, answer| {
        if request.url.ends_with(path) {
            return Err(TransportError::Offline("cut".into()));
        }
        Ok(answer)
    });
}

/// The server commits an approval whose answer never arrives.
async fn with_lost_approval() -> Paired {
    let paired = with_request().await;
    cut(&paired, "/decisions");
    let approving = approve(&paired);
    let sending = approving.await.unwrap();
    assert!(matches!(sending.state, RequestState::Sending { .. }));
    paired.server.behave();
    paired
}

async fn approved_here() -> Paired {
    let paired = with_request().await;
    let approving = approve(&paired);
    approving.await.unwrap();
    paired.server.state.lock().unwrap().pending.prompts.clear();
    paired
}

fn state(paired: &Paired) -> RequestState {
    paired.device.request(&paired.key("r1")).unwrap().state
}

/// How `r1` ended by the history, newest first.
async fn ends(paired: &Paired) -> Vec<RequestState> {
    let history = paired.device.history(20).await.unwrap();
    let ends = history.into_iter().filter_map(|entry| match entry.event {
        HistoryEvent::Request { outcome, .. } => Some(outcome),
        _ => None,
    });
    ends.collect()
}

#[tokio::test(start_paused = true)]
async fn a_denial_that_comes_after_a_lost_approval_tells_of_the_approval_and_keeps_its_receipt() {
    let paired = with_lost_approval().await;
    let key = paired.key("r1");
    let refused = deny(&paired, DenyReason::ChangedMind).await;
    assert!(
        matches!(
            refused,
            Err(DecideError::RequestClosed {
                how: CloseReason::Handled {
                    decision: Verdict::Approve,
                    ..
                }
            })
        ),
        "{refused:?}"
    );
    assert!(matches!(state(&paired), RequestState::Approved { .. }));
    assert!(paired.session_state().unsent.is_none());
    let evidence = paired.device.evidence(&key).await.unwrap();
    verify_evidence(&evidence, paired.server.root.thumbprint()).unwrap();
    // Nothing writes another end over it later.
    paired.server.close("r1", handled("device-1"));
    paired.refresh().await;
    paired.server.clock.advance(Duration::from_mins(5));
    paired.refresh().await;
    assert!(matches!(
        ends(&paired).await[..],
        [RequestState::Approved { .. }]
    ));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_that_cannot_be_looked_into_stays_open_until_it_can() {
    let paired = with_lost_approval().await;
    cut(&paired, "/receipts");
    let refused = deny(&paired, DenyReason::ChangedMind).await;
    assert!(
        matches!(refused, Err(DecideError::Offline(_))),
        "{refused:?}"
    );
    assert!(matches!(state(&paired), RequestState::Sending { .. }));
    assert!(paired.session_state().unsent.is_some());
    paired.server.behave();
    paired.refresh().await;
    assert!(matches!(state(&paired), RequestState::Approved { .. }));
}

#[tokio::test(start_paused = true)]
async fn not_me_over_a_lost_approval_is_a_report() {
    let paired = with_lost_approval().await;
    let denying = deny(&paired, DenyReason::NotMe);
    let done = denying.await.unwrap();
    assert!(matches!(done.state, RequestState::Reported { .. }));
}

#[tokio::test]
async fn an_open_request_that_this_device_closed_is_settled_by_its_receipt() {
    let mut paired = with_request().await;
    let key = paired.key("r1");
    // Another process of this device decides; this one knows nothing of it.
    let watching = paired.device.clone();
    paired.restart();
    paired.refresh().await;
    let approving = approve(&paired);
    approving.await.unwrap();
    paired.server.close("r1", handled("device-1"));
    cut(&paired, "/receipts");
    watching.refresh(&paired.account).await.unwrap();
    let shown = watching.request(&key).unwrap().state;
    assert!(
        matches!(shown, RequestState::NeedsCheck { .. }),
        "{shown:?}"
    );
    paired.server.clock.advance(Duration::from_mins(5));
    paired.server.behave();
    watching.refresh(&paired.account).await.unwrap();
    let shown = watching.request(&key).unwrap().state;
    assert!(matches!(shown, RequestState::Approved { .. }), "{shown:?}");
    assert!(
        matches!(ends(&paired).await[..], [RequestState::Approved { .. }]),
        "shown once, whoever wrote it"
    );
}

#[tokio::test]
async fn what_was_approved_here_can_be_reported_once_and_stays_in_the_history() {
    let paired = approved_here().await;
    let plain = deny(&paired, DenyReason::ChangedMind).await;
    assert!(
        matches!(plain, Err(DecideError::RequestState(_))),
        "{plain:?}"
    );
    paired.server.clock.advance(Duration::from_hours(1));
    let done = deny(&paired, DenyReason::NotMe).await.unwrap();
    assert!(matches!(done.state, RequestState::Reported { .. }));
    assert!(matches!(
        ends(&paired).await[..],
        [RequestState::Reported { .. }, RequestState::Approved { .. }]
    ));
    let again = deny(&paired, DenyReason::NotMe).await;
    assert!(
        matches!(again, Err(DecideError::RequestState(_))),
        "{again:?}"
    );
}

#[tokio::test]
async fn what_another_device_approved_can_be_reported_from_the_inbox_and_from_the_history() {
    for restarts in [false, true] {
        let mut paired = with_request().await;
        let key = paired.key("r1");
        paired.server.close("r1", handled("device-2"));
        paired.refresh().await;
        if restarts {
            paired.restart();
            paired.refresh().await;
            assert!(paired.device.request(&key).is_none());
        }
        let done = deny(&paired, DenyReason::NotMe).await;
        // The scripted server knows of no approval by this device, and so takes it as any denial.
        assert!(matches!(done.unwrap().state, RequestState::Denied { .. }));
    }
    let paired = with_request().await;
    paired.server.close("r1", CloseReason::Withdrawn);
    paired.refresh().await;
    let denying = deny(&paired, DenyReason::NotMe);
    assert!(matches!(
        denying.await,
        Err(DecideError::RequestClosed { .. })
    ));
}

#[tokio::test]
async fn a_report_after_a_restart_finds_the_approval_in_the_history() {
    let mut paired = approved_here().await;
    paired.restart();
    paired.refresh().await;
    let denying = deny(&paired, DenyReason::NotMe);
    assert!(matches!(
        denying.await.unwrap().state,
        RequestState::Reported { .. }
    ));
    let other = paired.key("r2");
    let unheard = paired.device.deny(&other, DenyReason::NotMe).await;
    assert!(matches!(unheard, Err(DecideError::RequestUnknown)));
}

#[tokio::test]
async fn a_refused_report_leaves_the_request_as_it_stood() {
    for code in [
        ProblemCode::CounterRegressed,
        ProblemCode::RequestClosed,
        ProblemCode::NotFound,
    ] {
        let paired = approved_here().await;
        paired.server.alter(move |request, answer| {
            let mut refusal = Problem::new(code);
            refusal.closed = (code == ProblemCode::RequestClosed).then_some(CloseReason::Withdrawn);
            Ok(if request.url.ends_with("/decisions") {
                problem(&refusal)
            } else {
                answer
            })
        });
        let denying = deny(&paired, DenyReason::NotMe);
        assert!(denying.await.is_err());
        assert!(matches!(state(&paired), RequestState::Approved { .. }));
        assert!(paired.session_state().unsent.is_none());
        assert!(matches!(
            ends(&paired).await[..],
            [RequestState::Approved { .. }]
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_whose_answer_is_lost_is_sent_again_after_the_requests_time() {
    let paired = approved_here().await;
    paired.server.clock.advance(Duration::from_hours(1));
    cut(&paired, "/decisions");
    let sending = deny(&paired, DenyReason::NotMe).await.unwrap();
    assert!(matches!(sending.state, RequestState::Sending { .. }));
    let other = deny(&paired, DenyReason::ChangedMind).await;
    assert!(matches!(other, Err(DecideError::Busy)), "{other:?}");
    paired.server.behave();
    paired.refresh().await;
    assert!(matches!(state(&paired), RequestState::Reported { .. }));
    let posted = &paired.server.state.lock().unwrap().posted;
    assert!(
        posted[1..].iter().all(|sent| *sent == posted[1]),
        "the same bytes"
    );
}

/// Alters every receipt that the server gives, and signs it anew with the server's own key.
fn alter_receipts(paired: &Paired, alter: impl Fn(&mut ConsentReceipt) + Send + 'static) {
    let server = Arc::clone(&paired.server);
    paired.server.alter(move |_, answer| {
        let mut value: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let Some(text) = value["receipt"].as_str() else {
            return Ok(answer);
        };
        let mut receipt = parse_receipt(text, &[*server.key.public()]).unwrap();
        alter(&mut receipt);
        value["receipt"] = sign_receipt(&server.key, &receipt).into();
        let body = serde_json::to_vec(&value).unwrap();
        Ok(HttpResponse { body, ..answer })
    });
}

/// A signature by a key that is not this device's.
fn sign_as_a_stranger(receipt: &mut ConsentReceipt) {
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    let expected = ExpectedAssertion {
        challenge: receipt.detail.challenge(),
        rp_id: crate::test_server::RP_ID,
        origin: crate::test_server::ORIGIN,
        role: CredentialRole::Approval,
    };
    receipt.assertion = make_assertion(&stranger, &expected, 1);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_without_this_devices_signature_is_not_believed() {
    let paired = with_request().await;
    alter_receipts(&paired, sign_as_a_stranger);
    let refused = approve(&paired).await;
    assert!(matches!(refused, Err(DecideError::Receipt)), "{refused:?}");
    assert!(paired.session_state().unsent.is_some());

    // Nor when it is asked for after a restart.
    let mut paired = with_lost_approval().await;
    paired.restart();
    alter_receipts(&paired, sign_as_a_stranger);
    paired.refresh().await;
    assert!(matches!(state(&paired), RequestState::NeedsCheck { .. }));
    assert!(ends(&paired).await.is_empty());
    alter_receipts(&paired, |receipt| {
        receipt.iss =
            tegata_protocol::device::invitation::Issuer::parse("https://else.example").unwrap();
    });
    paired.refresh().await;
    assert!(ends(&paired).await.is_empty(), "another server's");
    paired.server.behave();
    paired.refresh().await;
    assert!(matches!(state(&paired), RequestState::Approved { .. }));
}

fn failures(state: &AccountState) -> u32 {
    match &state.approval_slot {
        ApprovalSlot::Usable { failures, .. } => *failures,
        ApprovalSlot::Destroyed => panic!("usable"),
    }
}

/// Gives the right PIN, after the request's time.
struct Slow(Arc<FixedClock>);

impl PersonCheck for Slow {
    fn ask_pin(&self, reason: PinReason) -> BoxFuture<'_, Result<Pin, PersonCheckError>> {
        self.0.advance(Duration::from_mins(3));
        Box::pin(async move { person(PIN).ask_pin(reason).await })
    }
}

#[tokio::test]
async fn a_right_pin_for_a_request_that_is_over_costs_no_try() {
    let paired = with_request().await;
    let person = Slow(Arc::clone(&paired.server.clock));
    let refused = paired
        .device
        .approve(&paired.key("r1"), None, &person)
        .await;
    assert!(matches!(refused, Err(DecideError::RequestClosed { .. })));
    assert_eq!(failures(&paired.session_state()), 0);
}

#[tokio::test]
async fn a_key_that_cannot_be_read_costs_no_try() {
    let paired = with_request().await;
    let live = paired.device.live(&paired.account).unwrap();
    let session = paired.device.session(&live).await.unwrap();
    let damage = |state: &mut AccountState| {
        if let ApprovalSlot::Usable { key, .. } = &mut state.approval_slot {
            let StoredApprovalKey::SoftwarePin { memory_kib, .. } = key;
            *memory_kib = u32::MAX;
        }
    };
    session.update(|_, state| damage(state)).unwrap();
    let refused = approve(&paired).await;
    assert!(
        matches!(refused, Err(DecideError::Access(_))),
        "{refused:?}"
    );
    assert_eq!(failures(&paired.session_state()), 0);
}

#[tokio::test]
async fn nothing_is_approved_under_metadata_that_is_over() {
    let paired = with_request().await;
    // Time passes without a renewal; the request itself is young.
    paired.server.clock.advance(Duration::from_hours(24 * 31));
    paired.server.push(&paired.server.prompt("r2", false));
    let live = paired.device.live(&paired.account).unwrap();
    let session = paired.device.session(&live).await.unwrap();
    let set = paired.server.state.lock().unwrap().pending.clone();
    crate::inbox::receive(&paired.device, &live, &session, set)
        .await
        .unwrap();
    paired.server.alter(|request, answer| {
        if request.url.contains(".well-known") {
            return Err(TransportError::Offline("cut".into()));
        }
        Ok(answer)
    });
    let refused = paired
        .device
        .approve(&paired.key("r2"), None, &person(PIN))
        .await;
    assert!(
        matches!(refused, Err(DecideError::Offline(_))),
        "{refused:?}"
    );
    assert!(paired.server.state.lock().unwrap().posted.is_empty());
}
