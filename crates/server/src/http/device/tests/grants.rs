//! What was granted: listed, taken back; and whether it was collected.

use super::fixture::{Device, START, World};
use crate::{
    domain::{Account, FlowIds, NewToken, Sender, TokenDetails, Transfer},
    storage::ops::{CreateAccount, Redeem, RedeemOutcome},
};
use axum::http::StatusCode;
use tegata_protocol::{
    AccountId, ConsentRequestId, Secret, UnixTime,
    device::{
        V1,
        decision::DenyReason,
        delivery::{KnownRequest, RequestReference},
        management::{ConsentRevoke, GrantList, ManagementRequest},
    },
};

async fn grants(world: &World, device: &Device) -> GrantList {
    let url = world.endpoints().consents.unwrap();
    device
        .post(world, &url, &ManagementRequest { v: V1 })
        .await
        .json()
}

async fn revoke(world: &World, device: &Device, consent: &ConsentRequestId) -> GrantList {
    let url = world.endpoints().consent_revoke.unwrap();
    let consent = consent.clone();
    device
        .post(world, &url, &ConsentRevoke { v: V1, consent })
        .await
        .json()
}

/// A request that the device approved.
async fn approved(world: &World, device: &Device) -> (ConsentRequestId, FlowIds) {
    let (request, ids) = world.ask_with(Transfer::None, &[]).await;
    let prompt = device.prompt(world, &request).await;
    let approval = device.sign(&prompt, Device::approve(None));
    assert_eq!(device.decide(world, &approval).await.status, StatusCode::OK);
    (request, ids)
}

/// The client collects; a refresh token goes with it if it has an end.
async fn collect(world: &World, ids: &FlowIds, refresh: Option<UnixTime>) -> Secret<String> {
    let store = &world.app.store;
    let token = || {
        store
            .make_access_token(&ids.auth_req_id, world.app.rng())
            .unwrap()
    };
    let new = |hash, expires| NewToken {
        hash,
        expires,
        details: TokenDetails::default(),
    };
    let (access, hash) = token();
    let redeem = Redeem {
        auth_req_id: ids.auth_req_id.clone(),
        client: world.client.clone(),
        sender: Sender::default(),
        access_token: new(hash, world.app.now().plus(600)),
        refresh_token: refresh.map(|end| new(token().1, end)),
        push: false,
        assertion: None,
        now: world.app.now(),
    };
    let redeemed = store.apply(redeem).await.unwrap();
    assert!(matches!(redeemed, RedeemOutcome::Redeemed { .. }));
    access
}

async fn works(world: &World, token: &Secret<String>) -> bool {
    let (text, now) = (token.expose().clone(), world.app.now());
    let found = world
        .app
        .store
        .read(move |reader| reader.access_token(&text, now))
        .await;
    found.unwrap().is_some()
}

#[tokio::test]
async fn lists_what_is_still_good_newest_first_and_takes_it_back() {
    let world = World::new().await;
    let (desk, phone) = (world.pair("Desk").await, world.pair("Phone").await);
    let (denied, _) = world.ask_with(Transfer::None, &[]).await;
    let prompt = desk.prompt(&world, &denied).await;
    let denial = desk.sign(&prompt, Device::deny(DenyReason::ChangedMind));
    desk.decide(&world, &denial).await;
    let (short, ids) = approved(&world, &desk).await;
    let short_token = collect(&world, &ids, None).await;
    world.advance(10);
    let until = START.plus(86_400);
    let (long, ids) = approved(&world, &phone).await;
    assert_eq!(grants(&world, &desk).await.consents.len(), 1, "collected");
    let long_token = collect(&world, &ids, Some(until)).await;
    // Any device of the account sees them all.
    let listed = grants(&world, &desk).await.consents;
    let ids: Vec<_> = listed.iter().map(|one| one.id.clone()).collect();
    assert_eq!(ids, [long.clone(), short.clone()]);
    assert_eq!(listed[0].client.name, "Kiosk");
    assert_eq!(listed[0].scopes[0].name, "openid");
    assert_eq!(listed[0].scopes[0].description, "Know who you are here");
    assert_eq!(listed[0].granted_at, START.plus(10));
    assert_eq!((listed[0].expires_at, listed[0].renewable), (until, true));
    assert_eq!(
        (listed[1].expires_at, listed[1].renewable),
        (START.plus(600), false)
    );
    let left = revoke(&world, &desk, &long).await.consents;
    assert_eq!(left.len(), 1);
    assert!(!works(&world, &long_token).await, "all of its tokens");
    assert!(works(&world, &short_token).await);
    let again = revoke(&world, &desk, &long).await.consents;
    assert_eq!(again, left, "ended is ended");
    world.advance(600);
    assert!(grants(&world, &desk).await.consents.is_empty());
}

/// Attack: somebody ends or reads another's grants.
#[tokio::test]
async fn nobody_sees_or_ends_the_grants_of_another_account() {
    let mut world = World::new().await;
    let desk = world.pair("Desk").await;
    let (request, ids) = approved(&world, &desk).await;
    let token = collect(&world, &ids, None).await;
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
    world.account = account;
    let stranger = world.pair("Stranger").await;
    assert!(grants(&world, &stranger).await.consents.is_empty());
    assert!(
        revoke(&world, &stranger, &request)
            .await
            .consents
            .is_empty()
    );
    assert!(works(&world, &token).await);
}

#[tokio::test]
async fn whether_the_client_has_collected_is_told_to_the_device_that_approved() {
    let world = World::new().await;
    let (desk, phone) = (world.pair("Desk").await, world.pair("Phone").await);
    let (request, ids) = approved(&world, &desk).await;
    let told = async |device: &Device| {
        let set = device.pending(&world).await;
        let reference = RequestReference {
            v: V1,
            request: request.clone(),
        };
        let known: KnownRequest = device
            .post(&world, &world.endpoints().receipts, &reference)
            .await
            .json();
        let KnownRequest::Closed { collected, .. } = known else {
            panic!("{known:?}");
        };
        assert_eq!(set.closed[0].collected, collected);
        collected
    };
    assert_eq!(told(&desk).await, Some(false));
    assert_eq!(told(&phone).await, None, "of this device's decisions alone");
    collect(&world, &ids, None).await;
    assert_eq!(told(&desk).await, Some(true));
    assert_eq!(told(&phone).await, None);
}
