use super::*;
use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use serde_json::Value;
use tower::ServiceExt as _;

#[tokio::test]
async fn discovery_says_what_is_built_under_both_names() {
    let bench = Bench::new().await;
    let golden: Value = serde_json::from_str(include_str!("openid-configuration.json")).unwrap();
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let reply = bench.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        assert_eq!(
            reply.json, golden,
            "{path}: if this is intended, change the golden file"
        );
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/json");
    }
    let empty = golden
        .as_object()
        .unwrap()
        .values()
        .any(|value| value == &Value::Array(vec![]));
    assert!(!empty, "RFC 8414 section 3.2: no arrays without elements");
}

/// Conformance: RFC7517-4-set
#[tokio::test]
async fn the_key_set_holds_the_keys_of_tokens_alone_and_no_private_part() {
    let bench = Bench::new().await;
    let reply = bench.get("/jwks").await;
    let keys = reply.json["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    let members = |key: &Value| key.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let (elliptic, edwards) = (&keys[0], &keys[1]);
    assert_eq!(
        members(elliptic),
        ["alg", "crv", "kid", "kty", "use", "x", "y"]
    );
    assert_eq!(members(edwards), ["alg", "crv", "kid", "kty", "use", "x"]);
    let kids = bench.app.keys.tokens.list();
    for (key, listed) in keys.iter().zip(kids) {
        assert_eq!(key["kid"], listed.kid.to_string());
        assert_eq!(key["alg"], listed.alg.name());
    }
    assert_eq!(reply.headers[header::CACHE_CONTROL], "public, max-age=300");
}

#[tokio::test]
async fn health_is_ready_while_the_store_answers() {
    let bench = Bench::new().await;
    let reply = bench.get("/health").await;
    assert_eq!(
        (reply.status, reply.text("status")),
        (StatusCode::OK, "ready")
    );
}

/// Conformance: DISC-authorization-endpoint
#[tokio::test]
async fn the_authorization_endpoint_says_in_both_languages_that_there_is_no_browser_flow() {
    let bench = Bench::new().await;
    for (accepts, words) in [("en", "speaks CIBA only"), ("ja,en;q=0.5", "CIBA だけ")] {
        let request = Request::get("/authorize?client_id=kiosk&redirect_uri=https://evil.example/")
            .header(header::ACCEPT_LANGUAGE, accepts)
            .body(Body::empty())
            .unwrap();
        let answer = bench.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert!(answer.headers().get(header::LOCATION).is_none());
        let page = to_bytes(answer.into_body(), 1 << 16).await.unwrap();
        let page = String::from_utf8(page.to_vec()).unwrap();
        assert!(
            page.contains(words) && page.starts_with("<!doctype html>"),
            "{page}"
        );
        assert!(!page.contains("evil"), "nothing of the request is repeated");
    }
}
