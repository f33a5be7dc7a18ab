//! Devices.

use rusqlite::{Connection, OptionalExtension, params};
use tegata_protocol::{
    AccountId, DeviceId, Sha256Digest, Thumbprint, UnixTime, device::management::NoticeKind,
};

use super::{
    notices, pairings,
    rows::{self, Refused, Result},
    tokens,
};
use crate::{
    domain::{FlowSeq, PairedDevice},
    storage::ops::{
        CountApproval, CountPossession, CountPossessionOutcome, Countersign, RevokeDevice,
        RevokeDeviceOutcome, TouchDevice,
    },
};

/// Seconds within which a second sighting is not stored.
const TOUCH_SECONDS: i64 = 60;

pub(super) fn device_no(c: &Connection, id: &DeviceId) -> Result<Option<i64>> {
    Ok(c.prepare_cached("SELECT no FROM device WHERE id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?)
}

fn select(
    c: &Connection,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<PairedDevice>> {
    let sql = format!(
        "SELECT {} FROM device JOIN device_document ON device_document.device_no = device.no
         JOIN account ON account.no = device.account_no {condition} ORDER BY device.no",
        rows::DEVICE
    );
    let mut statement = c.prepare_cached(&sql)?;
    let mut found = statement.query(parameters)?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(rows::device(row)?);
    }
    Ok(all)
}

pub(super) fn device(c: &Connection, id: &DeviceId) -> Result<Option<PairedDevice>> {
    Ok(select(c, "WHERE device.id = ?1", [id.as_str()])?.pop())
}

pub(super) fn device_by_possession(
    c: &Connection,
    key: &Thumbprint,
) -> Result<Option<PairedDevice>> {
    Ok(select(c, "WHERE device.possession = ?1", [key.0.0])?.pop())
}

pub(super) fn devices_of(c: &Connection, account: &AccountId) -> Result<Vec<PairedDevice>> {
    select(c, "WHERE account.id = ?1", [account.as_str()])
}

pub(super) fn devices(c: &Connection) -> Result<Vec<PairedDevice>> {
    select(c, "", [])
}

pub(super) fn countersign(c: &Connection, op: &Countersign) -> Result<bool> {
    let changed = c.execute(
        "UPDATE device_document SET countersignature = ?1
         WHERE device_no = (SELECT no FROM device WHERE id = ?2) AND countersignature IS NULL AND receipt = ?3",
        params![op.jws, op.device.as_str(), op.receipt],
    )?;
    Ok(changed == 1)
}

pub(super) fn revoke(c: &Connection, op: &RevokeDevice) -> Result<RevokeDeviceOutcome> {
    let Some(device) = device(c, &op.device)? else {
        return Ok(RevokeDeviceOutcome::Unknown);
    };
    Ok(if revoke_device(c, &device, None, op.now)? {
        RevokeDeviceOutcome::Revoked
    } else {
        RevokeDeviceOutcome::AlreadyRevoked
    })
}

/// Revokes a device with all that rests on it, for the device in row `by` if one wants that; the account's other devices
/// get to know. `false`: it was revoked before.
pub(super) fn revoke_device(
    c: &Connection,
    device: &PairedDevice,
    by: Option<i64>,
    now: UnixTime,
) -> Result<bool> {
    let found: Option<(i64, i64)> = c
        .query_row(
            "UPDATE device SET revoked_at = ?1 WHERE id = ?2 AND revoked_at IS NULL
             RETURNING no, account_no",
            params![now.0, device.id.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((no, account_no)) = found else {
        return Ok(false);
    };
    take_back_approvals(c, no, &device.id, now)?;
    pairings::end_sessions(c, "device_no", no, now)?;
    if !device.is_simulated() {
        let news = notices::News {
            account_no,
            what: NoticeKind::DeviceRemoved,
            device_name: &device.registration.device_name,
            about: Some(no),
            by,
            at: now,
        };
        notices::add(c, &news)?;
    }
    Ok(true)
}

/// What a device approved is as good as the device: what has not been collected is withdrawn, and tokens end.
fn take_back_approvals(c: &Connection, no: i64, device: &DeviceId, now: UnixTime) -> Result<()> {
    let mut statement = c.prepare(
        "WITH RECURSIVE chained(no) AS (
             SELECT a.last_evidence FROM account a JOIN device d ON d.account_no = a.no WHERE d.no = ?1
             UNION ALL SELECT e.previous FROM chained JOIN evidence e ON e.no = chained.no)
         SELECT e.seq FROM chained JOIN evidence e ON e.no = chained.no WHERE e.device = ?2 AND e.kind = 0",
    )?;
    let mut found = statement.query(params![no, device.as_str()])?;
    while let Some(row) = found.next()? {
        let seq = FlowSeq(row.get(0)?);
        c.prepare_cached("UPDATE flow SET state = ?1, at = ?2 WHERE seq = ?3 AND state = ?4")?
            .execute(params![rows::WITHDRAWN, now.0, seq.0, rows::APPROVED])?;
        tokens::end_all(c, seq)?;
    }
    Ok(())
}

pub(super) fn touch(c: &Connection, op: &TouchDevice) -> Result<bool> {
    let changed = c
        .prepare_cached(
            "UPDATE device SET last_seen = ?1 WHERE id = ?2 AND (last_seen IS NULL OR last_seen <= ?1 - ?3)",
        )?
        .execute(params![op.now.0, op.device.as_str(), TOUCH_SECONDS])?;
    Ok(changed == 1)
}

pub(super) fn count_possession(
    c: &Connection,
    op: &CountPossession,
) -> Result<CountPossessionOutcome> {
    count(c, "possession_counter", &op.device, op.counter)
}

pub(super) fn count_approval(c: &Connection, op: &CountApproval) -> Result<CountPossessionOutcome> {
    // The same approval again, after a lost answer.
    let refused = refusal(c, &op.device, op.counter, &op.challenge)?;
    if refused == Some(Refused::AssuranceTooLow) {
        return Ok(CountPossessionOutcome::Counted);
    }
    // The counter of a key that was replaced meanwhile is not the new one's.
    let is_foreign: bool = c
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM device WHERE id = ?1 AND revoked_at IS NULL AND approval <> ?2)",
        )?
        .query_row(params![op.device.as_str(), op.credential.0.0], |row| {
            row.get(0)
        })?;
    if is_foreign {
        return Ok(CountPossessionOutcome::ForeignKey);
    }
    let outcome = count(c, "approval_counter", &op.device, op.counter)?;
    if outcome == CountPossessionOutcome::Counted {
        remember_refusal(
            c,
            &op.device,
            op.counter,
            &op.challenge,
            Refused::AssuranceTooLow,
        )?;
    }
    Ok(outcome)
}

/// How the approval with this very counter and challenge was refused, if it was an active device's last refused one.
pub(super) fn refusal(
    c: &Connection,
    device: &DeviceId,
    counter: u32,
    challenge: &Sha256Digest,
) -> Result<Option<Refused>> {
    let text: Option<String> = c
        .prepare_cached(
            "SELECT r.refused FROM refusal r JOIN device d ON d.no = r.device_no
             WHERE d.id = ?1 AND d.revoked_at IS NULL AND r.counter = ?2 AND r.challenge = ?3",
        )?
        .query_row(params![device.as_str(), counter, challenge.0], |row| {
            row.get(0)
        })
        .optional()?;
    text.map(|text| rows::from_json(&text, "refusal"))
        .transpose()
}

/// Keeps how an approval was refused; only the last one of each device.
pub(super) fn remember_refusal(
    c: &Connection,
    device: &DeviceId,
    counter: u32,
    challenge: &Sha256Digest,
    refused: Refused,
) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO refusal (device_no, counter, challenge, refused)
         SELECT no, ?2, ?3, ?4 FROM device WHERE id = ?1
         ON CONFLICT (device_no) DO UPDATE SET
             counter = excluded.counter, challenge = excluded.challenge, refused = excluded.refused",
    )?
    .execute(params![
        device.as_str(),
        counter,
        challenge.0,
        rows::to_json(&refused)?
    ])?;
    Ok(())
}

/// Whether one of `keys` belongs, or belonged, to any device or pairing.
pub(super) fn is_key_in_use(c: &Connection, keys: &[Thumbprint]) -> Result<bool> {
    let mut statement = c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM device WHERE possession = ?1 OR approval = ?1)
             OR EXISTS (SELECT 1 FROM pairing WHERE possession = ?1 OR approval = ?1)
             OR EXISTS (SELECT 1 FROM former_key WHERE thumbprint = ?1)",
    )?;
    for key in keys {
        if statement.query_row([key.0.0], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Raises a counter; `column` is a name of ours.
fn count(
    c: &Connection,
    column: &str,
    device: &DeviceId,
    counter: u32,
) -> Result<CountPossessionOutcome> {
    let changed = c
        .prepare_cached(&format!(
            "UPDATE device SET {column} = ?1 WHERE id = ?2 AND revoked_at IS NULL AND {column} < ?1"
        ))?
        .execute(params![counter, device.as_str()])?;
    if changed == 1 {
        return Ok(CountPossessionOutcome::Counted);
    }
    let regressed = mark_suspect(c, device)?;
    Ok(if regressed {
        CountPossessionOutcome::Regressed
    } else {
        CountPossessionOutcome::Unknown
    })
}

/// Marks an active device suspect. `false`: there is none.
pub(super) fn mark_suspect(c: &Connection, id: &DeviceId) -> Result<bool> {
    let changed = c.execute(
        "UPDATE device SET suspect = 1 WHERE id = ?1 AND revoked_at IS NULL",
        [id.as_str()],
    )?;
    Ok(changed == 1)
}
