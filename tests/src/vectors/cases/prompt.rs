//! Prompts: good ones, forged ones, and those that can only be denied.

use super::{List, World, with, without};
use crate::vectors::{
    Area,
    class::Class,
    world::{ACCOUNT, DEVICE, ISSUER, NOW, compact},
};
use serde_json::{Value, json};
use tegata_protocol::{device::typ, jws};

pub(super) fn add(list: &mut List, world: &World<'_>) {
    prompt(list, world);
    prompt_deny_only(list, world);
}

fn context() -> Value {
    json!({
        "issuer": ISSUER, "device": DEVICE, "account": ACCOUNT, "keys": ["prompt"],
        "key_kind": "software_pin",
    })
}

fn grant() -> Value {
    let mut payload = World::prompt_payload();
    payload["kind"] = json!("grant");
    payload["transfer"] = json!({ "kind": "none" });
    payload["binding_message"] = json!("Invoice 2027-018");
    payload["refresh"] = json!(NOW + 7_776_000);
    payload["authorization_details"] = json!([{
        "type": "payment_initiation",
        "instructedAmount": { "currency": "EUR", "amount": "123.50" },
        "creditorName": "Harbour Books",
        "creditorAccount": { "iban": "DE02100100109307118603" },
    }]);
    payload["labels"] = json!([{ "pointer": "/0/creditorName", "text": "Paid to" }]);
    payload
}

fn prompt(list: &mut List, world: &World<'_>) {
    use Class as C;
    let key = world.keys.key("prompt");
    let payload = World::prompt_payload();
    let sign = |payload: &Value| jws::sign(key, typ::PROMPT, payload);
    let mut add = |name: &str, comment: &str, class, text: String| {
        list.signed(Area::Prompt, (name, comment, class), text, context());
    };
    add(
        "sign_in_with_code",
        "A sign-in that asks for the code on the other screen.",
        C::Valid,
        world.prompt.clone(),
    );
    let plain = with(
        &with(&payload, "/transfer", json!({ "kind": "none" })),
        "/binding_message",
        json!("Desk 4"),
    );
    add(
        "sign_in_with_words",
        "A sign-in with words of the client and no code.",
        C::Valid,
        sign(&plain),
    );
    add(
        "grant_with_details",
        "A grant with authorization details and a label.",
        C::Valid,
        sign(&grant()),
    );
    add(
        "test_of_delivery",
        "A test, which grants nothing.",
        C::Valid,
        sign(&with(&plain, "/kind", json!("test"))),
    );
    add(
        "past_its_exp",
        "`exp` has passed: seconds left come with the delivery, and they count.",
        C::Valid,
        sign(&with(&payload, "/exp", json!(NOW - 86_400))),
    );
    add(
        "critical_known_member",
        "`crit` may name what every version knows.",
        C::Valid,
        sign(&with(&payload, "/crit", json!(["transfer"]))),
    );
    let mut agent = payload.clone();
    agent["actor"] =
        json!([{ "id": "agent-7", "name": "Book finder", "vouched_by": "Harbour library" }]);
    agent["client"]["registered_by"] = json!("self");
    add(
        "with_agent",
        "A self-registered client, with an agent in between.",
        C::Valid,
        sign(&agent),
    );
    let mut removal = without(&payload, "/scopes");
    removal["kind"] = json!("device_remove");
    removal["transfer"] = json!({ "kind": "none" });
    removal["access_token_lifetime"] = json!(0);
    removal["device"] = json!({
        "id": "dev-Q81nNe", "name": "Mika's laptop", "platform": "linux, tegata/0.1.0", "paired_at": NOW - 86_400,
        "lost": true,
    });
    add(
        "device_remove",
        "A device that is lost shall go.",
        C::Valid,
        sign(&removal),
    );
    let moving = with(&removal, "/kind", json!("device_add"));
    add(
        "device_add_move",
        "The asked device ends when another takes its place.",
        C::Valid,
        sign(&with(&moving, "/device", json!({ "move": true }))),
    );
    add(
        "device_extra_member",
        "A device with a member that this version does not have.",
        C::Shape,
        sign(&with(&removal, "/device/serial", json!("7"))),
    );
    let leaves = |count: usize| {
        with(
            &grant(),
            "/authorization_details",
            json!([{ "type": "x", "n": vec![1; count - 1] }]),
        )
    };
    add(
        "leaves_64",
        "As many leaves as there may be.",
        C::Valid,
        sign(&without(&leaves(64), "/labels")),
    );

    add(
        "leaves_65",
        "A leaf too many.",
        C::PromptLimit,
        sign(&without(&leaves(65), "/labels")),
    );
    add(
        "long_binding_message",
        "141 code points.",
        C::PromptLimit,
        sign(&with(&plain, "/binding_message", json!("x".repeat(141)))),
    );
    add(
        "long_client_name",
        "65 code points.",
        C::PromptLimit,
        sign(&with(&payload, "/client/name", json!("x".repeat(65)))),
    );
    add(
        "transfer_length_9",
        "A code of nine.",
        C::PromptLimit,
        sign(&with(&payload, "/transfer/length", json!(9))),
    );
    let link = json!({ "id": "a", "name": "a", "vouched_by": "b" });
    add(
        "nine_actors",
        "A chain of nine.",
        C::PromptLimit,
        sign(&with(&payload, "/actor", json!(vec![link; 9]))),
    );
    let scope = |n: usize| json!({ "name": format!("s{n}"), "description": "x" });
    let scopes: Vec<Value> = (0..65).map(scope).collect();
    add(
        "scopes_65",
        "65 scopes.",
        C::PromptLimit,
        sign(&with(&payload, "/scopes", json!(scopes))),
    );

    add(
        "other_device",
        "For another device of the account.",
        C::PromptAudience,
        sign(&with(&payload, "/aud", json!("dev-other"))),
    );
    add(
        "other_account",
        "For another account.",
        C::PromptAudience,
        sign(&with(&payload, "/sub", json!("acc-other"))),
    );
    add(
        "other_issuer",
        "Of another server that shares the key.",
        C::PromptIssuer,
        sign(&with(&payload, "/iss", json!("https://other.example"))),
    );
    add(
        "signed_by_receipt_key",
        "Receipt keys sign no prompts.",
        C::JwsUnknownKey,
        jws::sign(world.keys.key("receipt"), typ::PROMPT, &payload),
    );
    add(
        "signed_by_root",
        "The root signs metadata alone.",
        C::JwsUnknownKey,
        jws::sign(world.keys.key("root"), typ::PROMPT, &payload),
    );
    add(
        "signed_by_device",
        "A device cannot ask itself.",
        C::JwsUnknownKey,
        jws::sign(world.keys.key("possession"), typ::PROMPT, &payload),
    );
    add(
        "receipt_as_prompt",
        "A receipt is not a prompt.",
        C::JwsType,
        jws::sign(key, typ::RECEIPT, &payload),
    );
    let parts: Vec<&str> = world.prompt.split('.').collect();
    let altered = with(&payload, "/client/name", json!("Harbour bank"));
    let altered = tegata_protocol::bytes::encode_b64u(altered.to_string().as_bytes());
    add(
        "altered",
        "The client's name was changed on the way.",
        C::JwsSignature,
        format!("{}.{altered}.{}", parts[0], parts[2]),
    );
    let long = with(
        &plain,
        "/scopes/0/description",
        json!("x".repeat(64 * 1024)),
    );
    add("too_long", "Over 64 KiB.", C::JwsTooLong, sign(&long));
    for (name, comment, payload) in [
        (
            "nonce_missing",
            "Without a nonce, old decisions would fit.",
            without(&payload, "/nonce"),
        ),
        (
            "context_missing",
            "Without what the server saw.",
            without(&payload, "/context"),
        ),
        (
            "client_extra_member",
            "A member of `client` that could not be shown.",
            with(&payload, "/client/badge", json!("gold")),
        ),
        (
            "client_id_not_an_id",
            "A client id with a space.",
            with(&payload, "/client/id", json!("a b")),
        ),
        (
            "acr_null",
            "`null` is not absent.",
            with(&payload, "/acr", Value::Null),
        ),
        (
            "transfer_extra_member",
            "A member of `transfer` that could not be shown.",
            with(&payload, "/transfer/hint", json!("48")),
        ),
        (
            "transfer_none_extra_member",
            "No code, and yet a member that could not be shown.",
            with(
                &payload,
                "/transfer",
                json!({ "kind": "none", "hint": "48" }),
            ),
        ),
        (
            "transfer_as_array",
            "The members of an object in an array.",
            with(&payload, "/transfer", json!(["code", "digits", 6])),
        ),
        (
            "require_as_array",
            "The members of an object in an array.",
            with(&payload, "/require", json!(["software_pin"])),
        ),
        (
            "transfer_unknown",
            "A way of transfer that this version does not have.",
            with(&payload, "/transfer", json!({ "kind": "compare" })),
        ),
        (
            "version_2",
            "Of a later version.",
            with(&payload, "/v", json!(2)),
        ),
        (
            "require_unknown",
            "A kind of key that this version does not know.",
            with(&payload, "/require/key", json!("chip")),
        ),
    ] {
        add(name, comment, C::Shape, sign(&payload));
    }
    let header = json!({ "alg": "ES256", "kid": key.thumbprint(), "typ": typ::PROMPT }).to_string();
    let text = grant().to_string();
    for (name, comment, class, from, to) in [
        (
            "details_duplicate_name",
            "Two amounts: which one counts depends on the parser.",
            C::DuplicateName,
            r#""amount":"123.50""#,
            r#""amount":"1.00","amount":"123.50""#,
        ),
        (
            "details_big_integer",
            "An integer that parsers round.",
            C::Number,
            r#""123.50""#,
            "12350000000000000000",
        ),
        (
            "details_float",
            "An amount as a float.",
            C::Number,
            r#""123.50""#,
            "123.50",
        ),
        (
            "details_lone_surrogate",
            "Half a character in a name that is shown.",
            C::UnpairedSurrogate,
            "Harbour Books",
            r"Harbour \ud800Books",
        ),
    ] {
        let spoilt = text.replacen(from, to, 1);
        assert_ne!(spoilt, text, "{name} changes something");
        add(name, comment, class, compact(key, &header, &spoilt));
    }
}

fn prompt_deny_only(list: &mut List, world: &World<'_>) {
    use Class as C;
    let key = world.keys.key("prompt");
    let payload = World::prompt_payload();
    let mut add = |name: &str, comment: &str, class, payload: Value| {
        let text = jws::sign(key, typ::PROMPT, &payload);
        list.signed(Area::Prompt, (name, comment, class), text, context());
    };
    add(
        "device_missing",
        "A question about devices that does not say what it is about.",
        C::DenyOnlyKind,
        with(&payload, "/kind", json!("device_key")),
    );
    add(
        "kind_unknown",
        "A kind of a later version.",
        C::DenyOnlyKind,
        with(&payload, "/kind", json!("signature")),
    );
    add(
        "critical_unknown",
        "`crit` names what this version does not know.",
        C::DenyOnlyCriticalMember,
        with(&payload, "/crit", json!(["quorum"])),
    );
    add(
        "unknown_member",
        "A member that cannot be shown is not signed for.",
        C::DenyOnlyUnknownMember,
        with(&payload, "/insurance", json!("full")),
    );
    add(
        "hardware_required",
        "Asks for a better key than this device has.",
        C::DenyOnlyAssuranceTooLow,
        with(&payload, "/require/key", json!("hardware")),
    );
    add(
        "name_reversed",
        "The client's name turns around what follows.",
        C::DenyOnlyText,
        with(&payload, "/client/name", json!("bank\u{202e}moc.rebrah")),
    );
    add(
        "device_of_another_kind",
        "A sign-in is about no device.",
        C::DenyOnlyKind,
        with(&payload, "/device", json!({ "move": true })),
    );
    let removal = with(&payload, "/kind", json!("device_remove"));
    add(
        "device_name_reversed",
        "The name of a device turns around what follows.",
        C::DenyOnlyText,
        with(
            &removal,
            "/device",
            json!({ "id": "dev-Q81nNe", "name": "laptop\u{202e}enohp" }),
        ),
    );
    add(
        "place_with_line_break",
        "A claimed place that would write a line of its own.",
        C::DenyOnlyText,
        with(
            &payload,
            "/context/claimed/place",
            json!("Reading room\nVerified by the library"),
        ),
    );
    let hidden = with(
        &grant(),
        "/authorization_details/0/creditorName",
        json!("Harbour\u{200b} Books"),
    );
    add(
        "leaf_invisible",
        "A leaf with a character that nobody sees.",
        C::DenyOnlyText,
        hidden,
    );
    let pointer = with(&grant(), "/authorization_details/0/a\nb", json!("x"));
    add(
        "leaf_name_with_line_break",
        "The name of a leaf is shown too.",
        C::DenyOnlyText,
        pointer,
    );
    add(
        "binding_message_invisible",
        "Words with a blank that is a letter by category.",
        C::DenyOnlyText,
        with(&payload, "/binding_message", json!("Desk\u{3164}4")),
    );
}
