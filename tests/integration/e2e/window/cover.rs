//! The cover over the screens.

use crate::{
    app::{App, TEST_ACCOUNT, turn},
    world::{PERSON, PIN, World},
};

#[tokio::test]
async fn covered_screens_tell_nothing_of_a_request_and_the_pin_uncovers_them() {
    let _turn = turn().await;
    let world = World::start_for(|setup| setup, TEST_ACCOUNT).await;
    let (client, _) = world.client("kiosk", &["--transfer-code"]).await;
    let app = App::start(&world, "cover").await;
    let window = app.open().await;
    app.pair(&window, &world).await;

    let session = window.session();
    session.click("nav.settings").await.unwrap();
    session.click("settings.lock_now").await.unwrap();
    session.await_shown("lock.pin").await.unwrap();
    let request = client.ask(PERSON, &[]).await.unwrap();
    session.type_into("lock.pin", "111222").await.unwrap();
    session.click("lock.open").await.unwrap();
    session.await_shown("lock.error").await.unwrap();
    window.picture("01-covered").await.unwrap();
    let page = session.page_text().await.unwrap();
    assert!(!page.contains("Reading room kiosk"), "{page}");

    session.clear("lock.pin").await.unwrap();
    session.type_into("lock.pin", PIN).await.unwrap();
    session.click("lock.open").await.unwrap();
    session.click("nav.inbox").await.unwrap();
    window.await_request().await.unwrap();
    window.open_request().await.unwrap();
    window.picture("02-uncovered").await.unwrap();
    window
        .fill_in(request.transfer_code.as_deref(), PIN)
        .await
        .unwrap();
    window.approve().await.unwrap();
    window.close().await.unwrap();
}
