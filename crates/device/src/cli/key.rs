//! `tegata key`.

use super::{
    Context, args::KeyCommand, failure::Failure, person::TerminalPerson, requests, screen,
};
use tegata_device::ports::{GivenPin, PersonCheck, PinReason};

pub(super) async fn key(context: &Context, command: KeyCommand) -> Result<(), Failure> {
    let KeyCommand::Replace { pin, json } = command;
    let account = context.one_account()?;
    let person = TerminalPerson { pin_fd: pin.pin_fd };
    let asked = person.ask_pin(PinReason::Replace).await;
    let typed = asked.map_err(|error| Failure::locked(error.to_string()))?;
    let device = &context.device;
    let request = device.replace_key(&account.id, typed.clone()).await?;
    // What a descriptor gave is used up; at a terminal the question is shown first.
    let given = GivenPin(typed);
    let person: &dyn PersonCheck = if pin.pin_fd.is_some() {
        &given
    } else {
        &person
    };
    requests::approve_as(context, &request.to_string(), None, person, json).await?;
    if !json {
        screen::line(
            "The new approval key takes the old one's place. What was decided before stays verifiable.",
        );
    }
    Ok(())
}
