//! Enforces the polling interval that the server sent.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::FlowSeq;

/// Milliseconds by which a poll may come early: networks jitter.
const TOLERANCE_MILLIS: i64 = 500;

/// Entries above which stale ones are looked for. The next look is when as many again have come, so that each poll pays
/// for a constant number of them.
const PRUNE_ABOVE: usize = 4096;

/// Remembers, in memory only, when each pending request was last polled. Losing it (a restart) costs nothing: the first
/// poll is never throttled.
#[derive(Debug, Default)]
pub struct PollGate {
    polls: Mutex<Polls>,
}

#[derive(Debug, Default)]
struct Polls {
    last: HashMap<FlowSeq, i64>,
    /// Entries that were left by the last look for stale ones.
    kept: usize,
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
        let mut polls = self.polls.lock().unwrap_or_else(PoisonError::into_inner);
        let Polls { last, kept } = &mut *polls;
        let interval = i64::from(interval_seconds) * 1000;
        // A difference below zero is a clock that was set back, which says nothing about the client.
        if last
            .get(&seq)
            .is_some_and(|at| (0..interval - TOLERANCE_MILLIS).contains(&(now_millis - at)))
        {
            return PollVerdict::TooFast;
        }
        if last.len() >= PRUNE_ABOVE.max(2 * *kept) {
            last.retain(|_, at| (0..2 * interval).contains(&(now_millis - *at)));
            *kept = last.len();
        }
        last.insert(seq, now_millis);
        PollVerdict::OnTime
    }

    /// Forgets a request that is settled.
    pub fn forget(&self, seq: FlowSeq) {
        let mut polls = self.polls.lock().unwrap_or_else(PoisonError::into_inner);
        polls.last.remove(&seq);
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

    #[test]
    fn remembers_every_pending_request_and_looks_for_stale_ones_seldom() {
        let gate = PollGate::default();
        let pending = i64::try_from(3 * PRUNE_ABOVE).unwrap();
        for seq in 0..pending {
            assert_eq!(gate.check(FlowSeq(seq), 5, 0), PollVerdict::OnTime);
        }
        for seq in 0..pending {
            assert_eq!(gate.check(FlowSeq(seq), 5, 1), PollVerdict::TooFast);
        }
        let polls = gate.polls.lock().unwrap();
        assert_eq!(polls.kept, 2 * PRUNE_ABOVE, "looked at 4096 and at 8192");
        drop(polls);
        for seq in pending..2 * pending {
            assert_eq!(gate.check(FlowSeq(seq), 5, 20_000), PollVerdict::OnTime);
        }
        let polls = gate.polls.lock().unwrap();
        assert!(polls.last.len() <= 2 * 3 * PRUNE_ABOVE, "stale ones go");
        assert!(!polls.last.contains_key(&FlowSeq(0)));
    }
}
