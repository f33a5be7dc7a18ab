//! What all pages have: the frame, messages, paging.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    ROWS,
    guard::SignedIn,
    texts::{Texts, fill, texts},
};
use crate::{
    administration::AdministrationError,
    app::App,
    delivery::device_info::Language,
    storage::{Slice, StoreError},
};

/// The entries of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    People,
    Devices,
    Clients,
    Requests,
    Log,
    /// Not in the menu.
    Outside,
}

/// Who looks, for forms and the header.
#[derive(Debug, Clone)]
pub(super) struct Viewer {
    pub(super) name: String,
    pub(super) csrf: String,
}

/// What came of something.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) words: String,
    pub(super) bad: bool,
}

impl Said {
    pub(super) fn good(words: String) -> Self {
        Self { words, bad: false }
    }

    pub(super) fn bad(words: String) -> Self {
        Self { words, bad: true }
    }
}

/// What surrounds the content of a page.
pub(super) struct Frame {
    pub(super) t: &'static Texts,
    pub(super) language: Language,
    pub(super) server: String,
    pub(super) title: String,
    pub(super) here: Section,
    /// The page's own address, for the switch of languages.
    address: String,
    pub(super) operator: Option<Viewer>,
    pub(super) said: Option<Said>,
}

impl Frame {
    /// Of a page for nobody in particular.
    pub(super) fn outside(app: &App, language: Language, title: &str, address: &str) -> Self {
        Self {
            t: texts(language),
            language,
            server: app.config.name.clone(),
            title: title.to_owned(),
            here: Section::Outside,
            address: address.to_owned(),
            operator: None,
            said: None,
        }
    }

    /// Of a page for an operator.
    pub(super) fn of(
        app: &App,
        operator: &SignedIn,
        here: Section,
        title: &str,
        address: &str,
    ) -> Self {
        Self {
            here,
            // EXPOSE: for the forms of the page.
            operator: Some(Viewer {
                name: operator.name.clone(),
                csrf: operator.csrf.expose().clone(),
            }),
            ..Self::outside(app, operator.language, title, address)
        }
    }

    pub(super) fn saying(mut self, said: Option<Said>) -> Self {
        self.said = said;
        self
    }

    pub(super) fn sections(&self) -> [(Section, &'static str, &'static str); 6] {
        [
            (Section::Overview, "/operator", self.t.overview),
            (Section::People, "/operator/people", self.t.people),
            (Section::Devices, "/operator/devices", self.t.devices),
            (Section::Clients, "/operator/clients", self.t.clients),
            (Section::Requests, "/operator/requests", self.t.requests),
            (Section::Log, "/operator/log", self.t.log),
        ]
    }

    #[expect(
        clippy::unused_self,
        reason = "templates call it on the frame that they have"
    )]
    pub(super) fn languages(&self) -> [(&'static str, &'static str); 2] {
        [("en", "English"), ("ja", "日本語")]
    }

    pub(super) fn language_address(&self, tag: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("to", tag)
            .append_pair("back", &self.address)
            .finish();
        format!("/operator/language?{query}")
    }
}

/// One page of a list, and its neighbours' addresses.
pub(super) struct Paging {
    pub(super) number: u32,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

/// Which page of a list is wanted, from 1 on.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageNumber(u32);

impl PageNumber {
    /// What a query says; anything else is the first.
    pub(super) fn parse(text: Option<&str>) -> Self {
        let number = text.and_then(|text| text.parse().ok()).unwrap_or(1);
        Self(u32::clamp(number, 1, 100_000))
    }

    /// The rows of the page, and one more that says whether there is another page.
    pub(super) fn slice(self) -> Slice {
        Slice {
            offset: (self.0 - 1) * ROWS,
            limit: ROWS + 1,
        }
    }

    /// Cuts off the one row more. `address` is the list's, with its query but without the page.
    pub(super) fn cut<T>(self, rows: &mut Vec<T>, address: &str) -> Paging {
        let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let separator = if address.contains('?') { '&' } else { '?' };
        let at = |number: u32| format!("{address}{separator}page={number}");
        Paging {
            number: self.0,
            previous: (self.0 > 1).then(|| at(self.0 - 1)),
            next: more.then(|| at(self.0 + 1)),
        }
    }
}

/// `path` with `q=search` if there is one.
pub(super) fn searched(path: &str, search: &str) -> String {
    if search.is_empty() {
        return path.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("q", search)
        .finish();
    format!("{path}?{query}")
}

/// `text` as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// The document of a template.
pub(super) fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (
            status,
            [(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            )],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "a page of the operator could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// After something was done: the page that shows it.
pub(super) fn see(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// Nothing but a sentence.
#[derive(Template)]
#[template(path = "operator/notice.html")]
struct Notice {
    page: Frame,
}

/// Why a page is not shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    #[error("there is no such thing")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the form was not sent from the session's own page")]
    Forged,
}

impl PageError {
    /// The page that says so.
    pub(super) fn respond(&self, app: &App, language: Language) -> Response {
        let t = texts(language);
        let (status, words) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, t.not_found),
            Self::Store(error) => {
                tracing::warn!(%error, "the store did not answer a page of the operator");
                (StatusCode::SERVICE_UNAVAILABLE, t.try_again)
            }
            Self::Forged => {
                tracing::warn!("operator.refused_form");
                (StatusCode::FORBIDDEN, t.refused_form)
            }
        };
        let page = Frame::outside(app, language, t.operator_view, "/operator")
            .saying(Some(Said::bad(words.to_owned())));
        html(status, &Notice { page })
    }
}

/// What an administrator's task about `name` refused, in the words of the page; its own trouble is an error.
///
/// # Errors
/// [`PageError`] if there is no such thing or the store does not answer.
pub(super) fn refusal(
    error: AdministrationError,
    name: &str,
    t: &Texts,
) -> Result<Said, PageError> {
    match error {
        AdministrationError::Invalid(_) => Ok(Said::bad(t.wrong_value.to_owned())),
        AdministrationError::Taken(_) => Ok(Said::bad(fill(t.taken, name))),
        AdministrationError::Unknown(_) => Err(PageError::NotFound),
        AdministrationError::Store(error) => Err(error.into()),
        AdministrationError::Rotation(_) => Ok(Said::bad(t.try_again.to_owned())),
    }
}
