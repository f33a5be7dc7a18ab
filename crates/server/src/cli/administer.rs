//! `user`, `devices`, `backup`: through the running server if there is one, else on the store itself.

use reqwest::Method;
use serde::Serialize;
use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};
use tegata_protocol::{Clock, Secret, SystemClock, SystemRng};

use super::{
    Context, Failure,
    admin_client::{AdminClient, segment},
    arguments::{DevicesTask, UserTask},
    output::say,
};
use crate::{
    administration::{
        AdministrationError, Desk,
        views::{DeviceView, NewUser, UserCodeTask, UserCodeView, UserView},
    },
    app::open_store,
    data_folder::FolderLock,
    egress::Egress,
    http::admin::BackupRequest,
    keys::Keys,
    storage::StoreHandle,
};

/// Where a task is carried out.
pub(super) enum Place {
    /// In the running server.
    Running(AdminClient),
    /// Here, with the folder locked.
    Here {
        store: StoreHandle,
        rng: SystemRng,
        keys: Box<Keys>,
        egress: Egress,
        _lock: FolderLock,
    },
}

impl From<AdministrationError> for Failure {
    fn from(error: AdministrationError) -> Self {
        Self::failed(error)
    }
}

pub(super) fn place(context: &Context) -> Result<Place, Failure> {
    if let Some(client) = AdminClient::find(&context.folder)? {
        return Ok(Place::Running(client));
    }
    let rng = SystemRng::new();
    let folder = &context.folder;
    folder.keys(&rng).map_err(Failure::failed)?;
    let lock = folder.lock().map_err(Failure::failed)?;
    folder.complete_keys(&lock, &rng).map_err(Failure::failed)?;
    let keys = folder.keys(&rng).map_err(Failure::failed)?;
    let store = open_store(&context.config, &context.folder, &keys).map_err(Failure::failed)?;
    let egress = Egress::open(&context.config, folder.path()).map_err(Failure::failed)?;
    Ok(Place::Here {
        store,
        rng,
        keys: Box::new(keys),
        egress,
        _lock: lock,
    })
}

pub(super) fn desk<'a>(store: &'a StoreHandle, rng: &'a SystemRng) -> Desk<'a> {
    Desk {
        store,
        rng,
        now: SystemClock.now(),
    }
}

pub(super) async fn user(context: &Context, task: UserTask) -> Result<(), Failure> {
    let place = place(context)?;
    match task {
        UserTask::Add {
            login_name,
            name,
            test,
        } => {
            let new = NewUser {
                login_name,
                display_name: name,
                test,
            };
            let user: UserView = match &place {
                Place::Running(client) => client.post("/users", &new).await?,
                Place::Here { store, rng, .. } => desk(store, rng).add_user(new).await?,
            };
            say(&format!(
                "added {} ({}), sub {}",
                user.login_name, user.display_name, user.sub
            ));
        }
        UserTask::List { json } => {
            let users: Vec<UserView> = match &place {
                Place::Running(client) => client.get("/users").await?,
                Place::Here { store, rng, .. } => desk(store, rng).users().await?,
            };
            list(&users, json, |user| {
                let test = if user.test { "  (test)" } else { "" };
                format!(
                    "{:<20} {:<24} {}{test}",
                    user.login_name, user.display_name, user.sub
                )
            })?;
        }
        UserTask::Code {
            login_name,
            typed,
            remove,
        } => {
            let task = if typed {
                let code = read_code().await?;
                UserCodeTask::Set { code }
            } else if remove {
                UserCodeTask::Remove
            } else {
                UserCodeTask::Draw
            };
            let view: UserCodeView = match &place {
                Place::Running(client) => {
                    let path = format!("/users/{}/code", segment(&login_name));
                    client.post(&path, &task).await?
                }
                Place::Here {
                    store, rng, keys, ..
                } => {
                    let desk = desk(store, rng);
                    desk.set_user_code(keys, &login_name, task).await?
                }
            };
            match view.drawn {
                Some(code) => {
                    // EXPOSE: for the operator, this once.
                    say(&format!("user code       {}", code.expose()));
                    say("The code is not stored and cannot be shown again.");
                }
                None if remove => say(&format!("{login_name} has no user code")),
                None => say(&format!("{login_name} has a new user code")),
            }
        }
        UserTask::Remove { login_name } => {
            match &place {
                Place::Running(client) => {
                    let path = format!("/users/{}", segment(&login_name));
                    client.command(Method::DELETE, &path, None::<&()>).await?;
                }
                Place::Here { store, rng, .. } => desk(store, rng).remove_user(&login_name).await?,
            }
            say(&format!("removed {login_name} and all their devices"));
        }
    }
    Ok(())
}

pub(super) async fn devices(context: &Context, task: DevicesTask) -> Result<(), Failure> {
    let place = place(context)?;
    match task {
        DevicesTask::List { user, json } => {
            let devices: Vec<DeviceView> = match &place {
                Place::Running(client) => {
                    let query = user
                        .as_deref()
                        .map(|user| format!("?user={}", segment(user)))
                        .unwrap_or_default();
                    client.get(&format!("/devices{query}")).await?
                }
                Place::Here { store, rng, .. } => desk(store, rng).devices(user.as_deref()).await?,
            };
            list(&devices, json, |device| {
                let state = match (device.active, device.suspect) {
                    (false, _) => "revoked",
                    (true, true) => "SUSPECT",
                    (true, false) => "active",
                };
                let user = device.user.as_deref().unwrap_or("-");
                format!(
                    "{:<24} {user:<16} {state:<8} {}",
                    device.device_id, device.name
                )
            })?;
        }
        DevicesTask::Revoke { device_id } => {
            match &place {
                Place::Running(client) => {
                    let path = format!("/devices/{}/revoke", segment(&device_id));
                    client.command(Method::POST, &path, None::<&()>).await?;
                }
                Place::Here { store, rng, .. } => {
                    desk(store, rng).revoke_device(&device_id).await?;
                }
            }
            say(&format!("revoked {device_id}"));
        }
    }
    Ok(())
}

pub(super) async fn backup(context: &Context, file: PathBuf) -> Result<(), Failure> {
    let file = std::path::absolute(&file).map_err(Failure::failed)?;
    let shown = file.display().to_string();
    match place(context)? {
        Place::Running(client) => {
            client
                .command(Method::POST, "/backup", Some(&BackupRequest { file }))
                .await?;
        }
        Place::Here { store, .. } => store
            .read_long(move |reader| reader.backup(&file))
            .await
            .map_err(Failure::failed)?,
    }
    say(&format!(
        "wrote {shown}. It holds no keys: keep keys.json apart from it"
    ));
    Ok(())
}

/// A code that somebody types, without showing it, or that is piped in.
async fn read_code() -> Result<Secret<String>, Failure> {
    let read = || {
        if io::stdin().is_terminal() {
            return rpassword::prompt_password("User code: ").map(Secret::new);
        }
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_owned()))
    };
    tokio::task::spawn_blocking(read)
        .await
        .map_err(Failure::failed)?
        .map_err(Failure::failed)
}

/// One line for each, or one JSON document.
pub(super) fn list<T: Serialize>(
    all: &[T],
    json: bool,
    line: impl Fn(&T) -> String,
) -> Result<(), Failure> {
    if json {
        say(&serde_json::to_string_pretty(all).map_err(Failure::failed)?);
    } else {
        for item in all {
            say(&line(item));
        }
    }
    Ok(())
}
