//! Evidence files.

use super::{List, World, with, without};
use crate::vectors::{
    Area,
    class::Class,
    world::{ORIGIN, RP_ID, nonce},
};
use serde_json::{Value, json};
use tegata_protocol::{
    device::typ,
    jws,
    webauthn::{CredentialRole, ExpectedAssertion, make_assertion},
};

pub(super) fn add(list: &mut List, world: &World<'_>) {
    evidence(list, world);
    client_evidence(list, world);
}

fn file(world: &World<'_>) -> Value {
    json!({
        "v": 1, "metadata_jws": world.metadata["metadata_jws"], "root": world.metadata["root"],
        "prompt": world.prompt, "receipt": world.receipt,
        "pairing_receipt": world.pairing_receipt, "countersignature": world.countersignature,
    })
}

fn evidence(list: &mut List, world: &World<'_>) {
    use Class as C;
    let trusted = json!({ "root": world.thumbprint("root") });
    let file = file(world);
    let mut add_in = |name: &str, comment: &str, class, file: &Value, context: &Value| {
        list.signed(
            Area::Evidence,
            (name, comment, class),
            file.to_string(),
            context.clone(),
        );
    };
    add_in(
        "untrusted_root",
        "Good in itself, under another root than the trusted one.",
        C::EvidenceRoot,
        &file,
        &json!({ "root": world.thumbprint("other_root") }),
    );
    let mut add = |name: &str, comment: &str, class, file: &Value| {
        add_in(name, comment, class, file, &trusted);
    };
    add(
        "approve",
        "An approval with its pairing, countersigned.",
        C::Valid,
        &file,
    );
    add(
        "deny",
        "A denial.",
        C::Valid,
        &with(&file, "/receipt", json!(world.deny_receipt)),
    );
    add(
        "without_countersignature",
        "The device never countersigned.",
        C::Valid,
        &without(&file, "/countersignature"),
    );
    let bare = without(&without(&file, "/countersignature"), "/pairing_receipt");
    add(
        "without_pairing",
        "Says nothing about whose key it is.",
        C::Valid,
        &bare,
    );

    let other = world.keys.key("other_root");
    let forged = jws::sign(other, typ::METADATA, &world.metadata_payload());
    add(
        "metadata_by_other_root",
        "Metadata that the trusted root did not sign.",
        C::EvidenceMetadata,
        &with(&file, "/metadata_jws", json!(forged)),
    );
    let empty = without(&without(&bare, "/prompt"), "/receipt");
    add(
        "empty",
        "Neither a decision nor a client's receipt.",
        C::EvidenceParts,
        &empty,
    );
    add(
        "stray_countersignature",
        "A countersignature under nothing.",
        C::EvidenceParts,
        &without(&file, "/pairing_receipt"),
    );
    let client = jws::sign(
        world.keys.key("receipt"),
        typ::CLIENT_RECEIPT,
        &world.client_receipt_payload(),
    );
    add(
        "both_receipts",
        "A client's receipt beside a decision, where nothing would check it.",
        C::EvidenceParts,
        &with(&file, "/client_receipt", json!(client)),
    );
    let payload = world.receipt_payload(&world.approve, "approval");
    let simulated = jws::sign(world.keys.key("stranger"), typ::TEST_RECEIPT, &payload);
    add(
        "simulated",
        "What a simulated device decided.",
        C::EvidenceSimulated,
        &with(&bare, "/receipt", json!(simulated)),
    );
    let simulated = jws::sign(
        world.keys.key("stranger"),
        typ::TEST_CLIENT_RECEIPT,
        &world.client_receipt_payload(),
    );
    add(
        "simulated_client",
        "A client's receipt of what a simulated device decided.",
        C::EvidenceSimulated,
        &with(&empty, "/client_receipt", json!(simulated)),
    );
    add(
        "without_receipt",
        "A prompt shows only that somebody asked.",
        C::EvidenceParts,
        &without(&bare, "/receipt"),
    );
    let prompt = World::prompt_payload();
    add(
        "prompt_by_receipt_key",
        "A prompt by a key that signs none.",
        C::EvidencePrompt,
        &with(
            &file,
            "/prompt",
            json!(jws::sign(world.keys.key("receipt"), typ::PROMPT, &prompt)),
        ),
    );
    let foreign = with(&prompt, "/iss", json!("https://other.example"));
    add(
        "prompt_of_other_issuer",
        "A prompt of another server.",
        C::EvidencePrompt,
        &with(
            &file,
            "/prompt",
            json!(jws::sign(world.keys.key("prompt"), typ::PROMPT, &foreign)),
        ),
    );
    let kinder = with(&prompt, "/client/name", json!("Harbour bank"));
    add(
        "other_prompt",
        "Another prompt than the one that was decided, signed by the issuer all the same.",
        C::EvidenceReceipt,
        &with(
            &file,
            "/prompt",
            json!(jws::sign(world.keys.key("prompt"), typ::PROMPT, &kinder)),
        ),
    );
    let receipt = world.receipt_payload(&world.approve, "approval");
    let with_receipt =
        |payload: &Value| with(&file, "/receipt", json!(world.sign_receipt(payload)));
    add(
        "receipt_by_prompt_key",
        "A receipt by a key that signs none.",
        C::EvidenceReceipt,
        &with(
            &file,
            "/receipt",
            json!(jws::sign(world.keys.key("prompt"), typ::RECEIPT, &receipt)),
        ),
    );
    add(
        "receipt_of_other_request",
        "A receipt that names another request.",
        C::EvidenceReceipt,
        &with_receipt(&with(&receipt, "/request", json!("req-other"))),
    );
    add(
        "verdict_turned",
        "The issuer's receipt says another code than the person signed.",
        C::EvidenceDecision,
        &with_receipt(&with(&receipt, "/detail/transfer", json!("000000"))),
    );
    let mut invented = receipt.clone();
    let expected = ExpectedAssertion {
        challenge: nonce("other"),
        rp_id: RP_ID,
        origin: ORIGIN,
        role: CredentialRole::Approval,
    };
    invented["assertion"] = json!(make_assertion(world.keys.key("approval"), &expected, 9));
    add(
        "assertion_over_something_else",
        "The key signed something else.",
        C::EvidenceDecision,
        &with_receipt(&invented),
    );
    add(
        "credential_exchanged",
        "The receipt names a key that did not sign.",
        C::EvidenceDecision,
        &with_receipt(&with(
            &receipt,
            "/credential",
            json!(world.keys.public("stranger")),
        )),
    );
    let by_possession = with(
        &world.approve_detail(),
        "/credential",
        json!(world.thumbprint("possession")),
    );
    let body = world.decision_body(&by_possession, "possession", 3);
    add(
        "approved_by_possession_key",
        "The issuer took the silent key's word for an approval.",
        C::EvidencePairing,
        &with_receipt(&with(
            &world.receipt_payload(&body, "possession"),
            "/acr",
            json!("urn:tegata:acr:software-pin"),
        )),
    );
    let pairing = world.pairing_receipt_payload();
    let other_keys = with(
        &pairing,
        "/approval",
        json!(world.keys.public("other_approval")),
    );
    let other_keys = jws::sign(world.keys.key("receipt"), typ::PAIRING_RECEIPT, &other_keys);
    add(
        "pairing_of_other_keys",
        "The pairing is of another key.",
        C::EvidencePairing,
        &with(
            &without(&file, "/countersignature"),
            "/pairing_receipt",
            json!(other_keys),
        ),
    );
    let other_device = with(&pairing, "/device", json!("dev-other"));
    let other_device = jws::sign(
        world.keys.key("receipt"),
        typ::PAIRING_RECEIPT,
        &other_device,
    );
    add(
        "pairing_of_other_device",
        "The pairing is of another device.",
        C::EvidencePairing,
        &with(
            &without(&file, "/countersignature"),
            "/pairing_receipt",
            json!(other_device),
        ),
    );
    let other_account = with(&pairing, "/sub", json!("acc-other"));
    let other_account = jws::sign(
        world.keys.key("receipt"),
        typ::PAIRING_RECEIPT,
        &other_account,
    );
    add(
        "pairing_of_other_account",
        "The pairing is of another account than the one that was asked.",
        C::EvidencePairing,
        &with(
            &without(&file, "/countersignature"),
            "/pairing_receipt",
            json!(other_account),
        ),
    );
    let signed =
        json!({ "v": 1, "iss": pairing["device"], "receipt": jws::hash(&world.pairing_receipt) });
    add(
        "countersigned_by_stranger",
        "Somebody else countersigned.",
        C::EvidencePairing,
        &with(
            &file,
            "/countersignature",
            json!(jws::sign(
                world.keys.key("stranger"),
                typ::COUNTERSIGNATURE,
                &signed
            )),
        ),
    );
    add(
        "receipt_null",
        "`null` is not absent.",
        C::Shape,
        &with(&file, "/receipt", Value::Null),
    );
    add(
        "extra_member",
        "A member that would stand unchecked.",
        C::Shape,
        &with(&file, "/verdict", json!("approve")),
    );
    add(
        "version_2",
        "Of a later version.",
        C::Shape,
        &with(&file, "/v", json!(2)),
    );
}

fn client_evidence(list: &mut List, world: &World<'_>) {
    use Class as C;
    let context = json!({ "root": world.thumbprint("root") });
    let key = world.keys.key("receipt");
    let payload = world.client_receipt_payload();
    let mut add = |name: &str, comment: &str, class, receipt: String| {
        let file = json!({
            "v": 1, "metadata_jws": world.metadata["metadata_jws"], "root": world.metadata["root"],
            "client_receipt": receipt,
        });
        list.signed(
            Area::Evidence,
            (name, comment, class),
            file.to_string(),
            context.clone(),
        );
    };
    add(
        "client",
        "What a client can show.",
        C::Valid,
        jws::sign(key, typ::CLIENT_RECEIPT, &payload),
    );
    add(
        "client_of_other_issuer",
        "A client's receipt of another server.",
        C::EvidenceReceipt,
        jws::sign(
            key,
            typ::CLIENT_RECEIPT,
            &with(&payload, "/iss", json!("https://other.example")),
        ),
    );
    add(
        "client_by_stranger",
        "A client's receipt that the server did not sign.",
        C::EvidenceReceipt,
        jws::sign(world.keys.key("stranger"), typ::CLIENT_RECEIPT, &payload),
    );
}
