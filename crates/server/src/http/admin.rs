//! The local admin interface: what `tegata-server user`, `client`, `invite`, `devices` and `keys` use while the server runs.
//!
//! `/admin/v1/…`, JSON, always in the clear on loopback and never on a listener with TLS, opened by the bearer token in
//! the data folder's `admin-token`, which is new at each start. Whom a trusted proxy names as coming from elsewhere finds
//! nothing. It is between two processes of one version and promises nothing to others.

mod keys;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{path::PathBuf, sync::Arc};
use tegata_protocol::{AccountId, DeviceId, bytes::constant_time_eq};

use crate::{
    administration::{
        AdministrationError, Desk, invitations,
        views::{
            Confirmation, NewClient, NewInvitation, NewOperator, NewUser, PairingProgress,
            UserCodeTask,
        },
    },
    app::{App, Doorbell},
    http::{caller::Caller, device as device_gateway, metrics},
    keys::tokens::RotationError,
    storage::ops::{ConfirmPairingOutcome, RevokeDeviceOutcome},
};

/// The admin routes, each behind the token.
pub(crate) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/admin/v1/users", get(users).post(add_user))
        .route("/admin/v1/users/{login_name}", delete(remove_user))
        .route("/admin/v1/users/{login_name}/code", post(set_user_code))
        .route("/admin/v1/clients", get(clients).post(add_client))
        .route(
            "/admin/v1/clients/{client_id}",
            get(client).delete(remove_client),
        )
        .route("/admin/v1/devices", get(devices))
        .route("/admin/v1/devices/{device_id}/revoke", post(revoke_device))
        .route("/admin/v1/invitations", post(invite))
        .route("/admin/v1/invitations/{session}", get(progress))
        .route("/admin/v1/invitations/{session}/confirm", post(confirm))
        .route("/admin/v1/keys", get(keys::list))
        .route("/admin/v1/keys/rotate", post(keys::rotate))
        .route("/admin/v1/operators", get(operators).post(invite_operator))
        .route("/admin/v1/operators/{name}", delete(remove_operator))
        .route("/admin/v1/backup", post(backup))
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(app),
            require_token,
        ))
        .route("/metrics", get(metrics::show))
}

/// A refusal as the commands read it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// For the operator.
    pub(crate) message: String,
}

type Result<T> = std::result::Result<T, AdministrationError>;

impl IntoResponse for AdministrationError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Rotation(RotationError::Pending { .. }) => StatusCode::CONFLICT,
            Self::Rotation(RotationError::Keys(error)) => {
                tracing::error!(%error, "keys were not rotated");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Store(error) => {
                tracing::error!(%error, "an admin task failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Taken(_) => StatusCode::CONFLICT,
            Self::Unknown(_) => StatusCode::NOT_FOUND,
        };
        (
            status,
            Json(Refusal {
                message: self.to_string(),
            }),
        )
            .into_response()
    }
}

/// Which devices to list.
#[derive(Debug, Deserialize)]
struct DeviceFilter {
    user: Option<String>,
}

/// Where to write a backup.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupRequest {
    /// An absolute path that does not exist yet.
    pub(crate) file: PathBuf,
}

async fn require_token(
    State(app): State<Arc<App>>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    // One listener may serve this interface and, through a proxy, the world: which has no business here, token or not.
    if !caller.address.is_loopback() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let presented = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    // EXPOSE: compared in constant time.
    if presented.is_some_and(|token| {
        constant_time_eq(token.as_bytes(), app.admin_token.expose().as_bytes())
    }) {
        next.run(request).await
    } else {
        (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer")],
        )
            .into_response()
    }
}

fn desk(app: &App) -> Desk<'_> {
    Desk {
        store: &app.store,
        rng: app.rng(),
        now: app.now(),
    }
}

pub(crate) fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| AdministrationError::Invalid(error.to_string()))
}

async fn users(State(app): State<Arc<App>>) -> Result<Response> {
    Ok(Json(desk(&app).users().await?).into_response())
}

async fn add_user(State(app): State<Arc<App>>, body: Bytes) -> Result<Response> {
    let new: NewUser = parse(&body)?;
    Ok((StatusCode::CREATED, Json(desk(&app).add_user(new).await?)).into_response())
}

async fn remove_user(
    State(app): State<Arc<App>>,
    Path(login_name): Path<String>,
) -> Result<StatusCode> {
    forget_user(&app, &login_name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a person and closes the sockets of their devices; the account's id, for the log.
///
/// # Errors
/// [`AdministrationError::Unknown`] if there is no such person.
pub(crate) async fn forget_user(app: &App, login_name: &str) -> Result<AccountId> {
    let account = desk(app).user(login_name).await?.id;
    let owner = account.clone();
    let devices = app
        .store
        .read(move |reader| reader.devices_of(&owner))
        .await?;
    desk(app).remove_user(login_name).await?;
    for device in devices {
        app.delivery.close_revoked(&device.id);
    }
    Ok(account)
}

async fn set_user_code(
    State(app): State<Arc<App>>,
    Path(login_name): Path<String>,
    body: Bytes,
) -> Result<Response> {
    let task: UserCodeTask = parse(&body)?;
    let view = desk(&app)
        .set_user_code(&app.keys, &login_name, task)
        .await?;
    Ok(Json(view).into_response())
}

async fn clients(State(app): State<Arc<App>>) -> Result<Response> {
    Ok(Json(desk(&app).clients().await?).into_response())
}

async fn add_client(State(app): State<Arc<App>>, body: Bytes) -> Result<Response> {
    let new: NewClient = parse(&body)?;
    let added = desk(&app).add_client(new, &app.registrar()).await?;
    Ok((StatusCode::CREATED, Json(added)).into_response())
}

async fn client(State(app): State<Arc<App>>, Path(client_id): Path<String>) -> Result<Response> {
    Ok(Json(desk(&app).client(&client_id).await?).into_response())
}

async fn remove_client(
    State(app): State<Arc<App>>,
    Path(client_id): Path<String>,
) -> Result<StatusCode> {
    forget_client(&app, &client_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a client and rings for the devices that it had asked.
///
/// # Errors
/// [`AdministrationError::Unknown`] if there is no such client.
pub(crate) async fn forget_client(app: &App, client_id: &str) -> Result<()> {
    let asked = desk(app).remove_client(client_id).await?;
    app.delivery.ring(&asked);
    Ok(())
}

async fn operators(State(app): State<Arc<App>>) -> Result<Response> {
    Ok(Json(desk(&app).operators().await?).into_response())
}

async fn invite_operator(State(app): State<Arc<App>>, body: Bytes) -> Result<Response> {
    let new: NewOperator = parse(&body)?;
    let view = desk(&app).invite_operator(&app.issuer, new).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

async fn remove_operator(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<StatusCode> {
    desk(&app).remove_operator(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn devices(
    State(app): State<Arc<App>>,
    Query(filter): Query<DeviceFilter>,
) -> Result<Response> {
    Ok(Json(desk(&app).devices(filter.user.as_deref()).await?).into_response())
}

async fn revoke_device(
    State(app): State<Arc<App>>,
    Path(device_id): Path<String>,
) -> Result<StatusCode> {
    let unknown = || AdministrationError::Unknown(format!("device {device_id:?}"));
    let device = DeviceId::parse(&device_id).map_err(|_| unknown())?;
    match device_gateway::revoke_device(&app, device).await? {
        RevokeDeviceOutcome::Revoked | RevokeDeviceOutcome::AlreadyRevoked => {
            Ok(StatusCode::NO_CONTENT)
        }
        RevokeDeviceOutcome::Unknown => Err(unknown()),
    }
}

async fn invite(State(app): State<Arc<App>>, body: Bytes) -> Result<Response> {
    let new: NewInvitation = parse(&body)?;
    Ok((
        StatusCode::CREATED,
        Json(invitations::invite(&app, &new).await?),
    )
        .into_response())
}

async fn progress(State(app): State<Arc<App>>, Path(session): Path<String>) -> Result<Response> {
    Ok(Json(invitations::progress(&app, &session).await?).into_response())
}

async fn confirm(
    State(app): State<Arc<App>>,
    Path(session): Path<String>,
    body: Bytes,
) -> Result<Response> {
    let confirmation: Confirmation = parse(&body)?;
    let id = invitations::authenticate(&app, &session, &confirmation).await?;
    let outcome = device_gateway::pairing::confirm_digits(&app, id, &confirmation.code).await?;
    Ok(Json(match outcome {
        ConfirmPairingOutcome::Confirmed {
            device,
            device_name,
            ..
        } => PairingProgress::Confirmed {
            device_id: device.to_string(),
            device_name,
        },
        ConfirmPairingOutcome::WrongCode { tries_left } => {
            PairingProgress::WrongCode { tries_left }
        }
        ConfirmPairingOutcome::Failed => PairingProgress::Failed,
        ConfirmPairingOutcome::NotReady => PairingProgress::Waiting,
        ConfirmPairingOutcome::Expired => PairingProgress::Expired,
        ConfirmPairingOutcome::Unknown => {
            return Err(AdministrationError::Unknown(
                "pairing to confirm".to_owned(),
            ));
        }
    })
    .into_response())
}

async fn backup(State(app): State<Arc<App>>, body: Bytes) -> Result<StatusCode> {
    let request: BackupRequest = parse(&body)?;
    if !request.file.is_absolute() {
        return Err(AdministrationError::Invalid(
            "the backup file must be an absolute path".to_owned(),
        ));
    }
    app.store
        .read_long(move |reader| reader.backup(&request.file))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests;
