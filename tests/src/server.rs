//! A running `tegata-server`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::{
    http::Http,
    processes::{Finished, Launch, Program, Signal},
    programs,
};

/// How long the server may take until it listens. Its first start makes keys and a database.
const START: Duration = Duration::from_secs(30);

/// How long one of its commands may take.
pub const COMMAND: Duration = Duration::from_secs(30);

/// How to start a server; can be used again after it has ended.
#[derive(Debug, Clone)]
pub struct ServerSetup {
    binary: PathBuf,
    data_dir: PathBuf,
    log: PathBuf,
    port: u16,
    settings: Vec<(String, String)>,
    issuer: Option<String>,
    within: Vec<String>,
    demo: bool,
}

impl ServerSetup {
    /// A server on a port that the system picks, with polling every second, logging to `log`.
    pub fn new(binary: &Path, data_dir: &Path, log: &Path) -> Self {
        Self {
            binary: binary.to_owned(),
            data_dir: data_dir.to_owned(),
            log: log.to_owned(),
            port: 0,
            settings: vec![("TEGATA_INTERVAL".to_owned(), "1".to_owned())],
            issuer: None,
            within: Vec::new(),
            demo: false,
        }
    }

    /// Listens on this port.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Serves the demo pages, with the demo's person and client.
    #[must_use]
    pub fn demo(mut self) -> Self {
        self.demo = true;
        self
    }

    /// Sets an option by its environment variable, such as `TEGATA_LIFETIMES__REQUEST`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Calls itself something else than where it listens, as behind a proxy.
    #[must_use]
    pub fn issuer(mut self, issuer: &str) -> Self {
        self.issuer = Some(issuer.to_owned());
        self
    }

    /// Starts the program through another one, such as `setpriv` with its options.
    #[must_use]
    pub fn within(mut self, command: &[&str]) -> Self {
        self.within = command.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Uses a copy of the program.
    #[must_use]
    pub fn binary(mut self, binary: &Path) -> Self {
        binary.clone_into(&mut self.binary);
        self
    }

    /// The data folder.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// `tegata-server serve`, not started yet.
    pub fn serve(&self) -> Launch {
        let mut launch = self
            .command(&["serve"])
            .env("TEGATA_LISTEN", format!("127.0.0.1:{}", self.port));
        if self.demo {
            launch = launch.arg("--demo");
        }
        if let Some(issuer) = &self.issuer {
            launch = launch.env("TEGATA_ISSUER", issuer);
        }
        for (name, value) in &self.settings {
            launch = launch.env(name, value);
        }
        launch
    }

    /// One of the server's other commands, on the same data folder.
    pub fn command(&self, args: &[&str]) -> Launch {
        let launch = match self.within.split_first() {
            Some((program, words)) => programs::launch(Path::new(program))
                .args(words)
                .arg(&self.binary),
            None => programs::launch(&self.binary),
        };
        launch.arg("--data-dir").arg(&self.data_dir).args(args)
    }

    /// Starts the server and waits until it listens.
    ///
    /// # Errors
    ///
    /// It ends at once (its own message is shown) or does not listen in time.
    pub async fn start(self) -> anyhow::Result<Server> {
        let launch = self.serve().log_to(&self.log);
        self.follow(launch).await
    }

    /// The same with a log in memory, for servers that cannot write files.
    ///
    /// # Errors
    ///
    /// As for [`ServerSetup::start`].
    pub async fn start_with_log_in_memory(self) -> anyhow::Result<Server> {
        let launch = self.serve();
        self.follow(launch).await
    }

    async fn follow(self, launch: Launch) -> anyhow::Result<Server> {
        let mut program = launch.start()?;
        let address = program
            .line("listening", START, |line| {
                line.strip_prefix("listening on ")
                    .map(|address| address.trim().to_owned())
            })
            .await?;
        let port = address
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok())
            .with_context(|| format!("the server's address {address} has no port"))?;
        Ok(Server {
            program,
            issuer: self.issuer.clone().unwrap_or_else(|| address.clone()),
            address,
            http: Http::make()?,
            setup: Self { port, ..self },
        })
    }
}

/// A server that listens. Dropping it ends it.
#[derive(Debug)]
pub struct Server {
    program: Program,
    issuer: String,
    address: String,
    http: Http,
    setup: ServerSetup,
}

impl Server {
    /// The issuer, which is also where it listens unless it was told otherwise.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.setup.port
    }

    /// How it was started; from now on with the port that the system picked.
    pub fn setup(&self) -> &ServerSetup {
        &self.setup
    }

    /// The URL of a path that begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// The client that its pages are fetched with.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// The keys of its ID tokens, found through discovery.
    ///
    /// # Errors
    ///
    /// It does not answer as a provider does.
    pub async fn jwks(&self) -> anyhow::Result<Value> {
        let discovery = self
            .http
            .fetch(&self.url("/.well-known/openid-configuration"))
            .await?
            .ok_json()?;
        if discovery["issuer"] != self.issuer {
            bail!("the server calls itself {}", discovery["issuer"]);
        }
        let url = discovery["jwks_uri"].as_str().context("no jwks_uri")?;
        self.http.fetch(url).await?.ok_json()
    }

    /// Whether it still runs.
    ///
    /// # Errors
    ///
    /// The operating system does not know it.
    pub fn is_running(&mut self) -> anyhow::Result<bool> {
        self.program.is_running()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// It has ended.
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        self.program.signal(signal)
    }

    /// What it has logged since it was started.
    pub fn log(&self) -> String {
        self.program.stdout()
    }

    /// Asks it to end and waits.
    ///
    /// # Errors
    ///
    /// It does not end, or not well.
    pub async fn stop(self) -> anyhow::Result<Finished> {
        self.program.stop().await?.expect_code(0)
    }

    /// Ends it at once, and answers how to start it again: on the same folder and port.
    ///
    /// # Errors
    ///
    /// It has already ended.
    pub async fn kill(self) -> anyhow::Result<ServerSetup> {
        self.program.kill().await?;
        Ok(self.setup)
    }
}
