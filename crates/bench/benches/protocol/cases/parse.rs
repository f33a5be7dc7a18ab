//! Reading each message, without any signature on it.

use crate::{case::Case, world::World};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tegata_protocol::{
    ciba::{BackchannelAuthenticationResponse, BindingMessage, Scope, TokenResponse},
    device::{
        delivery::{
            DeviceFrame, KnownRequest, PendingPrompt, PendingRequest, PendingSet, RequestReference,
            ServerFrame, parse_device_frame, parse_server_frame,
        },
        invitation::parse_invitation,
        limits,
        metadata::{Metadata, MetadataResponse},
        pairing::{ConfirmResponse, Offer, RedeemRequest, Reveal, parse_pairing_request},
        problem::Problem,
        proof::Proof,
        receipt::{ClientReceipt, ConsentReceipt},
    },
    ijson,
    text::{CodeAlphabet, inspect},
    webauthn::{parse_cbor, parse_client_data},
};

const GROUP: &str = "parse";

pub(crate) fn cases(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let mut cases = bodies(world)?;
    cases.extend(frames(world)?);
    cases.extend(payloads(world)?);
    cases.extend(texts(world)?);
    cases.extend(ciba()?);
    Ok(cases)
}

/// The same message in the order of members in which this implementation writes it.
fn rewritten<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    Ok(serde_json::to_vec(&serde_json::from_slice::<T>(bytes)?)?)
}

fn exact<T: DeserializeOwned + Serialize>(
    name: &'static str,
    label: &'static str,
    bytes: &[u8],
) -> anyhow::Result<Case<'static>> {
    let bytes = rewritten::<T>(bytes)?;
    let size = bytes.len();
    let case = Case::checked((GROUP, name), label, move || {
        ijson::parse_exact::<T>(&bytes, limits::PROMPT)
    });
    Ok(case.over(size))
}

fn shaped<T: DeserializeOwned + Serialize>(
    name: &'static str,
    label: &'static str,
    bytes: &[u8],
) -> anyhow::Result<Case<'static>> {
    let bytes = rewritten::<T>(bytes)?;
    let size = bytes.len();
    let case = Case::checked((GROUP, name), label, move || {
        ijson::parse_shaped::<T>(&bytes, limits::PROMPT)
    });
    Ok(case.over(size))
}

fn bodies(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let pairing = serde_json::to_vec(&world.pairing_request()?)?;
    let pairing_bytes = pairing.len();
    let known = json!({ "state": "pending", "expires_in": 61 });
    let waiting = json!({ "state": "waiting", "expires_in": 240, "tries_left": 3 });
    Ok(vec![
        exact::<RedeemRequest>(
            "redeem",
            "redeem request",
            br#"{"v":1,"code":"7K3M9QRTXW2C"}"#,
        )?,
        Case::checked((GROUP, "pairing"), "pairing request", move || {
            parse_pairing_request(&pairing)
        })
        .over(pairing_bytes),
        shaped::<ConfirmResponse>("confirm", "confirm answer", &serde_json::to_vec(&waiting)?)?,
        exact::<PendingRequest>("pending", "pending request", br#"{"v":1}"#)?,
        exact::<RequestReference>(
            "reference",
            "seen and receipts request",
            br#"{"v":1,"request":"req-X7c0Vb"}"#,
        )?,
        shaped::<KnownRequest>("known", "receipts answer", &serde_json::to_vec(&known)?)?,
        shaped::<Problem>(
            "problem",
            "problem",
            &world.text("problem/request_closed")?.into_bytes(),
        )?,
        shaped::<MetadataResponse>(
            "metadata_response",
            "metadata response",
            &world.text("metadata/valid")?.into_bytes(),
        )?,
    ])
}

fn frames(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let prompt = world.text("prompt/sign_in_with_code")?;
    let full = ServerFrame::Pending(PendingSet {
        prompts: (0..limits::PENDING_PER_ACCOUNT)
            .map(|_| PendingPrompt {
                prompt: prompt.clone(),
                expires_in: 100,
            })
            .collect(),
        closed: Vec::new(),
        notices: Vec::new(),
    });
    let full = serde_json::to_string(&full)?;
    let from_server = |name, label, text: String| {
        let text = rewritten::<ServerFrame>(text.as_bytes())?;
        let size = text.len();
        let case = Case::checked((GROUP, name), label, move || parse_server_frame(&text));
        anyhow::Ok(case.over(size))
    };
    let from_device = |name, label, text: String| {
        let text = rewritten::<DeviceFrame>(text.as_bytes())?;
        let size = text.len();
        let case = Case::checked((GROUP, name), label, move || parse_device_frame(&text));
        anyhow::Ok(case.over(size))
    };
    let proof = json!({ "type": "proof", "proof": world.text("proof/websocket")? });
    Ok(vec![
        from_server("frame_hello", "frame hello", world.text("frames/hello")?)?,
        from_server(
            "frame_pending",
            "frame pending, one prompt",
            world.text("frames/pending")?,
        )?,
        from_server("frame_pending_full", "frame pending, five prompts", full)?,
        from_server(
            "frame_receipt",
            "frame receipt",
            world.text("frames/receipt")?,
        )?,
        from_server(
            "frame_problem",
            "frame problem",
            world.text("frames/problem")?,
        )?,
        from_device("frame_proof", "frame proof", proof.to_string())?,
        from_device("frame_seen", "frame seen", world.text("frames/seen")?)?,
        from_device(
            "frame_decision",
            "frame decision",
            world.text("frames/decision")?,
        )?,
    ])
}

fn payloads(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let metadata: Value = world.message("metadata/valid")?;
    let metadata = metadata["metadata_jws"].as_str().unwrap_or_default();
    let metadata = metadata.split('.').nth(1).unwrap_or_default();
    let metadata = tegata_protocol::bytes::decode_b64u(metadata)?;
    Ok(vec![
        shaped::<Metadata>("metadata", "payload of metadata", &metadata)?,
        shaped::<Offer>(
            "offer",
            "payload of an offer",
            &world.payload("offer/valid")?,
        )?,
        shaped::<Reveal>(
            "reveal",
            "payload of a reveal",
            &world.payload("reveal/valid")?,
        )?,
        shaped::<Proof>(
            "proof",
            "payload of a proof",
            &world.payload("proof/valid")?,
        )?,
        shaped::<ConsentReceipt>(
            "receipt",
            "payload of a receipt",
            &world.payload("receipt/consent_approve")?,
        )?,
        shaped::<ClientReceipt>(
            "client_receipt",
            "payload of a client receipt",
            &world.payload("receipt/client")?,
        )?,
    ])
}

fn texts(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let link = world.text("invitation/link")?;
    let request = world.pairing_request()?;
    let client_data = request.approval.response.client_data_json.0;
    let attestation = request.approval.response.attestation_object.0;
    let sizes = [link.len(), client_data.len(), attestation.len()];
    let words = "Harbour library kiosk: Lesesaal im Erdgeschoß, 閲覧室 3";
    Ok(vec![
        Case::checked((GROUP, "invitation"), "invitation link", move || {
            parse_invitation(&link)
        })
        .over(sizes[0]),
        Case::checked((GROUP, "client_data"), "client data", move || {
            parse_client_data(&client_data)
        })
        .over(sizes[1]),
        Case::checked((GROUP, "cbor"), "attestation object", move || {
            parse_cbor(&attestation)
        })
        .over(sizes[2]),
        Case::new((GROUP, "text"), "text that a person will read", move || {
            inspect(words)
        })
        .over(words.len()),
        Case::new((GROUP, "transfer_code"), "transfer code", || {
            CodeAlphabet::Digits.canonical("481 920", 6)
        }),
    ])
}

fn ciba() -> anyhow::Result<Vec<Case<'static>>> {
    let acknowledgement = json!({
        "auth_req_id": "b".repeat(43), "expires_in": 120, "interval": 5, "transfer_code": "481920",
    });
    let tokens = json!({
        "access_token": "a".repeat(43), "token_type": "Bearer", "expires_in": 600, "scope": "openid",
        "id_token": "i".repeat(640), "client_receipt": "r".repeat(560),
    });
    Ok(vec![
        shaped::<BackchannelAuthenticationResponse>(
            "acknowledgement",
            "CIBA acknowledgement",
            &serde_json::to_vec(&acknowledgement)?,
        )?,
        shaped::<TokenResponse>("tokens", "token response", &serde_json::to_vec(&tokens)?)?,
        Case::checked((GROUP, "scope"), "scope", || {
            Scope::parse("openid profile offline_access")
        }),
        Case::checked((GROUP, "binding_message"), "binding message", || {
            BindingMessage::parse("Kiosk 7, code 481920")
        }),
    ])
}
