//! `tegata history`.

use super::{
    Context,
    args::HistoryCommand,
    failure::Failure,
    requests::{describe_blocked, describe_close, describe_report, matches},
    screen::{self, plain, utc},
    words,
};
use serde_json::{Value, json};
use std::{collections::HashSet, path::Path};
use tegata_device::{
    RequestKey, RequestState,
    account::write_atomically,
    history::{HistoryEntry, HistoryEvent, HistoryQuery, OutcomeKind},
};

/// Entries that are searched for one request.
const SEARCHED: usize = 10_000;

pub(super) async fn history(
    context: &Context,
    command: Option<HistoryCommand>,
) -> Result<(), Failure> {
    let listing = HistoryCommand::List {
        limit: 50,
        search: None,
        outcome: None,
        json: false,
    };
    match command.unwrap_or(listing) {
        HistoryCommand::List {
            limit,
            search,
            outcome,
            json,
        } => {
            let query = HistoryQuery {
                text: search.unwrap_or_default(),
                outcome: outcome.map(OutcomeKind::from),
                ..HistoryQuery::default()
            };
            for entry in context.device.history_page(&query, limit).await?.entries {
                if json {
                    screen::json(&to_json(&entry));
                } else {
                    screen::line(&describe(&entry));
                }
            }
        }
        HistoryCommand::Show { id } => {
            let entry = find(context, &id).await?;
            screen::json(&to_json(&entry));
        }
        HistoryCommand::Verify { id, json } => verify(context, &id, json).await?,
        HistoryCommand::ExportAll { dir } => {
            let query = HistoryQuery::default();
            let exported = context.device.export_history(&query, &dir).await?;
            screen::line(&format!(
                "{} written to {}",
                exported.entries,
                exported.path.display()
            ));
        }
        HistoryCommand::Export { id, file } => {
            let entry = find(context, &id).await?;
            let HistoryEvent::Request { key, .. } = &entry.event else {
                return Err(Failure::refused("only decided requests have evidence"));
            };
            export(context, key, &file).await?;
        }
    }
    Ok(())
}

async fn verify(context: &Context, id: &str, json: bool) -> Result<(), Failure> {
    let entry = find(context, id).await?;
    let found = context.device.verify_entry(&entry.id).await?;
    if json {
        screen::json(&json!({
            "prompt": found.prompt, "decision": found.decision, "receipt": found.receipt,
        }));
    } else {
        for (what, holds) in [
            ("prompt    signed by this server", found.prompt),
            (
                "decision  by this device's key over that prompt",
                found.decision,
            ),
            ("receipt   of this server for both", found.receipt),
        ] {
            let mark = if holds { "ok" } else { "WRONG" };
            screen::line(&format!("{mark:<7}{what}"));
        }
    }
    if found.prompt && found.decision && found.receipt {
        Ok(())
    } else {
        Err(Failure::refused("the evidence does not hold"))
    }
}

async fn export(context: &Context, key: &RequestKey, file: &Path) -> Result<(), Failure> {
    let evidence = context.device.evidence(key).await?;
    let text = serde_json::to_string_pretty(&evidence)
        .map_err(|error| Failure::refused(error.to_string()))?;
    if file == Path::new("-") {
        screen::line(&text);
        return Ok(());
    }
    let path = std::path::absolute(file)?;
    write_atomically(&path, format!("{text}\n").as_bytes())?;
    screen::line(&format!(
        "Written to {}; check it with `tegata verify {}`.",
        file.display(),
        file.display()
    ));
    Ok(())
}

/// The newest entry about a request that begins like this; one with a receipt before others.
async fn find(context: &Context, start: &str) -> Result<HistoryEntry, Failure> {
    let mut entries = context.device.history(SEARCHED).await?;
    entries.retain(
        |entry| matches!(&entry.event, HistoryEvent::Request { key, .. } if matches(key, start)),
    );
    let has_receipt = |entry: &HistoryEntry| {
        matches!(
            &entry.event,
            HistoryEvent::Request {
                receipt: Some(_),
                ..
            }
        )
    };
    let at = entries.iter().position(has_receipt).unwrap_or(0);
    if at < entries.len() {
        Ok(entries.swap_remove(at))
    } else {
        Err(Failure::refused(format!(
            "the history has no request that begins with {start}"
        )))
    }
}

/// The one request that begins like this and stands as approved, by whichever device of the account.
pub(super) async fn approved(
    context: &Context,
    start: &str,
) -> Result<Option<RequestKey>, Failure> {
    let entries = context.device.history(SEARCHED).await?;
    let (mut seen, mut keys) = (HashSet::new(), Vec::new());
    for entry in entries {
        if let HistoryEvent::Request { key, outcome, .. } = entry.event
            && matches(&key, start)
            // The newest line about a request says how it stands: one that was reported has an older one that approves.
            && seen.insert(key.clone())
            && outcome.is_approved()
        {
            keys.push(key);
        }
    }
    if keys.len() > 1 {
        return Err(Failure::usage(format!(
            "several requests begin with {start}"
        )));
    }
    Ok(keys.pop())
}

fn outcome(state: &RequestState) -> String {
    match state {
        RequestState::Approved { at } => format!("approved, {}", utc(*at)),
        RequestState::Denied { reason, at } => {
            format!("denied ({}), {}", words::deny_reason(*reason), utc(*at))
        }
        RequestState::Reported { at } => describe_report(*at),
        RequestState::Closed(how) => describe_close(how),
        other => format!("{other:?}"),
    }
}

/// A line about an entry.
pub(super) fn describe(entry: &HistoryEntry) -> String {
    match &entry.event {
        HistoryEvent::Blocked(blocked) => describe_blocked(blocked),
        HistoryEvent::Paired => format!("{}  paired", utc(entry.at)),
        HistoryEvent::Request {
            key,
            prompt,
            outcome: state,
            receipt,
        } => {
            let receipt = receipt.map(|hash| format!("  receipt {hash}"));
            format!(
                "{}  {}  {}  {}{}",
                utc(entry.at),
                key.request,
                plain(&prompt.client.name),
                outcome(state),
                receipt.unwrap_or_default()
            )
        }
        HistoryEvent::Device { what, device_name } => {
            let device = plain(device_name);
            format!("{}  {}: {device}", utc(entry.at), words::notice(*what))
        }
        other => format!("{other:?}"),
    }
}

/// An entry for scripts.
pub(super) fn to_json(entry: &HistoryEntry) -> Value {
    let mut value = match &entry.event {
        HistoryEvent::Blocked(blocked) => json!({ "event": "blocked", "blocked": blocked }),
        HistoryEvent::Request {
            key,
            prompt,
            outcome,
            receipt,
        } => json!({
            "event": "request",
            "request": key.request,
            "prompt": prompt,
            "outcome": outcome,
            "receipt": receipt,
        }),
        HistoryEvent::Device { what, device_name } => {
            json!({ "event": "device", "what": what, "device_name": device_name })
        }
        _ => json!({ "event": "paired" }),
    };
    value["id"] = entry.id.as_str().into();
    value["account"] = entry.account.as_str().into();
    value["at"] = entry.at.0.into();
    value
}
