//! `POST /ciba-sim?auth_req_id=…&action=allow|deny&key=…` with an empty body: a test suite decides in a person's place,
//! through the simulated device of a test account.
//!
//! There is no such route unless `automation.key` is configured. It acts only where client and account were both made as
//! test; everything else gets the answer of a path that does not exist. Whoever has named the key, a test client's request
//! and a test account gets:
//!
//! * 204 if the request is decided as asked, by this call or before it, by whatever device;
//! * 409 if it cannot be: decided the other way, expired, withdrawn, or what a device would be refused as well: no or a wrong
//!   transfer code (`transfer_code=` has what a person would type; a wrong one counts as a try), or a key of a higher kind is
//!   needed than a device without hardware has.
//!
//! The query holds secrets and is logged nowhere: spans name the route that matched.

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State, rejection::BytesRejection},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use std::sync::Arc;
use tegata_protocol::{
    AuthReqId, DeviceId, Sha256Digest,
    bytes::constant_time_eq,
    device::{
        decision::{Decision, DenyReason, View},
        problem::ProblemCode,
    },
};

use super::{form::Form, paths, respond};
use crate::{
    app::App,
    delivery::prompts::{alphabet_of, prompts_for},
    domain::{BackchannelAuthentication, BackchannelAuthenticationState, PairedDevice, Transfer},
    http::device::{decisions, problem::Refusal},
    simulation,
    storage::{ConsentRequest, StoreError, ops::AskSimulatedDevice},
};

/// Name of the endpoint in logs.
const ENDPOINT: &str = "automation";

/// What is to be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Allow,
    Deny,
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
enum AutomationError {
    /// The request stands otherwise, or a device would be refused too.
    #[error("{0}")]
    Conflict(String),
    /// The device gateway's own trouble.
    #[error("the gateway is not available")]
    Unavailable,
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Answered as a path that does not exist is.
    #[error("{0}")]
    Unknown(&'static str),
}

/// The hook's route, for a server that has one.
pub(crate) fn router() -> Router<Arc<App>> {
    // For all methods: an answer about the right one would tell that there is something.
    Router::new().route(paths::AUTOMATION, any(act))
}

async fn act(
    State(app): State<Arc<App>>,
    method: Method,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let result = match body {
        _ if method != Method::POST => Err(AutomationError::Unknown("the method is not POST")),
        Ok(body) if body.is_empty() => decide(&app, query.as_deref().unwrap_or_default()).await,
        _ => Err(AutomationError::Unknown("the request has a body")),
    };
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.response(),
    }
}

async fn decide(app: &Arc<App>, query: &str) -> Result<(), AutomationError> {
    let unknown = AutomationError::Unknown;
    let form = Form::parse(query.as_bytes()).map_err(|_| unknown("the query is malformed"))?;
    // 1. The key, before anything else is looked at.
    if !is_key(app, form.value("key").unwrap_or_default()) {
        return Err(unknown("the key is wrong"));
    }
    // 2. What is asked.
    let action = match form.value("action") {
        Some("allow") => Action::Allow,
        Some("deny") => Action::Deny,
        _ => return Err(unknown("action is neither allow nor deny")),
    };
    let id = form
        .value("auth_req_id")
        .and_then(|id| AuthReqId::parse(id).ok())
        .ok_or(unknown("auth_req_id is malformed"))?;
    // 3. Nobody but who was made for tests. One at a time from here on, so that counters grow.
    let _turn = app.simulation.lock().await;
    let flow = find(app, &id)
        .await?
        .ok_or(unknown("there is no such request"))?;
    if !is_for_tests(app, &flow).await? {
        return Err(unknown("client and account are not both for tests"));
    }
    // 4. What is settled stays.
    if !flow.is_pending(app.now()) {
        return settled(&flow, action);
    }
    // 5. The simulated device is asked, and decides as any device does.
    let (device, asked) = ask(app, &flow).await?;
    let decision = decision_of(&flow, action, form.value("transfer_code"));
    let request = simulation::sign_decision(app, &device, &asked, decision);
    match decisions::decide(app, &device, request).await {
        Ok(_) => {
            tracing::info!(request = %flow.facts.consent_request_id, ?action, "automation.decided");
            Ok(())
        }
        Err(refusal) => refused(app, &id, action, &refusal).await,
    }
}

fn is_key(app: &App, presented: &str) -> bool {
    let presented = Sha256Digest::of(presented.as_bytes());
    app.config.automation.key.as_ref().is_some_and(|key| {
        // EXPOSE: hashed, so that the comparison tells neither content nor length.
        constant_time_eq(&Sha256Digest::of(key.expose().as_bytes()).0, &presented.0)
    })
}

async fn find(app: &App, id: &AuthReqId) -> Result<Option<BackchannelAuthentication>, StoreError> {
    let id = id.clone();
    app.store
        .read(move |reader| reader.backchannel_authentication(&id))
        .await
}

/// Whether client and account are both test, as they are now.
async fn is_for_tests(app: &App, flow: &BackchannelAuthentication) -> Result<bool, StoreError> {
    let (client, account) = (flow.facts.client_id.clone(), flow.facts.account.clone());
    app.store
        .read(move |reader| {
            let client = reader.client(&client)?;
            let account = reader.account(&account)?;
            Ok(client.is_some_and(|client| client.settings.test)
                && account.is_some_and(|account| account.test))
        })
        .await
}

/// How a call ends that finds the request closed: well, if it is as the caller wants it.
fn settled(flow: &BackchannelAuthentication, action: Action) -> Result<(), AutomationError> {
    use BackchannelAuthenticationState as S;
    let is_as_asked = match flow.state {
        S::Approved(_) | S::Redeemed { .. } => action == Action::Allow,
        S::Denied { .. } => action == Action::Deny,
        S::Pending | S::TransferFailed { .. } | S::Withdrawn { .. } => false,
    };
    if is_as_asked {
        Ok(())
    } else {
        Err(AutomationError::Conflict(
            "the request is closed, otherwise".to_owned(),
        ))
    }
}

/// Puts the request to the account's simulated device, unless it was before: the device and the prompt as stored.
async fn ask(
    app: &Arc<App>,
    flow: &BackchannelAuthentication,
) -> Result<(PairedDevice, ConsentRequest), AutomationError> {
    let facts = &flow.facts;
    let id = simulation::device_id(&facts.account);
    let device = match stored_device(app, &id).await? {
        Some(device) => device,
        None => first(app, flow).await?,
    };
    let prompt = prompts_for(app, facts, &[&device]).await?.pop();
    let operation = AskSimulatedDevice {
        request: facts.consent_request_id.clone(),
        registration: device.registration,
        prompt: prompt.ok_or(AutomationError::Unknown("the client is gone"))?,
        now: app.now(),
    };
    if !app.store.apply(operation).await? {
        return Err(AutomationError::Conflict(
            "the request can no longer be put to a simulated device".to_owned(),
        ));
    }
    let request = facts.consent_request_id.clone();
    let found = app
        .store
        .read(move |reader| Ok((reader.device(&id)?, reader.consent_request(&request, &id)?)))
        .await?;
    match found {
        (Some(device), Some(asked)) => Ok((device, asked)),
        _ => Err(AutomationError::Unknown("the account is gone")),
    }
}

/// From the store itself: copies in memory may have older counters.
async fn stored_device(app: &App, id: &DeviceId) -> Result<Option<PairedDevice>, StoreError> {
    let id = id.clone();
    app.store.read(move |reader| reader.device(&id)).await
}

/// The device before it is stored, made off the asynchronous threads.
async fn first(
    app: &Arc<App>,
    flow: &BackchannelAuthentication,
) -> Result<PairedDevice, AutomationError> {
    let (app, account) = (Arc::clone(app), flow.facts.account.clone());
    let made = tokio::task::spawn_blocking(move || simulation::make_device(&app, &account)).await;
    match made {
        Ok(Ok(device)) => Ok(device),
        Ok(Err(error)) => {
            tracing::error!(endpoint = ENDPOINT, %error, "automation.no_device");
            Err(AutomationError::Unavailable)
        }
        Err(_) => Err(AutomationError::Unavailable),
    }
}

/// What a person would have done: `typed` is the transfer code as it stands on the consumption device.
fn decision_of(flow: &BackchannelAuthentication, action: Action, typed: Option<&str>) -> Decision {
    if action == Action::Deny {
        return Decision::Deny {
            reason: DenyReason::ChangedMind,
        };
    }
    let transfer = match &flow.facts.transfer {
        Transfer::None => None,
        Transfer::Code { source, length, .. } => typed.map(|typed| {
            let canonical = alphabet_of(*source).canonical(typed, usize::from(*length));
            canonical.unwrap_or_else(|| typed.to_owned())
        }),
    };
    Decision::Approve {
        view: View {
            app: simulation::APP.to_owned(),
            locale: "en".to_owned(),
            layout: "simulated/1".to_owned(),
            notices: Vec::new(),
        },
        transfer,
    }
}

/// How a call ends whose decision was refused.
async fn refused(
    app: &App,
    id: &AuthReqId,
    action: Action,
    refusal: &Refusal,
) -> Result<(), AutomationError> {
    use ProblemCode as C;
    match refusal.code {
        // A device of the same person was quicker.
        C::RequestClosed | C::DecisionConflict => match find(app, id).await? {
            Some(flow) => settled(&flow, action),
            None => Err(AutomationError::Unknown("the request is gone")),
        },
        C::NotFound => Err(AutomationError::Unknown("the account is gone")),
        C::TemporarilyUnavailable | C::Internal => Err(AutomationError::Unavailable),
        code => Err(AutomationError::Conflict(format!("refused: {code:?}"))),
    }
}

impl AutomationError {
    fn response(&self) -> Response {
        match self {
            Self::Store(error) => return respond::store_error(error, ENDPOINT),
            Self::Unknown(_) | Self::Conflict(_) | Self::Unavailable => {}
        }
        tracing::warn!(endpoint = ENDPOINT, reason = %self, "automation.refused");
        match self {
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Unavailable | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unknown(_) => StatusCode::NOT_FOUND,
        }
        .into_response()
    }
}
