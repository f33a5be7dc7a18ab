//! Which client assertions have been used since the server started.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, PoisonError},
};
use tegata_protocol::{ClientId, Sha256Digest, UnixTime};

/// Assertions remembered at once. Each is some fifty bytes for at most ten minutes; a thousand polls a second with
/// assertions that live a minute need sixty thousand.
const MOST: usize = 1_000_000;

/// Of these, for one client: somebody with one key does not take everybody's room. Two thousand polls a second, which is
/// ten thousand requests of one client at once, need half of it.
const MOST_PER_CLIENT: usize = 250_000;

/// A client assertion that has verified: its `jti` is good for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAssertion {
    /// Its name (RFC 7519 section 4.1.7).
    pub jti: String,
    /// `exp`: the first second in which it is no longer accepted, used or not.
    pub expires: UnixTime,
}

/// Whether an assertion is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionUse {
    /// It was not used before, as far as this process knows.
    Fresh,
    /// It was.
    Replayed,
    /// As many of the client's are remembered as one client may have. It counts as not used.
    ClientFull,
    /// More are remembered than there is room for. It counts as not used.
    Full,
}

/// Makes every assertion good for one request, in memory: a poll that finds its request pending changes nothing that
/// lasts, so it need not wait for a disk. What does change something carries its assertion into the same commit, where
/// a restart does not forget it.
#[derive(Debug)]
pub struct AssertionMemory {
    used: Mutex<Used>,
    most: usize,
    most_per_client: usize,
}

impl Default for AssertionMemory {
    fn default() -> Self {
        Self::with_room(MOST, MOST_PER_CLIENT)
    }
}

#[derive(Debug)]
struct Used {
    names: HashSet<[u8; 16]>,
    by_expiry: BTreeMap<UnixTime, Vec<Name>>,
    /// How many each client has.
    counts: HashMap<[u8; 8], usize>,
    /// What expired by then is forgotten, and so counts as used: clocks are read more than once, and can be set back.
    forgotten: UnixTime,
}

/// An assertion, and whose it is.
#[derive(Debug, Clone, Copy)]
struct Name {
    client: [u8; 8],
    whole: [u8; 16],
}

impl Default for Used {
    fn default() -> Self {
        Self {
            names: HashSet::new(),
            by_expiry: BTreeMap::new(),
            counts: HashMap::new(),
            forgotten: UnixTime(i64::MIN),
        }
    }
}

impl AssertionMemory {
    fn with_room(most: usize, most_per_client: usize) -> Self {
        Self {
            used: Mutex::default(),
            most,
            most_per_client,
        }
    }

    /// Takes the assertion of `client`: of all calls with the same `jti` until it expires, exactly one is answered
    /// [`AssertionUse::Fresh`].
    pub fn take(
        &self,
        client: &ClientId,
        assertion: &ClientAssertion,
        now: UnixTime,
    ) -> AssertionUse {
        let name = Name::of(client, &assertion.jti);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.forget_expired(now);
        if assertion.expires <= used.forgotten || used.names.contains(&name.whole) {
            return AssertionUse::Replayed;
        }
        if used.names.len() >= self.most {
            return AssertionUse::Full;
        }
        let count = used.counts.entry(name.client).or_default();
        if *count >= self.most_per_client {
            return AssertionUse::ClientFull;
        }
        *count += 1;
        used.names.insert(name.whole);
        used.by_expiry
            .entry(assertion.expires)
            .or_default()
            .push(name);
        AssertionUse::Fresh
    }
}

impl Used {
    fn forget_expired(&mut self, now: UnixTime) {
        self.forgotten = self.forgotten.max(now);
        while let Some(first) = self.by_expiry.first_entry() {
            if *first.key() > now {
                return;
            }
            for name in first.remove() {
                self.names.remove(&name.whole);
                if let Some(count) = self.counts.get_mut(&name.client) {
                    *count -= 1;
                    if *count == 0 {
                        self.counts.remove(&name.client);
                    }
                }
            }
        }
    }
}

impl Name {
    /// Parts of digests over the client, and over client and `jti`, which cannot be confused: a client id holds no line break.
    fn of(client: &ClientId, jti: &str) -> Self {
        Self {
            client: beginning(format!("{client}").as_bytes()),
            whole: beginning(format!("{client}\n{jti}").as_bytes()),
        }
    }
}

fn beginning<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let digest = Sha256Digest::of(bytes);
    let mut beginning = [0; N];
    beginning.copy_from_slice(digest.0.split_at(N).0);
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assertion(jti: &str, expires: i64) -> ClientAssertion {
        ClientAssertion {
            jti: jti.to_owned(),
            expires: UnixTime(expires),
        }
    }

    #[test]
    fn an_assertion_is_good_once_for_its_client_until_it_expires() {
        let memory = AssertionMemory::default();
        let [kiosk, till] = ["kiosk", "till"].map(|id| ClientId::parse(id).unwrap());
        let take = |client, jti, now| memory.take(client, &assertion(jti, 60), UnixTime(now));
        assert_eq!(take(&kiosk, "a", 0), AssertionUse::Fresh);
        assert_eq!(take(&kiosk, "a", 59), AssertionUse::Replayed);
        assert_eq!(
            take(&till, "a", 59),
            AssertionUse::Fresh,
            "names are a client's own"
        );
        assert_eq!(take(&kiosk, "b", 59), AssertionUse::Fresh);
        // Expired: forgotten, and no better than used, also if the clock is set back.
        assert_eq!(take(&kiosk, "a", 60), AssertionUse::Replayed);
        assert_eq!(take(&kiosk, "a", 30), AssertionUse::Replayed);
        let later = memory.take(&kiosk, &assertion("c", 90), UnixTime(60));
        assert_eq!(later, AssertionUse::Fresh);
        let used = memory.used.lock().unwrap();
        assert_eq!(used.names.len(), 1, "only what was taken at 60");
        assert_eq!(used.by_expiry.len(), 1);
    }

    #[test]
    fn a_client_that_has_taken_its_share_waits_and_the_others_do_not() {
        let memory = AssertionMemory::with_room(5, 3);
        let clients = ["greedy", "kiosk", "till"].map(|id| ClientId::parse(id).unwrap());
        let [greedy, kiosk, till] = &clients;
        let take = |client, jti: &str, expires, now| {
            memory.take(client, &assertion(jti, expires), UnixTime(now))
        };
        for (jti, expires) in [("a", 50), ("b", 60), ("c", 60)] {
            assert_eq!(take(greedy, jti, expires, 0), AssertionUse::Fresh);
        }
        assert_eq!(take(greedy, "d", 60, 0), AssertionUse::ClientFull);
        assert_eq!(take(greedy, "a", 60, 0), AssertionUse::Replayed);
        assert_eq!(take(kiosk, "a", 60, 0), AssertionUse::Fresh);
        assert_eq!(take(till, "a", 60, 0), AssertionUse::Fresh);
        assert_eq!(take(till, "b", 60, 0), AssertionUse::Full);
        // What was refused for want of room was not used up, and what expires makes room.
        assert_eq!(take(greedy, "d", 60, 50), AssertionUse::Fresh);
        assert_eq!(take(greedy, "e", 90, 60), AssertionUse::Fresh);
        let used = memory.used.lock().unwrap();
        assert_eq!(
            used.counts.len(),
            1,
            "clients without assertions are forgotten"
        );
    }

    #[test]
    fn of_many_at_once_one_is_fresh() {
        let memory = AssertionMemory::default();
        let client = ClientId::parse("kiosk").unwrap();
        let fresh: usize = std::thread::scope(|scope| {
            let all: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| memory.take(&client, &assertion("a", 60), UnixTime(0))))
                .collect();
            all.into_iter()
                .map(|one| usize::from(one.join().unwrap() == AssertionUse::Fresh))
                .sum()
        });
        assert_eq!(fresh, 1);
    }
}
