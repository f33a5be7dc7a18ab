//! Clients' certificates, and the names that clients register for them.

use axum::http::HeaderName;
use rustls::pki_types::CertificateDer;
use std::net::Ipv4Addr;

use super::{headers, text_of};
use crate::{
    domain::{CertificateName, DistinguishedName},
    http::{caller::ClientCertificate, op::client_certificate, proxy},
    tls::peer_certificate::{MAX_CERTIFICATE, MAX_CHAIN},
};

/// A client's certificate: as a handshake and as a proxy hand it on, and whose it is.
///
/// # Panics
/// If what a proxy hands on is larger than TLS would take.
pub fn fuzz_client_certificate(data: &[u8]) {
    let shown = ClientCertificate::of(&[CertificateDer::from(data)]);
    let text = "kiosk.example".to_owned();
    let names = [
        CertificateName::SubjectDn("CN=kiosk".to_owned()),
        CertificateName::SanDns(text.clone()),
        CertificateName::SanEmail(format!("kiosk@{text}")),
        CertificateName::SanIp(Ipv4Addr::LOCALHOST.into()),
        CertificateName::SanUri(format!("https://{text}/")),
    ];
    if let Some(shown) = shown {
        let _ = client_certificate::key(&shown);
        for name in &names {
            let _ = client_certificate::has_name(&shown, name);
        }
    }
    let name = HeaderName::from_static("client-cert");
    if let Some(headers) = headers(name.clone(), data)
        && let Ok(Some(handed_on)) = proxy::certificate(&headers, name.as_str())
    {
        let chain = &handed_on.chain;
        assert!((1..=MAX_CHAIN).contains(&chain.len()));
        assert!(chain.iter().all(|one| one.len() <= MAX_CERTIFICATE));
    }
}

/// What a client registers as its certificate's subject.
///
/// # Panics
/// If spaces around a name make it another.
pub fn fuzz_distinguished_name(data: &[u8]) {
    let text = text_of(data);
    let spaced = DistinguishedName::parse(&format!(" {text} "));
    if let Ok(name) = DistinguishedName::parse(&text)
        && let Ok(spaced) = spaced
    {
        assert_eq!(name, spaced, "spaces around it mean nothing");
    }
}
