//! A desktop for the windows that are measured: a virtual display, a session bus and an unlocked keyring, in a folder of
//! their own. The person's own are not touched.
//!
//! No window manager: a window stands where it opens, as large as it wants to be.

use anyhow::{Context as _, bail};
use data_encoding::HEXLOWER;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tegata_protocol::{Rng as _, SystemRng};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

/// How long each of the three may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// The display's size: a little more than a window of the app.
const SCREEN: &str = "480x900x24";

/// How the display is told who may look at it.
pub(super) const AUTHORITY_NAME: &[u8] = b"MIT-MAGIC-COOKIE-1";

/// A running desktop. [`Desktop::stop`] ends it in order; dropping it kills its processes.
pub(super) struct Desktop {
    environment: Vec<(OsString, OsString)>,
    display: u16,
    cookie: [u8; 16],
    // Ended in this order: whoever uses another one first.
    keyring: Child,
    bus: Child,
    screen: Child,
    // Sockets: their paths may have no more than 107 bytes, so they are not in the scratch folder.
    _sockets: TempDir,
}

impl Desktop {
    /// Starts it with its files in `folder`, which exists.
    ///
    /// # Errors
    /// A program is not installed or does not start; its output is in `folder`.
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let sockets = tempfile::Builder::new().prefix("tegata-bench-").tempdir()?;
        let mut environment = private_environment(folder, sockets.path())?;
        let mut cookie = [0; 16];
        SystemRng::new().fill(&mut cookie);
        let authority = folder.join("display-authority");
        write_private(&authority, &authority_file(&cookie)?)?;
        let (screen, display) = start_screen(folder, &authority).await?;
        environment.push(("DISPLAY".into(), format!(":{display}").into()));
        environment.push(("XAUTHORITY".into(), authority.into()));
        let (bus, address) = start_bus(folder, sockets.path(), &environment).await?;
        environment.push(("DBUS_SESSION_BUS_ADDRESS".into(), address.into()));
        let keyring = start_keyring(folder, sockets.path(), &environment).await?;
        Ok(Self {
            environment,
            display,
            cookie,
            keyring,
            bus,
            screen,
            _sockets: sockets,
        })
    }

    /// A program that will use this desktop; its output goes to the end of `log`. Nothing that would configure a program of
    /// ours is handed down. It is killed when its handle is dropped.
    ///
    /// # Errors
    /// `log` cannot be written.
    pub(super) fn command(&self, program: &Path, log: &Path) -> anyhow::Result<Command> {
        let mut command = launch(program, log)?;
        command.envs(self.environment.iter().cloned());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TEGATA_") {
                command.env_remove(name);
            }
        }
        Ok(command)
    }

    /// The virtual display's number.
    pub(super) fn display(&self) -> u16 {
        self.display
    }

    /// What lets somebody look at it, see [`AUTHORITY_NAME`].
    pub(super) fn cookie(&self) -> &[u8; 16] {
        &self.cookie
    }

    /// Ends its programs, politely first.
    pub(super) async fn stop(mut self) {
        for child in [&mut self.keyring, &mut self.bus, &mut self.screen] {
            end(child).await;
        }
    }
}

/// SIGTERM, and SIGKILL to a child that has not ended in time.
pub(super) async fn end(child: &mut Child) {
    let pid = child
        .id()
        .and_then(|id| Pid::from_raw(id.cast_signed()))
        .filter(|&pid| kill_process(pid, Signal::TERM).is_ok());
    if pid.is_none() || timeout(PATIENCE, child.wait()).await.is_err() {
        // Fails only if it has already ended.
        let _ = child.kill().await;
    }
}

fn launch(program: &Path, log: &Path) -> anyhow::Result<Command> {
    let log = File::options().create(true).append(true).open(log)?;
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true);
    Ok(command)
}

fn start_error(program: &str, package: &str) -> String {
    format!("cannot start {program}; on Debian it is in the package {package}")
}

/// The first line of its output, which it prints when it is ready.
async fn ready_line(child: &mut Child, name: &str) -> anyhow::Result<String> {
    let output = child.stdout.take().context("its output is not ours")?;
    let mut line = String::new();
    timeout(PATIENCE, BufReader::new(output).read_line(&mut line))
        .await
        .with_context(|| format!("{name} is not ready after {PATIENCE:?}"))??;
    if line.trim().is_empty() {
        bail!("{name} ended instead of getting ready");
    }
    Ok(line.trim().to_owned())
}

async fn start_screen(folder: &Path, authority: &Path) -> anyhow::Result<(Child, u16)> {
    let mut child = launch(Path::new("Xvfb"), &folder.join("display.log"))?
        .args(["-displayfd", "1", "-screen", "0", SCREEN])
        .args(["-nolisten", "tcp", "-noreset", "-auth"])
        .arg(authority)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| start_error("Xvfb", "xvfb"))?;
    let display = ready_line(&mut child, "Xvfb").await?.parse()?;
    Ok((child, display))
}

async fn start_bus(
    folder: &Path,
    sockets: &Path,
    environment: &[(OsString, OsString)],
) -> anyhow::Result<(Child, String)> {
    let config = folder.join("bus.conf");
    // Without service folders the bus starts nothing by itself.
    let text = format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        sockets.join("bus").display()
    );
    write_private(&config, text.as_bytes())?;
    let mut child = launch(Path::new("dbus-daemon"), &folder.join("bus.log"))?
        .arg(format!("--config-file={}", config.display()))
        .args(["--nofork", "--nopidfile", "--print-address=1"])
        .envs(environment.iter().cloned())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| start_error("dbus-daemon", "dbus"))?;
    let address = ready_line(&mut child, "dbus-daemon").await?;
    Ok((child, address))
}

async fn start_keyring(
    folder: &Path,
    sockets: &Path,
    environment: &[(OsString, OsString)],
) -> anyhow::Result<Child> {
    let control = sockets.join("keyring");
    make_private(&control)?;
    let log = folder.join("keyring.log");
    let mut child = launch(Path::new("gnome-keyring-daemon"), &log)?
        .args(["--foreground", "--unlock", "--components=secrets"])
        .arg(format!("--control-directory={}", control.display()))
        .envs(environment.iter().cloned())
        .stdin(Stdio::piped())
        .spawn()
        .with_context(|| start_error("gnome-keyring-daemon", "gnome-keyring"))?;
    let mut password = [0; 16];
    SystemRng::new().fill(&mut password);
    let mut input = child.stdin.take().context("its input is not ours")?;
    input
        .write_all(HEXLOWER.encode(&password).as_bytes())
        .await?;
    drop(input);
    // It takes its name on the bus when it is ready.
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let asked = Command::new("dbus-send")
            .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus"])
            .args(["/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner"])
            .arg("string:org.freedesktop.secrets")
            .envs(environment.iter().cloned())
            .kill_on_drop(true)
            .output();
        let answer = timeout(PATIENCE, asked).await??;
        if String::from_utf8_lossy(&answer.stdout).contains("boolean true") {
            return Ok(child);
        }
        sleep(Duration::from_millis(50)).await;
    }
    bail!("the keyring does not answer; see {}", log.display())
}

fn private_environment(folder: &Path, run: &Path) -> anyhow::Result<Vec<(OsString, OsString)>> {
    let home: PathBuf = folder.join("home");
    make_private(&home)?;
    let mut environment: Vec<(OsString, OsString)> = vec![
        ("HOME".into(), home.clone().into()),
        ("XDG_RUNTIME_DIR".into(), run.into()),
        ("LIBGL_ALWAYS_SOFTWARE".into(), "1".into()),
        // Nobody listens on an accessibility bus here; asking for one takes seconds.
        ("NO_AT_BRIDGE".into(), "1".into()),
        ("GTK_A11Y".into(), "none".into()),
        ("GDK_BACKEND".into(), "x11".into()),
        ("WAYLAND_DISPLAY".into(), "".into()),
        ("LANG".into(), "C.UTF-8".into()),
        ("LANGUAGE".into(), "en".into()),
    ];
    for (name, below) in [
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_CACHE_HOME", ".cache"),
    ] {
        environment.push((name.into(), home.join(below).into()));
    }
    Ok(environment)
}

/// An X authority file with a cookie that is good for any display. Format: `Xau(3)`, big-endian lengths.
fn authority_file(cookie: &[u8]) -> anyhow::Result<Vec<u8>> {
    const FAMILY_WILD: u16 = 0xffff;
    let mut entry = FAMILY_WILD.to_be_bytes().to_vec();
    for field in [b"".as_slice(), b"", AUTHORITY_NAME, cookie] {
        entry.extend(u16::try_from(field.len())?.to_be_bytes());
        entry.extend(field);
    }
    Ok(entry)
}

fn make_private(folder: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(folder)?;
    Ok(())
}

fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)?
        .write_all(bytes)?;
    Ok(())
}
