//! The account's devices: listed, renamed, removed, graded, tested.

use std::sync::Arc;
use tegata_protocol::{
    UnixTime,
    device::{
        limits,
        management::{
            DeviceGrade, DeviceList, DeviceRemove, DeviceRename, ListedDevice, ManagementAnswer,
            ManagementRequest, RemovalReason,
        },
        problem::ProblemCode,
    },
};

use super::{ask, find, platform};
use crate::{
    app::App,
    domain::{Kind, PairedDevice, Subject, may_manage_from},
    http::device::{
        pairing::check_words,
        problem::{Refusal, read_json, store_trouble},
        revoke_device,
    },
    storage::ops::RenameDevice,
};

/// Most characters of a name.
const LONGEST_NAME: usize = 64;

/// POST `devices`.
pub(super) async fn list(
    app: &Arc<App>,
    device: &PairedDevice,
    body: &[u8],
) -> Result<DeviceList, Refusal> {
    read_json::<ManagementRequest>(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    listed(app, device).await
}

async fn listed(app: &App, device: &PairedDevice) -> Result<DeviceList, Refusal> {
    let all = all(app, device).await?;
    let (own, others): (Vec<_>, Vec<_>) = all
        .iter()
        .filter(|one| one.is_asked())
        .partition(|one| one.id == device.id);
    let (wait, now) = (app.config.limits.new_device_wait_seconds, app.now());
    let shown = |one: &PairedDevice| ListedDevice {
        id: one.id.clone(),
        name: one.registration.device_name.clone(),
        platform: platform(one),
        paired_at: one.paired_at,
        last_seen: one
            .last_seen
            .map(|seen| UnixTime(seen.0 - seen.0.rem_euclid(60))),
        may_manage_from: may_manage_from(one, wait, now),
    };
    Ok(DeviceList {
        devices: own.into_iter().chain(others).map(shown).collect(),
        may_manage_from: may_manage_from(device, wait, now),
    })
}

/// All devices of the account, as they are now and oldest first.
async fn all(app: &App, device: &PairedDevice) -> Result<Vec<PairedDevice>, Refusal> {
    let account = device.account.clone();
    app.store
        .read(move |reader| reader.devices_of(&account))
        .await
        .map_err(|error| store_trouble(&error))
}

/// POST `device_rename`.
pub(super) async fn rename(
    app: &Arc<App>,
    device: &PairedDevice,
    body: &[u8],
) -> Result<DeviceList, Refusal> {
    let request: DeviceRename = read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    let name = request.name;
    check_words(&name)?;
    if name.trim() != name || name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(
            Refusal::new(ProblemCode::MalformedRequest).with_detail(format!(
                "`name` is 1 to {LONGEST_NAME} characters, without blanks at its ends."
            )),
        );
    }
    let operation = RenameDevice {
        device: device.id.clone(),
        name,
    };
    let renamed = app
        .store
        .apply(operation)
        .await
        .map_err(|error| store_trouble(&error))?;
    if !renamed {
        return Err(Refusal::new(ProblemCode::DeviceRevoked));
    }
    listed(app, device).await
}

/// POST `device_remove`: the device itself at once, another one by its approval.
pub(super) async fn remove(
    app: &Arc<App>,
    device: &PairedDevice,
    body: &[u8],
) -> Result<ManagementAnswer, Refusal> {
    let request: DeviceRemove = read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    let all = all(app, device).await?;
    let target = find(&all, &request.device)?;
    if target.id == device.id {
        revoke_device(app, device.id.clone())
            .await
            .map_err(|error| store_trouble(&error))?;
        return Ok(ManagementAnswer { request: None });
    }
    let subject = Subject::RemoveDevice {
        device: target.id.clone(),
        name: target.registration.device_name.clone(),
        platform: platform(target),
        paired_at: target.paired_at,
        lost: request.reason == RemovalReason::Lost,
    };
    ask(app, device, Kind::DeviceRemove, Some(subject)).await
}

/// POST `device_grade`.
pub(super) async fn grade(
    app: &Arc<App>,
    device: &PairedDevice,
    body: &[u8],
) -> Result<ManagementAnswer, Refusal> {
    let request: DeviceGrade = read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    let all = all(app, device).await?;
    let target = find(&all, &request.device)?;
    // Whether it waits, and whether the asking one does, is looked at in the commit.
    let subject = Subject::GradeDevice {
        device: target.id.clone(),
        name: target.registration.device_name.clone(),
        platform: platform(target),
        paired_at: target.paired_at,
    };
    ask(app, device, Kind::DeviceGrade, Some(subject)).await
}

/// POST `test`.
pub(super) async fn test(
    app: &Arc<App>,
    device: &PairedDevice,
    body: &[u8],
) -> Result<ManagementAnswer, Refusal> {
    read_json::<ManagementRequest>(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    ask(app, device, Kind::Test, None).await
}
