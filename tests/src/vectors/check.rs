//! Runs a vector through the protocol crate, as the reader of its message would.

use super::{
    Area, Input,
    class::{Class, Classify},
    keys::TestKeys,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tegata_protocol::{
    AccountId, ConsentRequestId, DeviceId, PublicKey, Sha256Digest, Thumbprint, UnixTime,
    device::{
        decision::{self, StoredPrompt},
        delivery,
        evidence::{self, EvidenceFinding},
        invitation::{self, Invitation, InvitationCode, Issuer},
        limits,
        metadata::{self, ExpectedMetadata},
        pairing::{self, KeyKind, PairingReceipt},
        problem::Problem,
        prompt::{self, ExpectedPrompt},
        proof::{self, ExpectedProof},
        receipt, typ,
    },
    ijson, jcs, jws,
    text::{self, CodeAlphabet},
    webauthn::{
        self, AuthenticationResponse, CredentialRole, ExpectedAssertion, ExpectedRegistration,
        RegistrationResponse,
    },
};

/// What comes out of a message that is valid, or the class of its defect.
pub type Outcome = Result<Value, Class>;

#[derive(Deserialize)]
struct IjsonContext {
    max_len: usize,
}

#[derive(Deserialize)]
struct JcsContext {
    canonical: String,
}

#[derive(Deserialize)]
struct JwsContext {
    typ: String,
    max_len: usize,
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct MetadataContext {
    issuer: Issuer,
    root: Option<Thumbprint>,
    seen_seq: u64,
    now: UnixTime,
}

#[derive(Deserialize)]
struct OfferContext {
    keys: Vec<String>,
    issuer: Issuer,
    code: String,
}

#[derive(Deserialize)]
struct RevealContext {
    keys: Vec<String>,
    issuer: Issuer,
    code: String,
    offer: String,
    approval: Thumbprint,
    possession: Thumbprint,
}

#[derive(Deserialize)]
struct DigitsInput {
    offer: String,
    approval: Thumbprint,
    possession: Thumbprint,
    device_nonce: Sha256Digest,
    server_nonce: Sha256Digest,
}

#[derive(Deserialize)]
struct DigitsContext {
    digits: String,
}

/// Context of assertions and registrations, which foreign checkers take too.
#[derive(Deserialize)]
pub(super) struct CeremonyContext {
    /// Name of the key that a server looked up; registrations bring theirs.
    pub(super) key: Option<String>,
    pub(super) challenge: Sha256Digest,
    pub(super) rp_id: String,
    pub(super) origin: String,
    pub(super) role: CredentialRole,
}

/// Context of decisions: what the server stored with the prompt.
#[derive(Deserialize)]
pub(super) struct DecisionContext {
    iss: Issuer,
    device: DeviceId,
    request: ConsentRequestId,
    prompt: Sha256Digest,
    nonce: Sha256Digest,
    asks_code: bool,
    pub(super) rp_id: String,
    pub(super) origin: String,
    pub(super) approval: String,
    pub(super) possession: String,
}

#[derive(Deserialize)]
struct ProofContext {
    key: String,
    device: DeviceId,
    htm: String,
    htu: String,
    body: String,
    nonce: String,
}

#[derive(Deserialize)]
struct PromptContext {
    issuer: Issuer,
    device: DeviceId,
    account: AccountId,
    keys: Vec<String>,
    key_kind: KeyKind,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum ReceiptContext {
    Client {
        keys: Vec<String>,
    },
    Consent {
        keys: Vec<String>,
    },
    Countersignature {
        keys: Vec<String>,
        pairing_receipt: String,
    },
    Pairing {
        keys: Vec<String>,
    },
}

#[derive(Deserialize)]
struct EvidenceContext {
    root: Thumbprint,
}

#[derive(Deserialize)]
struct CodeContext {
    alphabet: CodeAlphabet,
    length: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sender {
    Device,
    Server,
}

#[derive(Deserialize)]
struct FrameContext {
    from: Sender,
}

pub(super) fn context<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("the context fits its area")
}

fn class(error: &impl Classify) -> Class {
    error.class()
}

fn text_of(input: &Input) -> String {
    String::from_utf8(input.bytes().to_vec()).expect("this area takes text")
}

fn publics(keys: &TestKeys, names: &[String]) -> Vec<PublicKey> {
    names.iter().map(|name| keys.public(name)).collect()
}

/// Runs one message.
///
/// # Errors
/// The class of the message's defect.
///
/// # Panics
/// If the context is not what the area takes, or a message has two defects: the vector is wrong then.
pub fn run(area: Area, input: &Input, context: &Value, keys: &TestKeys) -> Outcome {
    match area {
        Area::Assertion => assertion(input, context, keys),
        Area::Decision => decide(input, context, keys),
        Area::Evidence => evidence(input, context),
        Area::Frames => frame(input, context),
        Area::Ijson => {
            let IjsonContext { max_len } = self::context(context);
            ijson::check(input.bytes(), max_len).map_err(|e| class(&e))?;
            Ok(Value::Null)
        }
        Area::Invitation => invite(input),
        Area::Jcs => canonical(input, context),
        Area::Jws => signed(input, context, keys),
        Area::Metadata => metadata(input, context),
        Area::Offer => {
            let c: OfferContext = self::context(context);
            let code = InvitationCode::parse(&c.code).expect("the context has a good code");
            let public = publics(keys, &c.keys);
            let offer = pairing::parse_offer(&text_of(input), &public, &c.issuer, &code)
                .map_err(|e| class(&e))?;
            Ok(json!({ "pairing": offer.jti, "offer": jws::hash(&text_of(input)) }))
        }
        Area::PairingDigits => digits(input, context),
        Area::Problem => {
            let problem: Problem =
                ijson::parse(input.bytes(), limits::MESSAGE).map_err(|e| class(&e))?;
            Ok(json!({ "code": problem.code, "status": problem.code.status() }))
        }
        Area::Prompt => prompt(input, context, keys),
        Area::Proof => {
            let c: ProofContext = self::context(context);
            let expected = ExpectedProof {
                htm: &c.htm,
                htu: &c.htu,
                body: c.body.as_bytes(),
            };
            let fresh = |nonce: &str| nonce == c.nonce;
            let key = keys.public(&c.key);
            proof::verify_proof(&text_of(input), &key, &c.device, &expected, fresh)
                .map_err(|e| class(&e))?;
            Ok(Value::Null)
        }
        Area::Receipt => receipt(input, context, keys),
        Area::Registration => {
            let c: CeremonyContext = self::context(context);
            let response: RegistrationResponse =
                ijson::parse_exact(input.bytes(), limits::PAIRING).map_err(|e| class(&e))?;
            let expected = ExpectedRegistration {
                challenge: c.challenge,
                rp_id: &c.rp_id,
                origin: &c.origin,
                role: c.role,
            };
            let verified =
                webauthn::verify_registration(&response, &expected).map_err(|e| class(&e))?;
            Ok(json!({
                "jwk": verified.public_key,
                "thumbprint": verified.public_key.thumbprint(),
                "counter": verified.counter,
            }))
        }
        Area::Reveal => reveal(input, context, keys),
        Area::Text => findings(&text_of(input)),
        Area::TransferCode => {
            let CodeContext { alphabet, length } = self::context(context);
            let canonical = alphabet.canonical(&text_of(input), length);
            let canonical = canonical.ok_or(Class::TransferCodeForm)?;
            Ok(json!({ "canonical": canonical }))
        }
    }
}

fn assertion(input: &Input, context: &Value, keys: &TestKeys) -> Outcome {
    let c: CeremonyContext = self::context(context);
    let response: AuthenticationResponse =
        ijson::parse_exact(input.bytes(), limits::DECISION).map_err(|e| class(&e))?;
    let expected = ExpectedAssertion {
        challenge: c.challenge,
        rp_id: &c.rp_id,
        origin: &c.origin,
        role: c.role,
    };
    let key = keys.public(&c.key.expect("an assertion is by a known key"));
    let verified = webauthn::verify_assertion(&response, &key, &expected).map_err(|e| class(&e))?;
    Ok(json!({ "counter": verified.counter() }))
}

fn decide(input: &Input, context: &Value, keys: &TestKeys) -> Outcome {
    let c: DecisionContext = self::context(context);
    let request = decision::parse_decision(input.bytes()).map_err(|e| class(&e))?;
    let stored = StoredPrompt {
        iss: &c.iss,
        device: &c.device,
        request: &c.request,
        prompt: c.prompt,
        nonce: c.nonce,
        asks_code: c.asks_code,
        rp_id: &c.rp_id,
        origin: &c.origin,
    };
    let (approval, possession) = (keys.public(&c.approval), keys.public(&c.possession));
    let verified = decision::verify_decision(&request, &stored, &approval, &possession)
        .map_err(|e| class(&e))?;
    Ok(json!({
        "challenge": request.detail.challenge(),
        "decision": request.detail.decision.verdict(),
        "counter": verified.counter(),
    }))
}

fn evidence(input: &Input, context: &Value) -> Outcome {
    let EvidenceContext { root } = self::context(context);
    let file = evidence::parse_evidence_file(input.bytes()).map_err(|e| class(&e))?;
    let report = evidence::verify_evidence(&file, root).map_err(|e| class(&e))?;
    match report.finding {
        EvidenceFinding::Client(receipt) => {
            Ok(json!({ "finding": "client", "client": receipt.aud }))
        }
        EvidenceFinding::Decision(found) => Ok(json!({
            "finding": "decision",
            "decision": found.decision.verdict(),
            "key": found.key.thumbprint(),
            "account": found.enrolled.as_ref().map(|enrolled| &enrolled.account),
            "countersigned": found.enrolled.as_ref().map(|enrolled| enrolled.countersigned),
        })),
        other => unreachable!("no result yet for {other:?}"),
    }
}

fn frame(input: &Input, context: &Value) -> Outcome {
    let FrameContext { from } = self::context(context);
    match from {
        Sender::Device => delivery::parse_device_frame(input.bytes()).map(drop),
        Sender::Server => delivery::parse_server_frame(input.bytes()).map(drop),
    }
    .map_err(|e| class(&e))?;
    Ok(Value::Null)
}

fn invite(input: &Input) -> Outcome {
    match invitation::parse_invitation(&text_of(input)).map_err(|e| class(&e))? {
        Invitation::Complete { issuer, code, root } => {
            Ok(json!({ "issuer": issuer, "code": code.expose_grouped(), "root": root }))
        }
        Invitation::CodeOnly { code } => Ok(json!({ "code": code.expose_grouped() })),
        Invitation::ServerOnly { issuer, root } => Ok(json!({ "issuer": issuer, "root": root })),
        other => unreachable!("no result yet for {other:?}"),
    }
}

fn canonical(input: &Input, context: &Value) -> Outcome {
    let JcsContext { canonical } = self::context(context);
    let value: Value = ijson::parse(input.bytes(), limits::PROMPT).map_err(|e| class(&e))?;
    if jcs::canonicalize(&value) != canonical.as_bytes() {
        return Err(Class::NotCanonical);
    }
    Ok(json!({ "sha256": jcs::derive_challenge(&value) }))
}

fn signed(input: &Input, context: &Value, keys: &TestKeys) -> Outcome {
    let c: JwsContext = self::context(context);
    let text = text_of(input);
    jws::verify::<Value>(&text, &c.typ, c.max_len, &publics(keys, &c.keys))
        .map_err(|e| class(&e))?;
    Ok(json!({ "hash": jws::hash(&text) }))
}

fn metadata(input: &Input, context: &Value) -> Outcome {
    let c: MetadataContext = self::context(context);
    let expected = ExpectedMetadata {
        issuer: &c.issuer,
        root: c.root,
        seen_seq: c.seen_seq,
        now: c.now,
    };
    let (metadata, root) =
        metadata::parse_metadata(input.bytes(), &expected).map_err(|e| class(&e))?;
    Ok(json!({ "root": root, "seq": metadata.seq, "connect": metadata.websocket_url() }))
}

fn digits(input: &Input, context: &Value) -> Outcome {
    let DigitsContext { digits } = self::context(context);
    let i: DigitsInput = ijson::parse(input.bytes(), limits::PAIRING).map_err(|e| class(&e))?;
    let derived = pairing::derive_pairing_digits(
        &i.offer,
        i.approval,
        i.possession,
        i.device_nonce,
        i.server_nonce,
    );
    if derived == digits {
        Ok(json!({ "offer": jws::hash(&i.offer) }))
    } else {
        Err(Class::DigitsMismatch)
    }
}

fn prompt(input: &Input, context: &Value, keys: &TestKeys) -> Outcome {
    let c: PromptContext = self::context(context);
    let public = publics(keys, &c.keys);
    let expected = ExpectedPrompt {
        issuer: &c.issuer,
        device: &c.device,
        account: &c.account,
        keys: &public,
    };
    let text = text_of(input);
    let prompt = prompt::parse_prompt(&text, &expected).map_err(|e| class(&e))?;
    let reasons = prompt.deny_only_reasons(c.key_kind);
    assert!(reasons.len() <= 1, "more than one defect: {reasons:?}");
    match reasons.first() {
        Some(reason) => Err(reason.class()),
        None => Ok(json!({ "hash": jws::hash(&text), "leaves": prompt.detail_leaves() })),
    }
}

fn receipt(input: &Input, context: &Value, keys: &TestKeys) -> Outcome {
    let text = text_of(input);
    match self::context(context) {
        ReceiptContext::Client { keys: names } => {
            receipt::parse_client_receipt(&text, &publics(keys, &names)).map_err(|e| class(&e))?;
        }
        ReceiptContext::Consent { keys: names } => {
            receipt::parse_receipt(&text, &publics(keys, &names)).map_err(|e| class(&e))?;
            return Ok(json!({ "evidence": receipt::evidence_hash(&text) }));
        }
        ReceiptContext::Countersignature {
            keys: names,
            pairing_receipt,
        } => {
            let receipt: PairingReceipt = jws::verify(
                &pairing_receipt,
                typ::PAIRING_RECEIPT,
                limits::MESSAGE,
                &publics(keys, &names),
            )
            .expect("the context has a good pairing receipt");
            pairing::verify_countersignature(&text, &pairing_receipt, &receipt)
                .map_err(|e| class(&e))?;
        }
        ReceiptContext::Pairing { keys: names } => {
            let public = publics(keys, &names);
            jws::verify::<PairingReceipt>(&text, typ::PAIRING_RECEIPT, limits::MESSAGE, &public)
                .map_err(|e| class(&e))?;
        }
    }
    Ok(Value::Null)
}

fn reveal(input: &Input, context: &Value, keys: &TestKeys) -> Outcome {
    let c: RevealContext = self::context(context);
    let public = publics(keys, &c.keys);
    let code = InvitationCode::parse(&c.code).expect("the context has a good code");
    let offer = pairing::parse_offer(&c.offer, &public, &c.issuer, &code)
        .expect("the context has a good offer");
    let reveal = pairing::parse_reveal(
        &text_of(input),
        &public,
        &c.offer,
        &offer,
        c.approval,
        c.possession,
    )
    .map_err(|e| class(&e))?;
    Ok(json!({ "device": reveal.device }))
}

fn findings(text: &str) -> Outcome {
    let found = text::inspect(text);
    let classes: Vec<Class> = found
        .cautions
        .iter()
        .map(Classify::class)
        .chain(found.defects.iter().map(Classify::class))
        .collect();
    match classes.as_slice() {
        [] => Ok(Value::Null),
        [class] => Err(*class),
        more => unreachable!("more than one finding: {more:?}"),
    }
}
