//! CPU time, memory, and which core something runs on.
//!
//! CPU times of other processes and memory come from `/proc`, so they are there on Linux only; elsewhere they are errors that say so.

use anyhow::{Context as _, bail};
use rustix::{
    process::{Pid, getpid},
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
    time::{ClockId, clock_gettime},
};
use std::{fs, time::Duration};

/// CPU time that this thread has used.
pub fn of_this_thread() -> Duration {
    elapsed(ClockId::ThreadCPUTime)
}

/// CPU time that this process has used, over all its threads.
pub fn of_this_process() -> Duration {
    elapsed(ClockId::ProcessCPUTime)
}

fn elapsed(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// CPU time per call of `operation` in microseconds, on this thread: the median of `rounds` rounds of `calls` calls.
pub fn micros_per_call(rounds: usize, calls: u32, mut operation: impl FnMut()) -> f64 {
    let mut rounds: Vec<f64> = (0..rounds.max(1))
        .map(|_| {
            let before = of_this_thread();
            for _ in 0..calls {
                operation();
            }
            of_this_thread().saturating_sub(before).as_secs_f64() * 1e6 / f64::from(calls)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds.get(rounds.len() / 2).copied().unwrap_or_default()
}

/// What another process has used so far. Subtract two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// CPU time over all threads, in user and kernel mode; in steps of 10 ms.
    pub cpu: Duration,
    /// Bytes that it caused to be written to disk.
    pub written: u64,
    /// Times that it gave up the CPU by itself, over the threads that are alive.
    pub voluntary_switches: u64,
}

impl Usage {
    /// Reads `/proc/PID`.
    ///
    /// # Errors
    /// There is no such process, or no `/proc`.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
            .with_context(|| format!("no CPU time of process {pid}: this needs Linux"))?;
        // The name in parentheses can hold anything, a closing parenthesis too.
        let (_, after_name) = stat
            .rsplit_once(')')
            .context("/proc/PID/stat has no name")?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        // proc(5): utime is field 14, stime 15; the first after the name is field 3.
        let ticks = |index: usize| -> anyhow::Result<u64> {
            let field = fields.get(index).context("/proc/PID/stat is too short")?;
            Ok(field.parse()?)
        };
        let per_second = rustix::param::clock_ticks_per_second();
        let cpu = Duration::from_millis((ticks(11)? + ticks(12)?) * 1000 / per_second);
        Ok(Self {
            cpu,
            written: number_after(
                &fs::read_to_string(format!("/proc/{pid}/io"))?,
                "write_bytes:",
            )?,
            voluntary_switches: switches(pid)?,
        })
    }

    /// What was used between `earlier` and this.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(earlier.cpu),
            written: self.written.saturating_sub(earlier.written),
            voluntary_switches: self
                .voluntary_switches
                .saturating_sub(earlier.voluntary_switches),
        }
    }
}

fn switches(pid: u32) -> anyhow::Result<u64> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may have ended since it was listed.
        if let Ok(status) = fs::read_to_string(task?.path().join("status")) {
            sum += number_after(&status, "voluntary_ctxt_switches:")?;
        }
    }
    Ok(sum)
}

/// Resident memory of a process in bytes.
///
/// # Errors
/// There is no such process, or no `/proc`.
pub fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("no memory of process {pid}: this needs Linux"))?;
    Ok(number_after(&status, "VmRSS:")? * 1024)
}

fn number_after(text: &str, label: &str) -> anyhow::Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    Ok(number.with_context(|| format!("no {label}"))?.parse()?)
}

/// This process's id.
pub fn this_process() -> u32 {
    getpid().as_raw_nonzero().get().unsigned_abs()
}

/// The cores that this thread may run on, lowest first.
///
/// # Errors
/// The system does not say.
pub fn cores() -> anyhow::Result<Vec<usize>> {
    let set = sched_getaffinity(None::<Pid>)?;
    Ok((0..CpuSet::MAX_CPU)
        .filter(|&core| set.is_set(core))
        .collect())
}

/// Keeps this thread, and the threads and processes that it starts from now on, on these cores.
///
/// # Errors
/// There are no such cores, or the system has no such call.
pub fn pin(cores: &[usize]) -> anyhow::Result<()> {
    if cores.is_empty() {
        bail!("no core to run on");
    }
    let mut set = CpuSet::new();
    for &core in cores {
        set.set(core);
    }
    sched_setaffinity(None::<Pid>, &set).context("cannot choose the core to run on")
}
