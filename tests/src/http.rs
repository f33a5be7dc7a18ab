//! The HTTP client of tests and demo: loopback only, JSON and forms, every request with a limit.

use std::{sync::Once, time::Duration};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// How long one request may take. Long polls and sockets are not made with this client.
const LIMIT: Duration = Duration::from_secs(20);

/// Makes requests to servers on this machine. Cheap to clone; connections are shared.
#[derive(Debug, Clone)]
pub struct Http(reqwest::Client);

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// The body; lossy, because everything that is asked for here is text.
    pub text: String,
    /// The `Location` header of a redirection, which is never followed.
    pub location: Option<String>,
    /// The first cookie that it sets, as `name=value`, to be sent back by hand.
    pub cookie: Option<String>,
    /// All of them, in the order in which they are set.
    pub cookies: Vec<String>,
}

impl Http {
    /// Makes the client. Proxies of the environment are not used: nothing here leaves the machine.
    ///
    /// # Errors
    ///
    /// The TLS library cannot be set up.
    pub fn make() -> anyhow::Result<Self> {
        Self::built(Self::plain())
    }

    /// Makes a client that trusts this certificate of a private authority, DER, and no other.
    ///
    /// # Errors
    ///
    /// It is no certificate, or the TLS library cannot be set up.
    pub fn trusting(authority: &[u8]) -> anyhow::Result<Self> {
        let authority = reqwest::Certificate::from_der(authority)?;
        Self::built(Self::plain().tls_certs_only([authority]))
    }

    fn plain() -> reqwest::ClientBuilder {
        install_tls_provider();
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(LIMIT)
    }

    fn built(builder: reqwest::ClientBuilder) -> anyhow::Result<Self> {
        Ok(Self(builder.build().context("set up HTTP")?))
    }

    /// Fetches a page.
    ///
    /// # Errors
    ///
    /// Nobody answers. An error status is an answer.
    pub async fn fetch(&self, url: &str) -> anyhow::Result<Answer> {
        self.fetch_with(url, &[]).await
    }

    /// Fetches a page with headers of one's own.
    ///
    /// # Errors
    ///
    /// Nobody answers. An error status is an answer.
    pub async fn fetch_with(&self, url: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
        answer(self.0.get(url), url, headers).await
    }

    /// Posts a JSON value.
    ///
    /// # Errors
    ///
    /// Nobody answers. An error status is an answer.
    pub async fn post_json(&self, url: &str, body: &Value) -> anyhow::Result<Answer> {
        let headers = [("content-type", "application/json")];
        self.post(url, &headers, body.to_string()).await
    }

    /// Posts a form, with further headers.
    ///
    /// # Errors
    ///
    /// Nobody answers. An error status is an answer.
    pub async fn post_form(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Answer> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.post(url, &all, body).await
    }

    /// Posts a body as it is.
    ///
    /// # Errors
    ///
    /// Nobody answers. An error status is an answer.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> anyhow::Result<Answer> {
        answer(self.0.post(url).body(body), url, headers).await
    }

    /// Sends `DELETE`.
    ///
    /// # Errors
    ///
    /// Nobody answers. An error status is an answer.
    pub async fn delete(&self, url: &str) -> anyhow::Result<Answer> {
        answer(self.0.delete(url), url, &[]).await
    }
}

impl Answer {
    /// The body as JSON, if the status is 2xx.
    ///
    /// # Errors
    ///
    /// Another status, or no JSON.
    pub fn ok_json(&self) -> anyhow::Result<Value> {
        if !(200..300).contains(&self.status) {
            bail!("the answer is HTTP {}: {}", self.status, self.text);
        }
        self.json()
    }

    /// The body as JSON, whatever the status.
    ///
    /// # Errors
    ///
    /// It is not JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.text)
            .with_context(|| format!("HTTP {} without JSON: {}", self.status, self.text))
    }
}

async fn answer(
    mut request: reqwest::RequestBuilder,
    url: &str,
    headers: &[(&str, &str)],
) -> anyhow::Result<Answer> {
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request
        .send()
        .await
        .with_context(|| format!("no answer from {url}"))?;
    let status = response.status().as_u16();
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let location = header("location");
    let set = response.headers().get_all("set-cookie").iter();
    let cookies: Vec<String> = set
        .filter_map(|value| value.to_str().ok()?.split(';').next())
        .map(str::to_owned)
        .collect();
    let cookie = cookies.first().cloned();
    let text = response
        .text()
        .await
        .with_context(|| format!("the answer of {url} breaks off"))?;
    Ok(Answer {
        status,
        text,
        location,
        cookie,
        cookies,
    })
}

fn install_tls_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error says that somebody else in this process has installed one, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
