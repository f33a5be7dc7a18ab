//! Links and codes that a person carries.

use super::{List, World};
use crate::vectors::{
    Area,
    class::Class,
    world::{CODE, ISSUER},
};
use serde_json::json;

pub(super) fn add(list: &mut List, world: &World<'_>) {
    use Class as C;
    let k = world.thumbprint("root");
    let link = |host: &str, query: &str| format!("{host}/pair#{query}");
    let query = format!("v=1&i=https%3A%2F%2Fid.example&c={CODE}&k={k}");
    let mut add = |name: &str, comment: &str, class, text: String| {
        list.text(Area::Invitation, (name, comment, class), text, json!({}));
    };
    add(
        "link",
        "What a QR code holds.",
        C::Valid,
        link(ISSUER, &query),
    );
    add(
        "unknown_parameter",
        "A parameter of a later version is passed over.",
        C::Valid,
        link(ISSUER, &format!("{query}&z=1")),
    );
    add(
        "typed_code",
        "A code as people write it: lower case, spaces, `o` for zero.",
        C::Valid,
        "7k3m 9qrt-xw2c".into(),
    );
    add(
        "typed_code_with_look_alikes",
        "`O` is 0, `I` and `L` are 1.",
        C::Valid,
        "O0IL-1234-5678".into(),
    );
    add(
        "opened_link",
        "A link that opens the app names the server alone.",
        C::Valid,
        format!("tegata://pair?v=1&i=https%3A%2F%2Fid.example&k={k}"),
    );
    add(
        "opened_link_with_code",
        "A code in an opened link is passed over: opening anything never pairs.",
        C::Valid,
        format!("tegata://pair?{query}"),
    );
    add(
        "development",
        "Plain HTTP is for this machine alone.",
        C::Valid,
        format!("http://localhost:4455/pair#v=1&i=http%3A%2F%2Flocalhost%3A4455&c={CODE}&k={k}"),
    );
    add(
        "too_long",
        "2049 bytes.",
        C::InvitationTooLong,
        "x".repeat(2049),
    );
    add(
        "foreign_words",
        "Not an invitation at all.",
        C::InvitationUnknown,
        "hello there, friend".into(),
    );
    add(
        "other_path",
        "Another page of the server.",
        C::InvitationUnknown,
        format!("{ISSUER}/login#{query}"),
    );
    add(
        "query_not_fragment",
        "The code would reach logs.",
        C::InvitationUnknown,
        format!("{ISSUER}/pair?{query}"),
    );
    add(
        "doubled_parameter",
        "A parameter twice.",
        C::InvitationUnknown,
        link(ISSUER, &format!("{query}&c={CODE}")),
    );
    add(
        "no_version",
        "No version.",
        C::InvitationUnknown,
        link(ISSUER, &query.replace("v=1&", "")),
    );
    add(
        "foreign_scheme",
        "A scheme of somebody else.",
        C::InvitationUnknown,
        format!("otpauth://pair?{query}"),
    );
    add(
        "version_2",
        "Of a later version.",
        C::InvitationVersion,
        link(ISSUER, &query.replace("v=1", "v=2")),
    );
    add(
        "short_code",
        "Eleven characters.",
        C::InvitationCode,
        "7K3M-9QRT-XW2".into(),
    );
    add(
        "code_with_u",
        "`U` is not in the alphabet.",
        C::InvitationCode,
        "7K3M-9QRT-XW2U".into(),
    );
    add(
        "code_missing",
        "A link without a code.",
        C::InvitationCode,
        link(ISSUER, &query.replace(&format!("c={CODE}&"), "")),
    );
    add(
        "root_missing",
        "A link without the root.",
        C::InvitationRoot,
        link(ISSUER, &query.replace(&format!("&k={k}"), "")),
    );
    add(
        "root_short",
        "A thumbprint of 31 bytes.",
        C::InvitationRoot,
        link(
            ISSUER,
            &query.replace(
                &k.to_string(),
                &tegata_protocol::bytes::encode_b64u(&[7; 31]),
            ),
        ),
    );
    add(
        "root_padded",
        "A thumbprint with padding.",
        C::InvitationRoot,
        link(ISSUER, &format!("{query}%3D")),
    );
    for (name, comment, issuer) in [
        (
            "issuer_plain_http",
            "HTTP where TLS is needed.",
            "http://id.example",
        ),
        (
            "issuer_ip_address",
            "An IP address has no certificate worth its name.",
            "https://192.0.2.7",
        ),
        (
            "issuer_user_information",
            "A name in front of the host.",
            "https://id.example@evil.example",
        ),
        (
            "issuer_upper_case",
            "One server has one issuer.",
            "https://ID.example",
        ),
        (
            "issuer_trailing_slash",
            "One server has one issuer.",
            "https://id.example/",
        ),
        (
            "issuer_not_ascii",
            "Names are compared in ASCII.",
            "https://\u{456}d.example",
        ),
    ] {
        let text = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("v", "1")
            .append_pair("i", issuer)
            .append_pair("c", CODE)
            .append_pair("k", &k.to_string())
            .finish();
        add(name, comment, C::InvitationIssuer, link(ISSUER, &text));
    }
    add(
        "page_of_another_host",
        "The page with the code is not the issuer's own.",
        C::InvitationIssuer,
        link("https://evil.example", &query),
    );
}
