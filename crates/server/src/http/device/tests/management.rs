//! The account's devices: listed, renamed, removed, tested, and told about each other.

use super::fixture::{Answer, Device, START, World};
use crate::{
    domain::{
        Account, BindingMessageUse, Client, ClientAuthentication, ClientSettings, Kind, NewToken,
        RedemptionError, RegisteredBy, RequestFacts, Sender, Terms, TokenDetails, Transfer,
        own_client_id,
    },
    storage::ops::{
        AskDevice, AskDeviceOutcome, CreateAccount, CreateClient, CreateClientOutcome, NewPrompt,
        Redeem, RedeemOutcome,
    },
};
use axum::http::StatusCode;
use tegata_protocol::{
    AccountId, ConsentRequestId, DeviceId, Sha256Digest,
    device::{
        V1,
        decision::{DecisionRequest, DenyReason, Verdict},
        delivery::DecisionResponse,
        management::{
            DeviceList, DeviceRemove, DeviceRename, ManagementAnswer, ManagementRequest, Notice,
            NoticeKind, RemovalReason,
        },
        pairing::KeyKind,
        problem::CloseReason,
        prompt::{Prompt, PromptKind},
    },
    text::TextCaution,
    webauthn::CredentialRole,
};

const DAY: u64 = 86_400;

/// A desk that was paired first, a day ago, and a phone.
async fn desk_and_phone(world: &World) -> (Device, Device) {
    let desk = world.pair("Desk").await;
    world.advance(DAY);
    (desk, world.pair("Phone").await)
}

async fn list(world: &World, device: &Device) -> DeviceList {
    let url = world.endpoints().devices.unwrap();
    device
        .post(world, &url, &ManagementRequest { v: V1 })
        .await
        .json()
}

async fn rename(world: &World, device: &Device, name: &str) -> Answer {
    let url = world.endpoints().device_rename.unwrap();
    let name = name.to_owned();
    device
        .post(world, &url, &DeviceRename { v: V1, name })
        .await
}

async fn remove(world: &World, device: &Device, target: &DeviceId) -> Answer {
    let request = DeviceRemove {
        v: V1,
        device: target.clone(),
        reason: RemovalReason::Lost,
    };
    let url = world.endpoints().device_remove.unwrap();
    device.post(world, &url, &request).await
}

async fn test(world: &World, device: &Device) -> Answer {
    let url = world.endpoints().test.unwrap();
    device.post(world, &url, &ManagementRequest { v: V1 }).await
}

fn asked(answer: &Answer) -> ConsentRequestId {
    let answer: ManagementAnswer = answer.json();
    answer.request.expect("something to decide")
}

async fn is_revoked(world: &World, device: &Device) -> bool {
    let id = device.id();
    let found = world.app.store.read(move |reader| reader.device(&id)).await;
    !found.unwrap().unwrap().is_active()
}

async fn notices(world: &World, device: &Device) -> Vec<(NoticeKind, String)> {
    let set = device.pending(world).await;
    let told = |notice: Notice| (notice.what, notice.device_name);
    set.notices.into_iter().map(told).collect()
}

#[tokio::test]
async fn lists_the_asking_device_first_and_the_others_as_they_were_paired() {
    let world = World::new().await;
    let (desk, phone) = desk_and_phone(&world).await;
    world.advance(130);
    let tablet = world.pair_kind("Tablet", KeyKind::SoftwarePin, "ja").await;
    let listed = list(&world, &phone).await;
    let ids: Vec<_> = listed.devices.iter().map(|one| one.id.clone()).collect();
    assert_eq!(ids, [phone.id(), desk.id(), tablet.id()]);
    assert_eq!(listed.devices[1].name, "Desk");
    assert_eq!(listed.devices[1].platform, "linux, test/1");
    assert_eq!(listed.devices[1].paired_at, START);
    assert_eq!(listed.may_manage_from, None);
    for device in &listed.devices {
        assert!(device.last_seen.is_none_or(|seen| seen.0 % 60 == 0));
    }
}

#[tokio::test]
async fn only_who_proves_to_be_a_device_is_answered() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    let endpoints = world.endpoints();
    let page = endpoints.pair_start.clone().unwrap();
    let managing = endpoints.urls().skip(8).filter(|url| **url != *page);
    for url in managing {
        let unproved = world.post(url, &ManagementRequest { v: V1 }).await;
        assert_eq!(unproved.code(), "use_nonce", "{url}");
        let malformed = desk.post_bytes(&world, url, b"{\"v\":1,\"x\":1}".to_vec());
        assert_eq!(malformed.await.code(), "malformed_request", "{url}");
    }
}

#[tokio::test]
async fn a_new_name_is_shown_from_then_on_and_one_that_hides_something_is_refused() {
    let world = World::new().await;
    let (desk, phone) = desk_and_phone(&world).await;
    for bad in [
        "",
        " Desk",
        "Desk\u{202e}enohP",
        "Desk\nPhone",
        "D\u{200b}esk",
        &"x".repeat(65),
    ] {
        let refused = rename(&world, &desk, bad).await;
        assert_eq!(refused.code(), "malformed_request", "{bad:?}");
    }
    let listed: DeviceList = rename(&world, &desk, "机の上").await.json();
    assert_eq!(listed.devices[0].name, "机の上");
    assert_eq!(list(&world, &phone).await.devices[1].name, "机の上");
    // What closes from now on names it so, and so does what is asked about it.
    let request = world.ask().await;
    let prompt = desk.prompt(&world, &request).await;
    let denial = desk.sign(&prompt, Device::deny(DenyReason::ChangedMind));
    assert_eq!(desk.decide(&world, &denial).await.status, StatusCode::OK);
    let closed = phone.pending(&world).await.closed;
    assert!(matches!(
        &closed[0].how,
        CloseReason::Handled { device_name, .. } if device_name == "机の上"
    ));
    // A look-alike can be shown; whoever is asked about it is warned.
    let lookalike: DeviceList = rename(&world, &desk, "Ph\u{43e}ne").await.json();
    assert_eq!(lookalike.devices[0].name, "Ph\u{43e}ne");
    let request = asked(&remove(&world, &phone, &desk.id()).await);
    let (_, prompt) = phone.prompt(&world, &request).await;
    assert_eq!(prompt.device.as_ref().unwrap().id, Some(desk.id()));
    let cautions = prompt.text_findings().cautions;
    assert!(cautions.contains(&TextCaution::MixedAlphabets));
}

#[tokio::test]
async fn a_device_takes_itself_away_at_once_and_the_others_are_told() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    let phone = world.pair("Phone").await;
    // Also the first, and at once: it concerns nobody else.
    let answer: ManagementAnswer = remove(&world, &desk, &desk.id()).await.json();
    assert_eq!(answer.request, None);
    assert!(is_revoked(&world, &desk).await);
    let url = world.endpoints().devices.unwrap();
    let refused = desk.post(&world, &url, &ManagementRequest { v: V1 }).await;
    assert_eq!(refused.code(), "device_revoked");
    assert_eq!(
        notices(&world, &phone).await,
        [(NoticeKind::DeviceRemoved, "Desk".to_owned())]
    );
    assert_eq!(list(&world, &phone).await.devices.len(), 1);
}

/// Attack: whoever has a device without its PIN takes the others away.
#[tokio::test]
async fn a_possession_key_alone_removes_no_other_device() {
    let world = World::new().await;
    let (desk, phone) = desk_and_phone(&world).await;
    let request = asked(&remove(&world, &desk, &phone.id()).await);
    assert!(!is_revoked(&world, &phone).await, "asked, not done");
    assert!(
        phone.pending(&world).await.prompts.is_empty(),
        "put to the asking device alone"
    );
    let prompt = desk.prompt(&world, &request).await;
    // The silent key under an approval.
    let forged = {
        let mut detail = desk.sign(&prompt, Device::approve(None)).detail;
        detail.credential = desk.possession.thumbprint();
        desk.assert(detail, CredentialRole::Possession, &desk.possession)
    };
    let refused = desk.decide(&world, &forged).await;
    assert_eq!(refused.code(), "assertion_invalid");
    // Another device has no say in it.
    let foreign = phone.sign(&prompt, Device::approve(None));
    assert_eq!(phone.decide(&world, &foreign).await.code(), "not_found");
    assert!(!is_revoked(&world, &phone).await);
    let denial = desk.sign(&prompt, Device::deny(DenyReason::NotMe));
    assert_eq!(desk.decide(&world, &denial).await.status, StatusCode::OK);
    assert!(!is_revoked(&world, &phone).await);
    assert_eq!(notices(&world, &phone).await, []);
}

#[tokio::test]
async fn another_device_is_removed_in_the_commit_of_the_approval() {
    let world = World::new().await;
    let (desk, phone) = desk_and_phone(&world).await;
    let tablet = world.pair("Tablet").await;
    let request = asked(&remove(&world, &desk, &phone.id()).await);
    let prompt = desk.prompt(&world, &request).await;
    assert_eq!(prompt.1.kind, PromptKind::DeviceRemove);
    assert_eq!(prompt.1.client.id, own_client_id());
    assert_eq!(prompt.1.client.name, world.app.config.name);
    assert_eq!(prompt.1.access_token_lifetime, 0);
    let subject = prompt.1.device.clone().unwrap();
    assert_eq!(subject.name.as_deref(), Some("Phone"));
    assert!(subject.lost);
    assert!(prompt.1.deny_only_reasons(KeyKind::SoftwarePin).is_empty());
    // The device that is removed decides what it can until then.
    let asked_before = world.ask().await;
    let approval = desk.sign(&prompt, Device::approve(None));
    let receipt: DecisionResponse = desk.decide(&world, &approval).await.json();
    assert!(is_revoked(&world, &phone).await);
    let again: DecisionResponse = desk.decide(&world, &approval).await.json();
    assert_eq!(again, receipt, "the same decision again, the same receipt");
    let removed = [(NoticeKind::DeviceRemoved, "Phone".to_owned())];
    assert_eq!(notices(&world, &tablet).await, removed);
    let told = notices(&world, &desk).await;
    assert!(!told.contains(&removed[0]), "it did it itself: {told:?}");
    let url = world.endpoints().pending;
    let late = phone.post(&world, &url, &ManagementRequest { v: V1 }).await;
    assert_eq!(late.code(), "device_revoked");
    // Removed is removed: nothing is left to ask about.
    let gone = remove(&world, &desk, &phone.id()).await;
    assert_eq!(gone.code(), "not_found");
    desk.prompt(&world, &asked_before).await;
}

async fn sign_removal(world: &World, of: &Device, by: &Device) -> (DecisionRequest, Prompt) {
    let request = asked(&remove(world, by, &of.id()).await);
    let prompt = by.prompt(world, &request).await;
    (by.sign(&prompt, Device::approve(None)), prompt.1)
}

/// Attack: a stolen device, with its PIN, expels the others while its owner removes it.
#[tokio::test]
async fn of_two_devices_that_remove_each_other_the_first_approval_stands() {
    let world = World::new().await;
    let (desk, phone) = desk_and_phone(&world).await;
    let (by_desk, _) = sign_removal(&world, &phone, &desk).await;
    let (by_phone, _) = sign_removal(&world, &desk, &phone).await;
    let (one, other) = tokio::join!(
        desk.decide(&world, &by_desk),
        phone.decide(&world, &by_phone)
    );
    let won: Vec<bool> = [&one, &other]
        .iter()
        .map(|answer| answer.status == StatusCode::OK)
        .collect();
    assert_ne!(won[0], won[1]);
    let loser = if won[0] { &other } else { &one };
    assert_eq!(loser.code(), "device_revoked");
    assert_eq!(is_revoked(&world, &phone).await, won[0]);
    assert_eq!(is_revoked(&world, &desk).await, won[1]);
}

/// Attack: whoever intercepted the first invitation makes the account theirs before its owner comes.
#[tokio::test]
async fn the_first_device_of_an_account_waits_a_day_before_it_manages_others() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    let phone = world.pair("Phone").await;
    assert_eq!(
        list(&world, &desk).await.may_manage_from,
        Some(START.plus(86_400))
    );
    let refused = remove(&world, &desk, &phone.id()).await;
    assert_eq!(refused.code(), "not_yet");
    assert_eq!(refused.problem().not_before, Some(START.plus(86_400)));
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    // The second one came beside the first, and need not wait.
    assert_eq!(list(&world, &phone).await.may_manage_from, None);
    world.advance(DAY - 1);
    let refused = remove(&world, &desk, &phone.id()).await;
    assert_eq!(refused.code(), "not_yet");
    world.advance(1);
    asked(&remove(&world, &desk, &phone.id()).await);
    // Whoever comes after all are gone is the first again.
    remove(&world, &desk, &desk.id()).await;
    remove(&world, &phone, &phone.id()).await;
    world.advance(1);
    let tablet = world.pair("Tablet").await;
    let from = list(&world, &tablet).await.may_manage_from;
    assert_eq!(from, Some(world.app.now().plus(86_400)));
}

#[tokio::test]
async fn devices_of_others_look_like_none() {
    let mut world = World::new().await;
    let (desk, _) = desk_and_phone(&world).await;
    let account = AccountId::make(world.app.rng());
    let other = CreateAccount(Account {
        id: account.clone(),
        sub: "sub-2".into(),
        login_name: "taro".into(),
        display_name: "Taro".into(),
        test: true,
        created: START,
        user_code: None,
    });
    world.app.store.apply(other).await.unwrap();
    let own = std::mem::replace(&mut world.account, account);
    let stranger = world.pair("Stranger").await;
    world.account = own;
    let foreign = remove(&world, &desk, &stranger.id()).await;
    let unknown = remove(&world, &desk, &DeviceId::parse("no-such-device").unwrap()).await;
    assert_eq!(foreign.code(), "not_found");
    assert_eq!(foreign.text(), unknown.text());
    assert_eq!(list(&world, &desk).await.devices.len(), 2);
}

#[tokio::test]
async fn two_questions_about_devices_are_pending_at_most_and_count_for_no_client() {
    let world = World::for_real_people().await;
    let (desk, phone) = desk_and_phone(&world).await;
    let first = asked(&remove(&world, &desk, &phone.id()).await);
    asked(&remove(&world, &desk, &phone.id()).await);
    let refused = remove(&world, &desk, &phone.id()).await;
    assert_eq!(refused.code(), "too_many_requests");
    assert_eq!(refused.problem().retry_after, Some(120));
    // Whoever has only a possession key cannot keep another device from removing that one.
    asked(&remove(&world, &phone, &desk.id()).await);
    // A client is not held to what the person asked for.
    for _ in 0..2 {
        let request = world.ask().await;
        desk.prompt(&world, &request).await;
    }
    // "Not me" about such a question mutes nobody.
    let prompt = desk.prompt(&world, &first).await;
    let denial = desk.sign(&prompt, Device::deny(DenyReason::NotMe));
    assert_eq!(desk.decide(&world, &denial).await.status, StatusCode::OK);
    asked(&remove(&world, &desk, &phone.id()).await);
    world.advance(120);
    assert!(desk.pending(&world).await.prompts.is_empty(), "120 seconds");
    asked(&remove(&world, &desk, &phone.id()).await);
}

#[tokio::test]
async fn not_me_after_an_approval_is_told_to_the_other_devices_for_a_week() {
    let world = World::new().await;
    let (desk, phone) = desk_and_phone(&world).await;
    let request = world.ask().await;
    let prompt = desk.prompt(&world, &request).await;
    let approval = desk.sign(&prompt, Device::approve(None));
    assert_eq!(desk.decide(&world, &approval).await.status, StatusCode::OK);
    let report = desk.sign(&prompt, Device::deny(DenyReason::NotMe));
    assert_eq!(desk.decide(&world, &report).await.status, StatusCode::OK);
    let told = [(NoticeKind::Reported, "Desk".to_owned())];
    assert_eq!(notices(&world, &phone).await, told);
    assert!(!notices(&world, &desk).await.contains(&told[0]));
    let again = phone.pending(&world).await.notices;
    assert_eq!(
        again,
        phone.pending(&world).await.notices,
        "one name for ever"
    );
    let tablet = world.pair("Tablet").await;
    assert_eq!(notices(&world, &tablet).await, [], "it was not there");
    world.advance(7 * DAY - 1);
    assert_eq!(notices(&world, &phone).await[0], told[0]);
    world.advance(1);
    assert!(!notices(&world, &phone).await.contains(&told[0]));
}

#[tokio::test]
async fn a_device_that_is_added_is_told_to_the_others_and_at_most_twenty_notices_are_sent() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    for number in 0..22 {
        world.advance(1);
        world.pair(&format!("Phone {number}")).await;
    }
    let told = notices(&world, &desk).await;
    assert_eq!(told.len(), 20);
    assert_eq!(told[0], (NoticeKind::DeviceAdded, "Phone 2".to_owned()));
    assert_eq!(told[19], (NoticeKind::DeviceAdded, "Phone 21".to_owned()));
}

#[tokio::test]
async fn a_test_goes_to_the_asking_device_alone_and_changes_nothing() {
    let world = World::for_real_people().await;
    let desk = world.pair("Desk").await;
    let phone = world.pair("Phone").await;
    let request = asked(&test(&world, &desk).await);
    assert!(phone.pending(&world).await.prompts.is_empty());
    let prompt = desk.prompt(&world, &request).await;
    assert_eq!(prompt.1.kind, PromptKind::Test);
    assert_eq!(prompt.1.exp, world.app.now().plus(120));
    assert_eq!(prompt.1.device, None);
    assert!(prompt.1.deny_only_reasons(KeyKind::SoftwarePin).is_empty());
    let again = test(&world, &desk).await;
    assert_eq!(again.code(), "too_many_requests");
    assert_eq!(again.problem().retry_after, Some(5));
    asked(&test(&world, &phone).await);
    let approval = desk.sign(&prompt, Device::approve(None));
    assert_eq!(desk.decide(&world, &approval).await.status, StatusCode::OK);
    let closed = &desk.pending(&world).await.closed[0];
    assert_eq!(closed.collected, None, "there is nobody to collect it");
    assert!(matches!(
        closed.how,
        CloseReason::Handled {
            decision: Verdict::Approve,
            ..
        }
    ));
    // "Not me" about a test is nothing that others need to know.
    let report = desk.sign(&prompt, Device::deny(DenyReason::NotMe));
    assert_eq!(desk.decide(&world, &report).await.status, StatusCode::OK);
    assert_eq!(
        notices(&world, &phone).await,
        [],
        "neither a device nor an approval is concerned"
    );
    world.advance(4);
    assert_eq!(test(&world, &desk).await.code(), "too_many_requests");
    world.advance(1);
    asked(&test(&world, &desk).await);
    assert_eq!(
        world.app.store.flow_statistics().approved,
        0,
        "the figures are about clients' requests"
    );
}

/// Attack: a possession key fills the inbox of its device with tests.
#[tokio::test]
async fn two_tests_are_pending_at_most() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    for _ in 0..2 {
        asked(&test(&world, &desk).await);
        world.advance(5);
    }
    assert_eq!(test(&world, &desk).await.code(), "too_many_requests");
    assert_eq!(desk.pending(&world).await.prompts.len(), 2);
    let request = world.ask().await;
    desk.prompt(&world, &request).await;
    world.advance(120);
    asked(&test(&world, &desk).await);
}

/// Attack: a client collects what the server asked by itself.
#[tokio::test]
async fn nothing_is_collected_of_a_question_of_the_servers_own_and_no_client_takes_its_place() {
    let world = World::new().await;
    let desk = world.pair("Desk").await;
    let store = &world.app.store;
    let taken = CreateClient(Client {
        id: own_client_id(),
        name: "Look-alike".into(),
        authentication: ClientAuthentication::ClientSecretBasic {
            secret_hash: Sha256Digest([0; 32]),
        },
        registered_by: RegisteredBy::Operator,
        since: START,
        host: None,
        binding_message: BindingMessageUse::Show,
        transfer_code: false,
        settings: ClientSettings::default(),
    });
    assert_eq!(
        store.apply(taken).await.unwrap(),
        CreateClientOutcome::Taken
    );
    // Even somebody who knew the capability that was made and told to nobody.
    let ids = store.make_flow_ids(world.app.rng());
    let now = world.app.now();
    let asked = AskDevice {
        seq: ids.seq,
        tag_hash: ids.tag_hash,
        facts: RequestFacts {
            consent_request_id: ids.consent_request_id.clone(),
            client_id: world.client.clone(),
            client_name: "Kiosk".into(),
            account: world.account.clone(),
            sub: "sub-1".into(),
            kind: Kind::Test,
            scopes: vec![],
            acr_values: vec![],
            binding_message: None,
            transfer: Transfer::None,
            created: now,
            expires: now.plus(120),
            interval: 5,
            terms: Terms::default(),
        },
        prompt: NewPrompt {
            device: desk.id(),
            jws: "prompt".into(),
            nonce: [0; 32],
        },
    };
    assert_eq!(store.apply(asked).await.unwrap(), AskDeviceOutcome::Asked);
    let (_, hash) = store
        .make_access_token(&ids.auth_req_id, world.app.rng())
        .unwrap();
    let redeemed = store
        .apply(Redeem {
            auth_req_id: ids.auth_req_id.clone(),
            client: world.client.clone(),
            sender: Sender::default(),
            access_token: NewToken {
                hash,
                expires: now.plus(600),
                details: TokenDetails::default(),
            },
            refresh_token: None,
            push: false,
            assertion: None,
            now,
        })
        .await
        .unwrap();
    assert_eq!(
        redeemed,
        RedeemOutcome::Refused(RedemptionError::InvalidGrant)
    );
}
