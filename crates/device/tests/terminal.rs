//! The terminal device as a program: exit codes, and credential stores that fail. Needs no server.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

/// Runs `tegata` with a data folder in `dir` and nothing of this desktop's session.
fn tegata(dir: &Path, environment: &[(&str, &str)], args: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tegata"));
    command
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env_remove("TEGATA_DEVICE_PASSPHRASE_FILE")
        .env("XDG_RUNTIME_DIR", dir)
        .env("TEGATA_DEVICE_DATA", dir.join("data"))
        .envs(environment.iter().copied())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read has ended already.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output().expect("the program ends")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn wrong_usage_ends_with_2() {
    let dir = tempfile::tempdir().expect("a folder");
    for args in [
        &["unheard-of"][..],
        &["inbox"],
        &["pair", "hello", "--yes"],
        &["approve", "x", "--pin", "482913"],
        &["verify", "x", "--root", "short", "--passphrase-fd", "99"],
    ] {
        let output = tegata(dir.path(), &[], args, "");
        assert_eq!(code(&output), Some(2), "{args:?}: {output:?}");
    }
}

#[test]
fn a_server_out_of_reach_ends_with_3() {
    let dir = tempfile::tempdir().expect("a folder");
    let passphrase = dir.path().join("passphrase");
    std::fs::write(&passphrase, "correct horse\n").expect("written");
    let passphrase = passphrase.to_string_lossy();
    // Port 1 on this machine: nobody listens there without being the administrator.
    let args = [
        "pair",
        "--passphrase-file",
        &passphrase,
        "--server",
        "localhost:1",
        "0123-4567-89AB",
        "--yes",
        "--pin-fd",
        "0",
    ];
    let output = tegata(dir.path(), &[], &args, "482913\n");
    assert_eq!(code(&output), Some(3), "{output:?}");
}

#[test]
fn evidence_that_does_not_hold_ends_with_1_and_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U";
    let output = tegata(dir.path(), &[], &["verify", "-", "--root", root], "{}");
    assert_eq!(code(&output), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("not an evidence file"), "{said}");
    assert!(output.stdout.is_empty(), "nothing that looks like success");
}

#[test]
fn evidence_of_a_simulated_decision_ends_with_1_and_is_called_simulated() {
    let dir = tempfile::tempdir().expect("a folder");
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/evidence");
    for name in ["simulated.json", "simulated_client.json"] {
        let vector = std::fs::read(vectors.join(name)).expect("the vector is there");
        let vector: serde_json::Value = serde_json::from_slice(&vector).expect("JSON");
        let file = vector["input"]["text"].as_str().expect("a file's text");
        let root = vector["context"]["root"].as_str().expect("a root");
        let output = tegata(dir.path(), &[], &["verify", "-", "--root", root], file);
        assert_eq!(code(&output), Some(1), "{name}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("simulated"), "{name}: {said}");
        assert!(output.stdout.is_empty(), "nothing that looks like success");
    }
}

#[test]
fn completions_and_help_need_no_data_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    for args in [
        &["completions", "bash"][..],
        &["--help"],
        &["pair", "--help"],
        &["show", "--help"],
        &["deny", "--help"],
        &["watch", "--help"],
        &["history", "--help"],
        &["accounts", "--help"],
        &["doctor", "--help"],
        &["devices", "--help"],
        &["add-device", "--help"],
        &["consents", "--help"],
        &["pin", "--help"],
        &["key", "--help"],
        &["self-test", "--help"],
    ] {
        let output = tegata(dir.path(), &[], args, "");
        assert_eq!(code(&output), Some(0), "{args:?}");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            args.last() != Some(&"--help") || said.contains("Example"),
            "{said}"
        );
        assert!(!said.is_empty());
    }
    assert!(!dir.path().join("data").exists());
}

#[test]
fn ids_may_begin_with_a_hyphen() {
    let dir = tempfile::tempdir().expect("a folder");
    for (args, words) in [
        (&["show", "-7Qk"][..], "not paired"),
        (&["show", "--json", "-7Qk"], "not paired"),
        (&["approve", "-7Qk", "--code", "493021"], "not paired"),
        (&["deny", "-hQk"], "not paired"),
        (&["history", "show", "-7Qk"], "begins with -7Qk"),
        (&["history", "export", "-7Qk", "-"], "begins with -7Qk"),
        (&["history", "verify", "-7Qk"], "begins with -7Qk"),
        (&["accounts", "remove", "-7Qk"], "begins with -7Qk"),
        (&["accounts", "unpair", "-7Qk"], "begins with -7Qk"),
        (&["devices", "remove", "-7Qk"], "not paired"),
        (&["devices", "grade", "-7Qk"], "not paired"),
        (
            &["accounts", "look", "-7Qk", "--sign", "bank"],
            "begins with -7Qk",
        ),
        (&["consents", "revoke", "-7Qk", "--yes"], "begins with -7Qk"),
        (&["--account", "-7Qk", "inbox"], "begins with -7Qk"),
        (&["inbox", "--account", "-7Qk"], "begins with -7Qk"),
    ] {
        let output = tegata(dir.path(), &[], args, "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(words), "{args:?}: {said}");
    }
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let dir = tempfile::tempdir().expect("a folder");
    let link = "https://id.example/pair";
    let first_parameter = format!("{link}#v=1");
    for (args, status, words) in [
        (&["pair", "0123-4567-89AB"][..], 2, "(add --server HOST)"),
        (&["pair", "hello"], 2, "copy the whole link, in quotes"),
        (&["pair", link], 2, "the link is cut off"),
        (&["pair", &first_parameter], 2, "the link is cut off"),
        (
            &["pair", "--server", "id.example", "0123-4567-89AB"],
            2,
            "no terminal to ask at; add --yes",
        ),
        (&["approve"], 2, "`tegata inbox` lists"),
        (
            &["inbox", "--account", "gv"],
            2,
            "no account begins with gv; `tegata accounts` lists them",
        ),
        (&["verify", "/nonexistent"], 1, "/nonexistent"),
        (&["add-device"], 2, "not paired with any account"),
        (&["pin", "change"], 2, "not paired with any account"),
        (&["key", "replace"], 2, "not paired with any account"),
        (&["accounts", "look", "3fQ"], 2, "--label"),
        (
            &["self-test", "--deny", "--pin-fd", "3"],
            2,
            "cannot be used with",
        ),
        (&["accounts"], 0, "not paired yet; see `tegata pair --help`"),
    ] {
        let output = tegata(dir.path(), &[], args, "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(words), "{args:?}: {said}");
        assert_eq!(code(&output), Some(status), "{args:?}: {said}");
    }
}

#[test]
fn pairing_offers_no_account_and_lists_its_own_options_first() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = tegata(dir.path(), &[], &["pair", "--help"], "");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("--account"), "{said}");
    let own = said.find("--server <").expect("its own option");
    let shared = said.find("--data-dir <").expect("a shared option");
    assert!(own < shared, "{said}");
}

#[cfg(unix)]
#[test]
fn a_passphrase_file_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("passphrase");
    std::fs::write(&file, "correct horse\n").expect("written");
    let name = file.to_string_lossy();
    for (mode, warned) in [(0o644, true), (0o600, false)] {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&file, permissions).expect("changed");
        let args = ["accounts", "--passphrase-file", &name];
        let output = tegata(dir.path(), &[], &args, "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.contains("others can read"), warned, "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_bus_the_credential_store_is_missing_and_the_remedy_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = tegata(dir.path(), &[], &["doctor"], "");
    assert_eq!(code(&output), Some(4), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("no credential store is available"), "{said}");
    assert!(said.contains("--passphrase-file"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_bus_that_hangs_is_given_up_and_does_not_hold_the_program() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("bus");
    // Connections are taken by the system and never answered.
    let _silent = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    let address = format!("unix:path={}", path.display());
    let environment = [("DBUS_SESSION_BUS_ADDRESS", address.as_str())];
    let output = tegata(dir.path(), &environment, &["doctor"], "");
    assert_eq!(code(&output), Some(4), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("did not answer in time"), "{said}");
}
