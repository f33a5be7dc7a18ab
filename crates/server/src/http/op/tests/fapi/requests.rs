//! What may be asked, and how it must be signed.

use super::*;

/// Conformance: FAPI-CIBA-5.2.2-signed, FAPI-CIBA-5.2.2-context, FAPI-CIBA-5.2.2-request-context
#[tokio::test]
async fn every_request_is_signed_and_has_a_context() {
    let fapi = Fapi::new().await;
    for id in CLIENTS {
        let plain = format!(
            "scope=openid&login_hint=hanako&binding_message=Desk&client_notification_token={NOTIFICATION_TOKEN}"
        );
        let proof = fapi.proof(id);
        fapi.refuses("unsigned", BACKCHANNEL, (&proof, &plain), FAULTY)
            .await;
        let bare = with(fapi.request(id), "binding_message", Value::Null);
        let request = fapi.object(&bare);
        let proof = fapi.proof(id);
        fapi.refuses("no context", BACKCHANNEL, (&proof, &request), FAULTY)
            .await;
        for (name, value) in [
            ("binding_message", json!("Desk 5")),
            ("request_context", json!({ "place": "Oslo" })),
            (
                "authorization_details",
                json!([{ "type": "payment", "value": 1 }]),
            ),
        ] {
            let mut claims = with(bare.clone(), name, value);
            claims["jti"] = json!(format!("{id} {name}"));
            let request = fapi.object(&claims);
            let reply = fapi.post(BACKCHANNEL, &fapi.proof(id), &request).await;
            assert_eq!(reply.status, StatusCode::OK, "{id} {name}: {reply:?}");
        }
    }
    let long = with(
        fapi.request("poll-jwt"),
        "binding_message",
        json!("1234".repeat(100)),
    );
    let (proof, request) = (fapi.proof("poll-jwt"), fapi.object(&long));
    let expected = (400, "invalid_binding_message");
    fapi.refuses("too long", BACKCHANNEL, (&proof, &request), expected)
        .await;
}

/// Conformance: FAPI-CIBA-7.10-algs, CIBA-7.1.1-signature
#[tokio::test]
async fn requests_are_signed_by_es256_and_ps256_with_the_clients_key_and_by_nothing_else() {
    let fapi = Fapi::new().await;
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    for id in CLIENTS {
        let claims = || fapi.request(id);
        for header in [
            json!({ "alg": "ES256" }),
            json!({ "alg": "ES256", "kid": "p256" }),
            json!({ "alg": "PS256" }),
            json!({ "alg": "PS256", "kid": "rsa", "typ": "oauth-authz-req+jwt" }),
        ] {
            let request = fapi.object_by(&header, &claims());
            let reply = fapi.post(BACKCHANNEL, &fapi.proof(id), &request).await;
            assert_eq!(reply.status, StatusCode::OK, "{id} {header}: {reply:?}");
        }
        let mut refused: Vec<(String, String)> = [
            json!({ "alg": "RS256" }),
            json!({ "alg": "RS256", "kid": "rsa" }),
            json!({ "alg": "EdDSA" }),
            json!({ "alg": "EdDSA", "kid": "ed25519" }),
            json!({ "alg": "Ed25519" }),
            json!({ "alg": "HS256" }),
            json!({ "alg": "HS256", "kid": "p256" }),
            json!({ "alg": "none" }),
            json!({ "alg": "ES256", "kid": "rsa" }),
            json!({ "alg": "ES256", "kid": "nobodys" }),
            json!({ "alg": "PS256", "kid": "p256" }),
            json!({ "alg": "ES256", "typ": "dpop+jwt" }),
            json!({ "alg": "ES256", "crit": ["exp"] }),
        ]
        .iter()
        .map(|header| (header.to_string(), fapi.object_by(header, &claims())))
        .collect();
        let foreign = client_assertion::sign(&stranger, &json!({ "alg": "ES256" }), &claims());
        let whole = fapi.object(&claims());
        let (cut, _) = whole.rsplit_once('.').unwrap();
        refused.extend([
            ("another key".to_owned(), format!("request={foreign}")),
            ("cut".to_owned(), cut.to_owned()),
            ("no signature".to_owned(), format!("{cut}.")),
        ]);
        for (what, request) in refused {
            let (what, proof) = (format!("{id}: {what}"), fapi.proof(id));
            fapi.refuses(&what, BACKCHANNEL, (&proof, &request), FAULTY)
                .await;
        }
    }
}

/// Conformance: CIBA-7.1.1-claims, CIBA-7.1.1-outside, CIBA-7.1.1-once, FAPI-CIBA-5.2.2-lifetime, FAPI1-A-5.2.2-nbf, FAPI1-A-5.2.2-aud
#[tokio::test]
async fn every_fault_of_a_request_object_is_an_invalid_request_of_every_kind_of_client() {
    let fapi = Fapi::new().await;
    let now = fapi.bench.now().0;
    for id in CLIENTS {
        let others = [
            ("iss", json!("ping-jwt-2"), ""),
            ("aud", json!("http://localhost:8480/token"), ""),
            (
                "aud",
                json!("http://localhost:8480/backchannel-authentication"),
                "",
            ),
        ];
        for (name, value, _) in request_object::faults(now).into_iter().chain(others) {
            let claims = with(fapi.request(id), name, value);
            let what = format!("{id}: {claims}");
            let (proof, request) = (fapi.proof(id), fapi.object(&claims));
            fapi.refuses(&what, BACKCHANNEL, (&proof, &request), FAULTY)
                .await;
        }
        for outside in [
            "scope=openid",
            "login_hint=hanako",
            "binding_message=Desk",
            "request_uri=urn%3Aa",
        ] {
            let request = format!("{}&{outside}", fapi.object(&fapi.request(id)));
            let proof = fapi.proof(id);
            fapi.refuses(outside, BACKCHANNEL, (&proof, &request), FAULTY)
                .await;
        }
        let once = fapi.object(&fapi.request(id));
        let reply = fapi.post(BACKCHANNEL, &fapi.proof(id), &once).await;
        assert_eq!(reply.status, StatusCode::OK, "{id}: {reply:?}");
        let proof = fapi.proof(id);
        fapi.refuses("used before", BACKCHANNEL, (&proof, &once), FAULTY)
            .await;
    }
}
