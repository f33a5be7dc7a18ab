//! `tegata accounts`.

use super::{
    Context,
    args::AccountsCommand,
    failure::Failure,
    screen::{self, plain, utc},
};
use serde_json::json;

pub(super) async fn accounts(
    context: &Context,
    command: Option<AccountsCommand>,
) -> Result<(), Failure> {
    match command.unwrap_or(AccountsCommand::List { json: false }) {
        AccountsCommand::List { json } => {
            for account in context.accounts()? {
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
        AccountsCommand::Remove { id, yes } => {
            let mut found = context.accounts()?;
            found.retain(|account| account.id.as_str().starts_with(&id));
            let [account] = found.as_slice() else {
                return Err(Failure::usage(format!(
                    "{} accounts begin with {id}; see `tegata accounts`",
                    found.len()
                )));
            };
            let name = plain(&account.account_name);
            let question = format!(
                "Forget {name} at {} with its history?",
                account.issuer.host()
            );
            if !yes && !screen::confirms(&question) {
                return Err(Failure::usage("not confirmed"));
            }
            context.device.remove(&account.id).await?;
            screen::line("Forgotten here. The server still lists this device; revoke it there.");
        }
    }
    Ok(())
}
