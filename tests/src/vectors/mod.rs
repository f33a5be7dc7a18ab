//! Test vectors of the device protocol: one message and at most one defect per file, in `tests/vectors/<area>/<name>.json`.
//!
//! A file is checked by this workspace and by checkers that share no code with it (`tests/js`, `tests/python`). Signatures
//! are random, so files are frozen: the generator writes those that are missing and compares the rest with what it knows.
//!
//! To add a vector, add a [`Case`](cases::Case) to a file of `cases/`, run `cargo xtask gen --write`, then both foreign
//! checkers with `--record`. To add an area, add it to [`Area`], its context to `check.rs` and a list of cases.

pub mod cases;
pub mod check;
pub mod class;
mod der;
pub mod examples;
pub mod foreign;
pub mod generate;
pub mod keys;
mod world;

use anyhow::{Context as _, bail, ensure};
use class::Class;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Which message a vector is, and so which parser takes it: the name of its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// A posted WebAuthn assertion.
    Assertion,
    /// A posted decision with its assertion.
    Decision,
    /// An evidence file.
    Evidence,
    /// A frame of the socket, from either side.
    Frames,
    /// JSON restrictions.
    Ijson,
    /// A link or code that a person carries.
    Invitation,
    /// Canonical JSON and its hash.
    Jcs,
    /// Signature, header and form of any JWS.
    Jws,
    /// First contact.
    Metadata,
    /// Pairing offer.
    Offer,
    /// The six digits.
    PairingDigits,
    /// An error answer.
    Problem,
    /// A prompt as it arrives at a device.
    Prompt,
    /// Proof of possession of a request.
    Proof,
    /// Consent, client and pairing receipts, and countersignatures.
    Receipt,
    /// A posted WebAuthn registration.
    Registration,
    /// Pairing reveal.
    Reveal,
    /// Text of others that a person will read.
    Text,
    /// A transfer code as a person types it.
    TransferCode,
}

impl Area {
    /// The folder's name.
    pub fn folder(self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(name)) => name,
            other => unreachable!("an area is a name, not {other:?}"),
        }
    }
}

/// What is fed to the parser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// base64url, for what is not UTF-8 or would be hard to read as text.
    Bytes(tegata_protocol::bytes::B64),
    /// UTF-8.
    Text(String),
}

impl Input {
    /// The bytes of either form.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => &bytes.0,
            Self::Text(text) => text.as_bytes(),
        }
    }
}

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// What it shows, for people.
    pub comment: String,
    /// The verdict of this protocol.
    pub expect: Class,
    /// Checkers that refuse it, sorted: each as it was measured.
    pub refused_by: BTreeSet<String>,
    /// The message.
    pub input: Input,
    /// What the reader of the message knows, by area. Keys are named as in `keys.json`.
    pub context: Value,
    /// What comes out, for valid ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

/// A file with where it was found.
#[derive(Debug, Clone)]
pub struct NamedVector {
    /// Its folder.
    pub area: Area,
    /// Its file name without extension.
    pub name: String,
    /// Its content.
    pub vector: Vector,
}

impl NamedVector {
    /// `area/name`, for messages.
    pub fn label(&self) -> String {
        format!("{}/{}", self.area.folder(), self.name)
    }
}

/// `tests/vectors` of this checkout.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Reads one file.
///
/// # Errors
/// It cannot be read, or is not a vector.
pub fn read_vector(path: &Path) -> anyhow::Result<Vector> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a vector", path.display()))
}

/// Reads every vector below `dir`, in order of area and name. Nothing is passed over.
///
/// # Errors
/// A folder that is no area, a file that is no vector, or anything else that does not belong there.
pub fn load_all(dir: &Path) -> anyhow::Result<Vec<NamedVector>> {
    let mut vectors = Vec::new();
    for entry in sorted(dir)? {
        let name = file_name(&entry)?;
        if entry.is_file() {
            let known = [keys::FILE, "README.md"].contains(&name.as_str());
            ensure!(known, "{name} does not belong here");
            continue;
        }
        let area: Area = serde_json::from_value(Value::String(name.clone()))
            .with_context(|| format!("{name} is not an area"))?;
        for path in sorted(&entry)? {
            let Some(stem) = file_name(&path)?.strip_suffix(".json").map(str::to_owned) else {
                bail!("{} is not a vector", path.display());
            };
            let vector = read_vector(&path)?;
            vectors.push(NamedVector {
                area,
                name: stem,
                vector,
            });
        }
    }
    vectors.sort_by_key(|vector| (vector.area, vector.name.clone()));
    Ok(vectors)
}

fn sorted(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(dir)
        .with_context(|| format!("read {}", dir.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> anyhow::Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    Ok(name.context("a file name is UTF-8")?.to_owned())
}
