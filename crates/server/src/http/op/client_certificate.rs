//! Client authentication by certificate: `tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 section 2).
//!
//! The transport has seen the certificate's key used; here it is asked whose it is. A certificate by itself is no method of
//! authentication: it counts for clients that are registered for one of these two.

use std::net::IpAddr;
use tegata_protocol::UnixTime;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use crate::{
    domain::{CertificateName, DistinguishedName},
    http::caller::ClientCertificate,
    jose::VerifyingKey,
    tls::{ClientAuthorities, client_authorities::NotVouchedFor},
};

/// Why a certificate does not authenticate its client. All are answered alike; the texts are for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateRefusal {
    /// The caller showed none.
    #[error("the client authenticates by certificate, and none was shown")]
    Absent,
    /// It does not parse, or its alternative names do not.
    #[error("the client's certificate is damaged")]
    Damaged,
    /// It does not have the one name that is registered.
    #[error("the client's certificate does not have the registered name")]
    OtherName,
    /// Its key is none of those that are registered.
    #[error("the key of the client's certificate is not registered")]
    OtherKey,
    /// No trusted authority answers for it at present.
    #[error(transparent)]
    NotVouchedFor(#[from] NotVouchedFor),
}

/// `tls_client_auth` (section 2.1): an authority vouches for the certificate at `now`, and it has the registered name.
///
/// # Errors
/// [`CertificateRefusal`].
pub(super) fn require_name(
    certificate: &ClientCertificate,
    name: &CertificateName,
    authorities: &ClientAuthorities,
    now: UnixTime,
) -> Result<(), CertificateRefusal> {
    authorities.vouch(&certificate.chain, now)?;
    has_name(certificate, name)?
        .then_some(())
        .ok_or(CertificateRefusal::OtherName)
}

/// Whether the certificate has the name, whoever vouches for it.
///
/// # Errors
/// [`CertificateRefusal::Damaged`].
pub(crate) fn has_name(
    certificate: &ClientCertificate,
    name: &CertificateName,
) -> Result<bool, CertificateRefusal> {
    let parsed = parse(certificate)?;
    Ok(match name {
        CertificateName::SubjectDn(registered) => {
            let subject = DistinguishedName::of(parsed.subject());
            DistinguishedName::parse(registered).is_ok_and(|registered| subject == Some(registered))
        }
        name => parsed
            .subject_alternative_name()
            .map_err(|_| CertificateRefusal::Damaged)?
            .is_some_and(|names| {
                let mut names = names.value.general_names.iter();
                names.any(|found| is_alternative_name(name, found))
            }),
    })
}

/// The certificate's key. For `self_signed_tls_client_auth` (section 2.2) it must be one of the client's, and nothing else of
/// the certificate matters, its dates neither: the client vouches for it by having registered the key. A JWK with the
/// certificate in `x5c` has the same key (RFC 7517 section 4.7).
///
/// # Errors
/// [`CertificateRefusal::Damaged`], or [`CertificateRefusal::OtherKey`] if no key of its kind can be registered.
pub(crate) fn key(certificate: &ClientCertificate) -> Result<VerifyingKey, CertificateRefusal> {
    VerifyingKey::from_public_key_info(parse(certificate)?.public_key())
        .ok_or(CertificateRefusal::OtherKey)
}

fn parse(certificate: &ClientCertificate) -> Result<X509Certificate<'_>, CertificateRefusal> {
    let leaf = certificate
        .chain
        .first()
        .ok_or(CertificateRefusal::Absent)?;
    match X509Certificate::from_der(leaf) {
        Ok(([], parsed)) => Ok(parsed),
        _ => Err(CertificateRefusal::Damaged),
    }
}

/// Whether a name of a certificate is the registered one. Wildcards mean nothing: the name is a client's, not a server's.
fn is_alternative_name(registered: &CertificateName, found: &GeneralName<'_>) -> bool {
    match (registered, found) {
        (CertificateName::SanDns(registered), GeneralName::DNSName(found)) => {
            registered.eq_ignore_ascii_case(found)
        }
        (CertificateName::SanEmail(registered), GeneralName::RFC822Name(found)) => {
            same_mailbox(registered, found)
        }
        (CertificateName::SanIp(registered), GeneralName::IPAddress(found)) => {
            address(found) == Some(*registered)
        }
        (CertificateName::SanUri(registered), GeneralName::URI(found)) => {
            with_plain_host(registered) == with_plain_host(found)
        }
        _ => false,
    }
}

/// RFC 5280 section 7.5: only the host is compared without regard to case.
fn same_mailbox(one: &str, other: &str) -> bool {
    match (one.rsplit_once('@'), other.rsplit_once('@')) {
        (Some((local, host)), Some((other_local, other_host))) => {
            local == other_local && host.eq_ignore_ascii_case(other_host)
        }
        _ => false,
    }
}

/// RFC 5280 section 7.4: scheme and host in lower case, everything else as it is.
fn with_plain_host(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return uri.to_owned();
    };
    let scheme = scheme.to_ascii_lowercase();
    let Some(rest) = rest.strip_prefix("//") else {
        return format!("{scheme}:{rest}");
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (format!("{user}@"), host),
        None => (String::new(), authority),
    };
    format!("{scheme}://{user}{}{path}", host.to_ascii_lowercase())
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}
