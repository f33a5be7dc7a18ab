//! What `serve --demo` makes if it is missing: a person, a client, and the client's secret in a file of its own.

use serde_json::Map;
use std::{fs, io};
use tegata_protocol::{AccountId, ClientId, Secret};

use super::Failure;
use crate::{
    administration::{
        AdministrationError, Desk,
        views::{NewClient, NewUser},
    },
    app::App,
    data_folder::DataFolder,
    demo::DemoSettings,
    domain::BindingMessageUse,
    keys::write_private,
    storage::ops::SetValue,
};

/// The demo person's login name.
const LOGIN_NAME: &str = "hanako";

/// The name under which the store remembers the account that the demo made.
const ACCOUNT: &str = "demo_account";

/// The demo client's id.
const CLIENT_ID: &str = "demo-kiosk";

/// Makes what is missing and switches the demo page on.
pub(super) async fn prepare(app: &App, folder: &DataFolder) -> Result<(), Failure> {
    let desk = Desk {
        store: &app.store,
        rng: app.rng(),
        now: app.now(),
    };
    let account = person(&desk).await?;
    app.demo.enable(DemoSettings {
        client_id: ClientId::parse(CLIENT_ID).map_err(Failure::failed)?,
        client_secret: client_secret(app, &desk, folder).await?,
        login_name: LOGIN_NAME.to_owned(),
        account,
    });
    Ok(())
}

/// The demo person's account. Whoever opens the demo gets a pairing page for it, so one that the demo did not make
/// itself is not taken over.
async fn person(desk: &Desk<'_>) -> Result<AccountId, Failure> {
    let person = NewUser {
        login_name: LOGIN_NAME.to_owned(),
        display_name: Some("Yamada Hanako".to_owned()),
        test: false,
    };
    match desk.add_user(person).await {
        Ok(_) => {
            let account = desk.user(LOGIN_NAME).await?.id;
            let remember = SetValue {
                name: ACCOUNT.to_owned(),
                value: account.as_str().as_bytes().to_vec(),
            };
            desk.store.apply(remember).await.map_err(Failure::failed)?;
            Ok(account)
        }
        Err(AdministrationError::Taken(_)) => {
            let account = desk.user(LOGIN_NAME).await?.id;
            let made = desk
                .store
                .read(|reader| reader.value(ACCOUNT))
                .await
                .map_err(Failure::failed)?;
            if made.as_deref() == Some(account.as_str().as_bytes()) {
                Ok(account)
            } else {
                Err(Failure::failed(format!(
                    "the account {LOGIN_NAME:?} was not made by the demo, which gives a pairing page for it to whoever \
                     asks. Use another data folder for the demo (--data-dir), or remove the account with `tegata-server \
                     user remove {LOGIN_NAME}`"
                )))
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// The demo client's secret. If the file is gone the client is registered anew, since the store knows only the hash.
async fn client_secret(
    app: &App,
    desk: &Desk<'_>,
    folder: &DataFolder,
) -> Result<Secret<String>, Failure> {
    let path = folder.demo_secret_path();
    let id = ClientId::parse(CLIENT_ID).map_err(Failure::failed)?;
    let registered = desk
        .store
        .read(move |reader| reader.client(&id))
        .await
        .map_err(Failure::failed)?
        .is_some();
    match fs::read_to_string(&path) {
        Ok(secret) if registered => return Ok(Secret::new(secret)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Failure::failed(format!("{}: {error}", path.display())));
        }
        _ => {}
    }
    if registered {
        desk.remove_client(CLIENT_ID).await?;
    }
    let client = NewClient {
        client_id: Some(CLIENT_ID.to_owned()),
        name: Some("Demo kiosk".to_owned()),
        metadata: Map::new(),
        host: None,
        binding_message: BindingMessageUse::Show,
        transfer_code: true,
        long_poll: 0,
        test: false,
        introspection: false,
    };
    let secret = desk
        .add_client(client, &app.registrar())
        .await?
        .client_secret
        .unwrap_or_default();
    write_private(&path, secret.as_bytes(), true).map_err(Failure::failed)?;
    Ok(Secret::new(secret))
}
