//! `tegata devices`.

use super::{
    Context,
    args::DevicesCommand,
    failure::Failure,
    person::confirm,
    requests,
    screen::{self, plain, utc},
};
use serde_json::json;
use tegata_device::{
    AccountSummary,
    management::{AccountDevices, Removal},
};
use tegata_protocol::device::management::{ListedDevice, RemovalReason};

pub(super) async fn devices(
    context: &Context,
    command: Option<DevicesCommand>,
) -> Result<(), Failure> {
    let account = context.one_account()?;
    let device = &context.device;
    match command.unwrap_or(DevicesCommand::List { json: false }) {
        DevicesCommand::List { json } => {
            print(&device.devices(&account.id).await?, json);
        }
        DevicesCommand::Rename { name } => {
            print(&device.rename_device(&account.id, &name).await?, false);
        }
        DevicesCommand::Grade { id, pin, json } => {
            let listed = device.devices(&account.id).await?;
            let chosen = only(&listed, &id)?;
            if chosen.id == listed.this_device {
                return Err(Failure::usage("another device has to do this for this one"));
            }
            let key = device.grade_device(&account.id, &chosen.id).await?;
            requests::approve(context, &key.to_string(), None, pin.pin_fd, json).await?;
        }
        DevicesCommand::Remove {
            id,
            lost,
            yes,
            pin,
            json,
        } => {
            let listed = device.devices(&account.id).await?;
            let chosen = only(&listed, &id)?;
            let reason = if lost {
                RemovalReason::Lost
            } else {
                RemovalReason::NotUsed
            };
            if chosen.id == listed.this_device {
                confirm(yes, &own_question(&account))?;
            }
            match device
                .remove_device(&account.id, &chosen.id, reason)
                .await?
            {
                Removal::Approve(key) => {
                    requests::approve(context, &key.to_string(), None, pin.pin_fd, json).await?;
                }
                Removal::Done if json => screen::json(&json!({ "removed": chosen.id })),
                Removal::Done => screen::line(
                    "Removed. The keys are wiped; `tegata accounts remove` forgets the history too.",
                ),
            }
        }
    }
    Ok(())
}

fn own_question(account: &AccountSummary) -> String {
    format!(
        "Remove this device from {} at {}? Its keys are wiped.",
        plain(&account.account_name),
        account.issuer.host()
    )
}

/// The one device whose id begins like this.
fn only<'a>(listed: &'a AccountDevices, start: &str) -> Result<&'a ListedDevice, Failure> {
    let mut found = listed.devices.iter().filter(|device| {
        let id = device.id.as_str();
        id.starts_with(start)
    });
    let how_many = match (found.next(), found.next()) {
        (Some(device), None) => return Ok(device),
        (Some(_), Some(_)) => "several devices begin",
        (None, _) => "no device begins",
    };
    Err(Failure::usage(format!(
        "{how_many} with {start}; `tegata devices` lists them"
    )))
}

fn print(listed: &AccountDevices, json: bool) {
    for device in &listed.devices {
        let own = device.id == listed.this_device;
        if json {
            let mut value = json!(device);
            value["this_device"] = own.into();
            screen::json(&value);
            continue;
        }
        let own = if own { "  (this device)" } else { "" };
        let seen = device.last_seen.map_or("never".to_owned(), utc);
        screen::line(&format!(
            "{}  {}{own}\n  {}, paired {}, last heard of {seen}",
            device.id,
            plain(&device.name),
            plain(&device.platform),
            utc(device.paired_at),
        ));
        if let Some(from) = device
            .may_manage_from
            .filter(|_| device.id != listed.this_device)
        {
            screen::line(&format!(
                "  may add, remove and grade others from {} on; `tegata devices grade` lets it at once",
                utc(from)
            ));
        }
    }
    if let Some(from) = listed.may_manage_from
        && !json
    {
        let from = utc(from);
        screen::line(&format!(
            "This device may add, remove and grade others from {from} on."
        ));
    }
}
