//! Where the CPU time of the server goes, as `perf` sees it.
//!
//! `perf` is no part of the project: where it is missing, or may not be used, this is left out and the rest is measured.

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::report::{Row, Table};

/// Samples a second; no divisor of what timers usually use.
const FREQUENCY: &str = "1997";

/// Longest that `perf` may take to start or to write down what it has.
const WITHIN: Duration = Duration::from_mins(1);

/// What a sample counts as: the first that fits, from the innermost function outwards. So copying memory counts as what
/// it is done for.
const AREAS: [(&str, &[&str]); 11] = [
    (
        "kernel: disk",
        &[
            "ext4_",
            "xfs_",
            "btrfs_",
            "blk_",
            "jbd2",
            "fdatasync",
            "fsync",
            "__x64_sys_pwrite",
            "__x64_sys_pread",
            "vfs_fsync",
            "submit_bio",
            "filemap_",
        ],
    ),
    (
        "kernel: network",
        &[
            "tcp_",
            "inet_",
            "sock_",
            "__sys_sendto",
            "__sys_recvfrom",
            "__sys_sendmsg",
            "__sys_recvmsg",
            "skb_",
            "ip_rcv",
            "net_rx",
            "__netif",
        ],
    ),
    (
        "kernel: waiting and waking",
        &[
            "epoll",
            "futex",
            "schedule",
            "eventfd",
            "__x64_sys_nanosleep",
            "clock_nanosleep",
        ],
    ),
    (
        "signatures and hashes (ring)",
        &[
            "ring_core_",
            "ring::",
            "ecp_nistz",
            "p256_",
            "sha256_block",
            "LIMBS_",
            "bn_mul",
        ],
    ),
    ("SQLite", &["sqlite3", "rusqlite::"]),
    (
        "allocator",
        &[
            "malloc",
            "cfree",
            "_int_free",
            "realloc",
            "calloc",
            "__rust_alloc",
            "__rust_dealloc",
        ],
    ),
    (
        "JSON and base64",
        &[
            "serde_json::",
            "serde_json_canonicalizer",
            "serde_core::",
            "serde::",
            "ijson::",
            "data_encoding::",
        ],
    ),
    ("WebSocket (tungstenite)", &["tungstenite"]),
    ("logs and spans (tracing)", &["tracing"]),
    ("our own code", &["tegata_"]),
    (
        "HTTP and run time (tokio, hyper, axum)",
        &[
            "tokio::",
            "hyper::",
            "hyper_util::",
            "axum::",
            "axum_core::",
            "tower",
            "http::",
            "futures_util::",
            "mio::",
            "httparse",
            "bytes::",
            "matchit::",
        ],
    ),
];

/// Functions that `perf` is writing down.
pub(super) struct Recording {
    perf: Child,
    folder: TempDir,
}

/// What was recorded.
pub(super) struct Profile {
    /// From the outermost function to the innermost, with the number of samples.
    pub(super) stacks: BTreeMap<Vec<String>, u64>,
}

impl Recording {
    /// Begins to record a process. `None` where there is no `perf`, or where it may not look at other processes.
    ///
    /// # Errors
    /// The system cannot start programs, or `scratch` cannot be written.
    pub(super) async fn start(pid: u32, scratch: &Path) -> anyhow::Result<Option<Self>> {
        let there = Command::new("perf")
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !there.is_ok_and(|status| status.success()) {
            return Ok(None);
        }
        let folder = tempfile::Builder::new()
            .prefix("perf-")
            .tempdir_in(scratch)?;
        let data = folder.path().join("data");
        // The server's functions keep no frame pointers, so stacks are copied and unwound afterwards.
        let perf = Command::new("perf")
            .args([
                "record",
                "-q",
                "-F",
                FREQUENCY,
                "--call-graph",
                "dwarf,16384",
            ])
            .args(["-p", &pid.to_string(), "-o"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut recording = Self { perf, folder };
        let deadline = Instant::now() + WITHIN;
        // The file is there when recording begins.
        while !data.exists() {
            if recording.perf.try_wait()?.is_some() {
                return Ok(None);
            }
            ensure!(Instant::now() < deadline, "perf does not begin");
            sleep(Duration::from_millis(20)).await;
        }
        sleep(Duration::from_millis(200)).await;
        Ok(recording.perf.try_wait()?.is_none().then_some(recording))
    }

    /// Ends the recording and reads it. Takes some seconds.
    ///
    /// # Errors
    /// `perf` does not end, or does not read what it wrote.
    pub(super) async fn stop(mut self) -> anyhow::Result<Profile> {
        let pid = Pid::from_raw(self.perf.id().cast_signed()).context("no process id")?;
        kill_process(pid, Signal::INT)?;
        let deadline = Instant::now() + WITHIN;
        while self.perf.try_wait()?.is_none() {
            ensure!(Instant::now() < deadline, "perf does not end");
            sleep(Duration::from_millis(20)).await;
        }
        let output = tokio::process::Command::new("perf")
            .args(["script", "--no-inline", "-F", "comm,ip,sym", "-i"])
            .arg(self.folder.path().join("data"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        ensure!(output.status.success(), "perf does not read what it wrote");
        Ok(Profile::read(&String::from_utf8_lossy(&output.stdout)))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // Both fail only if it has ended and been waited for.
        let _ = self.perf.kill();
        let _ = self.perf.wait();
    }
}

impl Profile {
    /// Reads `perf script`: for each sample a line with the thread, then one line for each function, innermost first,
    /// indented, address before name; then an empty line.
    fn read(script: &str) -> Self {
        let mut stacks = BTreeMap::new();
        let mut stack: Vec<String> = Vec::new();
        for line in script.lines().chain([""]) {
            if line.starts_with(char::is_whitespace) {
                let name = line
                    .trim_start()
                    .split_once(' ')
                    .map_or("[unknown]", |(_, name)| name);
                stack.push(plain(name));
            } else if !stack.is_empty() {
                stack.reverse();
                *stacks.entry(std::mem::take(&mut stack)).or_default() += 1;
            }
        }
        Self { stacks }
    }

    /// One line for each stack, as tools for flame graphs read it.
    pub(super) fn folded(&self) -> String {
        let mut text = String::new();
        for (stack, samples) in &self.stacks {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {samples}", stack.join(";"));
        }
        text
    }

    /// The shares of [`AREAS`].
    pub(super) fn table(&self) -> Table {
        let mut shares: BTreeMap<&str, u64> = BTreeMap::new();
        for (stack, samples) in &self.stacks {
            *shares.entry(area(stack)).or_default() += samples;
        }
        let all: u64 = shares.values().sum();
        let mut shares: Vec<_> = shares.into_iter().collect();
        shares.sort_by_key(|&(_, samples)| std::cmp::Reverse(samples));
        Table {
            id: "flow-areas".to_owned(),
            title: format!(
                "Where the server's CPU time goes at the most in flight, in a run of its own under perf ({all} samples)"
            ),
            columns: vec!["share (%)".to_owned()],
            rows: shares
                .into_iter()
                .map(|(area, samples)| Row {
                    label: area.to_owned(),
                    cells: vec![Some(100.0 * samples as f64 / all as f64)],
                })
                .collect(),
        }
    }
}

fn area(stack: &[String]) -> &'static str {
    stack
        .iter()
        .rev()
        .find_map(|name| {
            let fits = |(_, parts): &&(_, &[&str])| parts.iter().any(|part| name.contains(part));
            AREAS.iter().find(fits).map(|(area, _)| *area)
        })
        .unwrap_or("other")
}

/// Without the hash that Rust adds to names.
fn plain(name: &str) -> String {
    let name = name.trim();
    let hash = |end: &str| end.len() == 17 && end.starts_with('h');
    match name.rsplit_once("::") {
        Some((path, end)) if hash(end) => path.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "tokio-rt-worker \n\t 1f ring_core_0_17_14__p256_mul\n\t 2f tegata_server::op::token::h0123456789abcdef\n\n\
                          tokio-rt-worker \n\t ff tcp_sendmsg\n\t 3f __x64_sys_sendto\n\t 4f tegata_server::delivery\n\n\
                          tokio-rt-worker \n\t 1f ring_core_0_17_14__p256_mul\n\t 2f tegata_server::op::token::h0123456789abcdef\n\n\
                          store \n\t 5f __memmove\n\t 6f sqlite3Insert\n\n";

    #[test]
    fn samples_are_counted_by_stack() {
        let profile = Profile::read(SCRIPT);
        assert_eq!(profile.stacks.values().sum::<u64>(), 4);
        let signing = vec![
            "tegata_server::op::token".to_owned(),
            "ring_core_0_17_14__p256_mul".to_owned(),
        ];
        assert_eq!(profile.stacks.get(&signing), Some(&2));
        let folded = profile.folded();
        let line = "tegata_server::op::token;ring_core_0_17_14__p256_mul 2\n";
        assert!(folded.contains(line), "{folded}");
    }

    #[test]
    fn the_innermost_function_that_is_known_names_the_area() {
        let table = Profile::read(SCRIPT).table();
        let rows: Vec<_> = table
            .rows
            .iter()
            .map(|row| (row.label.as_str(), row.cells[0]))
            .collect();
        assert_eq!(
            rows,
            [
                ("signatures and hashes (ring)", Some(50.0)),
                ("SQLite", Some(25.0)),
                ("kernel: network", Some(25.0)),
            ]
        );
    }
}
