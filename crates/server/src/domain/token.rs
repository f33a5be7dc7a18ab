//! Tokens as they are stored, and what of a grant a client may have less of.
//!
//! What a token stands for is the request that it came from, whose facts never change; a token's own details say only in
//! what it differs. All tokens of one request are a family: they can be ended together.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tegata_protocol::{Sha256Digest, Thumbprint, UnixTime};

use super::{Confirmation, RequestFacts};

/// Seconds after a refresh token was used in which its second use is refused without ending the family: a client that
/// asks twice at once, or again after a lost answer, is no thief. It gets nothing for it either.
pub const REUSE_LEEWAY_SECONDS: i64 = 10;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Shown to resources.
    Access,
    /// Exchanged for the next tokens, once.
    Refresh,
}

/// In what a token differs from its request. A member that is missing is as the request has it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenDetails {
    /// When it was issued; `None` of tokens that older versions issued.
    #[serde(rename = "iat", skip_serializing_if = "Option::is_none")]
    pub issued: Option<UnixTime>,
    /// Who alone may use it.
    #[serde(rename = "cnf", skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Confirmation>,
    /// Fewer scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Less of the authorization details.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Vec<Value>>,
    /// Fewer resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Vec<String>>,
}

debug_without_content!(TokenDetails {
    issued,
    confirmation
});

impl TokenDetails {
    /// The scopes of a token of this request.
    pub fn scopes<'a>(&'a self, facts: &'a RequestFacts) -> &'a [String] {
        self.scopes.as_deref().unwrap_or(&facts.scopes)
    }

    /// Its authorization details.
    pub fn authorization_details<'a>(&'a self, facts: &'a RequestFacts) -> &'a [Value] {
        let granted = &facts.terms.authorization_details;
        self.authorization_details.as_deref().unwrap_or(granted)
    }

    /// The resources that it is for; none: this server's own.
    pub fn resource<'a>(&'a self, facts: &'a RequestFacts) -> &'a [String] {
        self.resource.as_deref().unwrap_or(&facts.terms.resource)
    }
}

/// A token that is to be stored.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Hash of its tag, from [`super::Locator`].
    pub hash: Sha256Digest,
    /// First second in which it no longer works.
    pub expires: UnixTime,
    /// In what it differs from its request.
    pub details: TokenDetails,
}

/// What a caller has proved to hold for one request: the private keys behind these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sender {
    /// SHA-256 of the TLS client certificate that it used.
    pub certificate: Option<Sha256Digest>,
    /// The key of its DPoP proof.
    pub key: Option<Thumbprint>,
}

impl Sender {
    /// Whether the caller proved to hold this.
    pub fn holds(&self, confirmation: &Confirmation) -> bool {
        match confirmation {
            Confirmation::Certificate(digest) => self.certificate.as_ref() == Some(digest),
            Confirmation::Key(thumbprint) => self.key.as_ref() == Some(thumbprint),
        }
    }
}

/// The server itself, where it collects for a push client what that client has proved when it asked.
impl From<Option<Confirmation>> for Sender {
    fn from(proved: Option<Confirmation>) -> Self {
        match proved {
            Some(Confirmation::Certificate(digest)) => Self {
                certificate: Some(digest),
                key: None,
            },
            Some(Confirmation::Key(thumbprint)) => Self {
                certificate: None,
                key: Some(thumbprint),
            },
            None => Self::default(),
        }
    }
}

/// The members of authorization details that hold lists of which a part may be asked for (RFC 9396 section 2.2).
const LISTS: [&str; 4] = ["actions", "datatypes", "locations", "privileges"];

/// Whether everything in `asked` is within something of `granted` (RFC 9396 section 6): the same details, or with only
/// some of their actions, datatypes, locations or privileges. Whatever else they say must be the same.
pub fn is_within_details(asked: &[Value], granted: &[Value]) -> bool {
    asked
        .iter()
        .all(|one| granted.iter().any(|whole| is_within(one, whole)))
}

fn is_within(asked: &Value, granted: &Value) -> bool {
    let (Some(asked), Some(granted)) = (asked.as_object(), granted.as_object()) else {
        return false;
    };
    // A list that is left out could mean everything, so none may be.
    asked.len() == granted.len()
        && asked.iter().all(|(name, value)| {
            let Some(whole) = granted.get(name) else {
                return false;
            };
            match (value.as_array(), whole.as_array()) {
                (Some(part), Some(whole)) if LISTS.contains(&name.as_str()) => {
                    let narrowed = !part.is_empty() && part.iter().all(|item| whole.contains(item));
                    narrowed || part == whole
                }
                _ => value == whole,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn details_are_narrowed_by_their_lists_and_by_nothing_else() {
        let granted = [
            json!({"type": "account", "actions": ["read", "pay"], "amount": "10"}),
            json!({"type": "account", "actions": ["list"]}),
        ];
        for within in [
            json!([]),
            json!([granted[0]]),
            json!([granted[1], granted[0]]),
            json!([{"type": "account", "actions": ["pay"], "amount": "10"}]),
        ] {
            assert!(
                is_within_details(within.as_array().unwrap(), &granted),
                "{within}"
            );
        }
        for beyond in [
            json!([{"type": "account", "actions": ["pay", "list"], "amount": "10"}]),
            json!([{"type": "account", "actions": ["pay"], "amount": "9"}]),
            json!([{"type": "account", "actions": [], "amount": "10"}]),
            json!([{"type": "account", "amount": "10"}]),
            json!([{"type": "account", "actions": ["list"], "amount": "10"}]),
            json!([{"type": "account", "actions": "list"}]),
            json!([{"type": "payment", "actions": ["list"]}]),
            json!([{"type": "account", "actions": ["list"], "more": 1}]),
            json!(["account"]),
        ] {
            assert!(
                !is_within_details(beyond.as_array().unwrap(), &granted),
                "{beyond}"
            );
        }
    }

    #[test]
    fn only_what_was_proved_is_held() {
        let (one, other) = (Sha256Digest::of(b"1"), Sha256Digest::of(b"2"));
        let bound = Confirmation::Certificate(one);
        assert!(Sender::from(Some(bound)).holds(&bound));
        assert!(!Sender::from(Some(Confirmation::Certificate(other))).holds(&bound));
        assert!(!Sender::default().holds(&bound));
    }
}
