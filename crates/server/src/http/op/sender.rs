//! What a caller has proved to hold beside its client authentication, and what its tokens are bound to (RFC 8705 section 3,
//! RFC 9449 section 5).

use tegata_protocol::Sha256Digest;

use super::{
    client_authentication::AuthenticatedClient,
    dpop::{self, DpopError},
};
use crate::{
    app::App,
    config::Profile,
    domain::{Client, Confirmation, Sender},
    http::caller::Caller,
};

/// Tokens of this client are bound, and it has proved nothing to bind them to. Whether to refuse or to issue unbound ones is
/// left to the server (RFC 8705 section 3.4); unbound ones would be worth more to a thief than the client intends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BindingError {
    /// Its tokens are to be bound to its certificate.
    #[error("the client used no certificate")]
    Certificate,
    /// Its tokens are to be bound to a DPoP key.
    #[error("the client sent no DPoP proof")]
    Proof,
}

impl BindingError {
    /// For the client's developers; the code is `invalid_request`.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Certificate => {
                "tokens of this client are bound to its TLS certificate, and it used none"
            }
            Self::Proof => "tokens of this client are bound to a DPoP key, and there was no proof",
        }
    }
}

/// What an authenticated client proves to hold with a post to `path`, an endpoint of the provider. Uses up its DPoP proof.
///
/// # Errors
/// [`DpopError`] for a proof that does not hold.
pub(super) fn sender(
    app: &App,
    caller: &Caller,
    client: &AuthenticatedClient,
    path: &str,
) -> Result<Sender, DpopError> {
    let key = dpop::prove(app, caller, "POST", &app.issuer.endpoint(path), None)?;
    Ok(Sender {
        certificate: client.certificate().map(|used| used.thumbprint),
        key,
    })
}

/// SHA-256 of the certificate that a caller used, whether or not anybody vouches for it.
pub(super) fn certificate(caller: &Caller) -> Option<Sha256Digest> {
    caller
        .certificate
        .as_ref()
        .map(|certificate| certificate.thumbprint)
}

/// Whether a resource may take an access token that is bound like this: the profile may have been switched on since it was
/// issued.
pub(super) fn is_honoured(profile: Profile, confirmation: Option<Confirmation>) -> bool {
    !profile.wants_certificates() || matches!(confirmation, Some(Confirmation::Certificate(_)))
}

/// What tokens that `client` gets now are bound to: its certificate, if it or the profile wants that, or the key of a DPoP
/// proof. `None`: whoever has them may use them.
///
/// # Errors
/// [`BindingError`].
pub(super) fn binding(
    profile: Profile,
    client: &Client,
    sender: &Sender,
) -> Result<Option<Confirmation>, BindingError> {
    if profile.wants_certificates() || client.settings.certificate_bound {
        let certificate = sender.certificate.ok_or(BindingError::Certificate)?;
        return Ok(Some(Confirmation::Certificate(certificate)));
    }
    match sender.key {
        Some(key) => Ok(Some(Confirmation::Key(key))),
        None if client.settings.dpop_bound => Err(BindingError::Proof),
        None => Ok(None),
    }
}
