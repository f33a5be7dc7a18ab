//! Secrets in memory, for tests; can be told to fail in every way a real store does.

use crate::{
    account::LocalAccountId,
    ports::{AccountSecret, SecretStore, SecretStoreError},
};
use futures_util::future::BoxFuture;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Secrets of this process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    secrets: HashMap<LocalAccountId, AccountSecret>,
    failure: Option<SecretStoreError>,
}

impl MemoryStore {
    /// From now on every call fails like this; `None` ends it.
    pub fn fail_with(&self, failure: Option<SecretStoreError>) {
        self.lock().failure = failure;
    }

    /// How many secrets there are.
    pub fn len(&self) -> usize {
        self.lock().secrets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, call: impl FnOnce(&mut Inner) -> T) -> Result<T, SecretStoreError> {
        let mut inner = self.lock();
        match &inner.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(call(&mut inner)),
        }
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl SecretStore for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SecretStoreError>> {
        ready(self.with(|_| ()))
    }

    fn load<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<AccountSecret, SecretStoreError>> {
        let found = self.with(|inner| inner.secrets.get(account).cloned());
        ready(found.and_then(|secret| secret.ok_or(SecretStoreError::Missing)))
    }

    fn store<'a>(
        &'a self,
        account: &'a LocalAccountId,
        secret: &'a AccountSecret,
    ) -> BoxFuture<'a, Result<(), SecretStoreError>> {
        ready(self.with(|inner| {
            inner.secrets.insert(account.clone(), secret.clone());
        }))
    }

    fn remove<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<(), SecretStoreError>> {
        ready(self.with(|inner| {
            inner.secrets.remove(account);
        }))
    }

    fn unlock<'a>(
        &'a self,
        account: &'a LocalAccountId,
    ) -> BoxFuture<'a, Result<AccountSecret, SecretStoreError>> {
        self.load(account)
    }
}
