//! Registrations: attestation objects with one defect each, signed as if they were good.

use super::{List, World, with};
use crate::vectors::{
    Area,
    class::Class,
    world::{ORIGIN, RP_ID},
};
use serde_json::{Value, json};
use tegata_protocol::{
    PublicKey, Sha256Digest, SigningKey,
    bytes::{B64, encode_b64u},
    webauthn::{
        Ceremony, CredentialRole, Flags, SOFTWARE_AAGUID, encode_assertion_data,
        encode_client_data, encode_cose_key,
    },
};

const UP_UV_AT: u8 = Flags::UP | Flags::UV | Flags::AT;

/// A registration in parts.
struct Parts<'a> {
    key: &'a SigningKey,
    client_data: Vec<u8>,
    data: Vec<u8>,
    format: &'static str,
    algorithm: u8,
}

impl<'a> Parts<'a> {
    fn good(world: &World<'a>) -> Self {
        let key = world.keys.key("approval");
        let challenge = world.registration_challenge(CredentialRole::Approval);
        Self {
            key,
            client_data: encode_client_data(Ceremony::Create, challenge, ORIGIN),
            data: data(
                RP_ID,
                UP_UV_AT,
                &key.thumbprint().0.0,
                &encode_cose_key(key.public()),
            ),
            format: "packed",
            algorithm: 0x26,
        }
    }

    fn signature(&self) -> Vec<u8> {
        let hash = Sha256Digest::of(&self.client_data).0;
        self.key.sign_der(&[self.data.as_slice(), &hash].concat())
    }

    /// The three entries of an attestation object, in canonical order.
    fn entries(&self) -> [Vec<u8>; 3] {
        let statement = [
            vec![0xa2],
            text("alg"),
            vec![self.algorithm],
            text("sig"),
            bytes(&self.signature()),
        ]
        .concat();
        [
            [text("fmt"), text(self.format)].concat(),
            [text("attStmt"), statement].concat(),
            [text("authData"), bytes(&self.data)].concat(),
        ]
    }

    fn object(&self) -> Vec<u8> {
        [vec![0xa3], self.entries().concat()].concat()
    }

    fn response(&self, object: &[u8]) -> Value {
        let id = self.key.thumbprint();
        json!({
            "id": id, "rawId": id, "type": "public-key",
            "response": {
                "clientDataJSON": B64(self.client_data.clone()),
                "attestationObject": encode_b64u(object),
            },
            "clientExtensionResults": {},
        })
    }

    fn json(&self) -> Value {
        self.response(&self.object())
    }
}

fn data(rp_id: &str, flags: u8, id: &[u8], cose: &[u8]) -> Vec<u8> {
    let length = u16::try_from(id.len()).unwrap_or(u16::MAX).to_be_bytes();
    let fixed = encode_assertion_data(rp_id, Flags(flags), 0);
    [fixed.as_slice(), &SOFTWARE_AAGUID, &length, id, cose].concat()
}

fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap_or(23);
    [&[0x60 | length], text.as_bytes()].concat()
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    let head = match (high, low) {
        (0, 0..=23) => vec![0x40 | low],
        (0, _) => vec![0x58, low],
        _ => vec![0x59, high, low],
    };
    [head.as_slice(), bytes].concat()
}

pub(super) fn add(list: &mut List, world: &World<'_>) {
    let context = |role: CredentialRole| {
        let challenge = world.registration_challenge(role);
        json!({ "challenge": challenge, "rp_id": RP_ID, "origin": ORIGIN, "role": role })
    };
    let approval = context(CredentialRole::Approval);
    let mut add = |name: &str, comment: &str, class, body: Value| {
        list.signed(
            Area::Registration,
            (name, comment, class),
            body.to_string(),
            approval.clone(),
        );
    };
    add(
        "approval",
        "Registered first.",
        Class::Valid,
        world.registration("approval", CredentialRole::Approval),
    );
    client_data(&mut add, world);
    flags(&mut add, world);
    credential(&mut add, world);
    statement(&mut add, world);
    cbor(&mut add, world);

    let possession = context(CredentialRole::Possession);
    let mut add = |name: &str, comment: &str, class, body: Value| {
        list.signed(
            Area::Registration,
            (name, comment, class),
            body.to_string(),
            possession.clone(),
        );
    };
    add(
        "possession",
        "Registered last, over the thumbprint of the approval key.",
        Class::Valid,
        world.registration("possession", CredentialRole::Possession),
    );
    let mut parts = Parts::good(world);
    parts.key = world.keys.key("possession");
    let challenge = world.registration_challenge(CredentialRole::Possession);
    parts.client_data = encode_client_data(Ceremony::Create, challenge, ORIGIN);
    parts.data = data(
        RP_ID,
        UP_UV_AT,
        &parts.key.thumbprint().0.0,
        &encode_cose_key(parts.key.public()),
    );
    add(
        "possession_with_uv",
        "A silent key that says it verified somebody.",
        Class::AttestationFlags,
        parts.json(),
    );
}

type Add<'a> = &'a mut dyn FnMut(&str, &str, Class, Value);

fn client_data(add: Add<'_>, world: &World<'_>) {
    use Class as C;
    let challenge = world.registration_challenge(CredentialRole::Approval);
    let mut with_client_data = |name: &str, comment: &str, class, client_data: Vec<u8>| {
        let parts = Parts {
            client_data,
            ..Parts::good(world)
        };
        add(name, comment, class, parts.json());
    };
    with_client_data(
        "role_swapped",
        "Made to be the possession key.",
        C::AttestationBinding,
        encode_client_data(
            Ceremony::Create,
            world.registration_challenge(CredentialRole::Possession),
            ORIGIN,
        ),
    );
    with_client_data(
        "other_origin",
        "Made for a sign-in page.",
        C::AttestationBinding,
        encode_client_data(Ceremony::Create, challenge, "https://id.example"),
    );
    with_client_data(
        "assertion",
        "`webauthn.get`: not a registration.",
        C::AttestationBinding,
        encode_client_data(Ceremony::Get, challenge, ORIGIN),
    );
    with_client_data("cross_origin", "Made in a cross-origin frame.", C::ClientDataCrossOrigin,
        format!(r#"{{"type":"webauthn.create","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":true}}"#).into());
    with_client_data("reordered_client_data", "The right members in another order.", C::ClientDataSerialization,
        format!(r#"{{"challenge":"{challenge}","type":"webauthn.create","origin":"{ORIGIN}","crossOrigin":false}}"#).into());
    with_client_data("client_data_extra_member", "A member too many.", C::Shape,
        format!(r#"{{"type":"webauthn.create","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false,"x":1}}"#).into());
}

fn flags(add: Add<'_>, world: &World<'_>) {
    use Class as C;
    let good = Parts::good(world);
    for (name, comment, class, flags) in [
        (
            "uv_clear",
            "An approval key that verified nobody.",
            C::AttestationFlags,
            Flags::UP | Flags::AT,
        ),
        (
            "up_clear",
            "Nobody was present.",
            C::AttestationFlags,
            Flags::UV | Flags::AT,
        ),
        (
            "backup_eligible",
            "A key that may leave the device.",
            C::AttestationFlags,
            UP_UV_AT | Flags::BE,
        ),
        (
            "backed_up",
            "A key that has left the device.",
            C::AttestationFlags,
            UP_UV_AT | Flags::BE | Flags::BS,
        ),
        (
            "backed_up_not_eligible",
            "BS without BE.",
            C::AttestationFlags,
            UP_UV_AT | Flags::BS,
        ),
        (
            "at_clear",
            "AT is clear, yet a key follows.",
            C::AuthenticatorDataFlags,
            Flags::UP | Flags::UV,
        ),
        (
            "ed_set",
            "ED is set, yet no extension follows.",
            C::AuthenticatorDataFlags,
            UP_UV_AT | Flags::ED,
        ),
        (
            "reserved_flag",
            "A reserved bit is set.",
            C::AuthenticatorDataFlags,
            UP_UV_AT | 0x02,
        ),
    ] {
        let data = data(
            RP_ID,
            flags,
            &good.key.thumbprint().0.0,
            &encode_cose_key(good.key.public()),
        );
        add(
            name,
            comment,
            class,
            Parts {
                data,
                ..Parts::good(world)
            }
            .json(),
        );
    }
    let data_for = |rp_id| {
        data(
            rp_id,
            UP_UV_AT,
            &good.key.thumbprint().0.0,
            &encode_cose_key(good.key.public()),
        )
    };
    add(
        "other_rp_id",
        "Made for the relying party of a sign-in page.",
        C::AttestationBinding,
        Parts {
            data: data_for("id.example"),
            ..Parts::good(world)
        }
        .json(),
    );
    let mut short = data_for(RP_ID);
    short.truncate(36);
    add(
        "short_data",
        "36 bytes of authenticator data.",
        C::AuthenticatorDataLength,
        Parts {
            data: short,
            ..Parts::good(world)
        }
        .json(),
    );
    let mut cut = data_for(RP_ID);
    cut.truncate(60);
    add(
        "cut_in_credential_id",
        "Ends inside the credential id.",
        C::AuthenticatorDataLength,
        Parts {
            data: cut,
            ..Parts::good(world)
        }
        .json(),
    );
}

fn credential(add: Add<'_>, world: &World<'_>) {
    use Class as C;
    let good = Parts::good(world);
    let id = good.key.thumbprint().0.0;
    let cose = encode_cose_key(good.key.public());
    let mut with_data = |name: &str, comment: &str, class, data: Vec<u8>| {
        add(
            name,
            comment,
            class,
            Parts {
                data,
                ..Parts::good(world)
            }
            .json(),
        );
    };
    let mut eddsa = cose.clone();
    eddsa[4] = 0x27;
    with_data(
        "cose_eddsa",
        "A key that says EdDSA.",
        C::AuthenticatorDataKey,
        data(RP_ID, UP_UV_AT, &id, &eddsa),
    );
    let mut extra = cose.clone();
    extra[0] = 0xa6;
    extra.extend([0x04, 0x81, 0x01]);
    with_data(
        "cose_extra_member",
        "A key with `key_ops`.",
        C::AuthenticatorDataKey,
        data(RP_ID, UP_UV_AT, &id, &extra),
    );
    let mut trailing = cose.clone();
    trailing.push(0);
    with_data(
        "trailing_after_key",
        "A byte after the key.",
        C::AuthenticatorDataKey,
        data(RP_ID, UP_UV_AT, &id, &trailing),
    );
    let mut odd = cose.clone();
    odd[10] ^= 0xff;
    let off_curve = PublicKey::from_coordinates(
        odd[10..42].try_into().unwrap_or_default(),
        odd[45..77].try_into().unwrap_or_default(),
    );
    let mut other = Parts {
        data: data(RP_ID, UP_UV_AT, &off_curve.thumbprint().0.0, &odd),
        ..Parts::good(world)
    }
    .json();
    other["id"] = json!(off_curve.thumbprint());
    other["rawId"] = json!(off_curve.thumbprint());
    let random_id = Sha256Digest::of(b"any").0;
    let mut random = Parts {
        data: data(RP_ID, UP_UV_AT, &random_id, &cose),
        ..Parts::good(world)
    }
    .json();
    random["id"] = json!(Sha256Digest(random_id));
    random["rawId"] = json!(Sha256Digest(random_id));
    add(
        "off_curve",
        "A point that is not on the curve.",
        C::AttestationSignature,
        other,
    );
    add(
        "random_credential_id",
        "An id of another's choosing: it could be another account's.",
        C::AttestationCredentialId,
        random,
    );
    add(
        "other_id",
        "The id beside the attestation is another one.",
        C::AttestationCredentialId,
        with(&good.json(), "/id", json!(world.thumbprint("possession"))),
    );
}

fn statement(add: Add<'_>, world: &World<'_>) {
    use Class as C;
    let good = Parts::good(world);
    let mut none = good.entries();
    none[0] = [text("fmt"), text("none")].concat();
    none[1] = [text("attStmt"), vec![0xa0]].concat();
    add(
        "fmt_none",
        "No attestation: nobody proved to hold the key.",
        C::AttestationFormat,
        good.response(&[vec![0xa3], none.concat()].concat()),
    );
    add(
        "fmt_other",
        "A format of another name.",
        C::AttestationFormat,
        Parts {
            format: "Packed",
            ..Parts::good(world)
        }
        .json(),
    );
    add(
        "alg_rs256",
        "A statement that says another algorithm than the key.",
        C::AttestationFormat,
        Parts {
            algorithm: 0x27,
            ..Parts::good(world)
        }
        .json(),
    );
    let mut x5c = good.entries();
    x5c[1] = [
        text("attStmt"),
        vec![0xa3],
        text("alg"),
        vec![0x26],
        text("sig"),
        bytes(&good.signature()),
        text("x5c"),
        vec![0x81],
        bytes(b"not a certificate"),
    ]
    .concat();
    add(
        "x5c",
        "With certificates: this version takes self attestation alone.",
        C::AttestationFormat,
        good.response(&[vec![0xa3], x5c.concat()].concat()),
    );
    let mut entries = good.entries();
    let stranger = Parts {
        key: world.keys.key("stranger"),
        ..Parts::good(world)
    };
    entries[1].clone_from(&stranger.entries()[1]);
    add(
        "signed_by_stranger",
        "The statement is by another key: a key that its holder does not have.",
        C::AttestationSignature,
        good.response(&[vec![0xa3], entries.concat()].concat()),
    );
    let four = [vec![0xa4], good.entries().concat(), text("ep"), vec![0xf5]].concat();
    add(
        "object_extra_member",
        "A fourth member.",
        C::AttestationFormat,
        good.response(&four),
    );
}

fn cbor(add: Add<'_>, world: &World<'_>) {
    use Class as C;
    let good = Parts::good(world);
    let object = good.object();
    let entries = good.entries();
    let mut with_object = |name: &str, comment: &str, class, object: &[u8]| {
        add(name, comment, class, good.response(object));
    };
    with_object(
        "cbor_truncated",
        "The last byte is missing.",
        C::CborTruncated,
        &object[..object.len() - 1],
    );
    with_object(
        "cbor_trailing",
        "A byte too many.",
        C::CborTrailing,
        &[object.as_slice(), &[0]].concat(),
    );
    let doubled = [vec![0xa4], entries.concat(), entries[0].clone()].concat();
    with_object(
        "cbor_duplicate_key",
        "`fmt` twice.",
        C::CborDuplicateKey,
        &doubled,
    );
    let indefinite = [vec![0xbf], entries.concat(), vec![0xff]].concat();
    with_object(
        "cbor_indefinite",
        "A map of indefinite length.",
        C::CborForm,
        &indefinite,
    );
    let long_head = [vec![0xb8, 0x03], entries.concat()].concat();
    with_object(
        "cbor_not_shortest",
        "A length that is not in shortest form.",
        C::CborForm,
        &long_head,
    );
    let float = [
        vec![0xa3],
        text("fmt"),
        vec![0xf9, 0x3c, 0x00],
        entries[1].clone(),
        entries[2].clone(),
    ]
    .concat();
    with_object("cbor_float", "A float.", C::CborForm, &float);
    with_object(
        "cbor_too_deep",
        "Five levels.",
        C::CborLimit,
        &[0x81, 0x81, 0x81, 0x81, 0x00],
    );
    with_object(
        "cbor_too_long",
        "8193 bytes.",
        C::CborLimit,
        &bytes(&vec![0; 8190]),
    );
}
