use super::*;
use crate::{
    BlockReason, Health, InboxSnapshot, RequestState,
    history::HistoryEvent,
    test_server::{Paired, START},
};
use proptest::prelude::*;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tegata_protocol::{
    ConsentRequestId, DeviceId, Rng, Sha256Digest, SigningKey, SystemRng,
    device::{
        delivery::{ClosedNotice, PendingPrompt},
        problem::CloseReason,
        prompt::sign_prompt,
    },
};

struct Constant(u8);

impl Rng for Constant {
    fn fill(&self, out: &mut [u8]) {
        out.fill(self.0);
    }
}

#[test]
fn waits_grow_to_a_minute_and_never_beyond() {
    let rng = SystemRng::new();
    let mut backoff = Backoff::default();
    let ceilings = [1, 1, 2, 4, 8, 16, 32, 60, 60, 60];
    for ceiling in ceilings {
        let wait = backoff.next(&rng, Duration::ZERO);
        assert!(
            wait <= Duration::from_secs(ceiling),
            "{wait:?} of {ceiling}"
        );
    }
    let floored = backoff.next(&rng, Duration::from_secs(5));
    assert!(
        (5..=65).contains(&floored.as_secs()),
        "never before the server's word"
    );
    backoff.reset();
    assert!(backoff.next(&rng, Duration::ZERO) <= Duration::from_secs(1));
}

#[test]
fn waits_use_the_whole_range() {
    let mut low = Backoff::default();
    assert_eq!(low.next(&Constant(0), Duration::ZERO), Duration::ZERO);
    let mut waits: Vec<_> = (0..50)
        .map(|_| Backoff::default().next(&SystemRng::new(), Duration::ZERO))
        .collect();
    waits.sort();
    waits.dedup();
    assert!(waits.len() > 20, "waits are spread");
}

async fn shown(paired: &Paired) -> InboxSnapshot {
    paired.refresh().await;
    paired.device.inbox()
}

#[tokio::test]
async fn a_request_that_ran_out_and_was_dismissed_still_enters_the_history() {
    let paired = Paired::new().await;
    paired.server.push(&paired.server.prompt("r1", false));
    let key = shown(&paired).await.requests[0].key.clone();
    paired.server.clock.advance(Duration::from_mins(10));
    paired.device.dismiss(&key);
    assert!(paired.device.inbox().requests.is_empty(), "out of sight");
    paired.server.close("r1", CloseReason::Expired);
    paired.refresh().await;
    let history = paired.device.history(10).await.unwrap();
    let ended = history.iter().filter(|entry| {
        matches!(&entry.event, HistoryEvent::Request { outcome, .. }
            if *outcome == RequestState::Closed(CloseReason::Expired))
    });
    assert_eq!(ended.count(), 1, "{history:?}");
}

#[tokio::test]
async fn a_request_is_shown_once_however_often_it_is_delivered() {
    let paired = Paired::new().await;
    paired.server.push(&paired.server.prompt("r1", false));
    for _ in 0..3 {
        assert_eq!(shown(&paired).await.requests.len(), 1);
    }
}

#[tokio::test]
async fn a_prompt_signed_anew_for_the_same_request_is_a_security_event_also_after_a_restart() {
    let mut paired = Paired::new().await;
    paired.server.push(&paired.server.prompt("r1", false));
    shown(&paired).await;
    paired.server.state.lock().unwrap().pending.prompts.clear();
    let mut other = paired.server.prompt("r1", false);
    other.client.name = "Another".into();
    paired.server.push(&other);
    let inbox = shown(&paired).await;
    assert_eq!(inbox.blocked.len(), 1);
    assert_eq!(inbox.blocked[0].reason, BlockReason::Replayed);
    assert!(
        inbox
            .requests
            .iter()
            .all(|r| r.prompt.client.name == "Kiosk")
    );
    paired.restart();
    let inbox = shown(&paired).await;
    assert!(inbox.requests.is_empty(), "never shown, whoever signed it");
    assert_eq!(inbox.blocked[0].reason, BlockReason::Replayed);
}

#[tokio::test]
async fn what_does_not_verify_is_blocked_once_and_is_never_a_question() {
    let paired = Paired::new().await;
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    let prompt = paired.server.prompt("r1", false);
    let forged = sign_prompt(&stranger, &prompt);
    let good = sign_prompt(&paired.server.key, &prompt);
    let (head, tail) = good.rsplit_once('.').unwrap();
    let flipped = if tail.starts_with('A') { "B" } else { "A" };
    let altered = format!("{head}.{flipped}{}", tail.get(1..).unwrap());
    let mut foreign = paired.server.prompt("r2", false);
    foreign.aud = DeviceId::parse("device-2").unwrap();
    let mut over = paired.server.prompt("r3", false);
    over.iat = START.plus(-1000);
    over.exp = START.plus(-900);
    for (jws, reason) in [
        (forged, BlockReason::BadSignature),
        (altered, BlockReason::BadSignature),
        (
            sign_prompt(&paired.server.key, &foreign),
            BlockReason::NotForThisDevice,
        ),
        (
            sign_prompt(&paired.server.key, &over),
            BlockReason::OutOfTime,
        ),
        ("not a prompt".into(), BlockReason::Malformed),
    ] {
        paired.server.state.lock().unwrap().pending.prompts.clear();
        paired.server.push_jws(&jws);
        shown(&paired).await;
        let inbox = shown(&paired).await;
        assert!(inbox.requests.is_empty(), "{reason:?}");
        assert_eq!(inbox.blocked.last().unwrap().reason, reason);
    }
    assert_eq!(paired.device.inbox().blocked.len(), 5, "each once");
    let history = paired.device.history(20).await.unwrap();
    let blocked = history
        .iter()
        .filter(|entry| matches!(entry.event, HistoryEvent::Blocked(_)));
    assert_eq!(blocked.count(), 5);
}

#[tokio::test]
async fn blocked_messages_without_end_fill_neither_memory_nor_disk() {
    let paired = Paired::new().await;
    let forge = |from: usize, to: usize| {
        let mut state = paired.server.state.lock().unwrap();
        state.pending.prompts.clear();
        let messages = (from..to).map(|n| PendingPrompt {
            prompt: format!("not a prompt {n}"),
            expires_in: 60,
        });
        state.pending.prompts.extend(messages);
    };
    let blocked_lines = async || {
        let history = paired.device.history(1000).await.unwrap();
        let blocked = history
            .iter()
            .filter(|entry| matches!(entry.event, HistoryEvent::Blocked(_)));
        blocked.count()
    };
    let most = usize::try_from(crate::account::BlockedCount::PER_DAY).unwrap();
    for first in (0..most + 20).step_by(5) {
        forge(first, first + 5);
        shown(&paired).await;
    }
    assert_eq!(paired.device.inbox().blocked.len(), 50);
    assert_eq!(blocked_lines().await, most);
    paired.server.clock.advance(Duration::from_hours(24));
    forge(1000, 1001);
    shown(&paired).await;
    assert_eq!(blocked_lines().await, most + 1, "another day");

    let mut inbox = AccountInbox::default();
    let message = paired.device.inbox().blocked[0].clone();
    for n in 0..300_u32 {
        assert!(inbox.block(Sha256Digest::of(&n.to_be_bytes()), message.clone()));
    }
    assert!(!inbox.is_blocked(&Sha256Digest::of(&0_u32.to_be_bytes())));
    assert!(!inbox.block(Sha256Digest::of(&299_u32.to_be_bytes()), message));
}

#[tokio::test]
async fn metadata_that_went_back_is_refused() {
    let paired = Paired::new().await;
    let live = paired.device.live(&paired.account).unwrap();
    let session = paired.device.session(&live).await.unwrap();
    paired.server.state.lock().unwrap().seq = 5;
    refresh_metadata(&paired.device, &session).await.unwrap();
    assert_eq!(paired.session_state().metadata_seq, 5);
    paired.server.state.lock().unwrap().seq = 4;
    paired.server.clock.advance(Duration::from_secs(61));
    let refused = refresh_metadata(&paired.device, &session).await;
    assert!(refused.is_err());
    assert_eq!(paired.session_state().metadata_seq, 5);
    let too_soon = refresh_metadata(&paired.device, &session).await;
    assert!(matches!(
        too_soon,
        Err(crate::metadata::MetadataFetchError::TooSoon)
    ));
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named_and_expiry_still_counts_from_arrival() {
    let paired = Paired::new().await;
    let mut prompt = paired.server.prompt("r1", false);
    prompt.iat = START.plus(5000);
    prompt.exp = START.plus(5120);
    paired.server.push(&prompt);
    let inbox = shown(&paired).await;
    assert!(inbox.requests[0].state.is_open());
    let health = paired.device.accounts()[0].health;
    assert_eq!(health, Health::ClockSkew { seconds: 5000 });
    paired.server.clock.advance(Duration::from_mins(2));
    let request = &paired.device.inbox().requests[0];
    assert_eq!(request.state, RequestState::Closed(CloseReason::Expired));
}

fn arrived(request: &str, content: u8, expires_in: u32) -> Arrived {
    let server = crate::test_server::TestServer::start();
    Arrived {
        key: crate::RequestKey {
            account: crate::LocalAccountId::make(&Constant(1)),
            request: ConsentRequestId::parse(request).unwrap(),
        },
        prompt: Arc::new(server.prompt(request, false)),
        prompt_jws: "a.b.c".into(),
        hash: Sha256Digest::of(&[content]),
        deny_only: BTreeSet::new(),
        expires_in,
    }
}

fn notice(request: &str, how: CloseReason) -> ClosedNotice {
    ClosedNotice {
        request: ConsentRequestId::parse(request).unwrap(),
        how,
        collected: None,
    }
}

fn states(inbox: &AccountInbox, now: i64) -> Vec<(String, RequestState)> {
    let mut snapshot = InboxSnapshot::default();
    inbox.snapshot(now, &mut snapshot);
    snapshot
        .requests
        .into_iter()
        .map(|r| (r.key.request.to_string(), r.state))
        .collect()
}

#[test]
fn new_requests_come_last_and_closed_ones_keep_their_place() {
    let me = DeviceId::parse("me").unwrap();
    let mut inbox = AccountInbox::default();
    inbox.receive(0, &me, vec![arrived("a", 1, 60)], &[]);
    inbox.receive(1, &me, vec![arrived("b", 2, 60), arrived("a", 1, 59)], &[]);
    let withdrawn = [notice("a", CloseReason::Withdrawn)];
    let ended = inbox.receive(2, &me, vec![arrived("b", 2, 59)], &withdrawn);
    assert_eq!(ended.len(), 1);
    let order = states(&inbox, 2);
    assert_eq!(
        order[0],
        ("a".into(), RequestState::Closed(CloseReason::Withdrawn))
    );
    assert_eq!(order[1], ("b".into(), RequestState::Pending));
}

#[test]
fn time_is_up_at_once_and_a_late_notice_still_tells_better() {
    let me = DeviceId::parse("me").unwrap();
    let mut inbox = AccountInbox::default();
    inbox.receive(0, &me, vec![arrived("a", 1, 60)], &[]);
    assert!(states(&inbox, 59_999)[0].1.is_open());
    let expired = RequestState::Closed(CloseReason::Expired);
    assert_eq!(states(&inbox, 60_000)[0].1, expired);
    assert_eq!(inbox.next_moment(0), Some(60_000));
    assert!(inbox.settle_expired(60_000).is_empty());
    let how = CloseReason::TransferFailed;
    let ended = inbox.receive(61_000, &me, Vec::new(), &[notice("a", how.clone())]);
    assert_eq!(ended.len(), 1);
    assert_eq!(states(&inbox, 61_000)[0].1, RequestState::Closed(how));
}

#[test]
fn a_request_that_vanishes_was_withdrawn_or_ran_out() {
    let me = DeviceId::parse("me").unwrap();
    let mut inbox = AccountInbox::default();
    inbox.receive(0, &me, vec![arrived("a", 1, 60), arrived("b", 2, 10)], &[]);
    inbox.receive(11_000, &me, Vec::new(), &[]);
    let ends = states(&inbox, 11_000);
    assert_eq!(ends[0].1, RequestState::Closed(CloseReason::Withdrawn));
    assert_eq!(ends[1].1, RequestState::Closed(CloseReason::Expired));
}

#[test]
fn a_decision_being_sent_is_not_closed_by_a_notice() {
    let me = DeviceId::parse("me").unwrap();
    let mut inbox = AccountInbox::default();
    let verdict = tegata_protocol::device::decision::Verdict::Approve;
    inbox.receive(0, &me, vec![arrived("a", 1, 60)], &[]);
    let request = ConsentRequestId::parse("a").unwrap();
    inbox.set_state(&request, RequestState::Sending { verdict });
    inbox.receive(1, &me, Vec::new(), &[]);
    assert_eq!(states(&inbox, 1)[0].1, RequestState::Sending { verdict });
}

proptest! {
    #[test]
    fn no_sequence_of_deliveries_reopens_or_reorders(
        deliveries in proptest::collection::vec(
            (proptest::collection::vec(0_u8..4, 0..4), proptest::option::of(0_u8..4), 0_i64..40_000), 1..20)
    ) {
        let me = DeviceId::parse("me").unwrap();
        let mut inbox = AccountInbox::default();
        let (mut now, mut before) = (0_i64, Vec::<(String, RequestState)>::new());
        for (present, closed, step) in deliveries {
            now += step;
            let unique: BTreeSet<u8> = present.into_iter().collect();
            let set: Vec<_> = unique.iter().map(|n| arrived(&n.to_string(), *n, 30)).collect();
            let closed: Vec<_> =
                closed.map(|n| notice(&n.to_string(), CloseReason::Withdrawn)).into_iter().collect();
            inbox.receive(now, &me, set, &closed);
            inbox.settle_expired(now);
            let mut snapshot = states(&inbox, now);
            for (old, new) in before.iter().zip(&snapshot) {
                prop_assert_eq!(&old.0, &new.0, "order is kept");
                if let RequestState::Closed(CloseReason::Withdrawn) = old.1 {
                    prop_assert_eq!(&old.1, &new.1, "closed stays closed");
                }
            }
            before = std::mem::take(&mut snapshot);
        }
    }
}

#[test]
fn restored_prompts_need_their_check_first() {
    let mut inbox = AccountInbox::default();
    let verdict = tegata_protocol::device::decision::Verdict::Approve;
    inbox.restore(0, arrived("a", 1, 60), verdict);
    assert_eq!(states(&inbox, 0)[0].1, RequestState::NeedsCheck { verdict });
    let request = ConsentRequestId::parse("a").unwrap();
    inbox.ask_again(5, &request, 30);
    assert_eq!(states(&inbox, 5)[0].1, RequestState::PendingAgain);
    assert_eq!(inbox.next_moment(5), Some(30_005));
}
