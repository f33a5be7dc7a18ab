//! Tokens: stored, found, exchanged, ended.

use rusqlite::{Connection, OptionalExtension, params};
use tegata_protocol::{Sha256Digest, UnixTime};

use super::{
    accounts, flows,
    rows::{self, Result, corrupt},
};
use crate::{
    domain::{
        BackchannelAuthenticationState, FlowSeq, Located, NewToken, TokenDetails, TokenKind,
        token::REUSE_LEEWAY_SECONDS,
    },
    storage::{
        ops::{Refresh, RefreshOutcome, RevokeToken, RevokeTokenOutcome},
        views::IssuedToken,
    },
};

pub(super) const ACCESS: i64 = 0;
pub(super) const REFRESH: i64 = 1;
/// A refresh token that was used; the row ends with the leeway.
const USED: i64 = 2;

fn code(kind: TokenKind) -> i64 {
    match kind {
        TokenKind::Access => ACCESS,
        TokenKind::Refresh => REFRESH,
    }
}

pub(super) fn insert(
    c: &Connection,
    seq: FlowSeq,
    kind: TokenKind,
    token: &NewToken,
) -> Result<()> {
    let details = rows::to_json(&token.details)?;
    insert_row(c, seq, code(kind), &token.hash, token.expires, &details)
}

fn insert_row(
    c: &Connection,
    seq: FlowSeq,
    kind: i64,
    hash: &Sha256Digest,
    expires: UnixTime,
    details: &str,
) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO token (seq, hash, kind, expires, details) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![seq.0, hash.0, kind, expires.0, details])?;
    Ok(())
}

struct Row {
    kind: i64,
    expires: UnixTime,
    details: String,
}

/// What is stored under a token's hash. A search tells by its time something about hashes at most, which is nothing about
/// tokens.
fn row(c: &Connection, at: &Located) -> Result<Option<Row>> {
    Ok(
        c.prepare_cached("SELECT kind, expires, details FROM token WHERE seq = ?1 AND hash = ?2")?
            .query_row(params![at.seq.0, at.tag_hash.0], |row| {
                Ok(Row {
                    kind: row.get(0)?,
                    expires: UnixTime(row.get(1)?),
                    details: row.get(2)?,
                })
            })
            .optional()?,
    )
}

/// A token that works now. Those of a suspended client do not until that is lifted.
pub(super) fn find(
    c: &Connection,
    kind: TokenKind,
    at: &Located,
    now: UnixTime,
) -> Result<Option<IssuedToken>> {
    let Some(row) = row(c, at)?.filter(|row| row.kind == code(kind) && now < row.expires) else {
        return Ok(None);
    };
    let details = rows::from_json(&row.details, "a token's details")?;
    let Some(loaded) = flows::load(c, at.seq)? else {
        return Ok(None);
    };
    if accounts::is_suspended(c, &loaded.flow.facts.client_id)? {
        return Ok(None);
    }
    Ok(Some(IssuedToken {
        client: loaded.flow.facts.client_id.clone(),
        account: loaded.flow.facts.account.clone(),
        flow: loaded.flow,
        details,
        expires: row.expires,
    }))
}

/// A used refresh token need not be remembered to be known: what opens to this request was issued for it, and is either
/// the one that is stored or one that was used before.
pub(super) fn refresh(c: &Connection, op: &Refresh) -> Result<RefreshOutcome> {
    // 1. The request, and that it is this client's: nothing is ended for somebody else.
    let loaded = flows::load(c, op.token.seq)?;
    let Some(loaded) = loaded.filter(|loaded| loaded.flow.facts.client_id == op.client) else {
        return Ok(RefreshOutcome::Refused);
    };
    let flow = loaded.flow;
    // Suspended since it proved itself: its token waits, and what looks like a second use is none.
    if accounts::is_suspended(c, &op.client)? {
        return Ok(RefreshOutcome::Refused);
    }
    let BackchannelAuthenticationState::Redeemed { approval, .. } = &flow.state else {
        return Ok(RefreshOutcome::Refused);
    };
    // 2. In time. After that nothing is left to be ended.
    let Some(until) = flow.facts.terms.refresh_until.filter(|end| op.now < *end) else {
        return Ok(RefreshOutcome::Refused);
    };
    let found = row(c, &op.token)?;
    // 3. The leeway.
    if let Some(used) = &found
        && used.kind == USED
        && op.now < used.expires
    {
        return Ok(RefreshOutcome::Refused);
    }
    // 4. The sender, if the token is bound to one.
    let current = found.filter(|row| row.kind == REFRESH);
    if let Some(current) = &current {
        let details: TokenDetails = rows::from_json(&current.details, "a token's details")?;
        let held = details
            .confirmation
            .is_none_or(|confirmation| op.sender.holds(&confirmation));
        if op.now >= current.expires || !held {
            return Ok(RefreshOutcome::Refused);
        }
    }
    // 5. The first write.
    let client_no =
        accounts::client_no(c, &op.client)?.ok_or_else(|| corrupt("a token without its client"))?;
    if !accounts::use_assertion(c, client_no, op.assertion.as_ref())? {
        return Ok(RefreshOutcome::AssertionReplayed);
    }
    // 6. A second use ends them all.
    let Some(current) = current else {
        return Ok(RefreshOutcome::Reused {
            ended: end_all(c, flow.seq)?,
            flow: Box::new(flow),
        });
    };
    // 7. Otherwise the next takes its place. Only the last one that was used is kept, for the leeway.
    c.prepare_cached("DELETE FROM token WHERE seq = ?1 AND kind IN (?2, ?3)")?
        .execute([flow.seq.0, REFRESH, USED])?;
    insert_row(
        c,
        flow.seq,
        USED,
        &op.token.tag_hash,
        op.now.plus(REUSE_LEEWAY_SECONDS),
        &current.details,
    )?;
    let next = NewToken {
        expires: op.refresh_token.expires.min(until),
        ..op.refresh_token.clone()
    };
    insert(c, flow.seq, TokenKind::Refresh, &next)?;
    insert(c, flow.seq, TokenKind::Access, &op.access_token)?;
    Ok(RefreshOutcome::Refreshed {
        approval: approval.clone(),
        flow: Box::new(flow),
    })
}

pub(super) fn revoke(c: &Connection, op: &RevokeToken) -> Result<RevokeTokenOutcome> {
    let Some(loaded) = flows::load(c, op.token.seq)? else {
        return Ok(RevokeTokenOutcome::Ended(0));
    };
    if loaded.flow.facts.client_id != op.client {
        return Ok(RevokeTokenOutcome::Foreign);
    }
    let client_no =
        accounts::client_no(c, &op.client)?.ok_or_else(|| corrupt("a token without its client"))?;
    if !accounts::use_assertion(c, client_no, op.assertion.as_ref())? {
        return Ok(RevokeTokenOutcome::AssertionReplayed);
    }
    Ok(RevokeTokenOutcome::Ended(match op.kind {
        TokenKind::Access => c
            .prepare_cached("DELETE FROM token WHERE seq = ?1 AND hash = ?2 AND kind = ?3")?
            .execute(params![op.token.seq.0, op.token.tag_hash.0, ACCESS])?,
        TokenKind::Refresh => end_all(c, op.token.seq)?,
    }))
}

/// Ends all tokens of a request; how many there were.
pub(super) fn end_all(c: &Connection, seq: FlowSeq) -> Result<usize> {
    Ok(c.prepare_cached("DELETE FROM token WHERE seq = ?1")?
        .execute([seq.0])?)
}

/// Drops tokens past their end, the oldest first, at most `most`.
pub(super) fn sweep(c: &Connection, now: UnixTime, most: i64) -> Result<usize> {
    Ok(c.execute(
        "DELETE FROM token WHERE (seq, hash) IN (
             SELECT seq, hash FROM token WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
        [now.0, most],
    )?)
}
