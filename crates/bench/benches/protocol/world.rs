//! The inputs: the committed vectors, which are one whole pairing and request, with the keys that signed them.

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::PathBuf};
use tegata_protocol::{
    AccountId, DeviceId, PublicKey, Sha256Digest, SigningKey, SystemRng, UnixTime,
    bytes::{B64, decode_b64u},
    device::{invitation::Issuer, pairing::PairingRequest},
    jws,
};

/// The time of the vectors: 2027-01-15T08:00:00Z.
pub(crate) const NOW: UnixTime = UnixTime(1_800_000_000);
pub(crate) const RP_ID: &str = "tegata.id.example";
pub(crate) const ORIGIN: &str = "https://tegata.id.example";

#[derive(Deserialize)]
struct KeyFile {
    keys: BTreeMap<String, StoredKey>,
}

#[derive(Deserialize)]
struct StoredKey {
    pkcs8: B64,
}

/// Reads vectors and keys.
pub(crate) struct World {
    folder: PathBuf,
    keys: BTreeMap<String, SigningKey>,
    pub(crate) issuer: Issuer,
    pub(crate) device: DeviceId,
    pub(crate) account: AccountId,
}

impl World {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
        let text = fs::read_to_string(folder.join("keys.json")).context("read keys.json")?;
        let file: KeyFile = serde_json::from_str(&text)?;
        let rng = SystemRng::new();
        let keys = file.keys.into_iter();
        let keys = keys.map(|(name, key)| {
            let key = SigningKey::from_pkcs8(&key.pkcs8.0, &rng)?;
            anyhow::Ok((name, key))
        });
        Ok(Self {
            folder,
            keys: keys.collect::<Result<_, _>>()?,
            issuer: Issuer::parse("https://id.example")?,
            device: DeviceId::parse("dev-4Zt1hQ")?,
            account: AccountId::parse("acc-9fK2mX")?,
        })
    }

    /// A key by the name it has in `keys.json`.
    pub(crate) fn key(&self, name: &str) -> anyhow::Result<&SigningKey> {
        self.keys
            .get(name)
            .with_context(|| format!("no key {name}"))
    }

    /// Its public half.
    pub(crate) fn public(&self, name: &str) -> anyhow::Result<PublicKey> {
        Ok(*self.key(name)?.public())
    }

    fn vector(&self, name: &str) -> anyhow::Result<Value> {
        let path = self.folder.join(format!("{name}.json"));
        let text = fs::read_to_string(&path).with_context(|| format!("read vector {name}"))?;
        let vector: Value = serde_json::from_str(&text)?;
        ensure!(vector["expect"] == "valid", "{name} is not a valid one");
        Ok(vector)
    }

    /// The message of a valid vector, `AREA/NAME`.
    pub(crate) fn text(&self, name: &str) -> anyhow::Result<String> {
        let vector = self.vector(name)?;
        let text = vector["input"]["text"].as_str();
        Ok(text
            .with_context(|| format!("{name} is not text"))?
            .to_owned())
    }

    /// The same, read.
    pub(crate) fn message<T: DeserializeOwned>(&self, name: &str) -> anyhow::Result<T> {
        Ok(serde_json::from_str(&self.text(name)?)?)
    }

    /// The payload of a JWS, as bytes.
    pub(crate) fn payload(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        let text = self.text(name)?;
        let payload = text.split('.').nth(1).context("a JWS has three parts")?;
        Ok(decode_b64u(payload)?)
    }

    /// The same, read.
    pub(crate) fn signed<T: DeserializeOwned>(&self, name: &str) -> anyhow::Result<T> {
        Ok(serde_json::from_slice(&self.payload(name)?)?)
    }

    /// The JWS of a vector signed again, so that its members are in the order in which this implementation writes them:
    /// the vectors are in alphabetical order.
    pub(crate) fn rewritten<T: DeserializeOwned + Serialize>(
        &self,
        name: &str,
        (key, typ): (&str, &str),
    ) -> anyhow::Result<String> {
        Ok(jws::sign(self.key(key)?, typ, &self.signed::<T>(name)?))
    }

    /// A 32-byte value that the vectors share.
    pub(crate) fn nonce(name: &str) -> Sha256Digest {
        Sha256Digest::of(format!("tegata vectors: {name}").as_bytes())
    }

    /// The two registrations in the body that carries them.
    pub(crate) fn pairing_request(&self) -> anyhow::Result<PairingRequest> {
        let digits: Value = self.message("pairing_digits/valid")?;
        Ok(serde_json::from_value(json!({
            "v": 1,
            "pairing": "pair-Qm81aa",
            "device_nonce": digits["device_nonce"],
            "device": {
                "name": "Mika's laptop", "platform": "linux", "app": "tegata/0.1.0", "locale": "en",
                "key": "software_pin",
            },
            "approval": self.message::<Value>("registration/approval")?,
            "possession": self.message::<Value>("registration/possession")?,
        }))?)
    }
}
