//! The `flow` benchmark: complete flows, requests and polls against a real server over loopback, everything durable.
//!
//! The load generator has one core and the server another, so that neither waits for the other's turn. A flow is what it
//! is in life: the client asks, authenticated with a key; the prompt arrives over the device's WebSocket; the decision
//! goes back over it; the receipt comes; the client collects its tokens, authenticated again. A flow that does not end
//! with tokens ends the run. The client collects after the receipt, so flows hold no polling; what polls cost is
//! measured apart.
//!
//! To add a phase: a function over a [`Stage`] that answers what it [`Spent`], and a row here.

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
    latency::Latencies,
    relying_party::RelyingParty,
    report::{Bound, Goal, Plot, PlotKind, Report, Row, Series, Table},
    server_process::{LOAD_SETTINGS, ServerProcess},
};
use load::{Flows, Spent, Stage};
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
    Ok(report(
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

fn report(mut report: Report, cores: &Cores, size: &Size, measured: Measured) -> Report {
    let Calibration {
        sign_us, verify_us, ..
    } = report.calibration;
    let words = cores.words();
    report.tables = vec![
        flows_table(&measured.flows, words, size.people),
        steps_table(&measured.flows, words),
        alone_table(&measured, words),
    ];
    report.tables.extend(measured.areas);
    if let Some(last) = measured.flows.last() {
        let model = 3.0 * verify_us + 3.0 * sign_us + 60.0;
        report.goals.push(Goal {
            text: format!(
                "server CPU per flow, {} in flight, ÷ (3 verifications + 3 signatures + 60 µs = {model:.0} µs)",
                last.spent.in_flight
            ),
            value: last.spent.server_us() / model,
            bound: Bound::AtMost(1.6),
        });
    }
    let model = 2.0 * verify_us + 20.0;
    report.goals.push(Goal {
        text: format!(
            "server CPU per poll of a pending request ÷ (2 verifications + 20 µs = {model:.0} µs)"
        ),
        value: measured.polls.spent.server_us() / model,
        bound: Bound::AtMost(1.0),
    });
    report.plots = plots(&measured.flows);
    report
}

fn flows_table(flows: &[Flows], words: &str, people: usize) -> Table {
    Table {
        id: "flows".to_owned(),
        title: format!(
            "Complete flows, durable, private_key_jwt; {people} people with one connected device each, asked in turn; {words}"
        ),
        columns: [
            "flows",
            "flows/s",
            "server CPU (µs/flow)",
            "generator CPU (µs/flow)",
            "written (KiB/flow)",
            "waits of the server (/flow)",
            "server memory (MiB)",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: flows
            .iter()
            .map(|flows| spent_row(format!("{} in flight", flows.spent.in_flight), &flows.spent))
            .collect(),
    }
}

fn spent_row(label: String, spent: &Spent) -> Row {
    let cells = [
        spent.count as f64,
        spent.per_second(),
        spent.server_us(),
        spent.generator_us(),
        spent.written() / 1024.0,
        spent.switches(),
        spent.resident as f64 / (1024.0 * 1024.0),
    ];
    Row {
        label,
        cells: cells.map(Some).to_vec(),
    }
}

fn steps_table(flows: &[Flows], words: &str) -> Table {
    let rows = flows.iter().flat_map(|flows| {
        let steps = [
            ("request", &flows.steps.request),
            ("request answered → prompt", &flows.steps.delivery),
            ("decision → receipt", &flows.steps.decision),
            ("token", &flows.steps.token),
            ("whole flow", &flows.steps.whole),
        ];
        steps.map(|(name, latencies)| Row {
            label: format!("{} in flight: {name}", flows.spent.in_flight),
            cells: percentiles(latencies),
        })
    });
    Table {
        id: "flow-steps".to_owned(),
        title: format!("How long the steps of a flow take, seen from outside; {words}"),
        columns: ["p50 (ms)", "p99 (ms)"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn percentiles(latencies: &Latencies) -> Vec<Option<f64>> {
    [0.5, 0.99].map(|at| Some(latencies.millis_at(at))).to_vec()
}

fn alone_table(measured: &Measured, words: &str) -> Table {
    let row = |label: String, spent: &Spent, latencies: &Latencies, in_rounds: bool| {
        let mut cells = vec![
            Some(spent.count as f64),
            // Rounds wait for the interval, so their rate says nothing.
            (!in_rounds).then(|| spent.per_second()),
            Some(spent.server_us()),
            Some(spent.generator_us()),
            Some(spent.written() / 1024.0),
        ];
        cells.extend(percentiles(latencies));
        Row { label, cells }
    };
    let (requests, polls) = (&measured.requests, &measured.polls);
    Table {
        id: "flow-alone".to_owned(),
        title: format!(
            "Requests alone, each told to a device that leaves it open, and polls of them; {words}. Standing still the \
             server takes {:.1} ms of CPU a second",
            polls.idle_share * 1000.0
        ),
        columns: [
            "count",
            "/s",
            "server CPU (µs each)",
            "generator CPU (µs each)",
            "written (KiB each)",
            "p50 (ms)",
            "p99 (ms)",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: vec![
            row(
                format!(
                    "backchannel requests, {} in flight",
                    requests.spent.in_flight
                ),
                &requests.spent,
                &requests.latencies,
                false,
            ),
            row(
                format!(
                    "polls of pending requests, {} in flight",
                    polls.spent.in_flight
                ),
                &polls.spent,
                &polls.latencies,
                true,
            ),
        ],
    }
}

fn plots(flows: &[Flows]) -> Vec<Plot> {
    let series = |name: &str, y: &dyn Fn(&Flows) -> f64| Series {
        name: name.to_owned(),
        points: flows
            .iter()
            .map(|flows| (flows.spent.in_flight as f64, y(flows)))
            .collect(),
    };
    let plot = |id: &str, title: &str, y: &str, series: Vec<Series>| Plot {
        id: id.to_owned(),
        title: title.to_owned(),
        x: "Flows in flight".to_owned(),
        y: y.to_owned(),
        kind: PlotKind::LinesLogX,
        series,
    };
    vec![
        plot(
            "flow-rate",
            "Complete flows a second, server on one core",
            "Flows a second",
            vec![series("flows", &|flows| flows.spent.per_second())],
        ),
        plot(
            "flow-cpu",
            "CPU time of one complete flow",
            "CPU time (µs)",
            vec![
                series("server", &|flows| flows.spent.server_us()),
                series("load generator", &|flows| flows.spent.generator_us()),
            ],
        ),
        plot(
            "flow-latency",
            "How long the steps of a flow take (p50)",
            "Time (ms)",
            vec![
                series("request", &|flows| flows.steps.request.millis_at(0.5)),
                series("decision to receipt", &|flows| {
                    flows.steps.decision.millis_at(0.5)
                }),
                series("token", &|flows| flows.steps.token.millis_at(0.5)),
                series("whole flow", &|flows| flows.steps.whole.millis_at(0.5)),
            ],
        ),
    ]
}
