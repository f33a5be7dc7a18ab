//! DPoP proofs: the examples of RFC 9449, and each check of its section 4.3.

use super::{bench::TestClock, *};
use crate::{
    config::{Config, DpopConfig, Issuer, Profile, ProxyConfig, TlsConfig},
    http::{caller::Caller, op::dpop::*},
};
use axum::{
    body::to_bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use tegata_protocol::{
    Sha256Digest, SigningKey, SystemRng, Thumbprint,
    bytes::{decode_b64u, encode_b64u},
};

const URL: &str = "https://server.example.com/token";

/// RFC 9449 section 4.1: for `POST https://server.example.com/token`.
const TOKEN_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUk\
    RZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19\
    .eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyM\
    jYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

/// RFC 9449 section 7.1: for `GET https://resource.example.org/protectedresource`, with [`TOKEN`].
const RESOURCE_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUk\
    lDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2\
    In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNv\
    dXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L\
    -Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";

/// The access token of that example.
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

/// RFC 9449 section 6.1: `jkt` of the key of both.
const EXAMPLE_KEY: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

fn without_nonces() -> Config {
    Config {
        dpop: DpopConfig {
            require_nonce: false,
        },
        ..Config::default()
    }
}

async fn bench(config: Config) -> Bench {
    Bench::open(config, 8480, TestClock::standing(), |_| {}).await
}

fn caller(proofs: &[&str]) -> Caller {
    let mut headers = HeaderMap::new();
    for proof in proofs {
        headers.append("dpop", HeaderValue::from_str(proof).unwrap());
    }
    Caller {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        certificate: None,
        headers,
    }
}

/// A client's key and what it says.
struct Client {
    key: SigningKey,
    header: Value,
    claims: Value,
}

impl Client {
    fn new(bench: &Bench) -> Self {
        let (key, _) = SigningKey::make(&SystemRng::new());
        Self {
            header: json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public() }),
            claims: json!({ "jti": "1", "htm": "POST", "htu": URL, "iat": bench.now().0 }),
            key,
        }
    }

    fn proof(&self) -> String {
        let part = |value: &Value| encode_b64u(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&self.header), part(&self.claims));
        let signature = encode_b64u(&self.key.sign_fixed(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn proves(&self, bench: &Bench) -> Result<Option<Thumbprint>, DpopError> {
        prove(&bench.app, &caller(&[&self.proof()]), "POST", URL, None)
    }

    /// With `name` among the claims, or without it if it is null.
    fn with(&mut self, name: &str, value: Value) -> &mut Self {
        self.claims[name] = value;
        if self.claims[name].is_null() {
            self.claims.as_object_mut().unwrap().remove(name);
        }
        self
    }
}

/// The nonce that a refusal offers.
fn offered(bench: &Bench) -> String {
    let response = DpopError::Nonce.token_response(&bench.app);
    response.headers()["dpop-nonce"]
        .to_str()
        .unwrap()
        .to_owned()
}

/// Conformance: RFC9449-4.3, RFC9449-7
#[tokio::test]
async fn the_examples_of_the_standard_prove_its_key_once_each() {
    let bench = bench(without_nonces()).await;
    bench.advance((1_562_262_620 - bench.now().0) * 1000);
    // The moment from which this process remembers is before the examples.
    bench.advance(-60_000);
    bench
        .app
        .delivery
        .gateway
        .started(bench.app.clock.0.now_millis());
    bench.advance(60_000);
    let at_token = |proof| prove(&bench.app, &caller(&[proof]), "POST", URL, None);
    let resource = "https://resource.example.org/protectedresource";
    let at_resource = |token| {
        prove(
            &bench.app,
            &caller(&[RESOURCE_PROOF]),
            "GET",
            resource,
            Some(token),
        )
    };
    let proved = at_token(TOKEN_PROOF).unwrap().unwrap();
    assert_eq!(proved.to_string(), EXAMPLE_KEY);
    assert_eq!(at_token(TOKEN_PROOF), Err(DpopError::Replayed));
    assert_eq!(at_resource("another"), Err(DpopError::Ath));
    assert_eq!(at_resource(TOKEN), Ok(Some(proved)));
    assert_eq!(at_resource(TOKEN), Err(DpopError::Replayed));
}

/// Conformance: RFC9449-4.3
#[tokio::test]
async fn each_check_of_a_proof_refuses_what_it_is_for() {
    let bench = bench(without_nonces()).await;
    let good = || Client::new(&bench);
    assert_eq!(prove(&bench.app, &caller(&[]), "POST", URL, None), Ok(None));
    let client = good();
    let thumbprint = client.key.thumbprint();
    assert_eq!(client.proves(&bench), Ok(Some(thumbprint)));

    // 1 and 2: one header, one JWT.
    let (one, two) = (good().proof(), good().proof());
    let proves = |proofs: &[&str]| prove(&bench.app, &caller(proofs), "POST", URL, None);
    assert_eq!(proves(&[&one, &two]), Err(DpopError::Repeated));
    let long = "A".repeat(9000);
    for malformed in [
        "",
        "a.b",
        &format!("{one},{two}"),
        &format!("{one} {two}"),
        &long,
    ] {
        assert_eq!(proves(&[malformed]), Err(DpopError::Malformed));
    }
    // 3: every claim, of the right type.
    for name in ["jti", "htm", "htu", "iat"] {
        for value in [Value::Null, json!([]), json!(true)] {
            let proved = good().with(name, value.clone()).proves(&bench);
            assert_eq!(proved, Err(DpopError::Claims), "{name} {value}");
        }
    }
    assert_eq!(
        good().with("jti", json!("")).proves(&bench),
        Err(DpopError::Claims)
    );
    // 4 to 7: the header.
    let headed = |name: &str, value: Value| {
        let mut client = good();
        client.header[name] = value;
        client.proves(&bench)
    };
    assert_eq!(headed("typ", json!("JWT")), Err(DpopError::Type));
    assert_eq!(headed("typ", Value::Null), Err(DpopError::Type));
    for alg in ["none", "HS256", "RS256", "ES384"] {
        assert_eq!(
            headed("alg", json!(alg)),
            Err(DpopError::Algorithm),
            "{alg}"
        );
    }
    assert_eq!(headed("alg", json!("PS256")), Err(DpopError::Signature));
    assert_eq!(headed("crit", json!(["x"])), Err(DpopError::Malformed));
    let another = SigningKey::make(&SystemRng::new()).0;
    assert_eq!(
        headed("jwk", json!(another.public())),
        Err(DpopError::Signature)
    );
    for jwk in [Value::Null, json!({}), json!({ "kty": "oct" })] {
        assert_eq!(headed("jwk", jwk.clone()), Err(DpopError::Key), "{jwk}");
    }
    let mut client = good();
    client.header["jwk"]["d"] = json!("AA");
    assert_eq!(client.proves(&bench), Err(DpopError::Private));
    let proof = good().proof();
    let (signed, _) = proof.rsplit_once('.').unwrap();
    let unsigned = format!("{signed}.{}", encode_b64u(&[1; 64]));
    assert_eq!(proves(&[&unsigned]), Err(DpopError::Signature));
    // 8 and 9: the request.
    assert_eq!(
        good().with("htm", json!("post")).proves(&bench),
        Err(DpopError::Method)
    );
    for same in [
        "HTTPS://Server.Example.COM:443/token",
        "https://server.example.com/token?a=b#c",
        "https://server.example.com/x/../token",
    ] {
        assert!(
            good().with("htu", json!(same)).proves(&bench).is_ok(),
            "{same}"
        );
    }
    for other in [
        "https://server.example.com/token/",
        "https://server.example.com/Token",
        "http://server.example.com/token",
        "https://server.example.com:444/token",
        "https://a@server.example.com/token",
        "https://example.com/token",
        "/token",
        "",
    ] {
        let proved = good().with("htu", json!(other)).proves(&bench);
        assert_eq!(proved, Err(DpopError::Url), "{other}");
    }
    // 11: the time.
    for (age, proved) in [
        (61, false),
        (60, true),
        (0, true),
        (-30, true),
        (-31, false),
    ] {
        let mut client = good();
        let said = client
            .with("iat", json!(bench.now().0 - age))
            .proves(&bench);
        match said {
            Ok(Some(_)) => assert!(proved, "{age}"),
            Err(DpopError::Time) => assert!(!proved, "{age}"),
            // Older than the process, which cannot know whether it was used.
            Err(DpopError::Nonce) => assert!(age > 0 && proved, "{age}"),
            other => panic!("{age}: {other:?}"),
        }
    }
    // 12: the token.
    let ath = Sha256Digest::of(b"token").to_string();
    let mut client = good();
    let at_resource = |client: &Client| {
        prove(
            &bench.app,
            &caller(&[&client.proof()]),
            "POST",
            URL,
            Some("token"),
        )
    };
    assert_eq!(at_resource(&client), Err(DpopError::Ath));
    assert_eq!(
        at_resource(client.with("ath", json!("token"))),
        Err(DpopError::Ath)
    );
    assert_eq!(
        at_resource(client.with("ath", json!(ath))),
        Ok(Some(client.key.thumbprint()))
    );
}

/// Conformance: RFC9449-11.1
#[tokio::test]
async fn a_proof_is_good_once_and_a_jti_is_a_keys_own() {
    let bench = bench(without_nonces()).await;
    let (client, other) = (Client::new(&bench), Client::new(&bench));
    assert!(client.proves(&bench).is_ok());
    assert_eq!(client.proves(&bench), Err(DpopError::Replayed));
    assert!(other.proves(&bench).is_ok(), "the same jti by another key");
    let mut next = client;
    assert!(next.with("jti", json!("2")).proves(&bench).is_ok());
}

/// Conformance: RFC9449-8
#[tokio::test]
async fn a_proof_without_a_fresh_nonce_of_this_server_is_told_one() {
    let bench = bench(Config::default()).await;
    let mut client = Client::new(&bench);
    assert_eq!(client.proves(&bench), Err(DpopError::Nonce));
    let foreign = Bench::new().await;
    let device = crate::http::nonce::make(&bench.app, crate::http::nonce::NonceUse::Device);
    for bad in ["", "x", &offered(&foreign), &device] {
        let proved = client.with("nonce", json!(bad)).proves(&bench);
        assert_eq!(proved, Err(DpopError::Nonce), "{bad}");
    }
    let nonce = offered(&bench);
    // The nonce says when the proof was made: the client's clock may be wrong.
    client.with("iat", json!(bench.now().0 - 86_400));
    assert!(client.with("nonce", json!(nonce)).proves(&bench).is_ok());
    bench.advance(299_999);
    let again = client.with("jti", json!("2")).proves(&bench);
    assert!(again.is_ok(), "good for five minutes: {again:?}");
    bench.advance(1);
    assert_eq!(
        client.with("jti", json!("3")).proves(&bench),
        Err(DpopError::Nonce)
    );
    // What was used before a restart is forgotten, and so are the nonces.
    client.with("nonce", json!(offered(&bench)));
    bench.advance(1000);
    let bench = bench.restarted(Config::default()).await;
    bench.advance(1);
    assert_eq!(client.proves(&bench), Err(DpopError::Nonce));
}

async fn answer(response: Response) -> (StatusCode, HeaderMap, Value) {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 4096).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap();
    (parts.status, parts.headers, body)
}

/// Conformance: RFC9449-8
#[tokio::test]
async fn refusals_are_400_at_the_token_endpoint_and_a_challenge_at_resources() {
    let bench = bench(Config::default()).await;
    let app = &bench.app;
    for (error, code) in [
        (DpopError::Nonce, "use_dpop_nonce"),
        (DpopError::Ath, "invalid_dpop_proof"),
    ] {
        let (status, headers, body) = answer(error.token_response(app)).await;
        assert_eq!(
            (status, &body["error"]),
            (StatusCode::BAD_REQUEST, &json!(code))
        );
        assert!(!headers.contains_key(header::WWW_AUTHENTICATE));
        assert_eq!(
            headers.contains_key("dpop-nonce"),
            error == DpopError::Nonce
        );
        let (status, headers, body) = answer(error.resource_response(app)).await;
        assert_eq!(
            (status, &body["error"]),
            (StatusCode::UNAUTHORIZED, &json!(code))
        );
        let challenge = headers[header::WWW_AUTHENTICATE].to_str().unwrap();
        let expected = format!(
            r#"DPoP error="{code}", error_description="{error}", algs="ES256 PS256 EdDSA""#
        );
        assert_eq!(challenge, expected);
        assert_eq!(
            headers.contains_key("dpop-nonce"),
            error == DpopError::Nonce
        );
    }
    let (status, headers, body) = answer(DpopError::Busy.resource_response(app)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["error"], "temporarily_unavailable");
    assert_eq!(headers[header::RETRY_AFTER], "60");
}

#[tokio::test]
async fn a_proof_may_name_the_alias_that_is_published_for_certificates() {
    let bench = bench(Config {
        tls: TlsConfig {
            mtls_base: Some(Issuer::try_from("https://mtls.example".to_owned()).unwrap()),
            ..TlsConfig::default()
        },
        proxy: ProxyConfig {
            addresses: vec![Ipv4Addr::LOCALHOST.into()],
            client_certificate_header: Some("client-cert".to_owned()),
            address_header: None,
        },
        ..without_nonces()
    })
    .await;
    let url = bench.app.issuer.endpoint("/token");
    let proves = |htu: &str| {
        let mut client = Client::new(&bench);
        let proof = client.with("htu", json!(htu)).proof();
        prove(&bench.app, &caller(&[&proof]), "POST", &url, None).map(|key| key.is_some())
    };
    for ours in [url.as_str(), "https://mtls.example/token"] {
        assert_eq!(proves(ours), Ok(true), "{ours}");
    }
    for other in [
        "https://mtls.example/userinfo",
        "https://other.example/token",
    ] {
        assert_eq!(proves(other), Err(DpopError::Url), "{other}");
    }
}

#[tokio::test]
async fn where_the_profile_has_no_dpop_a_proof_says_nothing() {
    let config = Config {
        profile: Profile::FapiCiba,
        ..Config::default()
    };
    let bench = bench(config).await;
    assert_eq!(Client::new(&bench).proves(&bench), Ok(None));
}

#[test]
fn the_examples_are_whole() {
    for proof in [TOKEN_PROOF, RESOURCE_PROOF] {
        assert!(proof.split('.').all(|part| decode_b64u(part).is_ok()));
    }
}
