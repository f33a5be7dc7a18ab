//! The inbox's state machine. Pure: time comes in with every call.

use crate::{
    account::AccountState,
    model::{BlockedMessage, InboxSnapshot, RequestKey, RequestSnapshot, RequestState},
};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};
use tegata_protocol::{
    ConsentRequestId, DeviceId, Sha256Digest,
    device::{
        decision::Verdict,
        delivery::ClosedNotice,
        problem::CloseReason,
        prompt::{DenyOnlyReason, Prompt, PromptKind},
    },
};

/// Milliseconds after the end of a request during which a notice may still tell better how it ended.
const GRACE: i64 = 60_000;
/// Closed requests and blocked messages that stay on show, each.
const SHOWN: usize = 50;
/// Blocked messages that are known again, of one account.
const BLOCKED_KNOWN: usize = 256;

/// A prompt that was verified.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) key: RequestKey,
    pub(crate) prompt: Arc<Prompt>,
    pub(crate) prompt_jws: Arc<str>,
    pub(crate) hash: Sha256Digest,
    pub(crate) deny_only: BTreeSet<DenyOnlyReason>,
    pub(crate) expires_in: u32,
}

/// A request that came to its end without a decision here, to be written into the history.
#[derive(Debug, Clone)]
pub(crate) struct ClosedRequest {
    pub(crate) prompt_jws: Arc<str>,
    pub(crate) how: CloseReason,
}

#[derive(Debug, Clone)]
struct Entry {
    arrived: Arrived,
    received_at: i64,
    state: RequestState,
    /// Whether the client has collected the answer, as last asked.
    collected: Option<bool>,
    /// Taken off the inbox while only this machine's count said that it was over: out of sight, and kept until it is known
    /// how it ended.
    dismissed: bool,
}

impl Entry {
    fn ends_at(&self) -> i64 {
        self.received_at + i64::from(self.arrived.expires_in) * 1000
    }
}

/// Requests of one account in the order of their arrival, which nothing changes.
#[derive(Debug, Default)]
pub(crate) struct AccountInbox {
    entries: Vec<Entry>,
    blocked: Vec<BlockedMessage>,
    /// Messages that were blocked lately, oldest first, so that redelivery is not a new event.
    blocked_hashes: VecDeque<Sha256Digest>,
    /// Requests that this device has closed by the server's word, although nothing here knows of it.
    noticed: BTreeSet<ConsentRequestId>,
    /// Requests whose earlier answer got lost with the process that gave it.
    again: BTreeSet<ConsentRequestId>,
}

impl AccountInbox {
    /// Takes a whole pending set. Gives what closed by it.
    pub(crate) fn receive(
        &mut self,
        now: i64,
        device: &DeviceId,
        arrived: Vec<Arrived>,
        closed: &[ClosedNotice],
    ) -> Vec<ClosedRequest> {
        let delivered: BTreeSet<ConsentRequestId> =
            arrived.iter().map(|a| a.key.request.clone()).collect();
        for new in arrived {
            let known = self
                .entries
                .iter_mut()
                .find(|entry| entry.arrived.key.request == new.key.request);
            match known {
                // Another prompt under the same name was blocked before it came here.
                Some(entry) if entry.arrived.hash == new.hash => {
                    entry.arrived.expires_in = new.expires_in;
                    entry.arrived.deny_only = new.deny_only;
                    entry.received_at = now;
                }
                Some(_) => {}
                None => {
                    let again = self.again.contains(&new.key.request);
                    self.entries.push(Entry {
                        arrived: new,
                        received_at: now,
                        state: if again {
                            RequestState::PendingAgain
                        } else {
                            RequestState::Pending
                        },
                        collected: None,
                        dismissed: false,
                    });
                }
            }
        }
        let mut ended = Vec::new();
        for entry in &mut self.entries {
            let notice = closed
                .iter()
                .find(|notice| notice.request == entry.arrived.key.request);
            if let Some(collected) = notice.and_then(|notice| notice.collected) {
                entry.collected = Some(collected);
            }
            let how = match notice {
                // What this device decided is settled by its receipt, which the server is asked for if nobody here waits
                // for it.
                Some(ClosedNotice {
                    how:
                        CloseReason::Handled {
                            device: by,
                            decision,
                            ..
                        },
                    ..
                }) if by == device => {
                    if entry.state.is_open() {
                        entry.state = RequestState::NeedsCheck { verdict: *decision };
                        self.noticed.insert(entry.arrived.key.request.clone());
                    }
                    continue;
                }
                Some(notice) => notice.how.clone(),
                None if delivered.contains(&entry.arrived.key.request) => continue,
                None if now >= entry.ends_at() => CloseReason::Expired,
                None => CloseReason::Withdrawn,
            };
            if entry.state.is_open() {
                entry.state = RequestState::Closed(how.clone());
                ended.push(ClosedRequest {
                    prompt_jws: Arc::clone(&entry.arrived.prompt_jws),
                    how,
                });
            }
        }
        self.drop_dismissed();
        self.trim();
        ended
    }

    /// Forgets what was dismissed and has since ended.
    fn drop_dismissed(&mut self) {
        self.entries
            .retain(|entry| !(entry.dismissed && entry.state.is_final()));
    }

    /// Closes what ended long enough ago that no notice will tell better.
    pub(crate) fn settle_expired(&mut self, now: i64) -> Vec<ClosedRequest> {
        let mut ended = Vec::new();
        for entry in &mut self.entries {
            if entry.state.is_open() && now >= entry.ends_at() + GRACE {
                entry.state = RequestState::Closed(CloseReason::Expired);
                ended.push(ClosedRequest {
                    prompt_jws: Arc::clone(&entry.arrived.prompt_jws),
                    how: CloseReason::Expired,
                });
            }
        }
        self.drop_dismissed();
        ended
    }

    /// Closes everything that waits, because this device is over.
    pub(crate) fn close_open(&mut self, how: &CloseReason) -> Vec<ClosedRequest> {
        let open = self
            .entries
            .iter_mut()
            .filter(|entry| !entry.state.is_final());
        let close = |entry: &mut Entry| {
            entry.state = RequestState::Closed(how.clone());
            ClosedRequest {
                prompt_jws: Arc::clone(&entry.arrived.prompt_jws),
                how: how.clone(),
            }
        };
        let ended = open.map(close).collect();
        self.noticed.clear();
        self.drop_dismissed();
        ended
    }

    /// When the next request ends or is settled, in milliseconds; `None` if nothing waits.
    pub(crate) fn next_moment(&self, now: i64) -> Option<i64> {
        self.entries
            .iter()
            .filter(|entry| entry.state.is_open())
            .map(|entry| {
                let end = entry.ends_at();
                if end > now { end } else { end + GRACE }
            })
            .min()
    }

    /// Puts a request on show whose decision was signed by a process that ended.
    pub(crate) fn restore(&mut self, now: i64, arrived: Arrived, verdict: Verdict) {
        self.recall(now, arrived, RequestState::NeedsCheck { verdict });
    }

    /// Requests whose receipt has to be asked for, with their prompts.
    pub(crate) fn noticed(&self) -> Vec<(ConsentRequestId, Arc<str>)> {
        let noticed = self
            .entries
            .iter()
            .filter(|entry| self.noticed.contains(&entry.arrived.key.request));
        noticed
            .map(|entry| {
                let arrived = &entry.arrived;
                (arrived.key.request.clone(), Arc::clone(&arrived.prompt_jws))
            })
            .collect()
    }

    /// Puts a request of the history back on show, as it stands.
    pub(crate) fn recall(&mut self, now: i64, arrived: Arrived, state: RequestState) {
        if self.position(&arrived.key.request).is_none() {
            self.entries.push(Entry {
                arrived,
                received_at: now,
                state,
                collected: None,
                dismissed: false,
            });
        }
    }

    /// The server knows nothing of the earlier answer: the request waits for the person again.
    pub(crate) fn ask_again(&mut self, now: i64, request: &ConsentRequestId, expires_in: u32) {
        self.again.insert(request.clone());
        self.noticed.remove(request);
        if let Some(entry) = self.entry_mut(request)
            && matches!(
                entry.state,
                RequestState::NeedsCheck { .. } | RequestState::Sending { .. }
            )
        {
            entry.state = RequestState::PendingAgain;
            entry.arrived.expires_in = expires_in;
            entry.received_at = now;
        }
    }

    /// Sets the state of a request that is on show.
    pub(crate) fn set_state(&mut self, request: &ConsentRequestId, state: RequestState) {
        self.noticed.remove(request);
        if let Some(entry) = self.entry_mut(request) {
            entry.state = state;
        }
    }

    /// Judges anew what can be approved, after the device's keys have changed.
    pub(crate) fn judge(&mut self, state: &AccountState) {
        for entry in &mut self.entries {
            if entry.arrived.prompt.kind == PromptKind::DeviceKey {
                entry.arrived.deny_only = state.deny_only_reasons(&entry.arrived.prompt);
            }
        }
    }

    /// How a request stands, if it is known here.
    pub(crate) fn state_of(&self, request: &ConsentRequestId) -> Option<RequestState> {
        let entry = self.entries.get(self.position(request)?)?;
        Some(entry.state.clone())
    }

    /// Keeps whether the client has collected the answer to a request that is on show.
    pub(crate) fn set_collected(&mut self, request: &ConsentRequestId, collected: Option<bool>) {
        if let Some(entry) = self.entry_mut(request) {
            entry.collected = collected;
        }
    }

    /// Keeps a blocked message; false if this one was blocked before.
    pub(crate) fn block(&mut self, hash: Sha256Digest, message: BlockedMessage) -> bool {
        let news = !self.is_blocked(&hash);
        if news {
            self.blocked_hashes.push_back(hash);
            let over = self.blocked_hashes.len().saturating_sub(BLOCKED_KNOWN);
            self.blocked_hashes.drain(..over);
            self.blocked.push(message);
            let over = self.blocked.len().saturating_sub(SHOWN);
            self.blocked.drain(..over);
        }
        news
    }

    /// Whether a message was blocked before.
    pub(crate) fn is_blocked(&self, hash: &Sha256Digest) -> bool {
        self.blocked_hashes.contains(hash)
    }

    /// Takes a final request or a blocked message off the inbox.
    pub(crate) fn dismiss(&mut self, now: i64, request: &ConsentRequestId) {
        self.blocked.retain(|message| message.id != *request);
        if let Some(entry) = self.entry_mut(request) {
            entry.dismissed =
                entry.state.is_final() || (entry.state.is_open() && now >= entry.ends_at());
        }
        self.drop_dismissed();
    }

    /// A request with the JWS of its prompt, as it stands at `now`.
    pub(crate) fn find(
        &self,
        now: i64,
        request: &ConsentRequestId,
    ) -> Option<(RequestSnapshot, Arrived)> {
        let entry = self.entries.get(self.position(request)?)?;
        Some((snapshot(entry, now), entry.arrived.clone()))
    }

    /// Adds what is on show to `out`, in order.
    pub(crate) fn snapshot(&self, now: i64, out: &mut InboxSnapshot) {
        let shown = self.entries.iter().filter(|entry| !entry.dismissed);
        out.requests.extend(shown.map(|entry| snapshot(entry, now)));
        out.blocked.extend(self.blocked.iter().cloned());
    }

    fn position(&self, request: &ConsentRequestId) -> Option<usize> {
        self.entries
            .iter()
            .position(|entry| entry.arrived.key.request == *request)
    }

    fn entry_mut(&mut self, request: &ConsentRequestId) -> Option<&mut Entry> {
        let at = self.position(request)?;
        self.entries.get_mut(at)
    }

    /// Forgets the oldest closed requests beyond what is shown.
    fn trim(&mut self) {
        let closed = self.entries.iter().filter(|e| e.state.is_final()).count();
        let mut over = closed.saturating_sub(SHOWN);
        self.entries.retain(|entry| {
            let drop = over > 0 && entry.state.is_final();
            over -= usize::from(drop);
            !drop
        });
    }
}

/// A request whose time is up reads as expired at once, whatever the server has said so far.
fn snapshot(entry: &Entry, now: i64) -> RequestSnapshot {
    let prompt = &entry.arrived.prompt;
    let state = if entry.state.is_open() && now >= entry.ends_at() {
        RequestState::Closed(CloseReason::Expired)
    } else {
        entry.state.clone()
    };
    RequestSnapshot {
        key: entry.arrived.key.clone(),
        prompt: Arc::clone(prompt),
        expires_in: entry.arrived.expires_in,
        received_at_millis: entry.received_at,
        lifetime: u32::try_from(prompt.exp.since(prompt.iat))
            .unwrap_or(0)
            .max(entry.arrived.expires_in)
            .max(1),
        deny_only: entry.arrived.deny_only.clone(),
        // The person's setting, which the caller knows.
        unknown_client: false,
        collected: entry.collected,
        state,
    }
}
