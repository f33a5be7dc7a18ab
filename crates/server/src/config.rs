//! Configuration: defaults, then `tegata-server.toml`, then `TEGATA_…` from the environment.
//!
//! Every option is documented once, on its field here and in [`DEFAULT_FILE`], which `init` writes. To add one: a field
//! with its default, a line in `DEFAULT_FILE`; a test checks that the two agree.

use crate::{
    domain::{CLOSE_NOTICE_SECONDS, Limits},
    verification::VerifierKind,
};
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
    value::Value,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    panic::resume_unwind,
    path::{Path, PathBuf},
    thread,
};

mod automation;
mod callbacks;
mod connections;
mod issuer;
mod offered;
mod profile;
mod proxy;
mod rates;
mod registration;
mod requests;
mod tls;
mod tokens;

pub use automation::AutomationConfig;
pub use callbacks::CallbacksConfig;
pub use connections::Connections;
pub use issuer::{InvalidIssuerError, Issuer};
pub use profile::Profile;
pub use proxy::ProxyConfig;
pub use rates::{MetricsConfig, RateConfig};
pub use registration::RegistrationConfig;
pub use requests::{DetailTypeConfig, HintIssuerConfig};
pub use tls::TlsConfig;
pub use tokens::{AccessTokenFormat, DpopConfig, TokensConfig};

/// Bytes of stack for the parser: several times what its deepest recursion takes in a build without optimization.
const PARSER_STACK: usize = 8 * 1024 * 1024;

/// All options. See [`DEFAULT_FILE`] for the text that explains them to an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen; without TLS it MUST be a loopback address. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The issuer; MUST be `https`, or `http` on `localhost`; never an IP literal. Default: `http://localhost:PORT`;
    /// with TLS it MUST be set, and be `https`.
    pub issuer: Option<Issuer>,
    /// Keys, database and the rest. Default: the operating system's folder for application data.
    pub data_dir: Option<PathBuf>,
    /// Serve the demo consumption page and make its person and client. The issuer MUST be local: `localhost` or under it.
    pub demo: bool,
    /// The server's name as devices show it; 1–64 characters.
    pub name: String,
    /// The rules that it keeps to and holds clients to.
    pub profile: Profile,
    /// The polling interval that clients are told and held to, in seconds; at least 1.
    pub interval: u32,
    /// What clients that authenticate with a key may name as audience.
    pub assertion_audience: AssertionAudience,
    /// Which library checks the signatures of decisions.
    pub approval_verifier: VerifierKind,
    /// What scopes give, in plain words, by scope value. Overrides and adds to the standard ones.
    pub scopes: BTreeMap<String, ScopeTexts>,
    /// The types of `authorization_details` that clients can be registered for, by name (RFC 9396).
    pub authorization_details: BTreeMap<String, DetailTypeConfig>,
    /// Whose `login_hint_token`s are believed (CIBA Core section 7.1).
    pub hint_issuers: Vec<HintIssuerConfig>,
    /// The server's own certificate.
    pub tls: TlsConfig,
    /// Whom the server may call at clients' request.
    pub callbacks: CallbacksConfig,
    /// How many connections there may be.
    pub connections: Connections,
    /// Who may speak for others.
    pub proxy: ProxyConfig,
    /// What tokens look like.
    pub tokens: TokensConfig,
    /// What proofs of possession need.
    pub dpop: DpopConfig,
    /// The hook through which test suites decide.
    pub automation: AutomationConfig,
    /// Whether clients may register themselves.
    pub registration: RegistrationConfig,
    /// How the server logs.
    pub log: LogConfig,
    /// How long things live, in seconds.
    pub lifetimes: Lifetimes,
    /// How often people may be asked.
    pub limits: Limits,
    /// How often anybody may come.
    pub rates: RateConfig,
    /// Who may read the metrics.
    pub metrics: MetricsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8480)),
            issuer: None,
            data_dir: None,
            demo: false,
            name: "Tegata".to_owned(),
            profile: Profile::default(),
            interval: 5,
            assertion_audience: AssertionAudience::IssuerOnly,
            approval_verifier: VerifierKind::default(),
            scopes: BTreeMap::new(),
            authorization_details: BTreeMap::new(),
            hint_issuers: Vec::new(),
            tls: TlsConfig::default(),
            callbacks: CallbacksConfig::default(),
            connections: Connections::default(),
            proxy: ProxyConfig::default(),
            tokens: TokensConfig::default(),
            dpop: DpopConfig::default(),
            automation: AutomationConfig::default(),
            registration: RegistrationConfig::default(),
            log: LogConfig::default(),
            lifetimes: Lifetimes::default(),
            limits: Limits::default(),
            rates: RateConfig::default(),
            metrics: MetricsConfig::default(),
        }
    }
}

/// What `aud` of a client assertion (`private_key_jwt`) must be. Two standards disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssertionAudience {
    /// CIBA Core section 7.1: issuer, token endpoint or backchannel authentication endpoint, also among others. Needed
    /// for its conformance tests; a server that a client trusts less can use such an assertion here.
    CibaCore,
    /// RFC 10070: the issuer and nothing else.
    IssuerOnly,
}

/// What a scope gives, or the label of a value, as the person who approves reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeTexts {
    /// In English.
    pub en: String,
    /// In Japanese.
    pub ja: String,
}

/// How the server logs, to standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `text` or `json`.
    pub format: LogFormat,
    /// A `tracing` filter such as `info` or `tegata_server=debug`.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: "info".to_owned(),
        }
    }
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// How long things live. All in seconds, all at least 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifetimes {
    /// A request when the client does not say `requested_expiry`.
    pub request: u32,
    /// The longest that `requested_expiry` can ask for; more is cut to this.
    pub request_longest: u32,
    /// An invitation, from issue to redemption.
    pub invitation: u32,
    /// A pairing, from redemption to confirmation.
    pub pairing: u32,
    /// A server nonce for proofs.
    pub nonce: u32,
    /// An ID token.
    pub id_token: u32,
    /// An access token.
    pub access_token: u32,
    /// A refresh token and all that take its place, from the request on.
    pub refresh_token: u32,
    /// How long an expired request is still answered with `expired_token`.
    pub retention: u32,
    /// Signed device metadata.
    pub metadata: u32,
    /// How long after its issue an ID token is still good as `id_token_hint`; retired keys are kept as long.
    pub id_token_hint: u32,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            request: 120,
            request_longest: 300,
            invitation: 300,
            pairing: 300,
            nonce: 300,
            id_token: 300,
            access_token: 600,
            refresh_token: 30 * 86_400,
            retention: 86_400,
            metadata: 86_400,
            id_token_hint: 7_776_000,
        }
    }
}

/// The configuration cannot be used. The text names the source and the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was asked for does not exist.
    #[error("there is no configuration file {0}")]
    NoFile(PathBuf),
    /// The system has no thread to read it on.
    #[error("the configuration cannot be read at present: {0}")]
    NoThread(io::Error),
    /// A value is missing, unknown or of the wrong form.
    #[error("{0}")]
    Invalid(Box<figment::Error>),
    /// A value is well-formed and not allowed.
    #[error("{key}: {problem}")]
    NotAllowed {
        /// The option.
        key: &'static str,
        /// Why.
        problem: String,
    },
}

impl Config {
    /// Reads defaults, then `file` (which must exist if given), then the environment.
    ///
    /// # Errors
    /// [`ConfigError`], naming the source and the key.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let file = match file {
            Some(path) if !path.is_file() => return Err(ConfigError::NoFile(path.to_owned())),
            file => file.map(Toml::file_exact),
        };
        Self::extract(move || {
            // Only our own options: other programs of the project read variables with the same prefix.
            let env = Env::prefixed("TEGATA_").split("__").only(&ENVIRONMENT_KEYS);
            let texts: Vec<_> = env
                .iter()
                .filter(|(key, text)| is_text_like_another_value(key.as_str(), text))
                .collect();
            let defaults = Figment::from(Serialized::defaults(Self::default()));
            let sources = match file {
                Some(file) => defaults.merge(file).merge(env),
                None => defaults.merge(env),
            };
            texts.into_iter().fold(sources, |sources, (key, text)| {
                sources.merge((key.as_str().to_ascii_lowercase(), text))
            })
        })
    }

    /// Reads defaults and then the text of a configuration file, without the environment.
    ///
    /// # Errors
    /// [`ConfigError`], naming the key.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let file = Toml::string(text);
        Self::extract(move || Figment::from(Serialized::defaults(Self::default())).merge(file))
    }

    /// On a stack of its own: the parser recurses until it refuses 128 levels, which a caller's stack may not hold.
    fn extract(sources: impl FnOnce() -> Figment + Send + 'static) -> Result<Self, ConfigError> {
        let read = move || {
            sources()
                .extract::<Self>()
                .map_err(|error| ConfigError::Invalid(Box::new(error)))
        };
        thread::Builder::new()
            .stack_size(PARSER_STACK)
            .spawn(read)
            .map_err(ConfigError::NoThread)?
            .join()
            .unwrap_or_else(|panic| resume_unwind(panic))?
            .checked()
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// [`ConfigError::NotAllowed`].
    pub fn checked(self) -> Result<Self, ConfigError> {
        let not = |key, problem: &str| ConfigError::NotAllowed {
            key,
            problem: problem.to_owned(),
        };
        self.check_transport()?;
        self.connections.check()?;
        self.proxy.check()?;
        self.check_tokens()?;
        self.automation.check(self.issuer.as_ref())?;
        self.check_requests()?;
        self.registration.check()?;
        if self.demo
            && let Some(issuer) = &self.issuer
            && !issuer.is_local()
        {
            return Err(ConfigError::NotAllowed {
                key: "demo",
                problem: format!(
                    "the demo gives a pairing page to whoever asks, so it runs only where the issuer is localhost or \
                     a name under it, and this one is {issuer}. Switch the demo off, or use another data folder"
                ),
            });
        }
        if self.name.trim().is_empty()
            || self.name.chars().count() > 64
            || self.name.chars().any(char::is_control)
        {
            return Err(not(
                "name",
                "must be 1 to 64 characters without control characters",
            ));
        }
        if self.interval == 0 {
            return Err(not("interval", "must be at least 1 second"));
        }
        let l = &self.lifetimes;
        let all = [
            ("lifetimes.request", l.request),
            ("lifetimes.request_longest", l.request_longest),
            ("lifetimes.invitation", l.invitation),
            ("lifetimes.pairing", l.pairing),
            ("lifetimes.nonce", l.nonce),
            ("lifetimes.id_token", l.id_token),
            ("lifetimes.access_token", l.access_token),
            ("lifetimes.refresh_token", l.refresh_token),
            ("lifetimes.retention", l.retention),
            ("lifetimes.metadata", l.metadata),
            ("lifetimes.id_token_hint", l.id_token_hint),
        ];
        for (key, value) in all {
            if value == 0 {
                return Err(not(key, "must be at least 1 second"));
            }
        }
        if self.metrics.is_too_short() {
            return Err(not("metrics.token", "must be at least 16 characters"));
        }
        let notices = u32::try_from(CLOSE_NOTICE_SECONDS).unwrap_or(u32::MAX);
        if l.retention < notices {
            return Err(ConfigError::NotAllowed {
                key: "lifetimes.retention",
                problem: format!(
                    "must be at least {notices} seconds: for so long devices that were away are told that a request \
                     closed, and a request that is forgotten earlier closes without a word"
                ),
            });
        }
        if l.request > l.request_longest {
            return Err(not(
                "lifetimes.request",
                "must not be longer than lifetimes.request_longest",
            ));
        }
        Ok(self)
    }
}

/// Options whose value is text whatever it looks like: `1234567890123456` is a token, and an error about it would show it.
const TEXTS: [&str; 4] = [
    "automation.key",
    "metrics.token",
    "name",
    "registration.initial_access_token",
];

/// Whether a variable is one of [`TEXTS`] and would be read as a number or the like.
fn is_text_like_another_value(key: &str, text: &str) -> bool {
    TEXTS.iter().any(|one| key.eq_ignore_ascii_case(one))
        && !matches!(text.parse(), Ok(Value::String(..)))
}

const ENVIRONMENT_KEYS: [&str; 63] = [
    "listen",
    "issuer",
    "data_dir",
    "demo",
    "name",
    "profile",
    "interval",
    "assertion_audience",
    "approval_verifier",
    "tls.certificate",
    "tls.key",
    "callbacks.allow",
    "callbacks.ports",
    "callbacks.authorities",
    "tls.client_authorities",
    "tls.mtls_base",
    "connections.most",
    "connections.most_per_address",
    "connections.handshakes",
    "connections.handshakes_per_address",
    "connections.handshake_seconds",
    "connections.headers_seconds",
    "proxy.addresses",
    "proxy.client_certificate_header",
    "proxy.address_header",
    "tokens.algorithms",
    "dpop.require_nonce",
    "automation.key",
    "automation.allow_public",
    "registration.enabled",
    "registration.initial_access_token",
    "registration.open",
    "log.format",
    "log.level",
    "lifetimes.request",
    "lifetimes.request_longest",
    "lifetimes.invitation",
    "lifetimes.pairing",
    "lifetimes.nonce",
    "lifetimes.id_token",
    "lifetimes.access_token",
    "lifetimes.refresh_token",
    "tokens.access_token_format",
    "lifetimes.retention",
    "lifetimes.metadata",
    "lifetimes.id_token_hint",
    "hint_issuers",
    "limits.pending_per_account",
    "limits.pending_per_client",
    "limits.per_account_per_minute",
    "limits.per_client_per_ten_minutes",
    "limits.first_wait_seconds",
    "limits.longest_wait_seconds",
    "limits.mute_seconds",
    "rates.address_per_minute",
    "rates.address_burst",
    "rates.client_per_minute",
    "rates.client_burst",
    "rates.person_per_minute",
    "rates.failed_authentication",
    "metrics.token",
    "log",
    "limits",
];

/// The file that `init` writes: every option with its default, commented out.
pub const DEFAULT_FILE: &str = r#"# tegata-server: every option with its default. Remove the `#` of a line to change it.
# The environment overrides this file: TEGATA_LISTEN, TEGATA_LIFETIMES__REQUEST, TEGATA_LOG__LEVEL, …

# Where to listen. A loopback address, unless [tls] is set. Port 0 lets the system choose.
# listen = "127.0.0.1:8480"

# What tokens and devices call this server. Devices pin it when they pair, so choose it once: https, or http on
# localhost, never an IP address. With [tls] it must be set, and https. Default: http://localhost:PORT.
# issuer = "http://localhost:8480"

# Where keys and database are; counts only in a file that --config names, and --data-dir goes before it. Default: the
# system's folder for application data.
# data_dir = "/var/lib/tegata"

# Serve the demo consumption page, with a demo person and a demo client. Not for real accounts; only under localhost.
# demo = false

# The server's name as devices show it.
# name = "Tegata"

# The rules that the provider keeps to and holds clients to: "standard" (CIBA Core 1.0), or "fapi-ciba", the FAPI-CIBA profile:
# signed requests, certificates or keys instead of secrets, tokens bound to certificates, PS256 and ES256, no push. Clients
# whose certificates a proxy checks need [proxy]. Its certification tests also want assertion_audience = "ciba_core".
# profile = "standard"

# Seconds between two polls of a client. Clients are told it and held to it.
# interval = 5

# The audience of clients' assertions (private_key_jwt): "issuer_only" (RFC 10070), or "ciba_core" to accept the endpoints'
# addresses as well, as CIBA Core 1.0 says and its conformance tests want.
# assertion_audience = "issuer_only"

# Which library checks the signatures of decisions: "ring" or "webauthn-rs". Both refuse the same.
# approval_verifier = "ring"

# What scopes give, as the person who approves reads it. The standard ones have words already. A table for each scope,
# such as [scopes.library], with its en = "See your loans" and ja = "貸出状況を見る".

# What clients may ask for in authorization_details, a table for each type, such as [authorization_details.payment]. Its schema
# is a file with the JSON Schema of one object, relative to the data folder; a member that the schema does not forbid is allowed,
# so say "additionalProperties": false. It may have a title, such as { en = "Payment", ja = "支払い" }, and labels, the same by
# JSON pointer such as "/amount/currency" or "/items/*/name". A client must be registered for the type.

# Whose login_hint_tokens are believed, a table [[hint_issuers]] for each: its issuer, and its public keys as jwks (a JWK Set as
# text) or jwks_file. Such a token is a JWT with iss, aud (this issuer), exp, iat and sub_id (RFC 9493): iss_sub and opaque name a
# person by the sub that the asking client knows, account by acct:LOGIN@HOST with this issuer's host. With a jti it is good once.

# The server's own TLS, and with it any address to listen on. Without, it speaks plain HTTP on loopback, for this machine or
# a reverse proxy on it. Files are PEM; relative paths start at the data folder. They are looked at every few seconds, and
# when the process gets SIGHUP: a new pair is in force at once, a bad one is refused and the log says why.
[tls]
# The certificate for the issuer's host, followed by the intermediate ones. With an RSA key, TLS 1.3 and 1.2 (ECDHE_RSA with
# AES-GCM); with any other, TLS 1.3.
# certificate = "/etc/tegata/chain.pem"
# Its key: PKCS#8, SEC1 or PKCS#1, not encrypted, and readable by its owner alone (chmod 600).
# key = "/etc/tegata/key.pem"
# Authorities whose certificates clients may authenticate with (tls_client_auth), as a PEM file, also behind a proxy. It is
# looked at like the other two. Self-signed certificates of clients (self_signed_tls_client_auth) need none.
# client_authorities = "/etc/tegata/client-authorities.pem"
# Another name under which clients with certificates find the endpoints, published as mtls_endpoint_aliases. The certificate
# must name it too. With it only who connects by this name is asked for a certificate; without, everybody is, and a browser
# that has certificates of its own may ask people which to show.
# mtls_base = "https://mtls.id.example"

# Connections, for each listener by itself; a network of IPv6 (/64) counts as one address. Every connection takes one of the
# files that the system lets this process open.
[connections]
# Open at once, and of these from one address. The second counts only where the server speaks TLS, and not for [proxy].
# most = 20000
# most_per_address = 1024
# TLS handshakes at once, of these from one address, and the seconds that one may take.
# handshakes = 1024
# handshakes_per_address = 128
# handshake_seconds = 10
# Seconds for the headers of a request; also how long a connection that is not used stays open.
# headers_seconds = 60

# A reverse proxy that speaks TLS in front of this server. What it says counts if the connection comes from one of these
# addresses, so nothing else may be able to connect from them; in requests of anybody else the headers are ignored.
[proxy]
# addresses = ["127.0.0.1"]
# The header with a client's certificate: URL-encoded PEM ($ssl_client_escaped_cert of nginx), or RFC 9440. The proxy must set
# or remove it in every request.
# client_certificate_header = "client-cert"
# The header with the sender's address. Of a list the last address counts that is not a proxy's.
# address_header = "x-forwarded-for"

# Clients may register themselves at /register (RFC 7591), and read, change and delete what they registered (RFC 7592). People
# see that nobody has vouched for their names.
[registration]
# enabled = false
# What a client must present to register, as bearer token: at least 16 characters. The operator gives it to whom it may.
# initial_access_token = "a-long-random-text"
# Without such a token nobody can register, unless everybody may.
# open = false

# Addresses that clients give and the server calls: where they are notified, where their keys are. Only https, and only
# public addresses, so that a client cannot reach through the server what it cannot reach itself.
[callbacks]
# What may be called although it is not public: ranges, addresses, and hosts by name, such as
# ["10.0.0.0/8", "rp.internal"]. A host named here may be called at any port.
# allow = []
# The ports that may be named.
# ports = [443]
# Authorities, PEM, that vouch for clients' servers beside those that the system trusts. Relative to the data folder.
# authorities = "/etc/tegata/clients-ca.pem"

# What tokens look like.
[tokens]
# "opaque": resources ask the server for what an access token stands for. "jwt": they read it by themselves (RFC 9068), and
# learn of its revocation only if they ask all the same.
# access_token_format = "opaque"
# The algorithms by which ID tokens are signed for clients that are registered for them; ES256 must be one. "RS256" can be
# added for clients that know nothing else. RSA keys are drawn when a client first needs one, which can take seconds.
# New keys: tegata-server keys rotate.
# algorithms = ["ES256", "PS256", "EdDSA"]

[dpop]
# Whether DPoP proofs must be over a nonce of this server, so that none is made ahead of time (RFC 9449 section 8). Clients
# are told it with their first request and once every few minutes.
# require_nonce = true

# For test suites, never for real people: POST /ciba-sim?auth_req_id=…&action=allow&key=… (or action=deny), with an empty body,
# decides a request in the person's place, where client and account were both made as test. Off without a key. Every page
# then says that this server is for tests, and receipts say that the decision was simulated.
[automation]
# At least 32 random characters.
# key = "…"
# Have it also where the issuer is not on this machine alone.
# allow_public = false

[log]
# "text" for people, "json" for machines. Logs go to standard error and hold no secrets.
# format = "text"
# A filter: error, warn, info, debug, or per module such as "tegata_server=debug". Libraries that would log what goes
# over the wire stay at info.
# level = "info"

# All in seconds.
[lifetimes]
# A request, unless the client asks for another expiry.
# request = 120
# The longest expiry a client can ask for.
# request_longest = 300
# An invitation, until a device redeems it.
# invitation = 300
# A pairing, until the six digits are typed.
# pairing = 300
# A nonce for a device's proof.
# nonce = 300
# An ID token.
# id_token = 300
# An access token.
# access_token = 600
# A refresh token and all that take its place, from the request on. It does not grow with use.
# refresh_token = 2592000
# How long an expired request is still answered as expired, and not as unknown. At least 600.
# retention = 86400
# The signed metadata that devices keep.
# metadata = 86400
# How long after its issue an ID token is still good as id_token_hint. Retired signing keys are kept as long.
# id_token_hint = 7776000

# How often one person may be asked. Over these a request is accepted and nobody is disturbed.
[limits]
# Open at once, for one account and for one client of it.
# pending_per_account = 5
# pending_per_client = 2
# Within a minute for one account; within ten minutes for one client of it.
# per_account_per_minute = 5
# per_client_per_ten_minutes = 3
# The wait after a denied or expired request; it doubles up to the longest and an approval clears it.
# first_wait_seconds = 10
# longest_wait_seconds = 3600
# How long "this was not me" mutes a client.
# mute_seconds = 86400

# How often anybody may come before they get 429 and Retry-After. Polls at their interval are never limited, and people made
# for tests are exempt. 0 for a rate: no limit.
[rates]
# What one address (of IPv6: its /64) may be refused in a minute, and at once. What is answered well costs nothing. Behind a
# proxy all come from its address, unless the configuration trusts the proxy to name them.
# address_per_minute = 600
# address_burst = 1000
# What a failed authentication costs, where any other refusal costs 1.
# failed_authentication = 5
# Requests that one client may make in a minute, and at once.
# client_per_minute = 6000
# client_burst = 2000
# How often one client may ask for one person in a minute. [limits] decides whether the person is disturbed.
# person_per_minute = 30

# Prometheus reads GET /metrics on this machine's own listener, the one of the commands, with the bearer token in the data
# folder's admin-token, which changes with each start, or with this one.
[metrics]
# token = "at least 16 characters"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tegata-server.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(Some(&path))
    }

    #[test]
    fn a_deeply_nested_file_is_refused_and_not_recursed_into() {
        for text in [
            "name = ".to_owned() + &"[".repeat(5000),
            "a.".repeat(5000) + "a = 1",
        ] {
            assert!(matches!(load(&text), Err(ConfigError::Invalid(_))));
        }
    }

    #[test]
    fn the_default_file_says_what_the_defaults_are() {
        assert_eq!(load(DEFAULT_FILE).unwrap(), Config::default());
        let uncommented: String = DEFAULT_FILE
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(option)
                    if option
                        .split(" = ")
                        .next()
                        .is_some_and(|key| !key.contains(' ')) =>
                {
                    option
                }
                _ => line,
            })
            .collect::<Vec<_>>()
            .join("\n");
        // The two examples exclude each other: with TLS the issuer is not http.
        let issuer = format!("issuer = \"{}\"", Issuer::localhost(8480));
        assert!(uncommented.contains(&issuer));
        let mut said = load(
            &uncommented
                .replace(&issuer, "issuer = \"https://id.example\"")
                .replace("key = \"…\"", "key = \"0123456789abcdef0123456789abcdef\"")
                .replace("allow_public = false", "allow_public = true"),
        )
        .unwrap();
        assert!(std::mem::take(&mut said.automation).is_on());
        assert_eq!(said.issuer.take().unwrap().as_str(), "https://id.example");
        let tls = std::mem::take(&mut said.tls);
        assert!(tls.certificate.is_some() && tls.key.is_some());
        assert!(said.callbacks.authorities.take().is_some());
        assert!(tls.client_authorities.is_some() && tls.mtls_base.is_some());
        assert!(said.registration.initial_access_token.take().is_some());
        let proxy = std::mem::take(&mut said.proxy);
        assert!(proxy.client_certificate_header.is_some() && proxy.address_header.is_some());
        assert!(said.metrics.token.take().is_some());
        assert_eq!(
            said.data_dir.take().unwrap(),
            PathBuf::from("/var/lib/tegata")
        );
        assert_eq!(said, Config::default());
    }

    #[test]
    fn requests_are_remembered_for_as_long_as_devices_are_told_of_their_end() {
        load("[lifetimes]\nretention = 600").unwrap();
        let error = load("[lifetimes]\nretention = 599")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("lifetimes.retention")
                && error.contains("600")
                && error.contains("devices"),
            "{error}"
        );
    }

    #[test]
    fn every_option_can_be_set_from_the_environment() {
        let json = serde_json::to_value(Config::default()).unwrap();
        for (key, value) in json.as_object().unwrap() {
            match value.as_object() {
                None => assert!(ENVIRONMENT_KEYS.contains(&key.as_str()), "{key}"),
                Some(group) => {
                    for inner in group.keys() {
                        assert!(
                            ENVIRONMENT_KEYS.contains(&format!("{key}.{inner}").as_str()),
                            "{key}.{inner}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_demo_runs_only_under_a_local_issuer() {
        for issuer in ["http://localhost:8480", "http://tegata.localhost:8480"] {
            assert!(
                load(&format!("demo = true\nissuer = \"{issuer}\"")).is_ok(),
                "{issuer}"
            );
        }
        let error = load("demo = true\nissuer = \"https://id.example\"")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("demo") && error.contains("https://id.example"),
            "{error}"
        );
    }

    #[test]
    fn errors_name_the_source_and_the_key() {
        let error = load("[lifetimes]\nrequest = \"soon\"")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("lifetimes.request") && error.contains("tegata-server.toml"),
            "{error}"
        );
        let error = load("lissen = \"127.0.0.1:1\"").unwrap_err().to_string();
        assert!(
            error.contains("lissen") && error.contains("tegata-server.toml"),
            "{error}"
        );
    }

    #[test]
    fn without_tls_it_refuses_to_listen_anywhere_but_on_loopback() {
        let error = load("listen = \"0.0.0.0:8480\"").unwrap_err().to_string();
        assert!(
            error.contains("listen") && error.contains("loopback") && error.contains("TLS"),
            "{error}"
        );
    }
}
