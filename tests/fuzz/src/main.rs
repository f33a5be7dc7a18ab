//! One fuzzing program for all entries: `TEGATA_FUZZ_ENTRY` says which; without it, their names are listed.
//!
//! To add an entry: add it to the list of the crate that has the parser. A crate with a new list is added to
//! [`entries`].
#![no_main]

use std::{env, process, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use tegata_protocol::fuzz::{self as protocol, FuzzEntry};
use tegata_server::fuzz as server;

static CHOSEN: LazyLock<&FuzzEntry> = LazyLock::new(choose);

fuzz_target!(
    init: {
        LazyLock::force(&CHOSEN);
    },
    |data: &[u8]| (CHOSEN.run)(data)
);

fn entries() -> impl Iterator<Item = &'static FuzzEntry> {
    protocol::ENTRIES.iter().chain(server::ENTRIES)
}

/// The entry that was asked for; ends the process if there is no such one.
fn choose() -> &'static FuzzEntry {
    let Ok(name) = env::var("TEGATA_FUZZ_ENTRY") else {
        for entry in entries() {
            println!("{}", entry.name);
        }
        process::exit(0);
    };
    entries()
        .find(|entry| entry.name == name)
        .unwrap_or_else(|| {
            eprintln!("there is no fuzz entry `{name}`");
            process::exit(2);
        })
}
