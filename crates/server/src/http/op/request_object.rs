//! Signed authentication requests (CIBA Core section 7.1.1), under the rules that FAPI adds (FAPI-CIBA section 5.2.2, FAPI 1
//! Advanced section 5.2.2), which cost other clients nothing.
//!
//! Encrypted ones and `request_uri` are not defined for CIBA and are refused. Whatever is wrong with one, the answer is
//! `invalid_request`.

use serde::Deserialize;
use serde_json::{Map, Value};
use tegata_protocol::{UnixTime, ciba::OAuthErrorCode, ijson};

use super::{
    audience::Audience,
    client_assertion::MAX_JTI,
    client_keys::{self, ClientKeysError},
    form::Form,
    parameters::{ParameterError, Parameters},
};
use crate::{
    app::App,
    domain::{Client, NameKind, OneTimeName},
    jose::{Algorithm, CompactError, CompactJws, KeySet},
};

/// Longest request object, in characters.
pub(crate) const MAX_REQUEST_OBJECT: usize = 48 * 1024;

/// Longest time from `nbf` to `exp`, in seconds (FAPI-CIBA section 5.2.2 point 9).
pub(crate) const LONGEST_LIFE: i64 = 3600;

/// Seconds by which `nbf` may lie in the past (FAPI 1 Advanced section 5.2.2 point 17).
const OLDEST: i64 = 3600;

/// Seconds by which `iat` and `nbf` may lie in the future, since clocks differ.
const LEEWAY: i64 = 60;

/// What may stand beside a request object: how the client authenticates.
const OUTSIDE: [&str; 5] = [
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "request",
];

/// Why parameters cannot be taken out of a request. The texts are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestObjectError {
    /// `alg` is none that is allowed here, or not the registered one.
    #[error(
        "the request object must be signed, with the algorithm that the client is registered for or, without one, with ES256, PS256 or EdDSA where offered"
    )]
    Algorithm,
    /// `aud` does not have the issuer.
    #[error("aud of the request object must be or contain the issuer")]
    Audience,
    /// A claim is missing or of the wrong type, or a name is there twice.
    #[error(
        "the request object must be a JSON object without duplicate names, with iss, aud, exp, nbf, iat and jti, and whole numbers as times"
    )]
    Claims,
    /// JWE.
    #[error("encrypted request objects are not supported")]
    Encrypted,
    /// `exp` has passed.
    #[error("the request object has expired")]
    Expired,
    /// `typ`, or a header that wants to be understood.
    #[error("the header of the request object is not acceptable")]
    Header,
    /// `iss` is not the client.
    #[error("iss of the request object must be the client_id")]
    Issuer,
    /// The client has no keys.
    #[error("the client is registered without keys for signed requests")]
    Keys,
    /// They cannot be fetched.
    #[error("the keys at the client's jwks_uri cannot be had at present")]
    KeysUnavailable,
    /// More than an hour from `nbf` to `exp`.
    #[error("the request object lives longer than 60 minutes from nbf to exp")]
    LivesTooLong,
    /// Not three parts of base64url, or too long.
    #[error("request is not a compact JWS of at most 48 KiB")]
    Malformed,
    /// `request` or `request_uri` as a claim (RFC 9101 section 4).
    #[error("a request object must not contain request or request_uri")]
    Nested,
    /// `nbf` or `iat` is in the future, or after `exp`.
    #[error("the request object is not valid yet, or its times contradict each other")]
    NotYetValid,
    /// `nbf` is more than an hour ago.
    #[error("nbf of the request object is more than 60 minutes in the past")]
    Old,
    /// Something else stands beside it.
    #[error(
        "with a request object all parameters but those of client authentication must be inside it"
    )]
    Outside,
    /// A parameter inside has the wrong type.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// There is none, and there must be.
    #[error("requests of this client must be signed")]
    Required,
    /// None of the client's keys verifies it.
    #[error("the signature of the request object does not verify")]
    Signature,
    /// `request_uri`.
    #[error("request_uri is not supported")]
    Uri,
}

impl RequestObjectError {
    /// `error` (CIBA Core section 13): whatever is wrong with a request object is `invalid_request`.
    pub(crate) fn code(self) -> OAuthErrorCode {
        match self {
            // Only a form can have these as text that is no JSON.
            Self::Parameter(ParameterError::AuthorizationDetails) => {
                OAuthErrorCode::InvalidAuthorizationDetails
            }
            _ => OAuthErrorCode::InvalidRequest,
        }
    }
}

impl From<CompactError> for RequestObjectError {
    fn from(error: CompactError) -> Self {
        match error {
            CompactError::Algorithm => Self::Algorithm,
            CompactError::Header => Self::Header,
            CompactError::Malformed => Self::Malformed,
        }
    }
}

/// The parameters of a request, and the name of the object that they came in if they did, which is good once.
pub(super) struct Received {
    pub(super) parameters: Parameters,
    pub(super) name: Option<OneTimeName>,
}

/// Takes the parameters out of the form of an authenticated client, or out of the request object in it: step 2 of CIBA Core
/// section 7.2.
///
/// # Errors
/// [`RequestObjectError`].
pub(super) async fn receive(
    app: &App,
    form: &Form,
    client: &Client,
) -> Result<Received, RequestObjectError> {
    if form.value("request_uri").is_some() {
        return Err(RequestObjectError::Uri);
    }
    let profile = app.config.profile;
    let Some(text) = form.value("request") else {
        if client.settings.request_alg.is_some() || profile.wants_signed_requests() {
            return Err(RequestObjectError::Required);
        }
        return Ok(Received {
            parameters: Parameters::of_form(form)?,
            name: None,
        });
    };
    if form.names().any(|name| !OUTSIDE.contains(&name)) {
        return Err(RequestObjectError::Outside);
    }
    let allowed = allowed_algorithms(profile.client_algorithms(), client);
    let object = UnverifiedRequestObject::parse(text, &allowed)?;
    let keys = client_keys::of(app, client, |keys| object.has_key_in(keys))
        .await
        .map_err(|error| match error {
            ClientKeysError::None => RequestObjectError::Keys,
            ClientKeysError::Remote(error) => {
                tracing::warn!(client = %client.id, %error, "client_keys.unavailable");
                RequestObjectError::KeysUnavailable
            }
        })?;
    let (parameters, name) =
        object
            .verify(&keys)?
            .check(client.id.as_str(), app.issuer.as_str(), app.now())?;
    Ok(Received {
        parameters,
        name: Some(name),
    })
}

/// The offered algorithms, or of them the registered one.
fn allowed_algorithms(offered: &[Algorithm], client: &Client) -> Vec<Algorithm> {
    let registered = client.settings.request_alg;
    let fits = |algorithm: &Algorithm| registered.is_none_or(|only| only == *algorithm);
    offered.iter().copied().filter(fits).collect()
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// A request object whose form is good and whose signature has **not** been checked.
pub(crate) struct UnverifiedRequestObject<'a>(CompactJws<'a>);

/// A request object that one of the client's keys has signed and whose claims have **not** been checked.
pub(crate) struct SignedRequestObject(Claims);

impl<'a> UnverifiedRequestObject<'a> {
    /// Reads a `request` parameter that may be signed with one of `allowed`.
    ///
    /// # Errors
    /// [`RequestObjectError`] about form and header.
    pub(crate) fn parse(text: &'a str, allowed: &[Algorithm]) -> Result<Self, RequestObjectError> {
        if text.split('.').count() == 5 {
            return Err(RequestObjectError::Encrypted);
        }
        let jws = CompactJws::parse(text, MAX_REQUEST_OBJECT, allowed)?;
        let typ_fits = jws
            .typ()
            .is_none_or(|typ| matches!(&*typ, "jwt" | "oauth-authz-req+jwt"));
        if !typ_fits {
            return Err(RequestObjectError::Header);
        }
        Ok(Self(jws))
    }

    /// Whether one of `keys` may have signed it.
    pub(crate) fn has_key_in(&self, keys: &KeySet) -> bool {
        keys.candidates(self.0.algorithm(), self.0.kid())
            .next()
            .is_some()
    }

    /// Checks the signature with the client's keys.
    ///
    /// # Errors
    /// [`RequestObjectError::Signature`], or [`RequestObjectError::Claims`] for what is no JSON object with the claims that
    /// must be there.
    pub(crate) fn verify(self, keys: &KeySet) -> Result<SignedRequestObject, RequestObjectError> {
        self.0
            .verify(keys)
            .map_err(|_| RequestObjectError::Signature)?;
        ijson::parse(self.0.payload(), MAX_REQUEST_OBJECT)
            .map(SignedRequestObject)
            .map_err(|_| RequestObjectError::Claims)
    }
}

impl SignedRequestObject {
    /// Checks the claims. What is left are the request's parameters and the object's name, which must be used up in the
    /// commit that stores the request.
    ///
    /// # Errors
    /// [`RequestObjectError`], the first that is found.
    pub(crate) fn check(
        self,
        client_id: &str,
        issuer: &str,
        now: UnixTime,
    ) -> Result<(Parameters, OneTimeName), RequestObjectError> {
        use RequestObjectError as E;
        let claims = self.0;
        // CIBA Core section 7.1.1: iss is the client, aud has the provider.
        if claims.iss != client_id {
            return Err(E::Issuer);
        }
        if !claims.aud.has(issuer) {
            return Err(E::Audience);
        }
        // exp, nbf, iat. All are within 53 bits, so nothing overflows.
        if claims.exp <= now.0 {
            return Err(E::Expired);
        }
        let latest = (now.0 + LEEWAY).min(claims.exp);
        if claims.nbf > latest || claims.iat > latest {
            return Err(E::NotYetValid);
        }
        if claims.nbf < now.0 - OLDEST {
            return Err(E::Old);
        }
        if claims.exp - claims.nbf > LONGEST_LIFE {
            return Err(E::LivesTooLong);
        }
        // jti; that it is new is found out by using it up.
        if claims.jti.is_empty() || claims.jti.chars().count() > MAX_JTI {
            return Err(E::Claims);
        }
        if claims.others.contains_key("request") || claims.others.contains_key("request_uri") {
            return Err(E::Nested);
        }
        let expires = UnixTime(claims.exp);
        let name = OneTimeName::new(NameKind::RequestObject, client_id, &claims.jti, expires);
        Ok((Parameters::of_claims(claims.others)?, name))
    }
}
