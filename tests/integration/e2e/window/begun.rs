//! A pairing that the app begins: the person's browser has the issuing session, and hands a code over that is bound to this
//! pairing alone.

use std::path::Path;

use tegata_protocol::device::invitation::{Invitation, parse_invitation};
use tegata_tests::{
    demo::DemoPages, pairing_page::PairingPage, processes::wait_until, window::Window,
};

use crate::{
    app::{App, turn},
    world::{LIMIT, PIN, World},
};

#[tokio::test]
async fn a_pairing_that_the_app_begins_goes_through_the_browser_and_types_no_code() {
    let _turn = turn().await;
    let world = World::start_demo().await;
    let mut app = App::start(&world, "begun").await;
    let pages = app.catch_pages(&world);
    let window = app.open().await;
    let session = window.session();
    let mut browser = DemoPages::new(&world.server).invite().await.unwrap();

    // The page offers to open the app, with a link that names the server alone.
    app.start_again(&named(&browser)).await;
    session.await_shown("pair.browser").await.unwrap();
    window.picture("01-named").await.unwrap();
    assert!(
        !pages.exists(),
        "no page is opened before the person says so"
    );
    session.click("pair.browser").await.unwrap();
    let opened = page_number(1, &pages).await;
    let start = format!("{}/pair/start?jkt=", world.server.issuer());
    assert!(opened.starts_with(&start), "{opened}");
    await_stage(&window, "browser").await;
    session.await_shown("pair.type_code").await.unwrap();
    window.picture("02-in-the-browser").await.unwrap();

    // A link that somebody else made, with a code of their own, is not the answer.
    let foreign = DemoPages::new(&world.server).invite().await.unwrap();
    let root = "A".repeat(43);
    let made = format!(
        "tegata://pair?v=1&i={}&k={root}&c={}",
        world.server.issuer(),
        foreign.code().replace('-', "")
    );
    app.start_again(&made).await;
    await_stage(&window, "browser").await;

    let answer = browser.begin(&opened).await.unwrap();
    assert!(answer.starts_with("tegata://pair?"), "{answer}");
    app.start_again(&answer).await;
    session.await_shown("pair.confirm").await.unwrap();
    window.picture("03-recognised").await.unwrap();
    assert!(
        !session.has("pair.first_use").await.unwrap(),
        "the link named the root"
    );
    window.agree_to_pair().await.unwrap();
    let digits = window.set_pin(PIN).await.unwrap();
    browser.confirm(&digits).await.unwrap();
    window.await_paired().await.unwrap();
    window.picture("04-paired").await.unwrap();
    window.go_on_to_inbox().await.unwrap();
    window.close().await.unwrap();
}

#[tokio::test]
async fn a_code_that_is_caught_on_its_way_to_the_app_pairs_nothing() {
    let _turn = turn().await;
    let world = World::start_demo().await;
    let mut app = App::start(&world, "begun-caught").await;
    let pages = app.catch_pages(&world);
    let window = app.open().await;
    let mut browser = DemoPages::new(&world.server).invite().await.unwrap();
    let shown_before = browser.code().to_owned();
    app.start_again(&named(&browser)).await;
    window.session().click("pair.browser").await.unwrap();
    let opened = page_number(1, &pages).await;
    let answer = browser.begin(&opened).await.unwrap();

    // Another program claims the links, and a terminal device types what it finds in them.
    let (_, code) = answer.split_once("c=").unwrap();
    let code = code.split('&').next().unwrap();
    let stranger = world.unpaired("stranger");
    let host = browser.host();
    for code in [shown_before.as_str(), code] {
        let refused = stranger
            .begin_pairing_by_code(host, code, PIN, "stranger")
            .await;
        assert!(
            refused.is_err(),
            "no device but the one that began gets digits"
        );
    }

    // The app is late, and says so; nothing is left.
    app.start_again(&answer).await;
    let session = window.session();
    session
        .await_attribute("pair.failed", "data-state", "invitation_used")
        .await
        .unwrap();
    window.picture("01-used").await.unwrap();
    window.close().await.unwrap();
}

#[tokio::test]
async fn a_server_named_by_hand_goes_on_in_the_browser_and_the_person_compares_its_key() {
    let _turn = turn().await;
    let world = World::start_demo().await;
    let mut app = App::start(&world, "begun-by-hand").await;
    let pages = app.catch_pages(&world);
    let window = app.open().await;
    let session = window.session();
    let mut browser = DemoPages::new(&world.server).invite().await.unwrap();
    session.click("welcome.pair").await.unwrap();
    session.await_shown("pair.input").await.unwrap();
    // A radio button that its label is drawn over.
    session
        .run_script(
            r#"document.querySelector('[data-testid="pair.by_browser"]').click()"#,
            &[],
        )
        .await
        .unwrap();
    session
        .type_into("pair.server", browser.host())
        .await
        .unwrap();
    session.click("pair.submit").await.unwrap();
    let answer = browser.begin(&page_number(1, &pages).await).await.unwrap();
    await_stage(&window, "browser").await;
    app.start_again(&answer).await;
    session.await_shown("pair.first_use").await.unwrap();
    window.picture("01-first-use").await.unwrap();
    session.click("pair.cancel").await.unwrap();
    session.await_shown("welcome.screen").await.unwrap();
    window.close().await.unwrap();
}

/// The link that opens the app for the server of this page.
fn named(page: &PairingPage) -> String {
    let Ok(Invitation::Complete { issuer, root, .. }) = parse_invitation(page.link()) else {
        panic!("the page shows no complete invitation");
    };
    format!("tegata://pair?v=1&i={issuer}&k={root}")
}

/// The address of the page that was opened as the first, the second …
async fn page_number(number: usize, pages: &Path) -> String {
    wait_until("a page is opened", LIMIT, async || {
        let opened = std::fs::read_to_string(pages).unwrap_or_default();
        Ok(opened.lines().nth(number - 1).map(str::to_owned))
    })
    .await
    .unwrap()
}

async fn await_stage(window: &Window, stage: &str) {
    let session = window.session();
    session
        .await_attribute("pair.screen", "data-stage", stage)
        .await
        .unwrap();
}
