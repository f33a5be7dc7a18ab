use super::*;
use crate::{
    Health, LocalAccountId,
    error::AccessError,
    keys::Argon2Parameters,
    ports::{SecretStore, SecretStoreError},
    test_server::Paired,
};
use std::sync::Arc;
use tegata_protocol::{Secret, SystemRng};

const CHEAP: Argon2Parameters = Argon2Parameters {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

fn store(dir: &std::path::Path, passphrase: &str) -> PassphraseStore {
    let passphrase = Secret::new(passphrase.to_owned());
    PassphraseStore::with_cost(dir, passphrase, Arc::new(SystemRng::new()), CHEAP)
}

#[tokio::test]
async fn a_passphrase_file_keeps_and_forgets_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let id = LocalAccountId::make(&SystemRng::new());
    let secret = Secret::new([7; 32]);
    let first = store(dir.path(), "correct horse");
    assert_eq!(first.load(&id).await, Err(SecretStoreError::Missing));
    first.store(&id, &secret).await.unwrap();
    let second = store(dir.path(), "correct horse");
    assert_eq!(second.load(&id).await, Ok(secret));
    second.remove(&id).await.unwrap();
    assert_eq!(second.load(&id).await, Err(SecretStoreError::Missing));
    second.remove(&id).await.unwrap();
}

#[tokio::test]
async fn a_wrong_passphrase_is_told_from_a_missing_secret_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let id = LocalAccountId::make(&SystemRng::new());
    let secret = Secret::new([7; 32]);
    store(dir.path(), "right")
        .store(&id, &secret)
        .await
        .unwrap();
    let wrong = store(dir.path(), "wrong");
    assert_eq!(
        wrong.load(&id).await,
        Err(SecretStoreError::WrongPassphrase)
    );
    assert_eq!(wrong.probe().await, Err(SecretStoreError::WrongPassphrase));
    let refused = wrong.store(&id, &Secret::new([8; 32])).await;
    assert_eq!(refused, Err(SecretStoreError::WrongPassphrase));
    assert_eq!(store(dir.path(), "right").load(&id).await, Ok(secret));
}

#[tokio::test]
async fn a_failing_store_has_a_name_and_never_looks_like_not_paired() {
    for (failure, health) in [
        (SecretStoreError::Locked, Health::KeyringLocked),
        (SecretStoreError::TimedOut, Health::KeyringTimeout),
        (SecretStoreError::Missing, Health::KeyLost),
        (
            SecretStoreError::Unavailable("no bus".into()),
            Health::KeyringMissing,
        ),
    ] {
        let mut paired = Paired::new().await;
        paired.secrets.fail_with(Some(failure.clone()));
        paired.restart();
        let refused = paired.device.retry(&paired.account).await;
        assert!(matches!(refused, Err(AccessError::Secret(error)) if error == failure));
        let accounts = paired.device.accounts();
        assert_eq!(accounts.len(), 1, "still paired");
        assert_eq!(accounts[0].health, health);
        paired.secrets.fail_with(None);
        let account = paired.device.retry(&paired.account).await.unwrap();
        assert_eq!(account.health, Health::Ok);
    }
}
