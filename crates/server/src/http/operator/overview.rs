//! The first page: how many there are of everything, and how the server is.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

use super::{
    guard::SignedIn,
    moments::Moment,
    texts::texts,
    view::{Frame, PageError, Section, html},
};
use crate::{app::App, storage::Counts};

#[derive(Template)]
#[template(path = "operator/overview.html")]
struct Overview {
    page: Frame,
    counts: Counts,
    connected: usize,
    flows: Vec<(&'static str, u64)>,
    certificate: Option<CertificateView>,
    issuer: String,
    version: &'static str,
    fingerprint: String,
    token_keys: Vec<String>,
    operators: Vec<OperatorView>,
}

struct CertificateView {
    subject: String,
    until: Moment,
    good: bool,
}

struct OperatorView {
    name: String,
    since: Moment,
}

/// `GET /operator`.
pub(super) async fn show(State(app): State<Arc<App>>, operator: SignedIn) -> Response {
    let language = operator.language;
    match overview(&app, &operator).await {
        Ok(page) => html(StatusCode::OK, &page),
        Err(error) => error.respond(&app, language),
    }
}

async fn overview(app: &App, operator: &SignedIn) -> Result<Overview, PageError> {
    let t = texts(operator.language);
    let page = Frame::of(app, operator, Section::Overview, t.overview, "/operator");
    let now = app.now();
    let (counts, operators) = app
        .store
        .read_long(move |reader| Ok((reader.counts(now)?, reader.operators()?)))
        .await?;
    let flows = app.store.flow_statistics();
    let certificate = app.certificate.get().map(|renewal| {
        let material = renewal.material();
        CertificateView {
            subject: material.subject().to_owned(),
            until: Moment::of(material.until()),
            good: material.is_valid_at(now) && material.names(app.issuer.host()),
        }
    });
    Ok(Overview {
        page,
        counts,
        connected: *app.delivery.connected().borrow(),
        flows: vec![
            (t.stat_asked, flows.asked),
            (t.stat_silent, flows.silent),
            (t.stat_approved, flows.approved),
            (t.stat_denied, flows.denied),
            (t.stat_failed, flows.transfer_failed),
            (t.stat_withdrawn, flows.withdrawn),
            (t.stat_redeemed, flows.redeemed),
        ],
        certificate,
        issuer: app.issuer.as_str().to_owned(),
        version: env!("CARGO_PKG_VERSION"),
        fingerprint: app.keys.root.thumbprint().to_string(),
        token_keys: (app.keys.tokens.list().iter())
            .map(|key| format!("{} {}", key.alg.name(), key.kid))
            .collect(),
        operators: operators
            .into_iter()
            .map(|operator| OperatorView {
                name: operator.name,
                since: Moment::of(operator.since),
            })
            .collect(),
    })
}
