//! Who sent a request, as far as the transport knows: address, headers, client certificate.
//!
//! What a proxy says about the sender counts only if the connection comes from a proxy that the configuration trusts; that
//! is decided once, where connections are accepted, and not by handlers.

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use rustls::pki_types::CertificateDer;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tegata_protocol::Sha256Digest;

/// The sender of one request. As an extractor it never fails.
#[derive(Debug, Clone)]
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
        let peer = parts.extensions.get::<ConnectInfo<Peer>>();
        Ok(Self {
            address: peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.address.ip()),
            certificate: peer.and_then(|peer| peer.0.certificate.clone()),
            headers: parts.headers.clone(),
        })
    }
}
