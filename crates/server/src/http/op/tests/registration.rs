use super::{bench::TestClock, *};
use crate::{
    config::{Config, Profile, RegistrationConfig},
    domain::{Client, RegisteredBy},
    storage::{StoreReader, ops::SuspendClient},
};
use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
    routing::get,
};
use serde_json::{Value, json};
use tegata_protocol::{ClientId, Secret};
use tokio::net::TcpListener;

const INITIAL: &str = "an-initial-access-token";
const GRANT: &str = "urn:openid:params:grant-type:ciba";

fn config() -> Config {
    Config {
        registration: RegistrationConfig {
            enabled: true,
            initial_access_token: Some(Secret::new(INITIAL.to_owned())),
            open: false,
        },
        ..Config::default()
    }
}

async fn server(config: Config) -> Bench {
    Bench::open(config, 8480, TestClock::standing(), |_| {}).await
}

/// A request with a bearer token, left out if empty, and a body of JSON.
async fn send(bench: &Bench, method: Method, path: &str, token: &str, body: &Value) -> Reply {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    bench
        .send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

async fn register(bench: &Bench, body: &Value) -> Reply {
    send(bench, Method::POST, "/register", INITIAL, body).await
}

fn poll() -> Value {
    json!({
        "client_name": "Kiosk of its own",
        "backchannel_token_delivery_mode": "poll",
        "grant_types": [GRANT],
    })
}

fn and(mut members: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("members: {more}")
    };
    members.as_object_mut().unwrap().extend(more);
    members
}

fn path(reply: &Reply) -> String {
    format!("/register/{}", reply.text("client_id"))
}

async fn stored(bench: &Bench, reply: &Reply) -> Option<Client> {
    let id = ClientId::parse(reply.text("client_id")).unwrap();
    let client = bench.app.store.client(&id).await.unwrap();
    client.map(|client| (*client).clone())
}

/// Conformance: RFC7591-2, RFC7591-ciba
#[tokio::test]
async fn a_client_registers_itself_and_asks() {
    let bench = server(config()).await;
    let body = and(
        poll(),
        json!({ "response_types": [], "redirect_uris": [], "software_statement": "x", "logo_uri": 7 }),
    );
    let reply = register(&bench, &body).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
    assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
    let id = reply.text("client_id").to_owned();
    let uri = format!("http://localhost:8480/register/{id}");
    assert_eq!(reply.text("registration_client_uri"), uri);
    assert_eq!(reply.json["client_secret_expires_at"], 0);
    assert_eq!(reply.json["client_id_issued_at"], bench.now().0);
    assert_eq!(reply.json["response_types"], json!([]));
    assert_eq!(
        reply.text("token_endpoint_auth_method"),
        "client_secret_basic"
    );
    assert_eq!(reply.text("id_token_signed_response_alg"), "ES256");
    assert!(reply.json.get("software_statement").is_none() && reply.json.get("logo_uri").is_none());
    let client = stored(&bench, &reply).await.unwrap();
    assert_eq!(client.registered_by, RegisteredBy::SelfRegistered);
    assert_eq!(
        (client.name.as_str(), client.host),
        ("Kiosk of its own", None)
    );
    let authorization = basic(&id, reply.text("client_secret"));
    let asked = bench
        .post("/backchannel-authentication", &authorization, DEFAULTS)
        .await;
    assert_eq!(asked.status, StatusCode::OK, "{asked:?}");
    let nameless = json!({ "backchannel_token_delivery_mode": "poll", "grant_types": [GRANT],
                           "token_endpoint_auth_method": "client_secret_post" });
    let reply = register(&bench, &nameless).await;
    assert_eq!(reply.text("client_name"), reply.text("client_id"));
    let form = format!(
        "{DEFAULTS}&client_id={}&client_secret={}",
        reply.text("client_id"),
        reply.text("client_secret")
    );
    let asked = bench.post("/backchannel-authentication", "", &form).await;
    assert_eq!(asked.status, StatusCode::OK, "{asked:?}");
}

/// Conformance: RFC7591-2
#[tokio::test]
async fn a_client_asks_for_the_scopes_that_it_registered_and_no_others() {
    let bench = server(config()).await;
    let reply = register(&bench, &and(poll(), json!({ "scope": "openid profile" }))).await;
    assert_eq!(reply.text("scope"), "openid profile");
    let authorization = basic(reply.text("client_id"), reply.text("client_secret"));
    for (scope, accepted) in [
        ("openid", true),
        ("profile+openid", true),
        ("openid+email", false),
    ] {
        let form = format!("scope={scope}&login_hint=taro");
        let asked = bench
            .post("/backchannel-authentication", &authorization, &form)
            .await;
        if accepted {
            assert_eq!(asked.status, StatusCode::OK, "{scope}: {asked:?}");
        } else {
            assert_eq!(asked.error(), (400, "invalid_scope"), "{scope}");
        }
    }
}

/// Conformance: RFC7591-3-token
#[tokio::test]
async fn only_who_has_the_initial_access_token_registers() {
    let bench = server(config()).await;
    for (token, challenge) in [
        ("", r#"Bearer realm="tegata""#),
        (
            "an-initial-access-tokem",
            r#"Bearer realm="tegata", error="invalid_token""#,
        ),
    ] {
        let reply = send(&bench, Method::POST, "/register", token, &poll()).await;
        assert_eq!(reply.error(), (401, "invalid_token"));
        assert_eq!(reply.headers[header::WWW_AUTHENTICATE], challenge);
    }
    let without = |open: bool, demo: bool| Config {
        registration: RegistrationConfig {
            enabled: true,
            initial_access_token: None,
            open,
        },
        demo,
        ..Config::default()
    };
    for (open, demo) in [(false, false), (true, false), (false, true)] {
        let bench = server(without(open, demo)).await;
        let reply = send(&bench, Method::POST, "/register", "", &poll()).await;
        let expected = if open || demo { 201 } else { 401 };
        assert_eq!(reply.status.as_u16(), expected, "{open} {demo}: {reply:?}");
    }
    let bench = server(Config::default()).await;
    for path in ["/register", "/register/kiosk"] {
        let reply = send(&bench, Method::POST, path, INITIAL, &poll()).await;
        assert_eq!(
            reply.status,
            StatusCode::NOT_FOUND,
            "off unless it is enabled"
        );
    }
}

/// Conformance: RFC7591-3.2.2
#[tokio::test]
async fn what_cannot_be_kept_to_is_invalid_client_metadata_and_changes_nothing() {
    let bench = server(config()).await;
    let before = bench
        .app
        .store
        .read_long(StoreReader::clients)
        .await
        .unwrap();
    for (body, said) in [
        (json!([]), "JSON object"),
        (json!({}), "backchannel_token_delivery_mode"),
        (
            and(poll(), json!({ "client_name": "a\u{202e}b" })),
            "client_name",
        ),
        (
            and(poll(), json!({ "response_types": ["code"] })),
            "response_types",
        ),
        (
            and(poll(), json!({ "token_endpoint_auth_method": "none" })),
            "token_endpoint_auth_method",
        ),
        (and(poll(), json!({ "jwks": { "keys": 1 } })), "jwks"),
        (
            and(poll(), json!({ "jwks_uri": "https://10.0.0.1/jwks" })),
            "jwks_uri cannot be called",
        ),
        (
            and(
                poll(),
                json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth" }),
            ),
            "token_endpoint_auth_method",
        ),
    ] {
        let reply = register(&bench, &body).await;
        assert_eq!(reply.error(), (400, "invalid_client_metadata"), "{body}");
        assert!(reply.text("error_description").contains(said), "{reply:?}");
    }
    let raw = async |kind: &str, body: String| {
        let request = Request::post("/register")
            .header(header::CONTENT_TYPE, kind)
            .header(header::AUTHORIZATION, format!("bearer {INITIAL}"));
        bench.send(request.body(Body::from(body)).unwrap()).await
    };
    let good = poll().to_string();
    let twice = good.replacen('{', r#"{"client_name":"x","#, 1);
    for (kind, body, status) in [
        ("text/json", good.clone(), 400),
        ("application/json", "{".to_owned(), 400),
        ("application/json", twice, 400),
        (
            "application/json",
            format!("{good}{}", " ".repeat(64 * 1024)),
            413,
        ),
    ] {
        let reply = raw(kind, body).await;
        assert_eq!(reply.error(), (status, "invalid_client_metadata"));
    }
    let after = bench
        .app
        .store
        .read_long(StoreReader::clients)
        .await
        .unwrap();
    assert_eq!(before, after);
    assert_eq!(
        raw("application/json", good).await.status,
        StatusCode::CREATED
    );
}

/// Conformance: RFC7592-2
#[tokio::test]
async fn a_client_reads_changes_and_deletes_its_registration() {
    let bench = server(config()).await;
    let first = register(&bench, &poll()).await;
    let (path, token) = (path(&first), first.text("registration_access_token"));
    let secret = first.text("client_secret");
    // 1. It reads what it registered.
    let read = send(&bench, Method::GET, &path, token, &Value::Null).await;
    assert_eq!(read.status, StatusCode::OK, "{read:?}");
    assert!(
        read.json.get("client_secret").is_none(),
        "kept as a hash alone"
    );
    let mut expected = first.json.clone();
    for name in ["client_secret", "client_secret_expires_at"] {
        expected.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(read.json, expected);
    // 2. It changes some of it, and keeps its secret.
    bench.advance(60_000);
    let changes = and(
        first.json.clone(),
        json!({ "client_name": "Another name", "grant_types": [GRANT, "refresh_token"] }),
    );
    let changed = send(&bench, Method::PUT, &path, token, &changes).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(changed.text("client_name"), "Another name");
    assert_eq!(
        changed.json["client_id_issued_at"],
        first.json["client_id_issued_at"]
    );
    let authorization = basic(first.text("client_id"), secret);
    let asked = bench
        .post("/backchannel-authentication", &authorization, DEFAULTS)
        .await;
    assert_eq!(asked.status, StatusCode::OK, "{asked:?}");
    assert!(stored(&bench, &first).await.unwrap().settings.refresh);
    // 3. Members that are left out have their defaults again; a secret that can be told is told.
    let method = json!({ "client_id": first.text("client_id"),
                         "token_endpoint_auth_method": "client_secret_jwt" });
    let jwt = send(&bench, Method::PUT, &path, token, &and(poll(), method)).await;
    assert_eq!(jwt.status, StatusCode::OK, "{jwt:?}");
    assert!(!stored(&bench, &first).await.unwrap().settings.refresh);
    let read = send(&bench, Method::GET, &path, token, &Value::Null).await;
    assert_eq!(read.text("client_secret"), jwt.text("client_secret"));
    assert_ne!(read.text("client_secret"), secret);
    // 4. It leaves.
    let removed = send(&bench, Method::DELETE, &path, token, &Value::Null).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(stored(&bench, &first).await, None);
    let gone = send(&bench, Method::GET, &path, token, &Value::Null).await;
    assert_eq!(
        gone.error(),
        (401, "invalid_token"),
        "its token is good for nothing"
    );
}

/// Conformance: RFC7592-2
#[tokio::test]
async fn nobody_else_touches_a_registration_and_no_change_is_half_made() {
    let bench = server(config()).await;
    let (mine, others) = (
        register(&bench, &poll()).await,
        register(&bench, &poll()).await,
    );
    let token = mine.text("registration_access_token");
    let foreign = others.text("registration_access_token");
    for (path, token) in [
        (path(&mine), ""),
        (path(&mine), foreign),
        (path(&mine), INITIAL),
        (path(&mine), mine.text("client_secret")),
        ("/register/kiosk".to_owned(), token),
        ("/register/nobody".to_owned(), token),
        ("/register/%20".to_owned(), token),
    ] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let reply = send(&bench, method.clone(), &path, token, &mine.json).await;
            assert_eq!(reply.error(), (401, "invalid_token"), "{method} {path}");
        }
    }
    let before = stored(&bench, &mine).await;
    for wrong in [
        json!({ "client_id": others.text("client_id") }),
        json!({ "client_id": null }),
        json!({ "client_secret": others.text("client_secret") }),
        json!({ "client_secret": 7 }),
        json!({ "client_name": "" }),
        json!({ "jwks_uri": "http://rp.example/jwks" }),
    ] {
        let body = and(mine.json.clone(), wrong);
        let reply = send(&bench, Method::PUT, &path(&mine), token, &body).await;
        assert_eq!(reply.error(), (400, "invalid_client_metadata"), "{body}");
    }
    assert_eq!(stored(&bench, &mine).await, before);
}

#[tokio::test]
async fn a_suspended_client_cannot_lift_its_suspension() {
    let bench = server(config()).await;
    let mine = register(&bench, &poll()).await;
    let token = mine.text("registration_access_token");
    let suspend = |suspended| {
        bench.app.store.apply(SuspendClient {
            client: ClientId::parse(mine.text("client_id")).unwrap(),
            suspended,
        })
    };
    assert!(suspend(true).await.unwrap());
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let reply = send(&bench, method, &path(&mine), token, &mine.json).await;
        assert_eq!(reply.error(), (401, "invalid_token"));
    }
    assert!(stored(&bench, &mine).await.unwrap().settings.suspended);
    assert!(suspend(false).await.unwrap());
    let reply = send(&bench, Method::PUT, &path(&mine), token, &mine.json).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
}

/// Conformance: CIBA-4-pairwise-poll
#[tokio::test]
async fn a_sector_document_must_list_the_clients_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let jwks_uri = format!("{base}/jwks");
    let (with, without) = (json!([jwks_uri]).to_string(), json!([base]).to_string());
    let router = Router::new()
        .route("/with", get(async || with))
        .route("/without", get(async || without));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let bench = server(Config {
        demo: true,
        ..config()
    })
    .await;
    for (document, accepted) in [("with", true), ("without", false), ("missing", false)] {
        let body = and(
            poll(),
            json!({
                "subject_type": "pairwise",
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks_uri": jwks_uri,
                "sector_identifier_uri": format!("{base}/{document}"),
            }),
        );
        let reply = register(&bench, &body).await;
        if accepted {
            let client = stored(&bench, &reply).await.unwrap();
            assert_eq!(client.settings.sector.as_deref(), Some("localhost"));
        } else {
            assert_eq!(
                reply.error(),
                (400, "invalid_client_metadata"),
                "{document}"
            );
            let said = reply.text("error_description");
            assert!(said.starts_with("sector_identifier_uri "), "{said}");
        }
    }
}

#[tokio::test]
async fn a_profile_registers_only_what_it_allows() {
    let bench = server(Config {
        profile: Profile::FapiCiba,
        ..config()
    })
    .await;
    let reply = register(&bench, &poll()).await;
    assert_eq!(reply.error(), (400, "invalid_client_metadata"));
    let keyed = json!({ "token_endpoint_auth_method": "private_key_jwt",
                        "jwks": { "keys": [bench.key.public()] } });
    let reply = register(&bench, &and(poll(), keyed)).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
    assert_eq!(
        reply.json["tls_client_certificate_bound_access_tokens"],
        true
    );
    assert!(reply.json.get("client_secret").is_none());
}
