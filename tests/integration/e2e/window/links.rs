//! Links that the desktop hands to the app: anybody can make one, so that it names a server and nothing happens without
//! the person.

use crate::{
    app::{App, turn},
    world::{PIN, World},
};

#[tokio::test]
async fn a_link_opened_by_a_second_start_reaches_the_window_and_waits_for_the_code() {
    let _turn = turn().await;
    let world = World::start().await;
    let app = App::start(&world, "link-second").await;
    let window = app.open().await;
    let (link, invite) = world.invite().await;
    let (opened, code) = as_opened(&link);

    app.start_again(&opened).await;
    let session = window.session();
    session.await_shown("pair.code").await.unwrap();
    let host = session.text("pair.host").await.unwrap();
    window.picture("01-waits-for-the-code").await.unwrap();
    assert!(
        world.server.issuer().ends_with(&host),
        "the server is named before anything is sent: {host}"
    );
    session.type_into("pair.code", &code).await.unwrap();
    session.click("pair.submit").await.unwrap();
    let digits = pair_on(&window).await;
    invite.confirm(&digits).await;
    window.await_paired().await.unwrap();
    window.go_on_to_inbox().await.unwrap();
    window.close().await.unwrap();
}

#[tokio::test]
async fn a_link_that_the_app_is_started_with_is_shown_and_its_code_is_not_taken() {
    let _turn = turn().await;
    let world = World::start().await;
    let app = App::start(&world, "link-first").await;
    let (link, _invite) = world.invite().await;
    let (opened, code) = as_opened(&link);

    let window = app.open_by_link(&format!("{opened}&c={code}")).await;
    let session = window.session();
    session.await_shown("pair.code").await.unwrap();
    window.picture("01-waits-for-the-code").await.unwrap();
    let typed = session
        .run_script(
            r#"return document.querySelector('[data-testid="pair.code"]').value"#,
            &[],
        )
        .await
        .unwrap();
    assert_eq!(typed, "", "whoever made the link does not pair by it");
    session.click("pair.cancel").await.unwrap();
    session.await_shown("welcome.screen").await.unwrap();
    window.close().await.unwrap();
}

/// Goes on to the digits from where issuer and account are shown.
async fn pair_on(window: &tegata_tests::window::Window) -> String {
    window.session().await_shown("pair.confirm").await.unwrap();
    window.agree_to_pair().await.unwrap();
    window.set_pin(PIN).await.unwrap()
}

/// What the server's page offers to open on this computer, and the code that the page shows beside it.
fn as_opened(link: &str) -> (String, String) {
    let (_, fields) = link.split_once('#').unwrap();
    let (code, others): (Vec<_>, Vec<_>) =
        fields.split('&').partition(|field| field.starts_with("c="));
    let code = code.first().and_then(|field| field.strip_prefix("c="));
    (
        format!("tegata://pair?{}", others.join("&")),
        code.unwrap().to_owned(),
    )
}
