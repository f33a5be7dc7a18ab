//! COSE_Key (RFC 9052 section 7) for ES256 on P-256 (RFC 9053 section 7.1.1): exactly five members.

use super::cbor::{CborError, CborValue, write_bytes, write_head};
use crate::keys::PublicKey;

/// The 77 bytes of CTAP2 canonical CBOR: `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`.
pub fn encode_cose_key(key: &PublicKey) -> Vec<u8> {
    let mut out = Vec::with_capacity(77);
    write_head(&mut out, 5, 5);
    out.extend([0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]);
    write_bytes(&mut out, key.x());
    out.push(0x22);
    write_bytes(&mut out, key.y());
    out
}

/// Reads a COSE_Key with exactly these five members.
///
/// # Errors
/// [`CborError`] if the bytes are not CBOR, [`CborError::Form`] if they are another kind of key.
pub fn parse_cose_key(bytes: &[u8]) -> Result<PublicKey, CborError> {
    key_from(&super::cbor::parse_cbor(bytes)?)
}

pub(super) fn key_from(value: &CborValue) -> Result<PublicKey, CborError> {
    let five = matches!(value, CborValue::Map(entries) if entries.len() == 5);
    let is = |label, expected| value.at(label) == Some(&CborValue::Integer(expected));
    if !five || !is(1, 2) || !is(3, -7) || !is(-1, 1) {
        return Err(CborError::Form);
    }
    let coordinate = |label| match value.at(label) {
        Some(CborValue::Bytes(bytes)) => {
            <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| CborError::Form)
        }
        _ => Err(CborError::Form),
    };
    Ok(PublicKey::from_coordinates(
        coordinate(-2)?,
        coordinate(-3)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let key = PublicKey::from_coordinates([7; 32], [9; 32]);
        let bytes = encode_cose_key(&key);
        assert_eq!(bytes.len(), 77);
        assert_eq!(parse_cose_key(&bytes), Ok(key));
        let mut other_algorithm = bytes;
        other_algorithm[4] = 0x27;
        assert_eq!(parse_cose_key(&other_algorithm), Err(CborError::Form));
    }
}
