//! Secrets in a file under a passphrase, for machines without a credential store.
//!
//! One Argon2id hash of the passphrase per file; each secret is sealed under it with the account's name as context. An
//! entry of fixed content tells a wrong passphrase from a damaged secret.

use crate::{
    account::{FileLock, LocalAccountId, write_atomically},
    keys::{Argon2Parameters, Sealer},
    ports::{AccountSecret, SecretStore, SecretStoreError},
};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tegata_protocol::{B64, Rng, Secret, ijson, rng::random_bytes};

/// Longest file, in bytes.
const MAX_FILE: usize = 1024 * 1024;
const CHECK: &[u8] = b"tegata passphrase check";

/// Secrets in `secrets.json` of a data folder.
#[derive(Clone)]
pub struct PassphraseStore {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    passphrase: Secret<String>,
    rng: Arc<dyn Rng>,
    cost: Argon2Parameters,
    /// The wrapping key by its salt: hashing once per process is enough.
    wrapping: Mutex<Option<(Vec<u8>, Arc<Sealer>)>>,
}

impl std::fmt::Debug for PassphraseStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PassphraseStore")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretsFile {
    version: u32,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: B64,
    check: B64,
    secrets: BTreeMap<String, B64>,
}

impl PassphraseStore {
    /// A store in `data_dir`. The file is made when the first secret is kept.
    pub fn new(data_dir: &Path, passphrase: Secret<String>, rng: Arc<dyn Rng>) -> Self {
        Self::with_cost(data_dir, passphrase, rng, Argon2Parameters::STANDARD)
    }

    /// With another cost for a new file.
    pub(crate) fn with_cost(
        data_dir: &Path,
        passphrase: Secret<String>,
        rng: Arc<dyn Rng>,
        cost: Argon2Parameters,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                path: data_dir.join("secrets.json"),
                passphrase,
                rng,
                cost,
                wrapping: Mutex::new(None),
            }),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Inner) -> Result<T, SecretStoreError> + Send + 'static,
    ) -> Result<T, SecretStoreError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || call(&inner))
            .await
            .map_err(|error| SecretStoreError::Unavailable(error.to_string()))?
    }
}

fn failed(error: &io::Error) -> SecretStoreError {
    SecretStoreError::Unavailable(format!("the passphrase file's secrets: {error}"))
}

impl Inner {
    fn read(&self) -> Result<Option<SecretsFile>, SecretStoreError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        let file: SecretsFile = ijson::parse(&bytes, MAX_FILE)
            .map_err(|error| SecretStoreError::Unavailable(format!("secrets.json: {error}")))?;
        Ok(Some(file))
    }

    /// The wrapping key of a file, if the passphrase is right.
    fn open(&self, file: &SecretsFile) -> Result<Arc<Sealer>, SecretStoreError> {
        let cost = Argon2Parameters {
            memory_kib: file.memory_kib,
            passes: file.passes,
            lanes: file.lanes,
        };
        let sealer = self.derive(cost, &file.salt.0)?;
        match sealer.open(CHECK, &file.check.0) {
            Ok(_) => Ok(sealer),
            Err(_) => Err(SecretStoreError::WrongPassphrase),
        }
    }

    fn derive(&self, cost: Argon2Parameters, salt: &[u8]) -> Result<Arc<Sealer>, SecretStoreError> {
        let mut cached = self.wrapping.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, sealer)) = &*cached
            && known == salt
        {
            return Ok(Arc::clone(sealer));
        }
        // EXPOSE: the passphrase is hashed.
        let stretched = cost
            .derive(self.passphrase.expose().as_bytes(), salt, b"")
            .ok_or_else(|| SecretStoreError::Unavailable("unusable hash parameters".into()))?;
        // EXPOSE: input of the wrapping key.
        let sealer = Arc::new(Sealer::from_key_material(stretched.expose(), "passphrase"));
        *cached = Some((salt.to_vec(), Arc::clone(&sealer)));
        Ok(sealer)
    }

    fn change(
        &self,
        change: impl FnOnce(&mut SecretsFile, &Sealer),
    ) -> Result<(), SecretStoreError> {
        let _lock = FileLock::wait(&self.path.with_extension("lock")).map_err(|e| failed(&e))?;
        let (mut file, sealer) = match self.read()? {
            Some(file) => {
                let sealer = self.open(&file)?;
                (file, sealer)
            }
            None => self.start()?,
        };
        change(&mut file, &sealer);
        let bytes = serde_json::to_vec_pretty(&file)
            .map_err(|error| SecretStoreError::Unavailable(error.to_string()))?;
        write_atomically(&self.path, &bytes).map_err(|error| failed(&error))
    }

    fn start(&self) -> Result<(SecretsFile, Arc<Sealer>), SecretStoreError> {
        let salt: [u8; 16] = random_bytes(self.rng.as_ref());
        let sealer = self.derive(self.cost, &salt)?;
        let file = SecretsFile {
            version: 1,
            memory_kib: self.cost.memory_kib,
            passes: self.cost.passes,
            lanes: self.cost.lanes,
            salt: B64(salt.to_vec()),
            check: B64(sealer.seal(self.rng.as_ref(), CHECK, b"")),
            secrets: BTreeMap::new(),
        };
        Ok((file, sealer))
    }
}

impl SecretStore for PassphraseStore {
    fn name(&self) -> &'static str {
        "passphrase file"
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SecretStoreError>> {
        Box::pin(self.run(|inner| inner.change(|_, _| ())))
    }

    fn load<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<AccountSecret, SecretStoreError>> {
        let account = account.clone();
        Box::pin(self.run(move |inner| {
            let file = inner.read()?.ok_or(SecretStoreError::Missing)?;
            let sealer = inner.open(&file)?;
            let sealed = file.secrets.get(account.as_str());
            let sealed = sealed.ok_or(SecretStoreError::Missing)?;
            let opened = sealer
                .open(account.as_str().as_bytes(), &sealed.0)
                .map_err(|_| SecretStoreError::Unavailable("the secret is damaged".into()))?;
            // EXPOSE: the secret goes to its account.
            let bytes = opened.expose().as_slice().try_into();
            bytes
                .map(Secret::new)
                .map_err(|_| SecretStoreError::Unavailable("the secret is damaged".into()))
        }))
    }

    fn store<'a>(
        &'a self,
        account: &'a LocalAccountId,
        secret: &'a AccountSecret,
    ) -> BoxFuture<'a, Result<(), SecretStoreError>> {
        let (account, secret) = (account.clone(), secret.clone());
        Box::pin(self.run(move |inner| {
            inner.change(|file, sealer| {
                // EXPOSE: the secret is sealed under the passphrase.
                let sealed = sealer.seal(
                    inner.rng.as_ref(),
                    account.as_str().as_bytes(),
                    secret.expose(),
                );
                file.secrets
                    .insert(account.as_str().to_owned(), B64(sealed));
            })
        }))
    }

    fn remove<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<(), SecretStoreError>> {
        let account = account.clone();
        Box::pin(self.run(move |inner| {
            if inner.read()?.is_none() {
                return Ok(());
            }
            inner.change(|file, _| {
                file.secrets.remove(account.as_str());
            })
        }))
    }

    fn unlock<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<AccountSecret, SecretStoreError>> {
        self.load(account)
    }
}
