//! Pairing (device protocol, section 4): the code, the keys, the digits, the receipt.

use std::time::Duration;
use tegata_protocol::{
    DeviceId, PairingId, Secret, Sha256Digest,
    device::{
        V1,
        invitation::InvitationCode,
        limits,
        pairing::{
            ConfirmRequest, ConfirmResponse, ConfirmedBy, DeviceDescription, Offer, OfferedAccount,
            PairingReceipt, PairingRequest, PairingResponse, RedeemRequest, RedeemResponse, Reveal,
            derive_pairing_digits, parse_pairing_request, verify_countersignature,
        },
        problem::ProblemCode,
        typ,
    },
    jws,
    rng::random_bytes,
    text::{self, CodeAlphabet},
};
use tokio::time::{Instant, timeout_at};

use super::{
    metadata::{issuer, relying_party},
    problem::{Refusal, read_json, refuse_json, store_trouble},
    proof::Prover,
};
use crate::{
    app::{App, Doorbell},
    delivery::{device_info::DeviceInfo, pending::seconds_left},
    domain::{
        Grade, InvitationState, IssuingSessionId, PairedDevice, Pairing, PairingState, Registration,
    },
    storage::{
        StoreError, SubmittedPairing,
        ops::{
            ConfirmPairing, ConfirmPairingOutcome, Countersign, RedeemInvitation,
            RedeemInvitationOutcome, SubmitRegistration, SubmitRegistrationOutcome,
        },
    },
    verification::{RegistrationInput, VerifiedDevice, verify_registrations},
};

/// Tries for the six digits.
const TRIES: u8 = 3;
/// The longest that `confirm` holds its answer, in seconds.
pub(super) const LONGEST_WAIT: u8 = 25;

/// Step 2: consumes the code and makes the offer.
pub(super) async fn redeem(app: &App, body: &[u8]) -> Result<RedeemResponse, Refusal> {
    let request: RedeemRequest = read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    // 1. The code. Right ones pass even while others guess, or a stranger could keep everybody from pairing; wrong ones go
    // the same way through the store with and without a pause.
    let unknown = || wrong_code(app);
    let code = InvitationCode::parse(&request.code).map_err(|_| unknown())?;
    let code_mac = app.keys.invitation_mac(code.expose_canonical());
    let found = app
        .store
        .read(move |reader| {
            let invitation = reader.invitation(&code_mac)?;
            let account = match &invitation {
                Some(invitation) => reader.account(&invitation.account)?,
                None => None,
            };
            Ok(invitation.zip(account))
        })
        .await
        .map_err(|error| store_trouble(&error))?;
    let Some((invitation, account)) = found else {
        return Err(unknown());
    };
    // 2. The invitation's state, which is told only to who has posted its code.
    let now = app.now();
    if invitation.state == InvitationState::Used {
        return Err(Refusal::new(ProblemCode::InvitationUsed));
    }
    if now >= invitation.expires {
        return Err(Refusal::new(ProblemCode::InvitationExpired));
    }
    // 3. The offer commits to a number that is told only after the device has committed to its keys.
    let server_nonce: [u8; 32] = random_bytes(app.rng());
    let pairing = PairingId::make(app.rng());
    let expires = now.plus(i64::from(app.config.lifetimes.pairing));
    let offer = Offer {
        v: V1,
        iss: issuer(app),
        jti: pairing.clone(),
        invitation: code.digest(),
        account: OfferedAccount {
            id: account.id,
            name: account.login_name,
        },
        commitment: Sha256Digest::of(&server_nonce),
        iat: now,
        exp: expires,
    };
    let offer = jws::sign(&app.keys.receipt, typ::OFFER, &offer);
    // 4. The first valid post consumes the code.
    let operation = RedeemInvitation {
        code_mac,
        pairing,
        offer_hash: jws::hash(&offer),
        offer: offer.clone(),
        server_nonce,
        expires,
        now,
    };
    let outcome = app
        .store
        .apply(operation)
        .await
        .map_err(|error| store_trouble(&error))?;
    match outcome {
        RedeemInvitationOutcome::Redeemed => {
            app.delivery.gateway.pairing_changed();
            Ok(RedeemResponse { offer })
        }
        RedeemInvitationOutcome::Unknown => Err(unknown()),
        RedeemInvitationOutcome::Used => Err(Refusal::new(ProblemCode::InvitationUsed)),
        RedeemInvitationOutcome::Expired => Err(Refusal::new(ProblemCode::InvitationExpired)),
    }
}

/// The answer to a wrong code: that it is wrong, or while many are being guessed not even that.
fn wrong_code(app: &App) -> Refusal {
    let gateway = &app.delivery.gateway;
    let Some(pause) = gateway.guessing_pause(app.clock.0.now_millis()) else {
        gateway.note_wrong_code();
        return Refusal::new(ProblemCode::InvitationUnknown);
    };
    let mut problem = Refusal::new(ProblemCode::TooManyRequests);
    problem.retry_after = Some(pause);
    problem
}

/// Step 3: takes the keys and reveals the number. The same keys again get the same reveal.
pub(super) async fn register(app: &App, body: &[u8]) -> Result<PairingResponse, Refusal> {
    let request = parse_pairing_request(body)
        .map_err(|error| refuse_json(body, &error, ProblemCode::MalformedRequest))?;
    check_description(&request.device)?;
    // 1. The pairing.
    let id = request.pairing.clone();
    let found = app
        .store
        .read(move |reader| reader.pairing(&id))
        .await
        .map_err(|error| store_trouble(&error))?;
    let pairing = found.ok_or_else(|| Refusal::new(ProblemCode::NotFound))?;
    if app.now() >= pairing.expires {
        return Err(lapsed());
    }
    // 2. Both registrations, by two verifiers, off the asynchronous threads.
    let (request, verified) = verify(app, request, &pairing.offer).await?;
    match &pairing.state {
        PairingState::Offered => submit(app, &pairing, &request, verified).await,
        // An answer that was lost on its way.
        PairingState::Submitted {
            registration,
            reveal,
            ..
        } if registration.approval_thumbprint == verified.approval.thumbprint
            && registration.possession_thumbprint == verified.possession.thumbprint =>
        {
            Ok(PairingResponse {
                reveal: reveal.clone(),
            })
        }
        PairingState::Failed { .. } => Err(lapsed()),
        PairingState::Submitted { .. } | PairingState::Confirmed { .. } => {
            Err(Refusal::new(ProblemCode::InvitationUsed))
        }
    }
}

async fn verify(
    app: &App,
    request: PairingRequest,
    offer: &str,
) -> Result<(PairingRequest, VerifiedDevice), Refusal> {
    let (rp_id, origin) = relying_party(&issuer(app));
    let offer = offer.to_owned();
    let task = tokio::task::spawn_blocking(move || {
        let verified = verify_registrations(&RegistrationInput {
            offer: &offer,
            device_nonce: request.device_nonce,
            rp_id: &rp_id,
            origin: &origin,
            approval: &request.approval,
            possession: &request.possession,
        });
        verified.map(|verified| (request, verified))
    });
    task.await
        .map_err(|_| Refusal::new(ProblemCode::Internal))?
        .map_err(|error| Refusal::new(ProblemCode::AssertionInvalid).with_detail(error.to_string()))
}

async fn submit(
    app: &App,
    pairing: &Pairing,
    request: &PairingRequest,
    verified: VerifiedDevice,
) -> Result<PairingResponse, Refusal> {
    let (iss, now, device) = (issuer(app), app.now(), DeviceId::make(app.rng()));
    let session = pairing.session.clone();
    let session = app
        .store
        .read(move |reader| reader.issuing_session(&session))
        .await
        .map_err(|error| store_trouble(&error))?;
    let (approval, possession) = (&verified.approval, &verified.possession);
    // 3. The reveal.
    let reveal = Reveal {
        v: V1,
        iss: iss.clone(),
        offer: pairing.offer_hash,
        server_nonce: Sha256Digest(pairing.server_nonce),
        device: device.clone(),
        approval: approval.thumbprint,
        possession: possession.thumbprint,
        iat: now,
    };
    let reveal = jws::sign(&app.keys.receipt, typ::REVEAL, &reveal);
    // 4. The digits that the device will show, and the receipt that their confirmation releases.
    let digits = derive_pairing_digits(
        &pairing.offer,
        approval.thumbprint,
        possession.thumbprint,
        request.device_nonce,
        Sha256Digest(pairing.server_nonce),
    );
    let receipt = PairingReceipt {
        v: V1,
        iss,
        sub: pairing.account.clone(),
        device: device.clone(),
        offer: pairing.offer_hash,
        approval: approval.key,
        possession: possession.key,
        // What the device said, as the receipt's member is defined; what its approvals are worth is `DeviceInfo`'s.
        key: request.device.key,
        confirmed_by: match session.map(|session| session.grade) {
            Some(Grade::Device) => ConfirmedBy::Device,
            _ => ConfirmedBy::Administrator,
        },
        iat: now,
    };
    let operation = SubmitRegistration {
        pairing: pairing.id.clone(),
        device,
        registration: Registration {
            device_name: request.device.name.clone(),
            device_info: DeviceInfo::from_description(&request.device).to_json(),
            possession_thumbprint: possession.thumbprint,
            possession_key: possession.key,
            possession_credential: possession.credential.clone(),
            approval_thumbprint: approval.thumbprint,
            approval_key: approval.key,
            approval_credential: approval.credential.clone(),
        },
        reveal: reveal.clone(),
        confirmation_code: Secret::new(digits),
        pairing_receipt: jws::sign(&app.keys.receipt, typ::PAIRING_RECEIPT, &receipt),
        now,
    };
    let outcome = app
        .store
        .apply(operation)
        .await
        .map_err(|error| store_trouble(&error))?;
    match outcome {
        SubmitRegistrationOutcome::Submitted => {
            app.delivery.gateway.pairing_changed();
            Ok(PairingResponse { reveal })
        }
        SubmitRegistrationOutcome::NotOffered => Err(Refusal::new(ProblemCode::InvitationUsed)),
        SubmitRegistrationOutcome::KeyInUse => Err(Refusal::new(ProblemCode::AssertionInvalid)
            .with_detail("One of the keys is registered already; make new ones.")),
        SubmitRegistrationOutcome::ForeignKey => {
            // The session's page and whoever else waits are told that it is over.
            app.delivery.gateway.pairing_changed();
            Err(Refusal::new(ProblemCode::AssertionInvalid)
                .with_detail("The invitation is another device's. The pairing is over."))
        }
        SubmitRegistrationOutcome::Expired => Err(lapsed()),
        SubmitRegistrationOutcome::Unknown => Err(Refusal::new(ProblemCode::NotFound)),
    }
}

/// The device's own words must be showable as they are: they stand in lists of devices.
fn check_description(device: &DeviceDescription) -> Result<(), Refusal> {
    [&device.name, &device.platform, &device.app, &device.locale]
        .into_iter()
        .try_for_each(|word| check_words(word))
}

/// Refuses words that could be shown only after altering them.
pub(super) fn check_words(words: &str) -> Result<(), Refusal> {
    if text::inspect(words).defects.is_empty() {
        Ok(())
    } else {
        Err(Refusal::new(ProblemCode::MalformedRequest)
            .with_detail("What a device says of itself holds characters that cannot be shown."))
    }
}

/// Steps 4 and 5, the device's side: whether the digits were typed, held back for a while if they were not.
pub(super) async fn confirm(
    app: &App,
    prover: Prover,
    body: &[u8],
) -> Result<ConfirmResponse, Refusal> {
    let request: ConfirmRequest = read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    let mut waiting = match prover {
        Prover::Device(device) => return confirmed(app, &device, request.countersignature).await,
        Prover::Pairing(pairing) => *pairing,
    };
    // Subscribed before the state is read again, so that no change is missed.
    let mut changes = app.delivery.gateway.pairings.subscribe();
    let patience = Duration::from_secs(u64::from(request.wait.min(LONGEST_WAIT)));
    let deadline = Instant::now() + patience;
    loop {
        changes.mark_unchanged();
        let key = waiting.registration.possession_thumbprint;
        let (device, pairing) = app
            .store
            .read(move |reader| {
                let device = reader.device_by_possession(&key)?;
                Ok((device, reader.pairing_by_possession(&key)?))
            })
            .await
            .map_err(|error| store_trouble(&error))?;
        if let Some(device) = device {
            return confirmed(app, &device, request.countersignature).await;
        }
        waiting = pairing.ok_or_else(lapsed)?;
        let answer = still_waiting(app, &waiting)?;
        let held = timeout_at(deadline, changes.changed()).await;
        if !matches!(held, Ok(Ok(()))) {
            return Ok(answer);
        }
    }
}

fn still_waiting(app: &App, waiting: &SubmittedPairing) -> Result<ConfirmResponse, Refusal> {
    let over = app.now() >= waiting.pairing.expires;
    if over || matches!(waiting.pairing.state, PairingState::Failed { .. }) {
        let mut problem = lapsed();
        problem.tries_left = Some(u32::from(TRIES.saturating_sub(waiting.tries)));
        return Err(problem);
    }
    Ok(ConfirmResponse::Waiting {
        expires_in: seconds_left(app, waiting.pairing.expires),
        tries_left: TRIES.saturating_sub(waiting.tries),
    })
}

async fn confirmed(
    app: &App,
    device: &PairedDevice,
    countersignature: Option<String>,
) -> Result<ConfirmResponse, Refusal> {
    if !device.is_active() {
        return Err(Refusal::new(ProblemCode::DeviceRevoked));
    }
    if let Some(jws) = countersignature {
        let receipt = pairing_receipt(app, device)?;
        verify_countersignature(&jws, &device.pairing_receipt, &receipt).map_err(|error| {
            Refusal::new(ProblemCode::AssertionInvalid).with_detail(error.to_string())
        })?;
        // The first one of each receipt is kept; a second is as good and changes nothing.
        let operation = Countersign {
            device: device.id.clone(),
            receipt: device.pairing_receipt.clone(),
            jws,
        };
        app.store
            .apply(operation)
            .await
            .map_err(|error| store_trouble(&error))?;
    }
    Ok(ConfirmResponse::Confirmed {
        receipt: device.pairing_receipt.clone(),
    })
}

/// What the device's pairing receipt says.
pub(super) fn pairing_receipt(app: &App, device: &PairedDevice) -> Result<PairingReceipt, Refusal> {
    let keys = [*app.keys.receipt.public()];
    let (receipt, typ) = (&device.pairing_receipt, typ::PAIRING_RECEIPT);
    jws::verify(receipt, typ, limits::MESSAGE, &keys)
        .map_err(|_| Refusal::new(ProblemCode::Internal))
}

/// What a person typed as six digits, in any script and grouping; `None` if it is something else, for which no try should
/// be spent.
pub(crate) fn canonical_digits(typed: &str) -> Option<String> {
    CodeAlphabet::Digits.canonical(typed, 6)
}

/// Step 4, the issuing session's side: what came of the digits that were typed. Anything that is not the right digits
/// costs a try, so ask [`canonical_digits`] first. The caller has checked the session's secret.
///
/// # Errors
/// [`StoreError`]: then nothing was counted.
pub(crate) async fn confirm_digits(
    app: &App,
    session: IssuingSessionId,
    typed: &str,
) -> Result<ConfirmPairingOutcome, StoreError> {
    let operation = ConfirmPairing {
        session,
        code: Secret::new(canonical_digits(typed).unwrap_or_default()),
        now: app.now(),
    };
    let outcome = app.store.apply(operation).await?;
    // The device that waits is told at once, whatever came of it, and so are the account's other devices.
    app.delivery.gateway.pairing_changed();
    if let ConfirmPairingOutcome::Confirmed { others, moved, .. } = &outcome {
        app.delivery.ring(others);
        if let Some(moved) = moved {
            app.delivery.close_revoked(&moved.from);
        }
    }
    Ok(outcome)
}

fn lapsed() -> Refusal {
    Refusal::new(ProblemCode::ConfirmationFailed)
        .with_detail("The pairing is over. Ask for a new invitation.")
}
