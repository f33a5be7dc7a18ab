//! By what ID tokens are signed and whom they name: the client's registration decides.

use super::{bench::TestClock, *};
use crate::{
    config::{Config, TokensConfig},
    jose::{Algorithm, CompactJws, KeySet},
};
use axum::http::StatusCode;
use serde_json::Value;
use tegata_protocol::bytes::decode_b64u;

fn claims(jws: &str) -> Value {
    let payload = jws.split('.').nth(1).unwrap();
    serde_json::from_slice(&decode_b64u(payload).unwrap()).unwrap()
}

/// Conformance: OIDC-algs
#[tokio::test]
async fn id_tokens_are_signed_by_the_clients_algorithm_and_verify_with_the_key_set() {
    use Algorithm as A;
    let configured = [A::Es256, A::Ps256, A::EdDsa];
    let with_rs256 = [A::Es256, A::Rs256];
    for (alg, offered, signed) in [
        (A::Es256, &configured[..], A::Es256),
        (A::Ps256, &configured, A::Ps256),
        (A::EdDsa, &configured, A::EdDsa),
        (A::Rs256, &with_rs256, A::Rs256),
        (A::Rs256, &configured, A::Es256),
    ] {
        let tokens = TokensConfig {
            algorithms: offered.to_vec(),
            ..TokensConfig::default()
        };
        let config = Config {
            tokens,
            ..Config::default()
        };
        let bench = Bench::open(config, 8480, TestClock::standing(), |kiosk| {
            kiosk.settings.id_token_alg = alg;
        })
        .await;
        let device = bench.pair("hanako").await;
        let id = bench.asked().await;
        bench.decided(&device, true).await;
        let reply = bench.poll("kiosk", &id).await;
        assert_eq!(reply.status, StatusCode::OK, "{alg}: {reply:?}");
        let set = KeySet::parse(&bench.get("/jwks").await.json.to_string());
        let jws = CompactJws::parse(reply.text("id_token"), 8192, &[signed]).unwrap();
        assert_eq!(jws.verify(&set), Ok(()), "{alg}");
    }
}

/// Conformance: OIDC-8.1-pairwise
#[tokio::test]
async fn a_pairwise_client_knows_people_by_names_that_are_good_for_its_sector_alone() {
    let bench = Bench::with(|kiosk| {
        kiosk.settings.sector = Some("kiosk.example".to_owned());
    })
    .await;
    let device = bench.pair("hanako").await;
    let mut subjects = Vec::new();
    for _ in 0..2 {
        let id = bench.asked().await;
        bench.decided(&device, true).await;
        let reply = bench.poll("kiosk", &id).await;
        let subject = claims(reply.text("id_token"))["sub"].clone();
        assert_eq!(claims(reply.text("client_receipt"))["sub"], subject);
        subjects.push(subject.as_str().unwrap().to_owned());
        bench.advance(120_000);
    }
    let [first, second] = &subjects[..] else {
        panic!("two of them");
    };
    assert_eq!(first, second, "the same at every time");
    assert!(!first.contains("hanako"));

    let ask = |client: &'static str, sub: &str| {
        let hint = serde_json::json!({
            "subject_type": "iss_sub", "format": "iss_sub", "iss": bench.app.issuer.as_str(), "sub": sub,
        });
        let hint: String = form_urlencoded::byte_serialize(hint.to_string().as_bytes()).collect();
        let form = format!("scope=openid&login_hint={hint}");
        let bench = &bench;
        async move {
            let authorization = basic(client, SECRET);
            let path = "/backchannel-authentication";
            bench.post(path, &authorization, &form).await
        }
    };
    assert_eq!(ask("kiosk", first).await.status, StatusCode::OK);
    assert_eq!(ask("other", "sub-hanako").await.status, StatusCode::OK);
    for (client, sub) in [("kiosk", "sub-hanako"), ("other", first.as_str())] {
        let reply = ask(client, sub).await;
        assert_eq!(reply.error(), (400, "unknown_user_id"), "{client} {sub}");
    }
}
