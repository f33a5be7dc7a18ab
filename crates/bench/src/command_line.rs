//! The command line of `tegata-bench`: one benchmark, or the documentation of all.

use anyhow::bail;
use clap::{Parser, Subcommand};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use tegata_bench::{
    Options, calibration::Calibration, devices, document::Documents, flow, peer, poll, protocol,
    report::Report, store, ui,
};

/// Measures Tegata. Every figure stands beside what the machine takes for known work in the same run.
#[derive(Debug, Parser)]
#[command(name = "tegata-bench", version)]
struct Arguments {
    /// Shorter runs, for trying the instruments out.
    #[arg(long, global = true)]
    quick: bool,
    /// Where NAME.json is written.
    #[arg(long, global = true, default_value = "target/bench")]
    output: PathBuf,
    /// A folder on a real disk for what is measured.
    #[arg(long, global = true, default_value = "target/bench/scratch")]
    scratch: PathBuf,
    /// Where the programs that are measured have been built.
    #[arg(long, global = true, default_value = "target/release")]
    programs: PathBuf,
    /// Where the app has been built in its own profile, with its package.
    #[arg(long, global = true, default_value = "target/app")]
    app: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// What the machine takes for known work.
    Calibration,
    /// Durable operations of the store on a scratch file.
    Store,
    /// Single operations of the protocol, from what `cargo bench` of this crate has just measured.
    Protocol,
    /// Complete flows against a server on a core of its own; also polls and requests alone.
    Flow,
    /// Thousands of paired devices: memory, heartbeats, delivery, reconnect storm.
    Devices,
    /// Ten thousand pending requests, each polled at its interval for five minutes.
    Poll,
    /// node-oidc-provider under the same load generator.
    Peer,
    /// The app: payload, installed size, start, idle.
    Ui,
    /// Holds connections and does nothing with them; `devices` starts it for comparison.
    #[command(hide = true)]
    Acceptor {
        /// WebSockets instead of plain connections.
        #[arg(long)]
        websocket: bool,
    },
    /// Writes the tables and pictures of the documentation anew from the published reports. Measures nothing.
    Document {
        /// Only say whether they are what would be written.
        #[arg(long)]
        check: bool,
        /// The folder of the documentation.
        #[arg(long, default_value = "docs")]
        docs: PathBuf,
    },
}

/// Does what the command line says.
pub(crate) fn run() -> ExitCode {
    match carry_out(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tegata-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(arguments: &Arguments) -> anyhow::Result<()> {
    let options = Options {
        quick: arguments.quick,
        scratch: arguments.scratch.clone(),
        programs: arguments.programs.clone(),
        app: arguments.app.clone(),
    };
    let report = match &arguments.command {
        Command::Calibration => Report::new(
            "calibration",
            options.quick,
            Calibration::measure(&options.scratch)?,
        ),
        Command::Store => store::run(&options)?,
        Command::Protocol => protocol::run(&options)?,
        Command::Flow => flow::run(&options, &arguments.output)?,
        Command::Devices => devices::run(&options)?,
        Command::Poll => poll::run(&options)?,
        Command::Peer => peer::run(&options)?,
        Command::Ui => ui::run(&options)?,
        Command::Acceptor { websocket } => return devices::accept(*websocket),
        Command::Document { check, docs } => return document(docs, *check),
    };
    println!("{}", report.text());
    report.write(&arguments.output)
}

fn document(docs: &Path, check: bool) -> anyhow::Result<()> {
    let documents = Documents::make(docs)?;
    for name in &documents.unmeasured {
        println!("no performance/{name}.json: its block on the page is left empty");
    }
    if check {
        let different = documents.different(docs);
        if !different.is_empty() {
            let names: Vec<_> = different
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            bail!(
                "not what the reports in {} say: {}; `cargo xtask gen --write` writes them",
                docs.join("performance").display(),
                names.join(", ")
            );
        }
        return Ok(());
    }
    for path in documents.write(docs)? {
        println!("wrote {}", docs.join(path).display());
    }
    Ok(())
}
