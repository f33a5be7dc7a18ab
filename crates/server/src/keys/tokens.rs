//! The keys that sign what clients verify: ID tokens and access tokens in JWT form.
//!
//! For each algorithm a row of keys, each with the time from which it signs. What a key does follows from these times and
//! the clock alone, so that nothing has to happen when its state changes, and a crash leaves no half of a rotation:
//!
//! ```text
//! next ──► signing ──► retiring ──► retired ──► forgotten
//!      overlap    successor  all it signed   id_token_hint's age
//!                  signs     has expired
//! ```
//! The first three are in the JWK Set. A retired key is not, since nothing that clients may still accept is signed by it;
//! it is kept here to recognize ID tokens that come back as `id_token_hint`.
//!
//! What this does **not** do: decide which algorithms are offered; that is [`crate::config::Config::id_token_algorithms`].

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};
use tegata_protocol::{
    Clock, Secret, SystemClock, SystemRng, Thumbprint, UnixTime,
    bytes::{decode_b64u, encode_b64u},
};
use zeroize::Zeroizing;

mod schedule;

use super::{KeyFile, KeysError, signer::Signer};
use crate::{
    config::Lifetimes,
    jose::{Algorithm, KeySet, VerifyingKey},
};
pub use schedule::{JWKS_MAX_AGE, KeyState, OVERLAP};
use schedule::{Spans, Times, state};

/// One key as it is kept.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenRecord {
    pub(super) alg: Algorithm,
    /// PKCS#8 as base64url.
    key: Secret<String>,
    /// 0: from the beginning.
    signs_from: UnixTime,
    /// Once it has a successor: until when it is published by the lifetimes of that day. Later ones can only add to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published_until: Option<UnixTime>,
}

impl TokenRecord {
    /// A key that signs from the beginning.
    pub(super) fn first(alg: Algorithm, rng: &SystemRng) -> Self {
        Self::drawn(alg, UnixTime(0), rng)
    }

    /// A key of an older file, which has signed from the beginning.
    pub(super) fn kept(alg: Algorithm, key: Secret<String>) -> Self {
        Self {
            alg,
            key,
            signs_from: UnixTime(0),
            published_until: None,
        }
    }

    fn drawn(alg: Algorithm, signs_from: UnixTime, rng: &SystemRng) -> Self {
        // EXPOSE: encoded for the key file, into another wrapper.
        let key = Secret::new(encode_b64u(Signer::draw(alg, rng).expose()));
        Self {
            signs_from,
            ..Self::kept(alg, key)
        }
    }

    fn times(&self) -> Times {
        Times {
            alg: self.alg,
            signs_from: self.signs_from,
            published_until: self.published_until,
        }
    }
}

/// A key as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenKeyView {
    /// `kid`: the RFC 7638 thumbprint of its public half.
    pub kid: Thumbprint,
    /// `alg`.
    pub alg: Algorithm,
    /// What it does.
    #[serde(flatten)]
    pub state: KeyState,
}

/// Keys were not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The key file cannot be read or written.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The last rotation is not over.
    #[error("the next {alg} key is published already and signs in {seconds} seconds")]
    Pending {
        /// Of which algorithm.
        alg: Algorithm,
        /// From now.
        seconds: i64,
    },
}

struct TokenKey {
    times: Times,
    signer: Signer,
    public: VerifyingKey,
    kid: Thumbprint,
}

/// The keys that sign tokens. One value, in the process that holds the data folder's lock.
pub struct TokenKeys {
    path: PathBuf,
    rng: SystemRng,
    clock: Arc<dyn Clock>,
    spans: Spans,
    keys: RwLock<Vec<Arc<TokenKey>>>,
    /// Held while the key file is changed.
    writing: Mutex<()>,
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeys(redacted)")
    }
}

impl TokenKeys {
    pub(super) fn read(
        path: &Path,
        records: &[TokenRecord],
        rng: &SystemRng,
    ) -> Result<Self, KeysError> {
        Ok(Self {
            path: path.to_owned(),
            rng: rng.clone(),
            clock: Arc::new(SystemClock),
            spans: Spans::of(&Lifetimes::default()),
            keys: RwLock::new(parse(path, records, rng)?),
            writing: Mutex::new(()),
        })
    }

    /// Takes clock and lifetimes from the server; before, it goes by the system's clock and the default ones.
    pub fn go_by(&mut self, clock: Arc<dyn Clock>, lifetimes: &Lifetimes) {
        self.clock = clock;
        self.spans = Spans::of(lifetimes);
    }

    /// A compact JWS over `claims` by the key that signs at present, with `kid` and `typ`.
    ///
    /// The first RSA key of an algorithm is drawn when it is first needed, here if [`TokenKeys::prepare`] has not been called
    /// before; that takes a second, and at times several.
    ///
    /// # Panics
    /// If `claims` cannot be JSON.
    pub fn sign(
        &self,
        algorithm: Algorithm,
        typ: &str,
        claims: &(impl Serialize + ?Sized),
    ) -> Secret<String> {
        let keys = self.for_signing(algorithm);
        let now = self.clock.now();
        let key = keys
            .iter()
            .filter(|key| key.times.alg == algorithm && key.times.signs_from <= now)
            .max_by_key(|key| key.times.signs_from)
            .or_else(|| keys.iter().find(|key| key.times.alg == algorithm))
            .expect("there is a key after drawing one");
        let header = json!({ "alg": algorithm.name(), "kid": key.kid, "typ": typ });
        let claims = serde_json::to_vec(claims).expect("claims are JSON");
        let mut jws = encode_b64u(header.to_string().as_bytes());
        jws.push('.');
        jws.push_str(&encode_b64u(&claims));
        let signature = key.signer.sign(jws.as_bytes());
        jws.push('.');
        jws.push_str(&encode_b64u(&signature));
        Secret::new(jws)
    }

    /// Every key that was published and by which tokens of ours are still recognized: also the retired ones, which `/jwks`
    /// does not show any more.
    pub(crate) fn published(&self) -> KeySet {
        let keys = self.current();
        KeySet::of(
            self.states(&keys)
                .filter(|(_, state)| *state != KeyState::Forgotten)
                .map(|(key, _)| (key.public.clone(), key.kid.to_string(), key.times.alg)),
        )
    }

    /// The keys of the JWK Set (RFC 7517), public halves with `kid`, `alg` and `use`.
    pub(crate) fn jwks(&self) -> Vec<Map<String, Value>> {
        let keys = self.current();
        self.states(&keys)
            .filter(|(_, state)| state.is_published())
            .map(|(key, _)| {
                let mut jwk = key.public.to_jwk();
                jwk.insert("kid".to_owned(), json!(key.kid));
                jwk.insert("alg".to_owned(), json!(key.times.alg));
                jwk.insert("use".to_owned(), json!("sig"));
                jwk
            })
            .collect()
    }

    /// All keys with what they do, by algorithm, oldest first.
    pub fn list(&self) -> Vec<TokenKeyView> {
        let keys = self.current();
        let mut all: Vec<_> = self.states(&keys).collect();
        all.sort_by_key(|(key, _)| (key.times.alg, key.times.signs_from));
        all.into_iter()
            .map(|(key, state)| TokenKeyView {
                kid: key.kid,
                alg: key.times.alg,
                state,
            })
            .collect()
    }

    /// Draws the first key of an algorithm if there is none. Blocks for as long as that takes: a second for RSA, and at times
    /// several. To be called when a client is registered for the algorithm.
    ///
    /// # Errors
    /// [`KeysError`] if the key cannot be stored; there is none then.
    pub fn prepare(&self, algorithm: Algorithm) -> Result<(), KeysError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.has(algorithm) {
            return Ok(());
        }
        let record = TokenRecord::first(algorithm, &self.rng);
        let mut file = KeyFile::read(&self.path)?;
        file.tokens.push(record);
        self.store(&file)
    }

    /// Publishes a new key, of one algorithm or of each that has one, which signs after [`OVERLAP`]; the one that signs at
    /// present stays published until all that it signed has expired. The first key of an algorithm signs at once. Keys that
    /// are good for nothing any more are dropped. The new keys are answered.
    ///
    /// The file is replaced as a whole: after a crash there was a rotation or there was none. Drawing an RSA key blocks for a
    /// second, and at times several.
    ///
    /// # Errors
    /// [`RotationError::Pending`] if the last rotation is not over; [`RotationError::Keys`] if the file cannot be read or
    /// written. Nothing has changed then.
    pub fn rotate(&self, only: Option<Algorithm>) -> Result<Vec<TokenKeyView>, RotationError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let mut file = KeyFile::read(&self.path)?;
        let algorithms: BTreeSet<_> = match only {
            Some(alg) => [alg].into(),
            None => file.tokens.iter().map(|record| record.alg).collect(),
        };
        let starts = algorithms
            .iter()
            .map(|alg| Ok((*alg, self.replace_last(&mut file.tokens, *alg, now)?)))
            .collect::<Result<Vec<_>, RotationError>>()?;
        let times: Vec<_> = file.tokens.iter().map(TokenRecord::times).collect();
        let mut states = (0..times.len()).map(|index| state(&times, index, now, self.spans));
        file.tokens
            .retain(|_| states.next() != Some(KeyState::Forgotten));
        let drawn = |(alg, signs_from)| TokenRecord::drawn(alg, signs_from, &self.rng);
        file.tokens.extend(starts.into_iter().map(drawn));
        self.store(&file)?;
        let mut newest: Vec<TokenKeyView> = Vec::new();
        for key in self.list() {
            newest.retain(|earlier| earlier.alg != key.alg);
            newest.push(key);
        }
        newest.retain(|key| algorithms.contains(&key.alg));
        for key in &newest {
            tracing::info!(alg = %key.alg, kid = %key.kid, "keys.rotated");
        }
        Ok(newest)
    }

    /// Says of the last key of `alg` when it ends, and answers when the next one begins.
    fn replace_last(
        &self,
        records: &mut [TokenRecord],
        alg: Algorithm,
        now: UnixTime,
    ) -> Result<UnixTime, RotationError> {
        let last = records
            .iter_mut()
            .filter(|record| record.alg == alg)
            .max_by_key(|record| record.signs_from);
        match last {
            None => Ok(UnixTime(0)),
            Some(last) if last.signs_from > now => Err(RotationError::Pending {
                alg,
                seconds: last.signs_from.since(now),
            }),
            Some(last) => {
                let signs_from = now.plus(OVERLAP);
                last.published_until = Some(self.spans.published_until(signs_from));
                Ok(signs_from)
            }
        }
    }

    /// Writes the file and then goes by it. The caller holds `writing`.
    fn store(&self, file: &KeyFile) -> Result<(), KeysError> {
        let keys = parse(&self.path, &file.tokens, &self.rng)?;
        file.write(&self.path, true)?;
        self.go_on_with(keys);
        Ok(())
    }

    fn go_on_with(&self, keys: Vec<Arc<TokenKey>>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    fn current(&self) -> Vec<Arc<TokenKey>> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn has(&self, algorithm: Algorithm) -> bool {
        self.current().iter().any(|key| key.times.alg == algorithm)
    }

    /// The keys, with one of `algorithm` among them. Whoever waits for a token gets it also if a new key cannot be stored.
    fn for_signing(&self, algorithm: Algorithm) -> Vec<Arc<TokenKey>> {
        if self.has(algorithm) {
            return self.current();
        }
        if let Err(error) = self.prepare(algorithm) {
            tracing::error!(alg = %algorithm, %error, "keys.not_stored: a new key is good until the server stops");
            let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            if !self.has(algorithm) {
                let record = TokenRecord::first(algorithm, &self.rng);
                let mut keys = self.current();
                keys.extend(parse(&self.path, &[record], &self.rng).expect("ring reads its keys"));
                self.go_on_with(keys);
            }
        }
        self.current()
    }

    fn states<'a>(
        &self,
        keys: &'a [Arc<TokenKey>],
    ) -> impl Iterator<Item = (&'a TokenKey, KeyState)> + use<'a> {
        let (now, spans) = (self.clock.now(), self.spans);
        let times: Vec<_> = keys.iter().map(|key| key.times).collect();
        keys.iter()
            .enumerate()
            .map(move |(index, key)| (key.as_ref(), state(&times, index, now, spans)))
    }
}

fn parse(
    path: &Path,
    records: &[TokenRecord],
    rng: &SystemRng,
) -> Result<Vec<Arc<TokenKey>>, KeysError> {
    let damaged = || KeysError::Damaged {
        path: path.to_owned(),
        what: "a token key",
    };
    records
        .iter()
        .map(|record| {
            // EXPOSE: decoded into a wiped buffer, which ring copies into its key.
            let pkcs8 = Zeroizing::new(decode_b64u(record.key.expose()).map_err(|_| damaged())?);
            let signer = Signer::read(record.alg, &pkcs8, rng).ok_or_else(damaged)?;
            let public = signer.public();
            Ok(Arc::new(TokenKey {
                times: record.times(),
                kid: public.thumbprint(),
                signer,
                public,
            }))
        })
        .collect()
}

#[cfg(test)]
mod tests;
