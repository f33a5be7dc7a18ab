//! What the scripted server answers a device that manages: devices, an addition, grants, tests.

use super::{START, TestServer, answer, problem};
use crate::ports::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tegata_protocol::{
    DeviceId,
    device::{
        decision::Verdict,
        management::{
            AddingState, ConsentRevoke, DeviceAdd, DeviceConfirm, DeviceRemove, DeviceRename,
            Grant, InvitationRequest, ListedDevice, SubjectDevice,
        },
        metadata::Endpoints,
        problem::{Problem, ProblemCode},
        prompt::{Prompt, PromptKind},
        receipt::{evidence_hash, parse_receipt},
    },
};

/// The digits that the other device shows.
pub(crate) const DIGITS: &str = "123456";

/// What there is to manage.
#[derive(Default)]
pub(crate) struct Managed {
    /// Metadata names none of the endpoints.
    pub(crate) bare: bool,
    pub(crate) revoked: bool,
    pub(crate) grants: Vec<Grant>,
    pub(crate) collected: Option<bool>,
    pub(crate) own_name: String,
    moving: bool,
    invited: bool,
    tries: u32,
}

fn read<T: DeserializeOwned>(request: &HttpRequest) -> T {
    serde_json::from_slice(&request.body).unwrap()
}

pub(crate) fn id(text: &str) -> DeviceId {
    DeviceId::parse(text).unwrap()
}

pub(crate) fn grant(request: &str) -> Grant {
    serde_json::from_value(json!({
        "id": request,
        "client": { "id": "kiosk", "name": "Kiosk", "registered_by": "operator", "since": START,
            "confidential": true },
        "scopes": [{ "name": "read", "description": "Read your letters" }],
        "granted_at": START, "expires_at": START.plus(3600), "renewable": true,
    }))
    .unwrap()
}

impl TestServer {
    pub(super) fn with_management(&self, mut endpoints: Endpoints) -> Endpoints {
        if self.state.lock().unwrap().managed.bare {
            return endpoints;
        }
        let at = |path: &str| Some(format!("{}/device/v1/{path}", self.issuer));
        endpoints.pair_start = Some(format!("{}/pair/start", self.issuer));
        endpoints.devices = at("devices");
        endpoints.device_rename = at("devices/rename");
        endpoints.device_remove = at("devices/remove");
        endpoints.device_add = at("devices/add");
        endpoints.device_invitation = at("devices/invitation");
        endpoints.device_confirm = at("devices/digits");
        endpoints.consents = at("consents");
        endpoints.consent_revoke = at("consents/revoke");
        endpoints.test = at("test");
        endpoints
    }

    /// The other device goes on.
    pub(crate) fn other_device(&self, state: AddingState) {
        self.adding.send_replace(state);
    }

    pub(crate) fn registered(&self) {
        self.other_device(AddingState::Registered {
            device_name: "New phone".into(),
            tries_left: 3,
        });
    }

    /// Whether an answer to this is held: the device knows how it stands.
    pub(super) fn holds(&self, request: &HttpRequest) -> bool {
        if !request.url.ends_with("/devices/digits") || self.state.lock().unwrap().managed.revoked {
            return false;
        }
        let body: DeviceConfirm = read(request);
        let state = json!(*self.adding.borrow());
        body.digits.is_none() && body.known.is_some_and(|known| state["state"] == known)
    }

    pub(super) fn manage(&self, path: &str, request: &HttpRequest) -> HttpResponse {
        match path {
            "devices" => self.list(),
            "devices/rename" => {
                let body: DeviceRename = read(request);
                self.state.lock().unwrap().managed.own_name = body.name;
                self.list()
            }
            "devices/remove" => self.remove(&read(request)),
            "devices/add" => {
                let body: DeviceAdd = read(request);
                self.state.lock().unwrap().managed.moving = body.moving;
                let device = SubjectDevice {
                    moving: body.moving,
                    ..SubjectDevice::default()
                };
                self.ask("add-1", PromptKind::DeviceAdd, Some(device))
            }
            "devices/invitation" => self.invite(&read(request)),
            "devices/digits" => self.digits(&read(request)),
            "consents" => self.grants(),
            "consents/revoke" => {
                let body: ConsentRevoke = read(request);
                let mut state = self.state.lock().unwrap();
                state
                    .managed
                    .grants
                    .retain(|grant| grant.id != body.consent);
                drop(state);
                self.grants()
            }
            "test" => self.ask("test-1", PromptKind::Test, None),
            _ => answer(200, &json!({})),
        }
    }

    fn list(&self) -> HttpResponse {
        let one = |device: &str, name: &str| ListedDevice {
            id: id(device),
            name: name.to_owned(),
            platform: "Linux, tegata/test".into(),
            paired_at: START,
            last_seen: Some(START),
            may_manage_from: None,
        };
        let own = self.state.lock().unwrap().managed.own_name.clone();
        let devices = [one("device-1", &own), one("device-2", "Old phone")];
        answer(200, &json!({ "devices": devices }))
    }

    fn remove(&self, body: &DeviceRemove) -> HttpResponse {
        if body.device == id("device-1") {
            self.state.lock().unwrap().managed.revoked = true;
            return answer(200, &json!({}));
        }
        let device = SubjectDevice {
            id: Some(body.device.clone()),
            name: Some("Old phone".into()),
            ..SubjectDevice::default()
        };
        self.ask("remove-1", PromptKind::DeviceRemove, Some(device))
    }

    fn ask(&self, request: &str, kind: PromptKind, device: Option<SubjectDevice>) -> HttpResponse {
        let prompt = Prompt {
            kind,
            device,
            ..self.prompt(request, false)
        };
        self.push(&prompt);
        answer(200, &json!({ "request": request }))
    }

    fn invite(&self, body: &InvitationRequest) -> HttpResponse {
        let approved = self.has_approved(body);
        let managed = &mut self.state.lock().unwrap().managed;
        if !approved {
            return problem(&Problem::new(ProblemCode::NotFound));
        }
        if std::mem::replace(&mut managed.invited, true) {
            return problem(&Problem::new(ProblemCode::InvitationUsed));
        }
        managed.tries = 3;
        let invitation: Value = json!({
            "link": self.link(), "code": self.code.expose_grouped(), "expires_in": 300,
        });
        answer(200, &invitation)
    }

    fn has_approved(&self, body: &InvitationRequest) -> bool {
        let keys = [*self.key.public()];
        let state = self.state.lock().unwrap();
        let mut receipts = state.receipts.iter().filter(|(of, _)| *of == body.request);
        receipts.any(|(_, text)| {
            let receipt = parse_receipt(text, &keys).unwrap();
            receipt.detail.decision.verdict() == Verdict::Approve
                && evidence_hash(text) == body.receipt
        })
    }

    fn digits(&self, body: &DeviceConfirm) -> HttpResponse {
        if let Some(digits) = &body.digits {
            let managed = &mut self.state.lock().unwrap().managed;
            managed.tries -= 1;
            let device_name = "New phone".to_owned();
            if digits == DIGITS {
                managed.revoked = managed.moving;
                self.other_device(AddingState::Confirmed { device_name });
            } else if managed.tries == 0 {
                self.other_device(AddingState::Ended { failed: true });
            } else {
                self.other_device(AddingState::Registered {
                    device_name,
                    tries_left: managed.tries,
                });
            }
        }
        answer(200, &json!(*self.adding.borrow()))
    }

    fn grants(&self) -> HttpResponse {
        let grants = self.state.lock().unwrap().managed.grants.clone();
        answer(200, &json!({ "consents": grants }))
    }
}
