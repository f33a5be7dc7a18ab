//! `tegata pin`.

use super::{
    Context,
    args::PinCommand,
    failure::Failure,
    person::TerminalPerson,
    screen::{self, plain},
};
use tegata_device::ports::{PersonCheck as _, PinReason};

pub(super) async fn pin(context: &Context, command: PinCommand) -> Result<(), Failure> {
    let PinCommand::Change { pin, new_pin_fd } = command;
    let account = context.one_account()?;
    let person = TerminalPerson { pin_fd: pin.pin_fd };
    let asked = person.ask_pin(PinReason::Change).await;
    let old = asked.map_err(|error| Failure::locked(error.to_string()))?;
    // A wrong PIN is said before another one is chosen.
    context.device.check_pin(&account.id, &old).await?;
    let new = TerminalPerson { pin_fd: new_pin_fd }.choose()?;
    context.device.change_pin(&account.id, &old, &new).await?;
    let name = plain(&account.account_name);
    screen::line(&format!("The PIN of {name} is changed."));
    Ok(())
}
