//! What an operator does: people, clients, invitations, devices. The same functions serve the local admin interface of
//! a running server and commands that open the store themselves.
//!
//! What this does **not** do: check who asks. The admin interface checks its token, commands have the data folder.
//!
//! To add a task: a request and a view in [`views`], a function here, a route in `http/admin.rs`, a command in `cli`.

pub mod invitations;
pub mod keys;
pub mod operators;
pub mod registrar;
pub mod views;

use serde_json::json;
use tegata_protocol::{
    AccountId, ClientId, DeviceId, Rng, Secret, UnixTime,
    bytes::encode_b64u,
    ciba::GRANT_TYPE,
    rng::{random_below, random_bytes},
};

use crate::{
    config::Issuer,
    domain::{
        Account, BindingMessageUse, Client, ClientSettings, RegisteredBy,
        account::is_login_name,
        client::{LONGEST_POLL, is_shown},
        user_code::is_user_code,
    },
    keys::{Keys, tokens::RotationError},
    storage::{
        StoreError, StoreHandle, StoreReader,
        ops::{
            CreateAccount, CreateAccountOutcome, CreateClient, CreateClientOutcome, DeleteAccount,
            DeleteClient, RevokeDevice, RevokeDeviceOutcome, SetUserCode,
        },
    },
};
use registrar::Registrar;
use views::{
    ClientDetails, ClientView, DeviceView, NewClient, NewUser, UserCodeTask, UserCodeView, UserView,
};

/// Digits of a `user_code` that is drawn.
const DRAWN_DIGITS: u32 = 8;

/// A task was refused. The texts are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// A value is not allowed.
    #[error("{0}")]
    Invalid(String),
    /// Keys cannot be rotated.
    #[error(transparent)]
    Rotation(#[from] RotationError),
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The name or id is in use.
    #[error("{0} exists already")]
    Taken(String),
    /// There is no such thing.
    #[error("there is no {0}")]
    Unknown(String),
}

type Result<T> = std::result::Result<T, AdministrationError>;

/// What every task needs.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The store.
    pub store: &'a StoreHandle,
    /// Randomness.
    pub rng: &'a dyn Rng,
    /// Now.
    pub now: UnixTime,
}

impl Desk<'_> {
    /// Adds a person.
    ///
    /// # Errors
    /// [`AdministrationError::Invalid`] for a name that cannot be one, [`AdministrationError::Taken`].
    pub async fn add_user(&self, new: NewUser) -> Result<UserView> {
        if !is_login_name(&new.login_name) {
            return Err(AdministrationError::Invalid(
                "a login name is 1 to 64 characters of A-Z a-z 0-9 . _ @ + -".to_owned(),
            ));
        }
        let display_name = new.display_name.unwrap_or_else(|| new.login_name.clone());
        require_shown("the display name", &display_name)?;
        let account = Account {
            id: AccountId::make(self.rng),
            sub: encode_b64u(&random_bytes::<16>(self.rng)),
            login_name: new.login_name,
            display_name,
            test: new.test,
            created: self.now,
            user_code: None,
        };
        match self.store.apply(CreateAccount(account.clone())).await? {
            CreateAccountOutcome::Created => Ok(account.into()),
            CreateAccountOutcome::Taken => Err(AdministrationError::Taken(format!(
                "user {:?}",
                account.login_name
            ))),
        }
    }

    /// All people by login name.
    ///
    /// # Errors
    /// [`AdministrationError::Store`].
    pub async fn users(&self) -> Result<Vec<UserView>> {
        let accounts = self.store.read_long(StoreReader::accounts).await?;
        Ok(accounts.into_iter().map(UserView::from).collect())
    }

    /// Removes a person with all devices; evidence stays.
    ///
    /// # Errors
    /// [`AdministrationError::Unknown`].
    pub async fn remove_user(&self, login_name: &str) -> Result<()> {
        let account = self.user(login_name).await?;
        if self
            .store
            .apply(DeleteAccount {
                account: account.id,
                now: self.now,
            })
            .await?
        {
            Ok(())
        } else {
            Err(unknown_user(login_name))
        }
    }

    /// Gives a person a `user_code`, which clients that are registered for it must send from then on, or takes it away. The code
    /// in the answer was drawn, and is shown this once.
    ///
    /// # Errors
    /// [`AdministrationError::Unknown`], or [`AdministrationError::Invalid`] for a code that cannot be one.
    pub async fn set_user_code(
        &self,
        keys: &Keys,
        login_name: &str,
        task: UserCodeTask,
    ) -> Result<UserCodeView> {
        let account = self.user(login_name).await?;
        let (code, drawn) = match task {
            UserCodeTask::Draw => {
                let digits = random_below(self.rng, 10_u64.pow(DRAWN_DIGITS));
                let width = usize::try_from(DRAWN_DIGITS).unwrap_or_default();
                let code = Secret::new(format!("{digits:0width$}"));
                (Some(code.clone()), Some(code))
            }
            UserCodeTask::Remove => (None, None),
            UserCodeTask::Set { code } => (Some(code), None),
        };
        // EXPOSE: for its form and its keyed hash.
        let code = code.as_ref().map(Secret::expose);
        if code.is_some_and(|code| !is_user_code(code)) {
            return Err(AdministrationError::Invalid(
                "a user code is 6 to 64 characters without control characters and without white space around them"
                    .to_owned(),
            ));
        }
        let set = SetUserCode {
            hash: code.map(|code| keys.user_code_hash(&account.id, code)),
            account: account.id,
        };
        if self.store.apply(set).await? {
            Ok(UserCodeView { drawn })
        } else {
            Err(unknown_user(login_name))
        }
    }

    /// Registers a client. The secret in the answer is shown this once.
    ///
    /// What an operator need not say: that a client polls, and that it uses the CIBA grant.
    ///
    /// # Errors
    /// [`AdministrationError::Invalid`] or [`AdministrationError::Taken`].
    pub async fn add_client(
        &self,
        new: NewClient,
        registrar: &Registrar<'_>,
    ) -> Result<ClientView> {
        let id = match new.client_id {
            Some(id) => ClientId::parse(&id).map_err(|error| {
                AdministrationError::Invalid(format!("client id {id:?}: {error}"))
            })?,
            None => ClientId::make(self.rng),
        };
        if let Some(host) = &new.host {
            require_host_name(host)?;
        }
        if new.transfer_code && new.binding_message == BindingMessageUse::Transfer {
            return Err(AdministrationError::Invalid(
                "a client has one transfer code: minted by the server, or its binding message"
                    .to_owned(),
            ));
        }
        if new.long_poll > LONGEST_POLL {
            return Err(AdministrationError::Invalid(format!(
                "polls are held for at most {LONGEST_POLL} seconds"
            )));
        }
        let mut members = new.metadata;
        for (member, usual) in [
            ("backchannel_token_delivery_mode", json!("poll")),
            ("grant_types", json!([GRANT_TYPE])),
        ] {
            members.entry(member).or_insert(usual);
        }
        let metadata = registrar
            .check(&members)
            .await
            .map_err(|error| AdministrationError::Invalid(error.to_string()))?;
        let name = new.name.or(metadata.name).unwrap_or_else(|| id.to_string());
        require_shown("the client's name", &name)?;
        let (authentication, secret) = registrar.credentials(&id, &metadata.method, None, self.rng);
        let client = Client {
            id,
            name,
            authentication,
            registered_by: RegisteredBy::Operator,
            since: self.now,
            host: new.host,
            binding_message: new.binding_message,
            transfer_code: new.transfer_code,
            settings: ClientSettings {
                long_poll: new.long_poll,
                test: new.test,
                introspection: new.introspection,
                ..metadata.settings
            },
        };
        match self.store.apply(CreateClient(client.clone())).await? {
            CreateClientOutcome::Created => Ok(ClientView {
                // EXPOSE: shown to the operator, this once.
                client_secret: secret.map(|secret| secret.expose().clone()),
                ..client.into()
            }),
            CreateClientOutcome::Taken => Err(AdministrationError::Taken(format!(
                "client {:?}",
                client.id.as_str()
            ))),
        }
    }

    /// A client with all that it is registered for.
    ///
    /// # Errors
    /// [`AdministrationError::Unknown`].
    pub async fn client(&self, client_id: &str) -> Result<ClientDetails> {
        let unknown = || AdministrationError::Unknown(format!("client {client_id:?}"));
        let id = ClientId::parse(client_id).map_err(|_| unknown())?;
        let client = self.store.client(&id).await?.ok_or_else(unknown)?;
        Ok((*client).clone().into())
    }

    /// All clients by id, without secrets.
    ///
    /// # Errors
    /// [`AdministrationError::Store`].
    pub async fn clients(&self) -> Result<Vec<ClientView>> {
        let clients = self.store.read_long(StoreReader::clients).await?;
        Ok(clients.into_iter().map(ClientView::from).collect())
    }

    /// Removes a client; its open requests end. The devices that were asked, for which the caller rings.
    ///
    /// # Errors
    /// [`AdministrationError::Unknown`].
    pub async fn remove_client(&self, client_id: &str) -> Result<Vec<DeviceId>> {
        let unknown = || AdministrationError::Unknown(format!("client {client_id:?}"));
        let client = ClientId::parse(client_id).map_err(|_| unknown())?;
        let removed = self
            .store
            .apply(DeleteClient {
                client: client.clone(),
                now: self.now,
            })
            .await?;
        if !removed {
            return Err(unknown());
        }
        // Looked for after the commit, so that no request which came in meanwhile is missed.
        let now = self.now;
        let asked = self
            .store
            .read_long(move |reader| asked_by(reader, &client, now))
            .await?;
        Ok(asked)
    }

    /// All devices, or those of one person, oldest first.
    ///
    /// # Errors
    /// [`AdministrationError::Unknown`] for a person who is not there.
    pub async fn devices(&self, login_name: Option<&str>) -> Result<Vec<DeviceView>> {
        let only = match login_name {
            Some(name) => Some(self.user(name).await?.id),
            None => None,
        };
        let (devices, accounts) = self
            .store
            .read_long(|reader| Ok((reader.devices()?, reader.accounts()?)))
            .await?;
        Ok(devices
            .into_iter()
            .filter(|device| only.as_ref().is_none_or(|id| device.account == *id))
            .map(|device| {
                let owner = accounts.iter().find(|account| account.id == device.account);
                DeviceView::new(device, owner.map(|account| account.login_name.clone()))
            })
            .collect())
    }

    /// Revokes a device for good; the id of the device, whose connections the caller closes.
    ///
    /// # Errors
    /// [`AdministrationError::Unknown`].
    pub async fn revoke_device(&self, device_id: &str) -> Result<DeviceId> {
        let unknown = || AdministrationError::Unknown(format!("device {device_id:?}"));
        let device = DeviceId::parse(device_id).map_err(|_| unknown())?;
        match self
            .store
            .apply(RevokeDevice {
                device: device.clone(),
                now: self.now,
            })
            .await?
        {
            RevokeDeviceOutcome::Revoked | RevokeDeviceOutcome::AlreadyRevoked => Ok(device),
            RevokeDeviceOutcome::Unknown => Err(unknown()),
        }
    }

    /// A person by login name.
    ///
    /// # Errors
    /// [`AdministrationError::Unknown`].
    pub async fn user(&self, login_name: &str) -> Result<Account> {
        let name = login_name.to_owned();
        let found = self
            .store
            .read(move |reader| reader.account_by_login(&name))
            .await?;
        found.ok_or_else(|| unknown_user(login_name))
    }
}

/// The active devices that are told of a closed request of `client`.
fn asked_by(
    reader: &dyn StoreReader,
    client: &ClientId,
    now: UnixTime,
) -> std::result::Result<Vec<DeviceId>, StoreError> {
    let mut asked = Vec::new();
    for device in reader.devices()? {
        if !device.is_active() {
            continue;
        }
        let set = reader.pending(&device.id, now)?.unwrap_or_default();
        for closure in set.closed {
            let request = reader.consent_request(&closure.request, &device.id)?;
            if request.is_some_and(|request| request.flow.facts.client_id == *client) {
                asked.push(device.id);
                break;
            }
        }
    }
    Ok(asked)
}

fn unknown_user(login_name: &str) -> AdministrationError {
    AdministrationError::Unknown(format!("user {login_name:?}"))
}

fn require_shown(what: &str, text: &str) -> Result<()> {
    if is_shown(text) {
        return Ok(());
    }
    Err(AdministrationError::Invalid(format!(
        "{what} must be 1 to 64 characters, all of which can be seen"
    )))
}

/// A name as an issuer could have it: ASCII, lower case, no port, no IP address. Devices show it as it stands.
fn require_host_name(host: &str) -> Result<()> {
    let named = Issuer::parse(&format!("https://{host}"));
    if named
        .is_ok_and(|issuer| issuer.host() == host && issuer.as_str() == format!("https://{host}"))
    {
        return Ok(());
    }
    Err(AdministrationError::Invalid(format!(
        "the client's host {host:?} is not a host name: lower case, without scheme, port or path, never an IP address"
    )))
}
