//! A client's public keys, wherever they are: for assertions, request objects and self-signed certificates.

use std::sync::Arc;

use crate::{
    app::App,
    domain::{Client, ClientKeys},
    jose::{KeySet, MAX_SET, RemoteKeysError},
};

/// A client has no keys, or they cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ClientKeysError {
    /// None are registered.
    #[error("the client has no keys")]
    None,
    /// Its `jwks_uri` gives none.
    #[error("the keys at the client's jwks_uri cannot be had: {0}")]
    Remote(#[from] RemoteKeysError),
}

/// The keys of `client`. `has`: whether the one that is wanted is among some; those at a `jwks_uri` may be fetched again
/// if it is not. What comes back may still be without it.
///
/// # Errors
/// [`ClientKeysError`].
pub(super) async fn of(
    app: &App,
    client: &Client,
    has: impl Fn(&KeySet) -> bool,
) -> Result<Arc<KeySet>, ClientKeysError> {
    match &client.settings.keys {
        None => Err(ClientKeysError::None),
        Some(ClientKeys::Jwks(text)) => Ok(Arc::new(KeySet::parse(text))),
        Some(ClientKeys::JwksUri(address)) => {
            let (egress, url) = (Arc::clone(&app.egress), address.clone());
            let fetch = async move { egress.get(&url, MAX_SET).await };
            Ok(app.remote_keys.at(address, app.now(), has, fetch).await?)
        }
    }
}
