//! What a trusted proxy says of a sender: its certificate (RFC 9440, or as nginx writes it) and its address.
//!
//! Decided once for every request, before any handler sees it. From senders that are not trusted the headers mean nothing.

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use data_encoding::BASE64;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use super::caller::{ClientCertificate, Peer, Sender};
use crate::{
    app::App,
    config::ProxyConfig,
    tls::peer_certificate::{MAX_CERTIFICATE, MAX_CHAIN},
};

/// A certificate's header cannot be read. The request goes on without a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnreadableCertificate {
    /// Neither form, or damaged.
    #[error("neither URL-encoded PEM nor a byte sequence")]
    Form,
    /// The header is there more than once: one of them may be the client's own.
    #[error("there is more than one")]
    Several,
    /// Larger, or a longer chain, than TLS would take.
    #[error("too large")]
    TooLarge,
}

/// Tells who the sender is and hands the request on.
pub(super) async fn identify(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<Peer>>() {
        let sender = sender(&app.config.proxy, peer, request.headers());
        request.extensions_mut().insert(sender);
    }
    next.run(request).await
}

fn sender(proxy: &ProxyConfig, peer: &Peer, headers: &HeaderMap) -> Sender {
    let mut sender = Sender {
        address: peer.address.ip().to_canonical(),
        certificate: peer.certificate.clone(),
    };
    if !proxy.trusts(sender.address) {
        return sender;
    }
    if let Some(name) = &proxy.address_header {
        sender.address = address(proxy, sender.address, headers, name);
        // Who writes headers ends the clients' TLS: a certificate in this connection is its own, for every client the same.
        sender.certificate = None;
    }
    if let Some(name) = &proxy.client_certificate_header {
        // What the proxy itself may have shown is not the client's either way.
        sender.certificate = certificate(headers, name).unwrap_or_else(|error| {
            tracing::warn!(%error, header = name, "a proxy's header with a certificate cannot be read");
            None
        });
    }
    sender
}

/// The last hop that is not trusted: each proxy adds the address that it was reached from, so whatever is before that was
/// written by somebody unknown.
fn address(proxy: &ProxyConfig, peer: IpAddr, headers: &HeaderMap, name: &str) -> IpAddr {
    let mut known = peer;
    let fields: Vec<_> = headers.get_all(name).iter().collect();
    for field in fields.into_iter().rev() {
        let Ok(field) = field.to_str() else {
            return known;
        };
        for hop in field.rsplit(',') {
            let Some(hop) = parse_hop(hop.trim()) else {
                return known;
            };
            known = hop;
            if !proxy.trusts(hop) {
                return known;
            }
        }
    }
    known
}

/// An address, perhaps with a port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    IpAddr::from_str(bare.unwrap_or(text))
        .or_else(|_| SocketAddr::from_str(text).map(|address| address.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

/// The certificate in the header `name`, and in RFC 9440's form what is in `name`-chain.
///
/// # Errors
/// [`UnreadableCertificate`].
pub(crate) fn certificate(
    headers: &HeaderMap,
    name: &str,
) -> Result<Option<ClientCertificate>, UnreadableCertificate> {
    let mut fields = headers.get_all(name).iter();
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    if fields.next().is_some() {
        return Err(UnreadableCertificate::Several);
    }
    let text = field
        .to_str()
        .map_err(|_| UnreadableCertificate::Form)?
        .trim();
    if text.is_empty() {
        return Ok(None);
    }
    let chain = if text.starts_with(':') {
        let mut chain = vec![byte_sequence(text)?];
        // RFC 9440 section 2.3: what the client sent beside it, in a header of its own.
        for field in headers.get_all(format!("{name}-chain")) {
            let field = field.to_str().map_err(|_| UnreadableCertificate::Form)?;
            for one in field.split(',') {
                chain.push(byte_sequence(one.trim())?);
            }
        }
        chain
    } else {
        let pem = percent_decode(text).ok_or(UnreadableCertificate::Form)?;
        CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| UnreadableCertificate::Form)?
    };
    if chain.len() > MAX_CHAIN || chain.iter().any(|one| one.len() > MAX_CERTIFICATE) {
        return Err(UnreadableCertificate::TooLarge);
    }
    ClientCertificate::of(&chain)
        .map(Some)
        .ok_or(UnreadableCertificate::Form)
}

/// `:base64:` (RFC 8941 section 3.3.5).
fn byte_sequence(text: &str) -> Result<CertificateDer<'static>, UnreadableCertificate> {
    text.strip_prefix(':')
        .and_then(|rest| rest.strip_suffix(':'))
        .and_then(|inner| BASE64.decode(inner.as_bytes()).ok())
        .map(CertificateDer::from)
        .ok_or(UnreadableCertificate::Form)
}

/// RFC 3986 section 2.1; a plus sign is a plus sign.
fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
            u8::try_from(high * 16 + low).ok()?
        } else {
            byte
        });
    }
    Some(decoded)
}

#[cfg(test)]
mod tests;
