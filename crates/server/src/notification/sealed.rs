//! What must be known again when a client is told: its token, and the id that is otherwise kept as a hash.

use serde::{Deserialize, Serialize};
use tegata_protocol::{AuthReqId, Secret};
use zeroize::Zeroizing;

use crate::{
    app::App,
    domain::{Delivery, FlowSeq},
    sealing::Purpose,
    storage::ops::NewNotification,
};

/// The sealed text, as JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Addressed {
    pub(super) auth_req_id: AuthReqId,
    pub(super) client_notification_token: Secret<String>,
}

/// What to store so that the client of a new request can be told of its result; `None` for poll clients.
pub(crate) fn seal(
    app: &App,
    delivery: &Delivery,
    seq: FlowSeq,
    auth_req_id: &AuthReqId,
    token: Option<&Secret<String>>,
) -> Option<NewNotification> {
    let (endpoint, token) = (delivery.endpoint()?, token?);
    let addressed = Addressed {
        auth_req_id: auth_req_id.clone(),
        client_notification_token: token.clone(),
    };
    let text = Zeroizing::new(serde_json::to_vec(&addressed).expect("strings serialize"));
    let key = app.keys.notification();
    Some(NewNotification {
        endpoint: endpoint.to_owned(),
        sealed: key.seal(Purpose::Notification, seq, &text, app.rng()),
    })
}

pub(super) fn open(app: &App, seq: FlowSeq, sealed: &[u8]) -> Option<Addressed> {
    let text = app
        .keys
        .notification()
        .open(Purpose::Notification, seq, sealed)?;
    serde_json::from_slice(&text).ok()
}
