//! A server that restarts, and all its devices, which come back at once; meanwhile a client goes on asking.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{delivery::REQUEST_PATH, fleet::Fleet};
use crate::{
    cpu::{self, Usage},
    http_client::{Connection, FORM},
    latency::Latencies,
    relying_party::RelyingParty,
    server_process::ServerProcess,
};

/// For every device to be back.
const BACK_WITHIN: Duration = Duration::from_mins(3);
/// Between two requests of the client.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// For one of these to be answered.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Before the restart and after the last device is back.
const CALM: Duration = Duration::from_secs(1);

/// What was seen.
pub(super) struct Storm {
    /// What became of the server: `restarted` or `killed`.
    pub(super) name: &'static str,
    /// How many devices were told, and tries that led to no seat, by reason.
    pub(super) setbacks: Vec<(&'static str, usize)>,
    /// Seconds from the signal to the server listening again.
    pub(super) down: f64,
    /// For each device, sorted: seconds from the server listening to the device being seated.
    pub(super) seated: Vec<f64>,
    /// CPU time of the new server process for each device, in µs; its start and the client's requests are in it.
    pub(super) server_cpu_us: f64,
    /// CPU time of the load generator for each device, in µs.
    pub(super) own_cpu_us: f64,
    /// Resident bytes of the server with all devices back.
    pub(super) resident: u64,
    /// Requests of the client while the server listened.
    pub(super) asked: usize,
    /// How many of these were not answered with success.
    pub(super) failed: usize,
    /// Requests that failed while nobody listened.
    pub(super) failed_down: usize,
    /// Answers while the server listened, from the restart on.
    pub(super) answers: Latencies,
}

impl Storm {
    /// Seconds until this fraction of the devices was back.
    pub(super) fn seconds_until(&self, fraction: f64) -> f64 {
        let last = self.seated.len().saturating_sub(1);
        let index = (self.seated.len() as f64 * fraction).ceil() as usize;
        let index = index.saturating_sub(1).min(last);
        self.seated.get(index).copied().unwrap_or_default()
    }

    /// Devices seated in each second until nine tenths were.
    pub(super) fn per_second(&self) -> f64 {
        self.seated.len() as f64 * 0.9 / self.seconds_until(0.9).max(1e-3)
    }
}

/// Restarts the server, or kills it and starts it again, and waits until all devices are back.
///
/// # Errors
/// The server does not start again, or a device does not come back.
pub(super) async fn measure(
    server: &mut ServerProcess,
    fleet: &Arc<Fleet>,
    client: &Arc<RelyingParty>,
    devices: usize,
    kill: bool,
) -> anyhow::Result<Storm> {
    fleet.setbacks.reset();
    let asker = Asker::start(server, fleet, client, devices);
    sleep(CALM).await;
    let own = cpu::of_this_process();
    let went = fleet.now();
    fleet.listening.store(false, Relaxed);
    server.restart(kill).await?;
    fleet.listening.store(true, Relaxed);
    let noticed = fleet.now();
    fleet.until_seated_since(went, BACK_WITHIN).await?;
    // All of the new process's time.
    let server_cpu = Usage::of(server.pid())?.cpu;
    let own = cpu::of_this_process().saturating_sub(own);
    sleep(CALM).await;
    let resident = cpu::resident_bytes(server.pid())?;
    let questions = asker.stop().await?;

    let seated_at = fleet.seated_at();
    // It is noticed a little late that the server listens when devices keep the generator busy.
    let listens = seated_at.iter().copied().chain([noticed]).min();
    let listens = listens.unwrap_or(noticed);
    let seconds = |micros: u64| micros as f64 / 1e6;
    let mut seated: Vec<f64> = seated_at
        .iter()
        .map(|at| seconds(at.saturating_sub(listens)))
        .collect();
    seated.sort_by(f64::total_cmp);
    let mut storm = Storm {
        name: if kill { "killed" } else { "restarted" },
        setbacks: fleet.setbacks.counts(),
        down: seconds(listens.saturating_sub(went)),
        seated,
        server_cpu_us: server_cpu.as_secs_f64() * 1e6 / devices as f64,
        own_cpu_us: own.as_secs_f64() * 1e6 / devices as f64,
        resident,
        asked: 0,
        failed: 0,
        failed_down: 0,
        answers: Latencies::default(),
    };
    for question in questions {
        if (went..listens).contains(&question.sent) {
            storm.failed_down += usize::from(!question.well);
            continue;
        }
        storm.asked += 1;
        storm.failed += usize::from(!question.well);
        if question.sent >= listens {
            storm.answers.record(question.took);
        }
    }
    Ok(storm)
}

/// One request of the client.
struct Question {
    sent: u64,
    took: Duration,
    well: bool,
}

/// The client that goes on asking at a steady rate, whatever became of its earlier requests; each on a connection of its
/// own.
struct Asker {
    stopped: Arc<AtomicBool>,
    task: JoinHandle<Vec<Question>>,
}

impl Asker {
    fn start(
        server: &ServerProcess,
        fleet: &Arc<Fleet>,
        client: &Arc<RelyingParty>,
        devices: usize,
    ) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let (stop, address) = (Arc::clone(&stopped), server.address());
        let (fleet, client) = (Arc::clone(fleet), Arc::clone(client));
        let task = tokio::spawn(async move {
            let mut ticks = interval(ASK_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut asked = JoinSet::new();
            for index in (0..devices).cycle() {
                ticks.tick().await;
                if stop.load(Relaxed) {
                    break;
                }
                let (fleet, client) = (Arc::clone(&fleet), Arc::clone(&client));
                asked.spawn(async move {
                    let form = client.request_form(fleet.login(index));
                    let sent = fleet.now();
                    let mut connection = Connection::to(address);
                    let answer = connection.send("POST", REQUEST_PATH, &[FORM], form);
                    let well = matches!(
                        timeout(ANSWER_WITHIN, answer).await,
                        Ok(Ok(answer)) if answer.ok_json().is_ok()
                    );
                    let took = Duration::from_micros(fleet.now().saturating_sub(sent));
                    Question { sent, took, well }
                });
            }
            asked.join_all().await
        });
        Self { stopped, task }
    }

    async fn stop(self) -> anyhow::Result<Vec<Question>> {
        self.stopped.store(true, Relaxed);
        Ok(self.task.await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_until_a_fraction_is_back_is_that_of_the_last_of_it() {
        let storm = Storm {
            name: "killed",
            setbacks: Vec::new(),
            down: 0.0,
            seated: (1..=10).map(f64::from).collect(),
            server_cpu_us: 0.0,
            own_cpu_us: 0.0,
            resident: 0,
            asked: 0,
            failed: 0,
            failed_down: 0,
            answers: Latencies::default(),
        };
        assert_eq!(storm.seconds_until(0.5).to_bits(), 5f64.to_bits());
        assert_eq!(storm.seconds_until(0.9).to_bits(), 9f64.to_bits());
        assert_eq!(storm.seconds_until(1.0).to_bits(), 10f64.to_bits());
        assert_eq!(storm.per_second().to_bits(), 1f64.to_bits());
    }
}
