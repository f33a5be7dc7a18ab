//! I-JSON (RFC 7493) checked on the bytes, before any other parser sees them.
//!
//! serde_json keeps the last of two equal names, accepts any depth up to 128, floats and big integers, and cannot tell
//! an escaped lone surrogate from a bad document. Two parsers that differ on any of these would sign and show different
//! things, so [`check`] refuses them all: duplicate names at any depth, unpaired surrogates, noncharacters, a byte order
//! mark, trailing data, depth over 16, numbers that are not integers within ±(2^53−1).

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{borrow::Cow, collections::HashSet};

/// Deepest nesting of arrays and objects that is accepted.
pub const MAX_DEPTH: usize = 16;

const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Why bytes are not an acceptable JSON document. Positions are byte offsets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IJsonError {
    /// Starts with U+FEFF.
    #[error("a byte order mark is not allowed")]
    ByteOrderMark,
    /// The same name twice in one object.
    #[error("an object has a name twice (byte {0})")]
    DuplicateName(usize),
    /// Not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// Not JSON by RFC 8259.
    #[error("not JSON (byte {0})")]
    Syntax(usize),
    /// Longer than the caller's limit, in bytes.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} (byte {0})")]
    TooDeep(usize),
    /// Something after the document.
    #[error("trailing data (byte {0})")]
    Trailing(usize),
    /// A code point that no text may hold: U+FDD0–U+FDEF or one ending in FFFE or FFFF.
    #[error("a noncharacter (byte {0})")]
    Noncharacter(usize),
    /// A `\u` escape of half a surrogate pair.
    #[error("an unpaired surrogate (byte {0})")]
    UnpairedSurrogate(usize),
    /// A number with a fraction, an exponent, a leading minus zero, or beyond ±(2^53−1).
    #[error("a number is not an integer within 53 bits (byte {0})")]
    Number(usize),
    /// Valid I-JSON, but not the members, types or values that were expected.
    #[error("unexpected members or values: {0}")]
    Shape(String),
}

/// Checks one document of at most `max_len` bytes.
///
/// # Errors
/// The first [`IJsonError`] found, reading from the start.
pub fn check(bytes: &[u8], max_len: usize) -> Result<(), IJsonError> {
    if bytes.len() > max_len {
        return Err(IJsonError::TooLong(max_len));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(IJsonError::ByteOrderMark);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| IJsonError::NotUtf8)?;
    let mut checker = Checker { text, at: 0 };
    checker.white_space();
    checker.value(0)?;
    checker.white_space();
    if checker.at == bytes.len() {
        Ok(())
    } else {
        Err(IJsonError::Trailing(checker.at))
    }
}

/// [`check`], then read as `T`.
///
/// # Errors
/// What [`check`] finds, or [`IJsonError::Shape`] if the document is not a `T`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], max_len: usize) -> Result<T, IJsonError> {
    check(bytes, max_len)?;
    serde_json::from_slice(bytes).map_err(|error| IJsonError::Shape(error.to_string()))
}

/// [`parse`], refusing an array where an object belongs, at any depth: serde takes either. Members that the type does not
/// have are ignored, for messages that may grow.
///
/// # Errors
/// What [`parse`] finds, or [`IJsonError::Shape`].
///
/// # Panics
/// If `T` cannot be JSON; wire types can.
pub fn parse_shaped<T: DeserializeOwned + Serialize>(
    bytes: &[u8],
    max_len: usize,
) -> Result<T, IJsonError> {
    parse_keeping(bytes, max_len, Unknown::Ignored)
}

/// [`parse_shaped`], refusing members that the type does not have too: nothing is lost or reshaped by reading. For what is
/// signed, shown or decided.
///
/// # Errors
/// As [`parse_shaped`].
///
/// # Panics
/// If `T` cannot be JSON; wire types can.
pub fn parse_exact<T: DeserializeOwned + Serialize>(
    bytes: &[u8],
    max_len: usize,
) -> Result<T, IJsonError> {
    parse_keeping(bytes, max_len, Unknown::Refused)
}

#[derive(Clone, Copy, PartialEq)]
enum Unknown {
    Ignored,
    Refused,
}

fn parse_keeping<T: DeserializeOwned + Serialize>(
    bytes: &[u8],
    max_len: usize,
    unknown: Unknown,
) -> Result<T, IJsonError> {
    let read: T = parse(bytes, max_len)?;
    // What is written again byte for byte has lost nothing. Messages made by this crate end here; others may have their
    // members in another order, or white space.
    let written = serde_json::to_vec(&read).expect("wire types serialize to JSON");
    if written == bytes {
        return Ok(read);
    }
    let given: Value =
        serde_json::from_slice(bytes).map_err(|error| IJsonError::Shape(error.to_string()))?;
    let kept = serde_json::to_value(&read).expect("wire types serialize to JSON");
    if keeps(&given, &kept, unknown) {
        Ok(read)
    } else {
        let reason = "a member that does not belong, or a value of another form";
        Err(IJsonError::Shape(reason.into()))
    }
}

/// Whether everything in `given` is in `kept`, which may hold defaults beside it.
fn keeps(given: &Value, kept: &Value, unknown: Unknown) -> bool {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            given.iter().all(|(name, value)| match kept.get(name) {
                Some(kept) => keeps(value, kept, unknown),
                None => unknown == Unknown::Ignored,
            })
        }
        (Value::Array(given), Value::Array(kept)) => {
            given.len() == kept.len() && given.iter().zip(kept).all(|(a, b)| keeps(a, b, unknown))
        }
        // A name that a later version may have is kept as this word.
        (Value::String(_), Value::String(kept)) if kept == "unknown" => true,
        (given, kept) => given == kept,
    }
}

/// The names of one object, decoded.
#[derive(Default)]
struct Names<'a> {
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    /// Up to here names are compared one by one, which is faster than hashing and stays bounded.
    const FEW: usize = 16;

    /// Whether the name is new.
    fn insert(&mut self, name: Cow<'a, str>) -> bool {
        if self.few.len() == Self::FEW {
            self.many.extend(self.few.drain(..));
        }
        if !self.many.is_empty() {
            return self.many.insert(name);
        }
        let is_new = !self.few.contains(&name);
        self.few.push(name);
        is_new
    }
}

struct Checker<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Checker<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, expected: u8) -> Result<(), IJsonError> {
        if self.peek() == Some(expected) {
            self.at += 1;
            Ok(())
        } else {
            Err(IJsonError::Syntax(self.at))
        }
    }

    fn white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), IJsonError> {
        match self.peek() {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            _ => Err(IJsonError::Syntax(self.at)),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), IJsonError> {
        word.iter().try_for_each(|byte| self.take(*byte))
    }

    fn object(&mut self, depth: usize) -> Result<(), IJsonError> {
        if depth > MAX_DEPTH {
            return Err(IJsonError::TooDeep(self.at));
        }
        self.take(b'{')?;
        self.white_space();
        if self.peek() == Some(b'}') {
            return self.take(b'}');
        }
        let mut names = Names::default();
        loop {
            self.white_space();
            let start = self.at;
            let name = self.string()?;
            if !names.insert(name) {
                return Err(IJsonError::DuplicateName(start));
            }
            self.white_space();
            self.take(b':')?;
            self.white_space();
            self.value(depth)?;
            self.white_space();
            if self.peek() == Some(b',') {
                self.at += 1;
            } else {
                return self.take(b'}');
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), IJsonError> {
        if depth > MAX_DEPTH {
            return Err(IJsonError::TooDeep(self.at));
        }
        self.take(b'[')?;
        self.white_space();
        if self.peek() == Some(b']') {
            return self.take(b']');
        }
        loop {
            self.white_space();
            self.value(depth)?;
            self.white_space();
            if self.peek() == Some(b',') {
                self.at += 1;
            } else {
                return self.take(b']');
            }
        }
    }

    fn number(&mut self) -> Result<(), IJsonError> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        if negative {
            self.at += 1;
        }
        let digits_start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        let digits = &self.text.as_bytes()[digits_start..self.at];
        if digits.is_empty() || (digits.len() > 1 && digits[0] == b'0') {
            return Err(IJsonError::Syntax(start));
        }
        let fraction = matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        let value = std::str::from_utf8(digits)
            .ok()
            .and_then(|text| text.parse::<u64>().ok());
        match value {
            Some(0) if negative => Err(IJsonError::Number(start)),
            Some(value) if value <= MAX_SAFE_INTEGER && !fraction => Ok(()),
            _ => Err(IJsonError::Number(start)),
        }
    }

    /// The decoded text; borrowed where nothing is escaped.
    fn string(&mut self) -> Result<Cow<'a, str>, IJsonError> {
        self.take(b'"')?;
        let mut decoded: Option<String> = None;
        let mut plain = self.at;
        loop {
            let start = self.at;
            match self.peek() {
                None | Some(0..=0x1f) => return Err(IJsonError::Syntax(start)),
                Some(b'"') => {
                    self.at += 1;
                    let rest = self.part(plain, start)?;
                    return Ok(match decoded {
                        Some(text) => Cow::Owned(text + rest),
                        None => Cow::Borrowed(rest),
                    });
                }
                Some(b'\\') => {
                    let before = self.part(plain, start)?;
                    let out = decoded.get_or_insert_default();
                    out.push_str(before);
                    let escaped = self.escape()?;
                    out.push(allowed(escaped, start)?);
                    plain = self.at;
                }
                // ASCII, and UTF-8 that begins no noncharacter: those have EF, or F0 and above, as first byte.
                Some(0x20..=0xee) => self.at += 1,
                Some(0xef..) => {
                    let rest = self.text.get(start..);
                    let c = rest.and_then(|rest| rest.chars().next());
                    let c = allowed(c.ok_or(IJsonError::NotUtf8)?, start)?;
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn part(&self, from: usize, to: usize) -> Result<&'a str, IJsonError> {
        self.text.get(from..to).ok_or(IJsonError::NotUtf8)
    }

    fn escape(&mut self) -> Result<char, IJsonError> {
        let start = self.at;
        self.take(b'\\')?;
        let kind = self.peek().ok_or(IJsonError::Syntax(start))?;
        self.at += 1;
        Ok(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex4()?;
                let code = match first {
                    0xd800..=0xdbff => {
                        if self.take(b'\\').and_then(|()| self.take(b'u')).is_err() {
                            return Err(IJsonError::UnpairedSurrogate(start));
                        }
                        let second = self.hex4()?;
                        if !(0xdc00..=0xdfff).contains(&second) {
                            return Err(IJsonError::UnpairedSurrogate(start));
                        }
                        0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    }
                    code => code,
                };
                char::from_u32(code).ok_or(IJsonError::UnpairedSurrogate(start))?
            }
            _ => return Err(IJsonError::Syntax(start)),
        })
    }

    fn hex4(&mut self) -> Result<u32, IJsonError> {
        let start = self.at;
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            value = value * 16 + digit.ok_or(IJsonError::Syntax(start))?;
            self.at += 1;
        }
        Ok(value)
    }
}

fn allowed(c: char, at: usize) -> Result<char, IJsonError> {
    let code = u32::from(c);
    if (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe {
        Err(IJsonError::Noncharacter(at))
    } else {
        Ok(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn verdict(text: &str) -> Result<(), IJsonError> {
        check(text.as_bytes(), 4096)
    }

    #[test]
    fn accepts_plain_documents() {
        for good in [
            "{}",
            " [1, -2, 0, true, false, null, \"a\\n\\u00e9\\ud83d\\ude00\"] ",
            r#"{"a":{"a":1},"b":[{"a":2}]}"#,
            "9007199254740991",
            "-9007199254740991",
        ] {
            assert_eq!(verdict(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn refuses_each_defect_by_its_own_name() {
        use IJsonError as E;
        assert_eq!(verdict("\u{feff}{}"), Err(E::ByteOrderMark));
        assert_eq!(verdict(r#"{"a":1,"a":2}"#), Err(E::DuplicateName(7)));
        assert_eq!(verdict(r#"{"a":1,"\u0061":2}"#), Err(E::DuplicateName(7)));
        assert_eq!(check(b"\"\xff\"", 9), Err(E::NotUtf8));
        assert_eq!(verdict("{} {}"), Err(E::Trailing(3)));
        assert_eq!(
            verdict(&("[".repeat(17) + &"]".repeat(17))),
            Err(E::TooDeep(16))
        );
        assert_eq!(verdict(&("[".repeat(16) + &"]".repeat(16))), Ok(()));
        assert_eq!(verdict(r#""\ud800""#), Err(E::UnpairedSurrogate(1)));
        assert_eq!(verdict(r#""\udc00""#), Err(E::UnpairedSurrogate(1)));
        assert_eq!(verdict(r#""\ud800\u0041""#), Err(E::UnpairedSurrogate(1)));
        assert_eq!(verdict("\"\u{fffe}\""), Err(E::Noncharacter(1)));
        assert_eq!(verdict(r#""\ufdd0""#), Err(E::Noncharacter(1)));
        assert_eq!(check(b"[1]", 2), Err(E::TooLong(2)));
        for number in [
            "1.5",
            "1e3",
            "-0",
            "9007199254740992",
            "-9007199254740992",
            "1.0",
        ] {
            assert_eq!(verdict(number), Err(E::Number(0)), "{number}");
        }
        for syntax in [
            "", "{", "[1,]", "{\"a\"}", "01", "-", "\"\t\"", "tru", r#""\x""#, "{a:1}", "+1",
        ] {
            assert!(matches!(verdict(syntax), Err(E::Syntax(_))), "{syntax:?}");
        }
    }

    #[test]
    fn exact_reading_loses_and_reshapes_nothing() {
        #[derive(Serialize, serde::Deserialize)]
        struct Inner {
            a: u8,
        }
        #[derive(Serialize, serde::Deserialize)]
        struct Outer {
            inner: Inner,
            #[serde(default)]
            more: Vec<u8>,
        }
        let exact = |text: &str| parse_exact::<Outer>(text.as_bytes(), 99).is_ok();
        assert!(exact(r#"{"inner":{"a":1}}"#), "a default may be left out");
        assert!(exact(r#"{"inner":{"a":1},"more":[1]}"#));
        assert!(!exact(r#"{"inner":[1]}"#), "an array is not an object");
        assert!(!exact(r#"[{"a":1},[]]"#));
        assert!(!exact(r#"{"inner":{"a":1,"b":2}}"#), "nothing may be lost");
        let shaped = |text: &str| parse_shaped::<Outer>(text.as_bytes(), 99).is_ok();
        assert!(
            shaped(r#"{"inner":{"a":1,"b":2},"c":[]}"#),
            "messages may grow"
        );
        assert!(!shaped(r#"{"inner":[1]}"#), "an array is not an object");
    }

    #[test]
    fn a_long_string_is_checked_in_linear_time() {
        // Quadratic work on 4 MiB would be 10^13 steps, which no test run survives.
        let text = format!("\"{}\"", "é".repeat(2 << 20));
        assert_eq!(check(text.as_bytes(), text.len()), Ok(()));
    }

    proptest! {
        #[test]
        fn whatever_passes_is_read_the_same_by_serde_json(text in "[\\[\\]{}\",:0-9a\\\\u\\-dtrue ]{0,40}") {
            if verdict(&text).is_ok() {
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
            }
        }
    }

    #[test]
    fn finds_a_name_twice_among_few_and_many_and_however_it_is_written() {
        for count in [2_usize, 16, 17, 40] {
            let names: Vec<String> = (0..count).map(|i| format!(r#""n{i}":0"#)).collect();
            let good = format!("{{{}}}", names.join(","));
            assert_eq!(check(good.as_bytes(), 4096), Ok(()));
            for again in [0, count - 1] {
                let bad = format!(r#"{{{},"\u006e{again}":0}}"#, names.join(","));
                let at = good.len();
                assert_eq!(
                    check(bad.as_bytes(), 4096),
                    Err(IJsonError::DuplicateName(at))
                );
            }
        }
    }

    #[test]
    fn reads_alike_in_the_written_order_and_in_any_other() {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Pair {
            b: u8,
            a: Option<u8>,
        }
        let written = parse_exact::<Pair>(br#"{"b":1,"a":2}"#, 64);
        assert_eq!(written, Ok(Pair { b: 1, a: Some(2) }));
        assert_eq!(parse_exact::<Pair>(br#"{"a":2, "b":1}"#, 64), written);
        assert!(parse_exact::<Pair>(br#"{"b":1,"a":2,"c":3}"#, 64).is_err());
        assert!(parse_shaped::<Pair>(br#"{"b":1,"a":2,"c":3}"#, 64).is_ok());
        assert!(parse_shaped::<Pair>(b"[1,2]", 64).is_err());
    }
}
