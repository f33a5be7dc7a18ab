//! `tegata inbox`, `show`, `approve`, `deny`.

use super::{
    Context,
    facts::print,
    failure::Failure,
    person::TerminalPerson,
    screen::{self, plain, utc},
    words,
};
use serde_json::{Value, json};
use tegata_device::{
    BlockedMessage, RequestKey, RequestSnapshot, RequestState, error::DecideError,
    ports::PersonCheck,
};
use tegata_protocol::{
    UnixTime,
    device::{decision::DenyReason, problem::CloseReason, prompt::Transfer},
};

impl Context {
    /// Asks every account's server for what waits. An account that fails is complained about if others work; the answer is
    /// then the failure with which a command ends that needed them all.
    pub(super) async fn refresh(&self) -> Result<Option<Failure>, Failure> {
        let accounts = self.accounts()?;
        if accounts.is_empty() {
            return Err(Failure::usage(
                "this device is not paired with any account; see `tegata pair --help`",
            ));
        }
        let (mut failures, count) = (Vec::new(), accounts.len());
        for account in accounts {
            if let Err(error) = self.device.refresh(&account.id).await {
                failures.push((account, Failure::from(error)));
            }
        }
        if failures.len() == count
            && let Some((_, failure)) = failures.pop()
        {
            return Err(failure);
        }
        let mut missed = None;
        for (account, failure) in failures {
            let name = plain(&account.account_name);
            screen::complain(&format!("{name} at {}: {failure}", account.issuer.host()));
            missed.get_or_insert_with(|| Failure::offline("not every account could be asked"));
        }
        Ok(missed)
    }

    /// Asks for what waits, and finds one request.
    async fn ask_and_find(&self, start: &str) -> Result<RequestSnapshot, Failure> {
        let missed = self.refresh().await?;
        self.find(start, missed.is_none())
    }

    /// The one request whose id, or full name, begins like this; `all_asked` says whether every server answered.
    fn find(&self, start: &str, all_asked: bool) -> Result<RequestSnapshot, Failure> {
        let mut found = self.device.inbox().requests;
        found.retain(|request| matches(&request.key, start));
        match (found.pop(), found.is_empty()) {
            (Some(request), true) => Ok(request),
            (Some(_), false) => Err(Failure::usage(format!(
                "several requests begin with {start}"
            ))),
            (None, _) => Err(not_found(start, all_asked)),
        }
    }
}

/// That no request begins like this, as far as that is known: `all_asked` says whether every server answered.
fn not_found(start: &str, all_asked: bool) -> Failure {
    if all_asked {
        Failure::refused(format!(
            "no request begins with {start}; `tegata inbox` lists them"
        ))
    } else {
        Failure::offline(format!(
            "no request at the servers that answered begins with {start}; it may wait at one that was out of reach"
        ))
    }
}

fn nothing_waits(all_asked: bool) -> &'static str {
    if all_asked {
        "Nothing waits."
    } else {
        "Nothing waits at the servers that answered."
    }
}

pub(super) fn matches(key: &RequestKey, start: &str) -> bool {
    key.request.as_str().starts_with(start) || key.to_string().starts_with(start)
}

pub(super) async fn inbox(context: &Context, json: bool) -> Result<(), Failure> {
    let missed = context.refresh().await?;
    let inbox = context.device.inbox();
    if json {
        let requests: Vec<Value> = inbox.requests.iter().map(|r| to_json(context, r)).collect();
        screen::json(&json!({ "requests": requests, "blocked": inbox.blocked }));
        return missed.map_or(Ok(()), Err);
    }
    for request in &inbox.requests {
        let prompt = &request.prompt;
        screen::line(&format!(
            "{}  {}  {}",
            request.key.request,
            plain(&prompt.client.name),
            describe(context, request)
        ));
    }
    for blocked in &inbox.blocked {
        screen::line(&describe_blocked(blocked));
    }
    if inbox.requests.is_empty() && inbox.blocked.is_empty() {
        screen::line(nothing_waits(missed.is_none()));
    }
    missed.map_or(Ok(()), Err)
}

pub(super) async fn show(context: &Context, id: &str, json: bool) -> Result<(), Failure> {
    let request = context.ask_and_find(id).await?;
    if json {
        screen::json(&to_json(context, &request));
    } else {
        print(context, &request);
    }
    context.device.mark_seen(&request.key);
    Ok(())
}

pub(super) async fn approve(
    context: &Context,
    id: &str,
    code: Option<String>,
    pin_fd: Option<u32>,
    json: bool,
) -> Result<(), Failure> {
    approve_as(context, id, code, &TerminalPerson { pin_fd }, json).await
}

/// The same, with the PIN that `person` gives.
pub(super) async fn approve_as(
    context: &Context,
    id: &str,
    code: Option<String>,
    person: &dyn PersonCheck,
    json: bool,
) -> Result<(), Failure> {
    let request = context.ask_and_find(id).await?;
    if !json {
        print(context, &request);
    }
    let code = match (request.prompt.transfer, code) {
        (Transfer::Code { length, alphabet }, None) => Some(
            screen::ask(&format!(
                "The {length} {} that the other screen shows: ",
                words::characters(alphabet)
            ))
            .ok_or_else(|| Failure::usage("this request asks for a code; give --code"))?,
        ),
        (_, code) => code,
    };
    let done = context
        .device
        .approve(&request.key, code.as_deref(), person)
        .await;
    finish(context, done, json)
}

pub(super) async fn deny(
    context: &Context,
    id: &str,
    reason: DenyReason,
    json: bool,
) -> Result<(), Failure> {
    let missed = context.refresh().await?;
    let found = match context.find(id, missed.is_none()) {
        // What was approved is no more in the inbox of a new process, and can be reported all the same.
        Err(failure) if reason == DenyReason::NotMe => {
            let approved = super::history::approved(context, id).await?;
            approved.ok_or(failure).map(|key| (key, true))
        }
        found => found.map(|request| {
            let reports = reason == DenyReason::NotMe && request.state.is_approved();
            (request.key, reports)
        }),
    };
    let (key, reports) = found?;
    if reports && !json {
        screen::line(
            "This was approved already. It is reported as not yours: the server takes back what was granted, and the \
             client cannot ask again for a while.",
        );
    }
    let done = context.device.deny(&key, reason).await;
    finish(context, done, json)
}

fn finish(
    context: &Context,
    done: Result<RequestSnapshot, DecideError>,
    json: bool,
) -> Result<(), Failure> {
    let request = done?;
    if json {
        screen::json(&to_json(context, &request));
    } else {
        let text = describe(context, &request);
        screen::line(&format!("{}  {text}", request.key.request));
    }
    if matches!(request.state, RequestState::Sending { .. }) {
        return Err(Failure::offline(
            "the server cannot be reached; it is not known whether your answer was taken: look with `tegata inbox` or \
             `tegata history` once it is. Nothing is sent later without you",
        ));
    }
    Ok(())
}

/// Seconds left now, by the server's count since the request arrived.
fn seconds_left(context: &Context, request: &RequestSnapshot) -> i64 {
    let passed = context.device.now_millis() - request.received_at_millis;
    (i64::from(request.expires_in) - passed.div_euclid(1000)).max(0)
}

/// The whole request for scripts.
pub(super) fn to_json(context: &Context, request: &RequestSnapshot) -> Value {
    json!({
        "id": request.key.to_string(),
        "account": request.key.account,
        "request": request.key.request,
        "status": request.state,
        "expires_in": seconds_left(context, request),
        "deny_only": request.deny_only,
        "unknown_client": request.unknown_client,
        "collected": request.collected,
        "prompt": *request.prompt,
    })
}

/// One line about where a request stands.
pub(super) fn describe(context: &Context, request: &RequestSnapshot) -> String {
    match &request.state {
        RequestState::Pending => {
            let verb = if request.can_be_approved() {
                "waits"
            } else {
                "can only be denied"
            };
            format!("{verb}, {} s left", seconds_left(context, request))
        }
        RequestState::PendingAgain => format!(
            "waits again, an earlier answer was not sent, {} s left",
            seconds_left(context, request)
        ),
        RequestState::Sending { .. } => "being sent, not decided yet".into(),
        RequestState::NeedsCheck { .. } => {
            "an earlier answer may have been sent; the server has to be asked".into()
        }
        RequestState::Approved { at } => format!("approved, {}", utc(*at)),
        RequestState::Denied { at, .. } => format!("denied, {}", utc(*at)),
        RequestState::Reported { at } => describe_report(*at),
        RequestState::Closed(how) => format!("closed: {}", describe_close(how)),
        other => format!("{other:?}"),
    }
}

pub(super) fn describe_report(at: UnixTime) -> String {
    format!(
        "was approved, then reported as not yours, {}; what was granted was taken back",
        utc(at)
    )
}

pub(super) fn describe_close(how: &CloseReason) -> String {
    match how {
        CloseReason::Expired => "time ran out, nothing was approved".into(),
        CloseReason::Handled {
            device_name,
            decision,
            at,
            ..
        } => {
            let verb = words::verdict(*decision);
            format!("{verb} on {}, {}", plain(device_name), utc(*at))
        }
        CloseReason::Moved => "the account moved to another device".into(),
        CloseReason::TransferFailed => {
            "the code was wrong three times, nothing was approved".into()
        }
        CloseReason::Withdrawn => "taken back, nothing was approved".into(),
        other => format!("{other:?}"),
    }
}

pub(super) fn describe_blocked(blocked: &BlockedMessage) -> String {
    format!(
        "{}  BLOCKED: a message failed verification ({}), {}",
        blocked.id,
        words::block_reason(blocked.reason),
        utc(blocked.at)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_is_not_claimed_to_be_empty() {
        assert_eq!(nothing_waits(true), "Nothing waits.");
        assert!(nothing_waits(false).ends_with("that answered."));
        assert_eq!(not_found("zz", true).exit_code(), 1);
        let unsure = not_found("zz", false);
        assert_eq!(unsure.exit_code(), 3);
        assert!(unsure.to_string().contains("out of reach"), "{unsure}");
    }
}
