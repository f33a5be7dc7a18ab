//! The app's window, used as a person would use it: by what it shows and what can be pressed.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};

use crate::{
    desktop::Desktop,
    processes::wait_until,
    screen::{Album, Screen},
    webdriver::{Driver, PATIENCE, Session},
};

/// Begins to listen, once for each page, and answers what was heard.
const LISTEN: &str = r#"
    if (!window.tegataHeard) {
        const heard = (window.tegataHeard = []);
        addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) =>
            heard.push(`${effectiveDirective} refused ${blockedURI} ${sample}`));
        addEventListener("error", (event) => heard.push(`error: ${event.message}`));
        addEventListener("unhandledrejection", (event) => heard.push(`unhandled: ${event.reason}`));
    }
    return window.tegataHeard;"#;

/// The app, open. Dropping it closes it.
#[derive(Debug)]
pub struct Window {
    // Dropped in this order: the driver ends the app.
    session: Session,
    driver: Driver,
}

/// What the app shows about an invitation before anything is agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownInvitation {
    /// The server's host and port.
    pub host: String,
    /// The account's name.
    pub account: String,
}

impl Window {
    /// Opens the app on a desktop, with its data in `data_dir`. Pictures go into `screens`, logs into `logs`; both must
    /// exist.
    ///
    /// # Errors
    ///
    /// The app or the driver cannot be started, or the window stays empty.
    pub async fn open(
        app: &Path,
        desktop: &Desktop,
        data_dir: &Path,
        screens: &Path,
        logs: &Path,
    ) -> anyhow::Result<Self> {
        let data = ("TEGATA_DEVICE_DATA".into(), data_dir.into());
        Self::open_with(app, desktop, Some(data), screens, logs, &[]).await
    }

    /// The same as [`Window::open`] for a link that the person opened, as the desktop starts the app for it.
    ///
    /// # Errors
    ///
    /// The app or the driver cannot be started, or the window stays empty.
    pub async fn open_by_link(
        app: &Path,
        desktop: &Desktop,
        data_dir: &Path,
        screens: &Path,
        logs: &Path,
        link: &str,
    ) -> anyhow::Result<Self> {
        let data = ("TEGATA_DEVICE_DATA".into(), data_dir.into());
        Self::open_with(app, desktop, Some(data), screens, logs, &[link]).await
    }

    /// The same with its data where it keeps them if nobody says otherwise: in the desktop's home.
    ///
    /// # Errors
    ///
    /// The app or the driver cannot be started, or the window stays empty.
    pub async fn open_as_installed(
        app: &Path,
        desktop: &Desktop,
        screens: &Path,
        logs: &Path,
    ) -> anyhow::Result<Self> {
        Self::open_with(app, desktop, None, screens, logs, &[]).await
    }

    async fn open_with(
        app: &Path,
        desktop: &Desktop,
        further: Option<(OsString, OsString)>,
        screens: &Path,
        logs: &Path,
        arguments: &[&str],
    ) -> anyhow::Result<Self> {
        let mut environment = desktop.environment();
        environment.extend(further);
        let driver = Driver::start(environment, &logs.join("window.log")).await?;
        let album = Album::new(Screen::of(desktop)?, screens);
        let session = Session::start(&driver, app, arguments, album).await?;
        session
            .await_any(&["welcome.screen", "inbox.list", "inbox.empty", "pair.screen"])
            .await?;
        let window = Self { session, driver };
        window.refused().await?;
        Ok(window)
    }

    /// What the page's content security policy has refused, and errors that nothing caught, since this was first asked of
    /// the page: at the latest as soon as it showed something. A line each.
    ///
    /// # Errors
    ///
    /// The window is gone.
    pub async fn refused(&self) -> anyhow::Result<Vec<String>> {
        let told = self.session.run_script(LISTEN, &[]).await?;
        Ok(serde_json::from_value(told)?)
    }

    /// Waits until something that a directive of the policy forbids has been refused.
    ///
    /// # Errors
    ///
    /// Nothing is refused in time.
    pub async fn await_refusal(&self, directive: &str) -> anyhow::Result<()> {
        wait_until("the policy refuses something", PATIENCE, async || {
            let refused = self.refused().await?;
            let found = refused.iter().any(|line| line.contains(directive));
            Ok(found.then_some(()))
        })
        .await
    }

    /// What can be done with any window.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Saves a picture.
    ///
    /// # Errors
    ///
    /// The window is gone.
    pub async fn picture(&self, name: &str) -> anyhow::Result<PathBuf> {
        self.session.save_screen(name).await
    }

    /// From the welcome screen: pastes an invitation's link and waits for what the app shows of it.
    ///
    /// # Errors
    ///
    /// The app refuses the invitation; the message shows its words.
    pub async fn paste_invitation(&self, link: &str) -> anyhow::Result<ShownInvitation> {
        self.session.click("welcome.pair").await?;
        self.session.type_into("pair.input", link).await?;
        self.session.click("pair.submit").await?;
        let reached = self
            .session
            .await_any(&["pair.confirm", "pair.failed"])
            .await?;
        if reached == "pair.failed" {
            bail!(
                "the app refuses the invitation: {}",
                self.session.text("pair.failed").await?
            );
        }
        Ok(ShownInvitation {
            host: self.session.text("pair.host").await?,
            account: self.session.text("pair.account").await?,
        })
    }

    /// Agrees to the host and the account that are shown.
    ///
    /// # Errors
    ///
    /// No PIN is asked for.
    pub async fn agree_to_pair(&self) -> anyhow::Result<()> {
        self.session.click("pair.confirm").await?;
        self.session.await_shown("pin.first").await
    }

    /// Sets the PIN and waits for the six digits.
    ///
    /// # Errors
    ///
    /// The PIN is refused or pairing fails; the message shows the app's words.
    pub async fn set_pin(&self, pin: &str) -> anyhow::Result<String> {
        self.session.type_into("pin.first", pin).await?;
        self.session.type_into("pin.second", pin).await?;
        self.session.click("pin.submit").await?;
        let reached = self
            .session
            .await_any(&["digits.value", "pair.failed", "pin.error"])
            .await?;
        let text = self.session.text(reached).await?;
        if reached != "digits.value" {
            bail!("the app does not come to the digits: {text}");
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        ensure!(digits.len() == 6, "these are no six digits: {text:?}");
        Ok(digits)
    }

    /// Waits until the app says that it is paired.
    ///
    /// # Errors
    ///
    /// It says something else.
    pub async fn await_paired(&self) -> anyhow::Result<()> {
        match self
            .session
            .await_any(&["pair.done", "pair.failed"])
            .await?
        {
            "pair.done" => Ok(()),
            _ => bail!(
                "pairing failed: {}",
                self.session.text("pair.failed").await?
            ),
        }
    }

    /// Leaves the last screen of pairing for the inbox.
    ///
    /// # Errors
    ///
    /// The inbox does not appear.
    pub async fn go_on_to_inbox(&self) -> anyhow::Result<()> {
        // The screen's only button.
        self.session
            .run_script(
                r#"document.querySelector('[data-testid="pair.done"] button').click()"#,
                &[],
            )
            .await?;
        self.session
            .await_any(&["inbox.empty", "inbox.list"])
            .await
            .map(|_| ())
    }

    /// Waits until a request is in the inbox and answers its id.
    ///
    /// # Errors
    ///
    /// None arrives.
    pub async fn await_request(&self) -> anyhow::Result<String> {
        self.session
            .attribute("inbox.item", "data-request-id")
            .await?
            .context("the request in the inbox has no id")
    }

    /// Opens the first request of the inbox and answers its question's title.
    ///
    /// # Errors
    ///
    /// It does not open.
    pub async fn open_request(&self) -> anyhow::Result<String> {
        self.session.click("inbox.item").await?;
        self.session.text("approval.title").await
    }

    /// Types the code, if one is asked for, and the PIN, and reads to the end, without which the app does not take an
    /// approval.
    ///
    /// # Errors
    ///
    /// The fields are not there.
    pub async fn fill_in(&self, code: Option<&str>, pin: &str) -> anyhow::Result<()> {
        if let Some(code) = code {
            self.session.type_into("approval.code", code).await?;
        }
        self.session.type_into("approval.pin", pin).await?;
        self.session.scroll_to_end().await?;
        self.session
            .await_attribute("approval.approve", "data-ready", "true")
            .await
    }

    /// Presses *Approve* and waits for the result.
    ///
    /// # Errors
    ///
    /// The result is not *approved*; the message shows the app's words.
    pub async fn approve(&self) -> anyhow::Result<()> {
        self.session.click("approval.approve").await?;
        self.await_result("approved").await
    }

    /// Presses *Deny* and waits for the result.
    ///
    /// # Errors
    ///
    /// The result is not *denied*.
    pub async fn deny(&self) -> anyhow::Result<()> {
        self.session.click("approval.deny").await?;
        self.await_result("denied").await
    }

    /// Waits until the open request has come to this end.
    ///
    /// # Errors
    ///
    /// It comes to another, or to none in time.
    pub async fn await_result(&self, state: &str) -> anyhow::Result<()> {
        self.session
            .await_attribute("result.state", "data-state", state)
            .await
    }

    /// Opens the history and answers the outcomes of its requests, newest first.
    ///
    /// # Errors
    ///
    /// It does not open.
    pub async fn history(&self) -> anyhow::Result<Vec<String>> {
        if self.session.has("result.done").await? {
            self.session.click("result.done").await?;
        }
        self.session.click("nav.history").await?;
        self.session
            .await_any(&["history.list", "history.empty"])
            .await?;
        let states = self
            .session
            .run_script(
                r#"return [...document.querySelectorAll('[data-testid="history.item"][data-state]')]
                    .map((item) => item.dataset.state)"#,
                &[],
            )
            .await?;
        Ok(serde_json::from_value(states)?)
    }

    /// Closes the app and waits until it has ended, so that another program can use its data.
    ///
    /// # Errors
    ///
    /// It does not end; or the page's policy had to refuse something, or an error was caught by nothing.
    pub async fn close(self) -> anyhow::Result<()> {
        let refused = self.refused().await;
        let closed = self.session.quit().await;
        self.driver.stop().await.and(closed)?;
        let refused = refused?;
        ensure!(
            refused.is_empty(),
            "the window's page did what it may not: {}",
            refused.join("; ")
        );
        Ok(())
    }

    /// Ends the app at once, as a crash would.
    ///
    /// # Errors
    ///
    /// It has already ended.
    pub async fn kill(self) -> anyhow::Result<()> {
        self.driver.kill().await
    }
}
