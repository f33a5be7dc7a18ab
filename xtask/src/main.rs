//! `cargo xtask`: the one command surface of the project; continuous integration calls the same commands.
//!
//! It installs what is missing, builds the parts in their order, and runs checks and the demo as *stages*
//! with a name, a time and a limit ([`stage`]). It contains no logic of the product: what a command does
//! beyond starting programs belongs in the crate that the program is in. It uses the standard library only,
//! because everybody waits for it to build first.
//!
//! To add a command: a variant and its parsing in [`args`], its text in [`help`], a file in [`commands`].
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program; its output is its purpose"
)]

mod args;
mod benches;
mod commands;
mod dead_man;
#[cfg(test)]
mod documents;
mod elsewhere;
mod failure;
mod help;
mod install;
mod node;
mod packages;
mod platform;
mod project;
mod python;
mod stage;
mod tools;

use std::{io::Write as _, process::ExitCode};

use crate::{args::Command, failure::Failure, project::Project};

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let outcome = args::parse(arguments).and_then(run);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::from(failure.exit)
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    if let Command::Help(topic) = command {
        // Whoever reads only its beginning (`| head`) has closed the pipe; that is no failure.
        let _ = writeln!(std::io::stdout(), "{}", help::text(topic));
        return Ok(());
    }
    let project = Project::find()?;
    match command {
        Command::Help(_) => Ok(()),
        Command::Bench(options) => commands::bench::run(&project, &options),
        Command::Build(consent) => commands::build::run(&project, consent),
        Command::Bundle(options) => commands::bundle::run(&project, &options),
        Command::Demo(options) => commands::demo::run(&project, &options),
        Command::Fuzz(options) => commands::fuzz::run(&project, &options),
        Command::Gen(options) => commands::generate::run(&project, &options),
        Command::Lint(options) => commands::lint::run(&project, &options),
        Command::Screens(options) => commands::screens::run(&project, options),
        Command::Setup(consent) => commands::setup::run(&project, consent),
        Command::Test(options) => commands::test::run(&project, &options),
    }
}
