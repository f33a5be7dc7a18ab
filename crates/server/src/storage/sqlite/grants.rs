//! What an account has granted and is still good.

use rusqlite::{Connection, OptionalExtension, params};
use tegata_protocol::{DeviceId, UnixTime};

use super::{flows, notifications, rows::Result, tokens};
use crate::{
    domain::{BackchannelAuthenticationState, FlowSeq},
    storage::{StoreOptions, ops::RevokeGrant, views::GrantRecord},
};

/// Decisions that are looked at, the newest.
const LOOKED_AT: usize = 2000;

/// The account's grants whose tokens are good at `now`, newest first. They are found by the account's own decisions: tokens
/// have no index by account, which every token would be written to.
pub(super) fn of_device(
    c: &Connection,
    device: &DeviceId,
    now: UnixTime,
    most: usize,
) -> Result<Vec<GrantRecord>> {
    let last: Option<Option<i64>> = c
        .prepare_cached(
            "SELECT a.last_evidence FROM device d JOIN account a ON a.no = d.account_no WHERE d.id = ?1",
        )?
        .query_row([device.as_str()], |row| row.get(0))
        .optional()?;
    let mut next = last.flatten();
    let mut decisions =
        c.prepare_cached("SELECT seq, kind, previous FROM evidence WHERE no = ?1")?;
    let mut good = c.prepare_cached(
        "SELECT max(expires), max(CASE WHEN kind = ?3 THEN expires END) FROM token
         WHERE seq = ?1 AND expires > ?2 AND kind IN (?3, ?4)",
    )?;
    let mut grants = Vec::new();
    for _ in 0..LOOKED_AT {
        let Some(no) = next.filter(|_| grants.len() < most) else {
            break;
        };
        let (seq, kind, previous): (i64, i64, Option<i64>) =
            decisions.query_row([no], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        next = previous.filter(|previous| *previous < no);
        if kind != 0 {
            continue;
        }
        let (any, renewable): (Option<i64>, Option<i64>) = good.query_row(
            params![seq, now.0, tokens::REFRESH, tokens::ACCESS],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let Some(any) = any else { continue };
        let Some(loaded) = flows::load(c, FlowSeq(seq))? else {
            continue;
        };
        if let BackchannelAuthenticationState::Redeemed { approval, .. } = loaded.flow.state {
            grants.push(GrantRecord {
                granted_at: approval.at,
                expires: UnixTime(renewable.unwrap_or(any)),
                is_renewable: renewable.is_some(),
                facts: loaded.flow.facts,
            });
        }
    }
    Ok(grants)
}

pub(super) fn revoke(c: &Connection, options: &StoreOptions, op: &RevokeGrant) -> Result<usize> {
    let loaded = flows::by_consent_request_id(c, &options.locator, &op.request)?;
    let account: Option<i64> = c
        .prepare_cached("SELECT account_no FROM device WHERE id = ?1 AND revoked_at IS NULL")?
        .query_row([op.device.as_str()], |row| row.get(0))
        .optional()?;
    let own = loaded.filter(|loaded| account == Some(loaded.account_no));
    let Some(loaded) = own else {
        return Ok(0);
    };
    notifications::forget_response(c, loaded.flow.seq)?;
    tokens::end_all(c, loaded.flow.seq)
}
