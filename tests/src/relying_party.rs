//! A CIBA client in poll mode that takes one step at a time, for tests that need to stand between two steps. It shares
//! no code with the server. (That a client nobody here wrote is served too is shown with openid-client.)

use anyhow::{Context as _, bail};
use data_encoding::BASE64;
use serde_json::Value;
use tegata_protocol::{Clock as _, SystemClock};

use crate::{
    http::{Answer, Http},
    id_token::{Expected, verify_id_token},
    server::Server,
};

/// The grant type of CIBA Core section 10.1.
const GRANT_TYPE: &str = "urn:openid:params:grant-type:ciba";

/// A registered client with a secret.
#[derive(Clone)]
pub struct RelyingParty {
    http: Http,
    issuer: String,
    /// The client's id.
    pub client_id: String,
    authorization: String,
}

/// A request that the server has acknowledged.
#[derive(Clone)]
pub struct Acknowledged {
    auth_req_id: String,
    /// The code to be shown to the person, when the client is registered for one.
    pub transfer_code: Option<String>,
    /// Seconds until it expires.
    pub expires_in: u64,
    /// Seconds between two polls.
    pub interval: u64,
}

/// What a poll brought.
#[derive(Clone)]
pub enum Polled {
    /// Tokens, verified.
    Tokens(Tokens),
    /// An error: its code and the HTTP status.
    Error(String, u16),
}

/// Tokens whose ID token has been verified.
#[derive(Clone)]
pub struct Tokens {
    /// The ID token's claims.
    pub claims: Value,
    /// The client's receipt, not verified here.
    pub client_receipt: String,
}

impl RelyingParty {
    /// A client of this server.
    pub fn new(server: &Server, client_id: &str, client_secret: &str) -> Self {
        // RFC 6749 section 2.3.1: form-encoded before they are joined.
        let encode = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let pair = format!("{}:{}", encode(client_id), encode(client_secret));
        Self {
            http: server.http().clone(),
            issuer: server.issuer().to_owned(),
            client_id: client_id.to_owned(),
            authorization: format!("Basic {}", BASE64.encode(pair.as_bytes())),
        }
    }

    /// Asks for a person's approval.
    ///
    /// # Errors
    ///
    /// The server refuses; the message shows its answer.
    pub async fn ask(
        &self,
        login_hint: &str,
        further: &[(&str, &str)],
    ) -> anyhow::Result<Acknowledged> {
        let mut fields = vec![("scope", "openid"), ("login_hint", login_hint)];
        fields.extend(further);
        Self::acknowledged(&self.post("/backchannel-authentication", &fields).await?)
    }

    /// Asks for a person's approval and answers whatever the server does.
    ///
    /// # Errors
    ///
    /// The server does not answer at all.
    pub async fn try_to_ask(&self, login_hint: &str) -> anyhow::Result<Answer> {
        let fields = [("scope", "openid"), ("login_hint", login_hint)];
        self.post("/backchannel-authentication", &fields).await
    }

    /// Reads an acknowledgement.
    ///
    /// # Errors
    ///
    /// The answer is none.
    pub fn acknowledged(answer: &Answer) -> anyhow::Result<Acknowledged> {
        let body = answer.ok_json()?;
        let number = |name: &str| {
            body[name]
                .as_u64()
                .with_context(|| format!("no {name} in the acknowledgement"))
        };
        Ok(Acknowledged {
            auth_req_id: body["auth_req_id"]
                .as_str()
                .context("no auth_req_id")?
                .to_owned(),
            transfer_code: body["transfer_code"].as_str().map(str::to_owned),
            expires_in: number("expires_in")?,
            interval: number("interval")?,
        })
    }

    /// Polls once, as soon as the interval allows it.
    ///
    /// # Errors
    ///
    /// The server does not answer as a provider does, or what it issues does not verify.
    pub async fn poll(&self, request: &Acknowledged) -> anyhow::Result<Polled> {
        let answer = self
            .post(
                "/token",
                &[
                    ("grant_type", GRANT_TYPE),
                    ("auth_req_id", &request.auth_req_id),
                ],
            )
            .await?;
        if answer.status != 200 {
            let code = answer.json()?["error"]
                .as_str()
                .context("an error without a code")?
                .to_owned();
            return Ok(Polled::Error(code, answer.status));
        }
        Ok(Polled::Tokens(self.verified(&answer).await?))
    }

    /// Polls at the interval until the answer is something else than *pending*.
    ///
    /// # Errors
    ///
    /// As for [`RelyingParty::poll`]; also when the request's life is over twice.
    pub async fn poll_until_decided(&self, request: &Acknowledged) -> anyhow::Result<Polled> {
        let mut ticks = tokio::time::interval(std::time::Duration::from_secs(request.interval));
        for _ in 0..=2 * request.expires_in / request.interval.max(1) {
            ticks.tick().await;
            match self.poll(request).await? {
                Polled::Error(code, _)
                    if code == "authorization_pending" || code == "slow_down" => {}
                decided => return Ok(decided),
            }
        }
        bail!("the request outlived its life");
    }

    async fn verified(&self, answer: &Answer) -> anyhow::Result<Tokens> {
        let tokens = answer.json()?;
        let text = |name: &str| {
            tokens[name]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("no {name} in the token response"))
        };
        let discovery = self
            .http
            .fetch(&format!("{}/.well-known/openid-configuration", self.issuer))
            .await?
            .ok_json()?;
        let jwks_uri = discovery["jwks_uri"].as_str().context("no jwks_uri")?;
        let jwks = self.http.fetch(jwks_uri).await?.ok_json()?;
        let access_token = text("access_token")?;
        let expected = Expected {
            issuer: &self.issuer,
            client_id: &self.client_id,
            access_token: Some(&access_token),
            now: SystemClock.now(),
        };
        Ok(Tokens {
            claims: verify_id_token(&text("id_token")?, &jwks, expected)?,
            client_receipt: text("client_receipt")?,
        })
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        self.http
            .post_form(
                &format!("{}{path}", self.issuer),
                &[("authorization", &self.authorization)],
                fields,
            )
            .await
    }
}
