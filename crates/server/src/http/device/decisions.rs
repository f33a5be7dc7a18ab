//! Decisions: the same function for a POST and for a frame of a socket.

use serde::Serialize;
use tegata_protocol::{
    UnixTime,
    device::{
        V1,
        decision::{
            Decision, DecisionError, DecisionRequest, DenyReason, StoredPrompt, Verdict,
            parse_decision,
        },
        delivery::DecisionResponse,
        pairing::PairingReceipt,
        problem::ProblemCode,
        receipt::{ConsentReceipt, ReceiptEffect},
        typ,
    },
    jcs, jws,
    webauthn::VerifiedAssertion,
};

use super::{
    metadata::{issuer, relying_party},
    pairing::pairing_receipt,
    problem::{Refusal, refuse_json, store_trouble},
    requests,
};
use crate::{
    app::{App, Doorbell},
    delivery::{
        device_info::{DeviceInfo, authentication_context},
        pending::close_reason,
        prompts::{alphabet_of, required_key},
    },
    domain::{self, CloseReason, DenialReason, PairedDevice, Subject},
    simulation::{ACR_SIMULATED, sign_consent_receipt},
    storage::{
        ConsentRequest,
        ops::{self, CountApproval, CountPossessionOutcome, Decide, DecideOutcome},
    },
};

/// POST `decisions`, after the proof.
pub(super) async fn post(
    app: &App,
    device: &PairedDevice,
    body: &[u8],
) -> Result<DecisionResponse, Refusal> {
    // Step 2 of the order below: size and JSON. A member too many or too few is `detail_invalid`.
    let request = parse_decision(body)
        .map_err(|error| refuse_json(body, &error, ProblemCode::DetailInvalid))?;
    let receipt = decide(app, device, request).await?;
    Ok(DecisionResponse { receipt })
}

/// Carries out a decision; the receipt. The checks are made in exactly the order of the device protocol's section 8.3,
/// of
/// which the caller has made the first two: 1. the proof, 2. size and JSON.
pub(crate) async fn decide(
    app: &App,
    device: &PairedDevice,
    request: DecisionRequest,
) -> Result<String, Refusal> {
    // 3. The request belongs to this device; another's looks like one that does not exist.
    let found = requests::find(app, device, &request.detail.request).await?;
    // 4. The detail equals what was stored, and 5. the assertion fits it: role, credential, origin, flags, signature.
    let verified = verify(app, device, &found, &request)?;
    let now = app.now();
    let decision = prepare(app, device, &found, &request, verified, now)?;
    // Steps 6 to 12 are the commit's: equal challenge, closed, counter, transfer, compare-and-swap with the key checked
    // again. Only `require` (9) needs no commit to be refused, and is tried where its turn is.
    if is_assurance_too_low(device, &found, &request) {
        return Err(refuse_assurance(app, device, &found, &request, verified).await?);
    }
    let outcome = app
        .store
        .apply(decision)
        .await
        .map_err(|error| store_trouble(&error))?;
    answer(app, device, outcome)
}

fn verify(
    app: &App,
    device: &PairedDevice,
    found: &ConsentRequest,
    request: &DecisionRequest,
) -> Result<VerifiedAssertion, Refusal> {
    let issuer = issuer(app);
    let (rp_id, origin) = relying_party(&issuer);
    let stored = StoredPrompt {
        iss: &issuer,
        device: &device.id,
        request: &found.flow.facts.consent_request_id,
        prompt: jws::hash(&found.prompt),
        nonce: tegata_protocol::Sha256Digest(found.nonce),
        asks_code: matches!(found.flow.facts.transfer, domain::Transfer::Code { .. }),
        rp_id: &rp_id,
        origin: &origin,
    };
    let verifier = app.config.approval_verifier.verifier();
    verifier
        .verify(request, &stored, &device.registration)
        .map_err(|error| match error {
            DecisionError::Assertion(reason) => {
                Refusal::new(ProblemCode::AssertionInvalid).with_detail(reason.to_string())
            }
            error => Refusal::new(ProblemCode::DetailInvalid).with_detail(error.to_string()),
        })
}

/// The operation, with the receipt that the commit releases if this decision is the one. Of a "not me" there are two:
/// whether it denies or reports depends on what was committed before it, which only the commit sees.
fn prepare(
    app: &App,
    device: &PairedDevice,
    found: &ConsentRequest,
    request: &DecisionRequest,
    verified: VerifiedAssertion,
    now: UnixTime,
) -> Result<Decide, Refusal> {
    let key = DeviceInfo::of(device).key;
    let (verdict, acr, amr) = match &request.detail.decision {
        Decision::Approve { transfer, .. } => {
            let (acr, amr) = if device.is_simulated() {
                (ACR_SIMULATED, &[][..])
            } else {
                authentication_context(key)
            };
            let amr: Vec<String> = amr.iter().map(|&method| method.to_owned()).collect();
            let verdict = ops::Verdict::Approve {
                transfer: transfer_hash(app, found, transfer.as_deref())?,
                acr: acr.to_owned(),
                amr: amr.clone(),
            };
            (verdict, Some(acr.to_owned()), amr)
        }
        Decision::Deny { reason } => {
            let reason = match reason {
                DenyReason::ChangedMind => DenialReason::ChangedMind,
                DenyReason::NotMe => DenialReason::NotMe,
                DenyReason::WrongDetails => DenialReason::WrongDetails,
            };
            (ops::Verdict::Deny { reason }, None, Vec::new())
        }
    };
    let credential = match request.detail.decision.verdict() {
        Verdict::Approve => device.registration.approval_key,
        Verdict::Deny => device.registration.possession_key,
    };
    let mut receipt = ConsentReceipt {
        v: V1,
        iss: issuer(app),
        request: request.detail.request.clone(),
        prompt: request.detail.prompt,
        detail: request.detail.clone(),
        credential,
        assertion: request.assertion.clone(),
        acr,
        amr,
        committed_at: now,
        effect: None,
    };
    let signed = sign_consent_receipt(&app.keys, device, &receipt);
    let pairing_receipt = next_pairing_receipt(app, device, found, &verdict, now)?;
    let not_me = ops::Verdict::Deny {
        reason: DenialReason::NotMe,
    };
    let report_receipt = (verdict == not_me).then(|| {
        receipt.effect = Some(ReceiptEffect::Report);
        sign_consent_receipt(&app.keys, device, &receipt)
    });
    Ok(Decide {
        request: request.detail.request.clone(),
        device: device.id.clone(),
        credential: verified.credential(),
        counter: verified.counter(),
        challenge: request.detail.challenge(),
        verdict,
        detail: String::from_utf8(jcs::canonicalize(&request.detail))
            .map_err(|_| Refusal::new(ProblemCode::Internal))?,
        assertion: json(&request.assertion)?,
        receipt: signed,
        report_receipt,
        pairing_receipt,
        now,
    })
}

/// The pairing receipt that an approval releases which replaces the approval key: the same with the new key.
fn next_pairing_receipt(
    app: &App,
    device: &PairedDevice,
    found: &ConsentRequest,
    verdict: &ops::Verdict,
    now: UnixTime,
) -> Result<Option<String>, Refusal> {
    let (Some(Subject::ReplaceKey(new)), ops::Verdict::Approve { .. }) =
        (&found.flow.facts.terms.subject, verdict)
    else {
        return Ok(None);
    };
    let receipt = PairingReceipt {
        approval: new.key,
        key: new.kind,
        iat: now,
        ..pairing_receipt(app, device)?
    };
    let receipt = jws::sign(&app.keys.receipt, typ::PAIRING_RECEIPT, &receipt);
    Ok(Some(receipt))
}

/// The keyed hash of a transfer code, which must be signed in its canonical form.
fn transfer_hash(
    app: &App,
    found: &ConsentRequest,
    typed: Option<&str>,
) -> Result<Option<tegata_protocol::Sha256Digest>, Refusal> {
    let (domain::Transfer::Code { source, length, .. }, Some(typed)) =
        (&found.flow.facts.transfer, typed)
    else {
        return Ok(None);
    };
    let canonical = alphabet_of(*source).canonical(typed, usize::from(*length));
    if canonical.as_deref() != Some(typed) {
        return Err(Refusal::new(ProblemCode::DetailInvalid)
            .with_detail("`transfer` is not in the canonical form that the prompt calls for."));
    }
    let account = &found.flow.facts.account;
    Ok(Some(app.keys.transfer_hash(account, typed)))
}

fn is_assurance_too_low(
    device: &PairedDevice,
    found: &ConsentRequest,
    request: &DecisionRequest,
) -> bool {
    let approves = request.detail.decision.verdict() == Verdict::Approve;
    approves && DeviceInfo::of(device).key < required_key(&found.flow.facts)
}

/// An approval by too weak a key was never stored as a decision, so there is no equal challenge (6). Closed (7) and counter (8) come
/// before it.
async fn refuse_assurance(
    app: &App,
    device: &PairedDevice,
    found: &ConsentRequest,
    request: &DecisionRequest,
    verified: VerifiedAssertion,
) -> Result<Refusal, Refusal> {
    if let Some(reason) = requests::closed_at_now(app, found) {
        let by_this_device =
            matches!(&reason, CloseReason::Handled { device: by, .. } if *by == device.id);
        return Ok(closed(by_this_device, reason));
    }
    let count = CountApproval {
        device: device.id.clone(),
        credential: verified.credential(),
        counter: verified.counter(),
        challenge: request.detail.challenge(),
    };
    let counted = app
        .store
        .apply(count)
        .await
        .map_err(|error| store_trouble(&error))?;
    Ok(Refusal::new(match counted {
        CountPossessionOutcome::Counted => ProblemCode::AssuranceTooLow,
        CountPossessionOutcome::Regressed => ProblemCode::CounterRegressed,
        CountPossessionOutcome::Unknown => ProblemCode::DeviceRevoked,
        CountPossessionOutcome::ForeignKey => ProblemCode::AssertionInvalid,
    }))
}

/// What the commit found, in the order in which it looked.
fn answer(app: &App, device: &PairedDevice, outcome: DecideOutcome) -> Result<String, Refusal> {
    match outcome {
        DecideOutcome::Unknown => Err(Refusal::new(ProblemCode::NotFound)),
        // 12, told first because nothing else is told to a key that is no longer good.
        DecideOutcome::DeviceRevoked => Err(Refusal::new(ProblemCode::DeviceRevoked)),
        // 5, in the commit again.
        DecideOutcome::ForeignKey => Err(Refusal::new(ProblemCode::AssertionInvalid)
            .with_detail("The key that signed was replaced.")),
        // 6. The very same decision: the very same receipt.
        DecideOutcome::AlreadyRecorded { receipt } => Ok(receipt),
        // 7. Closed, or decided otherwise by this device. "Not me" about an approval counts as a report.
        DecideOutcome::Conflict {
            reported: Some(receipt),
            devices,
            ..
        }
        | DecideOutcome::Closed {
            reported: Some(receipt),
            devices,
            ..
        } => {
            app.delivery.ring(&devices);
            Ok(receipt)
        }
        DecideOutcome::Conflict { reason, .. } => Err(closed(true, reason)),
        DecideOutcome::Closed { reason, .. } => Err(closed(false, reason)),
        // 8. The request stays pending, the device is suspect.
        DecideOutcome::CounterRegressed => Err(Refusal::new(ProblemCode::CounterRegressed)),
        // 10. Three tries per request, over all devices.
        DecideOutcome::TransferMismatch { tries_left } => Err(mismatch(u32::from(tries_left))),
        DecideOutcome::TransferFailed { devices } => {
            app.delivery.ring(&devices);
            Err(mismatch(0))
        }
        // 11. Decided; everybody who was asked is told, this device's own inbox included.
        DecideOutcome::Recorded {
            receipt,
            devices,
            carried_out,
        } => {
            app.delivery.ring(&devices);
            if let Some(done) = carried_out {
                if let Some(revoked) = &done.revoked {
                    app.delivery.close_revoked(revoked);
                }
                app.delivery.ring(&done.told);
            }
            app.delivery.ring(std::slice::from_ref(&device.id));
            Ok(receipt)
        }
    }
}

fn closed(by_this_device: bool, reason: CloseReason) -> Refusal {
    let mut problem = Refusal::new(if by_this_device {
        ProblemCode::DecisionConflict
    } else {
        ProblemCode::RequestClosed
    });
    problem.closed = Some(close_reason(reason));
    problem
}

fn mismatch(tries_left: u32) -> Refusal {
    let mut problem = Refusal::new(ProblemCode::TransferMismatch);
    problem.tries_left = Some(tries_left);
    problem
}

fn json<T: Serialize>(value: &T) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|_| Refusal::new(ProblemCode::Internal))
}
