//! The automation hook: for whom it decides, and what is left behind.

use super::{bench::TestClock, *};
use crate::{
    config::{AutomationConfig, Config},
    domain::{Account, BackchannelAuthentication, Client, ClientSettings, PairedDevice},
    http::device::tests::fixture::World,
    simulation::{self, ACR_SIMULATED},
    storage::ops::{
        AskSimulatedDevice, CreateAccount, CreateClient, Decide, DecideOutcome, NewPrompt, Verdict,
        Withdraw,
    },
};
use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use rusqlite::Connection;
use serde_json::Value;
use tegata_protocol::{
    AccountId, AuthReqId, ClientId, Secret, Sha256Digest,
    bytes::decode_b64u,
    device::{
        V1,
        decision::{DecisionRequest, StoredPrompt, verify_decision},
        evidence::{EvidenceError, EvidenceFile, verify_evidence},
        metadata::MetadataResponse,
        prompt::Prompt,
        receipt::{ClientReceipt, ConsentReceipt, parse_client_receipt, parse_receipt},
        typ,
    },
    jws,
};
use tower::ServiceExt;

pub(super) const KEY: &str = "a key of the tests, long enough for anyone";

pub(super) fn with_hook() -> Config {
    Config {
        automation: AutomationConfig {
            key: Some(Secret::new(KEY.to_owned())),
            allow_public: false,
        },
        ..Config::default()
    }
}

/// With the hook, `kiosk` a test client, and beside hanako `tess`, who has a test account.
async fn bench(change: impl FnOnce(&mut Client)) -> Bench {
    let bench = Bench::open(with_hook(), 8480, TestClock::standing(), |kiosk| {
        kiosk.settings.test = true;
        change(kiosk);
    })
    .await;
    let account = Account {
        id: AccountId::parse("id-tess").unwrap(),
        sub: "sub-tess".to_owned(),
        login_name: "tess".to_owned(),
        display_name: "Tess".to_owned(),
        test: true,
        created: bench.now(),
        user_code: None,
    };
    bench.app.store.apply(CreateAccount(account)).await.unwrap();
    bench
}

/// Calls the hook with this query; status, names of headers, length of the body.
async fn call(bench: &Bench, method: Method, query: &str, body: &str) -> (u16, Vec<String>, usize) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/ciba-sim{query}"))
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = bench.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let mut headers: Vec<String> = parts.headers.keys().map(ToString::to_string).collect();
    // On the wire every answer without a body has its length, whoever made it.
    headers.retain(|name| name != "content-length");
    headers.sort();
    let body = to_bytes(body, 1 << 16).await.unwrap();
    (parts.status.as_u16(), headers, body.len())
}

fn percent(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn query(id: &str, action: &str) -> String {
    format!("?auth_req_id={id}&action={action}&key={}", percent(KEY))
}

async fn hook(bench: &Bench, id: &str, action: &str) -> u16 {
    let (status, _, length) = call(bench, Method::POST, &query(id, action), "").await;
    assert_eq!(length, 0, "no answer has a body");
    status
}

async fn ask_for(bench: &Bench, client: &str, person: &str) -> String {
    let form = format!("scope=openid&login_hint={person}");
    let reply = bench
        .post("/backchannel-authentication", &basic(client, SECRET), &form)
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    reply.text("auth_req_id").to_owned()
}

async fn flow(bench: &Bench, id: &str) -> BackchannelAuthentication {
    let id = AuthReqId::parse(id).unwrap();
    let found = bench
        .app
        .store
        .read(move |reader| reader.backchannel_authentication(&id))
        .await;
    found.unwrap().unwrap()
}

async fn devices(bench: &Bench, account: &str) -> Vec<PairedDevice> {
    let account = AccountId::parse(account).unwrap();
    bench
        .app
        .store
        .read(move |reader| reader.devices_of(&account))
        .await
        .unwrap()
}

/// The payload of a JWS, whoever signed it.
fn payload(jws: &str) -> Value {
    let payload = jws.split('.').nth(1).unwrap();
    serde_json::from_slice(&decode_b64u(payload).unwrap()).unwrap()
}

/// Conformance: SIM-hook
#[tokio::test]
async fn a_test_client_gets_tokens_for_a_test_account_that_say_that_nobody_was_asked() {
    let bench = bench(|_| {}).await;
    let id = ask_for(&bench, "kiosk", "tess").await;
    assert_eq!(
        bench.poll("kiosk", &id).await.error(),
        (400, "authorization_pending")
    );
    assert_eq!(hook(&bench, &id, "allow").await, 204);
    let tokens = bench.poll("kiosk", &id).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    let id_token = payload(tokens.text("id_token"));
    assert_eq!(id_token["acr"], ACR_SIMULATED);
    assert_eq!(id_token["amr"], serde_json::json!([]));
    assert_eq!(id_token["sub"], "sub-tess");

    // What the client holds says so too, and no key of the metadata has signed it.
    let client_receipt = tokens.text("client_receipt");
    let (real, test) = (
        *bench.app.keys.receipt.public(),
        *bench.app.keys.test_receipt.public(),
    );
    assert!(parse_client_receipt(client_receipt, &[real, test]).is_err());
    let says: ClientReceipt =
        jws::verify(client_receipt, typ::TEST_CLIENT_RECEIPT, 1 << 14, &[test]).unwrap();
    assert_eq!((says.acr.as_str(), says.amr.len()), (ACR_SIMULATED, 0));

    // The same for the evidence, in which everything else is as a real device makes it.
    let facts = flow(&bench, &id).await.facts;
    let request = facts.consent_request_id.clone();
    let evidence = bench
        .app
        .store
        .read(move |reader| reader.evidence(&request))
        .await
        .unwrap();
    let [record] = &evidence[..] else {
        panic!("one row: {evidence:?}");
    };
    assert_eq!(record.device, simulation::device_id(&facts.account));
    assert!(parse_receipt(&record.receipt, &[real, test]).is_err());
    let receipt: ConsentReceipt =
        jws::verify_exact(&record.receipt, typ::TEST_RECEIPT, 1 << 14, &[test]).unwrap();
    assert_eq!(receipt.acr.as_deref(), Some(ACR_SIMULATED));
    assert!(receipt.amr.is_empty());
    assert_eq!(says.evidence, Sha256Digest::of(record.receipt.as_bytes()));
    let prompt_keys = [*bench.app.keys.prompt.public()];
    let prompt: Prompt =
        jws::verify_exact(&record.prompt, typ::PROMPT, 1 << 16, &prompt_keys).unwrap();
    assert_eq!(prompt.aud, record.device);
    let decision = DecisionRequest {
        v: V1,
        detail: receipt.detail.clone(),
        assertion: receipt.assertion.clone(),
    };
    let stored = StoredPrompt {
        iss: bench.app.issuer.wire(),
        device: &record.device,
        request: &facts.consent_request_id,
        prompt: jws::hash(&record.prompt),
        nonce: prompt.nonce,
        asks_code: false,
        rp_id: "tegata.localhost",
        origin: "https://tegata.localhost",
    };
    let key = bench.app.keys.simulated_approval.public();
    assert_eq!(receipt.credential, *key);
    let other = bench.app.keys.simulated_possession.public();
    assert!(verify_decision(&decision, &stored, key, other).is_ok());
    let chain = bench
        .app
        .store
        .read(crate::storage::StoreReader::verify_evidence_chain);
    assert_eq!(chain.await.unwrap(), 1);

    // And whoever is shown it as evidence is told what it is.
    let metadata = Request::get("/.well-known/tegata-device")
        .body(Body::empty())
        .unwrap();
    let answer = bench.router.clone().oneshot(metadata).await.unwrap();
    let metadata = to_bytes(answer.into_body(), 1 << 16).await.unwrap();
    let metadata: MetadataResponse = serde_json::from_slice(&metadata).unwrap();
    let file = EvidenceFile {
        v: V1,
        metadata_jws: metadata.metadata_jws,
        root: metadata.root,
        prompt: Some(record.prompt.clone()),
        receipt: Some(record.receipt.clone()),
        pairing_receipt: None,
        countersignature: None,
        client_receipt: None,
    };
    let clients = EvidenceFile {
        prompt: None,
        receipt: None,
        client_receipt: Some(client_receipt.to_owned()),
        ..file.clone()
    };
    for file in [file, clients] {
        assert_eq!(
            verify_evidence(&file, bench.app.keys.root.thumbprint()),
            Err(EvidenceError::Simulated)
        );
    }
}

/// Conformance: SIM-hook
#[tokio::test]
async fn it_acts_only_where_client_and_account_were_both_made_for_tests() {
    let bench = bench(|_| {}).await;
    for (client, person) in [("other", "hanako"), ("kiosk", "hanako"), ("other", "tess")] {
        let id = ask_for(&bench, client, person).await;
        for action in ["allow", "deny"] {
            assert_eq!(
                hook(&bench, &id, action).await,
                404,
                "{client} and {person}: {action}"
            );
        }
        assert!(flow(&bench, &id).await.is_pending(bench.now()));
        assert_eq!(devices(&bench, &format!("id-{person}")).await, []);
        bench.advance(6_000);
    }
    let id = ask_for(&bench, "kiosk", "tess").await;
    assert_eq!(hook(&bench, &id, "deny").await, 204);
    assert_eq!(
        bench.poll("kiosk", &id).await.error(),
        (400, "access_denied")
    );
}

#[tokio::test]
async fn a_client_whose_settings_say_nothing_of_it_is_no_test_client() {
    let settings: ClientSettings = serde_json::from_str("{}").unwrap();
    assert!(!settings.test);
    let bench = bench(|_| {}).await;
    // Without the member, as rows of earlier versions are.
    let store = bench.app.data_dir.join("tegata.sqlite");
    let changed = Connection::open(store)
        .unwrap()
        .execute("UPDATE client SET settings = '{}' WHERE id = 'kiosk'", [])
        .unwrap();
    assert_eq!(changed, 1);
    let id = ask_for(&bench, "kiosk", "tess").await;
    assert_eq!(hook(&bench, &id, "allow").await, 404);
}

#[tokio::test]
async fn whatever_else_is_sent_is_answered_as_where_there_is_no_hook() {
    let bench = bench(|_| {}).await;
    let id = ask_for(&bench, "kiosk", "tess").await;
    let good = query(&id, "allow");
    let nowhere = Bench::new().await;
    let expected = call(&nowhere, Method::POST, &good, "").await;
    assert_eq!(expected.0, 404);
    let stranger = "A".repeat(43);
    let queries = [
        String::new(),
        format!("?auth_req_id={id}&action=allow"),
        format!("?auth_req_id={id}&action=allow&key="),
        format!(
            "?auth_req_id={id}&action=allow&key={}",
            percent(KEY.trim_start_matches("a "))
        ),
        format!("{good}&key={}", percent(KEY)),
        format!("{good}&other=%zz"),
        query(&id, "approve"),
        query(&stranger, "allow"),
        query("no%20id", "allow"),
    ];
    for query in queries {
        assert_eq!(
            call(&bench, Method::POST, &query, "").await,
            expected,
            "{query}"
        );
    }
    let with_body = call(&bench, Method::POST, &good, "key=value").await;
    assert_eq!(with_body, expected);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        assert_eq!(call(&bench, method, &good, "").await, expected);
    }
    assert!(flow(&bench, &id).await.is_pending(bench.now()));
    assert_eq!(hook(&bench, &id, "allow").await, 204);
}

#[tokio::test]
async fn a_request_that_is_decided_as_asked_is_fine_and_any_other_that_is_closed_is_a_conflict() {
    let bench = bench(|_| {}).await;
    for (action, other) in [("allow", "deny"), ("deny", "allow")] {
        let id = ask_for(&bench, "kiosk", "tess").await;
        for _ in 0..2 {
            assert_eq!(hook(&bench, &id, action).await, 204);
        }
        assert_eq!(hook(&bench, &id, other).await, 409);
        bench.poll("kiosk", &id).await;
        assert_eq!(hook(&bench, &id, action).await, 204, "collected or not");
        assert_eq!(hook(&bench, &id, other).await, 409);
    }
    let withdrawn = ask_for(&bench, "kiosk", "tess").await;
    let operation = Withdraw {
        request: flow(&bench, &withdrawn).await.facts.consent_request_id,
        now: bench.now(),
    };
    bench.app.store.apply(operation).await.unwrap();
    let expired = ask_for(&bench, "kiosk", "tess").await;
    bench.advance(120_000);
    for id in [withdrawn, expired] {
        for action in ["allow", "deny"] {
            assert_eq!(hook(&bench, &id, action).await, 409, "{action}");
        }
    }
}

#[tokio::test]
async fn a_decision_of_a_paired_device_counts_as_well() {
    let bench = bench(|_| {}).await;
    let device = bench.pair("tess").await;
    let id = ask_for(&bench, "kiosk", "tess").await;
    bench.decided(&device, true).await;
    assert_eq!(hook(&bench, &id, "allow").await, 204);
    assert_eq!(hook(&bench, &id, "deny").await, 409);
    let made_by = devices(&bench, "id-tess").await;
    assert_eq!(made_by.len(), 1, "no other device had to be asked");
}

#[tokio::test]
async fn requests_one_after_another_and_at_once_are_all_decided() {
    let bench = bench(|_| {}).await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(ask_for(&bench, "kiosk", "tess").await);
    }
    let (first, second) = ids.split_at(3);
    let [a, b, c] = first else {
        panic!("three");
    };
    let statuses = tokio::join!(
        hook(&bench, a, "allow"),
        hook(&bench, b, "allow"),
        hook(&bench, c, "allow"),
    );
    assert_eq!(statuses, (204, 204, 204));
    for id in second {
        assert_eq!(hook(&bench, id, "deny").await, 204);
    }
    let [device] = &devices(&bench, "id-tess").await[..] else {
        panic!("one simulated device");
    };
    assert!(!device.suspect);
    assert_eq!((device.approval_counter, device.possession_counter), (3, 3));
}

#[tokio::test]
async fn the_transfer_code_is_typed_by_the_caller_and_wrong_ones_count() {
    let bench = bench(|kiosk| kiosk.transfer_code = true).await;
    let ask = async || {
        let reply = bench.ask("scope=openid&login_hint=tess").await;
        (
            reply.text("auth_req_id").to_owned(),
            reply.text("transfer_code").to_owned(),
        )
    };
    let (id, code) = ask().await;
    let with_code = |id: &str, code: &str| format!("{}&transfer_code={code}", query(id, "allow"));
    let wrong = if code == "000000" { "111111" } else { "000000" };
    let missing = call(&bench, Method::POST, &query(&id, "allow"), "").await;
    assert_eq!(missing.0, 409);
    let mistyped = call(&bench, Method::POST, &with_code(&id, wrong), "").await;
    assert_eq!(mistyped.0, 409);
    assert_eq!(flow(&bench, &id).await.transfer_tries, 1);
    let typed = call(&bench, Method::POST, &with_code(&id, &code), "").await;
    assert_eq!(typed.0, 204);
    assert_eq!(bench.poll("kiosk", &id).await.status, StatusCode::OK);

    let (id, _) = ask().await;
    assert_eq!(hook(&bench, &id, "deny").await, 204, "denying takes none");
}

#[tokio::test]
async fn what_only_hardware_may_approve_is_not_approved() {
    let bench = bench(|_| {}).await;
    let reply = bench
        .ask("scope=openid&login_hint=tess&acr_values=urn:tegata:acr:hardware")
        .await;
    let id = reply.text("auth_req_id");
    assert_eq!(hook(&bench, id, "allow").await, 409);
    assert_eq!(hook(&bench, id, "deny").await, 204);
}

#[tokio::test]
async fn a_simulated_device_is_asked_nothing_and_can_prove_nothing() {
    let bench = bench(|_| {}).await;
    let id = ask_for(&bench, "kiosk", "tess").await;
    assert_eq!(hook(&bench, &id, "allow").await, 204);
    let [device] = &devices(&bench, "id-tess").await[..] else {
        panic!("one simulated device");
    };
    assert!(device.is_simulated() && device.is_active() && !device.is_asked());
    let (device, now) = (device.id.clone(), bench.now());
    ask_for(&bench, "other", "tess").await;
    let id = device.clone();
    let pending = bench
        .app
        .store
        .read(move |reader| reader.pending(&id, now))
        .await;
    assert_eq!(pending.unwrap().unwrap().prompts, []);
    for key in [
        bench.app.keys.simulated_approval.thumbprint(),
        bench.app.keys.simulated_possession.thumbprint(),
    ] {
        let found = bench
            .app
            .store
            .read(move |reader| reader.device_by_possession(&key))
            .await;
        assert_eq!(found.unwrap(), None);
    }
}

/// The commits check for themselves: an account or client that is no test one by then is not decided for.
#[tokio::test]
async fn the_store_refuses_a_simulated_device_for_anybody_real_whatever_the_hook_has_seen() {
    let bench = bench(|_| {}).await;
    let id = ask_for(&bench, "kiosk", "tess").await;
    let facts = flow(&bench, &id).await.facts;
    let device = simulation::make_device(&bench.app, &facts.account).unwrap();
    let put = AskSimulatedDevice {
        request: facts.consent_request_id.clone(),
        registration: device.registration.clone(),
        prompt: NewPrompt {
            device: device.id.clone(),
            jws: "prompt".to_owned(),
            nonce: [1; 32],
        },
        now: bench.now(),
    };
    let file = Connection::open(bench.app.data_dir.join("tegata.sqlite")).unwrap();
    let changes = [
        (
            "UPDATE account SET test = 0 WHERE id = 'id-tess'",
            "UPDATE account SET test = 1 WHERE id = 'id-tess'",
        ),
        (
            "UPDATE client SET settings = json_set(settings, '$.test', json('false')) WHERE id = 'kiosk'",
            "UPDATE client SET settings = json_set(settings, '$.test', json('true')) WHERE id = 'kiosk'",
        ),
    ];
    for (change, _) in changes {
        file.execute(change, []).unwrap();
    }
    for (_, back) in changes {
        assert!(!bench.app.store.apply(put.clone()).await.unwrap());
        assert_eq!(devices(&bench, "id-tess").await, []);
        file.execute(back, []).unwrap();
    }
    assert!(bench.app.store.apply(put).await.unwrap());
    let decide = Decide {
        request: facts.consent_request_id.clone(),
        device: device.id.clone(),
        credential: device.registration.approval_thumbprint,
        counter: 1,
        challenge: Sha256Digest([3; 32]),
        verdict: Verdict::Approve {
            transfer: None,
            acr: ACR_SIMULATED.to_owned(),
            amr: Vec::new(),
        },
        detail: "{}".to_owned(),
        assertion: "{}".to_owned(),
        receipt: "receipt".to_owned(),
        report_receipt: None,
        pairing_receipt: None,
        now: bench.now(),
    };
    for (change, back) in changes {
        file.execute(change, []).unwrap();
        let outcome = bench.app.store.apply(decide.clone()).await.unwrap();
        assert_eq!(outcome, DecideOutcome::Unknown, "{change}");
        assert!(flow(&bench, &id).await.is_pending(bench.now()));
        file.execute(back, []).unwrap();
    }
    let outcome = bench.app.store.apply(decide).await.unwrap();
    assert!(
        matches!(outcome, DecideOutcome::Recorded { .. }),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn other_clients_and_devices_of_the_server_are_as_real_as_before() {
    let bench = bench(|_| {}).await;
    let id = ask_for(&bench, "kiosk", "tess").await;
    assert_eq!(hook(&bench, &id, "allow").await, 204);
    let real = Client {
        id: ClientId::parse("real").unwrap(),
        settings: ClientSettings::default(),
        ..bench.secret_client("real")
    };
    bench.app.store.apply(CreateClient(real)).await.unwrap();
    let device = bench.pair("hanako").await;
    let id = ask_for(&bench, "real", "hanako").await;
    bench.decided(&device, true).await;
    let tokens = bench.poll("real", &id).await;
    let keys = [*bench.app.keys.receipt.public()];
    let receipt = parse_client_receipt(tokens.text("client_receipt"), &keys).unwrap();
    assert_ne!(receipt.acr, ACR_SIMULATED);
}

#[tokio::test]
async fn every_page_of_a_server_with_the_hook_or_test_accounts_says_so() {
    let page = async |world: &World, language: &str| {
        let mut request = world.request(Method::GET, "/pair", Vec::new());
        let language = language.parse().unwrap();
        request
            .headers_mut()
            .insert(header::ACCEPT_LANGUAGE, language);
        let answer = world.send(request).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.text()
    };
    let banner = r#"<p class="test-banner" role="note""#;
    let real = World::for_real_people().await;
    assert!(!page(&real, "en").await.contains("test-banner"));
    let with_test_account = World::new().await;
    let text = page(&with_test_account, "en").await;
    assert!(
        text.contains(banner) && text.contains("Test server"),
        "{text}"
    );
    let text = page(&with_test_account, "ja").await;
    assert!(text.contains(banner) && text.contains("テスト用"), "{text}");

    let hooked = Bench::open(
        Config {
            demo: true,
            ..with_hook()
        },
        8480,
        TestClock::standing(),
        |_| {},
    )
    .await;
    let request = Request::get("/demo").body(Body::empty()).unwrap();
    let answer = hooked.router.clone().oneshot(request).await.unwrap();
    let length = answer.headers().get(header::CONTENT_LENGTH).cloned();
    let text = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    assert!(
        length.is_none_or(|length| length.to_str().unwrap() == text.len().to_string()),
        "the length is that of what is sent"
    );
    assert!(String::from_utf8(text.to_vec()).unwrap().contains(banner));
}
