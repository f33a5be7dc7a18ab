//! Deciding, withdrawing, redeeming: each a compare-and-swap with its evidence in the same commit.

use rusqlite::{Connection, params};
use tegata_protocol::{DeviceId, Sha256Digest, UnixTime, bytes::constant_time_eq};

use super::{
    accounts::{self, with_budget},
    approved, devices, evidence, flows,
    flows::Loaded,
    management, notifications,
    rows::{self, APPROVED, PENDING, Refused, Result, SettledVerdict, Settlement, corrupt},
    simulation, tokens,
};
use crate::{
    domain::{
        Approval, BackchannelAuthenticationState, CloseReason, DenialReason, Effect, PairedDevice,
        RedemptionError, TokenKind, Transfer, Transition,
        backchannel_authentication::TRANSFER_TRIES, check_redemption, device::CredentialRole,
    },
    storage::{
        StoreOptions,
        ops::{
            CarriedOut, Decide, DecideOutcome, Redeem, RedeemOutcome, Verdict, Withdraw,
            WithdrawOutcome,
        },
        views::EvidenceKind,
    },
};

/// The order of checks of the device protocol's section 8.3, from "equal challenge already stored" on; what comes before
/// needs no commit and is the gateway's.
pub(super) fn decide(c: &Connection, options: &StoreOptions, op: &Decide) -> Result<DecideOutcome> {
    // 1. The request belongs to this device.
    let Some(loaded) = flows::by_consent_request_id(c, &options.locator, &op.request)? else {
        return Ok(DecideOutcome::Unknown);
    };
    let Some(request) = flows::consent_request(c, &loaded, &op.device)? else {
        return Ok(DecideOutcome::Unknown);
    };
    // 2. The device is active, checked again inside the commit.
    let device =
        devices::device(c, &op.device)?.ok_or_else(|| corrupt("a prompt without its device"))?;
    if !device.is_active() {
        return Ok(DecideOutcome::DeviceRevoked);
    }
    // A simulated device decides nothing unless everybody in it is for tests.
    if device.is_simulated()
        && !simulation::is_for_tests(c, loaded.account_no, &loaded.flow.facts.client_id)?
    {
        return Ok(DecideOutcome::Unknown);
    }
    // 3. An equal challenge is the same decision again: the same receipt.
    let earlier = evidence::with_challenge(c, loaded.flow.seq, &op.challenge)?;
    if let Some(earlier) = earlier {
        return Ok(DecideOutcome::AlreadyRecorded {
            receipt: earlier.receipt,
        });
    }
    // The key that signed is still the device's: it may have been replaced since the signature was verified.
    let Some(role) = device.role_of(&op.credential) else {
        return Ok(DecideOutcome::ForeignKey);
    };
    // 4. Closed, or decided otherwise by this device. The code that closed it, sent again after a lost answer, is no news.
    let refused = devices::refusal(c, &op.device, op.counter, &op.challenge)?;
    if refused == Some(Refused::WrongCode { tries_left: 0 }) {
        return Ok(DecideOutcome::TransferFailed {
            devices: Vec::new(),
        });
    }
    if let Some(reason) = flows::close_reason(&loaded, Some(op.now)) {
        let (reported, devices) = report(c, options, &loaded, &request.prompt, &device, role, op)?;
        let by_this_device = loaded
            .settlement
            .as_ref()
            .is_some_and(|settled| settled.device == op.device);
        return Ok(if by_this_device {
            let reason = handled(&loaded).unwrap_or(reason);
            DecideOutcome::Conflict {
                reason,
                reported,
                devices,
            }
        } else {
            DecideOutcome::Closed {
                reason,
                reported,
                devices,
            }
        });
    }
    // 5. The counter, unless this very approval was refused before: then its counter is stored and its try is counted.
    if let Some(Refused::WrongCode { tries_left }) = refused {
        return Ok(DecideOutcome::TransferMismatch { tries_left });
    }
    if !count(c, &device, role, op.counter)? {
        return Ok(DecideOutcome::CounterRegressed);
    }
    // 6. The transfer code; try and counter are committed together.
    if let (
        Verdict::Approve {
            transfer: typed, ..
        },
        Transfer::Code { hash, .. },
    ) = (&op.verdict, &loaded.flow.facts.transfer)
        && !typed
            .as_ref()
            .is_some_and(|typed| constant_time_eq(&typed.0, &hash.0))
    {
        return wrong_code(c, options, &loaded, op);
    }
    // 7. Compare and swap, with the evidence.
    let name = device.registration.device_name.clone();
    let (transition, verdict) = match &op.verdict {
        Verdict::Approve { acr, amr, .. } => {
            let hash = Sha256Digest::of(op.receipt.as_bytes());
            let approval = Approval {
                device: op.device.clone(),
                at: op.now,
                acr: acr.clone(),
                amr: amr.clone(),
                evidence: hash,
            };
            let verdict = SettledVerdict::Approved {
                acr: acr.clone(),
                amr: amr.clone(),
                evidence: hash,
            };
            (loaded.flow.approve(approval), verdict)
        }
        Verdict::Deny { reason } => (
            loaded.flow.deny(op.device.clone(), *reason, op.now),
            SettledVerdict::Denied { reason: *reason },
        ),
    };
    let transition = transition.map_err(|_| corrupt("a pending request that cannot be decided"))?;
    swap(c, &loaded, &transition, PENDING, op.now)?;
    let settlement = Settlement {
        device: op.device.clone(),
        device_name: name,
        at: op.now,
        verdict,
    };
    c.prepare_cached("INSERT INTO settlement (seq, settled) VALUES (?1, ?2)")?
        .execute(params![loaded.flow.seq.0, rows::to_json(&settlement)?])?;
    evidence::append(
        c,
        loaded.flow.seq,
        loaded.account_no,
        EvidenceKind::Decision,
        &request.prompt,
        op,
        &op.receipt,
    )?;
    let mut devices = carry_out(c, options, &loaded, &transition, op.now)?;
    devices.retain(|id| *id != op.device);
    let carried_out = match &op.verdict {
        _ if !loaded.flow.facts.kind.is_own() => None,
        Verdict::Approve { .. } => Some(approved::carry_out(c, options, &loaded, &device, op)?),
        Verdict::Deny { .. } => Some(CarriedOut::default()),
    };
    Ok(DecideOutcome::Recorded {
        receipt: op.receipt.clone(),
        devices,
        carried_out,
    })
}

/// The decision that once closed a request, even if a report withdrew it since.
fn handled(loaded: &Loaded) -> Option<CloseReason> {
    loaded
        .settlement
        .as_ref()
        .map(|settled| CloseReason::Handled {
            device: settled.device.clone(),
            device_name: settled.device_name.clone(),
            decision: settled.decision(),
            at: settled.at,
        })
}

/// "Not me" about an approval: stored beside it, and what was granted is taken back; its receipt and whom to tell. Anything
/// else is no report.
fn report(
    c: &Connection,
    options: &StoreOptions,
    loaded: &Loaded,
    prompt: &str,
    device: &PairedDevice,
    role: CredentialRole,
    op: &Decide,
) -> Result<(Option<String>, Vec<DeviceId>)> {
    let nothing = (None, Vec::new());
    let not_me = Verdict::Deny {
        reason: DenialReason::NotMe,
    };
    let Some(receipt) = op.report_receipt.as_ref().filter(|_| op.verdict == not_me) else {
        return Ok(nothing);
    };
    let Ok(transition) = loaded.flow.report_not_me(op.now) else {
        return Ok(nothing);
    };
    if !count(c, device, role, op.counter)? {
        return Ok(nothing);
    }
    swap(
        c,
        loaded,
        &transition,
        rows::state_code(&loaded.flow.state),
        op.now,
    )?;
    evidence::append(
        c,
        loaded.flow.seq,
        loaded.account_no,
        EvidenceKind::Report,
        prompt,
        op,
        receipt,
    )?;
    let mut devices = carry_out(c, options, loaded, &transition, op.now)?;
    devices.extend(management::report(c, loaded, device, op.now)?);
    Ok((Some(receipt.clone()), devices))
}

/// Stores the counter if it grew; otherwise the device becomes suspect.
fn count(
    c: &Connection,
    device: &PairedDevice,
    role: CredentialRole,
    counter: u32,
) -> Result<bool> {
    let (column, stored) = match role {
        CredentialRole::Approval => ("approval_counter", device.approval_counter),
        CredentialRole::Possession => ("possession_counter", device.possession_counter),
    };
    if counter <= stored {
        devices::mark_suspect(c, &device.id)?;
        return Ok(false);
    }
    c.prepare_cached(&format!("UPDATE device SET {column} = ?1 WHERE id = ?2"))?
        .execute(params![counter, device.id.as_str()])?;
    Ok(true)
}

fn wrong_code(
    c: &Connection,
    options: &StoreOptions,
    loaded: &Loaded,
    op: &Decide,
) -> Result<DecideOutcome> {
    let tries = loaded.flow.transfer_tries + 1;
    c.execute(
        "UPDATE flow SET tries = ?1 WHERE seq = ?2",
        params![tries, loaded.flow.seq.0],
    )?;
    let tries_left = TRANSFER_TRIES.saturating_sub(tries);
    let refused = Refused::WrongCode { tries_left };
    devices::remember_refusal(c, &op.device, op.counter, &op.challenge, refused)?;
    if tries_left > 0 {
        return Ok(DecideOutcome::TransferMismatch { tries_left });
    }
    let transition = loaded
        .flow
        .fail_transfer(op.now)
        .map_err(|_| corrupt("a pending request that cannot be ended"))?;
    swap(c, loaded, &transition, PENDING, op.now)?;
    let devices = carry_out(c, options, loaded, &transition, op.now)?;
    Ok(DecideOutcome::TransferFailed { devices })
}

pub(super) fn withdraw(
    c: &Connection,
    options: &StoreOptions,
    op: &Withdraw,
) -> Result<WithdrawOutcome> {
    let Some(loaded) = flows::by_consent_request_id(c, &options.locator, &op.request)? else {
        return Ok(WithdrawOutcome::Unknown);
    };
    let Ok(transition) = loaded.flow.withdraw(op.now) else {
        return Ok(WithdrawOutcome::NotPending);
    };
    swap(c, &loaded, &transition, PENDING, op.now)?;
    Ok(WithdrawOutcome::Withdrawn {
        devices: carry_out(c, options, &loaded, &transition, op.now)?,
    })
}

pub(super) fn redeem(c: &Connection, options: &StoreOptions, op: &Redeem) -> Result<RedeemOutcome> {
    // Suspended since it proved itself, or since it asked to be told: what is there for it waits until that is lifted.
    if accounts::is_suspended(c, &op.client)? {
        return Ok(RedeemOutcome::Refused(
            RedemptionError::AuthorizationPending,
        ));
    }
    let loaded = flows::by_auth_req_id(c, &options.locator, &op.auth_req_id)?;
    let flow = loaded.as_ref().map(|loaded| &loaded.flow);
    if op.push
        && let Some(loaded) = &loaded
        && let Some(replaced) = replace(c, loaded, op)?
    {
        return Ok(replaced);
    }
    let checked = check_redemption(flow, &op.client, &op.sender, op.now, options.retention);
    let approval = match checked {
        Ok(approval) => approval.clone(),
        Err(refusal) => return Ok(RedeemOutcome::Refused(refusal)),
    };
    let loaded = loaded.ok_or_else(|| corrupt("an approval without its request"))?;
    let Ok(transition) = loaded.flow.redeem(op.now) else {
        return Ok(RedeemOutcome::Refused(RedemptionError::InvalidGrant));
    };
    let client_no = accounts::client_no(c, &op.client)?
        .ok_or_else(|| corrupt("an approval without its client"))?;
    if !accounts::use_assertion(c, client_no, op.assertion.as_ref())? {
        return Ok(RedeemOutcome::AssertionReplayed);
    }
    swap(c, &loaded, &transition, APPROVED, op.now)?;
    insert_tokens(c, &loaded, op)?;
    Ok(RedeemOutcome::Redeemed {
        flow: Box::new(loaded.flow),
        approval,
    })
}

fn insert_tokens(c: &Connection, loaded: &Loaded, op: &Redeem) -> Result<()> {
    tokens::insert(c, loaded.flow.seq, TokenKind::Access, &op.access_token)?;
    if let Some(token) = &op.refresh_token {
        tokens::insert(c, loaded.flow.seq, TokenKind::Refresh, token)?;
    }
    Ok(())
}

/// Tokens in the place of those that were issued for a push and never delivered; `None` if there are none to replace.
/// Where there are none left they have ended by a report, a removal or their own time, and are not to be issued again.
fn replace(c: &Connection, loaded: &Loaded, op: &Redeem) -> Result<Option<RedeemOutcome>> {
    let flow = &loaded.flow;
    let BackchannelAuthenticationState::Redeemed { approval, .. } = &flow.state else {
        return Ok(None);
    };
    if flow.facts.client_id != op.client || tokens::end_all(c, flow.seq)? == 0 {
        return Ok(None);
    }
    insert_tokens(c, loaded, op)?;
    Ok(Some(RedeemOutcome::Redeemed {
        approval: approval.clone(),
        flow: Box::new(flow.clone()),
    }))
}

/// Stores a transition if the row is still in the state `from`.
pub(super) fn swap(
    c: &Connection,
    loaded: &Loaded,
    transition: &Transition,
    from: i64,
    now: UnixTime,
) -> Result<()> {
    let changed = c
        .prepare_cached("UPDATE flow SET state = ?1, at = ?2 WHERE seq = ?3 AND state = ?4")?
        .execute(params![
            rows::state_code(&transition.state),
            now.0,
            loaded.flow.seq.0,
            from
        ])?;
    if changed == 1 {
        Ok(())
    } else {
        Err(corrupt("a request that changed inside a commit"))
    }
}

/// Carries out a transition's effects; the devices to tell.
pub(super) fn carry_out(
    c: &Connection,
    options: &StoreOptions,
    loaded: &Loaded,
    transition: &Transition,
    now: UnixTime,
) -> Result<Vec<DeviceId>> {
    let (seq, client) = (loaded.flow.seq, &loaded.flow.facts.client_id);
    let mut devices = Vec::new();
    for effect in &transition.effects {
        match effect {
            Effect::SettleBudget(ending) => with_budget(c, loaded.account_no, |budget| {
                budget.settle(&options.limits, client, seq, *ending, now);
            })?,
            Effect::RevokeTokens => {
                tokens::end_all(c, seq)?;
                notifications::forget_response(c, seq)?;
            }
            Effect::NotifyClient => notifications::plan(c, loaded, now)?,
            Effect::TellDevices => devices = flows::prompted_devices(c, seq)?,
        }
    }
    Ok(devices)
}
