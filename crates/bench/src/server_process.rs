//! The real server as a process of its own, on cores of its own, and the operator's interface to it.

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};
use tegata_server::data_folder::DataFolder;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::{Options, cpu};

mod operator;

pub use operator::{Admin, Invited};

/// Settings that lift the budgets, since a benchmark asks the same people again and again, and that log warnings only.
pub const LOAD_SETTINGS: &str = r#"interval = 1

[log]
level = "warn"

[limits]
pending_per_account = 1000000
pending_per_client = 1000000
per_account_per_minute = 1000000
per_client_per_ten_minutes = 1000000
first_wait_seconds = 0

[rates]
client_per_minute = 0
person_per_minute = 0
address_per_minute = 0
"#;

/// How long the server may take until it listens; its first start makes keys and a database.
const START_WITHIN: Duration = Duration::from_secs(30);

/// How long it may take to stop when told to.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// How often it is looked at whether it has started or stopped.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A server with its data in a scratch folder. Dropping it kills it and removes the folder.
#[derive(Debug)]
pub struct ServerProcess {
    program: PathBuf,
    cores: Vec<usize>,
    address: SocketAddr,
    issuer: String,
    // Dropped before the folder that it writes to.
    child: Running,
    folder: TempDir,
}

impl ServerProcess {
    /// Makes a data folder and serves it on a port that the system picks. `settings` is the rest of its configuration
    /// file, TOML, such as [`LOAD_SETTINGS`]; `listen` is set. It stays on `cores`, or is left alone if there are none.
    ///
    /// # Errors
    /// The program is not there, or ends instead of listening; its own words are shown.
    pub async fn start(options: &Options, cores: &[usize], settings: &str) -> anyhow::Result<Self> {
        let program = options.programs.join("tegata-server");
        if !program.is_file() {
            bail!("there is no {}; build it first", program.display());
        }
        fs::create_dir_all(&options.scratch)?;
        let folder = tempfile::Builder::new()
            .prefix("server-")
            .tempdir_in(&options.scratch)?;
        fs::write(
            folder.path().join("bench.toml"),
            format!("listen = \"127.0.0.1:0\"\n{settings}"),
        )?;
        let made = Command::new(&program)
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .arg("init")
            .output()?;
        if !made.status.success() {
            bail!("init: {}", String::from_utf8_lossy(&made.stderr));
        }
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut child = serve(&program, cores, &folder, any)?;
        let address = listening(&mut child, &folder).await?;
        Ok(Self {
            program,
            cores: cores.to_owned(),
            issuer: format!("http://localhost:{}", address.port()),
            address,
            child,
            folder,
        })
    }

    /// Its process id; another one after a restart.
    pub fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it calls itself.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Stops it, or with `kill` ends it at once, and serves the same folder again on the same port.
    ///
    /// # Errors
    /// It does not stop by itself (it is killed then), or does not start again.
    pub async fn restart(&mut self, kill: bool) -> anyhow::Result<()> {
        if kill {
            self.child.kill();
        } else {
            self.child.stop().await?;
        }
        self.child = serve(&self.program, &self.cores, &self.folder, self.address)?;
        let address = listening(&mut self.child, &self.folder).await?;
        anyhow::ensure!(
            address == self.address,
            "it came back on another port: {address}"
        );
        Ok(())
    }

    /// Stops it and removes its folder.
    ///
    /// # Errors
    /// It does not stop by itself (it is killed then), or not well.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let status = self.child.stop().await?;
        anyhow::ensure!(
            status.success(),
            "the server ended with {status}: {}",
            last_words(&self.folder)
        );
        Ok(())
    }

    /// The operator's interface of the server as it runs now; not good any more after a restart.
    ///
    /// # Errors
    /// Its token cannot be read.
    pub fn admin(&self) -> anyhow::Result<Admin> {
        let token = DataFolder::at(self.folder.path().join("data")).admin_token()?;
        Ok(Admin::new(self.address, &token))
    }
}

/// A child that does not outlive its handle.
#[derive(Debug)]
struct Running(Child);

impl Running {
    fn kill(&mut self) {
        // Both fail only if it has ended and been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// SIGTERM; SIGKILL and an error if that does not help.
    async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        if let Some(status) = self.0.try_wait()? {
            return Ok(status);
        }
        let pid = Pid::from_raw(self.0.id().cast_signed()).context("no process id")?;
        kill_process(pid, Signal::TERM)?;
        let deadline = Instant::now() + STOP_WITHIN;
        while Instant::now() < deadline {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            sleep(LOOK_EVERY).await;
        }
        self.kill();
        bail!("the server did not stop within {STOP_WITHIN:?}")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn serve(
    program: &PathBuf,
    cores: &[usize],
    folder: &TempDir,
    address: SocketAddr,
) -> anyhow::Result<Running> {
    let port_file = folder.path().join("port");
    if port_file.exists() {
        fs::remove_file(&port_file)?;
    }
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.path().join("log"))?;
    let mut command = Command::new(program);
    command
        .arg("--data-dir")
        .arg(folder.path().join("data"))
        .arg("--config")
        .arg(folder.path().join("bench.toml"))
        .args(["serve", "--listen", &address.to_string(), "--port-file"])
        .arg(&port_file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    // A child gets the affinity of the thread that starts it, and the server makes one worker for each core it may use.
    let own = cpu::cores()?;
    if !cores.is_empty() {
        cpu::pin(cores)?;
    }
    let child = command.spawn();
    cpu::pin(&own)?;
    Ok(Running(child?))
}

async fn listening(child: &mut Running, folder: &TempDir) -> anyhow::Result<SocketAddr> {
    let deadline = Instant::now() + START_WITHIN;
    while Instant::now() < deadline {
        if let Ok(text) = fs::read_to_string(folder.path().join("port"))
            && let Some(base) = text.strip_suffix('\n')
        {
            let (_, port) = base.rsplit_once(':').context("an address has a port")?;
            return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse()?)));
        }
        if let Some(status) = child.0.try_wait()? {
            bail!("the server ended with {status}: {}", last_words(folder));
        }
        sleep(LOOK_EVERY).await;
    }
    bail!("the server does not listen: {}", last_words(folder))
}

fn last_words(folder: &TempDir) -> String {
    let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("; ")
}
