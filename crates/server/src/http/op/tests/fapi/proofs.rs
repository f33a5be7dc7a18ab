//! Every fault of an assertion and of a certificate, at every place where they are shown.

use super::*;
use rcgen::date_time_ymd;

/// Conformance: AUTH-private-key-jwt, AUTH-audience, CIBA-7.1-audience
#[tokio::test]
async fn every_fault_of_an_assertion_is_an_invalid_client_with_both_settings_of_the_audience() {
    for setting in [AssertionAudience::IssuerOnly, AssertionAudience::CibaCore] {
        let fapi = Fapi::with(|config| {
            config.profile = Profile::FapiCiba;
            config.assertion_audience = setting;
        })
        .await;
        let id = "poll-jwt";
        let assertion = |name: &str, value: Value| {
            let claims = with(fapi.assertion(id), name, value);
            let signed = fapi.signed(&json!({ "alg": "ES256" }), &claims);
            (claims.to_string(), fapi.by_assertion(id, &signed))
        };
        for (name, value) in client_assertion::faults(fapi.bench.now().0) {
            let (what, proof) = assertion(name, value);
            let request = fapi.object(&fapi.request(id));
            fapi.refuses(&what, BACKCHANNEL, (&proof, &request), REFUSED)
                .await;
        }
        for value in client_assertion::audiences_beside_the_issuer() {
            let accepted =
                setting == AssertionAudience::CibaCore && value != json!("http://localhost:8480/");
            let (what, proof) = assertion("aud", value);
            let request = fapi.object(&fapi.request(id));
            if accepted {
                let reply = fapi.post(BACKCHANNEL, &proof, &request).await;
                assert_eq!(reply.status, StatusCode::OK, "{what}: {reply:?}");
            } else {
                fapi.refuses(&what, BACKCHANNEL, (&proof, &request), REFUSED)
                    .await;
            }
        }
    }
}

/// Conformance: AUTH-private-key-jwt, AUTH-jti, FAPI-CIBA-7.10-algs
#[tokio::test]
async fn assertions_are_signed_by_es256_and_ps256_with_the_clients_key_and_are_good_once() {
    let fapi = Fapi::new().await;
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    for id in ["poll-jwt", "ping-jwt"] {
        let collects = format!("{GRANT}&auth_req_id={}", fapi.approved(id).await);
        let signed = |header: &Value| fapi.signed(header, &fapi.assertion(id));
        let mut refused: Vec<String> = [
            json!({ "alg": "RS256" }),
            json!({ "alg": "RS256", "kid": "rsa" }),
            json!({ "alg": "EdDSA" }),
            json!({ "alg": "EdDSA", "kid": "ed25519" }),
            json!({ "alg": "Ed25519" }),
            json!({ "alg": "HS256" }),
            json!({ "alg": "none" }),
            json!({ "alg": "ES256", "kid": "rsa" }),
            json!({ "alg": "ES256", "kid": "nobodys" }),
            json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" }),
        ]
        .iter()
        .map(signed)
        .collect();
        let header = json!({ "alg": "ES256" });
        refused.push(client_assertion::sign(
            &stranger,
            &header,
            &fapi.assertion(id),
        ));
        refused.push("x".to_owned());
        for assertion in refused {
            let proof = fapi.by_assertion(id, &assertion);
            for path in [BACKCHANNEL, "/token"] {
                let request = fapi.object(&fapi.request(id));
                let more = if path == "/token" {
                    &collects
                } else {
                    &request
                };
                fapi.refuses(&assertion, path, (&proof, more), REFUSED)
                    .await;
            }
        }
        for header in [
            json!({ "alg": "ES256", "kid": "p256" }),
            json!({ "alg": "PS256", "kid": "rsa" }),
        ] {
            let proof = fapi.by_assertion(id, &signed(&header));
            let request = fapi.object(&fapi.request(id));
            let reply = fapi.post(BACKCHANNEL, &proof, &request).await;
            assert_eq!(reply.status, StatusCode::OK, "{id} {header}: {reply:?}");
            for path in [BACKCHANNEL, "/token"] {
                let request = fapi.object(&fapi.request(id));
                let more = if path == "/token" {
                    &collects
                } else {
                    &request
                };
                fapi.refuses("used before", path, (&proof, more), REFUSED)
                    .await;
            }
        }
        let reply = fapi.post("/token", &fapi.proof(id), &collects).await;
        assert_eq!(reply.status, StatusCode::OK, "{id}: {reply:?}");
    }
}

/// Conformance: RFC8705-2.1, FAPI1-A-5.2.2-mtls-bound
#[tokio::test]
async fn every_fault_of_a_certificate_is_refused_wherever_it_is_shown() {
    let fapi = Fapi::new().await;
    let stranger = authority();
    for (id, other) in [("poll-mtls", "ping-mtls"), ("ping-mtls", "poll-mtls")] {
        let asked = fapi.approved(id).await;
        let tokens = fapi
            .collect(&fapi.proof(id), &fapi.approved(id).await)
            .await;
        let token = tokens.text("access_token");
        let over = fapi.certify(id, |params| params.not_after = date_time_ymd(2027, 1, 14));
        let early = fapi.certify(id, |params| params.not_before = date_time_ymd(2027, 1, 16));
        for (what, certificate) in [
            ("none", None),
            ("the other client's", Some(fapi.certificates[other].clone())),
            ("over", Some(over)),
            ("not valid yet", Some(early)),
            (
                "by another authority",
                Some(certified(id, &stranger, |_| {})),
            ),
            ("for another name", Some(fapi.certify("elsewhere", |_| {}))),
        ] {
            let proof = Proof {
                certificate: certificate.clone(),
                ..fapi.proof(id)
            };
            let what = format!("{id}: {what}");
            let request = fapi.object(&fapi.request(id));
            let collects = format!("{GRANT}&auth_req_id={asked}");
            for (path, more) in [
                (BACKCHANNEL, request),
                ("/token", collects),
                ("/introspect", format!("token={token}")),
                ("/revoke", format!("token={token}")),
            ] {
                fapi.refuses(&what, path, (&proof, &more), REFUSED).await;
            }
            let refused = fapi.userinfo(token, certificate.as_ref()).await;
            assert_eq!(refused.error(), (401, "invalid_token"), "{what}");
        }
        let mine = &fapi.certificates[id];
        let reply = fapi.userinfo(token, Some(mine)).await;
        assert_eq!(reply.status, StatusCode::OK, "{id}: {reply:?}");
        let reply = fapi.collect(&fapi.proof(id), &asked).await;
        assert_eq!(reply.status, StatusCode::OK, "{id}: {reply:?}");
    }
}

/// Their registration says nothing of certificates; the profile does.
///
/// Conformance: FAPI1-A-5.2.2-mtls-bound, RFC8705-3, CIBA-5-binding
#[tokio::test]
async fn a_client_with_assertions_gets_tokens_for_the_certificate_that_it_asked_with() {
    let fapi = Fapi::new().await;
    for (id, other) in [("poll-jwt", "ping-jwt"), ("ping-jwt", "poll-jwt")] {
        let asked = fapi.approved(id).await;
        let shown = |certificate: Option<&ClientCertificate>| Proof {
            certificate: certificate.cloned(),
            ..fapi.proof(id)
        };
        let (mine, swapped) = (&fapi.certificates[id], &fapi.certificates[other]);
        let collects = format!("{GRANT}&auth_req_id={asked}");
        fapi.refuses("none", "/token", (&shown(None), &collects), FAULTY)
            .await;
        let swap = shown(Some(swapped));
        let expected = (400, "invalid_grant");
        fapi.refuses("the other client's", "/token", (&swap, &collects), expected)
            .await;
        let tokens = fapi.post("/token", &shown(Some(mine)), &collects).await;
        let token = tokens.text("access_token");
        for certificate in [None, Some(swapped)] {
            let refused = fapi.userinfo(token, certificate).await;
            assert_eq!(refused.error(), (401, "invalid_token"), "{id}");
        }
        let reply = fapi.userinfo(token, Some(mine)).await;
        assert_eq!(reply.status, StatusCode::OK, "{id}: {reply:?}");

        // Whoever asks without one collects with any, and with one.
        let request = fapi.object(&fapi.request(id));
        let asked = fapi.post(BACKCHANNEL, &shown(None), &request).await;
        let collects = format!("{GRANT}&auth_req_id={}", asked.text("auth_req_id"));
        fapi.bench.decided(&fapi.device, true).await;
        fapi.refuses("none", "/token", (&shown(None), &collects), FAULTY)
            .await;
        let tokens = fapi.post("/token", &shown(Some(swapped)), &collects).await;
        let token = tokens.text("access_token");
        let refused = fapi.userinfo(token, Some(mine)).await;
        assert_eq!(refused.error(), (401, "invalid_token"), "{id}");
    }
}

/// Conformance: FAPI1-A-5.2.2-mtls-bound
#[tokio::test]
async fn tokens_that_were_issued_unbound_are_good_for_nothing_once_the_profile_is_on() {
    let fapi = Fapi::with(|config| config.profile = Profile::Standard).await;
    let asked = fapi.approved("poll-jwt").await;
    let proof = |fapi: &Fapi| Proof {
        certificate: None,
        ..fapi.proof("poll-jwt")
    };
    let tokens = fapi.collect(&proof(&fapi), &asked).await;
    let token = tokens.text("access_token").to_owned();
    assert_eq!(fapi.userinfo(&token, None).await.status, StatusCode::OK);
    let form = format!("token={token}");
    let shown = fapi.post("/introspect", &proof(&fapi), &form).await;
    assert_eq!(shown.json["active"], true, "{shown:?}");

    let fapi = fapi.restarted(Profile::FapiCiba).await;
    let mine = &fapi.certificates["poll-jwt"];
    for certificate in [None, Some(mine)] {
        let refused = fapi.userinfo(&token, certificate).await;
        assert_eq!(refused.error(), (401, "invalid_token"));
    }
    let shown = fapi.post("/introspect", &proof(&fapi), &form).await;
    assert_eq!(shown.json, json!({ "active": false }));
    let bound = fapi
        .collect(&fapi.proof("poll-jwt"), &fapi.approved("poll-jwt").await)
        .await;
    let form = format!("token={}", bound.text("access_token"));
    let shown = fapi.post("/introspect", &proof(&fapi), &form).await;
    assert_eq!(shown.json["active"], true, "{shown:?}");
}
