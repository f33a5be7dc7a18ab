//! What a client says about itself when it is registered (RFC 7591 section 2), and the one conversion of it to and from
//! what is stored. The operator's commands, the admin interface and dynamic registration all use it.
//!
//! Members: OAuth Dynamic Client Registration (RFC 7591), CIBA Core section 4, OpenID Connect Registration section 2, RFC
//! 8705 sections 2.1.2 and 3.4, RFC 9396 section 10, RFC 9449 section 5.2. A member that is not known here is ignored, and so
//! is one that is `null`; one that is known and cannot be kept to is an error that names it. Nothing that the provider does
//! not offer ([`Offered`]) is accepted.
//!
//! What is **not** here: fetching. A sector document must be fetched and shown to [`lists`] before a client is registered
//! that has one, see [`ClientMetadata::sector_document`].
//!
//! To add a member: read it in the step of [`ClientMetadata::parse`] where it belongs, write it in `write`, and add it to the
//! property test's members.

mod members;
mod write;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use std::net::IpAddr;
use tegata_protocol::ciba::{GRANT_TYPE, Scope, ScopeError, TokenDeliveryMode};
use url::Url;

use super::{
    CertificateName, Client, ClientAuthentication, ClientKeys, ClientSettings, Delivery,
    DistinguishedName, client::is_shown,
};
use crate::jose::{Algorithm, KeySet};
use members::Members;

/// `grant_types` value of clients that get refresh tokens (RFC 7591 section 2).
pub const REFRESH_TOKEN: &str = "refresh_token";

/// Most values of one list.
const MAX_VALUES: usize = 32;

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

/// What the provider offers to clients and demands of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// `token_endpoint_auth_method` values.
    pub authentication_methods: Vec<&'static str>,
    /// How clients may learn of results.
    pub delivery_modes: Vec<TokenDeliveryMode>,
    /// With what clients may sign assertions and requests.
    pub client_algorithms: Vec<Algorithm>,
    /// With what ID tokens can be signed; the first is for clients that do not say.
    pub id_token_algorithms: Vec<Algorithm>,
    /// Types of `authorization_details`.
    pub authorization_details_types: Vec<String>,
    /// Tokens may be bound by DPoP.
    pub dpop: bool,
    /// All tokens are bound to certificates, whatever the client says.
    pub binds_to_certificates: bool,
    /// All requests must be signed, so that a client without keys could never ask.
    pub wants_signed_requests: bool,
    /// Addresses may be `http` on this machine: in demo mode alone.
    pub local_http: bool,
}

/// How a client wants to authenticate; its secret, if it needs one, is not the client's to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthenticationMethod {
    /// `client_secret_basic`.
    ClientSecretBasic,
    /// `client_secret_post`.
    ClientSecretPost,
    /// `client_secret_jwt`.
    ClientSecretJwt,
    /// `private_key_jwt`.
    PrivateKeyJwt,
    /// `self_signed_tls_client_auth`.
    SelfSignedTlsClientAuth,
    /// `tls_client_auth`.
    TlsClientAuth {
        /// What its certificate must name.
        name: CertificateName,
    },
}

/// Client metadata that the provider can keep to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientMetadata {
    /// `client_name`; `None`: the client is called by its id.
    pub name: Option<String>,
    /// `token_endpoint_auth_method`.
    pub method: AuthenticationMethod,
    /// Everything else. What is no client metadata has its default.
    pub settings: ClientSettings,
}

/// A member cannot be kept to (`invalid_client_metadata`, RFC 7591 section 3.2.2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member} {problem}")]
pub struct MetadataError {
    /// Its name.
    pub member: &'static str,
    /// What is wrong with it, to stand after the name. Holds no values, and no character that an error body may not hold.
    pub problem: String,
}

impl MetadataError {
    fn new(member: &'static str, problem: impl Into<String>) -> Self {
        Self {
            member,
            problem: problem.into(),
        }
    }

    fn not_offered<'a>(member: &'static str, offered: impl IntoIterator<Item = &'a str>) -> Self {
        let offered: Vec<_> = offered.into_iter().collect();
        if offered.is_empty() {
            return Self::new(member, "has a value that this provider does not offer");
        }
        Self::new(member, format!("must be one of {}", offered.join(", ")))
    }
}

type Result<T> = std::result::Result<T, MetadataError>;

impl AuthenticationMethod {
    /// `token_endpoint_auth_method`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::TlsClientAuth { .. } => "tls_client_auth",
        }
    }

    /// Whether the client proves in every request that it holds the private half of a registered key.
    const fn proves_keys(&self) -> bool {
        matches!(self, Self::PrivateKeyJwt | Self::SelfSignedTlsClientAuth)
    }
}

impl From<&ClientAuthentication> for AuthenticationMethod {
    fn from(stored: &ClientAuthentication) -> Self {
        match stored {
            ClientAuthentication::ClientSecretBasic { .. } => Self::ClientSecretBasic,
            ClientAuthentication::ClientSecretPost { .. } => Self::ClientSecretPost,
            ClientAuthentication::ClientSecretJwt { .. } => Self::ClientSecretJwt,
            ClientAuthentication::PrivateKeyJwt => Self::PrivateKeyJwt,
            ClientAuthentication::SelfSignedTlsClientAuth => Self::SelfSignedTlsClientAuth,
            ClientAuthentication::TlsClientAuth { name } => {
                Self::TlsClientAuth { name: name.clone() }
            }
        }
    }
}

impl From<&Client> for ClientMetadata {
    fn from(client: &Client) -> Self {
        Self {
            name: Some(client.name.clone()),
            method: (&client.authentication).into(),
            settings: client.settings.clone(),
        }
    }
}

impl ClientMetadata {
    /// Reads the members of client metadata.
    ///
    /// # Errors
    /// [`MetadataError`]: the first member, in the order of the steps, that cannot be kept to.
    pub fn parse(members: &Map<String, Value>, offered: &Offered) -> Result<Self> {
        let members = Members::of(members);
        // 1. What people read.
        let name = read_name(&members)?;
        // 2. Keys, which several of the following need.
        let keys = read_keys(&members, offered)?;
        // 3. How the client authenticates, and with what algorithm.
        let method = read_method(&members, offered)?;
        let assertion_alg = read_assertion_alg(&members, &method, offered)?;
        // 4. How it signs requests.
        let request_alg = algorithm(
            &members,
            "backchannel_authentication_request_signing_alg",
            &offered.client_algorithms,
        )?;
        let signs = method == AuthenticationMethod::PrivateKeyJwt
            || request_alg.is_some()
            || offered.wants_signed_requests;
        match &keys {
            Some(keys) if signs => require_fitting(keys, offered, &[assertion_alg, request_alg])?,
            None if signs || method.proves_keys() => {
                return Err(MetadataError::new(
                    "jwks",
                    "or jwks_uri must be registered by clients that sign or have a self-signed certificate",
                ));
            }
            _ => {}
        }
        // 5. How it learns of results, and by which grants it gets tokens.
        let delivery = read_delivery(&members, offered)?;
        let refresh = read_grants(&members, &delivery)?;
        // 6. What its tokens are.
        let id_token_alg = algorithm(
            &members,
            "id_token_signed_response_alg",
            &offered.id_token_algorithms,
        )?
        .or(offered.id_token_algorithms.first().copied())
        .unwrap_or_default();
        let (certificate_bound, dpop_bound) = read_bindings(&members, offered)?;
        // 7. By what name it knows people.
        let is_proved = method.proves_keys() || request_alg.is_some();
        let (sector, sector_identifier_uri) =
            read_sector(&members, offered, keys.as_ref(), &delivery, is_proved)?;
        // 8. What it may ask for.
        let scope = read_scope(&members)?;
        let authorization_details_types = read_details_types(&members, offered)?;
        Ok(Self {
            name,
            method,
            settings: ClientSettings {
                keys,
                delivery,
                assertion_alg,
                request_alg,
                user_code: members
                    .flag("backchannel_user_code_parameter")?
                    .unwrap_or(false),
                id_token_alg,
                certificate_bound,
                dpop_bound,
                sector,
                sector_identifier_uri,
                scope,
                authorization_details_types,
                refresh,
                ..ClientSettings::default()
            },
        })
    }

    /// The sector document that must be fetched before the client is registered, and the address that it must list (CIBA
    /// Core section 4, OpenID Connect Registration section 5): see [`lists`].
    pub fn sector_document(&self) -> Option<(&str, &str)> {
        let document = self.settings.sector_identifier_uri.as_deref()?;
        Some((document, sector_address(&self.settings)?))
    }

    /// Every address that the provider would call for this client, by the member that has it.
    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let settings = &self.settings;
        let keys = match &settings.keys {
            Some(ClientKeys::JwksUri(address)) => Some(("jwks_uri", address.as_str())),
            Some(ClientKeys::Jwks(_)) | None => None,
        };
        let endpoint = settings.delivery.endpoint();
        let endpoint = endpoint.map(|it| ("backchannel_client_notification_endpoint", it));
        let document = settings.sector_identifier_uri.as_deref();
        let document = document.map(|it| ("sector_identifier_uri", it));
        keys.into_iter().chain(endpoint).chain(document)
    }
}

/// Whether a sector document, a JSON array of addresses, has `address` among them, compared as they stand.
pub fn lists(document: &[u8], address: &str) -> bool {
    let listed: Vec<String> = serde_json::from_slice(document).unwrap_or_default();
    listed.iter().any(|one| one == address)
}

/// What shows to which sector a client belongs: where its tokens go if they are sent, else where its keys are.
fn sector_address(settings: &ClientSettings) -> Option<&str> {
    match (&settings.delivery, &settings.keys) {
        (Delivery::Push { endpoint }, _) => Some(endpoint),
        (_, Some(ClientKeys::JwksUri(address))) => Some(address),
        (_, Some(ClientKeys::Jwks(_)) | None) => None,
    }
}

fn read_name(members: &Members<'_>) -> Result<Option<String>> {
    let name = members.text("client_name")?;
    match name {
        Some(name) if !is_shown(name) => Err(MetadataError::new(
            "client_name",
            "must be 1 to 64 characters, all of which can be seen",
        )),
        name => Ok(name.map(str::to_owned)),
    }
}

fn read_keys(members: &Members<'_>, offered: &Offered) -> Result<Option<ClientKeys>> {
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

fn read_method(members: &Members<'_>, offered: &Offered) -> Result<AuthenticationMethod> {
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
fn read_certificate_name(members: &Members<'_>) -> Result<CertificateName> {
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
fn read_assertion_alg(
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
fn algorithm(
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
fn require_fitting(
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

fn read_delivery(members: &Members<'_>, offered: &Offered) -> Result<Delivery> {
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
fn read_grants(members: &Members<'_>, delivery: &Delivery) -> Result<bool> {
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
fn read_bindings(members: &Members<'_>, offered: &Offered) -> Result<(bool, bool)> {
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
fn read_sector(
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

fn read_scope(members: &Members<'_>) -> Result<Option<String>> {
    let Some(text) = members.text("scope")? else {
        return Ok(None);
    };
    match Scope::parse(text) {
        Ok(_) => Ok(Some(text.to_owned())),
        Err(ScopeError::NoOpenId) => Err(MetadataError::new("scope", "must contain openid")),
        Err(_) => Err(MetadataError::new("scope", "is malformed")),
    }
}

fn read_details_types(members: &Members<'_>, offered: &Offered) -> Result<Vec<String>> {
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

/// Whether the host is this machine.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}
