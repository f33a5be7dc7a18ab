//! One entry per parser of outside bytes that is the server's own: what clients, browsers and operators send. None may
//! panic, hang or allocate without bound, whatever the bytes, and what an entry asserts holds for all of them. The tests
//! feed them random and mutated bytes; `cargo xtask fuzz` runs libFuzzer on them.
//!
//! What is **not** here: the messages of the device protocol and their parts, which `tegata_protocol::fuzz` has.
//!
//! To add one: a function `fuzz_…` and its line in [`ENTRIES`], under a name that neither list has; a valid example in
//! the seeds of the integration tests.

mod certificates;
mod requests;

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};
use data_encoding::BASE64;
use serde_json::{Map, Value};
use std::{borrow::Cow, sync::LazyLock};
use tegata_protocol::{
    AuthReqId, ConsentRequestId, Rng, Secret, Sha256Digest, SigningKey, SystemRng, UnixTime,
    bytes::{decode_b64u, encode_b64u},
    fuzz::FuzzEntry,
    ijson,
};

use requests::{
    fuzz_authorization_details, fuzz_backchannel_parameters, fuzz_hint_token, fuzz_login_hint,
    fuzz_request_object,
};

use crate::{
    administration::views::{Confirmation, NewClient, NewInvitation, NewUser},
    config::{Config, Issuer, Profile},
    domain::{ClientMetadata, FlowSeq, IssuingSessionId, Locator, locator::Located},
    http::{
        Reach,
        admin::{self, BackupRequest},
        device::{body::is_json, pages, pairing::canonical_digits},
        is_known_host,
        op::{
            client_assertion::{ExpectedAudience, LONGEST_LIFE, MAX_JTI, UnverifiedAssertion},
            client_authentication::basic_credentials,
            form::{Form, RESOURCE, is_form},
            registration,
        },
    },
    jose::{Algorithm, KeySet, MAX_KEYS},
};

pub use certificates::{fuzz_client_certificate, fuzz_distinguished_name};

/// All entries of this crate.
pub const ENTRIES: &[FuzzEntry] = &[
    FuzzEntry {
        name: "admin_request",
        run: fuzz_admin_request,
    },
    FuzzEntry {
        name: "authorization_details",
        run: fuzz_authorization_details,
    },
    FuzzEntry {
        name: "backchannel_parameters",
        run: fuzz_backchannel_parameters,
    },
    FuzzEntry {
        name: "basic_credentials",
        run: fuzz_basic_credentials,
    },
    FuzzEntry {
        name: "client_assertion",
        run: fuzz_client_assertion,
    },
    FuzzEntry {
        name: "client_certificate",
        run: fuzz_client_certificate,
    },
    FuzzEntry {
        name: "client_jwks",
        run: fuzz_client_jwks,
    },
    FuzzEntry {
        name: "client_metadata",
        run: fuzz_client_metadata,
    },
    FuzzEntry {
        name: "configuration",
        run: fuzz_configuration,
    },
    FuzzEntry {
        name: "distinguished_name",
        run: fuzz_distinguished_name,
    },
    FuzzEntry {
        name: "form",
        run: fuzz_form,
    },
    FuzzEntry {
        name: "locator",
        run: fuzz_locator,
    },
    FuzzEntry {
        name: "login_hint",
        run: fuzz_login_hint,
    },
    FuzzEntry {
        name: "pairing_page",
        run: fuzz_pairing_page,
    },
    FuzzEntry {
        name: "hint_token",
        run: fuzz_hint_token,
    },
    FuzzEntry {
        name: "request_object",
        run: fuzz_request_object,
    },
    FuzzEntry {
        name: "request_headers",
        run: fuzz_request_headers,
    },
];

/// The time at the server in these entries.
const NOW: UnixTime = UnixTime(1_800_000_000);
const ISSUER: &str = "https://id.example";

fn text_of(data: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(data)
}

fn form_encoded(data: &[u8]) -> String {
    form_urlencoded::byte_serialize(data).collect()
}

/// One header with these bytes, if a header can have them.
fn headers(name: HeaderName, data: &[u8]) -> Option<HeaderMap> {
    let value = HeaderValue::from_bytes(data).ok()?;
    Some(HeaderMap::from_iter([(name, value)]))
}

/// Bodies of the local admin interface.
pub fn fuzz_admin_request(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    let _ = admin::parse::<NewUser>(&body);
    let _ = admin::parse::<NewClient>(&body);
    let _ = admin::parse::<NewInvitation>(&body);
    let _ = admin::parse::<Confirmation>(&body);
    let _ = admin::parse::<BackupRequest>(&body);
}

/// A `Basic` header of these bytes, and one whose credentials they are.
///
/// # Panics
/// If credentials that were read are read differently once written again.
pub fn fuzz_basic_credentials(data: &[u8]) {
    let packed = format!("Basic {}", BASE64.encode(data));
    for bytes in [data, packed.as_bytes()] {
        let Ok(value) = HeaderValue::from_bytes(bytes) else {
            continue;
        };
        let Some((id, secret)) = basic_credentials(&value) else {
            continue;
        };
        // EXPOSE: what a fuzzer made up.
        let secret = secret.expose();
        let joined = format!(
            "{}:{}",
            form_encoded(id.as_str().as_bytes()),
            form_encoded(secret.as_bytes())
        );
        let written = format!("Basic {}", BASE64.encode(joined.as_bytes()));
        let again = HeaderValue::from_str(&written)
            .ok()
            .and_then(|value| basic_credentials(&value));
        assert!(
            again.is_some_and(|(again, words)| again == id && words.expose() == secret),
            "credentials survive writing"
        );
    }
}

/// A client assertion of these bytes, and one that a client signed: the header up to the first line feed, then the claims.
///
/// # Panics
/// If an assertion passes whose `jti` or life is beyond its limit, or one that nobody has signed.
pub fn fuzz_client_assertion(data: &[u8]) {
    static KEY: LazyLock<(SigningKey, KeySet)> = LazyLock::new(|| {
        let (key, _) = SigningKey::make(&SystemRng::new());
        let jwks = serde_json::json!({ "keys": [key.public()] }).to_string();
        (key, KeySet::parse(&jwks))
    });
    let (key, keys) = &*KEY;
    if let Ok(assertion) = UnverifiedAssertion::parse(&text_of(data)) {
        let _ = assertion.client_id();
        assert!(assertion.verify(keys).is_err(), "nobody has signed it");
    }
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (header, claims) = (lines.next(), lines.next());
    let parts = [header, claims].map(|part| encode_b64u(part.unwrap_or_default()));
    let signed = parts.join(".");
    let text = format!(
        "{signed}.{}",
        encode_b64u(&key.sign_fixed(signed.as_bytes()))
    );
    for audience in [
        ExpectedAudience::Only(ISSUER),
        ExpectedAudience::AnyOf([ISSUER, "https://id.example/token", "https://id.example/b"]),
    ] {
        let Ok(assertion) = UnverifiedAssertion::parse(&text) else {
            return;
        };
        let _ = assertion.client_id();
        let verified = assertion
            .verify(keys)
            .and_then(|signed| signed.check(&audience, NOW));
        if let Ok(verified) = verified {
            assert!((1..=MAX_JTI).contains(&verified.jti.chars().count()));
            assert!((1..=LONGEST_LIFE).contains(&verified.expires.since(NOW)));
        }
    }
}

/// A client's JWK Set, as a file for registration and as what assertions are verified with.
///
/// # Panics
/// If a set can be registered whose client could never authenticate, or more keys are looked at than may be.
pub fn fuzz_client_jwks(data: &[u8]) {
    let text = text_of(data);
    let keys = KeySet::parse(&text);
    assert!(keys.len() <= MAX_KEYS, "not too many keys");
    let mut usable = 0;
    for algorithm in Algorithm::FROM_CLIENTS {
        let all: Vec<_> = keys.candidates(algorithm, None).collect();
        let mut named = keys.candidates(algorithm, Some("kid"));
        assert!(
            named.all(|key| all.contains(&key)),
            "a name chooses among them"
        );
        for key in &all {
            assert!(
                key.verify(algorithm, b"message", data).is_err(),
                "nobody signed this"
            );
        }
        usable += all.len();
    }
    if KeySet::require(&text).is_ok() {
        assert!(usable > 0, "what is registered can be used");
    }
}

/// The body of a registration, on a server without options and on one that keeps to a profile.
///
/// # Panics
/// If metadata that is accepted is read differently once written again, or a refusal cannot stand in an error body.
pub fn fuzz_client_metadata(data: &[u8]) {
    let Ok(members) = ijson::parse::<Map<String, Value>>(data, registration::MAX_BODY) else {
        return;
    };
    for profile in [Profile::Standard, Profile::FapiCiba] {
        let offered = Config {
            profile,
            ..Config::default()
        }
        .offered();
        match ClientMetadata::parse(&members, &offered) {
            Ok(metadata) => {
                let again = ClientMetadata::parse(&metadata.members(), &offered);
                assert_eq!(again, Ok(metadata), "metadata survive writing");
            }
            Err(error) => assert!(
                error
                    .to_string()
                    .bytes()
                    .all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)),
                "a refusal can be sent"
            ),
        }
    }
}

/// The configuration file, without the environment.
///
/// # Panics
/// If a configuration passes that listens to others without TLS, has a value beyond its limit, or does not survive
/// writing.
pub fn fuzz_configuration(data: &[u8]) {
    let Ok(config) = Config::parse(&text_of(data)) else {
        return;
    };
    assert!(
        config.tls.is_on() || config.listen.ip().is_loopback(),
        "without TLS only this machine"
    );
    assert!(
        !config.tls.is_on() || config.issuer.as_ref().is_some_and(Issuer::is_https),
        "with TLS an https issuer"
    );
    assert!((1..=64).contains(&config.name.chars().count()));
    assert!(config.interval > 0 && config.lifetimes.request <= config.lifetimes.request_longest);
    let written = serde_json::to_value(&config).expect("a configuration is JSON");
    let again = serde_json::from_value::<Config>(written).expect("and JSON is read");
    assert_eq!(again, config, "a configuration survives writing");
}

/// A form; what passes is what every reader of forms makes of it.
///
/// # Panics
/// If another reader of forms finds other values.
pub fn fuzz_form(data: &[u8]) {
    let Ok(form) = Form::parse(data) else {
        return;
    };
    let mut resource = Vec::new();
    for (name, value) in form_urlencoded::parse(data) {
        let expected = Some(&*value).filter(|value| !value.is_empty());
        if name == RESOURCE {
            resource.extend(expected.map(str::to_owned));
        } else {
            assert_eq!(form.value(&name), expected, "one meaning only");
        }
    }
    assert_eq!(form.resource(), resource, "the one that may be repeated");
}

/// Identifiers that say where their row is: these bytes as one of each kind, and one of each made for a row of theirs.
///
/// # Panics
/// If an identifier opens that would be written differently, as another kind, or for another row.
pub fn fuzz_locator(data: &[u8]) {
    let locator = Locator::new(&[7; 32]);
    let text = text_of(data);
    check_located(&locator, &text);
    let Some((tag, rest)) = data.split_first_chunk::<16>() else {
        return;
    };
    let Some((row, rest)) = rest.split_first_chunk::<8>() else {
        return;
    };
    let row = FlowSeq(i64::from_be_bytes(*row));
    let ids = locator.make_flow_ids(row, &Given(*tag));
    let (token, _) = locator.make_access_token(row, &Given(*tag));
    let spoil = rest.first_chunk::<2>();
    for id in [
        ids.auth_req_id.as_str(),
        ids.consent_request_id.as_str(),
        // EXPOSE: what a fuzzer made up.
        token.expose(),
    ] {
        assert_eq!(check_located(&locator, id), Some(row), "opens as its row");
        if let (Some([at, bit]), Ok(mut sealed)) = (spoil, decode_b64u(id)) {
            let at = usize::from(*at) % sealed.len();
            if let Some(byte) = sealed.get_mut(at) {
                *byte ^= 1 << (bit % 8);
            }
            check_located(&locator, &encode_b64u(&sealed));
        }
    }
}

/// Draws the tag that is given.
struct Given([u8; 16]);

impl Rng for Given {
    fn fill(&self, out: &mut [u8]) {
        for (to, from) in out.iter_mut().zip(self.0.iter().cycle()) {
            *to = *from;
        }
    }
}

/// The row of an identifier that opens as one kind; it opens as no other, and is what would be made for this row.
fn check_located(locator: &Locator, text: &str) -> Option<FlowSeq> {
    let opened: [Option<Located>; 3] = [
        AuthReqId::parse(text)
            .ok()
            .and_then(|id| locator.open_auth_req_id(&id)),
        ConsentRequestId::parse(text)
            .ok()
            .and_then(|id| locator.open_consent_request_id(&id)),
        locator.open_access_token(text),
    ];
    let located = opened.iter().flatten().next()?;
    assert_eq!(
        opened.iter().flatten().count(),
        1,
        "labels keep the kinds apart"
    );
    let sealed = decode_b64u(text).expect("what opens is base64url");
    let tag = sealed.last_chunk::<16>().expect("of 32 bytes");
    assert_eq!(located.tag_hash, Sha256Digest::of(tag));
    let ids = locator.make_flow_ids(located.seq, &Given(*tag));
    let (token, _): (Secret<String>, _) = locator.make_access_token(located.seq, &Given(*tag));
    let written = [
        ids.auth_req_id.as_str(),
        ids.consent_request_id.as_str(),
        // EXPOSE: what a fuzzer made up.
        token.expose(),
    ];
    let same = opened.iter().zip(written).find(|(kind, _)| kind.is_some());
    assert_eq!(
        same.map(|(_, written)| written),
        Some(text),
        "an identifier survives writing"
    );
    Some(located.seq)
}

/// What a browser sends to the pairing pages: session id, cookie, language and the form with the digits.
///
/// # Panics
/// If a value passes that is not of its form.
pub fn fuzz_pairing_page(data: &[u8]) {
    let text = text_of(data);
    if let Some(id) = IssuingSessionId::parse(&text) {
        assert!(id.as_str() == text && text.len() == 22);
    }
    let cookie = [pages::COOKIE.as_bytes(), b"=", data].concat();
    for bytes in [data, &cookie] {
        let headers = headers(header::COOKIE, bytes);
        if let Some((secret, _)) = headers.as_ref().and_then(pages::kept) {
            assert!(!secret.contains([';', '.']), "a secret of one cookie");
        }
    }
    let cookie = [b"tegata-start-", data].concat();
    for (id, secret) in headers(header::COOKIE, &cookie)
        .map(|headers| pages::start::kept(&headers))
        .unwrap_or_default()
    {
        // EXPOSE: what a fuzzer made up.
        assert!(id.as_str().len() == 22 && !secret.expose().contains(';'));
    }
    for bytes in [data, &[b"jkt=", data].concat()] {
        if let Some(key) = pages::start::key_in(bytes) {
            assert_eq!(key.to_string().len(), 43, "a thumbprint");
        }
    }
    let _ = headers(header::ACCEPT_LANGUAGE, data).map(|headers| pages::language(&headers));
    let form = [b"digits=", data].concat();
    for bytes in [data, &form] {
        let typed = pages::typed_digits(bytes);
        assert!(typed.len() <= 3 * pages::LONGEST_FORM, "short forms only");
        if let Some(digits) = canonical_digits(&typed) {
            assert!(digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()));
        }
    }
}

/// Headers of every request: the media type and the host.
pub fn fuzz_request_headers(data: &[u8]) {
    let text = text_of(data);
    let _ = is_json(&text);
    let _ = is_known_host(&text, &["id.example"], Reach::Local);
    let _ = headers(header::CONTENT_TYPE, data).map(|headers| is_form(&headers));
}
