//! Two faults that only WebKit's real layout shows: a page that is measured before its style sheet applies counts as read,
//! and so does what lies behind the bar at the bottom.

use serde_json::{Value, json};
use tegata_tests::{relying_party::Polled, window::Window};

use crate::{
    app::{App, TEST_ACCOUNT, open_new, turn},
    world::{PIN, World},
};

const LOCKED: &str = "Scroll to the end to approve";

#[tokio::test]
async fn a_long_request_cannot_be_approved_before_its_end_was_above_the_bar() {
    let _turn = turn().await;
    let world = World::start_for(|setup| setup, TEST_ACCOUNT).await;
    let (client, _) = world.client("kiosk", &["--transfer-code"]).await;
    let app = App::start(&world, "gate").await;
    let window = app.open().await;
    app.pair(&window, &world).await;
    let session = window.session();
    // Less than the request needs, and enough for the bar to stick.
    session.resize(440, 640).await.unwrap();
    let request = open_new(&window, &client, &[]).await;
    assert_eq!(hint(&window).await, LOCKED);

    // As the first thing that a page shows: nothing was laid out before.
    assert!(window.refused().await.unwrap().is_empty());
    session.reload().await.unwrap();
    window.refused().await.unwrap();
    session.await_shown("approval.hint").await.unwrap();
    frames(&window).await;
    assert_eq!(hint(&window).await, LOCKED, "open as soon as it is loaded");
    let position = session
        .run_script(
            "return getComputedStyle(document.querySelector('footer')).position",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(position, "sticky", "the bar has to cover something");

    // Everything but reading is done, without scrolling, as a program would.
    let fields = json!({ "approval.code": request.transfer_code, "approval.pin": PIN });
    session
        .run_script(
            "for (const [id, text] of Object.entries(arguments[0])) {
                const field = document.querySelector(`[data-testid='${id}']`);
                field.value = text;
                field.dispatchEvent(new InputEvent('input', { bubbles: true }));
            }",
            &[fields],
        )
        .await
        .unwrap();
    scroll_above_end(&window, "footer.getBoundingClientRect().height / 2").await;
    assert_eq!(hint(&window).await, LOCKED, "open behind the bar");
    window.picture("01-end-behind-the-bar").await.unwrap();
    session.click("approval.approve").await.unwrap();
    frames(&window).await;
    match client.poll(&request).await.unwrap() {
        Polled::Error(code, _) => assert_eq!(code, "authorization_pending"),
        Polled::Tokens(_) => panic!("approved without having been read"),
    }

    scroll_above_end(&window, "0").await;
    session
        .await_attribute("approval.approve", "data-ready", "true")
        .await
        .unwrap();
    window.picture("02-read").await.unwrap();
    window.approve().await.unwrap();
    window.close().await.unwrap();
}

async fn hint(window: &Window) -> String {
    window.session().text("approval.hint").await.unwrap()
}

/// Scrolls to as many pixels above the page's end as the expression says, and lets observers speak.
async fn scroll_above_end(window: &Window, pixels: &str) {
    let script = format!(
        "const footer = document.querySelector('footer');
         scrollTo(0, document.documentElement.scrollHeight - innerHeight - ({pixels}));"
    );
    window.session().run_script(&script, &[]).await.unwrap();
    frames(window).await;
}

/// Two frames are enough for an observer that is going to speak.
async fn frames(window: &Window) {
    let drawn = window
        .session()
        .run_script(
            "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(drawn, Value::Bool(true));
}
