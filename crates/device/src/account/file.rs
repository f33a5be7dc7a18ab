//! The file format: a header in the clear, so that accounts can be listed while the credential store is locked, and
//! everything else sealed under the label `file` with the header as authenticated context.

use super::{AccountLook, AccountState, LocalAccountId};
use crate::{
    keys::{SealError, Sealer},
    ports::AccountSecret,
};
use serde::{Deserialize, Serialize};
use tegata_protocol::{
    AccountId, B64, Rng, Thumbprint, UnixTime, device::invitation::Issuer, ijson, jcs,
};

/// Longest account file, in bytes.
const MAX_FILE: usize = 512 * 1024;

/// What can be read without the secret. Names who is paired with whom and nothing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountHeader {
    /// Format version; set when the file is written.
    pub version: u32,
    /// This device's own name for the account; also the folder's name.
    pub id: LocalAccountId,
    /// The server.
    pub issuer: Issuer,
    /// The server's opaque name for the account; `sub` of its prompts.
    pub account: AccountId,
    /// Its name by its metadata.
    pub issuer_name: String,
    /// The account's name as it was offered.
    pub account_name: String,
    /// The name under which the server lists this device.
    pub device_name: String,
    /// Thumbprint of the pinned root.
    pub root: Thumbprint,
    /// Confirmed at, by the server's clock.
    pub paired_at: UnixTime,
    /// What the person chose for it.
    #[serde(default, skip_serializing_if = "AccountLook::is_plain")]
    pub look: AccountLook,
}

/// Format version of account files.
pub(crate) const FORMAT: u32 = 1;
/// The same of files with approval keys that wait or were replaced: programs that know only [`FORMAT`] would lose them, and
/// so must refuse such a file.
const LATER_FORMAT: u32 = 2;

/// Why an account's file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountFileError {
    /// The file system.
    #[error("the account's file cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// Not an account file.
    #[error("the account's file is damaged: {0}")]
    Damaged(String),
    /// Written by a later version.
    #[error("the account's file was written by a later version of this program")]
    TooNew,
    /// Does not open with the account's secret.
    #[error("the account's file does not open with the secret in the credential store")]
    Sealed(#[from] SealError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    header: AccountHeader,
    sealed: B64,
}

fn parse_envelope(bytes: &[u8]) -> Result<Envelope, AccountFileError> {
    let damaged = |error: ijson::IJsonError| AccountFileError::Damaged(error.to_string());
    let value: serde_json::Value = ijson::parse(bytes, MAX_FILE).map_err(damaged)?;
    let version = value
        .pointer("/header/version")
        .and_then(serde_json::Value::as_u64);
    match version {
        Some(version) if version > u64::from(LATER_FORMAT) => return Err(AccountFileError::TooNew),
        Some(_) => {}
        None => return Err(AccountFileError::Damaged("no version".into())),
    }
    serde_json::from_value(value).map_err(|error| AccountFileError::Damaged(error.to_string()))
}

/// Reads the header alone.
///
/// # Errors
/// [`AccountFileError::Damaged`] or [`AccountFileError::TooNew`].
pub(super) fn parse_header(bytes: &[u8]) -> Result<AccountHeader, AccountFileError> {
    Ok(parse_envelope(bytes)?.header)
}

/// Opens header and state.
///
/// # Errors
/// [`AccountFileError`] but `Io`.
pub(super) fn parse(
    bytes: &[u8],
    secret: &AccountSecret,
) -> Result<(AccountHeader, AccountState), AccountFileError> {
    let envelope = parse_envelope(bytes)?;
    let plain = Sealer::derive(secret, "file")
        .open(&jcs::canonicalize(&envelope.header), &envelope.sealed.0)?;
    // EXPOSE: the state is read from its plaintext.
    let state = ijson::parse(plain.expose(), MAX_FILE)
        .map_err(|error| AccountFileError::Damaged(error.to_string()))?;
    Ok((envelope.header, state))
}

/// Seals header and state, in the lowest format that holds the state.
///
/// # Panics
/// Never: both are JSON.
pub(super) fn encode(
    rng: &dyn Rng,
    secret: &AccountSecret,
    header: &AccountHeader,
    state: &AccountState,
) -> Vec<u8> {
    let header = AccountHeader {
        version: if state.needs_later_format() {
            LATER_FORMAT
        } else {
            FORMAT
        },
        ..header.clone()
    };
    let plain = tegata_protocol::Secret::new(serde_json::to_vec(state).expect("state is JSON"));
    // EXPOSE: the plaintext is sealed and wiped.
    let sealed =
        Sealer::derive(secret, "file").seal(rng, &jcs::canonicalize(&header), plain.expose());
    let envelope = Envelope {
        header,
        sealed: B64(sealed),
    };
    serde_json::to_vec(&envelope).expect("an envelope is JSON")
}
