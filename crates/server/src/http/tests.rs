use super::*;
use crate::{
    administration::views::{InvitationForm, InvitationView, PairingProgress},
    config::{Config, Issuer},
    data_folder::DataFolder,
    domain::{IssuingSessionId, Registration},
    storage::ops::{
        RedeemInvitation, RedeemInvitationOutcome, SubmitRegistration, SubmitRegistrationOutcome,
    },
};
use serde_json::{Value, json};
use tegata_protocol::{
    DeviceId, FixedClock, PairingId, Secret, Sha256Digest, SigningKey, SystemRng, UnixTime,
    device::invitation::{Invitation, parse_invitation},
};
use tokio::{sync::oneshot, task::JoinHandle};

/// A server on a port of its own, with a clock that stands still.
struct Server {
    app: Arc<App>,
    base: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
    folder: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(folder.path().join("data"));
        let rng = SystemRng::new();
        data.make(&rng).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let clock = Arc::new(FixedClock::at(UnixTime(1_000_000)));
        let app = App::open(Config::default(), &data, port, clock, Arc::new(rng))
            .await
            .unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(Arc::clone(&app), listener, async move {
            stopped.await.unwrap();
        }));
        Self {
            app,
            base: format!("http://127.0.0.1:{port}"),
            stop,
            task,
            folder,
        }
    }

    /// An admin request; status and JSON body (null if there is none).
    async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let token = format!("Bearer {}", self.app.admin_token.expose());
        let url = format!("{}/admin/v1{path}", self.base);
        let mut request = self
            .app
            .http_client
            .request(method, url)
            .header("authorization", token);
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null),
        )
    }
}

#[test]
fn only_its_names_and_to_itself_this_machine_are_known_hosts() {
    let names = ["id.example", "mtls.id.example"];
    let good = [
        "localhost",
        "localhost:8480",
        "LOCALHOST:1",
        "tegata.localhost",
        "127.0.0.1:9",
        "[::1]:9",
        "id.example",
        "mtls.id.example",
    ];
    for host in good {
        assert!(is_known_host(host, &names, Reach::Local), "{host}");
        let named = host.ends_with("id.example");
        assert_eq!(is_known_host(host, &names, Reach::Public), named, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example:80",
        "127.0.0.1.evil.example",
        "id.example.evil",
        "",
    ] {
        assert!(!is_known_host(host, &names, Reach::Local), "{host}");
        assert!(!is_known_host(host, &names, Reach::Public), "{host}");
    }
}

#[tokio::test]
async fn a_request_under_a_foreign_name_reaches_no_handler() {
    let server = Server::start().await;
    let url = format!("{}/health", server.base);
    let foreign = server
        .app
        .http_client
        .get(&url)
        .header("host", "evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status().as_u16(), 421);
    let own = server.app.http_client.get(&url).send().await.unwrap();
    assert_eq!(own.status().as_u16(), 200);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = Server::start().await;
    for path in ["/health", "/no-such-page", "/admin/v1/users"] {
        let response = server
            .app
            .http_client
            .get(format!("{}{path}", server.base))
            .send()
            .await
            .unwrap();
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(
            header("x-content-type-options").as_deref(),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            header("referrer-policy").as_deref(),
            Some("no-referrer"),
            "{path}"
        );
        assert_eq!(header("x-frame-options").as_deref(), Some("DENY"), "{path}");
        assert!(
            header("content-security-policy")
                .unwrap()
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(header("cache-control").is_some(), "{path}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = Server::start().await;
    let (status, _) = server
        .admin(Method::POST, "/users", Some(json!("x".repeat(MAX_BODY))))
        .await;
    assert_eq!(status, 413);
}

#[tokio::test]
async fn the_admin_interface_opens_only_to_its_token() {
    let server = Server::start().await;
    let url = format!("{}/admin/v1/users", server.base);
    for token in [None, Some("Bearer wrong"), Some("Basic x"), Some("Bearer ")] {
        let mut request = server.app.http_client.get(&url);
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        assert_eq!(
            request.send().await.unwrap().status().as_u16(),
            401,
            "{token:?}"
        );
    }
    assert_eq!(
        server.admin(Method::GET, "/users", None).await,
        (200, json!([]))
    );
}

#[tokio::test]
async fn people_and_clients_are_added_listed_and_removed() {
    let server = Server::start().await;
    let person = json!({ "login_name": "alice", "display_name": "Alice", "test": false });
    let (status, added) = server
        .admin(Method::POST, "/users", Some(person.clone()))
        .await;
    assert_eq!((status, &added["display_name"]), (201, &json!("Alice")));
    let (status, refusal) = server.admin(Method::POST, "/users", Some(person)).await;
    assert_eq!(
        (status, refusal),
        (409, json!({ "message": "user \"alice\" exists already" }))
    );
    let (status, _) = server
        .admin(
            Method::POST,
            "/users",
            Some(json!({ "login_name": "a b", "test": false })),
        )
        .await;
    assert_eq!(status, 400);

    let client = json!({ "client_id": "kiosk", "binding_message": "show", "transfer_code": true });
    let (status, added) = server.admin(Method::POST, "/clients", Some(client)).await;
    assert_eq!(status, 201);
    assert_eq!(added["client_secret"].as_str().unwrap().len(), 43);
    let (_, listed) = server.admin(Method::GET, "/clients", None).await;
    assert_eq!(
        (
            listed[0]["client_id"].as_str(),
            listed[0].get("client_secret")
        ),
        (Some("kiosk"), None)
    );
    let private =
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "", "y": "", "d": "" }] }).to_string();
    let client = json!({ "jwks": private, "binding_message": "show", "transfer_code": false });
    let (status, refusal) = server.admin(Method::POST, "/clients", Some(client)).await;
    assert_eq!(status, 400, "{refusal}");

    assert_eq!(
        server.admin(Method::DELETE, "/clients/kiosk", None).await.0,
        204
    );
    assert_eq!(
        server.admin(Method::DELETE, "/clients/kiosk", None).await.0,
        404
    );
    assert_eq!(
        server.admin(Method::DELETE, "/users/alice", None).await.0,
        204
    );
    assert_eq!(
        server.admin(Method::DELETE, "/users/alice", None).await.0,
        404
    );
}

/// What the gateway stores when a device redeems `code` and registers, up to the digits `123456`.
async fn register(app: &App, code: &str) {
    let pairing = PairingId::make(app.rng());
    let redeem = RedeemInvitation {
        code_mac: app.keys.invitation_mac(code),
        pairing: pairing.clone(),
        offer: "offer".to_owned(),
        offer_hash: Sha256Digest::of(b"offer"),
        server_nonce: [0; 32],
        expires: app.now().plus(300),
        now: app.now(),
    };
    assert_eq!(
        app.store.apply(redeem).await.unwrap(),
        RedeemInvitationOutcome::Redeemed
    );
    let rng = SystemRng::new();
    let ((possession, _), (approval, _)) = (SigningKey::make(&rng), SigningKey::make(&rng));
    let submit = SubmitRegistration {
        pairing,
        device: DeviceId::make(app.rng()),
        registration: Registration {
            device_name: "Laptop".to_owned(),
            device_info: "{}".to_owned(),
            possession_thumbprint: possession.thumbprint(),
            possession_key: *possession.public(),
            possession_credential: "{}".to_owned(),
            approval_thumbprint: approval.thumbprint(),
            approval_key: *approval.public(),
            approval_credential: "{}".to_owned(),
        },
        reveal: "reveal".to_owned(),
        confirmation_code: Secret::new("123456".to_owned()),
        pairing_receipt: "receipt".to_owned(),
        now: app.now(),
    };
    assert_eq!(
        app.store.apply(submit).await.unwrap(),
        SubmitRegistrationOutcome::Submitted
    );
}

#[tokio::test]
async fn the_administrators_terminal_invites_and_confirms() {
    let server = Server::start().await;
    let (status, _) = server
        .admin(
            Method::POST,
            "/invitations",
            Some(json!({ "user": "alice", "page": false })),
        )
        .await;
    assert_eq!(status, 404, "nobody is invited who is not there");
    let person = json!({ "login_name": "alice", "display_name": null, "test": false });
    server.admin(Method::POST, "/users", Some(person)).await;
    let (_, made) = server
        .admin(
            Method::POST,
            "/invitations",
            Some(json!({ "user": "alice", "page": false })),
        )
        .await;
    let made: InvitationView = serde_json::from_value(made).unwrap();
    let InvitationForm::Code { link, secret, .. } = made.form else {
        panic!("a code was asked for")
    };
    let Invitation::Complete { issuer, code, root } = parse_invitation(&link).unwrap() else {
        panic!("the link is complete: {link}")
    };
    assert_eq!(issuer.as_str(), server.app.issuer.as_str());
    assert_eq!(root, server.app.keys.root.thumbprint());

    let path = format!("/invitations/{}", made.session);
    let (_, progress) = server.admin(Method::GET, &path, None).await;
    assert_eq!(progress, json!({ "state": "waiting" }));
    register(&server.app, code.expose_canonical()).await;
    let (_, progress) = server.admin(Method::GET, &path, None).await;
    assert_eq!(progress, json!({ "state": "ready", "tries": 0 }));

    let confirm = |secret: &str, code: &str| {
        let body = json!({ "secret": secret, "code": code });
        let path = format!("{path}/confirm");
        let server = &server;
        async move { server.admin(Method::POST, &path, Some(body)).await }
    };
    assert_eq!(
        confirm("another secret", "123456").await.0,
        404,
        "only the issuing session confirms"
    );
    let (_, wrong) = confirm(&secret, "000000").await;
    assert_eq!(wrong, json!({ "state": "wrong_code", "tries_left": 2 }));
    let (_, confirmed) = confirm(&secret, "123456").await;
    let confirmed: PairingProgress = serde_json::from_value(confirmed).unwrap();
    let PairingProgress::Confirmed {
        device_id,
        device_name,
    } = confirmed
    else {
        panic!("{confirmed:?}")
    };
    assert_eq!(device_name, "Laptop");

    let (_, devices) = server.admin(Method::GET, "/devices?user=alice", None).await;
    assert_eq!(
        (&devices[0]["device_id"], &devices[0]["active"]),
        (&json!(device_id), &json!(true))
    );
    assert_eq!(
        server
            .admin(Method::POST, &format!("/devices/{device_id}/revoke"), None)
            .await
            .0,
        204
    );
    let (_, devices) = server.admin(Method::GET, "/devices", None).await;
    assert_eq!(devices[0]["active"], json!(false));
    assert_eq!(
        server
            .admin(Method::POST, "/devices/unknown/revoke", None)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn a_page_invitation_is_an_address_under_the_issuer_and_holds_no_code() {
    let server = Server::start().await;
    let person = json!({ "login_name": "alice", "display_name": null, "test": false });
    server.admin(Method::POST, "/users", Some(person)).await;
    let (_, made) = server
        .admin(
            Method::POST,
            "/invitations",
            Some(json!({ "user": "alice", "page": true })),
        )
        .await;
    let made: InvitationView = serde_json::from_value(made).unwrap();
    let InvitationForm::Page { url } = made.form else {
        panic!("a page was asked for")
    };
    assert!(
        url.starts_with(
            &server
                .app
                .issuer
                .endpoint(&format!("/pair/session/{}/", made.session))
        ),
        "{url}"
    );
    let id = IssuingSessionId::parse(&made.session).unwrap();
    let session = server
        .app
        .store
        .read(move |reader| reader.issuing_session(&id))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        session.invitation, None,
        "the page makes the invitation when it is opened"
    );
}

#[tokio::test]
async fn a_backup_is_written_once_to_an_absolute_path() {
    let server = Server::start().await;
    let file = server.folder.path().join("copy.sqlite");
    let request = Some(json!({ "file": file }));
    assert_eq!(
        server
            .admin(Method::POST, "/backup", request.clone())
            .await
            .0,
        204
    );
    assert!(file.is_file());
    assert_eq!(server.admin(Method::POST, "/backup", request).await.0, 500);
    assert_eq!(
        server
            .admin(Method::POST, "/backup", Some(json!({ "file": "relative" })))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn stopping_frees_the_folder_and_a_second_start_keeps_the_issuer_in_mind() {
    let server = Server::start().await;
    let issuer = server.app.issuer.clone();
    let data = DataFolder::at(server.folder.path().join("data"));
    assert!(data.lock().is_err(), "a running server keeps others out");
    server.stop.send(()).unwrap();
    server.task.await.unwrap().unwrap();
    drop(server.app);
    let lock = data.lock().expect("a stopped server lets others in");
    drop(lock);
    let rng = SystemRng::new();
    let clock = Arc::new(FixedClock::at(UnixTime(1_000_000)));
    let config = Config {
        issuer: Some(Issuer::parse("https://id.example").unwrap()),
        ..Config::default()
    };
    let store = crate::app::open_store(&config, &data, &data.keys(&rng).unwrap()).unwrap();
    assert_eq!(
        store.read(crate::app::remembered).await.unwrap(),
        Some(issuer)
    );
    drop(store);
    let again = App::open(config, &data, 1, clock, Arc::new(rng))
        .await
        .unwrap();
    assert_eq!(
        again.issuer.as_str(),
        "https://id.example",
        "a configured issuer wins over the port"
    );
}
