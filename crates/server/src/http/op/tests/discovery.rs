use super::*;
use axum::http::{StatusCode, header};
use serde_json::Value;

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

#[tokio::test]
async fn the_key_set_holds_the_id_token_key_alone_and_no_private_part() {
    let bench = Bench::new().await;
    let reply = bench.get("/jwks").await;
    let keys = reply.json["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    let members: Vec<_> = keys[0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!(
        keys[0]["kid"],
        bench.app.keys.id_token.thumbprint().to_string()
    );
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
