use super::*;
use axum::http::{StatusCode, header};
use serde_json::Value;
use std::sync::Arc;
use tegata_protocol::{
    Sha256Digest,
    bytes::encode_b64u,
    device::receipt::{evidence_hash, parse_client_receipt},
    jws,
};

/// Conformance: CIBA-10.1.1-response, OIDC-2-id-token, CIBA-8-decision
#[tokio::test]
async fn an_approval_is_collected_with_verifiable_tokens() {
    let bench = Bench::new().await;
    let device = bench.pair("hanako").await;
    let id = bench.asked().await;
    assert_eq!(
        bench.poll("kiosk", &id).await.error(),
        (400, "authorization_pending")
    );
    bench.advance(2_000);
    bench.decided(&device, true).await;
    let approved_at = bench.now();
    bench.advance(3_000);
    let reply = bench.poll("kiosk", &id).await;

    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
    let members: Vec<_> = reply
        .json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        members,
        [
            "access_token",
            "client_receipt",
            "expires_in",
            "id_token",
            "scope",
            "token_type"
        ]
    );
    assert_eq!(
        (reply.text("token_type"), reply.text("scope")),
        ("Bearer", "openid")
    );
    assert_eq!(reply.json["expires_in"], 600);

    let set = bench.get("/jwks").await;
    let key = &set.json["keys"][0];
    let head = jws::UnverifiedJws::parse(reply.text("id_token"), "JWT", 4096).unwrap();
    assert_eq!(key["kid"], head.kid().to_string());
    let key = bench.app.keys.tokens.published().p256()[0];
    let claims: Value = head.verify(&key).unwrap();
    let access_token = reply.text("access_token").to_owned();
    let digest = Sha256Digest::of(access_token.as_bytes());
    let now = bench.now().0;
    let jti = claims["jti"].as_str().unwrap();
    assert_eq!(jti.len(), 22);
    let evidence = evidence_hash("consent receipt").to_string();
    let expected = serde_json::json!({
        "iss": "http://localhost:8480",
        "sub": "sub-hanako",
        "aud": "kiosk",
        "exp": now + 300,
        "iat": now,
        "jti": jti,
        "auth_time": approved_at.0,
        "acr": "urn:tegata:acr:software-pin",
        "amr": ["pin", "pop"],
        "at_hash": encode_b64u(&digest.0[..16]),
        "tegata_evidence": evidence,
    });
    assert_eq!(claims, expected);

    let keys = [*bench.app.keys.receipt.public()];
    let receipt = parse_client_receipt(reply.text("client_receipt"), &keys).unwrap();
    assert_eq!(receipt.evidence.to_string(), evidence);
    assert_eq!(
        (receipt.aud.as_str(), receipt.sub.as_str()),
        ("kiosk", "sub-hanako")
    );

    let now = bench.now();
    let stored = bench
        .app
        .store
        .read(move |r| r.access_token(&access_token, now))
        .await
        .unwrap();
    assert_eq!(stored.unwrap().client.as_str(), "kiosk");
}

/// Conformance: CIBA-10.1.1-once
#[tokio::test]
async fn redeems_only_once_when_polled_twice() {
    let bench = Bench::new().await;
    let device = bench.pair("hanako").await;
    let id = bench.asked().await;
    bench.decided(&device, true).await;
    assert_eq!(bench.poll("kiosk", &id).await.status, StatusCode::OK);
    assert_eq!(
        bench.poll("kiosk", &id).await.error(),
        (400, "invalid_grant")
    );
    bench.advance(300_000);
    assert_eq!(
        bench.poll("kiosk", &id).await.error(),
        (400, "invalid_grant"),
        "not expired_token"
    );
}

/// Conformance: CIBA-10.1.1-once
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_32_racing_redemptions_one_gets_tokens() {
    let bench = Arc::new(Bench::new().await);
    let device = bench.pair("hanako").await;
    for round in 0..5 {
        let id = bench.asked().await;
        bench.decided(&device, true).await;
        let polls: Vec<_> = (0..32)
            .map(|_| {
                let (bench, id) = (Arc::clone(&bench), id.clone());
                tokio::spawn(async move { bench.poll("kiosk", &id).await })
            })
            .collect();
        let mut winners = 0;
        for poll in polls {
            let reply = poll.await.unwrap();
            if reply.status == StatusCode::OK {
                winners += 1;
            } else {
                assert_eq!(reply.error(), (400, "invalid_grant"), "round {round}");
            }
        }
        assert_eq!(winners, 1, "round {round}");
        // Out of the reach of the client's budget of three in ten minutes.
        bench.advance(600_000);
    }
}

/// Conformance: CIBA-11-pending, CIBA-11-slow-down
#[tokio::test]
async fn the_interval_is_enforced_with_tolerance_and_without_escalation() {
    let bench = Bench::new().await;
    let device = bench.pair("hanako").await;
    let id = bench.asked().await;
    let code = async |wait| {
        bench.advance(wait);
        bench.poll("kiosk", &id).await.error().1.to_owned()
    };
    assert_eq!(
        code(0).await,
        "authorization_pending",
        "the first poll is never throttled"
    );
    assert_eq!(code(1_000).await, "slow_down");
    assert_eq!(code(3_499).await, "slow_down");
    assert_eq!(
        code(1).await,
        "authorization_pending",
        "half a second early is on time"
    );
    assert_eq!(code(4_000).await, "slow_down");
    assert_eq!(
        code(1_000).await,
        "authorization_pending",
        "recovered, and the interval is still 5 s"
    );
    bench.decided(&device, true).await;
    let reply = bench.poll("kiosk", &id).await;
    assert_eq!(reply.status, StatusCode::OK, "a result is never held back");
}

/// Conformance: CIBA-11-denied
#[tokio::test]
async fn a_denial_is_answered_as_often_as_it_is_asked_for() {
    let bench = Bench::new().await;
    let device = bench.pair("hanako").await;
    let id = bench.asked().await;
    bench.decided(&device, false).await;
    for _ in 0..3 {
        assert_eq!(
            bench.poll("kiosk", &id).await.error(),
            (400, "access_denied")
        );
    }
}

/// Conformance: CIBA-11-expired
#[tokio::test]
async fn an_expired_request_is_remembered_as_expired_until_its_retention_is_over() {
    let bench = Bench::new().await;
    let id = bench.asked().await;
    bench.advance(119_999);
    assert_eq!(
        bench.poll("kiosk", &id).await.error(),
        (400, "authorization_pending")
    );
    bench.advance(1);
    for _ in 0..2 {
        assert_eq!(
            bench.poll("kiosk", &id).await.error(),
            (400, "expired_token")
        );
    }
    bench.advance(86_399_000);
    assert_eq!(
        bench.poll("kiosk", &id).await.error(),
        (400, "expired_token")
    );
    bench.advance(1_000);
    assert_eq!(
        bench.poll("kiosk", &id).await.error(),
        (400, "invalid_grant")
    );
}

#[tokio::test]
async fn an_approval_in_the_last_second_can_still_be_collected() {
    let bench = Bench::new().await;
    let device = bench.pair("hanako").await;
    let id = bench.asked().await;
    bench.advance(119_000);
    bench.decided(&device, true).await;
    bench.advance(10_000);
    assert_eq!(bench.poll("kiosk", &id).await.status, StatusCode::OK);
}

/// Conformance: CIBA-10.1-own, CIBA-11-invalid-grant
#[tokio::test]
async fn another_client_learns_nothing_and_spoils_nothing() {
    let bench = Bench::new().await;
    let device = bench.pair("hanako").await;
    let id = bench.asked().await;
    assert_eq!(
        bench.poll("other", &id).await.error(),
        (400, "invalid_grant"),
        "pending"
    );
    let first = bench.poll("kiosk", &id).await;
    assert_eq!(
        first.error(),
        (400, "authorization_pending"),
        "the stranger's poll was not counted"
    );
    bench.decided(&device, true).await;
    assert_eq!(
        bench.poll("other", &id).await.error(),
        (400, "invalid_grant"),
        "approved"
    );
    assert_eq!(bench.poll("kiosk", &id).await.status, StatusCode::OK);

    let id = bench.asked().await;
    bench.advance(200_000);
    assert_eq!(
        bench.poll("other", &id).await.error(),
        (400, "invalid_grant"),
        "expired"
    );
}

/// Conformance: CIBA-11-invalid-grant, CIBA-13-body
#[tokio::test]
async fn every_bad_token_request_has_its_error() {
    let bench = Bench::new().await;
    let id = bench.asked().await;
    let grant = "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba";
    let kiosk = basic("kiosk", SECRET);
    let cases = [
        (String::new(), (400, "invalid_request")),
        (format!("auth_req_id={id}"), (400, "invalid_request")),
        (grant.to_owned(), (400, "invalid_request")),
        (format!("{grant}&auth_req_id="), (400, "invalid_request")),
        (
            format!("grant_type=authorization_code&auth_req_id={id}"),
            (400, "unsupported_grant_type"),
        ),
        (
            format!("grant_type=authorization_code&code={id}"),
            (400, "unsupported_grant_type"),
        ),
        (
            format!("{grant}&auth_req_id={id}&auth_req_id={id}"),
            (400, "invalid_request"),
        ),
        (
            format!("{grant}&{grant}&auth_req_id={id}"),
            (400, "invalid_request"),
        ),
        (
            format!("{grant}&auth_req_id=unknown"),
            (400, "invalid_grant"),
        ),
        (format!("{grant}&auth_req_id=%20"), (400, "invalid_grant")),
        (
            format!("{grant}&auth_req_id={}", "A".repeat(43)),
            (400, "invalid_grant"),
        ),
        (format!("{grant}&auth_req_id={id}x"), (400, "invalid_grant")),
    ];
    for (form, expected) in cases {
        assert_eq!(
            bench.post("/token", &kiosk, &form).await.error(),
            expected,
            "{form}"
        );
    }
    let form = format!("{grant}&auth_req_id={id}");
    let reply = bench.post("/token", &basic("kiosk", "wrong"), &form).await;
    assert_eq!(reply.error(), (401, "invalid_client"));
    assert!(reply.headers.contains_key(header::WWW_AUTHENTICATE));
    assert_eq!(
        bench.post("/token", "", &form).await.error(),
        (401, "invalid_client")
    );
    assert_eq!(
        bench.get("/token").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}
