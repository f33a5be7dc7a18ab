use super::fixture::{Device, ORIGIN, RP_ID, World};
use crate::{
    app::Doorbell,
    config::{Config, ScopeTexts},
    delivery::{
        SocketLimits,
        device_info::{ACR_HARDWARE, ACR_SOFTWARE_PIN},
    },
    domain::{
        BackchannelAuthenticationState as S, FlowIds, NewToken, Sender, TokenDetails, Transfer,
    },
    http::device::revoke_device,
    storage::ops::{Redeem, RedeemOutcome},
    verification::VerifierKind,
};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tegata_protocol::{
    ConsentRequestId, Sha256Digest,
    device::{
        V1,
        decision::{Decision, DecisionRequest, DenyReason, Verdict, View},
        delivery::{DecisionResponse, KnownRequest, RequestReference},
        evidence::{EvidenceFile, EvidenceFinding, verify_evidence},
        metadata::MetadataResponse,
        pairing::KeyKind,
        problem::CloseReason,
        prompt::{PromptScope, Transfer as PromptTransfer},
        receipt::{ConsentReceipt, ReceiptEffect, parse_receipt},
    },
    webauthn::{CredentialRole, ExpectedAssertion, make_assertion},
};

fn receipt(world: &World, jws: &str) -> ConsentReceipt {
    parse_receipt(jws, &[*world.app.keys.receipt.public()]).unwrap()
}

async fn state(world: &World, ids: &FlowIds) -> S {
    let id = ids.auth_req_id.clone();
    let found = world
        .app
        .store
        .read(move |reader| reader.backchannel_authentication(&id))
        .await
        .unwrap();
    found.unwrap().state
}

async fn known(world: &World, device: &Device, request: &ConsentRequestId) -> KnownRequest {
    let reference = RequestReference {
        v: V1,
        request: request.clone(),
    };
    device
        .post(world, &world.endpoints().receipts, &reference)
        .await
        .json()
}

#[tokio::test]
async fn an_approval_is_committed_with_evidence_that_a_stranger_can_check() {
    let world = World::new().await;
    let device = world.pair("Desk").await;
    let (request, ids) = world.ask_with(Transfer::None, &[ACR_SOFTWARE_PIN]).await;
    let prompt = device.prompt(&world, &request).await;
    assert!(prompt.1.context.observed.first_request);
    assert_eq!(prompt.1.acr.as_deref(), Some(ACR_SOFTWARE_PIN));
    assert_eq!(prompt.1.binding_message.as_deref(), Some("Desk 4"));
    let decision = device.sign(&prompt, Device::approve(None));
    let answer: DecisionResponse = device.decide(&world, &decision).await.json();
    let payload = receipt(&world, &answer.receipt);
    assert_eq!(payload.acr.as_deref(), Some(ACR_SOFTWARE_PIN));
    assert_eq!(payload.amr, ["pin", "swk", "user"]);
    assert_eq!(payload.committed_at, world.app.now());
    let S::Approved(approval) = state(&world, &ids).await else {
        panic!("approved");
    };
    assert_eq!(
        approval.evidence,
        Sha256Digest::of(answer.receipt.as_bytes())
    );

    let url = world.app.issuer.wire().metadata_url();
    let metadata = world.request(axum::http::Method::GET, &url, Vec::new());
    let metadata: MetadataResponse = world.send(metadata).await.json();
    let file = EvidenceFile {
        v: V1,
        metadata_jws: metadata.metadata_jws,
        root: metadata.root,
        prompt: Some(prompt.0.clone()),
        receipt: Some(answer.receipt.clone()),
        pairing_receipt: Some(device.pairing_receipt.clone()),
        countersignature: None,
        client_receipt: None,
    };
    let report = verify_evidence(&file, world.app.keys.root.thumbprint()).unwrap();
    let EvidenceFinding::Decision(finding) = report.finding else {
        panic!("a decision");
    };
    assert_eq!(finding.key, *device.approval.public());
    assert_eq!(finding.enrolled.unwrap().account, world.account);

    // The same decision again, as after a lost answer: the very same receipt, and later the same.
    let again: DecisionResponse = device.decide(&world, &decision).await.json();
    assert_eq!(again, answer);
    world.advance(500);
    let again: DecisionResponse = device.decide(&world, &decision).await.json();
    assert_eq!(again, answer);
    assert!(matches!(
        known(&world, &device, &request).await,
        KnownRequest::Closed { receipt: Some(kept), .. } if kept == answer.receipt
    ));
    // Otherwise: a conflict.
    let other = device.sign(&prompt, Device::deny(DenyReason::ChangedMind));
    let refused = device.decide(&world, &other).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::CONFLICT, "decision_conflict")
    );
    let next = world.ask().await;
    let (_, prompt) = device.prompt(&world, &next).await;
    assert!(!prompt.context.observed.first_request);
}

#[tokio::test]
async fn a_denial_takes_one_silent_key_and_tells_the_other_devices_by_whom() {
    let world = World::new().await;
    let (desk, phone) = (world.pair("Desk").await, world.pair("Phone").await);
    let request = world.ask().await;
    let prompt = desk.prompt(&world, &request).await;
    let phones = phone.prompt(&world, &request).await;
    assert_ne!(prompt.1.nonce, phones.1.nonce, "a prompt is for one device");
    let decision = desk.sign(&prompt, Device::deny(DenyReason::WrongDetails));
    let answer: DecisionResponse = desk.decide(&world, &decision).await.json();
    let payload = receipt(&world, &answer.receipt);
    assert!(payload.acr.is_none() && payload.amr.is_empty());
    let set = phone.pending(&world).await;
    assert!(set.prompts.is_empty());
    assert!(matches!(
        &set.closed[0].how,
        CloseReason::Handled { device, device_name, decision: Verdict::Deny, .. }
            if *device == desk.id() && device_name == "Desk"
    ));
    let late = phone.sign(&phones, Device::approve(None));
    let refused = phone.decide(&world, &late).await;
    assert_eq!(refused.code(), "request_closed");
    assert!(matches!(
        refused.problem().closed,
        Some(CloseReason::Handled { .. })
    ));
}

#[tokio::test]
async fn each_defect_has_its_code_and_leaves_the_request_pending() {
    let world = World::new().await;
    let (desk, phone) = (world.pair("Desk").await, world.pair("Phone").await);
    let request = world.ask().await;
    let prompt = desk.prompt(&world, &request).await;
    let good = desk.sign(&prompt, Device::approve(None));
    let resign = |change: &dyn Fn(&mut DecisionRequest)| {
        let mut bad = good.clone();
        change(&mut bad);
        let role = bad.detail.decision.verdict().role();
        let key = match role {
            CredentialRole::Approval => &desk.approval,
            CredentialRole::Possession => &desk.possession,
        };
        desk.assert(bad.detail, role, key)
    };
    let older = world.ask().await;
    let (_, older) = desk.prompt(&world, &older).await;
    let with_raw = |change: &dyn Fn(&mut Value)| {
        let mut bad = serde_json::to_value(&good).unwrap();
        change(&mut bad);
        bad
    };
    let signed_by_possession = {
        let mut detail = good.detail.clone();
        detail.credential = desk.possession.thumbprint();
        desk.assert(detail, CredentialRole::Possession, &desk.possession)
    };
    let mut swapped = good.clone();
    swapped.detail.decision = Device::deny(DenyReason::ChangedMind);
    let unverified = {
        let mut bad = good.clone();
        let response = &mut bad.assertion.response;
        response.authenticator_data.0[32] = 1;
        let mut bytes = response.authenticator_data.0.clone();
        bytes.extend(Sha256Digest::of(&response.client_data_json.0).0);
        response.signature.0 = desk.approval.sign_der(&bytes);
        bad
    };
    let value = |request: &DecisionRequest| serde_json::to_value(request).unwrap();
    let cases: Vec<(&str, Value, &str)> = vec![
        (
            "nonce of another prompt",
            value(&resign(&|r| r.detail.nonce = older.nonce)),
            "detail_invalid",
        ),
        (
            "another prompt",
            value(&resign(&|r| r.detail.prompt = Sha256Digest([0; 32]))),
            "detail_invalid",
        ),
        (
            "another device",
            value(&resign(&|r| r.detail.device = phone.id())),
            "detail_invalid",
        ),
        (
            "a code that nobody asked for",
            value(&resign(&|r| {
                r.detail.decision = Device::approve(Some("123456"));
            })),
            "detail_invalid",
        ),
        (
            "unknown request",
            value(&resign(&|r| {
                r.detail.request = ConsentRequestId::parse("AAAA").unwrap();
            })),
            "not_found",
        ),
        (
            "approved with the possession key",
            value(&signed_by_possession),
            "assertion_invalid",
        ),
        (
            "approve swapped for deny",
            value(&swapped),
            "assertion_invalid",
        ),
        (
            "without verifying the person",
            value(&unverified),
            "assertion_invalid",
        ),
        (
            "extra member",
            with_raw(&|v| v["detail"]["constraints"] = json!({})),
            "detail_invalid",
        ),
        (
            "missing member",
            with_raw(&|v| {
                v["detail"].as_object_mut().unwrap().remove("view");
            }),
            "detail_invalid",
        ),
        (
            "another version",
            with_raw(&|v| v["v"] = 2.into()),
            "version_unsupported",
        ),
    ];
    let url = world.endpoints().decisions;
    for (name, body, code) in cases {
        let answer = desk.post(&world, &url, &body).await;
        assert_eq!(answer.code(), code, "{name}: {}", answer.text());
    }
    let stranger = phone.decide(&world, &good).await;
    assert_eq!(
        stranger.code(),
        "detail_invalid",
        "another device's decision"
    );
    let large = desk.post_bytes(&world, &url, vec![b' '; 4097]).await;
    assert_eq!(large.code(), "payload_too_large");
    assert!(matches!(
        known(&world, &desk, &request).await,
        KnownRequest::Pending { expires_in: 120 }
    ));
    assert_eq!(desk.decide(&world, &good).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_request_of_another_account_looks_like_none() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    let request = world.ask().await;
    let phone = world.pair("Phone").await;
    let prompt = desk.prompt(&world, &request).await;
    let mut decision = desk.sign(&prompt, Device::approve(None));
    decision.detail.device = phone.id();
    let answer = phone.decide(&world, &decision).await;
    assert_eq!(answer.code(), "not_found", "it was never sent this one");
    let reference = RequestReference {
        v: V1,
        request: request.clone(),
    };
    for url in [world.endpoints().seen, world.endpoints().receipts] {
        let answer = phone.post(&world, &url, &reference).await;
        assert_eq!(answer.code(), "not_found");
    }
    let seen = desk.post(&world, &world.endpoints().seen, &reference).await;
    assert_eq!(seen.status, StatusCode::OK);
}

#[tokio::test]
async fn a_counter_that_does_not_grow_refuses_the_decision_and_marks_the_device() {
    let world = World::new().await;
    let device = world.pair("Desk").await;
    let (first, second) = (world.ask().await, world.ask().await);
    let prompt = device.prompt(&world, &first).await;
    device.counter.set(7);
    let decision = device.sign(&prompt, Device::approve(None));
    assert_eq!(
        device.decide(&world, &decision).await.status,
        StatusCode::OK
    );
    let prompt = device.prompt(&world, &second).await;
    device.counter.set(7);
    let copied = device.sign(&prompt, Device::approve(None));
    let answer = device.decide(&world, &copied).await;
    assert_eq!(answer.code(), "counter_regressed");
    let id = device.id();
    let stored = world.app.store.read(move |r| r.device(&id)).await.unwrap();
    assert!(stored.unwrap().suspect);
    assert!(matches!(
        known(&world, &device, &second).await,
        KnownRequest::Pending { .. }
    ));
}

#[tokio::test]
async fn three_wrong_codes_over_two_devices_end_the_request() {
    let world = World::new().await;
    let (desk, phone) = (world.pair("Desk").await, world.pair("Phone").await);
    let request = world.ask_with_code("123456").await;
    let on_desk = desk.prompt(&world, &request).await;
    let on_phone = phone.prompt(&world, &request).await;
    assert!(matches!(
        on_desk.1.transfer,
        PromptTransfer::Code { length: 6, .. }
    ));
    let without = desk.sign(&on_desk, Device::approve(None));
    assert_eq!(desk.decide(&world, &without).await.code(), "detail_invalid");
    let form = desk.sign(&on_desk, Device::approve(Some("12 34 56")));
    assert_eq!(desk.decide(&world, &form).await.code(), "detail_invalid");
    for (device, prompt, left) in [
        (&desk, &on_desk, 2),
        (&phone, &on_phone, 1),
        (&desk, &on_desk, 0),
    ] {
        let guess = device.sign(prompt, Device::approve(Some("000000")));
        let answer = device.decide(&world, &guess).await;
        assert_eq!(answer.code(), "transfer_mismatch");
        assert_eq!(answer.problem().tries_left, Some(left));
    }
    let late = phone.sign(&on_phone, Device::approve(Some("123456")));
    let answer = phone.decide(&world, &late).await;
    assert_eq!(answer.code(), "request_closed");
    assert_eq!(answer.problem().closed, Some(CloseReason::TransferFailed));

    let request = world.ask_with_code("654321").await;
    let prompt = desk.prompt(&world, &request).await;
    let right = desk.sign(&prompt, Device::approve(Some("654321")));
    assert_eq!(desk.decide(&world, &right).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_of_too_low_a_kind_cannot_approve_and_can_deny() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    let boastful = world.pair_kind("Phone", KeyKind::Hardware, "ja-JP").await;
    let (request, _) = world.ask_with(Transfer::None, &[ACR_HARDWARE]).await;
    let prompt = desk.prompt(&world, &request).await;
    assert_eq!(prompt.1.require.key, KeyKind::Hardware);
    let weak = desk.sign(&prompt, Device::approve(None));
    assert_eq!(desk.decide(&world, &weak).await.code(), "assurance_too_low");
    assert_eq!(
        desk.decide(&world, &weak).await.code(),
        "assurance_too_low",
        "the same bytes again, as after a lost answer"
    );
    desk.counter.set(0);
    let copied = desk.sign(&prompt, Device::approve(None));
    let other = {
        let mut detail = copied.detail;
        detail.decision = Decision::Approve {
            view: View {
                app: "test/2".into(),
                locale: "en".into(),
                layout: "sign_in/1".into(),
                notices: vec![],
            },
            transfer: None,
        };
        desk.assert(detail, CredentialRole::Approval, &desk.approval)
    };
    assert_eq!(
        desk.decide(&world, &other).await.code(),
        "counter_regressed",
        "the counter comes before the assurance"
    );
    let on_phone = boastful.prompt(&world, &request).await;
    assert_eq!(on_phone.1.locale, "ja");
    assert_eq!(
        on_phone.1.scopes[0],
        PromptScope {
            name: "openid".into(),
            description: "あなたが誰であるかを確認する".into()
        }
    );
    assert_eq!(on_phone.1.scopes[2].description, "library");
    let approval = boastful.sign(&on_phone, Device::approve(None));
    assert_eq!(
        boastful.decide(&world, &approval).await.code(),
        "assurance_too_low",
        "hardware by its own word is software until it is attested"
    );
    let denial = boastful.sign(&on_phone, Device::deny(DenyReason::ChangedMind));
    assert_eq!(
        boastful.decide(&world, &denial).await.status,
        StatusCode::OK
    );
    desk.counter.set(9);
    let weak = desk.sign(&prompt, Device::approve(None));
    assert_eq!(
        desk.decide(&world, &weak).await.code(),
        "request_closed",
        "closed comes before the assurance"
    );

    let next = world.ask().await;
    let on_phone = boastful.prompt(&world, &next).await;
    let approval = boastful.sign(&on_phone, Device::approve(None));
    let answer: DecisionResponse = boastful.decide(&world, &approval).await.json();
    let payload = receipt(&world, &answer.receipt);
    assert_eq!(payload.acr.as_deref(), Some(ACR_SOFTWARE_PIN));
    assert_eq!(payload.amr, ["pin", "swk", "user"]);
}

#[tokio::test]
async fn a_wrong_code_whose_answer_was_lost_can_be_sent_again() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    let request = world.ask_with_code("123456").await;
    let prompt = desk.prompt(&world, &request).await;
    for left in [2, 1, 0] {
        let guess = desk.sign(&prompt, Device::approve(Some("000000")));
        for _ in 0..2 {
            let answer = desk.decide(&world, &guess).await;
            assert_eq!(answer.code(), "transfer_mismatch");
            assert_eq!(answer.problem().tries_left, Some(left));
        }
    }
    let id = desk.id();
    let stored = world.app.store.read(move |r| r.device(&id)).await.unwrap();
    assert!(!stored.unwrap().suspect);
}

#[tokio::test]
async fn an_assertion_made_for_another_origin_or_party_is_invalid() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    let request = world.ask().await;
    let prompt = desk.prompt(&world, &request).await;
    let good = desk.sign(&prompt, Device::approve(None));
    let role = CredentialRole::Approval;
    for (rp_id, origin) in [
        (RP_ID, "https://tegata.example"),
        (RP_ID, "http://tegata.localhost"),
        ("tegata.example", ORIGIN),
    ] {
        let expected = ExpectedAssertion {
            challenge: good.detail.challenge(),
            rp_id,
            origin,
            role,
        };
        let mut elsewhere = good.clone();
        elsewhere.assertion = make_assertion(&desk.approval, &expected, desk.counter.get());
        let answer = desk.decide(&world, &elsewhere).await;
        assert_eq!(answer.code(), "assertion_invalid", "{rp_id} {origin}");
    }
    assert_eq!(desk.decide(&world, &good).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_operator_chooses_the_verifier_and_the_words_for_scopes() {
    let texts = ScopeTexts {
        en: "See your loans".into(),
        ja: "貸出状況を見る".into(),
    };
    let config = Config {
        approval_verifier: VerifierKind::WebauthnRs,
        scopes: [("library".to_owned(), texts)].into(),
        ..Config::default()
    };
    let world = World::with(config, 8480, SocketLimits::default()).await;
    let device = world.pair("Desk").await;
    let request = world.ask().await;
    let prompt = device.prompt(&world, &request).await;
    let words: Vec<_> = prompt.1.scopes.iter().map(|s| &s.description).collect();
    assert_eq!(
        words,
        [
            "Know who you are here",
            "See your name and profile",
            "See your loans"
        ]
    );
    let mut forged = device.sign(&prompt, Device::approve(None));
    forged.assertion.response.signature = device
        .sign(&prompt, Device::approve(None))
        .assertion
        .response
        .signature;
    assert_eq!(
        device.decide(&world, &forged).await.code(),
        "assertion_invalid"
    );
    let good = device.sign(&prompt, Device::approve(None));
    assert_eq!(device.decide(&world, &good).await.status, StatusCode::OK);
}

#[tokio::test]
async fn not_me_mutes_the_client_for_the_account() {
    let world = World::for_real_people().await;
    let device = world.pair("Desk").await;
    let request = world.ask().await;
    let prompt = device.prompt(&world, &request).await;
    let denial = device.sign(&prompt, Device::deny(DenyReason::NotMe));
    assert_eq!(device.decide(&world, &denial).await.status, StatusCode::OK);
    world.advance(86_399);
    world.ask().await;
    assert!(device.pending(&world).await.prompts.is_empty(), "muted");
    world.advance(1);
    world.ask().await;
    assert_eq!(device.pending(&world).await.prompts.len(), 1);
}

#[tokio::test]
async fn expired_requests_are_closed() {
    let world = World::new().await;
    let device = world.pair("Desk").await;
    let request = world.ask().await;
    let prompt = device.prompt(&world, &request).await;
    world.advance(119);
    assert_eq!(device.pending(&world).await.prompts[0].expires_in, 1);
    world.clock.advance(std::time::Duration::from_millis(500));
    assert_eq!(
        device.pending(&world).await.prompts[0].expires_in,
        0,
        "rounded down"
    );
    world.clock.advance(std::time::Duration::from_millis(500));
    let decision = device.sign(&prompt, Device::approve(None));
    let answer = device.decide(&world, &decision).await;
    assert_eq!(answer.code(), "request_closed");
    assert_eq!(answer.problem().closed, Some(CloseReason::Expired));
    let set = device.pending(&world).await;
    assert!(set.prompts.is_empty());
    assert_eq!(set.closed[0].how, CloseReason::Expired);
    world.advance(600);
    assert!(device.pending(&world).await.closed.is_empty());
}

#[tokio::test]
async fn not_me_after_an_approval_is_a_report_that_takes_back_what_was_granted() {
    let world = World::new().await;
    let (desk, phone) = (world.pair("Desk").await, world.pair("Phone").await);
    let (request, ids) = world.ask_with(Transfer::None, &[]).await;
    let on_phone = phone.prompt(&world, &request).await;
    let on_desk = desk.prompt(&world, &request).await;
    let approval = desk.sign(&on_desk, Device::approve(None));
    assert_eq!(desk.decide(&world, &approval).await.status, StatusCode::OK);
    let store = &world.app.store;
    let (token, hash) = store
        .make_access_token(&ids.auth_req_id, world.app.rng())
        .unwrap();
    let redeemed = store
        .apply(Redeem {
            auth_req_id: ids.auth_req_id.clone(),
            client: world.client.clone(),
            sender: Sender::default(),
            access_token: NewToken {
                hash,
                expires: world.app.now().plus(600),
                details: TokenDetails::default(),
            },
            refresh_token: None,
            push: false,
            assertion: None,
            now: world.app.now(),
        })
        .await
        .unwrap();
    assert!(matches!(redeemed, RedeemOutcome::Redeemed { .. }));
    let report = phone.sign(&on_phone, Device::deny(DenyReason::NotMe));
    let answer: DecisionResponse = phone.decide(&world, &report).await.json();
    let payload = receipt(&world, &answer.receipt);
    assert_eq!(payload.effect, Some(ReceiptEffect::Report));
    let now = world.app.now();
    let text = token.expose().clone();
    let left = store
        .read(move |reader| reader.access_token(&text, now))
        .await
        .unwrap();
    assert!(left.is_none(), "the token is revoked");
    let again: DecisionResponse = phone.decide(&world, &report).await.json();
    assert_eq!(again, answer, "and is not signed twice");
    let id = request.clone();
    let evidence = store.read(move |r| r.evidence(&id)).await.unwrap();
    assert_eq!(evidence.len(), 2);
    assert_eq!(evidence[1].receipt, answer.receipt);
    let chain = store
        .read(crate::storage::StoreReader::verify_evidence_chain)
        .await;
    assert_eq!(chain.unwrap(), 2);
}

#[tokio::test]
async fn a_revoked_key_decides_nothing_even_with_a_decision_under_way() {
    let world = World::new().await;
    let device = world.pair("Desk").await;
    let request = world.ask().await;
    let prompt = device.prompt(&world, &request).await;
    let decision = device.sign(&prompt, Device::approve(None));
    let id = device.id();
    let loaded = world.app.store.read(move |r| r.device(&id)).await.unwrap();
    revoke_device(&world.app, device.id()).await.unwrap();
    world.app.delivery.ring(&[device.id()]);
    // As if the revocation had been committed after the proof had been checked.
    let refused = crate::http::device::decisions::decide(&world.app, &loaded.unwrap(), decision)
        .await
        .unwrap_err();
    assert_eq!(
        refused.code,
        tegata_protocol::device::problem::ProblemCode::DeviceRevoked
    );
}

#[tokio::test]
async fn approving_and_denying_at_once_gives_one_outcome() {
    let world = World::new().await;
    let (desk, phone) = (world.pair("Desk").await, world.pair("Phone").await);
    for _ in 0..10 {
        let request = world.ask().await;
        let on_desk = desk.prompt(&world, &request).await;
        let on_phone = phone.prompt(&world, &request).await;
        let approve = desk.sign(&on_desk, Device::approve(None));
        let deny = phone.sign(&on_phone, Device::deny(DenyReason::NotMe));
        let (a, b) = tokio::join!(desk.decide(&world, &approve), phone.decide(&world, &deny));
        let id = request.clone();
        let evidence = world
            .app
            .store
            .read(move |reader| reader.evidence(&id))
            .await
            .unwrap();
        let decided = evidence
            .iter()
            .filter(|record| record.kind == crate::storage::views::EvidenceKind::Decision)
            .count();
        assert_eq!(decided, 1, "{} {}", a.text(), b.text());
        for record in &evidence {
            let is_report = record.kind == crate::storage::views::EvidenceKind::Report;
            let effect = receipt(&world, &record.receipt).effect;
            assert_eq!(effect.is_some(), is_report);
        }
        assert!([a.status, b.status].contains(&StatusCode::OK));
    }
}
