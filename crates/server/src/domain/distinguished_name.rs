//! Distinguished names: as RFC 4514 writes them, as certificates hold them, and whether two are the same.
//!
//! They are when attribute for attribute is (RFC 4517 section 4.2.15): upper and lower case and the number of spaces do not
//! matter for the attributes that are known here, nor do the string types of ASN.1, nor the order within one relative name.
//! Unicode is compared as it is, without the normalization of RFC 4518 section 2.3.
//!
//! To add an attribute: a line in `KNOWN`.

use data_encoding::HEXLOWER_PERMISSIVE;
use std::{iter::Peekable, str::Chars};
use x509_parser::{
    asn1_rs::{Any, Tag},
    prelude::FromDer,
    x509::X509Name,
};

/// Longest text, in bytes.
const MAX_TEXT: usize = 1024;

/// Attributes by name (RFC 4514 section 3, and what other programs print), all of which are compared without regard to
/// case.
const KNOWN: [(&str, &str); 30] = [
    ("businesscategory", "2.5.4.15"),
    ("c", "2.5.4.6"),
    ("cn", "2.5.4.3"),
    ("commonname", "2.5.4.3"),
    ("countryname", "2.5.4.6"),
    ("dc", "0.9.2342.19200300.100.1.25"),
    ("dnqualifier", "2.5.4.46"),
    ("e", "1.2.840.113549.1.9.1"),
    ("emailaddress", "1.2.840.113549.1.9.1"),
    ("givenname", "2.5.4.42"),
    ("gn", "2.5.4.42"),
    ("initials", "2.5.4.43"),
    ("jurisdictionc", "1.3.6.1.4.1.311.60.2.1.3"),
    ("jurisdictionl", "1.3.6.1.4.1.311.60.2.1.1"),
    ("jurisdictionst", "1.3.6.1.4.1.311.60.2.1.2"),
    ("l", "2.5.4.7"),
    ("localityname", "2.5.4.7"),
    ("o", "2.5.4.10"),
    ("organizationidentifier", "2.5.4.97"),
    ("organizationname", "2.5.4.10"),
    ("ou", "2.5.4.11"),
    ("postalcode", "2.5.4.17"),
    ("serialnumber", "2.5.4.5"),
    ("sn", "2.5.4.4"),
    ("st", "2.5.4.8"),
    ("street", "2.5.4.9"),
    ("surname", "2.5.4.4"),
    ("title", "2.5.4.12"),
    ("uid", "0.9.2342.19200300.100.1.1"),
    ("userid", "0.9.2342.19200300.100.1.1"),
];

/// A name with at least one part. Equal if it is the same name, however it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistinguishedName(
    /// In the order of a certificate, which is the reverse of the text's; each sorted.
    Vec<Vec<Attribute>>,
);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Attribute {
    /// As dotted numbers.
    kind: String,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    /// Tag and contents of something that is no text.
    Other(u32, Vec<u8>),
    /// Prepared for comparison.
    Text(String),
}

/// A text is no distinguished name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a distinguished name as RFC 4514 writes it, such as CN=client,O=Example,C=JP")]
pub struct InvalidDistinguishedName;

impl DistinguishedName {
    /// Reads RFC 4514. Spaces around names and values, which other programs print, are passed over.
    ///
    /// # Errors
    /// [`InvalidDistinguishedName`]; also for an empty name, for attributes that are neither known nor numbers, and beyond
    /// 1024 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidDistinguishedName> {
        if text.len() > MAX_TEXT {
            return Err(InvalidDistinguishedName);
        }
        let mut rest = text.chars().peekable();
        let mut names = vec![Vec::new()];
        loop {
            let (attribute, end) = parse_attribute(&mut rest)?;
            if let Some(name) = names.last_mut() {
                name.push(attribute);
            }
            match end {
                None => break,
                Some('+') => {}
                Some(_) => names.push(Vec::new()),
            }
        }
        names.reverse();
        Ok(Self(names).sorted())
    }

    /// The name in a certificate; `None` if it is empty or damaged.
    pub(crate) fn of(name: &X509Name<'_>) -> Option<Self> {
        let names = name
            .iter_rdn()
            .map(|relative| {
                relative
                    .iter()
                    .map(|attribute| {
                        let kind = attribute.attr_type().to_id_string();
                        let value = value(&kind, attribute.attr_value())?;
                        Some(Attribute { kind, value })
                    })
                    .collect::<Option<Vec<_>>>()
            })
            .collect::<Option<Vec<_>>>()?;
        (!names.is_empty()).then(|| Self(names).sorted())
    }

    fn sorted(mut self) -> Self {
        for name in &mut self.0 {
            name.sort();
        }
        self
    }
}

/// One attribute, and the character that ends it: `,` or `+` or nothing.
fn parse_attribute(
    rest: &mut Peekable<Chars<'_>>,
) -> Result<(Attribute, Option<char>), InvalidDistinguishedName> {
    let mut name = String::new();
    loop {
        match rest.next() {
            Some('=') => break,
            Some(c) => name.push(c),
            None => return Err(InvalidDistinguishedName),
        }
    }
    let kind = kind(name.trim_matches(' ')).ok_or(InvalidDistinguishedName)?;
    while rest.next_if_eq(&' ').is_some() {}
    if rest.peek() == Some(&'#') {
        rest.next();
        let mut digits = String::new();
        let end = loop {
            match rest.next() {
                Some(end @ (',' | '+')) => break Some(end),
                Some(c) => digits.push(c),
                None => break None,
            }
        };
        let der = HEXLOWER_PERMISSIVE
            .decode(digits.trim_end_matches(' ').as_bytes())
            .map_err(|_| InvalidDistinguishedName)?;
        let value = match Any::from_der(&der) {
            Ok(([], any)) => value(&kind, &any).ok_or(InvalidDistinguishedName)?,
            _ => return Err(InvalidDistinguishedName),
        };
        return Ok((Attribute { kind, value }, end));
    }
    let (text, end) = parse_string(rest)?;
    let value = Value::Text(prepare(&kind, &text));
    Ok((Attribute { kind, value }, end))
}

/// A value as text, and what ends it (RFC 4514 section 3, `string`).
fn parse_string(
    rest: &mut Peekable<Chars<'_>>,
) -> Result<(String, Option<char>), InvalidDistinguishedName> {
    let mut bytes = Vec::new();
    // Spaces at the end count if they are escaped.
    let mut kept = 0;
    let mut buffer = [0; 4];
    let end = loop {
        match rest.next() {
            None => break None,
            Some(end @ (',' | '+')) => break Some(end),
            Some('"' | ';' | '<' | '>' | '\0') => return Err(InvalidDistinguishedName),
            Some(' ') => {
                bytes.push(b' ');
                continue;
            }
            Some('\\') => match rest.next() {
                Some(c @ (' ' | '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\')) => {
                    bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
                }
                Some(high) => {
                    let low = rest.next().ok_or(InvalidDistinguishedName)?;
                    let byte = HEXLOWER_PERMISSIVE
                        .decode(format!("{high}{low}").as_bytes())
                        .map_err(|_| InvalidDistinguishedName)?;
                    bytes.extend(byte);
                }
                None => return Err(InvalidDistinguishedName),
            },
            Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
        }
        kept = bytes.len();
    };
    bytes.truncate(kept);
    let text = String::from_utf8(bytes).map_err(|_| InvalidDistinguishedName)?;
    Ok((text, end))
}

/// The numbers of an attribute's name.
fn kind(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    if let Some((_, numbers)) = KNOWN.iter().find(|(known, _)| *known == lower) {
        return Some((*numbers).to_owned());
    }
    let numbers = lower.strip_prefix("oid.").unwrap_or(&lower);
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    (numbers.contains('.') && numbers.split('.').all(is_number)).then(|| numbers.to_owned())
}

/// A value of a certificate; `None` if it is not what its type says.
fn value(kind: &str, any: &Any<'_>) -> Option<Value> {
    let text = match any.tag() {
        Tag::Utf8String
        | Tag::NumericString
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::VisibleString => String::from_utf8(any.data.to_vec()).ok()?,
        Tag::T61String if any.data.is_ascii() => String::from_utf8(any.data.to_vec()).ok()?,
        Tag::BmpString => {
            let (pairs, []) = any.data.as_chunks::<2>() else {
                return None;
            };
            let units: Vec<_> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16(&units).ok()?
        }
        Tag::UniversalString => {
            let (points, []) = any.data.as_chunks::<4>() else {
                return None;
            };
            points
                .iter()
                .map(|point| char::from_u32(u32::from_be_bytes(*point)))
                .collect::<Option<String>>()?
        }
        other => return Some(Value::Other(other.0, any.data.to_vec())),
    };
    Some(Value::Text(prepare(kind, &text)))
}

/// Makes texts equal that mean the same (RFC 4518 sections 2.2 and 2.6.1), for the attributes that are known.
fn prepare(kind: &str, text: &str) -> String {
    if !KNOWN.iter().any(|(_, numbers)| *numbers == kind) {
        return text.to_owned();
    }
    let words: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair};
    use x509_parser::certificate::X509Certificate;

    fn parse(text: &str) -> DistinguishedName {
        DistinguishedName::parse(text).unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn one_name_can_be_written_in_many_ways() {
        let name = parse("CN=Kiosk 7,O=Example\\, Inc.,C=JP");
        for same in [
            "cn=kiosk 7,o=EXAMPLE\\, INC.,c=jp",
            "CN = Kiosk   7, O = Example\\2C Inc. , C = JP",
            "2.5.4.3=Kiosk 7,OID.2.5.4.10=Example\\, Inc.,2.5.4.6=JP",
            "commonName=\\4biosk 7,organizationName=Example\\, Inc.,countryName=JP",
            "CN=#0c074b696f736b2037,O=Example\\, Inc.,C=#13024A50",
        ] {
            assert_eq!(parse(same), name, "{same}");
        }
        for other in [
            "CN=Kiosk 7,O=Example\\, Inc.",
            "C=JP,O=Example\\, Inc.,CN=Kiosk 7",
            "CN=Kiosk 7+O=Example\\, Inc.,C=JP",
            "CN=Kiosk 77,O=Example\\, Inc.,C=JP",
            "CN=Kiosk7,O=Example\\, Inc.,C=JP",
            "OU=Kiosk 7,O=Example\\, Inc.,C=JP",
            "CN=Kiosk 7,O=Example\\, Inc.,C=JP,C=JP",
        ] {
            assert_ne!(parse(other), name, "{other}");
        }
        assert_eq!(parse("CN=a+UID=b"), parse("UID=b+CN=a"));
        assert_eq!(parse("CN=\u{c4}rzte"), parse("CN=\\c3\\A4RZTE"));
        assert_ne!(parse("1.2.3=a"), parse("1.2.3=A"), "nothing is known of it");
        assert_eq!(parse("CN=a=b#c"), parse("CN=a\\=b\\#c"));
        assert_eq!(parse("1.2.3=a\\ "), parse("1.2.3=a\\20 "));
        assert_ne!(parse("1.2.3=a\\ "), parse("1.2.3=a"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = format!("CN={}", "x".repeat(MAX_TEXT));
        for bad in [
            "",
            " ",
            "kiosk",
            "CN=a,",
            ",CN=a",
            "CN=a;O=b",
            "CN=\"a\"",
            "CN=a<b",
            "CN=a\\",
            "CN=a\\4",
            "CN=a\\zz",
            "CN=\\ff",
            "CN=#",
            "CN=#0c",
            "CN=#zz",
            "CN=#0c0161ff",
            "1.02=a",
            "1.=a",
            "7=a",
            "nobody-knows=a",
            long.as_str(),
        ] {
            assert!(DistinguishedName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_certificates_name_is_that_of_its_text_in_whatever_type_it_is_stored() {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let bmp = DnValue::BmpString("Exämple".try_into().unwrap());
        let universal = DnValue::UniversalString("Kasse".try_into().unwrap());
        let printable = DnValue::PrintableString("JP".try_into().unwrap());
        params
            .distinguished_name
            .push(DnType::CountryName, printable);
        params
            .distinguished_name
            .push(DnType::OrganizationName, bmp);
        params
            .distinguished_name
            .push(DnType::OrganizationalUnitName, universal);
        params
            .distinguished_name
            .push(DnType::CommonName, "kiosk 7");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let (_, parsed) = X509Certificate::from_der(certificate.der()).unwrap();
        let name = DistinguishedName::of(parsed.subject()).unwrap();
        assert_eq!(name, parse("CN=Kiosk 7,OU=KASSE,O=ex\u{e4}mple,C=jp"));
        assert_ne!(name, parse("C=jp,O=ex\u{e4}mple,OU=KASSE,CN=Kiosk 7"));
    }

    #[test]
    fn a_certificate_without_a_name_has_none() {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let (_, parsed) = X509Certificate::from_der(certificate.der()).unwrap();
        assert_eq!(DistinguishedName::of(parsed.subject()), None);
    }
}
