//! One sign-in from the first start to verified receipts, and one that is interrupted between PIN and answer.

use std::fs;

use serde_json::Value;
use tegata_tests::{processes::Launch, programs, relying_party::Polled};

use crate::{
    app::{App, artifacts, turn},
    proxy::LosingProxy,
    world::{LIMIT, PERSON, PIN, World},
};

#[tokio::test]
async fn one_sign_in_through_the_window_ends_with_a_verified_token_and_verified_receipts() {
    let _turn = turn().await;
    let data = artifacts("sign-in");
    let finished = Launch::new(env!("CARGO_BIN_EXE_tegata-demo"))
        .arg("--once")
        .arg("--server-bin")
        .arg(programs::built(programs::SERVER).unwrap())
        .arg("--device-bin")
        .arg(programs::built(programs::DEVICE).unwrap())
        .arg("--app-bin")
        .arg(programs::built(programs::APP).unwrap())
        .arg("--data-dir")
        .arg(&data)
        .run(2 * LIMIT)
        .await
        .unwrap();
    let printed = finished.ok().unwrap();
    assert_eq!(
        printed.lines().last(),
        Some("receipt verified"),
        "{printed}"
    );
    let (_, claims) = printed.split_once("verified ID token claims\n").unwrap();
    let (claims, _) = claims.rsplit_once("\n\nreceipt verified").unwrap();
    let claims: Value = serde_json::from_str(claims).unwrap();
    assert_eq!(claims["aud"], "demo-kiosk", "{claims}");
    for step in [
        "01-welcome",
        "04-six-digits",
        "09-filled-in",
        "10-approved",
        "11-history",
    ] {
        let picture = data.join("screens").join(format!("{step}.png"));
        let bytes = fs::read(&picture).unwrap();
        assert!(bytes.starts_with(b"\x89PNG"), "{}", picture.display());
    }
}

#[tokio::test]
async fn an_app_killed_between_pin_and_answer_shows_what_the_server_knows_and_waits_for_the_person()
{
    let _turn = turn().await;
    let proxy = LosingProxy::start().await;
    let issuer = format!("http://localhost:{}", proxy.port());
    let world = World::start_with(|setup| setup.issuer(&issuer)).await;
    proxy.forward_to(world.server.port());
    let (client, _) = world.client("kiosk", &["--transfer-code"]).await;

    let app = App::start(&world, "killed").await;
    let window = app.open().await;
    app.pair(&window, &world).await;

    let request = client.ask(PERSON, &[]).await.unwrap();
    let code = request.transfer_code.as_deref();
    let id = window.await_request().await.unwrap();
    window.open_request().await.unwrap();
    window.fill_in(code, PIN).await.unwrap();
    proxy.lose_decisions(true);
    window.session().click("approval.approve").await.unwrap();
    proxy.await_loss().await;
    window.picture("01-sending").await.unwrap();
    window.kill().await.unwrap();
    proxy.lose_decisions(false);

    let window = app.open().await;
    assert_eq!(window.await_request().await.unwrap(), id);
    window.open_request().await.unwrap();
    window.picture("02-asked-again").await.unwrap();
    match client.poll(&request).await.unwrap() {
        Polled::Error(code, _) => assert_eq!(code, "authorization_pending"),
        Polled::Tokens(_) => panic!("something was sent without the person"),
    }
    window.fill_in(code, PIN).await.unwrap();
    window.approve().await.unwrap();
    window.picture("03-approved").await.unwrap();
    let polled = client.poll_until_decided(&request).await.unwrap();
    assert!(
        matches!(polled, Polled::Tokens(_)),
        "the person's second approval counts"
    );
    window.close().await.unwrap();
}
