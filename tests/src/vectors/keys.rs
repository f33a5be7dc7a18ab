//! The fixed keys that signed the vectors. They are public: no installation ever uses them.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, path::Path};
use tegata_protocol::{PublicKey, SigningKey, SystemRng, Thumbprint, bytes::B64};

/// Name of the file in `tests/vectors`.
pub const FILE: &str = "keys.json";

const COMMENT: &str = "Test keys, known to everybody: never use them for anything else.";

/// Every name, with what the key stands for.
const NAMES: [(&str, &str); 10] = [
    ("approval", "the device's approval key"),
    ("other_approval", "approval key of another device"),
    ("other_possession", "possession key of another device"),
    ("passkey", "a passkey of the same person at a web site"),
    ("possession", "the device's possession key"),
    ("prompt", "the server's prompt key"),
    ("receipt", "the server's receipt key"),
    ("root", "the server's root key"),
    ("other_root", "the root key of somebody else"),
    ("stranger", "a key that nobody knows"),
];

#[derive(Serialize, Deserialize)]
struct KeyFile {
    comment: String,
    keys: BTreeMap<String, StoredKey>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    comment: String,
    jwk: PublicKey,
    pkcs8: B64,
    thumbprint: Thumbprint,
}

/// The keys by name.
pub struct TestKeys(BTreeMap<String, SigningKey>);

impl TestKeys {
    /// Reads `keys.json` in `dir`.
    ///
    /// # Errors
    /// The file is missing, or is not what [`TestKeys::make_missing`] wrote.
    pub fn read(dir: &Path) -> anyhow::Result<Self> {
        let rng = SystemRng::new();
        let text = fs::read_to_string(dir.join(FILE)).context("read keys.json")?;
        let file: KeyFile = serde_json::from_str(&text).context("keys.json is malformed")?;
        let mut keys = BTreeMap::new();
        for (name, stored) in file.keys {
            let key = SigningKey::from_pkcs8(&stored.pkcs8.0, &rng)?;
            anyhow::ensure!(
                *key.public() == stored.jwk && key.thumbprint() == stored.thumbprint,
                "the public half of {name} is another key"
            );
            keys.insert(name, key);
        }
        Ok(Self(keys))
    }

    /// Writes `keys.json` if there is none.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn make_missing(dir: &Path) -> anyhow::Result<()> {
        let path = dir.join(FILE);
        if path.exists() {
            return Ok(());
        }
        let rng = SystemRng::new();
        let keys = NAMES.iter().map(|(name, comment)| {
            let (key, pkcs8) = SigningKey::make(&rng);
            let stored = StoredKey {
                comment: (*comment).to_owned(),
                jwk: *key.public(),
                // EXPOSE: test keys are public.
                pkcs8: B64(pkcs8.expose().clone()),
                thumbprint: key.thumbprint(),
            };
            ((*name).to_owned(), stored)
        });
        let file = KeyFile {
            comment: COMMENT.to_owned(),
            keys: keys.collect(),
        };
        let text = serde_json::to_string_pretty(&file)? + "\n";
        fs::create_dir_all(dir)?;
        fs::write(path, text).context("write keys.json")
    }

    /// The key of that name.
    ///
    /// # Panics
    /// If there is none: the list above is the whole set.
    pub fn key(&self, name: &str) -> &SigningKey {
        match self.0.get(name) {
            Some(key) => key,
            None => unreachable!("there is no test key {name}"),
        }
    }

    /// The public half.
    ///
    /// # Panics
    /// If there is no such key.
    pub fn public(&self, name: &str) -> PublicKey {
        *self.key(name).public()
    }

    /// Its thumbprint.
    ///
    /// # Panics
    /// If there is no such key.
    pub fn thumbprint(&self, name: &str) -> Thumbprint {
        self.key(name).thumbprint()
    }
}
