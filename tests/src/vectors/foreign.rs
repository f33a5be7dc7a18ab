//! webauthn-rs-core as a second opinion on assertions, decisions and registrations. The ceremony state is built by hand,
//! because the challenge is derived from what is signed and never drawn.

use super::{
    Area, Input,
    check::{CeremonyContext, DecisionContext, context},
    keys::TestKeys,
};
use serde_json::{Value, json};
use std::time::Duration;
use tegata_protocol::{
    Sha256Digest, SigningKey, jcs,
    webauthn::{CredentialRole, ExpectedRegistration, make_registration},
};
use webauthn_rs_core::{
    WebauthnCore,
    proto::{AuthenticationState, Credential, RegistrationState},
};
use webauthn_rs_proto::{PublicKeyCredential, RegisterPublicKeyCredential};

/// Its name in `refused_by`.
pub const NAME: &str = "webauthn-rs";

/// Whether webauthn-rs-core refuses the message; `None` for areas that it has nothing to do with.
///
/// # Panics
/// If a vector's context is not what its area takes.
pub fn refuses(area: Area, input: &Input, context: &Value, keys: &TestKeys) -> Option<bool> {
    let body: Option<Value> = serde_json::from_slice(input.bytes()).ok();
    match area {
        Area::Assertion => {
            let c: CeremonyContext = self::context(context);
            let key = keys.key(c.key.as_deref().unwrap_or_default());
            Some(body.is_none_or(|body| !authenticates(&body, key, &c)))
        }
        Area::Decision => {
            let c: DecisionContext = self::context(context);
            Some(body.is_none_or(|body| !decides(&body, &c, keys)))
        }
        Area::Registration => {
            let c: CeremonyContext = self::context(context);
            Some(body.is_none_or(|body| register(&body, &c).is_none()))
        }
        _ => None,
    }
}

/// The part of a decision's check that a FIDO2 library does: the key by the verdict, the challenge from the detail.
fn decides(body: &Value, c: &DecisionContext, keys: &TestKeys) -> bool {
    let detail = &body["detail"];
    let (role, name) = match detail["decision"].as_str() {
        Some("approve") => (CredentialRole::Approval, &c.approval),
        _ => (CredentialRole::Possession, &c.possession),
    };
    let ceremony = CeremonyContext {
        key: None,
        challenge: jcs::derive_challenge(detail),
        rp_id: c.rp_id.clone(),
        origin: c.origin.clone(),
        role,
    };
    authenticates(&body["assertion"], keys.key(name), &ceremony)
}

fn core(c: &CeremonyContext) -> WebauthnCore {
    let origin = url::Url::parse(&c.origin).expect("a context has a good origin");
    WebauthnCore::new_unsafe_experts_only(
        "vectors",
        &c.rp_id,
        vec![origin],
        Duration::from_mins(5),
        None,
        None,
    )
}

fn policy(role: CredentialRole) -> &'static str {
    match role {
        CredentialRole::Approval => "required",
        CredentialRole::Possession => "discouraged",
    }
}

fn register(body: &Value, c: &CeremonyContext) -> Option<Credential> {
    let state: RegistrationState = serde_json::from_value(json!({
        "policy": policy(c.role),
        "exclude_credentials": [],
        "challenge": c.challenge,
        "credential_algorithms": ["ES256"],
        "require_resident_key": false,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": true,
    }))
    .expect("the state is as webauthn-rs-core writes it");
    let response: RegisterPublicKeyCredential = serde_json::from_value(body.clone()).ok()?;
    core(c).register_credential(&response, &state, None).ok()
}

fn authenticates(body: &Value, key: &SigningKey, c: &CeremonyContext) -> bool {
    let enrolment = CeremonyContext {
        key: None,
        challenge: Sha256Digest::of(b"enrolment"),
        rp_id: c.rp_id.clone(),
        origin: c.origin.clone(),
        role: c.role,
    };
    let expected = ExpectedRegistration {
        challenge: enrolment.challenge,
        rp_id: &c.rp_id,
        origin: &c.origin,
        role: c.role,
    };
    let registration =
        serde_json::to_value(make_registration(key, &expected)).expect("a registration is JSON");
    let credential = register(&registration, &enrolment).expect("a good registration is accepted");
    let state: AuthenticationState = serde_json::from_value(json!({
        "credentials": [credential],
        "policy": policy(c.role),
        "challenge": c.challenge,
        "appid": null,
        "allow_backup_eligible_upgrade": false,
    }))
    .expect("the state is as webauthn-rs-core writes it");
    serde_json::from_value::<PublicKeyCredential>(body.clone())
        .is_ok_and(|response| core(c).authenticate_credential(&response, &state).is_ok())
}
