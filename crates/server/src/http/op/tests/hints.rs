//! `id_token_hint` and `login_hint_token`.

use super::{
    bench::TestClock,
    request_object::{register, with},
    *,
};
use crate::{
    config::{Config, HintIssuerConfig},
    jose::Algorithm,
};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tegata_protocol::{SigningKey, SystemRng, bytes::encode_b64u};

const ISSUER: &str = "http://localhost:8480";
const HINTS: &str = "https://hints.example";

fn sign(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| encode_b64u(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = encode_b64u(&key.sign_fixed(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The ID token of an approved request of `kiosk` for hanako, and another like it with `change` made to it, signed alike.
async fn id_token(bench: &Bench) -> String {
    let device = bench.pair("hanako").await;
    let id = bench.asked().await;
    bench.decide(&device, true, None).await;
    bench.poll("kiosk", &id).await.text("id_token").to_owned()
}

async fn hinted(bench: &Bench, token: &str) -> Reply {
    let form = format!("scope=openid&id_token_hint={token}");
    bench.ask(&form).await
}

/// Conformance: CIBA-7.1-id-token-hint
#[tokio::test]
async fn an_id_token_of_this_client_names_its_person_until_it_is_too_old() {
    let bench = Bench::new().await;
    let token = id_token(&bench).await;
    assert_eq!(hinted(&bench, &token).await.status, StatusCode::OK);
    let seconds = i64::from(Config::default().lifetimes.id_token_hint);
    bench.advance(seconds * 1000);
    let reply = hinted(&bench, &token).await;
    assert_eq!(reply.status, StatusCode::OK, "expired long ago: {reply:?}");
    bench.advance(1000);
    let reply = hinted(&bench, &token).await;
    assert_eq!(reply.error(), (400, "invalid_request"));
}

/// Conformance: CIBA-7.1-id-token-hint-foreign
#[tokio::test]
async fn an_id_token_of_somebody_else_or_for_somebody_else_is_refused() {
    let bench = Bench::new().await;
    let token = id_token(&bench).await;
    let other = bench
        .post(
            "/backchannel-authentication",
            &basic("other", SECRET),
            &format!("scope=openid&id_token_hint={token}"),
        )
        .await;
    assert_eq!(other.error(), (400, "invalid_request"), "another client's");
    let own = |typ: &str, claims: &Value| {
        let tokens = &bench.app.keys.tokens;
        // EXPOSE: sent back by the test.
        tokens.sign(Algorithm::Es256, typ, claims).expose().clone()
    };
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    let now = bench.now().0;
    let claims = json!({
        "iss": ISSUER, "sub": "sub-hanako", "aud": ["kiosk", "x"], "exp": now + 60, "iat": now,
    });
    let good = own("JWT", &claims);
    assert_eq!(hinted(&bench, &good).await.status, StatusCode::OK);
    let (signed, _) = good.rsplit_once('.').unwrap();
    for bad in [
        sign(&stranger, &json!({ "alg": "ES256", "typ": "JWT" }), &claims),
        sign(&stranger, &json!({ "alg": "none" }), &claims),
        own("at+jwt", &claims),
        own("JWT", &with(claims.clone(), "iss", json!(HINTS))),
        own("JWT", &with(claims.clone(), "aud", json!("other"))),
        own("JWT", &with(claims.clone(), "aud", Value::Null)),
        own("JWT", &with(claims.clone(), "sub", Value::Null)),
        own("JWT", &with(claims.clone(), "iat", json!(now + 61))),
        format!("{signed}."),
        "x".to_owned(),
    ] {
        assert_eq!(
            hinted(&bench, &bad).await.error(),
            (400, "invalid_request"),
            "{bad}"
        );
    }
    let gone = own("JWT", &with(claims, "sub", json!("sub-nobody")));
    assert_eq!(
        hinted(&bench, &gone).await.error(),
        (400, "unknown_user_id")
    );
}

struct Hinting {
    bench: Bench,
    key: SigningKey,
}

impl Hinting {
    async fn new() -> Self {
        let (key, _) = SigningKey::make(&SystemRng::new());
        let config = Config {
            hint_issuers: vec![HintIssuerConfig {
                issuer: HINTS.to_owned(),
                jwks: Some(json!({ "keys": [key.public()] }).to_string()),
                jwks_file: None,
            }],
            ..Config::default()
        };
        let bench = Bench::open(config, 8480, TestClock::standing(), |_| {}).await;
        Self { bench, key }
    }

    fn claims(&self, sub_id: &Value) -> Value {
        let now = self.bench.now().0;
        json!({ "iss": HINTS, "aud": ISSUER, "exp": now + 60, "iat": now, "sub_id": sub_id })
    }

    fn sign(&self, claims: &Value) -> String {
        sign(&self.key, &json!({ "alg": "ES256" }), claims)
    }

    async fn ask(&self, token: &str) -> Reply {
        let form = format!("scope=openid&login_hint_token={token}");
        self.bench.ask(&form).await
    }

    async fn name(&self, sub_id: &Value) -> Reply {
        self.ask(&self.sign(&self.claims(sub_id))).await
    }
}

fn hanako() -> Value {
    json!({ "format": "iss_sub", "iss": ISSUER, "sub": "sub-hanako" })
}

/// Conformance: CIBA-7.1-login-hint-token, CIBA-13-unknown-user
#[tokio::test]
async fn a_token_of_a_registered_issuer_names_a_person_in_three_formats() {
    let hinting = Hinting::new().await;
    for good in [
        hanako(),
        json!({ "format": "opaque", "id": "sub-hanako" }),
        json!({ "format": "account", "uri": "acct:hanako@localhost" }),
        json!({ "format": "account", "uri": "acct:han%61ko@localhost" }),
    ] {
        let reply = hinting.name(&good).await;
        assert_eq!(reply.status, StatusCode::OK, "{good}: {reply:?}");
    }
    for nobody in [
        json!({ "format": "iss_sub", "iss": HINTS, "sub": "sub-hanako" }),
        json!({ "format": "opaque", "id": "hanako" }),
        json!({ "format": "account", "uri": "acct:hanako@elsewhere.example" }),
        json!({ "format": "account", "uri": "mailto:hanako@localhost" }),
        json!({ "format": "email", "email": "hanako@localhost" }),
    ] {
        let reply = hinting.name(&nobody).await;
        assert_eq!(reply.error(), (400, "unknown_user_id"), "{nobody}");
    }
    for malformed in [
        json!({}),
        json!("hanako"),
        json!({ "format": "opaque" }),
        json!({ "format": "iss_sub", "sub": "sub-hanako" }),
    ] {
        let reply = hinting.name(&malformed).await;
        assert_eq!(reply.error(), (400, "invalid_request"), "{malformed}");
    }
}

/// Conformance: CIBA-7.1-login-hint-token, CIBA-13-expired-hint-token
#[tokio::test]
async fn a_token_must_be_signed_by_its_issuer_for_this_server_and_not_have_expired() {
    let hinting = Hinting::new().await;
    let good = hinting.claims(&hanako());
    let now = hinting.bench.now().0;
    let expired = with(
        with(good.clone(), "exp", json!(now)),
        "iat",
        json!(now - 60),
    );
    let reply = hinting.ask(&hinting.sign(&expired)).await;
    assert_eq!(reply.error(), (400, "expired_login_hint_token"));
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    let es256 = json!({ "alg": "ES256" });
    let mut bad = vec![
        sign(&stranger, &es256, &good),
        sign(&stranger, &es256, &expired),
        sign(&hinting.key, &json!({ "alg": "none" }), &good),
        sign(
            &hinting.key,
            &json!({ "alg": "ES256", "typ": "at+jwt" }),
            &good,
        ),
        "x".to_owned(),
    ];
    for (name, value) in [
        ("iss", json!("https://other.example")),
        ("iss", Value::Null),
        ("aud", json!("https://other.example")),
        ("aud", Value::Null),
        ("exp", Value::Null),
        ("iat", Value::Null),
        ("iat", json!(now + 61)),
        ("sub_id", Value::Null),
        ("jti", json!("")),
        ("jti", json!(1)),
    ] {
        bad.push(hinting.sign(&with(good.clone(), name, value)));
    }
    for bad in bad {
        let reply = hinting.ask(&bad).await;
        assert_eq!(reply.error(), (400, "invalid_request"), "{bad}");
    }
}

#[tokio::test]
async fn a_token_with_a_name_is_good_once_and_one_without_until_it_expires() {
    let hinting = Hinting::new().await;
    let nameless = hinting.sign(&hinting.claims(&hanako()));
    let named = hinting.sign(&with(hinting.claims(&hanako()), "jti", json!("one")));
    for _ in 0..2 {
        assert_eq!(hinting.ask(&nameless).await.status, StatusCode::OK);
    }
    assert_eq!(hinting.ask(&named).await.status, StatusCode::OK);
    assert_eq!(hinting.ask(&named).await.error(), (400, "invalid_request"));
}

/// Conformance: CIBA-7.1-one-hint
#[tokio::test]
async fn a_signed_request_may_carry_any_of_the_hints() {
    let hinting = Hinting::new().await;
    let bench = &hinting.bench;
    register(bench, &json!({ "keys": [bench.key.public()] }), |_| {}).await;
    let token = hinting.sign(&with(hinting.claims(&hanako()), "jti", json!("two")));
    let claims = with(
        with(request_object::claims(bench), "login_hint", Value::Null),
        "login_hint_token",
        json!(token),
    );
    let object = request_object::sign(bench, &claims);
    let reply = request_object::send(bench, &object).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
}
