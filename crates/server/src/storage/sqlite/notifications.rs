//! Notifications of clients: at most one job for each request, planned by the commit that decides.

use rusqlite::{Connection, params};
use tegata_protocol::{ClientId, UnixTime, ciba::TokenDeliveryMode};

use super::{
    flows::Loaded,
    rows::{Result, corrupt},
};
use crate::{
    domain::{FlowSeq, RequestFacts, notification},
    storage::{
        ops::{EndAttempt, KeepResponse, NewNotification, TakeJob},
        views::DueJob,
    },
};

/// Rows that a sweep looks at, the oldest.
const LOOKED_AT: i64 = 500;

/// Seconds for which a job that nobody can carry out any more is left.
const LEFT_FOR: i64 = 3600;

/// Keeps what a new request's client is notified with. Of a push client the end of the request is due already.
pub(super) fn keep(
    c: &Connection,
    seq: FlowSeq,
    facts: &RequestFacts,
    new: &NewNotification,
) -> Result<()> {
    c.prepare_cached("INSERT INTO notification (seq, endpoint, sealed) VALUES (?1, ?2, ?3)")?
        .execute(params![seq.0, new.endpoint, new.sealed])?;
    if facts.terms.delivery == TokenDeliveryMode::Push {
        let due = facts.expires.plus(notification::EXPIRY_PUSH_AFTER_SECONDS);
        let until = facts.expires.plus(notification::PUSH_FOR_SECONDS);
        insert(c, seq, "push", due, until)?;
    }
    Ok(())
}

/// Makes it due to tell the client of a request that has just been decided.
pub(super) fn plan(c: &Connection, loaded: &Loaded, now: UnixTime) -> Result<()> {
    let (seq, until) = (
        loaded.flow.seq,
        notification::notify_until(&loaded.flow, now),
    );
    match loaded.flow.facts.terms.delivery {
        TokenDeliveryMode::Ping => insert(c, seq, "ping", now, until)?,
        TokenDeliveryMode::Push => {
            // Whoever has been told of the end is told nothing else.
            c.prepare_cached(
                "UPDATE job SET next_at = ?1, until = ?2 WHERE seq = ?3 AND attempts = 0",
            )?
            .execute(params![millis(now), until.0, seq.0])?;
        }
        // The others ask by themselves.
        _ => {}
    }
    Ok(())
}

fn insert(c: &Connection, seq: FlowSeq, kind: &str, due: UnixTime, until: UnixTime) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO job (seq, kind, next_at, until) SELECT seq, ?4, ?1, ?2 FROM notification WHERE seq = ?3",
    )?
    .execute(params![millis(due), until.0, seq.0, kind])?;
    Ok(())
}

fn millis(time: UnixTime) -> i64 {
    time.0.saturating_mul(1000)
}

pub(super) fn take(c: &Connection, op: &TakeJob) -> Result<bool> {
    let taken = c
        .prepare_cached(
            "UPDATE job SET attempts = attempts + 1, next_at = ?1 WHERE seq = ?2 AND attempts = ?3",
        )?
        .execute(params![op.lost_at_millis, op.seq.0, op.attempts])?;
    Ok(taken == 1)
}

/// Tokens that have ended meanwhile, by a report or a removal, are not kept.
pub(super) fn keep_response(c: &Connection, op: &KeepResponse) -> Result<bool> {
    let kept = c
        .prepare_cached(
            "UPDATE job SET response = ?1 WHERE seq = ?2 AND attempts = ?3
                 AND EXISTS (SELECT 1 FROM token WHERE token.seq = job.seq)",
        )?
        .execute(params![op.sealed, op.seq.0, op.attempts])?;
    Ok(kept == 1)
}

/// Forgets tokens that were to be pushed: they do not work any more.
pub(super) fn forget_response(c: &Connection, seq: FlowSeq) -> Result<()> {
    c.prepare_cached("UPDATE job SET response = NULL WHERE seq = ?1")?
        .execute([seq.0])?;
    Ok(())
}

pub(super) fn end(c: &Connection, op: &EndAttempt) -> Result<bool> {
    if let Some(next) = op.next_at_millis {
        let changed = c
            .prepare_cached("UPDATE job SET next_at = ?1 WHERE seq = ?2 AND attempts = ?3")?
            .execute(params![next, op.seq.0, op.attempts])?;
        return Ok(changed == 1);
    }
    let dropped = c
        .prepare_cached("DELETE FROM job WHERE seq = ?1 AND attempts = ?2")?
        .execute(params![op.seq.0, op.attempts])?;
    if dropped == 1 {
        c.prepare_cached("DELETE FROM notification WHERE seq = ?1")?
            .execute([op.seq.0])?;
    }
    Ok(dropped == 1)
}

/// What is due, oldest first; of one client no more than `per_client`, so that one that does not answer hides no other.
pub(super) fn due(
    c: &Connection,
    now_millis: i64,
    per_client: usize,
    most: usize,
) -> Result<Vec<DueJob>> {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut statement = c.prepare_cached(
        "SELECT d.seq, d.attempts, d.until, d.response, client.id, n.endpoint, n.sealed, d.kind
         FROM (SELECT j.seq, j.kind, j.attempts, j.until, j.response, j.next_at, f.client_no,
                      row_number() OVER (PARTITION BY f.client_no ORDER BY j.next_at, j.seq) AS place
               FROM job j JOIN flow f ON f.seq = j.seq WHERE j.next_at <= ?1) AS d
         JOIN client ON client.no = d.client_no
         JOIN notification n ON n.seq = d.seq
         WHERE d.place <= ?2 ORDER BY d.next_at, d.seq LIMIT ?3",
    )?;
    let mut found = statement.query(params![now_millis, number(per_client), number(most)])?;
    let mut jobs = Vec::new();
    while let Some(row) = found.next()? {
        let client: String = row.get(4)?;
        let kind: String = row.get(7)?;
        jobs.push(DueJob {
            seq: FlowSeq(row.get(0)?),
            attempts: row.get(1)?,
            until: UnixTime(row.get(2)?),
            response: row.get(3)?,
            client: ClientId::parse(&client).map_err(|_| corrupt("client id"))?,
            endpoint: row.get(5)?,
            sealed: row.get(6)?,
            is_push: kind == "push",
        });
    }
    Ok(jobs)
}

/// Drops what will not be used any more: of requests that ended without a decision, and of clients that are gone.
pub(super) fn sweep(c: &Connection, now: UnixTime) -> Result<usize> {
    let jobs = c.execute(
        "DELETE FROM job WHERE no IN (
             SELECT no FROM (SELECT no, until FROM job ORDER BY no LIMIT ?2) WHERE until <= ?1)",
        [now.plus(-LEFT_FOR).0, LOOKED_AT],
    )?;
    let notifications = c.execute(
        "DELETE FROM notification WHERE seq IN (
             SELECT n.seq FROM (SELECT seq FROM notification ORDER BY seq LIMIT ?2) AS n
             LEFT JOIN flow f ON f.seq = n.seq
             WHERE (f.seq IS NULL OR f.state <> 0 OR f.expires <= ?1)
                 AND NOT EXISTS (SELECT 1 FROM job WHERE job.seq = n.seq))",
        [now.plus(-LEFT_FOR).0, LOOKED_AT],
    )?;
    Ok(jobs + notifications)
}
