//! How often a person may be asked (device protocol, section 11.3). Over budget a request is accepted and left to
//! expire in silence, so that neither the client nor its timing can tell.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tegata_protocol::{ClientId, UnixTime};

use super::FlowSeq;

/// The limits of one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests pending at once for one account.
    pub pending_per_account: usize,
    /// Requests pending at once for one account from one client.
    pub pending_per_client: usize,
    /// Requests put to one account within a minute.
    pub per_account_per_minute: usize,
    /// Requests put to one account by one client within ten minutes.
    pub per_client_per_ten_minutes: usize,
    /// Seconds to wait after the first expired or denied request of a client; doubles with each.
    pub first_wait_seconds: i64,
    /// Longest such wait in seconds.
    pub longest_wait_seconds: i64,
    /// Seconds for which "this was not me" mutes a client for the account.
    pub mute_seconds: i64,
    /// Seconds after its pairing in which the first device of an account, and one that another device confirmed, adds, removes
    /// and grades no others.
    pub new_device_wait_seconds: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pending_per_account: 5,
            pending_per_client: 2,
            per_account_per_minute: 5,
            per_client_per_ten_minutes: 3,
            first_wait_seconds: 10,
            longest_wait_seconds: 3600,
            mute_seconds: 86_400,
            new_device_wait_seconds: 86_400,
        }
    }
}

/// What one account has been asked lately. Stored with the account, changed only inside the commits that create and
/// settle requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    clients: BTreeMap<String, ClientBudget>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ClientBudget {
    /// When requests were put to the person, newest last; older than ten minutes are dropped.
    asked: Vec<UnixTime>,
    /// Undecided requests with their expiry.
    open: Vec<(i64, UnixTime)>,
    /// Expired or denied requests since the last approval.
    refusals: u32,
    /// Nothing is put to the person before this.
    wait_until: Option<UnixTime>,
    /// Nothing is put to the person before this, whatever else happens.
    muted_until: Option<UnixTime>,
}

/// Whether the person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Prompts go out.
    Prompted,
    /// The request is accepted and left to expire.
    Silent(SilenceReason),
}

/// Why nobody is asked. For the operator's log; never told to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SilenceReason {
    /// Too many requests pending or too many lately.
    OverBudget,
    /// The person said "not me" about this client.
    Muted,
    /// The account has no active device.
    NoDevice,
    /// An earlier request of this client expired or was denied a short while ago.
    Waiting,
}

/// How a request ended, as far as the budget is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Approved: clears the client's waiting time.
    Approved,
    /// Denied or ended by wrong codes: lengthens it.
    Denied,
    /// Denied or reported as "not me": mutes the client.
    NotMe,
    /// Taken back: neither.
    Withdrawn,
}

impl Budget {
    /// Decides about the new request `seq` and, if the person is asked, counts it.
    pub fn admit(
        &mut self,
        limits: &Limits,
        client: &ClientId,
        seq: FlowSeq,
        now: UnixTime,
        expires: UnixTime,
    ) -> Admission {
        self.prune(limits, now);
        let open_in_account: usize = self.clients.values().map(|c| c.open.len()).sum();
        let asked_in_account: usize = self
            .clients
            .values()
            .flat_map(|c| &c.asked)
            .filter(|at| now.since(**at) < 60)
            .count();
        let budget = self.clients.entry(client.as_str().to_owned()).or_default();
        let silence = if budget.muted_until.is_some_and(|until| now < until) {
            Some(SilenceReason::Muted)
        } else if budget.wait_until.is_some_and(|until| now < until) {
            Some(SilenceReason::Waiting)
        } else if open_in_account >= limits.pending_per_account
            || budget.open.len() >= limits.pending_per_client
            || asked_in_account >= limits.per_account_per_minute
            || budget.asked.len() >= limits.per_client_per_ten_minutes
        {
            Some(SilenceReason::OverBudget)
        } else {
            None
        };
        if let Some(reason) = silence {
            return Admission::Silent(reason);
        }
        budget.asked.push(now);
        budget.open.push((seq.0, expires));
        Admission::Prompted
    }

    /// Learns how the request `seq` of `client` ended at `now`.
    pub fn settle(
        &mut self,
        limits: &Limits,
        client: &ClientId,
        seq: FlowSeq,
        ending: Ending,
        now: UnixTime,
    ) {
        self.prune(limits, now);
        let budget = self.clients.entry(client.as_str().to_owned()).or_default();
        budget.open.retain(|(open, _)| *open != seq.0);
        match ending {
            Ending::Approved => {
                budget.refusals = 0;
                budget.wait_until = None;
            }
            Ending::Denied => budget.refuse(limits, now),
            Ending::NotMe => {
                budget.refuse(limits, now);
                budget.muted_until = Some(now.plus(limits.mute_seconds));
            }
            Ending::Withdrawn => {}
        }
    }

    /// Turns requests whose time is over into refusals and drops what no longer matters.
    fn prune(&mut self, limits: &Limits, now: UnixTime) {
        self.clients.retain(|_, budget| {
            let mut over: Vec<_> = budget
                .open
                .iter()
                .map(|(_, exp)| *exp)
                .filter(|exp| *exp <= now)
                .collect();
            budget.open.retain(|(_, exp)| *exp > now);
            over.sort_unstable();
            for expired in over {
                budget.refuse(limits, expired);
            }
            budget.asked.retain(|at| now.since(*at) < 600);
            budget.muted_until = budget.muted_until.filter(|until| now < *until);
            // A client that has been quiet for as long as the longest wait starts anew.
            let forgotten = budget
                .wait_until
                .is_none_or(|until| now.since(until) > limits.longest_wait_seconds);
            !(forgotten
                && budget.asked.is_empty()
                && budget.open.is_empty()
                && budget.muted_until.is_none())
        });
    }
}

impl ClientBudget {
    fn refuse(&mut self, limits: &Limits, at: UnixTime) {
        let factor = 1_i64.checked_shl(self.refusals.min(30)).unwrap_or(i64::MAX);
        let wait = limits
            .first_wait_seconds
            .saturating_mul(factor)
            .min(limits.longest_wait_seconds);
        self.refusals = self.refusals.saturating_add(1);
        self.wait_until = self.wait_until.max(Some(at.plus(wait)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> ClientId {
        ClientId::parse(name).unwrap()
    }

    fn admit(budget: &mut Budget, name: &str, seq: i64, now: i64) -> Admission {
        budget.admit(
            &Limits::default(),
            &client(name),
            FlowSeq(seq),
            UnixTime(now),
            UnixTime(now + 120),
        )
    }

    fn settle(budget: &mut Budget, name: &str, seq: i64, ending: Ending, now: i64) {
        budget.settle(
            &Limits::default(),
            &client(name),
            FlowSeq(seq),
            ending,
            UnixTime(now),
        );
    }

    #[test]
    fn two_pending_per_client_and_five_per_account() {
        let mut budget = Budget::default();
        assert_eq!(admit(&mut budget, "a", 1, 0), Admission::Prompted);
        assert_eq!(admit(&mut budget, "a", 2, 0), Admission::Prompted);
        assert_eq!(
            admit(&mut budget, "a", 3, 0),
            Admission::Silent(SilenceReason::OverBudget)
        );
        assert_eq!(admit(&mut budget, "b", 4, 61), Admission::Prompted);
        assert_eq!(admit(&mut budget, "c", 5, 61), Admission::Prompted);
        assert_eq!(admit(&mut budget, "d", 6, 61), Admission::Prompted);
        assert_eq!(
            admit(&mut budget, "e", 7, 61),
            Admission::Silent(SilenceReason::OverBudget)
        );
    }

    #[test]
    fn waits_double_after_refusals_and_an_approval_clears_them() {
        let mut budget = Budget::default();
        let mut now = 0;
        for (seq, wait) in [(1, 10), (2, 20), (3, 40)] {
            assert_eq!(admit(&mut budget, "a", seq, now), Admission::Prompted);
            settle(&mut budget, "a", seq, Ending::Denied, now);
            assert_eq!(
                admit(&mut budget, "a", 90, now + wait - 1),
                Admission::Silent(SilenceReason::Waiting)
            );
            now += wait + 600;
        }
        assert_eq!(admit(&mut budget, "a", 4, now), Admission::Prompted);
        settle(&mut budget, "a", 4, Ending::Approved, now);
        assert_eq!(
            admit(&mut budget, "a", 5, now),
            Admission::Prompted,
            "cleared by the approval"
        );
        settle(&mut budget, "a", 5, Ending::Denied, now);
        assert_eq!(
            admit(&mut budget, "a", 6, now + 10),
            Admission::Prompted,
            "and the wait starts at ten seconds"
        );
    }

    #[test]
    fn an_expired_request_makes_its_client_wait() {
        let mut budget = Budget::default();
        assert_eq!(admit(&mut budget, "a", 1, 0), Admission::Prompted);
        assert_eq!(
            admit(&mut budget, "a", 2, 125),
            Admission::Silent(SilenceReason::Waiting)
        );
        assert_eq!(admit(&mut budget, "a", 2, 130), Admission::Prompted);
    }

    #[test]
    fn not_me_mutes_the_client_for_a_day_and_no_other() {
        let mut budget = Budget::default();
        assert_eq!(admit(&mut budget, "a", 1, 0), Admission::Prompted);
        settle(&mut budget, "a", 1, Ending::NotMe, 5);
        assert_eq!(
            admit(&mut budget, "a", 2, 86_404),
            Admission::Silent(SilenceReason::Muted)
        );
        assert_eq!(admit(&mut budget, "b", 3, 86_404), Admission::Prompted);
        assert_eq!(admit(&mut budget, "a", 2, 86_405), Admission::Prompted);
    }

    #[test]
    fn three_in_ten_minutes_per_client() {
        let mut budget = Budget::default();
        for seq in 0..3 {
            assert_eq!(admit(&mut budget, "a", seq, seq * 61), Admission::Prompted);
            settle(&mut budget, "a", seq, Ending::Approved, seq * 61);
        }
        assert_eq!(
            admit(&mut budget, "a", 9, 599),
            Admission::Silent(SilenceReason::OverBudget)
        );
        assert_eq!(admit(&mut budget, "a", 9, 600), Admission::Prompted);
    }
}
