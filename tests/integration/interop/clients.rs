//! One test for each client library and what it can do.

use serde_json::json;
use tegata_protocol::Sha256Digest;
use tegata_server::{
    domain::{CertificateName, ClientAuthentication as A, ClientKeys, ClientSettings, Delivery},
    jose::Algorithm,
};

use super::provider::{self, Provider, basic};

const OPENID_CLIENT: &str = "openid-client.mjs";

/// Conformance: AUTH-basic, AUTH-post, OIDC-5.3-userinfo
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openid_client_signs_in_with_a_secret_in_the_header_and_in_the_body() {
    let provider = Provider::start("").await;
    let secret_hash = Sha256Digest::of(provider::SECRET.as_bytes());
    provider
        .register("basic", basic(), ClientSettings::default())
        .await;
    let post = A::ClientSecretPost { secret_hash };
    provider
        .register("post", post, ClientSettings::default())
        .await;
    for (client, method) in [
        ("basic", "client_secret_basic"),
        ("post", "client_secret_post"),
    ] {
        let settings = provider.settings(client, &json!({ "method": method }));
        let tokens = provider.node(OPENID_CLIENT, &settings).signs_in().await;
        assert_eq!(tokens["claims"]["aud"], client);
        assert_eq!(tokens["person"]["sub"], tokens["claims"]["sub"]);
    }
}

/// Conformance: AUTH-private-key-jwt, OIDC-algs, OIDC-12.2-refresh, RFC6749-6
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openid_client_signs_in_with_a_key_of_each_kind_and_gets_tokens_signed_likewise() {
    let provider = Provider::start("").await;
    for (name, algorithm) in [
        ("ES256", Algorithm::Es256),
        ("PS256", Algorithm::Ps256),
        ("EdDSA", Algorithm::EdDsa),
    ] {
        let keys = provider.keys(name).await;
        let settings = ClientSettings {
            id_token_alg: algorithm,
            refresh: true,
            ..ClientSettings::with_jwks(keys.jwks)
        };
        provider.register(name, A::PrivateKeyJwt, settings).await;
        let further = json!({
            "method": "private_key_jwt", "key": keys.private, "id_token_alg": name, "refresh": true,
        });
        let settings = provider.settings(name, &further);
        let tokens = provider.node(OPENID_CLIENT, &settings).signs_in().await;
        assert_eq!(tokens["header"]["alg"], name);
        assert_eq!(tokens["refreshed"], tokens["claims"]["sub"]);
    }
}

/// Conformance: RFC8705-2.1, RFC8705-2.2, RFC8705-3, RFC8705-5
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openid_client_signs_in_with_certificates() {
    let provider = Provider::start("").await;
    let certified = provider.certificate("till.example");
    let name = CertificateName::SanDns("till.example".to_owned());
    let bound = ClientSettings {
        certificate_bound: true,
        ..ClientSettings::default()
    };
    provider
        .register("certified", A::TlsClientAuth { name }, bound.clone())
        .await;
    let own = provider.self_signed("kiosk.example");
    let own_keys = ClientSettings {
        keys: Some(ClientKeys::Jwks(provider::certificate_keys(&own))),
        ..bound
    };
    provider
        .register("own", A::SelfSignedTlsClientAuth, own_keys)
        .await;
    for (client, method, certificate) in [
        ("certified", "tls_client_auth", &certified),
        ("own", "self_signed_tls_client_auth", &own),
    ] {
        let further = json!({ "method": method, "certificate": certificate.settings() });
        let settings = provider.settings(client, &further);
        let tokens = provider.node(OPENID_CLIENT, &settings).signs_in().await;
        assert_eq!(tokens["claims"]["aud"], client);
    }
}

/// Conformance: CIBA-10.2-post, CIBA-10.2-both, CIBA-10.1-ping-polls, FAPI-CIBA-5.2.2-ping, CIBA-7.1-notification-token
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openid_client_is_pinged_over_https_after_approval_and_after_denial() {
    let provider = Provider::start("").await;
    let listener = provider.certificate("localhost");
    for (client, action, end) in [("one", "allow", "tokens"), ("two", "deny", "refused")] {
        let further = json!({ "delivery": "ping", "listener": listener.settings() });
        let settings = provider.settings(client, &further);
        let mut flow = provider.node(OPENID_CLIENT, &settings);
        let endpoint = format!("https://localhost:{}/ping", flow.listening().await);
        let ping = ClientSettings {
            delivery: Delivery::Ping { endpoint },
            ..ClientSettings::default()
        };
        provider.register(client, basic(), ping).await;
        flow.go();
        flow.decide(action).await;
        let end = flow.ends(end).await;
        assert_eq!(end["error"].is_null(), action == "allow", "{end}");
    }
}

/// Conformance: CIBA-10.3-push, CIBA-10.3-id-token, CIBA-12-errors, CIBA-7.3-no-interval
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_with_jose_verifies_what_is_pushed() {
    let provider = Provider::start("").await;
    let listener = provider.certificate("localhost");
    for (client, action) in [("one", "allow"), ("two", "deny")] {
        let further = json!({ "delivery": "push", "listener": listener.settings() });
        let settings = provider.settings(client, &further);
        let mut flow = provider.node(OPENID_CLIENT, &settings);
        let endpoint = format!("https://localhost:{}/push", flow.listening().await);
        let push = ClientSettings {
            delivery: Delivery::Push { endpoint },
            refresh: true,
            ..ClientSettings::default()
        };
        provider.register(client, basic(), push).await;
        flow.go();
        let accepted = flow.decide(action).await;
        assert!(accepted["interval"].is_null(), "{accepted}");
        if action == "allow" {
            let tokens = flow.ends("tokens").await;
            let rt_hash = &tokens["claims"]["urn:openid:params:jwt:claim:rt_hash"];
            assert!(rt_hash.is_string(), "{tokens}");
        } else {
            assert_eq!(flow.ends("refused").await["error"], "access_denied");
        }
    }
}

/// Conformance: CIBA-7.1.1-signed, FAPI-CIBA-5.2.2-signed, FAPI-CIBA-7.10-algs
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openid_client_signs_its_requests_in_the_fapi_profile() {
    let provider =
        Provider::start("profile = \"fapi-ciba\"\nassertion_audience = \"ciba_core\"\n").await;
    let certificate = provider.self_signed("signer.example");
    for (name, algorithm) in [("PS256", Algorithm::Ps256), ("ES256", Algorithm::Es256)] {
        let keys = provider.keys(name).await;
        let settings = ClientSettings {
            request_alg: Some(algorithm),
            id_token_alg: algorithm,
            ..ClientSettings::with_jwks(keys.jwks)
        };
        provider.register(name, A::PrivateKeyJwt, settings).await;
        let further = json!({
            "method": "private_key_jwt", "key": keys.private, "sign": true, "id_token_alg": name,
            "certificate": certificate.settings(),
        });
        let settings = provider.settings(name, &further);
        let tokens = provider.node(OPENID_CLIENT, &settings).signs_in().await;
        assert_eq!(tokens["header"]["alg"], name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn auth0_auth_js_signs_in() {
    let provider = Provider::start("").await;
    let secret_hash = Sha256Digest::of(provider::SECRET.as_bytes());
    let post = A::ClientSecretPost { secret_hash };
    provider
        .register("agent", post, ClientSettings::default())
        .await;
    let settings = provider.settings("agent", &json!({}));
    provider
        .node("auth0-auth-js.mjs", &settings)
        .signs_in()
        .await;
}

/// Its assertions are for the token endpoint's address, as was usual before RFC 10070.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_oauth2client_signs_in_by_secret_and_by_key_with_a_signed_request() {
    let provider = Provider::start("assertion_audience = \"ciba_core\"\n").await;
    provider
        .register("basic", basic(), ClientSettings::default())
        .await;
    let script = "interop_requests_oauth2client.py";
    let settings = provider.settings("basic", &json!({}));
    provider.python(script, &settings).signs_in().await;

    let keys = provider.keys("ES256").await;
    let settings = ClientSettings::with_jwks(keys.jwks);
    provider
        .register("signer", A::PrivateKeyJwt, settings)
        .await;
    let further = json!({ "method": "private_key_jwt", "key": keys.private, "sign": true });
    let settings = provider.settings("signer", &further);
    provider.python(script, &settings).signs_in().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idpyoidc_signs_in() {
    let provider = Provider::start("").await;
    provider
        .register("py", basic(), ClientSettings::default())
        .await;
    let settings = provider.settings("py", &json!({}));
    provider
        .python("interop_idpyoidc.py", &settings)
        .signs_in()
        .await;
}
