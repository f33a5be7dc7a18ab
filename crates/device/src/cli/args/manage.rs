//! Arguments of what is managed: accounts, devices, grants, PIN and key, self-test.

use super::PinSource;
use clap::{Args, Subcommand, ValueEnum};
use tegata_device::account::{Accent, AccountIcon};

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
    /// Let a device that is new to the account add, remove and grade others from now on; asks for the PIN.
    Grade {
        /// The device, or the start of its id; `tegata devices` lists them.
        #[arg(value_name = "DEVICE", allow_hyphen_values = true)]
        id: String,
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

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make another approval key under the same PIN and let it take the place of the one that there is, by an approval with
    /// that one. Asks for the PIN to make the key, and again to approve.
    #[command(
        after_help = "Examples:\n  tegata key replace\n  tegata key replace --pin-fd 3 3< pin.txt\n\nWhat was decided before stays verifiable; what waits is decided with the new key."
    )]
    Replace {
        #[command(flatten)]
        pin: PinSource,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountsCommand {
    /// In the order of their pairing.
    List {
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Choose how an account is shown here. The server is not told.
    Look(LookArguments),
    /// End a pairing: the server removes this device, then everything is forgotten here.
    Unpair {
        /// The account, or the start of its id.
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// Without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Forget an account on this machine. The server is not told.
    Remove {
        /// The account, or the start of its id.
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// Without asking.
        #[arg(long)]
        yes: bool,
    },
}

/// How an account is shown. What is not named stays.
#[derive(Debug, Args)]
pub(crate) struct LookArguments {
    /// The account, or the start of its id.
    #[arg(allow_hyphen_values = true)]
    pub(crate) id: String,
    /// Your own name for it, up to 64 characters; an empty one gives the server's name back.
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["colour", "sign"])]
    pub(crate) label: Option<String>,
    /// Colour.
    #[arg(long, value_enum)]
    pub(crate) colour: Option<Colour>,
    /// Sign.
    #[arg(long, value_enum)]
    pub(crate) sign: Option<Sign>,
}

/// Colours that tell accounts apart.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Colour {
    /// The app's own.
    Pine,
    /// Blue.
    Sea,
    /// Violet.
    Plum,
    /// Red-brown.
    Clay,
    /// Yellow-brown.
    Amber,
    /// Grey.
    Slate,
}

impl From<Colour> for Accent {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::Pine => Self::Pine,
            Colour::Sea => Self::Sea,
            Colour::Plum => Self::Plum,
            Colour::Clay => Self::Clay,
            Colour::Amber => Self::Amber,
            Colour::Slate => Self::Slate,
        }
    }
}

/// Signs that tell accounts apart.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Sign {
    /// The first letter of its name.
    Letter,
    /// A bank.
    Bank,
    /// Work.
    Briefcase,
    /// Home.
    Home,
    /// School.
    School,
    /// A shop.
    Shop,
}

impl From<Sign> for AccountIcon {
    fn from(sign: Sign) -> Self {
        match sign {
            Sign::Letter => Self::Letter,
            Sign::Bank => Self::Bank,
            Sign::Briefcase => Self::Briefcase,
            Sign::Home => Self::Home,
            Sign::School => Self::School,
            Sign::Shop => Self::Shop,
        }
    }
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
