//! Tokens that only the holder of a key may use (RFC 9449 sections 5 to 7).

use super::*;
use crate::{config::DpopConfig, domain::Delivery};
use tegata_protocol::{SigningKey, SystemRng, rng::random_bytes};

const TOKEN: &str = "http://localhost:8480/token";

struct Holder {
    desk: Desk,
    key: SigningKey,
    other: SigningKey,
}

impl Holder {
    async fn new(change: impl FnOnce(&mut Client)) -> Self {
        let config = Config {
            dpop: DpopConfig {
                require_nonce: false,
            },
            ..Config::default()
        };
        let desk = Desk::open(config, |kiosk| {
            kiosk.settings.dpop_bound = true;
            kiosk.settings.refresh = true;
            change(kiosk);
        })
        .await;
        let [(key, _), (other, _)] = [(); 2].map(|()| SigningKey::make(&SystemRng::new()));
        Self { desk, key, other }
    }

    fn proof(&self, key: &SigningKey, method: &str, url: &str, token: Option<&str>) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public() });
        let jti = encode_b64u(&random_bytes::<16>(&SystemRng::new()));
        let now = self.desk.bench.now().0;
        let mut claims = json!({ "jti": jti, "htm": method, "htu": url, "iat": now });
        if let Some(token) = token {
            claims["ath"] = encode_b64u(&Sha256Digest::of(token.as_bytes()).0).into();
        }
        let [header, claims] =
            [header, claims].map(|part| encode_b64u(part.to_string().as_bytes()));
        let signed = format!("{header}.{claims}");
        let signature = encode_b64u(&key.sign_fixed(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// A post by `kiosk` with a proof by `key`.
    async fn post(&self, path: &str, form: &str, key: &SigningKey) -> Reply {
        let url = format!("http://localhost:8480{path}");
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, basic("kiosk", SECRET))
            .header("dpop", self.proof(key, "POST", &url, None))
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.desk.send(request, None).await
    }

    async fn userinfo(&self, authorization: &str, proof: Option<String>) -> Reply {
        let mut request = Request::get("/userinfo").header(header::AUTHORIZATION, authorization);
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        let request = request.body(Body::empty()).unwrap();
        self.desk.send(request, None).await
    }
}

/// Conformance: RFC9449-5, RFC9449-7
#[tokio::test]
async fn a_token_for_a_key_works_with_proofs_by_that_key_and_with_no_others() {
    let holder = Holder::new(|_| {}).await;
    let id = holder.desk.approved(DEFAULTS).await;
    let form = format!("{GRANT}&auth_req_id={id}");
    let none = holder.desk.kiosk("/token", &form).await;
    assert_eq!(none.error(), (400, "invalid_request"));
    let tokens = holder.post("/token", &form, &holder.key).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    assert_eq!(tokens.text("token_type"), "DPoP");
    assert!(tokens.headers.contains_key("dpop-nonce"));
    let token = tokens.text("access_token");
    let shown = holder.desk.introspect(token).await;
    assert_eq!(shown["token_type"], "DPoP");
    let jkt = holder.key.thumbprint().to_string();
    assert_eq!(shown["cnf"], json!({ "jkt": jkt }));

    let url = "http://localhost:8480/userinfo";
    let authorization = format!("DPoP {token}");
    let proof = |key| Some(holder.proof(key, "GET", url, Some(token)));
    let good = holder.userinfo(&authorization, proof(&holder.key)).await;
    assert_eq!(good.status, StatusCode::OK, "{good:?}");
    let bearer = format!("Bearer {token}");
    let without_ath = Some(holder.proof(&holder.key, "GET", url, None));
    for (authorization, proof, error) in [
        (&authorization, proof(&holder.other), "invalid_token"),
        (&authorization, None, "invalid_token"),
        (&authorization, without_ath, "invalid_dpop_proof"),
        (&bearer, proof(&holder.key), "invalid_token"),
        (&bearer, None, "invalid_token"),
    ] {
        let refused = holder.userinfo(authorization, proof).await;
        assert_eq!(refused.error(), (401, error));
        let challenges = refused.headers.get_all(header::WWW_AUTHENTICATE);
        let dpop = challenges
            .iter()
            .any(|value| value.to_str().unwrap().starts_with("DPoP "));
        assert!(dpop, "{refused:?}");
    }
}

/// Conformance: CIBA-5-binding
#[tokio::test]
async fn what_was_asked_with_a_key_is_collected_with_the_same_one() {
    let holder = Holder::new(|_| {}).await;
    let path = "/backchannel-authentication";
    let asked = holder.post(path, DEFAULTS, &holder.key).await;
    let form = format!("{GRANT}&auth_req_id={}", asked.text("auth_req_id"));
    holder.desk.bench.decided(&holder.desk.device, true).await;
    let swapped = holder.post("/token", &form, &holder.other).await;
    assert_eq!(swapped.error(), (400, "invalid_grant"));
    let tokens = holder.post("/token", &form, &holder.key).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    // RFC 9449 section 5: refresh tokens of clients that authenticate are not bound to a key, so that it can change.
    let form = format!(
        "grant_type=refresh_token&refresh_token={}",
        tokens.text("refresh_token")
    );
    let none = holder.desk.kiosk("/token", &form).await;
    assert_eq!(none.error(), (400, "invalid_request"));
    let next = holder.post("/token", &form, &holder.other).await;
    assert_eq!(next.text("token_type"), "DPoP");
    let shown = holder.desk.introspect(next.text("access_token")).await;
    assert_eq!(shown["cnf"]["jkt"], holder.other.thumbprint().to_string());
}

/// Conformance: CIBA-5-binding
#[tokio::test]
async fn a_push_client_whose_tokens_are_bound_proves_its_key_when_it_asks() {
    let holder = Holder::new(|kiosk| {
        kiosk.settings.delivery = Delivery::Push {
            endpoint: "https://kiosk.example/cb".to_owned(),
        };
    })
    .await;
    let path = "/backchannel-authentication";
    let form = format!("{DEFAULTS}&client_notification_token=8d67dc78-7faa-4d41-aabd-67707b374255");
    let none = holder.desk.kiosk(path, &form).await;
    assert_eq!(none.error(), (400, "invalid_request"));
    let asked = holder.post(path, &form, &holder.key).await;
    assert_eq!(asked.status, StatusCode::OK, "{asked:?}");
}

#[tokio::test]
async fn a_bad_proof_is_refused_whoever_sends_it() {
    let holder = Holder::new(|kiosk| kiosk.settings.dpop_bound = false).await;
    let id = holder.desk.approved(DEFAULTS).await;
    let form = format!("{GRANT}&auth_req_id={id}");
    let request = |proof: String| {
        Request::post("/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, basic("kiosk", SECRET))
            .header("dpop", proof)
            .body(Body::from(form.clone()))
            .unwrap()
    };
    let wrong = holder.proof(&holder.key, "GET", TOKEN, None);
    let refused = holder.desk.send(request(wrong), None).await;
    assert_eq!(refused.error(), (400, "invalid_dpop_proof"));
    let good = holder.proof(&holder.key, "POST", TOKEN, None);
    let tokens = holder.desk.send(request(good.clone()), None).await;
    assert_eq!(
        tokens.text("token_type"),
        "DPoP",
        "whoever proves a key gets tokens for it"
    );
    let replayed = holder.desk.send(request(good), None).await;
    assert_eq!(replayed.error(), (400, "invalid_dpop_proof"));
}
