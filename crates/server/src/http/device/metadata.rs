//! `GET /.well-known/tegata-device`: what devices act on, signed by the root key.
//!
//! The signed document is kept in the store and served as it is. It is signed anew when half of its life is over, with the
//! same `seq`, and when its content changes, with the next one.

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tegata_protocol::{
    Sha256Digest, SigningKey, UnixTime,
    device::{
        V1,
        invitation::Issuer,
        metadata::{
            Capabilities, Metadata, MetadataKey, MetadataLimits, MetadataResponse, default_rp_id,
            sign_metadata,
        },
        problem::ProblemCode,
        prompt::PromptKind,
    },
    jcs,
};

use super::{
    endpoints,
    problem::{self, Refusal},
};
use crate::{app::App, domain::backchannel_authentication::TRANSFER_TRIES, storage::ops::SetValue};

/// The name under which the store keeps it.
const VALUE: &str = "device_metadata";
/// How long signing keys are announced to be good: they are not rotated by this version, so it is long.
const KEY_SECONDS: i64 = 10 * 365 * 86_400;

/// The document in force and what it takes to know when it no longer is.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    content: Sha256Digest,
    seq: u64,
    keys_since: UnixTime,
    iat: UnixTime,
    exp: UnixTime,
    metadata_jws: String,
}

pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    let result = current(&app).await;
    problem::respond(&app, result)
}

/// The issuer as the protocol has it.
pub(crate) fn issuer(app: &App) -> Issuer {
    app.issuer.wire().clone()
}

/// rpId and origin of all credentials.
pub(crate) fn relying_party(issuer: &Issuer) -> (String, String) {
    let rp_id = default_rp_id(issuer);
    let origin = format!("https://{rp_id}");
    (rp_id, origin)
}

async fn current(app: &Arc<App>) -> Result<MetadataResponse, Refusal> {
    // One at a time, so that two requests at the moment of a change do not take two numbers.
    let _signing = app.delivery.gateway.signing.lock().await;
    let stored = app
        .store
        .read(|reader| reader.value(VALUE))
        .await
        .map_err(|error| problem::store_trouble(&error))?;
    let kept: Option<Kept> = stored.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let now = app.now();
    let keys_since = kept.as_ref().map_or(now, |kept| kept.keys_since);
    let mut metadata = build(app, keys_since);
    let content = Sha256Digest::of(&jcs::canonicalize(&metadata));
    let seq = match &kept {
        Some(kept) if kept.content == content => {
            let half = kept.exp.since(kept.iat) / 2;
            if (0..half).contains(&now.since(kept.iat)) {
                return Ok(MetadataResponse {
                    metadata_jws: kept.metadata_jws.clone(),
                    root: *app.keys.root.public(),
                });
            }
            kept.seq
        }
        Some(kept) => kept.seq + 1,
        None => 1,
    };
    metadata.seq = seq;
    metadata.iat = now;
    metadata.exp = now.plus(i64::from(app.config.lifetimes.metadata));
    let response = sign_metadata(&app.keys.root, &metadata);
    let kept = Kept {
        content,
        seq,
        keys_since,
        iat: metadata.iat,
        exp: metadata.exp,
        metadata_jws: response.metadata_jws.clone(),
    };
    let value = serde_json::to_vec(&kept).map_err(|_| Refusal::new(ProblemCode::Internal))?;
    let name = VALUE.to_owned();
    // Served only once it is stored: a `seq` that somebody has seen is never given out again for something else.
    app.store
        .apply(SetValue { name, value })
        .await
        .map_err(|error| problem::store_trouble(&error))?;
    Ok(response)
}

/// The content, without what signing it adds.
fn build(app: &App, keys_since: UnixTime) -> Metadata {
    let issuer = issuer(app);
    let (rp_id, origin) = relying_party(&issuer);
    let key = |key: &SigningKey| MetadataKey {
        jwk: *key.public(),
        nbf: keys_since,
        exp: keys_since.plus(KEY_SECONDS),
    };
    Metadata {
        v: V1,
        iss: issuer,
        seq: 0,
        iat: UnixTime(0),
        exp: UnixTime(0),
        name: app.config.name.clone(),
        rp_id,
        origin,
        endpoints: endpoints::all(&app.issuer),
        prompt_keys: vec![key(&app.keys.prompt)],
        receipt_keys: vec![key(&app.keys.receipt)],
        capabilities: Capabilities {
            kinds: vec![
                PromptKind::SignIn,
                PromptKind::Grant,
                PromptKind::Test,
                PromptKind::DeviceAdd,
                PromptKind::DeviceRemove,
                PromptKind::DeviceGrade,
                PromptKind::DeviceKey,
            ],
            delivery: vec!["websocket".to_owned(), "pending".to_owned()],
        },
        limits: MetadataLimits {
            pending_per_account: u32::try_from(app.config.limits.pending_per_account)
                .unwrap_or(u32::MAX),
            transfer_tries: u32::from(TRANSFER_TRIES),
        },
        crit: Vec::new(),
    }
}
