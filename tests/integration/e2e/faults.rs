//! The surroundings fail: a clear error, and nothing acknowledged that was not kept.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

use serde_json::Value;
use tegata_tests::{
    processes::Launch,
    programs,
    relying_party::{Acknowledged, Polled, RelyingParty},
};

use crate::world::{LIMIT, PERSON, World, run, server_in};

#[tokio::test]
async fn a_port_in_use_is_named_and_the_server_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let setup = server_in(&dir).port(port);
    run(&setup, &["init"]).await;
    let finished = setup.serve().run(LIMIT).await.unwrap();
    assert_eq!(finished.status.code(), Some(2), "{finished:?}");
    assert!(
        finished.stdout.is_empty(),
        "it does not say that it listens"
    );
    assert!(
        finished.stderr.contains(&port.to_string()) && finished.stderr.contains("in use"),
        "{}",
        finished.stderr
    );
}

#[tokio::test]
async fn a_second_server_on_the_same_data_folder_is_refused_and_the_first_goes_on() {
    let world = World::start().await;
    let second = world.server.setup().clone().port(0);
    let finished = second.serve().run(LIMIT).await.unwrap();
    assert_eq!(finished.status.code(), Some(2), "{finished:?}");
    let folder = second.data_dir().display().to_string();
    assert!(
        finished.stderr.contains(&folder) && finished.stderr.contains("use"),
        "{}",
        finished.stderr
    );
    let health = world
        .http
        .fetch(&world.server.url("/health"))
        .await
        .unwrap();
    assert_eq!(health.status, 200, "{}", health.text);
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_written_is_named_and_nothing_listens() {
    let dir = tempfile::tempdir().unwrap();
    let mut setup = server_in(&dir);
    run(&setup, &["init"]).await;
    if is_root() {
        // Permissions do not bind root: the server runs as somebody else, from where they may look.
        let copy = dir.path().join(programs::SERVER);
        fs::copy(programs::built(programs::SERVER).unwrap(), &copy).unwrap();
        setup = setup
            .binary(&copy)
            .within(&["setpriv", "--reuid=65534", "--clear-groups"]);
        let owner = Launch::new("chown").args(["-R", "65534"]).arg(dir.path());
        owner.run(LIMIT).await.unwrap().ok().unwrap();
    }
    let forbid = Launch::new("chmod")
        .args(["-R", "a-w"])
        .arg(setup.data_dir());
    forbid.run(LIMIT).await.unwrap().ok().unwrap();

    let finished = setup.serve().run(LIMIT).await.unwrap();
    let permit = Launch::new("chmod")
        .args(["-R", "u+w"])
        .arg(setup.data_dir());
    permit.run(LIMIT).await.unwrap().ok().unwrap();
    assert!(
        matches!(finished.status.code(), Some(1 | 2)),
        "it ends by itself: {finished:?}"
    );
    assert!(
        finished.stdout.is_empty(),
        "it does not say that it listens"
    );
    let folder = setup.data_dir().display().to_string();
    assert!(
        finished.stderr.contains(&folder) && finished.stderr.contains("ermission denied"),
        "{}",
        finished.stderr
    );
}

#[tokio::test]
async fn when_the_disk_is_full_nothing_is_acknowledged_that_was_not_kept() {
    let world = World::start().await;
    let (_, secret) = world.client("kiosk", &[]).await;
    let World { server, dir, .. } = world;
    let setup = server.setup().clone();
    server.stop().await.unwrap();

    // No file of this server may grow beyond this; what would be a signal is an error of the write instead.
    let largest = largest_file(setup.data_dir()) + 256 * 1024;
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", largest / 512);
    // Of one person far more is asked at once than is let through otherwise.
    let full = setup
        .clone()
        .setting("TEGATA_RATES__PERSON_PER_MINUTE", "100000")
        .within(&["/bin/sh", "-c", &script, "sh"]);
    // Its log goes to a pipe: a file would be cut off too.
    let server = full.start_with_log_in_memory().await.unwrap();
    let client = RelyingParty::new(&server, "kiosk", &secret);
    let mut acknowledged: Vec<Acknowledged> = Vec::new();
    let refused = loop {
        assert!(acknowledged.len() < 2000, "the disk never gets full");
        let answer = client.try_to_ask(PERSON).await.unwrap();
        match RelyingParty::acknowledged(&answer) {
            Ok(request) => acknowledged.push(request),
            Err(_) => break answer,
        }
    };
    assert!(!acknowledged.is_empty(), "some fit: {}", refused.text);
    assert!(
        refused.status >= 500,
        "it is the server's fault: {refused:?}"
    );
    let error: Value = refused.json().unwrap();
    assert!(
        error["error"] == "server_error" || error["error"] == "temporarily_unavailable",
        "{error}"
    );
    server.kill().await.unwrap();

    let server = setup.start().await.unwrap();
    let client = RelyingParty::new(&server, "kiosk", &secret);
    for request in &acknowledged {
        match client.poll(request).await.unwrap() {
            Polled::Error(code, _) => assert_eq!(code, "authorization_pending"),
            Polled::Tokens(_) => panic!("nobody has approved"),
        }
    }
    let answer = client.try_to_ask(PERSON).await.unwrap();
    assert_eq!(
        answer.status, 200,
        "with room again it works again: {}",
        answer.text
    );
    drop((server, dir));
}

fn largest_file(dir: &Path) -> u64 {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .max()
        .unwrap_or(0)
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // A process's own folder belongs to the user that it runs as.
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
