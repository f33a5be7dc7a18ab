//! What becomes of a new approval key after it was asked for.

use crate::{
    account::{AccountState, ApprovalSlot, WaitingStage},
    device::Device,
    error::{AccessError, DecideError, GatewayError},
    gateway::ExchangeLimits,
    inbox::{self, Arrived},
    live::{LiveAccount, Session, lock},
    model::RequestState,
};
use tegata_protocol::{
    ConsentRequestId,
    device::{
        V1, limits,
        metadata::Metadata,
        pairing::{ConfirmRequest, ConfirmResponse, PairingReceipt, sign_countersignature},
        prompt::PromptKind,
        typ,
    },
    jws::{self, JwsError, UnverifiedJws},
};

/// Seconds after which the question about a new key is over, if nothing is known of it: more than one lives.
const QUESTION_SECONDS: i64 = 150;

/// The question about the new key has arrived: its name is kept, in case the answer to its post got lost.
pub(crate) fn note_asked(state: &mut AccountState, arrived: &Arrived) {
    name_question(state, arrived);
}

/// An approval of that question is being signed, in the same write.
pub(crate) fn note_signed(state: &mut AccountState, arrived: &Arrived) {
    if name_question(state, arrived)
        && let Some(waiting) = &mut state.waiting
    {
        waiting.stage = WaitingStage::Signed;
    }
}

fn name_question(state: &mut AccountState, arrived: &Arrived) -> bool {
    let asked = match &arrived.prompt.device {
        Some(asked) if arrived.prompt.kind == PromptKind::DeviceKey => asked,
        _ => return false,
    };
    let own = state.is_own_replacement(asked);
    if let (true, Some(waiting)) = (own, &mut state.waiting) {
        waiting.request = Some(arrived.key.request.clone());
    }
    own
}

/// Takes note of how a request ended, in the write that says so; `None`: it goes on.
pub(crate) fn conclude_key(
    device: &Device,
    state: &mut AccountState,
    request: &ConsentRequestId,
    ended: Option<&RequestState>,
) {
    let waits = state.waiting.as_ref();
    let Some(ended) = ended.filter(|_| waits.is_some_and(|w| w.request.as_ref() == Some(request)))
    else {
        return;
    };
    match ended {
        RequestState::Approved { .. } | RequestState::Reported { .. } => {
            if let Some(waiting) = &mut state.waiting {
                waiting.stage = WaitingStage::Over;
            }
        }
        RequestState::Denied { .. } => drop_waiting(device, state),
        RequestState::Closed(_) => end(device, state),
        _ => {}
    }
}

/// The question ended, and no receipt says how.
fn end(device: &Device, state: &mut AccountState) {
    match &mut state.waiting {
        Some(waiting) if waiting.stage != WaitingStage::Asked => {
            waiting.stage = WaitingStage::Over;
        }
        _ => drop_waiting(device, state),
    }
}

/// Forgets a new key.
pub(super) fn drop_waiting(device: &Device, state: &mut AccountState) {
    if let Some(waiting) = state.waiting.take() {
        device.ports().approval.destroy(&waiting.key);
    }
}

/// After a pending set was taken, or time has passed: ends a new key whose question is over, and judges anew what can be
/// approved, because another process may have asked for another key.
pub(crate) fn note_over(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
) -> Result<(), AccessError> {
    let now = device.ports().clock.now();
    let over = |state: &AccountState| {
        let Some(waiting) = &state.waiting else {
            return false;
        };
        let request = waiting.request.as_ref();
        let unsent = state.unsent.as_ref();
        let in_flight = unsent.is_some_and(|one| Some(&one.decision.detail.request) == request);
        let known = request.and_then(|request| lock(&live.inbox).state_of(request));
        let ended = known.map_or_else(
            || now.since(waiting.made_at) > QUESTION_SECONDS,
            |known| matches!(known, RequestState::Closed(_)),
        );
        waiting.stage != WaitingStage::Over && ended && !in_flight
    };
    let mut state = session.read_state()?;
    if over(&state) {
        state = session.update(|_, state| {
            if over(state) {
                end(device, state);
            }
            state.clone()
        })?;
    }
    lock(&live.inbox).judge(&state);
    Ok(())
}

/// Asks the server which approval key it has, if the question about a new one is over, and goes by that: the new key takes
/// the old one's place, or is dropped. Does nothing otherwise.
pub(crate) async fn settle_key(
    device: &Device,
    live: &LiveAccount,
    session: &Session,
) -> Result<(), DecideError> {
    if !is_over(&session.read_state()?) {
        return Ok(());
    }
    // 1. The pairing receipt as it is now.
    let request = ConfirmRequest {
        v: V1,
        countersignature: None,
        wait: 0,
    };
    let url = session.metadata().metadata.endpoints.confirm.clone();
    let answer: Result<ConfirmResponse, GatewayError> = session
        .gateway
        .post(&url, &request, ExchangeLimits::HELD)
        .await;
    let receipt_jws = match answer {
        Ok(ConfirmResponse::Confirmed { receipt }) => receipt,
        Ok(_) => {
            let text = "a paired device is told to wait".to_owned();
            return Err(DecideError::ServerAnswer(text));
        }
        Err(error) => {
            if let Some(code) = error.code() {
                device.set_standing(live, session, code);
            }
            return Err(match error {
                GatewayError::Transport(error) => DecideError::Offline(error),
                GatewayError::Refused(problem) => DecideError::ServerRefused(problem),
                GatewayError::Answer(text) => DecideError::ServerAnswer(text),
            });
        }
    };
    let receipt = verify(device, session, &receipt_jws).await?;
    // 2. In one write.
    let signed = sign_countersignature(&session.possession, &session.device, &receipt_jws);
    let settled = session.update(|_, state| {
        let settled = settle(device, state, &receipt, receipt_jws, signed);
        lock(&live.inbox).judge(state);
        settled
    })?;
    device.changed(|changes| {
        changes.accounts += 1;
        changes.inbox += 1;
    });
    if !settled {
        let text = "its pairing receipt names another approval key".to_owned();
        return Err(DecideError::ServerAnswer(text));
    }
    inbox::countersign(session).await;
    Ok(())
}

fn is_over(state: &AccountState) -> bool {
    let mut waiting = state.waiting.iter();
    waiting.any(|waiting| waiting.stage == WaitingStage::Over)
}

/// The pairing receipt, if it is the server's and says of this pairing what the one that is kept says, but for the key.
async fn verify(
    device: &Device,
    session: &Session,
    receipt_jws: &str,
) -> Result<PairingReceipt, DecideError> {
    let read = || {
        let trusted = session.metadata();
        let now = device.ports().clock.now();
        let keys = Metadata::valid_at(&trusted.metadata.receipt_keys, now);
        jws::verify::<PairingReceipt>(receipt_jws, typ::PAIRING_RECEIPT, limits::MESSAGE, &keys)
    };
    let mut read_once = read();
    if matches!(read_once, Err(JwsError::UnknownKey))
        && inbox::refresh_metadata(device, session).await.is_ok()
    {
        read_once = read();
    }
    let unfit = |_| DecideError::Receipt;
    let receipt = read_once.map_err(unfit)?;
    let kept = session.read_state()?.pairing_receipt;
    let kept: PairingReceipt = UnverifiedJws::parse(&kept, typ::PAIRING_RECEIPT, limits::MESSAGE)
        .and_then(|jws| jws.peek())
        .map_err(unfit)?;
    let same = PairingReceipt {
        approval: receipt.approval,
        key: receipt.key,
        iat: receipt.iat,
        ..kept
    };
    if receipt == same {
        Ok(receipt)
    } else {
        Err(DecideError::Receipt)
    }
}

/// False if the receipt names neither key.
fn settle(
    device: &Device,
    state: &mut AccountState,
    receipt: &PairingReceipt,
    receipt_jws: String,
    countersignature: String,
) -> bool {
    // Another process may have been faster.
    let Some(waiting) = state.waiting.clone().filter(|_| is_over(state)) else {
        return true;
    };
    if receipt.approval == state.approval {
        drop_waiting(device, state);
        return true;
    }
    if receipt.approval != waiting.public || receipt.key != waiting.kind {
        return false;
    }
    let ApprovalSlot::Usable { key, failures } = state.approval_slot.clone() else {
        // Both were destroyed together.
        drop_waiting(device, state);
        return true;
    };
    device.ports().approval.destroy(&key);
    state.remember_approval_key();
    state.approval = waiting.public;
    state.approval_kind = waiting.kind;
    state.approval_slot = ApprovalSlot::Usable {
        key: waiting.key,
        failures,
    };
    state.approval_counter = 0;
    state.pairing_receipt = receipt_jws;
    state.countersignature = countersignature;
    state.countersigned = false;
    state.waiting = None;
    true
}
