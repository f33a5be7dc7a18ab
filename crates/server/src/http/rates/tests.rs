use super::*;
use crate::{
    config::Config,
    http::op::tests::bench::{Bench, DEFAULTS, SECRET, TestClock, basic},
};
use serde_json::json;
use tegata_protocol::{SigningKey, SystemRng, bytes::encode_b64u};

/// A server with few of everything.
async fn small(change: impl FnOnce(&mut RateConfig)) -> Bench {
    let mut rates = RateConfig {
        address_per_minute: 60,
        address_burst: 20,
        failed_authentication: 5,
        ..RateConfig::default()
    };
    change(&mut rates);
    let config = Config {
        rates,
        ..Config::default()
    };
    Bench::open(config, 8480, TestClock::standing(), |_| {}).await
}

/// Conformance: RFC6585-4-too-many-requests
#[tokio::test]
async fn failed_authentications_use_an_address_up_and_right_ones_still_pass() {
    let bench = small(|_| {}).await;
    let fail = async || {
        let wrong = basic("kiosk", "wrong");
        bench
            .post("/backchannel-authentication", &wrong, DEFAULTS)
            .await
    };
    for _ in 0..4 {
        assert_eq!(fail().await.error(), (401, "invalid_client"));
    }
    let over = fail().await;
    assert_eq!(over.error(), (429, "temporarily_unavailable"));
    assert_eq!(over.headers[header::RETRY_AFTER], "5");
    assert_eq!(
        bench.ask(DEFAULTS).await.status,
        StatusCode::OK,
        "whoever guesses keeps nobody else at that address away"
    );
    bench.advance(5_000);
    assert_eq!(fail().await.error(), (401, "invalid_client"));
}

/// Conformance: RFC9449-8
#[tokio::test]
async fn whoever_guesses_keeps_no_client_at_that_address_from_its_next_nonce() {
    let bench = small(|rates| rates.address_burst = 5).await;
    let wrong = basic("kiosk", "wrong");
    for expected in [401, 429] {
        let guess = bench.post("/token", &wrong, "grant_type=x").await;
        assert_eq!(guess.status.as_u16(), expected);
    }
    let (key, _) = SigningKey::make(&SystemRng::new());
    let part = |value: serde_json::Value| encode_b64u(value.to_string().as_bytes());
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public() });
    let claims = json!({ "jti": "1", "htm": "POST", "htu": "http://localhost:8480/token",
                         "iat": bench.now().0 });
    let signed = format!("{}.{}", part(header), part(claims));
    let proof = format!(
        "{signed}.{}",
        encode_b64u(&key.sign_fixed(signed.as_bytes()))
    );
    let form = "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id=x";
    let request = Request::post("/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, basic("kiosk", SECRET))
        .header("dpop", proof)
        .body(axum::body::Body::from(form))
        .unwrap();
    let refused = bench.send(request).await;
    assert_eq!(refused.error(), (400, "use_dpop_nonce"));
    assert!(refused.headers.contains_key("dpop-nonce"));
}

#[tokio::test]
async fn polls_at_their_interval_are_never_limited() {
    let bench = small(|rates| rates.client_burst = 1).await;
    let asked = bench.ask(DEFAULTS).await;
    let form = format!(
        "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id={}",
        asked.text("auth_req_id")
    );
    for _ in 0..20 {
        let poll = bench.post("/token", &basic("kiosk", SECRET), &form).await;
        assert_eq!(poll.error(), (400, "authorization_pending"));
        bench.advance(5_000);
    }
}

/// Conformance: CIBA-10.1-overload
#[tokio::test]
async fn a_client_that_asks_too_much_is_told_when_to_come_again_and_nothing_is_stored() {
    let bench = small(|rates| {
        (rates.client_per_minute, rates.client_burst) = (60, 2);
    })
    .await;
    for _ in 0..2 {
        assert_eq!(bench.ask(DEFAULTS).await.status, StatusCode::OK);
    }
    let asked = bench.app.store.flow_statistics();
    let over = bench.ask(DEFAULTS).await;
    assert_eq!(over.error(), (429, "temporarily_unavailable"));
    assert_eq!(over.headers[header::RETRY_AFTER], "1");
    assert_eq!(bench.app.store.flow_statistics(), asked);
    let other = basic("other", SECRET);
    let others = bench
        .post("/backchannel-authentication", &other, DEFAULTS)
        .await;
    assert_eq!(others.status, StatusCode::OK, "to each client its own");
    bench.advance(1_000);
    assert_eq!(bench.ask(DEFAULTS).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_person_is_asked_for_only_so_often_by_one_client() {
    let bench = small(|rates| rates.person_per_minute = 2).await;
    for _ in 0..2 {
        assert_eq!(bench.ask(DEFAULTS).await.status, StatusCode::OK);
    }
    let over = bench.ask(DEFAULTS).await;
    assert_eq!(over.error(), (429, "temporarily_unavailable"));
    let taro = bench.ask("scope=openid&login_hint=taro").await;
    assert_eq!(taro.status, StatusCode::OK, "another person");
    let other = basic("other", SECRET);
    let others = bench
        .post("/backchannel-authentication", &other, DEFAULTS)
        .await;
    assert_eq!(
        others.status,
        StatusCode::OK,
        "what one client does, no other learns"
    );
}

#[tokio::test]
async fn devices_are_refused_in_their_own_tongue() {
    let bench = small(|rates| rates.address_burst = 1).await;
    let guess = async || {
        let request = Request::post("/device/v1/invitations/redeem")
            .header(header::CONTENT_TYPE, "text/plain")
            .body(axum::body::Body::empty())
            .unwrap();
        let router = bench.router.clone();
        tower::ServiceExt::oneshot(router, request).await.unwrap()
    };
    assert_eq!(guess().await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let over = guess().await;
    assert_eq!(over.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        over.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    assert_eq!(over.headers()[header::RETRY_AFTER], "1");
}

#[test]
fn an_ipv6_neighbourhood_is_one_address() {
    let of = |text: &str| neighbourhood(text.parse().unwrap());
    assert_eq!(of("2001:db8:1:2::5"), of("2001:db8:1:2:ffff::1"));
    assert_ne!(of("2001:db8:1:2::5"), of("2001:db8:1:3::5"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
}
