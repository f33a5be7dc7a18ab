use super::{bench::TestClock, *};
use crate::config::{AssertionAudience, Config};
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use ring::hmac;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tegata_protocol::{SigningKey, SystemRng, bytes::encode_b64u};
use tokio::time::Instant;

const TYPE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

static MADE: AtomicU32 = AtomicU32::new(0);

pub(super) fn header() -> Value {
    json!({ "alg": "ES256" })
}

pub(super) fn claims(bench: &Bench) -> Value {
    let now = bench.now().0;
    json!({
        "iss": "keyed",
        "sub": "keyed",
        "aud": "http://localhost:8480",
        "iat": now,
        "exp": now + 60,
        "jti": format!("jti-{}", MADE.fetch_add(1, Ordering::SeqCst)),
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

pub(super) fn signed_part(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| encode_b64u(value.to_string().as_bytes());
    format!("{}.{}", encode(header), encode(claims))
}

pub(super) fn sign(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let signed = signed_part(header, claims);
    let signature = encode_b64u(&key.sign_fixed(signed.as_bytes()));
    format!("{signed}.{signature}")
}

pub(super) async fn ask(bench: &Bench, assertion: &str) -> Reply {
    let form = format!("{DEFAULTS}&client_assertion_type={TYPE}&client_assertion={assertion}");
    bench.post("/backchannel-authentication", "", &form).await
}

/// Conformance: AUTH-private-key-jwt, AUTH-jti
#[tokio::test]
async fn a_good_assertion_authenticates_once() {
    let bench = Bench::new().await;
    let assertion = sign(&bench.key, &header(), &claims(&bench));
    assert_eq!(ask(&bench, &assertion).await.status, StatusCode::OK);
    let again = ask(&bench, &assertion).await;
    assert_eq!(again.error(), (401, "invalid_client"));
    assert!(
        !again.headers.contains_key("www-authenticate"),
        "the header was not used"
    );
}

#[tokio::test]
async fn the_assertion_of_a_held_poll_is_good_for_that_poll_alone() {
    let bench = Arc::new(Bench::new().await);
    let device = bench.pair("hanako").await;
    let asked = ask(&bench, &sign(&bench.key, &header(), &claims(&bench))).await;
    let assertion = sign(&bench.key, &header(), &claims(&bench));
    let form = format!(
        "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id={}\
         &client_assertion_type={TYPE}&client_assertion={assertion}",
        asked.text("auth_req_id")
    );
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("prefer", "wait=30")
        .body(Body::from(form.clone()))
        .unwrap();
    let held = tokio::spawn({
        let bench = Arc::clone(&bench);
        async move { bench.send(request).await }
    });
    let deadline = Instant::now() + Duration::from_secs(20);
    while bench.app.parked.count() == 0 {
        assert!(Instant::now() < deadline, "the poll is held");
        tokio::task::yield_now().await;
    }
    let replayed = bench.post("/token", "", &form).await;
    assert_eq!(replayed.error(), (401, "invalid_client"));
    assert_eq!(bench.app.parked.count(), 1, "nothing has happened");
    bench.decided(&device, true).await;
    assert_eq!(held.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn what_other_libraries_put_in_is_accepted() {
    let bench = Bench::new().await;
    for header in [
        json!({ "alg": "ES256", "typ": "JWT" }),
        json!({ "alg": "ES256", "typ": "jwt" }),
        json!({ "alg": "ES256", "typ": "client-authentication+jwt" }),
        json!({ "alg": "ES256", "kid": "any name, since the registered key has none" }),
        json!({ "alg": "ES256", "x5t": "ignored" }),
    ] {
        let reply = ask(&bench, &sign(&bench.key, &header, &claims(&bench))).await;
        assert_eq!(reply.status, StatusCode::OK, "{header}: {reply:?}");
    }
    for claims in [
        with(claims(&bench), "aud", json!(["http://localhost:8480"])),
        with(claims(&bench), "iat", Value::Null),
        with(claims(&bench), "nbf", json!(bench.now().0)),
        with(claims(&bench), "exp", json!(bench.now().0 + 600)),
        with(claims(&bench), "extra", json!({ "more": 1 })),
    ] {
        let reply = ask(&bench, &sign(&bench.key, &header(), &claims)).await;
        assert_eq!(reply.status, StatusCode::OK, "{claims}: {reply:?}");
    }
}

/// What `aud` must not be where it must be the issuer and nothing else.
pub(super) fn audiences_beside_the_issuer() -> [Value; 4] {
    [
        json!("http://localhost:8480/token"),
        json!("http://localhost:8480/backchannel-authentication"),
        json!(["http://localhost:8480", "http://localhost:8480/token"]),
        json!("http://localhost:8480/"),
    ]
}

/// Every claim that is wrong by itself, whatever the audience may be.
pub(super) fn faults(now: i64) -> Vec<(&'static str, Value)> {
    vec![
        ("aud", json!([])),
        ("aud", json!("https://other.example")),
        ("aud", Value::Null),
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("exp", json!(now + 601)),
        ("exp", json!("soon")),
        ("exp", Value::Null),
        ("iat", json!(now + 61)),
        ("nbf", json!(now + 61)),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("jti", json!("x".repeat(257))),
        ("iss", json!("kiosk")),
        ("sub", json!("kiosk")),
        ("sub", Value::Null),
    ]
}

/// Conformance: AUTH-private-key-jwt, AUTH-audience
#[tokio::test]
async fn every_faulty_claim_is_refused() {
    let bench = Bench::new().await;
    let now = bench.now().0;
    for (name, value) in audiences_beside_the_issuer()
        .into_iter()
        .map(|value| ("aud", value))
        .chain(faults(now))
    {
        let claims = with(claims(&bench), name, value);
        let reply = ask(&bench, &sign(&bench.key, &header(), &claims)).await;
        assert_eq!(reply.error(), (401, "invalid_client"), "{claims}");
    }
    for id in ["kiosk", "nobody"] {
        let claims = with(with(claims(&bench), "iss", json!(id)), "sub", json!(id));
        let reply = ask(&bench, &sign(&bench.key, &header(), &claims)).await;
        assert_eq!(
            reply.error(),
            (401, "invalid_client"),
            "{id} has no such key"
        );
    }
}

/// Conformance: CIBA-7.1-audience, AUTH-audience
#[tokio::test]
async fn endpoints_are_audiences_only_where_configured() {
    let config = Config {
        assertion_audience: AssertionAudience::CibaCore,
        ..Config::default()
    };
    let bench = Bench::open(config, 8480, TestClock::standing(), |_| {}).await;
    for (aud, accepted) in [
        (json!("http://localhost:8480"), true),
        (json!("http://localhost:8480/token"), true),
        (
            json!("http://localhost:8480/backchannel-authentication"),
            true,
        ),
        (
            json!(["https://other.example", "http://localhost:8480/token"]),
            true,
        ),
        (json!("http://localhost:8480/jwks"), false),
        (json!("https://other.example"), false),
        (json!([]), false),
    ] {
        let claims = with(claims(&bench), "aud", aud.clone());
        let reply = ask(&bench, &sign(&bench.key, &header(), &claims)).await;
        assert_eq!(reply.status == StatusCode::OK, accepted, "{aud}: {reply:?}");
    }
}

/// Conformance: AUTH-private-key-jwt
#[tokio::test]
async fn every_faulty_header_and_signature_is_refused() {
    let bench = Bench::new().await;
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "es256" }),
        json!({}),
        json!({ "alg": "ES256", "crit": ["exp"], "exp": 1 }),
        json!({ "alg": "ES256", "b64": false }),
        json!({ "alg": "ES256", "typ": "at+jwt" }),
    ] {
        let reply = ask(&bench, &sign(&bench.key, &header, &claims(&bench))).await;
        assert_eq!(reply.error(), (401, "invalid_client"), "{header}");
    }
    let good = claims(&bench);
    let unsigned = signed_part(&json!({ "alg": "none" }), &good);
    let public = hmac::Key::new(hmac::HMAC_SHA256, &bench.key.public().to_uncompressed());
    let confused = signed_part(&json!({ "alg": "HS256" }), &good);
    let tag = encode_b64u(hmac::sign(&public, confused.as_bytes()).as_ref());
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    let whole = sign(&bench.key, &header(), &good);
    let (signed, signature) = whole.rsplit_once('.').unwrap();
    let twice = r#"{"iss":"keyed","iss":"keyed"}"#;
    for bad in [
        format!("{unsigned}."),
        format!("{confused}.{tag}"),
        sign(&stranger, &header(), &good),
        format!("{signed}."),
        format!("{signed}.{signature}A"),
        signed.to_owned(),
        "x".to_owned(),
        format!("{whole}.{signature}"),
        format!(
            "{}.{}.{signature}",
            encode_b64u(b"{}"),
            encode_b64u(twice.as_bytes())
        ),
    ] {
        assert_eq!(
            ask(&bench, &bad).await.error(),
            (401, "invalid_client"),
            "{bad}"
        );
    }
    assert_eq!(
        ask(&bench, &whole).await.status,
        StatusCode::OK,
        "none of these used up its jti"
    );
}

/// Conformance: FAPI1-B-5.2.2-client-id
#[tokio::test]
async fn an_assertion_needs_its_type_and_its_client_id() {
    let bench = Bench::new().await;
    let post = async |form: String| bench.post("/token", "", &form).await;
    let fresh = || sign(&bench.key, &header(), &claims(&bench));
    let reply = post(format!("client_assertion={}", fresh())).await;
    assert_eq!(reply.error(), (400, "invalid_request"), "half of a method");
    let reply = post(format!(
        "client_assertion={}&client_assertion_type=saml",
        fresh()
    ))
    .await;
    assert_eq!(reply.error(), (401, "invalid_client"));
    let with_id = |id: &str| {
        format!(
            "client_assertion={}&client_assertion_type={TYPE}&client_id={id}",
            fresh()
        )
    };
    assert_eq!(
        post(with_id("kiosk")).await.error(),
        (401, "invalid_client")
    );
    assert_eq!(
        post(with_id("keyed")).await.error(),
        (400, "invalid_request"),
        "no grant_type"
    );
}

#[tokio::test]
async fn nobody_learns_which_clients_there_are_without_their_keys() {
    let bench = Bench::new().await;
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    let now = bench.now().0;
    let mut answers = Vec::new();
    // A client with keys, one with a secret, and none.
    for id in ["keyed", "kiosk", "nobody"] {
        for (name, value) in [
            ("extra", json!(1)),
            ("aud", json!("https://other.example")),
            ("exp", json!(now - 1)),
            ("nbf", json!(now + 61)),
            ("jti", json!("")),
        ] {
            let claims = with(with(claims(&bench), "iss", json!(id)), "sub", json!(id));
            let claims = with(claims, name, value);
            answers.push(ask(&bench, &sign(&stranger, &header(), &claims)).await.json);
        }
    }
    answers.push(ask(&bench, "x").await.json);
    for answer in answers {
        assert_eq!(
            answer,
            json!({ "error": "invalid_client", "error_description": "client authentication failed" })
        );
    }
    let signed = sign(
        &bench.key,
        &header(),
        &with(claims(&bench), "exp", json!(now)),
    );
    assert_eq!(
        ask(&bench, &signed).await.text("error_description"),
        "the client assertion has expired",
        "the client itself is told"
    );
}
