//! Replacing the asking device's approval key (device protocol, section 4.6): the new one is registered here and waits for an
//! approval by the old one.

use std::sync::Arc;
use tegata_protocol::device::{
    limits,
    management::{DeviceKey, ManagementAnswer, derive_approval_key_challenge},
    problem::ProblemCode,
};

use super::ask as put;
use crate::{
    app::App,
    domain::{KeyReplacement, Kind, PairedDevice, Subject},
    http::device::{
        metadata::{issuer, relying_party},
        pairing::pairing_receipt,
        problem::{Refusal, read_json},
    },
    verification::{VerifiedCredential, verify_approval_key},
};

/// POST `device_key`.
pub(super) async fn ask(
    app: &Arc<App>,
    device: &PairedDevice,
    body: &[u8],
) -> Result<ManagementAnswer, Refusal> {
    let request: DeviceKey = read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    // Both are the device's own word, the old one's as its receipt has it.
    if request.key < pairing_receipt(app, device)?.key {
        return Err(Refusal::new(ProblemCode::AssuranceTooLow).with_detail(
            "The new key is of a lower kind than the one whose place it is to take.",
        ));
    }
    let kind = request.key;
    let verified = verify(app, device, request).await?;
    let subject = Subject::ReplaceKey(Box::new(KeyReplacement {
        old: device.registration.approval_thumbprint,
        new: verified.thumbprint,
        key: verified.key,
        credential: verified.credential,
        kind,
    }));
    put(app, device, Kind::DeviceKey, Some(subject)).await
}

/// Verifies the new registration, by two verifiers, off the asynchronous threads.
async fn verify(
    app: &App,
    device: &PairedDevice,
    request: DeviceKey,
) -> Result<VerifiedCredential, Refusal> {
    let issuer = issuer(app);
    let (rp_id, origin) = relying_party(&issuer);
    let old = device.registration.approval_thumbprint;
    let challenge = derive_approval_key_challenge(&issuer, &device.id, old);
    let task = tokio::task::spawn_blocking(move || {
        verify_approval_key(challenge, (&rp_id, &origin), &request.approval)
    });
    task.await
        .map_err(|_| Refusal::new(ProblemCode::Internal))?
        .map_err(|error| Refusal::new(ProblemCode::AssertionInvalid).with_detail(error.to_string()))
}
