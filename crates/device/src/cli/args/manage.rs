//! Arguments of what is managed: devices, grants, PIN, self-test.

use super::PinSource;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum DevicesCommand {
    /// This device first, then in the order of their pairing.
    List {
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Rename this device at the account's server.
    Rename {
        /// 1 to 64 characters.
        name: String,
    },
    /// Remove a device: another one asks for the PIN; this one is removed at once.
    Remove {
        /// The device, or the start of its id; `tegata devices` lists them.
        #[arg(value_name = "DEVICE", allow_hyphen_values = true)]
        id: String,
        /// It is gone, and somebody may have it.
        #[arg(long)]
        lost: bool,
        /// Remove this device itself without asking.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        pin: PinSource,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Add a device.
#[derive(Debug, Args)]
pub(crate) struct AddDevice {
    /// Move to the other device: this one is removed when the other one is confirmed.
    #[arg(long = "move")]
    pub(crate) moving: bool,
    #[command(flatten)]
    pub(crate) pin: PinSource,
    /// One JSON object per line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsentsCommand {
    /// Newest first.
    List {
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Take a grant back; asks for no PIN.
    Revoke {
        /// The grant, or the start of its id; `tegata consents` lists them.
        #[arg(value_name = "GRANT", allow_hyphen_values = true)]
        id: String,
        /// Without asking.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PinCommand {
    /// Choose another PIN.
    #[command(
        after_help = "Examples:\n  tegata pin change\n  tegata pin change --pin-fd 3 --new-pin-fd 4 3< old.txt 4< new.txt"
    )]
    Change {
        #[command(flatten)]
        pin: PinSource,
        /// Read the new PIN as one line from this file descriptor.
        #[arg(long, value_name = "N")]
        new_pin_fd: Option<u32>,
    },
}

/// Self-test.
#[derive(Debug, Args)]
pub(crate) struct SelfTestArguments {
    /// Answer the test requests by denying them, which needs no PIN.
    #[arg(long, conflicts_with = "pin_fd")]
    pub(crate) deny: bool,
    #[command(flatten)]
    pub(crate) pin: PinSource,
    /// One JSON object per line that came to its end.
    #[arg(long)]
    pub(crate) json: bool,
}
