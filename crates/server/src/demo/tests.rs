use super::DemoSettings;
use crate::{
    administration::{Desk, views::NewUser},
    config::Config,
    http::op::tests::bench::{Bench, SECRET, TestClock},
};
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use serde_json::Value;
use std::{future::Future, time::Duration};
use tegata_protocol::{
    AccountId, ClientId, Secret,
    device::evidence::{EvidenceFinding, parse_evidence_file, verify_evidence},
};
use tokio::{net::TcpListener, task::JoinHandle, time};
use tower::ServiceExt;

/// A kiosk whose server really listens, since the kiosk speaks HTTP with it.
struct Kiosk {
    bench: Bench,
    server: JoinHandle<()>,
}

impl Drop for Kiosk {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Page {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }
}

impl Kiosk {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let config = Config {
            demo: true,
            interval: 1,
            ..Config::default()
        };
        let bench = Bench::open(config, port, TestClock::running(), |kiosk| {
            kiosk.transfer_code = true;
        })
        .await;
        bench.app.demo.enable(DemoSettings {
            client_id: ClientId::parse("kiosk").unwrap(),
            client_secret: Secret::new(SECRET.to_owned()),
            login_name: "hanako".to_owned(),
            account: AccountId::parse("id-hanako").unwrap(),
        });
        let router = bench.router.clone();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { bench, server }
    }

    async fn send(&self, request: Request<Body>) -> Page {
        let response = self.bench.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Page {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Page {
        self.get_in("en", path).await
    }

    async fn get_in(&self, language: &str, path: &str) -> Page {
        let request = Request::get(path).header(header::ACCEPT_LANGUAGE, language);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Starts a sign-in as a script would; its state's address.
    async fn sign_in(&self) -> String {
        let request = Request::post("/demo/sign-in").header(header::ACCEPT, "application/json");
        let named = self.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(named.status, StatusCode::CREATED, "{}", named.text);
        named.json()["state"].as_str().unwrap().to_owned()
    }

    /// The state once it is no longer `waiting`.
    async fn ended(&self, state: &str) -> Value {
        until(async || {
            let now = self.get(state).await.json();
            (now["state"] != "waiting").then_some(now)
        })
        .await
    }
}

/// Asks again until there is an answer; ten seconds at most.
async fn until<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    let mut ticks = time::interval(Duration::from_millis(50));
    let asking = async {
        loop {
            ticks.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    time::timeout(Duration::from_secs(10), asking)
        .await
        .expect("an answer within ten seconds")
}

#[tokio::test]
async fn a_sign_in_goes_from_code_to_claims_and_evidence() {
    let kiosk = Kiosk::open().await;
    let device = kiosk.bench.pair("hanako").await;
    let state = kiosk.sign_in().await;
    let waiting = kiosk.get(&state).await.json();
    assert_eq!(waiting["state"], "waiting");
    let code = waiting["transfer_code"].as_str().unwrap().to_owned();

    let page = kiosk.get(&format!("{state}/page")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains(&format!("Code {code}")),
        "the code is shown"
    );
    let picture = kiosk.get(&format!("{state}/code.svg")).await;
    assert_eq!(picture.headers[header::CONTENT_TYPE], "image/svg+xml");
    assert!(picture.text.contains("<svg"));
    let early = kiosk.get(&format!("{state}/evidence.json")).await;
    assert_eq!(early.status, StatusCode::NOT_FOUND);

    kiosk.bench.decide(&device, true, Some(&code)).await;
    let ended = kiosk.ended(&state).await;
    assert_eq!(ended["state"], "approved", "{ended}");
    assert_eq!(ended["claims"]["sub"], "sub-hanako");

    let page = kiosk.get(&format!("{state}/page")).await;
    assert!(
        ["Signed in", ">hanako<", ">sub-hanako<"]
            .iter()
            .all(|text| page.text.contains(text))
    );
    let evidence = kiosk.get(ended["evidence"].as_str().unwrap()).await;
    assert!(evidence.headers.contains_key(header::CONTENT_DISPOSITION));
    let file = parse_evidence_file(evidence.text.as_bytes()).unwrap();
    let report = verify_evidence(&file, kiosk.bench.app.keys.root.thumbprint()).unwrap();
    let EvidenceFinding::Client(receipt) = report.finding else {
        panic!("a client's evidence");
    };
    assert_eq!(
        ended["claims"]["tegata_evidence"],
        receipt.evidence.to_string()
    );
}

#[tokio::test]
async fn a_denial_and_an_expiry_are_shown_as_what_they_are() {
    let kiosk = Kiosk::open().await;
    let device = kiosk.bench.pair("hanako").await;
    let state = kiosk.sign_in().await;
    kiosk.bench.decide(&device, false, None).await;
    assert_eq!(kiosk.ended(&state).await["state"], "denied");
    assert!(
        kiosk
            .get(&format!("{state}/page"))
            .await
            .text
            .contains("Not approved")
    );

    let state = kiosk.sign_in().await;
    kiosk.bench.advance(121_000);
    assert_eq!(kiosk.ended(&state).await["state"], "expired");
    assert!(
        kiosk
            .get(&format!("{state}/page"))
            .await
            .text
            .contains("Nobody answered in time")
    );
}

#[tokio::test]
async fn pages_allow_nothing_inline_and_speak_both_languages() {
    let kiosk = Kiosk::open().await;
    let unpaired = kiosk.sign_in().await;
    let page = kiosk.get(&format!("{unpaired}/page")).await.text;
    assert!(
        page.contains("No device is paired yet")
            && page.contains(r#"href="/demo/pairing""#)
            && !page.contains("demo.code"),
        "{page}"
    );
    kiosk.bench.pair("hanako").await;
    let state = kiosk.sign_in().await;
    for path in [
        "/demo".to_owned(),
        format!("{state}/page"),
        "/demo/sign-in/none/page".to_owned(),
    ] {
        let page = kiosk.get(&path).await;
        let policy = page.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        for inline in ["<style", " style=", " onclick=", "<script>"] {
            assert!(!page.text.contains(inline), "{inline} in {path}");
        }
        assert!(page.text.contains("<html lang=\"en\">"), "{path}");
        let japanese = kiosk.get_in("ja", &path).await;
        assert!(japanese.text.contains("<html lang=\"ja\">"), "{path}");
        assert!(japanese.text.contains("デモ"), "{path}");
    }
    for (path, media_type) in [
        ("/demo/kiosk.css", "text/css"),
        ("/demo/kiosk.js", "text/javascript"),
    ] {
        let file = kiosk.get(path).await;
        assert!(
            file.headers[header::CONTENT_TYPE]
                .to_str()
                .unwrap()
                .starts_with(media_type)
        );
    }
}

#[tokio::test]
async fn a_browser_is_led_to_the_page_and_other_sites_are_not_obeyed() {
    let kiosk = Kiosk::open().await;
    let form = |site: &str| {
        Request::post("/demo/sign-in")
            .header("sec-fetch-site", site)
            .body(Body::empty())
            .unwrap()
    };
    let reply = kiosk.send(form("same-origin")).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    let page = kiosk
        .get(reply.headers[header::LOCATION].to_str().unwrap())
        .await;
    assert_eq!(page.status, StatusCode::OK);
    for site in ["cross-site", "same-site"] {
        assert_eq!(kiosk.send(form(site)).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn what_a_request_says_about_its_origin_must_be_this_server() {
    let kiosk = Kiosk::open().await;
    let own = kiosk.bench.app.issuer.as_str().to_owned();
    let host = own.replace("http://localhost", "127.0.0.1");
    let form = |path: &str, origin: &str| {
        Request::post(path)
            .header(header::HOST, &host)
            .header(header::ORIGIN, origin)
            .body(Body::empty())
            .unwrap()
    };
    for path in ["/demo/sign-in", "/demo/pairing"] {
        for origin in [own.clone(), format!("http://{host}")] {
            let reply = kiosk.send(form(path, &origin)).await;
            assert_eq!(reply.status, StatusCode::SEE_OTHER, "{path} {origin}");
        }
        for origin in [
            "null",
            "https://evil.example",
            "http://localhost:1",
            "http://localhost",
            "",
        ] {
            let reply = kiosk.send(form(path, origin)).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path} {origin}");
        }
    }
    for path in ["/demo", "/demo/pairing"] {
        let page = kiosk.get(path).await;
        assert_eq!(
            page.headers[header::REFERRER_POLICY],
            "same-origin",
            "with no-referrer the forms of {path} would say that they come from nowhere"
        );
    }
}

/// The address that the pairing page's button leads to.
async fn start_pairing(kiosk: &Kiosk) -> Page {
    kiosk
        .send(Request::post("/demo/pairing").body(Body::empty()).unwrap())
        .await
}

#[tokio::test]
async fn the_pairing_button_leads_to_a_page_that_opens_and_looking_makes_no_invitation() {
    let kiosk = Kiosk::open().await;
    let first = kiosk.get("/").await;
    assert_eq!(first.headers[header::LOCATION], "/demo");
    let looked = kiosk.get("/demo/pairing").await;
    assert_eq!(looked.status, StatusCode::OK);
    assert!(
        looked
            .text
            .contains(r#"<form method="post" action="/demo/pairing">"#),
        "{}",
        looked.text
    );
    let policy = looked.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(
        policy.ends_with(&format!(
            "form-action 'self' {}",
            kiosk.bench.app.issuer.as_str()
        )),
        "{policy}"
    );
    let reply = start_pairing(&kiosk).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    let url = reply.headers[header::LOCATION].to_str().unwrap().to_owned();
    let path = url
        .strip_prefix(kiosk.bench.app.issuer.as_str())
        .expect("a page of this server");
    let page = kiosk.get(path).await;
    assert_eq!(page.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_is_invited_who_took_over_the_demo_persons_name() {
    let kiosk = Kiosk::open().await;
    let app = &kiosk.bench.app;
    let desk = Desk {
        store: &app.store,
        rng: app.rng(),
        now: app.now(),
    };
    desk.remove_user("hanako").await.unwrap();
    assert_eq!(start_pairing(&kiosk).await.status, StatusCode::GONE);
    let another = NewUser {
        login_name: "hanako".to_owned(),
        display_name: None,
        test: false,
    };
    desk.add_user(another).await.unwrap();
    assert_eq!(start_pairing(&kiosk).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn without_demo_mode_there_is_no_demo() {
    let bench = Bench::new().await;
    assert_eq!(bench.get("/").await.status, StatusCode::OK);
    assert_eq!(bench.get("/favicon.ico").await.status, StatusCode::OK);
    for path in ["/demo", "/demo/pairing", "/demo/sign-in/x"] {
        assert_eq!(
            bench.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}
