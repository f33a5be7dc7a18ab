//! Assertions: what a thief, a careless app or somebody between would send.

use super::{List, World, with};
use crate::vectors::{
    Area,
    class::Class,
    der::Numbers,
    world::{ORIGIN, RP_ID, nonce},
};
use serde_json::{Value, json};
use tegata_protocol::{
    Sha256Digest, SigningKey,
    bytes::B64,
    webauthn::{Ceremony, Flags, encode_assertion_data, encode_client_data},
};

pub(super) const UP_UV: u8 = Flags::UP | Flags::UV;

/// An assertion in parts; the signature is over whatever the parts are.
pub(super) struct Parts<'a> {
    pub(super) key: &'a SigningKey,
    pub(super) client_data: Vec<u8>,
    pub(super) data: Vec<u8>,
}

impl Parts<'_> {
    fn signed(&self) -> Vec<u8> {
        [self.data.as_slice(), &Sha256Digest::of(&self.client_data).0].concat()
    }

    pub(super) fn json(&self) -> Value {
        self.with_signature(self.key.sign_der(&self.signed()))
    }

    fn with_signature(&self, signature: Vec<u8>) -> Value {
        let id = self.key.thumbprint();
        json!({
            "id": id, "rawId": id, "type": "public-key",
            "response": {
                "clientDataJSON": B64(self.client_data.clone()),
                "authenticatorData": B64(self.data.clone()),
                "signature": B64(signature),
            },
            "clientExtensionResults": {},
        })
    }

    /// A signature whose numbers are as `wanted` says.
    fn numbers(&self, wanted: impl Fn(&Numbers) -> bool) -> Numbers {
        loop {
            let numbers = Numbers::from_fixed(&self.key.sign_fixed(&self.signed()));
            if wanted(&numbers) {
                return numbers;
            }
        }
    }
}

pub(super) fn good<'a>(world: &World<'a>, challenge: Sha256Digest) -> Parts<'a> {
    Parts {
        key: world.keys.key("approval"),
        client_data: encode_client_data(Ceremony::Get, challenge, ORIGIN),
        data: encode_assertion_data(RP_ID, Flags(UP_UV), 1),
    }
}

pub(super) fn add(list: &mut List, world: &World<'_>) {
    use Class as C;
    let challenge = nonce("assertion");
    let context = json!({
        "key": "approval", "challenge": challenge, "rp_id": RP_ID, "origin": ORIGIN, "role": "approval",
    });
    let silent = with(
        &with(&context, "/role", json!("possession")),
        "/key",
        json!("possession"),
    );
    let good = || good(world, challenge);
    let mut add_in = |name: &str, comment: &str, class, body: Value, context: &Value| {
        list.signed(
            Area::Assertion,
            (name, comment, class),
            body.to_string(),
            context.clone(),
        );
    };
    let possession = Parts {
        key: world.keys.key("possession"),
        data: encode_assertion_data(RP_ID, Flags(Flags::UP), 1),
        ..good()
    };
    add_in(
        "possession",
        "By the possession key: UP alone.",
        C::Valid,
        possession.json(),
        &silent,
    );
    let uv = Parts {
        key: world.keys.key("possession"),
        ..good()
    };
    add_in(
        "possession_with_uv",
        "A silent key that says it verified somebody.",
        C::AssertionFlags,
        uv.json(),
        &silent,
    );

    let mut add = |name: &str, comment: &str, class, body: Value| {
        add_in(name, comment, class, body, &context);
    };
    add(
        "approval",
        "By the approval key: UP and UV.",
        C::Valid,
        good().json(),
    );
    let counter = |counter| encode_assertion_data(RP_ID, Flags(UP_UV), counter);
    add(
        "largest_counter",
        "A counter of 2^32-1. Whether it grew is the server's to check.",
        C::Valid,
        Parts {
            data: counter(u32::MAX),
            ..good()
        }
        .json(),
    );
    let low = good();
    let numbers = low.numbers(Numbers::is_low);
    add(
        "low_s",
        "The lower of the two values of s.",
        C::Valid,
        low.with_signature(numbers.der()),
    );
    add(
        "high_s",
        "The higher of the two values of s.",
        C::Valid,
        low.with_signature(numbers.flipped().der()),
    );

    let mut client_data = |name: &str, comment: &str, class, text: String| {
        add(
            name,
            comment,
            class,
            Parts {
                client_data: text.into(),
                ..good()
            }
            .json(),
        );
    };
    let (t, c, o) = (
        r#""type":"webauthn.get""#,
        format!(r#""challenge":"{challenge}""#),
        format!(r#""origin":"{ORIGIN}""#),
    );
    let x = r#""crossOrigin":false"#;
    client_data(
        "cross_origin",
        "Made in a cross-origin frame.",
        C::ClientDataCrossOrigin,
        format!(r#"{{{t},{c},{o},"crossOrigin":true}}"#),
    );
    client_data(
        "top_origin",
        "With `topOrigin`.",
        C::Shape,
        format!(r#"{{{t},{c},{o},{x},"topOrigin":"{ORIGIN}"}}"#),
    );
    client_data(
        "token_binding",
        "With `tokenBinding`.",
        C::Shape,
        format!(r#"{{{t},{c},{o},{x},"tokenBinding":null}}"#),
    );
    client_data(
        "cross_origin_missing",
        "Without `crossOrigin`.",
        C::Shape,
        format!("{{{t},{c},{o}}}"),
    );
    client_data(
        "reordered",
        "The right members in another order.",
        C::ClientDataSerialization,
        format!("{{{c},{t},{o},{x}}}"),
    );
    client_data(
        "white_space",
        "A space.",
        C::ClientDataSerialization,
        format!("{{{t}, {c},{o},{x}}}"),
    );
    client_data(
        "escaped_origin",
        "The same origin, written with escapes.",
        C::ClientDataSerialization,
        format!("{{{t},{c},{},{x}}}", o.replace('/', r"\/")),
    );
    client_data(
        "challenge_twice",
        "Two challenges.",
        C::DuplicateName,
        format!(r#"{{{t},"challenge":"AA",{c},{o},{x}}}"#),
    );
    client_data(
        "challenge_padded",
        "base64url with padding.",
        C::Shape,
        format!(r#"{{{t},"challenge":"{challenge}=",{o},{x}}}"#),
    );
    client_data(
        "client_data_byte_order_mark",
        "Client data after a byte order mark.",
        C::ByteOrderMark,
        format!("\u{feff}{{{t},{c},{o},{x}}}"),
    );
    client_data(
        "client_data_too_long",
        "1025 bytes of client data.",
        C::TooLong,
        format!("{{{t},{c},{o},{x}}}{}", " ".repeat(1025 - 138)),
    );
    client_data(
        "registration",
        "`webauthn.create`: not an assertion.",
        C::AssertionCeremony,
        format!(r#"{{"type":"webauthn.create",{c},{o},{x}}}"#),
    );
    client_data(
        "other_challenge",
        "Signed something else.",
        C::AssertionChallenge,
        format!(r#"{{{t},"challenge":"{}",{o},{x}}}"#, nonce("other")),
    );
    for (name, comment, origin) in [
        (
            "origin_of_sign_in_page",
            "The origin of the provider's sign-in page.",
            "https://id.example",
        ),
        (
            "origin_with_slash",
            "An origin has no path.",
            "https://tegata.id.example/",
        ),
        (
            "origin_upper_case",
            "Origins are compared exactly.",
            "https://Tegata.id.example",
        ),
        (
            "origin_with_port",
            "Another port.",
            "https://tegata.id.example:8443",
        ),
    ] {
        client_data(
            name,
            comment,
            C::AssertionOrigin,
            format!(r#"{{{t},{c},"origin":"{origin}",{x}}}"#),
        );
    }

    let mut data = |name: &str, comment: &str, class, data: Vec<u8>| {
        add(name, comment, class, Parts { data, ..good() }.json());
    };
    for (name, comment, class, flags) in [
        (
            "uv_clear",
            "Nobody was verified.",
            C::AssertionFlags,
            Flags::UP,
        ),
        (
            "up_clear",
            "Nobody was present.",
            C::AssertionFlags,
            Flags::UV,
        ),
        (
            "be_set",
            "A key that may leave the device.",
            C::AssertionFlags,
            UP_UV | Flags::BE,
        ),
        (
            "be_bs_set",
            "A key that has left the device.",
            C::AssertionFlags,
            UP_UV | Flags::BE | Flags::BS,
        ),
        (
            "bs_set",
            "BS without BE.",
            C::AssertionFlags,
            UP_UV | Flags::BS,
        ),
        (
            "at_set",
            "AT in an assertion.",
            C::AuthenticatorDataFlags,
            UP_UV | Flags::AT,
        ),
        (
            "ed_set",
            "ED without extensions.",
            C::AuthenticatorDataFlags,
            UP_UV | Flags::ED,
        ),
        (
            "reserved_flag",
            "A reserved bit is set.",
            C::AuthenticatorDataFlags,
            UP_UV | 0x20,
        ),
    ] {
        data(
            name,
            comment,
            class,
            encode_assertion_data(RP_ID, Flags(flags), 1),
        );
    }
    data(
        "other_rp_id",
        "For the relying party of a sign-in page.",
        C::AssertionRpId,
        encode_assertion_data("id.example", Flags(UP_UV), 1),
    );
    data(
        "bytes_38",
        "A byte too many.",
        C::AuthenticatorDataLength,
        [counter(1), vec![0]].concat(),
    );
    data(
        "bytes_36",
        "A byte too few.",
        C::AuthenticatorDataLength,
        counter(1)[..36].to_vec(),
    );
    data(
        "empty_extensions",
        "ED with an empty map of extensions.",
        C::AuthenticatorDataLength,
        [
            encode_assertion_data(RP_ID, Flags(UP_UV | Flags::ED), 1),
            vec![0xa0],
        ]
        .concat(),
    );

    let parts = good();
    let plain = parts.numbers(|numbers| numbers.r[0] & 0x80 == 0);
    let top = parts.numbers(|numbers| numbers.r[0] & 0x80 != 0);
    let fixed = parts.key.sign_fixed(&parts.signed());
    for (name, comment, signature) in [
        (
            "signature_raw",
            "r and s side by side: the form that JWS has.",
            fixed,
        ),
        (
            "signature_leading_zero",
            "A zero too many before r.",
            plain.with_leading_zero(),
        ),
        (
            "signature_long_length",
            "BER: a length in long form.",
            plain.with_long_length(),
        ),
        (
            "signature_negative",
            "r without the zero that keeps it positive.",
            top.with_negative_r(),
        ),
        (
            "signature_trailing",
            "A byte after the signature.",
            [plain.der(), vec![0]].concat(),
        ),
        ("signature_empty", "No signature.", Vec::new()),
        (
            "signature_by_stranger",
            "By another key under this one's id.",
            world.keys.key("stranger").sign_der(&parts.signed()),
        ),
        (
            "signature_over_data_alone",
            "Not over the client data.",
            parts.key.sign_der(&parts.data),
        ),
    ] {
        add(
            name,
            comment,
            C::AssertionSignature,
            parts.with_signature(signature),
        );
    }
    let made = parts.json();
    add(
        "counter_altered",
        "The counter was raised after signing.",
        C::AssertionSignature,
        with(&made, "/response/authenticatorData", json!(B64(counter(2)))),
    );
    add(
        "other_credential",
        "Good, but by another key.",
        C::AssertionCredential,
        Parts {
            key: world.keys.key("other_approval"),
            ..good()
        }
        .json(),
    );
    add(
        "passkey_login",
        "A sign-in passkey's assertion over the same challenge, as a web site gets it.",
        C::AssertionCredential,
        Parts {
            key: world.keys.key("passkey"),
            client_data: encode_client_data(Ceremony::Get, challenge, "https://id.example"),
            data: encode_assertion_data("id.example", Flags(UP_UV), 1),
        }
        .json(),
    );
    add(
        "raw_id_differs",
        "`id` and `rawId` name different credentials.",
        C::AssertionCredential,
        with(&made, "/rawId", json!(world.thumbprint("possession"))),
    );
    add(
        "id_padded",
        "base64url with padding.",
        C::Shape,
        with(
            &made,
            "/id",
            json!(format!("{}=", world.thumbprint("approval"))),
        ),
    );
    add(
        "type_other",
        "Not a public-key credential.",
        C::Shape,
        with(&made, "/type", json!("password")),
    );
    add(
        "user_handle",
        "With a user handle, which this protocol does not have.",
        C::Shape,
        with(&made, "/response/userHandle", json!("AA")),
    );
    add(
        "extension_results_as_array",
        "An empty array is no empty object.",
        C::Shape,
        with(&made, "/clientExtensionResults", json!([])),
    );
    add(
        "extension_results",
        "With extension results.",
        C::Shape,
        with(&made, "/clientExtensionResults/appid", json!(true)),
    );
    add(
        "extra_member",
        "With `authenticatorAttachment`.",
        C::Shape,
        with(&made, "/authenticatorAttachment", json!("platform")),
    );
}
