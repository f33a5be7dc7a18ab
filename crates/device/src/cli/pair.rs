//! `tegata pair`.

use super::{
    Context,
    args::Pair,
    failure::Failure,
    person::{TerminalPerson, confirm},
    screen::{self, plain},
};
use serde_json::json;
use tegata_device::{pairing::Invited, ports::ProxySetting};
use tegata_protocol::device::invitation::{Invitation, InvitationError, parse_invitation};

/// Said whenever a pairing ends after the server was told the code.
const USED_UP: &str = "the invitation is used up; ask for a new one";

const CUT_OFF: &str = "the link is cut off; put it in quotes";

pub(super) async fn pair(context: &Context, pair: Pair) -> Result<(), Failure> {
    let device = &context.device;
    let person = TerminalPerson {
        pin_fd: pair.pin.pin_fd,
    };
    if let Some(name) = &pair.name {
        let mut settings = device.settings();
        settings.device_name = name.chars().take(64).collect();
        device.set_settings(settings)?;
    }
    // 1. The invitation is read; nothing is sent.
    let invited = read(context, &pair)?;
    let host = invited.issuer().host().to_owned();
    confirm(pair.yes, &format!("Pair with the server {host}?"))?;
    // 2. The server says which account.
    let offered = invited.check().await?;
    tokio::spawn(say_when_interrupted());
    let account = plain(offered.account_name());
    if !pair.json {
        screen::line(&format!("Server       {host}"));
        screen::line(&format!("  calls itself  {}", plain(offered.issuer_name())));
        screen::line(&format!("Account      {account}"));
        screen::line(&format!("Root key     {}", offered.root()));
        if offered.is_first_use() {
            screen::line("  trusted from now on; compare it with what the server's operator says");
        }
    }
    let question = format!("Add the account {account} of {host} to this device?");
    confirm(pair.yes, &question).map_err(|failure| failure.and(USED_UP))?;
    // 3. PIN and keys.
    let pin = person.choose().map_err(|failure| failure.and(USED_UP))?;
    let registered = offered.accept().make_keys(pin).await?.register().await?;
    // 4. The digits are typed where the invitation came from.
    if pair.json {
        screen::json(&json!({
            "event": "digits",
            "digits": registered.digits(),
            "device_name": registered.device_name(),
            "expires_in": registered.expires_in(),
        }));
    } else {
        screen::line("");
        screen::line(&format!("        {}", registered.digits()));
        screen::line("");
        screen::line("Type these digits where the invitation was made. Waiting…");
    }
    let summary = registered.confirmed().await?;
    if pair.json {
        screen::json(&json!({ "event": "confirmed", "account": summary }));
    } else {
        screen::line(&format!("Paired: {account} at {host}"));
    }
    Ok(())
}

/// Ends the program when the person interrupts it, with the usual code for that.
async fn say_when_interrupted() {
    if tokio::signal::ctrl_c().await.is_ok() {
        screen::complain(&format!("\ninterrupted; {USED_UP}"));
        std::process::exit(130);
    }
}

/// What is wrong with a text that was given without a server, in words that say what to do.
fn look_at(text: &str) -> Result<(), Failure> {
    let text = text.trim();
    let link = ["https://", "http://", "tegata://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
        && text.contains("/pair");
    match parse_invitation(text) {
        Ok(Invitation::CodeOnly { .. }) => Err(Failure::usage(
            "a code alone does not say which server (add --server HOST)",
        )),
        // A shell ends an unquoted link at its first '&', and the root key comes last.
        Err(InvitationError::Root) => Err(Failure::usage(CUT_OFF)),
        Err(InvitationError::Unknown | InvitationError::Issuer | InvitationError::Code)
            if link && !text.contains("k=") =>
        {
            Err(Failure::usage(CUT_OFF))
        }
        Err(InvitationError::Unknown) => Err(Failure::usage(
            "this is neither a pairing link nor a code; copy the whole link, in quotes",
        )),
        _ => Ok(()),
    }
}

fn read(context: &Context, pair: &Pair) -> Result<Invited, Failure> {
    let device = &context.device;
    let text = match pair.invitation.as_deref() {
        Some("-") => screen::ask("").unwrap_or_default(),
        Some(text) => text.to_owned(),
        None => screen::ask("Pairing link, or code with --server: ").unwrap_or_default(),
    };
    let mut invited = if let Some(server) = &pair.server {
        device.read_code(server, &text)?
    } else {
        look_at(&text)?;
        device.read_invitation(&text)?
    };
    if invited.needs_code() {
        let code = screen::ask("Code: ").unwrap_or_default();
        invited = invited.with_code(&code)?;
    }
    if pair.ca_file.is_some() || pair.proxy.is_some() {
        let mut network = device.settings().network;
        if pair.ca_file.is_some() {
            network.ca_file.clone_from(&pair.ca_file);
        }
        network.proxy = match pair.proxy.as_deref() {
            Some("direct") => ProxySetting::Direct,
            Some(url) => ProxySetting::Url(url.to_owned()),
            None => network.proxy,
        };
        invited = invited.with_network(network);
    }
    Ok(invited)
}
