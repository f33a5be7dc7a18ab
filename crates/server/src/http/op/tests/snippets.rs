//! The integrator guide's snippets, each run as the program that it is, against a server that listens.

use super::{bench::TestClock, *};
use crate::{config::Config, domain::ClientAuthentication};
use std::{path::PathBuf, process::Stdio, time::Duration};
use tegata_protocol::Sha256Digest;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::Command,
    time::timeout,
};

/// Long enough for a busy machine to start a program and let it poll.
const WITHIN: Duration = Duration::from_mins(1);

/// A secret as the server makes them: form-encoding does not change it.
const PLAIN_SECRET: &str = "cGxhaW4tc2VjcmV0-_";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs `program script` as client `kiosk`, carries the code that it shows to a device that decides, and returns what
/// else it said and whether it succeeded.
async fn run(program: &str, script: PathBuf, approve: bool) -> (String, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Config {
        interval: 1,
        ..Config::default()
    };
    let bench = Bench::open(config, port, TestClock::running(), |kiosk| {
        kiosk.transfer_code = true;
        kiosk.authentication = ClientAuthentication::ClientSecretBasic {
            secret_hash: Sha256Digest::of(PLAIN_SECRET.as_bytes()),
        };
    })
    .await;
    let device = bench.pair("hanako").await;
    let router = bench.router.clone();
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let mut command = Command::new(program);
    command
        .arg(script)
        .env("ISSUER", bench.app.issuer.as_str())
        .env("CLIENT_ID", "kiosk")
        .env("CLIENT_SECRET", PLAIN_SECRET)
        .env("LOGIN_HINT", "hanako")
        .env("NO_PROXY", "localhost")
        .env("no_proxy", "localhost")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let finished = timeout(WITHIN, async {
        let first = lines
            .next_line()
            .await
            .unwrap()
            .expect("a line with the code");
        let code = first.strip_prefix("code: ").expect(&first);
        bench
            .decide(&device, approve, approve.then_some(code))
            .await;
        let mut rest = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            rest.push_str(&line);
        }
        (rest, child.wait().await.unwrap().success())
    })
    .await
    .expect("the snippet ends in time");
    server.abort();
    finished
}

fn snippet(name: &str) -> PathBuf {
    root().join("tests/snippets").join(name)
}

#[tokio::test]
async fn the_curl_snippet_signs_in() {
    let script = snippet("sign-in.sh");
    let signed_in = run("bash", script.clone(), true).await;
    assert_eq!(signed_in, ("signed in: sub-hanako".to_owned(), true));
    assert_eq!(
        run("bash", script, false).await,
        (String::new(), false),
        "a denial is no sign-in"
    );
}

#[tokio::test]
async fn the_python_snippet_signs_in() {
    let script = snippet("sign_in.py");
    let signed_in = run("python3", script.clone(), true).await;
    assert_eq!(signed_in, ("signed in: sub-hanako".to_owned(), true));
    assert_eq!(
        run("python3", script, false).await,
        (String::new(), false),
        "a denial is no sign-in"
    );
}

/// Node finds packages beside the script, so the script is run from a copy beside those of `tests/js`.
#[cfg(unix)]
#[tokio::test]
async fn the_node_snippet_signs_in() {
    let folder = tempfile::tempdir().unwrap();
    let packages = root().join("tests/js/node_modules");
    assert!(
        packages.join("openid-client").is_dir(),
        "run `npm ci` in tests/js first"
    );
    std::os::unix::fs::symlink(
        packages.canonicalize().unwrap(),
        folder.path().join("node_modules"),
    )
    .unwrap();
    let script = folder.path().join("sign-in.mjs");
    std::fs::copy(snippet("sign-in.mjs"), &script).unwrap();
    let signed_in = run("node", script.clone(), true).await;
    assert_eq!(signed_in, ("signed in: sub-hanako".to_owned(), true));
    assert_eq!(
        run("node", script, false).await,
        (String::new(), false),
        "a denial is no sign-in"
    );
}

#[test]
fn the_guide_shows_the_snippets_as_they_are() {
    let guide = std::fs::read_to_string(root().join("docs/integrator-guide.md")).unwrap();
    for name in ["sign-in.sh", "sign-in.mjs", "sign_in.py"] {
        let text = std::fs::read_to_string(snippet(name)).unwrap();
        assert!(
            guide.contains(text.trim_end()),
            "docs/integrator-guide.md shows another {name}"
        );
    }
}
