//! The `ui` benchmark: what the app costs beside an empty window of the same kind, in one run.
//!
//! Both are started in turns on a virtual display (`desktop`) and watched from outside in the same way (`screen`): the
//! display tells when something was drawn, the window's pixels are then fetched and compared. A start lasts **from just
//! before the process is made until the last change of the picture**, after which it has stayed the same for a second and
//! is more than one flat colour. So it counts neither an empty frame nor a spinner as done, and every start of a program
//! must come to rest with the same picture, or the run fails.
//!
//! *Cold* means that no process of the program runs. Its files are in the system's cache, since each is started once before
//! what is measured; WebKit's own caches in the home folder are filled by that too.
//!
//! The app has a real account, paired with a real server that runs meanwhile (`account`); its inbox is empty, because a
//! request counts down and its picture never comes to rest. It connects during its start, and that is in the figures.
//!
//! Both windows are built in the profile in which the app is packaged, the empty one with the same features.
//!
//! What this does not measure: a real display with its compositor and graphics hardware, or a disk's first read.

mod account;
mod desktop;
mod installed;
mod payload;
mod screen;
mod start;
mod tables;
mod tree;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{Options, calibration::Calibration, report::Report, server_process::ServerProcess};
use desktop::Desktop;
use start::{Candidate, Idle, Start};
use tables::Measured;

/// The server says little meanwhile; otherwise it is as it comes.
const SETTINGS: &str = "[log]\nlevel = \"warn\"\n";

/// Runs it. `tegata-server` and `tegata` must have been built in [`Options::programs`]; `tegata-app`,
/// `examples/empty-window` and the app's .deb in [`Options::app`]; the screens in `ui/dist`.
///
/// # Errors
/// Something that is measured cannot be started, or does not come to rest; the virtual desktop's programs are missing.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let calibration = Calibration::measure(&options.scratch)?;
    let app = options.app.join("tegata-app");
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui");
    let payload = payload::by_extension(&ui.join("dist"))?;
    let at_start = payload::at_start(&ui.join("dist"), &ui.join("locales"))?;
    let package = installed::size(&options.app)?;
    let program = fs::read(&app)
        .map_err(|error| anyhow::anyhow!("{}: {error}; build it first", app.display()))?;
    let folder = tempfile::Builder::new()
        .prefix("ui-")
        .tempdir_in(&options.scratch)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let windows = runtime.block_on(async {
        let server = ServerProcess::start(options, &[], SETTINGS).await?;
        let desktop = Desktop::start(folder.path()).await?;
        let windows = windows(options, &server, &desktop, folder.path()).await;
        desktop.stop().await;
        server.stop().await?;
        windows
    })?;
    let measured = Measured {
        payload,
        at_start,
        program: program.len(),
        package,
        windows,
    };
    let mut report = Report::new("ui", options.quick, calibration);
    tables::fill(&mut report, &measured);
    Ok(report)
}

/// What was found about the empty window and the app, in this order.
struct Windows {
    starts: [Vec<Start>; 2],
    idle: [Idle; 2],
}

async fn windows(
    options: &Options,
    server: &ServerProcess,
    desktop: &Desktop,
    folder: &Path,
) -> anyhow::Result<Windows> {
    let (rounds, idle_for) = if options.quick {
        (2, Duration::from_secs(3))
    } else {
        (11, Duration::from_mins(1))
    };
    let data = folder.join("device");
    let log = |name: &str| -> PathBuf { folder.join(name) };
    let terminal = options.programs.join("tegata");
    account::pair(&terminal, desktop, server, &data, &log("pair.log")).await?;
    let candidates = [
        Candidate {
            program: options.app.join("examples/empty-window"),
            data: None,
            log: log("empty.log"),
            server: None,
        },
        Candidate {
            program: options.app.join("tegata-app"),
            data: Some(data),
            log: log("app.log"),
            server: Some(server.address()),
        },
    ];
    start::compare(desktop, &candidates, rounds, idle_for).await
}
