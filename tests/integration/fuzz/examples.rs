//! Valid inputs for the server's entries, from which spoilt ones are made.

use data_encoding::BASE64;
use tegata_protocol::{SystemRng, UnixTime, bytes::encode_b64u};
use tegata_server::{
    config::DEFAULT_FILE,
    domain::{FlowSeq, Locator},
};

/// The key of RFC 7517, appendix A.1.
const JWKS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig","alg":"ES256","kid":"kid"}]}"#;

/// Within ten minutes after what the entry takes for now.
const EXPIRES: UnixTime = UnixTime(1_800_000_300);

/// The examples of the entry `name`; none if nobody has written any.
pub(super) fn of(name: &str) -> Vec<Vec<u8>> {
    let texts: Vec<String> = match name {
        "admin_request" => vec![
            r#"{"login_name":"hanako","display_name":"花子","test":false}"#.to_owned(),
            serde_json::json!({
                "client_id": "kiosk", "name": "Kiosk", "host": "kiosk.example", "long_poll": 30,
                "metadata": { "jwks": { "keys": [] }, "backchannel_token_delivery_mode": "poll" },
                "binding_message": "show", "transfer_code": true,
            })
            .to_string(),
            r#"{"user":"hanako","page":true}"#.to_owned(),
            r#"{"secret":"abc","code":"123456"}"#.to_owned(),
            r#"{"file":"backup.db"}"#.to_owned(),
        ],
        "authorization_details" => vec![
            r#"[{"type":"t","amount":{"currency":"EUR","value":12350},"note":["a/b~c",null,true]}]"#
                .to_owned(),
            r#"[{"type":"t"},{"type":"t","a\u0301":"\u202e"}]"#.to_owned(),
            format!(r#"[{{"type":"t","deep":{}1{}}}]"#, "[".repeat(10), "]".repeat(10)),
        ],
        "backchannel_parameters" => vec![
            "scope=openid+profile&login_hint=hanako&binding_message=Till%204&acr_values=a+b\
             &requested_expiry=120"
                .to_owned(),
            "scope=openid&login_hint=hanako&binding_message=123456".to_owned(),
            "urn:example:loa2 urn:example:loa3".to_owned(),
            "4294967296".to_owned(),
            "7H3KQ9".to_owned(),
            "scope=openid&login_hint=a&client_notification_token=8d67dc78-7faa-4d41-aabd-67707b374255\
             &resource=urn:a&resource=https://a.example/%3Fq&request_context=%7B%22place%22%3A%22Oslo%22%7D"
                .to_owned(),
        ],
        "basic_credentials" => vec![
            "Basic a2lvc2s6cyUyQmVjcmV0".to_owned(),
            "basic  a2lvc2s6".to_owned(),
            "kiosk:s%2Becret+word".to_owned(),
        ],
        "client_assertion" => assertions(),
        "client_jwks" => vec![
            JWKS.to_owned(),
            r#"{"keys":[{"kty":"EC","crv":"P-256","x":"","y":"","d":""}]}"#.to_owned(),
            r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","use":"enc"}]}"#.to_owned(),
        ],
        "client_metadata" => metadata(),
        "configuration" => vec![
            DEFAULT_FILE.to_owned(),
            DEFAULT_FILE.replace("\n# ", "\n"),
            "listen = \"[::1]:0\"\nname = \"T\"\n[scopes.library]\nen = \"See\"\nja = \"見る\"\n\
             [lifetimes]\nrequest = 60\n[limits]\npending_per_account = 3\n[log]\nformat = \"json\"\n"
                .to_owned(),
            "a.".repeat(2000) + "a = 1",
            format!("name = {}", "[".repeat(2000)),
            format!("name = {}", "{a=".repeat(2000)),
        ],
        "client_certificate" => certificates(),
        "distinguished_name" => vec![
            "CN=Kiosk 7+UID=k7,OU=\\23 1,O=Example\\, Inc.,C=JP".to_owned(),
            "2.5.4.3=#0c05 6b696f736b".replace(' ', ""),
            "emailAddress = k@example , DC = example".to_owned(),
        ],
        "form" => vec![
            "a=1&b=&c=x%20y+z&%E6%89%8B=%e5%bd%a2&".to_owned(),
            "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id=abc-_~".to_owned(),
        ],
        "hint_token" => vec![
            r#"{"format":"account","uri":"acct:hanako%2B1@id.example"}"#.to_owned(),
            r#"{"format":"iss_sub","iss":"https://id.example","sub":"5dwJ"}"#.to_owned(),
            r#"{"format":"opaque","id":"5dwJ"}"#.to_owned(),
        ],
        "locator" => locators(),
        "login_hint" => vec![
            "hanako+1@id.example".to_owned(),
            r#"{"format":"iss_sub","iss":"https://id.example","sub":"5dwJ"}"#.to_owned(),
        ],
        "pairing_page" => vec![
            "abcdefghijklmnopqrstuv".to_owned(),
            "other=1; tegata-pairing=c2VjcmV0.7H3KQ9M2P4XW; more=2".to_owned(),
            "c2VjcmV0.7H3KQ9M2P4XW".to_owned(),
            "ja-JP,ja;q=0.9,en;q=0.8".to_owned(),
            "digits=123+456".to_owned(),
            "１２３ ４５６".to_owned(),
        ],
        "request_object" => request_objects(),
        "request_headers" => vec![
            "application/x-www-form-urlencoded; charset=\"utf-8\"".to_owned(),
            "application/json;charset=utf-8".to_owned(),
            "ID.example:8480".to_owned(),
            "[::1]:8480".to_owned(),
        ],
        _ => Vec::new(),
    };
    texts.into_iter().map(String::into_bytes).collect()
}

/// A client of each kind, and one that FAPI-CIBA accepts.
fn metadata() -> Vec<String> {
    let jwks: serde_json::Value = serde_json::from_str(JWKS).unwrap_or_default();
    let grants = ["urn:openid:params:grant-type:ciba", "refresh_token"];
    [
        serde_json::json!({
            "client_name": "花子の窓口", "grant_types": grants, "response_types": [], "redirect_uris": [],
            "backchannel_token_delivery_mode": "poll", "scope": "openid profile",
        }),
        serde_json::json!({
            "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256",
            "jwks": jwks, "grant_types": grants, "backchannel_token_delivery_mode": "ping",
            "backchannel_client_notification_endpoint": "https://rp.example/ciba",
            "backchannel_authentication_request_signing_alg": "ES256",
            "backchannel_user_code_parameter": true, "id_token_signed_response_alg": "PS256",
        }),
        serde_json::json!({
            "token_endpoint_auth_method": "client_secret_jwt", "jwks_uri": "https://rp.example/jwks",
            "subject_type": "pairwise", "sector_identifier_uri": "https://rp.example/sector",
            "backchannel_token_delivery_mode": "push", "dpop_bound_access_tokens": true,
            "backchannel_client_notification_endpoint": "https://rp.example/ciba",
        }),
    ]
    .map(|members| members.to_string())
    .to_vec()
}

/// As PEM in a header, and as a byte sequence.
fn certificates() -> Vec<String> {
    let certificate = rcgen::generate_simple_self_signed(vec!["kiosk.example".to_owned()]);
    let certificate = certificate.expect("a certificate is made").cert;
    let encoded = BASE64.encode(certificate.der());
    vec![
        certificate.pem().replace('\n', "%0A").replace(' ', "%20"),
        format!(":{encoded}:"),
    ]
}

/// Header and claims, and a whole assertion with a signature that is none.
fn assertions() -> Vec<String> {
    let header = r#"{"alg":"ES256","typ":"client-authentication+jwt","kid":"kid"}"#;
    let claims = |aud: &str| {
        let exp = EXPIRES.0;
        format!(
            r#"{{"iss":"kiosk","sub":"kiosk","aud":{aud},"iat":{},"exp":{exp},"jti":"one"}}"#,
            exp - 300
        )
    };
    let one = claims(r#""https://id.example""#);
    let many = claims(r#"["https://id.example/token","https://rp.example"]"#);
    let packed = [header, &one].map(|part| encode_b64u(part.as_bytes()));
    vec![
        format!("{header}\n{one}"),
        format!("{{\"alg\":\"ES256\"}}\n{many}"),
        format!("{}.{}", packed.join("."), encode_b64u(&[0; 64])),
    ]
}

/// Header and claims, and a whole object with a signature that is none.
fn request_objects() -> Vec<String> {
    let header = r#"{"alg":"ES256","typ":"oauth-authz-req+jwt"}"#;
    let (exp, nbf) = (EXPIRES.0, EXPIRES.0 - 300);
    let claims = format!(
        r#"{{"iss":"kiosk","aud":["https://id.example"],"exp":{exp},"nbf":{nbf},"iat":{nbf},"jti":"one","scope":"openid",
"login_hint":"hanako","requested_expiry":120,"client_notification_token":"8d67dc78-7faa-4d41-aabd-67707b374255",
"resource":"urn:a","request_context":{{"place":"Oslo"}}}}"#
    );
    let packed = [header, &claims].map(|part| encode_b64u(part.as_bytes()));
    vec![
        format!("{header}\n{claims}"),
        format!("{}.{}", packed.join("."), encode_b64u(&[0; 64])),
        format!("{}.{}..", packed.join("."), encode_b64u(&[0; 64])),
    ]
}

/// One identifier of each kind, made with the entry's key, and what the entry makes some of.
fn locators() -> Vec<String> {
    let (locator, rng) = (Locator::new(&[7; 32]), SystemRng::new());
    let ids = locator.make_flow_ids(FlowSeq(41), &rng);
    let (token, _) = locator.make_access_token(FlowSeq(41), &rng);
    vec![
        ids.auth_req_id.as_str().to_owned(),
        ids.consent_request_id.as_str().to_owned(),
        token.expose().clone(),
        "a tag of 16 bytes, a row, where, which bit".to_owned(),
    ]
}
