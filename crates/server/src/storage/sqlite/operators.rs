//! Operators, the links that enrol them, and the lists that their pages show.

use rusqlite::{Connection, OptionalExtension, params};
use tegata_protocol::{ConsentRequestId, DeviceId, Sha256Digest, UnixTime};

use super::{
    accounts::is_taken,
    flows::{self, Loaded},
    rows::{self, PENDING, Result, corrupt},
};
use crate::{
    domain::{
        Account, Client, FlowSeq, Locator, Operator, OperatorId, OperatorInvitation, PairedDevice,
    },
    storage::{
        ops::{
            EnrolOperator, EnrolOperatorOutcome, InviteOperator, RemoveOperator, SuspendClient,
            UpdateOperator,
        },
        views::{Counts, FlowRecord, Slice},
    },
};

pub(super) fn invite(c: &Connection, op: &InviteOperator) -> Result<bool> {
    let invitation = &op.invitation;
    let enrolled: bool = c.query_row(
        "SELECT EXISTS (SELECT 1 FROM operator WHERE name = ?1)",
        [&invitation.name],
        |row| row.get(0),
    )?;
    if enrolled {
        return Ok(false);
    }
    c.execute(
        "DELETE FROM operator_invitation WHERE name = ?1 OR expires <= ?2",
        params![invitation.name, op.now.0],
    )?;
    c.execute(
        "INSERT INTO operator_invitation (hash, name, expires) VALUES (?1, ?2, ?3)",
        params![invitation.hash.0, invitation.name, invitation.expires.0],
    )?;
    Ok(true)
}

pub(super) fn enrol(c: &Connection, op: &EnrolOperator) -> Result<EnrolOperatorOutcome> {
    let used = c.execute(
        "DELETE FROM operator_invitation WHERE hash = ?1 AND name = ?2 AND expires > ?3",
        params![op.invitation.0, op.operator.name, op.now.0],
    )?;
    if used == 0 {
        return Ok(EnrolOperatorOutcome::Gone);
    }
    let operator = &op.operator;
    let inserted = c.execute(
        "INSERT INTO operator (id, name, credential, since) VALUES (?1, ?2, ?3, ?4)",
        params![
            operator.id.as_str(),
            operator.name,
            operator.credential,
            operator.since.0
        ],
    );
    Ok(if is_taken(inserted)? {
        EnrolOperatorOutcome::Taken
    } else {
        EnrolOperatorOutcome::Enrolled
    })
}

pub(super) fn update(c: &Connection, op: &UpdateOperator) -> Result<bool> {
    let changed = c.execute(
        "UPDATE operator SET credential = ?1 WHERE id = ?2",
        params![op.credential, op.operator.as_str()],
    )?;
    Ok(changed == 1)
}

pub(super) fn remove(c: &Connection, op: &RemoveOperator) -> Result<bool> {
    let links = c.execute(
        "DELETE FROM operator_invitation WHERE name = ?1",
        [&op.name],
    )?;
    let operators = c.execute("DELETE FROM operator WHERE name = ?1", [&op.name])?;
    Ok(links + operators > 0)
}

pub(super) fn suspend_client(c: &Connection, op: &SuspendClient) -> Result<bool> {
    let changed = c.execute(
        "UPDATE client SET settings = json_set(settings, '$.suspended', json(?1)) WHERE id = ?2",
        params![
            if op.suspended { "true" } else { "false" },
            op.client.as_str()
        ],
    )?;
    Ok(changed == 1)
}

pub(super) fn operators(c: &Connection) -> Result<Vec<Operator>> {
    let mut statement =
        c.prepare("SELECT id, name, credential, since FROM operator ORDER BY name")?;
    let mut found = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(Operator {
            id: OperatorId::parse(&row.get::<_, String>(0)?)
                .ok_or_else(|| corrupt("operator id"))?,
            name: row.get(1)?,
            credential: row.get(2)?,
            since: UnixTime(row.get(3)?),
        });
    }
    Ok(all)
}

pub(super) fn invitation(
    c: &Connection,
    hash: &Sha256Digest,
    now: UnixTime,
) -> Result<Option<OperatorInvitation>> {
    Ok(c.prepare_cached(
        "SELECT name, expires FROM operator_invitation WHERE hash = ?1 AND expires > ?2",
    )?
    .query_row(params![hash.0, now.0], |row| {
        Ok(OperatorInvitation {
            hash: *hash,
            name: row.get(0)?,
            expires: UnixTime(row.get(1)?),
        })
    })
    .optional()?)
}

pub(super) fn counts(c: &Connection, now: UnixTime) -> Result<Counts> {
    let counts = c.query_row(
        "SELECT (SELECT count(*) FROM account),
                (SELECT count(*) FROM account WHERE test),
                (SELECT count(*) FROM device WHERE revoked_at IS NULL),
                (SELECT count(*) FROM client),
                (SELECT count(*) FROM flow WHERE state = ?1 AND expires > ?2)",
        params![PENDING, now.0],
        |row| {
            Ok(Counts {
                accounts: row.get(0)?,
                test_accounts: row.get(1)?,
                devices: row.get(2)?,
                clients: row.get(3)?,
                pending: row.get(4)?,
            })
        },
    )?;
    Ok(counts)
}

/// What is searched for, as a pattern that finds it anywhere.
fn pattern(search: &str) -> String {
    let escaped: String = search
        .chars()
        .flat_map(|c| {
            let escape = matches!(c, '%' | '_' | '\\').then_some('\\');
            escape.into_iter().chain([c])
        })
        .collect();
    format!("%{escaped}%")
}

pub(super) fn accounts_like(c: &Connection, search: &str, slice: Slice) -> Result<Vec<Account>> {
    let mut statement = c.prepare(&format!(
        r"SELECT {} FROM account WHERE login_name LIKE ?1 ESCAPE '\' OR display_name LIKE ?1 ESCAPE '\'
          ORDER BY login_name LIMIT ?2 OFFSET ?3",
        rows::ACCOUNT
    ))?;
    let mut found = statement.query(params![pattern(search), slice.limit, slice.offset])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(rows::account(row)?);
    }
    Ok(all)
}

pub(super) fn clients_like(c: &Connection, search: &str, slice: Slice) -> Result<Vec<Client>> {
    let mut statement = c.prepare(&format!(
        r"SELECT {} FROM client WHERE id LIKE ?1 ESCAPE '\' OR name LIKE ?1 ESCAPE '\'
          ORDER BY id LIMIT ?2 OFFSET ?3",
        rows::CLIENT
    ))?;
    let mut found = statement.query(params![pattern(search), slice.limit, slice.offset])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(rows::client(row)?);
    }
    Ok(all)
}

pub(super) fn devices_like(
    c: &Connection,
    search: &str,
    slice: Slice,
) -> Result<Vec<(PairedDevice, String)>> {
    let mut statement = c.prepare(&format!(
        r"SELECT {}, account.login_name FROM device JOIN account ON account.no = device.account_no
          JOIN device_document ON device_document.device_no = device.no
          WHERE account.login_name LIKE ?1 ESCAPE '\'
              OR json_extract(device_document.registration, '$.device_name') LIKE ?1 ESCAPE '\'
          ORDER BY device.no DESC LIMIT ?2 OFFSET ?3",
        rows::DEVICE
    ))?;
    let mut found = statement.query(params![pattern(search), slice.limit, slice.offset])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push((rows::device(row)?, row.get("login_name")?));
    }
    Ok(all)
}

pub(super) fn newest_flows(
    c: &Connection,
    open_at: Option<UnixTime>,
    slice: Slice,
) -> Result<Vec<FlowRecord>> {
    let sequences: Vec<i64> = c
        .prepare(
            "SELECT seq FROM flow WHERE ?1 IS NULL OR (state = ?2 AND expires > ?1)
             ORDER BY seq DESC LIMIT ?3 OFFSET ?4",
        )?
        .query_map(
            params![open_at.map(|at| at.0), PENDING, slice.limit, slice.offset],
            |row| row.get(0),
        )?
        .collect::<std::result::Result<_, _>>()?;
    let mut all = Vec::with_capacity(sequences.len());
    for seq in sequences {
        if let Some(loaded) = flows::load(c, FlowSeq(seq))? {
            all.push(record(c, loaded)?);
        }
    }
    Ok(all)
}

pub(super) fn flow(
    c: &Connection,
    locator: &Locator,
    id: &ConsentRequestId,
) -> Result<Option<FlowRecord>> {
    flows::by_consent_request_id(c, locator, id)?
        .map(|loaded| record(c, loaded))
        .transpose()
}

fn record(c: &Connection, loaded: Loaded) -> Result<FlowRecord> {
    let (asked, seen): (u32, Option<i64>) = c
        .prepare_cached("SELECT count(*), min(seen) FROM prompt WHERE seq = ?1")?
        .query_row([loaded.flow.seq.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let login_name = c
        .prepare_cached("SELECT login_name FROM account WHERE no = ?1")?
        .query_row([loaded.account_no], |row| row.get(0))
        .optional()?;
    let calls_left: Option<u32> = c
        .prepare_cached("SELECT attempts FROM job WHERE seq = ?1 ORDER BY no DESC LIMIT 1")?
        .query_row([loaded.flow.seq.0], |row| row.get(0))
        .optional()?;
    let (device, device_name): (Option<DeviceId>, Option<String>) = loaded
        .settlement
        .map(|settlement| (settlement.device, settlement.device_name))
        .unzip();
    Ok(FlowRecord {
        flow: loaded.flow,
        login_name,
        asked,
        seen: seen.map(UnixTime),
        decided_by: device.zip(device_name),
        callback_attempts: calls_left,
    })
}
