//! The one-time pairing page, used over HTTP as a browser would.

use anyhow::{Context as _, bail, ensure};
use tegata_protocol::device::invitation::{Invitation, parse_invitation};

use crate::http::{Answer, Http};

/// An open pairing page: an issuing session that waits for a device's six digits.
#[derive(Clone)]
pub struct PairingPage {
    http: Http,
    url: String,
    cookie: String,
    /// Finds the session again at the page that an app opens.
    start_cookie: String,
    link: String,
    code: String,
    host: String,
}

impl PairingPage {
    /// Opens the page at its one-time address: presses its button, which makes the invitation.
    ///
    /// # Errors
    ///
    /// The address has been used or is over, or the page does not show an invitation.
    pub async fn open(http: &Http, address: &str) -> anyhow::Result<Self> {
        let opened = http.post_form(address, &[], &[]).await?;
        let (Some(url), Some(cookie)) = (opened.location.clone(), opened.cookie.clone()) else {
            bail!("the pairing page does not open: {}", words(&opened));
        };
        let start_cookie = opened.cookies.get(1).cloned().unwrap_or_default();
        let page = http.fetch_with(&url, &[("cookie", &cookie)]).await?;
        let fact = |name: &str| {
            let value = between(&page.text, &format!(r#"<dd class="{name}">"#), "</dd>");
            value.with_context(|| format!("the pairing page shows no {name}: {}", words(&page)))
        };
        let (host, code) = (fact("host")?, fact("code")?);
        let link = between(
            &page.text,
            r#"<input id="pairing-link" readonly value=""#,
            "\"",
        )
        .with_context(|| format!("the pairing page shows no link: {}", words(&page)))?
        .replace("&amp;", "&");
        // What is typed by hand is what the link says.
        let Invitation::Complete {
            issuer,
            code: linked,
            ..
        } = parse_invitation(&link)?
        else {
            bail!("the pairing page's link is no complete invitation");
        };
        ensure!(
            issuer.host() == host && linked.expose_grouped() == code,
            "the pairing page's link is for another host or code than the page shows"
        );
        Ok(Self {
            http: http.clone(),
            url,
            cookie,
            start_cookie,
            link,
            code,
            host,
        })
    }

    /// The invitation as a link.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// The invitation's code, as it is typed by hand together with [`PairingPage::host`].
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The server's host and port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Goes on in this browser at the address that an app has opened: presses the button, and answers the link that the page
    /// then hands to the app. What [`PairingPage::link`] and [`PairingPage::code`] say is good for nothing from then on.
    ///
    /// # Errors
    ///
    /// The page offers no session, or shows no link.
    pub async fn begin(&mut self, address: &str) -> anyhow::Result<String> {
        let kept = [("cookie", self.start_cookie.as_str())];
        let asked = self.http.fetch_with(address, &kept).await?;
        let field = |name: &str| {
            let start = format!(r#"<input type="hidden" name="{name}" value=""#);
            let value = between(&asked.text, &start, "\"");
            value.with_context(|| format!("the page has no {name}: {}", words(&asked)))
        };
        let (session, key, token) = (field("session")?, field("jkt")?, field("token")?);
        let fields = [("session", &session), ("jkt", &key), ("token", &token)];
        let fields = fields.map(|(name, value)| (name, value.as_str()));
        let bound = self.http.post_form(address, &kept, &fields).await?;
        let (Some(url), Some(cookie)) = (bound.location.clone(), bound.cookie.clone()) else {
            bail!("the page binds no code: {}", words(&bound));
        };
        ensure!(url == self.url, "the page leads to another session: {url}");
        self.cookie = cookie;
        let page = self
            .http
            .fetch_with(&url, &[("cookie", &self.cookie)])
            .await?;
        let link = between(
            &page.text,
            r#"<a id="pairing-link" class="button" href=""#,
            "\"",
        );
        let link =
            link.with_context(|| format!("the page hands nothing over: {}", words(&page)))?;
        Ok(link.replace("&#38;", "&").replace("&amp;", "&"))
    }

    /// Types the six digits and presses *Confirm*.
    ///
    /// # Errors
    ///
    /// They are wrong, or no device waits; the message shows the page's words.
    pub async fn confirm(&self, digits: &str) -> anyhow::Result<()> {
        let answer = self
            .http
            .post_form(
                &self.url,
                &[("cookie", &self.cookie)],
                &[("digits", digits)],
            )
            .await?;
        ensure!(
            answer.status == 200,
            "the pairing page refuses the digits: {}",
            words(&answer)
        );
        Ok(())
    }
}

/// A page's notice, or its status.
fn words(answer: &Answer) -> String {
    let notice = between(&answer.text, r#"<p class="notice""#, "</p>");
    let notice = notice.and_then(|text| Some(text.split_once('>')?.1.to_owned()));
    format!("HTTP {}, {}", answer.status, notice.unwrap_or_default())
}

fn between(text: &str, start: &str, end: &str) -> Option<String> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0.to_owned())
}
