//! Configuration: defaults, then `tegata-server.toml`, then `TEGATA_…` from the environment.
//!
//! Every option is documented once, on its field here and in [`DEFAULT_FILE`], which `init` writes. To add one: a field
//! with its default, a line in `config/tegata-server.toml`; a test checks that the two agree.

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

const ENVIRONMENT_KEYS: [&str; 64] = [
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
    "limits.new_device_wait_seconds",
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
pub const DEFAULT_FILE: &str = include_str!("config/tegata-server.toml");

#[cfg(test)]
mod tests;
