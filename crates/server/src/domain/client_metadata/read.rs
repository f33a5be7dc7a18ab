//! The steps of reading client metadata, one function for members that depend on each other.

use tegata_protocol::ciba::{GRANT_TYPE, Scope, ScopeError, TokenDeliveryMode};
use url::Url;

use super::{
    AuthenticationMethod, MetadataError, Offered, REFRESH_TOKEN, Result, members::Members,
    sector_address,
};
use crate::{
    domain::{
        CertificateName, ClientKeys, ClientSettings, Delivery, DistinguishedName, client::is_shown,
    },
    jose::{Algorithm, KeySet},
};

/// Longest name in a certificate, in bytes.
const MAX_CERTIFICATE_NAME: usize = 1024;

/// The names by which `tls_client_auth` clients may be known (RFC 8705 section 2.1.2).
const CERTIFICATE_NAMES: [&str; 5] = [
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_email",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_uri",
];

pub(super) fn read_name(members: &Members<'_>) -> Result<Option<String>> {
    let name = members.text("client_name")?;
    match name {
        Some(name) if !is_shown(name) => Err(MetadataError::new(
            "client_name",
            "must be 1 to 64 characters, all of which can be seen",
        )),
        name => Ok(name.map(str::to_owned)),
    }
}

pub(super) fn read_keys(members: &Members<'_>, offered: &Offered) -> Result<Option<ClientKeys>> {
    let by_value = members.value("jwks");
    let by_address = members.address("jwks_uri", offered)?;
    match (by_value, by_address) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(MetadataError::new(
            "jwks",
            "and jwks_uri exclude each other",
        )),
        (None, Some(address)) => Ok(Some(ClientKeys::JwksUri(address.to_owned()))),
        (Some(set), None) => {
            let text = set.to_string();
            KeySet::require(&text)
                .map_err(|error| MetadataError::new("jwks", error.to_string().replace('"', "'")))?;
            Ok(Some(ClientKeys::Jwks(text)))
        }
    }
}

pub(super) fn read_method(
    members: &Members<'_>,
    offered: &Offered,
) -> Result<AuthenticationMethod> {
    const MEMBER: &str = "token_endpoint_auth_method";
    // RFC 7591 section 2: the default is client_secret_basic.
    let name = members.text(MEMBER)?.unwrap_or("client_secret_basic");
    let not_offered =
        || MetadataError::not_offered(MEMBER, offered.authentication_methods.iter().copied());
    if !offered.authentication_methods.contains(&name) {
        return Err(not_offered());
    }
    Ok(match name {
        "client_secret_basic" => AuthenticationMethod::ClientSecretBasic,
        "client_secret_post" => AuthenticationMethod::ClientSecretPost,
        "client_secret_jwt" => AuthenticationMethod::ClientSecretJwt,
        "private_key_jwt" => AuthenticationMethod::PrivateKeyJwt,
        "self_signed_tls_client_auth" => AuthenticationMethod::SelfSignedTlsClientAuth,
        "tls_client_auth" => AuthenticationMethod::TlsClientAuth {
            name: read_certificate_name(members)?,
        },
        _ => return Err(not_offered()),
    })
}

/// Exactly one of [`CERTIFICATE_NAMES`].
pub(super) fn read_certificate_name(members: &Members<'_>) -> Result<CertificateName> {
    let mut found = None;
    for member in CERTIFICATE_NAMES {
        if let Some(text) = members.text(member)?
            && found.replace((member, text)).is_some()
        {
            return Err(MetadataError::new(
                member,
                "stands beside another: exactly one tls_client_auth name must be registered",
            ));
        }
    }
    let Some((member, text)) = found else {
        return Err(MetadataError::new(
            CERTIFICATE_NAMES[0],
            "or one of the tls_client_auth_san names must be registered",
        ));
    };
    let plain = !text.is_empty()
        && text.len() <= MAX_CERTIFICATE_NAME
        && !text.chars().any(char::is_control);
    let name = text.to_owned();
    let name = match member {
        "tls_client_auth_san_dns" if plain => Some(CertificateName::SanDns(name)),
        "tls_client_auth_san_email" if plain && text.contains('@') => {
            Some(CertificateName::SanEmail(name))
        }
        "tls_client_auth_san_ip" => text.parse().ok().map(CertificateName::SanIp),
        "tls_client_auth_san_uri" if plain && Url::parse(text).is_ok() => {
            Some(CertificateName::SanUri(name))
        }
        "tls_client_auth_subject_dn" if plain && DistinguishedName::parse(text).is_ok() => {
            Some(CertificateName::SubjectDn(name))
        }
        _ => None,
    };
    name.ok_or_else(|| MetadataError::new(member, "is not a name of that kind"))
}

/// `token_endpoint_auth_signing_alg`, which has a meaning only for methods with assertions. `client_secret_jwt` has one
/// algorithm, so nothing needs to be kept for it.
pub(super) fn read_assertion_alg(
    members: &Members<'_>,
    method: &AuthenticationMethod,
    offered: &Offered,
) -> Result<Option<Algorithm>> {
    const MEMBER: &str = "token_endpoint_auth_signing_alg";
    match method {
        AuthenticationMethod::PrivateKeyJwt => {
            algorithm(members, MEMBER, &offered.client_algorithms)
        }
        AuthenticationMethod::ClientSecretJwt => match members.text(MEMBER)? {
            None | Some("HS256") => Ok(None),
            Some(_) => Err(MetadataError::new(
                MEMBER,
                "must be HS256 for client_secret_jwt",
            )),
        },
        _ => Ok(None),
    }
}

/// The algorithm of a member; `None` if it is absent.
pub(super) fn algorithm(
    members: &Members<'_>,
    member: &'static str,
    offered: &[Algorithm],
) -> Result<Option<Algorithm>> {
    let Some(name) = members.text(member)? else {
        return Ok(None);
    };
    let found = Algorithm::parse(name).filter(|algorithm| offered.contains(algorithm));
    found.map(Some).ok_or_else(|| {
        MetadataError::not_offered(member, offered.iter().map(|algorithm| algorithm.name()))
    })
}

/// Keys that are known by value fit the algorithms of a client that signs: each that it has chosen, and one at least.
pub(super) fn require_fitting(
    keys: &ClientKeys,
    offered: &Offered,
    chosen: &[Option<Algorithm>],
) -> Result<()> {
    let ClientKeys::Jwks(text) = keys else {
        return Ok(());
    };
    let set = KeySet::parse(text);
    let fits = |algorithm: &Algorithm| set.candidates(*algorithm, None).next().is_some();
    let missing = |what: &str| MetadataError::new("jwks", format!("holds no key for {what}"));
    if let Some(algorithm) = chosen.iter().flatten().find(|one| !fits(one)) {
        return Err(missing(algorithm.name()));
    }
    if !offered.client_algorithms.iter().any(fits) {
        return Err(missing("the algorithms of this provider"));
    }
    Ok(())
}

pub(super) fn read_delivery(members: &Members<'_>, offered: &Offered) -> Result<Delivery> {
    const MODE: &str = "backchannel_token_delivery_mode";
    const ENDPOINT: &str = "backchannel_client_notification_endpoint";
    let all = [
        ("poll", TokenDeliveryMode::Poll),
        ("ping", TokenDeliveryMode::Ping),
        ("push", TokenDeliveryMode::Push),
    ];
    let is_offered = |mode: TokenDeliveryMode| offered.delivery_modes.contains(&mode);
    let text = members
        .text(MODE)?
        .ok_or_else(|| MetadataError::new(MODE, "is required: poll, ping or push"))?;
    let (_, mode) = all
        .into_iter()
        .find(|(name, mode)| *name == text && is_offered(*mode))
        .ok_or_else(|| {
            let names = all.iter().filter(|(_, mode)| is_offered(*mode));
            MetadataError::not_offered(MODE, names.map(|(name, _)| *name))
        })?;
    if mode == TokenDeliveryMode::Poll {
        return Ok(Delivery::Poll);
    }
    let endpoint = members
        .address(ENDPOINT, offered)?
        .ok_or_else(|| MetadataError::new(ENDPOINT, "is required for ping and push"))?
        .to_owned();
    Ok(if mode == TokenDeliveryMode::Push {
        Delivery::Push { endpoint }
    } else {
        Delivery::Ping { endpoint }
    })
}

/// `grant_types` and `response_types`; whether the client gets refresh tokens. There is no authorization endpoint that
/// answers, so any response type is one too many.
pub(super) fn read_grants(members: &Members<'_>, delivery: &Delivery) -> Result<bool> {
    const MEMBER: &str = "grant_types";
    let grants = members.texts(MEMBER)?.unwrap_or_default();
    if grants
        .iter()
        .any(|grant| ![GRANT_TYPE, REFRESH_TOKEN].contains(grant))
    {
        return Err(MetadataError::not_offered(
            MEMBER,
            [GRANT_TYPE, REFRESH_TOKEN],
        ));
    }
    let may_poll = !matches!(delivery, Delivery::Push { .. });
    if may_poll && !grants.contains(&GRANT_TYPE) {
        return Err(MetadataError::new(
            MEMBER,
            format!("must contain {GRANT_TYPE} for poll and ping"),
        ));
    }
    let responses = members.texts("response_types")?.unwrap_or_default();
    if !responses.is_empty() {
        return Err(MetadataError::new(
            "response_types",
            "must be empty: this provider speaks CIBA and has no authorization endpoint",
        ));
    }
    Ok(grants.contains(&REFRESH_TOKEN))
}

/// `tls_client_certificate_bound_access_tokens` and `dpop_bound_access_tokens`, which exclude each other: a token is bound
/// to one thing.
pub(super) fn read_bindings(members: &Members<'_>, offered: &Offered) -> Result<(bool, bool)> {
    const CERTIFICATE: &str = "tls_client_certificate_bound_access_tokens";
    const DPOP: &str = "dpop_bound_access_tokens";
    let wanted = offered.binds_to_certificates;
    let certificate = members.flag(CERTIFICATE)?.unwrap_or(wanted);
    if wanted && !certificate {
        return Err(MetadataError::new(
            CERTIFICATE,
            "must be true: this provider binds all tokens",
        ));
    }
    if certificate && !wanted && !offered.certificates {
        return Err(MetadataError::new(
            CERTIFICATE,
            "is not offered by this provider",
        ));
    }
    let dpop = members.flag(DPOP)?.unwrap_or(false);
    if dpop && !offered.dpop {
        return Err(MetadataError::new(DPOP, "is not offered by this provider"));
    }
    if dpop && certificate {
        return Err(MetadataError::new(
            DPOP,
            "and tls_client_certificate_bound_access_tokens exclude each other",
        ));
    }
    Ok((certificate, dpop))
}

/// The client's sector and the document that says so (CIBA Core section 4, OpenID Connect Core section 8.1). `is_proved`:
/// the client proves in every request that the keys at its `jwks_uri` are its own.
pub(super) fn read_sector(
    members: &Members<'_>,
    offered: &Offered,
    keys: Option<&ClientKeys>,
    delivery: &Delivery,
    is_proved: bool,
) -> Result<(Option<String>, Option<String>)> {
    const TYPE: &str = "subject_type";
    let document = members.address("sector_identifier_uri", offered)?;
    match members.text(TYPE)? {
        None | Some("public") => return Ok((None, None)),
        Some("pairwise") => {}
        Some(_) => return Err(MetadataError::not_offered(TYPE, ["public", "pairwise"])),
    }
    let settings = ClientSettings {
        keys: keys.cloned(),
        delivery: delivery.clone(),
        ..ClientSettings::default()
    };
    // 1. Poll and ping: keys at an address, proved by use. Push: the endpoint to which tokens are sent.
    let address = sector_address(&settings).ok_or_else(|| {
        MetadataError::new(
            "jwks_uri",
            "is required for pairwise subjects with poll and ping",
        )
    })?;
    if !is_proved && !matches!(delivery, Delivery::Push { .. }) {
        return Err(MetadataError::new(
            TYPE,
            "pairwise needs private_key_jwt, self_signed_tls_client_auth or signed requests",
        ));
    }
    // 2. The sector is the document's host if there is one, which then must list the address, else the address's.
    let host = Url::parse(document.unwrap_or(address))
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    let host =
        host.ok_or_else(|| MetadataError::new(TYPE, "pairwise needs an address with a host"))?;
    Ok((Some(host), document.map(str::to_owned)))
}

pub(super) fn read_scope(members: &Members<'_>) -> Result<Option<String>> {
    let Some(text) = members.text("scope")? else {
        return Ok(None);
    };
    match Scope::parse(text) {
        Ok(_) => Ok(Some(text.to_owned())),
        Err(ScopeError::NoOpenId) => Err(MetadataError::new("scope", "must contain openid")),
        Err(_) => Err(MetadataError::new("scope", "is malformed")),
    }
}

pub(super) fn read_details_types(members: &Members<'_>, offered: &Offered) -> Result<Vec<String>> {
    const MEMBER: &str = "authorization_details_types";
    let types = members.texts(MEMBER)?.unwrap_or_default();
    let is_offered = |one: &&str| {
        offered
            .authorization_details_types
            .iter()
            .any(|it| it == one)
    };
    if !types.iter().all(is_offered) {
        return Err(MetadataError::new(
            MEMBER,
            "has a type that this provider does not offer",
        ));
    }
    Ok(types.into_iter().map(str::to_owned).collect())
}
