//! Metadata at first contact and later.

use super::{List, World, with, without};
use crate::vectors::{
    Area,
    class::Class,
    world::{ISSUER, NOW},
};
use serde_json::{Value, json};
use tegata_protocol::{device::typ, jws};

pub(super) fn add(list: &mut List, world: &World<'_>) {
    use Class as C;
    let root = world.thumbprint("root");
    let context = json!({ "issuer": ISSUER, "root": root, "seen_seq": 7, "now": World::now() });
    let mut add = |about: (&str, &str, Class), text: String, context: &Value| {
        list.signed(Area::Metadata, about, text, context.clone());
    };
    let good = world.metadata.to_string();
    add(("valid", "Good.", C::Valid), good.clone(), &context);
    let fresh = with(&context, "/root", Value::Null);
    add(
        (
            "first_contact",
            "First contact by a code typed by hand: the root is not known yet.",
            C::Valid,
        ),
        good.clone(),
        &fresh,
    );
    add(
        (
            "rolled_back",
            "Older than what this device has seen: a key that was withdrawn would come back.",
            C::MetadataRolledBack,
        ),
        good.clone(),
        &with(&context, "/seen_seq", json!(8)),
    );
    add(
        (
            "expired",
            "Past `exp` by more than the leeway.",
            C::MetadataExpired,
        ),
        good.clone(),
        &with(&context, "/now", json!(NOW + 604_800 + 301)),
    );
    add(
        (
            "expired_within_leeway",
            "Past `exp` by no more than the leeway.",
            C::Valid,
        ),
        good.clone(),
        &with(&context, "/now", json!(NOW + 604_800 + 300)),
    );
    add(
        (
            "from_the_future",
            "`iat` is later than the device's clock by more than the leeway.",
            C::MetadataExpired,
        ),
        good.clone(),
        &with(&context, "/now", json!(NOW - 3600 - 301)),
    );
    add(
        (
            "other_issuer",
            "Asked one server, got another's.",
            C::MetadataIssuer,
        ),
        good.clone(),
        &with(&context, "/issuer", json!("https://other.example")),
    );
    let other_root = world.keys.key("other_root");
    let payload = world.metadata_payload();
    let foreign = json!({
        "metadata_jws": jws::sign(other_root, typ::METADATA, &payload), "root": other_root.public(),
    });
    add(
        (
            "unchained_root",
            "A new root that the old one never introduced.",
            C::MetadataRoot,
        ),
        foreign.to_string(),
        &context,
    );
    let forged = with(&foreign, "/root", json!(world.keys.public("root")));
    add(
        (
            "forged_by_other_root",
            "Names the pinned root, but another one signed.",
            C::JwsUnknownKey,
        ),
        forged.to_string(),
        &context,
    );
    let prompt_key = world.keys.key("prompt");
    let wrong = json!({
        "metadata_jws": jws::sign(prompt_key, typ::METADATA, &payload), "root": world.keys.public("root"),
    });
    add(
        (
            "signed_by_prompt_key",
            "An online key cannot replace the root.",
            C::JwsUnknownKey,
        ),
        wrong.to_string(),
        &context,
    );
    let typ_other = json!({
        "metadata_jws": jws::sign(world.keys.key("root"), "JWT", &payload), "root": world.keys.public("root"),
    });
    add(
        (
            "typ_jwt",
            "Signed by the root, but not as metadata.",
            C::JwsType,
        ),
        typ_other.to_string(),
        &context,
    );

    let as_array = json!([world.metadata["metadata_jws"], world.metadata["root"]]);
    add(
        (
            "answer_as_array",
            "The members of an object in an array.",
            C::Shape,
        ),
        as_array.to_string(),
        &context,
    );

    let mut changed = |name: &str, comment: &str, class, payload: Value| {
        add(
            (name, comment, class),
            world.metadata_response(&payload).to_string(),
            &context,
        );
    };
    changed(
        "critical_member",
        "Needs something that this version does not know.",
        C::MetadataCritical,
        with(&payload, "/crit", json!(["quorum"])),
    );
    changed(
        "endpoint_outside_issuer",
        "An endpoint on another host.",
        C::MetadataContent,
        with(
            &payload,
            "/endpoints/decisions",
            json!("https://evil.example/device/v1/decisions"),
        ),
    );
    changed(
        "endpoint_look_alike",
        "An endpoint on a host that starts like the issuer's.",
        C::MetadataContent,
        with(
            &payload,
            "/endpoints/connect",
            json!("https://id.example.evil.example/connect"),
        ),
    );
    changed(
        "endpoint_user_information",
        "The issuer as user information of another host.",
        C::MetadataContent,
        with(
            &payload,
            "/endpoints/connect",
            json!("https://id.example@evil.example/connect"),
        ),
    );
    changed(
        "endpoint_plain_http",
        "An endpoint without TLS.",
        C::MetadataContent,
        with(
            &payload,
            "/endpoints/seen",
            json!("http://id.example/device/v1/seen"),
        ),
    );
    changed(
        "endpoint_leaves_issuer",
        "A path that leads out of the issuer's.",
        C::MetadataContent,
        with(
            &payload,
            "/endpoints/seen",
            json!("https://id.example/device/../../other/seen"),
        ),
    );
    changed(
        "critical_known_member",
        "`crit` may name what every version knows.",
        C::Valid,
        with(&payload, "/crit", json!(["limits"])),
    );
    changed(
        "other_rp_id",
        "An rpId that a sign-in page could have.",
        C::MetadataContent,
        with(&payload, "/rp_id", json!("id.example")),
    );
    changed(
        "other_origin",
        "An origin that a browser could have.",
        C::MetadataContent,
        with(&payload, "/origin", json!("https://id.example")),
    );
    changed(
        "long_name",
        "A name of 65 code points.",
        C::MetadataContent,
        with(&payload, "/name", json!("x".repeat(65))),
    );
    changed(
        "missing_endpoint",
        "An endpoint is missing.",
        C::Shape,
        without(&payload, "/endpoints/seen"),
    );
    changed(
        "version_2",
        "Of a later version.",
        C::Shape,
        with(&payload, "/v", json!(2)),
    );
    changed(
        "unknown_member",
        "A member that is not critical and not known is passed over.",
        C::Valid,
        with(&payload, "/hint", json!("x")),
    );
}
