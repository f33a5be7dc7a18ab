//! Pairings that the app begins (device protocol, section 4.1): the page that it opens, and the code that it gets.

use super::{
    fixture::{Answer, Device, START, World},
    pages::{Browser, page},
};
use crate::{domain::Account, storage::ops::CreateAccount};
use axum::http::{Method, StatusCode, header};
use std::{
    io,
    sync::{Arc, Mutex},
};
use tegata_protocol::{
    AccountId, Thumbprint,
    device::{
        invitation::{InvitationCode, parse_begun},
        pairing::{PairingResponse, RedeemResponse},
    },
};

/// All cookies of a person's browser, with the paths that they are sent to.
#[derive(Default)]
struct Jar(Vec<(String, String)>);

impl Jar {
    /// Takes what an answer sets.
    fn take(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            assert!(cookie.is_sensitive(), "kept out of logs");
            assert!(text.contains("; HttpOnly; SameSite=Strict"), "{text}");
            let pair = text.split(';').next().unwrap().to_owned();
            let path = text.split("; Path=").nth(1).unwrap();
            let path = path.split(';').next().unwrap().to_owned();
            let name = pair.split('=').next().unwrap().to_owned();
            self.0
                .retain(|(kept, at)| kept.split('=').next() != Some(name.as_str()) || *at != path);
            self.0.push((pair, path));
        }
    }

    /// The header for a path.
    fn at(&self, path: &str) -> Option<String> {
        let path = path.split('?').next().unwrap();
        let sent: Vec<_> = self
            .0
            .iter()
            .filter(|(_, at)| path == at || path.starts_with(&format!("{at}/")))
            .map(|(pair, _)| pair.clone())
            .collect();
        (!sent.is_empty()).then(|| sent.join("; "))
    }

    async fn send(&mut self, world: &World, method: Method, path: &str, form: &str) -> Answer {
        let browser = Browser {
            path: String::new(),
            cookie: self.at(path),
        };
        let answer = browser.send(world, method, path, form).await;
        self.take(&answer);
        answer
    }
}

/// Opens a session's page; its path.
async fn opened(world: &World, jar: &mut Jar) -> String {
    let (browser, address) = page(world).await;
    let answer = jar.send(world, Method::POST, &address, "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    browser.path
}

fn start(key: Thumbprint) -> String {
    format!("/pair/start?jkt={key}")
}

/// What the form of the page sends, of the session at `path`.
fn form(page: &str, path: &str) -> String {
    let id = path.rsplit('/').next().unwrap();
    let form = page
        .split("<form")
        .find(|form| form.contains(&format!(r#"name="session" value="{id}""#)))
        .expect("a form for the session");
    let value = |name: &str| {
        let (_, rest) = form
            .split_once(&format!(r#"name="{name}" value=""#))
            .unwrap();
        rest.split('"').next().unwrap()
    };
    format!("session={id}&jkt={}&token={}", value("jkt"), value("token"))
}

/// The code that the page at `path` hands to the app.
async fn handed_over(world: &World, jar: &mut Jar, path: &str) -> InvitationCode {
    let text = jar.send(world, Method::GET, path, "").await.text();
    assert!(!text.contains("<svg") && !text.contains("id=\"copy-link\""));
    let (_, rest) = text.split_once(r#"class="button" href=""#).unwrap();
    let link = rest.split('"').next().unwrap().replace("&amp;", "&");
    let root = world.app.keys.root.thumbprint();
    parse_begun(&link, world.app.issuer.wire(), root).unwrap()
}

/// A key that the app made.
fn key_of(device: &Device) -> Thumbprint {
    device.possession.thumbprint()
}

/// The code of the session at `path`, bound to `key`.
async fn bound(world: &World, jar: &mut Jar, path: &str, key: Thumbprint) -> InvitationCode {
    let shown = jar.send(world, Method::GET, &start(key), "").await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
    let posted = form(&shown.text(), path);
    let answer = jar.send(world, Method::POST, &start(key), &posted).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let to = answer.headers[header::LOCATION].to_str().unwrap();
    assert!(to.ends_with(path));
    handed_over(world, jar, path).await
}

#[tokio::test]
async fn the_app_begins_a_pairing_in_the_browser_that_has_the_session() {
    let world = World::new().await;
    let mut jar = Jar::default();
    let path = opened(&world, &mut jar).await;
    let before = jar.0[0].0.rsplit('.').next().unwrap().to_owned();
    let before = InvitationCode::parse(&before).unwrap();
    let mut device = Device::new("Desk", "");
    let key = key_of(&device);
    // Looking changes nothing, however often.
    for _ in 0..2 {
        let shown = jar.send(&world, Method::GET, &start(key), "").await;
        assert!(
            shown
                .text()
                .contains("Pair with the account of Hanako &lt;Yamada&gt;")
        );
        assert!(shown.headers.get(header::SET_COOKIE).is_none());
    }
    let page = jar.send(&world, Method::GET, &path, "").await.text();
    assert!(page.contains(&before.expose_grouped()));
    let code = bound(&world, &mut jar, &path, key).await;
    let gone = world.redeem(&before).await;
    assert_eq!(gone.code(), "invitation_unknown", "good for nothing now");
    // From here on a pairing like any other.
    let offer: RedeemResponse = world.redeem(&code).await.json();
    device.offer = offer.offer;
    let answer = world
        .post(&world.endpoints().pairings, &device.registrations())
        .await;
    device.read_reveal(&world, &code, &answer.json::<PairingResponse>().reveal);
    let digits = format!("digits={}", device.digits());
    let done = jar.send(&world, Method::POST, &path, &digits).await;
    assert!(done.text().contains("can approve from now on"));
    let late = jar.send(&world, Method::GET, &start(key), "").await;
    assert_eq!(late.status, StatusCode::NOT_FOUND, "used");
}

/// Attack: another program claims the scheme of the link, or reads it somewhere, and is quicker.
#[tokio::test]
async fn a_code_that_is_bound_to_a_key_pairs_no_other_device() {
    let world = World::new().await;
    let mut jar = Jar::default();
    let path = opened(&world, &mut jar).await;
    let device = Device::new("Desk", "");
    let code = bound(&world, &mut jar, &path, key_of(&device)).await;
    let offer: RedeemResponse = world.redeem(&code).await.json();
    let thief = Device::new("Thief", &offer.offer);
    let url = world.endpoints().pairings;
    let refused = world.post(&url, &thief.registrations()).await;
    assert_eq!(refused.code(), "assertion_invalid");
    // It is over, for the right key too.
    let mut late = Device::new("Desk", &offer.offer);
    late.possession = device.possession;
    let refused = world.post(&url, &late.registrations()).await;
    assert_eq!(refused.code(), "confirmation_failed");
    let told = jar.send(&world, Method::GET, &path, "").await;
    assert_eq!(told.status, StatusCode::GONE);
    assert!(told.text().contains("Something other than your Tegata app"));
    let typed = jar.send(&world, Method::POST, &path, "digits=123456").await;
    assert_eq!(typed.status, StatusCode::GONE);
}

/// Attack: a page somewhere else sends the form, or has the person press a button that is about another key.
#[tokio::test]
async fn nobody_but_the_page_of_the_session_binds_its_code() {
    let world = World::new().await;
    let mut jar = Jar::default();
    let path = opened(&world, &mut jar).await;
    let (key, other) = (key_of(&Device::new("a", "")), key_of(&Device::new("b", "")));
    let shown = jar.send(&world, Method::GET, &start(key), "").await.text();
    let good = form(&shown, &path);
    let id = path.rsplit('/').next().unwrap();
    let before = jar.at(&path);
    for forged in [
        format!("session={id}&jkt={key}"),
        format!("session={id}&jkt={key}&token={other}"),
        good.replace(&key.to_string(), &other.to_string()),
        good.replace(id, "AAAAAAAAAAAAAAAAAAAAAA"),
        format!("{good}&jkt={other}"),
        String::new(),
    ] {
        let refused = jar.send(&world, Method::POST, &start(key), &forged).await;
        assert!(refused.status.is_client_error(), "{forged}");
    }
    // Without the cookies, as another site's form comes.
    let stranger = Jar::default()
        .send(&world, Method::POST, &start(key), &good)
        .await;
    assert_eq!(stranger.status, StatusCode::GONE);
    // By the browser's own word from elsewhere.
    let mut request = world.request(Method::POST, &start(key), good.clone().into_bytes());
    let headers = request.headers_mut();
    headers.insert("sec-fetch-site", "same-site".parse().unwrap());
    headers.insert(
        header::COOKIE,
        jar.at("/pair/start").unwrap().parse().unwrap(),
    );
    assert_eq!(world.send(request).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(jar.at(&path), before);
    let page = jar.send(&world, Method::GET, &path, "").await.text();
    assert!(
        page.contains("<svg"),
        "the code that it showed is still good"
    );
    bound(&world, &mut jar, &path, key).await;
}

async fn another_account(world: &World) -> AccountId {
    let id = AccountId::make(world.app.rng());
    let account = CreateAccount(Account {
        id: id.clone(),
        sub: "sub-2".into(),
        login_name: "taro".into(),
        display_name: "Taro".into(),
        test: true,
        created: START,
        user_code: None,
    });
    world.app.store.apply(account).await.unwrap();
    id
}

#[tokio::test]
async fn two_sessions_in_two_tabs_are_chosen_between_and_left_alone() {
    let mut world = World::new().await;
    let mut jar = Jar::default();
    let older = opened(&world, &mut jar).await;
    let first = opened(&world, &mut jar).await;
    world.account = another_account(&world).await;
    let second = opened(&world, &mut jar).await;
    let key = key_of(&Device::new("Desk", ""));
    let shown = jar.send(&world, Method::GET, &start(key), "").await.text();
    assert_eq!(shown.matches("<form").count(), 2);
    assert!(shown.contains("the account of Taro"));
    let id = older.rsplit('/').next().unwrap();
    assert!(!shown.contains(id), "of one account the newest");
    bound(&world, &mut jar, &first, key).await;
    for other in [&older, &second] {
        let page = jar.send(&world, Method::GET, other, "").await.text();
        assert!(page.contains("<svg"), "the others are what they were");
    }
    // An app that was started anew begins again, with another key.
    let again = key_of(&Device::new("Desk", ""));
    let code = bound(&world, &mut jar, &first, again).await;
    let offer: RedeemResponse = world.redeem(&code).await.json();
    assert!(!offer.offer.is_empty());
    let shown = jar.send(&world, Method::GET, &start(key), "").await.text();
    assert!(!shown.contains(first.rsplit('/').next().unwrap()), "used");
    assert!(shown.contains(id), "the one before it is not");
}

#[tokio::test]
async fn without_a_session_or_an_app_the_page_says_what_to_do() {
    let world = World::new().await;
    let mut jar = Jar::default();
    let key = key_of(&Device::new("Desk", ""));
    let none = jar.send(&world, Method::GET, &start(key), "").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(
        none.text()
            .contains("There is no open invitation in this browser")
    );
    let path = opened(&world, &mut jar).await;
    for bad in [
        "/pair/start".to_owned(),
        "/pair/start?jkt=short".to_owned(),
        format!("{}&jkt={key}", start(key)),
        format!("{}=", start(key)),
    ] {
        let refused = jar.send(&world, Method::GET, &bad, "").await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{bad}");
        assert!(refused.text().contains("opened by the Tegata app"));
    }
    // Too late: the session's page says so.
    let shown = jar.send(&world, Method::GET, &start(key), "").await.text();
    let posted = form(&shown, &path);
    world.advance(300);
    let late = jar.send(&world, Method::POST, &start(key), &posted).await;
    assert_eq!(late.status, StatusCode::SEE_OTHER);
    let over = jar.send(&world, Method::GET, &path, "").await;
    assert_eq!(over.status, StatusCode::GONE);
    let none = jar.send(&world, Method::GET, &start(key), "").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_code_and_no_secret_of_a_pairing_that_the_app_begins_is_logged() {
    let lines = Lines::default();
    let writer = lines.clone();
    // With one dispatcher alone, an event that another test's thread comes to first is taken to interest nobody anywhere.
    let _another = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::subscriber::set_default(subscriber);
    let world = World::new().await;
    let mut jar = Jar::default();
    let path = opened(&world, &mut jar).await;
    let key = key_of(&Device::new("Desk", ""));
    let shown = jar.send(&world, Method::GET, &start(key), "").await.text();
    let posted = form(&shown, &path);
    let before = jar.at(&path).unwrap();
    let code = bound(&world, &mut jar, &path, key).await;
    let offer: RedeemResponse = world.redeem(&code).await.json();
    let thief = Device::new("Thief", &offer.offer);
    world
        .post(&world.endpoints().pairings, &thief.registrations())
        .await;
    drop(guard);
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/pair/start"), "it is logged at all: {log}");
    let (secret, first) = before.split_once('=').unwrap().1.split_once('.').unwrap();
    let token = posted.rsplit('=').next().unwrap();
    for hidden in [
        secret,
        first,
        token,
        code.expose_canonical(),
        code.expose_grouped().as_str(),
    ] {
        assert!(!log.contains(hidden), "{hidden} is in the log:\n{log}");
    }
}
