use super::*;
use crate::{
    ports::SecretStoreError,
    test_server::{PIN, Paired, person},
};
use tegata_protocol::device::decision::DenyReason;

async fn ended(test: &SelfTest) -> SelfTestState {
    wait(test, |state| !state.running).await
}

async fn wait(test: &SelfTest, wanted: impl FnMut(&SelfTestState) -> bool) -> SelfTestState {
    let mut states = test.states();
    let found = tokio::time::timeout(Duration::from_secs(20), states.wait_for(wanted)).await;
    found.expect("the self-test goes on").unwrap().clone()
}

fn outcome(state: &SelfTestState, check: SelfTestCheck) -> SelfTestOutcome {
    let line = state.lines.iter().find(|line| line.check == check);
    line.unwrap().outcome.clone()
}

fn waits(state: &SelfTestState) -> bool {
    matches!(
        outcome(state, SelfTestCheck::Delivery),
        SelfTestOutcome::Answer(_)
    )
}

#[tokio::test]
async fn everything_is_good_once_the_test_request_was_answered_either_way() {
    use SelfTestCheck as C;
    for approves in [true, false] {
        let paired = Paired::new().await;
        let options = SelfTestOptions {
            notifications: Some(SelfTestOutcome::Warning(SelfTestTrouble::NotificationsOff)),
            ..SelfTestOptions::default()
        };
        let test = paired.device.self_test(options);
        assert!(test.state().running && test.state().report.is_empty());
        wait(&test, waits).await;
        let key = paired.key("test-1");
        if approves {
            paired
                .device
                .approve(&key, None, &person(PIN))
                .await
                .unwrap();
        } else {
            paired
                .device
                .deny(&key, DenyReason::ChangedMind)
                .await
                .unwrap();
            paired.device.dismiss(&key);
        }
        let state = ended(&test).await;
        let checks: Vec<_> = state.lines.iter().map(|line| line.check).collect();
        assert_eq!(
            checks,
            [
                C::Keyring,
                C::Notifications,
                C::Connection,
                C::Clock,
                C::Key,
                C::Delivery
            ]
        );
        let good = |detail| SelfTestOutcome::Good(detail);
        assert_eq!(outcome(&state, C::Keyring), good(SelfTestDetail::Nothing));
        assert_eq!(
            outcome(&state, C::Connection),
            good(SelfTestDetail::Took(0))
        );
        assert_eq!(outcome(&state, C::Clock), good(SelfTestDetail::Apart(0)));
        assert_eq!(outcome(&state, C::Key), good(SelfTestDetail::SoftwareKey));
        assert_eq!(outcome(&state, C::Delivery), good(SelfTestDetail::Took(0)));
        for secret in [
            "hanako",
            "localhost",
            PIN,
            paired.account.as_str(),
            "Test server",
        ] {
            assert!(!state.report.contains(secret), "{}", state.report);
        }
        assert!(state.report.contains("account 1: delivery: good, 0 ms"));
        assert!(state.report.contains("notifications: warning"));
    }
}

#[tokio::test]
async fn each_trouble_has_its_name_and_the_report_says_so() {
    use SelfTestCheck as C;
    use SelfTestTrouble as T;
    let bad = SelfTestOutcome::Bad;
    // Out of reach.
    let paired = Paired::new().await;
    let cut = crate::ports::TransportError::Offline("cut".into());
    paired.server.alter(move |_, _| Err(cut.clone()));
    let state = ended(&paired.device.self_test(SelfTestOptions::default())).await;
    assert_eq!(outcome(&state, C::Connection), bad(T::Offline));
    assert_eq!(outcome(&state, C::Delivery), bad(T::Offline));
    assert_eq!(
        outcome(&state, C::Clock),
        SelfTestOutcome::Warning(T::Offline)
    );
    assert!(state.report.contains("the server cannot be reached"));
    // Revoked.
    let paired = Paired::new().await;
    paired.server.state.lock().unwrap().managed.revoked = true;
    let state = ended(&paired.device.self_test(SelfTestOptions::default())).await;
    assert_eq!(outcome(&state, C::Connection), bad(T::DeviceRevoked));
    // No credential store.
    let mut paired = Paired::new().await;
    paired
        .secrets
        .fail_with(Some(SecretStoreError::Unavailable("no bus".into())));
    paired.restart();
    let state = ended(&paired.device.self_test(SelfTestOptions::default())).await;
    assert_eq!(outcome(&state, C::Keyring), bad(T::KeyringMissing));
    assert_eq!(outcome(&state, C::Connection), bad(T::KeyringMissing));
    assert_eq!(outcome(&state, C::Key), bad(T::KeyringMissing));
    // The approval key is destroyed: denying still works, and so does delivery.
    let paired = Paired::new().await;
    let wrong = crate::Pin::typed("111119").unwrap();
    for _ in 0..crate::account::MAX_PIN_FAILURES {
        assert!(
            paired
                .device
                .check_pin(&paired.account, &wrong)
                .await
                .is_err()
        );
    }
    let test = paired.device.self_test(SelfTestOptions::default());
    wait(&test, waits).await;
    paired
        .device
        .deny(&paired.key("test-1"), DenyReason::NotMe)
        .await
        .unwrap();
    let state = ended(&test).await;
    assert_eq!(outcome(&state, C::Key), bad(T::PinLocked));
    assert!(matches!(
        outcome(&state, C::Delivery),
        SelfTestOutcome::Good(_)
    ));
}

#[tokio::test]
async fn a_test_that_does_not_arrive_or_is_not_answered_is_told_apart() {
    let paired = Paired::new().await;
    let options = SelfTestOptions {
        arrival: Duration::ZERO,
        ..SelfTestOptions::default()
    };
    paired.server.alter(|request, answer| {
        let mut answer = answer;
        if request.url.ends_with("/pending") && answer.status == 200 {
            answer.body = br#"{"prompts":[],"closed":[]}"#.to_vec();
        }
        Ok(answer)
    });
    let state = ended(&paired.device.self_test(options)).await;
    let bad = SelfTestOutcome::Bad(SelfTestTrouble::TestNotArrived);
    assert_eq!(outcome(&state, SelfTestCheck::Delivery), bad);

    let paired = Paired::new().await;
    let options = SelfTestOptions {
        answer: Duration::ZERO,
        ..SelfTestOptions::default()
    };
    let state = ended(&paired.device.self_test(options)).await;
    let warning = SelfTestOutcome::Warning(SelfTestTrouble::TestNotAnswered);
    assert_eq!(outcome(&state, SelfTestCheck::Delivery), warning);
}

#[tokio::test]
async fn a_server_without_tests_is_a_warning_and_a_wrong_clock_is_found() {
    let paired = Paired::new().await;
    paired.server.state.lock().unwrap().managed.bare = true;
    paired.server.state.lock().unwrap().seq = 2;
    paired.server.clock.advance(Duration::from_hours(600));
    let state = ended(&paired.device.self_test(SelfTestOptions::default())).await;
    let warning = SelfTestOutcome::Warning(SelfTestTrouble::NotOffered);
    assert_eq!(outcome(&state, SelfTestCheck::Delivery), warning);
    let unmeasured = SelfTestOutcome::Good(SelfTestDetail::Nothing);
    assert_eq!(outcome(&state, SelfTestCheck::Clock), unmeasured);

    let paired = Paired::new().await;
    paired.server.push(&paired.server.prompt("r1", false));
    paired.server.clock.advance(Duration::from_secs(1000));
    let mut late = paired.server.prompt("test-1", false);
    late.iat = late.iat.plus(-1000);
    late.exp = late.exp.plus(-1000);
    late.kind = tegata_protocol::device::prompt::PromptKind::Test;
    paired.server.push(&late);
    let paired_server = Arc::clone(&paired.server);
    paired.server.alter(move |request, answer| {
        let mut answer = answer;
        if request.url.ends_with("/test") && answer.status == 200 {
            // The prompt is the one that was signed by the other clock.
            paired_server.state.lock().unwrap().pending.prompts.pop();
            answer.body = br#"{"request":"test-1"}"#.to_vec();
        }
        Ok(answer)
    });
    let options = SelfTestOptions {
        answer: Duration::ZERO,
        ..SelfTestOptions::default()
    };
    let state = ended(&paired.device.self_test(options)).await;
    let bad = SelfTestOutcome::Bad(SelfTestTrouble::ClockApart);
    assert_eq!(outcome(&state, SelfTestCheck::Clock), bad);
}
