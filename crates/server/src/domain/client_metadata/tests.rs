use super::*;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::json;
use tegata_protocol::ciba::GRANT_TYPE;

const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig","kid":"one","x5c":["MIIB"]}"#;

fn everything() -> Offered {
    Offered {
        authentication_methods: vec![
            "client_secret_basic",
            "client_secret_post",
            "client_secret_jwt",
            "private_key_jwt",
            "tls_client_auth",
            "self_signed_tls_client_auth",
        ],
        delivery_modes: vec![
            TokenDeliveryMode::Poll,
            TokenDeliveryMode::Ping,
            TokenDeliveryMode::Push,
        ],
        client_algorithms: Algorithm::FROM_CLIENTS.to_vec(),
        id_token_algorithms: vec![
            Algorithm::Es256,
            Algorithm::Ps256,
            Algorithm::EdDsa,
            Algorithm::Rs256,
        ],
        authorization_details_types: vec!["payment".to_owned()],
        dpop: true,
        certificates: true,
        binds_to_certificates: false,
        wants_signed_requests: false,
        local_http: false,
    }
}

/// What FAPI-CIBA leaves of it.
fn profiled() -> Offered {
    Offered {
        authentication_methods: vec![
            "private_key_jwt",
            "tls_client_auth",
            "self_signed_tls_client_auth",
        ],
        delivery_modes: vec![TokenDeliveryMode::Poll, TokenDeliveryMode::Ping],
        client_algorithms: vec![Algorithm::Es256, Algorithm::Ps256],
        id_token_algorithms: vec![Algorithm::Es256, Algorithm::Ps256],
        dpop: false,
        binds_to_certificates: true,
        wants_signed_requests: true,
        ..everything()
    }
}

fn jwks() -> Value {
    json!({ "keys": [serde_json::from_str::<Value>(KEY).unwrap()] })
}

fn poll() -> Map<String, Value> {
    object(json!({
        "backchannel_token_delivery_mode": "poll",
        "grant_types": [GRANT_TYPE],
    }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("an object: {other}"),
    }
}

/// The members of a poll client with some more, of which `null` ones are taken away.
fn with(more: Value) -> Map<String, Value> {
    let mut members = poll();
    members.extend(object(more));
    members
}

fn read(more: Value) -> Result<ClientMetadata> {
    ClientMetadata::parse(&with(more), &everything())
}

/// The member that is to blame.
fn fault(more: Value) -> &'static str {
    let members = more.clone();
    match read(more) {
        Err(error) => error.member,
        Ok(metadata) => panic!("{members:?} is accepted: {metadata:?}"),
    }
}

#[test]
fn the_least_that_a_client_says_has_the_defaults_of_the_specifications() {
    let metadata = ClientMetadata::parse(&poll(), &everything()).unwrap();
    assert_eq!(metadata.name, None);
    assert_eq!(metadata.method, AuthenticationMethod::ClientSecretBasic);
    assert_eq!(metadata.settings, ClientSettings::default());
    assert_eq!(metadata.sector_document(), None);
    assert_eq!(metadata.addresses().count(), 0);
}

/// Conformance: CIBA-4-one-mode
#[test]
fn a_client_registers_exactly_one_delivery_mode_that_is_offered() {
    const MODE: &str = "backchannel_token_delivery_mode";
    for wrong in [
        Value::Null,
        json!(""),
        json!("Poll"),
        json!(["poll"]),
        json!(["poll", "ping"]),
        json!("poll ping"),
    ] {
        assert_eq!(fault(json!({ MODE: wrong })), MODE);
    }
    let push = with(json!({
        MODE: "push",
        "backchannel_client_notification_endpoint": "https://rp.example/cb",
    }));
    let metadata = ClientMetadata::parse(&push, &everything()).unwrap();
    assert_eq!(metadata.settings.delivery.mode(), TokenDeliveryMode::Push);
    let error = ClientMetadata::parse(
        &with(
            json!({ MODE: "push", "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks() }),
        ),
        &profiled(),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        format!("{MODE} must be one of poll, ping")
    );
}

/// Conformance: CIBA-4-notification-endpoint
#[test]
fn ping_and_push_clients_register_an_https_endpoint() {
    const ENDPOINT: &str = "backchannel_client_notification_endpoint";
    for mode in ["ping", "push"] {
        let client = |endpoint: Value| {
            with(json!({ "backchannel_token_delivery_mode": mode, ENDPOINT: endpoint }))
        };
        let metadata = ClientMetadata::parse(
            &client(json!("https://rp.example:8443/cb?x=1")),
            &everything(),
        );
        let delivery = metadata.unwrap().settings.delivery;
        assert_eq!(delivery.endpoint(), Some("https://rp.example:8443/cb?x=1"));
        for wrong in [
            Value::Null,
            json!(""),
            json!("/cb"),
            json!("rp.example/cb"),
            json!("http://rp.example/cb"),
            json!("http://localhost:1/cb"),
            json!("https://user@rp.example/cb"),
            json!("https://rp.example/cb#there"),
            json!("mailto:a@rp.example"),
            json!(format!("https://rp.example/{}", "x".repeat(2048))),
            json!(7),
        ] {
            let error = ClientMetadata::parse(&client(wrong.clone()), &everything());
            assert_eq!(error.unwrap_err().member, ENDPOINT, "{wrong}");
        }
        let demo = Offered {
            local_http: true,
            ..everything()
        };
        for local in [
            "http://localhost:1/cb",
            "http://a.localhost/cb",
            "http://127.0.0.1:9/cb",
            "http://[::1]:9/cb",
        ] {
            assert!(
                ClientMetadata::parse(&client(json!(local)), &demo).is_ok(),
                "{local}"
            );
        }
        let far = ClientMetadata::parse(&client(json!("http://rp.example/cb")), &demo);
        assert_eq!(
            far.unwrap_err().member,
            ENDPOINT,
            "http on this machine alone"
        );
    }
    let kept = read(json!({ ENDPOINT: "https://rp.example/cb" })).unwrap();
    assert_eq!(
        kept.settings.delivery,
        Delivery::Poll,
        "means nothing to poll clients"
    );
}

/// Conformance: CIBA-4-request-alg
#[test]
fn requests_are_signed_asymmetrically_with_keys_that_are_registered() {
    const ALG: &str = "backchannel_authentication_request_signing_alg";
    let signing = |alg: &str| read(json!({ ALG: alg, "jwks": jwks() }));
    assert_eq!(
        signing("ES256").unwrap().settings.request_alg,
        Some(Algorithm::Es256)
    );
    for wrong in ["none", "HS256", "RS256", "es256", ""] {
        assert_eq!(signing(wrong).unwrap_err().member, ALG, "{wrong}");
    }
    assert_eq!(
        signing("PS256").unwrap_err().to_string(),
        "jwks holds no key for PS256"
    );
    assert_eq!(fault(json!({ ALG: "ES256" })), "jwks");
    let elsewhere = json!({ ALG: "PS256", "jwks_uri": "https://rp.example/jwks" });
    assert_eq!(
        read(elsewhere).unwrap().settings.request_alg,
        Some(Algorithm::Ps256)
    );
}

/// Conformance: CIBA-4-client-user-code
#[test]
fn whether_user_codes_are_sent_is_registered_and_no_by_default() {
    const MEMBER: &str = "backchannel_user_code_parameter";
    assert!(!read(json!({})).unwrap().settings.user_code);
    assert!(read(json!({ MEMBER: true })).unwrap().settings.user_code);
    assert_eq!(fault(json!({ MEMBER: "true" })), MEMBER);
}

/// Conformance: CIBA-4-client-grant
#[test]
fn poll_and_ping_clients_register_the_ciba_grant() {
    let endpoint = "https://rp.example/cb";
    for grants in [Value::Null, json!([]), json!([REFRESH_TOKEN]), json!("x")] {
        assert_eq!(fault(json!({ "grant_types": grants })), "grant_types");
        let push = json!({
            "backchannel_token_delivery_mode": "push",
            "backchannel_client_notification_endpoint": endpoint,
            "grant_types": grants,
        });
        assert_eq!(read(push).is_ok(), grants != "x", "push clients need none");
    }
    assert_eq!(
        fault(json!({ "grant_types": [GRANT_TYPE, "authorization_code"] })),
        "grant_types"
    );
    let both = read(json!({ "grant_types": [GRANT_TYPE, REFRESH_TOKEN] })).unwrap();
    assert!(both.settings.refresh);
}

/// Conformance: CIBA-4-pairwise-poll
#[test]
fn pairwise_poll_and_ping_clients_prove_the_keys_of_their_jwks_uri() {
    let pairwise = |more: Value| {
        let mut members = object(json!({
            "subject_type": "pairwise",
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://Keys.RP.example:8443/jwks",
        }));
        members.extend(object(more));
        read(Value::Object(members))
    };
    for mode in ["poll", "ping"] {
        let base = json!({
            "backchannel_token_delivery_mode": mode,
            "backchannel_client_notification_endpoint": "https://rp.example/cb",
        });
        let metadata = pairwise(base).unwrap();
        assert_eq!(metadata.settings.sector.as_deref(), Some("keys.rp.example"));
        assert_eq!(metadata.sector_document(), None);
    }
    for method in ["self_signed_tls_client_auth", "private_key_jwt"] {
        assert!(pairwise(json!({ "token_endpoint_auth_method": method })).is_ok());
    }
    let signed = json!({
        "token_endpoint_auth_method": "client_secret_basic",
        "backchannel_authentication_request_signing_alg": "ES256",
    });
    assert!(pairwise(signed).is_ok());
    for (wrong, member) in [
        (
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            "subject_type",
        ),
        (json!({ "jwks_uri": null, "jwks": jwks() }), "jwks_uri"),
        (json!({ "subject_type": "sector" }), "subject_type"),
        (
            json!({ "sector_identifier_uri": "http://rp.example/s" }),
            "sector_identifier_uri",
        ),
    ] {
        assert_eq!(
            pairwise(wrong.clone()).unwrap_err().member,
            member,
            "{wrong}"
        );
    }
    let listed = pairwise(json!({ "sector_identifier_uri": "https://rp.example/sector" })).unwrap();
    assert_eq!(listed.settings.sector.as_deref(), Some("rp.example"));
    let (document, address) = listed.sector_document().unwrap();
    assert_eq!(document, "https://rp.example/sector");
    assert_eq!(address, "https://Keys.RP.example:8443/jwks");
    assert!(lists(
        br#"["https://x.example","https://Keys.RP.example:8443/jwks"]"#,
        address
    ));
    for other in [
        "[]",
        "",
        "{}",
        r#"["https://keys.rp.example:8443/jwks"]"#,
        r#"["https://Keys.RP.example:8443/jwks", 7]"#,
    ] {
        assert!(!lists(other.as_bytes(), address), "{other}");
    }
}

/// Conformance: CIBA-4-pairwise-push
#[test]
fn the_sector_of_push_clients_comes_from_their_notification_endpoint() {
    let mut members = object(json!({
        "subject_type": "pairwise",
        "backchannel_token_delivery_mode": "push",
        "backchannel_client_notification_endpoint": "https://push.rp.example/cb",
    }));
    let metadata = read(Value::Object(members.clone())).unwrap();
    assert_eq!(metadata.settings.sector.as_deref(), Some("push.rp.example"));
    members.insert(
        "sector_identifier_uri".into(),
        "https://rp.example/sector".into(),
    );
    let metadata = read(Value::Object(members)).unwrap();
    assert_eq!(metadata.settings.sector.as_deref(), Some("rp.example"));
    assert_eq!(
        metadata.sector_document(),
        Some(("https://rp.example/sector", "https://push.rp.example/cb"))
    );
}

/// Conformance: RFC7591-ciba
#[test]
fn what_certification_clients_register_is_accepted() {
    let metadata = read(json!({
        "client_name": "FAPI client",
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": jwks(),
        "response_types": [],
        "redirect_uris": [],
        "software_statement": "e30.e30.",
        "contacts": ["a@rp.example"],
        "application_type": "web",
        "client_name#ja": "クライアント",
        "not_known": { "deep": [1, 2] },
        "tls_client_certificate_bound_access_tokens": true,
    }))
    .unwrap();
    assert_eq!(metadata.name.as_deref(), Some("FAPI client"));
    assert!(metadata.settings.certificate_bound);
    let Some(ClientKeys::Jwks(kept)) = &metadata.settings.keys else {
        panic!("keys: {metadata:?}");
    };
    assert!(kept.contains("x5c"), "keys are kept as they came");
    assert!(
        read(json!({ "redirect_uris": ["https://rp.example/cb"] })).is_ok(),
        "ignored"
    );
    assert_eq!(
        fault(json!({ "response_types": ["code"] })),
        "response_types"
    );
}

#[test]
fn keys_stand_in_one_place_and_are_public() {
    let uri = "https://rp.example/jwks";
    assert_eq!(fault(json!({ "jwks": jwks(), "jwks_uri": uri })), "jwks");
    assert_eq!(
        fault(json!({ "jwks_uri": "http://rp.example/jwks" })),
        "jwks_uri"
    );
    let mut private = jwks();
    private["keys"][0]["d"] = "AA".into();
    for wrong in [json!({}), json!({ "keys": [] }), json!("{}"), private] {
        assert_eq!(fault(json!({ "jwks": wrong })), "jwks");
    }
    for method in ["private_key_jwt", "self_signed_tls_client_auth"] {
        assert_eq!(
            fault(json!({ "token_endpoint_auth_method": method })),
            "jwks"
        );
    }
}

#[test]
fn certificates_are_known_by_exactly_one_name() {
    let named = |more: Value| {
        let mut members = object(json!({ "token_endpoint_auth_method": "tls_client_auth" }));
        members.extend(object(more));
        read(Value::Object(members)).map(|metadata| metadata.method)
    };
    let ip = named(json!({ "tls_client_auth_san_ip": "2001:DB8::1" })).unwrap();
    assert_eq!(
        ip,
        AuthenticationMethod::TlsClientAuth {
            name: CertificateName::SanIp("2001:db8::1".parse().unwrap())
        }
    );
    for good in [
        json!({ "tls_client_auth_subject_dn": "CN=client,O=RP" }),
        json!({ "tls_client_auth_san_dns": "client.rp.example" }),
        json!({ "tls_client_auth_san_email": "client@rp.example" }),
        json!({ "tls_client_auth_san_uri": "spiffe://rp.example/client" }),
    ] {
        assert!(named(good.clone()).is_ok(), "{good}");
    }
    for (wrong, member) in [
        (json!({}), "tls_client_auth_subject_dn"),
        (
            json!({ "tls_client_auth_subject_dn": "client" }),
            "tls_client_auth_subject_dn",
        ),
        (
            json!({ "tls_client_auth_san_dns": "" }),
            "tls_client_auth_san_dns",
        ),
        (
            json!({ "tls_client_auth_san_ip": "client" }),
            "tls_client_auth_san_ip",
        ),
        (
            json!({ "tls_client_auth_san_uri": "client" }),
            "tls_client_auth_san_uri",
        ),
        (
            json!({ "tls_client_auth_san_dns": "a.example", "tls_client_auth_san_ip": "::1" }),
            "tls_client_auth_san_ip",
        ),
    ] {
        assert_eq!(named(wrong.clone()).unwrap_err().member, member, "{wrong}");
    }
    let ignored = read(json!({ "tls_client_auth_san_ip": "nothing" })).unwrap();
    assert_eq!(
        ignored.method,
        AuthenticationMethod::ClientSecretBasic,
        "no meaning there"
    );
}

#[test]
fn faults_are_named_by_their_member() {
    for (more, member) in [
        (json!({ "client_name": "" }), "client_name"),
        (json!({ "client_name": "x".repeat(65) }), "client_name"),
        (json!({ "client_name": "a\u{202e}b" }), "client_name"),
        (json!({ "client_name": 1 }), "client_name"),
        (
            json!({ "token_endpoint_auth_method": "none" }),
            "token_endpoint_auth_method",
        ),
        (
            json!({ "token_endpoint_auth_method": 1 }),
            "token_endpoint_auth_method",
        ),
        (
            json!({ "id_token_signed_response_alg": "none" }),
            "id_token_signed_response_alg",
        ),
        (
            json!({ "id_token_signed_response_alg": "HS256" }),
            "id_token_signed_response_alg",
        ),
        (
            json!({ "dpop_bound_access_tokens": 1 }),
            "dpop_bound_access_tokens",
        ),
        (
            json!({ "dpop_bound_access_tokens": true,
                    "tls_client_certificate_bound_access_tokens": true }),
            "dpop_bound_access_tokens",
        ),
        (
            json!({ "authorization_details_types": ["loan"] }),
            "authorization_details_types",
        ),
        (
            json!({ "authorization_details_types": ["payment", "payment"] }),
            "authorization_details_types",
        ),
        (
            json!({ "authorization_details_types": vec!["payment"; 33] }),
            "authorization_details_types",
        ),
        (json!({ "scope": "profile" }), "scope"),
        (json!({ "scope": "openid  profile" }), "scope"),
        (
            json!({ "token_endpoint_auth_method": "client_secret_jwt",
                    "token_endpoint_auth_signing_alg": "ES256" }),
            "token_endpoint_auth_signing_alg",
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(),
                    "token_endpoint_auth_signing_alg": "HS256" }),
            "token_endpoint_auth_signing_alg",
        ),
    ] {
        assert_eq!(fault(more), member);
    }
}

#[test]
fn a_profile_takes_nothing_that_it_does_not_offer() {
    let fapi = |more: Value| {
        let mut members = with(json!({
            "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(),
        }));
        members.extend(object(more));
        ClientMetadata::parse(&members, &profiled())
    };
    assert!(
        fapi(json!({})).unwrap().settings.certificate_bound,
        "whether or not it says so"
    );
    for (more, member) in [
        (
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            "token_endpoint_auth_method",
        ),
        (
            json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
            "token_endpoint_auth_method",
        ),
        (
            json!({ "token_endpoint_auth_signing_alg": "EdDSA" }),
            "token_endpoint_auth_signing_alg",
        ),
        (
            json!({ "id_token_signed_response_alg": "RS256" }),
            "id_token_signed_response_alg",
        ),
        (
            json!({ "dpop_bound_access_tokens": true }),
            "dpop_bound_access_tokens",
        ),
        (
            json!({ "tls_client_certificate_bound_access_tokens": false }),
            "tls_client_certificate_bound_access_tokens",
        ),
        (
            json!({ "token_endpoint_auth_method": "tls_client_auth",
                    "tls_client_auth_san_dns": "a.example", "jwks": null }),
            "jwks",
        ),
        (
            json!({ "jwks": { "keys": [
                { "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
            ] } }),
            "jwks",
        ),
    ] {
        assert_eq!(fapi(more.clone()).unwrap_err().member, member, "{more}");
    }
}

#[test]
fn tokens_are_bound_to_certificates_where_certificates_are_seen() {
    const MEMBER: &str = "tls_client_certificate_bound_access_tokens";
    let blind = Offered {
        certificates: false,
        ..everything()
    };
    let bound = with(json!({ MEMBER: true }));
    assert!(ClientMetadata::parse(&bound, &everything()).is_ok());
    assert_eq!(
        ClientMetadata::parse(&bound, &blind).unwrap_err().member,
        MEMBER
    );
}

fn values() -> impl Strategy<Value = Value> {
    let words = select(vec![
        "poll",
        "ping",
        "push",
        "client_secret_basic",
        "client_secret_jwt",
        "private_key_jwt",
        "tls_client_auth",
        "self_signed_tls_client_auth",
        "ES256",
        "PS256",
        "RS256",
        "HS256",
        "public",
        "pairwise",
        "payment",
        "openid profile",
        "https://rp.example/a",
        "https://RP.example:8443/b",
        "http://localhost:1/c",
        "CN=client",
        "2001:DB8::1",
        "a@rp.example",
        GRANT_TYPE,
        REFRESH_TOKEN,
    ])
    .prop_map(str::to_owned);
    let leaf = prop_oneof![
        4 => words.clone().prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(jwks()),
    ];
    prop_oneof![
        4 => leaf.clone(),
        1 => vec(leaf, 0..4).prop_map(Value::from),
    ]
}

const MEMBERS: [&str; 21] = [
    "client_name",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "jwks_uri",
    "backchannel_client_notification_endpoint",
    "backchannel_authentication_request_signing_alg",
    "backchannel_user_code_parameter",
    "id_token_signed_response_alg",
    "tls_client_certificate_bound_access_tokens",
    "dpop_bound_access_tokens",
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_email",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_uri",
    "subject_type",
    "sector_identifier_uri",
    "authorization_details_types",
    "scope",
    "response_types",
    "unknown",
];

/// Documents that are often accepted: what every client needs is mostly right, and of the rest there is a little.
fn documents() -> impl Strategy<Value = Map<String, Value>> {
    let sensible = prop_oneof![
        Just(json!({ "backchannel_token_delivery_mode": "poll" })),
        Just(json!({ "backchannel_token_delivery_mode": "ping",
                     "backchannel_client_notification_endpoint": "https://rp.example/cb" })),
        Just(json!({ "backchannel_token_delivery_mode": "push",
                     "backchannel_client_notification_endpoint": "https://rp.example/cb" })),
    ];
    let grants = prop_oneof![
        Just(json!([GRANT_TYPE])),
        Just(json!([GRANT_TYPE, REFRESH_TOKEN])),
    ];
    let keys = option::of(prop_oneof![
        Just(("jwks".to_owned(), jwks())),
        Just(("jwks_uri".to_owned(), json!("https://rp.example/jwks"))),
    ]);
    let more = vec((select(MEMBERS.to_vec()), values()), 0..5);
    (sensible, grants, keys, more).prop_map(|(sensible, grants, keys, more)| {
        let mut members = object(sensible);
        members.insert("grant_types".to_owned(), grants);
        members.extend(keys);
        members.extend(
            more.into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        members
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    /// Conformance: RFC7591-2
    #[test]
    fn what_is_accepted_is_written_back_and_read_to_the_same(members in documents(), fapi: bool) {
        let offered = if fapi { profiled() } else { everything() };
        match ClientMetadata::parse(&members, &offered) {
            Ok(metadata) => {
                let written = metadata.members();
                let again = ClientMetadata::parse(&written, &offered);
                prop_assert_eq!(again, Ok(metadata), "{:?}", written);
            }
            Err(error) => {
                let sent = error.to_string();
                prop_assert!(
                    sent.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)),
                    "can stand in an error body: {}", sent
                );
            }
        }
    }
}
