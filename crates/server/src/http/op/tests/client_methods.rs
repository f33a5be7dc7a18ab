//! The ways to authenticate beyond a secret in the header and a key that is registered by value.

use super::{bench::TestClock, client_assertion::*, *};
use crate::{
    config::{Config, Profile},
    domain::{Client, ClientAuthentication, ClientKeys, ClientSettings},
    jose::Algorithm,
};
use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use ring::hmac;
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tegata_protocol::{Sha256Digest, SigningKey, SystemRng, bytes::encode_b64u};
use tokio::net::TcpListener;

const SALT: Sha256Digest = Sha256Digest([7; 32]);

/// A server whose client `kiosk` has another method.
async fn with_method(config: Config, authentication: ClientAuthentication) -> Bench {
    Bench::open(config, 8480, TestClock::standing(), |kiosk| {
        kiosk.authentication = authentication;
    })
    .await
}

fn posted() -> ClientAuthentication {
    ClientAuthentication::ClientSecretPost {
        secret_hash: Sha256Digest::of(SECRET.as_bytes()),
    }
}

/// Conformance: AUTH-post
#[tokio::test]
async fn a_secret_in_the_form_authenticates_a_client_that_is_registered_for_it() {
    let bench = with_method(Config::default(), posted()).await;
    let ask = async |authorization: &str, more: &str| {
        let form = format!("{DEFAULTS}{more}");
        bench
            .post("/backchannel-authentication", authorization, &form)
            .await
    };
    let good = "&client_id=kiosk&client_secret=s%2Bc%25r%3At";
    assert_eq!(ask("", good).await.status, StatusCode::OK);
    for wrong in [
        "&client_id=kiosk&client_secret=s",
        "&client_id=nobody&client_secret=s%2Bc%25r%3At",
        "&client_id=%2F&client_secret=s%2Bc%25r%3At",
        "&client_secret=s%2Bc%25r%3At",
        "&client_id=kiosk",
        "&client_id=other&client_secret=s%2Bc%25r%3At",
    ] {
        let reply = ask("", wrong).await;
        assert_eq!(reply.error(), (401, "invalid_client"), "{wrong}");
        assert!(!reply.headers.contains_key("www-authenticate"), "{wrong}");
    }
    let by_header = ask(&basic("kiosk", SECRET), "").await;
    assert_eq!(by_header.error(), (401, "invalid_client"), "not its method");
    let both = ask(&basic("kiosk", SECRET), good).await;
    assert_eq!(both.error(), (400, "invalid_request"), "two methods");
}

/// An assertion of `kiosk` under a secret.
fn by_secret(header: &Value, claims: &Value, secret: &str) -> String {
    let signed = signed_part(header, claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", encode_b64u(tag.as_ref()))
}

/// Conformance: AUTH-secret-jwt
#[tokio::test]
async fn an_assertion_under_the_clients_secret_authenticates_once() {
    let method = ClientAuthentication::ClientSecretJwt { salt: SALT };
    let bench = with_method(Config::default(), method).await;
    let kiosk = tegata_protocol::ClientId::parse("kiosk").unwrap();
    let secret = bench.app.keys.client_secret(&kiosk, &SALT).expose().clone();
    let (header, other) = (json!({ "alg": "HS256" }), "x".repeat(43));
    let mine = || {
        let claims = with(claims(&bench), "iss", json!("kiosk"));
        with(claims, "sub", json!("kiosk"))
    };
    let good = by_secret(&header, &mine(), &secret);
    assert_eq!(ask(&bench, &good).await.status, StatusCode::OK);
    assert_eq!(ask(&bench, &good).await.error(), (401, "invalid_client"));
    let now = bench.now().0;
    for bad in [
        by_secret(&header, &mine(), &other),
        by_secret(&header, &mine(), ""),
        by_secret(&json!({ "alg": "HS512" }), &mine(), &secret),
        by_secret(&json!({ "alg": "none" }), &mine(), &secret),
        by_secret(&json!({ "alg": "HS256", "crit": [] }), &mine(), &secret),
        by_secret(
            &json!({ "alg": "HS256", "typ": "at+jwt" }),
            &mine(),
            &secret,
        ),
        by_secret(&header, &with(mine(), "aud", json!("other")), &secret),
        by_secret(&header, &with(mine(), "exp", json!(now)), &secret),
        by_secret(&header, &with(mine(), "jti", Value::Null), &secret),
        by_secret(&header, &claims(&bench), &secret),
        sign(&bench.key, &json!({ "alg": "ES256" }), &mine()),
    ] {
        assert_eq!(
            ask(&bench, &bad).await.error(),
            (401, "invalid_client"),
            "{bad}"
        );
    }
    let by_header = bench.post("/token", &basic("kiosk", &secret), "").await;
    assert_eq!(by_header.error(), (401, "invalid_client"), "not its method");
}

/// Conformance: FAPI1-A-5.2.2-client-auth
#[tokio::test]
async fn a_profile_takes_no_secrets_and_no_other_algorithms() {
    let fapi = || Config {
        profile: Profile::FapiCiba,
        ..Config::default()
    };
    let bench = with_method(fapi(), posted()).await;
    let reply = bench
        .post("/token", "", "client_id=kiosk&client_secret=s%2Bc%25r%3At")
        .await;
    assert_eq!(reply.error(), (401, "invalid_client"));
    let method = ClientAuthentication::ClientSecretJwt { salt: SALT };
    let bench = with_method(fapi(), method).await;
    let kiosk = tegata_protocol::ClientId::parse("kiosk").unwrap();
    let secret = bench.app.keys.client_secret(&kiosk, &SALT).expose().clone();
    let mine = with(claims(&bench), "iss", json!("kiosk"));
    let mine = with(mine, "sub", json!("kiosk"));
    let assertion = by_secret(&json!({ "alg": "HS256" }), &mine, &secret);
    assert_eq!(
        ask(&bench, &assertion).await.error(),
        (401, "invalid_client")
    );
}

/// Conformance: AUTH-private-key-jwt
#[tokio::test]
async fn a_client_that_registered_an_algorithm_uses_no_other() {
    for (registered, accepted) in [(Algorithm::Es256, true), (Algorithm::Ps256, false)] {
        let bench = Bench::new().await;
        let keyed = stored(&bench, "keyed").await;
        let settings = ClientSettings {
            assertion_alg: Some(registered),
            ..keyed.settings.clone()
        };
        replace(&bench, Client { settings, ..keyed }).await;
        let reply = ask(&bench, &sign(&bench.key, &header(), &claims(&bench))).await;
        assert_eq!(reply.status == StatusCode::OK, accepted, "{registered}");
    }
}

async fn stored(bench: &Bench, id: &str) -> Client {
    let id = tegata_protocol::ClientId::parse(id).unwrap();
    let client = bench.app.store.client(&id).await.unwrap();
    (*client.unwrap()).clone()
}

async fn replace(bench: &Bench, client: Client) {
    let replace = crate::storage::ops::ReplaceClient(client);
    assert!(bench.app.store.apply(replace).await.unwrap());
}

/// A client's own server with its keys; `None` if it fails. It counts how often it was asked.
type Published = Arc<(Mutex<Option<Value>>, AtomicUsize)>;

async fn publish(published: &Published) -> String {
    async fn show(State(published): State<Published>) -> axum::response::Response {
        published.1.fetch_add(1, Ordering::SeqCst);
        match &*published.0.lock().unwrap() {
            Some(jwks) => jwks.to_string().into_response(),
            None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
    let router = Router::new()
        .route("/jwks", get(show))
        .with_state(Arc::clone(published));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://localhost:{port}/jwks")
}

fn named(key: &SigningKey, kid: &str) -> Value {
    let mut jwk = serde_json::to_value(key.public()).unwrap();
    jwk["kid"] = kid.into();
    json!({ "keys": [jwk] })
}

/// Conformance: AUTH-jwks-uri
#[tokio::test]
async fn keys_at_an_address_are_kept_and_fetched_again_when_a_client_changes_them() {
    let config = Config {
        demo: true,
        ..Config::default()
    };
    let bench = Bench::open(config, 8480, TestClock::standing(), |_| {}).await;
    let published = Published::default();
    let address = publish(&published).await;
    let keyed = stored(&bench, "keyed").await;
    let settings = ClientSettings {
        keys: Some(ClientKeys::JwksUri(address)),
        ..ClientSettings::default()
    };
    replace(&bench, Client { settings, ..keyed }).await;
    let (second, _) = SigningKey::make(&SystemRng::new());
    let first = || {
        sign(
            &bench.key,
            &json!({ "alg": "ES256", "kid": "first" }),
            &claims(&bench),
        )
    };
    let by_second = || {
        sign(
            &second,
            &json!({ "alg": "ES256", "kid": "second" }),
            &claims(&bench),
        )
    };
    let asked = || published.1.load(Ordering::SeqCst);
    let answers = |keys: Option<Value>| *published.0.lock().unwrap() = keys;
    // 1. The address fails, and is left alone for a while.
    assert_eq!(ask(&bench, &first()).await.error(), (401, "invalid_client"));
    answers(Some(named(&bench.key, "first")));
    assert_eq!(ask(&bench, &first()).await.error(), (401, "invalid_client"));
    assert_eq!(asked(), 1);
    // 2. It has the key, which is kept.
    bench.advance(30_000);
    for _ in 0..3 {
        let reply = ask(&bench, &first()).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        bench.advance(10_000);
    }
    assert_eq!(asked(), 2);
    // 3. The client changes its key.
    answers(Some(named(&second, "second")));
    assert_eq!(ask(&bench, &by_second()).await.status, StatusCode::OK);
    assert_eq!(asked(), 3);
    let old = ask(&bench, &first()).await;
    assert_eq!(
        old.error(),
        (401, "invalid_client"),
        "taken back by the client"
    );
    // 4. The address fails again: what it said last stands in.
    answers(None);
    bench.advance(600_000);
    assert_eq!(ask(&bench, &by_second()).await.status, StatusCode::OK);
    assert_eq!(asked(), 4);
}
