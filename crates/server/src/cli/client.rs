//! `client`: through the running server if there is one, else on the store itself.

use reqwest::Method;
use serde_json::Value;

use super::{
    Context, Failure,
    admin_client::segment,
    administer::{Place, desk, list, place},
    client_arguments::ClientTask,
    output::say,
};
use crate::administration::{
    registrar::Registrar,
    views::{ClientDetails, ClientView},
};

pub(super) async fn run(context: &Context, task: ClientTask) -> Result<(), Failure> {
    let place = place(context)?;
    match task {
        ClientTask::Add(options) => {
            let json = options.json;
            let new = options.into_new_client()?;
            let client: ClientView = match &place {
                Place::Running(running) => running.post("/clients", &new).await?,
                Place::Here {
                    store,
                    rng,
                    keys,
                    egress,
                    ..
                } => {
                    let registrar = Registrar {
                        offered: context.config.offered(),
                        keys,
                        egress,
                    };
                    desk(store, rng).add_client(new, &registrar).await?
                }
            };
            if json {
                return list(&[client], true, |_| String::new());
            }
            say(&format!("client_id     {}", client.client_id));
            match &client.client_secret {
                Some(secret) => {
                    say(&format!("client_secret {secret}"));
                    say("The secret is not stored and cannot be shown again.");
                }
                None => say(&format!(
                    "authenticates with {}",
                    client.authentication_method
                )),
            }
        }
        ClientTask::List { json } => {
            let clients: Vec<ClientView> = match &place {
                Place::Running(running) => running.get("/clients").await?,
                Place::Here { store, rng, .. } => desk(store, rng).clients().await?,
            };
            list(&clients, json, |client| {
                format!(
                    "{:<24} {:<28} {}",
                    client.client_id, client.name, client.authentication_method
                )
            })?;
        }
        ClientTask::Show { client_id, json } => {
            let details: ClientDetails = match &place {
                Place::Running(running) => {
                    let path = format!("/clients/{}", segment(&client_id));
                    running.get(&path).await?
                }
                Place::Here { store, rng, .. } => desk(store, rng).client(&client_id).await?,
            };
            show(&details, json)?;
        }
        ClientTask::Remove { client_id } => {
            match &place {
                Place::Running(running) => {
                    let path = format!("/clients/{}", segment(&client_id));
                    running.command(Method::DELETE, &path, None::<&()>).await?;
                }
                Place::Here { store, rng, .. } => {
                    desk(store, rng).remove_client(&client_id).await?;
                }
            }
            say(&format!("removed {client_id}"));
        }
    }
    Ok(())
}

/// One line for each thing that is known of the client, its metadata last; or one JSON object.
fn show(details: &ClientDetails, json: bool) -> Result<(), Failure> {
    let value = serde_json::to_value(details).map_err(Failure::failed)?;
    if json {
        say(&serde_json::to_string_pretty(&value).map_err(Failure::failed)?);
        return Ok(());
    }
    let members = value.as_object().into_iter().flatten();
    let (metadata, own): (Vec<_>, Vec<_>) = members.partition(|(_, value)| value.is_object());
    let metadata = metadata
        .into_iter()
        .filter_map(|(_, value)| value.as_object());
    for (member, value) in own.into_iter().chain(metadata.flatten()) {
        match value {
            Value::Null => {}
            Value::String(text) => say(&format!("{member:<48} {text}")),
            other => say(&format!("{member:<48} {other}")),
        }
    }
    Ok(())
}
