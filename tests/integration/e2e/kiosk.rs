//! The demo's pages, as a person at a kiosk meets them.

use tegata_tests::{
    demo::DemoPages,
    programs,
    server::Server,
    terminal_device::{DevicePairing, TerminalDevice},
};
use tempfile::TempDir;

use crate::world::{PIN, World};

#[tokio::test]
async fn a_device_pairs_by_typed_host_and_code_and_the_kiosk_hears_a_denial() {
    let (dir, server, pages) = start().await;
    let device = device(&dir, "phone");
    let page = pages.invite().await.unwrap();
    let pairing = pair(&device, page.host(), page.code()).await;
    page.confirm(pairing.digits()).await.unwrap();
    pairing.finish().await.unwrap();

    let sign_in = pages.sign_in().await.unwrap();
    let id = device.await_request().await.unwrap();
    device.deny(&id, "not_me").await.unwrap();
    let said = pages
        .await_approval(&sign_in)
        .await
        .unwrap_err()
        .to_string();
    assert!(said.contains("denied"), "{said}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn three_wrong_digits_end_a_pairing_and_the_code_is_used_up() {
    let (dir, server, pages) = start().await;
    let (first, second) = (device(&dir, "first"), device(&dir, "second"));
    let page = pages.invite().await.unwrap();
    let pairing = pair(&first, page.host(), page.code()).await;

    // The code was good for one device.
    let refused = second
        .begin_pairing_by_code(page.host(), page.code(), PIN, "second")
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("exit status: 1"), "{refused}");

    let wrong = if pairing.digits() == "000000" {
        "000001"
    } else {
        "000000"
    };
    for _ in 0..3 {
        page.confirm(wrong).await.unwrap_err();
    }
    let late = page
        .confirm(pairing.digits())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        late.contains("HTTP 4"),
        "the right digits come too late: {late}"
    );
    let failed = pairing.finish().await.unwrap_err().to_string();
    assert!(failed.contains("exit status: 1"), "{failed}");
    server.stop().await.unwrap();
}

async fn start() -> (TempDir, Server, DemoPages) {
    let World { server, dir, .. } = World::start_demo().await;
    let pages = DemoPages::new(&server);
    (dir, server, pages)
}

fn device(dir: &TempDir, name: &str) -> TerminalDevice {
    let binary = programs::built(programs::DEVICE).unwrap();
    TerminalDevice::new(&binary, &dir.path().join(name)).unwrap()
}

async fn pair(device: &TerminalDevice, host: &str, code: &str) -> DevicePairing {
    device
        .begin_pairing_by_code(host, code, PIN, "phone")
        .await
        .unwrap()
}
