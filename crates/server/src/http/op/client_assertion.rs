//! `private_key_jwt` and `client_secret_jwt` (RFC 7523 sections 2.2 and 3, with the audience rule of RFC 10070).
//!
//! These assertions are made by other people's libraries, so header and claims may have members that mean nothing here;
//! the strict headers of the device protocol do not apply.

use serde::Deserialize;
use tegata_protocol::{ClientId, Secret, UnixTime, ijson};

use crate::{
    domain::ClientAssertion,
    jose::{Algorithm, CompactError, CompactJws, KeySet, SecretJws},
};

/// Longest assertion, in characters.
const MAX_ASSERTION: usize = 8 * 1024;

/// Longest `jti`, in characters.
pub(crate) const MAX_JTI: usize = 256;

/// Farthest `exp`, in seconds from now: a `jti` is remembered until then.
pub(crate) const LONGEST_LIFE: i64 = 600;

/// Seconds by which `iat` and `nbf` may lie in the future, since clocks differ.
const LEEWAY: i64 = 60;

/// Why an assertion does not authenticate its client. All are `invalid_client` (RFC 7523 section 3.2). The texts help a
/// developer; whoever has not signed as a client is told none of them, see `client_authentication`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AssertionError {
    /// `alg` is none of [`Algorithm::FROM_CLIENTS`] nor `HS256`, or not the one that the client is registered for.
    #[error("alg of the client assertion is not one that this client may use")]
    Algorithm,
    /// `aud` is not what the configuration wants; see [`ExpectedAudience`].
    #[error("aud of the client assertion must be the issuer, and nothing else unless configured")]
    Audience,
    /// A claim is missing or of the wrong type.
    #[error("the client assertion needs iss, sub, aud, exp and jti, with whole numbers as times")]
    Claims,
    /// `exp` has passed.
    #[error("the client assertion has expired")]
    Expired,
    /// `typ`, or a header that wants to be understood.
    #[error("the header of the client assertion is not acceptable")]
    Header,
    /// `exp` is more than ten minutes away.
    #[error("the client assertion lives longer than ten minutes")]
    LivesTooLong,
    /// Not three parts of base64url, or too long.
    #[error("the client assertion is not a compact JWS")]
    Malformed,
    /// `iat` or `nbf` is in the future, or `iat` after `exp`.
    #[error("the client assertion is not valid yet")]
    NotYetValid,
    /// None of the client's keys verifies it.
    #[error("the signature of the client assertion does not verify")]
    Signature,
    /// `iss` and `sub` are not both the client.
    #[error("iss and sub of the client assertion must be the client_id")]
    Subject,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What `aud` must be.
pub(crate) enum ExpectedAudience<'a> {
    /// One of these, also among others (CIBA Core section 7.1).
    AnyOf([&'a str; 3]),
    /// This and nothing else (RFC 10070).
    Only(&'a str),
}

impl ExpectedAudience<'_> {
    fn accepts(&self, audience: &Audience) -> bool {
        let values = match audience {
            Audience::One(value) => std::slice::from_ref(value),
            Audience::Many(values) => values.as_slice(),
        };
        match self {
            Self::AnyOf(names) => values.iter().any(|value| names.contains(&value.as_str())),
            Self::Only(name) => matches!(values, [value] if value == name),
        }
    }
}

/// An assertion whose form is good and whose signature has **not** been checked.
pub(crate) struct UnverifiedAssertion<'a> {
    jws: Jws<'a>,
    claims: Claims,
}

enum Jws<'a> {
    Key(CompactJws<'a>),
    Secret(SecretJws<'a>),
}

/// An assertion that one of the client's keys has signed, or its secret, and whose claims have **not** been checked.
pub(crate) struct SignedAssertion(Claims);

impl From<CompactError> for AssertionError {
    fn from(error: CompactError) -> Self {
        match error {
            CompactError::Algorithm => Self::Algorithm,
            CompactError::Header => Self::Header,
            CompactError::Malformed => Self::Malformed,
        }
    }
}

impl<'a> UnverifiedAssertion<'a> {
    /// Reads a `client_assertion` parameter.
    ///
    /// # Errors
    /// [`AssertionError`] about form and header.
    pub(crate) fn parse(text: &'a str) -> Result<Self, AssertionError> {
        let jws = match CompactJws::parse(text, MAX_ASSERTION, &Algorithm::FROM_CLIENTS) {
            Ok(jws) => Jws::Key(jws),
            Err(CompactError::Algorithm) => Jws::Secret(SecretJws::parse(text, MAX_ASSERTION)?),
            Err(other) => return Err(other.into()),
        };
        let (typ, payload) = match &jws {
            Jws::Key(jws) => (jws.typ(), jws.payload()),
            Jws::Secret(jws) => (jws.typ(), jws.payload()),
        };
        let typ_fits = typ.is_none_or(|typ| matches!(&*typ, "jwt" | "client-authentication+jwt"));
        if !typ_fits {
            return Err(AssertionError::Header);
        }
        let claims: Claims =
            ijson::parse(payload, MAX_ASSERTION).map_err(|_| AssertionError::Claims)?;
        Ok(Self { jws, claims })
    }

    /// Whether some key of `keys` may have signed it.
    pub(crate) fn has_key_in(&self, keys: &KeySet) -> bool {
        match &self.jws {
            Jws::Key(jws) => keys.candidates(jws.algorithm(), jws.kid()).next().is_some(),
            Jws::Secret(_) => false,
        }
    }

    /// The algorithm, if it is one with keys.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        match &self.jws {
            Jws::Key(jws) => Some(jws.algorithm()),
            Jws::Secret(_) => None,
        }
    }

    /// Who it says it is from: enough to look up keys, not to believe it.
    ///
    /// # Errors
    /// [`AssertionError::Subject`] if `iss` and `sub` differ or can be no client's.
    pub(crate) fn client_id(&self) -> Result<ClientId, AssertionError> {
        if self.claims.iss != self.claims.sub {
            return Err(AssertionError::Subject);
        }
        ClientId::parse(&self.claims.sub).map_err(|_| AssertionError::Subject)
    }

    /// Checks the signature (RFC 7523 section 3, point 9) with the keys of the client that [`Self::client_id`] named. It
    /// comes first, so that nobody else learns what the claims are compared with.
    ///
    /// # Errors
    /// [`AssertionError::Signature`], also if it was made with a secret.
    pub(crate) fn verify(self, keys: &KeySet) -> Result<SignedAssertion, AssertionError> {
        match &self.jws {
            Jws::Key(jws) => jws.verify(keys).map_err(|_| AssertionError::Signature)?,
            Jws::Secret(_) => return Err(AssertionError::Signature),
        }
        Ok(SignedAssertion(self.claims))
    }

    /// The same with the secret of that client.
    ///
    /// # Errors
    /// [`AssertionError::Signature`], also if it was made with a key.
    pub(crate) fn verify_secret(
        self,
        secret: &Secret<String>,
    ) -> Result<SignedAssertion, AssertionError> {
        match &self.jws {
            Jws::Secret(jws) => jws.verify(secret).map_err(|_| AssertionError::Signature)?,
            Jws::Key(_) => return Err(AssertionError::Signature),
        }
        Ok(SignedAssertion(self.claims))
    }
}

impl SignedAssertion {
    /// Checks the claims. What is left must be used up before the client counts as authenticated.
    ///
    /// # Errors
    /// [`AssertionError`]: the first of RFC 7523 section 3's points that does not hold.
    pub(crate) fn check(
        self,
        audience: &ExpectedAudience<'_>,
        now: UnixTime,
    ) -> Result<ClientAssertion, AssertionError> {
        let claims = self.0;
        // 1 and 2: iss and sub were compared with each other, and the keys are that client's.
        // 3: aud.
        if !audience.accepts(&claims.aud) {
            return Err(AssertionError::Audience);
        }
        // 4: exp.
        let expires = UnixTime(claims.exp);
        if expires <= now {
            return Err(AssertionError::Expired);
        }
        if expires > now.plus(LONGEST_LIFE) {
            return Err(AssertionError::LivesTooLong);
        }
        // 5 and 6: nbf and iat, where present.
        let in_the_future = |time: Option<i64>| time.is_some_and(|at| at > now.0 + LEEWAY);
        if in_the_future(claims.nbf)
            || in_the_future(claims.iat)
            || claims.iat.is_some_and(|iat| iat > claims.exp)
        {
            return Err(AssertionError::NotYetValid);
        }
        // 7: jti; that it is new is found out by using it up.
        if claims.jti.is_empty() || claims.jti.chars().count() > MAX_JTI {
            return Err(AssertionError::Claims);
        }
        Ok(ClientAssertion {
            jti: claims.jti,
            expires,
        })
    }
}
