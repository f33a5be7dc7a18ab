//! Who sent a request, as far as the transport knows: address, headers, client certificate.
//!
//! What a proxy says about the sender counts only if the connection comes from a proxy that the configuration trusts; that
//! is decided once for every request ([`super::proxy`]), and not by handlers.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use rustls::pki_types::CertificateDer;
use std::{
    convert::Infallible,
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tegata_protocol::Sha256Digest;

/// The sender of one request. As an extractor it never fails. Its headers hold secrets, so `Debug` leaves them out.
#[derive(Clone)]
pub(crate) struct Caller {
    /// Where the request comes from; behind a trusted proxy what that proxy says.
    pub(crate) address: IpAddr,
    /// The certificate whose key the sender proved to have. Nobody has vouched for it yet.
    pub(crate) certificate: Option<ClientCertificate>,
    /// The request's headers.
    pub(crate) headers: HeaderMap,
}

/// A TLS client certificate whose private key the sender has used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    /// As sent, the leaf first, then what the sender added to build a chain.
    pub(crate) chain: Arc<[CertificateDer<'static>]>,
    /// SHA-256 of the leaf's DER (`x5t#S256`, RFC 8705 section 3.1).
    pub(crate) thumbprint: Sha256Digest,
}

/// What a listener knows of the other end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Its address.
    pub(crate) address: SocketAddr,
    /// Its certificate, if it used one.
    pub(crate) certificate: Option<ClientCertificate>,
}

/// Who a request is from, as [`super::proxy::identify`] has found out from its connection and, if a trusted proxy made it,
/// from its headers.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    /// See [`Caller::address`].
    pub(crate) address: IpAddr,
    /// See [`Caller::certificate`].
    pub(crate) certificate: Option<ClientCertificate>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl ClientCertificate {
    /// Of a chain with at least a leaf; `None` if it is empty.
    pub(crate) fn of(chain: &[CertificateDer<'_>]) -> Option<Self> {
        let leaf = chain.first()?;
        Some(Self {
            thumbprint: Sha256Digest::of(leaf),
            chain: chain.iter().map(|one| one.clone().into_owned()).collect(),
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let sender = parts.extensions.get::<Sender>();
        Ok(Self {
            // Without a connection there is nobody else.
            address: sender.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |sender| sender.address),
            certificate: sender.and_then(|sender| sender.certificate.clone()),
            headers: parts.headers.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, header};

    #[test]
    fn the_headers_are_in_no_debug_output() {
        let mut headers = HeaderMap::new();
        let secret = HeaderValue::from_static("Bearer a-secret-of-somebody");
        headers.insert(header::AUTHORIZATION, secret);
        let caller = Caller {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            certificate: None,
            headers,
        };
        let shown = format!("{caller:?}");
        assert!(
            shown.contains("127.0.0.1") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
