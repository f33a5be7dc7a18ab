//! The sealed part of an account's file.

use crate::ports::{NetworkSettings, StoredApprovalKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tegata_protocol::{
    B64, ConsentRequestId, DeviceId, PublicKey, Sha256Digest, UnixTime,
    device::{
        decision::DecisionRequest,
        management::SubjectDevice,
        pairing::KeyKind,
        prompt::{DenyOnlyReason, Prompt, PromptKind},
    },
};

/// Wrong PINs after which the approval key is destroyed.
pub const MAX_PIN_FAILURES: u32 = 8;

/// Everything secret or to be kept about one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountState {
    /// The name that the server gave this device.
    pub device: DeviceId,
    /// The pinned root.
    pub root: PublicKey,
    /// Metadata last accepted.
    pub metadata_jws: String,
    /// Its `seq`: lower ones are refused.
    pub metadata_seq: u64,
    /// The possession key.
    pub possession: PublicKey,
    /// Its PKCS#8, sealed once more under the label `possession`.
    pub possession_sealed: B64,
    /// Signature counter last used by the possession key.
    pub possession_counter: u32,
    /// The approval key.
    pub approval: PublicKey,
    /// Its kind.
    pub approval_kind: KeyKind,
    /// Its stored form, until it is destroyed.
    pub approval_slot: ApprovalSlot,
    /// Signature counter last used by the approval key.
    pub approval_counter: u32,
    /// `pairing-receipt+jwt`.
    pub pairing_receipt: String,
    /// This device's countersignature under it.
    pub countersignature: String,
    /// Whether the server has the countersignature.
    pub countersigned: bool,
    /// What the server last said about this device.
    pub standing: Standing,
    /// How to reach the server.
    pub network: NetworkSettings,
    /// A new approval key that waits to take the place of the one above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<WaitingKey>,
    /// Approval keys that were replaced, oldest first: earlier decisions are verified with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierKey>,
    /// A decision that was signed and not yet confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsent: Option<UnsentDecision>,
    /// Requests seen lately with the hash of their prompt, oldest first: a prompt signed anew is noticed after a restart.
    #[serde(default)]
    pub seen: Vec<(ConsentRequestId, Sha256Digest)>,
    /// Lines of the history.
    #[serde(default)]
    pub history_lines: u64,
    /// Notices about the account's devices that the history has, by their names, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
    /// Blocked messages that the history took of late.
    #[serde(default)]
    pub blocked: BlockedCount,
}

/// A new approval key, beside the one that it is to replace. Protected by the same PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitingKey {
    /// Its public half.
    pub public: PublicKey,
    /// Its kind.
    pub kind: KeyKind,
    /// How it is kept.
    pub key: StoredApprovalKey,
    /// Made at, by this machine's clock.
    pub made_at: UnixTime,
    /// The question about it, once its name is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<ConsentRequestId>,
    /// How far it came.
    pub stage: WaitingStage,
}

/// How far a new approval key came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingStage {
    /// The question is not approved.
    Asked,
    /// An approval was signed, and may be committed.
    Signed,
    /// The question is over, and was approved as far as is known here: the server says which key it has.
    Over,
}

/// An approval key that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierKey {
    /// Its public half; the private one is destroyed.
    pub public: PublicKey,
    /// The pairing receipt that names it.
    pub pairing_receipt: String,
    /// This device's countersignature under that.
    pub countersignature: String,
}

/// How many blocked messages the history took since a moment, so that a server cannot fill the disk with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockedCount {
    /// Counted from, by this machine's clock.
    pub since: UnixTime,
    /// How many.
    pub count: u32,
}

impl Default for BlockedCount {
    fn default() -> Self {
        Self {
            since: UnixTime(0),
            count: 0,
        }
    }
}

impl BlockedCount {
    /// Most blocked messages of one account that its history takes within a day.
    pub const PER_DAY: u32 = 100;

    /// Counts one more at `now`. False, if a day had enough.
    #[must_use]
    pub fn admit(&mut self, now: UnixTime) -> bool {
        if now.since(self.since).unsigned_abs() >= 86_400 {
            *self = Self {
                since: now,
                count: 0,
            };
        }
        let admitted = self.count < Self::PER_DAY;
        self.count = self.count.saturating_add(1);
        admitted
    }
}

/// The approval key's stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum ApprovalSlot {
    /// Destroyed after too many wrong PINs.
    Destroyed,
    /// Usable.
    Usable {
        /// How it is kept.
        key: StoredApprovalKey,
        /// Tries begun since the last right PIN; written before each try.
        failures: u32,
    },
}

impl ApprovalSlot {
    /// Whether there is no key any more.
    pub fn is_destroyed(&self) -> bool {
        matches!(self, Self::Destroyed)
    }
}

/// What the server last said about this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Accepted.
    Active,
    /// Revoked.
    Revoked,
    /// On hold.
    Suspended,
}

/// A decision that was signed and whose receipt is not here yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnsentDecision {
    /// The bytes that are sent, the same at every try.
    pub decision: DecisionRequest,
    /// The prompt.
    pub prompt_jws: String,
    /// Signed at, by this machine's clock.
    pub signed_at: UnixTime,
}

impl AccountState {
    /// Whether this device is over at the server and its keys are wiped.
    pub fn is_retired(&self) -> bool {
        self.standing == Standing::Revoked && self.possession_sealed.0.is_empty()
    }

    /// Whether the file has something that programs of format 1 would lose, so that they must not open it.
    pub(super) fn needs_later_format(&self) -> bool {
        self.waiting.is_some() || !self.earlier.is_empty()
    }

    /// The approval key of this device that a thumbprint or a receipt names: the one that it has, or an earlier one.
    pub fn own_approval_key(&self, named: &PublicKey) -> Option<PublicKey> {
        let mut earlier = self.earlier.iter().map(|key| key.public);
        (self.approval == *named)
            .then_some(self.approval)
            .or_else(|| earlier.find(|key| key == named))
    }

    /// Whether a question to replace the approval key is about the one that this device has, and the one that waits here.
    pub fn is_own_replacement(&self, asked: &SubjectDevice) -> bool {
        let names = |named: &Option<String>, key: &PublicKey| {
            named.as_deref() == Some(key.thumbprint().to_string().as_str())
        };
        let waits = |waiting: &WaitingKey| {
            waiting.stage != WaitingStage::Over && names(&asked.new_key, &waiting.public)
        };
        names(&asked.old_key, &self.approval) && self.waiting.as_ref().is_some_and(waits)
    }

    /// Why a prompt can only be denied on this device (`docs/protocol.md` section 7.3); empty if it can be approved.
    pub fn deny_only_reasons(&self, prompt: &Prompt) -> BTreeSet<DenyOnlyReason> {
        let mut reasons = prompt.deny_only_reasons(self.approval_kind);
        let about = prompt.device.as_ref();
        if prompt.kind == PromptKind::DeviceKey
            && !about.is_some_and(|asked| self.is_own_replacement(asked))
        {
            reasons.insert(DenyOnlyReason::Kind);
        }
        reasons
    }

    /// Most earlier approval keys that are kept. Decisions by older ones go on being verified, without the word of the
    /// server on whose key it was.
    const EARLIER: usize = 100;

    /// Puts the current approval key among the earlier ones.
    pub(crate) fn remember_approval_key(&mut self) {
        self.earlier.push(EarlierKey {
            public: self.approval,
            pairing_receipt: self.pairing_receipt.clone(),
            countersignature: self.countersignature.clone(),
        });
        let over = self.earlier.len().saturating_sub(Self::EARLIER);
        self.earlier.drain(..over);
    }

    /// How many requests are remembered.
    const SEEN: usize = 64;

    /// How many notices are remembered: more than a server says at a time.
    const TOLD: usize = 64;

    /// Remembers a notice, forgetting the oldest beyond the limit.
    pub fn remember_notice(&mut self, id: String) {
        self.told.push(id);
        let over = self.told.len().saturating_sub(Self::TOLD);
        self.told.drain(..over);
    }

    /// The hash under which a request was first seen, if it was.
    pub fn seen_prompt(&self, request: &ConsentRequestId) -> Option<Sha256Digest> {
        self.seen
            .iter()
            .find(|(seen, _)| seen == request)
            .map(|(_, hash)| *hash)
    }

    /// Remembers a request, forgetting the oldest beyond the limit.
    pub fn remember_prompt(&mut self, request: ConsentRequestId, hash: Sha256Digest) {
        self.seen.push((request, hash));
        let over = self.seen.len().saturating_sub(Self::SEEN);
        self.seen.drain(..over);
    }
}
