//! Requests: those that are open, all of them, and the way of one: asked, delivered, seen, decided, collected, called back.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use std::sync::Arc;
use tegata_protocol::{ConsentRequestId, UnixTime, ciba::TokenDeliveryMode};

use super::{
    clients,
    guard::SignedIn,
    moments::Moment,
    texts::{Texts, fill, texts},
    view::{Frame, PageError, PageNumber, Paging, Section, html, segment},
};
use crate::{
    app::App,
    domain::{BackchannelAuthentication, BackchannelAuthenticationState},
    storage::FlowRecord,
};

const PATH: &str = "/operator/requests";

/// Which part of which list.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    all: Option<String>,
    page: Option<String>,
}

#[derive(Template)]
#[template(path = "operator/requests.html")]
struct RequestsPage {
    page: Frame,
    all: bool,
    refresh: String,
    requests: Vec<RequestRow>,
    paging: Paging,
}

#[derive(Template)]
#[template(path = "operator/request.html")]
struct RequestPage {
    page: Frame,
    request: RequestRow,
    delivery: &'static str,
    expires: Moment,
    id: String,
    steps: Vec<Step>,
}

struct RequestRow {
    address: String,
    asked: Moment,
    client: String,
    person: String,
    state: &'static str,
    class: &'static str,
}

/// One thing that happened, or has not.
struct Step {
    words: String,
    at: Option<Moment>,
    /// What is said where there is no time.
    instead: String,
    class: &'static str,
}

impl Step {
    fn done(words: &str, at: UnixTime) -> Self {
        Self {
            words: words.to_owned(),
            at: Some(Moment::of(at)),
            instead: String::new(),
            class: "done",
        }
    }

    fn bad(words: &str, at: UnixTime) -> Self {
        Self {
            class: "bad",
            ..Self::done(words, at)
        }
    }

    fn without(words: &str, instead: String) -> Self {
        Self {
            words: words.to_owned(),
            at: None,
            instead,
            class: "",
        }
    }
}

impl RequestRow {
    fn of(record: &FlowRecord, now: UnixTime, t: &Texts) -> Self {
        let facts = &record.flow.facts;
        let (state, class) = state(&record.flow, now, t);
        let person = record.login_name.clone();
        Self {
            address: format!("{PATH}/{}", segment(facts.consent_request_id.as_str())),
            asked: Moment::of(facts.created),
            client: facts.client_id.as_str().to_owned(),
            person: person.unwrap_or_else(|| t.person_gone.to_owned()),
            state,
            class,
        }
    }
}

fn state(
    flow: &BackchannelAuthentication,
    now: UnixTime,
    t: &Texts,
) -> (&'static str, &'static str) {
    use BackchannelAuthenticationState as S;
    match &flow.state {
        S::Pending if flow.is_pending(now) => (t.state_pending, "open"),
        S::Pending => (t.state_expired, ""),
        S::Approved(_) => (t.state_approved, "good"),
        S::Denied { .. } => (t.state_denied, "bad"),
        S::TransferFailed { .. } => (t.state_failed, "bad"),
        S::Withdrawn { .. } => (t.state_withdrawn, ""),
        S::Redeemed { .. } => (t.state_redeemed, "good"),
    }
}

/// `GET /operator/requests`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    operator: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Response {
    let language = operator.language;
    match requests(&app, &operator, &wanted).await {
        Ok(page) => html(StatusCode::OK, &page),
        Err(error) => error.respond(&app, language),
    }
}

async fn requests(
    app: &App,
    operator: &SignedIn,
    wanted: &Wanted,
) -> Result<RequestsPage, PageError> {
    let t = texts(operator.language);
    let all = wanted.all.is_some();
    let address = if all {
        format!("{PATH}?all=yes")
    } else {
        PATH.to_owned()
    };
    let title = if all { t.requests } else { t.open_requests };
    let page = Frame::of(app, operator, Section::Requests, title, &address);
    let number = PageNumber::parse(wanted.page.as_deref());
    let now = app.now();
    let open_at = (!all).then_some(now);
    let mut found = app
        .store
        .read_long(move |reader| reader.newest_flows(open_at, number.slice()))
        .await?;
    let paging = number.cut(&mut found, &address);
    Ok(RequestsPage {
        page,
        all,
        refresh: address,
        requests: found
            .iter()
            .map(|record| RequestRow::of(record, now, t))
            .collect(),
        paging,
    })
}

/// `GET /operator/requests/{request_id}`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    operator: SignedIn,
    Path(request_id): Path<String>,
) -> Response {
    match request(&app, &operator, &request_id).await {
        Ok(page) => html(StatusCode::OK, &page),
        Err(error) => error.respond(&app, operator.language),
    }
}

async fn request(app: &App, operator: &SignedIn, id: &str) -> Result<RequestPage, PageError> {
    let id = ConsentRequestId::parse(id).map_err(|_| PageError::NotFound)?;
    let key = id.clone();
    let record = app
        .store
        .read(move |reader| reader.flow(&key))
        .await?
        .ok_or(PageError::NotFound)?;
    let (t, now) = (texts(operator.language), app.now());
    let row = RequestRow::of(&record, now, t);
    let page = Frame::of(app, operator, Section::Requests, t.request, &row.address);
    let facts = &record.flow.facts;
    Ok(RequestPage {
        page,
        delivery: clients::mode(facts.terms.delivery),
        expires: Moment::of(facts.expires),
        steps: steps(&record, app.delivery.delivered_at(&id), now, t),
        id: id.as_str().to_owned(),
        request: row,
    })
}

/// The way of a request.
fn steps(record: &FlowRecord, delivered: Option<UnixTime>, now: UnixTime, t: &Texts) -> Vec<Step> {
    use BackchannelAuthenticationState as S;
    let flow = &record.flow;
    let mut steps = vec![Step::done(t.asked, flow.facts.created)];
    let by_device = |how: &str| {
        let device = record.decided_by.as_ref().map_or("", |(_, name)| name);
        format!("{}: {device}", fill(t.decided_by, how))
    };
    if record.asked == 0 && record.decided_by.is_none() {
        steps.push(Step::without(t.delivered, t.nobody_disturbed.to_owned()));
    } else {
        let to = fill(t.to_devices, &record.asked.to_string());
        steps.push(match delivered {
            Some(at) => Step::done(&format!("{} ({to})", t.delivered), at),
            None => Step::without(t.delivered, format!("{} ({to})", t.delivered_not_noted)),
        });
        steps.push(match record.seen {
            Some(at) => Step::done(t.seen, at),
            None => Step::without(t.seen, t.not_seen.to_owned()),
        });
    }
    let mut collected = Step::without(t.collected, t.not_decided.to_owned());
    match &flow.state {
        S::Pending if flow.is_pending(now) => {
            steps.push(Step::without(t.decided, t.not_decided.to_owned()));
        }
        S::Pending => steps.push(Step::bad(t.closed_expired, flow.facts.expires)),
        S::Approved(approval) => steps.push(Step::done(&by_device(t.answered_yes), approval.at)),
        S::Denied { at, .. } => steps.push(Step::bad(&by_device(t.answered_no), *at)),
        S::TransferFailed { at } => steps.push(Step::bad(t.failed_code, *at)),
        S::Withdrawn { at, .. } => steps.push(Step::bad(t.withdrawn, *at)),
        S::Redeemed { approval, at } => {
            steps.push(Step::done(&by_device(t.answered_yes), approval.at));
            collected = Step::done(t.collected, *at);
        }
    }
    if matches!(flow.state, S::Approved(_) | S::Redeemed { .. }) {
        steps.push(collected);
    }
    if flow.facts.terms.delivery != TokenDeliveryMode::Poll && !flow.is_pending(now) {
        steps.push(Step::without(
            t.called_back,
            match record.callback_attempts {
                Some(attempts) => fill(t.called_back_waiting, &attempts.to_string()),
                None => t.called_back_done.to_owned(),
            },
        ));
    }
    steps
}
