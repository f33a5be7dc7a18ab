//! What a caller has proved to hold beside its client authentication, and what its tokens are bound to (RFC 8705 section 3,
//! RFC 9449 section 5).

use crate::{
    domain::{Client, Confirmation, Sender},
    http::caller::Caller,
};

/// Tokens of this client are bound, and it has proved nothing to bind them to. Whether to refuse or to issue unbound ones is
/// left to the server (RFC 8705 section 3.4); unbound ones would be worth more to a thief than the client intends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BindingError {
    /// It is registered for tokens that are bound to its certificate.
    #[error("the client used no certificate")]
    Certificate,
    /// It is registered for tokens that are bound to a DPoP key.
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

/// What `caller` has proved to hold.
pub(super) fn sender(caller: &Caller) -> Sender {
    Sender {
        certificate: caller
            .certificate
            .as_ref()
            .map(|certificate| certificate.thumbprint),
        key: None,
    }
}

/// What tokens that `client` gets now are bound to: the key of a DPoP proof, or its certificate if it is registered so.
/// `None`: whoever has them may use them.
///
/// # Errors
/// [`BindingError`].
pub(super) fn binding(
    client: &Client,
    sender: &Sender,
) -> Result<Option<Confirmation>, BindingError> {
    let settings = &client.settings;
    match (sender.key, sender.certificate) {
        (None, _) if settings.dpop_bound => Err(BindingError::Proof),
        (Some(key), _) if settings.dpop_bound || !settings.certificate_bound => {
            Ok(Some(Confirmation::Key(key)))
        }
        (_, Some(certificate)) if settings.certificate_bound => {
            Ok(Some(Confirmation::Certificate(certificate)))
        }
        (_, None) if settings.certificate_bound => Err(BindingError::Certificate),
        _ => Ok(None),
    }
}
