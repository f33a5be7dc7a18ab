//! `tegata add-device`.

use super::{
    Context,
    args::AddDevice,
    failure::Failure,
    requests,
    screen::{self, plain},
};
use serde_json::json;
use tegata_device::management::{Adding, AddingError, AddingFailure, AddingPhase};

pub(super) async fn add_device(context: &Context, add: AddDevice) -> Result<(), Failure> {
    let account = context.one_account()?;
    let adding = context.device.add_device(&account.id, add.moving).await?;
    let AddingPhase::Approve { request } = adding.phase() else {
        return Err(Failure::refused("the request is over already"));
    };
    // 1. Like any other request, with the PIN.
    let approved = requests::approve(
        context,
        &request.to_string(),
        None,
        add.pin.pin_fd,
        add.json,
    )
    .await;
    if let Err(failure) = approved {
        adding.cancel().await;
        return Err(failure);
    }
    // 2. The invitation, 3. the digits.
    let mut phases = adding.phases();
    loop {
        let phase = phases.borrow_and_update().clone();
        match phase {
            AddingPhase::Invitation(invitation) => {
                // EXPOSE: shown to the person, who carries it to the other device.
                let (link, code) = (invitation.link.expose(), invitation.code.expose());
                if add.json {
                    screen::json(&json!({ "event": "invitation", "link": link, "code": code,
                        "server": invitation.server, "expires_in": invitation.expires_in }));
                } else {
                    screen::line(&format!(
                        "On the other device: tegata pair '{link}'\n  or the code {code} with the server {}\nWaiting…",
                        invitation.server
                    ));
                }
            }
            AddingPhase::Digits {
                device_name,
                tries_left,
            } => ask_digits(&adding, &device_name, tries_left, add.json).await?,
            AddingPhase::Done { device_name, moved } => {
                say_done(&device_name, moved, add.json);
                return Ok(());
            }
            AddingPhase::Failed(why) => return Err(failure(why)),
            _ => {}
        }
        if phases.changed().await.is_err() {
            return Err(Failure::refused("it ended"));
        }
    }
}

async fn ask_digits(
    adding: &Adding,
    device_name: &str,
    tries_left: Option<u32>,
    json: bool,
) -> Result<(), Failure> {
    let name = plain(device_name);
    if json {
        screen::json(&json!({ "event": "digits", "device_name": device_name,
            "tries_left": tries_left }));
    }
    if let Some(tries) = tries_left {
        let left = super::words::tries_left(tries);
        screen::complain(&format!("these were not its digits; {left}"));
    }
    loop {
        let question = format!("The six digits that {name} shows: ");
        let typed = tokio::task::spawn_blocking(move || screen::ask(&question)).await;
        let typed = typed
            .ok()
            .flatten()
            .ok_or_else(|| Failure::usage("there is nobody to type the digits"))?;
        match adding.confirm(&typed).await {
            Err(AddingError::Malformed) => {
                screen::complain("six digits, as the other device shows");
            }
            // How it stands is in the phase.
            Ok(_) | Err(AddingError::Phase) => return Ok(()),
            Err(AddingError::Management(error)) if adding.is_moving() => {
                // The server may have moved the account already; the phase says so in a moment.
                screen::complain(&error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn say_done(device_name: &str, moved: bool, json: bool) {
    if json {
        screen::json(&json!({ "event": "done", "device_name": device_name, "moved": moved }));
        return;
    }
    let name = plain(device_name);
    if moved {
        screen::line(&format!("Moved to {name}. This device's keys are wiped."));
    } else {
        screen::line(&format!("Added: {name}"));
    }
}

fn failure(why: AddingFailure) -> Failure {
    let text = format!("{why}; no device was added");
    match why {
        AddingFailure::Offline => Failure::offline(text),
        _ => Failure::refused(text),
    }
}
