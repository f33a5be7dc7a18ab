//! The demo's two pages, used over HTTP as a browser would.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    folders::write_private, http::Http, pairing_page::PairingPage, processes::wait_until,
    server::Server,
};

/// How long the kiosk may take to notice a decision: an interval or two.
const NOTICE: Duration = Duration::from_secs(20);

/// The demo pages of a running server.
#[derive(Debug, Clone)]
pub struct DemoPages {
    http: Http,
    issuer: String,
}

/// A sign-in that has been started at the kiosk.
#[derive(Debug, Clone)]
pub struct SignIn {
    state_url: String,
    /// The code that the kiosk shows.
    pub transfer_code: Option<String>,
}

/// What the kiosk shows when the person has approved.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The ID token's claims, as checked by the kiosk.
    pub claims: Value,
    /// The ID token, to be verified here again.
    pub id_token: String,
    evidence_url: String,
}

#[derive(Deserialize)]
struct Kiosk {
    state: String,
    transfer_code: Option<String>,
    claims: Option<Value>,
    id_token: Option<String>,
    evidence: Option<String>,
    error: Option<String>,
}

impl DemoPages {
    /// The pages of this server, which must be in demo mode.
    pub fn new(server: &Server) -> Self {
        Self {
            http: server.http().clone(),
            issuer: server.issuer().to_owned(),
        }
    }

    /// The consumption page's address.
    pub fn kiosk_url(&self) -> String {
        format!("{}/demo", self.issuer)
    }

    /// The pairing page's address.
    pub fn pairing_url(&self) -> String {
        format!("{}/demo/pairing", self.issuer)
    }

    /// Presses the pairing page's button, which leads to a page that makes an invitation.
    ///
    /// # Errors
    ///
    /// The server is not in demo mode, or makes none.
    pub async fn invite(&self) -> anyhow::Result<PairingPage> {
        let answer = self.http.post_form(&self.pairing_url(), &[], &[]).await?;
        let page = answer.location.with_context(|| {
            format!(
                "the pairing page answers HTTP {}: {}",
                answer.status, answer.text
            )
        })?;
        PairingPage::open(&self.http, &page).await
    }

    /// Presses *Sign in*.
    ///
    /// # Errors
    ///
    /// The kiosk cannot ask for an approval.
    pub async fn sign_in(&self) -> anyhow::Result<SignIn> {
        let url = format!("{}/demo/sign-in", self.issuer);
        let started = self
            .http
            .post(&url, &[("accept", "application/json")], String::new())
            .await?
            .ok_json()
            .context("press Sign in at the kiosk")?;
        let path = started["state"]
            .as_str()
            .context("the sign-in has no state")?;
        let state_url = format!("{}{path}", self.issuer);
        let transfer_code = self.state(&state_url).await?.transfer_code;
        Ok(SignIn {
            state_url,
            transfer_code,
        })
    }

    /// Where the kiosk's screen for a sign-in is, which shows the code as a picture too.
    pub fn screen_url(&self, sign_in: &SignIn) -> String {
        format!("{}/page", sign_in.state_url)
    }

    /// Waits until the kiosk says that the person has signed in.
    ///
    /// # Errors
    ///
    /// It says something else, or nothing in time.
    pub async fn await_approval(&self, sign_in: &SignIn) -> anyhow::Result<SignedIn> {
        let state = wait_until("the kiosk knows the decision", NOTICE, async || {
            let state = self.state(&sign_in.state_url).await?;
            Ok((state.state != "waiting").then_some(state))
        })
        .await?;
        match (
            state.state.as_str(),
            state.claims,
            state.id_token,
            state.evidence,
        ) {
            ("approved", Some(claims), Some(id_token), Some(evidence)) => Ok(SignedIn {
                claims,
                id_token,
                evidence_url: format!("{}{evidence}", self.issuer),
            }),
            (other, ..) => bail!(
                "the kiosk says {other}, not approved: {}",
                state.error.unwrap_or_default()
            ),
        }
    }

    /// Saves the evidence that the kiosk offers.
    ///
    /// # Errors
    ///
    /// It offers none, or the file cannot be written.
    pub async fn save_evidence(&self, signed_in: &SignedIn, file: &Path) -> anyhow::Result<()> {
        let answer = self.http.fetch(&signed_in.evidence_url).await?;
        ensure!(
            answer.status == 200,
            "the kiosk's evidence is HTTP {}",
            answer.status
        );
        write_private(file, answer.text.as_bytes())
    }

    async fn state(&self, url: &str) -> anyhow::Result<Kiosk> {
        let state = self.http.fetch(url).await?.ok_json()?;
        serde_json::from_value(state).context("the kiosk's state")
    }
}
