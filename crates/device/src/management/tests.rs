use super::*;
use crate::{
    Health, Pin,
    history::HistoryEvent,
    model::RequestState,
    test_server::{
        PIN, Paired, START,
        management::{DIGITS, grant, id},
        person, problem,
    },
};
use std::{sync::atomic::AtomicBool, time::Duration};
use tegata_protocol::device::{
    decision::{Decision, DenyReason},
    management::AddingState,
    problem::CloseReason,
};

async fn approve(paired: &Paired, request: &RequestKey) {
    paired.refresh().await;
    let device = &paired.device;
    device.approve(request, None, &person(PIN)).await.unwrap();
}

fn asked(paired: &Paired, path: &str) -> usize {
    let state = paired.server.state.lock().unwrap();
    state.asked.iter().filter(|one| one.ends_with(path)).count()
}

/// Waits for a phase without looking at a clock.
async fn phase(adding: &Adding, wanted: fn(&AddingPhase) -> bool) -> AddingPhase {
    let mut phases = adding.phases();
    let found = tokio::time::timeout(Duration::from_secs(20), phases.wait_for(wanted)).await;
    found.expect("the phase comes in time").unwrap().clone()
}

async fn invited(paired: &Paired, moving: bool) -> Adding {
    let adding = paired
        .device
        .add_device(&paired.account, moving)
        .await
        .unwrap();
    let AddingPhase::Approve { request } = adding.phase() else {
        panic!("{adding:?}");
    };
    approve(paired, &request).await;
    phase(&adding, |phase| matches!(phase, AddingPhase::Invitation(_))).await;
    adding
}

async fn shows_digits(paired: &Paired, moving: bool) -> Adding {
    let adding = invited(paired, moving).await;
    paired.server.registered();
    phase(&adding, |phase| matches!(phase, AddingPhase::Digits { .. })).await;
    adding
}

#[tokio::test]
async fn devices_are_listed_with_this_one_named_and_this_one_is_renamed() {
    let paired = Paired::new().await;
    let listed = paired.device.devices(&paired.account).await.unwrap();
    assert_eq!(listed.this_device, id("device-1"));
    assert_eq!(listed.devices.len(), 2);
    let renamed = paired
        .device
        .rename_device(&paired.account, " Desk ")
        .await
        .unwrap();
    assert_eq!(renamed.devices[0].name, "Desk");
    assert_eq!(paired.device.accounts()[0].device_name, "Desk");
}

#[tokio::test]
async fn a_name_that_hides_something_is_not_sent() {
    let paired = Paired::new().await;
    for name in ["", "  ", "a\u{202e}b", &"x".repeat(65)] {
        let refused = paired.device.rename_device(&paired.account, name).await;
        assert!(matches!(refused, Err(ManagementError::Name)), "{name}");
    }
    assert_eq!(asked(&paired, "rename"), 0);
}

#[tokio::test]
async fn what_a_server_does_not_offer_is_said_and_not_asked_for() {
    let paired = Paired::new().await;
    paired.server.state.lock().unwrap().managed.bare = true;
    paired.server.state.lock().unwrap().seq = 2;
    paired.server.clock.advance(Duration::from_hours(600));
    let device = &paired.device;
    let id = &paired.account;
    for refused in [
        device.devices(id).await.map(drop),
        device.consents(id).await.map(drop),
        device.send_test(id).await.map(drop),
        device
            .grade_device(id, &crate::test_server::management::id("device-2"))
            .await
            .map(drop),
        device.add_device(id, false).await.map(drop),
        device.unpair(id, false).await,
    ] {
        assert!(
            matches!(refused, Err(ManagementError::NotOffered)),
            "{refused:?}"
        );
    }
    assert_eq!(device.accounts().len(), 1, "not unpaired");
}

#[tokio::test]
async fn an_account_that_may_not_manage_yet_is_told_from_when_it_may() {
    let paired = Paired::new().await;
    paired.server.alter(|request, answer| {
        let mut not_yet = Problem::new(ProblemCode::NotYet);
        not_yet.not_before = Some(START.plus(86_400));
        let add = request.url.ends_with("/devices/add");
        Ok(if add { problem(&not_yet) } else { answer })
    });
    let refused = paired.device.add_device(&paired.account, false).await;
    assert!(matches!(refused, Err(ManagementError::NotYet { from }) if from == START.plus(86_400)));
    assert_eq!(paired.device.accounts()[0].health, Health::Ok);
}

#[tokio::test]
async fn another_device_is_removed_by_an_approval_here() {
    let paired = Paired::new().await;
    let removal = paired
        .device
        .remove_device(&paired.account, &id("device-2"), RemovalReason::Lost)
        .await
        .unwrap();
    let Removal::Approve(request) = removal else {
        panic!("{removal:?}");
    };
    approve(&paired, &request).await;
    let posted = paired.server.state.lock().unwrap().posted.clone();
    let Decision::Approve { view, .. } = &posted[0].detail.decision else {
        panic!("not approved");
    };
    assert_eq!(view.layout, "device_remove/1");
}

#[tokio::test]
async fn another_device_may_manage_others_after_an_approval_here() {
    let paired = Paired::new().await;
    let (device, account) = (&paired.device, &paired.account);
    let from = || async {
        let listed = device.devices(account).await.unwrap();
        let own = listed.devices[0].may_manage_from;
        (own, listed.devices[1].may_manage_from)
    };
    assert_eq!(from().await, (None, Some(START.plus(86_400))));
    let unknown = device.grade_device(account, &id("device-3")).await;
    assert!(
        matches!(&unknown, Err(ManagementError::ServerRefused(problem)) if problem.code == ProblemCode::NotFound),
        "{unknown:?}"
    );
    let other = id("device-2");
    let request = device.grade_device(account, &other).await.unwrap();
    assert_eq!(from().await.1, Some(START.plus(86_400)), "not approved yet");
    approve(&paired, &request).await;
    assert_eq!(from().await, (None, None));
    let posted = paired.server.state.lock().unwrap().posted.clone();
    let Decision::Approve { view, .. } = &posted[0].detail.decision else {
        panic!("not approved");
    };
    assert_eq!(view.layout, "device_grade/1");
}

#[tokio::test]
async fn removing_this_device_wipes_its_keys_and_keeps_its_history() {
    let mut paired = Paired::new().await;
    paired.server.push(&paired.server.prompt("r1", false));
    paired.refresh().await;
    let done = paired
        .device
        .remove_device(&paired.account, &id("device-1"), RemovalReason::NotUsed)
        .await
        .unwrap();
    assert_eq!(done, Removal::Done);
    for _ in 0..2 {
        let history = paired.device.history(10).await.unwrap();
        assert!(matches!(
            &history[0].event,
            HistoryEvent::Request {
                outcome: RequestState::Closed(CloseReason::Moved),
                ..
            }
        ));
        let account = paired.device.accounts().remove(0);
        assert_eq!(account.health, Health::DeviceRevoked);
        let state = paired.session_state();
        assert!(state.possession_sealed.0.is_empty());
        assert_eq!(state.approval_slot, crate::account::ApprovalSlot::Destroyed);
        let refused = paired
            .device
            .approve(&paired.key("r1"), None, &person(PIN))
            .await;
        assert!(refused.is_err());
        paired.restart();
        paired.device.retry(&paired.account).await.unwrap();
    }
}

#[tokio::test]
async fn unpairing_tells_the_server_or_leaves_everything_as_it_was() {
    let paired = Paired::new().await;
    let device = &paired.device;
    let cut = || Err(TransportError::Offline("cut".into()));
    paired.server.alter(move |_, _| cut());
    let refused = device.unpair(&paired.account, false).await;
    assert!(matches!(refused, Err(ManagementError::Offline(_))));
    assert_eq!(device.accounts()[0].health, Health::Ok);
    paired.server.behave();
    device.unpair(&paired.account, false).await.unwrap();
    assert!(paired.server.state.lock().unwrap().managed.revoked);
    assert!(device.accounts().is_empty() && paired.secrets.is_empty());
}

#[tokio::test]
async fn unpairing_only_here_asks_nobody() {
    let paired = Paired::new().await;
    let before = paired.server.state.lock().unwrap().asked.len();
    paired.device.unpair(&paired.account, true).await.unwrap();
    assert_eq!(paired.server.state.lock().unwrap().asked.len(), before);
    assert!(paired.device.accounts().is_empty());
}

#[tokio::test]
async fn grants_are_listed_and_taken_back() {
    let paired = Paired::new().await;
    paired.server.state.lock().unwrap().managed.grants = vec![grant("g1"), grant("g2")];
    let device = &paired.device;
    assert_eq!(device.consents(&paired.account).await.unwrap().len(), 2);
    let gone = ConsentRequestId::parse("g1").unwrap();
    let left = device.revoke_consent(&paired.account, &gone).await.unwrap();
    assert_eq!(left, [grant("g2")]);
}

#[tokio::test]
async fn whether_an_approval_was_collected_is_asked_for_and_taken_from_notices() {
    let paired = Paired::new().await;
    paired.server.push(&paired.server.prompt("r1", false));
    let key = paired.key("r1");
    approve(&paired, &key).await;
    let collected = || paired.device.request(&key).unwrap().collected;
    assert_eq!(collected(), None);
    paired.server.state.lock().unwrap().managed.collected = Some(false);
    assert_eq!(paired.device.check(&key).await.unwrap(), Some(false));
    assert_eq!(collected(), Some(false));
    paired
        .server
        .close("r1", crate::test_server::handled("device-1"));
    paired.server.state.lock().unwrap().pending.closed[0].collected = Some(true);
    paired.refresh().await;
    assert_eq!(collected(), Some(true));
}

#[tokio::test]
async fn a_device_is_added_after_an_approval_and_its_digits() {
    let paired = Paired::new().await;
    let adding = invited(&paired, false).await;
    let AddingPhase::Invitation(invitation) = adding.phase() else {
        panic!("{adding:?}");
    };
    assert_eq!(invitation.server, "localhost:4455");
    let said = format!("{adding:?} {invitation:?}");
    // EXPOSE: the test looks for it.
    assert!(!said.contains(invitation.code.expose().as_str()), "{said}");
    let early = adding.confirm(DIGITS).await;
    assert!(matches!(early, Err(AddingError::Phase)));
    paired.server.other_device(AddingState::Used);
    paired.server.registered();
    let digits = phase(&adding, |phase| matches!(phase, AddingPhase::Digits { .. })).await;
    let first = AddingPhase::Digits {
        device_name: "New phone".into(),
        tries_left: None,
    };
    assert_eq!(digits, first);
    for malformed in ["", "12345", "1234567", "12345a"] {
        let refused = adding.confirm(malformed).await;
        assert!(matches!(refused, Err(AddingError::Malformed)));
    }
    let wrong = adding.confirm("000000").await.unwrap();
    assert!(matches!(
        wrong,
        AddingPhase::Digits {
            tries_left: Some(2),
            ..
        }
    ));
    let typed = "\u{ff11}\u{ff12}\u{ff13} 456";
    let done = AddingPhase::Done {
        device_name: "New phone".into(),
        moved: false,
    };
    assert_eq!(adding.confirm(typed).await.unwrap(), done);
    assert_eq!(paired.device.accounts()[0].health, Health::Ok);
    assert_eq!(asked(&paired, "invitation"), 1);
}

#[tokio::test]
async fn the_third_wrong_digits_end_the_addition() {
    let paired = Paired::new().await;
    let adding = shows_digits(&paired, false).await;
    for _ in 0..2 {
        adding.confirm("000000").await.unwrap();
    }
    let ended = adding.confirm("000000").await.unwrap();
    assert_eq!(
        ended,
        AddingPhase::Failed(AddingFailure::ConfirmationFailed)
    );
    assert!(matches!(
        adding.confirm(DIGITS).await,
        Err(AddingError::Phase)
    ));
}

#[tokio::test]
async fn an_addition_that_is_denied_or_lapses_ends_by_that_name() {
    let paired = Paired::new().await;
    let adding = paired
        .device
        .add_device(&paired.account, false)
        .await
        .unwrap();
    paired.refresh().await;
    let key = paired.key("add-1");
    paired.device.deny(&key, DenyReason::NotMe).await.unwrap();
    let ended = phase(&adding, AddingPhase::is_final).await;
    assert_eq!(ended, AddingPhase::Failed(AddingFailure::Denied));

    let paired = Paired::new().await;
    let adding = paired
        .device
        .add_device(&paired.account, false)
        .await
        .unwrap();
    paired.refresh().await;
    paired.server.close("add-1", CloseReason::Expired);
    paired.refresh().await;
    let ended = phase(&adding, AddingPhase::is_final).await;
    assert_eq!(ended, AddingPhase::Failed(AddingFailure::Expired));
}

#[tokio::test]
async fn an_approval_that_was_put_away_before_anybody_looked_still_goes_on() {
    let paired = Paired::new().await;
    let adding = paired
        .device
        .add_device(&paired.account, false)
        .await
        .unwrap();
    let key = paired.key("add-1");
    paired.refresh().await;
    // The task sees the request arrive, and next that it is gone.
    tokio::task::yield_now().await;
    paired
        .device
        .approve(&key, None, &person(PIN))
        .await
        .unwrap();
    paired.device.dismiss(&key);
    phase(&adding, |phase| matches!(phase, AddingPhase::Invitation(_))).await;
}

#[tokio::test]
async fn cancelling_denies_the_request_that_waits() {
    let paired = Paired::new().await;
    let adding = paired
        .device
        .add_device(&paired.account, false)
        .await
        .unwrap();
    paired.refresh().await;
    adding.cancel().await;
    let state = paired.device.request(&paired.key("add-1")).unwrap().state;
    let reason = DenyReason::ChangedMind;
    assert_eq!(state, RequestState::Denied { reason, at: START });
}

#[tokio::test]
async fn a_move_ends_this_device_with_its_keys() {
    let mut paired = Paired::new().await;
    let adding = shows_digits(&paired, true).await;
    assert!(adding.is_moving());
    let done = adding.confirm(DIGITS).await.unwrap();
    assert!(matches!(done, AddingPhase::Done { moved: true, .. }));
    assert_eq!(paired.device.accounts()[0].health, Health::DeviceRevoked);
    assert!(
        paired
            .device
            .inbox()
            .requests
            .iter()
            .all(|request| request.state.is_final())
    );
    let _ = paired.device.history(10).await.unwrap();
    assert!(paired.session_state().is_retired());
    paired.restart();
    let pin = Pin::typed(PIN).unwrap();
    let locked = paired.device.check_pin(&paired.account, &pin).await;
    assert!(matches!(locked, Err(crate::pin::PinError::Locked)));
}

#[tokio::test]
async fn a_move_whose_answer_got_lost_is_noticed_by_the_question_that_was_held() {
    let paired = Paired::new().await;
    let adding = shows_digits(&paired, true).await;
    let once = AtomicBool::new(false);
    paired.server.alter(move |request, answer| {
        let confirms = request
            .body
            .windows(8)
            .any(|window| window == b"\"digits\"");
        let lost = confirms && !once.swap(true, std::sync::atomic::Ordering::SeqCst);
        if lost {
            return Err(TransportError::Offline("cut".into()));
        }
        Ok(answer)
    });
    // The server took the digits, although nobody heard of it.
    assert!(adding.confirm(DIGITS).await.is_err());
    let done = phase(&adding, AddingPhase::is_final).await;
    assert!(
        matches!(done, AddingPhase::Done { moved: true, .. }),
        "{done:?}"
    );
    assert_eq!(paired.device.accounts()[0].health, Health::DeviceRevoked);
}

#[tokio::test]
async fn a_device_that_is_revoked_before_its_digits_were_typed_has_not_moved() {
    let paired = Paired::new().await;
    let adding = shows_digits(&paired, true).await;
    paired.server.state.lock().unwrap().managed.revoked = true;
    paired
        .server
        .other_device(AddingState::Ended { failed: false });
    let ended = phase(&adding, AddingPhase::is_final).await;
    assert!(matches!(ended, AddingPhase::Failed(_)), "{ended:?}");
}
