//! One prompt to each device: from the client's request to the frame at the device.

use anyhow::bail;
use std::{sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::fleet::Fleet;
use crate::{
    cpu::Usage,
    http_client::{Connection, FORM},
    latency::Latencies,
    relying_party::RelyingParty,
    server_process::ServerProcess,
};

/// Where clients ask.
pub(super) const REQUEST_PATH: &str = "/backchannel-authentication";
/// For the last frame after the last answer.
const ARRIVE_WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked at whether all have arrived.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What was seen.
pub(super) struct Delivery {
    /// From sending the request to its answer.
    pub(super) answer: Latencies,
    /// From the answer to the frame; 1 µs where the frame was there first.
    pub(super) after_answer: Latencies,
    /// From sending the request to the frame.
    pub(super) frame: Latencies,
    /// How many frames were there before the answer was.
    pub(super) frame_first: usize,
    /// Devices prompted in each second, from the first request to the last frame.
    pub(super) per_second: f64,
    /// CPU time of the server for each request with its prompt, in µs.
    pub(super) cpu_us: f64,
}

/// Asks every device's account once, with `at_once` requests in flight, each on a connection that stays open.
///
/// # Errors
/// A request is refused, or a frame does not arrive.
pub(super) async fn measure(
    server: &ServerProcess,
    fleet: &Arc<Fleet>,
    client: &Arc<RelyingParty>,
    devices: usize,
    at_once: usize,
) -> anyhow::Result<Delivery> {
    fleet.forget_prompts();
    let before = Usage::of(server.pid())?;
    let start = fleet.now();
    let mut workers = JoinSet::new();
    for worker in 0..at_once {
        let (fleet, client, address) = (Arc::clone(fleet), Arc::clone(client), server.address());
        workers.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut times = Vec::new();
            for index in (worker..devices).step_by(at_once) {
                let form = client.request_form(fleet.login(index));
                let sent = fleet.now();
                let answer = connection.send("POST", REQUEST_PATH, &[FORM], form).await?;
                times.push((index, sent, fleet.now()));
                answer.ok_json()?;
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::with_capacity(devices);
    while let Some(some) = workers.join_next().await {
        times.extend(some??);
    }
    let deadline = Instant::now() + ARRIVE_WITHIN;
    let prompted = loop {
        let prompted = fleet.prompted_at();
        let missing = prompted.iter().filter(|&&at| at == 0).count();
        if missing == 0 {
            break prompted;
        }
        if Instant::now() > deadline {
            bail!("{missing} prompts did not arrive");
        }
        sleep(LOOK_EVERY).await;
    };
    let cpu = Usage::of(server.pid())?.since(&before).cpu;
    let mut seen = Delivery {
        answer: Latencies::default(),
        after_answer: Latencies::default(),
        frame: Latencies::default(),
        frame_first: 0,
        per_second: 0.0,
        cpu_us: cpu.as_secs_f64() * 1e6 / devices as f64,
    };
    let between = |from: u64, to: u64| Duration::from_micros(to.saturating_sub(from));
    for (index, sent, answered) in times {
        let arrived = prompted.get(index).copied().unwrap_or_default();
        seen.answer.record(between(sent, answered));
        seen.after_answer.record(between(answered, arrived));
        seen.frame.record(between(sent, arrived));
        seen.frame_first += usize::from(arrived < answered);
    }
    let last = prompted.into_iter().max().unwrap_or_default();
    seen.per_second = devices as f64 / between(start, last).as_secs_f64();
    Ok(seen)
}
