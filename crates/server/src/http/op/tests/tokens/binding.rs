//! Tokens that only the holder of a certificate may use (RFC 8705 sections 3, 4 and 7.1).

use super::*;
use crate::domain::{CertificateName, ClientAuthentication, Confirmation, Delivery};

fn bound(kiosk: &mut Client) {
    kiosk.settings.certificate_bound = true;
    kiosk.settings.refresh = true;
}

/// Tokens that `kiosk` collected with certificate `one`.
async fn tokens(desk: &Desk) -> Reply {
    let id = desk
        .approved("scope=openid%20profile&login_hint=hanako")
        .await;
    let form = format!("{GRANT}&auth_req_id={id}");
    let reply = desk.with_certificate("/token", &form, "one").await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    reply
}

/// Conformance: RFC8705-3, RFC8705-3.2
#[tokio::test]
async fn a_bound_token_works_with_its_certificate_and_with_no_other() {
    for config in [Config::default(), jwt()] {
        let desk = Desk::open(config, bound).await;
        let tokens = tokens(&desk).await;
        assert_eq!(tokens.text("token_type"), "Bearer");
        let token = tokens.text("access_token");
        let expected = json!({ "x5t#S256": thumbprint("one") });
        assert_eq!(desk.introspect(token).await["cnf"], expected);
        if token.contains('.') {
            assert_eq!(payload(token)["cnf"], expected);
        }
        let authorization = format!("Bearer {token}");
        let shown = desk.userinfo(&authorization, Some("one")).await;
        assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
        for (other, authorization) in [
            (Some("two"), authorization.clone()),
            (None, authorization.clone()),
            (Some("one"), format!("DPoP {token}")),
        ] {
            let refused = desk.userinfo(&authorization, other).await;
            assert_eq!(refused.error(), (401, "invalid_token"), "{other:?}");
        }
    }
}

/// RFC 8705 section 3.4 leaves it to the server whether to refuse.
///
/// Conformance: RFC8705-3.4
#[tokio::test]
async fn a_client_whose_tokens_are_bound_gets_none_without_a_certificate() {
    let desk = Desk::new(bound).await;
    let id = desk.approved(DEFAULTS).await;
    let refused = desk.bench.poll("kiosk", &id).await;
    assert_eq!(refused.error(), (400, "invalid_request"));
    let form = format!("{GRANT}&auth_req_id={id}");
    let tokens = desk.with_certificate("/token", &form, "one").await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    let refused = desk.refresh(tokens.text("refresh_token"), "").await;
    assert_eq!(refused.error(), (400, "invalid_request"));
    assert!(desk.is_active(tokens.text("refresh_token")).await);
}

#[tokio::test]
async fn other_clients_get_tokens_for_whoever_has_them_also_with_a_certificate() {
    let desk = Desk::new(|_| {}).await;
    let id = desk.approved(DEFAULTS).await;
    let form = format!("{GRANT}&auth_req_id={id}");
    let tokens = desk.with_certificate("/token", &form, "one").await;
    let token = tokens.text("access_token");
    assert!(desk.introspect(token).await.get("cnf").is_none());
    let shown = desk.userinfo(&format!("Bearer {token}"), Some("two")).await;
    assert_eq!(shown.status, StatusCode::OK);
}

/// What is refused can still be collected by whoever asked.
///
/// Conformance: CIBA-5-binding
#[tokio::test]
async fn what_was_asked_with_a_certificate_is_collected_with_the_same_one() {
    let desk = Desk::new(bound).await;
    let asked = desk
        .with_certificate("/backchannel-authentication", DEFAULTS, "one")
        .await;
    let id = asked.text("auth_req_id");
    let form = format!("{GRANT}&auth_req_id={id}");
    let pending = desk.with_certificate("/token", &form, "two").await;
    assert_eq!(pending.error(), (400, "invalid_grant"), "pending");
    desk.bench.decided(&desk.device, true).await;
    let swapped = desk.with_certificate("/token", &form, "two").await;
    assert_eq!(swapped.error(), (400, "invalid_grant"), "approved");
    let tokens = desk.with_certificate("/token", &form, "one").await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
}

/// Conformance: RFC8705-7.1
#[tokio::test]
async fn a_refresh_takes_the_same_certificate_unless_the_client_authenticates_by_certificate() {
    let desk = Desk::new(bound).await;
    let tokens = tokens(&desk).await;
    let form = format!(
        "grant_type=refresh_token&refresh_token={}",
        tokens.text("refresh_token")
    );
    let swapped = desk.with_certificate("/token", &form, "two").await;
    assert_eq!(swapped.error(), (400, "invalid_grant"));
    let next = desk.with_certificate("/token", &form, "one").await;
    assert_eq!(next.status, StatusCode::OK, "{next:?}");
    let shown = desk.introspect(next.text("access_token")).await;
    assert_eq!(shown["cnf"]["x5t#S256"], thumbprint("one"));

    // Whoever authenticates by certificate may renew it: its refresh tokens name none.
    let mut kiosk = desk.bench.secret_client("kiosk");
    bound(&mut kiosk);
    kiosk.authentication = ClientAuthentication::TlsClientAuth {
        name: CertificateName::SanDns("kiosk.example".to_owned()),
    };
    let app = &desk.bench.app;
    let id = desk.approved(DEFAULTS).await;
    let id = AuthReqId::parse(&id).unwrap();
    let read = {
        let id = id.clone();
        app.store.read(move |r| r.backchannel_authentication(&id))
    };
    let found = read.await.unwrap().unwrap();
    let confirmation = Confirmation::Certificate(certificate("one").thumbprint);
    let collector = crate::http::op::issuance::Collector {
        client: &kiosk,
        assertion: None,
        sender: Some(confirmation).into(),
    };
    let details = crate::domain::TokenDetails::default();
    let tokens = crate::http::op::issuance::redeem(app, &collector, &id, &found, details)
        .await
        .unwrap();
    // EXPOSE: read back by the test.
    let refresh = tokens.refresh_token.unwrap().expose().clone();
    assert!(desk.introspect(&refresh).await.get("cnf").is_none());
    // EXPOSE: read back by the test.
    let access = tokens.access_token.expose().clone();
    assert_eq!(
        desk.introspect(&access).await["cnf"]["x5t#S256"],
        thumbprint("one")
    );
}

/// Conformance: CIBA-5-binding, CIBA-5-bound
#[tokio::test]
async fn a_push_client_whose_tokens_are_bound_must_show_its_certificate_when_it_asks() {
    let desk = Desk::new(|kiosk| {
        bound(kiosk);
        kiosk.settings.delivery = Delivery::Push {
            endpoint: "https://kiosk.example/cb".to_owned(),
        };
    })
    .await;
    let path = "/backchannel-authentication";
    let form = format!("{DEFAULTS}&client_notification_token=8d67dc78-7faa-4d41-aabd-67707b374255");
    let refused = desk.kiosk(path, &form).await;
    assert_eq!(refused.error(), (400, "invalid_request"));
    let asked = desk.with_certificate(path, &form, "one").await;
    assert_eq!(asked.status, StatusCode::OK, "{asked:?}");
    desk.bench.decided(&desk.device, true).await;
    let (app, kiosk) = (&desk.bench.app, ClientId::parse("kiosk").unwrap());
    let client = app.store.client(&kiosk).await.unwrap().unwrap();
    let id = AuthReqId::parse(asked.text("auth_req_id")).unwrap();
    let tokens = crate::http::op::issuance::redeem_for_push(app, &client, &id)
        .await
        .unwrap();
    // EXPOSE: shown to introspection.
    let shown = desk.introspect(tokens.access_token.expose()).await;
    assert_eq!(shown["cnf"]["x5t#S256"], thumbprint("one"));
}
