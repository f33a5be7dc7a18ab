//! What happened, kept for good: an append-only, encrypted log per account, and the evidence files made from it.

mod evidence;
mod log;
mod notices;
mod page;
mod shown;
#[cfg(test)]
mod tests;

pub use evidence::{EntryVerification, Exported};
pub use page::{HistoryPage, HistoryQuery, OutcomeKind};
pub(crate) use shown::outcome;

use crate::{
    account::{AccountFileError, AccountState, LocalAccountId},
    device::Device,
    error::{AccessError, DecideError, HistoryError},
    inbox::{self, ClosedRequest},
    live::{LiveAccount, Session, lock},
    management,
    model::{BlockReason, BlockedMessage, RequestKey, RequestState},
};
use serde::{Deserialize, Serialize};
use shown::{Keys, Line, Shown};
use tegata_protocol::{
    ConsentRequestId, Sha256Digest, UnixTime,
    device::{management::NoticeKind, problem::CloseReason, prompt::Prompt},
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
    /// The server told what happened to a device of the account.
    Device {
        /// What.
        what: NoticeKind,
        /// The device's name, at most 64 code points, what could hide something replaced.
        device_name: String,
    },
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
    /// The server told what happened to a device of the account.
    Device {
        at: UnixTime,
        id: String,
        what: NoticeKind,
        device_name: String,
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
        let lines = self.lines(None).await?;
        Ok(Shown::new(lines.into_iter()).take(limit).collect())
    }

    /// Every line of one account or of all, newest first.
    async fn lines(&self, only: Option<&LocalAccountId>) -> Result<Vec<Line>, HistoryError> {
        let mut lines = Vec::new();
        for live in self.live_accounts() {
            if only.is_some_and(|only| *only != live.id()) {
                continue;
            }
            let Ok(session) = self.session(&live).await else {
                continue;
            };
            let state = session.read_state()?;
            let records = read_log(&session, &state)?.into_iter().enumerate();
            lines.extend(records.map(|(number, record)| Line {
                session: session.clone(),
                number,
                record,
            }));
        }
        lines.reverse();
        lines.sort_by_key(|line| std::cmp::Reverse(line.at()));
        Ok(lines)
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
        if let Some((prompt, prompt_jws, state)) = newest_of(session, &key.request)?
            && state.is_approved()
        {
            let hash = jws::hash(&prompt_jws);
            let kept = session.read_state()?;
            let arrived = inbox::build(session, &kept, prompt, &prompt_jws, hash, 0);
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
        if !ended.is_empty()
            && let Err(error) = management::note_over(self, live, session)
        {
            tracing::warn!(%error, "a new approval key that nobody approved is still kept");
        }
        self.changed(|changes| changes.inbox += 1);
    }
}

fn read_log(session: &Session, state: &AccountState) -> Result<Vec<Record>, HistoryError> {
    let path = session.folder().history_path(&session.id);
    log::read(&path, session, state.history_lines)
}

/// A request by its newest line: its prompt, that as it is kept, and how it ended.
pub(crate) fn newest_of(
    session: &Session,
    request: &ConsentRequestId,
) -> Result<Option<(Prompt, String, RequestState)>, AccessError> {
    let state = session.read_state()?;
    let records = read_log(session, &state).map_err(|error| match error {
        HistoryError::Access(error) => error,
        other => AccountFileError::Damaged(other.to_string()).into(),
    })?;
    let mut keys = Keys::default();
    Ok(records.into_iter().rev().find_map(|record| {
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
                let state = outcome(&keys.receipt(session, &metadata, &receipt)?);
                (prompt, metadata, state)
            }
            Record::Blocked { .. } | Record::Device { .. } | Record::Paired { .. } => return None,
        };
        let prompt = keys.prompt(session, &metadata, &prompt_jws)?;
        (prompt.jti == *request).then_some((prompt, prompt_jws, state))
    }))
}
