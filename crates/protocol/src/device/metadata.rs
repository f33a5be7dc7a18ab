//! Server metadata (`docs/protocol.md` section 3): everything a device acts on, signed by the root key that it pins.

use super::{V1, invitation::Issuer, limits, present, prompt::PromptKind, typ};
use crate::{
    ijson::{self, IJsonError},
    jws::{self, JwsError},
    keys::{PublicKey, Thumbprint},
    time::UnixTime,
};
use serde::{Deserialize, Serialize};

/// Body of `GET {issuer}/.well-known/tegata-device`: what first contact needs beside the signed part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataResponse {
    /// The signed metadata.
    pub metadata_jws: String,
    /// The root key, to be compared with the thumbprint that an invitation carried or that was pinned.
    pub root: PublicKey,
}

/// A verification key with its validity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataKey {
    /// The key.
    pub jwk: PublicKey,
    /// Not before.
    pub nbf: UnixTime,
    /// Not after.
    pub exp: UnixTime,
}

/// Absolute URLs; devices use only these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// POST a code, get an offer.
    pub redeem: String,
    /// POST registrations, get a reveal.
    pub pairings: String,
    /// POST with proof: is the pairing confirmed? And the countersignature.
    pub confirm: String,
    /// WebSocket.
    pub connect: String,
    /// POST with proof: the pending set, once.
    pub pending: String,
    /// POST a decision with proof.
    pub decisions: String,
    /// POST what was seen, with proof.
    pub seen: String,
    /// POST with proof: what the server knows of a request.
    pub receipts: String,
    /// POST with proof: the account's devices. This and what follows are section 6.4; a server need not offer any of them.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub devices: Option<String>,
    /// POST with proof: renames the asking device.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub device_rename: Option<String>,
    /// POST with proof: revokes the asking device, or asks to remove another.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub device_remove: Option<String>,
    /// POST with proof: asks to add a device, or to move to one.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub device_add: Option<String>,
    /// POST with proof: takes the invitation of an approved `device_add`, once.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub device_invitation: Option<String>,
    /// POST with proof: how that pairing stands, and its digits.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub device_confirm: Option<String>,
    /// POST with proof: asks to replace the asking device's approval key.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub device_key: Option<String>,
    /// POST with proof: asks to let another device count for as much as the asking one.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub device_grade: Option<String>,
    /// Page for the person's browser, where a pairing that the app began gets its code (section 4.1).
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub pair_start: Option<String>,
    /// POST with proof: what was granted and is still good.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub consents: Option<String>,
    /// POST with proof: takes a grant back.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub consent_revoke: Option<String>,
    /// POST with proof: sends the asking device a test.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub test: Option<String>,
}

impl Endpoints {
    /// Every URL that is there.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        let always = [
            &self.redeem,
            &self.pairings,
            &self.confirm,
            &self.connect,
            &self.pending,
            &self.decisions,
            &self.seen,
            &self.receipts,
        ];
        let offered = [
            &self.devices,
            &self.device_rename,
            &self.device_remove,
            &self.device_add,
            &self.device_invitation,
            &self.device_confirm,
            &self.device_key,
            &self.device_grade,
            &self.pair_start,
            &self.consents,
            &self.consent_revoke,
            &self.test,
        ];
        always
            .into_iter()
            .chain(offered.into_iter().flatten())
            .map(String::as_str)
    }
}

/// Limits that the server tells its devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataLimits {
    /// Pending consent requests per account.
    pub pending_per_account: u32,
    /// Tries for a transfer code, per request over all devices.
    pub transfer_tries: u32,
}

/// What the server can do beyond the base of version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Kinds of prompt it may send.
    pub kinds: Vec<PromptKind>,
    /// Ways of delivery: `websocket`, `pending`.
    pub delivery: Vec<String>,
}

/// The signed metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Version.
    pub v: V1,
    /// The issuer; equal to that of the invitation.
    pub iss: Issuer,
    /// Grows with every change of content. A lower one than seen is refused.
    pub seq: u64,
    /// Signed at.
    pub iat: UnixTime,
    /// Not to be used after.
    pub exp: UnixTime,
    /// Shown beside the host, never instead of it; at most 64 code points.
    pub name: String,
    /// rpId of all credentials: constant, used for nothing else.
    pub rp_id: String,
    /// Origin that devices write into client data: constant.
    pub origin: String,
    /// Endpoints.
    pub endpoints: Endpoints,
    /// Keys that sign prompts.
    pub prompt_keys: Vec<MetadataKey>,
    /// Keys that sign offers, reveals and receipts.
    pub receipt_keys: Vec<MetadataKey>,
    /// Capabilities.
    pub capabilities: Capabilities,
    /// Limits.
    pub limits: MetadataLimits,
    /// Members that a device must understand; unknown ones make the metadata unusable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crit: Vec<String>,
}

/// Why metadata is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// The response around it.
    #[error("unacceptable response: {0}")]
    Response(#[from] IJsonError),
    /// The JWS.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Signed by another root than the pinned one.
    #[error("the server's root key is not the pinned one")]
    Root,
    /// Another issuer.
    #[error("metadata of another server")]
    Issuer,
    /// `seq` lower than seen.
    #[error("older than metadata already seen")]
    RolledBack,
    /// Past `exp`, or `iat` in the future, by more than the leeway.
    #[error("expired, or this device's clock is wrong")]
    Expired,
    /// A critical member that this version does not know.
    #[error("needs a newer app")]
    Critical,
    /// An endpoint that is not under the issuer, or an rpId or origin of another form.
    #[error("endpoints, rpId or origin are not acceptable")]
    Content,
}

/// What the device knows before it reads metadata.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedMetadata<'a> {
    /// The issuer asked.
    pub issuer: &'a Issuer,
    /// The pinned root, or the one an invitation carried. `None` only at first contact by hand-typed code, when the
    /// person compares the fingerprint.
    pub root: Option<Thumbprint>,
    /// The highest `seq` seen; 0 at first.
    pub seen_seq: u64,
    /// The device's clock, with [`limits::LEEWAY_SECONDS`].
    pub now: UnixTime,
}

/// Signs metadata with the root key.
pub fn sign_metadata(root: &crate::keys::SigningKey, metadata: &Metadata) -> MetadataResponse {
    MetadataResponse {
        metadata_jws: jws::sign(root, typ::METADATA, metadata),
        root: *root.public(),
    }
}

/// Reads and checks a metadata response.
///
/// # Errors
/// [`MetadataError`], by the first failed check.
pub fn parse_metadata(
    body: &[u8],
    expected: &ExpectedMetadata<'_>,
) -> Result<(Metadata, Thumbprint), MetadataError> {
    let response: MetadataResponse = ijson::parse_shaped(body, limits::METADATA)?;
    let root = response.root.thumbprint();
    if expected.root.is_some_and(|pinned| pinned != root) {
        return Err(MetadataError::Root);
    }
    let metadata = verify_metadata(&response.metadata_jws, &response.root)?;
    check_metadata(&metadata, expected)?;
    Ok((metadata, root))
}

/// Checks signature and form alone, for evidence whose time has passed.
///
/// # Errors
/// [`MetadataError::Jws`] or [`MetadataError::Critical`].
pub fn verify_metadata(metadata_jws: &str, root: &PublicKey) -> Result<Metadata, MetadataError> {
    let metadata: Metadata = jws::verify(metadata_jws, typ::METADATA, limits::METADATA, &[*root])?;
    if metadata.crit.iter().all(|name| is_known_member(name)) {
        Ok(metadata)
    } else {
        Err(MetadataError::Critical)
    }
}

fn check_metadata(
    metadata: &Metadata,
    expected: &ExpectedMetadata<'_>,
) -> Result<(), MetadataError> {
    if metadata.iss != *expected.issuer {
        return Err(MetadataError::Issuer);
    }
    if metadata.seq < expected.seen_seq {
        return Err(MetadataError::RolledBack);
    }
    if expected.now.since(metadata.exp) > limits::LEEWAY_SECONDS
        || metadata.iat.since(expected.now) > limits::LEEWAY_SECONDS
    {
        return Err(MetadataError::Expired);
    }
    let prefix = format!("{}/", metadata.iss);
    if metadata
        .endpoints
        .urls()
        .any(|url| !url.starts_with(&prefix) || !is_canonical(url))
    {
        return Err(MetadataError::Content);
    }
    let origin = format!("https://{}", metadata.rp_id);
    if metadata.origin != origin
        || metadata.rp_id != default_rp_id(&metadata.iss)
        || metadata.name.chars().count() > 64
    {
        return Err(MetadataError::Content);
    }
    Ok(())
}

fn is_known_member(name: &str) -> bool {
    const KNOWN: [&str; 14] = [
        "v",
        "iss",
        "seq",
        "iat",
        "exp",
        "name",
        "rp_id",
        "origin",
        "endpoints",
        "prompt_keys",
        "receipt_keys",
        "capabilities",
        "limits",
        "crit",
    ];
    KNOWN.contains(&name)
}

/// Compared as it was written, so that `..` cannot lead out of the issuer.
fn is_canonical(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|parsed| parsed.as_str() == url)
}

/// `tegata.<issuer host>`; `tegata.localhost` in development.
pub fn default_rp_id(issuer: &Issuer) -> String {
    if issuer.is_local() {
        "tegata.localhost".into()
    } else {
        format!("tegata.{}", issuer.host_name())
    }
}

impl Metadata {
    /// The keys among `keys` that are valid at `now`.
    pub fn valid_at(keys: &[MetadataKey], now: UnixTime) -> Vec<PublicKey> {
        let inside = |key: &&MetadataKey| {
            now.since(key.nbf) >= -limits::LEEWAY_SECONDS
                && now.since(key.exp) <= limits::LEEWAY_SECONDS
        };
        keys.iter().filter(inside).map(|key| key.jwk).collect()
    }

    /// The WebSocket URL: the `connect` endpoint with `ws` for `http`.
    pub fn websocket_url(&self) -> String {
        self.endpoints.connect.replacen("http", "ws", 1)
    }
}
