//! `tegata doctor`.

use super::{
    Context,
    failure::Failure,
    screen::{self, plain},
};
use std::collections::HashSet;
use tegata_device::Health;

/// Looks at what every command needs, says what does not work, and ends with the first failure's exit code.
pub(super) async fn doctor(context: &Context) -> Result<(), Failure> {
    let (mut first, mut said_before) = (None, HashSet::new());
    let mut note = |what: &str, result: Result<(), Failure>| match result {
        Ok(()) => screen::line(&format!("ok       {what}")),
        Err(failure) => {
            let text = failure.to_string();
            // A credential store that fails does so for every account.
            let said = if said_before.contains(&text) {
                "as above"
            } else {
                &text
            };
            screen::line(&format!("problem  {what}: {said}"));
            said_before.insert(text);
            first.get_or_insert(failure);
        }
    };
    let data_dir = context.device.data_dir().display().to_string();
    note(&format!("data folder {data_dir}"), Ok(()));
    let store = context.device.secret_store_name();
    let probed = context.device.probe_secrets().await.map_err(Failure::from);
    note(&format!("secrets in the {store}"), probed);
    let accounts = context.accounts()?;
    if accounts.is_empty() {
        screen::line("         no account is paired; see `tegata pair --help`");
    }
    for account in accounts {
        let name = format!(
            "{} at {}",
            plain(&account.account_name),
            account.issuer.host()
        );
        let opened = context.device.retry(&account.id).await;
        let usable = opened.is_ok();
        note(
            &format!("{name}: keys"),
            opened.map(|_| ()).map_err(Failure::from),
        );
        if usable {
            let asked = context.device.refresh(&account.id).await;
            note(&format!("{name}: server"), asked.map_err(Failure::from));
        }
        let health = context.device.account(&account.id).map(|a| a.health);
        if let Some(health) = health
            && let Some(advice) = advice(health)
        {
            note(&format!("{name}: state"), Err(Failure::refused(advice)));
        }
    }
    first.map_or(Ok(()), |failure| {
        Err(failure.reworded("not everything works; see the problems above"))
    })
}

fn advice(health: Health) -> Option<String> {
    let text = match health {
        Health::ClockSkew { seconds } => {
            format!("this machine's clock differs by {seconds} s from the server's; set it")
        }
        Health::DeviceRevoked => "the server revoked this device; pair it again".into(),
        Health::DeviceSuspended => "the server put this device on hold; ask who runs it".into(),
        Health::IssuerChanged => {
            "the server's root key is not the pinned one; ask who runs it before pairing again"
                .into()
        }
        Health::PinLocked => {
            "the approval key was destroyed after eight wrong PINs; pair again to approve".into()
        }
        // The steps above have said these already.
        _ => return None,
    };
    Some(text)
}
