//! What the approval of a question of the server's own does, in its commit (device protocol, sections 4.6 and 6.4).
//!
//! To add one: an arm in [`carry_out`]. What an approval is about may have ended since it was asked: then the approval stands and
//! does nothing.

use rusqlite::{Connection, params};
use tegata_protocol::{DeviceId, UnixTime, device::management::NoticeKind};

use super::{
    devices,
    flows::Loaded,
    notices, pairings,
    rows::{self, Result, corrupt},
};
use crate::{
    domain::{KeyReplacement, PairedDevice, Registration, Subject, may_manage_from},
    storage::{
        StoreOptions,
        ops::{CarriedOut, Decide},
    },
};

/// Does what the person approved at `device`.
pub(super) fn carry_out(
    c: &Connection,
    options: &StoreOptions,
    loaded: &Loaded,
    device: &PairedDevice,
    op: &Decide,
) -> Result<CarriedOut> {
    let account_no = loaded.account_no;
    match &loaded.flow.facts.terms.subject {
        Some(Subject::RemoveDevice { device: target, .. }) => {
            remove(c, account_no, device, target, op.now)
        }
        Some(Subject::GradeDevice { device: target, .. }) => {
            let wait = options.limits.new_device_wait_seconds;
            // Checked again: a server may have been given a longer wait since it asked.
            if may_manage_from(device, wait, op.now).is_some() {
                return Ok(CarriedOut::default());
            }
            grade(c, account_no, device, target, op.now)
        }
        Some(Subject::ReplaceKey(new)) => replace_key(c, account_no, device, new, op),
        Some(Subject::AddDevice { .. }) | None => Ok(CarriedOut::default()),
    }
}

/// The device that a question of `device` is about, if it is still an active one of the account.
fn target(
    c: &Connection,
    device: &PairedDevice,
    target: &DeviceId,
) -> Result<Option<PairedDevice>> {
    let found = devices::device(c, target)?;
    Ok(found.filter(|one| one.is_active() && one.account == device.account))
}

fn remove(
    c: &Connection,
    account_no: i64,
    device: &PairedDevice,
    id: &DeviceId,
    now: UnixTime,
) -> Result<CarriedOut> {
    // Revoked by somebody else meanwhile: there is nothing left to do.
    let Some(target) = target(c, device, id)? else {
        return Ok(CarriedOut::default());
    };
    let by = devices::device_no(c, &device.id)?;
    devices::revoke_device(c, &target, by, now)?;
    Ok(CarriedOut {
        told: all_devices(c, account_no)?,
        revoked: Some(target.id),
        changed: true,
    })
}

/// Lets a device count for as much as `device`.
fn grade(
    c: &Connection,
    account_no: i64,
    device: &PairedDevice,
    id: &DeviceId,
    now: UnixTime,
) -> Result<CarriedOut> {
    let Some(target) = target(c, device, id)? else {
        return Ok(CarriedOut::default());
    };
    let graded = c.execute(
        "UPDATE device SET waits_since = NULL
         WHERE id = ?1 AND revoked_at IS NULL AND waits_since IS NOT NULL",
        [id.as_str()],
    )?;
    // Graded before: once is enough.
    if graded == 0 {
        return Ok(CarriedOut::default());
    }
    let news = notices::News {
        account_no,
        what: NoticeKind::DeviceGraded,
        device_name: &target.registration.device_name,
        about: devices::device_no(c, id)?,
        by: devices::device_no(c, &device.id)?,
        at: now,
    };
    notices::add(c, &news)?;
    Ok(CarriedOut {
        told: all_devices(c, account_no)?,
        revoked: None,
        changed: true,
    })
}

/// Puts a new approval key in the place of the one that signed this, if that is still the device's.
fn replace_key(
    c: &Connection,
    account_no: i64,
    device: &PairedDevice,
    new: &KeyReplacement,
    op: &Decide,
) -> Result<CarriedOut> {
    // Registered by somebody else since it was asked.
    if devices::is_key_in_use(c, &[new.new])? {
        return Ok(CarriedOut::default());
    }
    let no = devices::device_no(c, &device.id)?.ok_or_else(|| corrupt("an active device"))?;
    let replaced = c.execute(
        "UPDATE device SET approval = ?1, approval_counter = 0
         WHERE no = ?2 AND approval = ?3 AND revoked_at IS NULL",
        params![new.new.0.0, no, new.old.0.0],
    )?;
    // Another replacement was quicker.
    if replaced == 0 {
        return Ok(CarriedOut::default());
    }
    let receipt = op
        .pairing_receipt
        .as_ref()
        .ok_or_else(|| corrupt("a new key without its pairing receipt"))?;
    // What earlier decisions are verified with is kept, and nobody registers the key again.
    c.execute(
        "INSERT INTO former_key (thumbprint, device_no, receipt, countersignature, replaced_at)
         SELECT ?1, device_no, receipt, countersignature, ?2 FROM device_document WHERE device_no = ?3",
        params![new.old.0.0, op.now.0, no],
    )?;
    let registration = Registration {
        approval_thumbprint: new.new,
        approval_key: new.key,
        approval_credential: new.credential.clone(),
        ..device.registration.clone()
    };
    c.execute(
        "UPDATE device_document SET registration = ?1, receipt = ?2, countersignature = NULL
         WHERE device_no = ?3",
        params![rows::to_json(&registration)?, receipt, no],
    )?;
    // Its counter and its challenge were the old key's.
    c.execute("DELETE FROM refusal WHERE device_no = ?1", [no])?;
    let news = notices::News {
        account_no,
        what: NoticeKind::KeyReplaced,
        device_name: &device.registration.device_name,
        about: Some(no),
        by: Some(no),
        at: op.now,
    };
    notices::add(c, &news)?;
    Ok(CarriedOut {
        told: all_devices(c, account_no)?,
        revoked: None,
        changed: true,
    })
}

fn all_devices(c: &Connection, account_no: i64) -> Result<Vec<DeviceId>> {
    let all = pairings::active_devices(c, account_no)?;
    Ok(all.into_iter().map(|(_, id)| id).collect())
}
