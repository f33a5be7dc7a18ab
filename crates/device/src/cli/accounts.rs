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
                    screen::line(&format!(
                        "{}  {} at {}  as {}, paired {}\n  root key {}",
                        account.id,
                        plain(&account.account_name),
                        account.issuer.host(),
                        plain(&account.device_name),
                        utc(account.paired_at),
                        account.root
                    ));
                }
            }
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
