//! Stages of a pairing that goes on in the browser, against a server of the test's own on the network port.

use crate::{
    browser::Browser,
    tests::{Fixture, call, fixture_between},
};
use serde_json::{Value, json};
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};
use tegata_device::ports::{
    HttpMethod, HttpRequest, HttpResponse, Network, NetworkSettings, Socket, Transport,
    TransportError,
};
use tegata_protocol::{
    Clock as _, SigningKey, SystemClock, SystemRng, Thumbprint,
    device::{
        V1,
        invitation::{InvitationCode, Issuer, format_begun},
        metadata::{
            Capabilities, Endpoints, Metadata, MetadataKey, MetadataLimits, default_rp_id,
            sign_metadata,
        },
        problem::{Problem, ProblemCode},
    },
};
use tegata_ui_contract::CodeEntry;
use tokio::time::Instant;

const HOST: &str = "id.example";
const START: &str = "https://id.example/pair/start";

/// Answers metadata, and knows no code. Keeps what it was asked and which pages the browser was opened at.
#[derive(Clone)]
struct Server(Arc<Inner>);

struct Inner {
    root: SigningKey,
    start: Option<String>,
    redeemed: Mutex<Vec<String>>,
    pages: Mutex<Vec<String>>,
}

type Exchange<'a, T> = Pin<Box<dyn Future<Output = Result<T, TransportError>> + Send + 'a>>;

impl Server {
    fn new(start: Option<&str>) -> Self {
        Self(Arc::new(Inner {
            root: SigningKey::make(&SystemRng::new()).0,
            start: start.map(str::to_owned),
            redeemed: Mutex::default(),
            pages: Mutex::default(),
        }))
    }

    fn root(&self) -> Thumbprint {
        self.0.root.thumbprint()
    }

    /// The link that names the server alone.
    fn named(&self) -> String {
        format!("tegata://pair?v=1&i=https%3A%2F%2F{HOST}&k={}", self.root())
    }

    /// The link that answers.
    fn answered(&self, code: &str) -> CodeEntry {
        let issuer = Issuer::parse("https://id.example").unwrap();
        let code = InvitationCode::parse(code).unwrap();
        CodeEntry::new(format_begun(&issuer, &code, &self.root()))
    }

    fn redeemed(&self) -> Vec<String> {
        self.0.redeemed.lock().unwrap().clone()
    }

    fn pages(&self) -> Vec<String> {
        self.0.pages.lock().unwrap().clone()
    }

    /// The app with this server, whose browser opens if `opens`.
    fn app(&self, opens: bool) -> Fixture {
        let keep = self.clone();
        let browser = Browser::new(move |page| {
            keep.0.pages.lock().unwrap().push(page);
            let none = io::ErrorKind::NotFound.into();
            Box::pin(async move { if opens { Ok(()) } else { Err(none) } })
        });
        fixture_between(Arc::new(self.clone()), browser)
    }

    fn metadata(&self) -> Metadata {
        let now = SystemClock.now();
        let issuer = Issuer::parse("https://id.example").unwrap();
        let at = |path: &str| format!("{issuer}/device/v1/{path}");
        let rp_id = default_rp_id(&issuer);
        let key = MetadataKey {
            jwk: *self.0.root.public(),
            nbf: now,
            exp: now.plus(3600),
        };
        Metadata {
            v: V1,
            iss: issuer.clone(),
            seq: 1,
            iat: now,
            exp: now.plus(3600),
            name: "Example".into(),
            origin: format!("https://{rp_id}"),
            rp_id,
            endpoints: Endpoints {
                redeem: at("redeem"),
                pairings: at("pairings"),
                confirm: at("confirm"),
                connect: at("connect"),
                pending: at("pending"),
                decisions: at("decisions"),
                seen: at("seen"),
                receipts: at("receipts"),
                pair_start: self.0.start.clone(),
                ..Endpoints::default()
            },
            prompt_keys: vec![key.clone()],
            receipt_keys: vec![key],
            capabilities: Capabilities {
                kinds: Vec::new(),
                delivery: Vec::new(),
            },
            limits: MetadataLimits {
                pending_per_account: 5,
                transfer_tries: 3,
            },
            crit: Vec::new(),
        }
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let (status, body) = if request.method == HttpMethod::Get {
            (200, json!(sign_metadata(&self.0.root, &self.metadata())))
        } else {
            let asked: Value = serde_json::from_slice(&request.body).unwrap();
            let code = asked["code"].as_str().unwrap().to_owned();
            self.0.redeemed.lock().unwrap().push(code);
            let problem = Problem::new(ProblemCode::InvitationUnknown);
            (problem.status, json!(problem))
        };
        HttpResponse {
            status,
            nonce: None,
            body: body.to_string().into_bytes(),
        }
    }
}

impl Network for Server {
    fn transport(
        &self,
        _: &Issuer,
        _: &NetworkSettings,
    ) -> Result<Arc<dyn Transport>, TransportError> {
        Ok(Arc::new(self.clone()))
    }
}

impl Transport for Server {
    fn request(&self, request: HttpRequest) -> Exchange<'_, HttpResponse> {
        Box::pin(async move { Ok(self.answer(&request)) })
    }

    fn open_socket<'a>(&'a self, _: &'a str) -> Exchange<'a, Socket> {
        Box::pin(async { Err(TransportError::Offline("nothing is paired".into())) })
    }
}

fn start(app: &Fixture, input: &Value) -> Value {
    call(app, "pairing_start", json!({"request": {"input": input}})).unwrap()
}

fn browser(app: &Fixture) {
    start(app, &json!({"form": "browser", "server": HOST}));
}

fn stage(app: &Fixture) -> Value {
    call(app, "pairing_state", json!({})).unwrap()
}

/// Waits until the server was asked, or the browser.
fn settled(app: &Fixture) -> Value {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let view = stage(app);
        if view["stage"] != "checking" {
            return view;
        }
        assert!(Instant::now() < deadline, "the server is still asked");
        std::thread::yield_now();
    }
}

#[test]
fn a_link_that_names_the_server_goes_on_in_the_browser_and_its_answer_is_redeemed() {
    let server = Server::new(Some(START));
    let app = server.app(true);
    start(&app, &json!({"form": "link", "link": server.named()}));
    assert_eq!(stage(&app)["stage"], "code");
    assert!(server.pages().is_empty(), "nothing is opened by a link");

    browser(&app);
    assert_eq!(settled(&app), json!({"stage": "browser", "host": HOST}));
    let pages = server.pages();
    let jkt = pages[0].strip_prefix("https://id.example/pair/start?jkt=");
    assert_eq!(jkt.map(str::len), Some(43), "{pages:?}");

    app.state().open_link(server.answered("7K3M-9QRT-XW2C"));
    assert_eq!(settled(&app)["code"], "invitation_unknown");
    assert_eq!(server.redeemed(), ["7K3M9QRTXW2C"]);
}

#[test]
fn the_browser_can_be_opened_again_at_the_same_page() {
    let server = Server::new(Some(START));
    let app = server.app(true);
    browser(&app);
    settled(&app);
    start(&app, &json!({"form": "browser", "server": "ID.example "}));
    assert_eq!(settled(&app)["stage"], "browser");
    let pages = server.pages();
    assert_eq!((pages.len(), &pages[0]), (2, &pages[1]));
}

#[test]
fn another_opened_link_does_not_disturb_a_pairing_that_waits_for_the_browser() {
    let server = Server::new(Some(START));
    let app = server.app(true);
    browser(&app);
    settled(&app);
    let stranger = Server::new(None);
    let other_issuer = "tegata://pair?v=1&i=https%3A%2F%2Fother.example&c=7K3M9QRTXW2C&k=";
    let other_issuer = format!("{other_issuer}{}", server.root());
    for link in [
        CodeEntry::new(server.named()),
        stranger.answered("7K3M-9QRT-XW2C"),
        CodeEntry::new(other_issuer),
        CodeEntry::new("tegata://pair".into()),
    ] {
        app.state().open_link(link);
        assert_eq!(settled(&app), json!({"stage": "browser", "host": HOST}));
    }
    assert!(server.redeemed().is_empty());

    // The answer counts when it was pasted, too.
    let answer = server.answered("0123-4567-89AB");
    start(&app, &json!({"form": "link", "link": answer.expose()}));
    settled(&app);
    assert_eq!(server.redeemed(), ["0123456789AB"]);
}

#[test]
fn a_code_can_be_typed_while_the_browser_is_waited_for() {
    let server = Server::new(Some(START));
    let app = server.app(true);
    browser(&app);
    settled(&app);
    let typed = json!({"form": "code", "server": HOST, "code": "0123-4567-89ab"});
    start(&app, &typed);
    assert_eq!(settled(&app)["code"], "invitation_unknown");
    assert_eq!(server.redeemed(), ["0123456789AB"]);
}

#[test]
fn after_the_end_of_a_pairing_its_answer_is_a_link_like_any_other() {
    let server = Server::new(Some(START));
    let app = server.app(true);
    browser(&app);
    settled(&app);
    assert_eq!(
        call(&app, "pairing_cancel", json!({})),
        Ok(json!({"stage": "idle"}))
    );
    app.state().open_link(server.answered("7K3M-9QRT-XW2C"));
    assert_eq!(settled(&app), json!({"stage": "code", "host": HOST}));
    assert!(server.redeemed().is_empty(), "its code is not taken");
}

#[test]
fn a_server_without_a_page_and_a_machine_without_a_browser_are_told_apart() {
    let server = Server::new(None);
    let app = server.app(true);
    browser(&app);
    let failed =
        json!({"stage": "failed", "code": "browser_not_offered", "remedy": "new_invitation"});
    assert_eq!(settled(&app), failed);
    assert!(server.pages().is_empty());

    let server = Server::new(Some(START));
    let app = server.app(false);
    browser(&app);
    let failed = json!({"stage": "failed", "code": "browser_not_opened", "remedy": "try_again"});
    assert_eq!(settled(&app), failed);

    let nowhere = json!({"form": "browser", "server": "not a server"});
    assert_eq!(start(&app, &nowhere)["code"], "invitation_malformed");
}

#[test]
fn a_server_that_a_link_named_is_held_to_the_links_root() {
    let server = Server::new(Some(START));
    let app = server.app(true);
    let link = Server::new(None).named();
    start(&app, &json!({"form": "link", "link": link}));
    browser(&app);
    assert_eq!(settled(&app)["code"], "issuer_untrusted");
    assert!(server.pages().is_empty());
}
