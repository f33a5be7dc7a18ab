//! What a receipt has to be before it is believed: the server's, about this request, under a signature of this device.

use super::DecideError;
use crate::{device::Device, live::Session};
use tegata_protocol::{
    ConsentRequestId,
    device::{
        V1,
        decision::{DecisionRequest, StoredPrompt, Verdict, verify_decision},
        limits,
        metadata::Metadata,
        prompt::{Prompt, Transfer},
        receipt::{ConsentReceipt, parse_receipt},
        typ,
    },
    jws::{self, UnverifiedJws},
};

/// Verifies a receipt. `prompt_jws` is the prompt as this device keeps it, verified when it arrived.
pub(super) fn verify_receipt(
    device: &Device,
    session: &Session,
    request: &ConsentRequestId,
    prompt_jws: &str,
    receipt_jws: &str,
) -> Result<ConsentReceipt, DecideError> {
    let unfit = || DecideError::Receipt;
    // 1. The server's signature, and what it is about.
    let trusted = session.metadata();
    let keys = Metadata::valid_at(&trusted.metadata.receipt_keys, device.ports().clock.now());
    let receipt = parse_receipt(receipt_jws, &keys).map_err(|_| unfit())?;
    let possession = *session.possession.public();
    // What was approved before the approval key was replaced was signed by an earlier one.
    let approval = session.read_state()?.own_approval_key(&receipt.credential);
    let credential = match receipt.detail.decision.verdict() {
        Verdict::Approve => approval.ok_or_else(unfit)?,
        Verdict::Deny => possession,
    };
    let prompt_hash = jws::hash(prompt_jws);
    let fits = receipt.iss == session.issuer
        && receipt.request == *request
        && receipt.prompt == prompt_hash
        && receipt.credential == credential;
    if !fits {
        return Err(unfit());
    }
    // 2. This device's own signature over the detail, held against the prompt. The assertion may be that of an earlier try
    //    with the same detail, which the server stored first.
    let prompt: Prompt = UnverifiedJws::parse(prompt_jws, typ::PROMPT, limits::PROMPT)
        .and_then(|jws| jws.peek())
        .map_err(|_| unfit())?;
    let stored = StoredPrompt {
        iss: &session.issuer,
        device: &session.device,
        request,
        prompt: prompt_hash,
        nonce: prompt.nonce,
        asks_code: matches!(prompt.transfer, Transfer::Code { .. }),
        rp_id: &trusted.metadata.rp_id,
        origin: &trusted.metadata.origin,
    };
    let decision = DecisionRequest {
        v: V1,
        detail: receipt.detail.clone(),
        assertion: receipt.assertion.clone(),
    };
    verify_decision(&decision, &stored, &credential, &credential).map_err(|_| unfit())?;
    Ok(receipt)
}
