//! The `devices` benchmark: thousands of paired devices on the WebSocket.
//!
//! The server is a process on one core, everything else runs on another: memory for each idle device, CPU time of
//! heartbeats, one prompt to each device, and how fast all come back when the server is restarted or killed. What it does
//! **not** do: decide requests (the `flow` benchmark does).
//!
//! To add a measurement: a file here that takes the running `Fleet` and gives what it saw, a call in `measure`, and its
//! table in `tables`.

mod backoff;
mod delivery;
mod fleet;
mod floor;
mod setbacks;
mod storm;
mod storm_table;
mod tables;

pub use floor::accept;

use anyhow::{Context as _, bail};
use fleet::Fleet;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{sync::Arc, time::Duration};
use tokio::{
    runtime,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    Options,
    calibration::Calibration,
    cpu::{self, Usage},
    latency::Latencies,
    relying_party::RelyingParty,
    report::Report,
    server_process::{LOAD_SETTINGS, ServerProcess},
};

/// Seconds between two pings of the server (protocol limits, `SocketLimits`).
const PING_EVERY: u64 = 45;
/// File descriptors besides the devices'.
const OTHER_FILES: u64 = 512;

/// How much is measured.
struct Scale {
    devices: usize,
    /// Devices that are paired at once, and devices that connect at once when nothing hurries.
    at_once: usize,
    /// Requests in flight when each device gets a prompt.
    in_flight: usize,
    /// Without devices, to know what the server does by itself.
    alone: Duration,
    /// With all devices idle; whole ping intervals, so that each device is pinged equally often.
    idle: Duration,
    /// How long requests are good: all have to be over before the storms.
    request_seconds: u64,
    /// Whether the storm with `bye` is measured: the server spreads it over 20 seconds.
    restart: bool,
}

impl Scale {
    fn of(options: &Options) -> Self {
        if options.quick {
            Self {
                devices: 200,
                at_once: 16,
                in_flight: 64,
                alone: Duration::from_secs(1),
                idle: Duration::from_secs(1),
                request_seconds: 3,
                restart: false,
            }
        } else {
            Self {
                devices: 4000,
                at_once: 64,
                in_flight: 64,
                alone: Duration::from_secs(30),
                idle: Duration::from_secs(2 * PING_EVERY),
                request_seconds: 20,
                restart: true,
            }
        }
    }

    /// Pings of each device while they are idle.
    fn pings(&self) -> u64 {
        self.idle.as_secs() / PING_EVERY
    }
}

/// Everything that was seen.
struct Seen {
    devices: usize,
    /// Whether server and load generator had a core each.
    apart: bool,
    /// Resident bytes for one connection of processes that do nothing with it: TCP, WebSocket.
    floor: [f64; 2],
    /// Seconds for pairing all, and the server's CPU time for each pairing in µs.
    pairing: (f64, f64),
    /// Devices connected and resident bytes of the server.
    resident: Vec<(usize, u64)>,
    /// From opening a connection to being seated, when nothing hurries.
    connect: Latencies,
    /// The server's CPU time for that, in µs.
    connect_cpu_us: f64,
    /// CPU time of the server in a second: without devices, with all of them idle.
    idle_cpu: [f64; 2],
    /// Pings of each device in the idle time.
    pings: u64,
    /// Resident bytes after the idle time.
    resident_idle: u64,
    delivery: delivery::Delivery,
    storms: Vec<storm::Storm>,
}

/// Runs it.
///
/// # Errors
/// Something that is measured cannot be started or fails.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let calibration = Calibration::measure(&options.scratch)?;
    let cores = cpu::cores()?;
    let (server_core, own_core) = match cores.as_slice() {
        [] => bail!("no core to run on"),
        [only] => (*only, *only),
        [first, second, ..] => (*first, *second),
    };
    let scale = Scale::of(options);
    allow_files(scale.devices as u64 + OTHER_FILES)?;
    cpu::pin(&[own_core])?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let seen = runtime.block_on(measure(options, &scale, server_core, own_core));
    // Dropped before other cores are allowed, so that nothing of it runs there.
    drop(runtime);
    cpu::pin(&cores)?;
    let mut report = Report::new("devices", options.quick, calibration);
    let seen = seen?;
    tables::fill(&mut report, &seen);
    storm_table::fill(&mut report, &seen);
    Ok(report)
}

async fn measure(
    options: &Options,
    scale: &Scale,
    server_core: usize,
    own_core: usize,
) -> anyhow::Result<Seen> {
    let devices = scale.devices;
    let floor = [
        floor::bytes_per_connection(floor::Kind::Tcp, devices, server_core).await?,
        floor::bytes_per_connection(floor::Kind::WebSocket, devices, server_core).await?,
    ];

    // 1. Accounts and devices.
    let settings = format!(
        "{LOAD_SETTINGS}\n[lifetimes]\nrequest = {}\n",
        scale.request_seconds
    );
    let mut server = ServerProcess::start(options, &[server_core], &settings).await?;
    let client = Arc::new(RelyingParty::new("kiosk", server.issuer())?);
    let mut admin = server.admin()?;
    admin
        .add_client(client.client_id(), Some(client.jwks()))
        .await?;
    let (start, before) = (Instant::now(), Usage::of(server.pid())?);
    let mut paired = fleet::pair(&server, devices, scale.at_once).await?;
    let pairing = (
        start.elapsed().as_secs_f64(),
        micros_each(&server, &before, devices)?,
    );

    // 2. A fresh process, so that what pairing left in memory is not counted, nor filled by what connecting takes.
    server.restart(false).await?;
    let alone = cpu_per_second(&server, scale.alone).await?;
    let mut resident = vec![(0, cpu::resident_bytes(server.pid())?)];

    // 3. All devices connect, a quarter at a time.
    let fleet = Fleet::new(server.address(), &paired);
    let mut tasks = JoinSet::new();
    let mut connect = Latencies::default();
    let before = Usage::of(server.pid())?;
    let quarter = devices.div_ceil(4);
    let mut first = 0;
    while !paired.is_empty() {
        let rest = paired.split_off(quarter.min(paired.len()));
        let some = std::mem::replace(&mut paired, rest);
        let count = some.len();
        let took = fleet
            .connect(first, some, scale.at_once, &mut tasks)
            .await?;
        connect.add(&took);
        first += count;
        resident.push((first, cpu::resident_bytes(server.pid())?));
    }
    let connect_cpu_us = micros_each(&server, &before, devices)?;
    fleet.until_seated_since(0, Duration::from_secs(5)).await?;

    // 4. Nothing happens but pings. Each device was connected at its own moment, so whole intervals hold each ping once.
    let idle = cpu_per_second(&server, scale.idle).await?;
    let resident_idle = cpu::resident_bytes(server.pid())?;

    // 5. One prompt to each.
    let delivery = delivery::measure(&server, &fleet, &client, devices, scale.in_flight).await?;
    until_prompts_are_over(&fleet, scale.request_seconds).await?;

    // 6. Storms.
    let mut storms = Vec::new();
    for kill in [false, true] {
        if kill || scale.restart {
            let seen = storm::measure(&mut server, &fleet, &client, devices, kill).await?;
            if let Some(example) = fleet.setbacks.example() {
                bail!("a device was answered what no device is: {example}");
            }
            storms.push(seen);
        }
    }
    tasks.shutdown().await;
    server.stop().await?;
    Ok(Seen {
        devices,
        apart: server_core != own_core,
        floor,
        pairing,
        resident,
        connect,
        connect_cpu_us,
        idle_cpu: [alone, idle],
        pings: scale.pings(),
        resident_idle,
        delivery,
        storms,
    })
}

/// The server's CPU time since `before` for each of `count`, in µs.
fn micros_each(server: &ServerProcess, before: &Usage, count: usize) -> anyhow::Result<f64> {
    let cpu = Usage::of(server.pid())?.since(before).cpu;
    Ok(cpu.as_secs_f64() * 1e6 / count as f64)
}

/// The server's CPU time in a second, over some time in which nobody asks it for anything.
async fn cpu_per_second(server: &ServerProcess, over: Duration) -> anyhow::Result<f64> {
    let (start, before) = (Instant::now(), Usage::of(server.pid())?);
    sleep(over).await;
    let cpu = Usage::of(server.pid())?.since(&before).cpu;
    Ok(cpu.as_secs_f64() / start.elapsed().as_secs_f64())
}

async fn until_prompts_are_over(fleet: &Fleet, request_seconds: u64) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(request_seconds + 30);
    loop {
        let holding = fleet.holding_prompts();
        if holding == 0 {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("{holding} devices were not told that their prompt is over");
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Sees to it that this process and the server, which inherits it, may open so many files.
fn allow_files(wanted: u64) -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum: limit.maximum,
        };
        setrlimit(Resource::Nofile, raised)
            .with_context(|| format!("{wanted} open files are needed; see `ulimit -n`"))?;
    }
    Ok(())
}
