//! The `store` benchmark: durable operations of the real store on a scratch file.
//!
//! Every flow is created, approved and redeemed, one operation after another; many flows are in flight. Nothing else of
//! the server runs. `synchronous=FULL`: an operation is answered after `fdatasync`.
//!
//! How syncs are counted: the store counts its commits, each of which ends with one `fdatasync` of the log, and the
//! checkpoints that moved pages, each of which syncs the log and, if nothing was written meanwhile, the database and the
//! log's new head. `strace -f -c -e trace=fsync,fdatasync` around a run counts what is really called: the same to within
//! a few in a hundred.
//!
//! What it does **not** measure: reads, HTTP, signatures.

pub mod bed;
pub mod load;

use std::{sync::Arc, time::Duration};

use crate::{
    Options,
    calibration::Calibration,
    report::{Bound, Goal, Plot, PlotKind, Report, Row, Series, Table},
};
use bed::{Bed, Writes};
use load::{Cost, Until};

/// Flows in flight at once.
const IN_FLIGHT: [usize; 4] = [1, 16, 64, 256];

/// Flows in flight while the store is filled and while the cost of a flow in a full store is measured.
const GROWTH_IN_FLIGHT: usize = 64;

/// Runs it.
///
/// # Errors
/// Something that is measured cannot be started or fails.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let calibration = Calibration::measure(&options.scratch)?;
    let mut report = Report::new("store", options.quick, calibration);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()?;
    let alone = runtime.block_on(by_concurrency(options, Writes::Alone))?;
    let server = runtime.block_on(by_concurrency(options, Writes::AsTheServer))?;
    let growth = runtime.block_on(growth(options))?;
    report.tables.push(concurrency_table(
        "operations-alone",
        "Durable operations alone: create, decide, redeem",
        &alone,
    ));
    report.tables.push(concurrency_table(
        "operations-as-the-server",
        "As the server writes them: also two client assertions, a sighting of the device, a prompt shown",
        &server,
    ));
    report.tables.push(growth_table(&growth));
    report.goals = goals(&alone, &server, &growth, calibration.sync_us);
    report.plots = plots(&alone, &server, &growth);
    Ok(report)
}

async fn by_concurrency(options: &Options, writes: Writes) -> anyhow::Result<Vec<(usize, Cost)>> {
    let (warm_up, time) = if options.quick {
        (100, Duration::from_millis(500))
    } else {
        (2000, Duration::from_secs(8))
    };
    let bed = Arc::new(Bed::make(&options.scratch).await?);
    load::run(&bed, 64, writes, Until::Flows(warm_up)).await?;
    let mut costs = Vec::new();
    for in_flight in IN_FLIGHT {
        let cost = load::run(&bed, in_flight, writes, Until::Time(time)).await?;
        costs.push((in_flight, cost));
    }
    Ok(costs)
}

/// What a flow costs at each fill: stored flows and the cost of those that came last. The store is filled through
/// itself, with flows as everywhere here: that is quick enough.
async fn growth(options: &Options) -> anyhow::Result<Vec<(u64, Cost)>> {
    let (fills, sample) = if options.quick {
        ([1000, 5000, 20_000], 1000)
    } else {
        ([1000, 100_000, 1_000_000], 10_000)
    };
    let bed = Arc::new(Bed::make(&options.scratch).await?);
    let (mut stored, mut costs) = (0, Vec::new());
    for fill in fills {
        load::run(&bed, 256, Writes::Alone, Until::Flows(fill - stored)).await?;
        let until = Until::Flows(sample);
        let cost = load::run(&bed, GROWTH_IN_FLIGHT, Writes::Alone, until).await?;
        costs.push((fill, cost));
        stored = fill + sample;
    }
    Ok(costs)
}

fn concurrency_table(id: &str, title: &str, costs: &[(usize, Cost)]) -> Table {
    let columns = [
        "flows/s",
        "operations/s",
        "commits/s",
        "mean batch",
        "batch ÷ in flight",
        "syncs/flow",
        "writer CPU (µs/operation)",
        "process CPU (µs/operation)",
        "written (bytes/flow)",
        "written ÷ payload",
    ];
    let rows = costs.iter().map(|(in_flight, cost)| {
        let seconds = cost.time.as_secs_f64();
        Row {
            label: format!("{in_flight} in flight"),
            cells: [
                cost.flows as f64 / seconds,
                cost.store.operations as f64 / seconds,
                cost.store.commits as f64 / seconds,
                cost.batch(),
                cost.batch() / (*in_flight as f64),
                cost.per_flow(cost.syncs() as f64),
                cost.writer_micros(),
                cost.process_micros(),
                cost.per_flow(cost.written as f64),
                cost.written as f64 / cost.payload as f64,
            ]
            .into_iter()
            .map(Some)
            .collect(),
        }
    });
    Table {
        id: id.to_owned(),
        title: title.to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn growth_table(growth: &[(u64, Cost)]) -> Table {
    let columns = [
        "writer CPU (µs/flow)",
        "process CPU (µs/flow)",
        "mean batch",
        "written ÷ payload",
    ];
    let rows = growth.iter().map(|(stored, cost)| Row {
        label: format!("{stored} flows stored"),
        cells: [
            cost.per_flow(cost.writer.as_secs_f64() * 1e6),
            cost.per_flow(cost.process.as_secs_f64() * 1e6),
            cost.batch(),
            cost.written as f64 / cost.payload as f64,
        ]
        .into_iter()
        .map(Some)
        .collect(),
    });
    Table {
        id: "growth".to_owned(),
        title: format!(
            "What a flow costs as flows are stored, {GROWTH_IN_FLIGHT} in flight, durable operations alone"
        ),
        columns: columns.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn at(costs: &[(usize, Cost)], in_flight: usize) -> impl Iterator<Item = &Cost> {
    costs
        .iter()
        .filter(move |(many, _)| *many == in_flight)
        .map(|(_, cost)| cost)
}

fn goals(
    alone: &[(usize, Cost)],
    server: &[(usize, Cost)],
    growth: &[(u64, Cost)],
    sync_us: f64,
) -> Vec<Goal> {
    let mut goals = Vec::new();
    let mut goal = |text: &str, value: f64, bound: Bound| {
        goals.push(Goal {
            text: text.to_owned(),
            value,
            bound,
        });
    };
    for cost in at(alone, 64) {
        goal(
            "syncs per flow at 64 in flight, durable operations alone",
            cost.per_flow(cost.syncs() as f64),
            Bound::AtMost(0.1),
        );
    }
    for cost in at(server, 64) {
        goal(
            "syncs per flow at 64 in flight, as the server writes them",
            cost.per_flow(cost.syncs() as f64),
            Bound::AtMost(0.2),
        );
    }
    for in_flight in [64, 256] {
        for cost in at(alone, in_flight) {
            goal(
                &format!("operations per commit ÷ flows in flight, at {in_flight}"),
                cost.batch() / in_flight as f64,
                Bound::AtLeast(0.5),
            );
        }
    }
    for cost in at(alone, 256) {
        goal(
            "operations in the time of one synced write, at 256 in flight",
            cost.store.operations as f64 / cost.time.as_secs_f64() * sync_us / 1e6,
            Bound::AtLeast(15.0),
        );
    }
    for cost in at(alone, 64) {
        goal(
            "bytes written ÷ payload, at 64 in flight",
            cost.written as f64 / cost.payload as f64,
            Bound::AtMost(6.0),
        );
    }
    if let (Some((few, first)), Some((many, last))) = (growth.first(), growth.last()) {
        goal(
            &format!("the writer's CPU per flow with {many} flows stored ÷ with {few}"),
            last.writer_micros() / first.writer_micros(),
            Bound::AtMost(1.1),
        );
    }
    goals
}

fn plots(alone: &[(usize, Cost)], server: &[(usize, Cost)], growth: &[(u64, Cost)]) -> Vec<Plot> {
    let both = |value: fn(&Cost) -> f64| {
        [
            ("durable operations alone", alone),
            ("as the server", server),
        ]
        .map(|(name, costs)| Series {
            name: name.to_owned(),
            points: costs
                .iter()
                .map(|(in_flight, cost)| (*in_flight as f64, value(cost)))
                .collect(),
        })
        .to_vec()
    };
    let plot = |id: &str, title: &str, x: &str, y: &str, series| Plot {
        id: id.to_owned(),
        title: title.to_owned(),
        x: x.to_owned(),
        y: y.to_owned(),
        kind: PlotKind::LinesLogX,
        series,
    };
    let grown = Series {
        name: "writer".to_owned(),
        points: growth
            .iter()
            .map(|(stored, cost)| {
                let micros = cost.per_flow(cost.writer.as_secs_f64() * 1e6);
                (*stored as f64, micros)
            })
            .collect(),
    };
    vec![
        plot(
            "store-throughput",
            "Durable operations by flows in flight",
            "flows in flight",
            "operations/s",
            both(|cost| cost.store.operations as f64 / cost.time.as_secs_f64()),
        ),
        plot(
            "store-syncs",
            "Syncs of the disk per flow",
            "flows in flight",
            "syncs per flow",
            both(|cost| cost.per_flow(cost.syncs() as f64)),
        ),
        plot(
            "store-cpu",
            "The writer's CPU time per operation",
            "flows in flight",
            "µs",
            both(Cost::writer_micros),
        ),
        plot(
            "store-growth",
            "The writer's CPU time per flow as flows are stored",
            "flows stored",
            "µs",
            vec![grown],
        ),
    ]
}
