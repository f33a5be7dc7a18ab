//! What authentication requests carry: parameters, request objects, hints, authorization details.

use axum::http::HeaderValue;
use serde_json::Value;
use std::sync::LazyLock;
use tegata_protocol::{
    ClientId, Secret, Sha256Digest, SigningKey, SystemRng, bytes::encode_b64u, ciba::Scope,
    device::prompt::detail_leaves, ijson, text,
};

use super::{ISSUER, NOW, form_encoded, text_of};
use crate::{
    authorization_details::{DetailTypes, MAX_DETAILS},
    domain::{
        BindingMessageUse, Client, ClientAuthentication, ClientSettings, Delivery, RegisteredBy,
        account::is_login_name,
    },
    http::op::{
        authentication_request::{
            self as request, AuthenticationRequest, Binding, LoginHint, MAX_ACR_VALUE,
            MAX_ACR_VALUES, MAX_CONTEXT, MAX_LOGIN_HINT, MAX_RESOURCES,
        },
        form::Form,
        hints::{MAX_TOKEN, person_of},
        parameters::Parameters,
        request_object::{self, UnverifiedRequestObject},
    },
    jose::{Algorithm, KeySet},
};

/// The parameters of a backchannel authentication request: these bytes as its form, and as the value of each one, for
/// every use of binding messages.
///
/// # Panics
/// If a request passes that is beyond a limit.
pub(super) fn fuzz_backchannel_parameters(data: &[u8]) {
    let text = text_of(data);
    if let Ok(values) = request::acr_values(&text) {
        check_acr_values(&values);
    }
    if let Ok(seconds) = request::requested_expiry(&text) {
        assert!(seconds > 0, "an expiry is positive");
    }
    let value = form_encoded(text.as_bytes());
    let forms = [
        data.to_vec(),
        format!("scope=openid+{value}&login_hint=a&binding_message={value}").into_bytes(),
        format!("scope=openid&login_hint={value}&acr_values={value}&requested_expiry={value}")
            .into_bytes(),
        format!("scope=openid&login_hint=a&client_notification_token={value}&user_code={value}")
            .into_bytes(),
        format!("scope=openid&login_hint=a&resource={value}&request_context={value}").into_bytes(),
    ];
    for form in forms.iter().filter_map(|bytes| Form::parse(bytes).ok()) {
        for binding_message in [
            BindingMessageUse::Refuse,
            BindingMessageUse::Show,
            BindingMessageUse::Transfer,
        ] {
            let Ok(parameters) = Parameters::of_form(&form) else {
                continue;
            };
            let client = client(binding_message);
            let types = DetailTypes::default();
            if let Ok(request) = AuthenticationRequest::parse(parameters, &client, &types) {
                check_request(request);
            }
        }
    }
}

fn client(binding_message: BindingMessageUse) -> Client {
    Client {
        id: ClientId::parse("kiosk").expect("this is a client's id"),
        name: "Kiosk".to_owned(),
        authentication: ClientAuthentication::ClientSecretBasic {
            secret_hash: Sha256Digest::of(b"secret"),
        },
        registered_by: RegisteredBy::Operator,
        since: NOW,
        host: None,
        binding_message,
        transfer_code: false,
        settings: ClientSettings {
            user_code: true,
            delivery: match binding_message {
                BindingMessageUse::Show => Delivery::Ping {
                    endpoint: "https://kiosk.example/ping".to_owned(),
                },
                BindingMessageUse::Refuse | BindingMessageUse::Transfer => Delivery::Poll,
            },
            authorization_details_types: vec!["t".to_owned()],
            ..ClientSettings::default()
        },
    }
}

fn check_request(request: AuthenticationRequest) {
    let text = String::from(request.scope.clone());
    assert_eq!(
        Scope::parse(&text),
        Ok(request.scope),
        "a scope survives writing"
    );
    check_acr_values(&request.acr_values);
    assert_ne!(request.requested_expiry, Some(0), "an expiry is positive");
    // EXPOSE: what a fuzzer made up.
    if let Some(token) = request
        .client_notification_token
        .as_ref()
        .map(Secret::expose)
    {
        let header = HeaderValue::from_str(&format!("Bearer {token}"));
        assert!((22..=1024).contains(&token.len()) && header.is_ok());
    }
    let fragments = request.resource.iter().filter(|uri| uri.contains('#'));
    assert!(request.resource.len() <= MAX_RESOURCES && fragments.count() == 0);
    if let Some(context) = request.request_context {
        assert!(Value::Object(context).to_string().len() <= MAX_CONTEXT);
    }
    match request.binding {
        Binding::Transfer(code) => assert!((6..=8).contains(&code.len()), "a code of 6 to 8"),
        Binding::Show(Some(words)) | Binding::Mint(Some(words)) => {
            assert!(words.as_str().chars().count() <= 140, "at most 140");
        }
        Binding::Show(None) | Binding::Mint(None) => {}
    }
}

fn check_acr_values(values: &[String]) {
    assert!(values.len() <= MAX_ACR_VALUES, "not too many acr_values");
    assert!(
        values.iter().all(|value| value.len() <= MAX_ACR_VALUE),
        "none too long"
    );
}

/// `authorization_details` of these bytes, with a type whose schema allows everything.
///
/// # Panics
/// If some pass that a device would not show as they were sent.
pub(super) fn fuzz_authorization_details(data: &[u8]) {
    static TYPES: LazyLock<DetailTypes> = LazyLock::new(|| {
        DetailTypes::of_schema("t", &serde_json::json!({ "type": "object" }))
            .expect("this is a schema")
    });
    let Ok(details) = ijson::parse::<Value>(data, 2 * MAX_DETAILS) else {
        return;
    };
    if let Ok(passed) = TYPES.check(details.clone(), &["t".to_owned()]) {
        let leaves = detail_leaves(&passed, &[]);
        assert!((1..=64).contains(&leaves.len()), "64 leaves at most");
        for leaf in leaves {
            for text in [leaf.pointer, leaf.value] {
                assert!(text::inspect(&text).defects.is_empty(), "shown unaltered");
            }
        }
        assert_eq!(Value::Array(passed), details, "carried unchanged");
    }
}

/// A request object of these bytes, and one that a client signed: the header up to the first line feed, then the claims.
///
/// # Panics
/// If one passes that nobody has signed, or that is valid for longer than it may be.
pub(super) fn fuzz_request_object(data: &[u8]) {
    static KEY: LazyLock<(SigningKey, KeySet)> = LazyLock::new(|| {
        let (key, _) = SigningKey::make(&SystemRng::new());
        let jwks = serde_json::json!({ "keys": [key.public()] }).to_string();
        (key, KeySet::parse(&jwks))
    });
    let (key, keys) = &*KEY;
    if let Ok(object) = UnverifiedRequestObject::parse(&text_of(data), &Algorithm::FROM_CLIENTS) {
        assert!(object.verify(keys).is_err(), "nobody has signed it");
    }
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (header, claims) = (lines.next(), lines.next());
    let parts = [header, claims].map(|part| encode_b64u(part.unwrap_or_default()));
    let signed = parts.join(".");
    let text = format!(
        "{signed}.{}",
        encode_b64u(&key.sign_fixed(signed.as_bytes()))
    );
    let received = UnverifiedRequestObject::parse(&text, &Algorithm::FROM_CLIENTS)
        .and_then(|object| object.verify(keys))
        .and_then(|object| object.check("kiosk", ISSUER, NOW));
    let Ok((parameters, name)) = received else {
        return;
    };
    assert!(name.expires > NOW && name.expires.since(NOW) <= request_object::LONGEST_LIFE + 60);
    let types = DetailTypes::default();
    for binding_message in [BindingMessageUse::Show, BindingMessageUse::Refuse] {
        let client = client(binding_message);
        let parameters = parameters.clone();
        if let Ok(request) = AuthenticationRequest::parse(parameters, &client, &types) {
            check_request(request);
        }
    }
}

/// A `login_hint`.
///
/// # Panics
/// If a hint passes that is not what was sent, or is longer than its limit.
pub(super) fn fuzz_login_hint(data: &[u8]) {
    let text = text_of(data);
    match LoginHint::parse(&text) {
        LoginHint::LoginName(name) => assert!(name == text && is_login_name(&name)),
        LoginHint::IssSub { iss, sub } => {
            assert!(
                text.len() <= MAX_LOGIN_HINT && iss.len() + sub.len() <= text.len(),
                "within its limit"
            );
        }
        LoginHint::Opaque(_) => panic!("only a login_hint_token has these"),
        LoginHint::Nobody => {}
    }
}

/// The subject identifier of a `login_hint_token`.
///
/// # Panics
/// If it names somebody who could not have a login name, or who is elsewhere.
pub(super) fn fuzz_hint_token(data: &[u8]) {
    let Ok(sub_id) = ijson::parse(data, MAX_TOKEN) else {
        return;
    };
    match person_of(&sub_id, "id.example") {
        Some(LoginHint::LoginName(name)) => assert!(is_login_name(&name)),
        Some(LoginHint::IssSub { iss, sub }) => assert!(iss.len() + sub.len() <= data.len()),
        Some(LoginHint::Opaque(id)) => assert!(id.len() <= data.len()),
        Some(LoginHint::Nobody) | None => {}
    }
}
