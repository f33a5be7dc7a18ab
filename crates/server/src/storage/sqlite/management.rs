//! Questions of the server's own (device protocol, section 6.4). What their approvals do: [`super::approved`].

use rusqlite::{Connection, OptionalExtension, params};
use tegata_protocol::{
    ConsentRequestId, DeviceId, UnixTime,
    device::management::{AddingState, NoticeKind},
};

use super::{
    decisions, devices,
    flows::{self, Loaded},
    notices, pairings,
    rows::{self, APPROVED, PENDING, Result, corrupt},
};
use crate::{
    domain::{
        BackchannelAuthenticationState, FlowSeq, Grade, Kind, Locator, OWN_QUESTION_SECONDS,
        OWN_QUESTION_WINDOW_SECONDS, OWN_QUESTIONS_IN_WINDOW, PENDING_OWN_QUESTIONS, PairedDevice,
        Registration, Subject, TEST_PAUSE_SECONDS, may_manage_from,
    },
    storage::{
        StoreOptions,
        ops::{AskDevice, AskDeviceOutcome, RenameDevice, TakeInvitation, TakeInvitationOutcome},
        views::Adding,
    },
};

/// In `flow.client_no` of questions that no client asked: rows of clients begin at 1.
pub(super) const OWN: i64 = 0;

pub(super) fn ask(
    c: &Connection,
    options: &StoreOptions,
    op: &AskDevice,
) -> Result<AskDeviceOutcome> {
    let (facts, now) = (&op.facts, op.facts.created);
    // 1. Who asks.
    let found: Option<(i64, i64)> = c
        .prepare_cached("SELECT no, account_no FROM device WHERE id = ?1 AND revoked_at IS NULL")?
        .query_row([op.prompt.device.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((device_no, account_no)) = found else {
        return Ok(AskDeviceOutcome::DeviceRevoked);
    };
    // 2. Whether it may.
    let is_test = facts.kind == Kind::Test;
    let pause = if is_test {
        TEST_PAUSE_SECONDS
    } else {
        OWN_QUESTION_SECONDS
    };
    let too_many = |retry_after| Ok(AskDeviceOutcome::TooMany { retry_after });
    if pending(c, op, (device_no, account_no))? >= PENDING_OWN_QUESTIONS {
        return too_many(pause);
    }
    if is_test {
        let has_rested: bool = c
            .prepare_cached(
                "SELECT tested_at IS NULL OR tested_at <= ?2 FROM device WHERE no = ?1",
            )?
            .query_row([device_no, now.plus(-TEST_PAUSE_SECONDS).0], |row| {
                row.get(0)
            })?;
        if !has_rested {
            return too_many(pause);
        }
    } else if let Some(refused) = refuse(c, options, op)? {
        return Ok(refused);
    }
    if let Some(retry_after) = count(c, device_no, is_test, now)? {
        return too_many(retry_after);
    }
    // 3. The question.
    if is_test {
        c.prepare_cached("UPDATE device SET tested_at = ?1 WHERE no = ?2")?
            .execute([now.0, device_no])?;
    }
    flows::insert(c, (op.seq, op.tag_hash), (account_no, OWN), facts, true)?;
    flows::insert_prompt(c, device_no, op.seq, &op.prompt)?;
    Ok(AskDeviceOutcome::Asked)
}

/// Pending questions of the server's own at the asking device: tests, if it wants a test, otherwise those about devices. No
/// device can use up what another one is allowed.
fn pending(c: &Connection, op: &AskDevice, (device_no, account_no): (i64, i64)) -> Result<i64> {
    Ok(c.prepare_cached(
        "SELECT count(*) FROM flow f JOIN body b ON b.seq = f.seq
         JOIN prompt p ON p.device_no = ?4 AND p.seq = f.seq
         WHERE f.account_no = ?1 AND f.state = 0 AND f.expires > ?2 AND f.client_no = ?3
             AND (json_extract(b.facts, '$.kind') = 'test') = ?5",
    )?
    .query_row(
        params![
            account_no,
            op.facts.created.0,
            OWN,
            device_no,
            op.facts.kind == Kind::Test
        ],
        |row| row.get(0),
    )?)
}

/// Counts a question that is about to be put; or the seconds until one can be, if there were too many lately.
fn count(c: &Connection, device_no: i64, is_test: bool, now: UnixTime) -> Result<Option<i64>> {
    let begun = now.plus(-OWN_QUESTION_WINDOW_SECONDS).0;
    let counted = c
        .prepare_cached(
            "INSERT INTO asked_itself (device_no, is_test, since, times) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (device_no, is_test) DO UPDATE SET
                 times = CASE WHEN since > ?4 THEN times + 1 ELSE 1 END,
                 since = CASE WHEN since > ?4 THEN since ELSE ?3 END
             WHERE since <= ?4 OR times < ?5",
        )?
        .execute(params![
            device_no,
            is_test,
            now.0,
            begun,
            OWN_QUESTIONS_IN_WINDOW
        ])?;
    if counted == 1 {
        return Ok(None);
    }
    let since: i64 = c.query_row(
        "SELECT since FROM asked_itself WHERE device_no = ?1 AND is_test = ?2",
        params![device_no, is_test],
        |row| row.get(0),
    )?;
    Ok(Some(since.saturating_sub(begun).max(1)))
}

/// Why a question about devices is not put.
fn refuse(
    c: &Connection,
    options: &StoreOptions,
    op: &AskDevice,
) -> Result<Option<AskDeviceOutcome>> {
    let (facts, now) = (&op.facts, op.facts.created);
    let all = devices::devices_of(c, &facts.account)?;
    let asking = all.iter().find(|one| one.id == op.prompt.device);
    let asking = asking.ok_or_else(|| corrupt("a device that is not its account's"))?;
    let wait = options.limits.new_device_wait_seconds;
    let other = |id: &DeviceId| {
        let mut others = all.iter().filter(|one| one.id != asking.id);
        others.find(|one| one.id == *id && one.is_asked())
    };
    let has_subject = match &facts.terms.subject {
        // About the asking device alone: nothing to wait for.
        Some(Subject::ReplaceKey(new)) => {
            let is_good = asking.registration.approval_thumbprint == new.old
                && !devices::is_key_in_use(c, &[new.new])?;
            return Ok((!is_good).then_some(AskDeviceOutcome::KeyRefused));
        }
        Some(Subject::RemoveDevice { device, .. }) => other(device).is_some(),
        Some(Subject::GradeDevice { device, .. }) => {
            other(device).is_some_and(|one| may_manage_from(one, wait, now).is_some())
        }
        Some(Subject::AddDevice { .. }) | None => true,
    };
    if !has_subject {
        return Ok(Some(AskDeviceOutcome::NoSuchDevice));
    }
    let from = may_manage_from(asking, wait, now);
    Ok(from.map(|from| AskDeviceOutcome::NotYet { from }))
}

/// A report about an approval: an addition that is under way ends, and the account's other devices are told. Whose doorbell
/// to ring for that.
pub(super) fn report(
    c: &Connection,
    loaded: &Loaded,
    device: &PairedDevice,
    now: UnixTime,
) -> Result<Vec<DeviceId>> {
    pairings::end_sessions(c, "flow", loaded.flow.seq.0, now)?;
    if loaded.flow.facts.kind == Kind::Test {
        return Ok(Vec::new());
    }
    let by = devices::device_no(c, &device.id)?;
    let news = notices::News {
        account_no: loaded.account_no,
        what: NoticeKind::Reported,
        device_name: &device.registration.device_name,
        about: by,
        by,
        at: now,
    };
    notices::add(c, &news)?;
    let all = pairings::active_devices(c, loaded.account_no)?;
    Ok(all.into_iter().map(|(_, id)| id).collect())
}

/// Closes what is pending at a device that is moved from; the requests.
pub(super) fn close_moved(
    c: &Connection,
    options: &StoreOptions,
    device_no: i64,
    account_no: i64,
    now: UnixTime,
) -> Result<Vec<FlowSeq>> {
    let pending: Vec<i64> = c
        .prepare_cached(
            "SELECT f.seq FROM flow f JOIN prompt p ON p.seq = f.seq AND p.device_no = ?1
             WHERE f.account_no = ?2 AND f.state = 0 AND f.expires > ?3 ORDER BY f.seq",
        )?
        .query_map([device_no, account_no, now.0], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?;
    let mut closed = Vec::with_capacity(pending.len());
    for seq in pending {
        let loaded = flows::load(c, FlowSeq(seq))?.ok_or_else(|| corrupt("a pending request"))?;
        let transition = loaded
            .flow
            .close_moved(now)
            .map_err(|_| corrupt("a pending request that cannot be closed"))?;
        decisions::swap(c, &loaded, &transition, PENDING, now)?;
        decisions::carry_out(c, options, &loaded, &transition, now)?;
        closed.push(loaded.flow.seq);
    }
    Ok(closed)
}

pub(super) fn rename(c: &Connection, op: &RenameDevice) -> Result<bool> {
    let changed = c.execute(
        "UPDATE device_document SET registration = json_set(registration, '$.device_name', ?1)
         WHERE device_no = (SELECT no FROM device WHERE id = ?2 AND revoked_at IS NULL)",
        params![op.name, op.device.as_str()],
    )?;
    Ok(changed == 1)
}

/// The question to add a device that was put to `device`.
fn addition(
    c: &Connection,
    locator: &Locator,
    request: &ConsentRequestId,
    device: &DeviceId,
) -> Result<Option<(Loaded, bool)>> {
    let Some(loaded) = flows::by_consent_request_id(c, locator, request)? else {
        return Ok(None);
    };
    let Some(Subject::AddDevice { moving }) = loaded.flow.facts.terms.subject else {
        return Ok(None);
    };
    let is_its_own = flows::consent_request(c, &loaded, device)?.is_some();
    Ok(is_its_own.then_some((loaded, moving)))
}

pub(super) fn take_invitation(
    c: &Connection,
    options: &StoreOptions,
    op: &TakeInvitation,
) -> Result<TakeInvitationOutcome> {
    let Some((loaded, moving)) = addition(c, &options.locator, &op.request, &op.device)? else {
        return Ok(TakeInvitationOutcome::Unknown);
    };
    let device = devices::device(c, &op.device)?.filter(PairedDevice::is_active);
    let Some(device_no) = devices::device_no(c, &op.device)?.filter(|_| device.is_some()) else {
        return Ok(TakeInvitationOutcome::Unknown);
    };
    let transition = match &loaded.flow.state {
        BackchannelAuthenticationState::Redeemed { .. } => return Ok(TakeInvitationOutcome::Used),
        // Whoever has only the possession key knows of the approval, but has not its receipt.
        BackchannelAuthenticationState::Approved(approval) if approval.evidence != op.receipt => {
            return Ok(TakeInvitationOutcome::Unknown);
        }
        BackchannelAuthenticationState::Approved(_) => loaded.flow.redeem(op.now),
        _ => {
            return Ok(match flows::close_reason(&loaded, Some(op.now)) {
                Some(reason) => TakeInvitationOutcome::Closed(reason),
                None => TakeInvitationOutcome::Unknown,
            });
        }
    };
    let Ok(transition) = transition else {
        return Ok(TakeInvitationOutcome::Expired);
    };
    decisions::swap(c, &loaded, &transition, APPROVED, op.now)?;
    c.execute(
        "INSERT INTO issuing_session (id, account_no, grade, secret_hash, expires, device_no, flow, moving)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            op.session.as_str(),
            loaded.account_no,
            rows::to_json(&Grade::Device)?,
            op.secret_hash.0,
            op.expires.0,
            device_no,
            loaded.flow.seq.0,
            moving,
        ],
    )?;
    c.execute(
        "INSERT INTO invitation (session_no, code_mac, expires) VALUES (?1, ?2, ?3)",
        params![c.last_insert_rowid(), op.code_mac.0, op.expires.0],
    )?;
    Ok(TakeInvitationOutcome::Taken)
}

/// How the pairing of an approved addition stands; `None` if there is none that is this device's.
pub(super) fn adding(
    c: &Connection,
    locator: &Locator,
    request: &ConsentRequestId,
    device: &DeviceId,
    now: UnixTime,
) -> Result<Option<Adding>> {
    let Some((loaded, _)) = addition(c, locator, request, device)? else {
        return Ok(None);
    };
    pairings::adding(c, loaded.flow.seq, now)
}

/// The name in a stored registration.
fn name_in(registration: &str) -> Result<String> {
    let registration: Registration = rows::from_json(registration, "registration")?;
    Ok(registration.device_name)
}

/// What the pairing's row says.
pub(super) fn adding_state(
    state: Option<i64>,
    tries: u8,
    registration: Option<&str>,
    is_over: bool,
) -> Result<AddingState> {
    let name = || name_in(registration.ok_or_else(|| corrupt("a pairing without keys"))?);
    Ok(match state {
        Some(pairings::CONFIRMED) => AddingState::Confirmed {
            device_name: name()?,
        },
        Some(pairings::FAILED) => AddingState::Ended {
            failed: tries >= pairings::TRIES,
        },
        _ if is_over => AddingState::Ended { failed: false },
        None => AddingState::Invited,
        Some(pairings::SUBMITTED) => AddingState::Registered {
            device_name: name()?,
            tries_left: u32::from(pairings::TRIES.saturating_sub(tries)),
        },
        Some(_) => AddingState::Used,
    })
}
