//! Evidence of decisions made here: checked now, and written to files for others to check.

use super::{
    HistoryEntry, HistoryEvent, HistoryQuery, Record,
    shown::{Keys, Line, show},
};
use crate::{
    account::{AccountState, EarlierKey, write_atomically},
    calendar,
    device::Device,
    error::HistoryError,
    model::{RequestKey, RequestState},
};
use std::{
    collections::{HashMap, hash_map::Entry},
    fs, io,
    path::{Path, PathBuf},
};
use tegata_protocol::{
    device::{
        V1,
        decision::{DenyReason, Verdict},
        evidence::{EvidenceError, EvidenceFile, verify_evidence},
        limits,
        pairing::PairingReceipt,
        problem::CloseReason,
        receipt::ConsentReceipt,
        typ,
    },
    jws::UnverifiedJws,
};

/// Most entries of one export.
const MAX_EXPORT: usize = 10_000;

/// What a check of an entry's evidence found, offline, from what is kept. What comes after a part that does not hold was not
/// shown to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryVerification {
    /// The question was signed by the server whose root is pinned.
    pub prompt: bool,
    /// The answer was signed by the key of this pairing, over exactly that question.
    pub decision: bool,
    /// The server's receipt belongs to that question and is its own.
    pub receipt: bool,
}

/// Where an export went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The new file or folder.
    pub path: PathBuf,
    /// Evidence files in it.
    pub entries: usize,
}

impl Device {
    /// The evidence of the decision that an entry is about, complete for `tegata verify`.
    ///
    /// # Errors
    /// [`HistoryError::NoEntry`]; [`HistoryError::NoReceipt`] if this device has no receipt for it.
    pub async fn entry_evidence(&self, id: &str) -> Result<EvidenceFile, HistoryError> {
        let line = self.line(id).await?;
        let state = line.session.read_state()?;
        evidence_of(&state, line.record).ok_or(HistoryError::NoReceipt)
    }

    /// Checks an entry's evidence against the pinned root, without the network.
    ///
    /// # Errors
    /// Like [`Device::entry_evidence`].
    pub async fn verify_entry(&self, id: &str) -> Result<EntryVerification, HistoryError> {
        let line = self.line(id).await?;
        let state = line.session.read_state()?;
        let root = line.session.root.thumbprint();
        let evidence = evidence_of(&state, line.record).ok_or(HistoryError::NoReceipt)?;
        let (prompt, receipt, decision) = match verify_evidence(&evidence, root) {
            Ok(_) => (true, true, true),
            Err(EvidenceError::Decision | EvidenceError::DenyOnly | EvidenceError::Pairing) => {
                (true, true, false)
            }
            Err(EvidenceError::Receipt) => (true, false, false),
            Err(_) => (false, false, false),
        };
        Ok(EntryVerification {
            prompt,
            decision,
            receipt,
        })
    }

    /// Writes an entry's evidence into a new file of `dir`.
    ///
    /// # Errors
    /// Like [`Device::entry_evidence`], and [`HistoryError::Io`].
    pub async fn export_entry(&self, id: &str, dir: &Path) -> Result<Exported, HistoryError> {
        let evidence = self.entry_evidence(id).await?;
        let at = calendar::stamp(self.ports().clock.now());
        // Made first, so that two exports at once never share a name; then replaced by the whole file.
        let made = |path: &Path| fs::File::create_new(path).map(drop);
        let path = make_new(dir, &format!("tegata-evidence-{at}"), ".json", made)?;
        match write_evidence(&path, &evidence) {
            Ok(()) => Ok(Exported { path, entries: 1 }),
            Err(error) => {
                // The first failure is the one to tell of.
                let _ = fs::remove_file(&path);
                Err(error.into())
            }
        }
    }

    /// Writes evidence of every entry that `query` asks for and that has one, at most ten thousand, into a new folder of `dir`,
    /// with a list of them in `index.csv`. Nothing is left of an export that did not come to its end.
    ///
    /// # Errors
    /// [`HistoryError::Damaged`], [`HistoryError::Io`].
    pub async fn export_history(
        &self,
        query: &HistoryQuery,
        dir: &Path,
    ) -> Result<Exported, HistoryError> {
        let page = self.history_page(query, MAX_EXPORT).await?;
        let at = calendar::stamp(self.ports().clock.now());
        let name = format!("tegata-history-{at}");
        crate::account::make_private_dir(dir)?;
        let folder = make_new(dir, &name, "", crate::account::make_new_private_dir)?;
        let lines = self.lines(query.account.as_ref()).await?;
        match self.write_export(&folder, &page.entries, lines) {
            Ok(entries) => Ok(Exported {
                path: folder,
                entries,
            }),
            Err(error) => {
                // The first failure is the one to tell of.
                let _ = fs::remove_dir_all(&folder);
                Err(error)
            }
        }
    }

    fn write_export(
        &self,
        folder: &Path,
        entries: &[HistoryEntry],
        lines: Vec<Line>,
    ) -> Result<usize, HistoryError> {
        let mut lines: HashMap<String, Line> =
            lines.into_iter().map(|line| (line.id(), line)).collect();
        let mut states = HashMap::new();
        let mut index =
            "file,time,server,account,client,request,outcome,receipt_sha256\r\n".to_owned();
        let mut written = 0;
        for entry in entries {
            let HistoryEvent::Request {
                key,
                prompt,
                outcome,
                receipt: Some(receipt),
            } = &entry.event
            else {
                continue;
            };
            let Some(line) = lines.remove(&entry.id) else {
                continue;
            };
            let state = match states.entry(entry.account.clone()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(line.session.read_state()?),
            };
            let Some(evidence) = evidence_of(state, line.record) else {
                continue;
            };
            written += 1;
            let name = format!("evidence-{written:05}.json");
            write_evidence(&folder.join(&name), &evidence)?;
            let account = self.account(&entry.account);
            let cells = [
                name,
                calendar::utc(entry.at),
                prompt.iss.as_str().to_owned(),
                account.map(|one| one.account_name).unwrap_or_default(),
                prompt.client.name.clone(),
                key.request.to_string(),
                outcome_word(outcome).to_owned(),
                receipt.to_string(),
            ];
            index.push_str(&cells.map(|text| cell(&text)).join(","));
            index.push_str("\r\n");
        }
        write_atomically(&folder.join("index.csv"), index.as_bytes())?;
        Ok(written)
    }

    /// The line of an entry.
    async fn line(&self, id: &str) -> Result<Line, HistoryError> {
        let (account, number) = id.split_once('.').ok_or(HistoryError::NoEntry)?;
        let account = crate::LocalAccountId::parse(account).ok_or(HistoryError::NoEntry)?;
        let number: usize = number.parse().map_err(|_| HistoryError::NoEntry)?;
        let live = self.live(&account)?;
        let session = self.session(&live).await?;
        let state = session.read_state()?;
        let mut records = super::read_log(&session, &state)?;
        if number >= records.len() {
            return Err(HistoryError::NoEntry);
        }
        Ok(Line {
            session,
            number,
            record: records.swap_remove(number),
        })
    }

    /// One entry of the history.
    ///
    /// # Errors
    /// [`HistoryError::NoEntry`]; also if what its line holds does not verify.
    pub async fn history_entry(&self, id: &str) -> Result<HistoryEntry, HistoryError> {
        let line = self.line(id).await?;
        show(&mut Keys::default(), line).ok_or(HistoryError::NoEntry)
    }

    /// The evidence of a decision made here, complete for `tegata verify`: of the newest, if a request was approved and then
    /// reported.
    ///
    /// # Errors
    /// [`HistoryError::NoReceipt`] if this device has no receipt for the request.
    pub async fn evidence(&self, key: &RequestKey) -> Result<EvidenceFile, HistoryError> {
        let live = self.live(&key.account)?;
        let session = self.session(&live).await?;
        let state = session.read_state()?;
        let mut keys = Keys::default();
        let mut records = super::read_log(&session, &state)?.into_iter().rev();
        let found = records.find(|record| match record {
            Record::Decided {
                receipt, metadata, ..
            } => keys
                .receipt(&session, metadata, receipt)
                .is_some_and(|content| content.request == key.request),
            _ => false,
        });
        let evidence = found.and_then(|record| evidence_of(&state, record));
        evidence.ok_or(HistoryError::NoReceipt)
    }
}

/// The evidence of a line; `None` unless this device decided.
fn evidence_of(state: &AccountState, record: Record) -> Option<EvidenceFile> {
    let Record::Decided {
        prompt,
        receipt,
        metadata,
        ..
    } = record
    else {
        return None;
    };
    let (pairing_receipt, countersignature) = pairing_of(state, &receipt).unzip();
    Some(EvidenceFile {
        v: V1,
        metadata_jws: metadata,
        root: state.root,
        prompt: Some(prompt),
        receipt: Some(receipt),
        pairing_receipt,
        countersignature,
        client_receipt: None,
    })
}

/// The pairing receipt that a decision is to be verified with, and its countersignature: of an approval the one that names the
/// key that signed, of a denial the one of that time. `None` if the approval key was replaced so long ago that it is forgotten.
fn pairing_of(state: &AccountState, receipt: &str) -> Option<(String, String)> {
    let current = || {
        (
            state.pairing_receipt.clone(),
            state.countersignature.clone(),
        )
    };
    let earlier = |key: &EarlierKey| (key.pairing_receipt.clone(), key.countersignature.clone());
    let parsed = UnverifiedJws::parse(receipt, typ::RECEIPT, limits::RECEIPT);
    let decided: Option<ConsentReceipt> = parsed.and_then(|jws| jws.peek()).ok();
    // What cannot be read does not verify, whatever lies beside it.
    let Some(decided) = decided else {
        return Some(current());
    };
    match decided.detail.decision.verdict() {
        Verdict::Approve if decided.credential == state.approval => Some(current()),
        Verdict::Approve => {
            let mut keys = state.earlier.iter();
            keys.find(|key| key.public == decided.credential)
                .map(earlier)
        }
        Verdict::Deny => {
            let began = |text: &str| {
                let parsed = UnverifiedJws::parse(text, typ::PAIRING_RECEIPT, limits::MESSAGE);
                let pairing: Option<PairingReceipt> = parsed.and_then(|jws| jws.peek()).ok();
                pairing.is_some_and(|pairing| pairing.iat <= decided.committed_at)
            };
            if began(&state.pairing_receipt) {
                return Some(current());
            }
            let then = state
                .earlier
                .iter()
                .rfind(|key| began(&key.pairing_receipt));
            Some(then.or(state.earlier.first()).map_or_else(current, earlier))
        }
    }
}

fn write_evidence(path: &Path, evidence: &EvidenceFile) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(evidence).map_err(io::Error::other)?;
    text.push(b'\n');
    write_atomically(path, &text)
}

/// Makes something of `dir` where there was nothing: `name`, or `name-2` and so on.
fn make_new(
    dir: &Path,
    name: &str,
    ending: &str,
    make: impl Fn(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    for count in 1..100 {
        let path = dir.join(match count {
            1 => format!("{name}{ending}"),
            count => format!("{name}-{count}{ending}"),
        });
        match make(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "too many exports at once",
    ))
}

/// A cell of the list (RFC 4180). Text that a spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    // The full-width forms are formulas to spreadsheets set up for East Asian languages.
    let formula = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let risky = text.trim_start().starts_with(formula) || text.starts_with(['\t', '\r', '\n']);
    let guard = if risky { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// A word for an outcome that has a receipt or may have had one.
fn outcome_word(outcome: &RequestState) -> &'static str {
    match outcome {
        RequestState::Approved { .. } => "approved",
        RequestState::Denied { reason, .. } => match reason {
            DenyReason::ChangedMind => "denied (changed_mind)",
            DenyReason::NotMe => "denied (not_me)",
            DenyReason::WrongDetails => "denied (wrong_details)",
        },
        RequestState::Reported { .. } => "reported",
        RequestState::Closed(CloseReason::Handled {
            decision: Verdict::Approve,
            ..
        }) => "approved elsewhere",
        _ => "ended",
    }
}

#[cfg(test)]
mod tests {
    use super::{cell, make_new};
    use std::fs;

    #[test]
    fn what_is_exported_at_once_never_shares_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = |path: &std::path::Path| fs::File::create_new(path).map(drop);
        let made = [(); 2].map(|()| make_new(dir.path(), "e", ".json", file).unwrap());
        assert_eq!(
            made,
            ["e.json", "e-2.json"].map(|name| dir.path().join(name))
        );
        let folder = crate::account::make_new_private_dir;
        let made = [(); 2].map(|()| make_new(dir.path(), "h", "", folder).unwrap());
        assert_eq!(made, ["h", "h-2"].map(|name| dir.path().join(name)));
    }

    #[test]
    fn cells_are_never_formulas_and_keep_their_quotes() {
        for (text, expected) in [
            ("Kiosk", "\"Kiosk\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@A1", "\"'@A1\""),
            ("\t=1", "\"'\t=1\""),
            (" =1", "\"' =1\""),
            ("＝1", "\"'＝1\""),
            ("a,b\r\nc", "\"a,b\r\nc\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
