//! One pairing and one request, from which all vectors are taken: whole and good, to be spoilt in one place each.
//!
//! Messages that are already frozen are read back, so that files go on naming each other's hashes.

use super::{Area, Input, keys::TestKeys, read_vector};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tegata_protocol::{
    Sha256Digest, Thumbprint, UnixTime,
    bytes::encode_b64u,
    device::{
        decision::DecisionDetail,
        invitation::InvitationCode,
        pairing::{derive_registration_challenge, sign_countersignature},
        typ,
    },
    jws,
    webauthn::{
        CredentialRole, ExpectedAssertion, ExpectedRegistration, make_assertion, make_registration,
    },
};

pub(super) const ISSUER: &str = "https://id.example";
pub(super) const RP_ID: &str = "tegata.id.example";
pub(super) const ORIGIN: &str = "https://tegata.id.example";
pub(super) const CODE: &str = "7K3M9QRTXW2C";
pub(super) const DEVICE: &str = "dev-4Zt1hQ";
pub(super) const ACCOUNT: &str = "acc-9fK2mX";
pub(super) const REQUEST: &str = "req-X7c0Vb";
pub(super) const CLIENT: &str = "harbour-kiosk";
/// 2027-01-15T08:00:00Z.
pub(super) const NOW: i64 = 1_800_000_000;

/// The good messages.
pub(super) struct World<'a> {
    pub(super) keys: &'a TestKeys,
    dir: PathBuf,
    pub(super) offer: String,
    pub(super) reveal: String,
    pub(super) pairing_receipt: String,
    pub(super) countersignature: String,
    /// Asks for a transfer code.
    pub(super) prompt: String,
    pub(super) approve: Value,
    pub(super) deny: Value,
    pub(super) receipt: String,
    pub(super) deny_receipt: String,
    pub(super) metadata: Value,
}

/// A 32-byte value that anybody can compute again.
pub(super) fn nonce(name: &str) -> Sha256Digest {
    Sha256Digest::of(format!("tegata vectors: {name}").as_bytes())
}

impl<'a> World<'a> {
    pub(super) fn new(keys: &'a TestKeys, dir: &Path) -> Self {
        let mut world = Self {
            keys,
            dir: dir.to_owned(),
            offer: String::new(),
            reveal: String::new(),
            pairing_receipt: String::new(),
            countersignature: String::new(),
            prompt: String::new(),
            approve: Value::Null,
            deny: Value::Null,
            receipt: String::new(),
            deny_receipt: String::new(),
            metadata: Value::Null,
        };
        world.metadata = world.frozen_json(Area::Metadata, "valid", |w| {
            w.metadata_response(&w.metadata_payload())
        });
        world.offer = world.frozen(Area::Offer, "valid", |w| {
            jws::sign(w.keys.key("receipt"), typ::OFFER, &Self::offer_payload())
        });
        world.reveal = world.frozen(Area::Reveal, "valid", |w| {
            jws::sign(w.keys.key("receipt"), typ::REVEAL, &w.reveal_payload())
        });
        world.pairing_receipt = world.frozen(Area::Receipt, "pairing", |w| {
            let payload = w.pairing_receipt_payload();
            jws::sign(w.keys.key("receipt"), typ::PAIRING_RECEIPT, &payload)
        });
        world.countersignature = world.frozen(Area::Receipt, "countersignature", |w| {
            let device = serde_json::from_value(json!(DEVICE)).expect("a device id");
            sign_countersignature(w.keys.key("possession"), &device, &w.pairing_receipt)
        });
        world.prompt = world.frozen(Area::Prompt, "sign_in_with_code", |w| {
            jws::sign(w.keys.key("prompt"), typ::PROMPT, &Self::prompt_payload())
        });
        world.approve = world.frozen_json(Area::Decision, "approve", |w| {
            w.decision_body(&w.approve_detail(), "approval", 1)
        });
        world.deny = world.frozen_json(Area::Decision, "deny", |w| {
            w.decision_body(&w.deny_detail(), "possession", 1)
        });
        world.receipt = world.frozen(Area::Receipt, "consent_approve", |w| {
            w.sign_receipt(&w.receipt_payload(&w.approve, "approval"))
        });
        world.deny_receipt = world.frozen(Area::Receipt, "consent_deny", |w| {
            w.sign_receipt(&w.receipt_payload(&w.deny, "possession"))
        });
        world
    }

    fn frozen(&self, area: Area, name: &str, make: impl FnOnce(&Self) -> String) -> String {
        let path = self.dir.join(area.folder()).join(format!("{name}.json"));
        match read_vector(&path).map(|vector| vector.input) {
            Ok(Input::Text(text)) => text,
            _ => make(self),
        }
    }

    fn frozen_json(&self, area: Area, name: &str, make: impl FnOnce(&Self) -> Value) -> Value {
        let text = self.frozen(area, name, |w| make(w).to_string());
        serde_json::from_str(&text).expect("a frozen message is JSON")
    }

    pub(super) fn thumbprint(&self, name: &str) -> Thumbprint {
        self.keys.thumbprint(name)
    }

    pub(super) fn metadata_payload(&self) -> Value {
        let endpoint = |name: &str| format!("{ISSUER}/device/v1/{name}");
        let key = |name: &str| json!({ "jwk": self.keys.public(name), "nbf": NOW - 86_400, "exp": NOW + 31_536_000 });
        json!({
            "v": 1, "iss": ISSUER, "seq": 7, "iat": NOW - 3600, "exp": NOW + 604_800,
            "name": "Example ID", "rp_id": RP_ID, "origin": ORIGIN,
            "endpoints": {
                "redeem": endpoint("invitations/redeem"), "pairings": endpoint("pairings"),
                "confirm": endpoint("confirm"), "connect": endpoint("connect"),
                "pending": endpoint("pending"), "decisions": endpoint("decisions"),
                "seen": endpoint("seen"), "receipts": endpoint("receipts"),
            },
            "prompt_keys": [key("prompt")],
            "receipt_keys": [key("receipt")],
            "capabilities": { "kinds": ["sign_in", "grant", "test"], "delivery": ["websocket", "pending"] },
            "limits": { "pending_per_account": 5, "transfer_tries": 3 },
        })
    }

    pub(super) fn metadata_response(&self, payload: &Value) -> Value {
        let root = self.keys.key("root");
        json!({ "metadata_jws": jws::sign(root, typ::METADATA, payload), "root": root.public() })
    }

    pub(super) fn offer_payload() -> Value {
        let code = InvitationCode::parse(CODE).expect("the code is good");
        json!({
            "v": 1, "iss": ISSUER, "jti": "pair-Qm81aa", "invitation": code.digest(),
            "account": { "id": ACCOUNT, "name": "mika@id.example" },
            "commitment": Sha256Digest::of(&nonce("server").0), "iat": NOW, "exp": NOW + 300,
        })
    }

    pub(super) fn reveal_payload(&self) -> Value {
        json!({
            "v": 1, "iss": ISSUER, "offer": jws::hash(&self.offer), "server_nonce": nonce("server"),
            "device": DEVICE, "approval": self.thumbprint("approval"),
            "possession": self.thumbprint("possession"), "iat": NOW + 2,
        })
    }

    pub(super) fn pairing_receipt_payload(&self) -> Value {
        json!({
            "v": 1, "iss": ISSUER, "sub": ACCOUNT, "device": DEVICE, "offer": jws::hash(&self.offer),
            "approval": self.keys.public("approval"), "possession": self.keys.public("possession"),
            "key": "software_pin", "confirmed_by": "administrator", "iat": NOW + 30,
        })
    }

    /// Challenge of the registration in `role`: the approval key first, the possession key over it.
    pub(super) fn registration_challenge(&self, role: CredentialRole) -> Sha256Digest {
        let before = [self.thumbprint("approval")];
        let registered: &[Thumbprint] = match role {
            CredentialRole::Approval => &[],
            CredentialRole::Possession => &before,
        };
        derive_registration_challenge(&self.offer, nonce("device"), role, registered)
    }

    pub(super) fn registration(&self, name: &str, role: CredentialRole) -> Value {
        let expected = ExpectedRegistration {
            challenge: self.registration_challenge(role),
            rp_id: RP_ID,
            origin: ORIGIN,
            role,
        };
        let made = make_registration(self.keys.key(name), &expected);
        serde_json::to_value(made).expect("a registration is JSON")
    }

    pub(super) fn prompt_payload() -> Value {
        json!({
            "v": 1, "iss": ISSUER, "aud": DEVICE, "sub": ACCOUNT, "jti": REQUEST,
            "iat": NOW + 100, "exp": NOW + 220, "nonce": nonce("prompt"), "kind": "sign_in",
            "locale": "en",
            "client": {
                "id": CLIENT, "name": "Harbour library kiosk", "registered_by": "operator",
                "since": NOW - 8_640_000, "confidential": true,
            },
            "scopes": [{ "name": "openid", "description": "Who you are" }],
            "claims": ["sub"],
            "acr": "urn:tegata:acr:software-pin",
            "access_token_lifetime": 600,
            "context": {
                "observed": { "time": NOW + 99, "first_request": false },
                "claimed": { "place": "Reading room, ground floor" },
            },
            "transfer": { "kind": "code", "alphabet": "digits", "length": 6 },
            "require": { "key": "software_pin" },
        })
    }

    fn detail(&self, name: &str) -> Value {
        json!({
            "typ": "tegata.decision", "v": 1, "iss": ISSUER, "device": DEVICE, "request": REQUEST,
            "prompt": jws::hash(&self.prompt), "nonce": nonce("prompt"),
            "credential": self.thumbprint(name),
        })
    }

    pub(super) fn approve_detail(&self) -> Value {
        let mut detail = self.detail("approval");
        detail["decision"] = json!("approve");
        detail["view"] = json!({
            "app": "tegata/0.1.0", "locale": "en", "layout": "sign_in/1", "notices": [],
        });
        detail["transfer"] = json!("481920");
        detail
    }

    pub(super) fn deny_detail(&self) -> Value {
        let mut detail = self.detail("possession");
        detail["decision"] = json!("deny");
        detail["reason"] = json!("changed_mind");
        detail
    }

    /// The whole body, signed by `name` in the role that the verdict asks for.
    pub(super) fn decision_body(&self, detail: &Value, name: &str, counter: u32) -> Value {
        let parsed: DecisionDetail = serde_json::from_value(detail.clone()).expect("a good detail");
        let expected = ExpectedAssertion {
            challenge: parsed.challenge(),
            rp_id: RP_ID,
            origin: ORIGIN,
            role: parsed.decision.verdict().role(),
        };
        let assertion = make_assertion(self.keys.key(name), &expected, counter);
        json!({ "v": 1, "detail": detail, "assertion": assertion })
    }

    pub(super) fn receipt_payload(&self, body: &Value, name: &str) -> Value {
        let mut payload = json!({
            "v": 1, "iss": ISSUER, "request": REQUEST, "prompt": jws::hash(&self.prompt),
            "detail": body["detail"], "credential": self.keys.public(name),
            "assertion": body["assertion"], "committed_at": NOW + 130,
        });
        if name == "approval" {
            payload["acr"] = json!("urn:tegata:acr:software-pin");
            payload["amr"] = json!(["pin", "swk", "user"]);
        }
        payload
    }

    pub(super) fn sign_receipt(&self, payload: &Value) -> String {
        jws::sign(self.keys.key("receipt"), typ::RECEIPT, payload)
    }

    pub(super) fn client_receipt_payload(&self) -> Value {
        json!({
            "v": 1, "iss": ISSUER, "aud": CLIENT, "sub": "b1f6c0a7", "decision": "approve",
            "scope": "openid", "acr": "urn:tegata:acr:software-pin", "amr": ["pin", "swk", "user"],
            "auth_time": NOW + 130, "evidence": jws::hash(&self.receipt),
        })
    }

    pub(super) fn now() -> UnixTime {
        UnixTime(NOW)
    }
}

/// A compact JWS with any header and any payload, signed by `key` as if both were good.
pub(super) fn compact(key: &tegata_protocol::SigningKey, header: &str, payload: &str) -> String {
    let signed = format!(
        "{}.{}",
        encode_b64u(header.as_bytes()),
        encode_b64u(payload.as_bytes())
    );
    let signature = encode_b64u(&key.sign_fixed(signed.as_bytes()));
    format!("{signed}.{signature}")
}
