//! The driver program.

use std::{
    ffi::OsString,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;

use crate::{
    http::Http,
    processes::{Launch, Program, wait_until},
    programs,
};

/// How long the driver may take to listen.
const START: Duration = Duration::from_secs(20);

/// A running WebKitWebDriver. Dropping it ends it and every program that it opened.
#[derive(Debug)]
pub struct Driver {
    program: Program,
    base: String,
}

impl Driver {
    /// Starts the driver. Programs that it opens inherit `environment`; what it prints goes to `log`.
    ///
    /// # Errors
    ///
    /// It is not installed, or does not begin to listen.
    pub async fn start(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let path = find_driver().context(
            "WebKitWebDriver is not installed (Debian and Ubuntu: the package webkit2gtk-driver)",
        )?;
        // It cannot pick a port itself. Between our picking and its listening somebody else could take the port; then
        // it ends, and this fails rather than speaking to a stranger.
        let port = free_port()?;
        let mut program = Launch::new(path)
            .arg(format!("--port={port}"))
            .arg("--host=127.0.0.1")
            .envs(environment)
            // Read by the app's webview library when it starts: without it the window cannot be driven.
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .log_to(log)
            .start()?;
        let base = format!("http://127.0.0.1:{port}");
        let http = Http::make()?;
        let status = format!("{base}/status");
        wait_until("the window driver listens", START, async || {
            if !program.is_running()? {
                anyhow::bail!("the window driver ended at once\n{}", program.last_words());
            }
            Ok(http.fetch(&status).await.ok().filter(|a| a.status == 200))
        })
        .await?;
        Ok(Self { program, base })
    }

    /// Where it listens.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Ends it, and what it opened.
    ///
    /// # Errors
    ///
    /// It does not end.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.program.stop().await.map(|_| ())
    }

    /// Ends it, and what it opened, at once.
    ///
    /// # Errors
    ///
    /// It has already ended.
    pub async fn kill(self) -> anyhow::Result<()> {
        self.program.kill().await.map(|_| ())
    }
}

/// Where the driver is installed: on `PATH`, or where some distributions keep it.
pub fn find_driver() -> Option<PathBuf> {
    programs::on_path("WebKitWebDriver").or_else(|| {
        [
            "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/WebKitWebDriver",
            "/usr/lib/webkit2gtk-4.1/WebKitWebDriver",
            "/usr/libexec/webkit2gtk-4.1/WebKitWebDriver",
        ]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.is_file())
    })
}

fn free_port() -> anyhow::Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("find a free port on this machine")?;
    Ok(listener.local_addr()?.port())
}
