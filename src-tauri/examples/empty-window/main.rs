//! A Tauri window with one line of text and nothing else: what a start costs before the app has done anything of its own.
//! `cargo xtask bench ui` sets the app's start, memory and idle CPU beside this one's.
//!
//! It has the app's window size, its content security policy and its way of embedding files, but no commands, no device
//! and no script.

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    tauri::Builder::default()
        .run(tauri::generate_context!(
            "examples/empty-window/tauri.conf.json"
        ))
        .context("the window cannot be opened")
}
