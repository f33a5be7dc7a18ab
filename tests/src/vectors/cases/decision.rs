//! Decisions: details and assertions that do not belong together, or to the prompt.

use super::assertion::{Parts, UP_UV, good};
use super::{List, World, with, without};
use crate::vectors::{
    Area,
    class::Class,
    world::{DEVICE, ISSUER, ORIGIN, REQUEST, RP_ID, nonce},
};
use serde_json::{Value, json};
use tegata_protocol::{
    Sha256Digest,
    device::decision::DecisionDetail,
    jcs, jws,
    webauthn::{
        Ceremony, CredentialRole, ExpectedAssertion, Flags, encode_assertion_data,
        encode_client_data, make_assertion,
    },
};

pub(super) fn add(list: &mut List, world: &World<'_>) {
    decision(list, world);
    spoilt_assertion_in_decision(list, world);
}

fn context(world: &World<'_>) -> Value {
    json!({
        "iss": ISSUER, "device": DEVICE, "request": REQUEST, "prompt": jws::hash(&world.prompt),
        "nonce": nonce("prompt"), "asks_code": true, "rp_id": RP_ID, "origin": ORIGIN,
        "approval": "approval", "possession": "possession",
    })
}

/// A body over a detail that the protocol's own types would not take; its challenge is what it literally says.
fn literal(world: &World<'_>, detail: &Value, name: &str, role: CredentialRole) -> Value {
    let expected = ExpectedAssertion {
        challenge: jcs::derive_challenge(detail),
        rp_id: RP_ID,
        origin: ORIGIN,
        role,
    };
    let assertion = make_assertion(world.keys.key(name), &expected, 1);
    json!({ "v": 1, "detail": detail, "assertion": assertion })
}

fn decision(list: &mut List, world: &World<'_>) {
    use Class as C;
    let context = context(world);
    let mut add_in = |name: &str, comment: &str, class, body: String, context: &Value| {
        list.signed(
            Area::Decision,
            (name, comment, class),
            body,
            context.clone(),
        );
    };
    let (approve, deny) = (world.approve_detail(), world.deny_detail());
    let no_code = without(&approve, "/transfer");
    let plain = with(&context, "/asks_code", json!(false));
    add_in(
        "approve_without_code",
        "Approved, for a prompt that asks for no code.",
        C::Valid,
        world.decision_body(&no_code, "approval", 2).to_string(),
        &plain,
    );
    add_in(
        "transfer_not_asked",
        "A code that the prompt does not ask for.",
        C::DetailMismatch,
        world.decision_body(&approve, "approval", 2).to_string(),
        &plain,
    );

    let mut add = |name: &str, comment: &str, class, body: String| {
        add_in(name, comment, class, body, &context);
    };
    add(
        "approve",
        "Approved with a transfer code.",
        C::Valid,
        world.approve.to_string(),
    );
    add(
        "deny",
        "Denied by the possession key, without verifying anybody and without a code.",
        C::Valid,
        world.deny.to_string(),
    );
    for reason in ["not_me", "wrong_details"] {
        let detail = with(&deny, "/reason", json!(reason));
        add(
            &format!("deny_{reason}"),
            "Denied for another reason.",
            C::Valid,
            world.decision_body(&detail, "possession", 2).to_string(),
        );
    }
    add(
        "transfer_missing",
        "No code, though the prompt asks for one.",
        C::DetailMismatch,
        world.decision_body(&no_code, "approval", 2).to_string(),
    );
    for (name, comment, member, value) in [
        (
            "stale_nonce",
            "The nonce of another prompt.",
            "/nonce",
            json!(nonce("old")),
        ),
        (
            "other_prompt",
            "Another prompt than the one that was sent.",
            "/prompt",
            json!(Sha256Digest::of(b"old")),
        ),
        (
            "other_device",
            "For another device.",
            "/device",
            json!("dev-other"),
        ),
        (
            "other_request",
            "For another request.",
            "/request",
            json!("req-other"),
        ),
        (
            "other_issuer",
            "For another server.",
            "/iss",
            json!("https://other.example"),
        ),
    ] {
        let body = world.decision_body(&with(&approve, member, value), "approval", 2);
        add(name, comment, C::DetailMismatch, body.to_string());
    }

    let by_possession = with(
        &approve,
        "/credential",
        json!(world.thumbprint("possession")),
    );
    add(
        "approve_by_possession_key",
        "Approved by the silent key, which needs no person.",
        C::AssertionCredential,
        world
            .decision_body(&by_possession, "possession", 2)
            .to_string(),
    );
    let by_approval = with(&deny, "/credential", json!(world.thumbprint("approval")));
    add(
        "deny_by_approval_key",
        "Denied by the approving key.",
        C::AssertionCredential,
        world.decision_body(&by_approval, "approval", 2).to_string(),
    );
    let by_other = with(
        &approve,
        "/credential",
        json!(world.thumbprint("other_approval")),
    );
    add(
        "approve_by_another_device",
        "Approved by the approval key of another device.",
        C::AssertionCredential,
        world
            .decision_body(&by_other, "other_approval", 2)
            .to_string(),
    );
    let to_approve = with(
        &with(
            &world.approve,
            "/assertion",
            world.deny["assertion"].clone(),
        ),
        "/v",
        json!(1),
    );
    add(
        "denial_turned_into_approval",
        "The signature under a denial put under an approval.",
        C::AssertionCredential,
        to_approve.to_string(),
    );
    let deny_in_full = with(&by_approval, "/reason", json!("not_me"));
    let signed_denial = literal(world, &deny_in_full, "approval", CredentialRole::Approval);
    add(
        "denial_by_approval_key_turned_into_approval",
        "The approval key signed a denial, which is presented as an approval.",
        C::AssertionChallenge,
        with(
            &world.approve,
            "/assertion",
            signed_denial["assertion"].clone(),
        )
        .to_string(),
    );
    let to_deny = with(
        &world.deny,
        "/assertion",
        literal(world, &approve, "possession", CredentialRole::Possession)["assertion"].clone(),
    );
    add(
        "approval_turned_into_denial",
        "Another detail was signed than the one that is posted.",
        C::AssertionChallenge,
        to_deny.to_string(),
    );
    add(
        "code_altered",
        "Another code than the one that was signed.",
        C::AssertionChallenge,
        with(&world.approve, "/detail/transfer", json!("481921")).to_string(),
    );
    add(
        "view_altered",
        "Another view than the one that was signed.",
        C::AssertionChallenge,
        with(&world.approve, "/detail/view/layout", json!("sign_in/2")).to_string(),
    );
    add(
        "reason_altered",
        "Another reason than the one that was signed.",
        C::AssertionChallenge,
        with(&world.deny, "/detail/reason", json!("not_me")).to_string(),
    );

    let approval = CredentialRole::Approval;
    for (name, comment, detail) in [
        (
            "extra_member",
            "`constraints` is reserved.",
            with(&approve, "/constraints", json!({})),
        ),
        (
            "extra_member_in_view",
            "A member too many inside `view`.",
            with(&approve, "/view/x", json!(1)),
        ),
        (
            "reason_null",
            "`null` is not absent: the challenge would be another one.",
            with(&approve, "/reason", Value::Null),
        ),
        (
            "view_as_array",
            "The members of an object in an array: the challenge would be another one.",
            with(
                &approve,
                "/view",
                json!(["tegata/0.1.0", "en", "sign_in/1", []]),
            ),
        ),
        (
            "view_missing",
            "An approval says how it was shown.",
            without(&approve, "/view"),
        ),
        ("nonce_missing", "No nonce.", without(&approve, "/nonce")),
        (
            "credential_missing",
            "No credential.",
            without(&approve, "/credential"),
        ),
        (
            "approve_with_reason",
            "An approval has no reason.",
            with(&approve, "/reason", json!("not_me")),
        ),
        (
            "decision_case",
            "`Approve`: values are compared exactly.",
            with(&approve, "/decision", json!("Approve")),
        ),
        (
            "decision_unknown",
            "A third answer.",
            with(&approve, "/decision", json!("maybe")),
        ),
        (
            "typ_pairing",
            "What was signed at pairing is no decision.",
            with(&approve, "/typ", json!("tegata.pairing")),
        ),
        (
            "version_2",
            "Of a later version.",
            with(&approve, "/v", json!(2)),
        ),
        (
            "version_text",
            "`v` is a number.",
            with(&approve, "/v", json!("1")),
        ),
        (
            "device_not_an_id",
            "An id with a slash.",
            with(&approve, "/device", json!("../admin")),
        ),
        (
            "nonce_short",
            "31 bytes of nonce.",
            with(
                &approve,
                "/nonce",
                json!(tegata_protocol::bytes::encode_b64u(&[1; 31])),
            ),
        ),
    ] {
        add(
            name,
            comment,
            C::Shape,
            literal(world, &detail, "approval", approval).to_string(),
        );
    }
    let possession = CredentialRole::Possession;
    for (name, comment, detail) in [
        (
            "deny_with_view",
            "A denial has no view.",
            with(&deny, "/view", approve["view"].clone()),
        ),
        (
            "deny_with_transfer",
            "A denial has no code.",
            with(&deny, "/transfer", json!("481920")),
        ),
        (
            "transfer_null",
            "`null` is not absent.",
            with(&deny, "/transfer", Value::Null),
        ),
        (
            "reason_missing",
            "A denial has a reason.",
            without(&deny, "/reason"),
        ),
        (
            "reason_unknown",
            "A reason that is not one of the three.",
            with(&deny, "/reason", json!("bored")),
        ),
    ] {
        add(
            name,
            comment,
            C::Shape,
            literal(world, &detail, "possession", possession).to_string(),
        );
    }
    add(
        "body_extra_member",
        "A member beside `detail` and `assertion`.",
        C::Shape,
        with(&world.approve, "/challenge", json!("AA")).to_string(),
    );
    add(
        "assertion_missing",
        "Nothing is signed.",
        C::Shape,
        without(&world.approve, "/assertion").to_string(),
    );
    let (detail, assertion) = (&world.approve["detail"], &world.approve["assertion"]);
    add(
        "body_as_array",
        "The members of an object in an array.",
        C::Shape,
        json!([1, detail, assertion]).to_string(),
    );
    let twice = world.approve.to_string().replacen(
        r#""decision":"approve""#,
        r#""decision":"deny","decision":"approve""#,
        1,
    );
    add(
        "decision_twice",
        "Both answers at once.",
        C::DuplicateName,
        twice,
    );
    let mut long = approve.clone();
    long["view"]["notices"] = json!(vec!["x".repeat(100); 40]);
    add(
        "too_long",
        "Over 4 KiB.",
        C::TooLong,
        literal(world, &long, "approval", approval).to_string(),
    );
}

/// What the assertion's own vectors show, once more through the check of a decision.
fn spoilt_assertion_in_decision(list: &mut List, world: &World<'_>) {
    use Class as C;
    let approve = world.approve_detail();
    let challenge = serde_json::from_value::<DecisionDetail>(approve.clone())
        .expect("a good detail")
        .challenge();
    let context = context(world);
    let mut add = |name: &str, comment: &str, class, assertion: Value| {
        let body = json!({ "v": 1, "detail": approve, "assertion": assertion }).to_string();
        list.signed(
            Area::Decision,
            (name, comment, class),
            body,
            context.clone(),
        );
    };
    let good = || good(world, challenge);
    add(
        "uv_clear",
        "Approved without verifying the person.",
        C::AssertionFlags,
        Parts {
            data: encode_assertion_data(RP_ID, Flags(Flags::UP), 2),
            ..good()
        }
        .json(),
    );
    add(
        "wrong_origin",
        "Approved at another origin.",
        C::AssertionOrigin,
        Parts {
            client_data: encode_client_data(Ceremony::Get, challenge, "https://id.example"),
            ..good()
        }
        .json(),
    );
    add(
        "wrong_rp_id",
        "Approved for another relying party.",
        C::AssertionRpId,
        Parts {
            data: encode_assertion_data("id.example", Flags(UP_UV), 2),
            ..good()
        }
        .json(),
    );
    add(
        "passkey_login_as_decision",
        "What a sign-in page got from a passkey, over the challenge of a decision.",
        C::AssertionCredential,
        Parts {
            key: world.keys.key("passkey"),
            client_data: encode_client_data(Ceremony::Get, challenge, "https://id.example"),
            data: encode_assertion_data("id.example", Flags(UP_UV), 2),
        }
        .json(),
    );
    let mut forged = good();
    forged.key = world.keys.key("possession");
    let claimed = world.thumbprint("approval");
    let forged = with(
        &with(&forged.json(), "/id", json!(claimed)),
        "/rawId",
        json!(claimed),
    );
    add(
        "possession_key_claims_approval",
        "The silent key signs under the approving key's name.",
        C::AssertionSignature,
        forged,
    );
    let mut pairing = good();
    pairing.client_data = encode_client_data(
        Ceremony::Create,
        world.registration_challenge(CredentialRole::Approval),
        ORIGIN,
    );
    add(
        "pairing_as_decision",
        "What was signed at pairing.",
        C::AssertionCeremony,
        pairing.json(),
    );
}
