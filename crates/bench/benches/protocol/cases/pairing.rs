//! What pairing takes, once for each device.

use crate::{
    case::Case,
    world::{ORIGIN, RP_ID, World},
};
use tegata_protocol::{
    device::{
        invitation::InvitationCode,
        pairing::{
            Offer, PairingReceipt, Reveal, derive_pairing_digits, derive_registration_challenge,
            parse_offer, parse_reveal, sign_countersignature, verify_countersignature,
        },
        typ,
    },
    jws,
    webauthn::{CredentialRole, ExpectedRegistration, make_registration, verify_registration},
};
use tegata_server::verification::{RegistrationInput, verify_registrations};

const GROUP: &str = "pairing";

pub(crate) fn cases(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let mut cases = signed_messages(world)?;
    cases.extend(registrations(world)?);
    cases.extend(countersignatures(world)?);
    Ok(cases)
}

fn signed_messages(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let key = world.key("receipt")?;
    let keys = [*key.public()];
    let approval = world.key("approval")?.thumbprint();
    let possession = world.key("possession")?.thumbprint();
    let code = InvitationCode::parse("7K3M9QRTXW2C")?;
    let offer_text = world.text("offer/valid")?;
    let offer: Offer = world.signed("offer/valid")?;
    let reveal_text = world.text("reveal/valid")?;
    let reveal: Reveal = world.signed("reveal/valid")?;
    let (offered, of_reveal, of_digits) = (offer.clone(), offer_text.clone(), offer_text.clone());
    let (offer_bytes, reveal_bytes) = (offer_text.len(), reveal_text.len());
    Ok(vec![
        Case::new((GROUP, "offer_sign"), "offer: sign", move || {
            jws::sign(key, typ::OFFER, &offer)
        })
        .signing()
        .over(offer_bytes),
        Case::checked(
            (GROUP, "offer_verify"),
            "offer: verify and read",
            move || parse_offer(&offer_text, &keys, &world.issuer, &code),
        )
        .over(offer_bytes),
        Case::new((GROUP, "reveal_sign"), "reveal: sign", move || {
            jws::sign(key, typ::REVEAL, &reveal)
        })
        .signing()
        .over(reveal_bytes),
        Case::checked(
            (GROUP, "reveal_verify"),
            "reveal: verify and read",
            move || {
                parse_reveal(
                    &reveal_text,
                    &keys,
                    &of_reveal,
                    &offered,
                    approval,
                    possession,
                )
            },
        )
        .over(reveal_bytes),
        Case::new((GROUP, "digits"), "the six digits", move || {
            let (device, server) = (World::nonce("device"), World::nonce("server"));
            derive_pairing_digits(&of_digits, approval, possession, device, server)
        }),
    ])
}

fn registrations(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let key = world.key("approval")?;
    let offer = world.text("offer/valid")?;
    let request = world.pairing_request()?;
    let nonce = World::nonce("device");
    let role = CredentialRole::Approval;
    let challenge = derive_registration_challenge(&offer, nonce, role, &[]);
    let expected = move || ExpectedRegistration {
        challenge,
        rp_id: RP_ID,
        origin: ORIGIN,
        role,
    };
    let of_challenge = offer.clone();
    let approval = request.approval.clone();
    Ok(vec![
        Case::new(
            (GROUP, "registration_challenge"),
            "registration: challenge",
            move || derive_registration_challenge(&of_challenge, nonce, role, &[]),
        ),
        Case::new(
            (GROUP, "registration_make"),
            "registration: make",
            move || make_registration(key, &expected()),
        )
        .signing(),
        Case::checked(
            (GROUP, "registration_verify"),
            "registration: check with ring",
            move || verify_registration(&approval, &expected()),
        ),
        Case::checked(
            (GROUP, "registrations_verify_server"),
            "both registrations: check with ring and webauthn-rs-core",
            move || {
                verify_registrations(&RegistrationInput {
                    offer: &offer,
                    device_nonce: nonce,
                    rp_id: RP_ID,
                    origin: ORIGIN,
                    approval: &request.approval,
                    possession: &request.possession,
                })
            },
        ),
    ])
}

fn countersignatures(world: &World) -> anyhow::Result<Vec<Case<'_>>> {
    let server = world.key("receipt")?;
    let possession = world.key("possession")?;
    let receipt_text = world.text("receipt/pairing")?;
    let receipt: PairingReceipt = world.signed("receipt/pairing")?;
    let text = world.text("receipt/countersignature")?;
    let (signed, named) = (receipt.clone(), receipt_text.clone());
    Ok(vec![
        Case::new(
            (GROUP, "pairing_receipt_sign"),
            "pairing receipt: sign",
            move || jws::sign(server, typ::PAIRING_RECEIPT, &signed),
        )
        .signing(),
        Case::new(
            (GROUP, "countersignature_sign"),
            "countersignature: sign",
            move || sign_countersignature(possession, &world.device, &named),
        )
        .signing(),
        Case::checked(
            (GROUP, "countersignature_verify"),
            "countersignature: verify and read",
            move || verify_countersignature(&text, &receipt_text, &receipt),
        ),
    ])
}
