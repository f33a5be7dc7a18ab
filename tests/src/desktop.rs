//! A private desktop for the app: a virtual display, a session bus and an unlocked keyring, all in a folder of their
//! own, none of them reachable by other users, all ended with the value.
//!
//! The person's own display, bus and keyring are not touched. What this does not do: no window manager, no sound, no
//! services that the bus would start by itself.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use data_encoding::HEXLOWER;
use tegata_protocol::{Rng as _, SystemRng};
use tempfile::TempDir;

use crate::{
    folders::{make_private_dir, write_private},
    processes::{Launch, Program, wait_until},
    programs,
};

/// How long each of the three may take to start.
const START: Duration = Duration::from_secs(20);

/// Debian and Ubuntu's names of what is needed, for messages.
const NEEDED: [(&str, &str); 3] = [
    ("Xvfb", "xvfb"),
    ("dbus-daemon", "dbus"),
    ("gnome-keyring-daemon", "gnome-keyring"),
];

/// How long the cookie is at the end of the display's authority.
pub(crate) const COOKIE_BYTES: usize = 16;

/// A running desktop. Dropping it ends it.
#[derive(Debug)]
pub struct Desktop {
    environment: Vec<(OsString, OsString)>,
    display: String,
    // Dropped in this order: whoever uses another one first.
    _keyring: Program,
    _bus: Program,
    _screen: Program,
    // Sockets live here: their paths may have no more than 107 bytes, and a data folder's own may be longer.
    _run: TempDir,
}

impl Desktop {
    /// Starts a desktop in `dir`, which is made if it is missing. A keyring that is already there is opened again.
    /// Programs log into `logs`, which must exist.
    ///
    /// # Errors
    ///
    /// Something is not installed, does not start, or the keyring cannot be unlocked.
    pub async fn start(dir: &Path, logs: &Path) -> anyhow::Result<Self> {
        check_installed()?;
        let home = dir.join("home");
        for private in [dir, &home] {
            make_private_dir(private)?;
        }
        let run_dir = tempfile::Builder::new()
            .prefix("tegata-")
            .tempdir()
            .context("make a folder for sockets")?;
        let run = run_dir.path();
        let mut environment = private_environment(&home, run);

        let authority = dir.join("display-authority");
        let (screen, display) = start_screen(&authority, logs).await?;
        environment.push(("DISPLAY".into(), display.clone().into()));
        environment.push(("XAUTHORITY".into(), authority.into()));

        let (bus, address) = start_bus(dir, run, &environment, logs).await?;
        environment.push(("DBUS_SESSION_BUS_ADDRESS".into(), address.into()));

        let keyring = start_keyring(dir, run, &environment, logs).await?;
        Ok(Self {
            environment,
            display,
            _keyring: keyring,
            _bus: bus,
            _screen: screen,
            _run: run_dir,
        })
    }

    /// The environment for programs that are to use this desktop. Variables that would lead to another one are set to
    /// nothing.
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        self.environment.clone()
    }

    /// Puts the programs of a folder before those that are installed.
    pub fn prefer_programs(&mut self, folder: &Path) {
        let mut path = OsString::from(folder);
        if let Some(installed) = std::env::var_os("PATH") {
            path.push(":");
            path.push(installed);
        }
        self.environment.push(("PATH".into(), path));
    }

    /// The virtual display's name, such as `:7`.
    pub fn display(&self) -> &str {
        &self.display
    }
}

/// Whether the person has a display of their own that a window could open on.
pub fn person_has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn check_installed() -> anyhow::Result<()> {
    let missing: Vec<String> = NEEDED
        .iter()
        .filter(|(program, _)| programs::on_path(program).is_none())
        .map(|(program, package)| format!("{program} (package {package})"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "a virtual desktop needs programs that are not installed: {}",
        missing.join(", ")
    );
}

fn private_environment(home: &Path, run: &Path) -> Vec<(OsString, OsString)> {
    let mut environment: Vec<(OsString, OsString)> = vec![
        ("HOME".into(), home.into()),
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
    environment
}

async fn start_screen(authority: &Path, logs: &Path) -> anyhow::Result<(Program, String)> {
    write_private(authority, &make_authority())?;
    let mut screen = Launch::new("Xvfb")
        // The first free display; its number is printed when it is ready.
        .args(["-displayfd", "1"])
        .args(["-screen", "0", "1180x900x24"])
        .args(["-nolisten", "tcp", "-noreset"])
        .arg("-auth")
        .arg(authority)
        .log_to(logs.join("display.log"))
        .start()?;
    let display = screen
        .line("being ready", START, |line| {
            let number = line.trim();
            (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
                .then(|| format!(":{number}"))
        })
        .await
        .context("start the virtual display")?;
    Ok((screen, display))
}

/// An X authority file with one random cookie that is good for any display, so that no other user of the machine can
/// look at ours. Format: `Xau(3)`, big-endian lengths.
fn make_authority() -> Vec<u8> {
    const FAMILY_WILD: u16 = 0xffff;
    let mut cookie = [0; COOKIE_BYTES];
    SystemRng::new().fill(&mut cookie);
    let mut entry = FAMILY_WILD.to_be_bytes().to_vec();
    let name: &[u8] = b"MIT-MAGIC-COOKIE-1";
    for field in [b"".as_slice(), b"", name, &cookie] {
        let length = u16::try_from(field.len()).unwrap_or_default();
        entry.extend(length.to_be_bytes());
        entry.extend(field);
    }
    entry
}

async fn start_bus(
    dir: &Path,
    run: &Path,
    environment: &[(OsString, OsString)],
    logs: &Path,
) -> anyhow::Result<(Program, String)> {
    let config = dir.join("bus.conf");
    let socket = run.join("bus");
    // Without service folders the bus starts nothing by itself: what should be there is started here.
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
        socket.display()
    );
    write_private(&config, text.as_bytes())?;
    let mut bus = Launch::new("dbus-daemon")
        .arg(format!("--config-file={}", config.display()))
        .args(["--nofork", "--nopidfile", "--print-address=1"])
        .envs(environment.iter().cloned())
        .log_to(logs.join("bus.log"))
        .start()?;
    let address = bus
        .line("being ready", START, |line| {
            line.starts_with("unix:").then(|| line.trim().to_owned())
        })
        .await
        .context("start the session bus")?;
    Ok((bus, address))
}

async fn start_keyring(
    dir: &Path,
    run: &Path,
    environment: &[(OsString, OsString)],
    logs: &Path,
) -> anyhow::Result<Program> {
    let password = keyring_password(dir)?;
    let control = run.join("keyring");
    make_private_dir(&control)?;
    let mut keyring = Launch::new("gnome-keyring-daemon")
        .args(["--foreground", "--unlock", "--components=secrets"])
        .arg(format!("--control-directory={}", control.display()))
        .envs(environment.iter().cloned())
        .log_to(logs.join("keyring.log"))
        .with_input()
        .start()?;
    keyring.write(&password)?;
    keyring.close_input();
    // It takes its name on the bus when it is ready.
    wait_until("the keyring answers", START, async || {
        if !keyring.is_running()? {
            bail!("the keyring ended at once\n{}", keyring.last_words());
        }
        let asked = Launch::new("dbus-send")
            .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus"])
            .arg("/org/freedesktop/DBus")
            .arg("org.freedesktop.DBus.NameHasOwner")
            .arg("string:org.freedesktop.secrets")
            .envs(environment.iter().cloned())
            .run(START)
            .await?;
        Ok(asked.stdout.contains("boolean true").then_some(()))
    })
    .await
    .context("start the keyring")?;
    Ok(keyring)
}

/// The password of the keyring in this folder: made at the first start, kept beside it with access for the person alone.
/// It protects no more than the folder does; without it, a second start could not open what the first one stored.
fn keyring_password(dir: &Path) -> anyhow::Result<String> {
    let path: PathBuf = dir.join("keyring-password");
    if path.exists() {
        return fs::read_to_string(&path).with_context(|| format!("read {}", path.display()));
    }
    let mut random = [0; 16];
    SystemRng::new().fill(&mut random);
    let password = HEXLOWER.encode(&random);
    write_private(&path, password.as_bytes())?;
    Ok(password)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_desktops_live_side_by_side_and_leave_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let mut displays = Vec::new();
        let mut pids = Vec::new();
        for name in ["one", "two"] {
            let own = dir.path().join(name);
            let desktop = Desktop::start(&own, dir.path()).await.unwrap();
            displays.push(desktop.display().to_owned());
            pids.push(desktop);
        }
        assert_ne!(displays[0], displays[1], "each has its own display");
        drop(pids);
        for display in displays {
            let number = display.trim_start_matches(':');
            let lock = format!("/tmp/.X{number}-lock");
            assert!(!Path::new(&lock).exists(), "{lock} is left behind");
        }
    }

    #[tokio::test]
    async fn a_keyring_can_be_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            Desktop::start(&dir.path().join("desktop"), dir.path())
                .await
                .unwrap();
        }
    }
}
