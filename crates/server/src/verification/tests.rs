//! Ring and webauthn-rs-core as differential twins.
//!
//! What may differ, and no more: the library alone accepts (and ours refuses) another serialization of the same client
//! data, an origin that parses to the same URL, flags that the role does not call for, and a JSON `id` that does not
//! repeat `rawId`. The other direction, ours accepts and the library refuses, must never happen.

use super::{
    ApprovalVerifier, RegistrationInput, RingVerifier, VerifierKind, WebauthnRsVerifier,
    registration, twin, verify_registrations,
};
use crate::domain::Registration;
use std::collections::BTreeMap;
use tegata_protocol::{
    ConsentRequestId, DeviceId, Rng, Sha256Digest, SigningKey, SystemRng, Thumbprint,
    device::{
        V1,
        decision::{Decision, DecisionDetail, DecisionRequest, DenyReason, StoredPrompt, View},
        invitation::Issuer,
        pairing::derive_registration_challenge,
    },
    rng::{random_below, random_bytes},
    webauthn::{
        AuthenticationResponse, CredentialRole, ExpectedAssertion, ExpectedRegistration,
        make_assertion, make_registration,
    },
};

mod vectors;

const RP_ID: &str = "tegata.localhost";
const ORIGIN: &str = "https://tegata.localhost";

struct World {
    issuer: Issuer,
    device: DeviceId,
    request: ConsentRequestId,
    nonce: Sha256Digest,
    approval: SigningKey,
    possession: SigningKey,
    registration: Registration,
}

fn register(
    approval: &SigningKey,
    possession: &SigningKey,
    tweak: impl Fn(&mut ExpectedRegistration<'_>),
) -> Result<registration::VerifiedDevice, registration::RegistrationError> {
    let offer = "offer";
    let device_nonce = Sha256Digest([3; 32]);
    let make = |key: &SigningKey, role, registered: &[Thumbprint]| {
        let challenge = derive_registration_challenge(offer, device_nonce, role, registered);
        let mut expected = ExpectedRegistration {
            challenge,
            rp_id: RP_ID,
            origin: ORIGIN,
            role,
        };
        tweak(&mut expected);
        make_registration(key, &expected)
    };
    let first = make(approval, CredentialRole::Approval, &[]);
    let last = make(
        possession,
        CredentialRole::Possession,
        &[approval.thumbprint()],
    );
    verify_registrations(&RegistrationInput {
        offer,
        device_nonce,
        rp_id: RP_ID,
        origin: ORIGIN,
        approval: &first,
        possession: &last,
    })
}

impl World {
    fn new() -> Self {
        let rng = SystemRng::new();
        let (approval, _) = SigningKey::make(&rng);
        let (possession, _) = SigningKey::make(&rng);
        let verified = register(&approval, &possession, |_| {}).unwrap();
        Self {
            issuer: Issuer::parse("http://localhost:8480").unwrap(),
            device: DeviceId::make(&rng),
            request: ConsentRequestId::make(&rng),
            nonce: Sha256Digest(random_bytes(&rng)),
            registration: Registration {
                device_name: "test".into(),
                device_info: "{}".into(),
                possession_thumbprint: verified.possession.thumbprint,
                possession_key: verified.possession.key,
                possession_credential: verified.possession.credential,
                approval_thumbprint: verified.approval.thumbprint,
                approval_key: verified.approval.key,
                approval_credential: verified.approval.credential,
            },
            approval,
            possession,
        }
    }

    fn stored(&self) -> StoredPrompt<'_> {
        StoredPrompt {
            iss: &self.issuer,
            device: &self.device,
            request: &self.request,
            prompt: Sha256Digest([9; 32]),
            nonce: self.nonce,
            asks_code: false,
            rp_id: RP_ID,
            origin: ORIGIN,
        }
    }

    fn decide(&self, role: CredentialRole, counter: u32) -> DecisionRequest {
        let (key, decision) = match role {
            CredentialRole::Approval => (
                &self.approval,
                Decision::Approve {
                    view: View {
                        app: "test/1".into(),
                        locale: "en".into(),
                        layout: "sign_in/1".into(),
                        notices: vec![],
                    },
                    transfer: None,
                },
            ),
            CredentialRole::Possession => (
                &self.possession,
                Decision::Deny {
                    reason: DenyReason::ChangedMind,
                },
            ),
        };
        let detail = DecisionDetail {
            iss: self.issuer.clone(),
            device: self.device.clone(),
            request: self.request.clone(),
            prompt: Sha256Digest([9; 32]),
            nonce: self.nonce,
            credential: key.thumbprint(),
            decision,
        };
        let expected = ExpectedAssertion {
            challenge: detail.challenge(),
            rp_id: RP_ID,
            origin: ORIGIN,
            role,
        };
        let assertion = make_assertion(key, &expected, counter);
        DecisionRequest {
            v: V1,
            detail,
            assertion,
        }
    }

    fn library_alone(&self, request: &DecisionRequest) -> bool {
        let role = request.detail.decision.verdict().role();
        let credential = match role {
            CredentialRole::Approval => &self.registration.approval_credential,
            CredentialRole::Possession => &self.registration.possession_credential,
        };
        let challenge = request.detail.challenge();
        twin::authenticate(
            &request.assertion,
            challenge,
            (RP_ID, ORIGIN),
            role,
            credential,
        )
        .is_ok()
    }
}

/// One random change to one of the fields; its name.
fn mutate(
    assertion: &mut AuthenticationResponse,
    other: &AuthenticationResponse,
    rng: &dyn Rng,
) -> &'static str {
    let below = |bound: usize| {
        usize::try_from(random_below(rng, u64::try_from(bound.max(1)).unwrap())).unwrap()
    };
    let response = &mut assertion.response;
    let (field, name) = match below(3) {
        0 => (&mut response.client_data_json.0, "client data"),
        1 => (&mut response.authenticator_data.0, "authenticator data"),
        _ => (&mut response.signature.0, "signature"),
    };
    match below(8) {
        0 => {
            let at = below(field.len() + 1);
            field.insert(at, random_bytes::<1>(rng)[0]);
        }
        1 => {
            let at = below(field.len());
            field.remove(at);
        }
        2 => {
            let at = below(field.len());
            field.truncate(at);
        }
        3 => match below(5) {
            0 => response.client_data_json = other.response.client_data_json.clone(),
            1 => response.authenticator_data = other.response.authenticator_data.clone(),
            2 => response.signature = other.response.signature.clone(),
            3 => {
                assertion.id = other.id;
                return "id";
            }
            _ => {
                assertion.raw_id = other.raw_id;
                return "rawId";
            }
        },
        4 => std::mem::swap(
            &mut response.client_data_json,
            &mut response.authenticator_data,
        ),
        _ => {
            let at = below(field.len());
            field[at] ^= 1 << below(8);
        }
    }
    name
}

#[test]
fn ours_never_accepts_what_the_library_refuses_in_ten_thousand_mutations() {
    let world = World::new();
    let rng = SystemRng::new();
    let good = [
        world.decide(CredentialRole::Approval, 1),
        world.decide(CredentialRole::Approval, 77),
        world.decide(CredentialRole::Possession, 1),
        world.decide(CredentialRole::Possession, 4_000_000_000),
    ];
    for request in &good {
        let stored = world.stored();
        let ring = RingVerifier.verify(request, &stored, &world.registration);
        let twin = WebauthnRsVerifier.verify(request, &stored, &world.registration);
        assert_eq!(ring.as_ref().unwrap(), twin.as_ref().unwrap());
        assert!(world.library_alone(request));
    }
    let mut only_library = BTreeMap::<&str, u32>::new();
    let mut refused = 0;
    for round in 0..10_000_usize {
        let mut request = good[round % good.len()].clone();
        let other = &good[(round / 4 + round) % good.len()].assertion;
        let field = mutate(&mut request.assertion, other, &rng);
        let stored = world.stored();
        let ring = RingVerifier
            .verify(&request, &stored, &world.registration)
            .is_ok();
        let twin = WebauthnRsVerifier
            .verify(&request, &stored, &world.registration)
            .is_ok();
        let library = world.library_alone(&request);
        assert!(
            !ring || (library && twin),
            "ours accepts and the library refuses: {field} {request:?}"
        );
        assert!(
            !twin || ring,
            "with our checks before it, the library accepts nothing more: {field} {request:?}"
        );
        if library && !ring {
            *only_library.entry(field).or_default() += 1;
        }
        refused += u32::from(!ring);
    }
    // The signature covers client data and authenticator data, so random changes cannot reach the other differences.
    assert!(
        only_library.keys().all(|field| *field == "id"),
        "the library alone accepts more than is known: {only_library:?}"
    );
    assert!(refused > 9_000, "mutations do mutate: {refused} refused");
}

#[test]
fn what_the_library_leaves_to_the_relying_party_is_refused_by_both_verifiers() {
    let world = World::new();
    let good = world.decide(CredentialRole::Approval, 1);
    let challenge = good.detail.challenge();
    let with_client_data = |text: String| {
        let mut request = good.clone();
        let mut signed = request.assertion.response.authenticator_data.0.clone();
        signed.extend(Sha256Digest::of(text.as_bytes()).0);
        request.assertion.response.signature.0 = world.approval.sign_der(&signed);
        request.assertion.response.client_data_json.0 = text.into_bytes();
        request
    };
    let cases = [
        (
            "crossOrigin",
            format!(
                r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":true}}"#
            ),
        ),
        (
            "topOrigin",
            format!(
                r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false,"topOrigin":"https://evil.example"}}"#
            ),
        ),
        (
            "serialization",
            format!(
                r#"{{"challenge":"{challenge}","type":"webauthn.get","origin":"{ORIGIN}","crossOrigin":false}}"#
            ),
        ),
        (
            "origin by another spelling",
            format!(
                r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}/","crossOrigin":false}}"#
            ),
        ),
    ];
    for (name, text) in cases {
        let request = with_client_data(text);
        assert!(
            world.library_alone(&request),
            "{name}: the library accepts it"
        );
        assert_refused(&world, &request, name);
    }
    // Flags: verification in a denial, and a backup-eligible key.
    for (role, flags) in [
        (CredentialRole::Possession, 0x05),
        (CredentialRole::Approval, 0x0d),
        (CredentialRole::Approval, 0x01),
        (CredentialRole::Approval, 0x04),
    ] {
        let mut request = world.decide(role, 1);
        let key = match role {
            CredentialRole::Approval => &world.approval,
            CredentialRole::Possession => &world.possession,
        };
        let response = &mut request.assertion.response;
        response.authenticator_data.0[32] = flags;
        let mut signed = response.authenticator_data.0.clone();
        signed.extend(Sha256Digest::of(&response.client_data_json.0).0);
        response.signature.0 = key.sign_der(&signed);
        assert_refused(&world, &request, "flags");
    }
}

fn assert_refused(world: &World, request: &DecisionRequest, name: &str) {
    for kind in [VerifierKind::Ring, VerifierKind::WebauthnRs] {
        let result = kind
            .verifier()
            .verify(request, &world.stored(), &world.registration);
        assert!(result.is_err(), "{name}");
    }
}

#[test]
fn registrations_for_another_relying_party_origin_role_or_key_are_refused() {
    let rng = SystemRng::new();
    let (approval, _) = SigningKey::make(&rng);
    let (possession, _) = SigningKey::make(&rng);
    assert!(register(&approval, &possession, |_| {}).is_ok());
    assert!(register(&approval, &possession, |e| e.rp_id = "localhost").is_err());
    assert!(register(&approval, &possession, |e| e.origin = "https://localhost").is_err());
    assert!(
        register(&approval, &possession, |e| e.challenge =
            Sha256Digest([0; 32]))
        .is_err()
    );
    let swap = |e: &mut ExpectedRegistration<'_>| {
        e.role = match e.role {
            CredentialRole::Approval => CredentialRole::Possession,
            CredentialRole::Possession => CredentialRole::Approval,
        }
    };
    assert!(
        register(&approval, &possession, swap).is_err(),
        "flags belong to roles"
    );
    assert!(
        register(&approval, &approval, |_| {}).is_err(),
        "one key is one credential"
    );
}
