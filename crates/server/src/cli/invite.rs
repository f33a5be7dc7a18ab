//! `invite`: the administrator's terminal as issuing session.

use qrcode::{QrCode, render::unicode};
use std::{io, time::Duration};
use tokio::time::sleep;

use super::{
    Context, Failure,
    admin_client::{AdminClient, segment},
    arguments::InviteOptions,
    output::{ask, say, warn},
};
use crate::administration::views::{
    Confirmation, InvitationForm, InvitationView, NewInvitation, PairingProgress,
};

/// How often the server is asked whether a device has sent its keys.
const ASK_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn run(context: &Context, options: InviteOptions) -> Result<(), Failure> {
    let Some(client) = AdminClient::find(&context.folder)? else {
        return Err(Failure::not_running("an invitation"));
    };
    let new = NewInvitation {
        user: options.user,
        page: options.page,
    };
    let invitation: InvitationView = client.post("/invitations", &new).await?;
    match &invitation.form {
        InvitationForm::Page { url } => {
            if options.json {
                say(
                    &serde_json::json!({ "url": url, "expires_in": invitation.expires_in })
                        .to_string(),
                );
            } else {
                say(url);
                warn(&format!(
                    "This page opens once, within {} minutes, and pairs a device for {}. Open it yourself or hand it \
                     over on a channel you trust.",
                    invitation.expires_in / 60,
                    invitation.display_name
                ));
            }
            Ok(())
        }
        InvitationForm::Code { code, link, secret } => {
            if options.json {
                let facts = serde_json::json!({
                    "code": code, "link": link, "host": invitation.host, "issuer": invitation.issuer,
                    "root": invitation.root, "expires_in": invitation.expires_in,
                });
                say(&facts.to_string());
            } else {
                show(&invitation, code, link)?;
            }
            confirm(&client, &invitation, secret, options.json).await
        }
    }
}

fn show(invitation: &InvitationView, code: &str, link: &str) -> Result<(), Failure> {
    let picture = QrCode::new(link)
        .map_err(Failure::failed)?
        .render::<unicode::Dense1x2>()
        .dark_color(unicode::Dense1x2::Light)
        .light_color(unicode::Dense1x2::Dark)
        .build();
    say(&format!(
        "Pair a device for {}: copy the link into the Tegata app (Add an account), or type server and code.",
        invitation.display_name
    ));
    say("");
    say(&format!("Server          {}", invitation.host));
    say(&format!("Code            {code}"));
    say(&format!("Link            {link}"));
    say(&format!("Fingerprint     {}", invitation.root));
    say("");
    say("For devices that can scan:");
    say(&picture);
    say(&format!(
        "The code works once, within {} minutes. Nothing is paired before the digits are typed here.",
        invitation.expires_in / 60
    ));
    Ok(())
}

/// Waits for a device, then for the digits.
async fn confirm(
    client: &AdminClient,
    invitation: &InvitationView,
    secret: &str,
    json: bool,
) -> Result<(), Failure> {
    let path = format!("/invitations/{}", segment(&invitation.session));
    let mut announced = false;
    loop {
        match client.get::<PairingProgress>(&path).await? {
            PairingProgress::Waiting => {}
            PairingProgress::Redeemed if !announced => {
                announced = true;
                warn("A device has taken the code and is making its keys.");
            }
            PairingProgress::Redeemed => {}
            PairingProgress::Ready { .. } => break,
            ended => return finish(ended, json),
        }
        sleep(ASK_EVERY).await;
    }
    loop {
        if json {
            say(r#"{"state":"ready"}"#);
        } else {
            ask("Six digits that the device shows: ");
        }
        let line = tokio::task::spawn_blocking(read_line)
            .await
            .map_err(Failure::failed)?;
        let Some(line) = line.map_err(Failure::failed)? else {
            return Err(Failure::failed("no digits were typed; nothing was paired"));
        };
        let code: String = line.chars().filter(char::is_ascii_digit).collect();
        if code.len() != 6 {
            warn("That is not six digits; it does not count as a try.");
            continue;
        }
        let confirmation = Confirmation {
            secret: secret.to_owned(),
            code,
        };
        match client
            .post::<PairingProgress>(&format!("{path}/confirm"), &confirmation)
            .await?
        {
            PairingProgress::WrongCode { tries_left } => {
                let left = if tries_left == 1 {
                    "One try"
                } else {
                    "Two tries"
                };
                warn(&format!("Not the digits of this pairing. {left} left."));
            }
            ended => return finish(ended, json),
        }
    }
}

/// One line from standard input; `None` at its end.
fn read_line() -> io::Result<Option<String>> {
    let mut line = String::new();
    Ok((io::stdin().read_line(&mut line)? > 0).then_some(line))
}

fn finish(progress: PairingProgress, json: bool) -> Result<(), Failure> {
    match progress {
        PairingProgress::Confirmed {
            device_id,
            device_name,
        } => {
            if json {
                let facts = serde_json::json!({
                    "state": "confirmed", "device_id": device_id, "device_name": device_name,
                });
                say(&facts.to_string());
            } else {
                say(&format!("paired: {device_name} ({device_id})"));
            }
            Ok(())
        }
        PairingProgress::Failed => Err(Failure::failed(
            "three wrong codes: the pairing has ended. If somebody else took the code, nothing of \
                                 theirs was paired. Start again with a new invitation",
        )),
        PairingProgress::Expired => Err(Failure::failed(
            "the time is over; start again with a new invitation",
        )),
        PairingProgress::Waiting
        | PairingProgress::Redeemed
        | PairingProgress::Ready { .. }
        | PairingProgress::WrongCode { .. } => {
            Err(Failure::failed("the pairing is not ready to be confirmed"))
        }
    }
}
