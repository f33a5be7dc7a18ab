//! Devices: the list, and revoking.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use std::sync::Arc;
use tegata_protocol::DeviceId;

use super::{
    guard::{SignedIn, Submitted},
    moments::Moment,
    people::{self, Wanted},
    texts::{Texts, texts},
    view::{Frame, PageError, PageNumber, Paging, Section, html, searched, see, segment},
};
use crate::{
    app::App, domain::PairedDevice, http::device as device_gateway,
    storage::ops::RevokeDeviceOutcome,
};

const PATH: &str = "/operator/devices";

#[derive(Template)]
#[template(path = "operator/devices.html")]
struct DevicesPage {
    page: Frame,
    search: String,
    devices: Vec<DeviceRow>,
    paging: Paging,
}

/// A device as lists show it.
pub(super) struct DeviceRow {
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) owner_address: String,
    pub(super) revoke_address: String,
    pub(super) active: bool,
    pub(super) state: &'static str,
    pub(super) class: &'static str,
    pub(super) paired: Moment,
    pub(super) last_seen: Option<Moment>,
}

impl DeviceRow {
    pub(super) fn of(device: PairedDevice, owner: String, t: &Texts) -> Self {
        let (state, class) = match (device.is_active(), device.suspect) {
            (false, _) => (t.state_revoked, ""),
            (true, true) => (t.state_suspect, "bad"),
            (true, false) => (t.state_active, "good"),
        };
        Self {
            owner_address: people::address(&owner),
            revoke_address: format!("{PATH}/{}/revoke", segment(device.id.as_str())),
            owner,
            active: device.is_active(),
            state,
            class,
            paired: Moment::of(device.paired_at),
            last_seen: device.last_seen.map(Moment::of),
            name: device.registration.device_name,
        }
    }
}

/// `GET /operator/devices`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    operator: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Response {
    let language = operator.language;
    match devices(&app, &operator, wanted).await {
        Ok(page) => html(StatusCode::OK, &page),
        Err(error) => error.respond(&app, language),
    }
}

async fn devices(app: &App, operator: &SignedIn, wanted: Wanted) -> Result<DevicesPage, PageError> {
    let t = texts(operator.language);
    let address = searched(PATH, &wanted.q);
    let page = Frame::of(app, operator, Section::Devices, t.devices, &address);
    let number = PageNumber::parse(wanted.page.as_deref());
    let search = wanted.q.clone();
    let mut found = app
        .store
        .read_long(move |reader| reader.devices_like(&search, number.slice()))
        .await?;
    let paging = number.cut(&mut found, &address);
    let rows = found
        .into_iter()
        .map(|(device, owner)| DeviceRow::of(device, owner, t));
    Ok(DevicesPage {
        page,
        search: wanted.q,
        devices: rows.collect(),
        paging,
    })
}

/// `POST /operator/devices/{device_id}/revoke`.
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    Path(device_id): Path<String>,
    submitted: Submitted,
) -> Response {
    let operator = &submitted.operator;
    let result = async {
        let device = DeviceId::parse(&device_id).map_err(|_| PageError::NotFound)?;
        match device_gateway::revoke_device(&app, device.clone()).await? {
            RevokeDeviceOutcome::Revoked | RevokeDeviceOutcome::AlreadyRevoked => {
                tracing::info!(operator = operator.name, %device, "operator.revoked_device");
                Ok(see(PATH))
            }
            RevokeDeviceOutcome::Unknown => Err(PageError::NotFound),
        }
    };
    result
        .await
        .unwrap_or_else(|error: PageError| error.respond(&app, operator.language))
}
