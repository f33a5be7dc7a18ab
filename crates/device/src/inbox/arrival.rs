//! What arrives: each prompt verified against pinned keys before anybody sees a word of it.

use super::{Arrived, refresh_metadata};
use crate::{
    account::AccountState,
    device::Device,
    error::AccessError,
    history::Record,
    live::{LiveAccount, Session, lock},
    management,
    model::{BlockReason, BlockedMessage, Health, RequestKey},
};
use std::{collections::BTreeMap, sync::Arc};
use tegata_protocol::{
    ConsentRequestId, Sha256Digest, UnixTime,
    device::{
        delivery::{PendingPrompt, PendingSet},
        limits,
        metadata::Metadata,
        prompt::{ExpectedPrompt, Prompt, PromptError, parse_prompt},
    },
    jws::{self, JwsError},
};

/// Takes a whole pending set: verifies, remembers, blocks, closes. An error means that the account's file failed; then
/// nothing is shown that could not be remembered.
pub(crate) async fn receive(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
    set: PendingSet,
) -> Result<(), AccessError> {
    let now = device.ports().clock.now();
    let mut arrived = Vec::new();
    let mut blocked = Vec::new();
    let state = session.read_state()?;
    for pending in set.prompts.iter().take(limits::PENDING_PER_ACCOUNT) {
        let hash = jws::hash(&pending.prompt);
        if lock(&live.inbox).is_blocked(&hash) {
            continue;
        }
        let verdict = match verify(device, session, pending).await {
            Ok(prompt) => match state.seen_prompt(&prompt.jti) {
                // The same name over other content: never shown, whoever signed it.
                Some(first) if first != hash => Err(BlockReason::Replayed),
                _ => Ok(prompt),
            },
            Err(reason) => Err(reason),
        };
        match verdict {
            Ok(prompt) => {
                let left = pending.expires_in;
                arrived.push(build(session, &state, prompt, &pending.prompt, hash, left));
            }
            Err(reason) => blocked.push((hash, reason)),
        }
    }
    // Two different prompts of one name in one delivery: the first is the request, the others are blocked.
    let mut firsts: BTreeMap<ConsentRequestId, Sha256Digest> = BTreeMap::new();
    arrived.retain(|new: &Arrived| {
        let first = *firsts.entry(new.key.request.clone()).or_insert(new.hash);
        if first != new.hash {
            blocked.push((new.hash, BlockReason::Replayed));
        }
        first == new.hash
    });
    // Remembered before it is shown, so that a prompt signed anew is noticed after a restart too.
    session.update(|_, state| {
        for new in &arrived {
            if state.seen_prompt(&new.key.request).is_none() {
                state.remember_prompt(new.key.request.clone(), new.hash);
            }
            management::note_asked(state, new);
        }
    })?;
    note_clock(device, live, &arrived, now);
    for (hash, reason) in blocked {
        block(device, live, session, hash, reason, now)?;
    }
    let ended = lock(&live.inbox).receive(
        device.ports().clock.now_millis(),
        &session.device,
        arrived,
        &set.closed,
    );
    device.record_closed(session, &ended);
    management::note_over(device, live, session)?;
    device.record_notices(session, &set.notices)?;
    device.note_accepted(live, session);
    device.changed(|changes| changes.inbox += 1);
    Ok(())
}

/// A request from its verified prompt.
pub(crate) fn build(
    session: &Session,
    state: &AccountState,
    prompt: Prompt,
    prompt_jws: &str,
    hash: Sha256Digest,
    expires_in: u32,
) -> Arrived {
    Arrived {
        key: RequestKey {
            account: session.id.clone(),
            request: prompt.jti.clone(),
        },
        deny_only: state.deny_only_reasons(&prompt),
        prompt: Arc::new(prompt),
        prompt_jws: prompt_jws.into(),
        hash,
        expires_in,
    }
}

/// A request from the prompt of a decision that was signed by an earlier process.
pub(crate) fn restore(
    session: &Session,
    state: &AccountState,
    prompt_jws: &str,
    now: UnixTime,
) -> Option<Arrived> {
    let trusted = session.metadata();
    let keys: Vec<_> = trusted.metadata.prompt_keys.iter().map(|k| k.jwk).collect();
    let prompt = parse(session, prompt_jws, &keys).ok()?;
    let left = u32::try_from(prompt.exp.since(now)).unwrap_or(0);
    Some(build(
        session,
        state,
        prompt,
        prompt_jws,
        jws::hash(prompt_jws),
        left,
    ))
}

fn parse(
    session: &Session,
    prompt_jws: &str,
    keys: &[tegata_protocol::PublicKey],
) -> Result<Prompt, PromptError> {
    let expected = ExpectedPrompt {
        issuer: &session.issuer,
        device: &session.device,
        account: &session.account,
        keys,
    };
    parse_prompt(prompt_jws, &expected)
}

async fn verify(
    device: &Device,
    session: &Session,
    pending: &PendingPrompt,
) -> Result<Prompt, BlockReason> {
    let valid_keys = || {
        let trusted = session.metadata();
        Metadata::valid_at(&trusted.metadata.prompt_keys, device.ports().clock.now())
    };
    let mut result = parse(session, &pending.prompt, &valid_keys());
    // A key that the device does not know may be a new one: metadata is asked for, at most once a minute.
    if matches!(result, Err(PromptError::Jws(JwsError::UnknownKey)))
        && refresh_metadata(device, session).await.is_ok()
    {
        result = parse(session, &pending.prompt, &valid_keys());
    }
    let prompt = result.map_err(|error| match error {
        PromptError::Issuer | PromptError::Audience => BlockReason::NotForThisDevice,
        PromptError::Limit
        | PromptError::Jws(JwsError::Payload(_) | JwsError::Malformed | JwsError::TooLong(_)) => {
            BlockReason::Malformed
        }
        _ => BlockReason::BadSignature,
    })?;
    // More time left than the request ever had, or over before the server last signed its metadata: an old prompt.
    let life = prompt.exp.since(prompt.iat);
    let trusted = session.metadata();
    if i64::from(pending.expires_in) > life || prompt.exp < trusted.metadata.iat {
        return Err(BlockReason::OutOfTime);
    }
    Ok(prompt)
}

fn block(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
    hash: Sha256Digest,
    reason: BlockReason,
    at: UnixTime,
) -> Result<(), AccessError> {
    let message = BlockedMessage {
        id: ConsentRequestId::make(session.rng()),
        account: session.id.clone(),
        at,
        reason,
    };
    tracing::warn!(account = %session.id, ?reason, "a message failed verification and was blocked");
    let record = Record::Blocked {
        id: message.id.clone(),
        at,
        reason,
    };
    if lock(&live.inbox).block(hash, message) {
        device.record_blocked(session, at, &record)?;
    }
    Ok(())
}

/// The server counts the seconds left; where its count and `exp` disagree with this machine's clock, the clock is wrong.
fn note_clock(device: &Device, live: &LiveAccount, arrived: &[Arrived], now: UnixTime) {
    let Some(newest) = arrived.last() else {
        return;
    };
    let server_now = newest.prompt.exp.plus(-i64::from(newest.expires_in));
    let skew = now.since(server_now).unsigned_abs();
    let health = lock(&live.status).health;
    let wrong = skew > limits::LEEWAY_SECONDS.unsigned_abs();
    let news = match (wrong, health) {
        (true, Health::Ok) => live.set_health(Health::ClockSkew {
            seconds: u32::try_from(skew).unwrap_or(u32::MAX),
        }),
        (false, Health::ClockSkew { .. }) => live.set_health(Health::Ok),
        _ => false,
    };
    if news {
        device.changed(|changes| changes.accounts += 1);
    }
}
