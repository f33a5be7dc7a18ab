//! People: the list, adding, and one person's page with its pairing link.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use std::sync::Arc;

use super::{
    devices::DeviceRow,
    guard::{SignedIn, Submitted},
    moments::Moment,
    texts::{fill, texts},
    view::{
        Frame, PageError, PageNumber, Paging, Said, Section, html, refusal, searched, see, segment,
    },
};
use crate::{
    administration::{
        Desk, invitations,
        views::{InvitationForm, NewInvitation, NewUser},
    },
    app::App,
    domain::Account,
    http::admin,
};

const PATH: &str = "/operator/people";

/// Which part of which list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    pub(super) q: String,
    pub(super) page: Option<String>,
}

#[derive(Template)]
#[template(path = "operator/people.html")]
struct PeoplePage {
    page: Frame,
    search: String,
    people: Vec<PersonRow>,
    paging: Paging,
    draft_login: String,
    draft_name: String,
}

#[derive(Template)]
#[template(path = "operator/person.html")]
struct PersonPage {
    page: Frame,
    person: PersonRow,
    link: Option<String>,
    devices: Vec<DeviceRow>,
    devices_address: String,
}

struct PersonRow {
    address: String,
    login_name: String,
    display_name: String,
    sub: String,
    test: bool,
    created: Moment,
}

impl PersonRow {
    fn of(account: Account) -> Self {
        Self {
            address: address(&account.login_name),
            login_name: account.login_name,
            display_name: account.display_name,
            sub: account.sub,
            test: account.test,
            created: Moment::of(account.created),
        }
    }
}

/// The page of one person.
pub(super) fn address(login_name: &str) -> String {
    format!("{PATH}/{}", segment(login_name))
}

fn desk(app: &App) -> Desk<'_> {
    Desk {
        store: &app.store,
        rng: app.rng(),
        now: app.now(),
    }
}

/// `GET /operator/people`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    operator: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Response {
    let language = operator.language;
    match people(&app, &operator, wanted, None, Default::default()).await {
        Ok(page) => html(StatusCode::OK, &page),
        Err(error) => error.respond(&app, language),
    }
}

async fn people(
    app: &App,
    operator: &SignedIn,
    wanted: Wanted,
    said: Option<Said>,
    (draft_login, draft_name): (String, String),
) -> Result<PeoplePage, PageError> {
    let address = searched(PATH, &wanted.q);
    let title = texts(operator.language).people;
    let page = Frame::of(app, operator, Section::People, title, &address);
    let number = PageNumber::parse(wanted.page.as_deref());
    let search = wanted.q.clone();
    let mut found = app
        .store
        .read_long(move |reader| reader.accounts_like(&search, number.slice()))
        .await?;
    let paging = number.cut(&mut found, &address);
    Ok(PeoplePage {
        page: page.saying(said),
        search: wanted.q,
        people: found.into_iter().map(PersonRow::of).collect(),
        paging,
        draft_login,
        draft_name,
    })
}

/// `POST /operator/people`: adds somebody.
pub(super) async fn add(State(app): State<Arc<App>>, submitted: Submitted) -> Response {
    let operator = &submitted.operator;
    let (login_name, display_name) = (
        submitted.value("login_name"),
        submitted.value("display_name"),
    );
    let new = NewUser {
        login_name: login_name.clone(),
        display_name: (!display_name.is_empty()).then(|| display_name.clone()),
        test: submitted.value("test") == "yes",
    };
    let result = async {
        let t = texts(operator.language);
        let (status, said, draft) = match desk(&app).add_user(new).await {
            Ok(user) => {
                tracing::info!(
                    operator = operator.name,
                    sub = user.sub,
                    "operator.added_person"
                );
                let said = Said::good(fill(t.added, &user.login_name));
                (StatusCode::OK, said, Default::default())
            }
            Err(error) => {
                let said = refusal(error, &login_name, t)?;
                let draft = (login_name, display_name);
                (StatusCode::UNPROCESSABLE_ENTITY, said, draft)
            }
        };
        let page = people(&app, operator, Wanted::default(), Some(said), draft).await?;
        Ok((status, page))
    };
    match result.await {
        Ok((status, page)) => html(status, &page),
        Err(error) => PageError::respond(&error, &app, operator.language),
    }
}

/// `GET /operator/people/{login_name}`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    operator: SignedIn,
    Path(login_name): Path<String>,
) -> Response {
    match person(&app, &operator, &login_name, None).await {
        Ok(page) => html(StatusCode::OK, &page),
        Err(error) => error.respond(&app, operator.language),
    }
}

async fn person(
    app: &App,
    operator: &SignedIn,
    login_name: &str,
    link: Option<String>,
) -> Result<PersonPage, PageError> {
    let t = texts(operator.language);
    let account = desk(app)
        .user(login_name)
        .await
        .map_err(|_| PageError::NotFound)?;
    let owner = account.id.clone();
    let devices = app
        .store
        .read(move |reader| reader.devices_of(&owner))
        .await?;
    let title = account.display_name.clone();
    let page = Frame::of(app, operator, Section::People, &title, &address(login_name));
    Ok(PersonPage {
        page,
        link,
        devices: devices
            .into_iter()
            .map(|device| DeviceRow::of(device, login_name.to_owned(), t))
            .collect(),
        devices_address: searched("/operator/devices", login_name),
        person: PersonRow::of(account),
    })
}

/// `POST /operator/people/{login_name}/invite`: a page that pairs a device, once.
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    Path(login_name): Path<String>,
    submitted: Submitted,
) -> Response {
    let operator = &submitted.operator;
    let result = async {
        let new = NewInvitation {
            user: login_name.clone(),
            page: true,
        };
        let view = invitations::invite(&app, &new)
            .await
            .map_err(|_| PageError::NotFound)?;
        let session = view.session;
        tracing::info!(
            operator = operator.name,
            session,
            "operator.issued_pairing_link"
        );
        let link = match view.form {
            InvitationForm::Page { url } => Some(url),
            InvitationForm::Code { .. } => None,
        };
        person(&app, operator, &login_name, link).await
    };
    match result.await {
        Ok(page) => html(StatusCode::OK, &page),
        Err(error) => error.respond(&app, operator.language),
    }
}

/// `POST /operator/people/{login_name}/remove`.
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Path(login_name): Path<String>,
    submitted: Submitted,
) -> Response {
    let operator = &submitted.operator;
    match admin::forget_user(&app, &login_name).await {
        Ok(account) => {
            tracing::info!(operator = operator.name, %account, "operator.removed_person");
            see(PATH)
        }
        Err(error) => match refusal(error, &login_name, texts(operator.language)) {
            Ok(_) => see(PATH),
            Err(error) => error.respond(&app, operator.language),
        },
    }
}
