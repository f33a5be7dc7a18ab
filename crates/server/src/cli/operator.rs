//! `operator`: who may use the operator's pages.

use reqwest::Method;

use super::{
    Context, Failure,
    admin_client::{AdminClient, segment},
    administer::{Place, desk, list, place},
    arguments::OperatorTask,
    output::say,
};
use crate::administration::views::{NewOperator, OperatorInvitationView, OperatorView};

pub(super) async fn run(context: &Context, task: OperatorTask) -> Result<(), Failure> {
    match task {
        OperatorTask::Invite { name, json } => {
            let Some(client) = AdminClient::find(&context.folder)? else {
                return Err(Failure::not_running("operator invite"));
            };
            let new = NewOperator { name };
            let view: OperatorInvitationView = client.post("/operators", &new).await?;
            if json {
                return list(&[view], true, |_| String::new());
            }
            say(&view.url);
            let minutes = view.expires_in / 60;
            say(&format!(
                "Open it in the browser that shall keep the passkey of {:?}. It works once, for {minutes} minutes.",
                view.name
            ));
        }
        OperatorTask::List { json } => {
            let operators: Vec<OperatorView> = match &place(context)? {
                Place::Running(client) => client.get("/operators").await?,
                Place::Here { store, rng, .. } => desk(store, rng).operators().await?,
            };
            list(&operators, json, |operator| operator.name.clone())?;
        }
        OperatorTask::Remove { name } => {
            match &place(context)? {
                Place::Running(client) => {
                    let path = format!("/operators/{}", segment(&name));
                    client.command(Method::DELETE, &path, None::<&()>).await?;
                }
                Place::Here { store, rng, .. } => desk(store, rng).remove_operator(&name).await?,
            }
            say(&format!("removed {name}"));
        }
    }
    Ok(())
}
