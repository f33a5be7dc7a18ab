//! The `flow` benchmark: complete flows, requests and polls against a real server over loopback, everything durable.
//!
//! The load generator has one core and the server another, so that neither waits for the other's turn. A flow is what it
//! is in life: the client asks, authenticated with a key; the prompt arrives over the device's WebSocket; the decision
//! goes back over it; the receipt comes; the client collects its tokens, authenticated again. A flow that does not end
//! with tokens ends the run. The client collects after the receipt, so flows hold no polling; what polls cost is
//! measured apart.
//!
//! To add a phase: a function over a `Stage` that answers what it `Spent`, called in `measure`, and a row in `figures`.

mod figures;
mod flame;
mod load;
mod people;
mod perf;
mod poll;
mod verify;

use std::path::Path;

use crate::{
    Options,
    calibration::Calibration,
    cpu,
    relying_party::RelyingParty,
    report::{Report, Table},
    server_process::{LOAD_SETTINGS, ServerProcess},
};
use load::{Flows, Stage};
use people::People;
use poll::{Polls, Requests};

/// Name of the flame graph among the results.
pub const FLAME: &str = "flow-flame.svg";

/// Name of the same as text among the results: one line for each stack, outermost function first, `;` between two, then
/// the number of samples.
pub const STACKS: &str = "flow-stacks.txt";

/// In flight at a time, phase by phase.
const IN_FLIGHT: [usize; 3] = [1, 16, 64];

/// How much is done.
struct Size {
    /// Each with a connected device. Many, because nobody is asked all the time: what the server keeps of the last ten
    /// minutes is sent along with each prompt.
    people: usize,
    /// Flows in each of [`IN_FLIGHT`].
    flows: [usize; 3],
    /// Flows that are not counted.
    warm_up: usize,
    /// Polls of each pending request.
    poll_rounds: usize,
}

impl Size {
    fn of(options: &Options) -> Self {
        if options.quick {
            return Self {
                people: 128,
                flows: [32, 128, 128],
                warm_up: 64,
                poll_rounds: 3,
            };
        }
        Self {
            people: 2048,
            flows: [1024, 4096, 6144],
            warm_up: 512,
            poll_rounds: 8,
        }
    }
}

/// Which cores are whose.
struct Cores {
    generator: Vec<usize>,
    server: Vec<usize>,
    all: Vec<usize>,
}

impl Cores {
    /// # Errors
    /// The system does not say which cores there are.
    fn share() -> anyhow::Result<Self> {
        let all = cpu::cores()?;
        Ok(match all.as_slice() {
            [first, second, ..] => Self {
                generator: vec![*first],
                server: vec![*second],
                all,
            },
            _ => Self {
                generator: all.clone(),
                server: all.clone(),
                all,
            },
        })
    }

    fn words(&self) -> &'static str {
        if self.generator == self.server {
            "server and load generator share one core"
        } else {
            "server and load generator on one core each"
        }
    }
}

/// What was measured.
struct Measured {
    flows: Vec<Flows>,
    requests: Requests,
    polls: Polls,
    areas: Option<Table>,
}

/// Runs it. Where `perf` may be used, the CPU time at the most in flight is also recorded in a further phase, whose flame
/// graph [`FLAME`] and stacks [`STACKS`] are written into `output`.
///
/// # Errors
/// Something that is measured cannot be started or fails.
pub fn run(options: &Options, output: &Path) -> anyhow::Result<Report> {
    let cores = Cores::share()?;
    // The yardsticks are taken where the server will run.
    cpu::pin(&cores.server)?;
    let mut calibration = Calibration::measure(&options.scratch)?;
    calibration.cores = cores.all.len();
    cpu::pin(&cores.generator)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let size = Size::of(options);
    let measured = runtime.block_on(measure(options, &cores, &size, output));
    cpu::pin(&cores.all)?;
    Ok(figures::report(
        Report::new("flow", options.quick, calibration),
        &cores,
        &size,
        measured?,
    ))
}

async fn measure(
    options: &Options,
    cores: &Cores,
    size: &Size,
    output: &Path,
) -> anyhow::Result<Measured> {
    let server = ServerProcess::start(options, &cores.server, LOAD_SETTINGS).await?;
    let client = RelyingParty::new("bench", server.issuer())?;
    server
        .admin()?
        .add_client(client.client_id(), Some(client.jwks()))
        .await?;
    let people = People::gather(&server, size.people).await?;
    let stage = Stage {
        server: &server,
        people: &people,
        client: &client,
    };
    load::flows(&stage, 16, size.warm_up).await?;
    let mut flows = Vec::new();
    for (in_flight, count) in IN_FLIGHT.into_iter().zip(size.flows) {
        let done = load::flows(&stage, in_flight, count).await?;
        verify::check(&stage, &done.product).await?;
        flows.push(done);
    }
    let areas = match perf::Recording::start(server.pid(), &options.scratch).await? {
        None => None,
        Some(recording) => {
            let [.., most] = IN_FLIGHT;
            let [.., count] = size.flows;
            load::flows(&stage, most, count).await?;
            let profile = recording.stop().await?;
            std::fs::create_dir_all(output)?;
            let title = "CPU time of the server under complete flows, 64 in flight";
            std::fs::write(output.join(FLAME), flame::draw(&profile.stacks, title))?;
            std::fs::write(output.join(STACKS), profile.folded())?;
            Some(profile.table())
        }
    };
    let requests = poll::requests(&stage, 64).await?;
    let polls = poll::polls(&stage, &requests, size.poll_rounds).await?;
    drop(people);
    server.stop().await?;
    Ok(Measured {
        flows,
        requests,
        polls,
        areas,
    })
}
