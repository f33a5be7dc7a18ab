//! A picture of the consumption device's screen in place of a typed code.

use std::{env, ffi::OsString, fs, path::Path};

use data_encoding::BASE64;
use serde_json::json;
use tegata_tests::{demo::DemoPages, processes::Launch, programs};

use crate::{
    app::{App, turn},
    world::{LIMIT, PIN, World},
};

#[tokio::test]
async fn a_picture_of_the_kiosks_screen_fills_the_code_in_and_the_person_approves() {
    let _turn = turn().await;
    let world = World::start_demo().await;
    let app = App::start(&world, "scan").await;
    let window = app.open().await;
    let session = window.session();
    let kiosk = DemoPages::new(&world.server);
    let page = kiosk.invite().await.unwrap();
    window.paste_invitation(page.link()).await.unwrap();
    window.agree_to_pair().await.unwrap();
    page.confirm(&window.set_pin(PIN).await.unwrap())
        .await
        .unwrap();
    window.await_paired().await.unwrap();
    window.go_on_to_inbox().await.unwrap();

    for way in ["paste", "drop"] {
        let sign_in = kiosk.sign_in().await.unwrap();
        window.await_request().await.unwrap();
        window.open_request().await.unwrap();
        let picture = world.path(&format!("{way}.png"));
        take_picture(&kiosk.screen_url(&sign_in), &picture, &world).await;

        session
            .run_script(
                r#"document.querySelector('[data-testid="approval.scan"]').scrollIntoView({ block: "center" })"#,
                &[],
            )
            .await
            .unwrap();
        session.click("approval.scan").await.unwrap();
        session.await_shown("scan.dialog").await.unwrap();
        bring(&window, way, &picture).await;
        let code = sign_in.transfer_code.as_deref().unwrap();
        await_code(&window, code).await;
        window.picture(&format!("01-{way}")).await.unwrap();
        assert!(!session.has("scan.dialog").await.unwrap());
        window.fill_in(None, PIN).await.unwrap();
        window.approve().await.unwrap();
        let signed_in = kiosk.await_approval(&sign_in).await.unwrap();
        assert!(signed_in.claims["sub"].is_string());
        session.click("result.done").await.unwrap();
        session.await_shown("inbox.empty").await.unwrap();
    }
    window.close().await.unwrap();
}

/// Whole, as somebody takes it who does not cut the code out.
async fn take_picture(page: &str, file: &Path, world: &World) {
    let named = env::var_os("CHROMIUM");
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .find_map(|name| programs::on_path(name));
    let browser = named.or(found.map(OsString::from));
    Launch::new(browser.expect("a Chromium, named by CHROMIUM or on PATH"))
        .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
        .args(["--no-first-run", "--hide-scrollbars"])
        .arg("--window-size=900,1100")
        .arg(format!(
            "--user-data-dir={}",
            world.path("browser").display()
        ))
        .arg(format!("--screenshot={}", file.display()))
        .arg(page)
        .run(LIMIT)
        .await
        .unwrap()
        .ok()
        .unwrap();
    assert!(fs::read(file).unwrap().starts_with(b"\x89PNG"));
}

/// Pastes or drops a file, as the engine tells its page of one.
async fn bring(window: &tegata_tests::window::Window, way: &str, file: &Path) {
    const BRING: &str = r#"
        const [way, base64] = arguments;
        const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], "screen.png", { type: "image/png" }));
        const event = new Event(way, { bubbles: true, cancelable: true });
        Object.defineProperty(event, way === "drop" ? "dataTransfer" : "clipboardData", { value: data });
        document.querySelector("dialog").dispatchEvent(event);
        return data.files.length;"#;
    let bytes = BASE64.encode(&fs::read(file).unwrap());
    let brought = window
        .session()
        .run_script(BRING, &[json!(way), json!(bytes)])
        .await
        .unwrap();
    assert_eq!(brought, 1, "the engine lets a page make such a file");
}

async fn await_code(window: &tegata_tests::window::Window, code: &str) {
    const TYPED: &str = r#"return document.querySelector('[data-testid="approval.code"]').value"#;
    tegata_tests::processes::wait_until("the code is filled in", LIMIT, async || {
        let typed = window.session().run_script(TYPED, &[]).await?;
        Ok((typed == code).then_some(()))
    })
    .await
    .unwrap();
}
