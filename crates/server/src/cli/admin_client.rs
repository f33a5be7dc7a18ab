//! Speaks to the running server's admin interface.

use reqwest::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use tegata_protocol::Secret;

use super::Failure;
use crate::{
    app::http_client,
    data_folder::{DataFolder, DataFolderError},
    http::admin::Refusal,
};

/// A running server.
pub(super) struct AdminClient {
    client: reqwest::Client,
    base: String,
    token: Secret<String>,
}

impl AdminClient {
    /// The server that holds this data folder, or `None` if nobody does. Asking the lock and not only `server.json`
    /// makes sure that a server killed earlier is not taken for a running one.
    pub(super) fn find(folder: &DataFolder) -> Result<Option<Self>, Failure> {
        if !folder.is_made() {
            return Err(Failure::failed(DataFolderError::NotMade(
                folder.path().to_owned(),
            )));
        }
        match folder.lock() {
            Ok(_) => return Ok(None),
            Err(DataFolderError::InUse(_)) => {}
            Err(error) => return Err(Failure::failed(error)),
        }
        let Some(running) = folder.announced() else {
            return Err(Failure::failed(DataFolderError::InUse(
                folder.path().to_owned(),
            )));
        };
        Ok(Some(Self {
            client: http_client().map_err(Failure::failed)?,
            base: format!("http://{}/admin/v1", running.address),
            token: folder.admin_token().map_err(Failure::failed)?,
        }))
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        read(&self.send(Method::GET, path, None).await?)
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        read(&self.send(Method::POST, path, Some(encode(body)?)).await?)
    }

    /// A request whose answer has no body.
    pub(super) async fn command(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<(), Failure> {
        let body = body.map(encode).transpose()?;
        self.send(method, path, body).await.map(drop)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, Failure> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            // EXPOSE: proves to the server that this command can read its data folder.
            .header("authorization", format!("Bearer {}", self.token.expose()));
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let response = request.send().await.map_err(|error| {
            Failure::failed(format!("the running server does not answer: {error}"))
        })?;
        let status = response.status();
        let body = response.bytes().await.map_err(Failure::failed)?.to_vec();
        if status.is_success() {
            return Ok(body);
        }
        let message = serde_json::from_slice::<Refusal>(&body).map_or_else(
            |_| match status {
                StatusCode::UNAUTHORIZED => {
                    "the running server does not accept the token in the data folder".to_owned()
                }
                _ => format!("the running server answered {status}"),
            },
            |refusal| refusal.message,
        );
        Err(Failure::failed(message))
    }
}

/// One path segment.
pub(super) fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

fn encode(body: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(body).map_err(Failure::failed)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        Failure::failed(format!(
            "the running server answered something unexpected: {error}"
        ))
    })
}
