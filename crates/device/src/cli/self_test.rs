//! `tegata self-test`.

use super::{
    Context,
    args::SelfTestArguments,
    failure::Failure,
    person::TerminalPerson,
    screen::{self, plain},
};
use serde_json::json;
use std::collections::HashSet;
use tegata_device::{
    RequestKey,
    self_test::{SelfTestLine, SelfTestOptions, SelfTestOutcome},
};
use tegata_protocol::device::decision::DenyReason;

/// Looks at everything on the way that requests take, and ends with 1 if something does not work.
pub(super) async fn self_test(
    context: &Context,
    arguments: SelfTestArguments,
) -> Result<(), Failure> {
    context.device.connect();
    let test = context.device.self_test(SelfTestOptions::default());
    let mut states = test.states();
    let (mut said, mut answered) = (HashSet::new(), HashSet::new());
    loop {
        let state = states.borrow_and_update().clone();
        for (number, line) in state.lines.iter().enumerate() {
            match &line.outcome {
                SelfTestOutcome::Waiting | SelfTestOutcome::Running => {}
                SelfTestOutcome::Answer(key) => {
                    if answered.insert(key.clone()) {
                        answer(context, key, &arguments).await?;
                    }
                }
                _ => {
                    if said.insert(number) {
                        say(context, line, arguments.json);
                    }
                }
            }
        }
        if !state.running {
            let bad = |line: &SelfTestLine| matches!(line.outcome, SelfTestOutcome::Bad(_));
            return if state.lines.iter().any(bad) {
                Err(Failure::refused(
                    "not everything works; see the problems above",
                ))
            } else {
                Ok(())
            };
        }
        if states.changed().await.is_err() {
            return Err(Failure::refused("the self-test ended"));
        }
    }
}

/// The person's answer to a test request: a denial if they said so, else with the PIN.
async fn answer(
    context: &Context,
    key: &RequestKey,
    arguments: &SelfTestArguments,
) -> Result<(), Failure> {
    context.device.mark_seen(key);
    if arguments.deny {
        context.device.deny(key, DenyReason::ChangedMind).await?;
        return Ok(());
    }
    screen::complain("The test request has arrived and grants nothing. Approve it with your PIN.");
    let person = TerminalPerson {
        pin_fd: arguments.pin.pin_fd,
    };
    context.device.approve(key, None, &person).await?;
    Ok(())
}

fn say(context: &Context, line: &SelfTestLine, json: bool) {
    let mark = match line.outcome {
        SelfTestOutcome::Bad(_) => "problem",
        SelfTestOutcome::Warning(_) => "warning",
        _ => "ok",
    };
    if json {
        screen::json(&json!({ "account": line.account, "outcome": mark, "text": line.words() }));
        return;
    }
    let account = line
        .account
        .as_ref()
        .and_then(|id| context.device.account(id));
    let name = account.map_or(String::new(), |account| {
        let name = plain(&account.account_name);
        format!("{name} at {}: ", account.issuer.host())
    });
    screen::line(&format!("{mark:<9}{name}{}", line.words()));
}
