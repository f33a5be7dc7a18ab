//! The operator's local interface: people, clients, and the pairing of devices.

use anyhow::Context as _;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tegata_protocol::Secret;

use crate::http_client::{Answer, Connection, JSON};

/// The operator's local interface, over one connection.
pub struct Admin {
    connection: Connection,
    authorization: Secret<String>,
}

/// An invitation and its issuing session.
pub struct Invited {
    /// The issuing session.
    pub session: String,
    /// For the device, as a link.
    pub link: String,
    /// For the device, typed.
    pub code: String,
    /// The session's secret.
    pub secret: String,
}

impl Admin {
    pub(super) fn new(address: SocketAddr, token: &Secret<String>) -> Self {
        // EXPOSE: the benchmark is the operator.
        let authorization = Secret::new(format!("Bearer {}", token.expose()));
        Self {
            connection: Connection::to(address),
            authorization,
        }
    }

    async fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        // EXPOSE: proves to the server that this is its operator.
        let headers = [
            ("authorization", self.authorization.expose().as_str()),
            JSON,
        ];
        let path = format!("/admin/v1{path}");
        self.connection
            .send("POST", &path, &headers, body.to_string())
            .await
    }

    /// Adds a person; a real one, for whom the budgets hold.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn add_user(&mut self, login_name: &str) -> anyhow::Result<()> {
        let body = json!({"login_name": login_name, "display_name": null, "test": false});
        self.post("/users", &body).await?.ok_json().map(drop)
    }

    /// Registers a client that authenticates with `jwks`, or with the secret that is answered if there are none. Its
    /// binding messages are shown; no transfer codes.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn add_client(
        &mut self,
        client_id: &str,
        jwks: Option<Value>,
    ) -> anyhow::Result<Option<String>> {
        let metadata = match jwks {
            Some(jwks) => json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks}),
            None => json!({}),
        };
        let body = json!({
            "client_id": client_id, "name": "Reading room kiosk", "metadata": metadata, "host": null,
            "binding_message": "show", "transfer_code": false,
        });
        let client = self.post("/clients", &body).await?.ok_json()?;
        Ok(client["client_secret"].as_str().map(str::to_owned))
    }

    /// Invites a device of a person.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn invite(&mut self, login_name: &str) -> anyhow::Result<Invited> {
        let body = json!({"user": login_name, "page": false});
        let view = self.post("/invitations", &body).await?.ok_json()?;
        let text = |pointer: &str| {
            view.pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .with_context(|| format!("the invitation has no {pointer}"))
        };
        Ok(Invited {
            session: text("/session")?,
            link: text("/form/link")?,
            code: text("/form/code")?,
            secret: text("/form/secret")?,
        })
    }

    /// Types the six digits that the device shows.
    ///
    /// # Errors
    /// The server refuses, or the digits are wrong.
    pub async fn confirm(&mut self, invited: &Invited, digits: &str) -> anyhow::Result<()> {
        let path = format!("/invitations/{}/confirm", invited.session);
        let body = json!({"secret": invited.secret, "code": digits});
        let progress = self.post(&path, &body).await?.ok_json()?;
        anyhow::ensure!(
            progress["state"] == "confirmed",
            "not confirmed: {progress}"
        );
        Ok(())
    }
}
