//! The command line.

mod manage;

pub(crate) use manage::{
    AccountsCommand, AddDevice, ConsentsCommand, DevicesCommand, KeyCommand, PinCommand,
    SelfTestArguments,
};

use clap::{Arg, Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use tegata_device::history::OutcomeKind;
use tegata_protocol::device::decision::DenyReason;

/// Authentication device for OpenID CIBA in a terminal: shows what is asked, verifies you, and answers with a signature.
#[derive(Debug, Parser)]
#[command(
    name = "tegata",
    version,
    after_help = "Exit codes:\n  0  done\n  1  refused by the server, or a check that failed\n  2  wrong usage\n  3  server out of reach\n  4  PIN or credential store\n\nExamples:\n  tegata pair 'https://id.example/pair#v=1&…'\n  tegata pair --server id.example 0123-4567-89AB\n  tegata inbox\n  tegata approve 7Qk --code 493021\n  tegata verify evidence.json"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The command line with what cannot be said where it is declared.
pub(crate) fn command() -> clap::Command {
    // What a command has itself is not handed down to it: pairing is about no account of this device yet.
    let unseen = Arg::new("account").long("account").value_name("ID");
    let unseen = unseen.allow_hyphen_values(true).hide(true);
    Cli::command().mut_subcommand("pair", |pair| pair.arg(unseen))
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Folder of this device's data [default: the system's place for application data].
    #[arg(long, global = true, env = "TEGATA_DEVICE_DATA", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Keep secrets under the passphrase in this file instead of the system's credential store.
    #[arg(
        long,
        global = true,
        env = "TEGATA_DEVICE_PASSPHRASE_FILE",
        value_name = "FILE",
        conflicts_with = "passphrase_fd"
    )]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The same, reading the passphrase from this file descriptor.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
    /// Label under which the system's credential store files the secrets.
    #[arg(
        long,
        global = true,
        env = tegata_device::secret_store::KEYRING_LABEL_VARIABLE,
        value_name = "LABEL",
        default_value = tegata_device::secret_store::DEFAULT_KEYRING_LABEL
    )]
    pub(crate) keyring_label: String,
    /// Only this account (its id or the start of it).
    #[arg(long, global = true, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) account: Option<String>,
}

/// Where the PIN comes from; never an argument.
#[derive(Debug, Args)]
pub(crate) struct PinSource {
    /// Read the PIN as one line from this file descriptor instead of asking at the terminal.
    #[arg(long, value_name = "N")]
    pub(crate) pin_fd: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Pair this device with an account.
    #[command(
        after_help = "Examples:\n  tegata pair 'https://id.example/pair#v=1&…'\n  tegata pair --server id.example 0123-4567-89AB\n  tegata pair - < link.txt\n\nThe link is quoted because it holds a '#' and '&'. With --json two lines are printed: one with the\ndigits, one when they were typed into the page or terminal that gave the invitation."
    )]
    Pair(Pair),
    /// Show what waits.
    #[command(after_help = "Example:\n  tegata inbox --json | jq -r '.requests[].id'")]
    Inbox {
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Show one request, whole.
    #[command(
        after_help = "Examples:\n  tegata show 7Qk\n  tegata show 7Qk --json | jq .prompt.scopes"
    )]
    Show {
        /// The request, or the start of its id; `tegata inbox` lists them.
        #[arg(value_name = "REQUEST", allow_hyphen_values = true)]
        id: String,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Approve a request; asks for the PIN.
    #[command(
        after_help = "Examples:\n  tegata approve 7Qk --code 493021\n  tegata approve 7Qk --code 493021 --pin-fd 3 3< pin.txt"
    )]
    Approve {
        /// The request, or the start of its id; `tegata inbox` lists them.
        #[arg(value_name = "REQUEST", allow_hyphen_values = true)]
        id: String,
        /// The code from the other screen, if the request asks for one.
        #[arg(long)]
        code: Option<String>,
        #[command(flatten)]
        pin: PinSource,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Deny a request, or report an approved one as not yours; asks for nothing.
    #[command(
        after_help = "Examples:\n  tegata deny 7Qk\n  tegata deny 7Qk --reason not_me\n\nA request that was approved already, here or on another device of the account, can still be denied\nwith --reason not_me. That is a report: the server takes back what was granted and refuses the\nclient for a while. 'tegata history' names such requests."
    )]
    Deny {
        /// The request, or the start of its id; `tegata inbox` lists them.
        #[arg(value_name = "REQUEST", allow_hyphen_values = true)]
        id: String,
        /// Why.
        #[arg(long, value_enum, default_value = "changed_mind")]
        reason: Reason,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Stay connected and print what arrives and what becomes of it, until interrupted.
    #[command(
        after_help = "Examples:\n  tegata watch\n  tegata watch --json | jq -r 'select(.event == \"request\") | .id'"
    )]
    Watch {
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// The devices of an account.
    #[command(
        after_help = "Examples:\n  tegata devices\n  tegata devices rename Desk\n  tegata devices remove 7Qk --lost\n  tegata devices grade 7Qk\n\nWhat concerns another device asks for the PIN, as every approval does. With several accounts, name one\nwith --account."
    )]
    Devices {
        #[command(subcommand)]
        command: Option<DevicesCommand>,
    },
    /// Add another device to an account, or move to it; asks for the PIN, then for the digits that the other device shows.
    #[command(after_help = "Examples:\n  tegata add-device\n  tegata add-device --move")]
    AddDevice(AddDevice),
    /// What was granted and is still good.
    #[command(after_help = "Examples:\n  tegata consents\n  tegata consents revoke 7Qk")]
    Consents {
        #[command(subcommand)]
        command: Option<ConsentsCommand>,
    },
    /// The PIN of an account.
    #[command(after_help = "Example:\n  tegata pin change")]
    Pin {
        #[command(subcommand)]
        command: PinCommand,
    },
    /// The approval key of an account.
    #[command(after_help = "Example:\n  tegata key replace")]
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Send a test request there and back, and look at everything on its way.
    #[command(
        after_help = "Examples:\n  tegata self-test\n  tegata self-test --deny\n\nThe test request grants nothing, whichever way it is answered."
    )]
    SelfTest(SelfTestArguments),
    /// What happened, with receipts.
    #[command(
        after_help = "Examples:\n  tegata history\n  tegata history list --limit 10 --json\n  tegata history list --search yamada --outcome approved\n  tegata history show 7Qk\n  tegata history verify 7Qk\n  tegata history export 7Qk evidence.json\n  tegata history export-all exports"
    )]
    History {
        #[command(subcommand)]
        command: Option<HistoryCommand>,
    },
    /// Check an evidence file, without any network.
    #[command(
        after_help = "Examples:\n  tegata verify evidence.json\n  tegata verify evidence.json --root oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U\n\nPrints apart: that the prompt is the issuer's, which key decided, and whose key that is according\nto the issuer. The last line is 'receipt verified' if all of it holds."
    )]
    Verify {
        /// The file; `-` for standard input.
        file: PathBuf,
        /// Thumbprint of the root key to trust [default: that of a paired account with the same issuer].
        #[arg(long, value_name = "THUMBPRINT", allow_hyphen_values = true)]
        root: Option<String>,
    },
    /// Paired accounts.
    #[command(
        after_help = "Examples:\n  tegata accounts\n  tegata accounts list --json | jq -r .id\n  tegata accounts look 3fQ --label Work --colour sea --sign briefcase\n  tegata accounts unpair 3fQ"
    )]
    Accounts {
        #[command(subcommand)]
        command: Option<AccountsCommand>,
    },
    /// Find out what does not work and what to do about it.
    #[command(
        after_help = "Examples:\n  tegata doctor\n  tegata doctor --passphrase-file passphrase.txt"
    )]
    Doctor,
    /// Print completions for a shell.
    #[command(
        after_help = "Example:\n  tegata completions bash > ~/.local/share/bash-completion/completions/tegata"
    )]
    Completions {
        /// Which.
        shell: clap_complete::Shell,
    },
}

/// Pair.
#[derive(Debug, Args)]
pub(crate) struct Pair {
    /// The link, or with --server the code; `-` reads it from standard input.
    #[arg(value_name = "LINK|CODE")]
    pub(crate) invitation: Option<String>,
    /// The server's host, for a code.
    #[arg(long, value_name = "HOST|URL")]
    pub(crate) server: Option<String>,
    /// Confirm host and account without asking.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Name of this device in the server's lists.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// PEM file with the only certificate authorities to trust for this server.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Proxy for this server, `http://host:port`, or `direct` for none.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    #[command(flatten)]
    pub(crate) pin: PinSource,
    /// One JSON object per line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// Newest first.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Only entries that show all of these words.
        #[arg(long, value_name = "WORDS")]
        search: Option<String>,
        /// Only entries of this outcome.
        #[arg(long, value_enum)]
        outcome: Option<Outcome>,
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// One request with its outcome.
    Show {
        /// The request, or the start of its id.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
    /// Check the evidence of a decision made here, from what is kept, without any network.
    Verify {
        /// The request, or the start of its id.
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Write the evidence of every decision made here into a new folder, with a list.
    ExportAll {
        /// Folder in which the new one is made.
        dir: PathBuf,
    },
    /// Write the evidence of a decision made here, for `tegata verify`.
    Export {
        /// The request, or the start of its id.
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// The file; `-` for standard output.
        file: PathBuf,
    },
}

/// Kinds of outcome.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Outcome {
    /// Approved here.
    Approved,
    /// Denied here, or reported.
    Denied,
    /// Ended otherwise.
    Ended,
    /// Blocked, and what happened to devices.
    Security,
}

impl From<Outcome> for OutcomeKind {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Approved => Self::Approved,
            Outcome::Denied => Self::Denied,
            Outcome::Ended => Self::Ended,
            Outcome::Security => Self::Security,
        }
    }
}

/// Why a request is denied.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// You started it and do not want it any more.
    ChangedMind,
    /// You did not start it; also reports a request that was approved already.
    NotMe,
    /// You started something, but not this.
    WrongDetails,
}

impl From<Reason> for DenyReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::ChangedMind => Self::ChangedMind,
            Reason::NotMe => Self::NotMe,
            Reason::WrongDetails => Self::WrongDetails,
        }
    }
}
