//! Commands of the terminal device. Each file holds one group; [`run`] opens the device and hands out the work.

mod accounts;
mod add_device;
mod args;
mod consents;
mod devices;
mod doctor;
mod facts;
mod failure;
mod history;
mod key;
mod pair;
mod person;
mod pin;
mod requests;
mod screen;
mod self_test;
mod verify;
mod watch;
mod words;

use args::{Cli, Command, Global};
use clap::{
    FromArgMatches as _,
    error::{ContextKind, ContextValue},
};
use failure::Failure;
use std::{process::ExitCode, sync::Arc};
use tegata_device::{
    AccountSummary, Device, DeviceConfig,
    keys::SoftwareApprovalKey,
    ports::{Ports, SecretStore},
    secret_store::{KeyringStore, PassphraseStore},
    transport::{NetworkStack, install_crypto_provider},
};
use tegata_protocol::{SystemClock, SystemRng};

/// Name and version in device descriptions and decisions.
const APP: &str = concat!("tegata/", env!("CARGO_PKG_VERSION"));

/// Parses, runs, and turns failures into exit codes.
pub(crate) fn run() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("TEGATA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    install_crypto_provider();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            screen::complain(&format!("error: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(dispatch(cli));
    // A credential store that hangs must not keep the program.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            screen::complain(&format!("error: {failure}"));
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Reads the command line; the exit code if it asks for nothing but help, or is wrong.
fn parse() -> Result<Cli, ExitCode> {
    let parsed = args::command().try_get_matches();
    parsed
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| {
            // A closed pipe is not an error.
            let _ = error.print();
            let missing = error.get(ContextKind::InvalidArg);
            if let Some(ContextValue::Strings(missing)) = missing
                && missing.iter().any(|name| name == "<REQUEST>")
            {
                screen::complain("\n`tegata inbox` lists the requests that wait.");
            }
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        })
}

async fn dispatch(cli: Cli) -> Result<(), Failure> {
    if let Command::Completions { shell } = cli.command {
        clap_complete::generate(
            shell,
            &mut args::command(),
            "tegata",
            &mut std::io::stdout(),
        );
        return Ok(());
    }
    let device = open(&cli.global)?;
    let context = Context {
        device,
        account: cli.global.account,
    };
    match cli.command {
        Command::Pair(pair) => Box::pin(pair::pair(&context, pair)).await,
        Command::Inbox { json } => requests::inbox(&context, json).await,
        Command::Show { id, json } => requests::show(&context, &id, json).await,
        Command::Approve {
            id,
            code,
            pin,
            json,
        } => requests::approve(&context, &id, code, pin.pin_fd, json).await,
        Command::Deny { id, reason, json } => {
            requests::deny(&context, &id, reason.into(), json).await
        }
        Command::Watch { json } => watch::watch(&context, json).await,
        Command::Devices { command } => devices::devices(&context, command).await,
        Command::AddDevice(add) => add_device::add_device(&context, add).await,
        Command::Consents { command } => consents::consents(&context, command).await,
        Command::Pin { command } => pin::pin(&context, command).await,
        Command::Key { command } => key::key(&context, command).await,
        Command::SelfTest(arguments) => self_test::self_test(&context, arguments).await,
        Command::History { command } => history::history(&context, command).await,
        Command::Verify { file, root } => verify::verify(&context, &file, root.as_deref()),
        Command::Accounts { command } => accounts::accounts(&context, command).await,
        Command::Doctor => doctor::doctor(&context).await,
        Command::Completions { .. } => Ok(()),
    }
}

/// What every command works with.
struct Context {
    device: Device,
    account: Option<String>,
}

impl Context {
    /// The accounts that the command is about: all, or the one that `--account` names.
    fn accounts(&self) -> Result<Vec<AccountSummary>, Failure> {
        let mut accounts = self.device.accounts();
        if let Some(start) = &self.account {
            accounts = vec![only(accounts, start)?];
        }
        Ok(accounts)
    }
}

impl Context {
    /// The account that a command is about that is about one: the only one, or that of `--account`.
    fn one_account(&self) -> Result<AccountSummary, Failure> {
        let mut accounts = self.accounts()?;
        match (accounts.pop(), accounts.is_empty()) {
            (Some(account), true) => Ok(account),
            (Some(_), false) => Err(Failure::usage(
                "several accounts are paired; name one with --account, `tegata accounts` lists them",
            )),
            (None, _) => Err(Failure::usage(
                "this device is not paired with any account; see `tegata pair --help`",
            )),
        }
    }
}

/// The one account whose id begins like this.
fn only(mut accounts: Vec<AccountSummary>, start: &str) -> Result<AccountSummary, Failure> {
    accounts.retain(|account| account.id.as_str().starts_with(start));
    let how_many = match (accounts.pop(), accounts.is_empty()) {
        (Some(account), true) => return Ok(account),
        (Some(_), false) => "several accounts begin",
        (None, _) => "no account begins",
    };
    Err(Failure::usage(format!(
        "{how_many} with {start}; `tegata accounts` lists them"
    )))
}

fn open(global: &Global) -> Result<Device, Failure> {
    let config = DeviceConfig::locate(global.data_dir.clone(), APP)?;
    let rng = Arc::new(SystemRng::new());
    let passphrase = match (&global.passphrase_file, global.passphrase_fd) {
        (Some(path), _) => {
            person::warn_if_shared(path);
            Some(person::read_secret_file(path)?)
        }
        (None, Some(descriptor)) => Some(person::read_secret_descriptor(descriptor)?),
        (None, None) => None,
    };
    let secrets: Arc<dyn SecretStore> = match passphrase {
        Some(passphrase) => Arc::new(PassphraseStore::new(
            &config.data_dir,
            passphrase,
            rng.clone(),
        )),
        None => Arc::new(KeyringStore::new(&global.keyring_label)),
    };
    let ports = Ports {
        clock: Arc::new(SystemClock),
        rng: rng.clone(),
        secrets,
        network: Arc::new(NetworkStack),
        approval: Arc::new(SoftwareApprovalKey::new(SystemRng::new())),
    };
    Ok(Device::open(config, ports)?)
}
