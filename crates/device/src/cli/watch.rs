//! `tegata watch`.

use super::{
    Context,
    failure::Failure,
    history,
    requests::{describe, describe_blocked, to_json},
    screen::{self, plain},
    words,
};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use tegata_device::{AccountSummary, RequestState, history::HistoryEvent};
use tegata_protocol::ConsentRequestId;

/// Prints every change until interrupted.
pub(super) async fn watch(context: &Context, json: bool) -> Result<(), Failure> {
    if context.accounts()?.is_empty() {
        return Err(Failure::usage(
            "this device is not paired with any account; see `tegata pair --help`",
        ));
    }
    let mut changes = context.device.changes();
    context.device.connect();
    let (mut shown, mut told) = (Shown::default(), 0);
    loop {
        let notices = changes.borrow_and_update().notices;
        shown.print(context, json);
        if notices > told {
            print_notices(context, notices - told, json).await?;
            told = notices;
        }
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
            }
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

/// Prints the newest things that servers told of the accounts' devices, oldest first.
async fn print_notices(context: &Context, count: u64, json: bool) -> Result<(), Failure> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut entries = context.device.history(usize::MAX).await?;
    entries.retain(|entry| matches!(entry.event, HistoryEvent::Device { .. }));
    for entry in entries.iter().take(count).rev() {
        if json {
            screen::json(&history::to_json(entry));
        } else {
            screen::line(&history::describe(entry));
        }
    }
    Ok(())
}

/// What was printed last, so that only news is printed.
#[derive(Default)]
struct Shown {
    accounts: HashMap<String, AccountSummary>,
    requests: HashMap<String, RequestState>,
    blocked: HashSet<ConsentRequestId>,
}

impl Shown {
    fn print(&mut self, context: &Context, json: bool) {
        for account in context.device.accounts() {
            let before = self
                .accounts
                .insert(account.id.to_string(), account.clone());
            if before.as_ref() == Some(&account) {
                continue;
            }
            if json {
                screen::json(&json!({ "event": "account", "account": account }));
            } else {
                screen::line(&format!(
                    "{} at {}: {}, {}",
                    plain(&account.account_name),
                    account.issuer.host(),
                    words::connection(account.connection),
                    words::health(account.health)
                ));
            }
        }
        let inbox = context.device.inbox();
        for request in &inbox.requests {
            let id = request.key.to_string();
            let before = self.requests.insert(id, request.state.clone());
            let news = match &before {
                None => "request",
                Some(state) if *state != request.state => "state",
                Some(_) => continue,
            };
            if news == "request" {
                context.device.mark_seen(&request.key);
            }
            if json {
                let mut value = to_json(context, request);
                value["event"] = news.into();
                screen::json(&value);
            } else {
                screen::line(&format!(
                    "{}  {}  {}",
                    request.key.request,
                    plain(&request.prompt.client.name),
                    describe(context, request)
                ));
            }
        }
        let shown = std::mem::take(&mut self.blocked);
        for blocked in &inbox.blocked {
            self.blocked.insert(blocked.id.clone());
            if shown.contains(&blocked.id) {
                continue;
            }
            if json {
                screen::json(&json!({ "event": "blocked", "blocked": blocked }));
            } else {
                screen::line(&describe_blocked(blocked));
            }
        }
    }
}
