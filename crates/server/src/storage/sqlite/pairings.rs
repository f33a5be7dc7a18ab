//! Pairings (device protocol, sections 4.2 to 4.5).

use rusqlite::{Connection, OptionalExtension, Row, params};
use tegata_protocol::{
    AccountId, DeviceId, PairingId, Thumbprint, UnixTime, bytes::constant_time_eq,
    device::management::NoticeKind,
};

use super::{
    devices,
    issuing::session_id,
    management, notices,
    rows::{self, Result, corrupt},
};
use crate::{
    domain::{FlowSeq, Grade, Pairing, PairingState, Registration},
    storage::{
        StoreOptions,
        ops::{
            ConfirmPairing, ConfirmPairingOutcome, Moved, SubmitRegistration,
            SubmitRegistrationOutcome,
        },
        views::{Adding, SubmittedPairing},
    },
};

/// Wrong codes that end a pairing.
pub(super) const TRIES: u8 = 3;

const OFFERED: i64 = 0;
pub(super) const SUBMITTED: i64 = 1;
pub(super) const CONFIRMED: i64 = 2;
pub(super) const FAILED: i64 = 3;

pub(super) fn submit(c: &Connection, op: &SubmitRegistration) -> Result<SubmitRegistrationOutcome> {
    let Some(pairing) = pairing_where(c, "p.id", op.pairing.as_str())? else {
        return Ok(SubmitRegistrationOutcome::Unknown);
    };
    if pairing.state != PairingState::Offered {
        return Ok(SubmitRegistrationOutcome::NotOffered);
    }
    if op.now >= pairing.expires {
        return Ok(SubmitRegistrationOutcome::Expired);
    }
    let keys = [
        op.registration.possession_thumbprint,
        op.registration.approval_thumbprint,
    ];
    // Whoever has the code of somebody else's invitation uses it up, and pairs nothing.
    let ended = c
        .prepare_cached(
            "UPDATE pairing SET state = ?1 WHERE id = ?2 AND session_no IN
                 (SELECT session_no FROM invitation WHERE bound IS NOT NULL AND bound <> ?3)",
        )?
        .execute(params![FAILED, op.pairing.as_str(), keys[0].0.0])?;
    if ended > 0 {
        return Ok(SubmitRegistrationOutcome::ForeignKey);
    }
    if devices::is_key_in_use(c, &keys)? || keys[0] == keys[1] {
        return Ok(SubmitRegistrationOutcome::KeyInUse);
    }
    let changed = c.execute(
        "UPDATE pairing SET state = ?1, device_id = ?2, registration = ?3, possession = ?4, approval = ?5,
             reveal = ?6, code = ?7, receipt = ?8
         WHERE id = ?9 AND state = ?10",
        params![
            SUBMITTED,
            op.device.as_str(),
            rows::to_json(&op.registration)?,
            keys[0].0.0,
            keys[1].0.0,
            op.reveal,
            // EXPOSE: kept until confirmed, to compare with what is typed.
            op.confirmation_code.expose(),
            op.pairing_receipt,
            op.pairing.as_str(),
            OFFERED,
        ],
    )?;
    Ok(if changed == 1 {
        SubmitRegistrationOutcome::Submitted
    } else {
        SubmitRegistrationOutcome::NotOffered
    })
}

pub(super) fn confirm(
    c: &Connection,
    options: &StoreOptions,
    op: &ConfirmPairing,
) -> Result<ConfirmPairingOutcome> {
    let found = c
        .query_row(
            "SELECT s.no, s.account_no, s.grade, p.code, p.receipt, s.device_no, s.moving
             FROM issuing_session s LEFT JOIN pairing p ON p.session_no = s.no WHERE s.id = ?1",
            [op.session.as_str()],
            |row| {
                let (no, account, grade): (i64, i64, String) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok((
                    no,
                    account,
                    grade,
                    row.get::<_, Option<String>>(3)?,
                    row.get::<_, Option<String>>(4)?,
                    (row.get::<_, Option<i64>>(5)?, row.get::<_, bool>(6)?),
                ))
            },
        )
        .optional()?;
    let Some((session, account, grade, code, receipt, (by, moving))) = found else {
        return Ok(ConfirmPairingOutcome::Unknown);
    };
    // Revoked since its proof was checked: what it began has ended with it.
    let active = active_devices(c, account)?;
    if by.is_some_and(|by| active.iter().all(|(one, _)| *one != by)) {
        return Ok(ConfirmPairingOutcome::Failed);
    }
    let pairing = pairing_where(c, "s.id", op.session.as_str())?;
    let over = pairing
        .as_ref()
        .is_some_and(|pairing| op.now >= pairing.expires);
    let (device, registration, tries) = match pairing.map(|pairing| pairing.state) {
        None | Some(PairingState::Offered) if !over => return Ok(ConfirmPairingOutcome::NotReady),
        Some(PairingState::Failed { .. }) => return Ok(ConfirmPairingOutcome::Failed),
        Some(PairingState::Confirmed { .. }) => return Ok(ConfirmPairingOutcome::Unknown),
        Some(PairingState::Submitted {
            device,
            registration,
            tries,
            ..
        }) if !over => (device, registration, tries),
        _ => return Ok(ConfirmPairingOutcome::Expired),
    };
    let (Some(code), Some(receipt)) = (code, receipt) else {
        return Err(corrupt("a submitted pairing without its code"));
    };
    // EXPOSE: compared in constant time.
    if !constant_time_eq(code.as_bytes(), op.code.expose().as_bytes()) {
        let tries = tries + 1;
        let state = if tries >= TRIES { FAILED } else { SUBMITTED };
        c.execute(
            "UPDATE pairing SET tries = ?1, state = ?2 WHERE session_no = ?3",
            params![tries, state, session],
        )?;
        return Ok(if tries >= TRIES {
            ConfirmPairingOutcome::Failed
        } else {
            ConfirmPairingOutcome::WrongCode {
                tries_left: TRIES - tries,
            }
        });
    }
    c.execute(
        "UPDATE pairing SET state = ?1, code = NULL WHERE session_no = ?2 AND state = ?3",
        params![CONFIRMED, session, SUBMITTED],
    )?;
    let news = notices::News {
        account_no: account,
        what: NoticeKind::DeviceAdded,
        device_name: &registration.device_name,
        about: None,
        by,
        at: op.now,
    };
    notices::add(c, &news)?;
    // Asked before anything is moved, and of what is stored: the order of commits, not of seconds.
    let waits_since = waits_since(c, account, by.map(|by| (by, moving)), op.now)?;
    // The old device's end and the new one's start are one commit.
    let moved = match by.filter(|_| moving) {
        Some(by) => move_from(c, options, by, account, op.now)?,
        None => None,
    };
    let others = active_devices(c, account)?
        .into_iter()
        .map(|(_, id)| id)
        .collect();
    c.execute(
        "INSERT INTO device (id, account_no, grade, possession, approval, paired_at, waits_since)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            device.as_str(),
            account,
            grade,
            registration.possession_thumbprint.0.0,
            registration.approval_thumbprint.0.0,
            op.now.0,
            waits_since,
        ],
    )?;
    c.execute(
        "INSERT INTO device_document (device_no, registration, receipt) VALUES (?1, ?2, ?3)",
        params![
            c.last_insert_rowid(),
            rows::to_json(&*registration)?,
            receipt
        ],
    )?;
    Ok(ConfirmPairingOutcome::Confirmed {
        device,
        device_name: registration.device_name,
        others,
        moved,
    })
}

/// Since when the device waits that is confirmed now, by the device in a row of which a move may be made, or by nobody's
/// device; `None` if it need not wait.
fn waits_since(
    c: &Connection,
    account: i64,
    by: Option<(i64, bool)>,
    now: UnixTime,
) -> Result<Option<i64>> {
    match by {
        // What the old one was allowed the new one is.
        Some((by, true)) => Ok(c.query_row(
            "SELECT waits_since FROM device WHERE no = ?1",
            [by],
            |row| row.get(0),
        )?),
        Some((_, false)) => Ok(Some(now.0)),
        None => {
            let has_others: bool = c.query_row(
                "SELECT EXISTS (SELECT 1 FROM device
                     WHERE account_no = ?1 AND revoked_at IS NULL AND grade <> ?2)",
                params![account, rows::to_json(&Grade::Simulated)?],
                |row| row.get(0),
            )?;
            Ok((!has_others).then_some(now.0))
        }
    }
}

/// Ends the device in row `no`, whose owner goes on with another.
fn move_from(
    c: &Connection,
    options: &StoreOptions,
    no: i64,
    account: i64,
    now: UnixTime,
) -> Result<Option<Moved>> {
    let active = active_devices(c, account)?;
    let Some((_, from)) = active.into_iter().find(|(one, _)| *one == no) else {
        return Ok(None);
    };
    let closed = management::close_moved(c, options, no, account, now)?;
    let device = devices::device(c, &from)?.ok_or_else(|| corrupt("an active device"))?;
    devices::revoke_device(c, &device, Some(no), now)?;
    Ok(Some(Moved { from, closed }))
}

/// Ends sessions that led to no device yet, of the device or the approval in `column` (a name of ours).
pub(super) fn end_sessions(c: &Connection, column: &str, value: i64, now: UnixTime) -> Result<()> {
    let sessions: Vec<i64> = c
        .prepare_cached(&format!(
            "SELECT s.no FROM issuing_session s LEFT JOIN pairing p ON p.session_no = s.no
             WHERE s.{column} = ?1 AND p.state IS NOT ?2"
        ))?
        .query_map([value, CONFIRMED], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?;
    for session in sessions {
        c.execute(
            "UPDATE issuing_session SET expires = min(expires, ?1) WHERE no = ?2",
            [now.0, session],
        )?;
        c.execute(
            "UPDATE invitation SET expires = min(expires, ?1) WHERE session_no = ?2",
            [now.0, session],
        )?;
        c.execute(
            "UPDATE pairing SET state = ?1, code = NULL WHERE session_no = ?2",
            [FAILED, session],
        )?;
    }
    Ok(())
}

/// How the pairing of the session stands that came of the approval in row `flow`.
pub(super) fn adding(c: &Connection, flow: FlowSeq, now: UnixTime) -> Result<Option<Adding>> {
    let mut statement = c.prepare_cached(
        "SELECT s.id, p.state, ifnull(p.tries, 0), p.registration, ifnull(p.expires, s.expires)
         FROM issuing_session s LEFT JOIN pairing p ON p.session_no = s.no WHERE s.flow = ?1",
    )?;
    let mut found = statement.query([flow.0])?;
    let Some(row) = found.next()? else {
        return Ok(None);
    };
    let registration: Option<String> = row.get(3)?;
    let is_over = now.0 >= row.get::<_, i64>(4)?;
    Ok(Some(Adding {
        session: session_id(&row.get::<_, String>(0)?)?,
        state: management::adding_state(
            row.get(1)?,
            row.get(2)?,
            registration.as_deref(),
            is_over,
        )?,
    }))
}

/// Numbers and ids of an account's active devices, oldest first.
pub(super) fn active_devices(c: &Connection, account: i64) -> Result<Vec<(i64, DeviceId)>> {
    let mut statement = c.prepare_cached(
        "SELECT no, id FROM device WHERE account_no = ?1 AND revoked_at IS NULL ORDER BY no",
    )?;
    let mut found = statement.query([account])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push((row.get(0)?, rows::device_id(&row.get::<_, String>(1)?)?));
    }
    Ok(all)
}

/// The one pairing where `column` (a name of ours) equals `value`.
pub(super) fn pairing_where(
    c: &Connection,
    column: &str,
    value: impl rusqlite::ToSql,
) -> Result<Option<Pairing>> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT p.id, s.id, a.id, p.offer, p.offer_hash, p.server_nonce, p.expires, p.state, p.device_id,
                p.registration, p.reveal, p.tries
         FROM pairing p JOIN issuing_session s ON s.no = p.session_no JOIN account a ON a.no = s.account_no
         WHERE {column} = ?1"
    ))?;
    let mut found = statement.query([value])?;
    found.next()?.map(pairing_row).transpose()
}

/// The pairing in which `key` was registered as possession key.
pub(super) fn by_possession(c: &Connection, key: &Thumbprint) -> Result<Option<SubmittedPairing>> {
    let Some(pairing) = pairing_where(c, "p.possession", key.0.0)? else {
        return Ok(None);
    };
    let (device, registration, tries): (String, String, u8) = c
        .prepare_cached("SELECT device_id, registration, tries FROM pairing WHERE possession = ?1")?
        .query_row([key.0.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(Some(SubmittedPairing {
        pairing,
        device: rows::device_id(&device)?,
        registration: rows::from_json(&registration, "registration")?,
        tries,
    }))
}

fn pairing_row(row: &Row<'_>) -> Result<Pairing> {
    let device = || {
        let id: Option<String> = row.get(8)?;
        rows::device_id(&id.ok_or_else(|| corrupt("a pairing without its device"))?)
    };
    let state = match row.get(7)? {
        OFFERED => PairingState::Offered,
        SUBMITTED => {
            let (registration, reveal): (Option<String>, Option<String>) =
                (row.get(9)?, row.get(10)?);
            let (Some(registration), Some(reveal)) = (registration, reveal) else {
                return Err(corrupt("a submitted pairing without its registration"));
            };
            let registration: Registration = rows::from_json(&registration, "registration")?;
            let registration = Box::new(registration);
            PairingState::Submitted {
                device: device()?,
                registration,
                reveal,
                tries: row.get(11)?,
            }
        }
        CONFIRMED => PairingState::Confirmed { device: device()? },
        FAILED => PairingState::Failed {
            tries: row.get(11)?,
        },
        _ => return Err(corrupt("a pairing in an unknown state")),
    };
    Ok(Pairing {
        id: PairingId::parse(&row.get::<_, String>(0)?).map_err(|_| corrupt("pairing id"))?,
        session: session_id(&row.get::<_, String>(1)?)?,
        account: AccountId::parse(&row.get::<_, String>(2)?).map_err(|_| corrupt("account id"))?,
        offer: row.get(3)?,
        offer_hash: rows::digest(&row.get::<_, Vec<u8>>(4)?)?,
        server_nonce: row.get::<_, [u8; 32]>(5)?,
        expires: UnixTime(row.get(6)?),
        state,
    })
}

/// Drops what is over and led to nothing; what led to a device goes with it as well, the device has its own row.
pub(super) fn sweep(c: &Connection, now: UnixTime) -> Result<usize> {
    // An hour more, so that a late post still gets the precise answer.
    Ok(c.execute(
        "DELETE FROM issuing_session WHERE expires < ?1 - 3600",
        [now.0],
    )?)
}
