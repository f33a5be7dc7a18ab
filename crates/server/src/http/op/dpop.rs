//! DPoP (RFC 9449): proof that whoever sends a request has the key that its tokens are bound to, or shall be.
//!
//! What this does **not** do: compare the key with what a token is bound to; that is for who knows the token. At a resource the
//! token is to be looked up first, so that proofs without one are not remembered.
//!
//! Replays are refused within one process. What was used before a restart is forgotten, so nonces of before are not
//! accepted, and without nonces no proof that is older than the process.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use std::{error::Error, fmt};
use tegata_protocol::{
    Sha256Digest, Thumbprint, bytes::constant_time_eq, ciba::OAuthErrorCode, ijson,
};
use url::Url;

use super::respond;
use crate::{
    app::App,
    http::{
        caller::Caller,
        nonce::{self, NonceUse},
        used_proofs::{Bounds, ProofUse},
    },
    jose::{Algorithm, CompactError, CompactJws, VerifyingKey, is_private},
};

/// The header with the proof (RFC 9449 section 4.1).
const PROOF: HeaderName = HeaderName::from_static("dpop");

/// The header with the nonce for the next proof (RFC 9449 section 8.1).
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Longest proof, in characters: several times one with an RSA key of 4096 bits.
const MAX_PROOF: usize = 8192;

/// Seconds for which a proof without a nonce is good, and by which its clock may be ahead of ours.
const OLDEST: i64 = 60;
const AHEAD: i64 = 30;

/// A client that polls for ten thousand requests at once uses two thousand proofs a second at most.
const BOUNDS: Bounds = Bounds {
    of_one_key: 100_000,
    of_all: 500_000,
    in_a_crowd: 64,
};

/// Why a proof is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DpopError {
    /// `alg` is none that is accepted from clients.
    Algorithm,
    /// `ath` is missing or another token's.
    Ath,
    /// More proofs by this key than are remembered.
    Busy,
    /// A claim is missing or of the wrong type.
    Claims,
    /// No `jwk`, or none that can be used.
    Key,
    /// Not one compact JWS with a header as it should be.
    Malformed,
    /// `htm` is another method.
    Method,
    /// The proof must be over a nonce, or over a newer one.
    Nonce,
    /// `jwk` is a private key. Nobody should use it again.
    Private,
    /// More than one header.
    Repeated,
    /// It was used before.
    Replayed,
    /// It does not verify.
    Signature,
    /// `iat` is too long ago, or in the future.
    Time,
    /// `typ` is not `dpop+jwt`.
    Type,
    /// `htu` is another address.
    Url,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    #[serde(default)]
    ath: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

/// The key that the sender of a request has proved to have, by the checks of RFC 9449 section 4.3; `None` if it did not try,
/// or the profile has no DPoP. A proof is good once: this uses it up.
///
/// `method` and `url` are the request's, the latter below the issuer; a proof may name the alias for certificates as well. `access_token`: the token that the request carries
/// to a resource; `None` at the token endpoint. The caller compares the key with the token's (point 12 b).
///
/// # Errors
/// [`DpopError`], of which [`DpopError::token_response`] and [`DpopError::resource_response`] make answers.
pub(crate) fn prove(
    app: &App,
    caller: &Caller,
    method: &str,
    url: &str,
    access_token: Option<&str>,
) -> Result<Option<Thumbprint>, DpopError> {
    if !app.config.profile.offers_dpop() {
        return Ok(None);
    }
    // 1. There is not more than one DPoP header field.
    let mut fields = caller.headers.get_all(PROOF).iter();
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    if fields.next().is_some() {
        return Err(DpopError::Repeated);
    }
    // 2. It is a single and well-formed JWT. 5. Its alg is asymmetric, known and accepted.
    let proof = field.to_str().map_err(|_| DpopError::Malformed)?;
    let accepted = app.config.profile.client_algorithms();
    let proof = CompactJws::parse(proof, MAX_PROOF, accepted).map_err(|error| match error {
        CompactError::Algorithm => DpopError::Algorithm,
        CompactError::Header | CompactError::Malformed => DpopError::Malformed,
    })?;
    // 4. typ.
    if proof.typ().as_deref() != Some("dpop+jwt") {
        return Err(DpopError::Type);
    }
    // 7. The jwk is no private key. 6. The signature verifies with it.
    let jwk = proof.jwk().ok_or(DpopError::Key)?;
    if is_private(jwk) {
        return Err(DpopError::Private);
    }
    let key = VerifyingKey::from_jwk(jwk).ok_or(DpopError::Key)?;
    proof.verify_by(&key).map_err(|_| DpopError::Signature)?;
    // 3. All required claims are there.
    let claims: Claims = ijson::parse(proof.payload(), MAX_PROOF).map_err(|_| DpopError::Claims)?;
    if claims.jti.is_empty() {
        return Err(DpopError::Claims);
    }
    // 8. htm. 9. htu, whatever its query and fragment.
    if claims.htm != method {
        return Err(DpopError::Method);
    }
    if !is_same_address(&claims.htu, url) && !is_alias(app, &claims.htu, url) {
        return Err(DpopError::Url);
    }
    // 10. The nonce. 11. The time, by which a nonce says it or iat does.
    check_age(app, &claims)?;
    // 12 a. The hash of the access token.
    if let Some(token) = access_token {
        let expected = Sha256Digest::of(token.as_bytes()).to_string();
        let said = claims.ath.as_deref().unwrap_or_default();
        if !constant_time_eq(expected.as_bytes(), said.as_bytes()) {
            return Err(DpopError::Ath);
        }
    }
    // Section 11.1: within its life a proof is used once.
    let key = key.thumbprint();
    let now = app.clock.0.now_millis();
    let longest = nonce::lifetime_millis(app).max((OLDEST + AHEAD) * 1000);
    match app
        .dpop_proofs
        .take(BOUNDS, &key, &claims.jti, now, longest)
    {
        ProofUse::First => Ok(Some(key)),
        ProofUse::Replayed => Err(DpopError::Replayed),
        ProofUse::Full => Err(DpopError::Busy),
    }
}

fn check_age(app: &App, claims: &Claims) -> Result<(), DpopError> {
    match &claims.nonce {
        Some(nonce) if nonce::is_fresh(app, NonceUse::Dpop, nonce) => return Ok(()),
        Some(_) => return Err(DpopError::Nonce),
        None if app.config.dpop.require_nonce => return Err(DpopError::Nonce),
        None => {}
    }
    let age = app.now().0.saturating_sub(claims.iat);
    if !(-AHEAD..=OLDEST).contains(&age) {
        return Err(DpopError::Time);
    }
    let started = app.delivery.gateway.started(app.clock.0.now_millis());
    if claims.iat < started.div_euclid(1000) {
        return Err(DpopError::Nonce);
    }
    Ok(())
}

/// RFC 9449 section 4.3: compared after normalization (RFC 3986 sections 6.2.2 and 6.2.3: letter case of scheme and host, the
/// default port, dot segments), without query and fragment.
fn is_same_address(said: &str, expected: &str) -> bool {
    let bare = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    bare(said).is_some_and(|said| Some(said) == bare(expected))
}

/// Whether `said` is the name that `mtls_endpoint_aliases` (RFC 8705 section 5) give to `url`: a client with a certificate sends
/// its requests there.
fn is_alias(app: &App, said: &str, url: &str) -> bool {
    let alias = app.mtls_base().and_then(|base| {
        let path = url.strip_prefix(app.issuer.as_str())?;
        Some(base.endpoint(path))
    });
    alias.is_some_and(|alias| is_same_address(said, &alias))
}

/// Whether the sender of a request tries to prove something, where that is offered.
pub(crate) fn is_tried(app: &App, caller: &Caller) -> bool {
    app.config.profile.offers_dpop() && caller.headers.contains_key(PROOF)
}

/// Puts a nonce for the next proof into an answer (RFC 9449 section 8.2), so that a client need not be refused to get one: for
/// answers to requests that had a proof.
pub(crate) fn supply_nonce(app: &App, response: &mut Response) {
    let nonce = HeaderValue::from_str(&nonce::make(app, NonceUse::Dpop))
        .expect("base64url is of header characters");
    response.headers_mut().insert(NONCE, nonce);
}

impl fmt::Display for DpopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl Error for DpopError {}

impl DpopError {
    const fn code(self) -> OAuthErrorCode {
        match self {
            Self::Busy => OAuthErrorCode::TemporarilyUnavailable,
            Self::Nonce => OAuthErrorCode::UseDpopNonce,
            _ => OAuthErrorCode::InvalidDpopProof,
        }
    }

    /// What its developer is told, of the characters that RFC 6749 section 5.2 allows.
    const fn words(self) -> &'static str {
        match self {
            Self::Algorithm => "the algorithm of the DPoP proof is not accepted",
            Self::Ath => "ath of the DPoP proof is not the hash of the access token",
            Self::Busy => "too many DPoP proofs by this key, try again in a minute",
            Self::Claims => "the DPoP proof needs jti, htm, htu and iat, which is a whole number",
            Self::Key => "the DPoP proof needs a jwk for its algorithm",
            Self::Malformed => "the DPoP proof is not a well-formed JWT",
            Self::Method => "htm of the DPoP proof is not the method of the request",
            Self::Nonce => "the DPoP proof needs the nonce of the DPoP-Nonce header",
            Self::Private => "jwk of the DPoP proof is a private key; do not use it again",
            Self::Repeated => "there is more than one DPoP header",
            Self::Replayed => "the DPoP proof was used before",
            Self::Signature => "the signature of the DPoP proof does not verify",
            Self::Time => "iat of the DPoP proof is too far from the present",
            Self::Type => "typ of the DPoP proof is not dpop+jwt",
            Self::Url => "htu of the DPoP proof is not the address of the request",
        }
    }

    /// The answer of the token endpoint (RFC 9449 sections 5 and 8): 400, and with `use_dpop_nonce` the nonce.
    pub(crate) fn token_response(self, app: &App) -> Response {
        tracing::info!(endpoint = "token", reason = %self, "dpop.refused");
        self.answer(app, StatusCode::BAD_REQUEST)
    }

    /// The answer of a resource (RFC 9449 sections 7.1 and 9): 401 with a challenge, and with `use_dpop_nonce` the nonce.
    ///
    /// # Panics
    /// Never: codes, descriptions and names of algorithms are of header characters.
    pub(crate) fn resource_response(self, app: &App) -> Response {
        tracing::info!(endpoint = "resource", reason = %self, "dpop.refused");
        let mut response = self.answer(app, StatusCode::UNAUTHORIZED);
        if self != Self::Busy {
            let code = serde_json::to_value(self.code()).unwrap_or_default();
            let challenge = challenge(app, code.as_str().unwrap_or_default(), self.words());
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }

    fn answer(self, app: &App, status: StatusCode) -> Response {
        let status = match self {
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            _ => status,
        };
        let mut response = respond::error(status, self.code(), self.words());
        match self {
            Self::Busy => {
                let wait = HeaderValue::from_static("60");
                response.headers_mut().insert(header::RETRY_AFTER, wait);
            }
            Self::Nonce => supply_nonce(app, &mut response),
            _ => {}
        }
        response
    }
}

/// `WWW-Authenticate` for a resource whose tokens are bound to keys (RFC 9449 section 7.1). `code` and `description` must be of
/// the characters that RFC 6749 section 5.2 allows.
///
/// # Panics
/// If they are not.
pub(crate) fn challenge(app: &App, code: &str, description: &str) -> HeaderValue {
    let error = format!(r#"error="{code}", error_description="{description}", "#);
    challenge_with(app, &error)
}

/// The same without an error, for who did not try DPoP.
///
/// # Panics
/// Never: names of algorithms are of header characters.
pub(crate) fn offer(app: &App) -> HeaderValue {
    challenge_with(app, "")
}

fn challenge_with(app: &App, error: &str) -> HeaderValue {
    let algorithms: Vec<_> = app
        .config
        .profile
        .client_algorithms()
        .iter()
        .copied()
        .map(Algorithm::name)
        .collect();
    let challenge = format!(r#"DPoP {error}algs="{}""#, algorithms.join(" "));
    HeaderValue::from_str(&challenge).expect("error texts are of header characters")
}
