//! Both verifiers over the shared vectors.

use super::{register, twin};
use crate::{domain::Registration, verification::VerifierKind};
use serde_json::Value;
use std::{fs, path::PathBuf};
use tegata_protocol::{
    ConsentRequestId, DeviceId, Sha256Digest, SigningKey, SystemRng,
    device::{
        decision::{StoredPrompt, parse_decision},
        invitation::Issuer,
    },
    ijson,
    webauthn::{
        AuthenticationResponse, CredentialRole, ExpectedAssertion, MAX_ATTESTATION_OBJECT,
        verify_assertion,
    },
};

fn folder(name: &str) -> PathBuf {
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");
    PathBuf::from(vectors).join(name)
}

/// Every vector of a folder, with its file name.
fn vectors(name: &str) -> Vec<(String, Value)> {
    let mut all: Vec<_> = fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let vector = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            (path.display().to_string(), vector)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn key(name: &str) -> SigningKey {
    let keys: Value = serde_json::from_slice(&fs::read(folder("keys.json")).unwrap()).unwrap();
    let pkcs8 = keys["keys"][name]["pkcs8"].as_str().unwrap();
    let pkcs8 = tegata_protocol::bytes::decode_b64u(pkcs8).unwrap();
    SigningKey::from_pkcs8(&pkcs8, &SystemRng::new()).unwrap()
}

fn digest(value: &Value) -> Sha256Digest {
    Sha256Digest::from_b64u(value.as_str().unwrap()).unwrap()
}

fn registration(approval: &SigningKey, possession: &SigningKey) -> Registration {
    let verified = register(approval, possession, |_| {}).unwrap();
    Registration {
        device_name: "vectors".into(),
        device_info: "{}".into(),
        possession_thumbprint: verified.possession.thumbprint,
        possession_key: verified.possession.key,
        possession_credential: verified.possession.credential,
        approval_thumbprint: verified.approval.thumbprint,
        approval_key: verified.approval.key,
        approval_credential: verified.approval.credential,
    }
}

#[test]
fn assertion_vectors_are_refused_by_whom_they_say() {
    let all = vectors("assertion");
    assert!(all.len() >= 40, "{} vectors", all.len());
    for (name, vector) in all {
        let context = &vector["context"];
        let text = |member: &str| context[member].as_str().unwrap();
        let role = match text("role") {
            "approval" => CredentialRole::Approval,
            _ => CredentialRole::Possession,
        };
        let key = key(text("key"));
        // The other credential only fills the pair.
        let (other, _) = SigningKey::make(&SystemRng::new());
        let credential = match role {
            CredentialRole::Approval => registration(&key, &other).approval_credential,
            CredentialRole::Possession => registration(&other, &key).possession_credential,
        };
        let input = vector["input"]["text"].as_str().unwrap().as_bytes();
        let expected = ExpectedAssertion {
            challenge: digest(&context["challenge"]),
            rp_id: text("rp_id"),
            origin: text("origin"),
            role,
        };
        let ours = ijson::parse_exact::<AuthenticationResponse>(input, MAX_ATTESTATION_OBJECT)
            .is_ok_and(|response| verify_assertion(&response, key.public(), &expected).is_ok());
        let library = serde_json::from_slice::<Value>(input).is_ok_and(|response| {
            let rp = (expected.rp_id, expected.origin);
            twin::authenticate(&response, expected.challenge, rp, role, &credential).is_ok()
        });
        let refused_by = vector["refused_by"].as_array().unwrap();
        let says = |who: &str| refused_by.iter().any(|name| name == who);
        assert_eq!(!ours, says("tegata"), "{name}: ours");
        assert_eq!(!library, says("webauthn-rs"), "{name}: the library");
        assert!(
            !ours || library,
            "{name}: ours accepts, the library refuses"
        );
    }
}

#[test]
fn decision_vectors_get_the_same_verdict_from_both_verifiers() {
    let all = vectors("decision");
    assert!(all.len() >= 20, "{} vectors", all.len());
    for (name, vector) in all {
        let context = &vector["context"];
        let text = |member: &str| context[member].as_str().unwrap();
        let registration = registration(&key(text("approval")), &key(text("possession")));
        let (issuer, device, request) = (
            Issuer::parse(text("iss")).unwrap(),
            DeviceId::parse(text("device")).unwrap(),
            ConsentRequestId::parse(text("request")).unwrap(),
        );
        let stored = StoredPrompt {
            iss: &issuer,
            device: &device,
            request: &request,
            prompt: digest(&context["prompt"]),
            nonce: digest(&context["nonce"]),
            asks_code: context["asks_code"].as_bool().unwrap(),
            rp_id: text("rp_id"),
            origin: text("origin"),
        };
        let input = vector["input"]["text"].as_str().unwrap().as_bytes();
        let verdict = |kind: VerifierKind| {
            parse_decision(input).is_ok_and(|decision| {
                let verifier = kind.verifier();
                verifier.verify(&decision, &stored, &registration).is_ok()
            })
        };
        let valid = vector["expect"] == "valid";
        assert_eq!(verdict(VerifierKind::Ring), valid, "{name}: ring");
        assert_eq!(
            verdict(VerifierKind::WebauthnRs),
            valid,
            "{name}: webauthn-rs"
        );
    }
}
