//! The command line.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;

use super::Mode;
use crate::programs;

/// Tegata on this machine: a server, a device, and a kiosk page to sign in at.
///
/// Starts everything in a data folder of its own, prints two addresses and waits for Ctrl-C.
#[derive(Debug, Clone, Parser)]
#[command(name = "tegata-demo", version)]
pub struct Args {
    /// Do everything without a person: pair, sign in, approve, verify; then exit.
    #[arg(long)]
    pub once: bool,

    /// Use the terminal device `tegata` instead of the app; needs no display.
    #[arg(long)]
    pub terminal: bool,

    /// Start the server only; open the app yourself.
    #[arg(long, conflicts_with_all = ["once", "terminal"])]
    pub no_window: bool,

    /// Start over: empties the data folder first, if the demo made it.
    #[arg(long)]
    pub reset: bool,

    /// The program tegata-server [default: the one built with this].
    #[arg(long, value_name = "FILE")]
    pub server_bin: Option<PathBuf>,

    /// The program tegata [default: the one built with this].
    #[arg(long, value_name = "FILE")]
    pub device_bin: Option<PathBuf>,

    /// The program tegata-app [default: the one built with this].
    #[arg(long, value_name = "FILE")]
    pub app_bin: Option<PathBuf>,

    /// Where the demo keeps its data [default: tegata-demo, or tegata-demo-once, among the user's data].
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
}

impl Args {
    /// Whether the app's window is part of this run.
    pub(super) fn has_window(&self) -> bool {
        !self.terminal && !self.no_window
    }

    pub(super) fn server(&self) -> anyhow::Result<PathBuf> {
        program(self.server_bin.as_ref(), programs::SERVER)
    }

    pub(super) fn device(&self) -> anyhow::Result<PathBuf> {
        program(self.device_bin.as_ref(), programs::DEVICE)
    }

    pub(super) fn app(&self) -> anyhow::Result<PathBuf> {
        program(self.app_bin.as_ref(), programs::APP)
    }

    /// The data folder, absolute.
    pub(super) fn data_dir(&self, mode: Mode) -> anyhow::Result<PathBuf> {
        let dir = match &self.data_dir {
            Some(dir) => dir.clone(),
            None => directories::BaseDirs::new()
                .context("there is no home folder; give --data-dir")?
                .data_dir()
                .join(match mode {
                    Mode::Once => "tegata-demo-once",
                    Mode::Person => "tegata-demo",
                }),
        };
        std::path::absolute(&dir).with_context(|| format!("find {}", dir.display()))
    }
}

/// Absolute, because programs are started from other folders.
fn program(given: Option<&PathBuf>, name: &str) -> anyhow::Result<PathBuf> {
    let Some(path) = given else {
        return programs::built(name);
    };
    path.canonicalize().with_context(|| {
        format!(
            "there is no program {}; `cargo xtask demo` builds it",
            path.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn understands_what_the_workspace_command_passes() {
        let args = Args::try_parse_from([
            "tegata-demo",
            "--once",
            "--terminal",
            "--reset",
            "--server-bin",
            "/s",
            "--device-bin",
            "/d",
            "--data-dir",
            "relative",
        ])
        .unwrap();
        assert!(args.once && args.terminal && args.reset && !args.has_window());
        assert!(args.data_dir(Mode::Once).unwrap().is_absolute());
        let missing = args.server().unwrap_err().to_string();
        assert!(
            missing.contains("/s") && missing.contains("xtask"),
            "{missing}"
        );
    }

    #[test]
    fn only_a_run_for_a_person_can_go_without_a_device() {
        for with in ["--once", "--terminal"] {
            assert!(Args::try_parse_from(["tegata-demo", "--no-window", with]).is_err());
        }
    }
}
