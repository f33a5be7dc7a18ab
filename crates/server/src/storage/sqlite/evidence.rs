//! The append-only evidence and its hash chain.
//!
//! `chain(n) = SHA-256(chain(n-1) ‖ len ‖ field ‖ len ‖ field …)` over every stored field of row n, so that a row cannot
//! be changed, dropped or put in between without breaking everything after it.
//!
//! What belongs to one account is linked besides: the account names its newest row, and each row the one before it. These
//! links are outside the chain, which they could not be part of without writing rows twice when accounts go; they follow
//! from what is inside it, and whoever verifies the chain verifies them too.

use ring::digest::{Context, SHA256};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashMap;
use tegata_protocol::{AccountId, Sha256Digest, UnixTime};

use super::{
    flows,
    rows::{self, Result, corrupt},
};
use crate::{
    domain::{Decision, FlowSeq},
    storage::{
        StoreError,
        ops::{Decide, Verdict},
        views::{EvidenceKind, EvidenceRecord, HistoryEntry},
    },
};

const DECISION: i64 = 0;
const REPORT: i64 = 1;

const ROW: &str = "no, seq, account_no, kind, device, decision, challenge, prompt, detail, assertion, receipt, at, chain";

/// One row as stored.
struct Stored {
    no: i64,
    seq: i64,
    account_no: i64,
    kind: i64,
    device: String,
    decision: String,
    challenge: Vec<u8>,
    prompt: String,
    detail: String,
    assertion: String,
    receipt: String,
    at: i64,
    chain: Vec<u8>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            no: row.get(0)?,
            seq: row.get(1)?,
            account_no: row.get(2)?,
            kind: row.get(3)?,
            device: row.get(4)?,
            decision: row.get(5)?,
            challenge: row.get(6)?,
            prompt: row.get(7)?,
            detail: row.get(8)?,
            assertion: row.get(9)?,
            receipt: row.get(10)?,
            at: row.get(11)?,
            chain: row.get(12)?,
        })
    }

    /// The chain's value at this row if the one before had `previous`.
    fn link(&self, previous: &[u8]) -> Vec<u8> {
        let mut context = Context::new(&SHA256);
        let mut field = |bytes: &[u8]| {
            context.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(bytes);
        };
        field(previous);
        for number in [self.no, self.seq, self.account_no, self.kind, self.at] {
            field(&number.to_be_bytes());
        }
        for text in [
            &self.device,
            &self.decision,
            &self.prompt,
            &self.detail,
            &self.assertion,
            &self.receipt,
        ] {
            field(text.as_bytes());
        }
        field(&self.challenge);
        context.finish().as_ref().to_vec()
    }

    fn kind(&self) -> Result<EvidenceKind> {
        match self.kind {
            DECISION => Ok(EvidenceKind::Decision),
            REPORT => Ok(EvidenceKind::Report),
            _ => Err(corrupt("evidence of an unknown kind")),
        }
    }
}

/// What evidence there is against repeating oneself.
pub(super) struct Earlier {
    pub(super) receipt: String,
}

/// The evidence of `seq` with this very challenge, if there is some.
pub(super) fn with_challenge(
    c: &Connection,
    seq: FlowSeq,
    challenge: &Sha256Digest,
) -> Result<Option<Earlier>> {
    let receipt = c
        .prepare_cached("SELECT receipt FROM evidence WHERE seq = ?1 AND challenge = ?2")?
        .query_row(params![seq.0, challenge.0], |row| row.get(0))
        .optional()?;
    Ok(receipt.map(|receipt| Earlier { receipt }))
}

/// Appends a decision, or a report about one.
pub(super) fn append(
    c: &Connection,
    seq: FlowSeq,
    account_no: i64,
    kind: EvidenceKind,
    prompt: &str,
    op: &Decide,
    receipt: &str,
) -> Result<()> {
    let decision = match op.verdict {
        Verdict::Approve { .. } => Decision::Approve,
        Verdict::Deny { .. } => Decision::Deny,
    };
    let last: Option<(i64, Vec<u8>)> = c
        .prepare_cached("SELECT no, chain FROM evidence ORDER BY no DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (last_no, previous) = last.unwrap_or((0, Vec::new()));
    let mut row = Stored {
        no: last_no + 1,
        seq: seq.0,
        account_no,
        kind: match kind {
            EvidenceKind::Decision => DECISION,
            EvidenceKind::Report => REPORT,
        },
        device: op.device.as_str().to_owned(),
        decision: rows::to_json(&decision)?,
        challenge: op.challenge.0.to_vec(),
        prompt: prompt.to_owned(),
        detail: op.detail.clone(),
        assertion: op.assertion.clone(),
        receipt: receipt.to_owned(),
        at: op.now.0,
        chain: Vec::new(),
    };
    row.chain = row.link(&previous);
    let earlier: Option<i64> = c
        .prepare_cached("SELECT last_evidence FROM account WHERE no = ?1")?
        .query_row([account_no], |row| row.get(0))
        .optional()?
        .flatten();
    c.prepare_cached(&format!(
        "INSERT INTO evidence ({ROW}, previous) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
    ))?
    .execute(params![
        row.no,
        row.seq,
        row.account_no,
        row.kind,
        row.device,
        row.decision,
        row.challenge,
        row.prompt,
        row.detail,
        row.assertion,
        row.receipt,
        row.at,
        row.chain,
        earlier
    ])?;
    c.prepare_cached("UPDATE account SET last_evidence = ?1 WHERE no = ?2")?
        .execute([row.no, account_no])?;
    c.prepare_cached(
        "INSERT OR IGNORE INTO asked SELECT account_no, client_no FROM flow WHERE seq = ?1",
    )?
    .execute([seq.0])?;
    Ok(())
}

pub(super) fn of_flow(c: &Connection, seq: FlowSeq) -> Result<Vec<EvidenceRecord>> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {ROW} FROM evidence WHERE seq = ?1 ORDER BY no"
    ))?;
    let mut found = statement.query([seq.0])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        let stored = Stored::read(row)?;
        all.push(EvidenceRecord {
            kind: stored.kind()?,
            device: rows::device_id(&stored.device)?,
            prompt: stored.prompt,
            detail: stored.detail,
            assertion: stored.assertion,
            receipt: stored.receipt,
            at: UnixTime(stored.at),
            chain: rows::digest(&stored.chain)?,
        });
    }
    Ok(all)
}

pub(super) fn history(
    c: &Connection,
    account: &AccountId,
    limit: u32,
) -> Result<Vec<HistoryEntry>> {
    let Some(account_no) = super::accounts::account_no(c, account)? else {
        return Ok(Vec::new());
    };
    let mut next: Option<i64> = c
        .prepare_cached("SELECT last_evidence FROM account WHERE no = ?1")?
        .query_row([account_no], |row| row.get(0))?;
    let mut statement = c.prepare_cached(&format!(
        "SELECT {ROW}, previous FROM evidence WHERE no = ?1"
    ))?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut all = Vec::new();
    while let Some(no) = next
        && all.len() < most
    {
        let (stored, previous) = statement.query_row([no], |row| {
            Ok((Stored::read(row)?, row.get::<_, Option<i64>>(13)?))
        })?;
        // A link that leads to another account's row, or not back in time, would show somebody else's history, or go on for ever.
        if stored.account_no != account_no || previous.is_some_and(|previous| previous >= no) {
            return Err(StoreError::Corrupt(format!(
                "evidence row {no} is not the account's, or not in its place"
            )));
        }
        next = previous;
        if stored.kind != DECISION {
            continue;
        }
        let facts = flows::facts(c, FlowSeq(stored.seq))?
            .ok_or_else(|| corrupt("evidence without its request"))?;
        all.push(HistoryEntry {
            request: facts.consent_request_id,
            client: facts.client_id,
            device: rows::device_id(&stored.device)?,
            decision: rows::from_json(&stored.decision, "decision")?,
            at: UnixTime(stored.at),
            receipt: stored.receipt,
        });
    }
    Ok(all)
}

pub(super) fn verify_chain(c: &Connection) -> Result<u64> {
    let mut statement = c.prepare(&format!("SELECT {ROW}, previous FROM evidence ORDER BY no"))?;
    let mut found = statement.query([])?;
    let (mut count, mut chain) = (0, Vec::new());
    // The newest row of each account so far.
    let mut newest: HashMap<i64, i64> = HashMap::new();
    while let Some(row) = found.next()? {
        let stored = Stored::read(row)?;
        let previous: Option<i64> = row.get(13)?;
        count += 1;
        let expected_no = i64::try_from(count).unwrap_or(i64::MAX);
        let link = stored.link(&chain);
        if stored.no != expected_no || link != stored.chain {
            return Err(StoreError::Corrupt(format!(
                "evidence row {expected_no} does not continue the chain"
            )));
        }
        if newest.insert(stored.account_no, stored.no) != previous {
            return Err(StoreError::Corrupt(format!(
                "evidence row {expected_no} does not follow the account's row before it"
            )));
        }
        chain = link;
    }
    verify_newest(c, &newest)?;
    Ok(count)
}

/// Every account that is there names its newest row. Those that were removed have left rows behind.
fn verify_newest(c: &Connection, newest: &HashMap<i64, i64>) -> Result<()> {
    let mut statement = c.prepare("SELECT no, id, last_evidence FROM account")?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let (no, id): (i64, String) = (row.get(0)?, row.get(1)?);
        let named: Option<i64> = row.get(2)?;
        if named != newest.get(&no).copied() {
            return Err(StoreError::Corrupt(format!(
                "account {id} does not name its newest evidence"
            )));
        }
    }
    Ok(())
}
