use crate::{
    config::{Config, MetricsConfig},
    http::{
        op::tests::bench::{Bench, DEFAULTS, TestClock},
        public_router,
    },
};
use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use std::sync::Arc;
use tegata_protocol::Secret;
use tower::ServiceExt;

const TOKEN: &str = "a token for prometheus";

async fn bench() -> Bench {
    let config = Config {
        metrics: MetricsConfig {
            token: Some(Secret::new(TOKEN.to_owned())),
        },
        ..Config::default()
    };
    Bench::open(config, 8480, TestClock::standing(), |_| {}).await
}

async fn scrape(router: axum::Router, token: &str) -> (StatusCode, String) {
    let request = Request::get("/metrics")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn counts_requests_flows_and_the_store() {
    let bench = bench().await;
    bench.ask(DEFAULTS).await;
    bench.post("/token", "", "").await;
    let (status, text) = scrape(bench.router.clone(), TOKEN).await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        r#"tegata_http_requests_total{route="/backchannel-authentication",method="POST",status="200"} 1"#,
        r#"tegata_http_requests_total{route="/token",method="POST",status="401"} 1"#,
        r#"tegata_http_request_seconds_count{route="/token"} 1"#,
        r#"tegata_flows_total{outcome="silent"} 1"#,
        r#"tegata_flows_total{outcome="asked"} 0"#,
        "tegata_requests_pending 1",
        "tegata_devices_connected 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(text.contains("tegata_store_operations_total"), "{text}");
    for name in ["hanako", "kiosk"] {
        assert!(!text.contains(name), "nobody is named: {text}");
    }
}

#[tokio::test]
async fn only_the_tokens_open_it_and_the_world_never_sees_it() {
    let bench = bench().await;
    let admin = bench.app.admin_token.expose().clone();
    assert_eq!(scrape(bench.router.clone(), &admin).await.0, StatusCode::OK);
    for wrong in ["", "another token, as long"] {
        let (status, text) = scrape(bench.router.clone(), wrong).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(text.is_empty());
    }
    let public = public_router(Arc::clone(&bench.app));
    assert_eq!(scrape(public, TOKEN).await.0, StatusCode::NOT_FOUND);
}
