//! The command line. Commands speak English; results go to standard output, everything else to standard error.
//!
//! Exit codes: 0 done, 1 refused or failed, 2 wrong usage or configuration, 3 the server is not running and had to be.
//!
//! To add a command: a variant of [`Command`] with its help and examples, and a file here.

mod admin_client;
mod administer;
mod arguments;
mod client;
mod client_arguments;
mod demo;
mod doctor;
mod invite;
mod keys;
mod log;
mod operator;
mod output;
mod serve;

pub use arguments::{Arguments, Command};
pub use client_arguments::{ClientOptions, ClientTask, MemberOptions};

use clap::{CommandFactory, Parser};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use tegata_protocol::SystemRng;

use crate::{
    config::{Config, ConfigError},
    data_folder::DataFolder,
    http::openapi,
};
use output::{say, warn};

/// Why a command ended badly, with its exit code.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn failed(message: impl std::fmt::Display) -> Self {
        Self {
            code: 1,
            message: message.to_string(),
        }
    }

    fn usage(message: impl std::fmt::Display) -> Self {
        Self {
            code: 2,
            message: message.to_string(),
        }
    }

    fn not_running(what: &str) -> Self {
        Self {
            code: 3,
            message: format!(
                "{what} needs a running server: start one with `tegata-server serve` and try again"
            ),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error)
    }
}

/// What a command works with.
struct Context {
    folder: DataFolder,
    config: Config,
}

/// Runs the command line of this process; `main` is nothing but this.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            warn(&format!("error: no asynchronous run time: {error}"));
            return ExitCode::from(1);
        }
    };
    match runtime.block_on(dispatch(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            warn(&format!("error: {}", failure.message));
            ExitCode::from(failure.code)
        }
    }
}

async fn dispatch(arguments: Arguments) -> Result<(), Failure> {
    if let Command::Completions { shell } = arguments.command {
        let mut script = Vec::new();
        clap_complete::generate(
            shell,
            &mut Arguments::command(),
            "tegata-server",
            &mut script,
        );
        say(String::from_utf8_lossy(&script).trim_end());
        return Ok(());
    }
    if let Command::Openapi = arguments.command {
        say(openapi::text().trim_end());
        return Ok(());
    }
    let context = context(arguments.data_dir, arguments.config.as_deref())?;
    match arguments.command {
        Command::Init => init(&context.folder),
        Command::Serve(options) => serve::run(context, options).await,
        Command::User { task } => administer::user(&context, task).await,
        Command::Client { task } => client::run(&context, task).await,
        Command::Operator { task } => operator::run(&context, task).await,
        Command::Devices { task } => administer::devices(&context, task).await,
        Command::Invite(options) => invite::run(&context, options).await,
        Command::Keys { task } => keys::run(&context, task).await,
        Command::Doctor => doctor::run(&context).await,
        Command::Backup { file } => administer::backup(&context, file).await,
        Command::Completions { .. } | Command::Openapi => Ok(()),
    }
}

/// Finds the data folder and reads the configuration. The folder is, in this order: `--data-dir` (or
/// `TEGATA_DATA_DIR`), `data_dir` in the file that `--config` names, the system's folder for application data.
fn context(data_dir: Option<PathBuf>, config_file: Option<&Path>) -> Result<Context, Failure> {
    let named = config_file
        .map(|file| Config::load(Some(file)))
        .transpose()?;
    let path = data_dir
        .or_else(|| named.as_ref().and_then(|config| config.data_dir.clone()))
        .or_else(|| {
            directories::ProjectDirs::from("", "", "tegata-server")
                .map(|dirs| dirs.data_dir().to_owned())
        })
        .ok_or_else(|| {
            Failure::usage("this system names no folder for application data; use --data-dir")
        })?;
    let path = std::path::absolute(&path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let folder = DataFolder::at(path);
    let config = match named {
        Some(config) => config,
        None if folder.config_path().is_file() => Config::load(Some(&folder.config_path()))?,
        None => Config::load(None)?,
    };
    Ok(Context { folder, config })
}

fn init(folder: &DataFolder) -> Result<(), Failure> {
    if folder.is_made() {
        return Err(Failure::failed(format!(
            "{} has keys already. Nothing was changed; a new identity needs a new folder (--data-dir)",
            folder.path().display()
        )));
    }
    let keys = folder.make(&SystemRng::new()).map_err(Failure::failed)?;
    say(&format!("data folder     {}", folder.path().display()));
    say(&format!(
        "configuration   {}",
        folder.config_path().display()
    ));
    say(&format!("fingerprint     {}", keys.root.thumbprint()));
    say("");
    say("Next: tegata-server user add NAME, tegata-server client add, tegata-server serve");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_every_command_is_explained() {
        let command = Arguments::command();
        command.clone().debug_assert();
        for sub in command.get_subcommands() {
            assert!(sub.get_about().is_some(), "{}", sub.get_name());
            let help = sub.get_after_help().map(ToString::to_string);
            assert!(
                help.is_some_and(|help| help.contains(&format!("tegata-server {}", sub.get_name()))),
                "the help of {} has an example",
                sub.get_name()
            );
        }
    }
}
