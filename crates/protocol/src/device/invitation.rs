//! Invitations: what a person carries from the server to the device (`docs/protocol.md` section 4.1).
//!
//! Three forms: a link that a QR code holds (`https://{host}/pair#v=1&i=…&c=…&k=…`), a code typed by hand with the
//! server's address, and a `tegata://pair` link, which may name issuer and root but carries a code only for a pairing
//! that the app itself started.

use crate::bytes::Sha256Digest;
use crate::{
    keys::Thumbprint,
    rng::{Rng, random_below},
    secret::Secret,
};
use std::fmt;
use url::Url;

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Longest invitation text that is looked at, in bytes.
pub const MAX_INVITATION: usize = 2048;

/// Twelve Crockford characters, 60 bits, single use, five minutes. A secret: `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationCode(Secret<String>);

/// Text is not an invitation that this version understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvitationError {
    /// Longer than [`MAX_INVITATION`].
    #[error("the text is too long to be an invitation")]
    TooLong,
    /// Not a code and not a link of a known form.
    #[error("this is not a pairing link or code")]
    Unknown,
    /// A link of a later version.
    #[error("the link is of a version this app does not know")]
    Version,
    /// The code does not have twelve characters of the alphabet.
    #[error("a code has twelve letters and digits, such as 0123-4567-89AB")]
    Code,
    /// The issuer is not an acceptable URL: https, or http on `localhost` and `*.localhost`, no IP address, no user
    /// information, no query, no fragment, ASCII host.
    #[error("the server's address is not acceptable")]
    Issuer,
    /// The root thumbprint is missing or malformed.
    #[error("the link does not name the server's root key")]
    Root,
}

impl InvitationCode {
    /// A new code.
    pub fn make(rng: &dyn Rng) -> Self {
        let mut code = String::with_capacity(12);
        for _ in 0..12 {
            let index = usize::try_from(random_below(rng, 32)).unwrap_or_default();
            code.push(char::from(CROCKFORD[index]));
        }
        Self(Secret::new(code))
    }

    /// Reads a code as a person writes it: any case, hyphens and spaces anywhere, `O` for `0`, `I` and `L` for `1`.
    ///
    /// # Errors
    /// [`InvitationError::Code`].
    pub fn parse(text: &str) -> Result<Self, InvitationError> {
        if text.len() > 64 {
            return Err(InvitationError::Code);
        }
        let mut code = String::with_capacity(12);
        for c in text.chars().filter(|c| !matches!(c, '-' | ' ')) {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if !u8::try_from(c).is_ok_and(|byte| CROCKFORD.contains(&byte)) {
                return Err(InvitationError::Code);
            }
            code.push(c);
        }
        if code.len() == 12 {
            Ok(Self(Secret::new(code)))
        } else {
            Err(InvitationError::Code)
        }
    }

    /// Twelve characters without hyphens: what is posted, hashed and keyed.
    pub fn expose_canonical(&self) -> &str {
        // EXPOSE: the code has to be sent to the server, and shown by the server to the person it invites.
        self.0.expose()
    }

    /// `XXXX-XXXX-XXXX`, for people.
    pub fn expose_grouped(&self) -> String {
        let code = self.expose_canonical();
        let (first, rest) = code.split_at(4);
        let (second, third) = rest.split_at(4);
        format!("{first}-{second}-{third}")
    }

    /// The hash by which an offer names the code.
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(self.expose_canonical().as_bytes())
    }
}

impl fmt::Debug for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationCode(redacted)")
    }
}

/// An issuer identifier (OpenID Connect Discovery section 3) that devices accept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Issuer(String);

impl Issuer {
    /// Reads an issuer: https, or http where the host is `localhost` or ends in `.localhost`; a domain name, never an
    /// IP address; no user information, query or fragment; no trailing slash.
    ///
    /// # Errors
    /// [`InvitationError::Issuer`].
    pub fn parse(text: &str) -> Result<Self, InvitationError> {
        let url = Url::parse(text).map_err(|_| InvitationError::Issuer)?;
        let Some(url::Host::Domain(host)) = url.host() else {
            return Err(InvitationError::Issuer);
        };
        let local = host == "localhost" || host.ends_with(".localhost");
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && local);
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let canonical = url.as_str().trim_end_matches('/');
        // Compared as it was written, so that one server has one issuer.
        if text.len() <= 256 && text.is_ascii() && scheme && bare && canonical == text {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvitationError::Issuer)
        }
    }

    /// The exact text, for comparison with `iss`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port as they stand in the issuer: plain ASCII (an internationalized name shows as `xn--…`).
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// The host name without the port.
    pub fn host_name(&self) -> &str {
        self.host().split(':').next().unwrap_or_default()
    }

    /// Where first contact is made: `{issuer}/.well-known/tegata-device`.
    pub fn metadata_url(&self) -> String {
        format!("{}/.well-known/tegata-device", self.0)
    }

    /// Whether this is a development server on this machine, for which http is accepted.
    pub fn is_local(&self) -> bool {
        self.host_name() == "localhost" || self.host_name().ends_with(".localhost")
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Issuer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// What a person gave the app.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Invitation {
    /// A complete invitation, from a QR code or a pasted link.
    Complete {
        /// The server.
        issuer: Issuer,
        /// Single-use code.
        code: InvitationCode,
        /// Thumbprint of the root key, to be pinned.
        root: Thumbprint,
    },
    /// A code alone; the person must also name the server, whose root is then pinned at first sight.
    CodeOnly {
        /// Single-use code.
        code: InvitationCode,
    },
    /// A `tegata://pair` link without a code: the app asks the person for it.
    ServerOnly {
        /// The server.
        issuer: Issuer,
        /// Thumbprint of the root key.
        root: Thumbprint,
    },
}

/// Reads a pasted, scanned or opened text. Never does anything but read: opening a link pairs nothing.
///
/// # Errors
/// [`InvitationError`].
pub fn parse_invitation(text: &str) -> Result<Invitation, InvitationError> {
    if text.len() > MAX_INVITATION {
        return Err(InvitationError::TooLong);
    }
    let text = text.trim();
    if !text.contains(':') {
        return match InvitationCode::parse(text) {
            Ok(code) => Ok(Invitation::CodeOnly { code }),
            Err(error) if looks_like_a_code(text) => Err(error),
            Err(_) => Err(InvitationError::Unknown),
        };
    }
    let url = Url::parse(text).map_err(|_| InvitationError::Unknown)?;
    let opened = url.scheme() == "tegata";
    let parameters = if opened {
        if url.host_str() != Some("pair") {
            return Err(InvitationError::Unknown);
        }
        url.query().unwrap_or_default()
    } else {
        if !url.path().ends_with("/pair") || !matches!(url.scheme(), "https" | "http") {
            return Err(InvitationError::Unknown);
        }
        url.fragment().ok_or(InvitationError::Unknown)?
    };
    let (mut version, mut issuer, mut code, mut root) = (None, None, None, None);
    for (name, value) in url::form_urlencoded::parse(parameters.as_bytes()) {
        let slot = match name.as_ref() {
            "v" => &mut version,
            "i" => &mut issuer,
            "c" => &mut code,
            "k" => &mut root,
            _ => continue,
        };
        if slot.replace(value.into_owned()).is_some() {
            return Err(InvitationError::Unknown);
        }
    }
    match version.as_deref() {
        Some("1") => {}
        Some(_) => return Err(InvitationError::Version),
        None => return Err(InvitationError::Unknown),
    }
    let issuer = Issuer::parse(&issuer.ok_or(InvitationError::Issuer)?)?;
    let root = root.ok_or(InvitationError::Root)?;
    let root = Thumbprint(Sha256Digest::from_b64u(&root).map_err(|_| InvitationError::Root)?);
    if opened {
        // A code in an opened link counts only for a pairing that the app itself began: `parse_begun`.
        return Ok(Invitation::ServerOnly { issuer, root });
    }
    // The page that carries the code must be the issuer's own.
    let page_host = Issuer::parse(&url.origin().ascii_serialization())?;
    if page_host.host() != issuer.host() {
        return Err(InvitationError::Issuer);
    }
    let code = InvitationCode::parse(&code.ok_or(InvitationError::Code)?)?;
    Ok(Invitation::Complete { issuer, code, root })
}

/// Reads the link that a browser hands over for a pairing that the app itself began at `issuer` with `root` pinned. `None`: the
/// link is not about that, or has no code, and is to be read by [`parse_invitation`] like any other.
#[must_use]
pub fn parse_begun(text: &str, issuer: &Issuer, root: Thumbprint) -> Option<InvitationCode> {
    match parse_invitation(text) {
        Ok(Invitation::ServerOnly {
            issuer: named,
            root: named_root,
        }) if named == *issuer && named_root == root => {}
        _ => return None,
    }
    let url = Url::parse(text.trim()).ok()?;
    let (_, code) = url.query_pairs().find(|(name, _)| name == "c")?;
    InvitationCode::parse(&code).ok()
}

/// The link that a page hands to the app for a pairing that the app itself began.
pub fn format_begun(issuer: &Issuer, code: &InvitationCode, root: &Thumbprint) -> String {
    format!("tegata://pair?{}", parameters(issuer, code, root))
}

/// The link form, for a QR code.
pub fn format_link(issuer: &Issuer, code: &InvitationCode, root: &Thumbprint) -> String {
    format!("{issuer}/pair#{}", parameters(issuer, code, root))
}

fn parameters(issuer: &Issuer, code: &InvitationCode, root: &Thumbprint) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("v", "1")
        .append_pair("i", issuer.as_str())
        // EXPOSE: the code is what the link is for.
        .append_pair("c", code.expose_canonical())
        .append_pair("k", &root.to_string())
        .finish()
}

fn looks_like_a_code(text: &str) -> bool {
    (8..=20).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SystemRng;

    fn root() -> Thumbprint {
        Thumbprint(Sha256Digest::of(b"root"))
    }

    #[test]
    fn a_link_survives_writing_and_reading() {
        let issuer = Issuer::parse("http://localhost:4455").unwrap();
        let code = InvitationCode::make(&SystemRng::new());
        let link = format_link(&issuer, &code, &root());
        assert!(
            link.starts_with("http://localhost:4455/pair#v=1&"),
            "{link}"
        );
        let read = parse_invitation(&link).unwrap();
        assert_eq!(
            read,
            Invitation::Complete {
                issuer,
                code: code.clone(),
                root: root()
            }
        );
        let typed = parse_invitation(&code.expose_grouped().to_lowercase()).unwrap();
        assert_eq!(typed, Invitation::CodeOnly { code });
    }

    #[test]
    fn people_may_write_o_for_zero_and_l_for_one() {
        let code = InvitationCode::parse("o0l1 i234-5678").unwrap();
        assert_eq!(code.expose_grouped(), "0011-1234-5678");
        assert_eq!(
            InvitationCode::parse("0011-1234-567U"),
            Err(InvitationError::Code)
        );
        assert_eq!(
            InvitationCode::parse("0011-1234-567"),
            Err(InvitationError::Code)
        );
    }

    #[test]
    fn an_opened_link_never_brings_a_code() {
        let link = format!(
            "tegata://pair?v=1&i=https%3A%2F%2Fid.example&c=0123456789AB&k={}",
            root()
        );
        let issuer = Issuer::parse("https://id.example").unwrap();
        assert_eq!(
            parse_invitation(&link),
            Ok(Invitation::ServerOnly {
                issuer,
                root: root()
            })
        );
    }

    #[test]
    fn refuses_issuers_that_devices_must_not_trust() {
        for bad in [
            "http://id.example",
            "https://192.0.2.1",
            "https://[::1]",
            "https://id.example/",
            "https://a@id.example",
            "https://id.example?x",
            "https://id.example#x",
            "https://ID.example",
            "ftp://localhost",
            "localhost",
            "http://localhost.evil.example",
            "https://例え.jp",
        ] {
            assert_eq!(Issuer::parse(bad), Err(InvitationError::Issuer), "{bad}");
        }
        for good in [
            "https://id.example",
            "https://id.example:8443/tenant",
            "http://a.localhost:1",
        ] {
            assert!(Issuer::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn refuses_foreign_and_doubled_parameters() {
        let k = root();
        for (text, error) in [
            (
                format!("https://id.example/pair#v=2&i=https://id.example&c=0123456789AB&k={k}"),
                InvitationError::Version,
            ),
            (
                format!("https://id.example/pair#i=https://id.example&c=0123456789AB&k={k}"),
                InvitationError::Unknown,
            ),
            (
                format!("https://evil.example/pair#v=1&i=https://id.example&c=0123456789AB&k={k}"),
                InvitationError::Issuer,
            ),
            (
                format!(
                    "https://id.example/pair#v=1&v=1&i=https://id.example&c=0123456789AB&k={k}"
                ),
                InvitationError::Unknown,
            ),
            (
                format!("https://id.example/pair#v=1&i=https://id.example&k={k}"),
                InvitationError::Code,
            ),
            (
                "https://id.example/pair#v=1&i=https://id.example&c=0123456789AB".into(),
                InvitationError::Root,
            ),
            (
                "https://id.example/other#v=1".into(),
                InvitationError::Unknown,
            ),
            ("hello".into(), InvitationError::Unknown),
            ("0123-4567-89A".into(), InvitationError::Code),
            ("x".repeat(2049), InvitationError::TooLong),
        ] {
            assert_eq!(parse_invitation(&text), Err(error), "{text}");
        }
    }
}
