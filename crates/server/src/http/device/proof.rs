//! `Tegata-Proof` (device protocol, section 5): who sends a request.
//!
//! In this order: the key is known; the proof verifies and fits the request; its nonce is fresh; it is used for the first
//! time; the device may act. Before the proof verifies, every failure looks the same.
//!
//! Proofs are verified a few at a time ([`super::memory::ProofTurns`]): clients' requests are not to wait behind a storm of
//! devices.

use axum::http::HeaderMap;
use std::sync::Arc;
use tegata_protocol::{
    DeviceId, PublicKey,
    device::{
        problem::ProblemCode,
        proof::{ExpectedProof, PROOF_HEADER, ProofError, peek_kid, verify_proof},
    },
};

use super::problem::{Refusal, store_trouble};
use crate::{
    app::App,
    domain::PairedDevice,
    http::{
        nonce::{self, NonceUse},
        used_proofs::ProofUse,
    },
    storage::{SubmittedPairing, ops::TouchDevice},
};

/// Seconds within which a second sighting of a device is not stored.
const TOUCH_SECONDS: i64 = 60;

/// Who proved to hold a possession key.
#[derive(Debug, Clone)]
pub(crate) enum Prover {
    /// A device, active.
    Device(Box<PairedDevice>),
    /// A device that waits for its confirmation.
    Pairing(Box<SubmittedPairing>),
}

impl Prover {
    fn id(&self) -> &DeviceId {
        match self {
            Self::Device(device) => &device.id,
            Self::Pairing(pairing) => &pairing.device,
        }
    }

    fn key(&self) -> &PublicKey {
        match self {
            Self::Device(device) => &device.registration.possession_key,
            Self::Pairing(pairing) => &pairing.registration.possession_key,
        }
    }
}

/// Who sent a POST.
pub(crate) async fn verify_request(
    app: &Arc<App>,
    headers: &HeaderMap,
    url: &str,
    body: &[u8],
) -> Result<Prover, Refusal> {
    let mut proofs = headers.get_all(PROOF_HEADER).iter();
    let (first, second) = (proofs.next(), proofs.next());
    let Some(first) = first else {
        return Err(Refusal::new(ProblemCode::UseNonce)
            .with_detail("Sign a proof over the nonce in the `tegata-nonce` header."));
    };
    let text = first.to_str().ok().filter(|_| second.is_none());
    let text = text.ok_or_else(|| Refusal::new(ProblemCode::ProofInvalid))?;
    verify(app, text, "POST", url, body).await
}

/// The active device that sent a POST.
pub(crate) async fn device_request(
    app: &Arc<App>,
    headers: &HeaderMap,
    url: &str,
    body: &[u8],
) -> Result<PairedDevice, Refusal> {
    active(verify_request(app, headers, url, body).await?)
}

/// The active device that signed `proof`.
pub(crate) async fn verify_device(
    app: &Arc<App>,
    proof: &str,
    method: &str,
    url: &str,
    body: &[u8],
) -> Result<PairedDevice, Refusal> {
    active(verify(app, proof, method, url, body).await?)
}

fn active(prover: Prover) -> Result<PairedDevice, Refusal> {
    match prover {
        Prover::Device(device) => Ok(*device),
        // Until the digits are typed the device is useless, whatever it proves.
        Prover::Pairing(_) => Err(Refusal::new(ProblemCode::ProofInvalid)),
    }
}

async fn verify(
    app: &Arc<App>,
    proof: &str,
    method: &str,
    url: &str,
    body: &[u8],
) -> Result<Prover, Refusal> {
    let invalid = || Refusal::new(ProblemCode::ProofInvalid);
    // Before anything is read for it, so that a crowd of devices waits here and not before the store.
    let _turn = app.delivery.gateway.proof_turns.take().await;
    // 1. The key. One that is not known here gets the answer of a wrong signature.
    let kid = peek_kid(proof).map_err(|_| invalid())?;
    let (device, pairing) = app
        .store
        .read(move |reader| {
            let device = reader.device_by_possession(&kid)?;
            let pairing = match device {
                Some(_) => None,
                None => reader.pairing_by_possession(&kid)?,
            };
            Ok((device, pairing))
        })
        .await
        .map_err(|error| store_trouble(&error))?;
    let prover = match (device, pairing) {
        (Some(device), _) => Prover::Device(Box::new(device)),
        (None, Some(pairing)) => Prover::Pairing(Box::new(pairing)),
        (None, None) => return Err(invalid()),
    };
    // 2. Signature, device, method, URL, body; 3. the nonce, last.
    let expected = ExpectedProof {
        htm: method,
        htu: url,
        body,
    };
    let fresh = |text: &str| nonce::is_fresh(app, NonceUse::Device, text);
    let verified =
        verify_proof(proof, prover.key(), prover.id(), &expected, fresh).map_err(|error| {
            match error {
                ProofError::Nonce => Refusal::new(ProblemCode::UseNonce),
                _ => invalid(),
            }
        })?;
    // 4. First use.
    let (now, span) = (app.clock.0.now_millis(), nonce::lifetime_millis(app));
    match app
        .delivery
        .gateway
        .use_proof(&kid, &verified.jti, now, span)
    {
        ProofUse::First => {}
        ProofUse::Replayed => return Err(Refusal::new(ProblemCode::ProofReplayed)),
        ProofUse::Full => {
            let mut problem = Refusal::new(ProblemCode::TemporarilyUnavailable);
            problem.retry_after = Some(60);
            return Err(problem);
        }
    }
    // 5. Only who has proved the key learns that it is revoked.
    if let Prover::Device(device) = &prover {
        if !device.is_active() {
            return Err(Refusal::new(ProblemCode::DeviceRevoked));
        }
        touch(app, device);
    }
    Ok(prover)
}

/// Notes that the device was there, at most once a minute and without making it wait.
fn touch(app: &Arc<App>, device: &PairedDevice) {
    let now = app.now();
    if device
        .last_seen
        .is_some_and(|seen| now.since(seen) < TOUCH_SECONDS)
    {
        return;
    }
    let (store, device) = (app.store.clone(), device.id.clone());
    tokio::spawn(async move {
        if let Err(error) = store.apply(TouchDevice { device, now }).await {
            tracing::debug!(%error, "a device's last sighting was not stored");
        }
    });
}
