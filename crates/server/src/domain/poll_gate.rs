//! Enforces the polling interval that the server sent.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::FlowSeq;

/// Milliseconds by which a poll may come early: networks jitter.
const TOLERANCE_MILLIS: i64 = 500;

/// Entries above which stale ones are dropped at the next poll.
const PRUNE_ABOVE: usize = 4096;

/// Remembers, in memory only, when each pending request was last polled. Losing it (a restart) costs nothing: the first
/// poll is never throttled.
#[derive(Debug, Default)]
pub struct PollGate {
    last: Mutex<HashMap<FlowSeq, i64>>,
}

/// Whether a poll came too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollVerdict {
    /// Answer `authorization_pending`.
    OnTime,
    /// Answer `slow_down`. The request is untouched and the interval stays what it was.
    TooFast,
}

impl PollGate {
    /// Notes a poll of the pending request `seq` at `now_millis`. The interval counts from the last poll that was on
    /// time, so a client that is a little too fast throughout still gets every second answer.
    pub fn check(&self, seq: FlowSeq, interval_seconds: u32, now_millis: i64) -> PollVerdict {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let interval = i64::from(interval_seconds) * 1000;
        // A difference below zero is a clock that was set back, which says nothing about the client.
        if last
            .get(&seq)
            .is_some_and(|at| (0..interval - TOLERANCE_MILLIS).contains(&(now_millis - at)))
        {
            return PollVerdict::TooFast;
        }
        if last.len() >= PRUNE_ABOVE {
            last.retain(|_, at| (0..2 * interval).contains(&(now_millis - *at)));
        }
        last.insert(seq, now_millis);
        PollVerdict::OnTime
    }

    /// Forgets a request that is settled.
    pub fn forget(&self, seq: FlowSeq) {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttles_only_polls_inside_the_interval_and_never_escalates() {
        let gate = PollGate::default();
        let poll = |at| gate.check(FlowSeq(1), 5, at);
        assert_eq!(
            poll(0),
            PollVerdict::OnTime,
            "the first poll is never throttled"
        );
        assert_eq!(poll(4_499), PollVerdict::TooFast);
        assert_eq!(
            poll(4_500),
            PollVerdict::OnTime,
            "half a second of tolerance"
        );
        for at in [5_000, 6_000, 7_000, 8_000] {
            assert_eq!(poll(at), PollVerdict::TooFast);
        }
        assert_eq!(
            poll(9_000),
            PollVerdict::OnTime,
            "throttled polls did not move the window"
        );
        assert_eq!(
            gate.check(FlowSeq(2), 5, 9_000),
            PollVerdict::OnTime,
            "requests do not share windows"
        );
    }

    #[test]
    fn a_clock_that_was_set_back_throttles_nobody() {
        let gate = PollGate::default();
        let poll = |at| gate.check(FlowSeq(1), 5, at);
        assert_eq!(poll(3_600_000), PollVerdict::OnTime);
        assert_eq!(poll(1_000), PollVerdict::OnTime);
        assert_eq!(
            poll(5_000),
            PollVerdict::TooFast,
            "counted from the new time"
        );
        assert_eq!(poll(6_000), PollVerdict::OnTime);
    }
}
