//! Signing: the PIN and its tries, the detail, the counter. What leaves here is durable already.

use crate::{
    account::{AccountState, ApprovalSlot, MAX_PIN_FAILURES, UnsentDecision},
    device::Device,
    error::{AccessError, DecideError},
    inbox::Arrived,
    live::{LiveAccount, Session},
    model::Health,
    ports::{ApprovalKeyError, PersonCheck, PinReason, StoredApprovalKey, UnlockedApprovalKey},
};
use tegata_protocol::{
    Thumbprint,
    device::{
        V1,
        decision::{Decision, DecisionDetail, DecisionRequest, DenyReason, View},
        prompt::PromptKind,
    },
    webauthn::{CredentialRole, ExpectedAssertion, make_assertion},
};

/// Verifies the person and signs an approval.
pub(super) async fn approve(
    device: &Device,
    session: &Session,
    live: &LiveAccount,
    arrived: &Arrived,
    transfer: Option<String>,
    person: &dyn PersonCheck,
) -> Result<UnsentDecision, DecideError> {
    let failures = match session.read_state()?.approval_slot {
        ApprovalSlot::Destroyed => return Err(DecideError::PinLocked),
        ApprovalSlot::Usable { failures, .. } => failures,
    };
    let reason = PinReason::Approve {
        client: arrived.prompt.client.name.clone(),
        failures,
    };
    let pin = person.ask_pin(reason).await?;
    // 1. The try is counted before it is made, so that cutting the power saves none.
    let begun = session.update(|_, state| begin_try(device, state))?;
    let Some((stored, failures)) = begun else {
        note_locked(device, live);
        return Err(DecideError::PinLocked);
    };
    // 2. The key. The hash takes its time, on a thread that may block.
    let (port, secret) = (device.ports().approval.clone(), session.secret.clone());
    let public = session.approval;
    let unlocked =
        tokio::task::spawn_blocking(move || port.unlock(&stored, &public, &pin, &secret)).await;
    // 3. What became of the try, durable before anything else can fail: a right PIN ends the count, and a key that could
    //    not be tried says nothing about the PIN.
    let key = match unlocked {
        Ok(Ok(key)) => {
            count_failures(session, |_| 0)?;
            key
        }
        Ok(Err(ApprovalKeyError::PinWrong)) => {
            return Err(wrong_pin(device, session, live, failures)?);
        }
        Err(error) => {
            count_failures(session, |failures| failures.saturating_sub(1))?;
            let error = std::io::Error::other(error);
            return Err(AccessError::from(crate::account::AccountFileError::Io(error)).into());
        }
        Ok(Err(ApprovalKeyError::Unreadable)) => {
            count_failures(session, |failures| failures.saturating_sub(1))?;
            let text = "the approval key cannot be read".to_owned();
            let error = crate::account::AccountFileError::Damaged(text);
            return Err(AccessError::from(error).into());
        }
    };
    // 4. The person may have taken longer than the request had.
    device.open_request(live, &arrived.key)?;
    // 5. What is signed, over the exact prompt.
    let decision = Decision::Approve {
        view: View {
            app: device.app().to_owned(),
            locale: device.settings().language(),
            layout: layout(arrived.prompt.kind).to_owned(),
            notices: notices(arrived),
        },
        transfer,
    };
    let detail = detail(session, arrived, session.approval.thumbprint(), decision);
    // 6. Counter and decision are durable together, before anything leaves.
    let signed_at = device.ports().clock.now();
    Ok(session.update(|_, state| {
        state.approval_counter += 1;
        let counter = state.approval_counter;
        let assertion = assert_with(key.as_ref(), session, &detail, counter);
        keep(state, arrived, detail, assertion, signed_at)
    })?)
}

/// Signs a denial. No verification is asked: denying is never harder than approving.
pub(super) fn deny(
    device: &Device,
    session: &Session,
    arrived: &Arrived,
    reason: DenyReason,
) -> Result<UnsentDecision, DecideError> {
    let thumbprint = session.possession.thumbprint();
    let detail = detail(session, arrived, thumbprint, Decision::Deny { reason });
    let trusted = session.metadata();
    let signed_at = device.ports().clock.now();
    Ok(session.update(|_, state| {
        state.possession_counter += 1;
        let expected = ExpectedAssertion {
            challenge: detail.challenge(),
            rp_id: &trusted.metadata.rp_id,
            origin: &trusted.metadata.origin,
            role: CredentialRole::Possession,
        };
        let assertion = make_assertion(&session.possession, &expected, state.possession_counter);
        keep(state, arrived, detail, assertion, signed_at)
    })?)
}

/// Counts a try. `None` if there is no key to try any more; a key whose tries are all used up is destroyed here too, for
/// the case that the process ended between the last try and that.
pub(super) fn begin_try(
    device: &Device,
    state: &mut AccountState,
) -> Option<(StoredApprovalKey, u32)> {
    let ApprovalSlot::Usable { key, failures } = &mut state.approval_slot else {
        return None;
    };
    if *failures >= MAX_PIN_FAILURES {
        device.ports().approval.destroy(key);
        state.approval_slot = ApprovalSlot::Destroyed;
        return None;
    }
    *failures += 1;
    Some((key.clone(), *failures))
}

fn count_failures(session: &Session, count: impl FnOnce(u32) -> u32) -> Result<(), AccessError> {
    session.update(|_, state| {
        if let ApprovalSlot::Usable { failures, .. } = &mut state.approval_slot {
            *failures = count(*failures);
        }
    })
}

fn wrong_pin(
    device: &Device,
    session: &Session,
    live: &LiveAccount,
    failures: u32,
) -> Result<DecideError, DecideError> {
    let tries_left = MAX_PIN_FAILURES.saturating_sub(failures);
    if tries_left > 0 {
        return Ok(DecideError::PinWrong { tries_left });
    }
    session.update(|_, state| {
        if let ApprovalSlot::Usable { key, .. } = &state.approval_slot {
            device.ports().approval.destroy(key);
        }
        state.approval_slot = ApprovalSlot::Destroyed;
    })?;
    note_locked(device, live);
    Ok(DecideError::PinLocked)
}

fn note_locked(device: &Device, live: &LiveAccount) {
    if live.set_health(Health::PinLocked) {
        device.changed(|changes| changes.accounts += 1);
    }
}

fn detail(
    session: &Session,
    arrived: &Arrived,
    credential: Thumbprint,
    decision: Decision,
) -> DecisionDetail {
    DecisionDetail {
        iss: session.issuer.clone(),
        device: session.device.clone(),
        request: arrived.key.request.clone(),
        prompt: arrived.hash,
        nonce: arrived.prompt.nonce,
        credential,
        decision,
    }
}

fn assert_with(
    key: &dyn UnlockedApprovalKey,
    session: &Session,
    detail: &DecisionDetail,
    counter: u32,
) -> tegata_protocol::webauthn::AuthenticationResponse {
    let trusted = session.metadata();
    let expected = ExpectedAssertion {
        challenge: detail.challenge(),
        rp_id: &trusted.metadata.rp_id,
        origin: &trusted.metadata.origin,
        role: CredentialRole::Approval,
    };
    key.assert(&expected, counter)
}

fn keep(
    state: &mut AccountState,
    arrived: &Arrived,
    detail: DecisionDetail,
    assertion: tegata_protocol::webauthn::AuthenticationResponse,
    signed_at: tegata_protocol::UnixTime,
) -> UnsentDecision {
    let unsent = UnsentDecision {
        decision: DecisionRequest {
            v: V1,
            detail,
            assertion,
        },
        prompt_jws: arrived.prompt_jws.to_string(),
        signed_at,
    };
    state.unsent = Some(unsent.clone());
    unsent
}

fn layout(kind: PromptKind) -> &'static str {
    match kind {
        PromptKind::Grant => "grant/1",
        PromptKind::SignIn => "sign_in/1",
        PromptKind::Test => "test/1",
        _ => "unknown/1",
    }
}

/// The cautions that go with the prompt, by their wire names.
fn notices(arrived: &Arrived) -> Vec<String> {
    let findings = arrived.prompt.text_findings();
    findings
        .cautions
        .iter()
        .filter_map(|caution| {
            serde_json::to_value(caution)
                .ok()?
                .as_str()
                .map(str::to_owned)
        })
        .collect()
}
