//! What the scripted server answers a device that manages: devices, an addition, grants, tests.

use super::{ORIGIN, RP_ID, START, State, TestServer, answer, problem};
use crate::ports::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tegata_protocol::{
    DeviceId, PublicKey, UnixTime,
    device::{
        decision::Verdict,
        management::{
            AddingState, ConsentRevoke, DeviceAdd, DeviceConfirm, DeviceGrade, DeviceKey,
            DeviceRemove, DeviceRename, Grant, InvitationRequest, ListedDevice, SubjectDevice,
            derive_approval_key_challenge,
        },
        metadata::Endpoints,
        problem::{Problem, ProblemCode},
        prompt::{Prompt, PromptKind},
        receipt::{evidence_hash, parse_receipt},
    },
    webauthn::{CredentialRole, ExpectedRegistration, verify_registration},
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
    /// When the approval key was replaced last.
    pub(crate) replaced_at: Option<UnixTime>,
    /// Of the approval key.
    pub(crate) counter: u32,
    /// The other device may manage others.
    pub(crate) graded: bool,
    /// A receipt key beside the server's own.
    pub(crate) receipt_key: Option<PublicKey>,
    /// Keys that were asked about.
    asked_keys: Vec<PublicKey>,
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

impl State {
    /// What an approval does, in its commit.
    pub(super) fn carry_out(&mut self, prompt: &Prompt, now: UnixTime) {
        let names = |named: &Option<String>, key: &PublicKey| {
            named.as_deref() == Some(key.thumbprint().to_string().as_str())
        };
        match (prompt.kind, &prompt.device) {
            (PromptKind::DeviceGrade, _) => self.managed.graded = true,
            (PromptKind::DeviceKey, Some(asked)) => {
                let (old, possession) = self.keys.unwrap();
                let mut keys = self.managed.asked_keys.iter();
                let new = *keys.find(|key| names(&asked.new_key, key)).unwrap();
                if names(&asked.old_key, &old) {
                    self.keys = Some((new, possession));
                    self.pairing_receipt = None;
                    self.countersigned = false;
                    self.managed.replaced_at = Some(now);
                    self.managed.counter = 0;
                }
            }
            _ => {}
        }
    }
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
        endpoints.device_key = at("devices/key");
        endpoints.device_grade = at("devices/grade");
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
            "devices/key" => self.replace_key(&read(request)),
            "devices/grade" => self.grade(&read(request)),
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
        let managed = &self.state.lock().unwrap().managed;
        let other = ListedDevice {
            may_manage_from: (!managed.graded).then_some(START.plus(86_400)),
            ..one("device-2", "Old phone")
        };
        let devices = [one("device-1", &managed.own_name), other];
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

    fn replace_key(&self, body: &DeviceKey) -> HttpResponse {
        let old = self.state.lock().unwrap().keys.unwrap().0.thumbprint();
        let expected = ExpectedRegistration {
            challenge: derive_approval_key_challenge(&self.issuer, &id("device-1"), old),
            rp_id: RP_ID,
            origin: ORIGIN,
            role: CredentialRole::Approval,
        };
        let new = match verify_registration(&body.approval, &expected) {
            Ok(verified) if verified.public_key.thumbprint() != old => verified.public_key,
            _ => return problem(&Problem::new(ProblemCode::AssertionInvalid)),
        };
        let number = {
            let keys = &mut self.state.lock().unwrap().managed.asked_keys;
            keys.push(new);
            keys.len()
        };
        let device = SubjectDevice {
            old_key: Some(old.to_string()),
            new_key: Some(new.thumbprint().to_string()),
            ..SubjectDevice::default()
        };
        self.ask(
            &format!("key-{number}"),
            PromptKind::DeviceKey,
            Some(device),
        )
    }

    fn grade(&self, body: &DeviceGrade) -> HttpResponse {
        if body.device != id("device-2") {
            return problem(&Problem::new(ProblemCode::NotFound));
        }
        let device = SubjectDevice {
            id: Some(body.device.clone()),
            name: Some("Old phone".into()),
            ..SubjectDevice::default()
        };
        self.ask("grade-1", PromptKind::DeviceGrade, Some(device))
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
