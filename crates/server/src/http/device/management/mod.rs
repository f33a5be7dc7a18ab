//! Managing devices and grants (device protocol, section 6.4): each request is proved by the device that sends it.
//!
//! A proof alone acts on its own device and takes grants back. What concerns another device is put to the asking device as a
//! consent request and done in the commit of its approval; here nothing of that is decided.

mod adding;
mod devices;
mod grants;
mod key;

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    response::Response,
    routing::post,
};
use std::sync::Arc;
use tegata_protocol::{
    DeviceId,
    device::{limits, management::ManagementAnswer, problem::ProblemCode},
};

use super::{
    body, endpoints,
    problem::{self, Refusal, store_trouble},
    proof,
};
use crate::{
    app::{App, Doorbell},
    delivery::{device_info::DeviceInfo, prompts::own_prompt},
    domain::{
        Kind, OWN_QUESTION_SECONDS, PairedDevice, RequestFacts, Subject, Terms, Transfer,
        own_client_id,
    },
    storage::ops::{AskDevice, AskDeviceOutcome},
};

/// A route of a POST with proof, whose handler gets the device that sent it and the body.
macro_rules! proved {
    ($router:ident, $($path:ident => $handler:path),+ $(,)?) => {
        $(let $router = $router.route(
            endpoints::$path,
            post(async |State(app): State<Arc<App>>, request: Request| -> Response {
                let result = match prove(&app, request, endpoints::$path).await {
                    Ok((device, body)) => $handler(&app, &device, &body).await,
                    Err(refusal) => Err(refusal),
                };
                problem::respond(&app, result)
            }),
        );)+
    };
}

/// The routes.
pub(super) fn router() -> Router<Arc<App>> {
    let router = Router::new();
    proved!(
        router,
        DEVICES => devices::list,
        DEVICE_RENAME => devices::rename,
        DEVICE_REMOVE => devices::remove,
        DEVICE_ADD => adding::ask,
        DEVICE_INVITATION => adding::invite,
        DEVICE_CONFIRM => adding::confirm,
        DEVICE_KEY => key::ask,
        DEVICE_GRADE => devices::grade,
        CONSENTS => grants::list,
        CONSENT_REVOKE => grants::revoke,
        TEST => devices::test,
    );
    router
}

async fn prove(
    app: &Arc<App>,
    request: Request,
    path: &str,
) -> Result<(PairedDevice, Bytes), Refusal> {
    let (headers, body) = body::read(request, limits::MESSAGE).await?;
    let url = app.issuer.endpoint(path);
    let device = proof::device_request(app, &headers, &url, &body).await?;
    Ok((device, body))
}

/// Puts a question of the server's own to the device that wants it.
async fn ask(
    app: &App,
    device: &PairedDevice,
    kind: Kind,
    subject: Option<Subject>,
) -> Result<ManagementAnswer, Refusal> {
    let ids = app.store.make_flow_ids(app.rng());
    let now = app.now();
    let facts = RequestFacts {
        consent_request_id: ids.consent_request_id.clone(),
        client_id: own_client_id(),
        client_name: app.config.name.clone(),
        account: device.account.clone(),
        sub: String::new(),
        kind,
        scopes: Vec::new(),
        acr_values: Vec::new(),
        binding_message: None,
        transfer: Transfer::None,
        created: now,
        expires: now.plus(OWN_QUESTION_SECONDS),
        interval: app.config.interval,
        terms: Terms {
            subject,
            ..Terms::default()
        },
    };
    let operation = AskDevice {
        seq: ids.seq,
        tag_hash: ids.tag_hash,
        prompt: own_prompt(app, &facts, device),
        facts,
    };
    let outcome = app
        .store
        .apply(operation)
        .await
        .map_err(|error| store_trouble(&error))?;
    match outcome {
        AskDeviceOutcome::Asked => {
            app.delivery.ring(std::slice::from_ref(&device.id));
            Ok(ManagementAnswer {
                request: Some(ids.consent_request_id),
            })
        }
        AskDeviceOutcome::DeviceRevoked => Err(Refusal::new(ProblemCode::DeviceRevoked)),
        AskDeviceOutcome::NoSuchDevice => Err(Refusal::new(ProblemCode::NotFound)),
        AskDeviceOutcome::NotYet { from } => {
            let mut refusal = Refusal::new(ProblemCode::NotYet)
                .with_detail("This device adds, removes and grades no others yet.");
            refusal.not_before = Some(from);
            Err(refusal)
        }
        AskDeviceOutcome::KeyRefused => Err(Refusal::new(ProblemCode::AssertionInvalid)
            .with_detail(
                "The key is registered already, or takes the place of another; make a new one.",
            )),
        AskDeviceOutcome::TooMany { retry_after } => {
            let mut refusal = Refusal::new(ProblemCode::TooManyRequests);
            refusal.retry_after = u32::try_from(retry_after).ok();
            Err(refusal)
        }
    }
}

/// Operating system and app in a device's own words, on one line.
fn platform(device: &PairedDevice) -> String {
    let info = DeviceInfo::of(device);
    format!("{}, {}", info.platform, info.app)
}

/// The account's device `id`, if it is active and somebody's; another's looks like none.
fn find<'a>(all: &'a [PairedDevice], id: &DeviceId) -> Result<&'a PairedDevice, Refusal> {
    all.iter()
        .find(|one| one.id == *id && one.is_asked())
        .ok_or_else(|| Refusal::new(ProblemCode::NotFound))
}
