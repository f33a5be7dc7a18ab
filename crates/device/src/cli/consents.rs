//! `tegata consents`.

use super::{
    Context,
    args::ConsentsCommand,
    failure::Failure,
    person::confirm,
    screen::{self, plain, utc},
};
use serde_json::json;
use tegata_protocol::device::{management::Grant, prompt::detail_leaves};

pub(super) async fn consents(
    context: &Context,
    command: Option<ConsentsCommand>,
) -> Result<(), Failure> {
    match command.unwrap_or(ConsentsCommand::List { json: false }) {
        ConsentsCommand::List { json } => {
            let mut nothing = true;
            for account in context.accounts()? {
                for grant in context.device.consents(&account.id).await? {
                    nothing = false;
                    if json {
                        let mut value = json!(grant);
                        value["account"] = account.id.as_str().into();
                        screen::json(&value);
                    } else {
                        print(&grant);
                    }
                }
            }
            if nothing && !json {
                screen::line("Nothing is granted.");
            }
        }
        ConsentsCommand::Revoke { id, yes } => {
            let mut found = Vec::new();
            for account in context.accounts()? {
                let grants = context.device.consents(&account.id).await?;
                let fitting = grants
                    .into_iter()
                    .filter(|one| one.id.as_str().starts_with(&id));
                found.extend(fitting.map(|grant| (account.id.clone(), grant)));
            }
            let several = found.len() > 1;
            let (account, grant) = match found.pop() {
                Some(found) if !several => found,
                Some(_) => return Err(usage("several grants begin", &id)),
                None => return Err(usage("no grant begins", &id)),
            };
            let client = plain(&grant.client.name);
            confirm(yes, &format!("Take back what {client} was granted?"))?;
            context.device.revoke_consent(&account, &grant.id).await?;
            screen::line(&format!("Taken back: {client} has no access any more."));
        }
    }
    Ok(())
}

fn usage(how_many: &str, start: &str) -> Failure {
    Failure::usage(format!(
        "{how_many} with {start}; `tegata consents` lists them"
    ))
}

fn print(grant: &Grant) {
    let renewable = if grant.renewable {
        ", renewed by itself"
    } else {
        ""
    };
    screen::line(&format!(
        "{}  {}  granted {}, until {}{renewable}",
        grant.id,
        plain(&grant.client.name),
        utc(grant.granted_at),
        utc(grant.expires_at),
    ));
    for scope in &grant.scopes {
        screen::line(&plain(&format!("  {}: {}", scope.name, scope.description)));
    }
    for leaf in detail_leaves(&grant.authorization_details, &[]) {
        screen::line(&plain(&format!("  {} = {}", leaf.pointer, leaf.value)));
    }
}
