//! A program together with the processes that it started: an app of this kind draws and loads in processes of their own.

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    time::Duration,
};
use tokio::{
    process::Child,
    time::{Instant, sleep},
};

use super::desktop;
use crate::cpu::{self, Usage};

/// How long processes may take to end after the program that started them.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a tree has used, and has.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct TreeUsage {
    /// Processes in it.
    pub(super) processes: usize,
    /// CPU time of the processes that are there, in steps of 10 ms for each; threads that have ended are in it.
    pub(super) cpu: Duration,
    /// Resident memory in bytes; what several share is counted for each.
    pub(super) resident: u64,
    /// The same with shared memory divided among those who share it, where the system tells.
    pub(super) proportional: Option<u64>,
}

/// The program and all its descendants, by process id.
///
/// # Errors
/// There is no `/proc`.
pub(super) fn of(root: u32) -> anyhow::Result<BTreeSet<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").context("no /proc: this needs Linux")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // It may have ended since it was listed.
        if let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat"))
            && let Some(parent) = parent(&stat)
        {
            parents.push((pid, parent));
        }
    }
    let mut found = BTreeSet::from([root]);
    loop {
        let before = found.len();
        for &(pid, parent) in &parents {
            if found.contains(&parent) {
                found.insert(pid);
            }
        }
        if found.len() == before {
            return Ok(found);
        }
    }
}

/// The parent in a line of `/proc/PID/stat`: the second field after the name, which can hold anything.
fn parent(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

/// What the tree has used so far and has now.
///
/// # Errors
/// A process of it ended meanwhile, or `/proc` does not tell.
pub(super) fn usage(root: u32) -> anyhow::Result<TreeUsage> {
    let mut sum = TreeUsage {
        proportional: Some(0),
        ..TreeUsage::default()
    };
    for pid in of(root)? {
        sum.processes += 1;
        sum.cpu += Usage::of(pid)?.cpu;
        sum.resident += cpu::resident_bytes(pid)?;
        sum.proportional = sum
            .proportional
            .zip(proportional(pid))
            .map(|(sum, more)| sum + more);
    }
    Ok(sum)
}

/// How often each thread of the tree has given up the CPU by itself, by thread id: it woke up that often.
///
/// Kept apart since a thread that ends takes its count with it; a difference of sums would hide what the others did.
///
/// # Errors
/// There is no `/proc`.
pub(super) fn wakeups(root: u32) -> anyhow::Result<BTreeMap<u32, u64>> {
    let mut counts = BTreeMap::new();
    for pid in of(root)? {
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let task = task?;
            // It may have ended since it was listed.
            let Ok(status) = fs::read_to_string(task.path().join("status")) else {
                continue;
            };
            let count = status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            if let Some(id) = task.file_name().to_str().and_then(|id| id.parse().ok())
                && let Some(count) = count.and_then(|count| count.trim().parse().ok())
            {
                counts.insert(id, count);
            }
        }
    }
    Ok(counts)
}

/// What happened between two counts of [`wakeups`]. Threads that ended meanwhile are not in it.
pub(super) fn woken(before: &BTreeMap<u32, u64>, after: &BTreeMap<u32, u64>) -> u64 {
    let earlier = |id| before.get(id).copied().unwrap_or_default();
    after
        .iter()
        .map(|(id, count)| count.saturating_sub(earlier(id)))
        .sum()
}

fn proportional(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Whether one of the process's sockets has a connection to `server`, an IPv4 address.
///
/// # Errors
/// `/proc` does not tell.
pub(super) fn is_connected(pid: u32, server: SocketAddr) -> anyhow::Result<bool> {
    let mut sockets = BTreeSet::new();
    for descriptor in fs::read_dir(format!("/proc/{pid}/fd"))? {
        // It may have been closed since it was listed.
        if let Ok(target) = fs::read_link(descriptor?.path())
            && let Some(inode) = target.to_str().and_then(|target| {
                let inode = target.strip_prefix("socket:[")?;
                inode.strip_suffix(']').map(str::to_owned)
            })
        {
            sockets.insert(inode);
        }
    }
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    Ok(tables
        .into_iter()
        .filter_map(Result::ok)
        .any(|table| has_connection(&table, server.port(), &sockets)))
}

/// Looks in the format of `/proc/net/tcp`: the third field is the remote address, the fourth the state, the tenth the
/// socket.
fn has_connection(table: &str, port: u16, sockets: &BTreeSet<String>) -> bool {
    const ESTABLISHED: &str = "01";
    let remote = format!(":{port:04X}");
    table.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields
            .get(2)
            .is_some_and(|address| address.ends_with(&remote))
            && fields.get(3) == Some(&ESTABLISHED)
            && fields.get(9).is_some_and(|inode| sockets.contains(*inode))
    })
}

/// Ends a program politely and waits until its whole tree is gone, so that the next start finds nothing of it.
///
/// # Errors
/// Something of it is left even after it was killed.
pub(super) async fn end(mut child: Child) -> anyhow::Result<()> {
    let root = child.id().context("the program has already ended")?;
    let mut left = of(root)?;
    left.remove(&root);
    desktop::end(&mut child).await;
    // Its processes end by themselves when their connection to it is closed.
    if gone(&left).await {
        return Ok(());
    }
    for &pid in left.iter().filter(|pid| is_alive(**pid)) {
        if let Some(pid) = Pid::from_raw(pid.cast_signed()) {
            // Fails only if it has just ended.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    anyhow::ensure!(
        gone(&left).await,
        "processes of a program that ended are left: {left:?}"
    );
    Ok(())
}

async fn gone(pids: &BTreeSet<u32>) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if !pids.iter().any(|&pid| is_alive(pid)) {
            return true;
        }
        sleep(Duration::from_millis(10)).await;
    }
    false
}

fn is_alive(pid: u32) -> bool {
    // One that nobody waits for any more is as good as gone.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_hide_the_parent() {
        assert_eq!(parent("77 (a) b) S 42 77 77 0"), Some(42));
        assert_eq!(parent("77 no name"), None);
    }

    #[test]
    fn a_thread_that_ends_does_not_hide_what_others_do() {
        let before = BTreeMap::from([(1, 10), (2, 1000)]);
        let after = BTreeMap::from([(1, 15), (3, 2)]);
        assert_eq!(woken(&before, &after), 7);
    }

    #[test]
    fn only_an_own_established_connection_counts() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:A1B2 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 20 4 30 10 -1\n   \
            1: 0100007F:A1B4 0100007F:1F91 06 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1";
        let own = |inode: &str| BTreeSet::from([inode.to_owned()]);
        assert!(has_connection(table, 8080, &own("4711")));
        assert!(!has_connection(table, 8080, &own("4712")));
        assert!(!has_connection(table, 8081, &own("4712")));
    }

    #[tokio::test]
    async fn a_tree_holds_the_children_and_ends_with_them() {
        let child = tokio::process::Command::new("sh")
            .args(["-c", "sleep 60 & wait"])
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let root = child.id().unwrap();
        let deadline = Instant::now() + PATIENCE;
        while of(root).unwrap().len() < 2 {
            assert!(Instant::now() < deadline, "the shell starts no child");
            tokio::task::yield_now().await;
        }
        let all = of(root).unwrap();
        assert!(usage(root).unwrap().resident > 0);
        // As the processes of an app do when it ends, by themselves.
        let left = all.iter().copied().filter(|&pid| pid != root);
        for pid in left {
            kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::TERM).unwrap();
        }
        end(child).await.unwrap();
        assert!(!all.into_iter().any(is_alive));
    }
}
