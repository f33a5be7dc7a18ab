//! Offer, reveal and the six digits.

use super::{List, World, with, without};
use crate::vectors::{
    Area,
    class::Class,
    world::{CODE, ISSUER, compact, nonce},
};
use serde_json::{Value, json};
use tegata_protocol::{
    Sha256Digest,
    device::{pairing::derive_pairing_digits, typ},
    jws,
};

pub(super) fn add(list: &mut List, world: &World<'_>) {
    offer(list, world);
    reveal(list, world);
    digits(list, world);
}

fn offer(list: &mut List, world: &World<'_>) {
    use Class as C;
    let context = json!({ "keys": ["receipt"], "issuer": ISSUER, "code": CODE });
    let payload = World::offer_payload();
    let key = world.keys.key("receipt");
    let sign = |payload: &Value| jws::sign(key, typ::OFFER, payload);
    let mut add = |name: &str, comment: &str, class, text: String| {
        list.signed(Area::Offer, (name, comment, class), text, context.clone());
    };
    add("valid", "Good.", C::Valid, world.offer.clone());
    add(
        "other_code",
        "For another invitation.",
        C::PairingBinding,
        sign(&with(
            &payload,
            "/invitation",
            json!(Sha256Digest::of(b"0123456789AB")),
        )),
    );
    add(
        "other_issuer",
        "Of another server.",
        C::PairingBinding,
        sign(&with(&payload, "/iss", json!("https://other.example"))),
    );
    add(
        "long_account_name",
        "A name of 129 code points.",
        C::PairingBinding,
        sign(&with(&payload, "/account/name", json!("x".repeat(129)))),
    );
    add(
        "no_commitment",
        "Without a commitment the server could choose its number last.",
        C::Shape,
        sign(&without(&payload, "/commitment")),
    );
    add(
        "signed_by_prompt_key",
        "Prompt keys sign prompts alone.",
        C::JwsUnknownKey,
        jws::sign(world.keys.key("prompt"), typ::OFFER, &payload),
    );
    add(
        "signed_by_root",
        "The root signs metadata alone.",
        C::JwsUnknownKey,
        jws::sign(world.keys.key("root"), typ::OFFER, &payload),
    );
    add(
        "reveal_as_offer",
        "A reveal is not an offer.",
        C::JwsType,
        world.reveal.clone(),
    );
}

fn reveal(list: &mut List, world: &World<'_>) {
    use Class as C;
    let context = json!({
        "keys": ["receipt"], "issuer": ISSUER, "code": CODE, "offer": world.offer,
        "approval": world.thumbprint("approval"), "possession": world.thumbprint("possession"),
    });
    let payload = world.reveal_payload();
    let key = world.keys.key("receipt");
    let sign = |payload: &Value| jws::sign(key, typ::REVEAL, payload);
    let mut add = |name: &str, comment: &str, class, text: String| {
        list.signed(Area::Reveal, (name, comment, class), text, context.clone());
    };
    add("valid", "Good.", C::Valid, world.reveal.clone());
    add(
        "commitment_not_opened",
        "Another number than the one committed to: digits could be ground out.",
        C::PairingCommitment,
        sign(&with(&payload, "/server_nonce", json!(nonce("another")))),
    );
    add(
        "other_offer",
        "Of another pairing.",
        C::PairingBinding,
        sign(&with(&payload, "/offer", json!(Sha256Digest::of(b"other")))),
    );
    add(
        "other_issuer",
        "Of another server.",
        C::PairingBinding,
        sign(&with(&payload, "/iss", json!("https://other.example"))),
    );
    let swapped = with(&payload, "/approval", json!(world.thumbprint("possession")));
    let swapped = with(&swapped, "/possession", json!(world.thumbprint("approval")));
    add(
        "roles_swapped",
        "The silent key stored as the approving one.",
        C::PairingKeys,
        sign(&swapped),
    );
    add(
        "foreign_approval_key",
        "Somebody between put a key of their own.",
        C::PairingKeys,
        sign(&with(
            &payload,
            "/approval",
            json!(world.thumbprint("other_approval")),
        )),
    );
    add(
        "foreign_possession_key",
        "Somebody between put a key of their own.",
        C::PairingKeys,
        sign(&with(
            &payload,
            "/possession",
            json!(world.thumbprint("other_possession")),
        )),
    );
    add(
        "signed_by_stranger",
        "Not by the server.",
        C::JwsUnknownKey,
        jws::sign(world.keys.key("stranger"), typ::REVEAL, &payload),
    );
    let header = json!({ "alg": "ES256", "kid": key.thumbprint(), "typ": typ::REVEAL }).to_string();
    let doubled = payload
        .to_string()
        .replacen('{', r#"{"device":"dev-other","#, 1);
    add(
        "duplicate_device",
        "Two device ids: which one is meant depends on the parser.",
        C::DuplicateName,
        compact(key, &header, &doubled),
    );
}

fn digits(list: &mut List, world: &World<'_>) {
    let (a, p) = (world.thumbprint("approval"), world.thumbprint("possession"));
    let input = |server: &str, a, p| {
        json!({
            "offer": world.offer, "approval": a, "possession": p,
            "device_nonce": nonce("device"), "server_nonce": nonce(server),
        })
    };
    let derive =
        |server: &str| derive_pairing_digits(&world.offer, a, p, nonce("device"), nonce(server));
    let right = derive("server");
    let mut add = |name: &str, comment: &str, class, input: &Value, digits: &str| {
        let context = json!({ "digits": digits });
        list.signed(
            Area::PairingDigits,
            (name, comment, class),
            input.to_string(),
            context,
        );
    };
    add(
        "valid",
        "Both sides show the same.",
        Class::Valid,
        &input("server", a, p),
        &right,
    );
    let low = (0..1000)
        .map(|i| format!("low {i}"))
        .find(|name| derive(name).starts_with('0'))
        .unwrap_or_default();
    add(
        "leading_zero",
        "Leading zeros are digits.",
        Class::Valid,
        &input(&low, a, p),
        &derive(&low),
    );
    add(
        "roles_swapped",
        "The two keys in each other's place.",
        Class::DigitsMismatch,
        &input("server", p, a),
        &right,
    );
    add(
        "other_server_nonce",
        "Another number of the server.",
        Class::DigitsMismatch,
        &input("another", a, p),
        &right,
    );
    let foreign = world.thumbprint("other_approval");
    add(
        "foreign_key",
        "A key of somebody between.",
        Class::DigitsMismatch,
        &input("server", foreign, p),
        &right,
    );
    add(
        "offer_missing",
        "An input is missing.",
        Class::Shape,
        &without(&input("server", a, p), "/offer"),
        &right,
    );
}
