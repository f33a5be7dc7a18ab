//! What operators send and see, as JSON on the local admin interface and as text in the terminal.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tegata_protocol::Secret;

use crate::domain::{
    Account, BindingMessageUse, Client, ClientMetadata, DeviceState, PairedDevice, RegisteredBy,
};

/// A person to add.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// What the person signs in as.
    pub login_name: String,
    /// Shown on the person's device; the login name if absent.
    pub display_name: Option<String>,
    /// For tests: no budgets.
    pub test: bool,
}

/// A person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserView {
    /// What the person signs in as.
    pub login_name: String,
    /// Shown on the person's device.
    pub display_name: String,
    /// `sub` of ID tokens.
    pub sub: String,
    /// For tests.
    pub test: bool,
    /// Seconds since the epoch.
    pub created: i64,
}

impl From<Account> for UserView {
    fn from(account: Account) -> Self {
        Self {
            login_name: account.login_name,
            display_name: account.display_name,
            sub: account.sub,
            test: account.test,
            created: account.created.0,
        }
    }
}

/// What to do with a person's `user_code`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum UserCodeTask {
    /// Draw one.
    Draw,
    /// Take it away: no code is asked.
    Remove,
    /// Take this one.
    Set {
        /// The code.
        code: Secret<String>,
    },
}

/// A person's `user_code`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserCodeView {
    /// The code if it was drawn; shown once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Secret<String>>,
}

/// A client to register.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    /// Its `client_id`; drawn at random if absent.
    pub client_id: Option<String>,
    /// Shown to people; if absent, `client_name` of the metadata, and the id without that.
    pub name: Option<String>,
    /// Client metadata (RFC 7591 section 2). What is absent is what an operator mostly wants: `client_secret_basic`, poll.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// A host whose control by the client the operator has verified.
    pub host: Option<String>,
    /// What its binding messages are for.
    pub binding_message: BindingMessageUse,
    /// Whether the server mints transfer codes for it.
    pub transfer_code: bool,
    /// Seconds, 0 to 30, for which its polls are held unless they say otherwise.
    #[serde(default)]
    pub long_poll: u32,
    /// For tests: the automation hook may decide its requests.
    #[serde(default)]
    pub test: bool,
    /// A resource server: introspection tells it about the access tokens of all clients.
    #[serde(default)]
    pub introspection: bool,
}

/// A client.
#[derive(Clone, Serialize, Deserialize)]
pub struct ClientView {
    /// Its `client_id`.
    pub client_id: String,
    /// Its secret, in the answer to its registration and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Shown to people.
    pub name: String,
    /// `token_endpoint_auth_method`.
    pub authentication_method: String,
    /// Who vouches for the name.
    pub registered_by: RegisteredBy,
    /// Seconds since the epoch.
    pub since: i64,
    /// A host it has proved.
    pub host: Option<String>,
    /// What its binding messages are for.
    pub binding_message: BindingMessageUse,
    /// Whether the server mints transfer codes for it.
    pub transfer_code: bool,
}

impl std::fmt::Debug for ClientView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientView")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl From<Client> for ClientView {
    fn from(client: Client) -> Self {
        let method = client.authentication.method();
        Self {
            client_id: client.id.as_str().to_owned(),
            client_secret: None,
            name: client.name,
            authentication_method: method.to_owned(),
            registered_by: client.registered_by,
            since: client.since.0,
            host: client.host,
            binding_message: client.binding_message,
            transfer_code: client.transfer_code,
        }
    }
}

/// A client with all that it is registered for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientDetails {
    /// What is shown of it in lists; no secret.
    #[serde(flatten)]
    pub client: ClientView,
    /// Seconds for which its polls are held unless they say otherwise.
    pub long_poll: u32,
    /// For tests.
    pub test: bool,
    /// A resource server.
    #[serde(default)]
    pub introspection: bool,
    /// Client metadata (RFC 7591 section 2), those with default values too.
    pub metadata: Map<String, Value>,
}

impl From<Client> for ClientDetails {
    fn from(client: Client) -> Self {
        Self {
            long_poll: client.settings.long_poll,
            test: client.settings.test,
            introspection: client.settings.introspection,
            metadata: ClientMetadata::from(&client).members(),
            client: client.into(),
        }
    }
}

/// A device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeviceView {
    /// Its id.
    pub device_id: String,
    /// Whose.
    pub user: Option<String>,
    /// Its name for itself.
    pub name: String,
    /// Whether it may act.
    pub active: bool,
    /// A signature counter went backwards once.
    pub suspect: bool,
    /// Seconds since the epoch.
    pub paired_at: i64,
    /// Seconds since the epoch.
    pub last_seen: Option<i64>,
    /// When it was revoked, seconds since the epoch.
    pub revoked_at: Option<i64>,
}

impl DeviceView {
    /// A device with its owner's login name.
    pub fn new(device: PairedDevice, user: Option<String>) -> Self {
        Self {
            device_id: device.id.as_str().to_owned(),
            user,
            active: device.is_active(),
            suspect: device.suspect,
            paired_at: device.paired_at.0,
            last_seen: device.last_seen.map(|at| at.0),
            revoked_at: match device.state {
                DeviceState::Active => None,
                DeviceState::Revoked { at } => Some(at.0),
            },
            name: device.registration.device_name,
        }
    }
}

/// An operator to enrol.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOperator {
    /// What logs and pages will call them; `operator` if absent.
    pub name: Option<String>,
}

/// An operator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OperatorView {
    /// What logs and pages call them.
    pub name: String,
    /// When they enrolled, seconds since the epoch.
    pub since: i64,
}

/// A link that enrols an operator. Holds a secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct OperatorInvitationView {
    /// Whom it enrols.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Seconds until it is good for nothing.
    pub expires_in: i64,
}

impl std::fmt::Debug for OperatorInvitationView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperatorInvitationView")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Whom to invite, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// The person's login name.
    pub user: String,
    /// Make a one-time page instead of an invitation.
    pub page: bool,
}

/// An issuing session, as its own terminal sees it. Holds secrets.
#[derive(Clone, Serialize, Deserialize)]
pub struct InvitationView {
    /// The issuing session's id.
    pub session: String,
    /// Whom it is for.
    pub display_name: String,
    /// Seconds until it ends.
    pub expires_in: i64,
    /// The issuer.
    pub issuer: String,
    /// What to type beside the code.
    pub host: String,
    /// Thumbprint of the server's root key.
    pub root: String,
    /// The code and the session's secret, or the page's address.
    pub form: InvitationForm,
}

impl std::fmt::Debug for InvitationView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InvitationView")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// What an invitation is given as.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum InvitationForm {
    /// For this terminal.
    Code {
        /// `XXXX-XXXX-XXXX`.
        code: String,
        /// For a QR code.
        link: String,
        /// Confirms; never shown.
        secret: String,
    },
    /// A page that does the same, once.
    Page {
        /// Its address.
        url: String,
    },
}

impl std::fmt::Debug for InvitationForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Code { .. } => "Code(..)",
            Self::Page { .. } => "Page(..)",
        })
    }
}

/// Digits typed into the issuing session.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The session's secret.
    pub secret: String,
    /// Six digits.
    pub code: String,
}

impl std::fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Confirmation(..)")
    }
}

/// How far a pairing is, as its issuing session sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PairingProgress {
    /// No device has redeemed the invitation.
    Waiting,
    /// A device has, and is making its keys.
    Redeemed,
    /// The device shows six digits; type them.
    Ready {
        /// Wrong codes so far.
        tries: u8,
    },
    /// Wrong digits.
    WrongCode {
        /// Tries left.
        tries_left: u8,
    },
    /// Paired.
    Confirmed {
        /// The device.
        device_id: String,
        /// Its name.
        device_name: String,
    },
    /// The third wrong code ended it.
    Failed,
    /// Its time is over.
    Expired,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_secrets_does_not_print_them() {
        let secret = || "hush".to_owned();
        let code = InvitationForm::Code {
            code: secret(),
            link: secret(),
            secret: secret(),
        };
        let page = InvitationForm::Page { url: secret() };
        let confirmation = Confirmation {
            secret: secret(),
            code: secret(),
        };
        let invitation = InvitationView {
            session: "session".to_owned(),
            display_name: "Hanako".to_owned(),
            expires_in: 300,
            issuer: "http://localhost".to_owned(),
            host: "localhost".to_owned(),
            root: "root".to_owned(),
            form: code.clone(),
        };
        let printed = format!("{code:?} {page:?} {confirmation:?} {invitation:?}");
        assert!(!printed.contains("hush"), "{printed}");
    }
}
