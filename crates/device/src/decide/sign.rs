//! Signing: the PIN, the detail, the counter. What leaves here is durable already.

use crate::{
    account::{AccountState, ApprovalSlot, UnsentDecision},
    device::Device,
    error::DecideError,
    inbox::Arrived,
    live::{LiveAccount, Session},
    management, pin,
    ports::{PersonCheck, PinReason, UnlockedApprovalKey},
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
    let state = session.read_state()?;
    check_can_be_approved(&state, arrived)?;
    let failures = match state.approval_slot {
        ApprovalSlot::Destroyed => return Err(DecideError::PinLocked),
        ApprovalSlot::Usable { failures, .. } => failures,
    };
    let reason = PinReason::Approve {
        client: arrived.prompt.client.name.clone(),
        failures,
    };
    let typed = person.ask_pin(reason).await?;
    // 1. The try, counted before it is made.
    let key = pin::unlock(device, live, session, typed).await?;
    // 2. The person may have taken longer than the request had.
    device.open_request(live, &arrived.key)?;
    // 3. What is signed, over the exact prompt.
    let decision = Decision::Approve {
        view: View {
            app: device.app().to_owned(),
            locale: device.settings().language(),
            layout: layout(arrived.prompt.kind).to_owned(),
            notices: notices(arrived),
        },
        transfer,
    };
    let detail = detail(session, arrived, key.public().thumbprint(), decision);
    // 4. Counter and decision are durable together, before anything leaves. What could be approved a moment ago may not be any
    //    more: another process may have replaced this key, or the one that waits.
    let signed_at = device.ports().clock.now();
    session.update(|_, state| {
        check_can_be_approved(state, arrived)?;
        if state.approval != key.public() {
            return Err(DecideError::Busy);
        }
        management::note_signed(state, arrived);
        state.approval_counter += 1;
        let counter = state.approval_counter;
        let assertion = assert_with(key.as_ref(), session, &detail, counter);
        Ok(keep(state, arrived, detail, assertion, signed_at))
    })?
}

/// Refuses what can only be denied with the keys that the device has now.
fn check_can_be_approved(state: &AccountState, arrived: &Arrived) -> Result<(), DecideError> {
    let reasons = state.deny_only_reasons(&arrived.prompt);
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(DecideError::DenyOnly(reasons.into_iter().collect()))
    }
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
        PromptKind::DeviceAdd => "device_add/1",
        PromptKind::DeviceGrade => "device_grade/1",
        PromptKind::DeviceKey => "device_key/1",
        PromptKind::DeviceRemove => "device_remove/1",
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
