use super::{bench::TestClock, *};
use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use serde_json::Value;
use tower::ServiceExt as _;

/// Conformance: RFC8414-3, RFC8414-2-empty, CIBA-4-modes, CIBA-4-endpoint, CIBA-4-signing-algs, CIBA-4-user-code, CIBA-4-grant
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

async fn metadata(text: &str) -> Value {
    let config = crate::config::Config::parse(text).unwrap();
    let bench = Bench::open(config, 8480, TestClock::standing(), |_| {}).await;
    bench.get("/.well-known/openid-configuration").await.json
}

/// Conformance: RFC8414-true, FAPI-CIBA-5.2.2-poll, FAPI-CIBA-5.2.2-no-push, FAPI1-A-5.2.2-client-auth, FAPI-CIBA-7.10-algs
#[tokio::test]
async fn the_profile_leaves_only_what_it_allows() {
    let found = metadata(
        "profile = \"fapi-ciba\"\n[proxy]\naddresses = [\"127.0.0.1\"]\nclient_certificate_header = \"client-cert\"\n\
         [tokens]\nalgorithms = [\"ES256\", \"PS256\", \"EdDSA\", \"RS256\"]",
    )
    .await;
    let strong = serde_json::json!(["ES256", "PS256"]);
    for member in [
        "backchannel_authentication_request_signing_alg_values_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "id_token_signing_alg_values_supported",
    ] {
        assert_eq!(found[member], strong, "{member}");
    }
    let modes = &found["backchannel_token_delivery_modes_supported"];
    assert_eq!(modes, &serde_json::json!(["poll", "ping"]));
    let methods = &found["token_endpoint_auth_methods_supported"];
    let expected = serde_json::json!(["private_key_jwt", "self_signed_tls_client_auth"]);
    assert_eq!(methods, &expected);
    assert!(found.get("dpop_signing_alg_values_supported").is_none());
    assert!(found["mtls_endpoint_aliases"]["token_endpoint"].is_string());
}

/// Conformance: RFC8414-true, RFC8705-5
#[tokio::test]
async fn what_is_configured_is_said_and_nothing_else() {
    let plain = metadata("").await;
    for absent in [
        "mtls_endpoint_aliases",
        "registration_endpoint",
        "authorization_details_types_supported",
    ] {
        assert!(plain.get(absent).is_none(), "{absent}");
    }
    let more = metadata(
        "[registration]\nenabled = true\ninitial_access_token = \"an-initial-access-token-of-32-characters\"\n\
         [proxy]\naddresses = [\"127.0.0.1\"]\nclient_certificate_header = \"client-cert\"\n\
         [tls]\nmtls_base = \"https://mtls.localhost\"",
    )
    .await;
    assert_eq!(
        more["registration_endpoint"],
        "http://localhost:8480/register"
    );
    let alias = &more["mtls_endpoint_aliases"]["backchannel_authentication_endpoint"];
    assert_eq!(alias, "https://mtls.localhost/backchannel-authentication");
    assert_eq!(more["tls_client_certificate_bound_access_tokens"], true);
}
