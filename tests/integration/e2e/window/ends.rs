//! Every end that a request can come to, and a server that goes away and comes back.

use tegata_tests::relying_party::Polled;

use crate::{
    app::{App, TEST_ACCOUNT, assert_error, leave, open_new, turn},
    world::{PERSON, PIN, World},
};

#[tokio::test]
async fn the_window_shows_every_end_of_a_request_and_a_server_that_is_away() {
    let _turn = turn().await;
    let world = World::start_for(|setup| setup, TEST_ACCOUNT).await;
    let (client, _) = world.client("kiosk", &["--transfer-code"]).await;
    let app = App::start(&world, "ends").await;
    let window = app.open().await;
    app.pair(&window, &world).await;
    let phone = world.device("other phone").await;

    // Denied.
    let request = open_new(&window, &client, &[]).await;
    window.deny().await.unwrap();
    window.picture("01-denied").await.unwrap();
    assert_error(&client, &request, "access_denied").await;
    leave(&window).await;

    // Handled by another device, which is named.
    let request = open_new(&window, &client, &[]).await;
    let id = phone.await_request().await.unwrap();
    phone
        .approve(&id, request.transfer_code.as_deref(), PIN)
        .await
        .unwrap();
    window.await_result("handled").await.unwrap();
    window.picture("02-handled").await.unwrap();
    let text = window.session().text("result.state").await.unwrap();
    assert!(text.contains("other phone"), "{text}");
    let polled = client.poll_until_decided(&request).await.unwrap();
    assert!(matches!(polled, Polled::Tokens(_)));
    leave(&window).await;

    // Nobody answers in time.
    let request = open_new(&window, &client, &[("requested_expiry", "8")]).await;
    window.await_result("expired").await.unwrap();
    window.picture("03-expired").await.unwrap();
    assert_error(&client, &request, "expired_token").await;
    leave(&window).await;

    // The server goes away and comes back; a request that is made then arrives.
    let session = window.session();
    let setup = world.server.kill().await.unwrap();
    session
        .await_attribute("account.status", "data-connection", "offline")
        .await
        .unwrap();
    window.picture("04-offline").await.unwrap();
    let server = setup.start().await.unwrap();
    session
        .await_attribute("account.status", "data-connection", "online")
        .await
        .unwrap();
    client.ask(PERSON, &[]).await.unwrap();
    window.await_request().await.unwrap();
    window.picture("05-online-again").await.unwrap();

    let outcomes = window.history().await.unwrap();
    window.picture("06-history").await.unwrap();
    assert_eq!(outcomes, ["expired", "handled", "denied"]);
    window.close().await.unwrap();
    drop((server, world.dir));
}
