//! JSON and canonical JSON: the layers below every message.

use super::List;
use crate::vectors::{Area, class::Class};
use serde_json::json;

pub(super) fn add(list: &mut List) {
    ijson(list);
    jcs(list);
}

fn ijson(list: &mut List) {
    use Class as C;
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let texts: [(&str, &str, Class, String); 32] = [
        (
            "plain",
            "Every kind of value, with white space where JSON allows it.",
            C::Valid,
            " {\"a\" : [ 1, -2, 0, true, false, null ],\n \"b\": \"x\\ty\" }\n".into(),
        ),
        (
            "astral_pair",
            "An escaped surrogate pair is one character.",
            C::Valid,
            r#"{"a":"\ud83d\ude00"}"#.into(),
        ),
        (
            "largest_integer",
            "2^53-1 is the largest integer.",
            C::Valid,
            r#"{"n":9007199254740991}"#.into(),
        ),
        (
            "smallest_integer",
            "-(2^53-1) is the smallest integer.",
            C::Valid,
            r#"{"n":-9007199254740991}"#.into(),
        ),
        (
            "depth_16",
            "Sixteen levels are allowed.",
            C::Valid,
            deep(16),
        ),
        (
            "same_name_in_siblings",
            "The same name in different objects is no duplicate.",
            C::Valid,
            r#"{"a":{"x":1},"b":{"x":2}}"#.into(),
        ),
        (
            "byte_order_mark",
            "Starts with U+FEFF.",
            C::ByteOrderMark,
            "\u{feff}{}".into(),
        ),
        (
            "duplicate_name",
            "A name twice: parsers differ on which value counts.",
            C::DuplicateName,
            r#"{"amount":1,"amount":1000}"#.into(),
        ),
        (
            "duplicate_name_at_depth",
            "A name twice, three levels down.",
            C::DuplicateName,
            r#"{"details":[{"to":{"iban":"A","iban":"B"}}]}"#.into(),
        ),
        (
            "duplicate_name_escaped",
            "The same name twice, once written with an escape.",
            C::DuplicateName,
            r#"{"amount":1,"\u0061mount":2}"#.into(),
        ),
        (
            "duplicate_name_in_array",
            "A name twice inside an object inside an array.",
            C::DuplicateName,
            r#"[[],{"a":1,"b":2,"a":3}]"#.into(),
        ),
        (
            "lone_high_surrogate",
            "Half a pair at the end of a string.",
            C::UnpairedSurrogate,
            r#"{"a":"\ud83d"}"#.into(),
        ),
        (
            "lone_low_surrogate",
            "The second half alone.",
            C::UnpairedSurrogate,
            r#"{"a":"\ude00"}"#.into(),
        ),
        (
            "reversed_surrogates",
            "Both halves in the wrong order.",
            C::UnpairedSurrogate,
            r#"{"a":"\ude00\ud83d"}"#.into(),
        ),
        (
            "surrogate_then_escape",
            "A first half, then an escape that is no second half.",
            C::UnpairedSurrogate,
            r#"{"a":"\ud83d\n"}"#.into(),
        ),
        (
            "surrogate_in_name",
            "Half a pair in a name.",
            C::UnpairedSurrogate,
            r#"{"\ud800":1}"#.into(),
        ),
        (
            "noncharacter",
            "U+FFFE, written as it is.",
            C::Noncharacter,
            "{\"a\":\"\u{fffe}\"}".into(),
        ),
        (
            "noncharacter_escaped",
            "U+FDD0, written with an escape.",
            C::Noncharacter,
            r#"{"a":"\ufdd0"}"#.into(),
        ),
        (
            "noncharacter_astral",
            "U+1FFFF, written as a pair.",
            C::Noncharacter,
            r#"{"a":"\ud83f\udfff"}"#.into(),
        ),
        (
            "integer_too_big",
            "2^53: some parsers round it.",
            C::Number,
            r#"{"n":9007199254740992}"#.into(),
        ),
        (
            "integer_too_small",
            "-(2^53).",
            C::Number,
            r#"{"n":-9007199254740992}"#.into(),
        ),
        (
            "integer_huge",
            "Beyond 64 bits.",
            C::Number,
            r#"{"n":99999999999999999999999}"#.into(),
        ),
        (
            "fraction",
            "A float.",
            C::Number,
            r#"{"amount":0.1}"#.into(),
        ),
        (
            "fraction_of_zero",
            "An integer written as a float.",
            C::Number,
            r#"{"n":1.0}"#.into(),
        ),
        (
            "exponent",
            "An integer written with an exponent.",
            C::Number,
            r#"{"n":1e3}"#.into(),
        ),
        ("minus_zero", "Minus zero.", C::Number, r#"{"n":-0}"#.into()),
        (
            "trailing_document",
            "A second document.",
            C::Trailing,
            r#"{"a":1}{"a":2}"#.into(),
        ),
        (
            "trailing_nul",
            "A NUL after the document.",
            C::Trailing,
            "{}\u{0}".into(),
        ),
        ("depth_17", "Seventeen levels.", C::TooDeep, deep(17)),
        (
            "trailing_comma",
            "A comma too many.",
            C::Syntax,
            r#"{"a":1,}"#.into(),
        ),
        (
            "leading_zero",
            "A number with a leading zero.",
            C::Syntax,
            r#"{"n":007}"#.into(),
        ),
        (
            "control_in_string",
            "A line break inside a string.",
            C::Syntax,
            "{\"a\":\"x\ny\"}".into(),
        ),
    ];
    let context = || json!({ "max_len": 65536 });
    for (name, comment, class, text) in texts {
        list.text(Area::Ijson, (name, comment, class), text, context());
    }
    for (name, comment, text) in [
        ("comment", "JSON has no comments.", "{/* a */}"),
        ("single_quotes", "JSON has one kind of quotes.", "{'a':1}"),
        ("empty", "Nothing.", ""),
        ("unclosed", "Ends in the middle.", r#"{"a":[1"#),
        ("not_a_number", "NaN is no value.", r#"{"n":NaN}"#),
    ] {
        list.text(Area::Ijson, (name, comment, C::Syntax), text, context());
    }
    let about = ("not_utf8", "A byte that UTF-8 does not have.", C::NotUtf8);
    list.bytes(Area::Ijson, about, b"{\"a\":\"\xff\"}", context());
    let about = ("overlong_utf8", "A slash in two bytes.", C::NotUtf8);
    list.bytes(Area::Ijson, about, b"{\"a\":\"\xc0\xaf\"}", context());
    let about = (
        "surrogate_in_utf8",
        "Half a pair in three bytes (CESU-8).",
        C::NotUtf8,
    );
    list.bytes(Area::Ijson, about, b"{\"a\":\"\xed\xa0\x80\"}", context());
    let about = (
        "too_long",
        "One byte over the limit of its place.",
        C::TooLong,
    );
    list.text(
        Area::Ijson,
        about,
        r#"{"a":"12345"}"#,
        json!({ "max_len": 12 }),
    );
}

fn jcs(list: &mut List) {
    let mut add = |name: &str, comment: &str, class, input: &str, canonical: &str| {
        let context = json!({ "canonical": canonical });
        list.text(Area::Jcs, (name, comment, class), input, context);
    };
    add(
        "utf16_order",
        "Names in the order of UTF-16 code units (RFC 8785 section 3.2.3).",
        Class::Valid,
        r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#,
        "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}",
    );
    add(
        "nested",
        "Objects inside arrays are sorted, arrays are not.",
        Class::Valid,
        r#"{ "b" : [ { "z":1, "a":[3,1,2] } ], "a" : null }"#,
        r#"{"a":null,"b":[{"a":[3,1,2],"z":1}]}"#,
    );
    add(
        "escapes",
        "Only what must be escaped is, in the shortest way.",
        Class::Valid,
        r#"{"s":"\u0041\u000a\u001f\/\u00e9\"\\"}"#,
        "{\"s\":\"A\\n\\u001f/\u{e9}\\\"\\\\\"}",
    );
    add(
        "integers",
        "Integers to both ends of 53 bits.",
        Class::Valid,
        "[9007199254740991, -9007199254740991, 0]",
        "[9007199254740991,-9007199254740991,0]",
    );
    add(
        "code_point_order",
        "Names sorted by code points: U+FB33 before U+1F600.",
        Class::NotCanonical,
        r#"{"\ud83d\ude00":5,"\ufb33":3}"#,
        "{\"\u{fb33}\":3,\"\u{1f600}\":5}",
    );
    add(
        "white_space",
        "A space left in.",
        Class::NotCanonical,
        r#"{"a":1, "b":2}"#,
        r#"{"a":1, "b":2}"#,
    );
    add(
        "escaped_slash",
        "A slash needs no escape.",
        Class::NotCanonical,
        r#"{"a":"\/"}"#,
        r#"{"a":"\/"}"#,
    );
    add(
        "upper_case_escape",
        "Hexadecimal digits of escapes are lower case.",
        Class::NotCanonical,
        r#"{"a":"\u001F"}"#,
        r#"{"a":"\u001F"}"#,
    );
    add(
        "normalized",
        "Text is not normalized: two code points do not become one.",
        Class::NotCanonical,
        "{\"a\":\"e\u{301}\"}",
        "{\"a\":\"\u{e9}\"}",
    );
    add(
        "dropped_null",
        "A null is a value.",
        Class::NotCanonical,
        r#"{"a":1,"b":null}"#,
        r#"{"a":1}"#,
    );
}
