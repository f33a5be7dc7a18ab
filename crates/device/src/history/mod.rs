//! What happened, kept for good: an append-only, encrypted log per account, and the evidence files made from it.

mod log;
#[cfg(test)]
mod tests;

use crate::{
    account::{AccountFileError, AccountState, LocalAccountId},
    device::Device,
    error::{AccessError, DecideError, HistoryError},
    inbox::{self, ClosedRequest},
    live::{LiveAccount, Session, lock},
    model::{BlockReason, BlockedMessage, RequestKey, RequestState},
};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use tegata_protocol::{
    ConsentRequestId, Sha256Digest, UnixTime,
    device::{
        V1,
        decision::Decision,
        evidence::EvidenceFile,
        limits,
        metadata::verify_metadata,
        problem::CloseReason,
        prompt::Prompt,
        receipt::{ConsentReceipt, ReceiptEffect, evidence_hash, parse_receipt},
        typ,
    },
    jws,
};

/// One line of the history as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// Stable for the life of the entry: `{account}.{line}`.
    pub id: String,
    /// The account.
    pub account: LocalAccountId,
    /// When it was written, by this machine's clock.
    pub at: UnixTime,
    /// What happened.
    pub event: HistoryEvent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum HistoryEvent {
    /// A message failed verification.
    Blocked(BlockedMessage),
    /// The account was paired.
    Paired,
    /// A request came to its end.
    Request {
        /// Its name.
        key: RequestKey,
        /// What was asked.
        prompt: Box<Prompt>,
        /// How it ended.
        outcome: RequestState,
        /// Hash of the receipt, if this device decided.
        receipt: Option<Sha256Digest>,
    },
}

/// A line as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Record {
    /// A message failed verification.
    Blocked {
        id: ConsentRequestId,
        at: UnixTime,
        reason: BlockReason,
    },
    /// A request ended without a decision of this device.
    Closed {
        at: UnixTime,
        prompt: String,
        metadata: String,
        how: CloseReason,
    },
    /// This device decided; everything that a stranger needs to check it.
    Decided {
        at: UnixTime,
        prompt: String,
        receipt: String,
        metadata: String,
    },
    /// The account was paired.
    Paired { at: UnixTime },
}

impl Device {
    /// What happened, newest first, at most `limit` entries. Accounts whose secret cannot be had are left out; their
    /// health says why.
    ///
    /// # Errors
    /// [`HistoryError::Damaged`], [`HistoryError::Io`].
    pub async fn history(&self, limit: usize) -> Result<Vec<HistoryEntry>, HistoryError> {
        let mut entries = Vec::new();
        for live in self.live_accounts() {
            let Ok(session) = self.session(&live).await else {
                continue;
            };
            let state = session.read_state()?;
            for (line, record) in read_log(&session, &state)?.into_iter().enumerate() {
                if let Some(entry) = show(&session, line, record) {
                    entries.push(entry);
                }
            }
        }
        entries.reverse();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        // Two processes may both have seen a request end, or have asked for one receipt: the newest line is shown.
        let (mut seen, mut receipts) = (HashSet::new(), HashSet::new());
        entries.retain(|entry| match &entry.event {
            HistoryEvent::Request { key, receipt, .. } => match receipt {
                Some(receipt) => receipts.insert(*receipt),
                None => seen.insert(key.clone()),
            },
            _ => true,
        });
        entries.truncate(limit);
        Ok(entries)
    }

    /// The evidence of a decision made here, complete for `tegata verify`.
    ///
    /// # Errors
    /// [`HistoryError::NoReceipt`] if this device has no receipt for the request.
    pub async fn evidence(&self, key: &RequestKey) -> Result<EvidenceFile, HistoryError> {
        let live = self.live(&key.account)?;
        let session = self.session(&live).await?;
        let state = session.read_state()?;
        let records = read_log(&session, &state)?;
        let found = records.into_iter().rev().find_map(|record| match record {
            Record::Decided {
                prompt,
                receipt,
                metadata,
                ..
            } => {
                let same = read_receipt(&session, &metadata, &receipt)?.request == key.request;
                same.then_some((prompt, receipt, metadata))
            }
            _ => None,
        });
        let (prompt, receipt, metadata_jws) = found.ok_or(HistoryError::NoReceipt)?;
        Ok(EvidenceFile {
            v: V1,
            metadata_jws,
            root: state.root,
            prompt: Some(prompt),
            receipt: Some(receipt),
            pairing_receipt: Some(state.pairing_receipt),
            countersignature: Some(state.countersignature),
            client_receipt: None,
        })
    }

    /// Writes one line; durable on return.
    pub(crate) fn record(&self, session: &Session, record: &Record) -> Result<(), AccessError> {
        let path = session.folder().history_path(&session.id);
        session.update(|_, state| {
            let line = log::append(&path, session, state.history_lines, record)?;
            state.history_lines = line;
            Ok::<_, AccessError>(())
        })??;
        self.changed(|changes| changes.history += 1);
        Ok(())
    }

    /// Writes a blocked message, unless the day had enough of them; then it is only counted.
    pub(crate) fn record_blocked(
        &self,
        session: &Session,
        at: UnixTime,
        record: &Record,
    ) -> Result<(), AccessError> {
        if session.update(|_, state| state.blocked.admit(at))? {
            self.record(session, record)?;
        }
        Ok(())
    }

    /// Puts a request of the history back into the inbox if it was approved, by whichever device, so that it can be
    /// reported. Changes nothing otherwise.
    pub(crate) fn recall_approved(
        &self,
        live: &LiveAccount,
        session: &Session,
        key: &RequestKey,
    ) -> Result<(), DecideError> {
        let state = session.read_state()?;
        let records = read_log(session, &state).map_err(|error| match error {
            HistoryError::Access(error) => DecideError::Access(error),
            other => {
                let error = AccountFileError::Damaged(other.to_string());
                AccessError::from(error).into()
            }
        })?;
        let newest = records.into_iter().rev().find_map(|record| {
            let (prompt_jws, metadata, state) = match record {
                Record::Closed {
                    prompt,
                    metadata,
                    how,
                    ..
                } => (prompt, metadata, RequestState::Closed(how)),
                Record::Decided {
                    prompt,
                    receipt,
                    metadata,
                    ..
                } => {
                    let state = outcome(&read_receipt(session, &metadata, &receipt)?);
                    (prompt, metadata, state)
                }
                Record::Blocked { .. } | Record::Paired { .. } => return None,
            };
            let prompt = read_prompt(session, &metadata, &prompt_jws)?;
            (prompt.jti == key.request).then_some((prompt, prompt_jws, state))
        });
        if let Some((prompt, prompt_jws, state)) = newest
            && state.is_approved()
        {
            let hash = jws::hash(&prompt_jws);
            let arrived = inbox::build(session, prompt, &prompt_jws, hash, 0);
            let now = self.ports().clock.now_millis();
            lock(&live.inbox).recall(now, arrived, state);
        }
        Ok(())
    }

    /// Writes what closed without a decision here. A failure is logged: it must not keep a request on show.
    pub(crate) fn record_closed(&self, session: &Session, ended: &[ClosedRequest]) {
        let at = self.ports().clock.now();
        for closed in ended {
            let record = Record::Closed {
                at,
                prompt: closed.prompt_jws.to_string(),
                metadata: session.metadata().jws.clone(),
                how: closed.how.clone(),
            };
            if let Err(error) = self.record(session, &record) {
                tracing::warn!(%error, "the history could not be written");
            }
        }
    }

    /// Settles what ended a while ago, and tells that the inbox reads differently now.
    pub(crate) fn tick(&self, live: &LiveAccount, session: &Session) {
        let now = self.ports().clock.now_millis();
        let ended = lock(&live.inbox).settle_expired(now);
        self.record_closed(session, &ended);
        self.changed(|changes| changes.inbox += 1);
    }
}

fn read_log(session: &Session, state: &AccountState) -> Result<Vec<Record>, HistoryError> {
    let path = session.folder().history_path(&session.id);
    log::read(&path, session, state.history_lines)
}

/// The prompt of a line, verified with the metadata of its time.
fn read_prompt(session: &Session, metadata_jws: &str, prompt_jws: &str) -> Option<Prompt> {
    let metadata = verify_metadata(metadata_jws, &session.root).ok()?;
    let keys: Vec<_> = metadata.prompt_keys.iter().map(|key| key.jwk).collect();
    jws::verify(prompt_jws, typ::PROMPT, limits::PROMPT, &keys).ok()
}

/// The receipt of a line, verified with the metadata of its time.
fn read_receipt(session: &Session, metadata_jws: &str, receipt: &str) -> Option<ConsentReceipt> {
    let metadata = verify_metadata(metadata_jws, &session.root).ok()?;
    let keys: Vec<_> = metadata.receipt_keys.iter().map(|key| key.jwk).collect();
    parse_receipt(receipt, &keys).ok()
}

fn show(session: &Session, line: usize, record: Record) -> Option<HistoryEntry> {
    let account = session.id.clone();
    let key = |prompt: &Prompt| RequestKey {
        account: session.id.clone(),
        request: prompt.jti.clone(),
    };
    let (at, event) = match record {
        Record::Blocked { id, at, reason } => {
            let blocked = BlockedMessage {
                id,
                account: account.clone(),
                at,
                reason,
            };
            (at, HistoryEvent::Blocked(blocked))
        }
        Record::Closed {
            at,
            prompt,
            metadata,
            how,
        } => {
            let prompt = read_prompt(session, &metadata, &prompt)?;
            let event = HistoryEvent::Request {
                key: key(&prompt),
                prompt: Box::new(prompt),
                outcome: RequestState::Closed(how),
                receipt: None,
            };
            (at, event)
        }
        Record::Decided {
            at,
            prompt,
            receipt,
            metadata,
        } => {
            let prompt = read_prompt(session, &metadata, &prompt)?;
            let content = read_receipt(session, &metadata, &receipt)?;
            let event = HistoryEvent::Request {
                key: key(&prompt),
                prompt: Box::new(prompt),
                outcome: outcome(&content),
                receipt: Some(evidence_hash(&receipt)),
            };
            (at, event)
        }
        Record::Paired { at } => (at, HistoryEvent::Paired),
    };
    Some(HistoryEntry {
        id: format!("{account}.{line}"),
        account,
        at,
        event,
    })
}

/// How a request ended, by its receipt.
pub(crate) fn outcome(receipt: &ConsentReceipt) -> RequestState {
    if receipt.effect == Some(ReceiptEffect::Report) {
        return RequestState::Reported {
            at: receipt.committed_at,
        };
    }
    match receipt.detail.decision {
        Decision::Approve { .. } => RequestState::Approved {
            at: receipt.committed_at,
        },
        Decision::Deny { reason } => RequestState::Denied {
            reason,
            at: receipt.committed_at,
        },
    }
}
