//! Problems and frames: what holds no signature of its own.

use super::{List, World, with, without};
use crate::vectors::{Area, class::Class, world::REQUEST};
use serde_json::{Value, json};

pub(super) fn add(list: &mut List, world: &World<'_>) {
    problem(list);
    frames_of_server(list, world);
    frames_of_device(list, world);
}

fn problem(list: &mut List) {
    use Class as C;
    let closed = json!({
        "type": "urn:tegata:problem:request_closed", "status": 409, "code": "request_closed",
        "closed": { "how": "handled", "device": "dev-other", "device_name": "Mika's laptop",
            "decision": "deny", "at": 1_800_000_140 },
    });
    let mut add = |name: &str, comment: &str, class, text: String| {
        list.text(Area::Problem, (name, comment, class), text, json!({}));
    };
    add(
        "request_closed",
        "Another device was faster.",
        C::Valid,
        closed.to_string(),
    );
    let tries = json!({
        "type": "urn:tegata:problem:transfer_mismatch", "status": 422, "code": "transfer_mismatch",
        "detail": "the code is another one", "tries_left": 2,
    });
    add(
        "transfer_mismatch",
        "The first wrong code.",
        C::Valid,
        tries.to_string(),
    );
    let wait = json!({
        "type": "urn:tegata:problem:too_many_requests", "status": 429, "code": "too_many_requests", "retry_after": 30,
    });
    add(
        "too_many_requests",
        "Says when.",
        C::Valid,
        wait.to_string(),
    );
    add(
        "extension_member",
        "RFC 9457 allows more members.",
        C::Valid,
        with(&wait, "/instance", json!("/x")).to_string(),
    );
    add(
        "code_unknown",
        "A code that does not exist.",
        C::Shape,
        with(&wait, "/code", json!("nope")).to_string(),
    );
    add(
        "code_missing",
        "Without a code.",
        C::Shape,
        without(&wait, "/code").to_string(),
    );
    add(
        "status_text",
        "A status is a number.",
        C::Shape,
        with(&wait, "/status", json!("429")).to_string(),
    );
    add(
        "retry_after_negative",
        "Time does not run backwards.",
        C::Shape,
        with(&wait, "/retry_after", json!(-1)).to_string(),
    );
    add(
        "how_unknown",
        "A way of closing that does not exist.",
        C::Shape,
        with(&closed, "/closed/how", json!("eaten")).to_string(),
    );
    let twice = wait.to_string().replacen('{', r#"{"code":"internal","#, 1);
    add("code_twice", "Two codes.", C::DuplicateName, twice);
}

fn frames_of_server(list: &mut List, world: &World<'_>) {
    use Class as C;
    let mut add = |name: &str, comment: &str, class, text: String| {
        let context = json!({ "from": "server" });
        list.signed(Area::Frames, (name, comment, class), text, context);
    };
    let hello = json!({ "type": "hello", "v": 1, "nonce": "n-20270115-08" });
    add("hello", "The first frame.", C::Valid, hello.to_string());
    let pending = json!({
        "type": "pending",
        "prompts": [{ "prompt": world.prompt, "expires_in": 117 }],
        "closed": [
            { "request": "req-old", "how": "expired" },
            { "request": "req-older", "how": "handled", "device": "dev-other", "device_name": "Mika's laptop",
                "decision": "approve", "at": 1_800_000_050 },
        ],
    });
    add(
        "pending",
        "The whole pending set.",
        C::Valid,
        pending.to_string(),
    );
    add(
        "pending_empty",
        "Nothing is pending.",
        C::Valid,
        json!({ "type": "pending", "prompts": [], "closed": [] }).to_string(),
    );
    add(
        "receipt",
        "A decision was committed.",
        C::Valid,
        json!({ "type": "receipt", "request": REQUEST, "receipt": world.receipt }).to_string(),
    );
    let problem = json!({
        "type": "problem", "request": REQUEST,
        "problem": { "type": "urn:tegata:problem:transfer_mismatch", "status": 422, "code": "transfer_mismatch", "tries_left": 2 },
    });
    add(
        "problem",
        "A decision was refused.",
        C::Valid,
        problem.to_string(),
    );
    add(
        "reprove",
        "Prove again.",
        C::Valid,
        json!({ "type": "reprove", "nonce": "n-20270115-20" }).to_string(),
    );
    let bye = json!({ "type": "bye", "reason": "restart", "retry_after": 3 });
    add(
        "bye",
        "The server is going down.",
        C::Valid,
        bye.to_string(),
    );
    add(
        "bye_reason_unknown",
        "A reason that does not exist.",
        C::Shape,
        with(&bye, "/reason", json!("bored")).to_string(),
    );
    add(
        "hello_version_2",
        "Of a later version.",
        C::Shape,
        with(&hello, "/v", json!(2)).to_string(),
    );
    add(
        "hello_without_nonce",
        "Nothing to prove over.",
        C::Shape,
        without(&hello, "/nonce").to_string(),
    );
    add(
        "seconds_negative",
        "Less than no time left.",
        C::Shape,
        with(&pending, "/prompts/0/expires_in", json!(-1)).to_string(),
    );
    add(
        "seconds_fraction",
        "Seconds are whole.",
        C::Number,
        pending
            .to_string()
            .replacen(r#""expires_in":117"#, r#""expires_in":117.5"#, 1),
    );
    add(
        "type_unknown",
        "A frame that does not exist.",
        C::Shape,
        json!({ "type": "wake" }).to_string(),
    );
    add(
        "type_twice",
        "Two types.",
        C::DuplicateName,
        hello.to_string().replacen('{', r#"{"type":"reprove","#, 1),
    );
}

fn frames_of_device(list: &mut List, world: &World<'_>) {
    use Class as C;
    let mut add = |name: &str, comment: &str, class, text: String| {
        let context = json!({ "from": "device" });
        list.signed(Area::Frames, (name, comment, class), text, context);
    };
    let proof: Value = json!({ "type": "proof", "proof": "eyJ.eyJ.AAA" });
    add(
        "proof",
        "The first frame of a device. What it holds is checked apart.",
        C::Valid,
        proof.to_string(),
    );
    let decision = json!({ "type": "decision", "decision": world.approve });
    add("decision", "A decision.", C::Valid, decision.to_string());
    add(
        "seen",
        "The prompt was put before the person.",
        C::Valid,
        json!({ "type": "seen", "request": REQUEST }).to_string(),
    );
    add(
        "decision_extra_member",
        "A decision with a member too many.",
        C::Shape,
        with(&decision, "/decision/x", json!(1)).to_string(),
    );
    add(
        "server_frame_from_device",
        "A frame that only servers send.",
        C::Shape,
        json!({ "type": "receipt", "request": REQUEST, "receipt": "a.b.c" }).to_string(),
    );
    add(
        "seen_without_request",
        "Does not say what was seen.",
        C::Shape,
        json!({ "type": "seen" }).to_string(),
    );
    add("array", "A frame is an object.", C::Shape, "[]".into());
    add(
        "two_frames",
        "Two frames in one.",
        C::Trailing,
        format!("{proof}{proof}"),
    );
    add(
        "frame_too_long",
        "Over 8 KiB.",
        C::TooLong,
        json!({ "type": "proof", "proof": "x".repeat(8192) }).to_string(),
    );
}
