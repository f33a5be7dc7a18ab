use crate::{
    Health, RequestState,
    account::{ApprovalSlot, MAX_PIN_FAILURES},
    error::DecideError,
    history::HistoryEvent,
    ports::{HttpResponse, TransportError},
    test_server::{PIN, Paired, person, problem},
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tegata_protocol::device::{
    decision::{Decision, DenyReason, Verdict},
    evidence::{EvidenceFinding, verify_evidence},
    problem::{CloseReason, Problem, ProblemCode},
    receipt::{ConsentReceipt, sign_receipt},
    typ,
};
use tegata_protocol::jws;

async fn with_request(transfer: bool) -> Paired {
    let paired = Paired::new().await;
    paired.server.push(&paired.server.prompt("r1", transfer));
    paired.refresh().await;
    paired
}

fn posted(paired: &Paired) -> usize {
    paired.server.state.lock().unwrap().posted.len()
}

#[tokio::test]
async fn an_approval_is_signed_sent_and_kept_with_its_receipt() {
    let paired = with_request(true).await;
    let key = paired.key("r1");
    let done = paired
        .device
        .approve(&key, Some("１２３ 456"), &person(PIN))
        .await
        .unwrap();
    assert!(matches!(done.state, RequestState::Approved { .. }));
    let decision = paired.server.state.lock().unwrap().posted[0].clone();
    let Decision::Approve { transfer, .. } = decision.detail.decision else {
        panic!("an approval")
    };
    assert_eq!(
        transfer.as_deref(),
        Some("123456"),
        "signed in canonical form"
    );
    assert!(paired.session_state().unsent.is_none());
    let evidence = paired.device.evidence(&key).await.unwrap();
    let report = verify_evidence(&evidence, paired.server.root.thumbprint()).unwrap();
    let EvidenceFinding::Decision(finding) = report.finding else {
        panic!("a decision")
    };
    assert!(finding.enrolled.unwrap().countersigned);
}

#[tokio::test]
async fn a_denial_asks_for_no_pin_and_is_signed_by_the_possession_key() {
    let paired = with_request(true).await;
    let key = paired.key("r1");
    let done = paired.device.deny(&key, DenyReason::NotMe).await.unwrap();
    assert!(matches!(
        done.state,
        RequestState::Denied {
            reason: DenyReason::NotMe,
            ..
        }
    ));
    let state = paired.session_state();
    assert_eq!((state.possession_counter, state.approval_counter), (1, 0));
}

#[tokio::test]
async fn a_code_of_the_wrong_form_costs_no_try_and_asks_for_no_pin() {
    let paired = with_request(true).await;
    for typed in [None, Some("12345"), Some("12345a")] {
        let refused = paired
            .device
            .approve(&paired.key("r1"), typed, &person("000000"))
            .await;
        assert!(
            matches!(refused, Err(DecideError::TransferMalformed)),
            "{typed:?}"
        );
    }
    assert_eq!(posted(&paired), 0);
    let ApprovalSlot::Usable { failures, .. } = paired.session_state().approval_slot else {
        panic!("usable")
    };
    assert_eq!(failures, 0);
}

#[tokio::test]
async fn eight_wrong_pins_destroy_the_key_and_denying_still_works() {
    let mut paired = with_request(false).await;
    let key = paired.key("r1");
    for wrong in 1..=MAX_PIN_FAILURES {
        let refused = paired.device.approve(&key, None, &person("135792")).await;
        match refused {
            Err(DecideError::PinWrong { tries_left }) => {
                assert_eq!(tries_left, MAX_PIN_FAILURES - wrong);
            }
            Err(DecideError::PinLocked) => assert_eq!(wrong, MAX_PIN_FAILURES),
            other => panic!("{other:?}"),
        }
        // A new process does not start counting anew.
        if wrong == 3 {
            paired.restart();
            paired.refresh().await;
        }
    }
    assert_eq!(
        paired.session_state().approval_slot,
        ApprovalSlot::Destroyed
    );
    assert_eq!(paired.device.accounts()[0].health, Health::PinLocked);
    let refused = paired.device.approve(&key, None, &person(PIN)).await;
    assert!(matches!(refused, Err(DecideError::PinLocked)));
    assert_eq!(posted(&paired), 0);
    let denied = paired.device.deny(&key, DenyReason::NotMe).await.unwrap();
    assert!(matches!(denied.state, RequestState::Denied { .. }));
}

#[tokio::test]
async fn the_right_pin_ends_the_count_of_wrong_ones() {
    let paired = with_request(false).await;
    let key = paired.key("r1");
    let refused = paired.device.approve(&key, None, &person("135792")).await;
    assert!(matches!(
        refused,
        Err(DecideError::PinWrong { tries_left: 7 })
    ));
    paired
        .device
        .approve(&key, None, &person(PIN))
        .await
        .unwrap();
    let ApprovalSlot::Usable { failures, .. } = paired.session_state().approval_slot else {
        panic!("usable")
    };
    assert_eq!(failures, 0);
}

#[tokio::test]
async fn a_try_is_counted_before_it_is_made() {
    let paired = with_request(false).await;
    let live = paired.device.live(&paired.account).unwrap();
    let session = paired.device.session(&live).await.unwrap();
    let counted = session
        .update(|_, state| {
            crate::pin::begin_try(&paired.device, state)
                .unwrap()
                .failures
        })
        .unwrap();
    assert_eq!(counted, 1);
    // The process ends here, before the hash was computed: the next one starts from the second try.
    let ApprovalSlot::Usable { failures, .. } = session.read_state().unwrap().approval_slot else {
        panic!("usable")
    };
    assert_eq!(failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again_with_the_same_bytes() {
    let paired = with_request(false).await;
    let lost = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&lost);
    paired.server.alter(move |request, answer| {
        if request.url.ends_with("/decisions") && counter.fetch_add(1, Ordering::SeqCst) == 0 {
            return Err(TransportError::Offline("cut".into()));
        }
        Ok(answer)
    });
    let done = paired
        .device
        .approve(&paired.key("r1"), None, &person(PIN))
        .await
        .unwrap();
    assert!(matches!(done.state, RequestState::Approved { .. }));
    let state = paired.server.state.lock().unwrap();
    assert_eq!(state.posted.len(), 2);
    assert_eq!(state.posted[0], state.posted[1]);
}

async fn cut_while_deciding(server_gets_it: bool) -> Paired {
    let mut paired = with_request(false).await;
    let key = paired.key("r1");
    paired.server.alter(|request, answer| {
        if request.url.ends_with("/decisions") {
            return Err(TransportError::Offline("cut".into()));
        }
        Ok(answer)
    });
    let sending = paired
        .device
        .approve(&key, None, &person(PIN))
        .await
        .unwrap();
    assert_eq!(
        sending.state,
        RequestState::Sending {
            verdict: Verdict::Approve
        }
    );
    if !server_gets_it {
        let mut state = paired.server.state.lock().unwrap();
        state.receipts.clear();
        state.posted.clear();
    }
    paired.restart();
    paired.server.behave();
    paired
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_nothing_is_sent_and_the_person_is_asked_again() {
    let paired = cut_while_deciding(false).await;
    let live = paired.device.live(&paired.account).unwrap();
    paired.device.session(&live).await.unwrap();
    let shown = paired.device.request(&paired.key("r1")).unwrap();
    assert_eq!(
        shown.state,
        RequestState::NeedsCheck {
            verdict: Verdict::Approve
        },
        "shown before the server was asked"
    );
    paired.refresh().await;
    let shown = paired.device.request(&paired.key("r1")).unwrap();
    assert_eq!(shown.state, RequestState::PendingAgain);
    assert_eq!(posted(&paired), 0, "nothing was sent without the person");
    paired
        .device
        .approve(&paired.key("r1"), None, &person(PIN))
        .await
        .unwrap();
    assert_eq!(posted(&paired), 1);
    let counters = paired.session_state().approval_counter;
    assert_eq!(
        counters, 2,
        "the counter of the lost answer is not used again"
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_a_committed_decision_is_found_with_its_receipt() {
    let paired = cut_while_deciding(true).await;
    let before = posted(&paired);
    paired.refresh().await;
    assert_eq!(posted(&paired), before, "it was asked about and not sent");
    let shown = paired.device.request(&paired.key("r1")).unwrap();
    assert!(matches!(shown.state, RequestState::Approved { .. }));
    paired.device.evidence(&paired.key("r1")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_denial_takes_the_place_of_an_approval_that_is_still_being_sent() {
    let paired = with_request(false).await;
    let key = paired.key("r1");
    paired.server.alter(|request, answer| {
        if request.url.ends_with("/decisions") {
            return Err(TransportError::Offline("cut".into()));
        }
        Ok(answer)
    });
    paired
        .device
        .approve(&key, None, &person(PIN))
        .await
        .unwrap();
    paired.server.behave();
    paired.server.state.lock().unwrap().receipts.clear();
    let again = paired.device.approve(&key, None, &person(PIN)).await;
    assert!(again.is_err(), "one decision in flight: {again:?}");
    let denied = paired
        .device
        .deny(&key, DenyReason::ChangedMind)
        .await
        .unwrap();
    assert!(matches!(denied.state, RequestState::Denied { .. }));
}

#[tokio::test]
async fn refusals_of_the_server_are_told_apart() {
    let refuse = |paired: &Paired, refusal: Problem| {
        paired.server.alter(move |request, answer| {
            Ok(if request.url.ends_with("/decisions") {
                problem(&refusal)
            } else {
                answer
            })
        });
    };
    let paired = with_request(true).await;
    let key = paired.key("r1");
    let mut mismatch = Problem::new(ProblemCode::TransferMismatch);
    mismatch.tries_left = Some(2);
    refuse(&paired, mismatch.clone());
    let refused = paired
        .device
        .approve(&key, Some("111111"), &person(PIN))
        .await;
    assert!(matches!(
        refused,
        Err(DecideError::TransferMismatch { tries_left: 2 })
    ));
    assert_eq!(
        paired.device.request(&key).unwrap().state,
        RequestState::Pending
    );
    mismatch.tries_left = Some(0);
    refuse(&paired, mismatch);
    let refused = paired
        .device
        .approve(&key, Some("111111"), &person(PIN))
        .await;
    assert!(matches!(
        refused,
        Err(DecideError::TransferMismatch { tries_left: 0 })
    ));
    assert_eq!(
        paired.device.request(&key).unwrap().state,
        RequestState::Closed(CloseReason::TransferFailed)
    );

    let paired = with_request(false).await;
    let key = paired.key("r1");
    let mut closed = Problem::new(ProblemCode::RequestClosed);
    closed.closed = Some(CloseReason::Withdrawn);
    refuse(&paired, closed);
    let refused = paired.device.approve(&key, None, &person(PIN)).await;
    assert!(matches!(
        refused,
        Err(DecideError::RequestClosed {
            how: CloseReason::Withdrawn
        })
    ));

    let paired = with_request(false).await;
    let key = paired.key("r1");
    refuse(&paired, Problem::new(ProblemCode::DeviceRevoked));
    let refused = paired.device.approve(&key, None, &person(PIN)).await;
    assert!(matches!(refused, Err(DecideError::ServerRefused(_))));
    assert_eq!(paired.device.accounts()[0].health, Health::DeviceRevoked);
}

#[tokio::test]
async fn a_receipt_for_something_else_is_not_believed() {
    let paired = with_request(false).await;
    let server = Arc::clone(&paired.server);
    paired.server.alter(move |request, answer| {
        if !request.url.ends_with("/decisions") {
            return Ok(answer);
        }
        let value: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let Some(text) = value["receipt"].as_str() else {
            return Ok(answer);
        };
        let keys = [*server.key.public()];
        let mut receipt: ConsentReceipt = jws::verify(text, typ::RECEIPT, 65_536, &keys).unwrap();
        receipt.detail.decision = Decision::Deny {
            reason: DenyReason::NotMe,
        };
        let body = serde_json::json!({ "receipt": sign_receipt(&server.key, &receipt) });
        let body = serde_json::to_vec(&body).unwrap();
        Ok(HttpResponse { body, ..answer })
    });
    let key = paired.key("r1");
    let refused = paired.device.approve(&key, None, &person(PIN)).await;
    assert!(matches!(refused, Err(DecideError::Receipt)), "{refused:?}");
    assert!(paired.device.evidence(&key).await.is_err());
    assert!(
        paired.session_state().unsent.is_some(),
        "kept until it is known"
    );
}

#[tokio::test]
async fn what_cannot_be_shown_whole_can_only_be_denied() {
    let paired = Paired::new().await;
    let mut prompt = paired.server.prompt("r1", false);
    prompt.binding_message = Some("safe\u{202e}gnisaelp".into());
    paired.server.push(&prompt);
    paired.refresh().await;
    let key = paired.key("r1");
    let refused = paired.device.approve(&key, None, &person(PIN)).await;
    assert!(matches!(refused, Err(DecideError::DenyOnly(_))));
    paired
        .device
        .deny(&key, DenyReason::WrongDetails)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_history_keeps_what_was_decided_and_what_closed() {
    let paired = with_request(false).await;
    let key = paired.key("r1");
    paired
        .device
        .approve(&key, None, &person(PIN))
        .await
        .unwrap();
    paired.server.state.lock().unwrap().pending.prompts.clear();
    paired.server.push(&paired.server.prompt("r2", false));
    paired.refresh().await;
    paired.server.close("r2", CloseReason::Withdrawn);
    paired.refresh().await;
    let history = paired.device.history(10).await.unwrap();
    let ends: Vec<_> = history
        .iter()
        .map(|entry| match &entry.event {
            HistoryEvent::Request { outcome, .. } => format!("{outcome:?}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(ends.len(), 3, "{ends:?}");
    assert_eq!(ends[0], "Closed(Withdrawn)");
    assert!(ends[1].starts_with("Approved"));
    assert_eq!(ends[2], "Paired");
}

#[tokio::test]
async fn an_expired_request_cannot_be_approved() {
    let paired = with_request(false).await;
    paired
        .server
        .clock
        .advance(std::time::Duration::from_mins(2));
    let refused = paired
        .device
        .approve(&paired.key("r1"), None, &person(PIN))
        .await;
    assert!(matches!(
        refused,
        Err(DecideError::RequestClosed {
            how: CloseReason::Expired
        })
    ));
    assert_eq!(posted(&paired), 0);
}
