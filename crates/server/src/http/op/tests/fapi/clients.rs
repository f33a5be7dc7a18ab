//! Who may ask at all.

use super::*;

/// `secret-jwt` with an assertion under its secret.
pub(super) fn by_secret(fapi: &Fapi) -> Proof {
    let id = ClientId::parse("secret-jwt").unwrap();
    let salt = Sha256Digest::of(SECRET.as_bytes());
    let secret = fapi.bench.app.keys.client_secret(&id, &salt);
    let signed = signed_part(&json!({ "alg": "HS256" }), &fapi.assertion("secret-jwt"));
    // EXPOSE: used as the client would.
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    fapi.by_assertion(
        "secret-jwt",
        &format!("{signed}.{}", encode_b64u(tag.as_ref())),
    )
}

/// The rows are sent without the profile too, so that what is refused is refused for the profile's sake.
///
/// Conformance: FAPI-CIBA-5.2.2-confidential, FAPI-CIBA-5.2.2-no-push, FAPI1-A-5.2.2-client-auth, CIBA-13-unauthorized-client
#[tokio::test]
async fn secrets_push_and_other_algorithms_are_for_other_profiles() {
    let unauthorized = (400, "unauthorized_client");
    for profile in [Profile::Standard, Profile::FapiCiba] {
        let fapi = Fapi::with(|config| config.profile = profile).await;
        let certificate = |id: &str| Some(fapi.certificates[id].clone());
        let rows = [
            (
                "basic",
                Proof {
                    certificate: certificate("basic"),
                    authorization: Some(basic("basic", SECRET)),
                    ..Proof::default()
                },
                REFUSED,
            ),
            (
                "post",
                Proof {
                    certificate: certificate("post"),
                    form: "client_id=post&client_secret=s%2Bc%25r%3At".to_owned(),
                    ..Proof::default()
                },
                REFUSED,
            ),
            ("secret-jwt", by_secret(&fapi), REFUSED),
            ("push-jwt", fapi.proof("push-jwt"), unauthorized),
            ("edwards-jwt", fapi.proof("edwards-jwt"), unauthorized),
        ];
        for (id, proof, expected) in rows {
            let claims = fapi.request(id);
            let request = fapi.object(&claims);
            if profile == Profile::FapiCiba {
                let with = (&proof, request.as_str());
                fapi.refuses(id, BACKCHANNEL, with, expected).await;
            } else {
                let reply = fapi.post(BACKCHANNEL, &proof, &request).await;
                assert_eq!(reply.status, StatusCode::OK, "{id}: {reply:?}");
            }
        }
    }
}

/// Conformance: FAPI-CIBA-5.2.2-confidential, FAPI1-A-5.2.2-client-auth
#[tokio::test]
async fn a_client_that_only_says_who_it_is_is_nobody() {
    let fapi = Fapi::new().await;
    let said = |form: &str| Proof {
        form: form.to_owned(),
        ..Proof::default()
    };
    let token = format!("{GRANT}&auth_req_id={}", fapi.asked("poll-jwt").await);
    for form in [
        "",
        "client_id=",
        "client_id=poll-mtls",
        "client_id=poll-jwt",
        "client_id=ping-jwt",
        "client_id=basic",
        "client_id=post",
        "client_id=secret-jwt",
        "client_id=nobody",
    ] {
        let request = fapi.object(&fapi.request("poll-jwt"));
        let shown = said(form);
        for (path, more) in [
            (BACKCHANNEL, request.as_str()),
            ("/token", token.as_str()),
            ("/introspect", "token=x"),
            ("/revoke", "token=x"),
        ] {
            let what = format!("{form:?} at {path}");
            fapi.refuses(&what, path, (&shown, more), REFUSED).await;
        }
    }
}

/// Conformance: FAPI1-B-5.2.2-client-id
#[tokio::test]
async fn a_client_id_that_is_another_clients_authenticates_nobody() {
    let fapi = Fapi::new().await;
    for (id, said) in [
        ("poll-jwt", "ping-jwt"),
        ("poll-jwt", "poll-mtls"),
        ("ping-jwt", "nobody"),
        ("poll-mtls", "ping-mtls"),
        ("ping-mtls", "poll-mtls"),
        ("poll-mtls", "poll-jwt"),
    ] {
        let asked = fapi.approved(id).await;
        let collects = format!("{GRANT}&auth_req_id={asked}");
        for path in [BACKCHANNEL, "/token"] {
            let mut proof = fapi.proof(id);
            if id.ends_with("-mtls") {
                proof.form = format!("client_id={said}");
            } else {
                proof.form = format!("{}&client_id={said}", proof.form);
            }
            let request = fapi.object(&fapi.request(id));
            let more = if path == "/token" {
                &collects
            } else {
                &request
            };
            let what = format!("{id} as {said} at {path}");
            fapi.refuses(&what, path, (&proof, more), REFUSED).await;
        }
        let reply = fapi.collect(&fapi.proof(id), &asked).await;
        assert_eq!(reply.status, StatusCode::OK, "{id}: {reply:?}");
    }
}
