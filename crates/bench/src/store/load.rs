//! Keeps a number of flows in flight and says what they cost.

use anyhow::{Context as _, bail};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tegata_server::storage::StoreStatistics;
use tokio::{task::JoinSet, time::Instant};

use super::bed::{Bed, Writes};
use crate::cpu::{self, Usage};

/// Name of the store's writing thread, cut as the system cuts it.
const WRITER: &str = "store-writer";

/// When a load ends.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// After this time.
    Time(Duration),
    /// After this many flows.
    Flows(u64),
}

/// What a load cost. Everything is of this load alone.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Complete flows.
    pub flows: u64,
    /// Bytes of what was to be stored, over all flows.
    pub payload: u64,
    /// From beginning to end.
    pub time: Duration,
    /// The store's own counters.
    pub store: StoreStatistics,
    /// CPU time of the writing thread.
    pub writer: Duration,
    /// CPU time of the whole process, this load generator included.
    pub process: Duration,
    /// Bytes that the process sent to the disk.
    pub written: u64,
}

impl Cost {
    /// `count` per flow.
    pub fn per_flow(&self, count: f64) -> f64 {
        count / (self.flows.max(1) as f64)
    }

    /// Calls of `fsync` and `fdatasync`: one for each commit, and those of checkpoints.
    pub fn syncs(&self) -> u64 {
        self.store.commits + self.store.checkpoint_syncs
    }

    /// Operations in one commit.
    pub fn batch(&self) -> f64 {
        self.store.operations as f64 / (self.store.commits.max(1) as f64)
    }

    /// The writer's CPU time per operation, in µs.
    pub fn writer_micros(&self) -> f64 {
        self.writer.as_secs_f64() * 1e6 / (self.store.operations.max(1) as f64)
    }

    /// The process's CPU time per operation, in µs.
    pub fn process_micros(&self) -> f64 {
        self.process.as_secs_f64() * 1e6 / (self.store.operations.max(1) as f64)
    }
}

/// Runs flows, `in_flight` at once.
///
/// # Errors
/// A flow fails, or the system does not tell CPU times.
pub async fn run(
    bed: &Arc<Bed>,
    in_flight: usize,
    writes: Writes,
    until: Until,
) -> anyhow::Result<Cost> {
    let over = Arc::new(AtomicBool::new(false));
    let left = Arc::new(AtomicU64::new(match until {
        Until::Time(_) => u64::MAX,
        Until::Flows(flows) => flows,
    }));
    let before = Reading::take(bed)?;
    let start = Instant::now();
    let mut lanes = JoinSet::new();
    for _ in 0..in_flight {
        let (bed, over, left) = (Arc::clone(bed), Arc::clone(&over), Arc::clone(&left));
        lanes.spawn(async move {
            let (mut flows, mut payload) = (0, 0);
            while !over.load(Ordering::Relaxed)
                && left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                        left.checked_sub(1)
                    })
                    .is_ok()
            {
                payload += bed.flow(writes).await?;
                flows += 1;
            }
            anyhow::Ok((flows, payload))
        });
    }
    if let Until::Time(time) = until {
        tokio::time::sleep(time).await;
        over.store(true, Ordering::Relaxed);
    }
    let (mut flows, mut payload) = (0, 0);
    while let Some(lane) = lanes.join_next().await {
        let (more_flows, more_payload) = lane??;
        flows += more_flows;
        payload += more_payload;
    }
    let time = start.elapsed();
    let after = Reading::take(bed)?;
    if flows == 0 {
        bail!("no flow was completed");
    }
    Ok(Cost {
        flows,
        payload,
        time,
        store: after.store.since(&before.store),
        writer: after.writer.saturating_sub(before.writer),
        process: after.process.saturating_sub(before.process),
        written: after.written.saturating_sub(before.written),
    })
}

struct Reading {
    store: StoreStatistics,
    writer: Duration,
    process: Duration,
    written: u64,
}

impl Reading {
    fn take(bed: &Bed) -> anyhow::Result<Self> {
        Ok(Self {
            store: bed.store().statistics(),
            writer: cpu_of_threads(WRITER)?,
            process: cpu::of_this_process(),
            written: Usage::of(cpu::this_process())?.written,
        })
    }
}

/// CPU time of this process's threads of that name that are alive.
fn cpu_of_threads(name: &str) -> anyhow::Result<Duration> {
    let mut sum = None;
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        // A thread may have ended since it was listed.
        let (Ok(comm), Ok(schedstat)) = (
            fs::read_to_string(task.join("comm")),
            fs::read_to_string(task.join("schedstat")),
        ) else {
            continue;
        };
        if comm.trim_end() == name {
            sum = Some(sum.unwrap_or_default() + first_nanos(&schedstat)?);
        }
    }
    sum.with_context(|| format!("no thread is called {name}"))
}

/// The time on the CPU in a `schedstat` file: its first number, in ns.
fn first_nanos(schedstat: &str) -> anyhow::Result<Duration> {
    let first = schedstat.split_whitespace().next();
    let nanos = first.context("schedstat is empty")?.parse()?;
    Ok(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_a_schedstat_file_is_the_time_on_the_cpu() {
        assert_eq!(
            first_nanos("715236253 303541494 173\n").unwrap(),
            Duration::from_nanos(715_236_253)
        );
        assert!(first_nanos("").is_err());
    }

    #[test]
    fn only_threads_of_that_name_are_counted() {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let (start, started) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("known-thread".to_owned())
            .spawn(move || {
                start.send(()).unwrap();
                stopped.recv()
            })
            .unwrap();
        // Its name is its own only once it runs.
        started.recv().unwrap();
        assert!(cpu_of_threads("known-thread").is_ok());
        assert!(cpu_of_threads("unknown-thread").is_err());
        drop(stop);
        assert!(thread.join().unwrap().is_err());
    }

    #[tokio::test]
    async fn counts_each_flow_its_operations_and_its_payload_once() {
        let scratch = tempfile::tempdir().unwrap();
        let bed = Arc::new(Bed::make(scratch.path()).await.unwrap());
        let alone = run(&bed, 4, Writes::Alone, Until::Flows(10)).await.unwrap();
        assert_eq!((alone.flows, alone.store.operations), (10, 30));
        assert!((10..=30).contains(&alone.store.commits));
        assert!(alone.payload > 10 * 4000);
        let server = run(&bed, 4, Writes::AsTheServer, Until::Flows(10))
            .await
            .unwrap();
        assert_eq!(server.store.operations, 10 * Writes::AsTheServer.per_flow());
    }
}
