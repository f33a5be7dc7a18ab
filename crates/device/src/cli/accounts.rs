//! `tegata accounts`.

use super::{
    Context,
    args::AccountsCommand,
    failure::Failure,
    only,
    person::confirm,
    screen::{self, plain, utc},
};
use serde_json::json;

pub(super) async fn accounts(
    context: &Context,
    command: Option<AccountsCommand>,
) -> Result<(), Failure> {
    match command.unwrap_or(AccountsCommand::List { json: false }) {
        AccountsCommand::List { json } => {
            let accounts = context.accounts()?;
            if accounts.is_empty() && !json {
                screen::complain("not paired yet; see `tegata pair --help`");
            }
            for account in accounts {
                if json {
                    screen::json(&json!(account));
                } else {
                    let name = plain(&account.account_name);
                    let name = match &account.look.label {
                        Some(label) => format!("{} ({name})", plain(label)),
                        None => name,
                    };
                    screen::line(&format!(
                        "{}  {name} at {}  as {}, paired {}\n  root key {}",
                        account.id,
                        account.issuer.host(),
                        plain(&account.device_name),
                        utc(account.paired_at),
                        account.root
                    ));
                }
            }
        }
        AccountsCommand::Look(chosen) => {
            let account = only(context.accounts()?, &chosen.id)?;
            let mut look = account.look;
            look.label = chosen.label.or(look.label);
            look.accent = chosen.colour.map_or(look.accent, Into::into);
            look.icon = chosen.sign.map_or(look.icon, Into::into);
            context.device.customize(&account.id, look).await?;
            screen::line("Shown so from now on, on this device.");
        }
        AccountsCommand::Unpair { id, yes } => {
            let account = only(context.accounts()?, &id)?;
            let name = plain(&account.account_name);
            let question = format!(
                "Unpair this device from {name} at {} and forget its history?",
                account.issuer.host()
            );
            confirm(yes, &question)?;
            context.device.unpair(&account.id, false).await?;
            screen::line("Unpaired. The server no longer lists this device.");
        }
        AccountsCommand::Remove { id, yes } => {
            let account = only(context.accounts()?, &id)?;
            let name = plain(&account.account_name);
            let question = format!(
                "Forget {name} at {} with its history?",
                account.issuer.host()
            );
            confirm(yes, &question)?;
            context.device.remove(&account.id).await?;
            screen::line("Forgotten here. The server still lists this device; revoke it there.");
        }
    }
    Ok(())
}
