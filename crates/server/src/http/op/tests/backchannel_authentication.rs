use super::{bench::TestClock, *};
use crate::{
    config::Config,
    domain::{BindingMessageUse, Transfer, TransferSource},
    storage::ops::DecideOutcome,
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tegata_protocol::{Rng, SystemRng};

const PATH: &str = "/backchannel-authentication";

/// Conformance: CIBA-7.3-response, CIBA-7.3-entropy, CIBA-7.1-login-hint
#[tokio::test]
async fn an_accepted_request_is_acknowledged_in_full_and_put_to_the_device() {
    let bench = Bench::new().await;
    let (device, _) = bench.pair("hanako").await;
    let reply = bench.ask(DEFAULTS).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(reply.headers[header::CONTENT_TYPE], "application/json");
    let members: Vec<_> = reply.json.as_object().unwrap().keys().collect();
    assert_eq!(members, ["auth_req_id", "expires_in", "interval"]);
    assert_eq!(reply.text("auth_req_id").len(), 43);
    assert_eq!(
        (&reply.json["expires_in"], &reply.json["interval"]),
        (&120.into(), &5.into())
    );
    assert_eq!(bench.open_prompts(&device).await, 1);
}

/// Conformance: CIBA-7.1-scope, CIBA-7.1-one-hint, CIBA-13-invalid-request, CIBA-13-invalid-scope, CIBA-13-unknown-user, CIBA-7.1-binding-message, CIBA-7.1-requested-expiry, CIBA-13-body
/// Conformance: CIBA-7.1-post, CIBA-7.2-duplicate
#[tokio::test]
async fn every_bad_parameter_has_its_error() {
    let bench = Bench::new().await;
    let long = "x".repeat(141);
    let cases = [
        ("login_hint=hanako", 400, "invalid_request"),
        ("scope=&login_hint=hanako", 400, "invalid_request"),
        ("scope=profile&login_hint=hanako", 400, "invalid_scope"),
        ("scope=openid%09x&login_hint=hanako", 400, "invalid_scope"),
        ("scope=openid", 400, "invalid_request"),
        ("scope=openid&login_hint=", 400, "invalid_request"),
        (
            "scope=openid&login_hint=hanako&id_token_hint=x",
            400,
            "invalid_request",
        ),
        (
            "scope=openid&login_hint=hanako&login_hint_token=x",
            400,
            "invalid_request",
        ),
        ("scope=openid&login_hint_token=x", 400, "invalid_request"),
        ("scope=openid&id_token_hint=x", 400, "invalid_request"),
        ("scope=openid&login_hint=nobody", 400, "unknown_user_id"),
        ("scope=openid&login_hint=h%20a%20n", 400, "unknown_user_id"),
        (
            "scope=openid&login_hint=hanako&requested_expiry=0",
            400,
            "invalid_request",
        ),
        (
            "scope=openid&login_hint=hanako&requested_expiry=-5",
            400,
            "invalid_request",
        ),
        (
            "scope=openid&login_hint=hanako&requested_expiry=%2B5",
            400,
            "invalid_request",
        ),
        (
            "scope=openid&login_hint=hanako&requested_expiry=1.5",
            400,
            "invalid_request",
        ),
        (
            "scope=openid&login_hint=hanako&requested_expiry=soon",
            400,
            "invalid_request",
        ),
        (
            "scope=openid&login_hint=hanako&binding_message=a%0Ab",
            400,
            "invalid_binding_message",
        ),
        (
            "scope=openid&login_hint=hanako&binding_message=a%E2%80%AEb",
            400,
            "invalid_binding_message",
        ),
        (
            "scope=openid&login_hint=hanako&acr_values=a%00b",
            400,
            "invalid_request",
        ),
        (
            "scope=openid&login_hint=hanako&request=e30.e30.",
            400,
            "invalid_request",
        ),
        (
            "scope=openid&login_hint=hanako&authorization_details=%5B%5D",
            400,
            "invalid_authorization_details",
        ),
        (
            "scope=openid&scope=openid&login_hint=hanako",
            400,
            "invalid_request",
        ),
        (
            "scope=openid&login_hint=hanako&x=1&x=2",
            400,
            "invalid_request",
        ),
        ("scope=openid&login_hint=%FF", 400, "invalid_request"),
    ];
    for (form, status, error) in cases {
        assert_eq!(bench.ask(form).await.error(), (status, error), "{form}");
    }
    let form = format!("{DEFAULTS}&binding_message={long}");
    assert_eq!(
        bench.ask(&form).await.error(),
        (400, "invalid_binding_message")
    );
}

/// Conformance: CIBA-7.2-unknown
#[tokio::test]
async fn what_is_empty_or_unknown_is_ignored() {
    let bench = Bench::new().await;
    let form = format!(
        "{DEFAULTS}&binding_message=&id_token_hint=&user_code=1234&client_notification_token=x&wholly_unknown=1"
    );
    assert_eq!(bench.ask(&form).await.status, StatusCode::OK);
}

/// Conformance: CIBA-7.1-post
#[tokio::test]
async fn the_body_must_be_one_form_of_bounded_size() {
    let bench = Bench::new().await;
    for content_type in ["application/json", "multipart/form-data", "text/plain"] {
        let request = Request::post(PATH)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::AUTHORIZATION, basic("kiosk", SECRET))
            .body(Body::from(DEFAULTS))
            .unwrap();
        assert_eq!(
            bench.send(request).await.error(),
            (400, "invalid_request"),
            "{content_type}"
        );
    }
    let without_type = Request::post(PATH)
        .header(header::AUTHORIZATION, basic("kiosk", SECRET))
        .body(Body::from(DEFAULTS))
        .unwrap();
    assert_eq!(
        bench.send(without_type).await.error(),
        (400, "invalid_request")
    );
    let padding = "x".repeat(64 * 1024);
    let reply = bench.ask(&format!("{DEFAULTS}&padding={padding}")).await;
    assert_eq!(reply.error(), (413, "invalid_request"));
    assert_eq!(bench.get(PATH).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

/// Conformance: CIBA-7.2-order, CIBA-7.1-client-auth, CIBA-13-invalid-client, AUTH-challenge, AUTH-one-method
#[tokio::test]
async fn the_client_is_authenticated_before_parameters_are_looked_at() {
    let bench = Bench::new().await;
    let challenge = Some(r#"Basic realm="tegata", charset="UTF-8""#);
    let sent = |reply: &Reply| {
        reply
            .headers
            .get(header::WWW_AUTHENTICATE)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    for authorization in [
        basic("kiosk", "wrong"),
        basic("kiosk", ""),
        basic("nobody", SECRET),
        basic("keyed", SECRET),
        "Basic !".to_owned(),
        "Basic".to_owned(),
        "Bearer abc".to_owned(),
        // The secret as it is, not form-encoded: `+` would mean a space and `%r` is no escape.
        format!(
            "Basic {}",
            data_encoding::BASE64.encode(format!("kiosk:{SECRET}").as_bytes())
        ),
    ] {
        let reply = bench.post(PATH, &authorization, "scope=nonsense").await;
        assert_eq!(reply.error(), (401, "invalid_client"), "{authorization}");
        assert_eq!(sent(&reply).as_deref(), challenge, "{authorization}");
    }
    for form in ["", &format!("{DEFAULTS}&client_id=kiosk&client_secret=x")] {
        let reply = bench.post(PATH, "", form).await;
        assert_eq!(reply.error(), (401, "invalid_client"), "{form}");
        assert_eq!(
            sent(&reply),
            None,
            "no challenge unless the header was used"
        );
    }
    let kiosk = basic("kiosk", SECRET);
    for form in [
        "client_secret=x",
        "client_assertion=x&client_assertion_type=y",
        "client_assertion=x",
    ] {
        let reply = bench
            .post(PATH, &kiosk, &format!("{DEFAULTS}&{form}"))
            .await;
        assert_eq!(
            reply.error(),
            (400, "invalid_request"),
            "two methods: {form}"
        );
    }
    let reply = bench
        .post(PATH, &kiosk, &format!("{DEFAULTS}&client_id=other"))
        .await;
    assert_eq!(reply.error(), (401, "invalid_client"));
    let reply = bench
        .post(PATH, &kiosk, &format!("{DEFAULTS}&client_id=kiosk"))
        .await;
    assert_eq!(reply.status, StatusCode::OK);
}

/// Conformance: AUTH-basic
#[tokio::test]
async fn basic_credentials_are_form_decoded_and_their_scheme_has_no_case() {
    let bench = Bench::new().await;
    let encoded = data_encoding::BASE64.encode(b"%6B%69osk:s%2Bc%25r%3at");
    for scheme in ["Basic", "basic", "BASIC"] {
        let reply = bench
            .post(PATH, &format!("{scheme} {encoded}"), DEFAULTS)
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{scheme}");
    }
}

/// Conformance: CIBA-7.1-requested-expiry
#[tokio::test]
async fn requested_expiry_is_kept_up_to_the_longest() {
    let bench = Bench::new().await;
    for (asked, given) in [
        ("30", 30),
        ("300", 300),
        ("301", 300),
        ("99999999999999999999", 300),
    ] {
        let reply = bench
            .ask(&format!("{DEFAULTS}&requested_expiry={asked}"))
            .await;
        assert_eq!(reply.json["expires_in"], given, "{asked}");
    }
}

/// Conformance: CIBA-7.1-login-hint
#[tokio::test]
async fn login_hint_may_be_issuer_and_sub() {
    let bench = Bench::new().await;
    let hint = |iss: &str, sub: &str, format: &str| {
        let json = serde_json::json!({ "format": format, "iss": iss, "sub": sub }).to_string();
        let encoded: String = form_urlencoded::byte_serialize(json.as_bytes()).collect();
        format!("scope=openid&login_hint={encoded}")
    };
    let issuer = "http://localhost:8480";
    assert_eq!(
        bench
            .ask(&hint(issuer, "sub-hanako", "iss_sub"))
            .await
            .status,
        StatusCode::OK
    );
    for form in [
        hint("http://localhost:1", "sub-hanako", "iss_sub"),
        hint(issuer, "hanako", "iss_sub"),
        hint(issuer, "sub-hanako", "opaque"),
    ] {
        assert_eq!(
            bench.ask(&form).await.error(),
            (400, "unknown_user_id"),
            "{form}"
        );
    }
}

#[tokio::test]
async fn a_minted_code_is_told_once_and_approves() {
    let bench = Bench::with(|kiosk| kiosk.transfer_code = true).await;
    let device = bench.pair("hanako").await;
    let reply = bench
        .ask(&format!("{DEFAULTS}&binding_message=Desk%204"))
        .await;
    let code = reply.text("transfer_code");
    assert!(
        code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()),
        "{code}"
    );
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let outcome = bench.decide(&device, true, Some(wrong)).await;
    assert_eq!(outcome, DecideOutcome::TransferMismatch { tries_left: 2 });
    let outcome = bench.decide(&device, true, Some(code)).await;
    assert!(
        matches!(outcome, DecideOutcome::Recorded { .. }),
        "{outcome:?}"
    );
    let tokens = bench.poll("kiosk", reply.text("auth_req_id")).await;
    assert_eq!(tokens.status, StatusCode::OK);
    assert!(
        !tokens.json.to_string().contains(code),
        "the code is not repeated"
    );
}

/// Draws the codes 000000, 000000, 000001, …; everything else at random.
#[derive(Default)]
struct RepeatingCodes {
    drawn: AtomicU64,
    random: SystemRng,
}

impl Rng for RepeatingCodes {
    fn fill(&self, out: &mut [u8]) {
        if out.len() == 8 {
            let code = self.drawn.fetch_add(1, Ordering::SeqCst).saturating_sub(1);
            out.copy_from_slice(&code.to_be_bytes());
        } else {
            self.random.fill(out);
        }
    }
}

#[tokio::test]
async fn a_minted_code_that_is_pending_is_not_given_out_again() {
    let draws = Arc::new(RepeatingCodes::default());
    let bench = Bench::drawing_from(
        draws,
        Config::default(),
        8480,
        TestClock::standing(),
        |kiosk| {
            kiosk.transfer_code = true;
        },
    )
    .await;
    // A code is taken while somebody is asked for it.
    bench.pair("hanako").await;
    assert_eq!(bench.ask(DEFAULTS).await.text("transfer_code"), "000000");
    assert_eq!(bench.ask(DEFAULTS).await.text("transfer_code"), "000001");
}

#[tokio::test]
async fn a_binding_message_that_is_the_code_must_look_like_one_and_be_new() {
    let bench = Bench::with(|kiosk| kiosk.binding_message = BindingMessageUse::Transfer).await;
    let ask = |account: &str, message: &str| {
        format!("scope=openid&login_hint={account}&binding_message={message}")
    };
    for bad in ["Desk%204", "w7r2k9", "W7R2K", "W7R2K9W7R", "W7R2KI"] {
        let reply = bench.ask(&ask("hanako", bad)).await;
        assert_eq!(reply.error(), (400, "invalid_binding_message"), "{bad}");
    }
    assert_eq!(
        bench.ask(DEFAULTS).await.error(),
        (400, "invalid_request"),
        "it is required"
    );

    let reply = bench.ask(&ask("hanako", "W7R2K9")).await;
    assert_eq!(
        reply.json.get("transfer_code"),
        None,
        "the client has it already"
    );
    let transfer = bench.transfer_of(reply.text("auth_req_id")).await;
    assert!(
        matches!(
            transfer,
            Transfer::Code {
                source: TransferSource::BindingMessage,
                length: 6,
                ..
            }
        ),
        "{transfer:?}"
    );
    assert_eq!(
        bench.ask(&ask("hanako", "W7R2K9")).await.error(),
        (400, "invalid_binding_message")
    );
    assert_eq!(
        bench.ask(&ask("taro", "W7R2K9")).await.status,
        StatusCode::OK
    );
    bench.advance(3_601_000);
    assert_eq!(
        bench.ask(&ask("hanako", "W7R2K9")).await.status,
        StatusCode::OK,
        "an hour later"
    );
}

/// Conformance: CIBA-7.1-binding-message
#[tokio::test]
async fn a_client_registered_without_binding_messages_may_not_send_one() {
    let bench = Bench::with(|kiosk| kiosk.binding_message = BindingMessageUse::Refuse).await;
    let reply = bench
        .ask(&format!("{DEFAULTS}&binding_message=Desk%204"))
        .await;
    assert_eq!(reply.error(), (400, "invalid_binding_message"));
    assert_eq!(bench.ask(DEFAULTS).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_cannot_tell_whether_anybody_is_asked() {
    let bench = Bench::new().await;
    let without_device = bench.ask("scope=openid&login_hint=taro").await;
    let (device, _) = bench.pair("hanako").await;
    let mut replies = vec![without_device];
    for _ in 0..3 {
        replies.push(bench.ask(DEFAULTS).await);
    }
    assert_eq!(
        bench.open_prompts(&device).await,
        2,
        "the third is over the client's budget"
    );
    for reply in &replies {
        assert_eq!(reply.status, StatusCode::OK);
        let members: Vec<_> = reply.json.as_object().unwrap().keys().collect();
        assert_eq!(members, ["auth_req_id", "expires_in", "interval"]);
        let pending = bench.poll("kiosk", reply.text("auth_req_id")).await;
        assert_eq!(pending.error(), (400, "authorization_pending"));
    }
}
