//! Introspection (RFC 7662), revocation (RFC 7009) and userinfo (OpenID Connect Core section 5.3, RFC 6750).

use super::*;
use crate::storage::ops::CreateClient;
use std::sync::Arc;

/// A client that is registered as a resource server.
async fn add_resource_server(desk: &Desk) {
    let mut api = desk.bench.secret_client("api");
    api.settings.introspection = true;
    desk.bench.app.store.apply(CreateClient(api)).await.unwrap();
}

/// Conformance: RFC7662-2, RFC7662-4
#[tokio::test]
async fn a_client_learns_about_its_own_tokens_and_a_resource_server_about_all_access_tokens() {
    let desk = Desk::refreshing().await;
    add_resource_server(&desk).await;
    let tokens = desk.tokens("openid library").await;
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let now = desk.bench.now().0;
    let mut expected = json!({
        "active": true,
        "iss": "http://localhost:8480",
        "sub": "sub-hanako",
        "aud": "http://localhost:8480",
        "client_id": "kiosk",
        "scope": "openid library",
        "exp": now + 600,
        "iat": now,
        "token_type": "Bearer",
        "auth_time": now,
        "acr": "urn:tegata:acr:software-pin",
        "amr": ["pin", "pop"],
    });
    assert_eq!(desk.introspect(access).await, expected);
    let ask = async |client: &str, token: &str| {
        let form = format!("token={token}&token_type_hint=access_token");
        let client = basic(client, SECRET);
        desk.bench.post("/introspect", &client, &form).await.json
    };
    assert_eq!(ask("api", access).await, expected);
    expected["exp"] = (now + 30 * 86_400).into();
    expected.as_object_mut().unwrap().remove("token_type");
    assert_eq!(
        ask("kiosk", refresh).await,
        expected,
        "whatever the hint says"
    );
    let inactive = json!({ "active": false });
    for (client, token) in [
        ("api", refresh),
        ("other", access),
        ("other", refresh),
        ("kiosk", "unknown"),
        ("kiosk", tokens.text("id_token")),
    ] {
        assert_eq!(ask(client, token).await, inactive, "{client}");
    }
    desk.bench.advance(600_000);
    assert_eq!(ask("kiosk", access).await, inactive, "expired");
}

/// Conformance: RFC7662-2
#[tokio::test]
async fn introspection_answers_nobody_who_is_not_authenticated() {
    let desk = Desk::new(|_| {}).await;
    let tokens = desk.tokens("openid").await;
    let form = format!("token={}", tokens.text("access_token"));
    for authorization in ["", &basic("kiosk", "wrong"), &basic("nobody", SECRET)] {
        let reply = desk.bench.post("/introspect", authorization, &form).await;
        assert_eq!(reply.error(), (401, "invalid_client"));
    }
    let empty = desk.kiosk("/introspect", "token=").await;
    assert_eq!(empty.error(), (400, "invalid_request"));
    let twice = desk.kiosk("/introspect", &format!("{form}&{form}")).await;
    assert_eq!(twice.error(), (400, "invalid_request"));
    let get = desk.bench.get(&format!("/introspect?{form}")).await;
    assert_eq!(get.status, StatusCode::METHOD_NOT_ALLOWED);
}

/// Conformance: RFC7009-2
#[tokio::test]
async fn revocation_ends_an_access_token_alone_and_with_a_refresh_token_the_whole_grant() {
    let desk = Desk::refreshing().await;
    let first = desk.tokens("openid").await;
    let second = desk.refresh(first.text("refresh_token"), "").await;
    let revoke = async |token: &str| {
        let form = format!("token={token}&token_type_hint=mac");
        let reply = desk.kiosk("/revoke", &form).await;
        assert_eq!(reply.status, StatusCode::OK);
    };
    revoke(first.text("access_token")).await;
    assert!(!desk.is_active(first.text("access_token")).await);
    assert!(desk.is_active(second.text("access_token")).await);
    assert!(desk.is_active(second.text("refresh_token")).await);
    revoke(first.text("access_token")).await;
    revoke("unknown").await;
    // Also with one that was used.
    revoke(first.text("refresh_token")).await;
    assert!(!desk.is_active(second.text("access_token")).await);
    let refused = desk.refresh(second.text("refresh_token"), "").await;
    assert_eq!(refused.error(), (400, "invalid_grant"));
}

/// Conformance: RFC7009-2.2.1
#[tokio::test]
async fn revocation_is_refused_for_other_clients_tokens_and_for_what_cannot_be_revoked() {
    let desk = Desk::refreshing().await;
    let tokens = desk.tokens("openid").await;
    for token in ["access_token", "refresh_token"] {
        let form = format!("token={}", tokens.text(token));
        let other = basic("other", SECRET);
        let other = desk.bench.post("/revoke", &other, &form).await;
        assert_eq!(other.error(), (400, "invalid_request"), "{token}");
        let nobody = desk.bench.post("/revoke", "", &form).await;
        assert_eq!(nobody.error(), (401, "invalid_client"), "{token}");
        assert!(desk.is_active(tokens.text(token)).await, "{token}");
    }
    let form = format!("token={}", tokens.text("id_token"));
    let unsupported = desk.kiosk("/revoke", &form).await;
    assert_eq!(unsupported.error(), (400, "unsupported_token_type"));
    let missing = desk.kiosk("/revoke", "token_type_hint=access_token").await;
    assert_eq!(missing.error(), (400, "invalid_request"));
}

/// Conformance: OIDC-5.3-userinfo
#[tokio::test]
async fn userinfo_shows_the_claims_that_the_scope_gives() {
    let desk = Desk::new(|_| {}).await;
    let narrow = desk.tokens("openid").await;
    let authorization = format!("bearer {}", narrow.text("access_token"));
    let shown = desk.userinfo(&authorization, None).await;
    assert_eq!(shown.json, json!({ "sub": "sub-hanako" }));
    let id_token = payload(narrow.text("id_token"));
    assert_eq!(shown.json["sub"], id_token["sub"]);
    let wide = desk.tokens("openid profile").await;
    let expected = json!({
        "sub": "sub-hanako",
        "name": "hanako",
        "preferred_username": "hanako",
    });
    let authorization = format!("Bearer {}", wide.text("access_token"));
    assert_eq!(desk.userinfo(&authorization, None).await.json, expected);
    let form = format!("access_token={}", wide.text("access_token"));
    let posted = desk.bench.post("/userinfo", "", &form).await;
    assert_eq!(posted.json, expected);
    let posted = desk.bench.post("/userinfo", &authorization, "").await;
    assert_eq!(posted.json, expected);
}

/// Conformance: RFC6750-2, RFC6750-3
#[tokio::test]
async fn userinfo_answers_refusals_with_a_challenge() {
    let desk = Desk::refreshing().await;
    let tokens = desk.tokens("openid profile").await;
    let token = tokens.text("access_token");
    let challenges = |reply: &Reply| -> String {
        let all = reply.headers.get_all(header::WWW_AUTHENTICATE).iter();
        all.map(|value| value.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let none = desk.bench.get("/userinfo").await;
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
    let challenge = challenges(&none);
    assert!(challenge.starts_with("Bearer realm="), "{challenge}");
    assert!(!challenge.contains("error"), "{challenge}");
    for (authorization, error) in [
        ("Bearer unknown".to_owned(), (401, "invalid_token")),
        (
            format!("Bearer {}", tokens.text("refresh_token")),
            (401, "invalid_token"),
        ),
        (
            format!("Bearer {}", tokens.text("id_token")),
            (401, "invalid_token"),
        ),
        ("Bearer".to_owned(), (400, "invalid_request")),
        (format!("Bearer {token} x"), (400, "invalid_request")),
        (format!("DPoP {token}"), (401, "invalid_token")),
    ] {
        let reply = desk.userinfo(&authorization, None).await;
        assert_eq!(reply.error(), error, "{authorization}");
        let challenge = challenges(&reply);
        let expected = format!(r#"error="{}""#, error.1);
        assert!(challenge.contains(&expected), "{challenge}");
    }
    let form = format!("access_token={token}");
    let authorization = format!("Bearer {token}");
    let twice = desk.bench.post("/userinfo", &authorization, &form).await;
    assert_eq!(twice.error(), (400, "invalid_request"));
    let address = desk.bench.get(&format!("/userinfo?{form}")).await;
    assert_eq!(
        address.status,
        StatusCode::UNAUTHORIZED,
        "never in the address"
    );

    let narrowed = desk
        .refresh(tokens.text("refresh_token"), "&scope=profile")
        .await;
    let authorization = format!("Bearer {}", narrowed.text("access_token"));
    let refused = desk.userinfo(&authorization, None).await;
    assert_eq!(refused.error(), (403, "insufficient_scope"));
    let challenge = challenges(&refused);
    assert!(challenge.contains(r#"scope="openid""#), "{challenge}");
}

/// Conformance: FAPI1-B-6.2.1-interaction
#[tokio::test]
async fn a_resource_answers_with_interaction_id_date_and_json() {
    let desk = Desk::new(|_| {}).await;
    let tokens = desk.tokens("openid").await;
    let name = "x-fapi-interaction-id";
    let call = async |id: Option<&str>| {
        let mut request = Request::builder()
            .method(Method::GET)
            .uri("/userinfo")
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", tokens.text("access_token")),
            );
        if let Some(id) = id {
            request = request.header(name, id);
        }
        let reply = desk.send(request.body(Body::empty()).unwrap(), None).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/json");
        reply.headers[name].to_str().unwrap().to_owned()
    };
    let given = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a";
    assert_eq!(call(Some(given)).await, given);
    for bad in [
        None,
        Some("c770aef3"),
        Some("c770aef3-6784-41f7-8e0e-ff5f97bddb3g"),
    ] {
        let made = call(bad).await;
        let groups: Vec<_> = made.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{made}");
        assert_eq!(made.as_bytes()[14], b'4', "{made}");
        assert_ne!(made, call(bad).await);
    }
    let refused = desk.bench.get("/userinfo").await;
    assert!(refused.headers.contains_key(name), "also with a refusal");

    // The date comes from the transport.
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(crate::http::serve(
        Arc::clone(&desk.bench.app),
        listener,
        async {
            drop(stopped.await);
        },
    ));
    let reply = desk
        .bench
        .app
        .http_client
        .get(format!("http://{address}/userinfo"))
        .bearer_auth(tokens.text("access_token"))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    assert!(reply.headers().contains_key(header::DATE));
    assert_eq!(reply.headers()[header::CONTENT_TYPE], "application/json");
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn pages_elsewhere_are_not_let_in() {
    let desk = Desk::new(|_| {}).await;
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri("/userinfo")
        .header(header::ORIGIN, "https://evil.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET")
        .body(Body::empty())
        .unwrap();
    // Any header that is not expected fails the test by itself, those of CORS among them.
    let reply = desk.send(request, None).await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
}
