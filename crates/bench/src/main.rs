//! `tegata-bench`: runs one benchmark, prints it, and writes it down.
//!
//! `cargo xtask bench` builds what is measured and calls this; it can also be called by itself.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program; its output is its purpose"
)]

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};
use tegata_bench::{
    Options, calibration::Calibration, devices, flow, peer, protocol, report::Report, store, ui,
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
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, Subcommand)]
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
    /// node-oidc-provider under the same load generator.
    Peer,
    /// The app: payload, start, idle.
    Ui,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tegata-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let options = Options {
        quick: arguments.quick,
        scratch: arguments.scratch.clone(),
        programs: arguments.programs.clone(),
    };
    let report = match arguments.command {
        Command::Calibration => Report::new(
            "calibration",
            options.quick,
            Calibration::measure(&options.scratch)?,
        ),
        Command::Store => store::run(&options)?,
        Command::Protocol => protocol::run(&options)?,
        Command::Flow => flow::run(&options)?,
        Command::Devices => devices::run(&options)?,
        Command::Peer => peer::run(&options)?,
        Command::Ui => ui::run(&options)?,
    };
    println!("{}", report.text());
    report.write(&arguments.output)
}
