//! Evidence files and their offline check (`docs/protocol.md` section 10): what `tegata verify` does.
//!
//! The three findings are reported apart, because they rest on different words: that the prompt is the issuer's, that key
//! X decided, and that key X is the account's *according to the issuer*.

use super::{
    V1,
    decision::{Decision, DecisionRequest, StoredPrompt, Verdict, verify_decision},
    invitation::Issuer,
    limits,
    metadata::{Metadata, verify_metadata},
    pairing::{KeyKind, PairingReceipt, verify_countersignature},
    present,
    prompt::{Prompt, Transfer},
    receipt::{ClientReceipt, is_simulated, parse_client_receipt, parse_receipt},
    typ,
};
use crate::{
    ids::AccountId,
    ijson::{self, IJsonError},
    jws,
    keys::{PublicKey, Thumbprint},
    time::UnixTime,
};
use serde::{Deserialize, Serialize};

/// An evidence file. A device writes all members but `client_receipt`; a client has `metadata_jws`, `root` and
/// `client_receipt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceFile {
    /// Version.
    pub v: V1,
    /// Metadata as it was when the decision was made.
    pub metadata_jws: String,
    /// The root key.
    pub root: PublicKey,
    /// The prompt.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub prompt: Option<String>,
    /// The consent receipt.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub receipt: Option<String>,
    /// The pairing receipt.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub pairing_receipt: Option<String>,
    /// The device's countersignature under it.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub countersignature: Option<String>,
    /// The client receipt.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub client_receipt: Option<String>,
}

/// What evidence shows. Each finding names on whose word it rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceReport {
    /// The issuer, by the root key that the caller trusts.
    pub issuer: Issuer,
    /// The root key.
    pub root: Thumbprint,
    /// What the file held.
    pub finding: EvidenceFinding,
}

/// A device's or a client's evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvidenceFinding {
    /// From a client: the issuer's word.
    Client(Box<ClientReceipt>),
    /// From a device: the decision itself.
    Decision(Box<DecisionFinding>),
}

/// Findings about a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionFinding {
    /// The prompt, signed by this issuer.
    pub prompt: Prompt,
    /// The decision, signed by `key`.
    pub decision: Decision,
    /// The key that decided.
    pub key: PublicKey,
    /// When the issuer says that it was committed.
    pub committed_at: UnixTime,
    /// The account that the issuer says the key belongs to; `None` without a pairing receipt.
    pub enrolled: Option<Enrolled>,
}

/// The issuer's and the device's word that a key belongs to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The account.
    pub account: AccountId,
    /// Whether the device countersigned the pairing.
    pub countersigned: bool,
    /// When it was paired.
    pub paired_at: UnixTime,
}

/// Why evidence does not hold. The message says which part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// Not an evidence file.
    #[error("not an evidence file: {0}")]
    File(#[from] IJsonError),
    /// The root is not the trusted one.
    #[error("the server's root key is {found}, not the trusted {trusted}")]
    Root {
        /// In the file.
        found: Thumbprint,
        /// By the caller.
        trusted: Thumbprint,
    },
    /// The metadata.
    #[error("the metadata is not signed by the root key")]
    Metadata,
    /// The file has neither prompt and receipt nor a client receipt, or has both, or a part without the one it belongs to.
    #[error("the file must hold either a decision or a client receipt, and nothing beside it")]
    Parts,
    /// The prompt.
    #[error("the prompt is not signed by the issuer")]
    Prompt,
    /// The receipt.
    #[error("the receipt is not signed by the issuer, or is for another prompt")]
    Receipt,
    /// The decision.
    #[error("the decision does not verify: it was not made by the key that the receipt names")]
    Decision,
    /// The prompt.
    #[error("the prompt could not be approved by such a key, only denied")]
    DenyOnly,
    /// The pairing receipt.
    #[error("the pairing receipt is not signed by the issuer, or names other keys")]
    Pairing,
    /// A receipt of a simulated device.
    #[error(
        "simulated: a test decided this, no person and no device, and the receipt is worth nothing"
    )]
    Simulated,
}

/// Reads an evidence file.
///
/// # Errors
/// [`EvidenceError::File`].
pub fn parse_evidence_file(bytes: &[u8]) -> Result<EvidenceFile, EvidenceError> {
    Ok(ijson::parse_exact(bytes, limits::EVIDENCE)?)
}

/// Checks an evidence file against the root that the caller trusts.
///
/// # Errors
/// [`EvidenceError`], by the first part that does not hold.
pub fn verify_evidence(
    file: &EvidenceFile,
    trusted: Thumbprint,
) -> Result<EvidenceReport, EvidenceError> {
    // 1. The metadata is the issuer's, by the trusted root.
    let found = file.root.thumbprint();
    if found != trusted {
        return Err(EvidenceError::Root { found, trusted });
    }
    let metadata =
        verify_metadata(&file.metadata_jws, &file.root).map_err(|_| EvidenceError::Metadata)?;
    // A part that nothing here checks would look checked.
    let stray = file.countersignature.is_some() && file.pairing_receipt.is_none()
        || file.pairing_receipt.is_some() && file.receipt.is_none();
    if stray {
        return Err(EvidenceError::Parts);
    }
    // What a test decided is told apart from what is forged.
    let mut receipts = file.receipt.iter().chain(&file.client_receipt);
    if receipts.any(|receipt| is_simulated(receipt)) {
        return Err(EvidenceError::Simulated);
    }
    let finding = match (&file.prompt, &file.receipt, &file.client_receipt) {
        (Some(prompt), Some(receipt), None) => {
            let finding = verify_decision_part(file, &metadata, prompt, receipt)?;
            EvidenceFinding::Decision(Box::new(finding))
        }
        (None, None, Some(client_receipt)) => {
            let keys: Vec<PublicKey> = metadata.receipt_keys.iter().map(|key| key.jwk).collect();
            let receipt =
                parse_client_receipt(client_receipt, &keys).map_err(|_| EvidenceError::Receipt)?;
            if receipt.iss != metadata.iss {
                return Err(EvidenceError::Receipt);
            }
            EvidenceFinding::Client(Box::new(receipt))
        }
        _ => return Err(EvidenceError::Parts),
    };
    Ok(EvidenceReport {
        issuer: metadata.iss,
        root: found,
        finding,
    })
}

fn verify_decision_part(
    file: &EvidenceFile,
    metadata: &Metadata,
    prompt_jws: &str,
    receipt_jws: &str,
) -> Result<DecisionFinding, EvidenceError> {
    let prompt_keys: Vec<PublicKey> = metadata.prompt_keys.iter().map(|key| key.jwk).collect();
    let receipt_keys: Vec<PublicKey> = metadata.receipt_keys.iter().map(|key| key.jwk).collect();
    // 2. The prompt is the issuer's.
    let prompt: Prompt = jws::verify_exact(prompt_jws, typ::PROMPT, limits::PROMPT, &prompt_keys)
        .map_err(|_| EvidenceError::Prompt)?;
    if prompt.iss != metadata.iss {
        return Err(EvidenceError::Prompt);
    }
    // 3. The receipt is the issuer's and names this prompt.
    let receipt = parse_receipt(receipt_jws, &receipt_keys).map_err(|_| EvidenceError::Receipt)?;
    let prompt_hash = jws::hash(prompt_jws);
    if receipt.iss != metadata.iss || receipt.prompt != prompt_hash || receipt.request != prompt.jti
    {
        return Err(EvidenceError::Receipt);
    }
    // 4. The decision is by the key that the receipt names, over this prompt.
    let asks_code = receipt.detail.decision.verdict() == Verdict::Approve
        && matches!(prompt.transfer, Transfer::Code { .. });
    let stored = StoredPrompt {
        iss: &metadata.iss,
        device: &prompt.aud,
        request: &prompt.jti,
        prompt: prompt_hash,
        nonce: prompt.nonce,
        asks_code,
        rp_id: &metadata.rp_id,
        origin: &metadata.origin,
    };
    let request = DecisionRequest {
        v: V1,
        detail: receipt.detail.clone(),
        assertion: receipt.assertion.clone(),
    };
    verify_decision(&request, &stored, &receipt.credential, &receipt.credential)
        .map_err(|_| EvidenceError::Decision)?;
    // 5. What can only be denied was not approved. Without a pairing receipt the kind of key is not known.
    let approved = receipt.detail.decision.verdict() == Verdict::Approve;
    if approved && !prompt.deny_only_reasons(KeyKind::Hardware).is_empty() {
        return Err(EvidenceError::DenyOnly);
    }
    // 6. The key is the account's, on the issuer's word and, if countersigned, the device's.
    let enrolled = match &file.pairing_receipt {
        None => None,
        Some(text) => {
            let pairing: PairingReceipt =
                jws::verify(text, typ::PAIRING_RECEIPT, limits::MESSAGE, &receipt_keys)
                    .map_err(|_| EvidenceError::Pairing)?;
            let expected = match receipt.detail.decision.verdict() {
                Verdict::Approve => pairing.approval,
                Verdict::Deny => pairing.possession,
            };
            if pairing.iss != metadata.iss
                || pairing.device != prompt.aud
                || pairing.sub != prompt.sub
                || expected != receipt.credential
            {
                return Err(EvidenceError::Pairing);
            }
            if approved && pairing.key < prompt.require.key {
                return Err(EvidenceError::DenyOnly);
            }
            let countersigned = match &file.countersignature {
                None => false,
                Some(countersignature) => {
                    verify_countersignature(countersignature, text, &pairing)
                        .map_err(|_| EvidenceError::Pairing)?;
                    true
                }
            };
            Some(Enrolled {
                account: pairing.sub,
                countersigned,
                paired_at: pairing.iat,
            })
        }
    };
    Ok(DecisionFinding {
        prompt,
        decision: receipt.detail.decision,
        key: receipt.credential,
        committed_at: receipt.committed_at,
        enrolled,
    })
}
