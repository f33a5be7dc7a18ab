//! Receipts and countersignatures.

use super::{List, World, with, without};
use crate::vectors::{Area, class::Class};
use serde_json::{Value, json};
use tegata_protocol::{Sha256Digest, device::typ, jws};

pub(super) fn add(list: &mut List, world: &World<'_>) {
    receipts(list, world);
    pairing_receipts(list, world);
}

fn receipts(list: &mut List, world: &World<'_>) {
    use Class as C;
    let consent = json!({ "kind": "consent", "keys": ["receipt"] });
    let client = json!({ "kind": "client", "keys": ["receipt"] });
    let mut add = |name: &str, comment: &str, class, text: String, context: &Value| {
        list.signed(Area::Receipt, (name, comment, class), text, context.clone());
    };
    let key = world.keys.key("receipt");
    let payload = world.receipt_payload(&world.approve, "approval");
    add(
        "consent_approve",
        "Of an approval.",
        C::Valid,
        world.receipt.clone(),
        &consent,
    );
    add(
        "consent_deny",
        "Of a denial: no `acr`, no `amr`.",
        C::Valid,
        world.deny_receipt.clone(),
        &consent,
    );
    let report = with(
        &world.receipt_payload(&world.deny, "possession"),
        "/effect",
        json!("report"),
    );
    add(
        "consent_report",
        "Of a report.",
        C::Valid,
        world.sign_receipt(&report),
        &consent,
    );
    add(
        "client",
        "What the client may know.",
        C::Valid,
        jws::sign(key, typ::CLIENT_RECEIPT, &world.client_receipt_payload()),
        &client,
    );
    add(
        "client_as_consent",
        "A client's receipt is no evidence of a signature.",
        C::JwsType,
        jws::sign(key, typ::CLIENT_RECEIPT, &world.client_receipt_payload()),
        &consent,
    );
    add(
        "consent_as_client",
        "Evidence of the person is not for clients.",
        C::JwsType,
        world.receipt.clone(),
        &client,
    );
    add(
        "test_receipt",
        "A receipt of a simulated device.",
        C::JwsType,
        jws::sign(key, "consent-receipt-test+jwt", &payload),
        &consent,
    );
    add(
        "signed_by_prompt_key",
        "Prompt keys sign prompts alone.",
        C::JwsUnknownKey,
        jws::sign(world.keys.key("prompt"), typ::RECEIPT, &payload),
        &consent,
    );
    add(
        "signed_by_device",
        "A device cannot write its own receipt.",
        C::JwsUnknownKey,
        jws::sign(world.keys.key("possession"), typ::RECEIPT, &payload),
        &consent,
    );
    for (name, comment, payload) in [
        (
            "detail_missing",
            "Without what was signed.",
            without(&payload, "/detail"),
        ),
        (
            "detail_extra_member",
            "What was signed has a member too many.",
            with(&payload, "/detail/constraints", json!({})),
        ),
        (
            "assertion_missing",
            "Without the signature.",
            without(&payload, "/assertion"),
        ),
        (
            "credential_private",
            "A key with its private half.",
            with(&payload, "/credential/d", json!("AA")),
        ),
        (
            "credential_as_array",
            "The members of a key in an array.",
            with(
                &payload,
                "/credential",
                json!([
                    "P-256",
                    "EC",
                    payload["credential"]["x"],
                    payload["credential"]["y"]
                ]),
            ),
        ),
        (
            "credential_p384",
            "A key on another curve.",
            with(&payload, "/credential/crv", json!("P-384")),
        ),
        (
            "committed_at_text",
            "A time is a number.",
            with(&payload, "/committed_at", json!("2027-01-15T08:02:10Z")),
        ),
    ] {
        add(
            name,
            comment,
            C::Shape,
            world.sign_receipt(&payload),
            &consent,
        );
    }
}

fn pairing_receipts(list: &mut List, world: &World<'_>) {
    use Class as C;
    let pairing = json!({ "kind": "pairing", "keys": ["receipt"] });
    let counter = json!({
        "kind": "countersignature", "keys": ["receipt"], "pairing_receipt": world.pairing_receipt,
    });
    let mut add = |name: &str, comment: &str, class, text: String, context: &Value| {
        list.signed(Area::Receipt, (name, comment, class), text, context.clone());
    };
    let key = world.keys.key("receipt");
    let payload = world.pairing_receipt_payload();
    add(
        "pairing",
        "Of a pairing.",
        C::Valid,
        world.pairing_receipt.clone(),
        &pairing,
    );
    add(
        "pairing_signed_by_stranger",
        "Not by the server.",
        C::JwsUnknownKey,
        jws::sign(world.keys.key("stranger"), typ::PAIRING_RECEIPT, &payload),
        &pairing,
    );
    add(
        "pairing_without_approval",
        "Without one of the keys.",
        C::Shape,
        jws::sign(key, typ::PAIRING_RECEIPT, &without(&payload, "/approval")),
        &pairing,
    );
    add(
        "countersignature",
        "By the possession key under the receipt.",
        C::Valid,
        world.countersignature.clone(),
        &counter,
    );
    let signed =
        json!({ "v": 1, "iss": payload["device"], "receipt": jws::hash(&world.pairing_receipt) });
    let by = |name: &str, payload: &Value| {
        jws::sign(world.keys.key(name), typ::COUNTERSIGNATURE, payload)
    };
    add(
        "countersignature_under_other",
        "Under another receipt.",
        C::PairingCountersignature,
        by(
            "possession",
            &with(&signed, "/receipt", json!(Sha256Digest::of(b"other"))),
        ),
        &counter,
    );
    add(
        "countersignature_of_other_device",
        "In another device's name.",
        C::PairingCountersignature,
        by("possession", &with(&signed, "/iss", json!("dev-other"))),
        &counter,
    );
    add(
        "countersignature_by_approval_key",
        "By the other key.",
        C::JwsUnknownKey,
        by("approval", &signed),
        &counter,
    );
    add(
        "proof_as_countersignature",
        "A proof is no countersignature.",
        C::JwsType,
        jws::sign(world.keys.key("possession"), typ::PROOF, &signed),
        &counter,
    );
}
