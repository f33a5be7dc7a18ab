//! (c) deny, (d) expiry, (e) two devices.

use serde_json::Value;
use tegata_tests::{processes::wait_until, relying_party::Polled};

use crate::world::{LIMIT, PERSON, PIN, World};

#[tokio::test]
async fn a_denial_reaches_the_client_as_access_denied_and_stays() {
    let world = World::start().await;
    let (client, _) = world.client("kiosk", &["--transfer-code"]).await;
    let device = world.device("phone").await;
    let request = client.ask(PERSON, &[]).await.unwrap();
    let id = device.await_request().await.unwrap();
    // No PIN is given: denying asks for none.
    device.deny(&id, "changed_mind").await.unwrap();
    assert_error(
        client.poll_until_decided(&request).await.unwrap(),
        "access_denied",
    );
    let again = device
        .try_approve(&id, request.transfer_code.as_deref(), PIN)
        .await
        .unwrap();
    assert_eq!(
        again.status.code(),
        Some(1),
        "{}{}",
        again.stdout,
        again.stderr
    );
    assert_error(
        client.poll_until_decided(&request).await.unwrap(),
        "access_denied",
    );
}

#[tokio::test]
async fn a_request_that_nobody_answers_expires_for_the_client_and_on_the_device() {
    let world = World::start().await;
    let (client, _) = world.client("kiosk", &["--transfer-code"]).await;
    let device = world.device("phone").await;
    let request = client
        .ask(PERSON, &[("requested_expiry", "5")])
        .await
        .unwrap();
    assert_eq!(request.expires_in, 5, "the client's wish is granted");
    let id = device.await_request().await.unwrap();
    assert_error(
        client.poll_until_decided(&request).await.unwrap(),
        "expired_token",
    );
    let late = device
        .try_approve(&id, request.transfer_code.as_deref(), PIN)
        .await
        .unwrap();
    assert_eq!(
        late.status.code(),
        Some(1),
        "{}{}",
        late.stdout,
        late.stderr
    );
    assert_error(
        client.poll_until_decided(&request).await.unwrap(),
        "expired_token",
    );
}

#[tokio::test]
async fn the_second_device_sees_what_was_decided_and_by_which_device() {
    let world = World::start().await;
    let (client, _) = world.client("kiosk", &["--transfer-code"]).await;
    let first = world.device("first-phone").await;
    let second = world.device("second-phone").await;
    let mut watching = second.watch().unwrap();
    let request = client.ask(PERSON, &[]).await.unwrap();
    let id = first.await_request().await.unwrap();
    watching
        .line("the second device seeing the request", LIMIT, |line| {
            line.contains(&id).then_some(())
        })
        .await
        .unwrap();
    first
        .approve(&id, request.transfer_code.as_deref(), PIN)
        .await
        .unwrap();
    let seen: Value = watching
        .line(
            "the second device seeing that it is handled",
            LIMIT,
            |line| {
                let line: Value = serde_json::from_str(line).ok()?;
                line.to_string().contains("handled").then_some(line)
            },
        )
        .await
        .unwrap();
    let text = seen.to_string();
    assert!(
        text.contains("first-phone") && text.contains("approve"),
        "{text}"
    );
    watching.stop().await.unwrap();

    let Polled::Tokens(tokens) = client.poll_until_decided(&request).await.unwrap() else {
        panic!("the client gets no tokens");
    };
    assert_eq!(tokens.claims["aud"], "kiosk");
    let late = second
        .try_approve(&id, request.transfer_code.as_deref(), PIN)
        .await
        .unwrap();
    assert_eq!(
        late.status.code(),
        Some(1),
        "{}{}",
        late.stdout,
        late.stderr
    );
    wait_until("both inboxes are empty", LIMIT, async || {
        Ok((first.pending().await?.is_empty() && second.pending().await?.is_empty()).then_some(()))
    })
    .await
    .unwrap();
}

#[track_caller]
fn assert_error(polled: Polled, wanted: &str) {
    match polled {
        Polled::Error(code, status) => {
            assert_eq!(
                (code.as_str(), status),
                (wanted, 400),
                "CIBA Core section 11"
            );
        }
        Polled::Tokens(_) => panic!("tokens instead of {wanted}"),
    }
}
