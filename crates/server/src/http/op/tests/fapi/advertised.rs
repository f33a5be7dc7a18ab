//! Whether what discovery advertises is there, in each profile.

use super::{clients::by_secret, *};
use crate::config::{DpopConfig, ProxyConfig, RegistrationConfig};
use std::{collections::BTreeSet, fs, path::Path};
use tegata_protocol::Secret;

/// From each member and value of the metadata to a test that exercises it; `*` is any text. A value `false` advertises nothing.
const EXERCISED: &[(&str, &[&str], &str)] = &[
    ("issuer", &["*"], TOKENS),
    (
        "authorization_endpoint",
        &["*"],
        "the_authorization_endpoint_says_in_both_languages_that_there_is_no_browser_flow",
    ),
    ("token_endpoint", &["*"], TOKENS),
    ("userinfo_endpoint", &["*"], USERINFO),
    ("jwks_uri", &["*"], SIGNED),
    (
        "registration_endpoint",
        &["*"],
        "a_client_registers_itself_and_asks",
    ),
    (
        "revocation_endpoint",
        &["*"],
        "revocation_ends_an_access_token_alone_and_with_a_refresh_token_the_whole_grant",
    ),
    (
        "introspection_endpoint",
        &["*"],
        "a_client_learns_about_its_own_tokens_and_a_resource_server_about_all_access_tokens",
    ),
    (
        "backchannel_authentication_endpoint",
        &["*"],
        "an_accepted_request_is_acknowledged_in_full_and_put_to_the_device",
    ),
    (
        "backchannel_token_delivery_modes_supported",
        &["poll", "ping"],
        "poll_and_ping_with_certificates_and_assertions_end_in_tokens_for_the_clients_certificate",
    ),
    (
        "backchannel_token_delivery_modes_supported",
        &["push"],
        PUSH,
    ),
    (
        "backchannel_authentication_request_signing_alg_values_supported",
        &["ES256", "PS256"],
        "requests_are_signed_by_es256_and_ps256_with_the_clients_key_and_by_nothing_else",
    ),
    (
        "backchannel_authentication_request_signing_alg_values_supported",
        &["EdDSA"],
        "rsa_and_ed25519_sign_as_well",
    ),
    (
        "backchannel_user_code_parameter_supported",
        &["true"],
        "a_person_with_a_code_is_asked_for_it_by_clients_that_are_registered_for_it",
    ),
    (
        "grant_types_supported",
        &["urn:openid:params:grant-type:ciba"],
        TOKENS,
    ),
    (
        "grant_types_supported",
        &["refresh_token"],
        "a_refresh_token_gives_new_tokens_that_say_the_same_of_person_and_authentication",
    ),
    ("scopes_supported", &["openid", "profile"], USERINFO),
    ("subject_types_supported", &["public"], TOKENS),
    (
        "subject_types_supported",
        &["pairwise"],
        "a_pairwise_client_knows_people_by_names_that_are_good_for_its_sector_alone",
    ),
    (
        "id_token_signing_alg_values_supported",
        &["ES256", "PS256", "EdDSA", "RS256"],
        SIGNED,
    ),
    ("token_endpoint_auth_methods_supported", METHODS, WAYS),
    ("revocation_endpoint_auth_methods_supported", METHODS, WAYS),
    (
        "introspection_endpoint_auth_methods_supported",
        METHODS,
        WAYS,
    ),
    (
        "token_endpoint_auth_signing_alg_values_supported",
        ALGORITHMS,
        WAYS,
    ),
    (
        "revocation_endpoint_auth_signing_alg_values_supported",
        ALGORITHMS,
        WAYS,
    ),
    (
        "introspection_endpoint_auth_signing_alg_values_supported",
        ALGORITHMS,
        WAYS,
    ),
    (
        "dpop_signing_alg_values_supported",
        &["ES256", "PS256", "EdDSA"],
        "tokens_are_bound_to_a_dpop_key_of_every_kind_that_is_advertised",
    ),
    (
        "tls_client_certificate_bound_access_tokens",
        &["true"],
        "a_bound_token_works_with_its_certificate_and_with_no_other",
    ),
    ("mtls_endpoint_aliases.token_endpoint", &["*"], WAYS),
    ("mtls_endpoint_aliases.revocation_endpoint", &["*"], WAYS),
    ("mtls_endpoint_aliases.introspection_endpoint", &["*"], WAYS),
    (
        "mtls_endpoint_aliases.userinfo_endpoint",
        &["*"],
        "a_bound_token_works_with_its_certificate_and_with_no_other",
    ),
    (
        "mtls_endpoint_aliases.backchannel_authentication_endpoint",
        &["*"],
        WAYS,
    ),
    (
        "authorization_details_types_supported",
        &["payment"],
        "authorization_details_are_returned_and_told_to_resources_and_may_be_narrowed",
    ),
    (
        "acr_values_supported",
        &["urn:tegata:acr:software-pin"],
        "poll_and_ping_with_certificates_and_assertions_end_in_tokens_for_the_clients_certificate",
    ),
    (
        "claims_supported",
        &[
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "jti",
            "auth_time",
            "acr",
            "amr",
            "at_hash",
            "tegata_evidence",
        ],
        TOKENS,
    ),
    (
        "claims_supported",
        &["name", "preferred_username"],
        USERINFO,
    ),
    (
        "claims_supported",
        &[
            "urn:openid:params:jwt:claim:auth_req_id",
            "urn:openid:params:jwt:claim:rt_hash",
        ],
        PUSH,
    ),
    (
        "tegata_device_metadata",
        &["*"],
        "metadata_is_what_devices_accept_and_stays_the_same_until_half_its_life_is_over",
    ),
];

const TOKENS: &str = "an_approval_is_collected_with_verifiable_tokens";
const USERINFO: &str = "userinfo_shows_the_claims_that_the_scope_gives";
const PUSH: &str =
    "a_push_is_the_token_response_with_the_auth_req_id_and_an_id_token_that_names_both";
const SIGNED: &str = "id_tokens_are_signed_by_the_clients_algorithm_and_verify_with_the_key_set";
const WAYS: &str = "every_way_to_authenticate_that_is_advertised_is_good_at_every_endpoint";

const METHODS: &[&str] = &[
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
];
const ALGORITHMS: &[&str] = &["ES256", "PS256", "EdDSA", "HS256"];

/// A server that offers all that can be configured.
async fn offering_all(profile: Profile) -> Fapi {
    let all = "[tokens]\nalgorithms = [\"ES256\", \"PS256\", \"EdDSA\", \"RS256\"]";
    let tokens = Config::parse(all).unwrap().tokens;
    Fapi::with(|config| {
        config.profile = profile;
        config.tokens = tokens;
        config.registration = RegistrationConfig {
            enabled: true,
            initial_access_token: Some(Secret::new("an-initial-access-token".to_owned())),
            open: false,
        };
        // Certificates are seen, of connections that come from elsewhere as they are.
        config.proxy = ProxyConfig {
            addresses: vec!["192.0.2.1".parse().unwrap()],
            client_certificate_header: Some("client-cert".to_owned()),
            address_header: None,
        };
        config.dpop = DpopConfig {
            require_nonce: false,
        };
    })
    .await
}

async fn metadata(fapi: &Fapi) -> Value {
    let reply = fapi.bench.get("/.well-known/openid-configuration").await;
    reply.json
}

/// The texts in a member that is an array.
fn values<'a>(metadata: &'a Value, member: &str) -> Vec<&'a str> {
    let Some(all) = metadata[member].as_array() else {
        return Vec::new();
    };
    all.iter().map(|one| one.as_str().unwrap()).collect()
}

/// Each member with each of its values; those of members that are objects after a point.
fn advertised(metadata: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (member, value) in metadata.as_object().unwrap() {
        match value {
            Value::Array(values) => {
                assert!(!values.is_empty(), "{member}: RFC 8414 section 3.2");
                let values = values.iter().map(|one| one.as_str().unwrap());
                all.extend(values.map(|one| (member.clone(), one.to_owned())));
            }
            Value::Object(members) => all.extend(
                members
                    .keys()
                    .map(|inner| (format!("{member}.{inner}"), "*".to_owned())),
            ),
            Value::String(_) => all.push((member.clone(), "*".to_owned())),
            Value::Bool(false) => {}
            other => all.push((member.clone(), other.to_string())),
        }
    }
    all
}

/// The names of all tests below a folder.
fn tests_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_below(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            for attribute in ["#[test]", "#[tokio::test]"] {
                for after in source.split(attribute).skip(1) {
                    let name = after.split_once("fn ").unwrap().1;
                    found.insert(name.split('(').next().unwrap().to_owned());
                }
            }
        }
    }
}

/// What is advertised and not in the table fails, and so does a row of the table for what is never advertised or a test that is
/// not there.
///
/// Conformance: RFC8414-true, RFC8414-2-empty, RFC9396-10
#[tokio::test]
async fn every_capability_that_is_advertised_has_a_test_that_exercises_it() {
    let mut tests = BTreeSet::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    tests_below(&sources, &mut tests);
    let mut rows = BTreeSet::new();
    for (member, values, test) in EXERCISED {
        assert!(tests.contains(*test), "{member}: {test} is no test");
        for value in *values {
            let row = ((*member).to_owned(), (*value).to_owned());
            assert!(rows.insert(row), "{member}: {value} is there twice");
        }
    }
    let mut seen = BTreeSet::new();
    for profile in [Profile::Standard, Profile::FapiCiba] {
        let all = metadata(&offering_all(profile).await).await;
        let plain = Fapi::with(|config| config.profile = profile).await;
        for metadata in [all, metadata(&plain).await] {
            for one in advertised(&metadata) {
                assert!(
                    rows.contains(&one),
                    "{profile:?}: nothing exercises {one:?}"
                );
                seen.insert(one);
            }
        }
    }
    let idle: Vec<_> = rows.difference(&seen).collect();
    assert_eq!(idle, Vec::<&(String, String)>::new(), "never advertised");
}

/// A client that is registered for a method, as it proves itself by it; by what its assertion is signed.
fn way(fapi: &Fapi, method: &str, algorithm: &str) -> (&'static str, Proof) {
    match method {
        "client_secret_basic" => (
            "basic",
            Proof {
                authorization: Some(basic("basic", SECRET)),
                certificate: Some(fapi.certificates["basic"].clone()),
                ..Proof::default()
            },
        ),
        "client_secret_post" => (
            "post",
            Proof {
                form: "client_id=post&client_secret=s%2Bc%25r%3At".to_owned(),
                ..Proof::default()
            },
        ),
        "client_secret_jwt" => ("secret-jwt", by_secret(fapi)),
        "private_key_jwt" => {
            let header = json!({ "alg": algorithm });
            let assertion = fapi.signed(&header, &fapi.assertion("poll-jwt"));
            ("poll-jwt", fapi.by_assertion("poll-jwt", &assertion))
        }
        "tls_client_auth" => ("poll-mtls", fapi.proof("poll-mtls")),
        "self_signed_tls_client_auth" => (
            "own",
            Proof {
                form: "client_id=own".to_owned(),
                certificate: Some(fapi.certificates["own"].clone()),
                ..Proof::default()
            },
        ),
        other => panic!("nobody knows how to authenticate by {other}"),
    }
}

/// Conformance: RFC8414-true, CIBA-7.1-client-auth
#[tokio::test]
async fn every_way_to_authenticate_that_is_advertised_is_good_at_every_endpoint() {
    for (profile, count) in [(Profile::Standard, 8), (Profile::FapiCiba, 4)] {
        let mut fapi = offering_all(profile).await;
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(Vec::new()).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let keys = json!({ "keys": [fapi.keys[0], jwk(&key)] }).to_string();
        fapi.add("own", &keys, |client| {
            client.authentication = ClientAuthentication::SelfSignedTlsClientAuth;
        })
        .await;
        let certificate = shown(&[certificate.into()]).unwrap();
        fapi.certificates.insert("own".to_owned(), certificate);
        let metadata = metadata(&fapi).await;
        for (endpoint, path) in [
            ("token_endpoint", BACKCHANNEL),
            ("token_endpoint", "/token"),
            ("revocation_endpoint", "/revoke"),
            ("introspection_endpoint", "/introspect"),
        ] {
            let algorithms = format!("{endpoint}_auth_signing_alg_values_supported");
            let algorithms = values(&metadata, &algorithms);
            let mut ways = Vec::new();
            for method in values(&metadata, &format!("{endpoint}_auth_methods_supported")) {
                let (by_secret, by_key): (Vec<_>, Vec<_>) =
                    algorithms.iter().partition(|one| one.starts_with("HS"));
                match method {
                    "private_key_jwt" => ways.extend(by_key.iter().map(|alg| (method, *alg))),
                    "client_secret_jwt" => ways.extend(by_secret.iter().map(|alg| (method, *alg))),
                    _ => ways.push((method, "")),
                }
            }
            assert_eq!(ways.len(), count, "{ways:?}");
            for (method, algorithm) in ways {
                let (id, proof) = way(&fapi, method, algorithm);
                let what = format!("{profile:?} {method} {algorithm} at {path}");
                let more = match path {
                    BACKCHANNEL => fapi.object(&fapi.request(id)),
                    _ => "token=x".to_owned(),
                };
                let reply = fapi.post(path, &proof, &more).await;
                if path == "/token" {
                    assert_eq!(reply.error(), FAULTY, "{what}: no grant_type");
                } else {
                    assert_eq!(reply.status, StatusCode::OK, "{what}: {reply:?}");
                }
            }
        }
    }
}

/// Conformance: RFC8414-true, RFC9449-5
#[tokio::test]
async fn tokens_are_bound_to_a_dpop_key_of_every_kind_that_is_advertised() {
    let fapi = offering_all(Profile::Standard).await;
    let metadata = metadata(&fapi).await;
    let algorithms = values(&metadata, "dpop_signing_alg_values_supported");
    assert_eq!(algorithms.len(), 3);
    for algorithm in algorithms {
        let key = match algorithm {
            "ES256" => &fapi.keys[0],
            "PS256" => &fapi.keys[1],
            "EdDSA" => &fapi.keys[2],
            other => panic!("nobody has a key for {other}"),
        };
        let head = json!({ "typ": "dpop+jwt", "alg": algorithm, "jwk": key });
        let prove = |method: &str, path: &str, token: Option<&str>| {
            let mut claims = json!({
                "jti": format!("{algorithm} {path}"), "htm": method,
                "htu": format!("http://localhost:8480{path}"), "iat": fapi.bench.now().0,
            });
            if let Some(token) = token {
                claims["ath"] = encode_b64u(&Sha256Digest::of(token.as_bytes()).0).into();
            }
            fapi.signed(&head, &claims)
        };
        let asked = fapi.approved("poll-jwt").await;
        let proof = fapi.proof("poll-jwt").form;
        let request = Request::post("/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("dpop", prove("POST", "/token", None))
            .body(Body::from(format!("{proof}&{GRANT}&auth_req_id={asked}")))
            .unwrap();
        let tokens = fapi.send(request, None).await;
        assert_eq!(tokens.text("token_type"), "DPoP", "{algorithm}: {tokens:?}");
        let token = tokens.text("access_token");
        let request = Request::get("/userinfo")
            .header(header::AUTHORIZATION, format!("DPoP {token}"))
            .header("dpop", prove("GET", "/userinfo", Some(token)))
            .body(Body::empty())
            .unwrap();
        let person = fapi.send(request, None).await;
        assert_eq!(person.status, StatusCode::OK, "{algorithm}: {person:?}");
    }
}
