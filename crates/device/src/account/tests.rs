use super::*;
use crate::test_server::Paired;
use std::fs;

fn account_file(paired: &Paired) -> std::path::PathBuf {
    let dir = paired.folder.path().join("accounts");
    dir.join(paired.account.as_str()).join("account.json")
}

#[tokio::test]
async fn a_damaged_file_is_found_out_whichever_byte_it_is() {
    let paired = Paired::new().await;
    let folder = AccountFolder::open(paired.folder.path()).unwrap();
    let secret = crate::ports::SecretStore::load(paired.secrets.as_ref(), &paired.account)
        .await
        .unwrap();
    let path = account_file(&paired);
    let good = fs::read(&path).unwrap();
    for at in (0..good.len()).step_by(37) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&path, &bad).unwrap();
        assert!(folder.read(&paired.account, &secret).is_err(), "byte {at}");
    }
    fs::write(&path, good.get(..good.len() / 2).unwrap()).unwrap();
    assert!(folder.read(&paired.account, &secret).is_err());
    fs::write(&path, &good).unwrap();
    assert!(folder.read(&paired.account, &secret).is_ok());
}

#[tokio::test]
async fn a_file_of_a_later_version_is_named_as_such() {
    let paired = Paired::new().await;
    let folder = AccountFolder::open(paired.folder.path()).unwrap();
    let secret = crate::ports::SecretStore::load(paired.secrets.as_ref(), &paired.account)
        .await
        .unwrap();
    let path = account_file(&paired);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"version\":1", "\"version\":3", 1)).unwrap();
    let refused = folder.read(&paired.account, &secret);
    assert!(matches!(refused, Err(AccountFileError::TooNew)));
}

#[tokio::test]
async fn the_file_holds_no_key_and_no_receipt_in_the_clear() {
    let paired = Paired::new().await;
    let text = fs::read_to_string(account_file(&paired)).unwrap();
    assert!(text.contains("hanako"), "the header can be listed");
    // In quotation marks, as names of members: a short word by itself can come out of encryption by chance.
    for secret in ["possession", "approval", "pairing_receipt", "argon", "salt"] {
        assert!(!text.contains(&format!("\"{secret}")), "{secret}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let paired = Paired::new().await;
    let dir = paired.folder.path().join("accounts");
    let dir = dir.join(paired.account.as_str());
    assert_eq!(
        fs::metadata(&dir).unwrap().permissions().mode() & 0o777,
        0o700
    );
    for entry in fs::read_dir(&dir).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

#[tokio::test]
async fn changes_of_two_processes_are_both_kept() {
    let paired = Paired::new().await;
    let secret = crate::ports::SecretStore::load(paired.secrets.as_ref(), &paired.account)
        .await
        .unwrap();
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let folder = AccountFolder::open(paired.folder.path()).unwrap();
            let (id, secret) = (paired.account.clone(), secret.clone());
            std::thread::spawn(move || {
                for _ in 0..10 {
                    let rng = tegata_protocol::SystemRng::new();
                    folder
                        .update(&rng, &id, &secret, |_, state| state.approval_counter += 1)
                        .unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(paired.session_state().approval_counter, 40);
}

#[test]
fn a_lock_is_held_until_it_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let first = FileLock::try_take(&path).unwrap();
    assert!(first.is_some());
    assert!(FileLock::try_take(&path).unwrap().is_none());
    drop(first);
    assert!(FileLock::try_take(&path).unwrap().is_some());
}

#[test]
fn a_failed_replacement_leaves_the_old_content() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    write_atomically(&path, b"old").unwrap();
    let missing = dir.path().join("missing").join("file");
    assert!(write_atomically(&missing, b"new").is_err());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    write_atomically(&path, b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing is left over"
    );
}

#[tokio::test]
async fn requests_seen_are_remembered_up_to_a_limit() {
    let paired = Paired::new().await;
    let mut state = paired.session_state();
    let hash = tegata_protocol::Sha256Digest::of(b"x");
    let id = |n: u32| tegata_protocol::ConsentRequestId::parse(&n.to_string()).unwrap();
    for n in 0..100 {
        state.remember_prompt(id(n), hash);
    }
    assert_eq!(state.seen.len(), 64);
    assert_eq!(state.seen_prompt(&id(35)), None);
    assert_eq!(state.seen_prompt(&id(36)), Some(hash));
}

#[tokio::test]
async fn what_was_chosen_for_an_account_is_kept_and_shown_without_its_secret() {
    let mut paired = Paired::new().await;
    let look = AccountLook {
        label: Some("  Household ".into()),
        accent: Accent::Plum,
        icon: AccountIcon::Bank,
    };
    let shown = paired
        .device
        .customize(&paired.account, look)
        .await
        .unwrap();
    assert_eq!(shown.look.label.as_deref(), Some("Household"));
    paired
        .secrets
        .fail_with(Some(crate::ports::SecretStoreError::Locked));
    paired.restart();
    let listed = paired.device.accounts();
    assert_eq!(listed[0].look, shown.look);
    assert_eq!(listed[0].account_name, "hanako", "the server's name stays");
}

#[tokio::test]
async fn a_label_that_hides_something_or_is_too_long_changes_nothing() {
    let paired = Paired::new().await;
    for label in ["a\u{202e}b".to_owned(), "x".repeat(65)] {
        let look = AccountLook {
            label: Some(label),
            ..AccountLook::default()
        };
        let refused = paired.device.customize(&paired.account, look).await;
        assert!(matches!(refused, Err(crate::error::CustomizeError::Label)));
    }
    assert!(paired.device.accounts()[0].look.is_plain());
}
