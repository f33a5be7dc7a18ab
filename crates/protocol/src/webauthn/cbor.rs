//! A bounded reader for the CBOR (RFC 8949) that authenticators write: definite lengths, shortest form, no tags, no
//! floats, at most 4 levels, 16 entries and 8 KiB.

/// Longest input, in bytes.
const MAX_INPUT: usize = 8192;
const MAX_DEPTH: usize = 4;
const MAX_ENTRIES: u64 = 16;

/// A CBOR item of the accepted subset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CborValue {
    /// Major types 0 and 1.
    Integer(i64),
    /// Major type 2.
    Bytes(Vec<u8>),
    /// Major type 3.
    Text(String),
    /// Major type 4.
    Array(Vec<CborValue>),
    /// Major type 5, in the order of the input; keys are distinct.
    Map(Vec<(CborValue, CborValue)>),
    /// `true` or `false`.
    Bool(bool),
}

impl CborValue {
    /// The entry of a map with an integer key.
    pub fn at(&self, key: i64) -> Option<&Self> {
        self.find(&Self::Integer(key))
    }

    /// The entry of a map with a text key.
    pub fn named(&self, key: &str) -> Option<&Self> {
        self.find(&Self::Text(key.to_owned()))
    }

    fn find(&self, key: &Self) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        entries
            .iter()
            .find(|(candidate, _)| candidate == key)
            .map(|(_, value)| value)
    }
}

/// Bytes are not CBOR of the accepted subset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// Ends in the middle of an item.
    #[error("ends too early")]
    Truncated,
    /// Longer than 8 KiB, deeper than 4 levels, or more than 16 entries.
    #[error("over a limit")]
    Limit,
    /// Not in shortest form, indefinite, a tag, a float, or another form that is not accepted.
    #[error("not in the accepted form")]
    Form,
    /// A map has a key twice.
    #[error("a key twice")]
    DuplicateKey,
    /// Bytes after the item.
    #[error("trailing bytes")]
    Trailing,
}

/// Reads exactly one item that fills `bytes`.
///
/// # Errors
/// [`CborError`], by the first defect found.
pub fn parse_cbor(bytes: &[u8]) -> Result<CborValue, CborError> {
    if bytes.len() > MAX_INPUT {
        return Err(CborError::Limit);
    }
    let mut reader = Reader { rest: bytes };
    let value = reader.item(1)?;
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(CborError::Trailing)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], CborError> {
        let (head, tail) = self
            .rest
            .split_at_checked(count)
            .ok_or(CborError::Truncated)?;
        self.rest = tail;
        Ok(head)
    }

    fn head(&mut self) -> Result<(u8, u8, u64), CborError> {
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 0x1f);
        let (value, floor) = match info {
            0..=23 => (u64::from(info), 0),
            24 => (u64::from(self.take(1)?[0]), 24),
            25 => {
                let bytes = self.take(2)?;
                (u64::from(u16::from_be_bytes([bytes[0], bytes[1]])), 1 << 8)
            }
            26 => {
                let bytes = self.take(4)?;
                (
                    u64::from(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
                    1 << 16,
                )
            }
            _ => return Err(CborError::Form),
        };
        if value < floor {
            Err(CborError::Form)
        } else {
            Ok((major, info, value))
        }
    }

    fn item(&mut self, depth: usize) -> Result<CborValue, CborError> {
        if depth > MAX_DEPTH {
            return Err(CborError::Limit);
        }
        let (major, info, value) = self.head()?;
        let length = usize::try_from(value).map_err(|_| CborError::Limit)?;
        let integer = i64::try_from(value).map_err(|_| CborError::Limit)?;
        match major {
            0 => Ok(CborValue::Integer(integer)),
            1 => Ok(CborValue::Integer(-1 - integer)),
            2 => Ok(CborValue::Bytes(self.take(length)?.to_vec())),
            3 => {
                let text = std::str::from_utf8(self.take(length)?).map_err(|_| CborError::Form)?;
                Ok(CborValue::Text(text.to_owned()))
            }
            4 | 5 if value > MAX_ENTRIES => Err(CborError::Limit),
            4 => (0..length)
                .map(|_| self.item(depth + 1))
                .collect::<Result<_, _>>()
                .map(CborValue::Array),
            5 => {
                let mut entries: Vec<(CborValue, CborValue)> = Vec::with_capacity(length);
                for _ in 0..length {
                    let key = self.item(depth + 1)?;
                    if entries.iter().any(|(other, _)| *other == key) {
                        return Err(CborError::DuplicateKey);
                    }
                    entries.push((key, self.item(depth + 1)?));
                }
                Ok(CborValue::Map(entries))
            }
            7 if info == 20 => Ok(CborValue::Bool(false)),
            7 if info == 21 => Ok(CborValue::Bool(true)),
            _ => Err(CborError::Form),
        }
    }
}

/// Writes the head of an item in shortest form.
pub(super) fn write_head(out: &mut Vec<u8>, major: u8, value: u32) {
    let [.., high, low] = value.to_be_bytes();
    match value {
        0..=23 => out.push(major << 5 | low),
        24..=0xff => out.extend([major << 5 | 0x18, low]),
        0x100..=0xffff => out.extend([major << 5 | 0x19, high, low]),
        _ => {
            out.push(major << 5 | 0x1a);
            out.extend(value.to_be_bytes());
        }
    }
}

/// Writes a text string; for keys of our own, which are short.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_head(
        out,
        3,
        u32::try_from(text.len()).expect("our own keys are short"),
    );
    out.extend(text.as_bytes());
}

/// Writes a byte string.
pub(super) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_head(out, 2, u32::try_from(bytes.len()).expect("under 8 KiB"));
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_each_defect_by_its_own_name() {
        assert_eq!(parse_cbor(&[]), Err(CborError::Truncated));
        assert_eq!(
            parse_cbor(&[0x18, 0x17]),
            Err(CborError::Form),
            "not shortest"
        );
        assert_eq!(
            parse_cbor(&[0x19, 0x00, 0xff]),
            Err(CborError::Form),
            "not shortest"
        );
        assert_eq!(
            parse_cbor(&[0x5f, 0xff]),
            Err(CborError::Form),
            "indefinite"
        );
        assert_eq!(parse_cbor(&[0xc0, 0x00]), Err(CborError::Form), "tag");
        assert_eq!(parse_cbor(&[0xf9, 0, 0]), Err(CborError::Form), "float");
        assert_eq!(
            parse_cbor(&[0xa2, 1, 1, 1, 2]),
            Err(CborError::DuplicateKey)
        );
        assert_eq!(parse_cbor(&[0x00, 0x00]), Err(CborError::Trailing));
        assert_eq!(
            parse_cbor(&[0x81, 0x81, 0x81, 0x81, 0x00]),
            Err(CborError::Limit),
            "depth"
        );
        assert_eq!(parse_cbor(&[0x91]), Err(CborError::Limit), "entries");
        assert_eq!(
            parse_cbor(&[0x5a, 0xff, 0xff, 0xff, 0xff]),
            Err(CborError::Truncated)
        );
        assert_eq!(parse_cbor(&[0x26]), Ok(CborValue::Integer(-7)));
    }
}
