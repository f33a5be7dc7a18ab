//! `tegata`, the terminal device: everything the app does, without a window.
//!
//! Exit codes: 0 done; 1 refused by the server, or a check that failed; 2 wrong usage; 3 server out of reach; 4 PIN or
//! credential store.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
