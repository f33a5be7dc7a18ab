//! The parameters beyond scope and hint: codes, callbacks' tokens, what is asked to be granted, and context.

use super::{bench::TestClock, *};
use crate::{
    config::Config,
    domain::{Client, Delivery, Kind, RequestFacts},
    storage::ops::SetUserCode,
};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tegata_protocol::{AccountId, AuthReqId, DeviceId, bytes::decode_b64u};

fn encoded(value: &Value) -> String {
    form_urlencoded::byte_serialize(value.to_string().as_bytes()).collect()
}

async fn facts(bench: &Bench, reply: &Reply) -> RequestFacts {
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let id = AuthReqId::parse(reply.text("auth_req_id")).unwrap();
    let read = bench
        .app
        .store
        .read(move |r| r.backchannel_authentication(&id));
    read.await.unwrap().unwrap().facts
}

/// The payload of the device's newest prompt.
async fn prompt(bench: &Bench, device: &DeviceId) -> Value {
    let (device, now) = (device.clone(), bench.now());
    let read = bench.app.store.read(move |r| r.pending(&device, now));
    let set = read.await.unwrap().unwrap();
    let jws = set.prompts.last().unwrap().prompt.clone();
    let payload = decode_b64u(jws.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// Conformance: CIBA-7.1.2-user-code
#[tokio::test]
async fn a_person_with_a_code_is_asked_for_it_by_clients_that_are_registered_for_it() {
    let bench = Bench::with(|kiosk| kiosk.settings.user_code = true).await;
    let reply = bench.ask(&format!("{DEFAULTS}&user_code=whatever")).await;
    assert_eq!(reply.status, StatusCode::OK, "hanako has no code");
    let account = AccountId::parse("id-hanako").unwrap();
    let set = SetUserCode {
        hash: Some(bench.app.keys.user_code_hash(&account, "73 95 11")),
        account,
    };
    bench.app.store.apply(set).await.unwrap();
    assert_eq!(
        bench.ask(DEFAULTS).await.error(),
        (400, "missing_user_code")
    );
    let ask = async |code: &str| bench.ask(&format!("{DEFAULTS}&user_code={code}")).await;
    assert_eq!(ask("73+95+11").await.status, StatusCode::OK);
    for _ in 0..5 {
        assert_eq!(ask("739511").await.error(), (400, "invalid_user_code"));
    }
    let locked = ask("73+95+11").await;
    assert_eq!(locked.error(), (400, "invalid_user_code"), "locked");
    let other = bench
        .post(
            "/backchannel-authentication",
            &basic("other", SECRET),
            DEFAULTS,
        )
        .await;
    assert_eq!(other.status, StatusCode::OK, "not registered for codes");
    let taro = bench.ask("scope=openid&login_hint=taro").await;
    assert_eq!(taro.status, StatusCode::OK, "somebody else's code");
    bench.advance(900_000);
    assert_eq!(ask("73+95+11").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_counts_only_if_the_rest_of_the_request_is_good() {
    let bench = Bench::with(|kiosk| kiosk.settings.user_code = true).await;
    let account = AccountId::parse("id-hanako").unwrap();
    let set = SetUserCode {
        hash: Some(bench.app.keys.user_code_hash(&account, "123456")),
        account,
    };
    bench.app.store.apply(set).await.unwrap();
    for _ in 0..6 {
        let form = format!("{DEFAULTS}&user_code=wrong1&requested_expiry=0");
        assert_eq!(bench.ask(&form).await.error(), (400, "invalid_request"));
    }
    let reply = bench.ask(&format!("{DEFAULTS}&user_code=123456")).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
}

/// Conformance: CIBA-7.1-notification-token, CIBA-7.3-no-interval
#[tokio::test]
async fn ping_and_push_clients_send_a_token_that_can_be_a_bearer_token_and_not_be_guessed() {
    let endpoint = || "https://kiosk.example/ciba".to_owned();
    for delivery in [
        Delivery::Ping {
            endpoint: endpoint(),
        },
        Delivery::Push {
            endpoint: endpoint(),
        },
    ] {
        let is_push = matches!(delivery, Delivery::Push { .. });
        let bench = Bench::with(|kiosk| kiosk.settings.delivery = delivery).await;
        let ask = async |token: &str| {
            let form = format!("{DEFAULTS}&client_notification_token={token}");
            bench.ask(&form).await
        };
        assert_eq!(bench.ask(DEFAULTS).await.error(), (400, "invalid_request"));
        for bad in [
            "",
            "x".repeat(21).as_str(),
            "x".repeat(1025).as_str(),
            "0123456789%20123456789abc",
            "0123456789%3D123456789abc",
            "%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D%3D",
            "0123456789%22123456789abc",
            "0123456789%E6%89%8B23456789abc",
        ] {
            assert_eq!(ask(bad).await.error(), (400, "invalid_request"), "{bad}");
        }
        for good in [
            "8d67dc78-7faa-4d41-aabd-67707b374255",
            "abcdefghijklmnopqrst-._~%2B/%3D%3D",
            "x".repeat(1024).as_str(),
        ] {
            let reply = ask(good).await;
            assert_eq!(reply.status, StatusCode::OK, "{good}: {reply:?}");
            assert_eq!(reply.json.get("interval").is_none(), is_push);
        }
    }
}

/// Conformance: RFC8707-2
#[tokio::test]
async fn resources_are_absolute_uris_and_reach_the_person() {
    let bench = Bench::new().await;
    let (device, _) = bench.pair("hanako").await;
    let form = format!(
        "{DEFAULTS}&resource=https%3A%2F%2Fapi.example%2Fv1%3Fx%3D1&resource=urn%3Aexample%3Aa&resource=urn%3Aexample%3Aa"
    );
    let reply = bench.ask(&form).await;
    let asked = facts(&bench, &reply).await;
    let expected = ["https://api.example/v1?x=1", "urn:example:a"];
    assert_eq!(asked.terms.resource, expected);
    assert_eq!(asked.kind, Kind::Grant);
    assert_eq!(prompt(&bench, &device).await["resource"], json!(expected));
    let many = "&resource=urn%3Aa".repeat(9);
    let distinct = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let distinct = distinct
        .map(|one| format!("&resource=urn%3A{one}"))
        .join("");
    let long = format!("&resource=urn%3A{}", "a".repeat(512));
    assert_eq!(
        bench.ask(&format!("{DEFAULTS}{many}")).await.status,
        StatusCode::OK,
        "one, nine times"
    );
    for bad in [
        "&resource=api",
        "&resource=%2Fapi",
        "&resource=https%3A%2F%2Fapi.example%2F%23x",
        "&resource=https%3A%2F%2Fapi.example%2F%23",
        "&resource=https%3A%2F%2F%E6%89%8B.example",
        "&resource=urn%3Aa%20b",
        "&resource=urn%3Aa&resource=b",
        &distinct,
        &long,
    ] {
        let reply = bench.ask(&format!("{DEFAULTS}{bad}")).await;
        assert_eq!(reply.error(), (400, "invalid_target"), "{bad}");
    }
}

/// Conformance: FAPI-CIBA-5.2.2-request-context
#[tokio::test]
async fn a_request_context_is_kept_and_what_can_be_shown_of_it_is_shown_as_claimed() {
    let bench = Bench::new().await;
    let (device, _) = bench.pair("hanako").await;
    let context = json!({
        "place": "Oslo", "device": "a\nb", "address": 1, "lat": "59.9", "more": { "a": [1] },
    });
    let form = format!("{DEFAULTS}&request_context={}", encoded(&context));
    let reply = bench.ask(&form).await;
    let asked = facts(&bench, &reply).await;
    assert_eq!(
        asked.terms.request_context.map(Value::Object),
        Some(context)
    );
    assert_eq!(
        prompt(&bench, &device).await["context"]["claimed"],
        json!({ "place": "Oslo" })
    );
    let mut deep = json!(1);
    for _ in 0..8 {
        deep = json!([deep]);
    }
    for bad in [
        json!([]),
        json!("x"),
        json!({ "a": deep }),
        json!({ "a": "x".repeat(4096) }),
    ] {
        let form = format!("{DEFAULTS}&request_context={}", encoded(&bad));
        assert_eq!(
            bench.ask(&form).await.error(),
            (400, "invalid_request"),
            "{bad}"
        );
    }
    for bad in [
        "%7B",
        "%7B%22a%22%3A1%2C%22a%22%3A2%7D",
        "%7B%22a%22%3A1.5%7D",
    ] {
        let form = format!("{DEFAULTS}&request_context={bad}");
        assert_eq!(bench.ask(&form).await.error(), (400, "invalid_request"));
    }
}

/// A server that knows payments; `kiosk` is changed by `change`.
async fn paying(change: impl FnOnce(&mut Client)) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("payment.json");
    let content = json!({
        "properties": { "type": {}, "value": { "type": "integer" }, "note": { "type": "string" } },
        "required": ["value"],
        "additionalProperties": false,
    });
    std::fs::write(&schema, content.to_string()).unwrap();
    let config = Config::parse(&format!(
        "[authorization_details.payment]\nschema = {:?}\ntitle = {{ en = \"Payment\", ja = \"支払い\" }}\n\
         labels = {{ \"/value\" = {{ en = \"Cents\", ja = \"セント\" }} }}",
        schema.display().to_string()
    ))
    .unwrap();
    Bench::open(config, 8480, TestClock::standing(), change).await
}

/// Conformance: RFC9396-3
#[tokio::test]
async fn authorization_details_reach_the_prompt_as_they_were_sent_with_labels_beside() {
    let bench = paying(|kiosk| {
        kiosk.settings.authorization_details_types = vec!["payment".to_owned()];
    })
    .await;
    let (device, _) = bench.pair("hanako").await;
    let details = json!([{ "type": "payment", "value": 12350, "note": "本 2冊" }]);
    let form = format!("{DEFAULTS}&authorization_details={}", encoded(&details));
    let asked = facts(&bench, &bench.ask(&form).await).await;
    assert_eq!(Value::Array(asked.terms.authorization_details), details);
    assert_eq!(asked.kind, Kind::Grant);
    let prompt = prompt(&bench, &device).await;
    assert_eq!(prompt["authorization_details"], details);
    assert_eq!(prompt["kind"], "grant");
    assert_eq!(
        prompt["labels"],
        json!([
            { "pointer": "/0/type", "text": "Payment" },
            { "pointer": "/0/value", "text": "Cents" },
        ])
    );
}

/// Conformance: RFC9396-5, RFC9396-10
#[tokio::test]
async fn authorization_details_that_do_not_fit_are_refused() {
    let bench = paying(|kiosk| {
        kiosk.settings.authorization_details_types = vec!["payment".to_owned()];
    })
    .await;
    for bad in [
        "%5B%5D",
        "%5B",
        "x",
        "%7B%22type%22%3A%22payment%22%7D",
        "%5B%7B%22type%22%3A%22payment%22%2C%22type%22%3A%22payment%22%2C%22value%22%3A1%7D%5D",
        "%5B%7B%22type%22%3A%22payment%22%2C%22value%22%3A1.5%7D%5D",
        "%5B%7B%22type%22%3A%22payment%22%2C%22value%22%3A9007199254740992%7D%5D",
        "%5B%7B%22type%22%3A%22payment%22%7D%5D",
        "%5B%7B%22type%22%3A%22other%22%2C%22value%22%3A1%7D%5D",
    ] {
        let form = format!("{DEFAULTS}&authorization_details={bad}");
        let reply = bench.ask(&form).await;
        assert_eq!(
            reply.error(),
            (400, "invalid_authorization_details"),
            "{bad}"
        );
    }
    let good = encoded(&json!([{ "type": "payment", "value": 1 }]));
    let form = format!("{DEFAULTS}&authorization_details={good}");
    let reply = bench
        .post(
            "/backchannel-authentication",
            &basic("other", SECRET),
            &form,
        )
        .await;
    assert_eq!(
        reply.error(),
        (400, "invalid_authorization_details"),
        "not registered for it"
    );
}

#[tokio::test]
async fn a_client_with_refresh_tokens_says_so_in_the_prompt() {
    let bench = Bench::with(|kiosk| kiosk.settings.refresh = true).await;
    let (device, _) = bench.pair("hanako").await;
    let asked = facts(&bench, &bench.ask(DEFAULTS).await).await;
    let until = bench.now().plus(2_592_000);
    assert_eq!(asked.terms.refresh_until, Some(until));
    assert_eq!(prompt(&bench, &device).await["refresh"], json!(until));
}
