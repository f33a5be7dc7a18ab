//! What Tegata costs, measured as ratios within one run.
//!
//! Machines differ and are busy, so a figure by itself says little. Each run first measures what the machine takes for
//! one ES256 signature, one verification, one synced write and one exchange over an empty TCP connection
//! ([`calibration`]); the [`report`] sets every other figure beside these. CPU time is used wherever it can be, since
//! neighbours change it least.
//!
//! It needs Linux: CPU times and memory of other processes are read from `/proc`.
//!
//! What this crate does **not** do: assert anything. A benchmark that fails because the machine was busy would teach
//! everybody to ignore it.
//!
//! To add a benchmark: a module with `pub fn run(&Options) -> anyhow::Result<Report>`, a line in `command_line.rs` and one in
//! `cargo xtask bench`'s list.
#![cfg(target_os = "linux")]
#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures are floating point, and what is counted here stays far below 2^52"
)]

pub mod calibration;
pub mod cpu;
pub mod devices;
pub mod document;
pub mod flow;
pub mod http_client;
pub mod latency;
pub mod peer;
pub mod plot;
pub mod poll;
pub mod protocol;
pub mod relying_party;
pub mod report;
pub mod server_process;
pub mod store;
pub mod ui;
pub mod wire_device;

use std::path::PathBuf;

/// What every benchmark is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// Shorter runs, for trying the instruments out: the figures are not to be published.
    pub quick: bool,
    /// A folder on a real disk for databases and data folders; made if it is missing, emptied of what was made.
    pub scratch: PathBuf,
    /// Where the programs that are measured have been built (`tegata-server`).
    pub programs: PathBuf,
    /// Where the app has been built as it is packaged, the empty window beside it, and the packages.
    pub app: PathBuf,
}
