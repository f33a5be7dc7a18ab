//! The operating system's credential store: the secret service on Linux, the keychain on macOS and iOS, the Credential Manager
//! on Windows. Only the first has been run; the others are type-checked.

use crate::{
    account::LocalAccountId,
    ports::{AccountSecret, SecretStore, SecretStoreError},
};
use futures_util::future::BoxFuture;
use std::{sync::Arc, time::Duration};
use tegata_protocol::Secret;
use tokio::sync::{Semaphore, oneshot};

/// The label under which secrets are filed.
pub const DEFAULT_KEYRING_LABEL: &str = "tegata-device";

/// Environment variable that names another label, for every program of this device alike: programs that share a data
/// folder have to share the label.
pub const KEYRING_LABEL_VARIABLE: &str = "TEGATA_DEVICE_KEYRING_LABEL";

/// Longest wait for an answer that no person has to give.
const ANSWER: Duration = Duration::from_secs(5);
/// Longest wait for a person to unlock the store.
const PERSON: Duration = Duration::from_mins(2);

/// Secrets in the operating system's credential store, one entry per account under one label.
#[derive(Debug, Clone)]
pub struct KeyringStore {
    label: String,
    /// One call at a time: a store that hangs must not collect threads.
    calls: Arc<Semaphore>,
}

impl KeyringStore {
    /// A store whose entries are filed under `label`, so that several data folders do not meet.
    pub fn new(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            calls: Arc::new(Semaphore::new(1)),
        }
    }

    /// Runs `call` on a thread of its own and waits for at most `limit`. The thread is detached: a run time would wait for
    /// a hanging blocking task when it is dropped.
    async fn call<T: Send + 'static>(
        &self,
        limit: Duration,
        account: &str,
        call: impl FnOnce(&platform::Entry) -> Result<T, SecretStoreError> + Send + 'static,
    ) -> Result<T, SecretStoreError> {
        let (label, account) = (self.label.clone(), account.to_owned());
        let answer = async {
            let permit = Arc::clone(&self.calls)
                .acquire_owned()
                .await
                .map_err(|error| SecretStoreError::Unavailable(error.to_string()))?;
            let (send, receive) = oneshot::channel();
            std::thread::Builder::new()
                .name("keyring".into())
                .spawn(move || {
                    let result = platform::open(&label, &account).and_then(|entry| call(&entry));
                    drop(permit);
                    // Nobody listens any more if the time was up.
                    let _ = send.send(result);
                })
                .map_err(|error| SecretStoreError::Unavailable(error.to_string()))?;
            receive
                .await
                .map_err(|_| SecretStoreError::Unavailable("the call ended early".into()))?
        };
        tokio::time::timeout(limit, answer)
            .await
            .unwrap_or(Err(SecretStoreError::TimedOut))
    }

    async fn load_within(
        &self,
        limit: Duration,
        account: &LocalAccountId,
    ) -> Result<AccountSecret, SecretStoreError> {
        let load = async {
            match self.call(limit, account.as_str(), platform::read).await {
                Ok(bytes) => decode(&bytes),
                // A store that was never unlocked reads as empty; whether it takes a secret tells the two apart.
                Err(SecretStoreError::Missing) => {
                    self.probe().await?;
                    Err(SecretStoreError::Missing)
                }
                Err(error) => Err(error),
            }
        };
        tokio::time::timeout(limit, load)
            .await
            .unwrap_or(Err(SecretStoreError::TimedOut))
    }
}

/// The secret is kept as base64url, because some stores take text alone.
fn encode(secret: &AccountSecret) -> Secret<String> {
    // EXPOSE: what is handed to the credential store.
    Secret::new(tegata_protocol::bytes::encode_b64u(secret.expose()))
}

fn decode(bytes: &Secret<Vec<u8>>) -> Result<AccountSecret, SecretStoreError> {
    // EXPOSE: what came from the credential store.
    let text = std::str::from_utf8(bytes.expose()).unwrap_or_default();
    tegata_protocol::Sha256Digest::from_b64u(text)
        .map(|digest| Secret::new(digest.0))
        .map_err(|_| SecretStoreError::Unavailable("the stored secret is not 32 bytes".into()))
}

impl SecretStore for KeyringStore {
    fn name(&self) -> &'static str {
        "keyring"
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SecretStoreError>> {
        // A store that was never unlocked reads as empty and fails at writing, so only writing tells.
        Box::pin(self.call(ANSWER, "probe", |entry| {
            platform::write(entry, "probe")?;
            platform::remove(entry)
        }))
    }

    fn load<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<AccountSecret, SecretStoreError>> {
        Box::pin(self.load_within(ANSWER, account))
    }

    fn store<'a>(
        &'a self,
        account: &'a LocalAccountId,
        secret: &'a AccountSecret,
    ) -> BoxFuture<'a, Result<(), SecretStoreError>> {
        let secret = encode(secret);
        Box::pin(self.call(ANSWER, account.as_str(), move |entry| {
            // EXPOSE: what is handed to the credential store.
            platform::write(entry, secret.expose())
        }))
    }

    fn remove<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<(), SecretStoreError>> {
        Box::pin(self.call(ANSWER, account.as_str(), platform::remove))
    }

    fn unlock<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<AccountSecret, SecretStoreError>> {
        Box::pin(self.load_within(PERSON, account))
    }
}

/// A credential store of an operating system that [`keyring_core`] has an interface to.
#[cfg(any(
    target_os = "ios",
    target_os = "linux",
    target_os = "macos",
    target_os = "windows"
))]
mod platform {
    use crate::ports::SecretStoreError;
    use keyring_core::{Error, api::CredentialStoreApi as _};
    use std::collections::HashMap;
    use tegata_protocol::Secret;

    #[cfg(target_os = "macos")]
    use apple_native_keyring_store::keychain::Store;
    #[cfg(target_os = "ios")]
    use apple_native_keyring_store::protected::Store;
    #[cfg(target_os = "windows")]
    use windows_native_keyring_store::Store;
    #[cfg(target_os = "linux")]
    use zbus_secret_service_keyring_store::Store;

    pub(super) use keyring_core::Entry;

    /// What keeps an entry on this machine, where the store would take it to others of the same person: a device is paired,
    /// not a person.
    const MODIFIER: Option<(&str, &str)> = if cfg!(target_os = "windows") {
        Some(("persistence", "Local"))
    } else if cfg!(target_os = "ios") {
        Some(("access-policy", "after-first-unlock-this-device-only"))
    } else {
        None
    };

    pub(super) fn open(label: &str, account: &str) -> Result<Entry, SecretStoreError> {
        // Opened for each call: on Linux this is a connection, and a daemon that was restarted is found again.
        let store = Store::new().map_err(|error| named(&error))?;
        let modifiers = MODIFIER.map(|modifier| HashMap::from([modifier]));
        store
            .build(label, account, modifiers.as_ref())
            .map_err(|error| named(&error))
    }

    pub(super) fn read(entry: &Entry) -> Result<Secret<Vec<u8>>, SecretStoreError> {
        entry
            .get_secret()
            .map(Secret::new)
            .map_err(|error| named(&error))
    }

    pub(super) fn write(entry: &Entry, text: &str) -> Result<(), SecretStoreError> {
        entry
            .set_secret(text.as_bytes())
            .map_err(|error| named(&error))
    }

    pub(super) fn remove(entry: &Entry) -> Result<(), SecretStoreError> {
        match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(named(&error)),
        }
    }

    /// Texts of the store may name entries but hold no secret; a credential store that gave nothing is never *missing*.
    fn named(error: &Error) -> SecretStoreError {
        match error {
            Error::NoEntry => SecretStoreError::Missing,
            Error::NoStorageAccess(_) => SecretStoreError::Locked,
            Error::PlatformFailure(cause) => SecretStoreError::Unavailable(cause.to_string()),
            other => SecretStoreError::Unavailable(other.to_string()),
        }
    }
}

#[cfg(not(any(
    target_os = "ios",
    target_os = "linux",
    target_os = "macos",
    target_os = "windows"
)))]
mod platform {
    use crate::ports::SecretStoreError;
    use tegata_protocol::Secret;

    /// There are no entries on this platform.
    pub(super) enum Entry {}

    pub(super) fn open(_label: &str, _account: &str) -> Result<Entry, SecretStoreError> {
        Err(SecretStoreError::Unavailable(
            "this version knows no credential store on this system; use --passphrase-file".into(),
        ))
    }

    pub(super) fn read(entry: &Entry) -> Result<Secret<Vec<u8>>, SecretStoreError> {
        match *entry {}
    }

    pub(super) fn write(entry: &Entry, _text: &str) -> Result<(), SecretStoreError> {
        match *entry {}
    }

    pub(super) fn remove(entry: &Entry) -> Result<(), SecretStoreError> {
        match *entry {}
    }
}
