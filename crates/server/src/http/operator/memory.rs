//! Who is signed in, and which passkey ceremonies are under way: in memory only, by the hash of a cookie's secret. A
//! restart signs everybody out.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tegata_protocol::{Rng, Secret, Sha256Digest, UnixTime, bytes::encode_b64u, rng::random_bytes};
use webauthn_rs::prelude::{PasskeyAuthentication, PasskeyRegistration};

use crate::domain::{OperatorId, OperatorInvitation, debug_without_content};

/// Seconds after which a session ends whatever happens.
pub(super) const SESSION_SECONDS: i64 = 8 * 3600;
/// Seconds after which a session ends in which nothing happens.
pub(super) const IDLE_SECONDS: i64 = 30 * 60;
/// Seconds for a ceremony.
pub(super) const CEREMONY_SECONDS: i64 = 5 * 60;
/// Sessions and ceremonies of each kind at most; the oldest gives way.
const MOST: usize = 256;

/// Everything that the pages remember.
#[derive(Debug, Default)]
pub(crate) struct OperatorMemory {
    sessions: Mutex<HashMap<Sha256Digest, Session>>,
    ceremonies: Mutex<HashMap<Sha256Digest, (UnixTime, Ceremony)>>,
}

/// One session.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) operator: OperatorId,
    /// In every form of the session's pages (CSRF).
    pub(super) csrf: Secret<String>,
    pub(super) began: UnixTime,
    pub(super) last: UnixTime,
}

debug_without_content!(Session {
    operator,
    began,
    last
});

/// What was started and is to be finished, once.
pub(super) enum Ceremony {
    /// Somebody makes a passkey.
    Enrol {
        state: Box<PasskeyRegistration>,
        invitation: OperatorInvitation,
    },
    /// Somebody uses one.
    SignIn { state: Box<PasskeyAuthentication> },
}

impl std::fmt::Debug for Ceremony {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Enrol { .. } => "Enrol",
            Self::SignIn { .. } => "SignIn",
        })
    }
}

impl OperatorMemory {
    /// Signs an operator in; the session's secret, which goes into a cookie.
    pub(super) fn sign_in(
        &self,
        operator: OperatorId,
        rng: &dyn Rng,
        now: UnixTime,
    ) -> Secret<String> {
        let secret = make_secret(rng);
        let session = Session {
            operator,
            csrf: make_secret(rng),
            began: now,
            last: now,
        };
        let mut sessions = lock(&self.sessions);
        sessions.retain(|_, session| session.is_alive(now));
        make_room(&mut sessions, |session| session.last);
        sessions.insert(hash(&secret), session);
        secret
    }

    /// The session of a cookie, which this prolongs; `None` if it is over.
    pub(super) fn session(&self, secret: &Secret<String>, now: UnixTime) -> Option<Session> {
        let mut sessions = lock(&self.sessions);
        let session = sessions.get_mut(&hash(secret))?;
        if session.is_alive(now) {
            session.last = now;
            return Some(session.clone());
        }
        sessions.remove(&hash(secret));
        None
    }

    /// Ends a session.
    pub(super) fn sign_out(&self, secret: &Secret<String>) {
        lock(&self.sessions).remove(&hash(secret));
    }

    /// Keeps a ceremony; the secret that finishes it.
    pub(super) fn begin(&self, ceremony: Ceremony, rng: &dyn Rng, now: UnixTime) -> Secret<String> {
        let secret = make_secret(rng);
        let until = now.plus(CEREMONY_SECONDS);
        let mut ceremonies = lock(&self.ceremonies);
        ceremonies.retain(|_, (until, _)| now < *until);
        make_room(&mut ceremonies, |(until, _)| *until);
        ceremonies.insert(hash(&secret), (until, ceremony));
        secret
    }

    /// Takes a ceremony, which can be finished once.
    pub(super) fn take(&self, secret: &Secret<String>, now: UnixTime) -> Option<Ceremony> {
        let (until, ceremony) = lock(&self.ceremonies).remove(&hash(secret))?;
        (now < until).then_some(ceremony)
    }
}

impl Session {
    fn is_alive(&self, now: UnixTime) -> bool {
        now < self.began.plus(SESSION_SECONDS) && now < self.last.plus(IDLE_SECONDS)
    }
}

fn make_room<V>(kept: &mut HashMap<Sha256Digest, V>, age: impl Fn(&V) -> UnixTime) {
    if kept.len() < MOST {
        return;
    }
    let oldest = kept.iter().min_by_key(|(_, value)| age(value));
    if let Some(key) = oldest.map(|(key, _)| *key) {
        kept.remove(&key);
    }
}

fn make_secret(rng: &dyn Rng) -> Secret<String> {
    Secret::new(encode_b64u(&random_bytes::<32>(rng)))
}

fn hash(secret: &Secret<String>) -> Sha256Digest {
    // EXPOSE: only its hash is kept.
    Sha256Digest::of(secret.expose().as_bytes())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tegata_protocol::SystemRng;

    #[test]
    fn a_session_ends_when_nothing_happens_and_at_last_whatever_happens() {
        let (memory, rng) = (OperatorMemory::default(), SystemRng::new());
        let operator = OperatorId::make(&rng);
        let signed_in = || memory.sign_in(operator.clone(), &rng, UnixTime(0));
        let secret = signed_in();
        assert!(
            memory
                .session(&secret, UnixTime(IDLE_SECONDS - 1))
                .is_some()
        );
        let idle = UnixTime(2 * IDLE_SECONDS - 1);
        assert!(memory.session(&secret, idle).is_none());
        let secret = signed_in();
        for at in (0..SESSION_SECONDS).step_by(1000) {
            assert!(memory.session(&secret, UnixTime(at)).is_some(), "{at}");
        }
        assert!(memory.session(&secret, UnixTime(SESSION_SECONDS)).is_none());
        let secret = signed_in();
        memory.sign_out(&secret);
        assert!(memory.session(&secret, UnixTime(0)).is_none());
    }

    #[test]
    fn a_flood_of_sessions_stays_in_memory() {
        let (memory, rng) = (OperatorMemory::default(), SystemRng::new());
        let operator = OperatorId::make(&rng);
        let sessions: Vec<_> = (0..=i64::try_from(MOST).unwrap())
            .map(|at| memory.sign_in(operator.clone(), &rng, UnixTime(at)))
            .collect();
        let now = UnixTime(300);
        assert!(memory.session(&sessions[0], now).is_none(), "the oldest");
        assert!(memory.session(&sessions[MOST], now).is_some());
        assert!(lock(&memory.sessions).len() <= MOST);
    }
}
