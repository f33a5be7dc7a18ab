//! What waits for the person, and whether that is worth telling.

use std::{collections::BTreeSet, time::Duration};
use tegata_device::{Device, RequestKey};

/// The requests that can still be answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) requests: BTreeSet<RequestKey>,
    /// Until the first of them runs out.
    pub(crate) first_end: Option<Duration>,
}

impl Waiting {
    pub(crate) fn of(device: &Device) -> Self {
        let now = device.now_millis();
        let mut waiting = Self::default();
        for request in device.inbox().requests {
            let end = request.received_at_millis + i64::from(request.expires_in) * 1000;
            let left = u64::try_from(end - now).map_or(Duration::ZERO, Duration::from_millis);
            if request.state.is_open() && !left.is_zero() {
                let first = waiting.first_end.map_or(left, |first| first.min(left));
                waiting.first_end = Some(first);
                waiting.requests.insert(request.key);
            }
        }
        waiting
    }

    /// The one request, if there is exactly one.
    pub(crate) fn only(&self) -> Option<&RequestKey> {
        match self.requests.len() {
            1 => self.requests.first(),
            _ => None,
        }
    }
}

/// What became of what waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Something new waits.
    Arrived,
    /// Nothing waits any more.
    Emptied,
    /// Some of it does not wait any more.
    Fewer,
    /// Nothing new.
    None,
}

/// What waited the last time.
#[derive(Debug, Default)]
pub(crate) struct Attention(BTreeSet<RequestKey>);

impl Attention {
    pub(crate) fn note(&mut self, waiting: &Waiting) -> Change {
        let before = std::mem::replace(&mut self.0, waiting.requests.clone());
        if waiting.requests.difference(&before).next().is_some() {
            Change::Arrived
        } else if waiting.requests == before {
            Change::None
        } else if waiting.requests.is_empty() {
            Change::Emptied
        } else {
            Change::Fewer
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(names: &[&str]) -> Waiting {
        let key =
            |name: &&str| RequestKey::parse(&format!("AAAAAAAAAAAAAAAAAAAAAA.{name}")).unwrap();
        Waiting {
            requests: names.iter().map(key).collect(),
            first_end: None,
        }
    }

    #[test]
    fn each_request_is_told_once() {
        let mut attention = Attention::default();
        assert_eq!(attention.note(&waiting(&[])), Change::None);
        assert_eq!(attention.note(&waiting(&["a"])), Change::Arrived);
        assert_eq!(attention.note(&waiting(&["a"])), Change::None);
        assert_eq!(attention.note(&waiting(&["a", "b"])), Change::Arrived);
        assert_eq!(attention.note(&waiting(&["b"])), Change::Fewer);
        assert_eq!(attention.note(&waiting(&["c"])), Change::Arrived);
        assert_eq!(attention.note(&waiting(&[])), Change::Emptied);
    }

    #[test]
    fn only_one_request_is_the_one() {
        assert_eq!(waiting(&[]).only(), None);
        assert_eq!(waiting(&["a", "b"]).only(), None);
        assert!(waiting(&["a"]).only().is_some());
    }
}
