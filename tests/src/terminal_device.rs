//! The terminal device `tegata`, used by its command line.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use data_encoding::HEXLOWER;
use serde_json::Value;
use tegata_protocol::{Rng as _, SystemRng};

use crate::{
    desktop::Desktop,
    folders::{make_private_dir, write_private},
    processes::{Finished, Launch, Program, wait_until},
    programs,
};

/// How long one command may take. Approving derives a key from the PIN on purpose slowly.
const COMMAND: Duration = Duration::from_secs(30);

/// A terminal device with data of its own.
#[derive(Debug)]
pub struct TerminalDevice {
    binary: PathBuf,
    data_dir: PathBuf,
    secrets: Secrets,
}

/// Where the device keeps its accounts' secrets.
#[derive(Debug)]
enum Secrets {
    /// The keyring of a desktop that runs as long as this.
    Keyring(Box<Desktop>),
    /// Files under this passphrase.
    Passphrase(PathBuf),
}

/// A pairing that waits for its six digits to be typed elsewhere.
#[derive(Debug)]
pub struct DevicePairing {
    program: Program,
    digits: String,
}

impl TerminalDevice {
    /// A device without a desktop. Its passphrase is made at first and kept beside the data: it protects no more than
    /// that folder does.
    ///
    /// # Errors
    ///
    /// The folder cannot be made.
    pub fn new(binary: &Path, data_dir: &Path) -> anyhow::Result<Self> {
        make_private_dir(data_dir)?;
        let passphrase = data_dir.with_extension("passphrase");
        if !passphrase.exists() {
            let mut random = [0; 16];
            SystemRng::new().fill(&mut random);
            write_private(&passphrase, HEXLOWER.encode(&random).as_bytes())?;
        }
        Ok(Self {
            binary: binary.to_owned(),
            data_dir: data_dir.to_owned(),
            secrets: Secrets::Passphrase(passphrase),
        })
    }

    /// The terminal program on the data of an app that has been closed, with the keyring of the app's desktop.
    pub fn on_desktop(binary: &Path, data_dir: &Path, desktop: Box<Desktop>) -> Self {
        Self {
            binary: binary.to_owned(),
            data_dir: data_dir.to_owned(),
            secrets: Secrets::Keyring(desktop),
        }
    }

    /// The command line up to the command, to be copied into a shell.
    pub fn command_line(&self) -> String {
        let (binary, data_dir) = (self.binary.display(), self.data_dir.display());
        match &self.secrets {
            Secrets::Keyring(_) => format!("'{binary}' --data-dir '{data_dir}'"),
            Secrets::Passphrase(file) => {
                let file = file.display();
                format!("'{binary}' --data-dir '{data_dir}' --passphrase-file '{file}'")
            }
        }
    }

    /// Redeems an invitation, sets the PIN, and goes on to where the six digits are shown.
    ///
    /// # Errors
    ///
    /// The device or the server refuses; the message shows the device's words.
    pub async fn begin_pairing(
        &self,
        link: &str,
        pin: &str,
        name: &str,
    ) -> anyhow::Result<DevicePairing> {
        self.begin(&[link], pin, name).await
    }

    /// The same with a code and the server's host, as a person types them.
    ///
    /// # Errors
    ///
    /// As for [`TerminalDevice::begin_pairing`].
    pub async fn begin_pairing_by_code(
        &self,
        host: &str,
        code: &str,
        pin: &str,
        name: &str,
    ) -> anyhow::Result<DevicePairing> {
        self.begin(&["--server", host, code], pin, name).await
    }

    async fn begin(
        &self,
        invitation: &[&str],
        pin: &str,
        name: &str,
    ) -> anyhow::Result<DevicePairing> {
        let mut program = self
            .command()
            .arg("pair")
            .args(invitation)
            .args(["--yes", "--json", "--name", name, "--pin-fd", "0"])
            .with_input()
            .start()?;
        program.write(&format!("{pin}\n"))?;
        program.close_input();
        let digits = program
            .line("its six digits", COMMAND, |line| {
                let value: Value = serde_json::from_str(line).ok()?;
                Some(value.get("digits")?.as_str()?.to_owned())
            })
            .await?;
        Ok(DevicePairing { program, digits })
    }

    /// Ids of the requests that wait for the person.
    ///
    /// # Errors
    ///
    /// The device cannot ask the server.
    pub async fn pending(&self) -> anyhow::Result<Vec<String>> {
        let printed = self.run(&["inbox", "--json"]).await?;
        let inbox: Value = serde_json::from_str(&printed).context("the inbox is no JSON")?;
        let requests = inbox["requests"]
            .as_array()
            .context("the inbox has no requests")?;
        requests
            .iter()
            .filter(|request| {
                let state = &request["status"]["state"];
                state == "pending" || state == "pending_again"
            })
            .map(|request| {
                request["request"]
                    .as_str()
                    .map(str::to_owned)
                    .with_context(|| format!("a request without an id: {request}"))
            })
            .collect()
    }

    /// Waits until a request is in the inbox and answers the first one's id.
    ///
    /// # Errors
    ///
    /// None arrives.
    pub async fn await_request(&self) -> anyhow::Result<String> {
        wait_until("a request reaches the device", COMMAND, async || {
            Ok(self.pending().await?.into_iter().next())
        })
        .await
    }

    /// Approves a request.
    ///
    /// # Errors
    ///
    /// The device or the server refuses.
    pub async fn approve(&self, id: &str, code: Option<&str>, pin: &str) -> anyhow::Result<()> {
        let finished = self.try_approve(id, code, pin).await?;
        finished.ok().map(|_| ())
    }

    /// Tries to approve a request and answers how that ended.
    ///
    /// # Errors
    ///
    /// The program cannot be started or hangs.
    pub async fn try_approve(
        &self,
        id: &str,
        code: Option<&str>,
        pin: &str,
    ) -> anyhow::Result<Finished> {
        self.start_approving(id, code, pin)?.finish(COMMAND).await
    }

    /// Begins to approve a request.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub fn start_approving(
        &self,
        id: &str,
        code: Option<&str>,
        pin: &str,
    ) -> anyhow::Result<Program> {
        let mut launch = self.command().args(["approve", "--json", "--pin-fd", "0"]);
        if let Some(code) = code {
            launch = launch.args(["--code", code]);
        }
        let mut program = launch.args(["--", id]).with_input().start()?;
        program.write(&format!("{pin}\n"))?;
        program.close_input();
        Ok(program)
    }

    /// Denies a request. No PIN is given.
    ///
    /// # Errors
    ///
    /// The device or the server refuses.
    pub async fn deny(&self, id: &str, reason: &str) -> anyhow::Result<()> {
        self.run(&["deny", "--reason", reason, "--", id])
            .await
            .map(|_| ())
    }

    /// Begins to watch: prints a line of JSON for whatever happens.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub fn watch(&self) -> anyhow::Result<Program> {
        self.command().args(["watch", "--json"]).start()
    }

    /// The history, newest first.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub async fn history(&self) -> anyhow::Result<Vec<Value>> {
        let printed = self.run(&["history", "list", "--json"]).await?;
        printed
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}")))
            .collect()
    }

    /// Exports the evidence of the newest decision.
    ///
    /// # Errors
    ///
    /// There is none, or the file cannot be written.
    pub async fn export_latest(&self, file: &Path) -> anyhow::Result<()> {
        let history = self.history().await?;
        let id = history
            .iter()
            .filter(|entry| entry["receipt"].is_string())
            .find_map(|entry| entry["request"].as_str())
            .with_context(|| format!("the history has no decision: {history:?}"))?;
        let path = file.to_string_lossy();
        self.run(&["history", "export", "--", id, &path]).await?;
        ensure!(file.is_file(), "{} has not been written", file.display());
        Ok(())
    }

    /// What `tegata verify` says about a file that it accepts.
    ///
    /// # Errors
    ///
    /// It does not accept it.
    pub async fn verify(&self, file: &Path, limit: Duration) -> anyhow::Result<String> {
        self.verify_anything(file, limit).await?.ok()
    }

    /// What `tegata verify` says about a file, and its exit code.
    ///
    /// # Errors
    ///
    /// The program cannot be started or hangs.
    pub async fn verify_anything(&self, file: &Path, limit: Duration) -> anyhow::Result<Finished> {
        self.command().arg("verify").arg(file).run(limit).await
    }

    /// Begins a command that reads the PIN from its standard input, which stays open.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub fn start_with_pin(&self, args: &[&str], pin: &str) -> anyhow::Result<Program> {
        let launch = self.command().args(args).args(["--pin-fd", "0"]);
        let mut program = launch.with_input().start()?;
        program.write(&format!("{pin}\n"))?;
        Ok(program)
    }

    /// What a command that reads the PIN prints.
    ///
    /// # Errors
    ///
    /// It fails; the message shows its words.
    pub async fn run_with_pin(&self, args: &[&str], pin: &str) -> anyhow::Result<String> {
        let mut program = self.start_with_pin(args, pin)?;
        program.close_input();
        program.finish(COMMAND).await?.ok()
    }

    /// What a command prints.
    ///
    /// # Errors
    ///
    /// It fails; the message shows its words.
    pub async fn run(&self, args: &[&str]) -> anyhow::Result<String> {
        self.command().args(args).run(COMMAND).await?.ok()
    }

    fn command(&self) -> Launch {
        let launch = programs::launch(&self.binary)
            .arg("--data-dir")
            .arg(&self.data_dir);
        match &self.secrets {
            Secrets::Keyring(desktop) => launch.envs(desktop.environment()),
            Secrets::Passphrase(file) => {
                // Neither a display nor a bus, as on a server.
                ["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"]
                    .into_iter()
                    .fold(launch, Launch::without_env)
                    .arg("--passphrase-file")
                    .arg(OsString::from(file))
            }
        }
    }
}

impl DevicePairing {
    /// The six digits that the device shows.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Waits until the device says that it is paired.
    ///
    /// # Errors
    ///
    /// The pairing failed.
    pub async fn finish(self) -> anyhow::Result<()> {
        self.program.finish(COMMAND).await?.ok().map(|_| ())
    }
}
