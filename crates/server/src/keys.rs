//! The server's keys: made once by `init`, kept in `keys.json` in the data folder, never printed.
//!
//! To add a key: a field here and in `KeyFile`, there as an `Option` that `KeyFile::fill` draws if it is missing, so that
//! the key file of an older version goes on being readable. Keys that sign tokens are rows of [`tokens`].

mod pairwise;
mod signer;
pub mod tokens;

pub use pairwise::Pairwise;
pub use tokens::TokenKeys;

use ring::hmac;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};
use tegata_protocol::{
    AccountId, ClientId, Secret, Sha256Digest, SigningKey, SystemRng,
    bytes::{decode_b64u, encode_b64u},
    rng::random_bytes,
};
use zeroize::Zeroizing;

use crate::{domain::Locator, jose::Algorithm, sealing::SealingKey};
use tokens::TokenRecord;

/// All keys of one server.
pub struct Keys {
    /// Signs device metadata and nothing else; its thumbprint is what devices pin.
    pub root: SigningKey,
    /// Signs prompts.
    pub prompt: SigningKey,
    /// Signs pairing receipts and consent receipts.
    pub receipt: SigningKey,
    /// Sign ID tokens and access tokens.
    pub tokens: TokenKeys,
    /// Makes subjects that differ between sectors.
    pub pairwise: Pairwise,
    /// Signs the receipts of simulated decisions and no real one; published nowhere.
    pub test_receipt: SigningKey,
    /// With which simulated devices approve.
    pub simulated_approval: SigningKey,
    /// With which simulated devices deny.
    pub simulated_possession: SigningKey,
    locator: Locator,
    invitation: hmac::Key,
    transfer: hmac::Key,
    nonce: hmac::Key,
    user_code: hmac::Key,
    client_secret: hmac::Key,
    notification: SealingKey,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(redacted)")
    }
}

/// Why keys could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file exists already; keys are never overwritten.
    #[error("{0} exists already; keys are never overwritten")]
    Exists(PathBuf),
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what `init` wrote.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong, without any of its content.
        what: &'static str,
    },
    /// Others can read the file.
    #[error("{0} can be read by others; run `chmod 600` on it")]
    Exposed(PathBuf),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    version: u32,
    root: Secret<String>,
    prompt: Secret<String>,
    receipt: Secret<String>,
    /// Until a file is completed: what is the first `ES256` key of `tokens` from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token: Option<Secret<String>>,
    locator: Secret<String>,
    invitation: Secret<String>,
    transfer: Secret<String>,
    nonce: Secret<String>,
    #[serde(default)]
    user_code: Option<Secret<String>>,
    #[serde(default)]
    client_secret: Option<Secret<String>>,
    #[serde(default)]
    pairwise: Option<Secret<String>>,
    #[serde(default)]
    tokens: Vec<TokenRecord>,
    #[serde(default)]
    test_receipt: Option<Secret<String>>,
    #[serde(default)]
    simulated_approval: Option<Secret<String>>,
    #[serde(default)]
    simulated_possession: Option<Secret<String>>,
    #[serde(default)]
    notification: Option<Secret<String>>,
}

impl KeyFile {
    /// Draws the keys that a file of an older version does not have; whether there were any.
    fn fill(&mut self, rng: &SystemRng) -> bool {
        let mut is_changed = false;
        for key in [
            &mut self.user_code,
            &mut self.client_secret,
            &mut self.pairwise,
            &mut self.notification,
        ] {
            if key.is_none() {
                *key = Some(draw_symmetric(rng));
                is_changed = true;
            }
        }
        // RSA keys take time to draw: the first one is drawn when a client needs it.
        for alg in [Algorithm::Es256, Algorithm::EdDsa] {
            if self.tokens.iter().any(|record| record.alg == alg) {
                continue;
            }
            let first = match self.id_token.take_if(|_| alg == Algorithm::Es256) {
                Some(key) => TokenRecord::kept(alg, key),
                None => TokenRecord::first(alg, rng),
            };
            self.tokens.push(first);
            is_changed = true;
        }
        for key in [
            &mut self.test_receipt,
            &mut self.simulated_approval,
            &mut self.simulated_possession,
        ] {
            if key.is_none() {
                *key = Some(draw_signing(rng));
                is_changed = true;
            }
        }
        is_changed
    }

    fn write(&self, path: &Path, replace: bool) -> Result<(), KeysError> {
        let json = Zeroizing::new(serde_json::to_vec_pretty(self).expect("strings serialize"));
        write_private(path, &json, replace)
    }

    fn read(path: &Path) -> Result<Self, KeysError> {
        let damaged = |what| KeysError::Damaged {
            path: path.to_owned(),
            what,
        };
        let io_error = |source| KeysError::Io {
            path: path.to_owned(),
            source,
        };
        require_private(path)
            .map_err(io_error)?
            .then_some(())
            .ok_or_else(|| KeysError::Exposed(path.to_owned()))?;
        let json = Zeroizing::new(fs::read(path).map_err(io_error)?);
        let file: Self = serde_json::from_slice(&json)
            .map_err(|_| damaged("not the JSON that `init` writes"))?;
        if file.version != 1 {
            return Err(damaged("its version is not 1"));
        }
        Ok(file)
    }
}

fn draw_symmetric(rng: &SystemRng) -> Secret<String> {
    Secret::new(encode_b64u(&*Zeroizing::new(random_bytes::<32>(rng))))
}

fn draw_signing(rng: &SystemRng) -> Secret<String> {
    let (_, pkcs8) = SigningKey::make(rng);
    // EXPOSE: encoded for the key file, into another wrapper.
    Secret::new(encode_b64u(pkcs8.expose()))
}

impl Keys {
    /// Draws all keys and writes them to `path` (mode 0600, atomically).
    ///
    /// # Errors
    /// [`KeysError::Exists`] if there is a file; [`KeysError::Io`] if it cannot be written.
    ///
    /// # Panics
    /// Never: strings serialize.
    pub fn make(path: &Path, rng: &SystemRng) -> Result<Self, KeysError> {
        let signing = || draw_signing(rng);
        let symmetric = || draw_symmetric(rng);
        let mut file = KeyFile {
            version: 1,
            root: signing(),
            prompt: signing(),
            receipt: signing(),
            id_token: None,
            locator: symmetric(),
            invitation: symmetric(),
            transfer: symmetric(),
            nonce: symmetric(),
            user_code: None,
            client_secret: None,
            pairwise: None,
            tokens: Vec::new(),
            test_receipt: None,
            simulated_approval: None,
            simulated_possession: None,
            notification: None,
        };
        file.fill(rng);
        file.write(path, false)?;
        Self::read(path, rng)
    }

    /// Adds the keys that a file of an older version does not have. The caller holds the folder's lock.
    ///
    /// # Errors
    /// [`KeysError`], never with key material in it; the file is then as it was.
    ///
    /// # Panics
    /// Never: strings serialize.
    pub fn complete(path: &Path, rng: &SystemRng) -> Result<(), KeysError> {
        let mut file = KeyFile::read(path)?;
        if file.fill(rng) {
            file.write(path, true)?;
            tracing::info!(path = %path.display(), "drew the keys that an older version did not have; copy the file again");
        }
        Ok(())
    }

    /// Reads the keys that [`Keys::make`] wrote and [`Keys::complete`] has brought up to date; one that is missing all the
    /// same is drawn for this process alone.
    ///
    /// # Errors
    /// [`KeysError`], never with key material in it.
    pub fn read(path: &Path, rng: &SystemRng) -> Result<Self, KeysError> {
        let damaged = |what| KeysError::Damaged {
            path: path.to_owned(),
            what,
        };
        let mut file = KeyFile::read(path)?;
        file.fill(rng);
        let signing = |text: &Secret<String>, what| {
            // EXPOSE: decoded into a wiped buffer, which ring copies into its key.
            let pkcs8 = Zeroizing::new(decode_b64u(text.expose()).map_err(|_| damaged(what))?);
            SigningKey::from_pkcs8(&pkcs8, rng).map_err(|_| damaged(what))
        };
        let added_signing =
            |text: Option<&Secret<String>>, what| signing(text.ok_or_else(|| damaged(what))?, what);
        let symmetric = |text: &Secret<String>, what| {
            // EXPOSE: decoded into a wiped buffer, which becomes a ring key.
            let bytes = Zeroizing::new(decode_b64u(text.expose()).map_err(|_| damaged(what))?);
            <[u8; 32]>::try_from(bytes.as_slice())
                .map(Zeroizing::new)
                .map_err(|_| damaged(what))
        };
        let mac = |text: &Secret<String>, what| {
            Ok(hmac::Key::new(hmac::HMAC_SHA256, &*symmetric(text, what)?))
        };
        let added = |text: Option<&Secret<String>>, what| {
            mac(text.ok_or_else(|| damaged("a missing key"))?, what)
        };
        Ok(Self {
            root: signing(&file.root, "the root key")?,
            prompt: signing(&file.prompt, "the prompt key")?,
            receipt: signing(&file.receipt, "the receipt key")?,
            tokens: TokenKeys::read(path, &file.tokens, rng)?,
            pairwise: Pairwise::new(added(file.pairwise.as_ref(), "the pairwise key")?),
            test_receipt: added_signing(file.test_receipt.as_ref(), "the test receipt key")?,
            simulated_approval: added_signing(
                file.simulated_approval.as_ref(),
                "the simulated approval key",
            )?,
            simulated_possession: added_signing(
                file.simulated_possession.as_ref(),
                "the simulated possession key",
            )?,
            locator: Locator::new(&*symmetric(&file.locator, "the locator key")?),
            invitation: mac(&file.invitation, "the invitation key")?,
            transfer: mac(&file.transfer, "the transfer key")?,
            nonce: mac(&file.nonce, "the nonce key")?,
            user_code: added(file.user_code.as_ref(), "the user code key")?,
            client_secret: added(file.client_secret.as_ref(), "the key of clients' secrets")?,
            notification: SealingKey::new(added(
                file.notification.as_ref(),
                "the notification key",
            )?),
        })
    }

    /// Seals what clients are notified with.
    pub fn notification(&self) -> &SealingKey {
        &self.notification
    }

    /// Masks row numbers in identifiers.
    pub fn locator(&self) -> &Locator {
        &self.locator
    }

    /// Keyed hash of an invitation code in its canonical form (twelve characters, upper case, no hyphens).
    pub fn invitation_mac(&self, code: &str) -> Sha256Digest {
        mac(&self.invitation, &[code.as_bytes()])
    }

    /// Keyed hash of a transfer code in its canonical form; equal codes of different accounts hash differently.
    pub fn transfer_hash(&self, account: &AccountId, code: &str) -> Sha256Digest {
        mac(
            &self.transfer,
            &[account.as_str().as_bytes(), code.as_bytes()],
        )
    }

    /// Keyed hash of a person's `user_code`; equal codes of different accounts hash differently.
    pub fn user_code_hash(&self, account: &AccountId, code: &str) -> Sha256Digest {
        mac(
            &self.user_code,
            &[account.as_str().as_bytes(), code.as_bytes()],
        )
    }

    /// The secret of a `client_secret_jwt` client, which is computed from its id and the salt that was drawn when it was
    /// registered, so that it is stored nowhere: 32 bytes as base64url.
    pub fn client_secret(&self, client: &ClientId, salt: &Sha256Digest) -> Secret<String> {
        let secret = mac(&self.client_secret, &[client.as_str().as_bytes(), &salt.0]);
        Secret::new(encode_b64u(&secret.0))
    }

    /// Authenticates the stateless nonces of proofs.
    pub fn nonce_mac(&self, parts: &[&[u8]]) -> Sha256Digest {
        mac(&self.nonce, parts)
    }
}

/// HMAC over length-prefixed parts, so that no two lists of parts meet.
fn mac(key: &hmac::Key, parts: &[&[u8]]) -> Sha256Digest {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    Sha256Digest(out)
}

/// Writes a file that only its owner can read, atomically. `replace`: whether an existing one may be replaced.
///
/// # Errors
/// [`KeysError::Exists`] or [`KeysError::Io`].
pub fn write_private(path: &Path, content: &[u8], replace: bool) -> Result<(), KeysError> {
    let io_error = |source| KeysError::Io {
        path: path.to_owned(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    // tempfile creates with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io_error)?;
    file.write_all(content)
        .and_then(|()| file.as_file().sync_all())
        .map_err(io_error)?;
    if replace {
        file.persist(path).map_err(|error| io_error(error.error))?;
    } else {
        file.persist_noclobber(path)
            .map_err(|error| match error.error.kind() {
                io::ErrorKind::AlreadyExists => KeysError::Exists(path.to_owned()),
                _ => io_error(error.error),
            })?;
    }
    // That the name leads to the new file must outlast a crash too.
    #[cfg(unix)]
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(io_error)?;
    Ok(())
}

/// Whether nobody but the owner can read the file. On systems without such modes it always holds.
pub(crate) fn require_private(path: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // The last six bits are what group and others may do.
        Ok(metadata.mode().trailing_zeros() >= 6)
    }
    #[cfg(not(unix))]
    {
        Ok(metadata.is_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_made_and_never_overwrites() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let rng = SystemRng::new();
        let made = Keys::make(&path, &rng).unwrap();
        let read = Keys::read(&path, &rng).unwrap();
        assert_eq!(made.root.thumbprint(), read.root.thumbprint());
        assert_eq!(made.invitation_mac("ABC"), read.invitation_mac("ABC"));
        assert_ne!(made.root.thumbprint(), made.prompt.thumbprint());
        assert!(matches!(Keys::make(&path, &rng), Err(KeysError::Exists(_))));
    }

    #[test]
    fn a_key_file_of_an_older_version_is_completed_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let rng = SystemRng::new();
        let made = Keys::make(&path, &rng).unwrap();
        let account = AccountId::parse("a").unwrap();
        let hash = |keys: &Keys| keys.user_code_hash(&account, "1234");
        assert_eq!(hash(&made), hash(&Keys::read(&path, &rng).unwrap()));
        let mut json: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        json.as_object_mut().unwrap().remove("user_code");
        write_private(&path, json.to_string().as_bytes(), true).unwrap();
        Keys::read(&path, &rng).unwrap();
        Keys::complete(&path, &rng).unwrap();
        let completed = Keys::read(&path, &rng).unwrap();
        assert_eq!(completed.root.thumbprint(), made.root.thumbprint());
        assert_ne!(hash(&completed), hash(&made));
        Keys::complete(&path, &rng).unwrap();
        assert_eq!(hash(&completed), hash(&Keys::read(&path, &rng).unwrap()));
    }

    #[test]
    fn the_id_token_key_of_an_older_file_becomes_the_first_es256_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let rng = SystemRng::new();
        Keys::make(&path, &rng).unwrap();
        let (earlier, pkcs8) = SigningKey::make(&rng);
        let mut json: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let file = json.as_object_mut().unwrap();
        for newer in ["user_code", "pairwise", "tokens"] {
            file.remove(newer).unwrap();
        }
        json["id_token"] = encode_b64u(pkcs8.expose()).into();
        write_private(&path, json.to_string().as_bytes(), true).unwrap();
        Keys::complete(&path, &rng).unwrap();
        let keys = Keys::read(&path, &rng).unwrap();
        assert_eq!(keys.tokens.published().p256(), [*earlier.public()]);
        let file = fs::read_to_string(&path).unwrap();
        assert!(!file.contains("id_token"), "it is one of the rows now");
        Keys::complete(&path, &rng).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), file, "nothing to add");
    }

    #[cfg(unix)]
    #[test]
    fn refuses_a_key_file_that_others_can_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let rng = SystemRng::new();
        Keys::make(&path, &rng).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            Keys::read(&path, &rng),
            Err(KeysError::Exposed(_))
        ));
    }

    #[test]
    fn says_which_key_is_damaged_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let rng = SystemRng::new();
        Keys::make(&path, &rng).unwrap();
        let mut json: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        json["receipt"] = "c2VjcmV0".into();
        write_private(&path, json.to_string().as_bytes(), true).unwrap();
        let error = Keys::read(&path, &rng).unwrap_err().to_string();
        assert!(
            error.contains("the receipt key") && !error.contains("c2VjcmV0"),
            "{error}"
        );
    }
}
