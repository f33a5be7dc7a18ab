//! Simulated devices: rows like those of any device, for accounts and clients that were made for tests.

use rusqlite::{Connection, params};
use tegata_protocol::{ClientId, DeviceId, Sha256Digest};

use super::{
    devices, flows,
    rows::{self, Result, corrupt},
};
use crate::{
    domain::Grade,
    storage::{StoreOptions, ops::AskSimulatedDevice},
};

/// Whether account and client were both made for tests, as they are in this commit.
pub(super) fn is_for_tests(c: &Connection, account_no: i64, client: &ClientId) -> Result<bool> {
    Ok(c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM account WHERE no = ?1 AND test = 1)
             AND EXISTS (SELECT 1 FROM client WHERE id = ?2 AND json_extract(settings, '$.test') = 1)",
    )?
    .query_row(params![account_no, client.as_str()], |row| row.get(0))?)
}

/// Whether there is an account that was made for tests.
pub(super) fn has_test_accounts(c: &Connection) -> Result<bool> {
    Ok(
        c.prepare_cached("SELECT EXISTS (SELECT 1 FROM account WHERE test = 1)")?
            .query_row([], |row| row.get(0))?,
    )
}

pub(super) fn ask(c: &Connection, options: &StoreOptions, op: &AskSimulatedDevice) -> Result<bool> {
    // 1. The request is open, and everybody in it is for tests.
    let Some(loaded) = flows::by_consent_request_id(c, &options.locator, &op.request)? else {
        return Ok(false);
    };
    let client = &loaded.flow.facts.client_id;
    if !loaded.flow.is_pending(op.now) || !is_for_tests(c, loaded.account_no, client)? {
        return Ok(false);
    }
    // 2. The device, the first time.
    let id = &op.prompt.device;
    let made = c
        .prepare_cached(
            "INSERT INTO device (id, account_no, grade, possession, approval, paired_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            id.as_str(),
            loaded.account_no,
            rows::to_json(&Grade::Simulated)?,
            no_key("possession", id).0,
            no_key("approval", id).0,
            op.now.0,
        ])?;
    if made == 1 {
        c.prepare_cached(
            "INSERT INTO device_document (device_no, registration, receipt) VALUES (?1, ?2, '')",
        )?
        .execute(params![
            c.last_insert_rowid(),
            rows::to_json(&op.registration)?
        ])?;
    }
    let device_no =
        devices::device_no(c, id)?.ok_or_else(|| corrupt("a device that was just stored"))?;
    // 3. Its prompt; one that it was sent before stays.
    c.prepare_cached(
        "INSERT INTO prompt (device_no, seq, nonce, jws) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (seq, device_no) DO NOTHING",
    )?
    .execute(params![
        device_no,
        loaded.flow.seq.0,
        op.prompt.nonce,
        op.prompt.jws
    ])?;
    Ok(true)
}

/// What stands in the columns by which devices are found by their keys. All simulated devices have the same keys, and none
/// is to be found by them: no key has this thumbprint, so nobody can prove to be such a device.
fn no_key(role: &str, device: &DeviceId) -> Sha256Digest {
    Sha256Digest::of(format!("tegata simulated {role} {device}").as_bytes())
}
