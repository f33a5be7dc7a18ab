//! The file: one line per record, each sealed under the label `history` with account and line number as context, so that
//! lines cannot be swapped, dropped from the middle or carried to another account. The account's file counts them, so that
//! a shortened file is noticed.

use super::Record;
use crate::{
    error::{AccessError, HistoryError},
    keys::Sealer,
    live::Session,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};
use tegata_protocol::{Secret, bytes::encode_b64u};

fn context(session: &Session, line: u64) -> Vec<u8> {
    format!("tegata history {} {line}", session.id).into_bytes()
}

fn failed(error: io::Error) -> AccessError {
    crate::account::AccountFileError::Io(error).into()
}

/// Appends a record after `lines` lines and gives the new count. Called under the account's lock. What stands beyond
/// `lines` was written by a process that ended before it could count it, and is kept if it opens.
pub(super) fn append(
    path: &Path,
    session: &Session,
    lines: u64,
    record: &Record,
) -> Result<u64, AccessError> {
    let text = fs::read(path).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(Vec::new()),
        _ => Err(failed(error)),
    })?;
    let sealer = Sealer::derive(&session.secret, "history");
    let (mut at, mut end) = (0_u64, 0_usize);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let whole = line.ends_with(b"\n");
        if at >= lines && (!whole || open_line(&sealer, session, at, line).is_none()) {
            break;
        }
        at += 1;
        end += line.len();
    }
    let plain = serde_json::to_vec(record).map_err(|error| failed(io::Error::other(error)))?;
    let plain = Secret::new(plain);
    // EXPOSE: the record is sealed.
    let sealed = sealer.seal(session.rng(), &context(session, at), plain.expose());
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(path).map_err(failed)?;
    // Half a line from a power cut is cut off.
    let end = u64::try_from(end).unwrap_or(u64::MAX);
    file.set_len(end).map_err(failed)?;
    io::Seek::seek(&mut file, io::SeekFrom::End(0)).map_err(failed)?;
    let line = format!("{}\n", encode_b64u(&sealed));
    file.write_all(line.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(at + 1)
}

fn open_line(sealer: &Sealer, session: &Session, at: u64, line: &[u8]) -> Option<Record> {
    let text = std::str::from_utf8(line).ok()?.trim_end_matches('\n');
    let sealed = tegata_protocol::bytes::decode_b64u(text).ok()?;
    let plain = sealer.open(&context(session, at), &sealed).ok()?;
    // EXPOSE: the record is read.
    serde_json::from_slice(plain.expose()).ok()
}

/// Every record, oldest first. `lines` must all be there and open.
pub(super) fn read(
    path: &Path,
    session: &Session,
    lines: u64,
) -> Result<Vec<Record>, HistoryError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let sealer = Sealer::derive(&session.secret, "history");
    let mut records = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match open_line(&sealer, session, at, line) {
            Some(record) => records.push(record),
            None if at < lines => return Err(HistoryError::Damaged { line: at + 1 }),
            // A line that was being written.
            None => break,
        }
        at += 1;
    }
    if at < lines {
        return Err(HistoryError::Damaged { line: at + 1 });
    }
    Ok(records)
}
