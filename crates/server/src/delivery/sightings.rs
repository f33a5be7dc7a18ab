//! When requests were first sent to a device, for the operator. In memory only, and only the newest.

use std::collections::{HashMap, VecDeque};
use tegata_protocol::{ConsentRequestId, UnixTime};

/// Requests that are remembered at most.
const MOST: usize = 4096;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    first: HashMap<ConsentRequestId, UnixTime>,
    order: VecDeque<ConsentRequestId>,
}

impl Sightings {
    /// The request is being sent; the first time counts.
    pub(super) fn note(&mut self, request: &ConsentRequestId, now: UnixTime) {
        if self.first.contains_key(request) {
            return;
        }
        if self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.first.remove(&oldest);
        }
        self.first.insert(request.clone(), now);
        self.order.push_back(request.clone());
    }

    /// When it was first sent.
    pub(super) fn first(&self, request: &ConsentRequestId) -> Option<UnixTime> {
        self.first.get(request).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_counts_and_the_oldest_are_forgotten() {
        let id = |number: usize| ConsentRequestId::parse(&format!("{number:022}")).unwrap();
        let mut sightings = Sightings::default();
        sightings.note(&id(0), UnixTime(1));
        sightings.note(&id(0), UnixTime(2));
        assert_eq!(sightings.first(&id(0)), Some(UnixTime(1)));
        for number in 1..=MOST {
            sightings.note(&id(number), UnixTime(3));
        }
        assert_eq!(sightings.first(&id(0)), None);
        assert_eq!(sightings.first(&id(MOST)), Some(UnixTime(3)));
        assert_eq!(sightings.first.len(), sightings.order.len());
    }
}
