use super::fixture::{Answer, Device, World, page_secret};
use crate::{
    domain::{Grade, IssuingSessionId},
    storage::ops::CreateIssuingSession,
};
use axum::http::{Method, StatusCode, header};
use tegata_protocol::{
    Sha256Digest,
    device::{
        invitation::{InvitationCode, format_link},
        pairing::{PairingResponse, RedeemResponse},
    },
};

pub(super) struct Browser {
    pub(super) path: String,
    pub(super) cookie: Option<String>,
}

impl Browser {
    pub(super) async fn send(
        &self,
        world: &World,
        method: Method,
        path: &str,
        form: &str,
    ) -> Answer {
        let mut request = world.request(method, path, form.as_bytes().to_vec());
        let headers = request.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            "application/x-www-form-urlencoded".parse().unwrap(),
        );
        headers.insert(header::ACCEPT_LANGUAGE, "en-GB,ja;q=0.5".parse().unwrap());
        if let Some(cookie) = &self.cookie {
            headers.insert(header::COOKIE, cookie.parse().unwrap());
        }
        let answer = world.send(request).await;
        if answer.headers.contains_key(header::CONTENT_TYPE) {
            let policy = answer.headers[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
            assert!(!answer.text().contains("<script>"), "nothing inline");
        }
        answer
    }
}

pub(super) async fn page(world: &World) -> (Browser, String) {
    let (id, secret) = (IssuingSessionId::make(world.app.rng()), page_secret());
    let session = CreateIssuingSession {
        id: id.clone(),
        account: world.account.clone(),
        grade: Grade::Administrator,
        secret_hash: Sha256Digest([0; 32]),
        page_secret_hash: Some(Sha256Digest::of(secret.expose().as_bytes())),
        expires: world.app.now().plus(300),
    };
    world.app.store.apply(session).await.unwrap();
    let path = format!("/pair/session/{id}");
    let address = format!("{path}/{}", secret.expose());
    (Browser { path, cookie: None }, address)
}

async fn opened(world: &World) -> (Browser, InvitationCode) {
    let (mut browser, address) = page(world).await;
    let answer = browser.send(world, Method::POST, &address, "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Strict"));
    let pair = cookie.split(';').next().unwrap();
    browser.cookie = Some(pair.to_owned());
    let code = InvitationCode::parse(pair.rsplit('.').next().unwrap()).unwrap();
    (browser, code)
}

#[tokio::test]
async fn a_person_pairs_through_the_page_without_script() {
    let world = World::new().await;
    let (browser, code) = opened(&world).await;
    let path = browser.path.clone();
    let shown = browser.send(&world, Method::GET, &path, "").await;
    let text = shown.text();
    assert!(text.contains(&code.expose_grouped()) && text.contains("<svg"));
    let root = world.app.keys.root.thumbprint();
    assert!(text.contains(&root.to_string()));
    let link = format_link(world.app.issuer.wire(), &code, &root).replace('&', "&amp;");
    assert!(
        text.contains(&format!(
            r#"<input id="pairing-link" readonly value="{link}">"#
        )),
        "the link can be copied: {text}"
    );
    assert!(text.contains(
        "Copy this link into the Tegata app (“Add an account”), or type server and code."
    ));
    assert!(
        text.contains("Hanako &lt;Yamada&gt;") && !text.contains("<Yamada>"),
        "names are text"
    );
    let early = browser
        .send(&world, Method::POST, &path, "digits=123456")
        .await;
    assert!(
        early
            .text()
            .contains("No device has used the invitation yet")
    );

    let refresh = r#"<noscript><meta http-equiv="refresh""#;
    assert!(text.contains(refresh), "notices that a device has used it");
    assert!(text.contains("Minutes left: 5"), "{text}");

    let offer: RedeemResponse = world.redeem(&code).await.json();
    let taken = browser
        .send(&world, Method::POST, &path, "digits=123456")
        .await
        .text();
    assert!(
        taken.contains("took the invitation but shows no digits yet")
            && !taken.contains("been used")
            && !taken.contains("No device has used"),
        "one message: {taken}"
    );
    assert!(
        !taken.contains(refresh),
        "what is being typed is not thrown away"
    );
    let mut device = Device::new("<b>Desk</b>", &offer.offer);
    let answer = world
        .post(&world.endpoints().pairings, &device.registrations())
        .await;
    device.read_reveal(&world, &code, &answer.json::<PairingResponse>().reveal);
    let waiting = browser.send(&world, Method::GET, &path, "").await.text();
    assert!(waiting.contains("&lt;b&gt;Desk&lt;/b&gt;") && !waiting.contains("<b>"));
    assert!(!waiting.contains(&code.expose_grouped()), "used up");

    let short = browser.send(&world, Method::POST, &path, "digits=12").await;
    assert!(short.text().contains("did not cost a try"));
    let wrong = if device.digits() == "000000" {
        "digits=000001"
    } else {
        "digits=000000"
    };
    let refused = browser.send(&world, Method::POST, &path, wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("Tries left: 2"));
    let digits = device.digits();
    let (first, last) = digits.split_at(3);
    let typed = format!("digits={first}+{last}");
    let done = browser.send(&world, Method::POST, &path, &typed).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.text().contains("can approve from now on"));
    let after = browser.send(&world, Method::GET, &path, "").await;
    assert!(after.text().contains("The device is paired"));
}

#[tokio::test]
async fn looking_at_the_address_uses_nothing_up_and_opening_it_does() {
    let world = World::new().await;
    let (browser, address) = page(&world).await;
    for _ in 0..2 {
        let shown = browser.send(&world, Method::GET, &address, "").await;
        assert!(shown.text().contains("Show the invitation"));
    }
    let first = browser.send(&world, Method::POST, &address, "").await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let second = browser.send(&world, Method::POST, &address, "").await;
    assert_eq!(second.status, StatusCode::GONE);
    assert!(second.text().contains("has been used"));
    let wrong = format!("{}/guess", browser.path);
    let guess = browser.send(&world, Method::POST, &wrong, "").await;
    assert!(guess.text().contains("There is no such pairing page"));
    let path = browser.path.clone();
    let without_cookie = browser.send(&world, Method::GET, &path, "").await;
    assert_eq!(without_cookie.status, StatusCode::NOT_FOUND);
    let typed = browser
        .send(&world, Method::POST, &path, "digits=123456")
        .await;
    assert_eq!(
        typed.status,
        StatusCode::NOT_FOUND,
        "confirming takes the session"
    );
}

#[tokio::test]
async fn a_page_that_is_too_late_says_so() {
    let world = World::new().await;
    let (browser, _) = opened(&world).await;
    world.advance(301);
    let path = browser.path.clone();
    let late = browser.send(&world, Method::GET, &path, "").await;
    assert_eq!(late.status, StatusCode::GONE);
    assert!(late.text().contains("Nothing was paired"));
}

#[tokio::test]
async fn a_scanned_invitation_opened_in_a_browser_explains_itself_in_the_browsers_language() {
    let world = World::new().await;
    let mut request = world.request(Method::GET, "/pair", Vec::new());
    request
        .headers_mut()
        .insert(header::ACCEPT_LANGUAGE, "ja-JP,en;q=0.5".parse().unwrap());
    let text = world.send(request).await.text();
    assert!(text.contains(r#"lang="ja""#) && text.contains("何もペアリングされません"));
    let request = world.request(Method::GET, "/pair", Vec::new());
    let text = world.send(request).await.text();
    assert!(text.contains(r#"lang="en""#) && text.contains("Opening it has paired nothing"));
}
