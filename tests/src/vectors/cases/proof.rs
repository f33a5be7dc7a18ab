//! Proofs of possession.

use super::{List, World, with, without};
use crate::vectors::{
    Area,
    class::Class,
    world::{DEVICE, ISSUER, NOW, compact},
};
use serde_json::{Value, json};
use tegata_protocol::{Sha256Digest, device::typ, jws};

pub(super) fn add(list: &mut List, world: &World<'_>) {
    use Class as C;
    let url = format!("{ISSUER}/device/v1/decisions");
    let body = r#"{"v":1}"#;
    let context = json!({
        "key": "possession", "device": DEVICE, "htm": "POST", "htu": url, "body": body, "nonce": "n-20270115-08",
    });
    let payload = json!({
        "v": 1, "iss": DEVICE, "htm": "POST", "htu": url, "jti": "lqkC2x0zS6yQpVb1nE4d8w",
        "nonce": "n-20270115-08", "body": Sha256Digest::of(body.as_bytes()),
    });
    let key = world.keys.key("possession");
    let sign = |payload: &Value| jws::sign(key, typ::PROOF, payload);
    let connect = format!("{ISSUER}/device/v1/connect");
    let socket = with(
        &with(
            &with(&context, "/htm", json!("GET")),
            "/htu",
            json!(connect),
        ),
        "/body",
        json!(""),
    );
    let socket_payload = with(
        &with(
            &with(&payload, "/htm", json!("GET")),
            "/htu",
            json!(connect),
        ),
        "/body",
        json!(Sha256Digest::of(b"")),
    );
    list.signed(
        Area::Proof,
        (
            "websocket",
            "For a socket: `GET`, and the hash of nothing.",
            C::Valid,
        ),
        sign(&socket_payload),
        socket,
    );
    let mut add = |name: &str, comment: &str, class, text: String| {
        list.signed(Area::Proof, (name, comment, class), text, context.clone());
    };
    add("valid", "Good.", C::Valid, sign(&payload));
    for (name, comment, member, value) in [
        (
            "body_swapped",
            "Another body than the one that was proved.",
            "/body",
            json!(Sha256Digest::of(br#"{"v":2}"#)),
        ),
        (
            "other_endpoint",
            "For another endpoint.",
            "/htu",
            json!(format!("{ISSUER}/device/v1/seen")),
        ),
        (
            "url_with_query",
            "The URL is compared exactly.",
            "/htu",
            json!(format!("{url}?x=1")),
        ),
        ("other_method", "For another method.", "/htm", json!("GET")),
        (
            "method_lower_case",
            "Methods are upper case.",
            "/htm",
            json!("post"),
        ),
        (
            "other_device",
            "Of another device.",
            "/iss",
            json!("dev-other"),
        ),
        (
            "long_jti",
            "65 characters of `jti`.",
            "/jti",
            json!("x".repeat(65)),
        ),
    ] {
        add(
            name,
            comment,
            C::ProofBinding,
            sign(&with(&payload, member, value)),
        );
    }
    add(
        "stale_nonce",
        "A nonce that is no longer good.",
        C::ProofNonce,
        sign(&with(&payload, "/nonce", json!("n-20270115-07"))),
    );
    add(
        "extra_member",
        "With `ath`, which belongs to DPoP.",
        C::Shape,
        sign(&with(&payload, "/ath", json!("AA"))),
    );
    add(
        "body_missing",
        "Without the hash of the body.",
        C::Shape,
        sign(&without(&payload, "/body")),
    );
    let dpop = json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": key.public() }).to_string();
    let dpop_payload =
        json!({ "jti": "x1", "htm": "POST", "htu": url, "iat": NOW, "nonce": "n-20270115-08" })
            .to_string();
    add(
        "dpop",
        "A DPoP proof (RFC 9449).",
        C::JwsHeader,
        compact(key, &dpop, &dpop_payload),
    );
    add(
        "dpop_typ",
        "The members of this protocol under DPoP's type.",
        C::JwsType,
        jws::sign(key, "dpop+jwt", &payload),
    );
    add(
        "signed_by_approval_key",
        "The approval key proves nothing silently.",
        C::JwsUnknownKey,
        jws::sign(world.keys.key("approval"), typ::PROOF, &payload),
    );
    let header = json!({ "alg": "ES256", "kid": key.thumbprint(), "typ": typ::PROOF }).to_string();
    add(
        "signed_by_other_device",
        "Another device under this one's name.",
        C::JwsSignature,
        compact(
            world.keys.key("other_possession"),
            &header,
            &payload.to_string(),
        ),
    );
}
