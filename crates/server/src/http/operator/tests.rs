use super::{guard::Cookie, memory::IDLE_SECONDS, *};
use crate::{
    administration::{
        Desk,
        views::{NewOperator, NewUser},
    },
    config::{Config, Issuer},
    http::op::tests::bench::{Bench, DEFAULTS, TestClock},
};
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use serde_json::Value;
use tegata_protocol::{
    Secret, Sha256Digest, SigningKey, SystemRng,
    bytes::decode_b64u,
    webauthn::{
        CredentialRole, ExpectedAssertion, ExpectedRegistration, make_assertion, make_registration,
    },
};
use tower::ServiceExt;

const ORIGIN: &str = "http://localhost:8480";

/// What came back.
struct Page {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Page {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }

    /// The value that a `Set-Cookie` sets, with its attributes.
    fn cookie(&self, name: &str) -> Option<(String, String)> {
        let all = self.headers.get_all(header::SET_COOKIE).iter();
        let found = all.filter_map(|value| value.to_str().ok());
        found
            .filter_map(|value| value.split_once(';'))
            .filter_map(|(pair, rest)| Some((pair.split_once('=')?, rest)))
            .find(|((found, _), _)| *found == name)
            .map(|((_, value), rest)| (value.to_owned(), rest.to_owned()))
    }

    fn csrf(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

/// A browser with one passkey.
struct Browser {
    bench: Bench,
    key: SigningKey,
    session: Option<String>,
    ceremony: Option<String>,
    counter: u32,
}

impl Browser {
    async fn new() -> Self {
        Self {
            bench: Bench::open(Config::default(), 8480, TestClock::standing(), |_| {}).await,
            key: SigningKey::make(&SystemRng::new()).0,
            session: None,
            ceremony: None,
            counter: 0,
        }
    }

    /// A browser whose operator is signed in.
    async fn signed_in() -> Self {
        let mut browser = Self::new().await;
        let link = browser.invite("Hanako").await;
        let entered = browser.enrol(&link).await;
        assert_eq!(entered.status, StatusCode::OK, "{}", entered.body);
        browser
    }

    fn desk(&self) -> Desk<'_> {
        Desk {
            store: &self.bench.app.store,
            rng: self.bench.app.rng(),
            now: self.bench.now(),
        }
    }

    /// The path of a link.
    async fn invite(&self, name: &str) -> String {
        let new = NewOperator {
            name: Some(name.to_owned()),
        };
        let issuer = Issuer::localhost(8480);
        let view = self.desk().invite_operator(&issuer, new).await.unwrap();
        view.url.strip_prefix(ORIGIN).unwrap().to_owned()
    }

    async fn send(&mut self, request: Request<Body>) -> Page {
        let (mut parts, body) = request.into_parts();
        let cookies = [
            ("tegata-operator", &self.session),
            ("tegata-ceremony", &self.ceremony),
        ];
        let held: Vec<_> = cookies
            .iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)))
            .collect();
        if !held.is_empty() {
            let value = held.join("; ").parse().unwrap();
            parts.headers.insert(header::COOKIE, value);
        }
        let router = self.bench.router.clone();
        let response = router.oneshot(Request::from_parts(parts, body)).await;
        let (parts, body) = response.unwrap().into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let page = Page {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        for (name, kept) in [
            ("tegata-operator", &mut self.session),
            ("tegata-ceremony", &mut self.ceremony),
        ] {
            if let Some((value, _)) = page.cookie(name) {
                *kept = (!value.is_empty()).then_some(value);
            }
        }
        page
    }

    async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn json(&mut self, path: &str, body: &Value) -> Page {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body.to_string()));
        self.send(request.unwrap()).await
    }

    async fn form(&mut self, path: &str, body: &str) -> Page {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body.to_owned()));
        self.send(request.unwrap()).await
    }

    /// A form with the session's token.
    async fn submit(&mut self, path: &str, more: &str) -> Page {
        let csrf = self.get("/operator/people").await.csrf();
        self.form(path, &format!("csrf={csrf}&{more}")).await
    }

    async fn start(&mut self, ceremony: &str) -> Sha256Digest {
        let started = self.json(&format!("{ceremony}/start"), &Value::Null).await;
        assert_eq!(started.status, StatusCode::OK, "{}", started.body);
        let options = &started.json()["publicKey"];
        assert_eq!(
            options["rpId"].as_str().or(options["rp"]["id"].as_str()),
            Some("localhost")
        );
        let challenge = decode_b64u(options["challenge"].as_str().unwrap()).unwrap();
        Sha256Digest(challenge.try_into().unwrap())
    }

    async fn enrol(&mut self, link: &str) -> Page {
        let expected = ExpectedRegistration {
            challenge: self.start(link).await,
            rp_id: "localhost",
            origin: ORIGIN,
            role: CredentialRole::Approval,
        };
        let answer = make_registration(&self.key, &expected);
        let answer = serde_json::to_value(answer).unwrap();
        self.json(&format!("{link}/finish"), &answer).await
    }

    async fn sign_in(&mut self) -> Page {
        let challenge = self.start("/operator/sign-in").await;
        let answer = self.assertion(challenge, ORIGIN, CredentialRole::Approval);
        self.json("/operator/sign-in/finish", &answer).await
    }

    fn assertion(&mut self, challenge: Sha256Digest, origin: &str, role: CredentialRole) -> Value {
        self.counter += 1;
        let expected = ExpectedAssertion {
            challenge,
            rp_id: "localhost",
            origin,
            role,
        };
        serde_json::to_value(make_assertion(&self.key, &expected, self.counter)).unwrap()
    }
}

#[tokio::test]
async fn a_link_enrols_one_operator_once_and_within_its_time() {
    let mut browser = Browser::new().await;
    let first = browser.get("/operator").await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    assert_eq!(first.headers[header::LOCATION], "/operator/sign-in");
    let nobody = browser.get("/operator/sign-in").await;
    assert!(nobody.body.contains("operator invite") && !nobody.body.contains("data-ceremony"));

    let link = browser.invite("Hanako").await;
    let page = browser.get(&link).await;
    assert!(page.body.contains("Hanako"), "{}", page.body);
    assert_eq!(browser.enrol(&link).await.status, StatusCode::OK);
    assert!(browser.get("/operator").await.body.contains("Hanako"));
    assert_eq!(browser.get(&link).await.status, StatusCode::GONE, "once");
    let again = browser.json(&format!("{link}/start"), &Value::Null).await;
    assert_eq!(again.status, StatusCode::GONE);

    let late = browser.invite("Taro").await;
    browser.bench.advance(15 * 60 * 1000);
    assert_eq!(browser.get(&late).await.status, StatusCode::GONE);
    let unknown = browser.get("/operator/enrol/guess").await;
    assert_eq!(unknown.status, StatusCode::GONE);
}

#[tokio::test]
async fn an_earlier_link_of_the_same_name_is_good_for_nothing_and_a_taken_name_gets_none() {
    let mut browser = Browser::new().await;
    let earlier = browser.invite("Hanako").await;
    let later = browser.invite("Hanako").await;
    assert_eq!(browser.get(&earlier).await.status, StatusCode::GONE);
    assert_eq!(browser.enrol(&later).await.status, StatusCode::OK);
    let new = NewOperator {
        name: Some("Hanako".to_owned()),
    };
    let issuer = Issuer::localhost(8480);
    let taken = browser.desk().invite_operator(&issuer, new).await;
    assert!(taken.unwrap_err().to_string().contains("exists already"));
}

#[tokio::test]
async fn the_passkey_signs_in_and_nothing_else_does() {
    let mut browser = Browser::signed_in().await;
    let out = browser.submit("/operator/sign-out", "").await;
    assert!(out.status == StatusCode::OK && browser.session.is_none());
    let entered = browser.sign_in().await;
    assert_eq!(entered.status, StatusCode::OK, "{}", entered.body);
    let (_, attributes) = entered.cookie("tegata-operator").unwrap();
    assert_eq!(
        attributes,
        " Path=/; Max-Age=28800; HttpOnly; SameSite=Strict"
    );
    assert_eq!(browser.get("/operator").await.status, StatusCode::OK);

    browser.session = None;
    for bad in [
        "origin",
        "presence alone",
        "another key",
        "another challenge",
        "replay",
    ] {
        let challenge = browser.start("/operator/sign-in").await;
        let mut answer = match bad {
            "origin" => {
                browser.assertion(challenge, "https://evil.example", CredentialRole::Approval)
            }
            "presence alone" => browser.assertion(challenge, ORIGIN, CredentialRole::Possession),
            "another challenge" => {
                browser.assertion(Sha256Digest::of(b"x"), ORIGIN, CredentialRole::Approval)
            }
            _ => browser.assertion(challenge, ORIGIN, CredentialRole::Approval),
        };
        if bad == "another key" {
            answer["rawId"] = "AAAA".into();
            answer["id"] = "AAAA".into();
        }
        let path = "/operator/sign-in/finish";
        if bad == "replay" {
            assert_eq!(browser.json(path, &answer).await.status, StatusCode::OK);
            browser.session = None;
        }
        let refused = browser.json(path, &answer).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{bad}");
        assert!(browser.session.is_none(), "{bad}");
    }
}

#[tokio::test]
async fn a_session_ends_when_idle_and_when_its_operator_is_removed() {
    let mut browser = Browser::signed_in().await;
    browser.bench.advance((IDLE_SECONDS - 1) * 1000);
    assert_eq!(browser.get("/operator").await.status, StatusCode::OK);
    browser.bench.advance(IDLE_SECONDS * 1000);
    let idle = browser.get("/operator").await;
    assert_eq!(idle.status, StatusCode::SEE_OTHER);
    browser.sign_in().await;
    assert_eq!(browser.get("/operator").await.status, StatusCode::OK);
    browser.desk().remove_operator("Hanako").await.unwrap();
    let removed = browser.get("/operator").await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    assert!(browser.desk().remove_operator("Hanako").await.is_err());
}

#[tokio::test]
async fn nobody_sees_or_does_anything_without_a_session() {
    let mut browser = Browser::new().await;
    for path in [
        "/operator",
        "/operator/people",
        "/operator/people/hanako",
        "/operator/devices",
        "/operator/clients",
        "/operator/clients/kiosk",
        "/operator/requests",
        "/operator/requests/x",
        "/operator/log",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(page.headers[header::LOCATION], "/operator/sign-in");
        assert!(page.body.is_empty(), "{path}");
    }
    for path in [
        "/operator/sign-out",
        "/operator/people",
        "/operator/people/hanako/invite",
        "/operator/people/hanako/remove",
        "/operator/devices/x/revoke",
        "/operator/clients/kiosk/suspend",
        "/operator/clients/kiosk/resume",
        "/operator/clients/kiosk/remove",
    ] {
        let page = browser.form(path, "csrf=").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
    }
    assert!(browser.desk().user("hanako").await.is_ok());
}

#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let mut browser = Browser::signed_in().await;
    let csrf = browser.get("/operator/people").await.csrf();
    let add = "login_name=mallory";
    for form in [
        add.to_owned(),
        format!("csrf=&{add}"),
        format!("csrf={csrf}x&{add}"),
    ] {
        let page = browser.form("/operator/people", &form).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{form}");
    }
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let request = Request::post("/operator/people")
            .header(name, value)
            .body(Body::from(format!("csrf={csrf}&{add}")));
        let page = browser.send(request.unwrap()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}: {value}");
        let request = Request::post("/operator/sign-in/start")
            .header(name, value)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from("{}"));
        let page = browser.send(request.unwrap()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert!(browser.desk().user("mallory").await.is_err());
}

#[tokio::test]
async fn people_are_added_found_invited_and_removed() {
    let mut browser = Browser::signed_in().await;
    let added = browser
        .submit(
            "/operator/people",
            "login_name=jiro&display_name=%3Cb%3EJiro&test=yes",
        )
        .await;
    assert_eq!(added.status, StatusCode::OK);
    assert!(added.body.contains("jiro was added"), "{}", added.body);
    assert!(!added.body.contains("<b>Jiro"), "names are text");
    let overview = browser.get("/operator").await.body;
    assert!(overview.contains("Made for tests: 1"), "{overview}");
    for bad in ["login_name=jiro", "login_name=a%20b", "login_name="] {
        let refused = browser.submit("/operator/people", bad).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let found = browser.get("/operator/people?q=JIR").await.body;
    assert!(found.contains("jiro") && !found.contains(">hanako<"));
    let none = browser.get("/operator/people?q=%25").await.body;
    assert!(none.contains("Nobody was found"), "a sign is no pattern");
    let invited = browser.submit("/operator/people/jiro/invite", "").await;
    assert!(invited.body.contains("/pair/session/"), "{}", invited.body);
    let shown = browser.get("/operator/people/jiro").await.body;
    assert!(!shown.contains("/pair/session/"), "shown once");
    let removed = browser.submit("/operator/people/jiro/remove", "").await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    let gone = browser.get("/operator/people/jiro").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_suspended_client_is_refused_until_that_is_lifted() {
    let mut browser = Browser::signed_in().await;
    let device = browser.bench.pair("hanako").await;
    let asked = browser.bench.asked().await;
    browser.bench.decided(&device, true).await;
    let tokens = browser.bench.poll("kiosk", &asked).await;
    let userinfo = || {
        let token = tokens.text("access_token");
        Request::get("/userinfo")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap()
    };
    let shown = browser.send(userinfo()).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    browser.submit("/operator/clients/kiosk/suspend", "").await;
    let refused = browser.send(userinfo()).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        browser.bench.ask(DEFAULTS).await.error(),
        (401, "invalid_client")
    );
    let page = browser.get("/operator/clients/kiosk").await.body;
    assert!(page.contains("is suspended"), "{page}");
    browser.submit("/operator/clients/kiosk/resume", "").await;
    assert_eq!(browser.bench.ask(DEFAULTS).await.status, StatusCode::OK);
    let shown = browser.send(userinfo()).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    browser.submit("/operator/clients/kiosk/remove", "").await;
    assert_eq!(
        browser.bench.ask(DEFAULTS).await.error(),
        (401, "invalid_client")
    );
}

#[tokio::test]
async fn requests_show_their_way_and_never_what_was_asked() {
    let mut browser = Browser::signed_in().await;
    let device = browser.bench.pair("hanako").await;
    let asked = browser
        .bench
        .ask("scope=openid&login_hint=hanako&binding_message=SECRET-WORDS")
        .await;
    let id = asked.text("auth_req_id").to_owned();
    let list = browser.get("/operator/requests").await.body;
    assert!(list.contains("kiosk") && list.contains("hanako"), "{list}");
    browser.bench.decided(&device, true).await;
    let open = browser.get("/operator/requests").await.body;
    assert!(open.contains("There are none"), "{open}");
    let list = browser.get("/operator/requests?all=yes").await.body;
    let (_, rest) = list.split_once("href=\"/operator/requests/").unwrap();
    let path = format!("/operator/requests/{}", rest.split('"').next().unwrap());
    let page = browser.get(&path).await.body;
    for step in [
        "Asked",
        "Delivered",
        "Seen",
        "Approved by the device",
        "Collected",
    ] {
        assert!(page.contains(step), "{step}: {page}");
    }
    for secret in ["SECRET-WORDS", &id] {
        assert!(!list.contains(secret) && !page.contains(secret));
    }
}

#[tokio::test]
async fn every_page_has_its_policy_its_language_and_both_languages() {
    let mut browser = Browser::signed_in().await;
    for path in [
        "/operator",
        "/operator/people",
        "/operator/people/hanako",
        "/operator/devices",
        "/operator/clients",
        "/operator/clients/kiosk",
        "/operator/requests",
        "/operator/log",
        "/operator/sign-in",
        "/operator/nothing-here",
    ] {
        for (language, tag) in [("ja,en;q=0.5", "ja"), ("de, en", "en"), ("fr", "en")] {
            let request = Request::get(path)
                .header(header::ACCEPT_LANGUAGE, language)
                .body(Body::empty());
            let page = browser.send(request.unwrap()).await;
            if path == "/operator/nothing-here" {
                assert_eq!(page.status, StatusCode::NOT_FOUND);
                continue;
            }
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(
                page.body.contains(&format!("<html lang=\"{tag}\">")),
                "{path}"
            );
            assert_eq!(page.headers[header::CONTENT_SECURITY_POLICY], POLICY);
            assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
            for inline in ["<style", "style=\"", "onclick", "<script>"] {
                assert!(!page.body.contains(inline), "{path}: {inline}");
            }
        }
    }
    let chosen = browser
        .get("/operator/language?to=ja&back=%2Foperator%2Fpeople%3Fq%3Da")
        .await;
    assert_eq!(chosen.headers[header::LOCATION], "/operator/people?q=a");
    assert_eq!(chosen.cookie("tegata-language").unwrap().0, "ja");
    for evil in [
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2Foperatorx",
    ] {
        let path = format!("/operator/language?to=en&back={evil}");
        let page = browser.get(&path).await;
        assert_eq!(page.headers[header::LOCATION], "/operator", "{evil}");
    }
}

#[tokio::test]
async fn where_there_is_tls_no_other_host_can_set_the_cookies() {
    let issuer = Issuer::parse("https://id.example").unwrap();
    let config = Config {
        issuer: Some(issuer),
        ..Config::default()
    };
    let bench = Bench::open(config, 443, TestClock::standing(), |_| {}).await;
    let value = Cookie::Session.set(&bench.app, &Secret::new("x".to_owned()), 60);
    let text = value.to_str().unwrap();
    assert_eq!(
        text,
        "__Host-tegata-operator=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
    );
    assert!(value.is_sensitive());
}

#[tokio::test]
async fn the_banner_is_in_the_language_that_was_chosen() {
    let mut browser = Browser::new().await;
    let test = NewUser {
        login_name: "tess".to_owned(),
        display_name: None,
        test: true,
    };
    browser.desk().add_user(test).await.unwrap();
    let request = Request::get("/operator/sign-in")
        .header(header::ACCEPT_LANGUAGE, "en")
        .header(header::COOKIE, "tegata-language=ja")
        .body(Body::empty());
    let page = browser.send(request.unwrap()).await.body;
    assert!(page.contains("テスト用サーバーです"), "{page}");
    assert!(!page.contains("Test server"), "{page}");
}

#[test]
fn the_script_is_small() {
    assert!(SCRIPT.len() < 3_000, "{} bytes", SCRIPT.len());
    assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("eval"));
}
