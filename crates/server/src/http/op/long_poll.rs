//! Long polling (CIBA Core section 10.1): a poll of a pending request is held until there is a result, for as long as its
//! client is registered for or asks with `Prefer: wait` (RFC 7240 section 4.3), at most 30 seconds.
//!
//! A held poll is an entry in memory and a task that sleeps; nothing is stored for it. The commit that decides wakes it. One
//! poll of a request is held at a time: a later one has the earlier answered at once. There are limits, over which a poll is
//! answered as if nobody had asked for waiting.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tegata_protocol::{ClientId, UnixTime};
use tokio::{sync::oneshot, time::timeout};

use crate::domain::{BackchannelAuthentication, Client, FlowSeq};

/// The longest wait (CIBA Core section 10.1).
const LONGEST_SECONDS: u32 = 30;

/// Polls held at once.
const MOST: usize = 20_000;

/// Of those, of one client.
const MOST_OF_CLIENT: usize = 12_000;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Polls that are held.
#[derive(Debug, Default)]
pub struct Parked {
    polls: Mutex<Polls>,
    tickets: AtomicU64,
}

#[derive(Debug, Default)]
struct Polls {
    held: HashMap<FlowSeq, Held>,
    of_client: HashMap<ClientId, usize>,
    is_closed: bool,
}

#[derive(Debug)]
struct Held {
    ticket: u64,
    client: ClientId,
    wake: oneshot::Sender<()>,
}

/// A place among the polls that are held, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    parked: Arc<Parked>,
    seq: FlowSeq,
    ticket: u64,
    woken: oneshot::Receiver<()>,
}

impl Polls {
    fn take(&mut self, seq: FlowSeq) -> Option<Held> {
        let held = self.held.remove(&seq)?;
        if let Some(count) = self.of_client.get_mut(&held.client) {
            *count -= 1;
            if *count == 0 {
                self.of_client.remove(&held.client);
            }
        }
        Some(held)
    }
}

impl Parked {
    /// Has the poll of this request answered now, if one is held.
    pub fn wake(&self, seq: FlowSeq) {
        if let Some(held) = self.with(|polls| polls.take(seq)) {
            // Whoever has gone away meanwhile needs no waking.
            held.wake.send(()).ok();
        }
    }

    /// Has all answered now, and holds none from now on.
    pub fn close(&self) {
        let all = self.with(|polls| {
            polls.is_closed = true;
            polls.of_client.clear();
            std::mem::take(&mut polls.held)
        });
        for (_, held) in all {
            held.wake.send(()).ok();
        }
    }

    /// How many polls are held.
    pub fn count(&self) -> usize {
        self.with(|polls| polls.held.len())
    }

    /// A place for a poll by `client`; an earlier one of the same request is answered now. `None` if there is no place.
    fn park(self: &Arc<Self>, seq: FlowSeq, client: &ClientId) -> Option<Place> {
        self.wake(seq);
        let (wake, woken) = oneshot::channel();
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        self.with(|polls| {
            let of_client = polls.of_client.get(client).copied().unwrap_or(0);
            if polls.is_closed || polls.held.len() >= MOST || of_client >= MOST_OF_CLIENT {
                return None;
            }
            let client = client.clone();
            polls.of_client.insert(client.clone(), of_client + 1);
            let held = Held {
                ticket,
                client,
                wake,
            };
            // Two polls that came here together: the later one stays.
            if let Some(earlier) = polls.take(seq) {
                earlier.wake.send(()).ok();
            }
            polls.held.insert(seq, held);
            Some(Place {
                parked: Arc::clone(self),
                seq,
                ticket,
                woken,
            })
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Polls) -> T) -> T {
        change(&mut self.polls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.parked.with(|polls| {
            if polls
                .held
                .get(&self.seq)
                .is_some_and(|held| held.ticket == self.ticket)
            {
                polls.take(self.seq);
            }
        });
    }
}

impl Place {
    /// Waits until it is woken, at most so long.
    pub(super) async fn wait(mut self, at_most: Duration) {
        // Woken, over, or closed: whoever waited looks for itself.
        drop(timeout(at_most, &mut self.woken).await);
    }
}

/// How long a poll may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    seconds: u32,
    preferred: bool,
}

impl Wait {
    /// What the request prefers, or else what its client is registered for.
    pub(super) fn of(client: &Client, headers: &HeaderMap) -> Self {
        let preferred = preferred_wait(headers);
        let seconds = preferred.unwrap_or(client.settings.long_poll);
        Self {
            seconds: seconds.min(LONGEST_SECONDS),
            preferred: preferred.is_some(),
        }
    }

    /// A place for a poll of this pending request; `None` if it is to be answered at once.
    pub(super) fn park(
        self,
        parked: &Arc<Parked>,
        flow: &BackchannelAuthentication,
    ) -> Option<Place> {
        if self.seconds == 0 {
            return None;
        }
        parked.park(flow.seq, &flow.facts.client_id)
    }

    /// How long, seen from `now`: not beyond the request's own end.
    pub(super) fn duration(self, flow: &BackchannelAuthentication, now: UnixTime) -> Duration {
        let left = u64::try_from(flow.facts.expires.0 - now.0).unwrap_or(0);
        Duration::from_secs(left.min(u64::from(self.seconds)))
    }

    /// Says in the answer that the preference was followed (RFC 7240 section 3), if there was one.
    pub(super) fn applied(self, response: &mut Response) {
        if self.preferred
            && let Ok(value) = HeaderValue::try_from(format!("wait={}", self.seconds))
        {
            response.headers_mut().insert(PREFERENCE_APPLIED, value);
        }
    }
}

/// `wait` of `Prefer`, the first if there are several (RFC 7240 section 2); in seconds, as much as it says.
fn preferred_wait(headers: &HeaderMap) -> Option<u32> {
    let fields = headers.get_all(PREFER).into_iter();
    let mut preferences = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','));
    let value = preferences.find_map(wait_value)?;
    let digits = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}

/// The value of one preference if it is `wait`; its parameters are of no interest.
fn wait_value(preference: &str) -> Option<&str> {
    let (preference, _) = preference.split_once(';').unwrap_or((preference, ""));
    let (name, value) = preference.split_once('=')?;
    name.trim()
        .eq_ignore_ascii_case("wait")
        .then(|| value.trim())
}

#[cfg(test)]
mod unit {
    use super::*;
    use tokio::task::JoinSet;

    fn client() -> ClientId {
        ClientId::parse("kiosk").unwrap()
    }

    #[tokio::test]
    async fn a_later_poll_of_the_same_request_has_the_earlier_answered() {
        let parked = Arc::<Parked>::default();
        let earlier = parked.park(FlowSeq(1), &client()).unwrap();
        let later = parked.park(FlowSeq(1), &client()).unwrap();
        earlier.wait(Duration::from_mins(10)).await;
        assert_eq!(
            parked.count(),
            1,
            "the earlier one left the later its place"
        );
        parked.wake(FlowSeq(1));
        later.wait(Duration::from_mins(10)).await;
        assert_eq!(parked.count(), 0);
        assert!(parked.with(|polls| polls.of_client.is_empty()));
    }

    #[tokio::test]
    async fn there_are_so_many_places_and_none_after_closing() {
        let parked = Arc::<Parked>::default();
        let other = ClientId::parse("other").unwrap();
        let mut places = Vec::new();
        for seq in 1_i64.. {
            match parked.park(FlowSeq(seq), &client()) {
                Some(place) => places.push(place),
                None => break,
            }
        }
        assert_eq!(places.len(), MOST_OF_CLIENT);
        for seq in 1_000_000_i64.. {
            match parked.park(FlowSeq(seq), &other) {
                Some(place) => places.push(place),
                None => break,
            }
        }
        assert_eq!(places.len(), MOST);
        drop(places.pop());
        assert!(
            parked.park(FlowSeq(0), &other).is_some(),
            "a place is free again"
        );
        parked.close();
        for place in places {
            place.wait(Duration::from_mins(10)).await;
        }
        assert!(parked.park(FlowSeq(0), &other).is_none());
    }

    #[tokio::test]
    async fn ten_thousand_held_polls_are_ten_thousand_tasks_on_one_thread() {
        let parked = Arc::<Parked>::default();
        let mut polls = JoinSet::new();
        for seq in 0..10_000 {
            let place = parked.park(FlowSeq(seq), &client()).unwrap();
            polls.spawn(place.wait(Duration::from_mins(10)));
        }
        tokio::task::yield_now().await;
        assert_eq!(parked.count(), 10_000);
        for seq in 0..10_000 {
            parked.wake(FlowSeq(seq));
        }
        polls.join_all().await;
        assert_eq!(parked.count(), 0);
    }

    #[test]
    fn the_first_wait_among_the_preferences_counts() {
        for (fields, wait) in [
            (&[][..], None),
            (&["wait=10"], Some(10)),
            (&["respond-async, Wait = \"20\"; x=y, wait=5"], Some(20)),
            (&["handling=lenient", "wait=7"], Some(7)),
            (&["wait=99999999999999"], Some(u32::MAX)),
            (&["wait=-1"], None),
            (&["wait"], None),
            (&["wait="], None),
            (&["wait=1.5"], None),
        ] {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(PREFER, HeaderValue::from_static(field));
            }
            assert_eq!(preferred_wait(&headers), wait, "{fields:?}");
        }
    }
}
