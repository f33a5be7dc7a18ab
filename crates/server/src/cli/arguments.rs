//! Commands, options, and the help that teaches them.

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::{net::SocketAddr, path::PathBuf};

use super::client_arguments::ClientTask;
use crate::jose::Algorithm;

/// A CIBA OpenID Provider with a gateway for authentication devices.
#[derive(Debug, Parser)]
#[command(
    name = "tegata-server",
    version,
    about = "A CIBA OpenID Provider with a gateway for authentication devices",
    after_help = "A first server, from nothing:\n  tegata-server init\n  tegata-server user add hanako --name \"Yamada Hanako\"\n  \
                  tegata-server client add --id kiosk --name \"Reading room kiosk\" --transfer-code\n  \
                  tegata-server serve\n  \
                  tegata-server invite hanako        (in a second terminal, while it runs)"
)]
pub struct Arguments {
    /// Folder with keys, store and configuration
    #[arg(long, global = true, value_name = "DIR", env = "TEGATA_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Configuration file [default: tegata-server.toml in the data folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the data folder: keys, an empty store, a commented configuration file
    #[command(
        after_help = "Examples:\n  tegata-server init\n  tegata-server init --data-dir /var/lib/tegata\n\nIt is done once. \
                      keys.json in the folder is the server's identity: devices pin it when they pair, so keep a copy \
                      in a safe place."
    )]
    Init,
    /// Run the server until SIGINT or SIGTERM
    #[command(
        after_help = "Examples:\n  tegata-server serve\n  tegata-server serve --listen 127.0.0.1:0 --port-file port.txt\n  \
                      tegata-server serve --demo\n\nWhen it is ready it prints `listening on http://localhost:PORT`. \
                      It listens on loopback only, unless the configuration has a certificate ([tls])."
    )]
    Serve(ServeOptions),
    /// People who can be asked
    #[command(
        after_help = "Examples:\n  tegata-server user add hanako --name \"Yamada Hanako\"\n  tegata-server user list\n  \
                      tegata-server user remove hanako\n\nAlso while the server runs. A person needs a device before \
                      anybody can ask: tegata-server invite hanako"
    )]
    User {
        /// What to do with them.
        #[command(subcommand)]
        task: UserTask,
    },
    /// Clients (relying parties) that may ask
    #[command(
        after_help = "Examples:\n  tegata-server client add --id kiosk --name \"Reading room kiosk\" --transfer-code\n  \
                      tegata-server client list\n  tegata-server client show kiosk\n  tegata-server client remove kiosk\n\nAlso while the server runs. \
                      People read the name on their device; the secret is printed once."
    )]
    Client {
        /// What to do with them.
        #[command(subcommand)]
        task: ClientTask,
    },
    /// Pair a device: shows a QR code and a code, then waits for the six digits that the device shows
    #[command(
        after_help = "Examples:\n  tegata-server invite hanako\n  tegata-server invite hanako --page\n\nThe server must be \
                      running. The code works once and for five minutes; nothing is paired before the digits are typed \
                      here."
    )]
    Invite(InviteOptions),
    /// Operators, who sign in at /operator with a passkey
    #[command(
        after_help = "Examples:\n  tegata-server operator invite --name hanako\n  tegata-server operator list\n  \
                      tegata-server operator remove hanako\n\nThe link that `invite` prints makes a passkey in the browser \
                      that opens it, once and within fifteen minutes; the server must be running. Whoever is removed is \
                      signed out at once."
    )]
    Operator {
        /// What to do with them.
        #[command(subcommand)]
        task: OperatorTask,
    },
    /// Paired devices
    #[command(
        after_help = "Examples:\n  tegata-server devices list --user hanako\n  tegata-server devices revoke DEVICE_ID\n\n\
                      Revoke a device that was lost; it takes effect at once and for good. To pair a new one: \
                      tegata-server invite hanako"
    )]
    Devices {
        /// What to do with them.
        #[command(subcommand)]
        task: DevicesTask,
    },
    /// The keys that sign tokens
    #[command(
        after_help = "Examples:\n  tegata-server keys list\n  tegata-server keys rotate\n  \
                      tegata-server keys rotate --alg ES256\n\nAlso while the server runs. A new key is published at once and \
                      signs six minutes later, when every client that keeps the key set has it; the one before stays \
                      published until all that it signed has expired. To rotate every month, run `keys rotate` every month."
    )]
    Keys {
        /// What to do with them.
        #[command(subcommand)]
        task: KeysTask,
    },
    /// Check keys, store, evidence and configuration, and say what is wrong
    #[command(
        after_help = "Examples:\n  tegata-server doctor\n  tegata-server doctor --data-dir /var/lib/tegata\n\nChanges \
                      nothing, and works while the server runs. Each line begins with `ok`, `warn` or `BAD`; the exit code \
                      is 1 if anything is `BAD`."
    )]
    Doctor,
    /// Copy the store into a new file, also while the server runs. Keys are not in it
    #[command(
        after_help = "Example:\n  tegata-server backup tegata-2026-01-31.sqlite\n\nThe file must not exist. Keep a copy \
                      of keys.json too, in another safe place: without it the store is of no use."
    )]
    Backup {
        /// The file to write; it must not exist
        file: PathBuf,
    },
    /// Print the OpenAPI document of the endpoints
    #[command(after_help = "Example:\n  tegata-server openapi > openapi.json")]
    Openapi,
    /// Print a completion script
    #[command(
        after_help = "Example:\n  tegata-server completions bash > ~/.local/share/bash-completion/completions/tegata-server"
    )]
    Completions {
        /// For which shell
        shell: Shell,
    },
}

/// How to serve.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Address to listen on, without TLS a loopback one; port 0 lets the system choose [default: from the configuration]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Serve the demo page; make the folder, the person `hanako` and the client `demo-kiosk` if they are missing
    #[arg(long)]
    pub demo: bool,
    /// Also write the address that was printed to this file, once ready
    #[arg(long, value_name = "FILE")]
    pub port_file: Option<PathBuf>,
}

/// Whom to invite.
#[derive(Debug, Args)]
pub struct InviteOptions {
    /// Login name
    pub user: String,
    /// Print the address of a one-time page that does the same, and do not wait
    #[arg(long)]
    pub page: bool,
    /// Print facts as JSON lines instead of text and QR code
    #[arg(long)]
    pub json: bool,
}

/// Tasks about people.
#[derive(Debug, Subcommand)]
pub enum UserTask {
    /// Add a person
    #[command(after_help = "Example:\n  tegata-server user add hanako --name \"Yamada Hanako\"")]
    Add {
        /// Login name: 1 to 64 of A-Z a-z 0-9 . _ @ + -
        login_name: String,
        /// Shown on the person's device [default: the login name]
        #[arg(long)]
        name: Option<String>,
        /// An account for tests: exempt from the limits on how often it is asked
        #[arg(long)]
        test: bool,
    },
    /// List everybody
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a person a code that clients registered for it must send (CIBA user_code); drawn and printed once, unless typed
    #[command(
        after_help = "Examples:\n  tegata-server user code hanako\n  tegata-server user code hanako --type\n  \
                      tegata-server user code hanako --remove\n\nA person without a code is asked without. Five wrong codes \
                      within a quarter of an hour lock it for a quarter of an hour."
    )]
    Code {
        /// Login name
        login_name: String,
        /// Type the code instead of drawing one: 6 to 64 characters
        #[arg(long = "type", conflicts_with = "remove")]
        typed: bool,
        /// Take the code away
        #[arg(long)]
        remove: bool,
    },
    /// Remove a person with all devices. Evidence of decisions stays
    Remove {
        /// Login name
        login_name: String,
    },
}

/// Tasks about operators.
#[derive(Debug, Subcommand)]
pub enum OperatorTask {
    /// Print a link that enrols an operator, once and within fifteen minutes
    Invite {
        /// What logs and pages call them [default: operator]
        #[arg(long)]
        name: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// List operators
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove an operator, or the link of that name
    Remove {
        /// Their name, from the list
        name: String,
    },
}

/// Tasks about devices.
#[derive(Debug, Subcommand)]
pub enum DevicesTask {
    /// List devices
    List {
        /// Only this person's
        #[arg(long)]
        user: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a device for good
    Revoke {
        /// Its id, from the list
        device_id: String,
    },
}

/// Tasks about the keys that sign tokens.
#[derive(Debug, Subcommand)]
pub enum KeysTask {
    /// List them with what they do: next, signing, retiring (published, and signs nothing), retired (recognizes old ID tokens)
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Publish new keys, which will replace those that sign
    Rotate {
        /// Only of this algorithm; its first key signs at once [default: each algorithm that has keys]
        #[arg(long, value_enum, ignore_case = true)]
        alg: Option<AlgorithmChoice>,
    },
}

/// By what tokens are signed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AlgorithmChoice {
    /// ECDSA on P-256
    #[value(name = "ES256")]
    Es256,
    /// RSA, PSS padding
    #[value(name = "PS256")]
    Ps256,
    /// Ed25519
    #[value(name = "EdDSA")]
    EdDsa,
    /// RSA, the older padding
    #[value(name = "RS256")]
    Rs256,
}

impl From<AlgorithmChoice> for Algorithm {
    fn from(choice: AlgorithmChoice) -> Self {
        match choice {
            AlgorithmChoice::Es256 => Self::Es256,
            AlgorithmChoice::Ps256 => Self::Ps256,
            AlgorithmChoice::EdDsa => Self::EdDsa,
            AlgorithmChoice::Rs256 => Self::Rs256,
        }
    }
}
