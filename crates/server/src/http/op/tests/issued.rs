//! What is issued is what was approved, and what clients can make of it together.

use super::{bench::TestClock, *};
use crate::{
    config::{Config, ScopeTexts},
    domain::{
        BindingMessageUse, Client, ClientAuthentication, ClientSettings, RegisteredBy, Transfer,
    },
    http::device::tests::fixture::{Device, World},
    storage::ops::{CreateClient, DeleteClient},
};
use axum::http::{Method, StatusCode, header};
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeMap;
use tegata_protocol::{
    ClientId, Sha256Digest,
    bytes::decode_b64u,
    device::receipt::{ClientReceipt, parse_client_receipt},
};

/// The payload of a JWS, whoever signed it.
fn payload(jws: &str) -> Value {
    let payload = jws.split('.').nth(1).unwrap();
    serde_json::from_slice(&decode_b64u(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_registration_that_changes_after_the_approval_changes_nothing_of_what_is_issued() {
    let bench = Bench::open(Config::default(), 8480, TestClock::standing(), |kiosk| {
        kiosk.host = Some("kiosk.example".to_owned());
    })
    .await;
    let device = bench.pair("hanako").await;
    let id = bench
        .ask("scope=openid%20library&login_hint=hanako")
        .await
        .text("auth_req_id")
        .to_owned();
    bench.decided(&device, true).await;
    let approved_at = bench.now();
    bench.advance(1_000);

    // Name, host, transfer setting and the words of the scope are others when the client comes for its tokens.
    let store = bench.app.data_dir.join("tegata.sqlite");
    let changed = Connection::open(store)
        .unwrap()
        .execute(
            "UPDATE client SET name = 'Another', host = 'evil.example', binding_message = '\"transfer\"', \
             transfer_code = 1, since = 1 WHERE id = 'kiosk'",
            [],
        )
        .unwrap();
    assert_eq!(changed, 1);
    let texts = ScopeTexts {
        en: "Empty your accounts".to_owned(),
        ja: "口座を空にする".to_owned(),
    };
    let config = Config {
        scopes: BTreeMap::from([("library".to_owned(), texts)]),
        ..Config::default()
    };
    let bench = bench.restarted(config).await;
    let kiosk = ClientId::parse("kiosk").unwrap();
    let read = bench.app.store.read(move |r| r.client(&kiosk)).await;
    assert!(
        read.unwrap().unwrap().transfer_code,
        "the change is in force"
    );

    let reply = bench.poll("kiosk", &id).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    assert_eq!(reply.text("scope"), "openid library");
    let keys = [*bench.app.keys.receipt.public()];
    let receipt = parse_client_receipt(reply.text("client_receipt"), &keys).unwrap();
    let expected = ClientReceipt {
        scope: "openid library".to_owned(),
        auth_time: approved_at,
        aud: ClientId::parse("kiosk").unwrap(),
        sub: "sub-hanako".to_owned(),
        ..receipt.clone()
    };
    assert_eq!(receipt, expected);
    for issued in ["client_receipt", "id_token"] {
        let claims = payload(reply.text(issued));
        assert_eq!(claims["aud"], "kiosk");
        let text = claims.to_string();
        for changed in ["Another", "evil.example", "Empty your accounts"] {
            assert!(!text.contains(changed), "{changed} is in {issued}: {text}");
        }
    }
}

#[tokio::test]
async fn whoever_takes_over_a_client_id_gets_nothing_that_was_approved_before() {
    let bench = Bench::new().await;
    let device = bench.pair("hanako").await;
    let id = bench.asked().await;
    bench.decided(&device, true).await;
    let kiosk = ClientId::parse("kiosk").unwrap();
    let registration = {
        let kiosk = kiosk.clone();
        let read = bench.app.store.read(move |r| r.client(&kiosk)).await;
        read.unwrap().unwrap()
    };
    let delete = DeleteClient {
        client: kiosk,
        now: bench.now(),
    };
    assert!(bench.app.store.apply(delete).await.unwrap());
    let again = Client {
        name: "Another".to_owned(),
        ..registration
    };
    bench.app.store.apply(CreateClient(again)).await.unwrap();
    assert_eq!(
        bench.poll("kiosk", &id).await.error(),
        (400, "access_denied")
    );
}

/// The tokens of a client of `world` that its person has approved.
async fn signed_in(world: &mut World, device: &Device, id: &str) -> Value {
    let client = Client {
        id: ClientId::parse(id).unwrap(),
        name: format!("Client {id}"),
        authentication: ClientAuthentication::ClientSecretBasic {
            secret_hash: Sha256Digest::of(SECRET.as_bytes()),
        },
        registered_by: RegisteredBy::Operator,
        since: world.app.now(),
        host: None,
        binding_message: BindingMessageUse::Show,
        transfer_code: false,
        settings: ClientSettings::default(),
    };
    world.client = client.id.clone();
    world.app.store.apply(CreateClient(client)).await.unwrap();
    let (request, ids) = world.ask_with(Transfer::None, &[]).await;
    let prompt = device.prompt(world, &request).await;
    let decision = device.sign(&prompt, Device::approve(None));
    assert_eq!(device.decide(world, &decision).await.status, StatusCode::OK);
    let form = format!(
        "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id={}",
        ids.auth_req_id.as_str()
    );
    let mut poll = world.request(Method::POST, "/token", form.into_bytes());
    for (name, value) in [
        (header::AUTHORIZATION, basic(id, SECRET)),
        (
            header::CONTENT_TYPE,
            "application/x-www-form-urlencoded".to_owned(),
        ),
    ] {
        poll.headers_mut().insert(name, value.parse().unwrap());
    }
    world.send(poll).await.json()
}

/// `sub` is public in this version, so clients that compare what they hold see that it is one person. They see nothing
/// else of it: neither the account, nor the device, nor its keys, nor the request.
#[tokio::test]
async fn two_clients_can_link_a_person_by_sub_and_by_nothing_else() {
    let mut world = World::new().await;
    let device = world.pair("Desk").await;
    let first = signed_in(&mut world, &device, "shop").await;
    world.advance(60);
    let second = signed_in(&mut world, &device, "clinic").await;

    for issued in ["client_receipt", "id_token"] {
        let [first, second] =
            [&first, &second].map(|tokens| payload(tokens[issued].as_str().unwrap()));
        let shared: Vec<_> = first
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, value)| second.get(name.as_str()) == Some(*value))
            .map(|(name, _)| name.as_str())
            .collect();
        // What everybody has who signs in here in this way, and `sub`.
        let common: &[&str] = match issued {
            "client_receipt" => &["acr", "amr", "decision", "iss", "scope", "sub", "v"],
            _ => &["acr", "amr", "iss", "sub"],
        };
        assert_eq!(shared, common, "{issued}");
        assert_eq!(first["sub"], "sub-1");
        for claims in [first, second] {
            let text = claims.to_string();
            for hidden in [
                world.account.as_str().to_owned(),
                device.id().as_str().to_owned(),
                device.approval.thumbprint().to_string(),
                device.possession.thumbprint().to_string(),
                "hanako".to_owned(),
                "Hanako".to_owned(),
            ] {
                assert!(!text.contains(&hidden), "{hidden} is in {issued}: {text}");
            }
        }
    }
}
