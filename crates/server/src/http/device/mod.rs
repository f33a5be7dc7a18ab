//! The device gateway's endpoints (device protocol, sections 3 to 9).
//!
//! Every answer of these endpoints carries the next nonce; every request but the first two of a pairing is proved by the
//! device's possession key. What this module does **not** do: decide who may be asked (the domain does), or render
//! anything but the pairing pages.
//!
//! To add an endpoint: its path in [`endpoints`], its handler in a file of its own, a line in [`router`].

pub(crate) mod body;
pub(crate) mod decisions;
pub(crate) mod endpoints;
mod management;
mod memory;
pub(crate) mod metadata;
pub(crate) mod pages;
pub(crate) mod pairing;
pub(crate) mod problem;
pub(crate) mod proof;
pub(crate) mod requests;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use memory::GatewayMemory;

use axum::{
    Router,
    extract::{Request, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::sync::Arc;
use tegata_protocol::{
    DeviceId,
    device::{limits, problem::ProblemCode},
};

use problem::Refusal;

use crate::{
    app::{App, Doorbell},
    delivery::socket::{Unproved, with_small_buffers},
    storage::{
        StoreError,
        ops::{RevokeDevice, RevokeDeviceOutcome},
    },
};

/// The gateway's routes.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route(endpoints::METADATA, get(metadata::show))
        .route(endpoints::REDEEM, post(redeem))
        .route(endpoints::PAIRINGS, post(pairings))
        .route(endpoints::CONFIRM, post(confirm))
        .route(endpoints::CONNECT, get(connect))
        .route(endpoints::PENDING, post(pending))
        .route(endpoints::DECISIONS, post(decisions_endpoint))
        .route(endpoints::SEEN, post(seen))
        .route(endpoints::RECEIPTS, post(receipts))
        .merge(management::router())
        .merge(pages::router())
}

/// Revokes a device, closes its socket and rings for the account's others. For the administrator's interface, and for a device
/// that takes itself away.
///
/// # Errors
/// [`StoreError`]: then nothing was revoked.
pub(crate) async fn revoke_device(
    app: &App,
    device: DeviceId,
) -> Result<RevokeDeviceOutcome, StoreError> {
    let now = app.now();
    let operation = RevokeDevice {
        device: device.clone(),
        now,
    };
    let outcome = app.store.apply(operation).await?;
    app.delivery.close_revoked(&device);
    if let Some(device) = app.store.device(&device).await? {
        let others = app.store.devices_of(&device.account).await?;
        let others = others.iter().filter(|other| other.is_asked());
        let others: Vec<DeviceId> = others.map(|other| other.id.clone()).collect();
        app.delivery.ring(&others);
    }
    Ok(outcome)
}

async fn redeem(State(app): State<Arc<App>>, request: Request) -> Response {
    let result = async {
        let (_, body) = body::read(request, limits::MESSAGE).await?;
        pairing::redeem(&app, &body).await
    };
    problem::respond(&app, result.await)
}

async fn pairings(State(app): State<Arc<App>>, request: Request) -> Response {
    let result = async {
        let (_, body) = body::read(request, limits::PAIRING).await?;
        pairing::register(&app, &body).await
    };
    problem::respond(&app, result.await)
}

async fn confirm(State(app): State<Arc<App>>, request: Request) -> Response {
    let result = async {
        let (headers, body) = body::read(request, limits::MESSAGE).await?;
        let url = endpoints::all(&app.issuer).confirm;
        let prover = proof::verify_request(&app, &headers, &url, &body).await?;
        pairing::confirm(&app, prover, &body).await
    };
    problem::respond(&app, result.await)
}

async fn pending(State(app): State<Arc<App>>, request: Request) -> Response {
    let result = async {
        let (headers, body) = body::read(request, limits::MESSAGE).await?;
        let url = endpoints::all(&app.issuer).pending;
        let device = proof::device_request(&app, &headers, &url, &body).await?;
        requests::pending(&app, &device, &body).await
    };
    problem::respond(&app, result.await)
}

async fn decisions_endpoint(State(app): State<Arc<App>>, request: Request) -> Response {
    let result = async {
        // A body over the limit is told so before its proof is looked at: the proof is over the whole body.
        let (headers, body) = body::read(request, limits::DECISION).await?;
        let url = endpoints::all(&app.issuer).decisions;
        let device = proof::device_request(&app, &headers, &url, &body).await?;
        decisions::post(&app, &device, &body).await
    };
    problem::respond(&app, result.await)
}

async fn seen(State(app): State<Arc<App>>, request: Request) -> Response {
    let result = async {
        let (headers, body) = body::read(request, limits::MESSAGE).await?;
        let url = endpoints::all(&app.issuer).seen;
        let device = proof::device_request(&app, &headers, &url, &body).await?;
        requests::seen(&app, &device, &body).await
    };
    problem::respond(&app, result.await)
}

async fn receipts(State(app): State<Arc<App>>, request: Request) -> Response {
    let result = async {
        let (headers, body) = body::read(request, limits::MESSAGE).await?;
        let url = endpoints::all(&app.issuer).receipts;
        let device = proof::device_request(&app, &headers, &url, &body).await?;
        requests::receipts(&app, &device, &body).await
    };
    problem::respond(&app, result.await)
}

async fn connect(
    State(app): State<Arc<App>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        let refusal = Refusal::new(ProblemCode::MalformedRequest)
            .with_detail("This endpoint is a WebSocket; POST to `pending` for a single answer.");
        return problem::respond::<()>(&app, Err(refusal));
    };
    let Some(place) = app.delivery.take_place() else {
        let mut refusal = Refusal::new(ProblemCode::TemporarilyUnavailable);
        refusal.retry_after = Some(5);
        return problem::respond::<()>(&app, Err(refusal));
    };
    let server = Arc::clone(&app);
    with_small_buffers(upgrade)
        .on_upgrade(move |socket| Unproved::new(server, socket, place).serve())
        .into_response()
}
