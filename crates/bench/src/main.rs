//! `tegata-bench`: runs one benchmark, prints it, and writes it down.
//!
//! `cargo xtask bench` builds what is measured and calls this; it can also be called by itself.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program; its output is its purpose"
)]

#[cfg(target_os = "linux")]
mod command_line;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    command_line::run()
}

/// The workspace builds everywhere; measuring does not work everywhere.
#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("tegata-bench: benchmarks need Linux, whose /proc tells CPU times and memory");
    ExitCode::FAILURE
}
