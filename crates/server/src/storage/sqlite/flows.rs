//! Backchannel authentications: creating, reading, delivering, sweeping.

use rusqlite::{Connection, OptionalExtension, params};
use tegata_protocol::{
    AccountId, AuthReqId, ClientId, ConsentRequestId, DeviceId, Sha256Digest, UnixTime,
    bytes::constant_time_eq, ciba::TokenDeliveryMode,
};

use super::{
    accounts::{self, with_budget},
    devices, management, notices, notifications, pairings,
    rows::{self, PENDING, Result, Settlement, corrupt},
    tokens,
};
use crate::{
    domain::{
        Admission, BackchannelAuthentication, BackchannelAuthenticationState, CLOSE_NOTICE_SECONDS,
        CloseReason, FlowSeq, Locator, RequestFacts, SilenceReason, Transfer, TransferSource,
    },
    storage::{
        StoreOptions,
        ops::{
            CreateBackchannelAuthentication, CreateOutcome, MarkSeen, NewPrompt, Sweep,
            SweepOutcome,
        },
        views::{Closure, ConsentRequest, PendingPrompt, PendingSet},
    },
};

/// Most close notices that a device is sent at once.
const CLOSE_NOTICES: usize = 32;

/// Requests of the account, newest first, that are looked at for them.
const LOOKED_AT: usize = 64;

/// Seconds by which a request may live longer than a later one without hiding what closed before it.
const LIFETIMES_DIFFER: i64 = 3600;

/// Seconds within which a binding message cannot serve as transfer code again.
const BINDING_MESSAGE_SECONDS: i64 = 3600;

/// Rows that one sweep drops at most, so that it never holds up the writer.
const SWEEP_ROWS: i64 = 500;

/// A flow with what the store knows beside the domain's value.
pub(super) struct Loaded {
    pub(super) flow: BackchannelAuthentication,
    pub(super) account_no: i64,
    pub(super) tag_hash: Vec<u8>,
    pub(super) settlement: Option<Settlement>,
}

pub(super) fn create(
    c: &Connection,
    options: &StoreOptions,
    op: &CreateBackchannelAuthentication,
) -> Result<CreateOutcome> {
    let facts = &op.facts;
    let account = accounts::numbered(c, &facts.account)?;
    let (Some((account_no, is_test)), Some(client_no)) =
        (account, accounts::client_no(c, &facts.client_id)?)
    else {
        return Ok(CreateOutcome::Gone);
    };
    if let Transfer::Code { hash, .. } = &facts.transfer {
        let taken: bool = c
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM transfer_code WHERE account_no = ?1 AND hash = ?2 AND taken_until > ?3)",
            )?
            .query_row(params![account_no, hash.0, facts.created.0], |row| row.get(0))?;
        if taken {
            return Ok(CreateOutcome::TransferCodeTaken);
        }
    }
    if accounts::is_name_used(c, &op.names)? {
        return Ok(CreateOutcome::NameUsed);
    }
    // The first write: whatever is refused above leaves the assertion to the next attempt.
    if !accounts::use_assertion(c, client_no, op.assertion.as_ref())? {
        return Ok(CreateOutcome::AssertionReplayed);
    }
    accounts::use_names(c, &op.names)?;
    let active = pairings::active_devices(c, account_no)?;
    let prompts: Vec<_> = op
        .prompts
        .iter()
        .filter_map(|prompt| {
            active
                .iter()
                .find(|(_, id)| *id == prompt.device)
                .map(|(no, _)| (*no, prompt))
        })
        .collect();
    let admission = if prompts.is_empty() {
        Admission::Silent(SilenceReason::NoDevice)
    } else if is_test {
        Admission::Prompted
    } else {
        with_budget(c, account_no, |budget| {
            budget.admit(
                &options.limits,
                &facts.client_id,
                op.seq,
                facts.created,
                facts.expires,
            )
        })?
    };
    reserve_code(c, account_no, facts, admission)?;
    let is_prompted = admission == Admission::Prompted;
    insert(
        c,
        (op.seq, op.tag_hash),
        (account_no, client_no),
        facts,
        is_prompted,
    )?;
    if let Some(new) = &op.notification {
        notifications::keep(c, op.seq, facts, new)?;
    }
    let mut rung = Vec::new();
    if is_prompted {
        for (device_no, prompt) in prompts {
            insert_prompt(c, device_no, op.seq, prompt)?;
            rung.push(prompt.device.clone());
        }
    }
    Ok(CreateOutcome::Created {
        admission,
        devices: rung,
    })
}

/// Stores a request of these account and client rows that is pending.
pub(super) fn insert(
    c: &Connection,
    (seq, tag_hash): (FlowSeq, Sha256Digest),
    (account_no, client_no): (i64, i64),
    facts: &RequestFacts,
    is_prompted: bool,
) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO flow (seq, tag_hash, account_no, client_no, state, expires, previous)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, CASE WHEN ?7 THEN (SELECT last_flow FROM account WHERE no = ?3) END)",
    )?
    .execute(params![
        seq.0,
        tag_hash.0,
        account_no,
        client_no,
        PENDING,
        facts.expires.0,
        is_prompted
    ])?;
    if is_prompted {
        // The chain holds what somebody was asked: a flood of requests that nobody sees must not push that out of sight.
        c.prepare_cached("UPDATE account SET last_flow = ?1 WHERE no = ?2")?
            .execute([seq.0, account_no])?;
    }
    c.prepare_cached("INSERT INTO body (seq, facts) VALUES (?1, ?2)")?
        .execute(params![seq.0, rows::to_json(facts)?])?;
    Ok(())
}

/// Stores the prompt of a request for the device in row `device_no`.
pub(super) fn insert_prompt(
    c: &Connection,
    device_no: i64,
    seq: FlowSeq,
    prompt: &NewPrompt,
) -> Result<()> {
    c.prepare_cached("INSERT INTO prompt (device_no, seq, nonce, jws) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![device_no, seq.0, prompt.nonce, prompt.jws])?;
    Ok(())
}

/// Keeps the transfer code from being used again. A minted code of a silent request is on no device and reserves nothing,
/// or whoever asks without end would use up the codes of the account. A binding message is the client's, which is refused
/// the same one again whether or not anybody was asked: otherwise it could tell.
fn reserve_code(
    c: &Connection,
    account_no: i64,
    facts: &RequestFacts,
    admission: Admission,
) -> Result<()> {
    let (hash, taken_until) = match &facts.transfer {
        Transfer::Code {
            source: TransferSource::BindingMessage,
            hash,
            ..
        } => {
            let hour = facts.created.plus(BINDING_MESSAGE_SECONDS);
            (hash, hour.max(facts.expires))
        }
        Transfer::Code {
            source: TransferSource::Minted,
            hash,
            ..
        } if admission == Admission::Prompted => (hash, facts.expires),
        Transfer::Code { .. } | Transfer::None => return Ok(()),
    };
    c.prepare_cached(
        "INSERT INTO transfer_code (account_no, hash, taken_until) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET taken_until = excluded.taken_until",
    )?
    .execute(params![account_no, hash.0, taken_until.0])?;
    Ok(())
}

pub(super) fn mark_seen(c: &Connection, options: &StoreOptions, op: &MarkSeen) -> Result<bool> {
    let Some(located) = options.locator.open_consent_request_id(&op.request) else {
        return Ok(false);
    };
    let fits = facts(c, located.seq)?.is_some_and(|facts| facts.consent_request_id == op.request);
    let device = devices::device_no(c, &op.device)?;
    let changed = c
        .prepare_cached(
            "UPDATE prompt SET seen = ?1 WHERE device_no = ?2 AND seq = ?3 AND seen IS NULL",
        )?
        .execute(params![op.now.0, device.filter(|_| fits), located.seq.0])?;
    Ok(changed == 1)
}

pub(super) fn facts(c: &Connection, seq: FlowSeq) -> Result<Option<RequestFacts>> {
    let text: Option<String> = c
        .prepare_cached("SELECT facts FROM body WHERE seq = ?1")?
        .query_row([seq.0], |row| row.get(0))
        .optional()?;
    text.map(|text| rows::from_json(&text, "request"))
        .transpose()
}

/// The flow in row `seq`, whoever asks.
pub(super) fn load(c: &Connection, seq: FlowSeq) -> Result<Option<Loaded>> {
    let mut statement = c.prepare_cached(
        "SELECT f.account_no, f.tag_hash, f.state, f.at, f.tries, b.facts, s.settled
         FROM flow f JOIN body b ON b.seq = f.seq LEFT JOIN settlement s ON s.seq = f.seq WHERE f.seq = ?1",
    )?;
    let mut found = statement.query([seq.0])?;
    let Some(row) = found.next()? else {
        return Ok(None);
    };
    let settled: Option<String> = row.get(6)?;
    let settlement = settled
        .map(|text| rows::from_json(&text, "settlement"))
        .transpose()?;
    let flow = BackchannelAuthentication {
        seq,
        facts: rows::from_json(&row.get::<_, String>(5)?, "request")?,
        transfer_tries: row.get(4)?,
        state: rows::state(row.get(2)?, row.get(3)?, settlement.as_ref())?,
    };
    Ok(Some(Loaded {
        flow,
        account_no: row.get(0)?,
        tag_hash: row.get(1)?,
        settlement,
    }))
}

/// The flow behind an `auth_req_id`.
pub(super) fn by_auth_req_id(
    c: &Connection,
    locator: &Locator,
    id: &AuthReqId,
) -> Result<Option<Loaded>> {
    let Some(located) = locator.open_auth_req_id(id) else {
        return Ok(None);
    };
    let loaded = load(c, located.seq)?;
    Ok(loaded.filter(|loaded| constant_time_eq(&loaded.tag_hash, &located.tag_hash.0)))
}

/// The flow behind a consent request id.
pub(super) fn by_consent_request_id(
    c: &Connection,
    locator: &Locator,
    id: &ConsentRequestId,
) -> Result<Option<Loaded>> {
    let Some(located) = locator.open_consent_request_id(id) else {
        return Ok(None);
    };
    Ok(load(c, located.seq)?.filter(|loaded| loaded.flow.facts.consent_request_id == *id))
}

/// Why a flow is closed at `now`; `None` while it is open.
pub(super) fn close_reason(loaded: &Loaded, now: Option<UnixTime>) -> Option<CloseReason> {
    let flow = &loaded.flow;
    reason_of(
        &flow.state,
        loaded.settlement.as_ref(),
        flow.facts.expires,
        now,
    )
}

fn reason_of(
    state: &BackchannelAuthenticationState,
    settlement: Option<&Settlement>,
    expires: UnixTime,
    now: Option<UnixTime>,
) -> Option<CloseReason> {
    use BackchannelAuthenticationState as S;
    match state {
        S::Pending => now
            .is_some_and(|now| now >= expires)
            .then_some(CloseReason::Expired),
        S::TransferFailed { .. } => Some(CloseReason::TransferFailed),
        S::Withdrawn { moved: true, .. } => Some(CloseReason::Moved),
        S::Withdrawn { .. } => Some(CloseReason::Withdrawn),
        S::Approved(_) | S::Denied { .. } | S::Redeemed { .. } => {
            settlement.map(|settlement| CloseReason::Handled {
                device: settlement.device.clone(),
                device_name: settlement.device_name.clone(),
                decision: settlement.decision(),
                at: settlement.at,
            })
        }
    }
}

/// A request as one device knows it.
pub(super) fn consent_request(
    c: &Connection,
    loaded: &Loaded,
    device: &DeviceId,
) -> Result<Option<ConsentRequest>> {
    let found = c
        .prepare_cached(
            "SELECT p.jws, p.nonce, p.seen FROM prompt p JOIN device d ON d.no = p.device_no
             WHERE p.seq = ?1 AND d.id = ?2",
        )?
        .query_row(params![loaded.flow.seq.0, device.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?))
        })
        .optional()?;
    let is_redeemed = matches!(
        loaded.flow.state,
        BackchannelAuthenticationState::Redeemed { .. }
    );
    let is_pushed = loaded.flow.facts.terms.delivery == TokenDeliveryMode::Push;
    let is_being_pushed: bool = is_redeemed
        && is_pushed
        && c.prepare_cached("SELECT EXISTS (SELECT 1 FROM job WHERE seq = ?1 AND kind = 'push')")?
            .query_row([loaded.flow.seq.0], |row| row.get(0))?;
    let way = Way {
        is_own: loaded.flow.facts.kind.is_own(),
        is_pushed,
        is_being_pushed,
    };
    let collected = collected(&loaded.flow.state, device, way);
    Ok(found.map(|(prompt, nonce, seen)| ConsentRequest {
        collected,
        flow: loaded.flow.clone(),
        prompt,
        nonce,
        seen: seen.map(UnixTime),
        closed: close_reason(loaded, None),
    }))
}

/// How an approved request gets to whoever asked.
#[derive(Clone, Copy)]
struct Way {
    /// Nobody collects it.
    is_own: bool,
    /// It is sent to the client, and not fetched by it.
    is_pushed: bool,
    /// It is still being sent.
    is_being_pushed: bool,
}

/// Whether the client has what `device` approved. Of what is pushed it is known only that it has not arrived, as long as it is
/// being sent: a push that was given up leaves as little behind as one that arrived.
fn collected(state: &BackchannelAuthenticationState, device: &DeviceId, way: Way) -> Option<bool> {
    use BackchannelAuthenticationState as S;
    match state {
        S::Approved(approval) if !way.is_own && approval.device == *device => Some(false),
        S::Redeemed { approval, .. } if !way.is_own && approval.device == *device => {
            match (way.is_pushed, way.is_being_pushed) {
                (false, _) => Some(true),
                (true, true) => Some(false),
                (true, false) => None,
            }
        }
        _ => None,
    }
}

/// Whether the account has decided on a request of this client before, or has one of it pending.
pub(super) fn has_asked(c: &Connection, account: &AccountId, client: &ClientId) -> Result<bool> {
    let (account, client) = (
        accounts::account_no(c, account)?,
        accounts::client_no(c, client)?,
    );
    Ok(c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM asked WHERE account_no = ?1 AND client_no = ?2)
             OR EXISTS (SELECT 1 FROM flow WHERE account_no = ?1 AND state = 0 AND client_no = ?2)",
    )?
    .query_row(params![account, client], |row| row.get(0))?)
}

/// The devices that were sent a prompt for `seq`.
pub(super) fn prompted_devices(c: &Connection, seq: FlowSeq) -> Result<Vec<DeviceId>> {
    let mut statement = c.prepare_cached(
        "SELECT d.id FROM flow f JOIN device d ON d.account_no = f.account_no
         JOIN prompt p ON p.device_no = d.no AND p.seq = f.seq
         WHERE f.seq = ?1 AND d.revoked_at IS NULL ORDER BY d.no",
    )?;
    let mut found = statement.query([seq.0])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(rows::device_id(&row.get::<_, String>(0)?)?);
    }
    Ok(all)
}

pub(super) fn pending(
    c: &Connection,
    device: &DeviceId,
    now: UnixTime,
) -> Result<Option<PendingSet>> {
    let found: Option<(i64, i64)> = c
        .prepare_cached("SELECT no, account_no FROM device WHERE id = ?1 AND revoked_at IS NULL")?
        .query_row([device.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((device_no, account_no)) = found else {
        return Ok(None);
    };
    Ok(Some(PendingSet {
        prompts: open_prompts(c, device_no, account_no, now)?,
        closed: closures(c, device, device_no, account_no, now)?,
        notices: notices::of_device(c, device_no, account_no, now)?,
    }))
}

fn open_prompts(
    c: &Connection,
    device_no: i64,
    account_no: i64,
    now: UnixTime,
) -> Result<Vec<PendingPrompt>> {
    let mut statement = c.prepare_cached(
        "SELECT json_extract(b.facts, '$.consent_request_id'), p.jws, f.expires FROM flow f
         JOIN prompt p ON p.device_no = ?1 AND p.seq = f.seq
         JOIN body b ON b.seq = f.seq
         WHERE f.account_no = ?2 AND f.state = 0 AND f.expires > ?3 ORDER BY f.seq",
    )?;
    let mut found = statement.query(params![device_no, account_no, now.0])?;
    let mut prompts = Vec::new();
    while let Some(row) = found.next()? {
        prompts.push(PendingPrompt {
            request: request_id(&row.get::<_, String>(0)?)?,
            prompt: row.get(1)?,
            expires: UnixTime(row.get(2)?),
        });
    }
    Ok(prompts)
}

/// What closed lately, oldest first. This is read at every bell: of a request only what a notice says, and no older ones
/// than can have closed lately.
fn closures(
    c: &Connection,
    device: &DeviceId,
    device_no: i64,
    account_no: i64,
    now: UnixTime,
) -> Result<Vec<Closure>> {
    let mut statement = c.prepare_cached(
        "SELECT f.previous, f.expires, f.state, f.at, s.settled,
                CASE WHEN p.no IS NOT NULL THEN json_extract(b.facts, '$.consent_request_id') END,
                f.client_no, EXISTS (SELECT 1 FROM job j WHERE j.seq = f.seq AND j.kind = 'push'),
                coalesce(json_extract(b.facts, '$.terms.delivery'), '') = 'push'
         FROM flow f JOIN body b ON b.seq = f.seq LEFT JOIN settlement s ON s.seq = f.seq
         LEFT JOIN prompt p ON p.seq = f.seq AND p.device_no = ?2
         WHERE f.seq = ?1",
    )?;
    let since = now.plus(-CLOSE_NOTICE_SECONDS);
    let mut next: Option<i64> = c
        .prepare_cached("SELECT last_flow FROM account WHERE no = ?1")?
        .query_row([account_no], |row| row.get(0))?;
    let mut closed = Vec::new();
    for _ in 0..LOOKED_AT {
        let Some(seq) = next else { break };
        let mut found = statement.query(params![seq, device_no])?;
        // Dropped by a sweep, which is long after anybody has to be told.
        let Some(row) = found.next()? else { break };
        next = row.get(0)?;
        let expires = UnixTime(row.get(1)?);
        if expires.plus(LIFETIMES_DIFFER) < since || closed.len() == CLOSE_NOTICES {
            break;
        }
        let Some(request) = row.get::<_, Option<String>>(5)? else {
            continue;
        };
        let settled: Option<String> = row.get(4)?;
        let settlement: Option<Settlement> = settled
            .map(|text| rows::from_json(&text, "settlement"))
            .transpose()?;
        let state = rows::state(row.get(2)?, row.get(3)?, settlement.as_ref())?;
        if let Some(reason) = reason_of(&state, settlement.as_ref(), expires, Some(now))
            && closed_at(&state, expires) > since
        {
            let request = request_id(&request)?;
            let way = Way {
                is_own: row.get::<_, i64>(6)? == management::OWN,
                is_being_pushed: row.get(7)?,
                is_pushed: row.get(8)?,
            };
            closed.push(Closure {
                collected: collected(&state, device, way),
                request,
                reason,
            });
        }
    }
    // Read newest first so that the limit keeps the newest; delivered oldest first.
    closed.reverse();
    Ok(closed)
}

fn request_id(text: &str) -> Result<ConsentRequestId> {
    ConsentRequestId::parse(text).map_err(|_| corrupt("a request's identifier"))
}

fn closed_at(state: &BackchannelAuthenticationState, expires: UnixTime) -> UnixTime {
    use BackchannelAuthenticationState as S;
    match state {
        S::Pending => expires,
        S::Approved(approval) | S::Redeemed { approval, .. } => approval.at,
        S::Denied { at, .. } | S::TransferFailed { at } | S::Withdrawn { at, .. } => *at,
    }
}

pub(super) fn sweep(c: &Connection, options: &StoreOptions, op: &Sweep) -> Result<SweepOutcome> {
    let now = op.now;
    let horizon = now.plus(-options.retention).0;
    let mut dropped =
        accounts::sweep_assertions(c, now)? + pairings::sweep(c, now)? + notices::sweep(c, now)?;
    let tokens = tokens::sweep(c, now, SWEEP_ROWS)?;
    dropped += c.execute("DELETE FROM transfer_code WHERE taken_until <= ?1", [now.0])?;
    // Prompts grow in order of time, so only the oldest are looked at; decided ones are kept in the evidence. One whose request
    // is gone must go too, or it would be among the oldest for ever.
    let prompts = c.execute(
        "DELETE FROM prompt WHERE no IN (
             SELECT p.no FROM (SELECT no, seq FROM prompt ORDER BY no LIMIT ?2) AS p
             LEFT JOIN flow f ON f.seq = p.seq WHERE f.seq IS NULL OR f.expires <= ?1)",
        [horizon, SWEEP_ROWS],
    )?;
    // Undecided requests leave nothing behind; decided ones stay for the history.
    c.execute(
        "DELETE FROM body WHERE seq IN (SELECT seq FROM flow WHERE state = 0 AND expires <= ?1 LIMIT ?2)",
        [horizon, SWEEP_ROWS],
    )?;
    let flows = c.execute(
        "DELETE FROM flow WHERE seq IN (
             SELECT f.seq FROM flow f WHERE f.state = 0 AND f.expires <= ?1
                 AND NOT EXISTS (SELECT 1 FROM body b WHERE b.seq = f.seq) LIMIT ?2)",
        [horizon, SWEEP_ROWS],
    )?;
    dropped += tokens + prompts + flows + notifications::sweep(c, now)?;
    let most = usize::try_from(SWEEP_ROWS).unwrap_or(usize::MAX);
    Ok(SweepOutcome {
        dropped,
        is_full: tokens >= most || prompts >= most || flows >= most,
    })
}
