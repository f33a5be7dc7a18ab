//! Whole sign-ins with the real server and the real device core, under a clock that the test moves.

use serde_json::{Value, json};
use tegata_device::{Connection, RequestState, error::DecideError, history::HistoryEvent};
use tegata_protocol::{
    UnixTime,
    device::{
        decision::{DenyReason, Verdict},
        evidence::{EvidenceFile, EvidenceFinding, verify_evidence},
        problem::CloseReason,
    },
};
use tegata_tests::{
    id_token::{Expected, verify_id_token},
    in_process::{CLIENT, START, TestDevice, World, eventually, now},
};

async fn claims(world: &World, tokens: &Value) -> Value {
    let jwks = world
        .http
        .fetch(&format!("{}/jwks", world.issuer))
        .await
        .unwrap()
        .ok_json()
        .unwrap();
    let expected = Expected {
        issuer: &world.issuer,
        client_id: CLIENT,
        access_token: tokens["access_token"].as_str(),
        now: now(world),
    };
    verify_id_token(tokens["id_token"].as_str().unwrap(), &jwks, expected).unwrap()
}

#[tokio::test]
async fn an_approval_becomes_one_verified_token_and_evidence_that_a_stranger_can_check() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let asked = world
        .ask(&[("acr_values", "urn:tegata:acr:software-pin")])
        .await
        .unwrap();
    assert_eq!(
        world.token(&asked).await.unwrap().1["error"],
        "authorization_pending"
    );

    let key = device.only_request().await.unwrap();
    world.advance(7);
    let code = asked.transfer_code.clone().unwrap();
    let decided = device
        .device
        .approve(&key, Some(&code), &TestDevice::person())
        .await
        .unwrap();
    assert_eq!(
        decided.state,
        RequestState::Approved {
            at: UnixTime(START.0 + 7)
        }
    );

    world.advance(asked.interval);
    let (status, tokens) = world.token(&asked).await.unwrap();
    assert_eq!(status, 200, "{tokens}");
    let claims = claims(&world, &tokens).await;
    assert_eq!(claims["acr"], "urn:tegata:acr:software-pin");
    assert_eq!(claims["auth_time"], START.0 + 7);
    assert!(
        claims["amr"].as_array().unwrap().contains(&json!("pin")),
        "{claims}"
    );
    let (status, again) = world.token(&asked).await.unwrap();
    assert_eq!(
        (status, &again["error"]),
        (400, &json!("invalid_grant")),
        "redeemed once"
    );

    let file = device.device.evidence(&key).await.unwrap();
    let trusted = device.device.accounts()[0].root;
    let report = verify_evidence(&file, trusted).unwrap();
    let EvidenceFinding::Decision(finding) = report.finding else {
        panic!("a decision")
    };
    assert_eq!(finding.decision.verdict(), Verdict::Approve);
    assert_eq!(finding.committed_at, UnixTime(START.0 + 7));
    assert!(finding.enrolled.unwrap().countersigned);
    let receipt_hash =
        tegata_protocol::device::receipt::evidence_hash(file.receipt.as_ref().unwrap());
    assert_eq!(
        claims["tegata_evidence"],
        receipt_hash.to_string(),
        "token and evidence name each other"
    );

    let client_file = EvidenceFile {
        prompt: None,
        receipt: None,
        pairing_receipt: None,
        countersignature: None,
        client_receipt: Some(tokens["client_receipt"].as_str().unwrap().to_owned()),
        ..file
    };
    let report = verify_evidence(&client_file, trusted).unwrap();
    let EvidenceFinding::Client(receipt) = report.finding else {
        panic!("a client receipt")
    };
    assert_eq!(receipt.aud.as_str(), CLIENT);
    assert_eq!(claims["sub"], receipt.sub);
    assert_eq!(receipt.evidence, receipt_hash);
}

#[tokio::test]
async fn the_client_learns_of_a_denial_and_of_nothing_else() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let asked = world.ask(&[]).await.unwrap();
    let key = device.only_request().await.unwrap();
    let decided = device
        .device
        .deny(&key, DenyReason::WrongDetails)
        .await
        .unwrap();
    assert!(matches!(
        decided.state,
        RequestState::Denied {
            reason: DenyReason::WrongDetails,
            ..
        }
    ));
    let (status, body) = world.token(&asked).await.unwrap();
    assert_eq!((status, &body["error"]), (400, &json!("access_denied")));
    assert!(
        !body.to_string().contains("wrong"),
        "no reason reaches the client: {body}"
    );
    let file = device.device.evidence(&key).await.unwrap();
    let report = verify_evidence(&file, device.device.accounts()[0].root).unwrap();
    let EvidenceFinding::Decision(finding) = report.finding else {
        panic!("a decision")
    };
    assert_eq!(finding.decision.verdict(), Verdict::Deny);
}

#[tokio::test]
async fn a_request_that_nobody_answers_expires_on_both_sides() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let asked = world.ask(&[("requested_expiry", "60")]).await.unwrap();
    let key = device.only_request().await.unwrap();
    let code = asked.transfer_code.clone().unwrap();
    world.advance(61);
    let late = device
        .device
        .approve(&key, Some(&code), &TestDevice::person())
        .await;
    assert!(
        matches!(
            late,
            Err(DecideError::RequestClosed {
                how: CloseReason::Expired
            })
        ),
        "{late:?}"
    );
    device.refresh().await.unwrap();
    let shown = device.device.request(&key).unwrap();
    assert_eq!(shown.state, RequestState::Closed(CloseReason::Expired));
    assert_eq!(
        world.token(&asked).await.unwrap().1["error"],
        "expired_token"
    );
}

#[tokio::test]
async fn the_second_device_is_told_who_answered() {
    let world = World::start().await.unwrap();
    let first = world.paired_device("hanako").await.unwrap();
    let second = world.paired_device("hanako").await.unwrap();
    let asked = world.ask(&[]).await.unwrap();
    let (one, two) = (
        first.only_request().await.unwrap(),
        second.only_request().await.unwrap(),
    );
    let code = asked.transfer_code.clone().unwrap();
    first
        .device
        .approve(&one, Some(&code), &TestDevice::person())
        .await
        .unwrap();
    second.refresh().await.unwrap();
    let shown = second.device.request(&two).unwrap();
    let RequestState::Closed(CloseReason::Handled {
        device_name,
        decision,
        ..
    }) = shown.state
    else {
        panic!("not handled: {:?}", shown.state)
    };
    assert_eq!(
        (device_name.as_str(), decision),
        ("Laptop 0", Verdict::Approve)
    );
    let late = second
        .device
        .approve(&two, Some(&code), &TestDevice::person())
        .await;
    assert!(
        matches!(
            late,
            Err(DecideError::RequestClosed {
                how: CloseReason::Handled { .. }
            })
        ),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_connected_device_hears_of_a_request_and_of_its_end() {
    let world = World::start().await.unwrap();
    let watching = world.paired_device("hanako").await.unwrap();
    let deciding = world.paired_device("hanako").await.unwrap();
    watching.device.connect();
    eventually("the socket is proved", || {
        watching.device.accounts()[0].connection == Connection::Online
    })
    .await
    .unwrap();
    let asked = world.ask(&[]).await.unwrap();
    eventually("the request arrives", || {
        watching.device.inbox().requests.len() == 1
    })
    .await
    .unwrap();
    let key = deciding.only_request().await.unwrap();
    let code = asked.transfer_code.unwrap();
    deciding
        .device
        .approve(&key, Some(&code), &TestDevice::person())
        .await
        .unwrap();
    eventually("it is told that another device answered", || {
        let requests = watching.device.inbox().requests;
        matches!(
            &requests[0].state,
            RequestState::Closed(CloseReason::Handled { .. })
        )
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_third_wrong_code_ends_the_request_over_all_devices() {
    let world = World::start().await.unwrap();
    let first = world.paired_device("hanako").await.unwrap();
    let second = world.paired_device("hanako").await.unwrap();
    let asked = world.ask(&[]).await.unwrap();
    let right = asked.transfer_code.clone().unwrap();
    let wrong = if right == "111111" {
        "222222"
    } else {
        "111111"
    };
    let (one, two) = (
        first.only_request().await.unwrap(),
        second.only_request().await.unwrap(),
    );
    let person = TestDevice::person();
    let tries = |result: Result<_, DecideError>| match result {
        Err(DecideError::TransferMismatch { tries_left }) => tries_left,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        tries(first.device.approve(&one, Some(wrong), &person).await),
        2
    );
    assert_eq!(
        tries(second.device.approve(&two, Some(wrong), &person).await),
        1
    );
    assert_eq!(
        tries(first.device.approve(&one, Some(wrong), &person).await),
        0
    );
    first.refresh().await.unwrap();
    let shown = first.device.request(&one).unwrap();
    assert_eq!(
        shown.state,
        RequestState::Closed(CloseReason::TransferFailed)
    );
    let late = second.device.approve(&two, Some(&right), &person).await;
    assert!(
        matches!(late, Err(DecideError::RequestClosed { .. })),
        "{late:?}"
    );
    assert_eq!(
        world.token(&asked).await.unwrap().1["error"],
        "access_denied"
    );
}

#[tokio::test]
async fn an_answer_that_got_lost_is_found_again_after_a_restart_without_the_person() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let asked = world.ask(&[]).await.unwrap();
    let key = device.only_request().await.unwrap();
    // The server commits, the answer never arrives, and the app ends.
    device.wire.alter(|request, answer| {
        if request.url.ends_with("/decisions") {
            Err(tegata_device::ports::TransportError::Offline("cut".into()))
        } else {
            Ok(answer)
        }
    });
    let code = asked.transfer_code.clone().unwrap();
    let lost = device
        .device
        .approve(&key, Some(&code), &TestDevice::person())
        .await;
    assert_eq!(
        lost.unwrap().state,
        RequestState::Sending {
            verdict: Verdict::Approve
        },
        "never shown as done"
    );
    let device = device.restarted().unwrap();
    device.refresh().await.unwrap();
    let history = device.device.history(10).await.unwrap();
    let approved = history.iter().any(|entry| {
        matches!(
            &entry.event,
            HistoryEvent::Request {
                outcome: RequestState::Approved { .. },
                ..
            }
        )
    });
    assert!(
        approved,
        "the server's receipt is in the history: {history:?}"
    );
    world.advance(asked.interval);
    assert_eq!(world.token(&asked).await.unwrap().0, 200);
}

#[tokio::test]
async fn an_approval_that_never_left_is_not_sent_after_a_restart() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let asked = world.ask(&[]).await.unwrap();
    let key = device.only_request().await.unwrap();
    // Nothing gets through to the server, and the app ends.
    let device = {
        let code = asked.transfer_code.clone().unwrap();
        device.wire.cut();
        let lost = device
            .device
            .approve(&key, Some(&code), &TestDevice::person())
            .await;
        assert_eq!(
            lost.unwrap().state,
            RequestState::Sending {
                verdict: Verdict::Approve
            },
            "never shown as done"
        );
        device.restarted().unwrap()
    };
    device.refresh().await.unwrap();
    let shown = device.device.request(&key).unwrap();
    assert_eq!(
        shown.state,
        RequestState::PendingAgain,
        "the person is asked again"
    );
    world.advance(asked.interval);
    assert_eq!(
        world.token(&asked).await.unwrap().1["error"],
        "authorization_pending",
        "nothing was sent"
    );
    let code = asked.transfer_code.clone().unwrap();
    device
        .device
        .approve(&key, Some(&code), &TestDevice::person())
        .await
        .unwrap();
    world.advance(asked.interval);
    assert_eq!(world.token(&asked).await.unwrap().0, 200);
}
