//! The JSON Canonicalization Scheme (RFC 8785), and challenges made with it.

use crate::bytes::Sha256Digest;
use serde::Serialize;

/// The canonical bytes of `value`: names in UTF-16 order, no white space.
///
/// # Panics
/// If `value` cannot be JSON (a map with keys that are not strings, a float that is not finite). Types of this crate can.
pub fn canonicalize<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("wire types serialize to JSON")
}

/// `SHA-256(JCS(object))`: the only form of challenge that keys of this protocol ever sign (`docs/protocol.md`
/// section 2.4). The object's `typ` member must be one that the specification registers.
pub fn derive_challenge<T: Serialize>(object: &T) -> Sha256Digest {
    Sha256Digest::of(&canonicalize(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_names_by_utf16_units_as_in_rfc_8785_section_3_2_3() {
        let value: serde_json::Value = serde_json::from_str(
            r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#,
        )
        .unwrap();
        let text = String::from_utf8(canonicalize(&value)).unwrap();
        assert_eq!(
            text,
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
    }
}
