//! The options of `client`, and the client metadata that they make.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};
use std::{fs, path::PathBuf};
use tegata_protocol::ciba::GRANT_TYPE;

use super::Failure;
use crate::{
    administration::views::NewClient,
    domain::{BindingMessageUse, client_metadata::REFRESH_TOKEN},
};

/// Tasks about clients.
#[derive(Debug, Subcommand)]
pub enum ClientTask {
    /// Register a client and print its credentials, this once
    #[command(
        after_help = "Examples:\n  tegata-server client add --id kiosk --name \"Reading room kiosk\" --transfer-code\n  \
                      tegata-server client add --id agent --jwks agent-public-keys.json\n  \
                      tegata-server client add --id bank --jwks-uri https://bank.example/jwks --request-alg PS256 \\\n      \
                      --delivery ping --notification-endpoint https://bank.example/ciba --refresh\n  \
                      tegata-server client add --id shop --san-dns client.shop.example --certificate-bound\n  \
                      tegata-server client add --metadata client.json\n\nWhat the file of --metadata says holds unless an \
                      option says otherwise."
    )]
    Add(Box<ClientOptions>),
    /// List all clients
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show all that a client is registered for
    #[command(
        after_help = "Examples:\n  tegata-server client show kiosk\n  tegata-server client show kiosk --json"
    )]
    Show {
        /// Its client_id
        client_id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a client; its open requests end
    Remove {
        /// Its client_id
        client_id: String,
    },
}

/// A client to register.
#[derive(Debug, Args)]
pub struct ClientOptions {
    /// client_id [default: random]
    #[arg(long)]
    pub id: Option<String>,
    /// Name shown to people [default: the client_id]
    #[arg(long)]
    pub name: Option<String>,
    /// Host that the client controls, shown beside its name. Give it only after checking
    #[arg(long)]
    pub host: Option<String>,
    /// What the client's binding messages are for
    #[arg(long, value_enum, default_value = "show")]
    pub binding_message: BindingMessageChoice,
    /// Mint a six-digit transfer code for each request and return it to the client as `transfer_code`
    #[arg(long)]
    pub transfer_code: bool,
    /// Hold its polls for so long unless they say otherwise: 0 to 30
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=30))]
    pub long_poll: u32,
    /// A client for tests: the automation hook may decide its requests
    #[arg(long)]
    pub test: bool,
    /// A resource server: introspection tells it about the access tokens of all clients
    #[arg(long)]
    pub introspection: bool,
    /// File with client metadata as JSON (RFC 7591)
    #[arg(long, value_name = "FILE")]
    pub metadata: Option<PathBuf>,
    /// What it is registered for.
    #[command(flatten)]
    pub members: MemberOptions,
    /// Print the credentials as JSON
    #[arg(long)]
    pub json: bool,
}

/// Client metadata, one member each.
#[derive(Debug, Args)]
#[command(next_help_heading = "Client metadata")]
pub struct MemberOptions {
    /// How it authenticates, such as client_secret_post [default: private_key_jwt with keys, tls_client_auth with a name in
    /// its certificate, else client_secret_basic]
    #[arg(long, value_name = "METHOD")]
    pub auth_method: Option<String>,
    /// Algorithm of its assertions [default: any that is offered]
    #[arg(long, value_name = "ALG")]
    pub assertion_alg: Option<String>,
    /// File with its public keys, a JWK Set
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    pub jwks: Option<PathBuf>,
    /// Where its public keys are
    #[arg(long, value_name = "URL")]
    pub jwks_uri: Option<String>,
    /// How it learns of results: poll, ping or push [default: poll]
    #[arg(long, value_name = "MODE")]
    pub delivery: Option<String>,
    /// Where it is notified, for ping and push
    #[arg(long, value_name = "URL")]
    pub notification_endpoint: Option<String>,
    /// Its requests must be signed, with this algorithm
    #[arg(long, value_name = "ALG")]
    pub request_alg: Option<String>,
    /// Its requests may carry a user_code
    #[arg(long)]
    pub user_code: bool,
    /// Algorithm of its ID tokens [default: ES256]
    #[arg(long, value_name = "ALG")]
    pub id_token_alg: Option<String>,
    /// Bind its tokens to its certificate
    #[arg(long)]
    pub certificate_bound: bool,
    /// Bind its tokens to its DPoP key
    #[arg(long)]
    pub dpop_bound: bool,
    /// Subjects of its own, which clients of other sectors do not see
    #[arg(long)]
    pub pairwise: bool,
    /// The document that gives its sector and lists its address
    #[arg(long, value_name = "URL")]
    pub sector_identifier_uri: Option<String>,
    /// What its certificate names: the subject
    #[arg(long, value_name = "DN", group = "certificate_name")]
    pub subject_dn: Option<String>,
    /// What its certificate names: a host
    #[arg(long, value_name = "NAME", group = "certificate_name")]
    pub san_dns: Option<String>,
    /// What its certificate names: a mail address
    #[arg(long, value_name = "ADDRESS", group = "certificate_name")]
    pub san_email: Option<String>,
    /// What its certificate names: an IP address
    #[arg(long, value_name = "ADDRESS", group = "certificate_name")]
    pub san_ip: Option<String>,
    /// What its certificate names: a URI
    #[arg(long, value_name = "URI", group = "certificate_name")]
    pub san_uri: Option<String>,
    /// Give it refresh tokens
    #[arg(long)]
    pub refresh: bool,
    /// The scopes that it may ask for, separated by spaces [default: any]
    #[arg(long, value_name = "SCOPES")]
    pub scope: Option<String>,
    /// A type of authorization_details that it may use; may be repeated
    #[arg(long, value_name = "TYPE")]
    pub authorization_details_type: Vec<String>,
}

/// What binding messages are for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum BindingMessageChoice {
    /// Shown on the device as the client's own words
    Show,
    /// The message is a code that the person types into the device
    Transfer,
    /// Requests with one are refused
    Refuse,
}

impl From<BindingMessageChoice> for BindingMessageUse {
    fn from(choice: BindingMessageChoice) -> Self {
        match choice {
            BindingMessageChoice::Show => Self::Show,
            BindingMessageChoice::Transfer => Self::Transfer,
            BindingMessageChoice::Refuse => Self::Refuse,
        }
    }
}

impl ClientOptions {
    /// The client to register: what the file of `--metadata` says, and then the options.
    pub(super) fn into_new_client(self) -> Result<NewClient, Failure> {
        let mut metadata = match &self.metadata {
            Some(path) => match read_json(path)? {
                Value::Object(members) => members,
                _ => {
                    return Err(Failure::failed(format!(
                        "{}: not a JSON object",
                        path.display()
                    )));
                }
            },
            None => Map::new(),
        };
        self.members.put(&mut metadata)?;
        Ok(NewClient {
            client_id: self.id,
            name: self.name,
            metadata,
            host: self.host,
            binding_message: self.binding_message.into(),
            transfer_code: self.transfer_code,
            long_poll: self.long_poll,
            test: self.test,
            introspection: self.introspection,
        })
    }
}

impl MemberOptions {
    fn put(self, members: &mut Map<String, Value>) -> Result<(), Failure> {
        const METHOD: &str = "token_endpoint_auth_method";
        let jwks = self.jwks.as_ref().map(read_json).transpose()?;
        let has_keys = jwks.is_some() || self.jwks_uri.is_some();
        let names = [
            ("tls_client_auth_subject_dn", self.subject_dn),
            ("tls_client_auth_san_dns", self.san_dns),
            ("tls_client_auth_san_email", self.san_email),
            ("tls_client_auth_san_ip", self.san_ip),
            ("tls_client_auth_san_uri", self.san_uri),
        ];
        let usual_method = if names.iter().any(|(_, name)| name.is_some()) {
            Some("tls_client_auth")
        } else {
            has_keys.then_some("private_key_jwt")
        };
        let texts = [
            (METHOD, self.auth_method),
            ("token_endpoint_auth_signing_alg", self.assertion_alg),
            ("jwks_uri", self.jwks_uri),
            ("backchannel_token_delivery_mode", self.delivery),
            (
                "backchannel_client_notification_endpoint",
                self.notification_endpoint,
            ),
            (
                "backchannel_authentication_request_signing_alg",
                self.request_alg,
            ),
            ("id_token_signed_response_alg", self.id_token_alg),
            ("sector_identifier_uri", self.sector_identifier_uri),
            ("scope", self.scope),
        ];
        for (member, text) in texts.into_iter().chain(names) {
            if let Some(text) = text {
                members.insert(member.to_owned(), text.into());
            }
        }
        if let Some(method) = usual_method {
            members.entry(METHOD).or_insert_with(|| method.into());
        }
        let types = self.authorization_details_type;
        let others = [
            ("jwks", jwks),
            (
                "backchannel_user_code_parameter",
                self.user_code.then_some(Value::Bool(true)),
            ),
            (
                "tls_client_certificate_bound_access_tokens",
                self.certificate_bound.then_some(Value::Bool(true)),
            ),
            (
                "dpop_bound_access_tokens",
                self.dpop_bound.then_some(Value::Bool(true)),
            ),
            ("subject_type", self.pairwise.then(|| json!("pairwise"))),
            (
                "grant_types",
                self.refresh.then(|| json!([GRANT_TYPE, REFRESH_TOKEN])),
            ),
            (
                "authorization_details_types",
                (!types.is_empty()).then(|| json!(types)),
            ),
        ];
        for (member, value) in others {
            if let Some(value) = value {
                members.insert(member.to_owned(), value);
            }
        }
        Ok(())
    }
}

fn read_json(path: &PathBuf) -> Result<Value, Failure> {
    let failed = |what: String| Failure::failed(format!("{}: {what}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failed(format!("not JSON: {error}")))
}
