//! One entry per parser of outside bytes. None may panic, hang or allocate without bound, whatever the bytes. The tests
//! feed them random and mutated bytes; `cargo xtask fuzz` runs libFuzzer on them.

use crate::{
    bytes::Sha256Digest,
    device::{
        decision, delivery, evidence,
        invitation::{self, InvitationCode, Issuer},
        limits,
        metadata::{self, ExpectedMetadata},
        pairing,
        prompt::Prompt,
        proof, receipt, typ,
    },
    ijson,
    jws::UnverifiedJws,
    text,
    time::UnixTime,
    webauthn,
};

/// A fuzz entry.
pub struct FuzzEntry {
    /// Its name on the command line.
    pub name: &'static str,
    /// Takes any bytes.
    pub run: fn(&[u8]),
}

/// All entries.
pub const ENTRIES: &[FuzzEntry] = &[
    FuzzEntry {
        name: "assertion",
        run: fuzz_assertion,
    },
    FuzzEntry {
        name: "attestation",
        run: fuzz_attestation,
    },
    FuzzEntry {
        name: "authenticator_data",
        run: fuzz_authenticator_data,
    },
    FuzzEntry {
        name: "binding_message",
        run: fuzz_binding_message,
    },
    FuzzEntry {
        name: "cbor",
        run: fuzz_cbor,
    },
    FuzzEntry {
        name: "client_data",
        run: fuzz_client_data,
    },
    FuzzEntry {
        name: "cose_key",
        run: fuzz_cose_key,
    },
    FuzzEntry {
        name: "decision",
        run: fuzz_decision,
    },
    FuzzEntry {
        name: "device_frame",
        run: fuzz_device_frame,
    },
    FuzzEntry {
        name: "evidence",
        run: fuzz_evidence,
    },
    FuzzEntry {
        name: "ijson",
        run: fuzz_ijson,
    },
    FuzzEntry {
        name: "invitation",
        run: fuzz_invitation,
    },
    FuzzEntry {
        name: "jws",
        run: fuzz_jws,
    },
    FuzzEntry {
        name: "metadata",
        run: fuzz_metadata,
    },
    FuzzEntry {
        name: "pairing_request",
        run: fuzz_pairing_request,
    },
    FuzzEntry {
        name: "payloads",
        run: fuzz_payloads,
    },
    FuzzEntry {
        name: "receipt",
        run: fuzz_receipt,
    },
    FuzzEntry {
        name: "server_frame",
        run: fuzz_server_frame,
    },
    FuzzEntry {
        name: "text",
        run: fuzz_text,
    },
];

fn text_of(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// [`ijson::check`]; what it accepts serde_json accepts.
///
/// # Panics
/// If serde_json refuses what the check accepted.
pub fn fuzz_ijson(data: &[u8]) {
    if ijson::check(data, limits::PROMPT).is_ok() {
        serde_json::from_slice::<serde_json::Value>(data).expect("accepted documents are JSON");
    }
}

/// [`UnverifiedJws::parse`], with every type.
pub fn fuzz_jws(data: &[u8]) {
    let text = text_of(data);
    for typ in [
        typ::METADATA,
        typ::OFFER,
        typ::REVEAL,
        typ::PROMPT,
        typ::RECEIPT,
        typ::PROOF,
    ] {
        let _ = UnverifiedJws::parse(&text, typ, limits::PROMPT)
            .and_then(|jws| jws.peek::<serde_json::Value>());
    }
    let _ = proof::peek_kid(&text);
}

/// [`webauthn::parse_cbor`].
pub fn fuzz_cbor(data: &[u8]) {
    let _ = webauthn::parse_cbor(data);
}

/// [`webauthn::parse_cose_key`]; what it reads it writes again.
///
/// # Panics
/// If a key that was read is written differently.
pub fn fuzz_cose_key(data: &[u8]) {
    if let Ok(key) = webauthn::parse_cose_key(data) {
        let again = webauthn::parse_cose_key(&webauthn::encode_cose_key(&key));
        assert_eq!(again, Ok(key), "a key that was read must survive writing");
    }
}

/// [`webauthn::parse_client_data`]; only one serialization passes.
///
/// # Panics
/// If two serializations of the same content pass.
pub fn fuzz_client_data(data: &[u8]) {
    if let Ok(parsed) = webauthn::parse_client_data(data) {
        let written =
            webauthn::encode_client_data(parsed.ceremony, parsed.challenge, &parsed.origin);
        assert_eq!(written, data, "only the exact serialization may pass");
    }
}

/// Both forms of authenticator data.
pub fn fuzz_authenticator_data(data: &[u8]) {
    let _ = webauthn::parse_assertion_data(data);
    let _ = webauthn::parse_registration_data(data);
}

/// A posted registration with these bytes as attestation object.
pub fn fuzz_attestation(data: &[u8]) {
    let _ = ijson::parse::<webauthn::RegistrationResponse>(data, limits::PAIRING);
    let _ = webauthn::parse_cbor(data).map(|object| {
        object.named("authData").cloned().map(|data| {
            if let webauthn::CborValue::Bytes(bytes) = data {
                let _ = webauthn::parse_registration_data(&bytes);
            }
        })
    });
}

/// A posted assertion.
pub fn fuzz_assertion(data: &[u8]) {
    let _ = ijson::parse::<webauthn::AuthenticationResponse>(data, limits::DECISION);
}

/// [`decision::parse_decision`].
pub fn fuzz_decision(data: &[u8]) {
    let _ = decision::parse_decision(data).map(|request| request.detail.challenge());
}

/// [`delivery::parse_device_frame`].
pub fn fuzz_device_frame(data: &[u8]) {
    let _ = delivery::parse_device_frame(data);
}

/// [`delivery::parse_server_frame`].
pub fn fuzz_server_frame(data: &[u8]) {
    let _ = delivery::parse_server_frame(data);
}

/// [`pairing::parse_pairing_request`].
pub fn fuzz_pairing_request(data: &[u8]) {
    let _ = pairing::parse_pairing_request(data);
}

/// [`metadata::parse_metadata`].
pub fn fuzz_metadata(data: &[u8]) {
    let Ok(issuer) = Issuer::parse("https://id.example") else {
        return;
    };
    let expected = ExpectedMetadata {
        issuer: &issuer,
        root: None,
        seen_seq: 0,
        now: UnixTime(0),
    };
    let _ = metadata::parse_metadata(data, &expected);
}

/// [`receipt::parse_receipt`] and its client form.
pub fn fuzz_receipt(data: &[u8]) {
    let text = text_of(data);
    let _ = receipt::parse_receipt(&text, &[]);
    let _ = receipt::parse_client_receipt(&text, &[]);
}

/// [`evidence::parse_evidence_file`] and the check with a root that signed nothing.
pub fn fuzz_evidence(data: &[u8]) {
    if let Ok(file) = evidence::parse_evidence_file(data) {
        let _ = evidence::verify_evidence(&file, file.root.thumbprint());
    }
}

/// [`invitation::parse_invitation`] and its parts.
pub fn fuzz_invitation(data: &[u8]) {
    let text = text_of(data);
    let _ = invitation::parse_invitation(&text);
    let _ = Issuer::parse(&text);
    let _ = InvitationCode::parse(&text);
    let _ = Sha256Digest::from_b64u(&text);
}

/// [`text::inspect`] and transfer codes.
pub fn fuzz_text(data: &[u8]) {
    let text = text_of(data);
    let _ = text::inspect(&text);
    let _ = text::CodeAlphabet::Crockford.canonical(&text, 8);
}

/// Parameters of a backchannel authentication request.
pub fn fuzz_binding_message(data: &[u8]) {
    let text = text_of(data);
    let _ = crate::ciba::BindingMessage::parse(&text).map(|message| message.as_transfer_code());
    let _ = crate::ciba::Scope::parse(&text);
}

/// Payloads of signed messages, as if their signature had verified.
pub fn fuzz_payloads(data: &[u8]) {
    let _ = ijson::parse::<Prompt>(data, limits::PROMPT).map(|prompt| {
        let _ = prompt.deny_only_reasons(pairing::KeyKind::SoftwarePin);
        prompt.detail_leaves()
    });
    let _ = ijson::parse::<pairing::Offer>(data, limits::MESSAGE);
    let _ = ijson::parse::<pairing::Reveal>(data, limits::MESSAGE);
    let _ = ijson::parse::<pairing::PairingReceipt>(data, limits::MESSAGE);
    let _ = ijson::parse::<pairing::Countersignature>(data, limits::MESSAGE);
    let _ = ijson::parse::<proof::Proof>(data, limits::MESSAGE);
    let _ = ijson::parse::<metadata::Metadata>(data, limits::METADATA);
}
