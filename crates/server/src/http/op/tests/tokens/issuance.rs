//! What is issued: JWT access tokens, less than was granted, and what is pushed.

use super::*;
use crate::{
    domain::{Delivery, RedemptionError},
    http::op::issuance::{IssuanceError, redeem_for_push},
    jose::{Algorithm, CompactJws, KeySet},
};
use tegata_protocol::ciba::TokenResponse;

/// Conformance: RFC9068-2, RFC9068-5
#[tokio::test]
async fn a_jwt_access_token_has_the_claims_of_the_profile_and_verifies_by_the_published_keys() {
    let desk = Desk::open(jwt(), |_| {}).await;
    let tokens = desk.tokens("openid library").await;
    let token = tokens.text("access_token");
    let set = desk.bench.get("/jwks").await.json;
    let jws = CompactJws::parse(token, 4096, &[Algorithm::Es256]).unwrap();
    assert_eq!(jws.typ().as_deref(), Some("at+jwt"));
    assert!(jws.kid().is_some());
    jws.verify(&KeySet::parse(&set.to_string())).unwrap();
    let claims = payload(token);
    let now = desk.bench.now().0;
    let expected = json!({
        "iss": "http://localhost:8480",
        "sub": "sub-hanako",
        "aud": "http://localhost:8480",
        "client_id": "kiosk",
        "scope": "openid library",
        "iat": now,
        "exp": now + 600,
        "jti": claims["jti"],
        "auth_time": now,
        "acr": "urn:tegata:acr:software-pin",
        "amr": ["pin", "pop"],
    });
    assert_eq!(claims, expected);
    // Resources log names of tokens; a name is none.
    let name = claims["jti"].as_str().unwrap();
    assert!(!desk.is_active(name).await);
    let refused = desk.userinfo(&format!("Bearer {name}"), None).await;
    assert_eq!(refused.error(), (401, "invalid_token"));
    // Expiry and revocation hold whatever the signature says.
    assert!(desk.is_active(token).await);
    let revoked = desk.kiosk("/revoke", &format!("token={token}")).await;
    assert_eq!(revoked.status, StatusCode::OK);
    assert!(!desk.is_active(token).await);
    let refused = desk.userinfo(&format!("Bearer {token}"), None).await;
    assert_eq!(refused.error(), (401, "invalid_token"));
}

#[tokio::test]
async fn tokens_survive_a_restart_and_a_change_of_form() {
    let desk = Desk::refreshing().await;
    let opaque = desk.tokens("openid").await;
    let Desk { bench, device } = desk;
    let bench = bench.restarted(jwt()).await;
    let desk = Desk { bench, device };
    assert!(desk.is_active(opaque.text("access_token")).await);
    let refreshed = desk.refresh(opaque.text("refresh_token"), "").await;
    assert!(refreshed.text("access_token").contains('.'));
    let Desk { bench, device } = desk;
    let bench = bench.restarted(Config::default()).await;
    let desk = Desk { bench, device };
    assert!(desk.is_active(refreshed.text("access_token")).await);
    desk.bench.advance(600_000);
    assert!(!desk.is_active(refreshed.text("access_token")).await);
}

fn details() -> Vec<Value> {
    vec![
        json!({ "type": "account", "actions": ["read", "list"], "account": "1" }),
        json!({ "type": "payment", "amount": "5.00" }),
    ]
}

/// Conformance: RFC9396-6, RFC9396-7, RFC9396-9
#[tokio::test]
async fn authorization_details_are_returned_and_told_to_resources_and_may_be_narrowed() {
    for config in [Config::default(), jwt()] {
        let desk = Desk::open(config, |kiosk| kiosk.settings.refresh = true).await;
        let terms = Terms {
            authorization_details: details(),
            refresh_until: Some(desk.bench.now().plus(3600)),
            ..Terms::default()
        };
        let id = desk.approved_on(&["openid"], terms).await;
        let form = |asked: &Value| {
            let asked = encoded(&asked.to_string());
            format!("{GRANT}&auth_req_id={id}&authorization_details={asked}")
        };
        for beyond in [
            json!([{ "type": "payment", "amount": "6.00" }]),
            json!([{ "type": "account", "actions": ["pay"], "account": "1" }]),
            json!({ "type": "payment", "amount": "5.00" }),
            json!("payment"),
        ] {
            let refused = desk.kiosk("/token", &form(&beyond)).await;
            assert_eq!(refused.error(), (400, "invalid_authorization_details"));
        }
        let less = json!([{ "type": "account", "actions": ["list"], "account": "1" }]);
        let tokens = desk.kiosk("/token", &form(&less)).await;
        assert_eq!(tokens.json["authorization_details"], less);
        let token = tokens.text("access_token");
        let shown = desk.introspect(token).await;
        assert_eq!(shown["authorization_details"], less);
        let shown = desk.userinfo(&format!("Bearer {token}"), None).await;
        assert_eq!(shown.json["authorization_details"], less);
        if token.contains('.') {
            assert_eq!(payload(token)["authorization_details"], less);
        }
        // The grant is what it was, and so is what the receipt says.
        let receipt = payload(tokens.text("client_receipt"));
        assert_eq!(receipt["authorization_details"], json!(details()));
        let whole = desk.refresh(tokens.text("refresh_token"), "").await;
        assert_eq!(whole.json["authorization_details"], json!(details()));
        let shown = desk.introspect(whole.text("access_token")).await;
        assert_eq!(shown["authorization_details"], json!(details()));
    }
}

/// Conformance: RFC8707-2.2
#[tokio::test]
async fn a_token_is_for_the_resources_of_its_request_or_one_of_them() {
    let desk = Desk::open(jwt(), |kiosk| kiosk.settings.refresh = true).await;
    let resource = ["https://a.example/", "https://b.example/"].map(str::to_owned);
    let terms = Terms {
        resource: resource.to_vec(),
        refresh_until: Some(desk.bench.now().plus(3600)),
        ..Terms::default()
    };
    let id = desk.approved_on(&["openid"], terms).await;
    let form = format!("{GRANT}&auth_req_id={id}&resource=");
    let other = form.clone() + "https%3A%2F%2Fc.example%2F";
    let other = desk.kiosk("/token", &other).await;
    assert_eq!(other.error(), (400, "invalid_target"));
    let one = desk
        .kiosk("/token", &(form + "https%3A%2F%2Fb.example%2F"))
        .await;
    let token = one.text("access_token");
    assert_eq!(payload(token)["aud"], "https://b.example/");
    assert_eq!(desk.introspect(token).await["aud"], "https://b.example/");
    let refused = desk.userinfo(&format!("Bearer {token}"), None).await;
    assert_eq!(
        refused.error(),
        (401, "invalid_token"),
        "it is not for this server"
    );
    let all = desk.refresh(one.text("refresh_token"), "").await;
    assert_eq!(payload(all.text("access_token"))["aud"], json!(resource));
}

/// The tokens of the request, as what pushes them gets them.
async fn pushed(desk: &Desk, id: &str) -> Result<TokenResponse, IssuanceError> {
    let kiosk = ClientId::parse("kiosk").unwrap();
    let client = desk.bench.app.store.client(&kiosk).await.unwrap().unwrap();
    redeem_for_push(&desk.bench.app, &client, &AuthReqId::parse(id).unwrap()).await
}

fn push(kiosk: &mut Client) {
    kiosk.settings.refresh = true;
    kiosk.settings.delivery = Delivery::Push {
        endpoint: "https://kiosk.example/cb".to_owned(),
    };
}

fn push_terms(desk: &Desk) -> Terms {
    Terms {
        delivery: TokenDeliveryMode::Push,
        refresh_until: Some(desk.bench.now().plus(3600)),
        ..Terms::default()
    }
}

/// Conformance: CIBA-10.3-id-token, CIBA-11-push
#[tokio::test]
async fn pushed_tokens_name_their_request_and_cannot_be_asked_for() {
    let desk = Desk::new(push).await;
    let id = desk.approved_on(&["openid"], push_terms(&desk)).await;
    let asked = desk.bench.poll("kiosk", &id).await;
    assert_eq!(asked.error(), (400, "unauthorized_client"));
    let tokens = pushed(&desk, &id).await.unwrap();
    // EXPOSE: read back by the test.
    let claims = payload(tokens.id_token.expose());
    assert_eq!(claims["urn:openid:params:jwt:claim:auth_req_id"], id);
    let half = |token: &str| encode_b64u(&Sha256Digest::of(token.as_bytes()).0[..16]);
    // EXPOSE: hashed for comparison.
    assert_eq!(claims["at_hash"], half(tokens.access_token.expose()));
    let refresh = tokens.refresh_token.unwrap();
    // EXPOSE: hashed for comparison.
    let expected = half(refresh.expose());
    assert_eq!(claims["urn:openid:params:jwt:claim:rt_hash"], expected);
    // EXPOSE: used as a client would.
    let refreshed = desk.refresh(refresh.expose(), "").await;
    assert_eq!(
        refreshed.status,
        StatusCode::OK,
        "push clients refresh like others"
    );
    assert_eq!(
        desk.bench.poll("kiosk", &id).await.error(),
        (400, "unauthorized_client")
    );
}

#[tokio::test]
async fn tokens_that_were_not_delivered_are_replaced_unless_they_have_ended() {
    let desk = Desk::new(push).await;
    let id = desk.approved_on(&["openid"], push_terms(&desk)).await;
    let request = desk.request_of(&id).await;
    let lost = pushed(&desk, &id).await.unwrap();
    let Desk { bench, device } = desk;
    let bench = bench.restarted(Config::default()).await;
    let desk = Desk { bench, device };
    let delivered = pushed(&desk, &id).await.unwrap();
    // EXPOSE: used as a client would.
    assert!(!desk.is_active(lost.access_token.expose()).await);
    // EXPOSE: used as a client would.
    assert!(desk.is_active(delivered.access_token.expose()).await);
    desk.report(request).await;
    let refused = pushed(&desk, &id).await.unwrap_err();
    assert!(
        matches!(
            refused,
            IssuanceError::Redemption(RedemptionError::InvalidGrant)
        ),
        "{refused:?}"
    );
}
