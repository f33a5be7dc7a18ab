//! The consent prompt (`docs/protocol.md` section 7): what is asked, signed once per request and device.

use super::{
    V1, invitation::Issuer, limits, management::SubjectDevice, pairing::KeyKind, present, typ,
};
use crate::{
    bytes::Sha256Digest,
    ids::{AccountId, ClientId, ConsentRequestId, DeviceId},
    jws::{self, JwsError},
    keys::{PublicKey, SigningKey},
    text::{self, CodeAlphabet, TextFindings},
    time::UnixTime,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// What kind of question it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PromptKind {
    /// Add a device to the account, or move to it.
    DeviceAdd,
    /// Raise a device's grade.
    DeviceGrade,
    /// Replace the asked device's approval key.
    DeviceKey,
    /// Remove another device of the account.
    DeviceRemove,
    /// Give a client access to something.
    Grant,
    /// Sign in at a client.
    SignIn,
    /// A test of delivery, which grants nothing.
    Test,
    /// A kind that this version does not know: can only be denied.
    #[serde(other)]
    Unknown,
}

impl PromptKind {
    /// Whether this version can show it, and so approve it.
    #[must_use]
    pub fn is_supported(self) -> bool {
        self != Self::Unknown
    }

    /// Whether it is about a device of the account, which the prompt's `device` then names.
    #[must_use]
    pub fn is_about_device(self) -> bool {
        matches!(
            self,
            Self::DeviceAdd | Self::DeviceGrade | Self::DeviceKey | Self::DeviceRemove
        )
    }
}

/// Who entered the client's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisteredBy {
    /// The operator of the server.
    Operator,
    /// The client itself: its name is its own word, shown with a caution.
    #[serde(rename = "self")]
    Itself,
}

/// The asking provider, when another one asks through the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptProvider {
    /// Its issuer identifier.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The client, from the registration and never from the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptClient {
    /// `client_id`.
    pub id: ClientId,
    /// At most 64 code points.
    pub name: String,
    /// Whose word the name is.
    pub registered_by: RegisteredBy,
    /// Registered at.
    pub since: UnixTime,
    /// Whether it can keep a secret.
    pub confidential: bool,
    /// Only if control of it was proved.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub host: Option<String>,
}

/// One link of the chain from the person to an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptActor {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Who vouches for it.
    pub vouched_by: String,
}

/// One scope with its plain description in the prompt's locale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptScope {
    /// Scope value.
    pub name: String,
    /// What it gives, in words of the operator.
    pub description: String,
}

/// A translated label for one leaf of `authorization_details`: it decorates and never replaces or hides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailLabel {
    /// JSON Pointer (RFC 6901) into `authorization_details`.
    pub pointer: String,
    /// The label.
    pub text: String,
}

/// What the server saw itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservedContext {
    /// When the request arrived.
    pub time: UnixTime,
    /// Whether this client never before asked this account.
    pub first_request: bool,
}

/// What the client says, unverified. Shown apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimedContext {
    /// Where the consumption device is.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub place: Option<String>,
    /// What it is.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub device: Option<String>,
    /// Its network address.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub address: Option<String>,
}

/// Observed and claimed, apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptContext {
    /// By the server.
    pub observed: ObservedContext,
    /// By the client.
    #[serde(default)]
    pub claimed: ClaimedContext,
}

/// Whether a code has to be carried over from the consumption device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Transfer {
    /// A code that the other screen shows; compared by the server, never held by the device.
    Code {
        /// Its characters.
        alphabet: CodeAlphabet,
        /// How many, 6 to 8.
        length: u8,
    },
    /// There is no consumption screen, or the client does not use codes.
    None,
}

/// The assurance that an approval needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Require {
    /// The lowest kind of approval key.
    pub key: KeyKind,
}

/// Payload of `consent-prompt+jwt`. Its `Debug` names the request and says nothing of what is asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Version.
    pub v: V1,
    /// Issuer.
    pub iss: Issuer,
    /// The device it is for.
    pub aud: DeviceId,
    /// The account.
    pub sub: AccountId,
    /// The request.
    pub jti: ConsentRequestId,
    /// Signed at.
    pub iat: UnixTime,
    /// For evidence; a live device goes by the seconds left that came with the prompt.
    pub exp: UnixTime,
    /// 32 bytes, per request and device.
    pub nonce: Sha256Digest,
    /// Kind.
    pub kind: PromptKind,
    /// BCP 47 tag of its words.
    pub locale: String,
    /// Another provider, shown first.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub provider: Option<PromptProvider>,
    /// The client.
    pub client: PromptClient,
    /// What a question of a `device_*` kind is about; no other kind has it.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub device: Option<SubjectDevice>,
    /// From the person outward.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actor: Vec<PromptActor>,
    /// Scopes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<PromptScope>,
    /// RFC 9396, verbatim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<Value>,
    /// Labels for its leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<DetailLabel>,
    /// RFC 8707.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// Until when a refresh token would be good; absent if there is none.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub refresh: Option<UnixTime>,
    /// Claims that the client will learn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// Authentication context class that the client asked for and will be told.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub acr: Option<String>,
    /// Seconds that the access token will be good.
    pub access_token_lifetime: u32,
    /// Context.
    pub context: PromptContext,
    /// Words of the client, unverified; absent when they serve as transfer code.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub binding_message: Option<String>,
    /// Transfer.
    pub transfer: Transfer,
    /// Assurance.
    pub require: Require,
    /// Members that must be understood to approve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crit: Vec<String>,
    /// Members that this version does not know: they cannot be shown, so the prompt can only be denied.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, Value>,
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("jti", &self.jti)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Why a prompt is refused: a security event, never a question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PromptError {
    /// The JWS.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Another server.
    #[error("the prompt is of another server")]
    Issuer,
    /// Another device or account.
    #[error("the prompt is for another device")]
    Audience,
    /// More than 64 leaves, or a text beyond its limit.
    #[error("the prompt is over a limit")]
    Limit,
}

/// Why a prompt that verifies can only be denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DenyOnlyReason {
    /// The key of this device is of a lower kind than `require` asks.
    AssuranceTooLow,
    /// `crit` names a member that this version does not know.
    CriticalMember,
    /// The kind is unknown, or `device` does not say what a question of this kind is about.
    Kind,
    /// Some text could be shown only after altering it.
    Text,
    /// There are members that this version does not know.
    UnknownMember,
}

/// What a device knows of itself when a prompt arrives.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedPrompt<'a> {
    /// The paired server.
    pub issuer: &'a Issuer,
    /// This device.
    pub device: &'a DeviceId,
    /// The paired account.
    pub account: &'a AccountId,
    /// Prompt keys of the signed metadata that are valid now.
    pub keys: &'a [PublicKey],
}

/// Signs a prompt. Once per request and device: redelivery sends the same bytes.
pub fn sign_prompt(key: &SigningKey, prompt: &Prompt) -> String {
    jws::sign(key, typ::PROMPT, prompt)
}

/// Checks a prompt that arrived.
///
/// # Errors
/// [`PromptError`]: the device records a security event and shows no question.
pub fn parse_prompt(
    prompt_jws: &str,
    expected: &ExpectedPrompt<'_>,
) -> Result<Prompt, PromptError> {
    let prompt: Prompt = jws::verify_exact(prompt_jws, typ::PROMPT, limits::PROMPT, expected.keys)?;
    if prompt.iss != *expected.issuer {
        return Err(PromptError::Issuer);
    }
    if prompt.aud != *expected.device || prompt.sub != *expected.account {
        return Err(PromptError::Audience);
    }
    check_limits(&prompt)?;
    Ok(prompt)
}

fn check_limits(prompt: &Prompt) -> Result<(), PromptError> {
    let long = |text: &str, most: usize| text.chars().count() > most;
    let leaves: usize = prompt.authorization_details.iter().map(count_leaves).sum();
    let transfer_ok = match prompt.transfer {
        Transfer::Code { length, .. } => (6..=8).contains(&length),
        Transfer::None => true,
    };
    let over = leaves > limits::DETAIL_LEAVES
        || long(&prompt.client.name, 64)
        || prompt
            .device
            .iter()
            .flat_map(SubjectDevice::texts)
            .any(|text| long(text, 132))
        || prompt
            .device
            .iter()
            .filter_map(|device| device.name.as_deref())
            .any(|name| long(name, 64))
        || prompt
            .binding_message
            .as_deref()
            .is_some_and(|text| long(text, limits::BINDING_MESSAGE))
        || prompt.scopes.len() > 64
        || prompt.actor.len() > 8
        || !transfer_ok;
    if over {
        Err(PromptError::Limit)
    } else {
        Ok(())
    }
}

/// How many strings, numbers, booleans, nulls, empty arrays and empty objects a value holds.
pub fn count_leaves(value: &Value) -> usize {
    match value {
        Value::Array(items) if !items.is_empty() => items.iter().map(count_leaves).sum(),
        Value::Object(members) if !members.is_empty() => members.values().map(count_leaves).sum(),
        _ => 1,
    }
}

/// A leaf of `authorization_details` as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailLeaf {
    /// JSON Pointer from the array's start, such as `/0/amount`.
    pub pointer: String,
    /// The server's label for it, if any.
    pub label: Option<String>,
    /// The value: strings as they are, everything else as JSON.
    pub value: String,
}

/// Every leaf of `authorization_details`, in document order, with its label among `labels` if it has one.
pub fn detail_leaves(details: &[Value], labels: &[DetailLabel]) -> Vec<DetailLeaf> {
    let mut leaves = Vec::new();
    for (index, detail) in details.iter().enumerate() {
        collect_leaves(detail, labels, format!("/{index}"), &mut leaves);
    }
    leaves
}

fn collect_leaves(
    value: &Value,
    labels: &[DetailLabel],
    pointer: String,
    out: &mut Vec<DetailLeaf>,
) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                collect_leaves(item, labels, format!("{pointer}/{index}"), out);
            }
        }
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect_leaves(member, labels, format!("{pointer}/{name}"), out);
            }
        }
        leaf => {
            let label = labels.iter().find(|label| label.pointer == pointer);
            let value = leaf
                .as_str()
                .map_or_else(|| leaf.to_string(), str::to_owned);
            out.push(DetailLeaf {
                label: label.map(|label| label.text.clone()),
                pointer,
                value,
            });
        }
    }
}

impl Prompt {
    /// Every leaf of `authorization_details`, in document order.
    pub fn detail_leaves(&self) -> Vec<DetailLeaf> {
        detail_leaves(&self.authorization_details, &self.labels)
    }

    /// What was found in all text of the prompt. Identifiers and the operator's own words cannot look suspicious, but
    /// nothing at all may hide or reorder what stands around it.
    pub fn text_findings(&self) -> TextFindings {
        let mut findings = TextFindings::default();
        let claimed = &self.context.claimed;
        let words = [&self.binding_message, &claimed.place, &claimed.device];
        let names = self.actor.iter().map(|actor| &actor.name);
        let provider = self.provider.iter().map(|provider| &provider.name);
        let device = self.device.iter().flat_map(SubjectDevice::texts);
        for text in words
            .into_iter()
            .flatten()
            .chain(names)
            .chain(provider)
            .chain(device)
            .chain([&self.client.name])
        {
            findings.merge(text::inspect(text));
        }
        let leaves = self.detail_leaves();
        let scopes = self
            .scopes
            .iter()
            .flat_map(|scope| [&scope.name, &scope.description]);
        let labels = self
            .labels
            .iter()
            .flat_map(|label| [&label.pointer, &label.text]);
        let actors = self
            .actor
            .iter()
            .flat_map(|actor| [&actor.id, &actor.vouched_by]);
        let identifiers = [&self.client.host, &claimed.address, &self.acr]
            .into_iter()
            .flatten();
        let values = leaves.iter().flat_map(|leaf| [&leaf.pointer, &leaf.value]);
        let provider = self.provider.iter().map(|provider| &provider.id);
        for text in scopes
            .chain(labels)
            .chain(actors)
            .chain(identifiers)
            .chain(values)
            .chain(provider)
            .chain(&self.resource)
            .chain(&self.claims)
        {
            let mut found = text::inspect(text);
            found.cautions.remove(&text::TextCaution::LooksLikeAddress);
            findings.merge(found);
        }
        findings
    }

    /// Why this prompt can only be denied on a device whose approval key is of kind `key`; empty if it can be approved.
    pub fn deny_only_reasons(&self, key: KeyKind) -> BTreeSet<DenyOnlyReason> {
        let mut reasons = BTreeSet::new();
        let is_said = match &self.device {
            Some(device) => device.is_complete_for(self.kind),
            None => !self.kind.is_about_device(),
        };
        if !self.kind.is_supported() || !is_said {
            reasons.insert(DenyOnlyReason::Kind);
        }
        if self
            .crit
            .iter()
            .any(|name| self.unknown.contains_key(name) || !is_known_member(name))
        {
            reasons.insert(DenyOnlyReason::CriticalMember);
        }
        if !self.unknown.is_empty() {
            reasons.insert(DenyOnlyReason::UnknownMember);
        }
        if !self.text_findings().defects.is_empty() {
            reasons.insert(DenyOnlyReason::Text);
        }
        if key < self.require.key {
            reasons.insert(DenyOnlyReason::AssuranceTooLow);
        }
        reasons
    }
}

fn is_known_member(name: &str) -> bool {
    const KNOWN: [&str; 27] = [
        "v",
        "iss",
        "aud",
        "sub",
        "jti",
        "iat",
        "exp",
        "nonce",
        "kind",
        "locale",
        "provider",
        "client",
        "device",
        "actor",
        "scopes",
        "authorization_details",
        "labels",
        "resource",
        "refresh",
        "claims",
        "acr",
        "access_token_lifetime",
        "context",
        "binding_message",
        "transfer",
        "require",
        "crit",
    ];
    KNOWN.contains(&name)
}
