//! `tegata pair`.

use super::{
    Context,
    args::Pair,
    failure::Failure,
    person::TerminalPerson,
    screen::{self, plain},
};
use serde_json::json;
use tegata_device::{pairing::Invited, ports::ProxySetting};

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
    let going_on = pair.yes || screen::confirms(&format!("Pair with the server {host}?"));
    if !going_on {
        return Err(Failure::usage(
            "not confirmed; at a script's hands confirm with --yes",
        ));
    }
    // 2. The server says which account.
    let offered = invited.check().await?;
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
    let going_on = pair.yes
        || screen::confirms(&format!(
            "Add the account {account} of {host} to this device?"
        ));
    if !going_on {
        return Err(Failure::usage("not confirmed"));
    }
    // 3. PIN and keys.
    let pin = person.choose()?;
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

fn read(context: &Context, pair: &Pair) -> Result<Invited, Failure> {
    let device = &context.device;
    let text = match pair.invitation.as_deref() {
        Some("-") => screen::ask("").unwrap_or_default(),
        Some(text) => text.to_owned(),
        None => screen::ask("Pairing link, or code with --server: ").unwrap_or_default(),
    };
    let mut invited = match &pair.server {
        Some(server) => device.read_code(server, &text)?,
        None => device.read_invitation(&text)?,
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
