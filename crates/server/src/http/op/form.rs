//! `application/x-www-form-urlencoded` requests, read strictly.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use std::collections::BTreeMap;
use tegata_protocol::ciba::OAuthErrorCode;

use super::respond;

/// Longest request body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// The one parameter that a request may repeat (RFC 8707 section 2).
pub(crate) const RESOURCE: &str = "resource";

/// The parameters of one request: each name once, but for `resource`, values not empty. It has no `Debug`, since it holds
/// secrets.
pub(crate) struct Form {
    values: BTreeMap<String, String>,
    resource: Vec<String>,
}

/// A body is no acceptable form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    /// Another media type, or a charset other than UTF-8.
    #[error("the content type must be application/x-www-form-urlencoded in UTF-8")]
    ContentType,
    /// The same name twice (RFC 6749 section 3.2).
    #[error("a parameter is there twice")]
    Duplicate,
    /// A percent sign without two hexadecimal digits, or bytes that are not UTF-8.
    #[error("the form is not percent-encoded UTF-8")]
    Encoding,
    /// More than [`MAX_BODY`], or a body that ended early.
    #[error("the body is longer than 64 KiB or ended early")]
    TooLarge,
}

impl Form {
    /// Reads a request's body.
    ///
    /// # Errors
    /// [`FormError`].
    pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, FormError> {
        if !is_form(headers) {
            return Err(FormError::ContentType);
        }
        let bytes = to_bytes(body, MAX_BODY)
            .await
            .map_err(|_| FormError::TooLarge)?;
        Self::parse(&bytes)
    }

    /// Reads a body that has been received.
    ///
    /// # Errors
    /// [`FormError::Duplicate`] or [`FormError::Encoding`].
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, FormError> {
        let text = std::str::from_utf8(bytes).map_err(|_| FormError::Encoding)?;
        let (mut values, mut resource) = (BTreeMap::new(), Vec::new());
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = decode(name).zip(decode(value)).ok_or(FormError::Encoding)?;
            if name == RESOURCE {
                resource.push(value);
            } else if values.insert(name, value).is_some() {
                return Err(FormError::Duplicate);
            }
        }
        // A parameter without a value is as if it were not there (RFC 6749 section 3.2).
        values.retain(|_, value| !value.is_empty());
        resource.retain(|value| !value.is_empty());
        Ok(Self { values, resource })
    }

    /// The value of a parameter other than `resource`; never empty.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Every `resource`, in the order sent; none is empty.
    pub(crate) fn resource(&self) -> &[String] {
        &self.resource
    }

    /// The names of all parameters that have a value.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let resource = (!self.resource.is_empty()).then_some(RESOURCE);
        self.values.keys().map(String::as_str).chain(resource)
    }
}

impl FormError {
    /// The answer, the same at every endpoint.
    pub(crate) fn response(self) -> Response {
        let (status, description) = match self {
            Self::ContentType => (
                StatusCode::BAD_REQUEST,
                "the content type must be application/x-www-form-urlencoded in UTF-8",
            ),
            Self::Duplicate => (
                StatusCode::BAD_REQUEST,
                "a parameter is included more than once",
            ),
            Self::Encoding => (
                StatusCode::BAD_REQUEST,
                "the form is not percent-encoded UTF-8",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body is longer than 64 KiB or ended early",
            ),
        };
        respond::error(status, OAuthErrorCode::InvalidRequest, description)
    }
}

/// Decodes one name or value; `None` for broken escapes and for what is not UTF-8, which other decoders would replace.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => hexadecimal(bytes.next()?)? * 16 + hexadecimal(bytes.next()?)?,
            plain => plain,
        });
    }
    String::from_utf8(out).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(Ok(value)), None) = (types.next().map(|value| value.to_str()), types.next()) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let form = parts
        .next()
        .is_some_and(|media| media.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    form && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_are_absent_and_duplicates_are_refused() {
        let form = Form::parse(b"a=1&b=&c=x%20y+z&%E6%89%8B=%e5%bd%a2&")
            .ok()
            .unwrap();
        assert_eq!(form.value("a"), Some("1"));
        assert_eq!(form.value("b"), None);
        assert_eq!(form.value("c"), Some("x y z"));
        assert_eq!(form.value("手"), Some("形"));
        for doubled in ["a=1&a=1", "a=1&a=", "a=&a", "a=1&%61=2"] {
            assert_eq!(
                Form::parse(doubled.as_bytes()).err(),
                Some(FormError::Duplicate),
                "{doubled}"
            );
        }
    }

    /// Conformance: RFC8707-2
    #[test]
    fn resource_alone_may_be_repeated() {
        let form = Form::parse(b"resource=urn:a&x=1&resource=&resource=urn%3Ab")
            .ok()
            .unwrap();
        assert_eq!(form.resource(), ["urn:a", "urn:b"]);
        assert_eq!(form.value("resource"), None);
        assert_eq!(form.names().collect::<Vec<_>>(), ["x", "resource"]);
        let empty = Form::parse(b"resource=").ok().unwrap();
        assert_eq!(empty.names().count(), 0);
    }

    #[test]
    fn broken_escapes_and_other_encodings_are_refused() {
        for broken in ["a=%", "a=%4", "a=%zz", "a=%ff", "%c3=1", "a=%ED%A0%80"] {
            assert_eq!(
                Form::parse(broken.as_bytes()).err(),
                Some(FormError::Encoding),
                "{broken}"
            );
        }
        assert_eq!(Form::parse(b"a=\xff").err(), Some(FormError::Encoding));
    }

    #[test]
    fn only_forms_in_utf8_are_read() {
        let accepts = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            is_form(&headers)
        };
        assert!(accepts("application/x-www-form-urlencoded"));
        assert!(accepts("Application/X-WWW-Form-Urlencoded; charset=UTF-8"));
        assert!(accepts(
            "application/x-www-form-urlencoded;charset=\"utf-8\""
        ));
        assert!(!accepts(
            "application/x-www-form-urlencoded;charset=iso-8859-1"
        ));
        assert!(!accepts("application/json"));
        assert!(!accepts("multipart/form-data; boundary=x"));
        assert!(!is_form(&HeaderMap::new()));
    }
}
