//! Refresh tokens (RFC 6749 section 6, OpenID Connect Core section 12).

use super::*;
use crate::{
    domain::token::REUSE_LEEWAY_SECONDS,
    http::device::revoke_device,
    storage::ops::{DeleteAccount, DeleteClient},
};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Conformance: RFC6749-6, OIDC-12.2-refresh
#[tokio::test]
async fn a_refresh_token_gives_new_tokens_that_say_the_same_of_person_and_authentication() {
    let desk = Desk::refreshing().await;
    let first = desk.tokens("openid profile").await;
    desk.bench.advance(400_000);
    let second = desk.refresh(first.text("refresh_token"), "").await;
    assert_eq!(second.status, StatusCode::OK, "{second:?}");
    assert_eq!(second.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(second.text("scope"), "openid profile");
    for fresh in ["access_token", "refresh_token"] {
        assert_ne!(first.text(fresh), second.text(fresh));
    }
    assert!(second.json.get("client_receipt").is_none());
    let [old, new] = [&first, &second].map(|reply| payload(reply.text("id_token")));
    for same in ["iss", "sub", "aud", "auth_time", "acr", "amr"] {
        assert_eq!(old[same], new[same], "{same}");
    }
    assert_eq!(new["iat"], desk.bench.now().0);
    assert_ne!(old["at_hash"], new["at_hash"]);
    // The first access token ends when it would have ended anyway.
    assert!(desk.is_active(first.text("access_token")).await);
    desk.bench.advance(200_000);
    assert!(!desk.is_active(first.text("access_token")).await);
    assert!(desk.is_active(second.text("access_token")).await);
}

/// Conformance: RFC6749-6
#[tokio::test]
async fn a_scope_is_narrowed_for_one_access_token_and_never_widened() {
    let desk = Desk::refreshing().await;
    let tokens = desk.tokens("openid profile library").await;
    let token = tokens.text("refresh_token");
    for wider in [
        "&scope=openid%20email",
        "&scope=openid%20openid",
        "&scope=openid%20%20profile",
        "&scope=openid%09profile",
    ] {
        let refused = desk.refresh(token, wider).await;
        assert_eq!(refused.error(), (400, "invalid_scope"), "{wider}");
    }
    let narrow = desk.refresh(token, "&scope=library").await;
    assert_eq!(
        narrow.text("scope"),
        "library",
        "what was refused changed nothing"
    );
    let shown = desk.introspect(narrow.text("access_token")).await;
    assert_eq!(shown["scope"], "library");
    let whole = desk.refresh(narrow.text("refresh_token"), "").await;
    assert_eq!(whole.text("scope"), "openid profile library");
}

/// Conformance: RFC6749-10.4
#[tokio::test]
async fn a_second_use_ends_all_tokens_of_the_request_and_no_others() {
    let desk = Desk::refreshing().await;
    let (stolen, other) = (desk.tokens("openid").await, desk.tokens("openid").await);
    let second = desk.refresh(stolen.text("refresh_token"), "").await;
    desk.bench.advance(REUSE_LEEWAY_SECONDS * 1000);
    let again = desk.refresh(stolen.text("refresh_token"), "").await;
    assert_eq!(again.error(), (400, "invalid_grant"));
    for reply in [&stolen, &second] {
        assert!(!desk.is_active(reply.text("access_token")).await);
    }
    let next = desk.refresh(second.text("refresh_token"), "").await;
    assert_eq!(next.error(), (400, "invalid_grant"));
    assert!(desk.is_active(other.text("access_token")).await);
    let desk = Desk {
        bench: desk.bench.restarted(Config::default()).await,
        device: desk.device,
    };
    assert!(
        !desk.is_active(second.text("access_token")).await,
        "for good"
    );
    let kept = desk.refresh(other.text("refresh_token"), "").await;
    assert_eq!(kept.status, StatusCode::OK, "{kept:?}");
}

#[tokio::test]
async fn a_second_use_at_once_gets_nothing_and_ends_nothing() {
    let desk = Desk::refreshing().await;
    let first = desk.tokens("openid").await;
    let second = desk.refresh(first.text("refresh_token"), "").await;
    desk.bench.advance(REUSE_LEEWAY_SECONDS * 1000 - 1);
    let again = desk.refresh(first.text("refresh_token"), "").await;
    assert_eq!(again.error(), (400, "invalid_grant"));
    assert!(desk.is_active(second.text("access_token")).await);
    let third = desk.refresh(second.text("refresh_token"), "").await;
    assert_eq!(third.status, StatusCode::OK, "{third:?}");
    // Two uses back is no retry.
    let old = desk.refresh(first.text("refresh_token"), "").await;
    assert_eq!(old.error(), (400, "invalid_grant"));
    assert!(!desk.is_active(third.text("access_token")).await);
}

/// Conformance: RFC6749-10.4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_32_refreshes_at_once_one_gets_tokens_and_they_work_in_each_of_50_rounds() {
    let desk = Arc::new(Desk::refreshing().await);
    let mut token = desk.tokens("openid").await.text("refresh_token").to_owned();
    for round in 0..50 {
        let mut racing = JoinSet::new();
        for _ in 0..32 {
            let (desk, token) = (Arc::clone(&desk), token.clone());
            racing.spawn(async move { desk.refresh(&token, "").await });
        }
        let replies = racing.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = replies
            .iter()
            .partition(|reply| reply.status == StatusCode::OK);
        assert_eq!(won.len(), 1, "round {round}");
        for reply in lost {
            assert_eq!(reply.error(), (400, "invalid_grant"), "round {round}");
        }
        assert!(desk.is_active(won[0].text("access_token")).await);
        won[0].text("refresh_token").clone_into(&mut token);
    }
}

#[tokio::test]
async fn it_ends_thirty_days_after_the_request_however_often_it_is_used() {
    let desk = Desk::refreshing().await;
    let mut tokens = desk.tokens("openid").await;
    for _ in 0..29 {
        desk.bench.advance(86_400_000);
        tokens = desk.refresh(tokens.text("refresh_token"), "").await;
        assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    }
    desk.bench.advance(86_399_000);
    tokens = desk.refresh(tokens.text("refresh_token"), "").await;
    assert_eq!(tokens.status, StatusCode::OK, "in the last second");
    desk.bench.advance(1_000);
    let over = desk.refresh(tokens.text("refresh_token"), "").await;
    assert_eq!(over.error(), (400, "invalid_grant"));
    assert!(
        desk.is_active(tokens.text("access_token")).await,
        "an end is no theft"
    );
}

/// Conformance: RFC8705-7.1
#[tokio::test]
async fn another_client_can_neither_use_it_nor_end_anything_with_it() {
    let desk = Desk::refreshing().await;
    let tokens = desk.tokens("openid").await;
    let token = tokens.text("refresh_token");
    let mut other = desk.bench.secret_client("thief");
    other.settings.refresh = true;
    let create = crate::storage::ops::CreateClient(other);
    desk.bench.app.store.apply(create).await.unwrap();
    let form = format!("grant_type=refresh_token&refresh_token={token}");
    let thief = basic("thief", SECRET);
    for _ in 0..2 {
        let refused = desk.bench.post("/token", &thief, &form).await;
        assert_eq!(refused.error(), (400, "invalid_grant"));
    }
    let used = desk.refresh(token, "").await;
    assert_eq!(used.status, StatusCode::OK, "{used:?}");
    desk.bench.advance(60_000);
    let refused = desk.bench.post("/token", &thief, &form).await;
    assert_eq!(refused.error(), (400, "invalid_grant"));
    assert!(desk.is_active(used.text("access_token")).await);
}

/// Conformance: RFC6749-5.2
#[tokio::test]
async fn every_bad_refresh_has_its_error() {
    let desk = Desk::refreshing().await;
    let tokens = desk.tokens("openid").await;
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    for (form, error) in [
        (String::new(), "invalid_request"),
        (format!("&auth_req_id={refresh}"), "invalid_request"),
        ("&refresh_token=x".to_owned(), "invalid_grant"),
        (format!("&refresh_token={access}"), "invalid_grant"),
        (format!("&refresh_token={refresh}x"), "invalid_grant"),
        (
            format!("&refresh_token={refresh}&refresh_token={refresh}"),
            "invalid_request",
        ),
    ] {
        let form = format!("grant_type=refresh_token{form}");
        let reply = desk.kiosk("/token", &form).await;
        assert_eq!(reply.error(), (400, error), "{form}");
    }
    let form = format!("grant_type=refresh_token&refresh_token={refresh}");
    let other = basic("other", SECRET);
    let other = desk.bench.post("/token", &other, &form).await;
    assert_eq!(other.error(), (400, "unauthorized_client"));
    let nobody = desk.bench.post("/token", "", &form).await;
    assert_eq!(nobody.error(), (401, "invalid_client"));
    assert_eq!(desk.refresh(refresh, "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_clients_registered_for_it_get_one() {
    let desk = Desk::new(|_| {}).await;
    let tokens = desk.tokens("openid").await;
    assert!(tokens.json.get("refresh_token").is_none());
}

/// Conformance: TOKENS-report
#[tokio::test]
async fn a_report_or_a_removal_ends_the_whole_family() {
    for cause in ["report", "device", "client", "account"] {
        let desk = Desk::refreshing().await;
        let first = desk.tokens("openid").await;
        let second = desk.refresh(first.text("refresh_token"), "").await;
        let collected_later = desk.approved(DEFAULTS).await;
        let (store, now) = (&desk.bench.app.store, desk.bench.now());
        let client = ClientId::parse("kiosk").unwrap();
        let account = AccountId::parse("id-hanako").unwrap();
        let registration = store.client(&client).await.unwrap().unwrap();
        match cause {
            "report" => {
                let token = second.text("access_token").to_owned();
                let read = store.read(move |r| r.access_token(&token, now)).await;
                let request = read.unwrap().unwrap().flow.facts.consent_request_id;
                desk.report(request).await;
            }
            "device" => {
                revoke_device(&desk.bench.app, desk.device.0.clone())
                    .await
                    .unwrap();
            }
            "client" => {
                let delete = DeleteClient { client, now };
                assert!(store.apply(delete).await.unwrap());
                // Whoever registers under the same name gets nothing of it.
                let again = crate::storage::ops::CreateClient(Client::clone(&registration));
                store.apply(again).await.unwrap();
            }
            _ => assert!(store.apply(DeleteAccount { account, now }).await.unwrap()),
        }
        for reply in [&first, &second] {
            assert!(!desk.is_active(reply.text("access_token")).await, "{cause}");
        }
        let next = desk.refresh(second.text("refresh_token"), "").await;
        assert_eq!(next.error(), (400, "invalid_grant"), "{cause}");
        let authorization = format!("Bearer {}", second.text("access_token"));
        let shown = desk.userinfo(&authorization, None).await;
        assert_eq!(shown.error(), (401, "invalid_token"), "{cause}");
        let later = desk.bench.poll("kiosk", &collected_later).await;
        match cause {
            "report" => assert_eq!(later.status, StatusCode::OK, "it was about another request"),
            _ => assert_eq!(later.error(), (400, "access_denied"), "{cause}"),
        }
    }
}
