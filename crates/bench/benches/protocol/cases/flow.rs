//! What every approval takes: prompt, decision, receipt, and the proof of a request without a socket.

use crate::{
    case::Case,
    world::{ORIGIN, RP_ID, World},
};
use tegata_protocol::{
    device::{
        decision::{DecisionRequest, StoredPrompt, parse_decision},
        pairing::KeyKind,
        prompt::{ExpectedPrompt, Prompt, parse_prompt, sign_prompt},
        proof::{ExpectedProof, Proof, peek_kid, sign_proof, verify_proof},
        receipt::{
            ClientReceipt, ConsentReceipt, evidence_hash, parse_client_receipt, parse_receipt,
            sign_client_receipt, sign_receipt,
        },
        typ,
    },
    jws,
    webauthn::{CredentialRole, ExpectedAssertion, make_assertion},
};
use tegata_server::{
    domain::Registration,
    verification::{RegistrationInput, VerifierKind, verify_registrations},
};

const GROUP: &str = "flow";

pub(crate) fn cases(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let mut cases = prompts(world)?;
    cases.extend(decisions(world)?);
    cases.extend(receipts(world)?);
    cases.extend(proofs(world)?);
    Ok(cases)
}

fn prompts(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let key = world.key("prompt")?;
    let keys = [world.public("prompt")?];
    let by = ("prompt", typ::PROMPT);
    let text = world.rewritten::<Prompt>("prompt/sign_in_with_code", by)?;
    let grant = world.rewritten::<Prompt>("prompt/grant_with_details", by)?;
    let other_order = world.text("prompt/sign_in_with_code")?;
    let prompt: Prompt = world.signed("prompt/sign_in_with_code")?;
    let hashed = text.clone();
    let shown: Prompt = world.signed("prompt/grant_with_details")?;
    let (text_bytes, grant_bytes) = (text.len(), grant.len());
    let parse = move |text: &str| {
        let expected = ExpectedPrompt {
            issuer: &world.issuer,
            device: &world.device,
            account: &world.account,
            keys: &keys,
        };
        parse_prompt(text, &expected)
    };
    Ok(vec![
        Case::new((GROUP, "prompt_sign"), "prompt: sign", move || {
            sign_prompt(key, &prompt)
        })
        .signing()
        .plotted()
        .over(text_bytes),
        Case::checked(
            (GROUP, "prompt_verify"),
            "prompt: verify and read",
            move || parse(&text),
        )
        .plotted()
        .over(text_bytes),
        Case::checked(
            (GROUP, "prompt_verify_grant"),
            "prompt with authorization details: verify and read",
            move || parse(&grant),
        )
        .over(grant_bytes),
        Case::checked(
            (GROUP, "prompt_verify_other_order"),
            "prompt in another order of members: verify and read",
            move || parse(&other_order),
        )
        .over(text_bytes),
        Case::new((GROUP, "prompt_hash"), "prompt: hash", move || {
            jws::hash(&hashed)
        })
        .over(text_bytes),
        Case::new(
            (GROUP, "prompt_show"),
            "prompt: everything that decides how it is shown",
            move || {
                let reasons = shown.deny_only_reasons(KeyKind::SoftwarePin);
                (reasons, shown.text_findings(), shown.detail_leaves())
            },
        )
        .over(grant_bytes),
    ])
}

fn decisions(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let request: DecisionRequest = world.message("decision/approve")?;
    let body = serde_json::to_string(&request)?;
    let registration = registration(world)?;
    let approval = world.key("approval")?;
    let detail = request.detail.clone();
    let challenge = detail.challenge();
    let verify = move |kind: VerifierKind| {
        let stored = StoredPrompt {
            iss: &world.issuer,
            device: &world.device,
            request: &request.detail.request,
            prompt: request.detail.prompt,
            nonce: request.detail.nonce,
            asks_code: true,
            rp_id: RP_ID,
            origin: ORIGIN,
        };
        kind.verifier().verify(&request, &stored, &registration)
    };
    let verify_twin = verify.clone();
    let bytes = body.len();
    Ok(vec![
        Case::new((GROUP, "challenge"), "decision: challenge", move || {
            detail.challenge()
        }),
        Case::new((GROUP, "assertion_make"), "assertion: make", move || {
            let expected = ExpectedAssertion {
                challenge,
                rp_id: RP_ID,
                origin: ORIGIN,
                role: CredentialRole::Approval,
            };
            make_assertion(approval, &expected, 1)
        })
        .signing()
        .plotted(),
        Case::checked((GROUP, "decision_parse"), "decision: read", move || {
            parse_decision(body.as_bytes())
        })
        .over(bytes),
        Case::checked(
            (GROUP, "decision_verify_ring"),
            "decision: check with ring",
            move || verify(VerifierKind::Ring),
        )
        .plotted(),
        Case::checked(
            (GROUP, "decision_verify_webauthn_rs"),
            "decision: check with webauthn-rs-core",
            move || verify_twin(VerifierKind::WebauthnRs),
        )
        .plotted(),
    ])
}

/// The device as the server stores it, made by the server's own verification.
fn registration(world: &World) -> anyhow::Result<Registration> {
    let request = world.pairing_request()?;
    let verified = verify_registrations(&RegistrationInput {
        offer: &world.text("offer/valid")?,
        device_nonce: World::nonce("device"),
        rp_id: RP_ID,
        origin: ORIGIN,
        approval: &request.approval,
        possession: &request.possession,
    })?;
    Ok(Registration {
        device_name: request.device.name,
        device_info: "{}".into(),
        possession_thumbprint: verified.possession.thumbprint,
        possession_key: verified.possession.key,
        possession_credential: verified.possession.credential,
        approval_thumbprint: verified.approval.thumbprint,
        approval_key: verified.approval.key,
        approval_credential: verified.approval.credential,
    })
}

fn receipts(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let key = world.key("receipt")?;
    let keys = [world.public("receipt")?];
    let by = ("receipt", typ::RECEIPT);
    let text = world.rewritten::<ConsentReceipt>("receipt/consent_approve", by)?;
    let receipt: ConsentReceipt = world.signed("receipt/consent_approve")?;
    let by = ("receipt", typ::CLIENT_RECEIPT);
    let client_text = world.rewritten::<ClientReceipt>("receipt/client", by)?;
    let client: ClientReceipt = world.signed("receipt/client")?;
    let hashed = text.clone();
    let (bytes, client_bytes) = (text.len(), client_text.len());
    Ok(vec![
        Case::new((GROUP, "receipt_sign"), "receipt: sign", move || {
            sign_receipt(key, &receipt)
        })
        .signing()
        .plotted()
        .over(bytes),
        Case::checked(
            (GROUP, "receipt_verify"),
            "receipt: verify and read",
            move || parse_receipt(&text, &keys),
        )
        .plotted()
        .over(bytes),
        Case::new(
            (GROUP, "evidence_hash"),
            "receipt: hash that names it",
            move || evidence_hash(&hashed),
        )
        .over(bytes),
        Case::new(
            (GROUP, "client_receipt_sign"),
            "client receipt: sign",
            move || sign_client_receipt(key, &client),
        )
        .signing()
        .over(client_bytes),
        Case::checked(
            (GROUP, "client_receipt_verify"),
            "client receipt: verify and read",
            move || parse_client_receipt(&client_text, &keys),
        )
        .over(client_bytes),
    ])
}

fn proofs(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let key = world.key("possession")?;
    let by = ("possession", typ::PROOF);
    let text = world.rewritten::<Proof>("proof/valid", by)?;
    let proof: Proof = world.signed("proof/valid")?;
    let peeked = text.clone();
    let bytes = text.len();
    Ok(vec![
        Case::new((GROUP, "proof_sign"), "proof: sign", move || {
            sign_proof(key, &proof)
        })
        .signing()
        .over(bytes),
        Case::checked((GROUP, "proof_peek"), "proof: name of the key", move || {
            peek_kid(&peeked)
        })
        .over(bytes),
        Case::checked(
            (GROUP, "proof_verify"),
            "proof: verify and read",
            move || {
                let expected = ExpectedProof {
                    htm: "POST",
                    htu: "https://id.example/device/v1/decisions",
                    body: br#"{"v":1}"#,
                };
                verify_proof(&text, key.public(), &world.device, &expected, |_| true)
            },
        )
        .plotted()
        .over(bytes),
    ])
}
