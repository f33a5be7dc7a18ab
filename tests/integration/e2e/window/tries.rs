//! Wrong codes and wrong PINs: what is left is said, and the last one ends something.

use tegata_tests::relying_party::Polled;

use crate::{
    app::{App, TEST_ACCOUNT, assert_error, open_new, turn},
    world::{PIN, World},
};

/// Wrong PINs that destroy an account's approval key.
const PIN_TRIES: usize = 8;

#[tokio::test]
async fn a_wrong_pin_or_code_says_how_many_tries_are_left_and_the_third_code_ends_the_request() {
    let _turn = turn().await;
    let world = World::start_for(|setup| setup, TEST_ACCOUNT).await;
    let (client, _) = world.client("kiosk", &["--transfer-code"]).await;
    let app = App::start(&world, "wrong").await;
    let window = app.open().await;
    app.pair(&window, &world).await;

    let request = open_new(&window, &client, &[]).await;
    let right = request.transfer_code.as_deref().unwrap();
    window.fill_in(Some(right), "111222").await.unwrap();
    window.session().click("approval.approve").await.unwrap();
    window
        .session()
        .await_shown("approval.pin_error")
        .await
        .unwrap();
    window.picture("01-wrong-pin").await.unwrap();
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    window.session().clear("approval.code").await.unwrap();
    for tries_left in ["2", "1"] {
        window.fill_in(Some(wrong), PIN).await.unwrap();
        window.session().click("approval.approve").await.unwrap();
        let said = window.session().text("approval.code_error").await.unwrap();
        window
            .picture(&format!("02-wrong-code-{tries_left}-left"))
            .await
            .unwrap();
        assert!(said.contains(tries_left) || tries_left == "1", "{said}");
    }
    window.fill_in(Some(wrong), PIN).await.unwrap();
    window.session().click("approval.approve").await.unwrap();
    window.await_result("transfer_failed").await.unwrap();
    window.picture("03-transfer-failed").await.unwrap();
    assert_error(&client, &request, "access_denied").await;
    window.close().await.unwrap();
}

#[tokio::test]
async fn the_last_wrong_pin_locks_the_account_for_good_and_nothing_is_approved() {
    let _turn = turn().await;
    let world = World::start_for(|setup| setup, TEST_ACCOUNT).await;
    let (client, _) = world.client("kiosk", &["--transfer-code"]).await;
    let app = App::start(&world, "locked").await;
    let window = app.open().await;
    app.pair(&window, &world).await;

    let request = open_new(&window, &client, &[]).await;
    let session = window.session();
    for wrong in 1..PIN_TRIES {
        let code = request.transfer_code.as_deref().filter(|_| wrong == 1);
        window.fill_in(code, "111222").await.unwrap();
        session.click("approval.approve").await.unwrap();
        // The field is empty again once the answer is there.
        session
            .await_attribute("approval.approve", "data-ready", "false")
            .await
            .unwrap();
        let said = session.text("approval.pin_error").await.unwrap();
        let left = (PIN_TRIES - wrong).to_string();
        assert!(said.contains(&left) || left == "1", "{left} left: {said}");
    }
    window.fill_in(None, "111222").await.unwrap();
    session.click("approval.approve").await.unwrap();
    session
        .await_attribute("account.notice", "data-health", "pin_locked")
        .await
        .unwrap();
    window.picture("01-locked").await.unwrap();
    match client.poll(&request).await.unwrap() {
        Polled::Error(code, _) => assert_eq!(code, "authorization_pending"),
        Polled::Tokens(_) => panic!("wrong PINs approved"),
    }
    window.close().await.unwrap();
}
