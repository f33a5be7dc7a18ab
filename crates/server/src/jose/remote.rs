//! Keys that are kept at an address of their owner's (`jwks_uri`, RFC 7591 section 2), remembered for a while.
//!
//! An address is asked by one request at a time while the others wait for its answer; when its keys are old; and once in a
//! while for a key that is not among them, since that is how owners change keys. An address that fails goes on being
//! answered for with what it said last, though not for ever. What was begun is finished even if whoever asked hangs up:
//! anybody can ask in a client's name, and must not use up its attempts.
//!
//! What this does **not** do: call addresses. Whoever asks passes in the way to fetch.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};
use tegata_protocol::{UnixTime, ijson};
use tokio::sync;
use tracing::Instrument;

use super::KeySet;

/// Largest JWK Set that is fetched, in bytes.
pub(crate) const MAX_SET: usize = 64 * 1024;

/// Seconds for which an answer is good.
const LIFETIME: i64 = 300;

/// Seconds for which an answer stands in while the address fails.
const STALE_FOR: i64 = 3600;

/// Seconds between two attempts at one address, whatever they are for.
const PAUSE: i64 = 30;

/// Addresses that are remembered. One more, and the one that was asked longest ago is forgotten.
const MOST: usize = 1024;

/// Keys by address.
#[derive(Debug, Default)]
pub struct RemoteKeys(Mutex<HashMap<String, Place>>);

#[derive(Debug)]
struct Place {
    asked: UnixTime,
    known: Arc<sync::Mutex<Known>>,
}

/// What is known of one address. Locked while it is being asked.
#[derive(Debug, Default)]
struct Known {
    answer: Option<(Arc<KeySet>, UnixTime)>,
    tried: Option<UnixTime>,
}

impl Known {
    /// What the address said last, if that was within the hour.
    fn instead(
        &self,
        failure: RemoteKeysError,
        now: UnixTime,
    ) -> Result<Arc<KeySet>, RemoteKeysError> {
        match &self.answer {
            Some((keys, at)) if now.since(*at) < STALE_FOR => {
                tracing::warn!(reason = %failure, "remote_keys.stale");
                Ok(Arc::clone(keys))
            }
            _ => Err(failure),
        }
    }
}

/// There are no keys to be had at the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RemoteKeysError {
    /// It was asked just now.
    #[error("the address failed less than {PAUSE} seconds ago")]
    Failing,
    /// It cannot be reached; with what the fetcher said.
    #[error("{0}")]
    Fetch(String),
    /// It answered something else.
    #[error("the answer is no JWK Set: {0}")]
    NoSet(String),
}

impl RemoteKeys {
    /// The keys at `address`. `has`: whether the key that is wanted is among some keys; if it is not, they may be fetched
    /// again. `fetch`: reads at most [`MAX_SET`] bytes from the address; not begun unless it is needed.
    ///
    /// # Errors
    /// [`RemoteKeysError`] if there are none, and none from the last hour either.
    pub(crate) async fn at<E: fmt::Display + Send>(
        &self,
        address: &str,
        now: UnixTime,
        has: impl Fn(&KeySet) -> bool,
        fetch: impl Future<Output = Result<Vec<u8>, E>> + Send + 'static,
    ) -> Result<Arc<KeySet>, RemoteKeysError> {
        let mut known = self.place(address, now).lock_owned().await;
        let may_try = known.tried.is_none_or(|at| now.since(at) >= PAUSE);
        // 1. What is known will do.
        if let Some((keys, at)) = &known.answer
            && now.since(*at) < LIFETIME
            && (has(keys) || !may_try)
        {
            return Ok(Arc::clone(keys));
        }
        // 2. Ask the address, if it has had its pause.
        if !may_try {
            return known.instead(RemoteKeysError::Failing, now);
        }
        known.tried = Some(now);
        let asking = async move {
            let answer = match fetch.await {
                Ok(bytes) => read(&bytes),
                Err(error) => Err(RemoteKeysError::Fetch(error.to_string())),
            };
            match answer {
                Ok(keys) => {
                    let keys = Arc::new(keys);
                    known.answer = Some((Arc::clone(&keys), now));
                    Ok(keys)
                }
                // 3. It failed: what it said last.
                Err(failure) => known.instead(failure, now),
            }
        };
        tokio::spawn(asking.in_current_span())
            .await
            .unwrap_or_else(|error| Err(RemoteKeysError::Fetch(error.to_string())))
    }

    fn place(&self, address: &str, now: UnixTime) -> Arc<sync::Mutex<Known>> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !places.contains_key(address) && places.len() >= MOST {
            let oldest = places.iter().min_by_key(|(_, place)| place.asked);
            let oldest = oldest.map(|(address, _)| address.clone());
            if let Some(oldest) = oldest {
                places.remove(&oldest);
            }
        }
        let place = places.entry(address.to_owned()).or_insert_with(|| Place {
            asked: now,
            known: Arc::default(),
        });
        place.asked = now;
        Arc::clone(&place.known)
    }
}

/// A set without keys that can be used is one: its owner may have taken them back.
fn read(bytes: &[u8]) -> Result<KeySet, RemoteKeysError> {
    let no_set = |what: &str| RemoteKeysError::NoSet(what.to_owned());
    ijson::check(bytes, MAX_SET).map_err(|error| no_set(&error.to_string()))?;
    let text = std::str::from_utf8(bytes).map_err(|_| no_set("not UTF-8"))?;
    KeySet::read(text).ok_or_else(|| no_set("it has no keys member"))
}

#[cfg(test)]
mod tests;
