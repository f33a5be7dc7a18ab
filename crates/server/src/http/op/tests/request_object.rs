//! Signed authentication requests, every fault by itself.

use super::{bench::TestClock, *};
use crate::{
    config::{Config, Profile},
    domain::{Client, ClientAuthentication, ClientSettings, Delivery},
    jose::Algorithm,
    storage::ops::CreateClient,
};
use axum::http::StatusCode;
use ring::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use tegata_protocol::{ClientId, SigningKey, SystemRng, bytes::encode_b64u};

const PATH: &str = "/backchannel-authentication";
const ISSUER: &str = "http://localhost:8480";

static MADE: AtomicU32 = AtomicU32::new(0);

/// A client with a secret that signs its requests with the key of `jwks`.
pub(super) async fn register(bench: &Bench, jwks: &Value, change: impl FnOnce(&mut Client)) {
    let mut client = bench.secret_client("signer");
    client.id = ClientId::parse("signer").unwrap();
    client.settings = ClientSettings::with_jwks(jwks.to_string());
    change(&mut client);
    bench.app.store.apply(CreateClient(client)).await.unwrap();
}

async fn signing() -> Bench {
    let bench = Bench::new().await;
    register(&bench, &json!({ "keys": [bench.key.public()] }), |_| {}).await;
    bench
}

fn header() -> Value {
    json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" })
}

pub(super) fn claims(bench: &Bench) -> Value {
    let now = bench.now().0;
    json!({
        "iss": "signer",
        "aud": ISSUER,
        "exp": now + 300,
        "nbf": now,
        "iat": now,
        "jti": format!("jti-{}", MADE.fetch_add(1, Ordering::SeqCst)),
        "scope": "openid",
        "login_hint": "hanako",
    })
}

pub(super) fn with(mut object: Value, name: &str, value: Value) -> Value {
    if value.is_null() {
        object.as_object_mut().unwrap().remove(name);
    } else {
        object[name] = value;
    }
    object
}

fn unsigned(header: &Value, claims: &str) -> String {
    let header = encode_b64u(header.to_string().as_bytes());
    format!("{header}.{}", encode_b64u(claims.as_bytes()))
}

fn sign_text(key: &SigningKey, header: &Value, claims: &str) -> String {
    let signed = unsigned(header, claims);
    let signature = encode_b64u(&key.sign_fixed(signed.as_bytes()));
    format!("{signed}.{signature}")
}

pub(super) fn sign(bench: &Bench, claims: &Value) -> String {
    sign_text(&bench.key, &header(), &claims.to_string())
}

pub(super) async fn send(bench: &Bench, request: &str) -> Reply {
    let form = format!("request={request}");
    bench.post(PATH, &basic("signer", SECRET), &form).await
}

/// Conformance: CIBA-7.1.1-signed, CIBA-7.1.1-types
#[tokio::test]
async fn a_signed_request_is_accepted_with_everything_inside() {
    let bench = signing().await;
    for expiry in [json!(77), json!("77")] {
        let claims = with(claims(&bench), "requested_expiry", expiry);
        let reply = send(&bench, &sign(&bench, &claims)).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        assert_eq!(reply.json["expires_in"], 77);
    }
}

/// Conformance: CIBA-7.1.1-signed, FAPI1-A-5.2.2-aud, FAPI-CIBA-5.2.2-lifetime
#[tokio::test]
async fn what_other_libraries_put_in_is_accepted() {
    let bench = signing().await;
    for typ in [
        "JWT",
        "jwt",
        "OautH-auThZ-REQ+jWt",
        "application/oauth-authz-req+jwt",
    ] {
        let header = json!({ "alg": "ES256", "typ": typ, "kid": "any", "x5t": "ignored" });
        let object = sign_text(&bench.key, &header, &claims(&bench).to_string());
        let reply = send(&bench, &object).await;
        assert_eq!(reply.status, StatusCode::OK, "{typ}: {reply:?}");
    }
    let bare = sign_text(
        &bench.key,
        &json!({ "alg": "ES256" }),
        &claims(&bench).to_string(),
    );
    assert_eq!(send(&bench, &bare).await.status, StatusCode::OK, "no typ");
    let now = bench.now().0;
    let aged = with(claims(&bench), "nbf", json!(now - 3599));
    for good in [
        with(claims(&bench), "aud", json!(["https://a.example", ISSUER])),
        with(claims(&bench), "exp", json!(now + 3600)),
        with(
            with(claims(&bench), "nbf", json!(now + 60)),
            "exp",
            json!(now + 3660),
        ),
        with(claims(&bench), "iat", json!(now + 60)),
        with(claims(&bench), "iat", json!(now - 100_000)),
        with(aged, "exp", json!(now + 1)),
        with(claims(&bench), "unknown", json!({ "more": [1] })),
        with(claims(&bench), "sub", json!("signer")),
    ] {
        let reply = send(&bench, &sign(&bench, &good)).await;
        assert_eq!(reply.status, StatusCode::OK, "{good}: {reply:?}");
    }
}

/// Every claim that is wrong by itself, with a word of what the client is told: `invalid_request`, each.
pub(super) fn faults(now: i64) -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("iss", Value::Null, "iss"),
        ("iss", json!("kiosk"), "iss"),
        ("aud", Value::Null, "iss, aud"),
        ("aud", json!("https://other.example"), "aud"),
        ("aud", json!(format!("{ISSUER}/")), "aud"),
        ("aud", json!(["https://other.example"]), "aud"),
        ("aud", json!([]), "aud"),
        ("aud", json!(1), "aud"),
        ("exp", Value::Null, "exp"),
        ("exp", json!("soon"), "exp"),
        ("exp", json!(now), "expired"),
        ("exp", json!(now - 1), "expired"),
        ("exp", json!(now + 3601), "60 minutes from nbf"),
        ("nbf", Value::Null, "nbf"),
        ("nbf", json!(now - 3601), "in the past"),
        ("nbf", json!(now + 61), "not valid yet"),
        ("iat", Value::Null, "iat"),
        ("iat", json!(now + 61), "not valid yet"),
        ("jti", Value::Null, "jti"),
        ("jti", json!(""), "jti"),
        ("jti", json!(7), "jti"),
        ("jti", json!("x".repeat(257)), "jti"),
        ("scope", json!(["openid"]), "type"),
        ("login_hint", json!(1), "type"),
        ("login_hint", Value::Null, "exactly one"),
        ("login_hint", json!(""), "exactly one"),
        ("id_token_hint", json!("x"), "exactly one"),
        ("login_hint_token", json!("x"), "exactly one"),
        ("requested_expiry", json!(0), "requested_expiry"),
        ("requested_expiry", json!(-1), "requested_expiry"),
        ("requested_expiry", json!("1.5"), "requested_expiry"),
        ("requested_expiry", json!(1.5), "request object"),
        ("requested_expiry", json!([30]), "type"),
        ("resource", json!(1), "type"),
        ("request_context", json!("{}"), "request_context"),
        ("request", json!("x"), "must not contain"),
        (
            "request_uri",
            json!("https://a.example"),
            "must not contain",
        ),
    ]
}

/// Conformance: CIBA-7.1.1-claims, FAPI1-A-5.2.2-aud, FAPI1-A-5.2.2-nbf, FAPI-CIBA-5.2.2-lifetime, CIBA-13-invalid-request
#[tokio::test]
async fn every_single_fault_in_a_request_object_is_an_invalid_request() {
    let bench = signing().await;
    let now = bench.now().0;
    for (name, value, word) in faults(now) {
        let claims = with(claims(&bench), name, value);
        let reply = send(&bench, &sign(&bench, &claims)).await;
        assert_eq!(reply.error(), (400, "invalid_request"), "{claims}");
        let description = reply.text("error_description");
        assert!(description.contains(word), "{claims}: {description}");
    }
    let late = with(
        with(claims(&bench), "exp", json!(now + 10)),
        "nbf",
        json!(now + 11),
    );
    let reply = send(&bench, &sign(&bench, &late)).await;
    assert_eq!(reply.error(), (400, "invalid_request"), "nbf after exp");
}

/// Conformance: CIBA-7.1.1-signature, FAPI-CIBA-7.10-algs, CIBA-13-invalid-request
#[tokio::test]
async fn every_faulty_header_form_and_signature_is_an_invalid_request() {
    let bench = signing().await;
    let good = claims(&bench).to_string();
    let whole = sign_text(&bench.key, &header(), &good);
    let (signed, signature) = whole.rsplit_once('.').unwrap();
    let mut bad: Vec<String> = [
        json!({ "alg": "none" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "es256" }),
        json!({ "alg": "PS256" }),
        json!({}),
        json!({ "alg": "ES256", "crit": ["exp"], "exp": 1 }),
        json!({ "alg": "ES256", "b64": false }),
        json!({ "alg": "ES256", "typ": "at+jwt" }),
        json!({ "alg": "ES256", "typ": "client-authentication+jwt" }),
    ]
    .iter()
    .map(|header| sign_text(&bench.key, header, &good))
    .collect();
    let confused = unsigned(&json!({ "alg": "HS256" }), &good);
    for secret in [&bench.key.public().to_uncompressed()[..], SECRET.as_bytes()] {
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, secret),
            confused.as_bytes(),
        );
        bad.push(format!("{confused}.{}", encode_b64u(tag.as_ref())));
    }
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    let twice = format!("{{\"scope\":\"openid\",{}", good.split_once('{').unwrap().1);
    bad.extend([
        format!("{}.", unsigned(&json!({ "alg": "none" }), &good)),
        sign_text(&stranger, &header(), &good),
        sign_text(&bench.key, &header(), &twice),
        sign_text(&bench.key, &header(), "[]"),
        sign_text(&bench.key, &header(), ""),
        format!("{signed}."),
        format!("{signed}.{signature}A"),
        signed.to_owned(),
        "x".to_owned(),
        format!("{whole}.{signature}"),
        format!("{whole}.{signature}.{signature}"),
        format!("{signed}.{}", encode_b64u(&[0; 64])),
    ]);
    for bad in bad {
        let reply = send(&bench, &bad).await;
        assert_eq!(reply.error(), (400, "invalid_request"), "{bad}");
    }
    let reply = send(&bench, &whole).await;
    assert_eq!(
        reply.status,
        StatusCode::OK,
        "none of these used up its jti"
    );
}

/// Conformance: CIBA-7.1.1-once
#[tokio::test]
async fn a_request_object_is_good_once_also_after_a_restart_and_with_another_expiry() {
    let bench = signing().await;
    let first = claims(&bench);
    let object = sign(&bench, &first);
    let refused = sign(&bench, &with(first.clone(), "scope", json!("profile")));
    assert_eq!(send(&bench, &refused).await.error(), (400, "invalid_scope"));
    assert_eq!(send(&bench, &object).await.status, StatusCode::OK);
    let later = sign(&bench, &with(first, "exp", json!(bench.now().0 + 301)));
    for again in [&object, &later] {
        let reply = send(&bench, again).await;
        assert_eq!(reply.error(), (400, "invalid_request"));
        assert!(reply.text("error_description").contains("used before"));
    }
    let bench = bench.restarted(Config::default()).await;
    let reply = send(&bench, &object).await;
    assert_eq!(reply.error(), (400, "invalid_request"));
    let fresh = sign(&bench, &claims(&bench));
    assert_eq!(send(&bench, &fresh).await.status, StatusCode::OK);
}

/// Conformance: CIBA-7.1.1-outside
#[tokio::test]
async fn nothing_stands_outside_but_client_authentication() {
    let bench = signing().await;
    let fresh = || sign(&bench, &claims(&bench));
    for outside in [
        "scope=openid",
        "login_hint=hanako",
        "acr_values=a",
        "binding_message=a",
        "requested_expiry=30",
        "resource=urn:a",
        "client_notification_token=x",
        "request_uri=https%3A%2F%2Fa.example",
        "wholly_unknown=1",
    ] {
        let reply = send(&bench, &format!("{}&{outside}", fresh())).await;
        assert_eq!(reply.error(), (400, "invalid_request"), "{outside}");
    }
    let reply = send(&bench, &format!("{}&client_id=signer&scope=", fresh())).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let form = "scope=openid&login_hint=hanako&request_uri=urn%3Aa";
    let reply = bench.post(PATH, &basic("signer", SECRET), form).await;
    assert_eq!(reply.error(), (400, "invalid_request"), "request_uri alone");
}

/// Conformance: CIBA-7.1.1-registered-alg
#[tokio::test]
async fn a_client_that_is_registered_to_sign_signs_with_its_algorithm_and_nothing_else() {
    let bench = Bench::new().await;
    let jwks = json!({ "keys": [bench.key.public()] });
    register(&bench, &jwks, |client| {
        client.settings.request_alg = Some(Algorithm::Es256);
    })
    .await;
    let plain = "scope=openid&login_hint=hanako";
    let reply = bench.post(PATH, &basic("signer", SECRET), plain).await;
    assert_eq!(reply.error(), (400, "invalid_request"));
    assert!(reply.text("error_description").contains("must be signed"));
    let good = sign(&bench, &claims(&bench));
    assert_eq!(send(&bench, &good).await.status, StatusCode::OK);

    let bench = Bench::new().await;
    let jwks = json!({ "keys": [bench.key.public()] });
    register(&bench, &jwks, |client| {
        client.settings.request_alg = Some(Algorithm::Ps256);
    })
    .await;
    let other = sign(&bench, &claims(&bench));
    assert_eq!(send(&bench, &other).await.error(), (400, "invalid_request"));
    let reply = bench.ask(&format!("request={other}")).await;
    assert_eq!(reply.error(), (400, "invalid_request"), "kiosk has no keys");
}

/// Conformance: CIBA-7.1.1-signed
#[tokio::test]
async fn rsa_and_ed25519_sign_as_well() {
    let fixture: Value = serde_json::from_str(include_str!("request_object_ps256.json")).unwrap();
    let pair = Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap();
    let bench = Bench::new().await;
    let ed25519 = json!({
        "kty": "OKP", "crv": "Ed25519", "x": encode_b64u(pair.public_key().as_ref()),
    });
    let jwks = json!({ "keys": [fixture["jwk"], ed25519] });
    register(&bench, &jwks, |_| {}).await;
    let reply = send(&bench, fixture["jws"].as_str().unwrap()).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let signed = unsigned(&json!({ "alg": "EdDSA" }), &claims(&bench).to_string());
    let signature = encode_b64u(pair.sign(signed.as_bytes()).as_ref());
    let reply = send(&bench, &format!("{signed}.{signature}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
}

async fn under_fapi() -> Bench {
    let config = Config {
        profile: Profile::FapiCiba,
        ..Config::default()
    };
    Bench::open(config, 8480, TestClock::standing(), |_| {}).await
}

/// A request of the client `id`, which authenticates with [`Bench::key`].
async fn ask_by_key(bench: &Bench, id: &str, more: &str) -> Reply {
    let now = bench.now().0;
    let assertion = json!({
        "iss": id, "sub": id, "aud": ISSUER, "exp": now + 60, "iat": now,
        "jti": format!("auth-{}", MADE.fetch_add(1, Ordering::SeqCst)),
    });
    let header = json!({ "alg": "ES256" });
    let assertion = sign_text(&bench.key, &header, &assertion.to_string());
    let form = format!(
        "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
         &client_assertion={assertion}&{more}"
    );
    bench.post(PATH, "", &form).await
}

/// Conformance: FAPI-CIBA-5.2.2-no-push, CIBA-13-unauthorized-client
#[tokio::test]
async fn under_fapi_a_push_client_may_not_ask() {
    let bench = under_fapi().await;
    register(&bench, &json!({ "keys": [bench.key.public()] }), |client| {
        client.authentication = ClientAuthentication::PrivateKeyJwt;
        client.settings.delivery = Delivery::Push {
            endpoint: "https://signer.example/ciba".to_owned(),
        };
    })
    .await;
    let mut claims = with(claims(&bench), "binding_message", json!("Desk 4"));
    claims["client_notification_token"] = json!("8d67dc78-7faa-4d41-aabd-67707b374255");
    let object = sign(&bench, &claims);
    let reply = ask_by_key(&bench, "signer", &format!("request={object}")).await;
    assert_eq!(reply.error(), (400, "unauthorized_client"));
}

/// Conformance: FAPI-CIBA-5.2.2-signed, FAPI-CIBA-5.2.2-context, FAPI-CIBA-7.10-algs
#[tokio::test]
async fn under_fapi_every_request_is_signed_and_can_be_told_from_others() {
    let bench = under_fapi().await;
    let pair = Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap();
    let post = async |more: &str| ask_by_key(&bench, "keyed", more).await;
    let claims = || with(claims(&bench), "iss", json!("keyed"));
    let reply = post("scope=openid&login_hint=hanako&binding_message=Desk").await;
    assert_eq!(reply.error(), (400, "invalid_request"));
    assert!(reply.text("error_description").contains("must be signed"));
    let bare = sign(&bench, &claims());
    let reply = post(&format!("request={bare}")).await;
    assert_eq!(reply.error(), (400, "invalid_request"));
    assert!(reply.text("error_description").contains("binding_message"));
    let signed = unsigned(&json!({ "alg": "EdDSA" }), &claims().to_string());
    let signature = encode_b64u(pair.sign(signed.as_bytes()).as_ref());
    let reply = post(&format!("request={signed}.{signature}")).await;
    assert_eq!(reply.error(), (400, "invalid_request"), "EdDSA");
    for (name, value) in [
        ("binding_message", json!("Desk 4")),
        ("request_context", json!({ "place": "Oslo" })),
    ] {
        let bound = sign(&bench, &with(claims(), name, value));
        let reply = post(&format!("request={bound}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{name}: {reply:?}");
    }
}
