//! The JSON Canonicalization Scheme (RFC 8785), and challenges made with it.

use crate::bytes::Sha256Digest;
use serde::Serialize;
use serde_json::{Map, Value};

/// The canonical bytes of `value`: names in UTF-16 order, no white space.
///
/// # Panics
/// If `value` cannot be JSON (a map with keys that are not strings, a float that is not finite). Types of this crate can.
pub fn canonicalize<T: Serialize>(value: &T) -> Vec<u8> {
    let value = serde_json::to_value(value).expect("wire types serialize to JSON");
    let mut out = Vec::with_capacity(512);
    write_value(&value, &mut out);
    out
}

fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(item, out);
            }
            out.push(b']');
        }
        Value::Object(members) => write_object(members, out),
        // Section 3.2.2.3: a number is written as ECMAScript writes it, which differs from serde_json beyond 53 bits and
        // for fractions. I-JSON lets neither in; what the caller made itself goes through the full implementation.
        Value::Number(number) if !is_safe_integer(number) => {
            serde_json_canonicalizer::to_writer(number, out)
                .expect("a finite number is written to memory");
        }
        // Sections 3.2.2.1 and 3.2.2.2: literals, and strings with the same escapes as serde_json's.
        leaf => serde_json::to_writer(out, leaf).expect("a leaf is written to memory"),
    }
}

fn write_object(members: &Map<String, Value>, out: &mut Vec<u8>) {
    let mut members: Vec<(&String, &Value)> = members.iter().collect();
    // Section 3.2.3. For ASCII the order of bytes is the order of UTF-16 units.
    if members.iter().all(|(name, _)| name.is_ascii()) {
        members.sort_unstable_by_key(|(name, _)| *name);
    } else {
        members.sort_unstable_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    }
    out.push(b'{');
    for (index, (name, member)) in members.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        serde_json::to_writer(&mut *out, name).expect("a name is written to memory");
        out.push(b':');
        write_value(member, out);
    }
    out.push(b'}');
}

fn is_safe_integer(number: &serde_json::Number) -> bool {
    const MOST: i64 = (1 << 53) - 1;
    number
        .as_i64()
        .is_some_and(|integer| (-MOST..=MOST).contains(&integer))
}

/// `SHA-256(JCS(object))`: the only form of challenge that keys of this protocol ever sign (`docs/protocol.md`
/// section 2.4). The object's `typ` member must be one that the specification registers.
pub fn derive_challenge<T: Serialize>(object: &T) -> Sha256Digest {
    Sha256Digest::of(&canonicalize(object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sorts_names_by_utf16_units_as_in_rfc_8785_section_3_2_3() {
        let value: Value = serde_json::from_str(
            r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#,
        )
        .unwrap();
        let text = String::from_utf8(canonicalize(&value)).unwrap();
        assert_eq!(
            text,
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-9_007_199_254_740_993_i64..9_007_199_254_740_993).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| members.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn agrees_with_another_implementation(value in any_json()) {
            let other = serde_json_canonicalizer::to_vec(&value).unwrap();
            prop_assert_eq!(canonicalize(&value), other);
        }
    }

    #[test]
    fn agrees_with_another_implementation_on_every_escape() {
        let text: String = (0..0x3000).filter_map(char::from_u32).collect();
        assert_eq!(
            canonicalize(&text),
            serde_json_canonicalizer::to_vec(&text).unwrap()
        );
    }
}
