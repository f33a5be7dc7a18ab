//! What the account has granted: listed, and taken back.

use std::sync::Arc;
use tegata_protocol::device::{
    limits,
    management::{ConsentRevoke, Grant, GrantList, ManagementRequest},
    problem::ProblemCode,
};

use crate::{
    app::App,
    delivery::{
        device_info::DeviceInfo,
        prompts::{describe_scopes, shown_client},
    },
    domain::PairedDevice,
    http::device::problem::{Refusal, read_json, store_trouble},
    storage::{GrantRecord, StoreError, ops::RevokeGrant},
};

/// Grants in one answer.
const MOST: usize = 100;

/// POST `consents`.
pub(super) async fn list(
    app: &Arc<App>,
    device: &PairedDevice,
    body: &[u8],
) -> Result<GrantList, Refusal> {
    read_json::<ManagementRequest>(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    listed(app, device).await
}

/// POST `consent_revoke`. One that is not the account's, or has ended, changes nothing.
pub(super) async fn revoke(
    app: &Arc<App>,
    device: &PairedDevice,
    body: &[u8],
) -> Result<GrantList, Refusal> {
    let request: ConsentRevoke = read_json(body, limits::MESSAGE, ProblemCode::MalformedRequest)?;
    let operation = RevokeGrant {
        request: request.consent.clone(),
        device: device.id.clone(),
    };
    let ended = app
        .store
        .apply(operation)
        .await
        .map_err(|error| store_trouble(&error))?;
    tracing::info!(request = %request.consent, device = %device.id, tokens = ended, "grant.revoked");
    listed(app, device).await
}

async fn listed(app: &App, device: &PairedDevice) -> Result<GrantList, Refusal> {
    let (id, now) = (device.id.clone(), app.now());
    let found = app
        .store
        .read(move |reader| reader.grants(&id, now, MOST))
        .await
        .map_err(|error| store_trouble(&error))?;
    let mut consents = Vec::with_capacity(found.len());
    for record in found {
        let shown = show(app, device, record)
            .await
            .map_err(|error| store_trouble(&error))?;
        consents.extend(shown);
    }
    Ok(GrantList { consents })
}

/// `None`: the client is gone, and its tokens with it.
async fn show(
    app: &App,
    device: &PairedDevice,
    record: GrantRecord,
) -> Result<Option<Grant>, StoreError> {
    let facts = record.facts;
    let Some(client) = app.store.client(&facts.client_id).await? else {
        return Ok(None);
    };
    let language = DeviceInfo::of(device).language();
    Ok(Some(Grant {
        client: shown_client(&client, &facts.client_name),
        scopes: describe_scopes(&app.config, &facts.scopes, language),
        authorization_details: facts.terms.authorization_details,
        granted_at: record.granted_at,
        expires_at: record.expires,
        renewable: record.is_renewable,
        id: facts.consent_request_id,
    }))
}
