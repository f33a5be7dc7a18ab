//! Looking through the history: a page at a time, by account, by outcome, by words.

use super::{
    HistoryEntry, HistoryEvent,
    shown::{Line, Shown},
};
use crate::{
    account::LocalAccountId,
    device::Device,
    error::HistoryError,
    model::{AccountSummary, RequestState},
};
use std::collections::{HashMap, HashSet};
use tegata_protocol::device::prompt::Prompt;
use unicode_normalization::UnicodeNormalization as _;

/// Most code points of the words to look for; what comes after them is not looked at.
const MAX_TEXT: usize = 200;

/// What to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Words that must all occur in what is shown of an entry, upper and lower case and full and half width alike; empty: all
    /// entries.
    pub text: String,
    /// One account; `None`: all.
    pub account: Option<LocalAccountId>,
    /// One kind of outcome; `None`: all.
    pub outcome: Option<OutcomeKind>,
    /// Only entries that come after the entry of this id, from the newest on; `None`: from the newest. One that is not there
    /// has nothing after it.
    pub after: Option<String>,
}

/// Kinds of outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeKind {
    /// Approved here.
    Approved,
    /// Denied here, or reported.
    Denied,
    /// Ended otherwise.
    Ended,
    /// Blocked, and what happened to devices, this one included.
    Security,
}

/// Part of the history, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// Entries.
    pub entries: Vec<HistoryEntry>,
    /// Whether more come after them.
    pub more: bool,
}

impl HistoryEvent {
    /// The kind of its outcome.
    #[must_use]
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Blocked(_) | Self::Device { .. } | Self::Paired => OutcomeKind::Security,
            Self::Request { outcome, .. } => match outcome {
                RequestState::Approved { .. } => OutcomeKind::Approved,
                RequestState::Denied { .. } | RequestState::Reported { .. } => OutcomeKind::Denied,
                _ => OutcomeKind::Ended,
            },
        }
    }
}

impl Device {
    /// The first `limit` entries that `query` asks for. Accounts whose secret cannot be had are left out; their health says
    /// why.
    ///
    /// # Errors
    /// [`HistoryError::Damaged`], [`HistoryError::Io`].
    pub async fn history_page(
        &self,
        query: &HistoryQuery,
        limit: usize,
    ) -> Result<HistoryPage, HistoryError> {
        let lines = self.lines(query.account.as_ref()).await?;
        let summaries = self.live_accounts().into_iter().map(|live| live.summary());
        let accounts: HashMap<_, _> = summaries.map(|one| (one.id.clone(), one)).collect();
        let words = words(&query.text);
        // A line may be the one to go on after without being shown: a newer one took its place.
        let past = query.after.as_ref().map(|after| {
            let at = lines.iter().position(|line| line.id() == *after);
            at.map_or(lines.len(), |at| at + 1)
        });
        let passed: HashSet<String> = lines.iter().take(past.unwrap_or(0)).map(Line::id).collect();
        let mut found = Shown::new(lines.into_iter())
            .filter(|entry| !passed.contains(&entry.id))
            .filter(|entry| query.outcome.is_none_or(|kind| kind == entry.event.kind()))
            .filter(|entry| holds(entry, accounts.get(&entry.account), &words));
        let entries = found.by_ref().take(limit).collect();
        Ok(HistoryPage {
            entries,
            more: found.next().is_some(),
        })
    }
}

/// One spelling for what reads alike.
fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

fn words(text: &str) -> Vec<String> {
    let text: String = text.chars().take(MAX_TEXT).collect();
    folded(&text)
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

fn holds(entry: &HistoryEntry, account: Option<&AccountSummary>, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let mut shown = Vec::new();
    if let Some(account) = account {
        shown.extend([&account.account_name, &account.issuer_name].map(String::clone));
        shown.push(account.issuer.host().to_owned());
        shown.extend(account.look.label.clone());
    }
    match &entry.event {
        HistoryEvent::Request {
            prompt,
            outcome,
            receipt,
            ..
        } => {
            add_prompt(prompt, &mut shown);
            if let RequestState::Closed(tegata_protocol::device::problem::CloseReason::Handled {
                device_name,
                ..
            }) = outcome
            {
                shown.push(device_name.clone());
            }
            shown.extend(receipt.map(|hash| hash.to_string()));
        }
        HistoryEvent::Device { device_name, .. } => shown.push(device_name.clone()),
        HistoryEvent::Blocked(_) | HistoryEvent::Paired => {}
    }
    let text = folded(&shown.join("\n"));
    words.iter().all(|word| text.contains(word))
}

/// Everything of a prompt that a person reads.
fn add_prompt(prompt: &Prompt, shown: &mut Vec<String>) {
    let claimed = &prompt.context.claimed;
    let single = [
        &prompt.client.host,
        &prompt.binding_message,
        &claimed.place,
        &claimed.device,
        &claimed.address,
    ];
    shown.extend(single.into_iter().flatten().cloned());
    shown.push(prompt.client.name.clone());
    if let Some(provider) = &prompt.provider {
        shown.extend([provider.name.clone(), provider.id.clone()]);
    }
    for actor in &prompt.actor {
        shown.extend([actor.name.clone(), actor.vouched_by.clone()]);
    }
    for scope in &prompt.scopes {
        shown.extend([scope.name.clone(), scope.description.clone()]);
    }
    for leaf in prompt.detail_leaves() {
        shown.extend([leaf.pointer, leaf.value]);
        shown.extend(leaf.label);
    }
    shown.extend(prompt.resource.iter().chain(&prompt.claims).cloned());
    if let Some(device) = &prompt.device {
        let words = [&device.name, &device.platform];
        shown.extend(words.into_iter().flatten().cloned());
    }
}
