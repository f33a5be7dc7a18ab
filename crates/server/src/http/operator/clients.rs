//! Clients: the list, one client's registration, suspending and removing.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use std::sync::Arc;
use tegata_protocol::{ClientId, ciba::TokenDeliveryMode};

use super::{
    guard::{SignedIn, Submitted},
    moments::Moment,
    people::Wanted,
    texts::{Texts, texts},
    view::{Frame, PageError, PageNumber, Paging, Section, html, refusal, searched, see, segment},
};
use crate::{
    app::App,
    domain::{Client, Delivery, RegisteredBy},
    http::admin,
    storage::ops::SuspendClient,
};

const PATH: &str = "/operator/clients";

#[derive(Template)]
#[template(path = "operator/clients.html")]
struct ClientsPage {
    page: Frame,
    search: String,
    clients: Vec<ClientRow>,
    paging: Paging,
}

#[derive(Template)]
#[template(path = "operator/client.html")]
struct ClientPage {
    page: Frame,
    client: ClientRow,
    registered_by: &'static str,
    since: Moment,
    host: String,
    registration: String,
}

struct ClientRow {
    address: String,
    id: String,
    name: String,
    delivery: String,
    method: &'static str,
    suspended: bool,
    test: bool,
}

impl ClientRow {
    fn of(client: &Client) -> Self {
        Self {
            address: address(&client.id),
            id: client.id.as_str().to_owned(),
            name: client.name.clone(),
            delivery: delivery(&client.settings.delivery),
            method: client.authentication.method(),
            suspended: client.settings.suspended,
            test: client.settings.test,
        }
    }
}

fn address(id: &ClientId) -> String {
    format!("{PATH}/{}", segment(id.as_str()))
}

/// The mode and, if there is one, where the client is called.
fn delivery(delivery: &Delivery) -> String {
    let mode = mode(delivery.mode());
    match delivery.endpoint() {
        Some(endpoint) => format!("{mode}: {endpoint}"),
        None => mode.to_owned(),
    }
}

/// `backchannel_token_delivery_mode`.
pub(super) fn mode(mode: TokenDeliveryMode) -> &'static str {
    match mode {
        TokenDeliveryMode::Poll => "poll",
        TokenDeliveryMode::Ping => "ping",
        TokenDeliveryMode::Push => "push",
        _ => "other",
    }
}

/// What the client is registered for, as JSON; nothing that proves anything is in it.
fn registration(client: &Client) -> String {
    let mut settings = serde_json::to_value(&client.settings).unwrap_or_default();
    if let Some(members) = settings.as_object_mut() {
        members.remove("registration_token_hash");
    }
    serde_json::to_string_pretty(&settings).unwrap_or_default()
}

/// `GET /operator/clients`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    operator: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Response {
    let language = operator.language;
    match clients(&app, &operator, wanted).await {
        Ok(page) => html(StatusCode::OK, &page),
        Err(error) => error.respond(&app, language),
    }
}

async fn clients(app: &App, operator: &SignedIn, wanted: Wanted) -> Result<ClientsPage, PageError> {
    let address = searched(PATH, &wanted.q);
    let title = texts(operator.language).clients;
    let page = Frame::of(app, operator, Section::Clients, title, &address);
    let number = PageNumber::parse(wanted.page.as_deref());
    let search = wanted.q.clone();
    let mut found = app
        .store
        .read_long(move |reader| reader.clients_like(&search, number.slice()))
        .await?;
    let paging = number.cut(&mut found, &address);
    Ok(ClientsPage {
        page,
        search: wanted.q,
        clients: found.iter().map(ClientRow::of).collect(),
        paging,
    })
}

/// `GET /operator/clients/{client_id}`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    operator: SignedIn,
    Path(client_id): Path<String>,
) -> Response {
    match client(&app, &operator, &client_id).await {
        Ok(page) => html(StatusCode::OK, &page),
        Err(error) => error.respond(&app, operator.language),
    }
}

async fn client(app: &App, operator: &SignedIn, id: &str) -> Result<ClientPage, PageError> {
    let id = ClientId::parse(id).map_err(|_| PageError::NotFound)?;
    let found = app.store.client(&id).await?.ok_or(PageError::NotFound)?;
    let t: &Texts = texts(operator.language);
    let page = Frame::of(app, operator, Section::Clients, &found.name, &address(&id));
    Ok(ClientPage {
        page,
        registered_by: match found.registered_by {
            RegisteredBy::Operator => t.registered_by_operator,
            RegisteredBy::SelfRegistered => t.client_self,
        },
        since: Moment::of(found.since),
        host: found.host.clone().unwrap_or_else(|| "–".to_owned()),
        registration: registration(&found),
        client: ClientRow::of(&found),
    })
}

/// `POST /operator/clients/{client_id}/suspend`.
pub(super) async fn suspend(
    State(app): State<Arc<App>>,
    Path(client_id): Path<String>,
    submitted: Submitted,
) -> Response {
    set_suspended(&app, &client_id, &submitted, true).await
}

/// `POST /operator/clients/{client_id}/resume`.
pub(super) async fn resume(
    State(app): State<Arc<App>>,
    Path(client_id): Path<String>,
    submitted: Submitted,
) -> Response {
    set_suspended(&app, &client_id, &submitted, false).await
}

async fn set_suspended(
    app: &App,
    client_id: &str,
    submitted: &Submitted,
    suspended: bool,
) -> Response {
    let operator = &submitted.operator;
    let result = async {
        let client = ClientId::parse(client_id).map_err(|_| PageError::NotFound)?;
        let to = address(&client);
        let operation = SuspendClient {
            client: client.clone(),
            suspended,
        };
        if !app.store.apply(operation).await? {
            return Err(PageError::NotFound);
        }
        tracing::info!(operator = operator.name, %client, suspended, "operator.suspended_client");
        Ok(see(&to))
    };
    result
        .await
        .unwrap_or_else(|error: PageError| error.respond(app, operator.language))
}

/// `POST /operator/clients/{client_id}/remove`.
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Path(client_id): Path<String>,
    submitted: Submitted,
) -> Response {
    let operator = &submitted.operator;
    match admin::forget_client(&app, &client_id).await {
        Ok(()) => {
            tracing::info!(
                operator = operator.name,
                client = client_id,
                "operator.removed_client"
            );
            see(PATH)
        }
        Err(error) => match refusal(error, &client_id, texts(operator.language)) {
            Ok(_) => see(PATH),
            Err(error) => error.respond(&app, operator.language),
        },
    }
}
