//! (f) and (g): one side dies at the worst moment.

use tegata_tests::relying_party::{Polled, RelyingParty};

use crate::{
    proxy::LosingProxy,
    world::{PERSON, PIN, World},
};

#[tokio::test]
async fn a_server_killed_between_decision_and_poll_issues_the_token_exactly_once() {
    let world = World::start().await;
    let (client, secret) = world.client("kiosk", &["--transfer-code"]).await;
    let device = world.device("phone").await;
    let request = client.ask(PERSON, &[]).await.unwrap();
    let id = device.await_request().await.unwrap();
    device
        .approve(&id, request.transfer_code.as_deref(), PIN)
        .await
        .unwrap();

    let World { server, dir, .. } = world;
    let (issuer, port) = (server.issuer().to_owned(), server.port());
    let setup = server.kill().await.unwrap();
    let server = setup.start().await.unwrap();
    assert_eq!((server.issuer(), server.port()), (issuer.as_str(), port));

    let client = RelyingParty::new(&server, "kiosk", &secret);
    // Both at once: one of them gets the tokens.
    let (one, other) = tokio::join!(
        client.poll_until_decided(&request),
        client.poll_until_decided(&request)
    );
    let mut issued = 0;
    for polled in [one.unwrap(), other.unwrap()] {
        match polled {
            Polled::Tokens(tokens) => {
                issued += 1;
                assert_eq!(tokens.claims["aud"], "kiosk");
            }
            Polled::Error(code, _) => assert_eq!(code, "invalid_grant"),
        }
    }
    assert_eq!(issued, 1, "the token is issued exactly once");
    // And never again, not even after another crash.
    let server = server.kill().await.unwrap().start().await.unwrap();
    let client = RelyingParty::new(&server, "kiosk", &secret);
    match client.poll_until_decided(&request).await.unwrap() {
        Polled::Error(code, _) => assert_eq!(code, "invalid_grant"),
        Polled::Tokens(_) => panic!("redeemed twice"),
    }
    drop((server, dir));
}

#[tokio::test]
async fn a_device_killed_between_pin_and_answer_asks_first_and_sends_nothing_by_itself() {
    let proxy = LosingProxy::start().await;
    let issuer = format!("http://localhost:{}", proxy.port());
    let world = World::start_with(|setup| setup.issuer(&issuer)).await;
    proxy.forward_to(world.server.port());
    let (client, _) = world.client("kiosk", &["--transfer-code"]).await;
    let device = world.device("phone").await;
    let request = client.ask(PERSON, &[]).await.unwrap();
    let code = request.transfer_code.as_deref();
    let id = device.await_request().await.unwrap();

    // The PIN was right, the answer is signed and on its way, and the device dies.
    proxy.lose_decisions(true);
    let approving = device.start_approving(&id, code, PIN).unwrap();
    proxy.await_loss().await;
    approving.kill().await.unwrap();
    proxy.lose_decisions(false);

    let pending = device.pending().await.unwrap();
    assert_eq!(
        pending.as_slice(),
        std::slice::from_ref(&id),
        "the server knows of nothing, so it waits for the person again"
    );
    match client.poll(&request).await.unwrap() {
        Polled::Error(code, _) => assert_eq!(code, "authorization_pending"),
        Polled::Tokens(_) => panic!("something was sent without the person"),
    }
    device.approve(&id, code, PIN).await.unwrap();
    let polled = client.poll_until_decided(&request).await.unwrap();
    assert!(
        matches!(polled, Polled::Tokens(_)),
        "the person's second approval counts"
    );
}
