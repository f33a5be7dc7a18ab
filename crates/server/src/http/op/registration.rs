//! Clients that register themselves (RFC 7591) and look after their registration (RFC 7592).
//!
//! Only where `[registration]` is enabled. A client gets a registration access token, which is never changed and kept as a
//! hash; so are secrets for `client_secret_basic` and `client_secret_post`, which are therefore told once and are not in
//! later answers. What a client says of itself is shown as its own words: nobody has vouched for it.
//!
//! To take another member: see [`crate::domain::client_metadata`].

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tegata_protocol::{
    ClientId, Secret, Sha256Digest,
    bytes::{constant_time_eq, encode_b64u},
    ciba::{OAuthError, OAuthErrorCode},
    ijson,
    rng::random_bytes,
};

use super::{paths, respond};
use crate::{
    administration::{AdministrationError, Desk},
    app::{App, Doorbell},
    domain::{
        BindingMessageUse, Client, ClientAuthentication, ClientMetadata, ClientSettings,
        MetadataError, RegisteredBy,
    },
    http::device::body::is_json,
    storage::{
        StoreError,
        ops::{CreateClient, CreateClientOutcome, ReplaceClient},
    },
};

/// Largest body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;

const ENDPOINT: &str = "registration";

/// The routes, for servers on which clients may register.
pub(crate) fn router() -> Router<Arc<App>> {
    let registered = format!("{}/{{client_id}}", paths::REGISTRATION);
    Router::new()
        .route(paths::REGISTRATION, post(register))
        .route(&registered, get(read).put(replace).delete(remove))
}

/// Why a registration is not made, shown or changed.
#[derive(Debug, thiserror::Error)]
enum RegistrationError {
    /// No JSON object in a body of `application/json`.
    #[error("the body is no JSON object: {0}")]
    Body(String),
    /// A body that is too long or ended early.
    #[error("the body is longer than 64 KiB or ended early")]
    TooLarge,
    /// Something in the metadata.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No token, or not the right one; with or without one in the request.
    #[error("the token is missing or wrong")]
    Token {
        /// Whether there was one.
        presented: bool,
    },
}

impl IntoResponse for RegistrationError {
    fn into_response(self) -> Response {
        if !matches!(self, Self::Store(_)) {
            tracing::info!(endpoint = ENDPOINT, reason = %self, "registration.refused");
        }
        let error = |status, code, description: &str| {
            let description = description
                .chars()
                .map(|c| match c {
                    '"' => '\'',
                    ' '..='!' | '#'..='[' | ']'..='~' => c,
                    _ => '?',
                })
                .collect();
            let body = OAuthError {
                error: code,
                error_description: Some(description),
            };
            respond::json(status, &body)
        };
        let bad_metadata = |description: &str| {
            error(
                StatusCode::BAD_REQUEST,
                OAuthErrorCode::InvalidClientMetadata,
                description,
            )
        };
        match self {
            Self::Body(_) => bad_metadata("the body must be a JSON object in application/json"),
            Self::TooLarge => error(
                StatusCode::PAYLOAD_TOO_LARGE,
                OAuthErrorCode::InvalidClientMetadata,
                "the body is longer than 64 KiB or ended early",
            ),
            Self::Metadata(problem) => bad_metadata(&problem.to_string()),
            Self::Store(problem) => respond::store_error(&problem, ENDPOINT),
            Self::Token { presented } => {
                let mut response = error(
                    StatusCode::UNAUTHORIZED,
                    OAuthErrorCode::InvalidToken,
                    "a token that is good for this is required",
                );
                // RFC 6750 section 3.1: no error code for whoever sent no token.
                let challenge = if presented {
                    r#"Bearer realm="tegata", error="invalid_token""#
                } else {
                    r#"Bearer realm="tegata""#
                };
                response.headers_mut().insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static(challenge),
                );
                response
            }
        }
    }
}

type Result<T> = std::result::Result<T, RegistrationError>;

/// Client registration request (RFC 7591 section 3.1).
async fn register(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Result<Response> {
    require_initial_token(&app, &headers)?;
    let members = members(&headers, body).await?;
    let registrar = app.registrar();
    let metadata = registrar.check(&members).await?;
    let id = ClientId::make(app.rng());
    let (authentication, secret) = registrar.credentials(&id, &metadata.method, None, app.rng());
    let token = Secret::new(encode_b64u(&random_bytes::<32>(app.rng())));
    // EXPOSE: kept as a hash.
    let token_hash = Sha256Digest::of(token.expose().as_bytes());
    let client = Client {
        name: metadata.name.unwrap_or_else(|| id.to_string()),
        id,
        authentication,
        registered_by: RegisteredBy::SelfRegistered,
        since: app.now(),
        host: None,
        binding_message: BindingMessageUse::Show,
        transfer_code: false,
        settings: ClientSettings {
            registration_token_hash: Some(token_hash),
            ..metadata.settings
        },
    };
    match app.store.apply(CreateClient(client.clone())).await? {
        CreateClientOutcome::Created => {}
        // 16 random bytes that somebody has already.
        CreateClientOutcome::Taken => return Err(StoreError::Busy.into()),
    }
    tracing::info!(client = %client.id, "client.registered");
    let shown = information(&app, &client, secret.as_ref(), &token);
    Ok(respond::json(StatusCode::CREATED, &shown))
}

/// Client read request (RFC 7592 section 2.1).
async fn read(
    State(app): State<Arc<App>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let (client, token) = owner(&app, &client_id, &headers).await?;
    let secret = match &client.authentication {
        ClientAuthentication::ClientSecretJwt { salt } => {
            Some(app.keys.client_secret(&client.id, salt))
        }
        _ => None,
    };
    let shown = information(&app, &client, secret.as_ref(), &token);
    Ok(respond::json(StatusCode::OK, &shown))
}

/// Client update request (RFC 7592 section 2.2): the metadata are the client's new ones, all of them.
async fn replace(
    State(app): State<Arc<App>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let (client, token) = owner(&app, &client_id, &headers).await?;
    let members = members(&headers, body).await?;
    require_same(&app, &client, &members)?;
    let registrar = app.registrar();
    let metadata = registrar.check(&members).await?;
    let earlier = Some(&client.authentication);
    let (authentication, secret) =
        registrar.credentials(&client.id, &metadata.method, earlier, app.rng());
    let changed = Client {
        id: client.id.clone(),
        name: metadata.name.unwrap_or_else(|| client.id.to_string()),
        authentication,
        settings: ClientSettings {
            introspection: client.settings.introspection,
            long_poll: client.settings.long_poll,
            test: client.settings.test,
            registration_token_hash: client.settings.registration_token_hash,
            ..metadata.settings
        },
        ..(*client).clone()
    };
    if !app.store.apply(ReplaceClient(changed.clone())).await? {
        return Err(RegistrationError::Token { presented: true });
    }
    tracing::info!(client = %changed.id, "client.changed");
    let shown = information(&app, &changed, secret.as_ref(), &token);
    Ok(respond::json(StatusCode::OK, &shown))
}

/// Client delete request (RFC 7592 section 2.3). Its open requests end, and the devices that were asked are told.
async fn remove(
    State(app): State<Arc<App>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let (client, _) = owner(&app, &client_id, &headers).await?;
    let desk = Desk {
        store: &app.store,
        rng: app.rng(),
        now: app.now(),
    };
    let asked = match desk.remove_client(client.id.as_str()).await {
        Ok(asked) => asked,
        Err(AdministrationError::Store(error)) => return Err(error.into()),
        // Somebody else was faster.
        Err(_) => return Err(RegistrationError::Token { presented: true }),
    };
    app.delivery.ring(&asked);
    tracing::info!(client = %client.id, "client.removed");
    let mut response = StatusCode::NO_CONTENT.into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Client information response (RFC 7591 section 3.2.1, RFC 7592 section 3). The token is the one that the client has.
fn information(
    app: &App,
    client: &Client,
    secret: Option<&Secret<String>>,
    token: &Secret<String>,
) -> Map<String, Value> {
    let mut members = ClientMetadata::from(client).members();
    let mut put = |name: &str, value: Value| {
        members.insert(name.to_owned(), value);
    };
    let path = format!("{}/{}", paths::REGISTRATION, client.id);
    put("client_id", client.id.as_str().into());
    put("client_id_issued_at", client.since.0.into());
    put("registration_client_uri", app.issuer.endpoint(&path).into());
    // EXPOSE: told to the client, which has it or is given it now.
    put("registration_access_token", token.expose().as_str().into());
    if let Some(secret) = secret {
        // EXPOSE: told to the client that it was made for.
        put("client_secret", secret.expose().as_str().into());
        put("client_secret_expires_at", json!(0));
    }
    members
}

/// The bearer token of a request (RFC 6750 section 2.1); `None` if there is not exactly one.
fn bearer(headers: &HeaderMap) -> Option<Secret<String>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| Secret::new(token.trim_start().to_owned()))
}

/// Whoever registers has the initial access token, or needs none.
fn require_initial_token(app: &App, headers: &HeaderMap) -> Result<()> {
    let config = &app.config.registration;
    let presented = bearer(headers);
    let admitted = match (&config.initial_access_token, &presented) {
        // EXPOSE: compared in constant time.
        (Some(wanted), Some(token)) => {
            constant_time_eq(wanted.expose().as_bytes(), token.expose().as_bytes())
        }
        (Some(_), None) => false,
        (None, _) => config.open || app.config.demo,
    };
    if admitted {
        return Ok(());
    }
    Err(RegistrationError::Token {
        presented: presented.is_some(),
    })
}

/// The client whose registration access token is presented. Whether there is such a client is not told to others.
async fn owner(
    app: &App,
    client_id: &str,
    headers: &HeaderMap,
) -> Result<(Arc<Client>, Secret<String>)> {
    let token = bearer(headers).ok_or(RegistrationError::Token { presented: false })?;
    let wrong = || RegistrationError::Token { presented: true };
    let id = ClientId::parse(client_id).map_err(|_| wrong())?;
    let client = app.store.client(&id).await?.ok_or_else(wrong)?;
    // EXPOSE: hashed for comparison.
    let hash = Sha256Digest::of(token.expose().as_bytes());
    let is_owner = client
        .settings
        .registration_token_hash
        .is_some_and(|stored| constant_time_eq(&stored.0, &hash.0));
    // A suspended client is refused as if it were not there, and must not change what it is suspended with.
    if is_owner && !client.settings.suspended {
        Ok((client, token))
    } else {
        Err(wrong())
    }
}

/// The members of a body of JSON, each name once.
async fn members(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let named = matches!(
        (types.next().map(HeaderValue::to_str), types.next()),
        (Some(Ok(value)), None) if is_json(value)
    );
    if !named {
        return Err(RegistrationError::Body("another content type".to_owned()));
    }
    let bytes = to_bytes(body, MAX_BODY)
        .await
        .map_err(|_| RegistrationError::TooLarge)?;
    ijson::parse(&bytes, MAX_BODY).map_err(|error| RegistrationError::Body(error.to_string()))
}

/// An update names the client, and its secret if it names one (RFC 7592 section 2.2).
fn require_same(app: &App, client: &Client, members: &Map<String, Value>) -> Result<()> {
    let wrong = |member, problem: &str| MetadataError {
        member,
        problem: problem.to_owned(),
    };
    if members.get("client_id").and_then(Value::as_str) != Some(client.id.as_str()) {
        return Err(wrong("client_id", "must be the client's").into());
    }
    let Some(secret) = members
        .get("client_secret")
        .filter(|value| !value.is_null())
    else {
        return Ok(());
    };
    let hash = Sha256Digest::of(secret.as_str().unwrap_or_default().as_bytes());
    let issued = match &client.authentication {
        ClientAuthentication::ClientSecretBasic { secret_hash }
        | ClientAuthentication::ClientSecretPost { secret_hash } => Some(*secret_hash),
        ClientAuthentication::ClientSecretJwt { salt } => {
            let secret = app.keys.client_secret(&client.id, salt);
            // EXPOSE: hashed for comparison.
            Some(Sha256Digest::of(secret.expose().as_bytes()))
        }
        _ => None,
    };
    if issued.is_some_and(|issued| constant_time_eq(&issued.0, &hash.0)) {
        return Ok(());
    }
    Err(wrong("client_secret", "is not the one that was issued").into())
}
