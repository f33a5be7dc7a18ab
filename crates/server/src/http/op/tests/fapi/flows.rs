//! Whole flows of the four kinds of clients.

use super::*;
use crate::{
    config::AccessTokenFormat,
    jose::{Algorithm, CompactJws, KeySet},
    notification,
};
use std::time::Duration;

/// The task that tells clients, until it is ended.
struct Worker {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Worker {
    fn start(fapi: &Fapi) -> Self {
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(notification::run(Arc::clone(&fapi.bench.app), stopping));
        Self { stop, task }
    }

    async fn end(self) {
        self.stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(20), self.task)
            .await
            .unwrap()
            .unwrap();
    }
}

/// Waits for the ping number `count`, which must be for `auth_req_id` of the client, and nothing else.
async fn pinged(fapi: &Fapi, count: usize, id: &str, auth_req_id: &str) {
    let all = fapi.receiver.received(count).await;
    let ping = all.last().unwrap();
    assert_eq!(all.len(), count);
    assert_eq!(
        (ping.method.as_str(), ping.path.as_str()),
        ("POST", format!("/{id}").as_str())
    );
    let bearer = format!("Bearer {NOTIFICATION_TOKEN}");
    assert_eq!(ping.header("authorization"), bearer);
    let body: Value = serde_json::from_slice(&ping.body).unwrap();
    assert_eq!(body, json!({ "auth_req_id": auth_req_id }));
}

/// The claims of an ID token that the published keys verify.
async fn verified(fapi: &Fapi, id_token: &str) -> Value {
    let set = KeySet::parse(&fapi.bench.get("/jwks").await.json.to_string());
    let allowed = [Algorithm::Es256, Algorithm::Ps256];
    let jws = CompactJws::parse(id_token, 8192, &allowed).unwrap();
    jws.verify(&set).unwrap();
    let payload = id_token.split('.').nth(1).unwrap();
    serde_json::from_slice(&decode_b64u(payload).unwrap()).unwrap()
}

/// Conformance: FAPI-CIBA-5.2.2-poll, FAPI-CIBA-5.2.2-ping, FAPI-CIBA-5.2.2-acr, FAPI-CIBA-5.2.2-signed, FAPI1-A-5.2.2-mtls-bound
/// Conformance: CIBA-7.1-acr, RFC8705-3, RFC8705-3.2, CIBA-8-decision, CIBA-10.1-ping-polls, CIBA-10.2-post, CIBA-10.1.1-response
#[tokio::test]
async fn poll_and_ping_with_certificates_and_assertions_end_in_tokens_for_the_clients_certificate()
{
    let fapi = Fapi::new().await;
    let worker = Worker::start(&fapi);
    let mut pings = 0;
    for id in CLIENTS {
        let acr = "urn:tegata:acr:software-pin";
        let claims = with(
            fapi.request(id),
            "acr_values",
            json!(format!("urn:a {acr}")),
        );
        let claims = with(claims, "scope", json!("openid profile"));
        let asked = fapi
            .post(BACKCHANNEL, &fapi.proof(id), &fapi.object(&claims))
            .await;
        assert_eq!(asked.status, StatusCode::OK, "{id}: {asked:?}");
        assert!(asked.json["expires_in"].is_u64() && asked.json["interval"].is_u64());
        let asked = asked.text("auth_req_id");
        let pending = fapi.collect(&fapi.proof(id), asked).await;
        assert_eq!(pending.error(), (400, "authorization_pending"), "{id}");
        assert_eq!(fapi.receiver.so_far().len(), pings, "{id}: not decided");

        fapi.bench.decided(&fapi.device, true).await;
        fapi.bench.app.notifier.wake();
        if id.starts_with("ping-") {
            pings += 1;
            pinged(&fapi, pings, id, asked).await;
        }
        let tokens = fapi.collect(&fapi.proof(id), asked).await;
        assert_eq!(tokens.status, StatusCode::OK, "{id}: {tokens:?}");
        assert_eq!(tokens.text("token_type"), "Bearer");
        let said = verified(&fapi, tokens.text("id_token")).await;
        assert_eq!(said["aud"], id);
        assert_eq!(said["acr"], acr, "{id}: asked for");
        assert_eq!(said["sub"], "sub-hanako");

        let certificate = &fapi.certificates[id];
        let token = tokens.text("access_token");
        let shown = fapi
            .post("/introspect", &fapi.proof(id), &format!("token={token}"))
            .await;
        let thumbprint = encode_b64u(&Sha256Digest::of(&certificate.chain[0]).0);
        assert_eq!(shown.json["active"], true, "{id}: {shown:?}");
        assert_eq!(shown.json["cnf"], json!({ "x5t#S256": thumbprint }));
        let person = fapi.userinfo(token, Some(certificate)).await;
        assert_eq!(person.json["sub"], said["sub"], "{id}: {person:?}");
        for other in [None, Some(&fapi.certificates["basic"])] {
            let refused = fapi.userinfo(token, other).await;
            assert_eq!(refused.error(), (401, "invalid_token"), "{id}");
        }
        let again = fapi.collect(&fapi.proof(id), asked).await;
        assert_eq!(again.error(), (400, "invalid_grant"), "{id}");
    }
    worker.end().await;
    assert_eq!(
        fapi.receiver.so_far().len(),
        2,
        "poll clients are not called"
    );
}

/// Conformance: CIBA-11-denied, CIBA-10.2-both
#[tokio::test]
async fn a_denial_is_told_to_ping_clients_and_answered_to_each_that_asks() {
    let fapi = Fapi::new().await;
    let worker = Worker::start(&fapi);
    let mut pings = 0;
    for id in CLIENTS {
        let asked = fapi.asked(id).await;
        fapi.bench.decided(&fapi.device, false).await;
        fapi.bench.app.notifier.wake();
        if id.starts_with("ping-") {
            pings += 1;
            pinged(&fapi, pings, id, &asked).await;
        }
        for _ in 0..2 {
            let denied = fapi.collect(&fapi.proof(id), &asked).await;
            assert_eq!(denied.error(), (400, "access_denied"), "{id}");
        }
    }
    worker.end().await;
}

/// Conformance: RFC8705-3, RFC8705-7.1, FAPI1-A-5.2.2-mtls-bound
#[tokio::test]
async fn refreshed_tokens_of_either_form_are_for_the_certificate_too() {
    for format in [AccessTokenFormat::Opaque, AccessTokenFormat::Jwt] {
        let mut fapi = Fapi::with(|config| {
            config.profile = Profile::FapiCiba;
            config.tokens.access_token_format = format;
        })
        .await;
        let keys = json!({ "keys": fapi.keys }).to_string();
        for (id, none, swapped) in [
            ("poll-again-mtls", REFUSED, REFUSED),
            ("poll-again-jwt", FAULTY, (400, "invalid_grant")),
        ] {
            fapi.add(id, &keys, |client| client.settings.refresh = true)
                .await;
            let tokens = fapi
                .collect(&fapi.proof(id), &fapi.approved(id).await)
                .await;
            let refresh = tokens.text("refresh_token");
            let form = format!("grant_type=refresh_token&refresh_token={refresh}");
            let other = fapi.certificates["basic"].clone();
            for (certificate, expected) in [(None, none), (Some(other), swapped)] {
                let proof = Proof {
                    certificate,
                    ..fapi.proof(id)
                };
                fapi.refuses(id, "/token", (&proof, &form), expected).await;
            }
            let next = fapi.post("/token", &fapi.proof(id), &form).await;
            assert_eq!(next.status, StatusCode::OK, "{id}: {next:?}");
            let token = next.text("access_token");
            let certificate = &fapi.certificates[id];
            let thumbprint = encode_b64u(&Sha256Digest::of(&certificate.chain[0]).0);
            let bound = json!({ "x5t#S256": thumbprint });
            let shown = fapi
                .post("/introspect", &fapi.proof(id), &format!("token={token}"))
                .await;
            assert_eq!(shown.json["cnf"], bound, "{id}: {shown:?}");
            if matches!(format, AccessTokenFormat::Jwt) {
                let payload = token.split('.').nth(1).unwrap();
                let payload = decode_b64u(payload).unwrap();
                let said: Value = serde_json::from_slice(&payload).unwrap();
                assert_eq!(said["cnf"], bound, "{id}");
            }
            let person = fapi.userinfo(token, Some(certificate)).await;
            assert_eq!(person.status, StatusCode::OK, "{id}: {person:?}");
            let refused = fapi.userinfo(token, None).await;
            assert_eq!(refused.error(), (401, "invalid_token"), "{id}");
        }
    }
}

/// A proof by a DPoP key binds nothing where certificates are wanted.
///
/// Conformance: FAPI1-A-5.2.2-mtls-bound
#[tokio::test]
async fn a_dpop_proof_is_no_alternative_to_a_certificate() {
    let fapi = Fapi::new().await;
    let id = "poll-jwt";
    let asked = fapi.approved(id).await;
    let (key, _) = SigningKey::make(&SystemRng::new());
    let head = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public() });
    let claims = json!({
        "jti": "one", "htm": "POST", "htu": "http://localhost:8480/token", "iat": fapi.bench.now().0,
    });
    let proof = client_assertion::sign(&key, &head, &claims);
    let send = async |certificate: Option<ClientCertificate>| {
        let form = format!("{}&{GRANT}&auth_req_id={asked}", fapi.proof(id).form);
        let request = Request::post("/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("dpop", &proof)
            .body(Body::from(form))
            .unwrap();
        fapi.send(request, certificate).await
    };
    let before = fapi.stored();
    assert_eq!(send(None).await.error(), FAULTY);
    assert_eq!(fapi.stored(), before);
    let tokens = send(Some(fapi.certificates[id].clone())).await;
    assert_eq!(tokens.text("token_type"), "Bearer", "{tokens:?}");
}
