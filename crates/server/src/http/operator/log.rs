//! The last lines of the log.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use std::sync::Arc;
use tracing::Level;

use super::{
    guard::SignedIn,
    texts::texts,
    view::{Frame, PageNumber, Paging, Section, html},
};
use crate::{app::App, log_memory};

/// Which part.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    level: Option<String>,
    page: Option<String>,
}

#[derive(Template)]
#[template(path = "operator/log.html")]
struct LogPage {
    page: Frame,
    levels: Vec<(&'static str, bool)>,
    lines: Vec<LogLine>,
    paging: Paging,
}

struct LogLine {
    text: String,
    class: &'static str,
}

const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

/// `GET /operator/log`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    operator: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Response {
    html(StatusCode::OK, &log(&app, &operator, &wanted))
}

fn log(app: &App, operator: &SignedIn, wanted: &Wanted) -> LogPage {
    let named = wanted.level.as_deref();
    let found = LEVELS.into_iter().find(|(name, _)| Some(*name) == named);
    let (name, level) = found.unwrap_or(("info", Level::INFO));
    let address = format!("/operator/log?level={name}");
    let title = texts(operator.language).log;
    let page = Frame::of(app, operator, Section::Log, title, &address);
    let number = PageNumber::parse(wanted.page.as_deref());
    let slice = number.slice();
    let size = |rows: u32| usize::try_from(rows).unwrap_or(usize::MAX);
    let mut lines = log_memory::recent(level, size(slice.offset), size(slice.limit));
    let paging = number.cut(&mut lines, &address);
    LogPage {
        page,
        levels: LEVELS.map(|(value, _)| (value, value == name)).to_vec(),
        lines: lines
            .into_iter()
            .map(|line| LogLine {
                class: if line.level <= Level::WARN { "bad" } else { "" },
                text: line.text,
            })
            .collect(),
        paging,
    }
}
