//! The demo for a person: it ends with all that it started, and goes on where it was left.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

use tegata_tests::{
    http::Http,
    processes::{Finished, Launch, Program, Signal, wait_until},
    programs,
};

use crate::world::LIMIT;

#[tokio::test]
async fn ctrl_c_ends_everything_and_the_next_run_is_at_the_same_address() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let mut addresses = Vec::new();
    for _ in 0..2 {
        let mut demo = start(&data, &[]);
        let kiosk = address(&mut demo).await;
        demo.line("giving the terminal device a short name", LIMIT, |line| {
            line.contains("alias tegata-demo-device=").then_some(())
        })
        .await
        .unwrap();
        let page = Http::make().unwrap().fetch(&kiosk).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text);
        addresses.push(kiosk);
        interrupt(demo).await;
    }
    assert_eq!(addresses[0], addresses[1], "a paired app knows the address");

    let mut demo = start(&data, &["--reset"]);
    let afresh = address(&mut demo).await;
    assert!(afresh.ends_with("/demo"), "{afresh}");
    interrupt(demo).await;
}

#[tokio::test]
async fn a_demo_whose_port_is_taken_says_so_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let mut demo = start(&data, &[]);
    let kiosk = address(&mut demo).await;
    interrupt(demo).await;
    let port: u16 = kiosk
        .rsplit_once(':')
        .unwrap()
        .1
        .trim_end_matches("/demo")
        .parse()
        .unwrap();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let refused = start(&data, &[]).finish(LIMIT).await.unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains(&port.to_string()) && refused.stderr.contains("--reset"),
        "{}",
        refused.stderr
    );
    drop(taken);
}

#[tokio::test]
async fn one_sign_in_with_the_terminal_device_ends_with_a_verified_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("once");
    // Twice, because each run starts afresh.
    for _ in 0..2 {
        let finished = demo(&data, &["--once", "--terminal"])
            .run(LIMIT)
            .await
            .unwrap();
        let printed = finished.ok().unwrap();
        assert_eq!(
            printed.lines().last(),
            Some("receipt verified"),
            "{printed}"
        );
        assert!(printed.contains(r#""aud": "demo-kiosk""#), "{printed}");
    }
}

fn start(data: &Path, further: &[&str]) -> Program {
    demo(data, &["--no-window"]).args(further).start().unwrap()
}

fn demo(data: &Path, args: &[&str]) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_tegata-demo"))
        .arg("--server-bin")
        .arg(programs::built(programs::SERVER).unwrap())
        .arg("--device-bin")
        .arg(programs::built(programs::DEVICE).unwrap())
        .arg("--data-dir")
        .arg(data)
        .args(args)
}

/// The kiosk's address, once the demo has said everything.
async fn address(demo: &mut Program) -> String {
    demo.line("saying how it ends", LIMIT, |line| {
        line.contains("Ctrl-C").then_some(())
    })
    .await
    .unwrap();
    demo.line("naming the kiosk", LIMIT, |line| {
        let (_, url) = line.split_once("open ")?;
        url.ends_with("/demo").then(|| url.to_owned())
    })
    .await
    .unwrap()
}

async fn interrupt(mut demo: Program) -> Finished {
    let kiosk = address(&mut demo).await;
    demo.signal(Signal::Interrupt).unwrap();
    let finished = demo.finish(LIMIT).await.unwrap().expect_code(0).unwrap();
    assert!(finished.stdout.contains("stopping…"), "{finished:?}");
    let http = Http::make().unwrap();
    wait_until("nobody answers any more", LIMIT, async || {
        Ok(http.fetch(&kiosk).await.is_err().then_some(()))
    })
    .await
    .unwrap();
    finished
}
