//! From a line that is kept to an entry that is shown: everything signed is verified again with the metadata of its time.

use super::{HistoryEntry, HistoryEvent, Record};
use crate::{
    account::LocalAccountId,
    live::Session,
    model::{BlockedMessage, RequestKey, RequestState},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tegata_protocol::{
    PublicKey, UnixTime,
    device::{
        decision::Decision,
        limits,
        metadata::verify_metadata,
        prompt::Prompt,
        receipt::{ConsentReceipt, ReceiptEffect, evidence_hash, parse_receipt},
        typ,
    },
    jws,
};

/// A line with the account that it is of.
pub(super) struct Line {
    pub(super) session: Arc<Session>,
    /// Counted from 0.
    pub(super) number: usize,
    pub(super) record: Record,
}

impl Line {
    /// The name of its entry.
    pub(super) fn id(&self) -> String {
        format!("{}.{}", self.session.id, self.number)
    }

    pub(super) fn at(&self) -> UnixTime {
        match &self.record {
            Record::Blocked { at, .. }
            | Record::Closed { at, .. }
            | Record::Decided { at, .. }
            | Record::Device { at, .. }
            | Record::Paired { at } => *at,
        }
    }
}

/// Prompt and receipt keys of the metadata that was read last: most lines were written under the same.
#[derive(Default)]
pub(crate) struct Keys {
    jws: String,
    prompt: Vec<PublicKey>,
    receipt: Vec<PublicKey>,
}

impl Keys {
    fn of(&mut self, session: &Session, metadata_jws: &str) -> Option<&Self> {
        if self.jws != metadata_jws {
            let metadata = verify_metadata(metadata_jws, &session.root).ok()?;
            *self = Self {
                jws: metadata_jws.to_owned(),
                prompt: metadata.prompt_keys.iter().map(|key| key.jwk).collect(),
                receipt: metadata.receipt_keys.iter().map(|key| key.jwk).collect(),
            };
        }
        Some(self)
    }

    /// The prompt of a line.
    pub(super) fn prompt(
        &mut self,
        session: &Session,
        metadata: &str,
        prompt_jws: &str,
    ) -> Option<Prompt> {
        let keys = &self.of(session, metadata)?.prompt;
        jws::verify(prompt_jws, typ::PROMPT, limits::PROMPT, keys).ok()
    }

    /// The receipt of a line.
    pub(super) fn receipt(
        &mut self,
        session: &Session,
        metadata: &str,
        receipt: &str,
    ) -> Option<ConsentReceipt> {
        let keys = &self.of(session, metadata)?.receipt;
        parse_receipt(receipt, keys).ok()
    }
}

/// Lines, newest first, as entries. Two processes may both have seen a request end, or have asked for one receipt: the
/// newest line is shown.
pub(super) struct Shown<I> {
    lines: I,
    keys: HashMap<LocalAccountId, Keys>,
    seen: HashSet<RequestKey>,
    receipts: HashSet<tegata_protocol::Sha256Digest>,
}

impl<I: Iterator<Item = Line>> Shown<I> {
    pub(super) fn new(lines: I) -> Self {
        Self {
            lines,
            keys: HashMap::new(),
            seen: HashSet::new(),
            receipts: HashSet::new(),
        }
    }
}

impl<I: Iterator<Item = Line>> Iterator for Shown<I> {
    type Item = HistoryEntry;

    fn next(&mut self) -> Option<HistoryEntry> {
        loop {
            let line = self.lines.next()?;
            let keys = self.keys.entry(line.session.id.clone()).or_default();
            let Some(entry) = show(keys, line) else {
                continue;
            };
            let news = match &entry.event {
                HistoryEvent::Request { key, receipt, .. } => match receipt {
                    Some(receipt) => self.receipts.insert(*receipt),
                    None => self.seen.insert(key.clone()),
                },
                _ => true,
            };
            if news {
                return Some(entry);
            }
        }
    }
}

/// The entry of a line; `None` if what it holds does not verify.
pub(super) fn show(keys: &mut Keys, line: Line) -> Option<HistoryEntry> {
    let (id, at) = (line.id(), line.at());
    let session = &line.session;
    let account = session.id.clone();
    let key = |prompt: &Prompt| RequestKey {
        account: session.id.clone(),
        request: prompt.jti.clone(),
    };
    let event = match line.record {
        Record::Blocked { id, at, reason } => HistoryEvent::Blocked(BlockedMessage {
            id,
            account: account.clone(),
            at,
            reason,
        }),
        Record::Closed {
            prompt,
            metadata,
            how,
            ..
        } => {
            let prompt = keys.prompt(session, &metadata, &prompt)?;
            HistoryEvent::Request {
                key: key(&prompt),
                prompt: Box::new(prompt),
                outcome: RequestState::Closed(how),
                receipt: None,
            }
        }
        Record::Decided {
            prompt,
            receipt,
            metadata,
            ..
        } => {
            let prompt = keys.prompt(session, &metadata, &prompt)?;
            let content = keys.receipt(session, &metadata, &receipt)?;
            HistoryEvent::Request {
                key: key(&prompt),
                prompt: Box::new(prompt),
                outcome: outcome(&content),
                receipt: Some(evidence_hash(&receipt)),
            }
        }
        Record::Device {
            what, device_name, ..
        } => HistoryEvent::Device { what, device_name },
        Record::Paired { .. } => HistoryEvent::Paired,
    };
    Some(HistoryEntry {
        id,
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
