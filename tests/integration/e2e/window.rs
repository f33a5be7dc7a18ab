//! (b) and (g) through the real window: WebKitWebDriver, Xvfb, a real keyring under a session bus of its own. A program
//! apart from the other tests, because a window wants the machine for itself; its tests take turns.
//!
//! Pictures of every step, and logs, stay in `target/artifacts`.

#[cfg(test)]
mod proxy;
#[cfg(test)]
#[expect(
    dead_code,
    reason = "shared with the tests of `main.rs`, which use more of it"
)]
mod world;

use std::{fs, path::PathBuf};

use serde_json::Value;
use tegata_tests::{
    desktop::Desktop,
    folders::make_private_dir,
    processes::Launch,
    programs,
    relying_party::{Acknowledged, Polled, RelyingParty},
    window::Window,
};
use tokio::sync::Mutex;

use proxy::LosingProxy;
use world::{LIMIT, PERSON, PIN, World};

/// The person may be asked as often as a test likes.
const TEST_ACCOUNT: &[&str] = &["--test"];

static TURN: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn one_sign_in_through_the_window_ends_with_a_verified_token_and_verified_receipts() {
    let _turn = TURN.lock().await;
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
    let _turn = TURN.lock().await;
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

#[tokio::test]
async fn the_window_shows_every_end_of_a_request_and_a_server_that_is_away() {
    let _turn = TURN.lock().await;
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

#[tokio::test]
async fn a_wrong_pin_or_code_says_how_many_tries_are_left_and_the_third_code_ends_the_request() {
    let _turn = TURN.lock().await;
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

/// The app of one test: its desktop, its data, its pictures.
struct App {
    binary: PathBuf,
    desktop: Desktop,
    data_dir: PathBuf,
    screens: PathBuf,
    logs: PathBuf,
}

#[cfg(test)]
impl App {
    async fn start(world: &World, name: &str) -> Self {
        let artifacts = artifacts(name);
        let (screens, logs) = (artifacts.join("screens"), artifacts.join("logs"));
        let data_dir = world.path("app");
        for dir in [&screens, &logs, &data_dir] {
            make_private_dir(dir).unwrap();
        }
        Self {
            binary: programs::built(programs::APP).unwrap(),
            desktop: Desktop::start(&world.path("desktop"), &logs).await.unwrap(),
            data_dir,
            screens,
            logs,
        }
    }

    async fn open(&self) -> Window {
        Window::open(
            &self.binary,
            &self.desktop,
            &self.data_dir,
            &self.screens,
            &self.logs,
        )
        .await
        .unwrap()
    }

    /// Pairs by an administrator's invitation.
    async fn pair(&self, window: &Window, world: &World) {
        let (link, invite) = world.invite().await;
        window.paste_invitation(&link).await.unwrap();
        window.agree_to_pair().await.unwrap();
        let digits = window.set_pin(PIN).await.unwrap();
        invite.confirm(&digits).await;
        window.await_paired().await.unwrap();
        window.go_on_to_inbox().await.unwrap();
    }
}

/// Asks, and opens the request in the window.
#[cfg(test)]
async fn open_new(
    window: &Window,
    client: &RelyingParty,
    further: &[(&str, &str)],
) -> Acknowledged {
    let request = client.ask(PERSON, further).await.unwrap();
    window.await_request().await.unwrap();
    window.open_request().await.unwrap();
    request
}

/// Leaves a result for the empty inbox.
#[cfg(test)]
async fn leave(window: &Window) {
    window.session().click("result.done").await.unwrap();
    window.session().await_shown("inbox.empty").await.unwrap();
}

#[cfg(test)]
async fn assert_error(client: &RelyingParty, request: &Acknowledged, wanted: &str) {
    match client.poll_until_decided(request).await.unwrap() {
        Polled::Error(code, _) => assert_eq!(code, wanted),
        Polled::Tokens(_) => panic!("tokens instead of {wanted}"),
    }
}

/// A folder for what this test leaves behind, without what an earlier run left there.
fn artifacts(name: &str) -> PathBuf {
    let dir = programs::checkout().join("target/artifacts").join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir).expect("what an earlier run left can be removed");
    }
    make_private_dir(&dir).expect("there is room for pictures");
    dir
}
