//! Signatures, headers and forms of JWS, whatever the message.

use super::{List, World};
use crate::vectors::{Area, class::Class, world::compact};
use serde_json::{Value, json};
use tegata_protocol::{bytes::encode_b64u, device::typ};

const TYP: &str = "vector+jwt";

fn context() -> Value {
    json!({ "typ": TYP, "max_len": 4096, "keys": ["prompt", "receipt"] })
}

pub(super) fn add(list: &mut List, world: &World<'_>) {
    jws(list, world);
    jws_payload(list, world);
}

fn jws(list: &mut List, world: &World<'_>) {
    use Class as C;
    let key = world.keys.key("prompt");
    let payload = r#"{"a":1}"#;
    let header = json!({ "alg": "ES256", "kid": key.thumbprint(), "typ": TYP });
    let good = compact(key, &header.to_string(), payload);
    let mut add = |name: &str, comment: &str, class, text: String| {
        list.signed(Area::Jws, (name, comment, class), text, context());
    };
    add("valid", "Good.", C::Valid, good.clone());
    let reordered = format!(
        r#"{{"typ":"{TYP}","kid":"{}","alg":"ES256"}}"#,
        key.thumbprint()
    );
    add(
        "header_order",
        "The order of header members does not matter.",
        C::Valid,
        compact(key, &reordered, payload),
    );

    for (name, comment, alg) in [
        ("alg_none", "`none`, with a signature.", "none"),
        ("alg_hs256", "`HS256`: a public key is no secret.", "HS256"),
        ("alg_es384", "`ES384` over a P-256 signature.", "ES384"),
        ("alg_rs256", "`RS256`.", "RS256"),
        ("alg_eddsa", "`EdDSA`.", "EdDSA"),
        ("alg_case", "`es256`: names are compared exactly.", "es256"),
    ] {
        let mut header = header.clone();
        header["alg"] = json!(alg);
        add(
            name,
            comment,
            C::JwsAlgorithm,
            compact(key, &header.to_string(), payload),
        );
    }
    let mut none = header.clone();
    none["alg"] = json!("none");
    let text = format!(
        "{}.{}.",
        encode_b64u(none.to_string().as_bytes()),
        encode_b64u(payload.as_bytes())
    );
    add(
        "alg_none_unsigned",
        "`none`, with an empty signature.",
        C::JwsMalformed,
        text,
    );
    let mut missing = header.clone();
    missing.as_object_mut().map(|members| members.remove("alg"));
    add(
        "alg_missing",
        "No `alg`.",
        C::JwsAlgorithm,
        compact(key, &missing.to_string(), payload),
    );

    for (name, comment, member, value) in [
        (
            "header_jwk",
            "Brings its own key.",
            "jwk",
            json!(key.public()),
        ),
        (
            "header_jku",
            "Says where keys are.",
            "jku",
            json!("https://evil.example/keys"),
        ),
        (
            "header_x5u",
            "Says where certificates are.",
            "x5u",
            json!("https://evil.example/c"),
        ),
        ("header_x5c", "Brings certificates.", "x5c", json!(["MIIB"])),
        (
            "header_crit",
            "A critical header: those live in the payload.",
            "crit",
            json!(["exp"]),
        ),
        (
            "header_b64",
            "An unencoded payload (RFC 7797).",
            "b64",
            json!(true),
        ),
        (
            "header_cty",
            "A member that this protocol does not have.",
            "cty",
            json!("JWT"),
        ),
    ] {
        let mut header = header.clone();
        header[member] = value;
        add(
            name,
            comment,
            C::JwsHeader,
            compact(key, &header.to_string(), payload),
        );
    }
    let mut missing = header.clone();
    missing.as_object_mut().map(|members| members.remove("kid"));
    add(
        "kid_missing",
        "No `kid`.",
        C::JwsHeader,
        compact(key, &missing.to_string(), payload),
    );
    let doubled = format!(
        r#"{{"alg":"ES256","alg":"ES256","kid":"{}","typ":"{TYP}"}}"#,
        key.thumbprint()
    );
    add(
        "header_duplicate_name",
        "A name twice in the header.",
        C::JwsHeader,
        compact(key, &doubled, payload),
    );

    for (name, comment, typ) in [
        (
            "typ_other",
            "Another message of this protocol, good in itself.",
            typ::RECEIPT,
        ),
        ("typ_case", "`typ` is compared exactly.", "Vector+JWT"),
        (
            "typ_media_type",
            "The long form of the media type is another string.",
            "application/vector+jwt",
        ),
    ] {
        let mut header = header.clone();
        header["typ"] = json!(typ);
        add(
            name,
            comment,
            C::JwsType,
            compact(key, &header.to_string(), payload),
        );
    }
    let mut named = header.clone();
    let stranger = world.keys.key("stranger");
    named["kid"] = json!(stranger.thumbprint());
    add(
        "stranger",
        "By a key that is not among the acceptable ones.",
        C::JwsUnknownKey,
        compact(stranger, &named.to_string(), payload),
    );
    add(
        "stranger_as_prompt",
        "By a stranger who names a good key.",
        C::JwsSignature,
        compact(stranger, &header.to_string(), payload),
    );
    named["kid"] = json!(world.thumbprint("receipt"));
    add(
        "other_key_named",
        "Names another acceptable key than the one that signed.",
        C::JwsSignature,
        compact(key, &named.to_string(), payload),
    );

    let parts: Vec<&str> = good.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    add(
        "payload_altered",
        "The payload is another one.",
        C::JwsSignature,
        format!("{head}.{}.{signature}", encode_b64u(br#"{"a":2}"#)),
    );
    add(
        "two_parts",
        "Without a signature.",
        C::JwsMalformed,
        format!("{head}.{body}"),
    );
    add(
        "four_parts",
        "One part too many.",
        C::JwsMalformed,
        format!("{good}.e30"),
    );
    add(
        "padding",
        "base64url with padding.",
        C::JwsMalformed,
        format!("{head}.{body}.{signature}=="),
    );
    add(
        "line_break",
        "White space inside base64url.",
        C::JwsMalformed,
        format!("{head}.{body}.\n{signature}"),
    );
    add(
        "standard_alphabet",
        "The other alphabet of base64.",
        C::JwsMalformed,
        format!(
            "{head}.{body}.+/{}",
            signature.chars().skip(2).collect::<String>()
        ),
    );
    add(
        "short_signature",
        "63 bytes of signature.",
        C::JwsMalformed,
        format!(
            "{head}.{body}.{}",
            signature.chars().take(84).collect::<String>()
        ),
    );
    add(
        "trailing_bits",
        "The last character of a 64-byte signature has bits that count for nothing, and one is set.",
        C::JwsMalformed,
        format!(
            "{head}.{body}.{}{}",
            signature.chars().take(85).collect::<String>(),
            with_trailing_bit(signature)
        ),
    );
    let fixed = format!("{head}.{body}");
    let der = encode_b64u(&key.sign_der(fixed.as_bytes()));
    add(
        "der_signature",
        "The signature in the form that WebAuthn has.",
        C::JwsMalformed,
        format!("{fixed}.{der}"),
    );
    add(
        "zero_signature",
        "r = s = 0.",
        C::JwsSignature,
        format!("{fixed}.{}", encode_b64u(&[0; 64])),
    );
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(4096));
    add(
        "too_long",
        "Over the limit of its place.",
        C::JwsTooLong,
        compact(key, &header.to_string(), &long),
    );
}

/// The last character of `text` with a bit set that decoders drop.
fn with_trailing_bit(text: &str) -> char {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = text.bytes().last().unwrap_or_default();
    let index = ALPHABET
        .iter()
        .position(|byte| *byte == last)
        .unwrap_or_default();
    char::from(ALPHABET[index | 1])
}

fn jws_payload(list: &mut List, world: &World<'_>) {
    let key = world.keys.key("prompt");
    let header = json!({ "alg": "ES256", "kid": key.thumbprint(), "typ": TYP }).to_string();
    for (name, comment, class, payload) in [
        (
            "payload_duplicate_name",
            "Signed well, but with a name twice.",
            Class::DuplicateName,
            r#"{"a":1,"a":2}"#,
        ),
        (
            "payload_big_integer",
            "Signed well, but with an integer that parsers round.",
            Class::Number,
            r#"{"a":9007199254740993}"#,
        ),
        (
            "payload_lone_surrogate",
            "Signed well, but with half a character.",
            Class::UnpairedSurrogate,
            r#"{"a":"\udead"}"#,
        ),
        (
            "payload_trailing",
            "Signed well, but with something after the document.",
            Class::Trailing,
            r#"{"a":1} x"#,
        ),
    ] {
        list.signed(
            Area::Jws,
            (name, comment, class),
            compact(key, &header, payload),
            context(),
        );
    }
}
